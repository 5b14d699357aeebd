"""A crowd in closed loop over HTTP: so many connections, each sends its next request when answered.

Plain sockets on uvloop, because every microsecond the crowd spends is taken from the server that
shares its cores. Loopback only, bounded by the requests it is given.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

import uvloop

ANSWER_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Request:
    """One request. body: JSON, or nothing."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd saw. statuses: how many answers of each; answers: their bodies, if kept."""

    seconds: float
    latencies_s: tuple[float, ...]
    statuses: Counter[int]
    answers: tuple[bytes, ...]

    def per_second(self) -> float:
        """Return answers a second."""
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Return a percentile of the latencies."""
        return quantiles(self.latencies_s, n=100)[percent - 1] * 1000


def send(addresses: Sequence[str], key: str, requests: Sequence[Request], clients: int) -> Crowd:
    """Send every request once, over so many connections spread over the servers."""
    return uvloop.run(_send(addresses, key, requests, clients))


async def _send(
    addresses: Sequence[str], key: str, requests: Sequence[Request], clients: int
) -> Crowd:
    seen: list[float] = []
    statuses: Counter[int] = Counter()
    answers: list[bytes] = [b""] * len(requests)
    waiting = iter(enumerate(requests))
    connections = [
        await asyncio.open_connection(
            urlsplit(addresses[n % len(addresses)]).hostname,
            urlsplit(addresses[n % len(addresses)]).port,
        )
        for n in range(clients)
    ]
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"

    async def buy(
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        left: Iterator[tuple[int, Request]],
    ) -> None:
        for place, one in left:
            began = time.perf_counter()
            line = (
                f"{one.method} {one.path} HTTP/1.1\r\n{head}Content-Length: {len(one.body)}\r\n\r\n"
            )
            writer.write(line.encode() + one.body)
            status, body = await _read(reader)
            seen.append(time.perf_counter() - began)
            statuses[status] += 1
            answers[place] = body
        writer.close()

    began = time.perf_counter()
    async with asyncio.timeout(ANSWER_WITHIN_S):
        await asyncio.gather(*(buy(*connection, waiting) for connection in connections))
    return Crowd(time.perf_counter() - began, tuple(seen), statuses, tuple(answers))


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at < 0:
        raise RuntimeError(f"an answer without a length: {head[:200]!r}")
    length = int(lowered[at + 15 : lowered.index(b"\r\n", at)])
    return int(head[9:12]), await reader.readexactly(length)
