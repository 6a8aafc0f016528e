# What a newcomer types. Every target makes .venv and installs what it needs on first use.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --no-compile
PYTEST := $(BIN)/python -m pytest -q
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))

export GRADIO_ANALYTICS_ENABLED := False
export TOKENIZERS_PARALLELISM := false
# Compiling all that pip installs takes a minute; the first import compiles what is used, and keeps it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: space help demo test check lint format test-fast test-slow test-e2e chromium bench stored-run clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/runtime  ## open the page on http://localhost:7860
	$(BIN)/python app.py

test: test-fast test-slow test-e2e  ## everything CI runs: fast, slow and browser tests

check: lint test-fast  ## before a commit: style, types, fast tests

lint: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/development  ## let ruff rewrite what lint complains about
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One process per core: the models here are small, threads inside them gain nothing.
test-fast: .venv/development
	OMP_NUM_THREADS=1 $(PYTEST) -m "not slow and not e2e" -n 2 --dist loadfile

test-slow: .venv/development
	OMP_NUM_THREADS=1 $(PYTEST) -m "slow and not e2e" -n 2

# A browser on a busy machine now and then outlives a deadline: such a test gets a second chance, and
# the summary names it (R).
test-e2e: .venv/development chromium
	$(PYTEST) -m e2e -n 2 --dist loadfile --reruns 1 -rR

# Debian's Chromium; Playwright's own download is not used.
chromium:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing chromium"; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	else \
	  echo "The browser tests need Chromium: install it (Debian: sudo apt install chromium)," >&2; \
	  echo "or run the others alone: make test-fast test-slow" >&2; exit 1; \
	fi
endif

bench: .venv-bench/ready  ## ours against transformers; writes tests/benchmarks/README.md
	.venv-bench/bin/python -m tests.benchmarks

# The run that stands on the page before anybody pressed Summarize.
stored-run: .venv/runtime  ## make the stored run of the first example anew
	printf %s "$$(tail -n +2 assets/examples/1-news.txt)" | $(BIN)/python -m model summarize \
	  --model assets/models/transformer --style headline --json - \
	  > assets/examples/1-news.json

# What a Hugging Face Space gets; assets/deploy/README.md says how to push it.
space:  ## build the tree to push to a Space, in build/space
	$(PYTHON) assets/deploy/build_space.py build/space

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gistscope needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: pyproject.toml | .venv/bin/python
	$(PIP) -e .
	@touch $@

.venv/development: pyproject.toml | .venv/bin/python
	$(PIP) -e '.[training,test,dev]'
	@touch $@ .venv/runtime

.venv-bench/ready: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --quiet -e '.[benchmarks]'
	@touch $@

clean:  ## remove the environments and caches, never data or models
	rm -rf .venv .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
