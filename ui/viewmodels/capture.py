"""The camera at work: what it sees now, the codes it meets, the sides it has read.

Rules, in order: the camera runs only while a page needs it; the screen never waits for its end, but
the next use of it does; a code is told once until another one comes or the page asks again; a side
is told once per turn; pictures stay in memory, each with the side that it was cut from, and are
dropped with that side's document or with the case; a text that the agent settled counts for the
turn in which it was shown; printed fields that are read after their side was told are told until
somebody takes them, with every picture anew.
"""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kiosk.domain.evidence import Side
from kiosk.domain.request import VerificationRequest
from kiosk.journeys.model import PrintRead, SideCaptured, SideFacts
from ui.workers.camera import CameraThread, Printed, Sight
from ui.workers.desk import Failure

if TYPE_CHECKING:
    from kiosk.domain.evidence import PrintedValue
    from kiosk.ports import Picture

MAX_CODE_BYTES = 8 * 1024
EMPTY_SIGHTS = 15
"""Pictures in a row without a code after which what was seen before lies there no more."""


class Watch(StrEnum):
    """What the camera is used for."""

    NOTHING = "nothing"
    CODE = "code"
    ITEM = "item"
    """Every code in view is told together: only one item may lie there."""
    DOCUMENT = "document"
    TEST = "test"
    PERSON = "person"
    """Only looked at: nothing is read, told or kept."""


