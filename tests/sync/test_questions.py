"""Questions to colleagues: what is a digest, and what only looks like one."""

import pytest

from kiosk.crypto.digests import b64u, sha256
from kiosk.sync.messages import decode, encode
from kiosk.sync.questions import Question, QuestionList, is_digest


@pytest.mark.parametrize("seen", ["", "A" * 42, "A" * 44, "A" * 42 + "B", "=" * 43, "é" * 43])
def test_not_every_text_of_that_length_is_a_digest(seen: str):
    assert not is_digest(seen)


def test_a_question_comes_back_and_shows_the_code_of_its_digest():
    seen = b64u(sha256(b"what is there to be seen"))
    assert is_digest(seen)
    question = Question(
        question="1" * 32,
        device="dev-0011223344556677",
        case="2" * 32,
        agent="camille",
        about="decision",
        seen=seen,
        asked_at="2026-11-26T09:00:00.000+00:00",
    )
    (again,) = decode(encode(QuestionList((question,))), QuestionList).questions
    assert again == question
    assert len(again.code) == 8
