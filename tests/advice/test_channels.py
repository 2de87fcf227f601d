"""Ways to the digital identity, and the paper file."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from kiosk.advice.channels import ChannelId, load_channels
from kiosk.advice.eligibility import Alternative, Barrier, Finding, Question
from kiosk.advice.paper_file import load_paper_file
from kiosk.domain.errors import AnswerRefusedError, CatalogueError, NoFactError
from tests.advice.service_files import CONTENTS, SERVICE

FRIDAY = datetime(2026, 11, 20, 15, tzinfo=ZoneInfo("Europe/Paris"))
TODAY = date(2026, 11, 23)
PAPER = SERVICE.paper_file
EVERYTHING = tuple(item.item_id for item in PAPER.items)


def proposals(finding, now=FRIDAY):
    return SERVICE.channels.propose(finding, now, SERVICE.calendar, SERVICE.delays)


def test_who_is_eligible_is_offered_every_way_but_paper_the_counter_first():
    found = proposals(Finding())
    assert [item.channel.channel_id for item in found] == [
        ChannelId.COUNTER,
        ChannelId.ONLINE_FACE_TO_FACE,
        ChannelId.ONLINE_REMOTE,
    ]
    assert [item.ready_by for item in found] == [
        FRIDAY,
        None,
        datetime(2026, 11, 23, 15, tzinfo=ZoneInfo("Europe/Paris")),
    ]


def test_a_moment_is_told_as_the_next_whole_minute():
    remote = proposals(Finding(), FRIDAY.replace(second=1))[-1]
    assert remote.ready_by == datetime(2026, 11, 23, 15, 1, tzinfo=ZoneInfo("Europe/Paris"))


def test_paper_is_offered_where_it_is_the_alternative_and_says_about_when():
    finding = Finding(barrier=Barrier.NO_SMARTPHONE, alternative=Alternative.PAPER_PROCEDURE)
    (only,) = proposals(finding)
    assert only.channel.channel_id is ChannelId.PAPER
    assert (only.ready_by, only.about) == (None, date(2026, 12, 18))


@pytest.mark.parametrize(
    "finding",
    [
        Finding(ask=Question.MOBILE),
        Finding(barrier=Barrier.NOT_ADULT, alternative=Alternative.COME_OF_AGE),
    ],
)
def test_nothing_is_offered_before_the_end_or_without_a_way(finding):
    assert proposals(finding) == ()


def test_the_qr_code_holds_an_address_of_our_own_data_and_nothing_else():
    for channel in SERVICE.channels.channels:
        assert channel.qr_payload == channel.address
        assert channel.qr_payload.startswith("https://")
        assert channel.short_address in channel.address
        assert channel.bring
    remote = SERVICE.channels.get(ChannelId.ONLINE_REMOTE, TODAY)
    assert {"camera", "microphone"} <= set(remote.bring)
    assert SERVICE.channels.get(ChannelId.PAPER, date(2001, 1, 1)) is None


@pytest.mark.parametrize(
    "address",
    [
        "http://lidentitenumerique.laposte.fr",
        "https://lidentitenumerique.laposte.fr.example.org",
        "https://lidentitenumerique.laposte.fr@example.org",
        "https://user@lidentitenumerique.laposte.fr",
        "https://lidentitenumerique.laposte.fr:8080",
        "https://lidentitenumerique.laposte.fr/?next=elsewhere",
        "https://lidentitenumerique.laposte.fr/#part",
        "https://example.org",
        "https://[broken",
        "javascript:alert(1)",
        "https://lidentitenumerique.laposte.fr/é",
        "https://lidentitenumerique.laposte.fr/a b",
        "https://lidentitenumerique.laposte.fr/" + "a" * 200,
    ],
)
def test_other_addresses_are_refused(address):
    old = b'address = "https://lidentitenumerique.laposte.fr"'
    data = CONTENTS["channels"].replace(old, f'address = "{address}"'.encode(), 1)
    with pytest.raises(CatalogueError):
        load_channels(data)


# --- paper file -----------------------------------------------------------------------------------


def test_a_complete_file_gets_its_estimate():
    found = PAPER.check(EVERYTHING, TODAY, SERVICE.delays, SERVICE.calendar)
    assert found.complete
    assert found.letter_about == date(2026, 12, 21)


def test_what_was_not_seen_is_missing_and_what_blocks_comes_first():
    seen = set(EVERYTHING) - {"motive", "account", "social-proof"}
    found = PAPER.check(seen, TODAY, SERVICE.delays, SERVICE.calendar)
    assert [item.item_id for item in found.missing] == ["account", "social-proof", "motive"]
    assert found.missing[0].blocking
    assert found.letter_about is None


def test_ink_and_capitals_are_asked_of_a_form_filled_in_by_hand_only():
    by_hand = {item.item_id for item in PAPER.asked(TODAY)}
    printed = {item.item_id for item in PAPER.asked(TODAY, by_hand=False)}
    assert by_hand - printed == {"block-capitals", "black-ink"}
    assert PAPER.check(printed, TODAY, SERVICE.delays, SERVICE.calendar, by_hand=False).complete
    assert not PAPER.check(printed, TODAY, SERVICE.delays, SERVICE.calendar).complete


def test_the_pieces_of_which_one_is_enough():
    pieces = {item.item_id: item.any_of for item in PAPER.items}
    assert len(pieces["identity-proof"]) == 5
    assert pieces["social-proof"] == ("carte-vitale", "attestation-de-droits")
    assert PAPER.motives[0].word_id == "no-smartphone"


def test_an_unknown_item_is_refused():
    with pytest.raises(AnswerRefusedError):
        PAPER.check(["passport-of-the-cat"], TODAY, SERVICE.delays, SERVICE.calendar)


def test_the_procedure_is_closed_by_its_day():
    assert PAPER.is_open(TODAY)
    assert PAPER.is_open(TODAY, site_last_day=TODAY)
    assert not PAPER.is_open(TODAY, site_last_day=date(2026, 11, 22))
    assert not PAPER.is_open(date(2001, 1, 1))


def test_the_data_can_close_it_at_midnight():
    start = b"valid_from = 2022-10-25\n"
    data = CONTENTS["paper_file"].replace(start, start + b"until = 2026-12-31\n", 1)
    data += b'\n[[period]]\nopen = false\nsource = "order"\nvalid_from = 2027-01-01\n'
    closed = load_paper_file(data)
    assert closed.is_open(date(2026, 12, 31))
    assert not closed.is_open(date(2027, 1, 1))


def test_a_day_without_a_delay_is_an_error():
    early = date(2001, 1, 1)
    with pytest.raises(NoFactError):
        PAPER.check((), early, SERVICE.delays, SERVICE.calendar)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'id = "motive"', b'id = "account"'),
        (b'group = "form"', b'group = "cover"'),
        (b'any_of = ["carte-vitale", ', b'any_of = ["carte-vitale", "carte-vitale", '),
        (b"open = true", b'open = "yes"'),
        (b"blocking = true", b"blocks = true"),
    ],
)
def test_a_wrong_checklist_is_a_catalogue_error(old, new):
    assert old in CONTENTS["paper_file"]
    with pytest.raises(CatalogueError):
        load_paper_file(CONTENTS["paper_file"].replace(old, new, 1))
