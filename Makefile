# make demo   the main job: what one fan-out over 1,000 servers costs under every context strategy, in 1 GiB
# make demo-distributed   a Dask cluster of this machine: what it is sent for a fan-out, and what a worker that dies takes with it   (a minute)
# make test   every test, with all that they need
# make check  format, lint, types, architecture, tests: what a commit has to pass
# make gate   what shared, hamt and projected cost, against the thresholds in pyproject.toml   (two minutes)
# make history   the same, kept: a line of this commit in data/history.jsonl, and the page docs/history.md
# make notebooks   every notebook, executed in full and kept with its outputs   (about ten minutes)
# make bench  every benchmark with its floor and its target; tables and frames in results/   (hours, most of them in bench_gates and bench_laws, which go on where they were)
# make peers  the same fan-out on six real engines, each in an environment of its own   (half an hour, a quiet machine)
# make docs   the site, into build/site: what is in docs/, the notebooks, and the reference made of the code; no network
# make campaign  the long campaigns in full: 5,000 random workflows a law, 200 runs that are killed and resumed, 200 planted endings,
#               queues over 6,000,000 arrivals and 100 seeds at every load

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo demo-distributed test test-fast campaign check lint lab notebooks docs gate history bench peers clean

demo: .venv/base
	mkdir -p results
	$(BIN)/attune-sim compare health_check --memory-limit 1GiB --report results/health_check.html

demo-distributed: .venv/dev
	$(BIN)/python benchmarks/demo_distributed.py

# A file of tests stays in one process, so that what its tests share is made once.
TWO_AT_A_TIME := -n 2 --dist loadfile

# Tests start processes by the thousand. Where Python writes no bytecode by itself (PYTHONDONTWRITEBYTECODE), each would compile the package anew.
COMPILED := $(BIN)/python -m compileall -q attune_sim

test: .venv/dev
	$(COMPILED)
	$(BIN)/python -m pytest $(TWO_AT_A_TIME)

test-fast: .venv/dev
	$(COMPILED)
	$(BIN)/python -m pytest $(TWO_AT_A_TIME) -m "not slow"

campaign: .venv/dev
	ATTUNE_SIM_CAMPAIGN=5000 $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/campaigns tests/distributed tests/simulation/workers

check: lint test

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: .venv/dev
	$(BIN)/jupyter lab notebooks

docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict  # the theme's advertisement of its successor

notebooks: .venv/dev
	$(BIN)/python docs/make_notebooks.py

gate: .venv/dev
	$(BIN)/attune-sim check pyproject.toml

history: .venv/dev
	$(BIN)/attune-sim check pyproject.toml --history data/history.jsonl
	$(BIN)/attune-sim history data/history.jsonl --markdown docs/history.md

bench: .venv/dev
	$(BIN)/python benchmarks/run.py

peers: .venv/dev
	$(BIN)/python benchmarks/peers/run.py --write-docs

clean:
	rm -rf .venv build dist results

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp an amount of installation: `make demo` does not wait for the test tools.
.venv/base: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

.venv/dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch .venv/base $@
