"""The evidence pack on paper: the same facts as its JSON, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from central.auditor import pdf_style as pdf
from central.auditor.redaction import is_masked
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import unb64u
from kiosk.crypto.notes import parse_verifier_key
from kiosk.texts import MissingTextError, Texts

_TONES: Final = {"pass": "good", "fail": "bad", "unsure": "doubt", "not_done": "quiet"}
_RESULTS: Final = {"holds": "good", "fails": "bad", "absent": "quiet"}


def evidence_pdf(evidence: Mapping[str, Any], digest: str, language: str = "fr") -> bytes:
    """The PDF of ``evidence.json``.

    Args:
        evidence: its contents.
        digest: SHA-256 of its bytes, base64url.
        language: ``fr`` or ``en``.
    """
    pdf.ready()
    page = Page(evidence, Texts.load(language))
    story = [
        *page.head(),
        *page.act(),
        *page.document(),
        *page.checks(),
        *page.rules(),
        *page.opened(),
        *page.verified(),
        *page.entries(),
        *page.how(digest),
    ]
    tr = page.tr
    word = tr("evidence.redacted" if evidence["redacted"] else "evidence.unredacted")
    record = str(_at(evidence, "record", "record_id") or "")

    def foot(number: int, pages: int) -> tuple[str, str]:
        left = f"{tr('evidence.footer', record=record)}  ·  {word}"
        return left, tr("evidence.page", page=number, pages=pages)

    return pdf.build(story, tr("evidence.title"), foot, language)


def moment(text: str, tr: Texts) -> str:
    """A time in UTC as people write it; the text itself where it is none."""
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    day = f"{at:%d/%m/%Y}" if tr.language == "fr" else f"{at:%Y-%m-%d}"
    return tr("evidence.case.utc", day=day, hour=f"{at:%H:%M:%S}")


def word_of(tr: Texts, key: str, otherwise: str) -> str:
    """A text, or the code itself where a newer version has words that this one lacks."""
    try:
        return tr(key)
    except MissingTextError:
        return otherwise


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


class Page:
    """Parts of the document, each a list of flowables."""

    def __init__(self, evidence: Mapping[str, Any], tr: Texts) -> None:
        self._evidence = evidence
        self._facts: Mapping[str, Any] = _at(evidence, "record", "visavis") or {}
        self.tr = tr

    def _value(self, value: Any) -> Any:
        if is_masked(value):
            return pdf.masked(self.tr("evidence.masked"))
        if value in (None, "", []):
            return pdf.text(self.tr("evidence.none"), pdf.SMALL)
        if isinstance(value, bool):
            return self.tr("evidence.yes" if value else "evidence.no")
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return str(value)

    def _time(self, value: Any) -> Any:
        return moment(value, self.tr) if isinstance(value, str) else self._value(value)

    def head(self) -> list[Any]:
        """Title and band."""
        tr, redacted = self.tr, bool(self._evidence["redacted"])
        name = "redacted" if redacted else "unredacted"
        return [
            pdf.text(tr("evidence.title"), pdf.TITLE),
            pdf.text(tr("evidence.subtitle"), pdf.SUBTITLE),
            pdf.gap(4),
            pdf.banner(tr(f"evidence.{name}"), tr(f"evidence.{name}_hint"), loud=not redacted),
            pdf.gap(2),
        ]

    def act(self) -> list[Any]:
        """What was done, where, by whom, when."""
        tr, facts = self.tr, self._facts
        outcome = str(_at(facts, "decision", "outcome") or "")
        reasons = _at(facts, "decision", "reasons") or []
        procedure = str(facts.get("procedure") or "")
        second = str(_at(self._evidence, "second_agent", "by") or "")
        request = [_at(facts, "request", name) for name in ("issuer", "request_id")]
        rows = [
            ("outcome", pdf.text(word_of(tr, f"outcomes.{outcome}", outcome), pdf.STRONG)),
            ("reasons", self._value([word_of(tr, f"reasons.{one}", one) for one in reasons])),
            ("procedure", word_of(tr, f"journey.procedure.{procedure}", procedure)),
            ("office", self._value(facts.get("office_id"))),
            ("agent", self._value(facts.get("agent_id"))),
            ("second", self._value(second)),
            ("device", self._value(facts.get("device_id"))),
            ("opened", self._time(_at(facts, "times", "opened_at"))),
            ("sealed", self._time(_at(facts, "times", "sealed_at"))),
            ("received", self._time(_at(self._evidence, "proofs", "sealed", "received_at"))),
            ("record", pdf.text(str(_at(self._evidence, "record", "record_id")), pdf.CODE)),
            ("case", pdf.text(str(facts.get("case_id") or ""), pdf.CODE)),
            ("request", self._value([str(part) for part in request if part])),
        ]
        return [
            pdf.heading(tr("evidence.case.title")),
            pdf.pairs([(tr(f"evidence.case.{name}"), value) for name, value in rows]),
            pdf.gap(1.5),
            pdf.text(tr("evidence.case.clock"), pdf.SMALL),
        ]

    def document(self) -> list[Any]:
        """The document and the person, masked where they must be."""
        tr, facts = self.tr, self._facts
        document = facts.get("document") or {}
        claims = _at(self._evidence, "record", "verified_claims", "claims") or {}
        kind = str(document.get("kind") or "")
        person = facts.get("person") or {}
        zones = [word_of(tr, f"face.{zone}", str(zone)) for zone in person.get("zones") or []]
        verdict = str(person.get("verdict") or "")
        rows = [
            ("kind", word_of(tr, f"document_kinds.{kind}", kind) if kind else self._value(None)),
            ("issuer", self._value(document.get("issuer"))),
            ("number", self._value(document.get("number"))),
            ("expiry", self._value(document.get("expiry_printed"))),
            ("surname", self._value(claims.get("family_name"))),
            ("given", self._value(claims.get("given_name"))),
            ("birth", self._value(claims.get("birthdate") or claims.get("age_birth_year"))),
            ("person", self._verdict(verdict) if verdict else self._value(None)),
            ("zones", self._value(zones)),
            ("pictures", self._files()),
        ]
        return [
            pdf.together(
                pdf.heading(tr("evidence.document.title")),
                pdf.pairs([(tr(f"evidence.document.{name}"), value) for name, value in rows]),
            )
        ]

    def _files(self) -> Any:
        files: Sequence[Mapping[str, Any]] = self._evidence["attachments"]
        if not files:
            return self._value(None)
        if self._evidence["redacted"]:
            return pdf.masked(self.tr("evidence.files_masked", n=len(files)))
        names = (f"{one['name'].rpartition('/')[2]} ({one['bytes']} o)" for one in files)
        return pdf.text("\n".join(names), pdf.CODE)

    def _verdict(self, verdict: str) -> Any:
        word = word_of(self.tr, f"evidence.verdict.{verdict}", verdict)
        return pdf.toned(word, _TONES.get(verdict, "quiet"))

    def checks(self) -> list[Any]:
        """Every check with its result, then the security features."""
        tr, facts = self.tr, self._facts
        checks = [*(_at(facts, "reading", "checks") or []), *(facts.get("checks") or [])]
        story: list[Any] = [pdf.heading(tr("evidence.checks.title"))]
        if checks:
            columns = [tr(f"evidence.checks.{name}") for name in ("check", "result", "detail")]
            rows = [
                [
                    word_of(tr, f"checks.{one['code']}.label", str(one["code"])),
                    self._verdict(str(one["verdict"])),
                    self._detail(str(one.get("detail") or "")),
                ]
                for one in checks
            ]
            story.append(pdf.grid(columns, rows, (9, 4, 7)))
        else:
            story.append(pdf.text(tr("evidence.checks.none"), pdf.SMALL))
        features = facts.get("features") or []
        if features:
            columns = [tr(f"evidence.checks.{name}") for name in ("feature", "way", "result")]
            rows = [
                [
                    word_of(tr, f"features.{one['feature_id']}.name", str(one["feature_id"])),
                    word_of(tr, f"feature_kinds.{one['kind']}", str(one["kind"])),
                    self._verdict(str(one.get("verdict") or "not_done")),
                ]
                for one in features
            ]
            title = pdf.heading(tr("evidence.checks.features"))
            story.append(pdf.together(title, pdf.grid(columns, rows, (9, 6, 5))))
        return story

    def _detail(self, detail: str) -> str:
        return word_of(self.tr, f"check_details.{detail}", detail) if detail else ""

    def rules(self) -> list[Any]:
        """By which rules and which programs."""
        tr, facts, rules = self.tr, self._facts, self._evidence["rules"]
        catalogues = facts.get("catalogues") or {}
        software = self._evidence["software"]
        day = moment(rules["policy_issued_at"], tr)
        rows = [
            (
                "policy",
                tr("evidence.rules.policy_version", version=rules["policy_version"], day=day),
            ),
            ("features", str(rules["feature_count"])),
            ("day", self._value(_at(facts, "rules", "day"))),
            ("catalogues", self._value([f"{k} {v}" for k, v in sorted(catalogues.items())])),
            ("notice", self._value(_at(facts, "notice", "version"))),
            ("build", self._value(facts.get("app_build"))),
            ("central", f"{software['name']} {software['version']}"),
        ]
        return [
            pdf.together(
                pdf.heading(tr("evidence.rules.title")),
                pdf.pairs([(tr(f"evidence.rules.{name}"), value) for name, value in rows]),
            )
        ]

    def opened(self) -> list[Any]:
        """On whose order."""
        tr, opened = self.tr, self._evidence["opened"]
        rows = [
            ("by", opened["by"]),
            ("approved", opened["approved_by"] or tr("evidence.opened.alone")),
            ("at", moment(opened["asked_at"], tr)),
            ("reason", opened["reason"]),
            ("ground", opened["ground"]),
            ("line", str(opened["seq"])),
            ("made", moment(self._evidence["made_at"], tr)),
        ]
        return [
            pdf.together(
                pdf.heading(tr("evidence.opened.title")),
                pdf.pairs([(tr(f"evidence.opened.{name}"), value) for name, value in rows]),
            )
        ]

    def verified(self) -> list[Any]:
        """What the auditor's program verified."""
        tr = self.tr
        rows = [
            (
                tr(f"evidence.verified.{one['check']}"),
                pdf.toned(tr(f"evidence.verified.{one['result']}"), _RESULTS[one["result"]]),
            )
            for one in self._evidence["verified"]
        ]
        table = pdf.pairs(rows, label_mm=125)
        return [pdf.together(pdf.heading(tr("evidence.verified.title")), table)]

    def entries(self) -> list[Any]:
        """The entries of the case."""
        tr, entries = self.tr, self._evidence["proofs"]["entries"]
        columns = [tr(f"evidence.entries.{name}") for name in ("seq", "kind", "at", "clock")]
        rows = [
            [
                str(one["seq"]),
                word_of(tr, f"history.kind.{one['kind']}", str(one["kind"])),
                moment(str(one.get("claimed_at", "")), tr),
                word_of(tr, f"evidence.clock.{one.get('clock', '')}", ""),
            ]
            for one in entries
        ]
        table = pdf.grid(columns, rows, (2, 8, 6, 4))
        return [pdf.together(pdf.heading(tr("evidence.entries.title")), table)]

    def how(self, digest: str) -> list[Any]:
        """How to check all of it without this program."""
        tr, proofs = self.tr, self._evidence["proofs"]
        steps = [
            pdf.text(f"{number}.  {tr(f'evidence.how.step{number}')}") for number in range(1, 6)
        ]
        # In hexadecimal, as the independent script takes them.
        device = unb64u(proofs["device"]["public_key"]).hex()
        keys = [(tr("evidence.how.key_device"), pdf.text(device, pdf.CODE))]
        if proofs["receipt"] is not None:
            log = parse_verifier_key(proofs["receipt"]["log_key"])[1].hex()
            keys.append((tr("evidence.how.key_log"), pdf.text(log, pdf.CODE)))
        line = parse_json(self._evidence["opened"]["line"])
        keys += [
            (tr("evidence.how.key_auditor"), pdf.text(kid, pdf.CODE))
            for kid in sorted(line.get("signatures", {}))
        ]
        hexadecimal = unb64u(digest).hex()
        return [
            pdf.together(
                pdf.heading(tr("evidence.how.title")),
                pdf.text(tr("evidence.how.intro")),
                pdf.gap(1.5),
                pdf.text(tr("evidence.how.command"), pdf.CODE),
                pdf.gap(1.5),
                *steps,
                pdf.gap(1.5),
                pdf.text(tr("evidence.how.limits"), pdf.STRONG),
            ),
            pdf.together(
                pdf.gap(3),
                pdf.pairs([(tr("evidence.how.digest"), pdf.text(hexadecimal, pdf.CODE)), *keys]),
            ),
        ]
