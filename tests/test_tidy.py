"""The house rules no other tool knows, as tests."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/oneshelf"
FILES = sorted(SOURCE.rglob("*.py"))
STORES = [file for file in FILES if file.name == "store.py"]
SQL_WRITERS = {"store.py", "reads.py"}
LINES_PER_FILE_MAX = 400
LINES_PER_FUNCTION_MAX = 60
FILES_PER_FOLDER_MAX = 16
NAMELESS = {"utils", "util", "helpers", "common", "service", "manager", "handler", "data", "info"}


def name(file):
    return str(file.relative_to(SOURCE))


def functions(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_folders_sorted_by_name_are_the_layers():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [layer.strip("()") for layer in reversed(settings["contracts"][0]["layers"])]
    folders = [layer for layer in layers if layer not in {"flow", "worker", "__main__"}]

    assert folders == sorted(folders)
    assert {f.name for f in SOURCE.iterdir() if f.is_dir() and f.name != "__pycache__"} <= set(
        folders
    )


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_file_fits_in_the_head(file):
    assert len(file.read_text().splitlines()) <= LINES_PER_FILE_MAX


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_function_fits_on_a_screen(file):
    long = [f.name for f in functions(file) if f.end_lineno - f.lineno >= LINES_PER_FUNCTION_MAX]

    assert long == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_stand_at_the_top(file):
    hidden = [
        node.lineno
        for function in functions(file)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_file_is_named_after_what_it_decides(file):
    assert file.stem not in NAMELESS


@pytest.mark.parametrize("store", STORES, ids=name)
def test_a_store_writes_only_its_own_tables(store):
    text = store.read_text()
    written = re.findall(r"(?:INSERT INTO|UPDATE|DELETE FROM|COPY)\s+(\w+)\.\w+", text)

    assert set(written) <= {store.relative_to(SOURCE).parts[0]}


@pytest.mark.parametrize(
    "file",
    [f for f in FILES if f.name not in SQL_WRITERS and f.parent.name != "base"],
    ids=name,
)
def test_sql_stands_only_in_stores_and_reads(file):
    statements = re.findall(
        r"\b(?:INSERT INTO|DELETE FROM|UPDATE \w+\.\w+|SELECT .+ FROM \w+\.\w+)", file.read_text()
    )

    assert statements == []


@pytest.mark.parametrize("file", [f for f in FILES if f.name != "store.py"], ids=name)
def test_rows_are_locked_only_in_stores(file):
    if file.parent.name != "base":
        assert not re.search(r"FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE", file.read_text())


@pytest.mark.parametrize("package", [f for f in FILES if f.name == "__init__.py"], ids=name)
def test_a_folder_opens_with_words_not_code(package):
    tree = ast.parse(package.read_text())

    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("file", [f for f in FILES if f.name == "actions.py"], ids=name)
def test_actions_use_only_the_store_beside_them(file):
    beside = "oneshelf." + ".".join(file.relative_to(SOURCE).parts[:-1])
    origins = {
        node.module
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "store"
    }

    assert origins <= {beside}


def test_no_folder_holds_more_than_a_drawer():
    crowded = {
        str(folder.relative_to(SOURCE))
        for folder in SOURCE.rglob("*")
        if folder.is_dir() and len(list(folder.glob("*.py"))) > FILES_PER_FOLDER_MAX
    }

    assert crowded == set()
