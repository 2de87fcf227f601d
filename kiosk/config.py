"""``visavis.toml``: what this one device is told by whoever set it up.

Rules, in order: a missing file means the defaults; an unknown key, a wrong type or a value out of
bounds is an error that names the line; what the whole fleet must share is not here but in the
signed policy.
"""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from kiosk.documents.catalogue import FeatureKind
from kiosk.domain.errors import ConfigFileError

_MAX_BYTES: Final = 64 * 1024


class Profile(StrEnum):
    """How the device is used."""

    COUNTER = "counter"
    CARRIER = "carrier"


class CameraKind(StrEnum):
    """Where pictures come from."""

    LIVE = "live"
    REPLAY = "replay"
    SPECIMEN = "specimen"


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """``[camera]``.

    Attributes:
        kind: a camera of the machine, files, or drawn specimens.
        device: which camera of the machine: a number from 0, or a device path; empty for the first.
        path: clip or folder of pictures for ``replay``.
        specimen: which specimen lies under the camera at first.
        seed: of the specimen camera's movements.
    """

    kind: CameraKind = CameraKind.LIVE
    device: Annotated[str, msgspec.Meta(pattern=r"^(\d{1,2}|/dev/[A-Za-z0-9._/:-]{1,200})?$")] = ""
    path: str = ""
    specimen: str = ""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """``[screen]``.

    Attributes:
        language: of the agent's screen at start.
        theme: of the agent's screen at start; ``system`` follows the machine.
    """

    language: Literal["fr", "en"] = "fr"
    theme: Literal["system", "light", "dark", "contrast"] = "system"


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """``[collector]``: where sealed records go.

    Whom to trust there was pinned at enrolment and cannot be changed here.

    Attributes:
        url: ``https://…`` of a collector that has moved; empty for the address of the enrolment.
        timeout_s: longest silence while sending or receiving.
        metered: each byte of the link costs: big records wait until somebody sends them. Holds
            until the device is told something else in its settings.
    """

    url: str = ""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0
    metered: bool = False


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """``[service]``: where this site stands, and what it does where the service leaves a choice.

    Attributes:
        territory: whose public holidays and clocks are those of the office; a name of
            ``resources/service/calendar.toml``.
        paper_last_day: last day on which the procedure by post is offered.
        residence_permits: whether long residence permits open the digital identity, or as the
            service publishes it.
    """

    territory: Annotated[str, msgspec.Meta(pattern=r"^[a-z-]{1,40}$")] = "metropole"
    paper_last_day: date = date.max
    residence_permits: Literal["as-published", "accepted", "refused"] = "as-published"


@dataclass(frozen=True, slots=True)
class ExaminationConfig:
    """``[examination]``: tools at hand; security features that need one are drawn only then.

    Attributes:
        uv_lamp: a lamp of 365 nm.
        magnifier: a magnifying glass.
    """

    uv_lamp: bool = False
    magnifier: bool = False

    @property
    def tools(self) -> tuple[FeatureKind, ...]:
        """Kinds of feature that can be examined with these tools."""
        held = ((FeatureKind.UV, self.uv_lamp), (FeatureKind.MAGNIFIER, self.magnifier))
        return tuple(kind for kind, there in held if there)


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of this device.

    Attributes:
        profile: counter or carrier.
        office: office of the device where the enrolment says none.
        camera: where pictures come from.
        screen: language and theme.
        collector: where sealed records go.
        service: where this site stands, and its choices.
    """

    profile: Profile = Profile.COUNTER
    office: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{0,20}$")] = ""
    camera: CameraConfig = field(default_factory=CameraConfig)
    screen: ScreenConfig = field(default_factory=ScreenConfig)
    collector: CollectorConfig = field(default_factory=CollectorConfig)
    service: ServiceConfig = field(default_factory=ServiceConfig)
    examination: ExaminationConfig = field(default_factory=ExaminationConfig)


def load_config(file: Path) -> Config:
    """Read the settings; the defaults where there is no file.

    Raises:
        ConfigFileError: the file cannot be read, or says something this program does not know;
            the detail starts with ``line N`` where a line is to blame.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as exc:
        raise ConfigFileError("not readable") from exc
    if len(data) > _MAX_BYTES:
        raise ConfigFileError("larger than 64 KiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigFileError(f"line {data[: exc.start].count(10) + 1}: not UTF-8") from exc
    return parse_config(text)


def parse_config(text: str) -> Config:
    """Settings from the text of a file. Raises ConfigFileError, see :func:`load_config`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigFileError(_syntax(str(exc))) from exc
    _refuse_unknown(tree, text)
    config: Config = _converted(tree, text)
    _refuse_unusable(config, text)
    return config


_TABLES: Final[dict[str, type]] = {
    "camera": CameraConfig,
    "screen": ScreenConfig,
    "collector": CollectorConfig,
    "service": ServiceConfig,
    "examination": ExaminationConfig,
}


def _refuse_unknown(tree: dict[str, Any], text: str) -> None:
    known = set(Config.__dataclass_fields__)
    for key, value in tree.items():
        if key not in known:
            raise ConfigFileError(f"line {_line(text, '', key)}: unknown key {_shown(key)}")
        if key in _TABLES and isinstance(value, dict):
            inner = set(_TABLES[key].__dataclass_fields__)  # type: ignore[attr-defined]  # all are dataclasses
            for name in value:
                if name not in inner:
                    line = _line(text, key, name)
                    raise ConfigFileError(f"line {line}: unknown key {_shown(name)} in [{key}]")


def _converted(tree: dict[str, Any], text: str) -> Config:
    try:
        return msgspec.convert(tree, Config)
    except msgspec.ValidationError as exc:
        message = str(exc)
        match = re.search(r" - at `\$\.([a-z_]+)(?:\.([a-z_]+))?`", message)
        what = message.split(" - at ", maxsplit=1)[0]
        if match is None:
            raise ConfigFileError(what) from exc
        table, name = (match.group(1), match.group(2)) if match.group(2) else ("", match.group(1))
        raise ConfigFileError(f"line {_line(text, table, name)}: {name}: {what}") from exc


def _refuse_unusable(config: Config, text: str) -> None:
    """Values that are of the right type and still make no sense."""
    if config.camera.kind is CameraKind.REPLAY and not config.camera.path:
        raise ConfigFileError(f"line {_line(text, 'camera', 'kind')}: replay needs a path")
    url = config.collector.url
    if url:
        line = _line(text, "collector", "url")
        try:
            parts = urlsplit(url)
            usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ConfigFileError(f"line {line}: url: an https address is needed")


def _syntax(message: str) -> str:
    match = re.search(r"at line (\d+)", message)
    return f"line {match.group(1)}: not TOML" if match else "not TOML"


def _line(text: str, table: str, key: str) -> int:
    """Line of a key, 1 where it cannot be told (a file written in one line, dotted keys)."""
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]", line)
        if header:
            here = header.group(1)
            if not table and here == key:
                return number
        name = re.match(r"\s*[\"']?([^\"'=\s]+)[\"']?\s*=", line)
        if name and (here, name.group(1)) == (table, key):
            return number
        if name and name.group(1) == (f"{table}.{key}" if table else key) and not here:
            return number
    return 1


def _shown(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", key) else "(odd name)"
