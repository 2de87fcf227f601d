"""Links to the central side as the settings of the device want them."""

from collections.abc import Callable
from dataclasses import replace

from kiosk.config import CollectorConfig
from kiosk.crypto.signing import SigningKey
from kiosk.ports import CentralSide, Clock, CollectorLink, LinkAnswer


class Links:
    """A :class:`kiosk.ports.LinkFactory` over HTTPS, loaded at the first call."""

    def __init__(self, clock: Clock, config: CollectorConfig) -> None:
        """Clock: for signatures; config: address of a moved collector, and patience."""
        self._clock = clock
        self._config = config

    def first_contact(self, url: str) -> LinkAnswer:
        """See :class:`kiosk.ports.LinkFactory`."""
        from kiosk.transport.https_link import Deadlines, HttpsLinks

        links = HttpsLinks(self._clock, Deadlines(pause_s=self._config.timeout_s))
        return links.first_contact(url)

    def open(
        self,
        side: CentralSide,
        device_key: SigningKey,
        stopped: Callable[[], bool] | None = None,
    ) -> CollectorLink:
        """See :class:`kiosk.ports.LinkFactory`; what was pinned stays pinned at another address."""
        from kiosk.transport.https_link import Deadlines, HttpsLinks

        if self._config.url:
            side = replace(side, url=self._config.url.rstrip("/"))
        links = HttpsLinks(self._clock, Deadlines(pause_s=self._config.timeout_s))
        return links.open(side, device_key, stopped)
