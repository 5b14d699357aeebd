# Every target does its own set-up into .venv; only Python 3.11 and make need to be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin/python -m
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test check prove bench docs

help:  ## say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

.venv/.runtime: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN) pip install --quiet --editable .
	touch $@

.venv/.development: .venv/.runtime
	$(BIN) pip install --quiet --editable '.[dev]'
	touch $@

setup: .venv/.development  ## install everything, tools for developers included

demo: .venv/.runtime  ## load a retailer, run its week of orders, then serve the live page
	$(BIN) oneshelf demo

check: .venv/.development  ## format, lint, types, contracts
	$(BIN) ruff format --check .
	$(BIN) ruff check .
	$(BIN) mypy
	.venv/bin/python -c "from importlinter.cli import lint_imports_command as c; c()"

test: check  ## check, then every test
	$(BIN) pytest -n 2 --dist loadgroup

prove: .venv/.development  ## the tests that take minutes: bugs that only a kill shows, many interleavings
	$(BIN) pytest -m slow -n 2 --dist loadgroup tests/torture tests/proof

bench: .venv/.development  ## run the benchmarks; ONLY=T1 runs one, ONLY=long those that take an hour
	$(BIN) benchmarks $(ONLY)

docs: .venv/.development  ## write docs/reference anew from the code
	.venv/bin/python docs/write_reference.py
