"""The page on which a customer types the code on the own telephone.

Rules, in order: whoever has the address of the page has the message; the page shows no address, no
name and no code; one form, no script, nothing loaded from elsewhere, so that it works on an old
telephone and needs no trust; opening it does nothing (mail programs look at links); the answers are
never kept by a browser. Everything written into it is escaped.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from central.archive.challenges import ChallengeRow
from kiosk.crypto.digests import sha256
from kiosk.sync.contact import EMAIL, MAX_TRIES, ChallengeStatus
from kiosk.texts import LANGUAGES, Texts

MAX_FORM_BYTES: Final = 1024
MAX_SECRET: Final = 64
_STYLE: Final = (
    "body{margin:0;font:18px/1.5 sans-serif;color:#141c33;background:#f3f5f9}"
    "main{max-width:30em;margin:0 auto;padding:24px}"
    "h1{font-size:26px;line-height:1.25}"
    "label{display:block;font-weight:bold;margin:16px 0 8px}"
    "input{box-sizing:border-box;width:100%;padding:14px;font:28px/1.2 monospace;"
    "letter-spacing:6px;border:2px solid #6f7c93;border-radius:12px;background:#fff;color:#141c33}"
    "button{width:100%;margin-top:16px;padding:16px;font:bold 20px sans-serif;border:0;"
    "border-radius:12px;background:#1f3fae;color:#fff}"
    "input:focus,button:focus,a:focus{outline:3px solid #0a5bff;outline-offset:3px}"
    ".bad{padding:12px 16px;border-left:6px solid #b3221b;background:#fde7e5}"
    ".ok{padding:12px 16px;border-left:6px solid #0b7446;background:#dff4e8}"
    "a{color:#1f3fae}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode())).decode()
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


_AT_THE_COUNTER: Final = timedelta(hours=1)
"""No code that is typed at the counter counts for longer."""
_LATER: Final = ("confirmed", "expired", "exhausted")


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered.

    Attributes:
        status: HTTP status.
        body: HTML.
        language: of the page.
    """

    status: int
    body: str
    language: str


def language_of(asked: str, accepted: str, written: str = "") -> str:
    """Language of the page.

    Args:
        asked: chosen on the page, or ``""``.
        accepted: ``Accept-Language`` of the browser.
        written: language of the message, which the counter chose with the customer, or ``""``.
    """
    if asked in LANGUAGES:
        return asked
    if written in LANGUAGES:
        return written
    for part in accepted[:200].split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]


def code_in(form: bytes) -> str:
    """The code in a form, ``""`` where there is none."""
    try:
        fields = parse_qs(form.decode("utf-8"), max_num_fields=4)
    except ValueError:
        return ""
    return fields.get("code", [""])[0][:40]


def page_of(
    row: ChallengeRow | None, texts: Mapping[str, Texts], language: str, problem: str = ""
) -> Page:
    """The page of a challenge; ``problem``: ``form`` or ``wrong``, after such a code."""
    tr = texts[language]
    if row is None:
        return Page(404, _whole(tr, _said(tr, "unknown", "bad")), language)
    if row.status == ChallengeStatus.CONFIRMED:
        return Page(200, _whole(tr, _said(tr, _word(row, "confirmed"), "ok")), language)
    if row.status != ChallengeStatus.SENT:
        known = (ChallengeStatus.EXPIRED, ChallengeStatus.EXHAUSTED, ChallengeStatus.REPLACED)
        word = _word(row, row.status) if row.status in known else "unknown"
        return Page(410, _whole(tr, _said(tr, word, "bad")), language)
    return Page(200, _whole(tr, _form(row, tr, problem)), language)


def _word(row: ChallengeRow, word: str) -> str:
    """The words of a code that counts for days: its customer is no longer at the counter."""
    valid = datetime.fromisoformat(row.expires_at) - datetime.fromisoformat(row.sent_at)
    return f"{word}_later" if valid > _AT_THE_COUNTER and word in _LATER else word


def _form(row: ChallengeRow, tr: Texts, problem: str) -> str:
    by_mail = row.channel == EMAIL
    form = "mail" if by_mail else "sms"
    pattern = "[0-9 ]{6,12}" if by_mail else "[A-Za-z0-9 ]{4,8}"
    keyboard = 'inputmode="numeric"' if by_mail else 'autocapitalize="characters"'
    parts = [f"<h1>{_e(tr('contact_page.title'))}</h1>"]
    if problem == "wrong":
        left = tr("contact_page.wrong", n=max(0, MAX_TRIES - row.tries))
        parts.append(f'<p class="bad" role="alert">{_e(left)}</p>')
    elif problem:
        parts.append(f'<p class="bad" role="alert">{_e(tr(f"contact_page.form_{form}"))}</p>')
    parts.append(
        f'<form method="post"><label for="code">{_e(tr(f"contact_page.code_{form}"))}</label>'
        f'<input id="code" name="code" type="text" required autocomplete="one-time-code" '
        f'spellcheck="false" autocorrect="off" maxlength="12" pattern="{pattern}" {keyboard} '
        f'title="{_e(tr(f"contact_page.form_{form}"))}">'
        f'<button type="submit">{_e(tr("contact_page.send"))}</button></form>'
        f"<p>{_e(tr('contact_page.care'))}</p>"
    )
    return "".join(parts)


def _said(tr: Texts, word: str, kind: str) -> str:
    return (
        f"<h1>{_e(tr(f'contact_page.{word}.what'))}</h1>"
        f'<p class="{kind}">{_e(tr(f"contact_page.{word}.do"))}</p>'
    )


def _whole(tr: Texts, inner: str) -> str:
    others = " ".join(
        f'<a href="?lang={code}" lang="{code}">{_e(tr(f"contact_page.language.{code}"))}</a>'
        for code in LANGUAGES
        if code != tr.language
    )
    return (
        f'<!DOCTYPE html><html lang="{tr.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(tr('contact_page.title'))}</title><style>{_STYLE}</style></head>"
        f"<body><main>{inner}<p>{others}</p></main></body></html>"
    )


def _e(text: str) -> str:
    return html.escape(text)
