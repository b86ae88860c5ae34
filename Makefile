# Every target sets up what it needs by itself: uv in .tools/, the locked environment in .venv/.
# Needs Python 3.11 to 3.13 with venv, make, and the package registries; never root.

PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .tools/bin/uv
RUN := $(UV) run --no-sync

# Where this is set, as in many images, every process compiles all that it imports: three times the CPU of a start.
unexport PYTHONDONTWRITEBYTECODE

# uv and older pips bring certificates of their own, which lack that of a proxy that inspects TLS: where this machine has
# certificates, they take those. Python finds them, in SSL_CERT_FILE and SSL_CERT_DIR where these are set.
SYSTEM_CERTS := $(shell $(PYTHON) -c "import os, ssl; found = ssl.get_default_verify_paths(); \
	print(found.cafile or (found.capath if found.capath and os.listdir(found.capath) else ''))")
ifneq ($(SYSTEM_CERTS),)
export UV_SYSTEM_CERTS ?= 1
export PIP_CERT ?= $(SYSTEM_CERTS)
endif

.PHONY: help setup demo ui serve test lint format bench pictures clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --locked --quiet --python $(PYTHON)
	$(RUN) python -c "from orchestration.transformations import prepare_manifest; prepare_manifest()"
	@touch $@

setup: .venv/.ready  ## the locked environment in .venv/

demo: setup  ## sample studies, then the main job: four folders of annotated pictures
	$(RUN) doubleread demo

ui: setup  ## the Dagster page on http://127.0.0.1:3000
	$(RUN) doubleread ui

serve: setup  ## the results service on http://127.0.0.1:8000, with the demo's findings where there are none
	@test -e training_set/manifest.parquet || $(RUN) doubleread demo
	@$(RUN) doubleread token list --json | grep -q '"name": "demo"' || \
		{ echo 'log in on http://127.0.0.1:8000 with this token, which is shown once:'; \
		$(RUN) doubleread token create demo --role reader; }
	$(RUN) doubleread serve

test: setup  ## the whole suite, on all cores
	$(RUN) pytest -n auto --dist worksteal --durations=15

lint: setup  ## format, lint, types, unused code and SQL style
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) python .ci/unused_code.py
	$(RUN) sqlfluff lint --disable-progress-bar dbt_project

format: setup  ## rewrite the code in the house style
	$(RUN) ruff format
	$(RUN) ruff check --fix

bench: setup  ## the ratios of docs/performance.md, measured on this machine
	$(RUN) python -m benchmarks

pictures: setup  ## the pictures of the README, from a demo in this folder
	$(RUN) python docs/make_pictures.py

clean:  ## remove the environment and caches; data and results stay
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache dbt_project/target dbt_project/logs
