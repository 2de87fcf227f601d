"""Rule packs by the day: nothing changes before its first day, and a wrong one is refused early."""

from datetime import date

import pytest

from kiosk.bootstrap import read_packs
from kiosk.documents.catalogue import Acceptance
from kiosk.documents.packs import DocumentPacks, load_packs
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind
from kiosk.paths import RESOURCES

FOLDER = RESOURCES / "documents"
NOW = {name: (FOLDER / f"{name}.toml").read_bytes() for name in ("catalogue", "features", "series")}
OLD_CARD = DocumentKind.FR_ID_CARD_1988


def later(name: str, first: str, version: str) -> bytes:
    """The same pack from a coming day on; the old French card is no longer taken on line."""
    text = NOW[name].decode()
    current = next(line for line in text.splitlines() if line.startswith("version = "))
    text = text.replace(current, f'version = "{version}"\nvalid_from = {first}', 1)
    if name == "catalogue":
        head, *rules = text.split("[[acceptance]]")
        rules = [
            rule.replace('verdict = "accepted"', 'verdict = "refused"')
            if f'kind = "{OLD_CARD.value}"' in rule and '"online-request"' in rule
            else rule
            for rule in rules
        ]
        text = "[[acceptance]]".join((head, *rules))
    return text.encode()


def packs(*coming: tuple[str, bytes]) -> DocumentPacks:
    return load_packs(
        {name: [data, *(more for of, more in coming if of == name)] for name, data in NOW.items()}
    )


LEAP = date(2028, 2, 29)
CHANGED = packs(
    ("catalogue", later("catalogue", "2028-02-29", "2028-02")),
    ("features", later("features", "2028-03-01", "2028-03")),
)


@pytest.mark.parametrize(
    ("day", "documents", "features"),
    [
        (date(2020, 1, 1), "2026-11-26", "2026-11-26"),
        (date(2028, 2, 28), "2026-11-26", "2026-11-26"),
        (LEAP, "2028-02", "2026-11-26"),
        (date(2028, 3, 1), "2028-02", "2028-03"),
        (date.max, "2028-02", "2028-03"),
    ],
)
def test_a_pack_holds_from_its_first_day(day, documents, features):
    versions = dict(CHANGED.versions(day))
    base = dict(packs().versions(date(2026, 1, 1)))
    expected = {"2026-11-26": base}
    assert versions["documents"] == expected.get(documents, {"documents": documents})["documents"]
    assert versions["features"] == expected.get(features, {"features": features})["features"]


def test_what_is_accepted_changes_on_the_day():
    def verdict(day):
        return CHANGED.on(day).acceptance_of("online-request", OLD_CARD, "", day)

    before = verdict(date(2028, 2, 28))
    assert before is not Acceptance.REFUSED
    assert verdict(LEAP) is Acceptance.REFUSED


def test_two_packs_of_one_day_are_refused():
    with pytest.raises(CatalogueError):
        packs(
            ("series", later("series", "2027-01-01", "a")),
            ("series", later("series", "2027-01-01", "b")),
        )


def test_a_wrong_pack_is_refused_today_and_not_at_midnight():
    broken = later("catalogue", "2030-01-01", "x").replace(b'verdict = "', b'verdict = "un', 1)
    with pytest.raises(CatalogueError):
        packs(("catalogue", broken))


def test_a_pack_without_its_name_is_refused():
    with pytest.raises(CatalogueError):
        load_packs({"catalogue": [NOW["catalogue"]]})


def test_a_feature_drawn_before_midnight_has_its_name_after_it():
    gone = NOW["features"].decode().split("[[feature]]")
    first_id = gone[1].split('id = "')[1].split('"')[0]
    rest = "[[feature]]".join([gone[0], *gone[2:]]).encode()
    version = next(line for line in gone[0].splitlines() if line.startswith("version"))
    coming = rest.replace(version.encode(), b'version = "z"\nvalid_from = 2027-01-01', 1)
    held = packs(("features", coming))
    assert held.on(date(2027, 1, 1)).feature(first_id).feature_id == first_id
    drawable = {item.feature_id for item in held.on(date(2027, 1, 1)).features}
    assert first_id not in drawable


def test_packs_are_found_beside_each_other(tmp_path):
    for name, data in NOW.items():
        (tmp_path / f"{name}.toml").write_bytes(data)
    (tmp_path / "series-2027.toml").write_bytes(later("series", "2027-01-01", "2027-01"))
    held = read_packs(tmp_path)
    assert dict(held.versions(date(2027, 1, 1)))["series"] == "2027-01"
    assert dict(held.versions(date(2026, 12, 31)))["series"] != "2027-01"
    (tmp_path / "features.toml").unlink()
    with pytest.raises(CatalogueError):
        read_packs(tmp_path)
