"""Makes the pages: HTML by templates that escape everything, no script, nothing from elsewhere.

Rules, in order: a page works without JavaScript and loads only its own style sheet and fonts, and
the browser is told so; no answer is kept by a browser or a proxy, but for style and fonts; texts
come from the catalogue in the language of the reader; times are shown in one zone, with it named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from kiosk.texts import LANGUAGES, Texts

_RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Not "no-referrer": with it browsers hide the origin of our own forms from ourselves.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_KEPT: Final = "private, max-age=86400"
_FILES: Final[Mapping[str, tuple[Path, str]]] = {
    "style.css": (_RESOURCES / "operations" / "style.css", "text/css; charset=utf-8"),
    "icon.svg": (_RESOURCES / "operations" / "icon.svg", "image/svg+xml"),
    **{
        f"{name}.ttf": (_RESOURCES / "fonts" / f"{name}.ttf", "font/ttf")
        for name in (
            "AtkinsonHyperlegibleNext-Regular",
            "AtkinsonHyperlegibleNext-SemiBold",
            "AtkinsonHyperlegibleNext-Bold",
            "AtkinsonHyperlegibleMono-Medium",
        )
    },
}
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


def protected(response: Response) -> Response:
    """The answer, with the headers that every answer has."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def file_answer(name: str) -> Response | None:
    """Style, icon or font; None where there is no such file."""
    if name not in _FILES:
        return None
    return Response(_content(name), media_type=_FILES[name][1], headers={"Cache-Control": _KEPT})


@lru_cache(maxsize=len(_FILES))
def _content(name: str) -> bytes:
    return _FILES[name][0].read_bytes()


@lru_cache(maxsize=64)
def _icon(name: str) -> Markup:
    """An icon of the program; only templates name them."""
    svg = _COMMENT.sub("", (_RESOURCES / "icons" / f"{name}.svg").read_text("utf-8")).strip()
    hidden = svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    return Markup(hidden)  # noqa: S704 - a file that came with the program, never what was sent


@dataclass(frozen=True, slots=True)
class Speech:
    """How things are said to a reader: language and zone.

    Attributes:
        tr: texts.
        zone: in which times are shown.
        now: server time, for "so long ago".
    """

    tr: Texts
    zone: ZoneInfo
    now: datetime

    def number(self, value: int) -> str:
        """With marks between the thousands."""
        mark = _NO_BREAK if self.tr.language == "fr" else ","
        return f"{value:,}".replace(",", mark)

    def size(self, value: int) -> str:
        """Bytes, in the unit that fits."""
        units = "operations.unit"
        amount, power = float(value), 0
        while amount >= 1024 and power < 4:
            amount, power = amount / 1024, power + 1
        digits = f"{amount:.0f}" if power == 0 or amount >= 100 else f"{amount:.1f}"
        if self.tr.language == "fr":
            digits = digits.replace(".", ",")
        return f"{digits}{_NO_BREAK}{self.tr(f'{units}.b{power}')}"

    def time(self, at: str | datetime) -> str:
        """Day, hour and minute in the zone of the pages."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        local = moment.astimezone(self.zone)
        if self.tr.language == "fr":
            return f"{local:%d/%m/%Y %H:%M}".replace(" ", _NO_BREAK)
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%Y %H:%M}".replace(" ", _NO_BREAK)

    def hour(self, at: datetime) -> str:
        """An hour of the day."""
        local = at.astimezone(self.zone)
        return f"{local:%H}{_NO_BREAK}h" if self.tr.language == "fr" else f"{local:%H:00}"

    def ago(self, at: str) -> str:
        """How long ago, in one unit."""
        passed = max(timedelta(), self.now - datetime.fromisoformat(at))
        minutes = int(passed.total_seconds() // 60)
        if minutes < 1:
            return self.tr("operations.ago.now")
        if minutes < 120:
            return self.tr("operations.ago.minutes", n=minutes)
        if minutes < 48 * 60:
            return self.tr("operations.ago.hours", n=minutes // 60)
        return self.tr("operations.ago.days", n=minutes // (24 * 60))

    def drift(self, seconds: int) -> str:
        """How far a clock is off, with its sign, in one unit."""
        sign = "+" if seconds >= 0 else "\N{MINUS SIGN}"
        size = abs(seconds)
        for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
            if size >= 2 * length:
                word = self.tr(f"operations.unit.{unit}")
                return f"{sign}{self.number(size // length)}{_NO_BREAK}{word}"
        return f"{sign}{size}{_NO_BREAK}s"

    def word(self, key: str, value: str) -> str:
        """A value of the program in words; as it stands where no words are known."""
        known = f"operations.{key}.{value}"
        return self.tr(known) if known in self.tr else value


class Pages:
    """Makes pages out of templates and values."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._texts = {language: Texts.load(language) for language in LANGUAGES}
        self._templates = Environment(
            loader=FileSystemLoader(_RESOURCES / "operations"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["icon"] = _icon
        self._templates.globals["query"] = _query

    def speech(self, language: str, now: datetime) -> Speech:
        """How to speak to a reader."""
        return Speech(self._texts[language], self.zone, now)

    def page(
        self, name: str, speech: Speech, values: Mapping[str, Any], status: int = 200
    ) -> Response:
        """A page by its template."""
        template = self._templates.get_template(f"{name}.html")
        body = template.render(tr=speech.tr, say=speech, languages=LANGUAGES, **values)
        return HTMLResponse(body, status)


def _query(**values: object) -> str:
    """The question of an address, without what is empty."""
    told = {name: str(value) for name, value in values.items() if value not in ("", None, False)}
    return f"?{urlencode(told)}" if told else ""
