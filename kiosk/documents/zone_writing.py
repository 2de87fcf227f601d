"""Machine-readable zones written: the inverse of :mod:`kiosk.documents.mrz`, for specimens.

Rules: names in MRZ spelling; a name field that is too short ends with a letter, the first letter of
the given names at least (ICAO Doc 9303-3, section 4.6; 9303-4 for the examples); where there is no
personal number its check digit is 0.
"""

import re
from datetime import date
from typing import Final

from kiosk.documents.check_digits import FILLER, check_digit
from kiosk.documents.layouts import FR_ID, LAYOUTS, TD1, TD2, TD3, Layout
from kiosk.documents.names import mrz_name
from kiosk.domain.evidence import IdentityDocument, PartialDate

_NUMBER_WIDTH: Final = 9


def encode(document: IdentityDocument, *, second_optional: str = "") -> tuple[str, ...]:
    """The lines of a document; ``layout`` says which form, ``mrz`` is not looked at.

    Args:
        document: ``optional_data`` fills the first optional field (department and office on the
            old French card).
        second_optional: second optional field of a TD1.

    Raises:
        ValueError: no such layout, a field that does not fit, or no expiry date where one stands.
    """
    layout = LAYOUTS.get(document.layout)
    if layout is None:
        raise ValueError("no such layout")
    values = _values(layout, document) | {"optional_2": second_optional}
    rows = [[FILLER] * layout.width for _ in range(layout.lines)]
    for name, span in layout.fields.items():
        text = values.get(name, "")
        if len(text) > span.width:
            raise ValueError(f"{name} does not fit")
        rows[span.line][span.start : span.end] = text.ljust(span.width, FILLER)
    lines = ["".join(row) for row in rows]
    if layout.composite:
        span = layout.fields["composite"]
        digit = check_digit(layout.composite_text(lines))
        lines[span.line] = lines[span.line][: span.start] + digit
    return tuple(lines)


def _values(layout: Layout, document: IdentityDocument) -> dict[str, str]:
    birth = _partial(document.birth_date)
    optional = document.optional_data.replace(" ", FILLER)
    values = {
        "code": document.document_code,
        "issuer": document.issuer,
        "nationality": document.nationality,
        "birth": birth,
        "birth_check": check_digit(birth),
        "sex": document.sex if document.sex in ("M", "F") else FILLER,
        "optional": optional,
    }
    if layout is FR_ID:
        return values | _old_card_values(document, optional)
    values |= _number_values(layout, document.document_number, optional)
    values["names"] = name_field(
        document.surname, document.given_names, layout.fields["names"].width
    )
    expiry = _full(document.expiry_date)
    values |= {"expiry": expiry, "expiry_check": check_digit(expiry)}
    if layout is TD3:
        field = optional.ljust(layout.fields["optional"].width, FILLER)
        values["optional_check"] = check_digit(field)
    return values


def _old_card_values(document: IdentityDocument, office: str) -> dict[str, str]:
    given = (FILLER * 2).join(mrz_name(name) for name in document.given_names)
    return {
        "number": document.document_number,
        "number_check": check_digit(document.document_number),
        "names": mrz_name(document.surname)[: FR_ID.fields["names"].width],
        "given_names": given[: FR_ID.fields["given_names"].width],
        "office": office,
    }


def _number_values(layout: Layout, number: str, optional: str) -> dict[str, str]:
    if len(number) <= _NUMBER_WIDTH or layout not in (TD1, TD2):
        field = number.ljust(_NUMBER_WIDTH, FILLER)
        return {"number": field, "number_check": check_digit(field)}
    rest = number[_NUMBER_WIDTH:] + check_digit(number)
    return {
        "number": number[:_NUMBER_WIDTH],
        "number_check": FILLER,
        "optional": FILLER.join(part for part in (rest, optional) if part),
    }


def name_field(surname: str, given_names: tuple[str, ...], width: int) -> str:
    """Primary and secondary identifiers in ``width`` characters, cut where they do not fit."""
    primary = mrz_name(surname)
    secondary = FILLER.join(part for part in map(mrz_name, given_names) if part)
    text = f"{primary}{FILLER * 2}{secondary}" if secondary else primary
    if len(text) <= width:
        return text.ljust(width, FILLER)
    if secondary and len(primary) + 3 > width:
        # The surname gives way, so that one letter of the given names remains.
        primary = primary[: width - 3].rstrip(FILLER)
        return f"{primary}{FILLER * 2}{secondary}"[:width].ljust(width, FILLER)
    if text[width - 1] == FILLER and (longer := re.match(".*[A-Z](?=[A-Z])", text[:width])):
        # A field that ends with a filler would look complete: one letter less, one initial more.
        text = text[: longer.end()] + text[longer.end() + 1 :]
    return text[:width]


def _partial(value: PartialDate) -> str:
    year = FILLER * 2 if value.year is None else f"{value.year % 100:02d}"
    return year + "".join(
        FILLER * 2 if part is None else f"{part:02d}" for part in (value.month, value.day)
    )


def _full(value: date | None) -> str:
    if value is None:
        raise ValueError("this layout holds an expiry date")
    return value.strftime("%y%m%d")
