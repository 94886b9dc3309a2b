# `make demo` and `make test` do all their own set-up: a virtual environment in .venv,
# the build tools, the compiled package in place and what the target needs besides.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint format doc bench wheel dev clean

help:
	@echo "make demo      a tour on real data; pictures in build/demo/index.html"
	@echo "make test      the test suite          make test-all  the slow studies too"
	@echo "make bench     benchmarks against the peers (CASE=density for one subject)"
	@echo "make doc       the documentation, in doc/_build/html"
	@echo "make lint      ruff, cython-lint, codespell    make format  rewrite in place"
	@echo "make wheel     an sdist and a wheel, tested from outside the tree"
	@echo "make dev       everything a developer needs    make clean   remove it all"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed: make PYTHON=python3.12"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# Editable, without build isolation: an import rebuilds whatever source has changed.
$(VENV)/installed: pyproject.toml meson.build | $(BIN)/python
	@echo "installing build tools ..."
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], "ninja", sep="\n")' > $(VENV)/build-requires.txt
	$(BIN)/python -m pip install --quiet -r $(VENV)/build-requires.txt
	@echo "compiling the package ..."
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable .
	@touch $@

$(VENV)/extra-%: $(VENV)/installed
	@echo "installing the packages of the extra '$*' ..."
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["$*"], sep="\n")' > $(VENV)/$*-requires.txt
	$(BIN)/python -m pip install --quiet -r $(VENV)/$*-requires.txt
	@touch $@

demo: $(VENV)/extra-plot $(VENV)/extra-progress
	$(BIN)/python examples/tour.py

test: $(VENV)/extra-test $(VENV)/extra-plot
	$(BIN)/python -c 'import sklearn_kernelx'  # rebuilds once, before there are two
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-all: $(VENV)/extra-test $(VENV)/extra-plot $(VENV)/extra-qiskit $(VENV)/extra-privacy
	$(BIN)/python -c 'import sklearn_kernelx'
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/extra-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/cython-lint sklearn_kernelx
	$(BIN)/codespell

format: $(VENV)/extra-lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

doc: $(VENV)/extra-doc
	$(BIN)/python -m sphinx -W --keep-going -b html doc doc/_build/html

bench: $(VENV)/extra-bench
	$(BIN)/python benchmarks/run.py $(CASE)

wheel: $(VENV)/installed
	$(BIN)/python -m pip install --quiet build
	rm -rf dist
	$(BIN)/python -m build
	bash tests/test_wheel.sh dist

dev: $(VENV)/extra-test $(VENV)/extra-plot $(VENV)/extra-lint $(VENV)/extra-doc $(VENV)/extra-bench $(VENV)/extra-progress
	$(BIN)/python -m pip install --quiet pre-commit
	@echo "source $(VENV)/bin/activate"

clean:
	rm -rf $(VENV) build dist doc/_build doc/auto_examples doc/generated .pytest_cache .ruff_cache
