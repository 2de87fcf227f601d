"""What operators measure: counts and times of calls, and the state of the stores.

No label names a device or an office: these figures leave the machine. They are served on a port of
their own, in clear and for the local machine only, in the text format of Prometheus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector as Source

from central.archive.figures import Figures

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _State(Source):
    """Asks for the figures whenever somebody looks."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        figures = self._figures()
        for name in Figures.__slots__:
            value = float(getattr(figures, name))
            yield GaugeMetricFamily(f"visavis_{name}", f"{name.capitalize()} held.", value)


class Metrics:
    """Counters of one collector process."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_State(figures))
        labels = ("method", "route", "status")
        self._calls = Counter("visavis_calls", "Calls answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "visavis_call_seconds",
            "Time to the answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._received = Counter(
            "visavis_received_bytes", "Bytes of new sealed records.", registry=self.registry
        )
        self._sequenced = Counter(
            "visavis_sequenced", "Records given a leaf by this process.", registry=self.registry
        )

    def called(self, method: str, route: str, status: int, seconds: float) -> None:
        """A call was answered."""
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def received(self, size: int) -> None:
        """A new record was made durable."""
        self._received.inc(size)

    def sequenced(self, records: int) -> None:
        """Records were given their leaves."""
        self._sequenced.inc(records)

    def serve(self, port: int) -> Callable[[], None]:
        """Serve on a loopback port; returns what ends it. Raises OSError: the port is taken."""
        server, thread = start_http_server(port, "127.0.0.1", self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop
