"""An offset that makes no sense ends a try in words, whatever the collector says."""

import pytest

from kiosk.domain.errors import ProtocolError
from kiosk.ports import LinkAnswer
from kiosk.services.part_upload import send_in_parts

BLOB = bytes(1000)


class Saying:
    """A link whose collector names this offset."""

    def __init__(self, offset: str) -> None:
        self.offset = offset
        self.calls: list[str] = []

    def call(self, method: str, *_rest: object, **_more: object) -> LinkAnswer:
        self.calls.append(method)
        headers = (("upload-complete", "?0"), ("upload-offset", self.offset))
        return LinkAnswer(201 if method == "POST" else 204, b"", headers)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "offset", ["", "-1", "1001", "x", "\u0663", "0" * 12 + "5", "0" * 12 + "9" * 5000]
)
def test_an_offset_that_makes_no_sense_is_refused_before_anything_is_sent(offset: str):
    link = Saying(offset)
    with pytest.raises(ProtocolError, match="upload offset"):
        send_in_parts(link, "/v1/devices/dev-1/records/3", BLOB)
    assert link.calls == ["POST"]


def test_an_offset_that_does_not_move_ends_the_try():
    link = Saying("0")
    with pytest.raises(ProtocolError, match="upload offset"):
        send_in_parts(link, "/v1/devices/dev-1/records/3", BLOB)
    assert link.calls == ["POST", "PATCH"]
