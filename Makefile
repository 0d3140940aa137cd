# Everything the project does, one command each. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
PATHS := src tests examples

export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: preflight
preflight:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is missing. Install it: sudo apt-get install python3 python3-pip"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, $$($(PYTHON) --version) is here. Name another one: make PYTHON=python3.11"; exit 2; }
	@test -x $(UV) || $(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "pip is missing. Install it: sudo apt-get install python3-pip"; exit 2; }
	@command -v git >/dev/null || { echo "git is missing. Install it: sudo apt-get install git"; exit 2; }

$(UV): | preflight
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv==0.13.8

.venv/installed: pyproject.toml uv.lock | preflight $(UV)
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

.PHONY: setup
setup: .venv/installed ## Create the environment in .venv

.PHONY: run
run: setup ## The whole loop on the local Amazon: orders in, shipments confirmed (ONCE=1 ends afterwards)
	@$(BIN)/amazon-endpoint demo $(if $(filter 1,$(ONCE)),--once)

.PHONY: test
test: setup ## Pass every test
	@$(BIN)/pytest -n 2 --ignore=tests/conformance

.PHONY: check
check: setup ## Format, lint, strict types and import contracts
	@$(BIN)/ruff format --check $(PATHS)
	@$(BIN)/ruff check $(PATHS)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: fix
fix: setup ## Format and mend what can be mended by itself
	@$(BIN)/ruff format $(PATHS)
	@$(BIN)/ruff check --fix $(PATHS)

.PHONY: conformance
conformance: setup ## Referees that we did not write (AMAZON_MODELS=folder with Amazon's OpenAPI models)
	@$(BIN)/pytest tests/conformance

.PHONY: clean
clean: ## Remove what the commands above created
	@rm -rf .venv .tools .node .state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
