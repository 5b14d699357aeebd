"""One connection to one server: a request out, an answer in, or nobody knows."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import httptools

from oneshelf.web.doors import JSON

HOST = "127.0.0.1"
ANSWER_WITHIN_S = 45.0  # a statement may take 30
READ_BYTES = 262_144
BAD_REQUEST = 400


class LostError(Exception):
    """No answer came, or only a part of it."""

    def __init__(self, partial: bytes = b"") -> None:
        """Keep what was heard: a line of a file's answer is an answer."""
        super().__init__("no answer")
        self.partial = partial


@dataclass(frozen=True, slots=True)
class Knock:
    """One request. attempts: how much is asked in it. expected: codes that may refuse it.

    missed: told when an answer is not heard. repeats: whether a repeat is answered word for word;
    secrets are told once.
    """

    path: str
    body: bytes = b""
    key: str = ""
    attempts: int = 1
    expected: frozenset[str] = frozenset()
    media: str = JSON
    method: str = "POST"
    repeats: bool = True
    missed: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer."""

    status: int
    body: bytes

    def is_good(self) -> bool:
        """Say whether it was done."""
        return self.status < BAD_REQUEST


class _Reading:
    """What httptools tells while it reads an answer."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.is_whole = False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_whole = True


class Wire:
    """One connection to one server, opened when it is needed."""

    def __init__(self, port: int, key: str) -> None:
        """Remember where."""
        self._port = port
        self._head = f"Host: {HOST}\r\nAuthorization: Bearer {key}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, knock: Knock) -> Heard:
        """Send and read the answer; raise LostError if there is none."""
        reading = _Reading()
        parser = httptools.HttpResponseParser(reading)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reader = await self._send(knock)
                while not reading.is_whole:
                    part = await reader.read(READ_BYTES)
                    if not part:
                        break
                    parser.feed_data(part)
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            self.hang_up()
            raise LostError(bytes(reading.body)) from error
        if not reading.is_whole:
            self.hang_up()
            raise LostError(bytes(reading.body))
        if not parser.should_keep_alive():
            self.hang_up()
        return Heard(parser.get_status_code(), bytes(reading.body))

    async def ask_and_hang_up(self, knock: Knock) -> None:
        """Send, and be gone before the answer comes."""
        with suppress(OSError):
            await self._send(knock)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection without a word."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None

    async def _send(self, knock: Knock) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        key = f"Idempotency-Key: {knock.key}\r\n" if knock.key else ""
        head = (
            f"{knock.method} {knock.path} HTTP/1.1\r\n{self._head}{key}"
            f"Content-Type: {knock.media}\r\nContent-Length: {len(knock.body)}\r\n\r\n"
        )
        writer.write(head.encode() + knock.body)
        await writer.drain()
        return reader
