"""A table in Markdown."""

from collections.abc import Iterator, Sequence


def table(columns: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    """Return a Markdown table."""
    cells = [[str(cell).replace("|", "\\|") or " " for cell in row] for row in rows]
    lines = [list(columns), ["---"] * len(columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
