# Everything starts from nothing: the first target that needs .venv makes it.
# PYTHON=/path/to/python chooses the interpreter; otherwise the first fit one of these is taken.
# CORES=n runs the tests in so many processes, each with one thread.
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14)
UV ?= uv
CORES ?= 2
BIN := .venv/bin
STAMP := .venv/.stamp
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 RAYON_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES)
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test test-slow lint bench lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP)  ## make .venv and install what the lock file names

$(STAMP): pyproject.toml requirements.lock
	@py=; for c in $(PYTHONS); do \
	  if "$$c" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then py=$$c; break; fi; \
	done; \
	if [ -z "$$py" ]; then echo "error: no Python >= 3.11 among: $(PYTHONS) (set PYTHON=...)" >&2; exit 1; fi; \
	if $(BIN)/python -m pip --version >/dev/null 2>&1; then echo "[1/3] keeping .venv"; \
	else echo "[1/3] making .venv ($$("$$py" --version))"; "$$py" -m venv --clear .venv; fi
	@echo "[2/3] installing requirements.lock"
	@$(PIP) install -r requirements.lock
	@echo "[3/3] installing qcoord_hw"
	@$(PIP) install --no-deps -e .
	@touch $@

demo: $(STAMP)  ## three games and a linear computation on a simulator and on a noise model, and the report
	$(BIN)/qcoord run chsh magic-square ghz-3 example-1-f4 --target aer --shots 20000 --seed 7
	$(BIN)/qcoord run chsh magic-square ghz-3 example-1-f4 --target fake_torino --shots 20000 --seed 7
	$(BIN)/qcoord report latest

test: lint  ## lint, then every test, on two cores
	@$(PYTEST)

test-slow: $(STAMP)  ## what takes minutes each: coverage over many seeds, every mutation, exhaustive walks
	@$(PYTEST) -m slow

lint: $(STAMP)  ## ruff, import-linter, mypy
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "error: run .venv/bin/ruff format ." >&2; exit 1; }
	@out=$$($(BIN)/lint-imports 2>&1) || { echo "$$out"; exit 1; }
	@$(BIN)/mypy

bench: $(STAMP)  ## run every benchmarks/*.py
	@for f in benchmarks/*.py; do [ -e "$$f" ] || continue; echo "== $$f"; $(BIN)/python "$$f" || exit 1; done

lock:  ## write requirements.lock anew (needs uv)
	@command -v $(UV) >/dev/null || { echo "error: uv not found (set UV=...)" >&2; exit 1; }
	@$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --extra dev \
	  --fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" $(LOCKFLAGS) --output-file requirements.lock

clean:  ## remove .venv, caches and builds; runs/ stays
	@rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
