"""What can go wrong, as a closed list of stable codes. Pure.

Running out, being late, being closed are answers, not errors. An error says what was found, what
was expected and what to do.
"""

from typing import Literal

Code = Literal[
    "bad_request",
    "bad_value",
    "busy",
    "conflict",
    "database_unavailable",
    "forbidden",
    "illegal_transition",
    "import_refused",
    "key_reused",
    "method_not_allowed",
    "not_found",
    "overloaded",
    "policy_refused",
    "refused",
    "schema_outdated",
    "server_failed",
    "too_large",
    "too_many_requests",
    "unauthenticated",
    "unsupported_media",
    "version_changed",
]


class OneshelfError(Exception):
    """An error with a stable code, for people and programs alike."""

    def __init__(self, code: Code, message: str, hint: str = "") -> None:
        """Keep the parts apart: doors turn them into problem details."""
        super().__init__(f"{message} {hint}".strip())
        self.code: Code = code
        self.message = message
        self.hint = hint


class ValueRefusedError(OneshelfError):
    """The database refused a value (SQLSTATE 22 or 23), or one of our own laws did."""

    def __init__(self, sqlstate: str, constraint: str) -> None:
        """Name the law, never the row: a CHECK's detail prints names and mails."""
        super().__init__(
            "bad_value",
            f"A value broke the rule {constraint or sqlstate} (SQLSTATE {sqlstate}).",
            "Correct the value and send the request again.",
        )
        self.sqlstate = sqlstate
        self.constraint = constraint


class ContendedError(OneshelfError):
    """A time-out, deadlock or serialisation failure: the same work may succeed when repeated."""

    def __init__(self, sqlstate: str) -> None:
        """Keep the SQLSTATE for the log."""
        super().__init__(
            "busy",
            f"The database was busy with the same rows (SQLSTATE {sqlstate}).",
            "Repeat the request with the same key.",
        )
        self.sqlstate = sqlstate


class DatabaseUnavailableError(OneshelfError):
    """No connection, or it was lost; whether a running commit arrived is unknown."""

    def __init__(self, reason: str) -> None:
        """Say why, without the address or the password."""
        super().__init__(
            "database_unavailable",
            f"The database does not answer ({reason}).",
            "Repeat the request with the same key; `oneshelf database status` tells more.",
        )
