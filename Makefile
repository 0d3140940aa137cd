# Everything the project does, one command each. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.8
UV_HOME := .tools/uv-$(UV_VERSION)
UV := $(UV_HOME)/bin/uv
BIN := .venv/bin
PATHS := src tests examples benchmarks

export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
# Temporary files stay in the checkout too.
export TMPDIR := $(CURDIR)/.state/tmp

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: preflight
preflight:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is missing. Install it: sudo apt-get install python3 python3-pip"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, $$($(PYTHON) --version) is here. Name another one: make PYTHON=python3.11"; exit 2; }
	@test -e $(UV_HOME)/installed || $(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "pip is missing. Install it: sudo apt-get install python3-pip"; exit 2; }
	@command -v git >/dev/null || { echo "git is missing. Install it: sudo apt-get install git"; exit 2; }
	@mkdir -p "$$TMPDIR"

# Each is made last, so that what was interrupted is done again from the start.
$(UV_HOME)/installed: | preflight
	@rm -rf .tools
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target $(UV_HOME) uv==$(UV_VERSION)
	@touch $@

# What the product needs. --inexact leaves alone what the other one has installed.
.venv/installed: pyproject.toml uv.lock $(UV_HOME)/installed | preflight
	@$(UV) sync --frozen --quiet --no-dev --inexact --python $(PYTHON)
	@touch $@

# And what its development needs.
.venv/installed-dev: pyproject.toml uv.lock $(UV_HOME)/installed | preflight
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch .venv/installed $@

.PHONY: setup
setup: .venv/installed-dev ## Create the environment in .venv

.PHONY: run
run: .venv/installed ## The whole loop on the local Amazon: orders in, shipments confirmed (ONCE=1 ends afterwards)
	@$(BIN)/amazon-endpoint demo --store examples/receiver.py $(if $(filter 1,$(ONCE)),--once)

.PHONY: test
test: setup ## Pass every test
	@$(BIN)/pytest -n 2 --durations=25 --ignore=tests/conformance

.PHONY: check
check: setup ## Format, lint, strict types, import contracts, container files, vulnerabilities, secrets
	@$(BIN)/ruff format --check $(PATHS)
	@$(BIN)/ruff check $(PATHS)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	@$(UV) export --frozen --no-emit-project --quiet --output-file "$$TMPDIR/locked.txt"
	@$(BIN)/python -m tests.checks.vulnerabilities "$$TMPDIR/locked.txt" benchmarks/peers/requirements.txt
	@$(BIN)/python -m tests.checks.secrets

.PHONY: fix
fix: setup ## Format and mend what can be mended by itself
	@$(BIN)/ruff format $(PATHS)
	@$(BIN)/ruff check --fix $(PATHS)

.PHONY: conformance
conformance: setup ## Referees that we did not write (AMAZON_MODELS=folder with Amazon's OpenAPI models)
	@$(BIN)/pytest tests/conformance

.PHONY: chaos
chaos: setup ## Kill, fill and restart everything for some minutes; nothing may be lost (SEED=number)
	@$(BIN)/python -m tests.chaos $(SEED)

# What we are compared to, in an environment of its own. Without PyPI their rows are skipped.
.state/peers/installed: benchmarks/peers/requirements.txt $(UV_HOME)/installed | preflight
	@$(UV) venv --quiet --clear --python $(PYTHON) .state/peers
	@$(UV) pip install --quiet --python .state/peers --require-hashes -r $< \
		&& touch $@ || { echo "The peers can't be installed: their rows are skipped."; rm -rf .state/peers; }

.PHONY: bench
bench: setup .state/peers/installed ## Measure everything, and write it to docs/performance.md
	@$(BIN)/python -m benchmarks --into docs

.PHONY: soak
soak: setup ## Ten minutes of steady work under failures: nothing may be lost, memory may not grow (SECONDS=number)
	@$(BIN)/python -m tests.soak $(or $(SECONDS),600)

.PHONY: fuzz
fuzz: setup ## Try more bad input on every parser and on the endpoint than `make test` does
	@$(BIN)/pytest -n 2 --hypothesis-profile=deep tests/fuzz

.PHONY: clean
clean: ## Remove what the commands above created
	@rm -rf .venv .tools .node .state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
