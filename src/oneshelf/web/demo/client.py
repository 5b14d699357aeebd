"""Speak to a running Oneshelf as any integration does: HTTP, a key, JSON."""

import http.client
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import new_id

Answer = TypeVar("Answer")
TIMEOUT_S = 60


class RefusedError(OneshelfError):
    """The server said no, as it may."""


class Client:
    """One connection that is kept open; a lost one is opened again, once a request."""

    def __init__(self, address: str, key: str) -> None:
        """Remember where; the first request connects."""
        place = urlsplit(address)
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=TIMEOUT_S
        )
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, kind: type[Answer]) -> Answer:
        """Read something."""
        return msgspec.json.decode(self._send("GET", path, b"", {}), type=kind)

    def post(self, path: str, body: object, kind: type[Answer]) -> Answer:
        """Change something, once: a repeat after a lost answer carries the same key."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(new_id())}
        sent = self._send("POST", path, msgspec.json.encode(body), headers)
        return msgspec.json.decode(sent, type=kind)

    def try_post(self, path: str, body: object) -> bool:
        """Ask for a change that may be refused; say whether it was made."""
        try:
            self.post(path, body, object)
        except RefusedError:
            return False
        return True

    def post_lines(self, path: str, bodies: Sequence[object], kind: type[Answer]) -> list[Answer]:
        """Send one JSON document a line; return the answers in the same order."""
        headers = {"Content-Type": "application/x-ndjson"}
        lines = b"\n".join(msgspec.json.encode(body) for body in bodies)
        answers = self._send("POST", path, lines, headers)
        return [msgspec.json.decode(line, type=kind) for line in answers.splitlines() if line]

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        for attempt in ("first", "again"):
            try:
                self._connection.request(method, path, body or None, self._headers | headers)
                response = self._connection.getresponse()
                answer = response.read()
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                if attempt == "again":
                    raise OneshelfError(
                        "server_failed",
                        f"The server did not answer {method} {path} ({type(error).__name__}).",
                        "Look at its output, then start the demo again.",
                    ) from error
                continue
            if response.status == http.client.CONFLICT:
                raise RefusedError("conflict", answer.decode())
            if response.status >= http.client.BAD_REQUEST:
                raise OneshelfError(
                    "server_failed",
                    f"{method} {path} was answered {response.status}: {answer.decode()[:500]}",
                    "This is a defect of the demo: please report it.",
                )
            return answer
        raise AssertionError("unreachable: the second attempt returns or raises")
