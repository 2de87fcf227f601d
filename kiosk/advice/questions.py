"""Questions, answers and short courses, by the topics of the service's own site.

Rules, in order: topics, sources and days are data; words come from the texts; dated figures in an
answer are filled in from the facts in force on the day, so that an answer cannot be out of date
while the facts are not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from kiosk.advice.dated import SPAN_KEYS, Span, in_force, never_twice, number_of, span_of
from kiosk.advice.search import Entry, SearchIndex
from kiosk.documents.data import choice_of, only, table_of, tables_of, text_of, texts_of, toml_of
from kiosk.domain.errors import CatalogueError

COURSE: Final = "course:"
"""Begins the name of a course where questions and courses stand together."""


class Topic(StrEnum):
    """A topic of the service's site; key of the text ``help_page.topic.<value>``."""

    TRAINING = "training"
    DISCOVER = "discover"
    CREATE = "create"
    MANAGE = "manage"
    USE = "use"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class QuestionFact:
    """A question; its words are the texts ``faq.<question_id>.ask``, ``.answer`` and ``.words``."""

    question_id: str
    topic: Topic
    span: Span


@dataclass(frozen=True, slots=True)
class Tutorial:
    """A short course; texts ``tutorial.<tutorial_id>.title`` and ``.step1`` to ``.step<steps>``."""

    tutorial_id: str
    topic: Topic
    steps: int
    span: Span


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions and short courses.

    Attributes:
        version: of the data.
        questions, tutorials: in the order in which they are shown.
        stop: by language, words that tell nothing in a search.
    """

    version: str
    questions: tuple[QuestionFact, ...]
    tutorials: tuple[Tutorial, ...]
    stop: Mapping[str, frozenset[str]]

    def about(self, topic: Topic, day: date) -> tuple[QuestionFact, ...]:
        """Questions of a topic on a day."""
        return tuple(item for item in in_force(self.questions, day) if item.topic is topic)

    def courses(self, topic: Topic, day: date) -> tuple[Tutorial, ...]:
        """Short courses of a topic on a day."""
        return tuple(item for item in in_force(self.tutorials, day) if item.topic is topic)

    def index(self, words: Callable[[str], str], language: str, day: date) -> SearchIndex:
        """Everything that holds on a day, ready to be searched; courses after the questions.

        Args:
            words: text of a key, its figures filled in.
            language: of those texts.
            day: today.
        """
        entries = tuple(
            Entry(
                item.question_id,
                words(f"faq.{item.question_id}.ask"),
                words(f"faq.{item.question_id}.answer"),
                words(f"faq.{item.question_id}.words"),
            )
            for item in in_force(self.questions, day)
        )
        courses = tuple(
            Entry(
                COURSE + item.tutorial_id,
                words(f"tutorial.{item.tutorial_id}.title"),
                " ".join(
                    words(f"tutorial.{item.tutorial_id}.step{number}")
                    for number in range(1, item.steps + 1)
                ),
            )
            for item in in_force(self.tutorials, day)
        )
        return SearchIndex(entries + courses, self.stop.get(language, frozenset()))


def load_questions(data: bytes) -> Questions:
    """Type the data of ``questions.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or one question twice.
    """
    table = toml_of(data, "questions")
    only(table, {"version", "stop", "question", "tutorial"}, "questions")
    stop = table_of(table, "stop")
    questions = (_question_of(item) for item in tables_of(table, "question"))
    tutorials = (_tutorial_of(item) for item in tables_of(table, "tutorial"))
    return Questions(
        text_of(table, "version"),
        never_twice(questions, lambda item: item.question_id),
        never_twice(tutorials, lambda item: item.tutorial_id),
        {language: frozenset(texts_of(stop, language)) for language in stop},
    )


def _question_of(table: Mapping[str, Any]) -> QuestionFact:
    only(table, SPAN_KEYS | {"id", "topic"}, "question")
    topic = choice_of(Topic, text_of(table, "topic"))
    return QuestionFact(text_of(table, "id"), topic, span_of(table))


def _tutorial_of(table: Mapping[str, Any]) -> Tutorial:
    only(table, SPAN_KEYS | {"id", "topic", "steps"}, "tutorial")
    steps = number_of(table, "steps", 12)
    if not steps:
        raise CatalogueError("tutorial: steps")
    topic = choice_of(Topic, text_of(table, "topic"))
    return Tutorial(text_of(table, "id"), topic, steps, span_of(table))
