"""Draw a procedure as Mermaid, with a table of what each step demands and keeps.

``docs/journeys`` holds the drawings; a test fails when one is stale.
"""

from collections.abc import Iterator

from kiosk.journeys.procedure import Journey, Step


def mermaid(journey: Journey) -> str:
    """State diagram of a procedure (Mermaid ``stateDiagram-v2``)."""
    lines = ["stateDiagram-v2", f"    [*] --> {journey.start}"]
    for step in journey.steps:
        lines.extend(f"    {line}" for line in _edges(step))
    return "\n".join(lines)


def page(journey: Journey) -> str:
    """The Markdown page of a procedure."""
    return "\n".join(
        [
            f"# Procedure `{journey.name}`",
            "",
            "Drawn from the catalogue of procedures; do not edit by hand.",
            "",
            "```mermaid",
            mermaid(journey),
            "```",
            "",
            "Going back leads to the step visited before. Every way ends with one sealed record.",
            "",
            "| step | done when | back | abandon leads to | evidence kept |",
            "|---|---|---|---|---|",
            *(_row(step) for step in journey.steps),
            "",
            "A case may be accepted only when all of these hold: "
            + ", ".join(f"`{name}`" for name in journey.accept_when)
            + f". At least {journey.feature_count} security features of"
            f" {journey.feature_kinds} different kinds must conform.",
            "",
        ]
    )


def _edges(step: Step) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for way in step.ways:
        label = way.on.__name__ if way.when == "always" else f"{way.on.__name__} [{way.when}]"
        labels.setdefault(way.to, []).append(label)
    if step.abandon_to is not None:
        labels.setdefault(step.abandon_to, []).append("CaseAbandoned")
    for to, events in labels.items():
        yield f"{step.kind} --> {to}: {'<br/>'.join(events)}"
    if not step.ways and step.abandon_to is None:
        yield f"{step.kind} --> [*]"


def _row(step: Step) -> str:
    kept = ", ".join(f"`{name}`" for name in step.keeps) or "nothing"
    back = "yes" if step.back else "no"
    abandon = f"`{step.abandon_to}`" if step.abandon_to else "no way out needed"
    return f"| `{step.kind}` | `{step.done_when}` | {back} | {abandon} | {kept} |"
