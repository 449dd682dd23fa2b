# Run, test, check, measure. Everything lives in .venv; `make run` and `make test` are all that anybody needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: help run dev fix serve test t quick check soak bench api messages lock chromium postgresql nginx

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
LOCALES := en es fr ht nl pt
CATALOGUE := translations/messages.pot
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
UV ?= uv
PROCESSES ?= 3
PYTEST := $(BIN)/python -m pytest
SCRIPT_TOOLS := tests/js/node_modules/installed
INSTALL := apt-get install --yes --no-install-recommends

# What tests start again and again need not be compiled again and again.
test t quick check soak: export PYTHONDONTWRITEBYTECODE :=

help: ## every target, with what it does
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## the app with a demo programme on http://HOST:PORT
	$(FLASK) db upgrade
	$(FLASK) demo --if-empty
	@echo "Sign in at http://$(HOST):$(PORT) as desk.hnd, shelter.hnd, supervisor.hnd, regional or admin; password ventanilla-demo"
	@echo "(desk.<country>, shelter.<country> and supervisor.<country> exist for every programme country)"
	@echo "What this installation needs before it is real: $(FLASK) setup check"
	exec $(BIN)/gunicorn --config deploy/gunicorn.conf.py --bind $(HOST):$(PORT)

dev: .venv/installed-dev ## the same with reload when a file changes
	$(FLASK) db upgrade
	$(FLASK) demo --if-empty
	exec $(FLASK) run --debug --host $(HOST) --port $(PORT)

fix: .venv/installed-dev ## format Python and scripts, and correct what the linters can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/biome check --write

serve: .venv/installed-dev nginx ## production as on the operator's page, behind nginx with TLS (root)
	exec $(BIN)/python -m tests.production.serve

test: .venv/installed-dev $(SCRIPT_TOOLS) postgresql chromium nginx ## everything: unit, both databases where they differ, browser
	$(PYTEST) -n $(PROCESSES)

t: .venv/installed-dev ## some tests: make t T=tests/people/test_codes.py::test_...
	$(PYTEST) $(T)

quick: .venv/installed-dev ## a minute after a change: format, lint, types, imports, contracts, unit tests of what changed
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n 2 -k "not postgresql" $$($(BIN)/python -m tests.touched)

check: .venv/installed-dev $(SCRIPT_TOOLS) ## format, lint, types, walls between rooms, templates, scripts, dependencies, catalogues
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/biome check
	$(BIN)/node tests/js/node_modules/typescript/bin/tsc --project tests/js/tsconfig.json
	$(BIN)/node tests/js/node_modules/typescript/bin/tsc --project tests/js/tsconfig.worker.json
	$(BIN)/deptry .
	$(BIN)/python -m pytest --quiet tests/contracts/test_catalogues.py

soak: .venv/installed-dev postgresql chromium nginx ## all tests on both databases, with the long kill, race and browser rounds
	VENTANILLA_ROUNDS=10 $(PYTEST) -n $(PROCESSES)

bench: .venv/installed-dev postgresql ## one table: figure, target, the ratio's two sides
	$(BIN)/python -m tests.benchmarks

api: .venv/installed-dev ## docs/api.md again from the code
	$(FLASK) openapi --format markdown > docs/api.md

messages: .venv/installed-dev ## new source messages into all six catalogues
	$(BIN)/pybabel -q extract -F .babel.cfg -k N_ --sort-output --no-location --omit-header -o $(CATALOGUE) .
	for locale in $(LOCALES); do \
	  [ -e translations/$$locale/LC_MESSAGES/messages.po ] || $(BIN)/pybabel -q init -i $(CATALOGUE) -d translations -l $$locale; \
	  $(BIN)/pybabel -q update -i $(CATALOGUE) -d translations -l $$locale --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 110; \
	done

lock: ## new versions of all dependencies, with hashes (needs uv; upgrade with UV_UPGRADE=1)
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.txt
	$(UV) pip compile pyproject.toml --group dev --constraint requirements.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-dev.txt

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(PIP) -r requirements-dev.txt
	@touch $@

# The type checker of the scripts and what their unit tests need; Node and its package manager come with the wheel above.
$(SCRIPT_TOOLS): tests/js/package-lock.json .venv/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix tests/js --no-audit --no-fund --loglevel=error
	@touch $@

# The headless shell draws pages at half the cost; what needs a profile or a worker runs in the whole browser.
chromium:
	@if command -v chromium >/dev/null && command -v chromium-headless-shell >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && { $(INSTALL) chromium chromium-headless-shell || $(INSTALL) chromium; }; \
	elif command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then exit 0; \
	else echo "Chromium is missing: install it with 'sudo apt-get install chromium'. The browser tests will fail without it." >&2; fi

nginx:
	@if [ -x /usr/sbin/nginx ] && command -v certutil >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && $(INSTALL) nginx libnss3-tools; \
	else echo "nginx or certutil is missing: install them with 'sudo apt-get install nginx libnss3-tools'. The tests of production will fail without them." >&2; fi

postgresql:
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && $(INSTALL) postgresql; \
	else echo "PostgreSQL is missing: install it with 'sudo apt-get install postgresql'. The tests on it will fail without it." >&2; fi
