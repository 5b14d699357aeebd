"""`oneshelf key`: keys of the programs that may talk to the API."""

from typing import Annotated

import typer

from oneshelf.base.clock import read_now
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId
from oneshelf.catalog.access.actions import issue_key, load_keys, revoke_keys
from oneshelf.catalog.access.scopes import SCOPES
from oneshelf.catalog.actions import load_channels
from oneshelf.web.catalog.keys_admin import KeyIssued, KeyList, KeysRevoked
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import Json, show, table

NAME_LETTERS_MAX = 100

app = typer.Typer(help="Keys of the programs that may talk to the API.", no_args_is_help=True)


@app.command("new")
def new_key(
    name: Annotated[str, typer.Argument(help="Which program it is for.")],
    *,
    scopes: Annotated[
        list[str],
        typer.Option(
            "--scopes", help=f"What it may do, with commas between: {', '.join(sorted(SCOPES))}."
        ),
    ],
    channel: Annotated[
        str | None, typer.Option("--channel", help="It speaks for this channel alone.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and show it this one time: it is stored nowhere."""
    asked = [scope.strip() for given in scopes for scope in given.split(",") if scope.strip()]
    granted = [scope for scope in SCOPES if scope in asked]
    if not 0 < len(name) <= NAME_LETTERS_MAX or len(granted) < len(set(asked)) or not asked:
        raise OneshelfError(
            "bad_request",
            f"A key for {name[:NAME_LETTERS_MAX]!r} that may {', '.join(asked) or 'nothing'};"
            f" expected a name of 1 to {NAME_LETTERS_MAX} letters and scopes from"
            f" {', '.join(sorted(SCOPES))}.",
            "Ask for the least that the program needs.",
        )
    with transaction("key new") as tx:
        if channel is not None and channel not in {one.channel_id for one in load_channels(tx)}:
            raise OneshelfError(
                "not_found",
                f"There is no channel {channel!r}; expected one of the catalog.",
                "`oneshelf export channels` lists them.",
            )
        made = issue_key(
            tx, name, granted, None if channel is None else ChannelId(channel), read_now(tx)
        )
    told = KeyIssued(key=made.key, secret=made.presented)
    show(told, made.presented, "Keep it now: it is shown this once.", json=json)


@app.command("list")
def list_keys(*, json: Json = False) -> None:
    """Show every key that counts, without its secret."""
    with transaction("key list") as tx:
        keys = load_keys(tx)
    rows = [(key.key_id, key.name, " ".join(sorted(key.scopes)), key.channel) for key in keys]
    found = table("Keys that count", ("key", "name", "may", "channel"), rows)
    show(KeyList(keys=keys), found, json=json)


@app.command("revoke")
def revoke(
    key_ids: Annotated[list[str], typer.Argument(help="The ids that `key list` shows.")],
    *,
    json: Json = False,
) -> None:
    """Take keys out of use for good. Exits with 1 if one of them did not count."""
    with transaction("key revoke") as tx:
        revoked = revoke_keys(tx, key_ids, read_now(tx))
    if unknown := sorted(set(key_ids) - revoked):
        raise OneshelfError(
            "not_found",
            f"No key that counts is called {', '.join(unknown)}; {len(revoked)} others were"
            " revoked.",
            "`oneshelf key list` shows the keys that count.",
        )
    show(KeysRevoked(key_ids=revoked), f"Revoked: {', '.join(sorted(revoked))}.", json=json)
