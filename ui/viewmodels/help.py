"""What the help page knows: topics, their questions and courses, and what a search finds."""

from dataclasses import dataclass, replace
from datetime import date

from kiosk.advice.questions import COURSE, Topic, Tutorial
from kiosk.advice.search import Hit, SearchIndex
from kiosk.advice.service import ServiceFacts
from kiosk.domain.errors import NoFactError
from ui.i18n import Language


@dataclass(frozen=True, slots=True)
class HelpLink:
    """One question or course in a list.

    Attributes:
        name: told back when it is chosen; begins with ``course:`` where it is a course.
        title: the question, or the title of the course.
        steps: of a course; 0 for a question.
        matched: words that a search found, as they are written.
    """

    name: str
    title: str
    steps: int = 0
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpText:
    """One answer, or the steps of a course."""

    title: str
    paragraphs: tuple[str, ...]
    numbered: bool = False


class HelpBook:
    """Questions and answers in one language on one day; the index is made with the first search."""

    def __init__(self, service: ServiceFacts, language: Language, day: date) -> None:
        """Service: facts; language: in force now; day: today in Paris."""
        self._questions = service.questions
        self._tr = language.tr
        self._code = language.code
        self._day = day
        try:
            self._figures = service.figures(day, language.code)
        except NoFactError:
            # The clock is far off: no figure may be shown, hence no answer that needs one.
            self._figures = {}
        self._index: SearchIndex | None = None

    @property
    def empty(self) -> bool:
        """Nothing is known of the service on that day."""
        return not self._figures

    def topics(self) -> tuple[Topic, ...]:
        """Topics with something in them."""
        return () if self.empty else tuple(t for t in Topic if self.about(t))

    def about(self, topic: Topic) -> tuple[HelpLink, ...]:
        """Courses and questions of a topic."""
        courses = tuple(self._course_link(c) for c in self._questions.courses(topic, self._day))
        return courses + tuple(
            HelpLink(item.question_id, self._words(f"faq.{item.question_id}.ask"))
            for item in self._questions.about(topic, self._day)
        )

    def search(self, query: str) -> tuple[HelpLink, ...]:
        """What answers a query, the best first."""
        if self.empty:
            return ()
        if self._index is None:
            self._index = self._questions.index(self._words, self._code, self._day)
        return tuple(self._found(hit) for hit in self._index.search(query))

    def read(self, name: str) -> HelpText:
        """A question or a course. Raises KeyError where there is none."""
        if not name.startswith(COURSE):
            title, answer = (self._words(f"faq.{name}.{part}") for part in ("ask", "answer"))
            return HelpText(title, (answer,))
        wanted = name.removeprefix(COURSE)
        for course in self._questions.tutorials:
            if course.tutorial_id == wanted:
                steps = tuple(
                    self._words(f"tutorial.{wanted}.step{number}")
                    for number in range(1, course.steps + 1)
                )
                return HelpText(self._words(f"tutorial.{wanted}.title"), steps, numbered=True)
        raise KeyError(name)

    def _found(self, hit: Hit) -> HelpLink:
        for course in self._questions.tutorials:
            if hit.entry_id == COURSE + course.tutorial_id:
                return replace(self._course_link(course), matched=hit.matched)
        return HelpLink(hit.entry_id, self._words(f"faq.{hit.entry_id}.ask"), matched=hit.matched)

    def _course_link(self, course: Tutorial) -> HelpLink:
        title = self._words(f"tutorial.{course.tutorial_id}.title")
        return HelpLink(f"{COURSE}{course.tutorial_id}", title, course.steps)

    def _words(self, key: str) -> str:
        return self._tr(key, **self._figures)
