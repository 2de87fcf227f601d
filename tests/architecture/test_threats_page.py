"""Every test that the page of the threats names is there, and no threat is without one."""

from tests.architecture.test_nasty_cases_page import NAMED, ROOT, functions_of

PAGE = ROOT / "docs" / "threats.md"


def test_every_test_that_is_named_is_there():
    named = NAMED.findall(PAGE.read_text("utf-8"))
    missing = [f"{file}::{test}" for file, test in named if test not in functions_of(ROOT / file)]
    assert missing == []


def test_every_threat_has_its_test():
    table = PAGE.read_text("utf-8").partition("| attack | tried by |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("|")]
    assert len(rows) >= 16
    assert [row for row in rows if not NAMED.search(row)] == []


def test_every_test_of_the_file_of_threats_is_named():
    file = ROOT / "tests" / "audit" / "test_threats.py"
    named = {test for path, test in NAMED.findall(PAGE.read_text("utf-8")) if path in str(file)}
    assert functions_of(file) == named
