"""`oneshelf policy`: business choices, versioned; none is ever changed."""

import sys
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, assert_never

import msgspec
import typer

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.policies import read_policy
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.watermarks.crossing import WatermarkPolicy
from oneshelf.web.commands import reads
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import Json, note, show, table
from oneshelf.web.policies.doors import PolicyDecided, PolicyTold
from oneshelf.web.policies.kinds import BUFFERS, SOURCING, WATERMARKS, PolicyName

Policy = SourcingPolicy | BufferPolicy | WatermarkPolicy

KINDS: Mapping[PolicyName, type[Policy]] = {
    one.name: one.kind for one in (SOURCING, BUFFERS, WATERMARKS)
}

Named = Annotated[
    PolicyName,
    typer.Argument(
        help="sourcing: from where orders are sent; buffers: what is kept back; watermarks: when "
        "stock that runs low is told."
    ),
]

app = typer.Typer(
    help="Business choices: from where orders are sent, how much stock is kept back, when low"
    " stock is told.",
    no_args_is_help=True,
)


class VersionTold(msgspec.Struct, frozen=True):
    """One version of a policy. policy: as it was decided."""

    version: int
    decided_at: str
    by: str
    because: str
    policy: msgspec.Raw


class HistoryTold(msgspec.Struct, frozen=True):
    """Every version, the newest first."""

    name: str
    versions: list[VersionTold]


@app.command("show")
def show_policy(name: Named, *, json: Json = False) -> None:
    """Show the policy in force. Version 0 is the one the package brings."""
    with transaction("policy show") as tx:
        kind = KINDS[name]
        policy, version = read_policy(tx, name, kind, kind())
    text = msgspec.json.format(msgspec.json.encode(policy, order="deterministic")).decode()
    told = PolicyTold[Policy](name=name, version=version, policy=policy)
    if not json:
        note(f"The policy {name}, version {version}:")
    show(told, text, json=json)


@app.command("set")
def set_policy(
    name: Named,
    file: Annotated[
        Path,
        typer.Argument(
            help="The policy as JSON, as `policy show` prints it; - reads what is piped in.",
            allow_dash=True,
        ),
    ],
    *,
    json: Json = False,
) -> None:
    """Decide the next version of a policy; it counts from now on, and the old one is kept."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise OneshelfError(
            "bad_request", f"{file} cannot be read: {error.strerror}.", "Name a file that can be."
        ) from error
    policy = _read(name, raw)
    with transaction("policy set") as tx:
        version = _decide(tx, policy, read_now(tx))
    told = PolicyDecided(name=name, version=version)
    show(told, f"Version {version} of the policy {name} counts from now on.", json=json)


@app.command("history")
def show_history(name: Named, *, json: Json = False) -> None:
    """Show every version of a policy, the newest first, and who decided it."""
    with transaction("policy history") as tx:
        found = reads.find_policy_versions(tx, name)
    versions = [
        VersionTold(
            version=row.version,
            decided_at=row.decided_at.isoformat(),
            by=row.by,
            because=row.because,
            policy=msgspec.Raw(row.body.encode()),
        )
        for row in found
    ]
    rows = [(row.version, row.decided_at, row.by, row.because, row.body) for row in found]
    columns = ("version", "decided", "by", "because", "policy")
    told = table(f"The policy {name}", columns, rows)
    show(HistoryTold(name=name, versions=versions), told, json=json)


def _decide(tx: Transaction, policy: Policy, now: datetime) -> int:
    match policy:
        case SourcingPolicy():
            return SOURCING.decide(tx, policy, now)
        case BufferPolicy():
            return BUFFERS.decide(tx, policy, now)
        case WatermarkPolicy():
            return WATERMARKS.decide(tx, policy, now)
        case _:
            assert_never(policy)


def _read(name: PolicyName, raw: bytes) -> Policy:
    """Read a policy; a misspelt field would silently keep its old value, so it is refused."""
    kind = KINDS[name]
    known = {field.name for field in fields(kind)}
    try:
        policy = msgspec.json.decode(raw, type=kind)
        given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise _refused(name, str(error)) from error
    if unknown := sorted(given.keys() - known):
        raise _refused(
            name, f"unknown {', '.join(unknown)}; expected some of {', '.join(sorted(known))}"
        )
    return policy


def _refused(name: PolicyName, why: str) -> OneshelfError:
    return OneshelfError(
        "policy_refused",
        f"The policy {name} was not decided: {why}.",
        f"`oneshelf policy show {name}` shows what one looks like; nothing was changed.",
    )
