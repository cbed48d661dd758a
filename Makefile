# Everything from a fresh clone, with nothing but python3 (3.11 or later, with venv) and make.
#   make demo   sets up and runs the main job on the bundled stride
#   make test   sets up and runs the tests
#   make teach  sets up and opens the teaching page in the browser
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo teach test lint types contracts docs bench all clean
.DELETE_ON_ERROR:

demo: $(VENV)/.base
	$(BIN)/hipspine walk --hip-extension 0 --out results/demo
	@echo "The picture: results/demo/figure.png"

teach: $(VENV)/.teach
	$(BIN)/hipspine teach

# Then the kernels as ordinary Python.
test: $(VENV)/.test
	$(BIN)/python -m pytest tests
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests -m kernel -q

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.lint
	$(BIN)/mypy

contracts: $(VENV)/.lint
	$(BIN)/lint-imports

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "The pages: docs/_build/html/index.html"

bench: $(VENV)/.bench
	$(BIN)/python tests/benchmarks/one_stride.py
	$(BIN)/python tests/benchmarks/compare.py
	$(BIN)/python tests/benchmarks/where_the_time_goes.py
	$(BIN)/python tests/benchmarks/scaling.py
	$(BIN)/python tests/benchmarks/large_studies.py
	$(BIN)/python tests/benchmarks/teach.py
	@echo "The pages: docs/benchmarks.md, docs/where_the_time_goes.md, docs/planning.md"

all: demo test lint types contracts docs

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hipspine needs Python 3.11 or later, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e .
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.bench $(VENV)/.teach: $(VENV)/.%: $(VENV)/.base
	$(INSTALL) -e '.[$*]'
	@touch $@

clean:
	rm -rf $(VENV) results docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
