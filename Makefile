# Everything starts from nothing: the first target that needs .venv makes it.
# PYTHON=/path/to/python chooses the interpreter; otherwise the first fit one of these is taken.
# CORES=n runs the tests in so many processes, each with one thread; TESTS='tests/a tests/b' runs these alone. They keep
# compiled modules (`make clean` removes them) wherever the environment forbids it: each of a hundred processes would
# compile the package anew.
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14)
UV ?= uv
CORES ?= 2
TESTS ?=
BIN := .venv/bin
STAMP := .venv/.stamp
DOCS_STAMP := .venv/.stamp-docs
ONE_THREAD := env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 RAYON_NUM_THREADS=1
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest -n $(CORES) --dist worksteal $(TESTS)
LOCK = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCKFLAGS)
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# A lock file in a third of pip's time, by uv; by pip where uv cannot be had or does not reach the packages.
INSTALL = { $(PIP) install uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -r $(1); } \
  >/dev/null 2>&1 || $(PIP) install -r $(1)

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo docs atlas test test-slow test-exhaustive test-lowest test-latest coverage browser lint bench lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP)  ## make .venv and install what the lock file names

$(STAMP): pyproject.toml requirements.lock
	@py=; for c in $(PYTHONS); do \
	  if "$$c" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then py=$$c; break; fi; \
	done; \
	if [ -z "$$py" ]; then echo "error: no Python >= 3.11 among: $(PYTHONS) (set PYTHON=...)" >&2; exit 1; fi; \
	if $(BIN)/python -m pip --version >/dev/null 2>&1; then echo "[1/3] keeping .venv"; \
	else echo "[1/3] making .venv ($$("$$py" --version))"; "$$py" -m venv --clear .venv; fi
	@echo "[2/3] installing requirements.lock"
	@$(call INSTALL,requirements.lock)
	@echo "[3/3] installing qcoord_hw"
	@$(PIP) install --no-deps -e .
	@touch $@

demo: $(STAMP)  ## three games and a linear computation on a simulator and on a noise model, and the report
	$(BIN)/qcoord run chsh magic-square ghz-3 example-1-f4 --target aer --shots 20000 --seed 7
	$(BIN)/qcoord run chsh magic-square ghz-3 example-1-f4 --target fake_torino --shots 20000 --seed 7
	$(BIN)/qcoord report latest

docs: $(DOCS_STAMP)  ## build the documentation; every notebook runs, every warning is an error
	@rm -rf docs/_build docs/generated
	@$(BIN)/python -m sphinx -b html -W --keep-going -q -j $(CORES) docs docs/_build/html
	@echo "docs/_build/html/index.html"

$(DOCS_STAMP): $(STAMP) requirements-docs.lock
	@echo "installing requirements-docs.lock"
	@$(call INSTALL,requirements-docs.lock)
	@touch $@

ATLAS := chsh magic-square ghz-3 ghz-4 odd-cycle-5 tilted rac-2 rac-3 hardy-1 cglmp-3 ffl sum-2-f2 \
  sum-3-f2 sum-4-f2 sum-2-f4 sum-3-f4 sum-2-f3 example-2-f2 example-1-f2 example-1-f4 \
  example-1-f2-beyond two-node-n1 two-node-n2 no-communication-werner no-communication-ghz \
  broadcast-n1 broadcast-n2 cascade-ghz2 broadcast-epr broadcast-ghz mac-n2
COMMA := ,
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)

atlas: $(STAMP)  ## docs/atlas.html: experiments on four devices; goes on where it was interrupted
	$(BIN)/qcoord atlas --experiments $(subst $(SPACE),$(COMMA),$(strip $(ATLAS))) \
	  --targets fake_torino,fake_fez,fake_marrakesh,fake_boston --no-idle-noise --workers $(CORES) --html docs/atlas.html

test: $(STAMP)  ## lint and every test, side by side, on two cores
	@$(MAKE) lint & lint=$$!; $(PYTEST); tests=$$?; \
	wait $$lint || { echo "error: make lint failed, see above" >&2; exit 1; }; exit $$tests

test-slow: $(STAMP)  ## what takes long: coverage over many seeds, every mutation, a part of each walk
	@$(PYTEST) -m slow -v --durations=20

test-exhaustive: $(STAMP)  ## what is left of the walks over the whole catalogue, every device, every value
	@$(PYTEST) -m exhaustive -v --durations=20

# Each bound of pyproject.toml at its lowest, and each dependency at its newest, in an environment of its own. What
# one dependency says of another that came later is a warning there, and no error.
test-lowest: .venv-lowest/.stamp  ## every test with the oldest dependencies that are allowed
	@$(subst $(BIN),.venv-lowest/bin,$(PYTEST)) -W default

test-latest: .venv-latest/.stamp  ## every test with the newest dependencies that are allowed
	@$(subst $(BIN),.venv-latest/bin,$(PYTEST)) -W default

.venv-lowest/.stamp: RESOLUTION = lowest-direct
.venv-latest/.stamp: RESOLUTION = highest
.venv-%/.stamp: pyproject.toml
	@python=; for c in $(PYTHONS); do \
	  if "$$c" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$c; break; fi; \
	done; \
	echo "[1/2] making .venv-$*"; "$$python" -m venv --clear .venv-$* && .venv-$*/bin/python -m pip -qq install uv
	@echo "[2/2] installing the $(RESOLUTION) versions"
	@.venv-$*/bin/uv pip install --quiet --python .venv-$*/bin/python --resolution $(RESOLUTION) -e '.[dev]'
	@touch $@

coverage: $(STAMP)  ## every test, and which part of each package they execute
	@$(PYTEST) --cov=qcoord_hw --cov-report= --cov-config=pyproject.toml
	@$(BIN)/python tools/coverage_table.py

browser:  ## Chromium from the system's packages, for the tests that look at pages (where this may install)
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null; then echo "a browser is there"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
	    chromium fonts-dejavu-core >/dev/null; \
	else echo "no browser, and this may not install one: tests that need it are skipped"; fi

lint: $(STAMP)  ## ruff, import-linter, mypy
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "error: run .venv/bin/ruff format ." >&2; exit 1; }
	@out=$$($(BIN)/lint-imports 2>&1) || { echo "$$out"; exit 1; }
	@$(BIN)/mypy

bench: $(STAMP)  ## run every benchmarks/*.py
	@for f in benchmarks/*.py; do [ -e "$$f" ] || continue; echo "== $$f"; $(BIN)/python "$$f" || exit 1; done

lock:  ## write requirements.lock and requirements-docs.lock anew (needs uv)
	@command -v $(UV) >/dev/null || { echo "error: uv not found (set UV=...)" >&2; exit 1; }
	@$(LOCK) --extra dev --output-file requirements.lock
	@$(LOCK) --extra docs --constraints requirements.lock --output-file requirements-docs.lock

clean:  ## remove .venv, caches and builds; runs/ stays
	@rm -rf .venv .venv-lowest .venv-latest .coverage build dist docs/_build docs/generated .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
