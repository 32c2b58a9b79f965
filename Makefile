# The few commands of every day; `make` alone lists them.
#
#   make demo ARGS="--days 20"        arguments for the program
#   make test ARGS="-k dead_letters"  arguments for pytest
#   make test ARGS="-n 0"             tests one after the other, in one process
#   make demo PYTHON=python3.13       another interpreter for .venv
#
# What is installed is remembered in .venv, in a file named after the content of the lock, of
# pyproject.toml and after the place of this folder (an editable install knows its own address).
# Nothing is installed again until one of them changes.

PYTHON ?= python3
ARGS ?=

# Tests start many processes, which would each compile the program again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-annotate --no-header

content = $(shell (pwd; cat pyproject.toml $(1)) | cksum | cut -d' ' -f1)
PLAIN := .venv/.plain-$(call content,requirements.lock)
DEV := .venv/.dev-$(call content,requirements-dev.lock)
TRAIN := .venv/.train-$(call content,requirements-train.lock)

# As many processes as tests/conftest.py says; a file of tests stays in one process, and
# the files that take longest come first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo server test lint types bench audit sbom extras lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s  %s\n", $$1, $$2 }' Makefile

demo: $(PLAIN) ## Run the whole pipeline on simulated outlets, offline
	@$(BIN)/barometer demo $(ARGS)

server: ## Barometer with Kafka, ClickHouse and Prefect in containers (docs/server.md)
	@command -v docker >/dev/null || { \
		echo "Docker is not installed; install it with its Compose plug-in, or use 'make demo'" >&2; \
		exit 1; }
	@sh deploy/choose_secrets.sh
	@docker compose up --detach --build $(ARGS)
	@echo "    the board is at http://127.0.0.1:8080 after the first watch; docs/server.md says what is where"

test: lint types ## Lint, type-check and run all tests
	@echo "==> pytest"
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

lint: $(DEV) ## ruff: rules and format
	@echo "==> ruff"
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m ruff format --check --quiet .

types: $(DEV) ## mypy, strict
	@echo "==> mypy"
	@$(BIN)/python -m mypy

bench: $(DEV) ## Documents per second through bus and storage
	@for file in benchmarks/*.py; do \
		case "$$file" in */__init__.py | */cookbook.py) continue ;; esac; \
		module=$$(basename "$$file" .py); \
		echo "==> benchmarks.$$module"; \
		$(BIN)/python -m "benchmarks.$$module" $(ARGS) || exit 1; \
	done

audit: $(DEV) ## Known vulnerabilities in what requirements.lock installs (asks a database)
	@$(BIN)/python .ci/audit.py

sbom: $(DEV) ## var/sbom.cdx.json: what requirements.lock installs, with licences (CycloneDX)
	@$(BIN)/python .ci/bill_of_materials.py var/sbom.cdx.json

extras: $(TRAIN) ## What training and other models need: PyTorch, transformers

lock: .venv/.made ## Choose exact versions again (ARGS=--upgrade for the newest)
	@test -x $(BIN)/uv || $(PIP) install uv
	@echo "==> requirements.lock, requirements-dev.lock, requirements-train.lock"
	@$(UV) $(ARGS) --output-file requirements.lock pyproject.toml >/dev/null
	@$(UV) --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml >/dev/null
	@$(UV) --extra train --constraint requirements-dev.lock pyproject.toml | \
		grep -v -E '^(nvidia-|cuda-|triton)' >requirements-train.lock

clean: ## Remove .venv and caches; var/ with its data stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Barometer needs Python 3.11 or newer and '$(PYTHON)' is not;" \
			"name one that is: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo "==> .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@touch $@

$(PLAIN): .venv/.made
	@echo "==> Installing requirements.lock into .venv (once, about 1.6 GB)"
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps --editable .
	@rm -f .venv/.plain-*
	@touch $@
	@echo "    .venv takes $$(du -sh .venv | cut -f1)"

$(DEV): .venv/.made
	@echo "==> Installing requirements-dev.lock into .venv (once, about 1.8 GB)"
	@$(PIP) install -r requirements-dev.lock
	@$(PIP) install --no-deps --editable .
	@rm -f .venv/.plain-* .venv/.dev-*
	@touch $@ $(PLAIN)
	@echo "    .venv takes $$(du -sh .venv | cut -f1)"

# What PyTorch needs of CUDA it says itself; a build for the processor alone needs nothing.
$(TRAIN): $(DEV)
	@echo "==> Installing requirements-train.lock into .venv (once; PyTorch is large)"
	@$(PIP) install -r requirements-train.lock
	@rm -f .venv/.train-*
	@touch $@
	@echo "    .venv takes $$(du -sh .venv | cut -f1)"
