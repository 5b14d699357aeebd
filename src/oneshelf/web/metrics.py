"""What this process counts about itself, apart from what other libraries count."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
PLAIN = ("", "", "")  # no namespace, no subsystem, no unit: the names say it all


class Metrics:
    """Requests by door and status, how long they took, and what waits."""

    def __init__(self) -> None:
        """Start at zero."""
        self._collectors = CollectorRegistry()
        self._requests = Counter(
            "oneshelf_http_requests",
            "Answered requests",
            ("method", "door", "status"),
            *PLAIN,
            self._collectors,
        )
        self._seconds = Histogram(
            "oneshelf_http_seconds",
            "Time to answer",
            ("method", "door"),
            *PLAIN,
            self._collectors,
            buckets=SECONDS,
        )
        self.waiting = Gauge(
            "oneshelf_orders_waiting",
            "Orders that wait for the writer",
            (),
            *PLAIN,
            self._collectors,
        )
        self.carts_waiting = Gauge(
            "oneshelf_carts_waiting",
            "Carts that wait to be held",
            (),
            *PLAIN,
            self._collectors,
        )
        self.lag = Gauge(
            "oneshelf_snapshot_lag_seconds",
            "How far the view of stock is behind",
            (),
            *PLAIN,
            self._collectors,
        )
        self._count = cache(self._requests.labels)
        self._time = cache(self._seconds.labels)

    def answered(self, method: str, door: str, status: int, seconds: float) -> None:
        """Count one answer of a door and how long it took."""
        self._count(method, door, status).inc()
        self._time(method, door).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the format Prometheus reads."""
        return generate_latest(self._collectors)
