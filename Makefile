# make demo   sets everything up and analyzes a shipped sample
# make test   sets everything up and runs the tests
# make check  everything that must be right before a commit
# Needs git, make, python3 (3.11 or newer) and python3-venv; all the rest lands in .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= $(firstword $(wildcard samples/hairpin-no-reply.pcapng samples/*.pcapng))
PYTEST ?= -n 2 --dist loadgroup
SHARE ?= 1
CAPTURES ?= $(wildcard samples ../shared/captures)

.PHONY: demo test check lint types layers schema hostile lab lock clean

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q pcapkit dissectors tui
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/pcapkit analyze $(DEMO)

test: $(VENV)/.ready
	$(BIN)/python -m pytest $(PYTEST)

check: lint types layers schema test

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.ready
	$(BIN)/mypy

layers: $(VENV)/.ready
	$(BIN)/lint-imports

# The shipped JSON Schemas are those of the types: makes them anew and shows what changed.
schema: $(VENV)/.ready
	$(BIN)/python -m pcapkit.report.schemas
	git diff --exit-code --stat -- pcapkit/report/schema

# Damages captures by the thousand: each must give a report or one line (SHARE=0.1 takes a tenth).
hostile: $(VENV)/.ready
	$(BIN)/python tests/hostile/hostile.py --share $(SHARE) $(CAPTURES)

# Plays scenarios in network namespaces and prints the report of each (root): make lab SCENARIO=hairpin-no-reply
# SCENARIO is a name, a pattern ("hairpin*") or a code; without it they are listed.
lab: $(VENV)/.ready
	@set -f; $(BIN)/python tests/lab/record.py --report $(SCENARIO)

# Takes the versions of the present environment for everybody.
lock: $(VENV)/.ready
	{ head -n 1 requirements-dev.lock; $(BIN)/python -m pip list --format=freeze --exclude pip --exclude setuptools --exclude-editable | sort -f; } > .lock
	mv .lock requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
