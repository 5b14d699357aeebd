"""Write docs/reference from the code: `make docs`. A test proves that what is committed is that."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from threading import Event
from typing import get_args

import typer

from doors_reference import write_doors, write_shapes
from markdown_table import table
from oneshelf import __main__ as command_line
from oneshelf.base import errors, settings
from oneshelf.base.facts import Fact
from oneshelf.catalog.access import scopes
from oneshelf.catalog.sheets.kinds import SHEETS
from oneshelf.flow import DUE, REACTIONS, action_of
from oneshelf.inventory import buffers, ledger
from oneshelf.matching import plan, policy
from oneshelf.matching.explanation import REFUSALS, REJECTIONS
from oneshelf.matching.watermarks import crossing
from oneshelf.orders import answers, lifecycle
from oneshelf.web.application import DOORS, about
from oneshelf.web.commands.files.orders import LAYOUT as ORDERS
from oneshelf.web.commands.files.shelves import SHELVES
from oneshelf.web.commands.files.stock import DELIVERIES
from oneshelf.web.live.doors import live_doors
from oneshelf.web.problems import RETRIED, STATUS, TITLES
from tables_reference import write_tables

REFERENCE = Path(__file__).parent / "reference"
MADE = "<!-- Written by `make docs` from the code; changes here are lost. -->"
FIELD = re.compile(r"^ {4}(\w+): ([^=#]+?)(?: = (.+?))?(?:  # (.*))?$", re.MULTILINE)

SOURCING = (
    policy.SourcingPolicy,
    policy.NodeGroup,
    policy.NodeFilter,
    policy.NodePreference,
    policy.ChannelPool,
)

WHAT_TO_DO: Mapping[str, str] = {
    "bad_request": "Correct the place that `faults` names; the same request would fail again.",
    "bad_value": "Correct the value that `faults` or the detail names, and send it again.",
    "busy": "Repeat with the same key after a second; it may have been decided meanwhile.",
    "conflict": "Read what stands there now, and ask for something that fits it.",
    "database_unavailable": "Repeat with the same key; look at `oneshelf database status`.",
    "forbidden": "Use a key with the scope that the door names.",
    "illegal_transition": "Read the order: it has come further, or is cancelled.",
    "import_refused": "Correct the lines that `faults` names, or take the others alone.",
    "key_reused": "Give another request another key; a repeat must be the same request.",
    "method_not_allowed": "Use a method of the header `Allow`.",
    "not_found": "Check the number or the path.",
    "overloaded": "Repeat with the same key after a second; add a process if it stays so.",
    "policy_refused": "Correct the field that the detail names; the version before stays in force.",
    "refused": "Tell the customer; `reason` and `short` say why. Ask again later if you like.",
    "schema_outdated": "Run `oneshelf migrate`.",
    "server_failed": "Report it with the request id; the log has the rest.",
    "too_large": "Send it in smaller parts.",
    "too_many_requests": "Wait a second; send a key, which is not limited so.",
    "unauthenticated": "Send `Authorization: Bearer` and a key that counts.",
    "unsupported_media": "Send the content type that the door takes.",
    "version_changed": "Read it again, and send your change with the new ETag if it still fits.",
}
SETTING_WORDS: Mapping[str, tuple[str, str]] = {
    "ONESHELF_DATABASE": (
        "empty: the embedded one",
        "Address of a PostgreSQL 15 or newer, `postgresql://user:password@host/database`.",
    ),
    "ONESHELF_HOME": (
        "`~/.local/share/oneshelf`, as root `/var/lib/oneshelf`",
        "Absolute path of the folder of the embedded database and its secrets.",
    ),
    "ONESHELF_HOST": ("`127.0.0.1`", "Where `serve` and `demo` listen."),
    "ONESHELF_TORTURE_PASSWORD": (
        "empty",
        "Password of the administrator of the shop that `torture --at` attacks.",
    ),
    "ONESHELF_PORT": ("`8600`", f"On which port, 1 to {settings.PORT_MAX:,}."),
}


def pages() -> dict[str, str]:
    """Return every generated page by its file's name."""
    nobody = live_doors(type("Nobody", (), {"database": None, "stopping": Event()})())
    doors = (*DOORS, *nobody, about(b""))
    writers: dict[str, Callable[[], str]] = {
        "doors.md": lambda: write_doors(doors),
        "shapes.md": lambda: write_shapes(doors),
        "facts.md": write_facts,
        "errors.md": write_errors,
        "settings.md": write_settings,
        "commands.md": write_commands,
        "tables.md": write_tables,
        "policies.md": write_policies,
        "statuses.md": write_statuses,
        "sheets.md": write_sheets,
    }
    return {name: f"{MADE}\n\n{write().rstrip()}\n" for name, write in writers.items()}


