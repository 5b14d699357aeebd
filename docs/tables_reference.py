"""The schema as Markdown, from the comments of its SQL."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_table import table
from oneshelf import flow

SOURCE = Path(flow.__file__).parent
TABLE = re.compile(r"((?:^--[^\n]*\n)*)^CREATE TABLE (\S+) \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
COLUMN = re.compile(r"^    ([a-z_]\w*)\s+([a-z][\w.]*(?: precision)?(?:\[\])?)(.*)$")
OWN_WORDS = ("constraint", "primary", "unique", "foreign", "check")


def write_tables() -> str:
    """Tell the schema, from the comments of its SQL."""
    told = [
        "# Tables\n",
        "One PostgreSQL schema a folder. What a row may hold is a constraint of the table; the",
        "`tables.sql` beside the code says all of them. Reading is free; writing is for the",
        "actions of the folder alone.\n",
    ]
    files = sorted(SOURCE.glob("*/tables.sql"))
    return "\n".join([*told, *(_schema(file) for file in files)])


def _schema(file: Path) -> str:
    text = file.read_text()
    opening = re.match(r"(?:--.*\n)*", text)[0]
    told = [f"## {file.parent.name}\n\n{_prose(opening)}\n"]
    for comment, name, body in TABLE.findall(text):
        told.append(f"### {name}\n\n{_prose(comment)}".rstrip() + "\n")
        told.append(table(("column", "type", "says"), _columns(body)))
    return "\n".join(told)


def _prose(comment: str) -> str:
    return " ".join(line.removeprefix("--").strip() for line in comment.splitlines())


def _columns(body: str) -> Iterator[tuple[str, str, str]]:
    for line in body.splitlines():
        match = COLUMN.match(line)
        if match and match[1] not in OWN_WORDS:
            rules, _, comment = match[3].partition("--")
            must = "" if "NOT NULL" in rules or "PRIMARY KEY" in rules else ", may be null"
            yield f"`{match[1]}`", match[2] + must, comment.strip()
