"""Play the console blocks of a page: each `$` line runs, what follows it is its recorded answer.

One shell plays a whole page, so variables live on from block to block. Blocks of other kinds are
for readers: they name what the test itself provides, such as a running server.
"""

import re
import subprocess

BLOCK = re.compile(r"(?<=```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
MARK = "-- next command --"
CHANGING = (
    (re.compile(r"oneshelf_[0-9a-f]{16}_[\w-]+"), "KEY"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "KEY_ID"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r'("(?:fact_id|next_after)": )\d+'), r"\1FACT"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
)


def commands(block):
    """Return the commands of a block; lines that begin with `> ` go on with the one before."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line)
        elif line.startswith("> ") and found:
            found[-1] += f"\n{line}"
    return found


def play(page, environment, folder):
    """Run every command of the page; return the page with what they answer now."""
    asked = [command for match in BLOCK.finditer(page) for command in commands(match[0])]
    script = "\n".join(f"{_bare(command)}\necho '{MARK}'" for command in asked)
    run = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}"],  # noqa: S607 - the reader's shell
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    answers = iter(run.stdout.split(f"{MARK}\n"))
    return BLOCK.sub(
        lambda match: "".join(
            f"{command}\n{_tidied(next(answers))}" for command in commands(match[0])
        ),
        page,
    )


def _bare(command):
    return "\n".join(line[2:] for line in command.splitlines())


def _tidied(answer):
    """Return an answer without blanks at line ends, which editors take away; it ends its line."""
    return "".join(f"{line.rstrip()}\n" for line in answer.splitlines())


def steady(page):
    """Return the page without what differs in every run: keys, ids, the address."""
    for pattern, word in CHANGING:
        page = pattern.sub(word, page)
    return page
