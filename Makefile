# make demo | make test | make flight (a drone's flight over the demo's county); all begin with make setup, which does nothing the second time.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: setup demo flight test lint bench lock reference pictures

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
FIND_PYTHON := for p in python3.11 python3.12 python3.13 python3; do \
	  if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then command -v $$p; break; fi; done

setup: .venv/.warm

.venv/.installed: requirements.lock pyproject.toml
	@py=$$($(FIND_PYTHON)); \
	if [ -z "$$py" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq; \
	  apt-get install -y -qq --no-install-recommends python3 python3-venv libexpat1 >/dev/null; \
	  py=$$($(FIND_PYTHON)); \
	fi; \
	if [ -z "$$py" ]; then echo "Python 3.11 or newer with venv is needed. On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; fi; \
	$(BIN)/python -c '' 2>/dev/null || { rm -rf .venv; "$$py" -m venv .venv; }
	@echo "Installing the locked packages into .venv"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.warm: .venv/.installed $(wildcard pipeline/detect/*.py) pipeline/patches/components.py pipeline/sources/tiles.py pipeline/warmth.py
	@echo "Compiling the kernels"
	@$(BIN)/minewarden warm
	@touch $@

demo: setup
	@$(BIN)/minewarden demo

flight: setup
	@test -d demo/flight || $(BIN)/python data/samples/flight.py demo demo/flight

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Two at a time; a file's tests share the county they make. In the order of their folders, so that the long files are not the last ones.
test: lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: setup
	@for file in bench/bench_*.py; do echo "$$file"; $(BIN)/python "$$file"; done

# After a change of dependencies. The lock names no index, so that any mirror can serve it.
lock: setup
	$(PIP) install pip-tools
	PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --quiet --extra dev --extra s3 --extra stac --extra sentinelhub --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

# After a change of the config's models, of the rules, or of what the files hold.
reference: setup
	$(BIN)/python -c 'from pipeline.findings.law import render; print(render(), end="")' > docs/rules.md
	$(BIN)/python -c 'from pipeline.config_text import EXAMPLE, render; print(render(EXAMPLE), end="")' > configs/reference.yaml
	$(BIN)/python -c 'from pipeline.publish.reference import markdown; print(markdown(), end="")' > docs/fields.md

# Pictures of the READMEs, from the demo's report as it looks in Chromium.
pictures: demo
	$(BIN)/python docs/pictures/make.py demo
