"""The way between the counters of an office without a central side: one switch in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event

from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import QuestionGoneError, UnreachableError
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.services.colleagues import Elsewhere, OpinionDesk
from kiosk.services.fleet import DeviceIdentity
from kiosk.sync.enrolment import DeviceCertificate, device_id_of, sign_certificate
from kiosk.sync.questions import AnswerPost, Question, QuestionPut
from tests.fakes.office import OFFICE, Office

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@dataclass
class OfficeSwitch:
    """Carries questions and answers; ``down`` is a cut line.

    Attributes:
        authority: signs the certificates of the devices that are joined.
        gate: answers and lists of questions are told only once it is open.
    """

    authority: SigningKey = field(default_factory=SigningKey.generate)
    down: bool = False
    asked: dict[str, Question] = field(default_factory=dict)
    answers: dict[str, AnswerPost] = field(default_factory=dict)
    gate: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def join(self, office: Office, office_id: OfficeId = OFFICE) -> OpinionDesk:
        """Let a device ask and answer; the desk on which it answers."""
        key = office.device_key
        identity = self._identity(key, office_id)
        # It asks under the name that its records bear, and vouches under that of its key.
        asking = replace(identity, device_id=office.device.device_id)
        line = SwitchedLine(self, asking.device_id)
        keys = {self.authority.key_id: self.authority.public}
        elsewhere = Elsewhere(line, office.journal, lambda: asking, lambda: keys)  # type: ignore[arg-type]
        office.use_line(elsewhere)
        return OpinionDesk(
            line,  # type: ignore[arg-type]
            office.store,
            office.sign_in,
            office.journal,
            office.clock,
            lambda: identity,
            key,
        )

    def _identity(self, key: SigningKey, office_id: OfficeId) -> DeviceIdentity:
        device_id = device_id_of(key.public)
        certificate = DeviceCertificate(device_id, office_id, b64u(key.public), NOW)
        token = sign_certificate(certificate, self.authority)
        return DeviceIdentity(device_id, office_id, token, "", "", "")


@dataclass
class SwitchedLine:
    """One device's end; see :class:`kiosk.services.colleagues.OfficeLine`."""

    switch: OfficeSwitch
    device_id: DeviceId

    def put(self, question: str, put: QuestionPut) -> None:
        self._require_up()
        self.switch.asked[question] = Question(
            question=question,
            device=self.device_id,
            case=put.case,
            agent=put.agent,
            about=put.about,
            seen=put.seen,
            asked_at=NOW.isoformat(),
        )

    def state(self, question: str) -> AnswerPost | None:
        self.switch.gate.wait(60)
        self._require_up()
        if question not in self.switch.asked:
            raise QuestionGoneError("question")
        return self.switch.answers.get(question)

    def of_others(self) -> tuple[Question, ...]:
        self.switch.gate.wait(60)
        self._require_up()
        return tuple(
            question
            for number, question in self.switch.asked.items()
            if question.device != self.device_id and number not in self.switch.answers
        )

    def answer(self, question: Question, post: AnswerPost) -> None:
        self._require_up()
        if question.question in self.switch.answers:
            raise QuestionGoneError("answered")
        self.switch.answers[question.question] = post

    def _require_up(self) -> None:
        if self.switch.down:
            raise UnreachableError("cut")
