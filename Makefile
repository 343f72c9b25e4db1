# The commands of this repository. Two do everything for a newcomer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FULL_STAMP := $(VENV)/.installed-train
TEST_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WHEEL_SOURCES := $(shell git ls-files setup.cfg pyproject.toml constraints.txt api dataset_builder metrics modeling hub_cards cli 2>/dev/null)
# One BLAS thread a process: the benchmark, the sandbox and the tests run processes side by side.
export OMP_WAIT_POLICY = passive
export HF_HUB_DISABLE_TELEMETRY = 1

.PHONY: help install full demo test test-slow lint format cards base-check clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

install: $(STAMP) ## make the environment in .venv and install llamoco with pinned versions: solve, minimize, plots; no torch

full: $(FULL_STAMP) ## the same for labels, data set, training and scoring, with torch for the CPU

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llamoco needs Python 3.11 or later, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(WHEEL_SOURCES) | $(VENV)/bin/python
	rm -rf build *.egg-info
	$(PIP) -c constraints.txt ".[plot]"
	rm -rf build *.egg-info
	touch $@

# torch first and by its exact version: another spelling, or a dependency that asks first, takes a build with gigabytes of CUDA.
$(FULL_STAMP): $(WHEEL_SOURCES) | $(VENV)/bin/python
	$(PIP) "torch==2.13.0"
	rm -rf build *.egg-info
	$(PIP) -c constraints.txt ".[train]"
	rm -rf build *.egg-info
	touch $(STAMP) $@

$(TEST_STAMP): $(WHEEL_SOURCES) | $(VENV)/bin/python
	$(PIP) "torch==2.13.0"
	rm -rf build *.egg-info
	$(PIP) -c constraints.txt ".[dev]"
	rm -rf build *.egg-info
	touch $(STAMP) $(FULL_STAMP) $@

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

base-check: ## prove the base install in an environment of its own: size, no torch, a LaTeX and a Python problem
	$(PYTHON) .ci/base_check.py

cards: $(FULL_STAMP) ## refresh the cards and the README's figures from the run records
	$(BIN)/python -m llamoco.hub_cards.cards

format: $(TEST_STAMP) ## let ruff format the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:           ## remove the environment and build products
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
