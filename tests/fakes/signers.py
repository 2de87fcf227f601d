"""A fleet whose policy several people sign, and those people: two of three, with files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from central.archive.layout import Layout
from central.authority.drafts import Draft, merged
from central.authority.key_files import make_key, read_key_file
from central.authority.publishing import Publishing
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from tests.fakes.central_side import ask


class TwoOfThree:
    """They took over from the founding key, with policy version 2."""

    def __init__(self, data: Path, folder: Path, now: datetime) -> None:
        self.data, self.folder = data, folder
        layout = Layout(data)
        publishing = Publishing(layout)
        founding = read_key_file(layout.root_key, str)
        self.files = [folder / f"signer-{n}" for n in range(3)]
        keys = [make_key(path) for path in self.files]
        publics = tuple(b64u(key.public) for key in keys)
        root = _signed(publishing.draft_root(publics, 2, now, None), founding, *keys)
        draft = _signed(publishing.draft_policy({}, now, root), *keys[:2])
        publishing.publish(publishing.combine(draft, root), now.date())
        layout.root_key.unlink()  # as central.md says: it signs nothing any more

    def signed(self, draft: Path) -> Path:
        """What two of them signed and somebody combined, by the real commands."""
        parts = []
        for key in self.files[1:]:
            out = draft.with_name(f"{draft.name}.{key.name}")
            ask("policy", "sign", draft, "--key", key, "--out", out, "--yes")
            parts.append(out)
        complete = draft.with_name(f"{draft.name}.json")
        ask("policy", "combine", draft, *parts, "--out", complete, "--data", self.data)
        return complete

    def publish(self, draft: Path) -> int:
        """Sign, combine and publish a draft; the version."""
        done = ask("policy", "publish", self.signed(draft), "--data", self.data)
        return int(done["version"])


def _signed(draft: Draft, *keys: SigningKey) -> Draft:
    return merged([draft, *(draft.signed(key) for key in keys)])
