# `make demo` and `make test` need only python3 (3.10 or newer) and make: they make their own environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
ENGINES := tests/runtime_v2 tests/runtime_v3 tests/adapters tests/bridge

.PHONY: demo test packs docs hand-made faults smoke lint format setup clean

demo: $(READY)  ## convert a real config and an example project, train both, prove that nothing changed
	$(BIN)/python fixtures/demo/demo.py

test: $(READY)  ## all tests; those against the real libraries make environments of their own under .peers/
	@# two processes, so that a fault of one half does not hide those of the other; any order works in one, too
	$(BIN)/python -m pytest $(ENGINES)
	$(BIN)/python -m pytest tests $(ENGINES:%=--ignore=%)

packs: $(READY)  ## compare converted configs with those that the codebases' authors made by hand: docs/packs.md
	cd tests && PYTHONPATH=. ../$(BIN)/python -m packs.agreement

docs: $(READY)  ## the pages of docs/ that are made from rules and tables
	$(BIN)/python docs/generate

hand-made: $(READY)  ## what hand-made migration did to the learning rate: docs/hand-made.md
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/python benchmarks/hand_made.py

faults: $(READY)  ## kill training and conversion at 200 random points each, look at what lies on the disk, go on
	cd tests && PYTHONPATH=. ../$(BIN)/python -m faults.kills 200

smoke: $(READY)  ## build archive and wheel and try them with each of PYTHONS, in environments of their own
	$(BIN)/python tests/installing/smoke.py $(PYTHONS)

lint: $(READY)  ## format, lint and types, as CI checks them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("mmmigrate needs Python 3.10 or newer" if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

clean:
	rm -rf $(VENV) .peers demo build *.egg-info
