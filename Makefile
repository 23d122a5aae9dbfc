# make demo           a class of notebooks graded, from nothing
# make test           all tests of the package, side by side
# make test-fast      those that take little time: no attacks, no nbgrader, no notebooks, no series of killed graders
# make test-bare      all, as on a machine without bubblewrap, browser and PostgreSQL; a skip says what is missing
# make test-optional  only those that use one of these programs
# make notebooks      the solved notebooks as students run them; pages, minutes and slowest cells in build/notebooks/
# make checks         the exercises' checks, tried on wrong and right answers where a receipt is stale
# make compat         all checks and references, on the oldest and the newest torch
# make lint           ruff and mypy
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
# Many tests wait for processes and time-outs, so there are more of them at once than cores. One thread each: a second one
# costs more than it saves on a busy machine.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)) + 2)')
SIDE_BY_SIDE := env OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS) --dist loadscope --no-loadscope-reorder

.PHONY: install demo test test-fast test-bare test-optional notebooks checks compat lint clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e '.[grading,dev]'
	touch $@

# nbgrader calls alembic by name, so PATH must hold the environment.
demo: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/autograder demo

# Both are called by name: the environment's programs must be found.
test test-fast test-bare test-optional notebooks: export PATH := $(CURDIR)/$(BIN):$(PATH)

test: $(STAMP)
	$(SIDE_BY_SIDE) --write-receipt

test-fast: $(STAMP)
	$(SIDE_BY_SIDE) -m "not slow"

test-bare: $(STAMP)
	$(BIN)/python -m tests.support.optional $(SIDE_BY_SIDE) -rs

test-optional: $(STAMP)
	$(PYTEST) -rs -m optional tests/autograder tests/attacks tests/course_utils/test_offline.py || [ $$? = 5 ]

notebooks: $(STAMP)
	$(BIN)/python -m benchmarks.notebooks

checks: $(STAMP)
	$(BIN)/autograder checks

# The oldest versions that pyproject.toml admits, and the newest that there are. Each environment is several GB.
compat:
	$(MAKE) --no-print-directory .venv-oldest/.installed VERSIONS="'torch==2.9.*' 'torchvision==0.24.*'"
	$(MAKE) --no-print-directory .venv-newest/.installed VERSIONS="--upgrade torch torchvision"
	for age in oldest newest; do \
	  .venv-$$age/bin/python -c 'import torch; print("torch", torch.__version__)' && \
	  .venv-$$age/bin/autograder checks --all --every --seeds 200 && \
	  .venv-$$age/bin/python -m pytest solutions tests/autograder/quality/test_variants.py || exit 1; \
	done

.venv-%/.installed: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --upgrade pip
	$(@D)/bin/pip install --quiet $(VERSIONS)
	$(@D)/bin/pip install --quiet -e '.[grading,dev]'
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest
