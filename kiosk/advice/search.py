"""Search in questions and answers that forgives: accents, capitals, word order, typing errors.

Rules, in order:

1. Words are compared without accents, capitals and signs; letters and digits are parted.
2. Words that tell nothing are left out, unless nothing else was typed.
3. A typed word finds a word that equals it, that begins with it, or that differs by a typing
   error: one for words of four to seven characters, two for longer ones. A swap of neighbours is
   one error.
4. What stands in the question, or among its other words, weighs more than what stands in the
   answer; a word that stands everywhere weighs little.
5. An answer must be found by at least half of the typed words; the more of them, the higher it
   ranks. Equal ranks keep the order of the data. What ranks far below the best is left out.

Source: optimal string alignment distance (Damerau, 1964).
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

MAX_QUERY: Final = 200
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_SHORT: Final = 4
_LONG: Final = 8
_ASK_WEIGHT: Final = 3.0
_WORDS_WEIGHT: Final = 2.5
_ANSWER_WEIGHT: Final = 1.0
_EQUAL: Final = 1.0
_BEGINS: Final = 0.85
_ONE_ERROR: Final = 0.7
_TWO_ERRORS: Final = 0.5
_FAR_BELOW: Final = 0.25


@dataclass(frozen=True, slots=True)
class Entry:
    """What is searched.

    Attributes:
        entry_id: of the question.
        ask: the question.
        answer: the answer.
        words: other words that people use.
    """

    entry_id: str
    ask: str
    answer: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer that was found.

    Attributes:
        entry_id: of the question.
        score: larger is better; comes from one query only, and is compared within it only.
        matched: words of the question and of the answer that were found, as they are written there.
    """

    entry_id: str
    score: float
    matched: tuple[str, ...]


def folded(text: str) -> str:
    """A text without accents, ligatures and capitals."""
    parts = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()


def words_of(text: str) -> tuple[str, ...]:
    """Words and numbers of a text, folded."""
    return tuple(_WORDS.findall(folded(text)))


class SearchIndex:
    """Entries, ready to be searched at each key that is typed."""

    def __init__(self, entries: Sequence[Entry], stop: Collection[str] = ()) -> None:
        """Entries: in the order of the data; stop: folded words that tell nothing."""
        self._entries = tuple(entries)
        self._stop = frozenset(stop)
        self._places: dict[str, dict[int, float]] = defaultdict(dict)
        for place, entry in enumerate(self._entries):
            self._add(place, entry.answer, _ANSWER_WEIGHT)
            self._add(place, entry.words, _WORDS_WEIGHT)
            self._add(place, entry.ask, _ASK_WEIGHT)
        count = len(self._entries) + 1
        self._rarity = {
            word: math.log(count / len(places)) for word, places in self._places.items()
        }

    def search(self, query: str, most: int = 8) -> tuple[Hit, ...]:
        """Entries that answer a query, the best first.

        Args:
            query: as typed; its end may be the beginning of a word.
            most: number of hits at most.
        """
        typed = self._telling(words_of(query[:MAX_QUERY]))
        if not typed:
            return ()
        scores: dict[int, float] = defaultdict(float)
        found: dict[int, int] = defaultdict(int)
        used: dict[int, set[str]] = defaultdict(set)
        for word in typed:
            for place, (score, matched) in self._best(word).items():
                scores[place] += score
                found[place] += 1
                used[place] |= matched
        hits = [
            Hit(self._entries[place].entry_id, score * found[place] / len(typed), ())
            for place, score in scores.items()
            if 2 * found[place] >= len(typed)
        ]
        order = {entry.entry_id: place for place, entry in enumerate(self._entries)}
        hits.sort(key=lambda hit: (-hit.score, order[hit.entry_id]))
        return tuple(
            Hit(hit.entry_id, hit.score, self._written(order[hit.entry_id], used))
            for hit in hits[:most]
            if hit.score >= _FAR_BELOW * hits[0].score
        )

    def _add(self, place: int, text: str, weight: float) -> None:
        for word in self._telling(words_of(text)):
            self._places[word][place] = max(weight, self._places[word].get(place, 0.0))

    def _telling(self, words: tuple[str, ...]) -> tuple[str, ...]:
        telling = tuple(dict.fromkeys(word for word in words if word not in self._stop))
        return telling or tuple(dict.fromkeys(words))

    def _best(self, typed: str) -> dict[int, tuple[float, set[str]]]:
        """For each entry: what the typed word is worth there, and the words that it found."""
        best: dict[int, tuple[float, set[str]]] = {}
        common = self._rarity.get(typed, math.inf)
        for word, places in self._places.items():
            likeness = _likeness(typed, word)
            if not likeness:
                continue
            for place, weight in places.items():
                score = likeness * weight * min(self._rarity[word], common)
                before, matched = best.get(place, (0.0, set()))
                best[place] = (max(before, score), matched | {word})
        return best

    def _written(self, place: int, used: Mapping[int, set[str]]) -> tuple[str, ...]:
        entry = self._entries[place]
        spelled = re.findall(r"[^\W_]+", f"{entry.ask} {entry.answer}")
        wanted = used[place]
        return tuple(dict.fromkeys(word for word in spelled if set(words_of(word)) & wanted))


def _likeness(typed: str, word: str) -> float:
    """What a typed word is worth for a word, 0 to 1 (rule 3)."""
    if typed == word:
        return _EQUAL
    if len(typed) > 1 and word.startswith(typed):
        return _BEGINS
    if len(typed) < _SHORT or len(word) < _SHORT or typed.isdecimal() or word.isdecimal():
        return 0.0
    most = 1 if len(typed) < _LONG else 2
    errors = OSA.distance(typed, word, score_cutoff=most)
    if errors > most and len(word) > len(typed):
        # The word is not finished yet, and has an error already.
        errors = OSA.distance(typed, word[: len(typed)], score_cutoff=most)
    if errors > most:
        return 0.0
    return _ONE_ERROR if errors == 1 else _TWO_ERRORS
