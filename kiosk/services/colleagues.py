"""A colleague at another device of the office: the question goes out, their signed word comes back.

Rules, in order: the colleague's PIN is checked on the device that knows them, and never travels;
their word is signed with their own key over what is there to be seen on the asking device, and
their device vouches for that key; the asking device believes it only from a device of its own
office, certified by the fleet, of somebody who may stand by a decision, about this case as it is
now. The central side carries it and is believed in nothing. Both journals tell of it.
Source: records-and-sync 2.1 and 2.6; decision 0025.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from kiosk.audit.colleagues import PROFILE as VOUCHER
from kiosk.audit.colleagues import Voucher, digest_of, open_voucher, sign_voucher
from kiosk.audit.entries import EntryKind, Fact
from kiosk.audit.second_word import PROFILE, SecondWord, open_word, seen_digest, sign_word
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import (
    ColleagueAnswerError,
    EnrolmentError,
    NotEnrolledError,
    ProtocolError,
    QuestionGoneError,
    SamePersonError,
    SignatureInvalidError,
    UnreachableError,
)
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId, CaseId, DeviceId, KeyId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import SecondAgentAnswered, SecondAgentFacts, SignOff
from kiosk.ports import Clock, CollectorLink, LinkAnswer, Store, UnitOfWork
from kiosk.services.agents import agent_of
from kiosk.services.fleet import DeviceIdentity
from kiosk.services.journal import Journal
from kiosk.services.record import seen_parts
from kiosk.services.service_record import service_facts
from kiosk.services.sign_in import SignIn
from kiosk.sync.enrolment import open_certificate
from kiosk.sync.messages import Message, Problem, decode, encode
from kiosk.sync.questions import (
    AnswerPost,
    Question,
    QuestionList,
    QuestionPut,
    QuestionState,
    is_digest,
)

_DONE: Final = (HTTPStatus.OK, HTTPStatus.CREATED)
_ID_BYTES: Final = 16
_VERDICTS: Final = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.UNSURE})


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """The way to the other devices of the office, through the central side.

    Attributes:
        open_link: a link of its own for every call; None before enrolment.
        device_id: this device.
    """

    open_link: Callable[[], CollectorLink | None]
    device_id: DeviceId

    def put(self, question: str, put: QuestionPut) -> None:
        """Ask. Raises UnreachableError, ProtocolError, NotEnrolledError."""
        self._call("PUT", f"questions/{question}", put)

    def state(self, question: str) -> AnswerPost | None:
        """The answer, once there is one. Raises QuestionGoneError and as :meth:`put`."""
        return decode(self._call("GET", f"questions/{question}").body, QuestionState).answer

    def of_others(self) -> tuple[Question, ...]:
        """What other devices of the office ask; what is no digest is no question.

        Raises as :meth:`put`.
        """
        told = decode(self._call("GET", "questions").body, QuestionList).questions
        return tuple(question for question in told if is_digest(question.seen))

    def answer(self, question: Question, post: AnswerPost) -> None:
        """Answer. Raises QuestionGoneError and as :meth:`put`."""
        self._call("POST", f"answers/{question.device}/{question.question}", post)

    def _call(self, method: str, what: str, message: Message | None = None) -> LinkAnswer:
        link = self.open_link()
        if link is None:
            raise NotEnrolledError
        try:
            body = b"" if message is None else encode(message)
            answer = link.call(method, f"/v1/devices/{self.device_id}/{what}", body)
        finally:
            link.close()
        if answer.status in _DONE:
            return answer
        error = decode(answer.body, Problem).error
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise UnreachableError("busy")
        if (answer.status, error) in ((404, "question"), (409, "answered")):
            raise QuestionGoneError(error)
        raise ProtocolError(f"question {answer.status}")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Asks the other devices of the office about a case of this one.

    Attributes:
        line: the way to them.
        journal: where an answer is told.
        identity: of this device; None before enrolment.
        enrolment_keys: of the policy: they sign the certificates of devices.
    """

    line: OfficeLine
    journal: Journal
    identity: Callable[[], DeviceIdentity | None]
    enrolment_keys: Callable[[], Mapping[KeyId, bytes]]

    def ask(self, state: CaseState) -> Question:
        """Put the question of this case to the office.

        Raises:
            UnreachableError, ProtocolError, NotEnrolledError.
        """
        about, seen = _about(state), _seen(state)
        number = os.urandom(_ID_BYTES).hex()
        self.line.put(
            number,
            QuestionPut(case=state.case_id, agent=state.agent_id, about=about.value, seen=seen),
        )
        return Question(
            question=number,
            device=self.line.device_id,
            case=state.case_id,
            agent=state.agent_id,
            about=about.value,
            seen=seen,
            asked_at="",
        )

    def heard(self, question: Question) -> AnswerPost | None:
        """The answer as it came, not verified yet; None while there is none.

        Raises:
            QuestionGoneError: forgotten; ask again.
            UnreachableError, ProtocolError, NotEnrolledError.
        """
        return self.line.state(question.question)

    def accepted(self, state: CaseState, post: AnswerPost) -> SecondAgentAnswered:
        """The event that an answer brings to this case.

        Raises:
            ColleagueAnswerError: it is no answer of a colleague of this office to this question.
            NotEnrolledError.
        """
        identity = self.identity()
        if identity is None:
            raise NotEnrolledError
        try:
            voucher, keys = open_voucher(post.voucher, post.statement)
            device_key = unb64u(voucher.device_key)
            certificate = open_certificate(
                voucher.certificate, dict(self.enrolment_keys()), device_key
            )
            word, _ = open_word(post.statement, keys)
            verdict, role = Verdict(word.verdict), Role(voucher.role)
        except (SignatureInvalidError, EnrolmentError, ValueError) as exc:
            raise ColleagueAnswerError("signature") from exc
        device = (voucher.device_id, voucher.office_id)
        if device != (certificate.device_id, certificate.office_id):
            raise ColleagueAnswerError("certificate")
        if certificate.office_id != identity.office_id or device[0] == identity.device_id:
            raise ColleagueAnswerError("office")
        if voucher.agent_id != word.second_id or not may(role, Duty.SECOND):
            raise ColleagueAnswerError("colleague")
        about = _about(state)
        asked = (identity.device_id, state.case_id, state.agent_id, about.value, _seen(state))
        told = (word.device_id, word.case_id, word.agent_id, word.about, word.seen_sha256)
        if asked != told or verdict not in _VERDICTS or word.second_id == state.agent_id:
            raise ColleagueAnswerError("another question")
        return SecondAgentAnswered(
            SecondAgentFacts(word.second_id, about, verdict, post.statement, post.voucher)
        )

    def tell(self, uow: UnitOfWork, state: CaseState, facts: SecondAgentFacts) -> None:
        """Journal the answer by its digest; the caller commits it with the case.

        Their signature under the entry itself stands in the journal of their own device.
        """
        voucher, _ = open_voucher(facts.voucher, facts.statement)
        told: dict[str, Fact] = {
            "case": state.case_id,
            "agent": state.agent_id,
            "second": facts.agent_id,
            "about": facts.about.value,
            "verdict": facts.verdict.value,
            "from": voucher.device_id,
            "word": digest_of(facts.statement),
        }
        self.journal.append(uow, EntryKind.SECOND_SIGNED, told)


