# Two commands do everything: `make book` and `make test`. The others are for authors.
PYTHON ?= python3.11
SHELL  := /bin/bash

# With the conda environment of environment.yml active, use that; else create virtual environments.
ifeq ($(notdir $(CONDA_PREFIX)),agnbook)
BOOK := python
FULL := python
else
BOOK := .venv-book/bin/python
FULL := .venv/bin/python
BOOK_READY := .venv-book/ready
FULL_READY := .venv/ready
endif

# Catalogues, light curves and peers' tables may lie in shared folders beside the repository (see book/data.md).
space := $(subst ,, )
SHARED := $(abspath $(wildcard ../shared/catalogs ../shared/quasars ../shared/peers))
ifneq ($(SHARED),)
export AGNBOOK_CATALOGS := $(AGNBOOK_CATALOGS):$(subst $(space),:,$(SHARED))
endif
export TQDM_DISABLE ?= 1

PORT ?= 8501

.PHONY: book pdf quick test run paper smoke lab app environment lock clean

book: $(BOOK_READY)  ## build the HTML book from the committed notebooks (about 1 minute)
	@$(BOOK) -m agnbook.press.html

pdf: book environment  ## the whole book as _build/agnbook.pdf (needs Chromium)
	@$(FULL) -m agnbook.press.pdf

environment: $(FULL_READY)  ## create the full environment from requirements.lock

quick: environment  ## what can be checked in two minutes: style, pairs, published numbers, unit tests
	@$(FULL) -m agnbook.press.checks quick

test: environment  ## run all tests (about 30 minutes on 2 cores, 4 more the first time)
	@$(FULL) -m agnbook.press.checks test

run: environment  ## re-execute the chapters at `book` profile on this machine (CHAPTERS="11 12" for some)
	@AGNBOOK_PUBLISH=1 $(FULL) -m agnbook.press.chapters run $(CHAPTERS)

paper: environment  ## the paper-size runs; they write data/results and data/weights
	@AGNBOOK_PUBLISH=1 $(FULL) -m agnbook.press.chapters paper $(CHAPTERS)

smoke: environment  ## every line of every chapter on small sizes, in seconds
	@$(FULL) -m agnbook.press.chapters smoke $(CHAPTERS)

lab: environment  ## JupyterLab with paired notebooks
	@$(FULL) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks --ContentsManager.pre_save_hook=agnbook.press.lab.keep_the_pair

app: environment  ## the app for your own sources, on this machine only (PORT=8600 for another port)
	@$(FULL) -m streamlit run src/agnbook/ask/app.py --server.port $(PORT)

clean:  ## remove what was built; the environments and the data stay
	rm -rf _build .pytest_cache .ruff_cache .benchmarks .coverage*

# Exact versions, no hashes, and nothing that torch brings for a graphics card: its build is the platform's choice.
LOCK = .venv/bin/uv pip compile --quiet --no-header --no-annotate --python $(FULL)
lock: environment  ## write the exact versions that pyproject.toml allows to the lock files; what is there stays (UPGRADE=--upgrade)
	@$(LOCK) $(UPGRADE) pyproject.toml --extra chapters --group book --group notebooks --group test -o requirements.lock
	@grep -vE "^(nvidia|cuda|triton)-?" requirements.lock > _build/requirements.lock && mv _build/requirements.lock requirements.lock
	@$(LOCK) $(UPGRADE) --group book --constraint requirements.lock -o requirements-book.lock

.venv/ready: requirements.lock pyproject.toml
	@echo "Creating the environment .venv from requirements.lock (about 4 minutes, 5 GB) ..."
	@test -x $(FULL) || $(PYTHON) -m venv .venv
	@$(FULL) -m pip install -qq --disable-pip-version-check --no-warn-conflicts -r requirements.lock
	@$(FULL) -m pip install -qq --disable-pip-version-check --no-deps -e .
	@touch $@

.venv-book/ready: requirements-book.lock pyproject.toml
	@echo "Creating the light environment .venv-book (about 1 minute) ..."
	@test -x $(BOOK) || $(PYTHON) -m venv .venv-book
	@$(BOOK) -m pip install -qq --disable-pip-version-check -r requirements-book.lock
	@$(BOOK) -m pip install -qq --disable-pip-version-check --no-deps -e .
	@touch $@
