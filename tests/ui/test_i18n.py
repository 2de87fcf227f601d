from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtWidgets import QLineEdit

from ui.i18n import Language, QtWords


def test_switching_tells_once_and_changes_the_words(language: Language, qtbot):
    assert language.tr("common.lock") == "Verrouiller"
    with qtbot.waitSignal(language.changed):
        language.choose("en")
    assert language.tr("common.lock") == "Lock"
    with qtbot.assertNotEmitted(language.changed):
        language.choose("en")


def test_unknown_language_is_refused_and_the_old_one_stays(language: Language):
    with pytest.raises(KeyError):
        language.choose("xx")
    assert language.code == "fr"


def test_dates_are_written_as_people_write_them(language: Language):
    assert language.day(date(1990, 7, 13)) == "13 juillet 1990"
    assert language.weekday(date(2026, 11, 23)) == "Lundi 23 novembre"
    assert language.full_day(date(2026, 12, 1)) == "mardi 1er décembre 2026"
    assert language.day(date(2026, 12, 1)) == "1er décembre 2026"
    language.choose("en")
    assert language.day(date(1990, 7, 13)) == "13 July 1990"
    assert language.weekday(date(2026, 11, 23)) == "Monday 23 November"
    assert language.day(date(2026, 12, 1)) == "1 December 2026"


@pytest.mark.parametrize(
    ("code", "day", "weekday", "full"),
    [
        ("fr", "1er mai 2027", "Samedi 1er mai", "samedi 1er mai 2027"),
        ("en", "1 May 2027", "Saturday 1 May", "Saturday 1 May 2027"),
    ],
)
def test_the_first_of_a_month_is_counted_as_the_language_does(
    language: Language, code, day, weekday, full
):
    language.choose(code)
    first = date(2027, 5, 1)
    assert (language.day(first), language.weekday(first)) == (day, weekday)
    assert language.full_day(first) == full
    assert language.weekday_within(first) == (weekday.lower() if code == "fr" else weekday)
    assert language.day(date(2027, 5, 11)).split()[0] == "11"


def test_french_times_and_numbers_use_spaces_that_the_fonts_have(language: Language):
    moment = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert language.time(moment).endswith("\u00a005")
    assert language.number(12345) == "12\u00a0345"
    assert language.number(1.5, 1) == "1,5"


def test_keys_are_named_as_on_the_keyboard(language: Language):
    assert language.key_name("Return") == "Entrée"
    assert language.key_name("Ctrl+L") == "Ctrl+L"
    language.choose("en")
    assert language.key_name("Return") == "Enter"


def test_what_qt_writes_by_itself_is_written_in_the_language_of_the_screen(
    language: Language, qtbot
):
    line = QLineEdit()
    qtbot.addWidget(line)

    def menu() -> set[str]:
        made = line.createStandardContextMenu()
        try:
            return {action.text().replace("&", "").partition("\t")[0] for action in made.actions()}
        finally:
            made.deleteLater()

    words = QtWords(language)
    assert "Copier" in menu()
    language.choose("en")
    assert "Copy" in menu()
    language.choose("fr")
    words.end()
    assert "Copy" in menu()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (40, "40 s"), (60, "1 min 00"), (160.4, "2 min 40"), (3900, "1 h 05")],
)
def test_a_span_is_written_as_it_is_said(language: Language, seconds, words):
    text = language.duration(timedelta(seconds=seconds))
    assert text == words.replace(" ", "\u00a0")
