# Guanfang. `make help` lists what can be asked for.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# Passed on to pytest, for example: make test PYTEST_ARGS="-k activation -x"
PYTEST_ARGS ?=
WORKERS ?= 2

##@ Start
.PHONY: help setup setup-demo demo migrate
help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} \
	    /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install missing Debian packages (root or sudo) and the Python environment
	@ops/provision/setup.sh test

setup-demo:
	@ops/provision/setup.sh demo

demo: setup-demo ## Run a whole small registry on this machine, with cards in memory
	@exec $(BIN)/guanfang demo

migrate: setup-demo ## Bring the configured database to the newest schema
	@$(BIN)/guanfang db upgrade

##@ Check
.PHONY: test test-fast fuzz explore lint style imports types format
test: setup lint ## Lint, types and the whole suite, on SQLite and PostgreSQL
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

test-fast: ## The tests without browser and card reader, stop at the first failure
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not browser and not card_stack" -x -q $(PYTEST_ARGS)

fuzz: ## Run every fuzzer of tests/fuzz at full length, minutes each
	@for script in tests/fuzz/*.py; do \
	    case "$$script" in */test_*|*/conftest.py|*/__init__.py) continue;; esac; \
	    name=$${script%.py}; echo "$$name"; $(BIN)/python -m "$${name//\//.}"; \
	done

explore: ## Look for examples that break a property, with fresh chance each time, tens of minutes
	@$(BIN)/pytest -n $(WORKERS) -m hypothesis --hypothesis-profile=explore --timeout=3600 $(PYTEST_ARGS)

lint: style imports types ## Style, import contracts and types

style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

imports:
	@$(BIN)/lint-imports

types:
	@$(BIN)/mypy

format: ## Let ruff format the code and mend what it safely can
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

##@ Write and measure
.PHONY: docs bench
docs: ## Generate the documents that are made from the code
	@$(BIN)/python -m ops.rules --write
	@$(BIN)/python -m ops.charts

bench: ## Run the benchmarks of bench/, each beside its peer
	@for script in $(filter-out bench/registry.py,$(sort $(wildcard bench/*.py))); do \
		echo "== $$script" >&2; $(BIN)/python "$$script" || exit 1; done

##@ Tidy
.PHONY: clean
clean: ## Remove caches and build products; keeps .venv and var/
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -path ./.venv -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