class CaptureModel(QObject):
    """Owns the camera's thread.

    Signals:
        sighted(object): a :class:`~ui.workers.camera.Sight`.
        code_seen(str): text of a code in view.
        codes_seen(tuple): bytes of every code in view, while an item is looked for.
        side_read(object): a :class:`SideCaptured`, accepted by the reader.
        print_read(object): a :class:`PrintRead` of a side told before; again with each picture
            until :meth:`end_print`.
        faulted(object): a :class:`Failure` of the camera; it will be tried again.
        opened(str): name of the camera that answers.
        settled(bool): whether the reader took the text that the agent settled.
    """

    sighted = Signal(object)
    code_seen = Signal(str)
    codes_seen = Signal(tuple)
    side_read = Signal(object)
    print_read = Signal(object)
    faulted = Signal(object)
    opened = Signal(str)
    settled = Signal(bool)

    def __init__(
        self, make_thread: Callable[[], CameraThread], parent: QObject | None = None
    ) -> None:
        """Make_thread: a thread that was not started, for each time the camera is switched on."""
        super().__init__(parent)
        self._make_thread = make_thread
        self._thread: CameraThread | None = None
        self._ending: CameraThread | None = None
        self._watch = Watch.NOTHING
        self._side: Side | None = None
        self._request: VerificationRequest | None = None
        self._size = (0, 0)
        self._last_code = ""
        self._last_codes: frozenset[bytes] = frozenset()
        self._empty = 0
        self._told = False
        self._portraits: dict[Side, Picture] = {}
        self._cards: dict[Side, Picture] = {}
        self._strips: dict[Side, dict[str, Picture]] = {}
        self._awaited: set[Side] = set()
        self._failure: Failure | None = None
        self._name = ""

    @property
    def watch(self) -> Watch:
        """What the camera is used for now."""
        return self._watch

    @property
    def failure(self) -> Failure | None:
        """Why the camera does not answer, None while it does or is off."""
        return self._failure

    @property
    def camera_name(self) -> str:
        """Name of the camera that answered last, or ``""``."""
        return self._name

    @property
    def portrait(self) -> "Picture | None":
        """Portrait cut from the document of this case, (h, w, 3) uint8 BGR; never stored."""
        return next(reversed(self._portraits.values()), None)

    def card(self, side: Side) -> "Picture | None":
        """Straightened picture of a side of this case, (h, w, 3) uint8 BGR; never stored."""
        return self._cards.get(side)

    @property
    def strips(self) -> "dict[str, Picture]":
        """Lines cut from the sides of this case by printed field, uint8 BGR; never stored."""
        return {name: strip for cut in self._strips.values() for name, strip in cut.items()}

    @property
    def awaits_print(self) -> bool:
        """Whether printed fields of a side of this case are still being read."""
        return bool(self._awaited)

    def end_sides(self) -> None:
        """Every side is there: none is told any more, only print that is still being read."""
        self._told = True

    def end_print(self, side: Side) -> None:
        """The print of a side was taken, or nobody wants it any more."""
        self._awaited.discard(side)

    def set_size(self, width: int, height: int) -> None:
        """Size of the pictures to deliver, device pixels."""
        self._size = (width, height)
        if self._thread is not None:
            self._thread.set_size(width, height)

    def look_for(
        self,
        watch: Watch,
        side: Side | None = None,
        request: VerificationRequest | None = None,
    ) -> None:
        """Use the camera for this from now on; the same again changes nothing.

        ``request``: what was announced, for the comparison with a seal on the document.
        """
        if (watch, side) == (self._watch, self._side) and self._thread is not None:
            return
        self._watch, self._side, self._request = watch, side, request
        if watch is Watch.NOTHING:
            self._switch_off()
            return
        self._switch_on()
        self.again()

    def again(self) -> None:
        """Forget what was seen in this turn: codes and readings are told anew."""
        self._last_code = ""
        self._last_codes = frozenset()
        self._told = False
        if self._thread is not None:
            self._thread.expect(self._side, self._request)

    def settle(self, lines: tuple[str, ...]) -> None:
        """Give the reader the text that the agent settled; :attr:`settled` tells the answer."""
        if self._thread is None or self._watch is not Watch.DOCUMENT:
            self.settled.emit(False)
            return
        self._thread.settle(lines)

    def forget(self) -> None:
        """The case is over: drop its pictures."""
        self.keep_only(())

    def keep_only(self, sides: Collection[Side]) -> None:
        """Another document lies there: drop the pictures of every side but these."""
        for pictures in (self._portraits, self._cards, self._strips):
            for side in [side for side in pictures if side not in sides]:
                del pictures[side]
        self._awaited.intersection_update(sides)

    def close(self) -> None:
        """Switch off for good; the device is free afterwards."""
        self._watch = Watch.NOTHING
        self._switch_off()
        thread, self._ending = self._ending, None
        if thread is not None:
            thread.stop()
            thread.deleteLater()

    # --- inside -------------------------------------------------------------------------------

    def _switch_on(self) -> None:
        if self._thread is not None:
            return
        thread = self._make_thread()
        thread.set_size(*self._size)
        thread.sighted.connect(self._see)
        thread.faulted.connect(self._fail)
        thread.opened.connect(self._answer)
        thread.settled.connect(self._answer_settled)
        self._thread = thread
        if self._ending is None:  # else the device is still held: it begins once that one is over
            thread.start()

    def _switch_off(self) -> None:
        thread, self._thread = self._thread, None
        self._failure = None
        if thread is None:
            return
        if self._ending is not None:
            thread.deleteLater()  # it never began
            return
        self._ending = thread
        thread.finished.connect(self._ended)
        thread.end()

    def _ended(self) -> None:
        thread, self._ending = self._ending, None
        if thread is not None:
            thread.wait()  # its last step: it has nothing more to do
            thread.deleteLater()
        if self._thread is not None:
            self._thread.start()

    def _answer(self, name: str) -> None:
        self._failure = None
        self._name = name
        self.opened.emit(name)

    def _answer_settled(self, turn: int, taken: bool) -> None:
        if self._thread is not None and turn == self._thread.turn:
            self.settled.emit(taken)

    def _fail(self, failure: Failure) -> None:
        if self._thread is not None:
            self._failure = failure
            self._awaited.clear()  # the reader begins anew with the camera
            self.faulted.emit(failure)

    def _see(self, sight: Sight) -> None:
        if self._thread is None or sight.turn != self._thread.turn:
            return
        self.sighted.emit(sight)
        if self._watch is Watch.CODE:
            self._meet_codes(sight)
        elif self._watch is Watch.ITEM:
            self._meet_items(sight)
        elif self._watch is Watch.DOCUMENT:
            self._take_side(sight)
            self._tell_print(sight)

    def _meet_codes(self, sight: Sight) -> None:
        for code in sight.observation.codes:
            text = code.payload[: MAX_CODE_BYTES + 1].decode("utf-8", "replace")
            if text and text != self._last_code:
                self._last_code = text
                self.code_seen.emit(text)
                return

    def _meet_items(self, sight: Sight) -> None:
        """All codes together, told when they are others than before; an empty picture is no news.

        Barcodes are read by turns: what was seen a moment ago still lies there, so that a second
        label is noticed though no one frame shows both; a picture that stays empty forgets it.
        """
        seen = frozenset(code.payload[: MAX_CODE_BYTES + 1] for code in sight.observation.codes)
        self._empty = 0 if seen else self._empty + 1
        if self._empty >= EMPTY_SIGHTS:
            self._last_codes = frozenset()
        if seen and not seen <= self._last_codes:
            self._last_codes |= seen
            self.codes_seen.emit(tuple(sorted(self._last_codes)))

    def _take_side(self, sight: Sight) -> None:
        seen = sight.observation
        if self._told or self._side is None:
            return
        reading = seen.reading
        if reading is None:
            return
        self._told = True
        side = reading.side
        if side in self._strips:  # read before: what was cut then may be another document's
            self.keep_only([other for other in Side if other is not side])
        if seen.portrait is not None:
            self._portraits.pop(side, None)  # the one cut last is the one shown
            self._portraits[side] = seen.portrait
        if seen.best_image is not None:
            self._cards[side] = seen.best_image
        printed = next((p for p in seen.printed if p.side is side), None)
        self._strips[side] = {} if printed is None else _strips_of(printed)
        if printed is None and reading.print_follows:
            self._awaited.add(side)
        else:
            self.end_print(side)
        facts = SideFacts(
            side,
            frames_agreeing=reading.frames_agreeing,
            by_hand=False,
            sharpness=reading.sharpness,
            seal=reading.seal,
            seen_as=reading.seen_as,
            printed=() if printed is None else _values_of(printed),
        )
        self.side_read.emit(SideCaptured(facts, reading.document, reading.checks))

    def _tell_print(self, sight: Sight) -> None:
        for printed in sight.observation.printed:
            if printed.side in self._awaited:
                self._strips[printed.side] = _strips_of(printed)
                self.print_read.emit(PrintRead(printed.side, _values_of(printed)))


def _strips_of(printed: Printed) -> "dict[str, Picture]":
    return {field.name: field.strip for field in printed.fields}


def _values_of(printed: Printed) -> "tuple[PrintedValue, ...]":
    return tuple(field.value for field in printed.fields if field.text)
