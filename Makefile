# make demo       set everything up, then verify examples/lighthouse on its platforms
# make test       all tests          make lint    style and types
# make sweep      whole conformance suites under faults and emulators (two to three hours)
# make bench      all benchmarks     make picture the matrix in the README, from the last demo
# make pins       pin the newest packages         make clean  remove what was made here
#
# Nothing needs to be there but make and bash: as root, what is missing is installed; else it is named.

SHELL := /bin/bash
PYTHON_BIN := .venv/bin
WORKERS ?= 2
UV := out/uv/bin/uv
PIN_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --upgrade --custom-compile-command 'make pins'

.PHONY: demo test sweep lint bench picture pins clean
.DELETE_ON_ERROR:

demo: .venv/.ready
	@setup/system-packages run
	@mkdir -p out
	$(PYTHON_BIN)/seatrial verify examples/lighthouse --allow-unchecked --html out/lighthouse.html --json out/lighthouse.json

# The tests of one file run in one process, so that they share what the first of them built.
test: .venv/.ready-to-test
	@setup/system-packages test
	$(PYTHON_BIN)/python -m pytest -n $(WORKERS) --dist loadfile

sweep: .venv/.ready-to-test
	$(PYTHON_BIN)/python -m pytest -m sweep

lint: .venv/.ready-to-test
	$(PYTHON_BIN)/ruff check
	$(PYTHON_BIN)/ruff format --check
	$(PYTHON_BIN)/mypy

bench: .venv/.ready-to-test
	@setup/system-packages test
	$(PYTHON_BIN)/python benchmarks/start_up.py
	$(PYTHON_BIN)/python benchmarks/inspect_speed.py
	$(PYTHON_BIN)/python benchmarks/second_run.py
	$(PYTHON_BIN)/python benchmarks/verify_cost.py
	$(PYTHON_BIN)/python benchmarks/boot.py
	$(PYTHON_BIN)/python benchmarks/insight.py

picture: .venv/.ready
	$(PYTHON_BIN)/python docs/picture.py out/lighthouse.json docs/matrix.svg

# Every digest of a release is kept, so that the same file serves each platform that has it.
pins:
	python3 -m venv out/uv && out/uv/bin/pip install --quiet uv
	echo setuptools | $(UV) pip compile $(PIN_FLAGS) pyproject.toml - --output-file requirements.txt
	echo setuptools | $(UV) pip compile $(PIN_FLAGS) --extra dev pyproject.toml - --output-file requirements-dev.txt

clean:
	rm -rf .venv out build .mypy_cache .ruff_cache .pytest_cache .hypothesis src/*.egg-info
	find src tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

.venv/.ready: requirements.txt pyproject.toml setup/python-environment
	@setup/python-environment requirements.txt
	@touch $@

# What the tests need holds what running needs.
.venv/.ready-to-test: requirements-dev.txt pyproject.toml setup/python-environment
	@setup/python-environment requirements-dev.txt
	@touch .venv/.ready $@
