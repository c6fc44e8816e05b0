# `make run` starts the demo, `make test` runs every check. README.md explains the settings.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && exit; done; echo python3)
STATE_DIR ?= ./var
TEST_WORKERS ?= 2
CHECKED = app mofsl_simulator migrations tests/support $(wildcard bench)
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url pyproject.toml

.PHONY: run test bench lock clean setup setup-test

run: setup
	@exec .venv/bin/desk demo

test: setup-test
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy $(CHECKED)
	.venv/bin/pytest -n $(TEST_WORKERS) --dist loadgroup

bench: setup-test
	.venv/bin/python -m bench

lock: setup-test
	$(COMPILE) --group dev --group build -o requirements.lock
	$(COMPILE) --group build -c requirements.lock -o requirements.txt

clean:
	@$(PYTHON) tools/clean.py "$(STATE_DIR)"

setup:
	@$(PYTHON) tools/setup_venv.py requirements.txt

setup-test:
	@$(PYTHON) tools/setup_venv.py requirements.lock
