# Two commands do everything on a fresh machine: `make run` and `make test`. `make` alone lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PIP := $(VENV)/bin/pip install --quiet --disable-pip-version-check
GPU := $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -c GPU)
NEEDS := $(if $(filter-out 0,$(GPU)),requirements.txt,requirements-core.txt)

.DEFAULT_GOAL := help
NEEDS_SCALED := $(if $(filter-out 0,$(GPU)),requirements-serving.txt,)
.PHONY: help run run-scaled test check docs bench safety smoke clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/for-$(NEEDS)  ## set up, then serve on http://127.0.0.1:8000 (no key, no GPU, no hub needed)
	@$(VENV)/bin/python setup_huggingface.py --yes || \
		echo "No model on this machine for now (the lines above say why). Serving from the fact cards and any cloud with a key."
	$(VENV)/bin/python run.py

run-scaled: $(VENV)/for-$(NEEDS) $(VENV)/for-requirements-scaled.txt  ## several workers + a model server + PostgreSQL + Redis, on this machine
	@$(VENV)/bin/python setup_huggingface.py --yes || echo "No model server then (the lines above say why)."
	$(if $(NEEDS_SCALED),$(PIP) -r $(NEEDS_SCALED))
	$(VENV)/bin/python -m deploy.run_scaled

test: $(VENV)/for-requirements-dev.txt browser postgresql  ## run every test (no network, no key)
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile

check: $(VENV)/for-requirements-dev.txt  ## lint, types, layers, generated docs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/python -m docs.generate --check

docs: $(VENV)/for-requirements-dev.txt  ## write the generated parts of the docs
	$(VENV)/bin/python -m docs.generate

bench: $(VENV)/for-requirements-dev.txt  ## measure: start-up, added latency, local decoding
	$(VENV)/bin/python -m bench.startup
	$(VENV)/bin/python -m bench.overhead
	$(VENV)/bin/python -m bench.local_decode

safety: $(VENV)/for-requirements-dev.txt  ## measure danger signs: recall and false alarms; fails under the gate
	$(VENV)/bin/python -m tests.chatbot.safety.gate --ablation

smoke: $(VENV)/for-requirements-dev.txt  ## start the real server, ask the main questions, print the answers
	$(VENV)/bin/python -m bench.smoke

.PHONY: browser postgresql
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
		echo "No Chromium, and none could be installed: the page tests are skipped."

postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq postgresql >/dev/null; } || \
		echo "No PostgreSQL, and none could be installed: the tests on it are skipped."

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed, not " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# torch first and by its exact pin, so that nothing else draws in another build of it
$(VENV)/for-requirements-core.txt: requirements-core.txt constraints.txt | $(VENV)/bin/python
	$(PIP) -r requirements-core.txt
	@touch $@

$(VENV)/for-requirements.txt: requirements.txt requirements-core.txt constraints.txt | $(VENV)/bin/python
	$(PIP) torch==2.13.0
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/for-requirements-scaled.txt: requirements-scaled.txt constraints.txt | $(VENV)/bin/python
	$(PIP) -r requirements-scaled.txt
	@touch $@

$(VENV)/for-requirements-dev.txt: requirements-dev.txt requirements-clouds.txt requirements-otel.txt requirements-scaled.txt requirements-serving.txt requirements.txt requirements-core.txt constraints.txt | $(VENV)/bin/python
	$(PIP) torch==2.13.0
	$(PIP) -r requirements-dev.txt
	@touch $@

clean:  ## remove what make built (never your database or models)
	rm -rf $(VENV) .made .pytest_cache .mypy_cache .ruff_cache
