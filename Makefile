# Everything a person or a pipeline does here. `make run` shows the dashboard, `make test` tests it.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--strip-extras --no-header --no-emit-index-url --no-emit-find-links
# What has to install from the locks alone, without a compiler. 3.11.3 is where redis needs less.
LOCKS := deploy dev
PYTHONS := 3.11.0 3.11.3 3.12 3.13
PLATFORMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin
STATIC := $(shell find static -type f)
MESSAGES := $(shell find locale -name '*.po')

.DEFAULT_GOAL := help
.PHONY: help run serve setup test test-all test-django check check-locks lint-api bench bench-fleet people vitals lighthouse scan lock messages os-support screenshot shots clean

help:
	@echo "make run         the demo: a sandbox cloud and the dashboard, nothing else needed"
	@echo "make serve       the dashboard alone, for real (see README: Run it for real)"
	@echo "make test        what has to pass before anything lands, the browser included"
	@echo "make test-all    every test on both backends: kills, storms, every page in every language"
	@echo "make test-django PYTHON=python3.12: what needs no browser, on the newest Django"
	@echo "make check       lint, types, import rules, templates"
	@echo "make bench       how fast, beside a page with nothing in it (takes some minutes)"
	@echo "make bench-fleet how many accounts refreshers carry (takes an hour and more)"
	@echo "make people      two hundred people at once for ten minutes: p99, memory, errors"
	@echo "make scan        a web scanner against the whole deployment (takes some minutes)"
	@echo "make vitals      how quick the list feels in Chromium (takes some minutes)"
	@echo "make lighthouse  what Lighthouse says of the list (needs node and npm)"
	@echo "make lint-api    what Redocly and Spectral say of the API's description (needs node and npm)"
	@echo "make screenshot  regenerate the README's picture"
	@echo "make shots       pictures of every page and state in build/shots (ONLY=list: of some)"
	@echo "make lock        resolve the pinned dependencies anew"
	@echo "make messages    collect the texts to translate (needs gettext)"
	@echo "make os-support  until when systems are supported, anew (FILE=facts.json)"

run: .venv/run.stamp build/static.stamp build/messages.stamp
	@exec $(BIN)/python -m dashboard.demo

serve: setup
	@exec $(BIN)/python -m gunicorn --config python:dashboard.gunicorn dashboard.wsgi

setup: .venv/run.stamp build/static.stamp build/messages.stamp
	@$(BIN)/python manage.py prepare

test: setup .venv/dev.stamp
	@sh tests/browser/chromium.sh && sh tests/stack/nginx.sh
	@$(BIN)/python -m tests

test-all: setup .venv/dev.stamp
	@sh tests/browser/chromium.sh && sh tests/stack/nginx.sh
	@$(BIN)/python -m tests --all

# With the newest Django that is allowed, for which PYTHON has to be 3.12 or newer.
test-django: .venv/dev.stamp build/static.stamp build/messages.stamp
	@$(BIN)/uv venv --quiet --allow-existing --python "$(PYTHON)" build/django
	@echo 'django>=6.1,<6.2' > build/django/newest.txt
	@$(BIN)/uv pip install --quiet --python build/django --no-verify-hashes \
		--override build/django/newest.txt --requirement requirements/dev.txt
	@build/django/bin/python -m pytest -n auto --dist loadfile -m "not thorough" tests/unit tests/integration

check: setup .venv/dev.stamp check-locks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0

bench: setup .venv/dev.stamp
	@$(BIN)/python -m tests.bench

bench-fleet: setup .venv/dev.stamp
	@$(BIN)/python -m tests.bench.fleet

people: setup .venv/dev.stamp
	@$(BIN)/python -m tests.bench.people

scan: setup .venv/dev.stamp
	@sh tests/stack/nginx.sh && sh tests/stack/wapiti.sh
	@$(BIN)/python -m tests.stack.scan

vitals: setup .venv/dev.stamp
	@sh tests/browser/chromium.sh
	@$(BIN)/python -m tests.bench.vitals

lighthouse: setup .venv/dev.stamp tests/bench/lighthouse/node_modules/.package-lock.json
	@sh tests/browser/chromium.sh
	@$(BIN)/python -m tests.bench.lighthouse

tests/bench/lighthouse/node_modules/.package-lock.json: tests/bench/lighthouse/package-lock.json
	@npm ci --silent --prefix tests/bench/lighthouse

lint-api: setup .venv/dev.stamp tests/stack/openapi/node_modules/.package-lock.json
	@DJANGO_SETTINGS_MODULE=dashboard.settings $(BIN)/python -m tests.stack.openapi

tests/stack/openapi/node_modules/.package-lock.json: tests/stack/openapi/package-lock.json
	@npm ci --silent --prefix tests/stack/openapi

screenshot: setup .venv/dev.stamp
	@sh tests/browser/chromium.sh
	@$(BIN)/python -m tests.browser.screenshot docs/images.png

shots: setup .venv/dev.stamp
	@sh tests/browser/chromium.sh
	@$(BIN)/python -m tests.browser.shots "$(ONLY)"

lock: .venv/dev.stamp
	$(LOCK) --extra oidc --group wheel --output-file requirements/deploy.txt pyproject.toml
	$(LOCK) --all-extras --group dev --constraint requirements/deploy.txt \
		--output-file requirements/dev.txt pyproject.toml

# Resolves each lock for each Python and platform, and installs nothing.
check-locks: .venv/dev.stamp
	@for lock in $(LOCKS); do for python in $(PYTHONS); do for platform in $(PLATFORMS); do \
		echo "$$lock $$python $$platform"; done; done; done | \
	xargs -P 4 -L 1 sh -c '$(BIN)/uv pip install --quiet --dry-run --require-hashes \
		--only-binary :all: --target build/nowhere --requirement "requirements/$$0.txt" \
		--python-version "$$1" --python-platform "$$2" || \
		{ echo "requirements/$$0.txt does not install on Python $$1 for $$2" >&2; exit 1; }'

messages: .venv/dev.stamp
	$(BIN)/python manage.py makemessages --all --no-obsolete --no-location --ignore build --ignore .venv

os-support: setup
	@$(BIN)/python manage.py renew_os_support $(FILE)

clean:
	rm -rf .venv build

.venv/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making the virtual environment …"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/pip.stamp requirements/deploy.txt
	@echo "Installing the dependencies …"
	@$(PIP) --no-compile -r requirements/deploy.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo "Installing the tools for tests and checks …"
	@$(PIP) --no-compile -r requirements/dev.txt
	@touch $@

build/static.stamp: .venv/run.stamp $(STATIC)
	@echo "Collecting the static files …"
	@$(BIN)/python manage.py collectstatic --no-input --clear --verbosity 0
	@touch $@

build/messages.stamp: .venv/run.stamp $(MESSAGES)
	@mkdir -p build
	@$(BIN)/python -m dashboard.messages
	@touch $@
