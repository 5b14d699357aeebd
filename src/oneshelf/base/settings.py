"""How this process was told to run. Read once, from the environment, by whoever starts it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oneshelf.base.errors import OneshelfError

PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """Technical choices; business choices are policies.

    database: address of a PostgreSQL 15 or newer; None: the embedded one.
    home:     folder of the embedded one and its secrets.
    """

    database: str | None = field(repr=False)  # it holds a password
    home: Path
    host: str
    port: int


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read ONESHELF_DATABASE, ONESHELF_HOME, ONESHELF_HOST and ONESHELF_PORT; empty means unset."""
    database = environment.get("ONESHELF_DATABASE") or None
    if (
        database
        and not database.startswith(("postgresql://", "postgres://"))
        and "=" not in database
    ):
        raise _refusal(
            "ONESHELF_DATABASE",
            "something else",  # it may hold a password
            "an address such as postgresql://user:password@host/database",
            "Correct it, or leave it out to use the embedded database.",
        )
    home = Path(environment.get("ONESHELF_HOME") or default_home())
    if not home.is_absolute():
        raise _refusal("ONESHELF_HOME", str(home), "an absolute path", "Start it with a slash.")
    host = environment.get("ONESHELF_HOST") or "127.0.0.1"
    port = environment.get("ONESHELF_PORT") or "8600"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) <= PORT_MAX:
        raise _refusal(
            "ONESHELF_PORT", port, f"a number from 1 to {PORT_MAX}", "Choose a free one."
        )
    return Settings(database, home, host, int(port))


def default_home() -> Path:
    """Return where the embedded database lives when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/oneshelf")
    try:
        return Path.home() / ".local/share/oneshelf"
    except RuntimeError as error:
        raise _refusal(
            "HOME", "nothing", "the folder of this user", "Set it, or set ONESHELF_HOME."
        ) from error


def _refusal(name: str, found: str, expected: str, hint: str) -> OneshelfError:
    return OneshelfError("bad_value", f"{name} is {found!r}; expected {expected}.", hint)
