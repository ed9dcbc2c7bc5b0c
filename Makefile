# All that these targets write stays in this folder: .venv, caches, and what the server stores.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BENCH_INSTALLED := $(VENV)/.bench-installed
WORKERS ?= 2

# The first Python that is new enough.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$name && break; done)
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(INSTALLED) ## Serve the demo catalogue
	@$(BIN)/tmf demo

.PHONY: test
test: lint ## Check the code and run the tests
	@TMF_TEST_INSTALL=1 $(BIN)/python -m pytest -n $(WORKERS)

.PHONY: test-long
test-long: export TMF_LONG = 1
test-long: test ## The same, with the long versions of the tests

# FULL=1: 1,000,000 rows, into docs/benchmarks.md. KEEP=1: the loaded database stays for the next run.
.PHONY: bench
bench: export TMF_TEST_INSTALL = 1
bench: FLAGS = $(if $(FULL),--full --write docs/benchmarks.md) $(if $(KEEP),--keep)
bench: $(BENCH_INSTALLED) ## Measure beside other ways to write it (minutes; FULL=1: an hour)
	@$(BIN)/python -m bench $(FLAGS)
	@$(BIN)/python -m bench.events $(if $(FULL),--full --write docs/benchmarks.md)
	@$(BIN)/python -m bench.story $(if $(FULL),--full --write docs/benchmarks.md)
	@$(BIN)/python -m bench.alarms $(if $(FULL),--full --write docs/benchmarks.md)

.PHONY: lint
lint: $(INSTALLED) ## Check style, types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: install
install: $(INSTALLED) ## Install the program and its tools into .venv

# Built without isolation, so that the build tool is pinned too.
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

$(BENCH_INSTALLED): $(INSTALLED)
	@echo "Installing what is measured beside it ..."
	@$(PIP) --no-build-isolation --editable '.[dev,bench]'
	@touch $@

.PHONY: clean
clean: ## Remove .venv and caches; what the server stored stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