def words_of(thing: object) -> str:
    """Return a docstring as one paragraph a paragraph."""
    paragraphs = (inspect.getdoc(thing) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def comments_of(module: object, name: str) -> dict[str, str]:
    """Return the comments beside the values of a Literal, as its module writes them."""
    source = inspect.getsource(module).partition(f"\n{name} = Literal[\n")[2].partition("\n]")[0]
    found = (re.fullmatch(r'    "(\w+)",(?:  # (.*))?', line) for line in source.splitlines())
    return {match[1]: match[2] or "" for match in found if match}


def write_facts() -> str:
    """Tell what happened, and what follows."""
    told = [
        "# Facts and what follows\n",
        "A fact is written in the transaction of the change it tells of. The worker runs the",
        "reactions at least once, in this order, each in the transaction that moves its cursor.",
        "`GET /api/v1/facts` pages through them, `GET /api/v1/events` streams them.\n",
        "## The flow\n",
        table(
            ("fact", "reactions"),
            (
                (
                    f"[{entry.fact.__name__}](#{entry.fact.__name__.lower()})",
                    ", ".join(f"`{_action(one)}`" for one in entry.reactions)
                    or f"none: {entry.why}",
                )
                for entry in REACTIONS
            ),
        ),
        "## Work that time causes\n",
        table(("work", "action"), ((due.name, f"`{_path(due.action())}`") for due in DUE)),
        *(_fact(entry.fact) for entry in REACTIONS),
    ]
    return "\n".join(told)


def _action(reaction: object) -> str:
    return _path(action_of(reaction))


def _path(action: Callable[..., object]) -> str:
    folder = action.__module__.removeprefix("oneshelf.").removesuffix(".actions")
    return f"{folder}: {action.__name__}"


def _fact(fact: type[Fact]) -> str:
    kinds = (f"`{one.name}: {_kind(one.type)}`" for one in fields(fact))
    return f"## {fact.__name__}\n\n{words_of(fact)}\n\nFields: {', '.join(kinds)}.\n"


def _kind(kind: object) -> str:
    return getattr(kind, "__name__", str(kind)) if "[" not in str(kind) else _short(str(kind))


def _short(kind: str) -> str:
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", kind)


def write_errors() -> str:
    """Tell what can go wrong, and what to do."""
    closed = get_args(errors.Code)
    return "\n".join(
        [
            "# Errors\n",
            "Every error is a problem document (RFC 9457, `application/problem+json`) with",
            "`code`, `detail`, `hint` and `request_id`; the command line prints the same code,",
            "sentence and hint. Codes are a closed list and never change their meaning.\n",
            table(
                ("code", "HTTP", "title", "what to do"),
                (
                    (f"`{code}`", STATUS[code], TITLES[code], WHAT_TO_DO[code])
                    for code in sorted(closed)
                ),
            ),
            f"Answers with `Retry-After`: {', '.join(f'`{code}`' for code in sorted(RETRIED))}.\n",
            "## Why an order was refused\n",
            "`refused` is an answer: nothing was written, and a repeat is a new question. Its"
            " `reason` is one of "
            + ", ".join(f"`{one}`" for one in get_args(answers.RefusalReason))
            + ".\n",
            "Before purchase, and inside, the reason is told more finely:\n",
            table(("reason", "in words"), ((f"`{one}`", REFUSALS[one]) for one in REFUSALS)),
            "## Why a node was left out\n",
            table(
                ("reason", "of one node", "meaning"),
                (
                    (f"`{one}`", REJECTIONS[one][0], words)
                    for one, words in comments_of(plan, "Rejected").items()
                ),
            ),
            "## Why a plan was chosen\n",
            table(
                ("reason", "meaning"),
                ((f"`{one}`", text) for one, text in comments_of(plan, "Chosen").items()),
            ),
        ]
    )


def write_settings() -> str:
    """Tell the technical choices; business choices are policies."""
    return "\n".join(
        [
            "# Settings\n",
            "Read once from the environment when a process starts; an empty one counts as unset.",
            "Business choices are not settings but [policies](policies.md).\n",
            table(
                ("variable", "default", "meaning"),
                ((f"`{name}`", *told) for name, told in SETTING_WORDS.items()),
            ),
        ]
    )


def write_commands() -> str:
    """Tell every command with its arguments and options."""
    app = command_line.app
    told = [f"# The command line\n\n{command_line.HELP}\n\n{command_line.EXIT_CODES}\n"]
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        if inner := getattr(command, "commands", None):
            told.append(f"## oneshelf {name}\n\n{command.help}\n")
            told += [_command(f"{name} {word}", one, "###") for word, one in inner.items()]
        else:
            told.append(_command(name, command, "##"))
    return "\n".join(told)


def _command(name: str, command: object, level: str) -> str:
    given = [one for one in command.params if one.name != "help"]
    arguments = [one for one in given if one.param_type_name == "argument"]
    usage = " ".join([f"oneshelf {name}", *(str(one.name).upper() for one in arguments)])
    rows = (
        (
            f"`{one.name.upper()}`" if one in arguments else f"`{' '.join(one.opts)}`",
            " ".join(str(one.help or "").split()),
            _default(one),
        )
        for one in given
    )
    told = f"{level} {usage}\n\n{_paragraphs(command.help)}\n"
    return told + (
        "\n" + table(("argument or option", "meaning", "default"), rows) if given else ""
    )


def _default(one: object) -> str:
    if one.required:
        return "needed"
    return "" if one.default in {None, False} else f"`{one.default}`"


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def write_policies() -> str:
    """Tell the business choices: fields, ranges, defaults."""
    told = [
        "# Policies\n",
        "Business choices are versioned rows: the highest version counts, none is ever changed.",
        "Read and decide them with `oneshelf policy` or under `/api/v1/policies`. Version 0 is",
        "what the package brings. Amounts are minor units of the shop's currency.\n",
        "## The policy `sourcing`\n",
        *(_record(kind) for kind in SOURCING),
        "## The policy `buffers`\n",
        *(_record(kind) for kind in (buffers.BufferPolicy, buffers.BufferRule)),
        "## The policy `watermarks`\n",
        *(_record(kind) for kind in (crossing.WatermarkPolicy, crossing.WatermarkRule)),
    ]
    return "\n".join(told)


def _record(kind: type) -> str:
    body = inspect.getsource(kind).partition("def __post_init__")[0]
    rows = (
        (f"`{name}`", f"`{of}`", f"`{default}`" if default else "needed", comment)
        for name, of, default, comment in FIELD.findall(body)
    )
    head = f"### {kind.__name__}\n\n{words_of(kind)}\n\n"
    return head + table(("field", "type", "default", "range and unit"), rows)


def write_statuses() -> str:
    """Tell where units of a line can stand, and how an order's status follows."""
    statuses = comments_of(lifecycle, "Status")
    arrows = (
        f"    {start} --> {target}"
        for start, targets in lifecycle.TRANSITIONS.items()
        for target in targets
    )
    return "\n".join(
        [
            "# Statuses and states\n",
            "## Units of an order's line\n",
            "A quantity of a line has a status; a line of three lamps may stand in three. The",
            "database refuses a change that is not in this picture.\n",
            "```mermaid\nstateDiagram-v2",
            *arrows,
            "```\n",
            table(
                ("status", "meaning", "may be followed by"),
                (
                    (f"`{one}`", text, ", ".join(lifecycle.TRANSITIONS[one]) or "nothing")
                    for one, text in statuses.items()
                ),
            ),
            "## An order\n",
            f"{words_of(lifecycle.order_status)} It is one of "
            + ", ".join(f"`{one}`" for one in get_args(lifecycle.OrderStatus))
            + ".\n",
            "## Units of stock\n",
            f"On hand are {', '.join(f'`{one}`' for one in ledger.ON_HAND)}.\n",
            table(
                ("state", "meaning"),
                ((f"`{one}`", text) for one, text in comments_of(ledger, "State").items()),
            ),
            "## What a key may do\n",
            table(
                ("scope", "meaning"),
                ((f"`{one}`", text) for one, text in comments_of(scopes, "Scope").items()),
            ),
        ]
    )


def write_sheets() -> str:
    """Tell the catalog's files, column by column."""
    told = [
        "# CSV files\n",
        "`oneshelf import KIND FILE` and `POST /api/v1/catalog/KIND.csv` take them,",
        "`oneshelf export` and `GET` give them; a file that was exported imports to the same rows.",
        "UTF-8, commas, a header; the key columns name the row. Lists have `|` between. Kinds are",
        "listed in an order in which they can be imported.\n",
        table(
            ("kind", "key", "columns", "may be left out"),
            (
                (
                    f"`{kind}`",
                    " ".join(sheet.columns[: sheet.key_columns]),
                    " ".join(sheet.columns[sheet.key_columns :]),
                    " ".join(one for one in sheet.columns if one in sheet.optional),
                )
                for kind, sheet in SHEETS.items()
            ),
        ),
        "The command takes three more kinds; doors take the same as JSON.\n",
        table(
            ("kind", "columns", "may be left out"),
            (
                (f"`{kind}`", " ".join(sheet.columns), " ".join(sorted(sheet.optional)))
                for kind, sheet in (
                    ("stock", SHELVES),
                    ("receipts", DELIVERIES),
                    ("orders", ORDERS),
                )
            ),
        ),
    ]
    return "\n".join(told)


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)


if __name__ == "__main__":
    main()
