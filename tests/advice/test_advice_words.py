"""Every code of the service has its words, in both languages."""

import pytest

from kiosk.advice.calendar import ClosedBecause
from kiosk.advice.eligibility import Alternative, Barrier, Caution, Question
from kiosk.advice.eligibility_rules import Paper, System
from kiosk.advice.helpline import Audience
from kiosk.advice.paper_file import Group
from kiosk.advice.phones import MobileVerdict
from kiosk.advice.questions import Topic
from kiosk.journeys.service_steps import Purpose, Situation
from kiosk.texts import LANGUAGES, Texts
from tests.advice.service_files import SERVICE


def keys() -> set[str]:
    paper = SERVICE.paper_file
    bring = {item for channel in SERVICE.channels.channels for item in channel.bring}
    found = {f"holiday.{name}" for name in SERVICE.calendar.names.values()}
    found |= {
        f"help_page.audience.{item}.{part}" for item in Audience for part in ("title", "hint")
    }
    found |= {f"help_page.topic.{item}.{part}" for item in Topic for part in ("title", "hint")}
    found |= {f"purpose.{item}.{part}" for item in Purpose for part in ("label", "hint")}
    asked = set(Situation) - {Situation.ONLY_A_QUESTION}
    found |= {f"situation.{item}.{part}" for item in asked for part in ("label", "hint")}
    found |= {f"eligibility.{part}.{q}" for q in Question for part in ("question", "hint", "short")}
    found |= {f"eligibility.document.{item}" for item in Paper}
    found |= {f"eligibility.system.{item}" for item in System}
    found |= {f"eligibility.answer.{item}" for item in MobileVerdict}
    found |= {f"eligibility.barrier.{item}" for item in Barrier}
    found |= {f"eligibility.caution.{item}" for item in Caution}
    found |= {
        f"eligibility.alternative.{i}.{part}" for i in Alternative for part in ("title", "text")
    }
    found |= {f"channel.bring.{item}" for item in bring}
    found |= {
        f"channel.{channel.channel_id}.{part}"
        for channel in SERVICE.channels.channels
        for part in ("label", "hint", "sheet")
    }
    found |= {f"paper.group.{item}" for item in Group}
    found |= {f"paper.item.{item.item_id}" for item in paper.items}
    found |= {f"paper.piece.{piece}" for item in paper.items for piece in item.any_of}
    found |= {f"paper.motive.{word.word_id}" for word in paper.motives}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language):
    texts = Texts.load(language)
    assert {key for key in keys() if key not in texts} == set()


def test_no_reason_of_closing_is_left_without_a_sentence():
    # A holiday is named; the other two are told by when the line opens again.
    assert set(ClosedBecause) == {"holiday", "day", "hour"}
