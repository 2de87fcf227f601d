"""What is found out about a document without asking the agent: checks, and features to examine.

Rules, in order:

1. The rules are those of the day of the act, in the local time of the office: the packs that hold
   on that day, and the policy in force. They are asked for each time.
2. The day follows the signed time of the central side where it is known: a clock that was set wrong
   brings no other rules into force.
3. A registered item names its addressee on paper only, which no camera here reads: that the
   document bears the same name is a doubt that the agent ticks, where the addressee is said to be
   there.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from random import Random

from kiosk.documents.catalogue import Acceptance, DocumentCatalogue, FeatureKind, draw_features
from kiosk.documents.checks import automatic_checks
from kiosk.documents.identification import identify
from kiosk.documents.identity_checks import identity_checks
from kiosk.documents.items import ADDRESSEE
from kiosk.documents.packs import DocumentPacks
from kiosk.documents.printed_checks import printed_checks
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, Verdict
from kiosk.journeys.model import CaseState, FeatureResult, RulesUsed
from kiosk.journeys.service_steps import Presence
from kiosk.ports import Clock
from kiosk.services.sightings import Sightings


@dataclass(frozen=True, slots=True)
class DocumentRules:
    """What the policy decides about documents.

    Attributes:
        accepted_kinds: kinds that may be accepted where the procedure takes them.
        accept_extended: old French cards valid by the legal extension may be accepted.
        specimens_allowed: in the demonstration only.
        policy_version: of the policy that says so; 0 where none does.
    """

    accepted_kinds: frozenset[DocumentKind]
    accept_extended: bool = True
    specimens_allowed: bool = False
    policy_version: int = 0


class CatalogueExamination:
    """Examines with the catalogue of documents and the rules in force."""

    def __init__(
        self,
        catalogue: DocumentCatalogue | DocumentPacks,
        rules: Callable[[], DocumentRules],
        clock: Clock,
        rng: Random,
        tools: Collection[FeatureKind] = (),
        sightings: Sightings | None = None,
    ) -> None:
        """Wire the service.

        Args:
            catalogue: kinds of document and their security features, for ever or by the day.
            rules: answers with the rules in force now.
            clock: for the date of the act, in the time zone of the device.
            rng: source of chance; ``random.SystemRandom()`` at a counter.
            tools: kinds of feature for which a lamp or a magnifier is at hand.
            sightings: what was seen lately on this device.
        """
        if isinstance(catalogue, DocumentCatalogue):
            catalogue = DocumentPacks.always(catalogue)
        self._packs = catalogue
        self._rules = rules
        self._clock = clock
        self._rng = rng
        self._tools = tuple(tools)
        self._sightings = sightings

    @property
    def _today(self) -> date:
        """The day of the act, in the local time of the office."""
        return self._clock.now().astimezone().date()

    @property
    def _catalogue(self) -> DocumentCatalogue:
        """What holds today."""
        return self._packs.on(self._today)

    def rules_now(self) -> RulesUsed:
        """The rules that an act is judged by at this moment."""
        today = self._today
        return RulesUsed(today, self._packs.versions(today), self._rules().policy_version)

    def checks(self, state: CaseState) -> tuple[Check, ...]:
        """Verdicts of the automatic checks. Raises EventRefusedError without a document."""
        if state.document is None:
            raise EventRefusedError("no document to check")
        rules = self._rules()
        today = self._clock.now().astimezone().date()
        automatic = automatic_checks(
            state.request,
            state.document,
            today=today,
            accepted_kinds=self._accepted(state.procedure, state.document, rules, today),
            accept_extended=rules.accept_extended,
            seals=[side.seal for side in state.sides],
            reading_checks=state.reading_checks,
            specimens_allowed=rules.specimens_allowed,
        )
        sides = [(side.seen_as, side.printed) for side in state.sides]
        sources = {item.name: item.source for item in state.field_sources}
        confirmed = (
            ()
            if state.identity is None
            else identity_checks(
                state.identity.surname, state.identity.given_names, state.document, sides
            )
        )
        history = () if self._sightings is None else self._sightings.checks(state)
        return (
            *automatic,
            *_addressee_check(state),
            *confirmed,
            *printed_checks(sides, state.document, sources),
            *history,
        )

    def _accepted(
        self, procedure: str, document: IdentityDocument, rules: DocumentRules, today: date
    ) -> frozenset[DocumentKind]:
        """Kinds that the policy accepts, but for the one in hand where the procedure refuses it."""
        series = identify(document, self._catalogue.series, today).series
        verdict = self._catalogue.acceptance_of(
            procedure, document.kind, series, today, document.issuer
        )
        refused = {document.kind} if verdict is Acceptance.REFUSED else set()
        return rules.accepted_kinds - refused

    def features(self, state: CaseState, count: int) -> tuple[FeatureResult, ...]:
        """Features to examine, partly by chance; fewer where the catalogue has no more."""
        if state.document is None:
            return ()
        known = identify(state.document, self._catalogue.series, self._today)
        drawn = draw_features(
            self._catalogue,
            state.document.kind,
            count,
            self._rng,
            tools=self._tools,
            drawn_before=[item.feature_id for item in state.features],
            series=known.series,
        )
        return tuple(FeatureResult(item.feature_id, item.kind.value) for item in drawn)


def _addressee_check(state: CaseState) -> tuple[Check, ...]:
    """Rule 3. A proxy bears another name, and is never taken for the addressee."""
    met = state.presence
    if state.item is None or met is None or met.presence is not Presence.IN_PERSON:
        return ()
    return (Check(ADDRESSEE, Verdict.UNSURE),)
