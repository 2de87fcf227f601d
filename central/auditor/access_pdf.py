"""The copy of a person's data on paper: what was recorded, in words, nothing of it left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from central.auditor import pdf_style as pdf
from central.auditor.evidence_pdf import Page
from central.auditor.redaction import is_masked
from kiosk.texts import Texts


def access_pdf(told: Mapping[str, Any], language: str = "fr") -> bytes:
    """The PDF of ``donnees.json``.

    Args:
        told: its contents.
        language: ``fr`` or ``en``.
    """
    pdf.ready()
    tr = Texts.load(language)
    story = [
        pdf.text(tr("evidence.access_title"), pdf.TITLE),
        pdf.text(tr("evidence.subtitle"), pdf.SUBTITLE),
        pdf.gap(4),
        pdf.banner(tr("evidence.unredacted"), tr("evidence.unredacted_hint"), loud=True),
        pdf.gap(3),
        pdf.text(tr("evidence.access.intro")),
        pdf.gap(2),
        pdf.pairs(
            [
                (tr("evidence.access.found"), str(len(told["records"]))),
                (tr("evidence.access.looked"), str(told["looked"])),
                (tr("evidence.access.untold"), str(told["untold"])),
                (tr("evidence.access.withheld"), tr("evidence.access.withheld_text")),
            ],
            label_mm=70,
        ),
    ]
    for number, one in enumerate(told["records"], 1):
        story += _record(one, number, tr)

    def foot(number: int, pages: int) -> tuple[str, str]:
        return tr("evidence.access_title"), tr("evidence.page", page=number, pages=pages)

    return pdf.build(story, tr("evidence.access_title"), foot, language)


def _record(one: Mapping[str, Any], number: int, tr: Texts) -> list[Any]:
    record = one["record"]
    second = record.get("visavis", {}).get("service", {}).get("second_agent")
    page = Page(
        {
            "record": record,
            "redacted": False,
            "attachments": one["attachments"],
            "second_agent": {"by": second or ""},
            "proofs": {"sealed": {"received_at": one["received_at"]}},
        },
        tr,
    )
    rows = [
        [pdf.text(path, pdf.CODE), pdf.masked(tr("evidence.masked")) if hidden else value]
        for path, value, hidden in _leaves(record, "", tr)
    ]
    columns = [tr("evidence.access.field"), tr("evidence.access.value")]
    return [
        pdf.gap(6),
        pdf.text(tr("evidence.access.record", number=number), pdf.TITLE),
        *page.act(),
        *page.document(),
        *page.checks(),
        pdf.heading(tr("evidence.access.everything")),
        pdf.grid(columns, rows, (8, 9)),
    ]


def _leaves(value: Any, path: str, tr: Texts) -> Iterator[tuple[str, str, bool]]:
    """Every value of a record by its place in it; lists by number from 1."""
    if is_masked(value):
        yield path, "", True
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name), tr)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value, 1):
            yield from _leaves(item, f"{path}.{number}", tr)
    elif isinstance(value, bool):
        yield path, tr("evidence.yes" if value else "evidence.no"), False
    elif value not in (None, "", []):
        yield path, str(value), False
