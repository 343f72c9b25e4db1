# The commands of this repository. `make demo` and `make test` do everything a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FULL_STAMP := $(VENV)/.installed-train
TEST_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WHEEL_SOURCES := $(shell git ls-files setup.cfg pyproject.toml constraints.txt api dataset_builder metrics modeling hub_cards cli 2>/dev/null)
# Threads that wait must not spin: the benchmark, the sandbox and the tests run processes side by side.
export OMP_WAIT_POLICY = passive
export HF_HUB_DISABLE_TELEMETRY = 1

.PHONY: help install full dev demo test test-slow lint format docs cards screenshot base-check clean

help:            ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

install: $(STAMP) ## create .venv and install what solves and plots, at pinned versions (half a gigabyte, no torch)

full: $(FULL_STAMP) ## install what labels, trains and scores, too (2 GB, torch for the CPU)

dev: $(TEST_STAMP) ## install what tests, linters and documentation need, too

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llamoco needs Python 3.11 or later, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(WHEEL_SOURCES) | $(VENV)/bin/python
	rm -rf build *.egg-info
	$(PIP) -c constraints.txt ".[plot]"
	rm -rf build *.egg-info
	touch $@

# torch first and by its exact version: otherwise pip may choose a build with gigabytes of CUDA.
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

demo: install    ## solve an engineering problem with the shipped model; program and plot go to demo/
	$(BIN)/llamoco solve examples/problems/spring.tex --out demo/program.py --plot demo/convergence.png

test: $(TEST_STAMP) ## run the test suite on the installed package (about 7 minutes on two cores)
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(TEST_STAMP) ## run the slow tests, too
	$(BIN)/python -m pytest -m "slow or not slow"

lint: $(TEST_STAMP) ## run ruff, and mypy on the installed package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd / && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml -p llamoco

base-check:      ## check the base install in a fresh environment: size, no torch, solves Python and LaTeX problems
	$(PYTHON) .ci/base_check.py

docs: $(TEST_STAMP) ## build the documentation into site/; broken links and references are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

cards: $(FULL_STAMP) ## regenerate the cards and the README's figures from the run records
	$(BIN)/python -m llamoco.hub_cards.cards

screenshot: $(TEST_STAMP) ## redraw the picture of the web page (needs a system Chromium)
	$(BIN)/python -m llamoco.hub_cards.screenshot

format: $(TEST_STAMP) ## format the sources with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:           ## remove the environment and build products
	rm -rf $(VENV) site build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
