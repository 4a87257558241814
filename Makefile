# Thaman. `make` alone lists what can be done. Needs git, make and python3 >= 3.11 with venv; everything else is installed
# into this folder from uv.lock the first time, and later runs need no network.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
# Hundreds of processes start in the tests; without compiled modules each would spend seconds on compiling them again.
export PYTHONDONTWRITEBYTECODE :=
# Test files run side by side in so many processes; each has its own servers, unless servers are given.
# In the order of testpaths: the long end-to-end files come first, so that no process waits for another's at the end.
WORKERS ?= $(if $(THAMAN_DATABASE_URL)$(THAMAN_NATS_URL),1,2)

UV_VERSION := 0.13.9
HOME_DIR := .thaman
TOOLS := $(HOME_DIR)/tools
UV := $(TOOLS)/bin/uv
PY := .venv/bin/python

# The newest python3 on the path that is new enough; asked for only when something has to be installed.
FIND_PYTHON := for p in python3.13 python3.12 python3.11 python3; do \
  if "$$p" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then command -v "$$p"; exit 0; fi; done; \
  echo "Thaman needs python3 >= 3.11 with the venv module; none was found on PATH." >&2; \
  echo "Install it (Debian/Ubuntu: apt install python3 python3-venv) and run make again." >&2; exit 1

# Changes whenever the lock, a member's requirements or this folder's place change.
STAMP := $(HOME_DIR)/installed-$(shell { pwd; cat uv.lock pyproject.toml */pyproject.toml services/*/pyproject.toml; } 2>/dev/null | cksum | cut -d' ' -f1)

.PHONY: help install demo up test check bench market tafeng match fuzz faults pictures

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-9s %s\n", $$1, $$2}'
	@echo '  Pass options on with ARGS, for example: make demo ARGS="--once --json"'

demo: $(STAMP) ## Start everything, connect three demo stores and price them; Ctrl-C ends it
	@$(PY) -m thaman_cli demo $(ARGS)

up: $(STAMP) ## Start everything without demo stores; Ctrl-C ends it
	@$(PY) -m thaman_cli up $(ARGS)

test: $(STAMP) ## All tests, on embedded PostgreSQL and NATS
	@$(PY) -m pytest -p tests.support.tools_required -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not faults" $(ARGS)

check: $(STAMP) ## Lint, format, strict types, import rules, drift of contracts and stored events
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy -p thaman_contracts -p thaman_kit -p thaman_onboarding -p thaman_scheduler -p thaman_optimizer \
	  -p thaman_audit -p thaman_dashboard -p thaman_sandbox -p thaman_cli
	@.venv/bin/lint-imports
	@$(PY) -m thaman_contracts.generate contracts --check
	@$(PY) -m tests.golden.stored --check
	@$(PY) deploy/nats/generate_users.py --check

bench: $(STAMP) ## Throughput figures, side by side with a Celery + Redis + SQLAlchemy pipeline
	@$(PY) tests/benchmarks/bench.py $(ARGS)

market: $(STAMP) ## A simulated market: the engine against rules and oracles, with a picture
	@OMP_NUM_THREADS=1 $(PY) -m tests.benchmarks.market $(ARGS)

tafeng: $(STAMP) ## The demand model on real sales it has not seen
	@OMP_NUM_THREADS=1 $(PY) -m tests.benchmarks.tafeng $(ARGS)

fuzz: $(STAMP) ## Five minutes of pages made to break the reader, by atheris
	@$(PY) -m tests.fuzz $(ARGS)

match: $(STAMP) ## The matcher on labelled product pairs; ARGS=--write trains it anew, ARGS=--speed measures speed
	@OMP_NUM_THREADS=1 $(PY) -m tests.benchmarks.match $(ARGS)

faults: $(STAMP) ## Kill and fault runs; THAMAN_SEEDS=n sets how many
	@$(PY) -m pytest -m faults tests/faults tests/interleavings tests/end_to_end services/optimizer --timeout 3600 $(ARGS)

pictures: $(STAMP) ## The README's pictures of the dashboard, and every page's in build/screenshots, by Chromium
	@THAMAN_PICTURES=docs/pictures $(PY) -m pytest tests/browser -k test_every_page $(ARGS)

install: $(STAMP) ## Install from the lock into .venv

$(UV):
	@mkdir -p $(HOME_DIR)
	@echo "… installing uv $(UV_VERSION) into $(TOOLS)"
	@python=$$($(FIND_PYTHON)); "$$python" -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || \
	  { rm -rf $(TOOLS); echo "uv could not be installed: the first run needs a package index. Check the network and run make again." >&2; exit 1; }

$(STAMP): | $(UV)
	@echo "… installing Thaman's packages from uv.lock into .venv (once)"
	@python=$$($(FIND_PYTHON)); \
	  UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(UV) sync --frozen --all-packages --all-extras --python "$$python"
	@rm -f $(HOME_DIR)/installed-*
	@touch $@
