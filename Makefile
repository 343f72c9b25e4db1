# The commands of this repository. Two do everything for a newcomer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-dev
WHEEL_SOURCES := $(shell git ls-files setup.cfg pyproject.toml constraints.txt api dataset_builder metrics modeling hub_cards cli 2>/dev/null)
# One BLAS thread a process: the benchmark, the sandbox and the tests run processes side by side.
export OMP_WAIT_POLICY = passive
export HF_HUB_DISABLE_TELEMETRY = 1

.PHONY: help install demo test test-slow lint format cards clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

install: $(STAMP) ## make the environment in .venv and install llamoco with pinned versions

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llamoco needs Python 3.11 or later, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# torch first and by its exact version: another spelling, or a dependency that asks first, takes a build with gigabytes of CUDA.
$(STAMP): $(WHEEL_SOURCES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
	rm -rf build *.egg-info
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt .
	rm -rf build *.egg-info
	touch $@

$(TEST_STAMP): $(STAMP)
	rm -rf build *.egg-info
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt ".[dev]"
	rm -rf build *.egg-info
	touch $@

demo: install    ## solve a real engineering problem with the model that the repository ships
	$(BIN)/llamoco solve examples/problems/spring.tex --out demo/program.py --plot demo/convergence.png

test: $(TEST_STAMP) ## run the test suite on the installed package (about 12 minutes on two cores)
	$(BIN)/python -m pytest

test-slow: $(TEST_STAMP) ## the heavier checks too
	$(BIN)/python -m pytest -m "slow or not slow"

lint: $(TEST_STAMP) ## ruff and mypy, on what is installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd / && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml -p llamoco

cards: $(STAMP)  ## refresh the cards and the README's figures from the run records
	$(BIN)/python -m llamoco.hub_cards.cards

format: $(TEST_STAMP) ## let ruff format the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:           ## remove the environment and build products
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
