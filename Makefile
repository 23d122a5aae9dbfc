# make demo   a class of notebooks graded, from nothing
# make test   the package's own tests
# make test-bare  those of them that use optional programs, as on a machine that has none: no bubblewrap, no browser,
#             no PostgreSQL; every skip says what is missing
# make checks the checks, tried on wrong and right answers where a receipt is stale; make compat: all of them, on the
#             oldest and the newest torch
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BARE := $(addprefix tests/autograder/,sandbox nbgrader/test_preprocessors.py nbgrader/test_gradebook.py report/test_pages.py)

.PHONY: install demo test test-bare checks compat lint clean

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

test: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest

test-bare: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.support.optional $(BIN)/python -m pytest -rs $(BARE)

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
