"""A sheet of advice: what to bring, what is missing, why not and what else. Words only.

Rules, in order: a sheet names nobody; its address is one of the service's own data; it says in the
end whom to call.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SheetBlock:
    """A heading and its lines; ``listed`` lines have a box to tick in front."""

    heading: str
    lines: tuple[str, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class AdviceSheet:
    """One page.

    Attributes:
        name: of the file, where no printer is.
        title: in large type.
        blocks: top to bottom.
        address: what the QR code holds, https, or ``""``.
        short_address: the same as a person types it.
        foot: last lines, small.
    """

    name: str
    title: str
    blocks: tuple[SheetBlock, ...]
    address: str = ""
    short_address: str = ""
    foot: tuple[str, ...] = ()
