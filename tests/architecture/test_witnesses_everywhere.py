"""No way to a receipt goes past the witnesses: the log key comes from the policy, in one place."""

import re
from pathlib import Path

KIOSK = Path(__file__).resolve().parents[2] / "kiosk"


def files_with(pattern: str) -> set[str]:
    made = re.compile(pattern)
    return {
        str(path.relative_to(KIOSK))
        for path in KIOSK.rglob("*.py")
        if made.search(path.read_text("utf-8"))
    }


def test_the_log_key_comes_from_the_policy_with_its_witnesses():
    assert files_with(r"\bLogKey\(") == {"sync/logs.py"}


def test_only_the_receipt_check_lets_a_record_go():
    assert files_with(r"OutboxEvent\.(RECEIPT_VERIFIED|PURGED)\b") == {
        "services/receipt_check.py",
        "sync/outbox.py",
    }