@dataclass(frozen=True, slots=True)
class OpinionDesk:
    """Answers questions of the other devices of the office, on this one.

    Attributes:
        line: the way to them.
        store: the vault.
        sign_in: checks the colleague's PIN.
        journal: where the answer is told.
        clock: device time.
        identity: of this device; None before enrolment.
        device_key: vouches.
    """

    line: OfficeLine
    store: Store
    sign_in: SignIn
    journal: Journal
    clock: Clock
    identity: Callable[[], DeviceIdentity | None]
    device_key: SigningKey

    def questions(self) -> tuple[Question, ...]:
        """What the office asks now, oldest first.

        Raises:
            UnreachableError, ProtocolError, NotEnrolledError.
        """
        return self.line.of_others()

    def colleagues(self, question: Question) -> tuple[Agent, ...]:
        """Who may answer it here, by name."""
        with self.store.begin() as uow:
            return tuple(
                agent_of(row)
                for row in uow.agents.all()
                if row.agent_id != question.agent and may(Role(row.role), Duty.SECOND)
            )

    def give(self, question: Question, second_id: AgentId, pin: str, verdict: Verdict) -> None:
        """Sign the colleague's word, journal it here, and send it to the device that asks.

        The word is kept by nobody but the journal (by its digest): where sending fails, the
        colleague answers again.

        Raises:
            SamePersonError: the agent of the case.
            QuestionGoneError: answered by somebody else, or forgotten.
            NotAllowedError, UnknownAgentError, WrongPinError, LockedOutError, KeyStoreError: see
                :meth:`kiosk.services.sign_in.SignIn.vouch`.
            UnreachableError, ProtocolError, NotEnrolledError.
        """
        identity = self.identity()
        if identity is None:
            raise NotEnrolledError
        if second_id == question.agent:
            raise SamePersonError
        if verdict not in _VERDICTS:
            raise ValueError("no answer")
        second = self.sign_in.vouch(second_id, pin, Duty.SECOND)
        at = self.clock.now().isoformat(timespec="seconds")
        word = SecondWord(
            v=PROFILE,
            device_id=DeviceId(question.device),
            case_id=CaseId(question.case),
            agent_id=AgentId(question.agent),
            second_id=second_id,
            about=question.about,
            verdict=verdict.value,
            seen_sha256=question.seen,
            at=at,
        )
        statement = sign_word(word, second.signing_key)
        voucher = Voucher(
            v=VOUCHER,
            device_id=identity.device_id,
            office_id=identity.office_id,
            agent_id=second_id,
            role=second.agent.role.value,
            agent_key=b64u(second.signing_key.public),
            statement_sha256=digest_of(statement),
            device_key=b64u(self.device_key.public),
            certificate=identity.certificate,
            at=at,
        )
        facts: dict[str, Fact] = {
            "case": question.case,
            "agent": question.agent,
            "second": second_id,
            "about": question.about,
            "verdict": verdict.value,
            "for": question.device,
            "word": digest_of(statement),
        }
        with self.store.begin() as uow:
            signers = {"second": second.signing_key}
            self.journal.append_signed(uow, EntryKind.SECOND_SIGNED, facts, signers)
            uow.commit()
        self.line.answer(question, AnswerPost(statement, sign_voucher(voucher, self.device_key)))


def _about(state: CaseState) -> SignOff:
    return SignOff.PERSON if state.decision is None else SignOff.DECISION


def _seen(state: CaseState) -> str:
    """Digest of what is there to be seen, as a colleague at this device would sign it."""
    parts = seen_parts(state) | {"service": service_facts(state)}
    return seen_digest(parts, _about(state).value)
