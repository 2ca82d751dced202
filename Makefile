# make demo | test are all that a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := demo

.PHONY: help setup demo test test-slow test-wheel test-tensorflow test-backends fuzz check fix bench docs clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (about 1.5 GB of libraries; once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(VENV)/.ready ## install everything into .venv

demo: setup ## learn from Bach's chorales and compose one into demo/
	@$(BIN)/partimento demo -o $(DEMO)

test: setup ## the tests (5 minutes on two cores; 9 the first time)
	@$(BIN)/pytest -n 2 --dist worksteal -q

test-slow: setup ## whole data sets, kills, browsers
	@$(BIN)/pytest -n 2 --dist worksteal -q -m slow

test-wheel: setup ## build the wheel, install it into a new environment elsewhere, and compose with it
	@PYTHON=$(PYTHON) tests/wheel.sh $(BIN)/python

$(VENV)-tensorflow/.ready: pyproject.toml constraints.txt
	@test -x $(VENV)-tensorflow/bin/python || $(PYTHON) -m venv $(VENV)-tensorflow
	@grep -v '^h5py==' constraints.txt > $(VENV)-tensorflow/constraints.txt  # TensorFlow wants an older one
	@$(VENV)-tensorflow/bin/python -m pip install --disable-pip-version-check --progress-bar off -q \
	  -c $(VENV)-tensorflow/constraints.txt -e '.[test,tensorflow]'
	@touch $@

test-tensorflow: $(VENV)-tensorflow/.ready ## the model contract on the TensorFlow backend, in a venv of its own
	@KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 $(VENV)-tensorflow/bin/pytest -n 2 --dist worksteal -q tests/models tests/training tests/generate

$(VENV)-torch/.ready: pyproject.toml constraints.txt
	@test -x $(VENV)-torch/bin/python || $(PYTHON) -m venv $(VENV)-torch
	@$(VENV)-torch/bin/python -m pip install --disable-pip-version-check --progress-bar off -q -c constraints.txt 'torch==2.13.0' -e '.[test]'
	@touch $@

test-backends: test-tensorflow $(VENV)-torch/.ready ## the model contract on TensorFlow and on PyTorch
	@KERAS_BACKEND=torch $(VENV)-torch/bin/pytest -n 2 --dist worksteal -q tests/models tests/training tests/generate

fuzz: setup ## read 20,000 damaged files
	@$(BIN)/python -m tests.fuzz --cases 20000 --workers 2

check: setup ## lint, types, the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: setup ## fix what can be fixed by machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

$(VENV)-peers/.ready:
	@test -x $(VENV)-peers/bin/python || $(PYTHON) -m venv $(VENV)-peers
	@$(VENV)-peers/bin/python -m pip install --disable-pip-version-check --progress-bar off -q 'muspy==0.5.0'
	@touch $@

bench: setup $(VENV)-tensorflow/.ready $(VENV)-torch/.ready $(VENV)-peers/.ready ## timings, each as a ratio against a named peer in the same run
	@$(BIN)/python benchmarks/reading.py
	@$(BIN)/python benchmarks/corpus.py speed --peers-python $(VENV)-peers/bin/python
	@$(BIN)/python benchmarks/scores.py
	@$(BIN)/python benchmarks/composing.py --tensorflow-python $(VENV)-tensorflow/bin/python
	@$(BIN)/python benchmarks/training.py --tensorflow-python $(VENV)-tensorflow/bin/python --torch-python $(VENV)-torch/bin/python
	@$(BIN)/python benchmarks/notewise.py --torch-python $(VENV)-torch/bin/python
	@$(BIN)/python benchmarks/learning.py

docs: setup ## the documentation site, in site/; what the program says of itself is made anew
	@$(BIN)/python docs/make.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean: ## remove the environment and caches (not runs, not demo)
	@rm -rf $(VENV) $(VENV)-tensorflow $(VENV)-torch $(VENV)-peers .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
