"""Reads the data of the public service that came with the program, as this site has set it."""

from dataclasses import replace
from pathlib import Path

from kiosk.advice.service import FILES, ServiceFacts, load_service
from kiosk.config import ServiceConfig
from kiosk.domain.errors import CatalogueError, ConfigFileError


def read_service(folder: Path, config: ServiceConfig) -> ServiceFacts:
    """The facts of the service, with the switches of this site.

    Raises:
        CatalogueError: a file is missing or wrong.
        ConfigFileError: the site's territory is not known.
    """
    try:
        files = {name: (folder / f"{name}.toml").read_bytes() for name in FILES}
    except OSError as exc:
        raise CatalogueError("service") from exc
    facts = load_service(files)
    try:
        facts = replace(facts, office=facts.calendar.territory(config.territory))
    except KeyError as exc:
        raise ConfigFileError("[service]: unknown territory") from exc
    if config.residence_permits != "as-published":
        accepted = config.residence_permits == "accepted"
        rules = facts.eligibility.with_permits(accepted=accepted)
        facts = replace(facts, eligibility=rules)
    return replace(facts, paper_last_day=config.paper_last_day)
