# `make run` starts the demo, `make test` runs every check. README.md explains the settings.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && exit; done; echo python3)
STATE_DIR ?= ./var
TEST_WORKERS ?= 2
CHECKED = app mofsl_simulator migrations tests/support $(wildcard bench) $(wildcard proof)
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url pyproject.toml

SCHEDULES ?= 10000
SEED ?= 1
RUNS ?= 40
MINUTES ?= 30

.PHONY: run test test-dashboard bench bench-ui prove prove-bugs prove-real soak lock clean setup setup-test dashboard

run: setup dashboard
	@exec .venv/bin/desk demo

test: setup-test
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy $(CHECKED)
	.venv/bin/pytest -n $(TEST_WORKERS) --dist loadgroup
	.venv/bin/python -m proof --schedules 2000 --brief
	.venv/bin/python -m proof --schedules 8 --database sqlite --brief
	.venv/bin/python -m proof --schedules 8 --database postgresql --brief
	.venv/bin/python -m proof.real --runs 4 --clients 100
	@$(MAKE) --no-print-directory test-dashboard

test-dashboard: setup-test
	@$(PYTHON) tools/build_dashboard.py --packages-only
	@$(PYTHON) tools/need_chromium.py
	cd trading-dashboard-ui && npm run --silent check
	cd trading-dashboard-ui && npm run --silent typecheck
	cd trading-dashboard-ui && npm run --silent test
	@$(PYTHON) tools/build_dashboard.py
	cd trading-dashboard-ui && npm run --silent e2e

bench: setup-test
	.venv/bin/python -m bench

bench-ui: setup-test
	@$(PYTHON) tools/need_chromium.py
	@$(PYTHON) tools/build_dashboard.py
	@cd trading-dashboard-ui && npm run --silent bench

prove: setup-test
	@.venv/bin/python -m proof --schedules $(SCHEDULES) --seed $(SEED) $(if $(DATABASE),--database $(DATABASE))

prove-bugs: setup-test
	@.venv/bin/python -m proof.bugs

prove-real: setup-test
	@.venv/bin/python -m proof.real --runs $(RUNS)

soak: setup-test
	.venv/bin/python -m bench.soak --minutes $(MINUTES)

lock: setup-test
	$(COMPILE) --group dev --group build -o requirements.lock
	$(COMPILE) --group build -c requirements.lock -o requirements.txt

clean:
	@$(PYTHON) tools/clean.py "$(STATE_DIR)"

dashboard:
	@$(PYTHON) tools/build_dashboard.py

setup:
	@$(PYTHON) tools/setup_venv.py requirements.txt

setup-test:
	@$(PYTHON) tools/setup_venv.py requirements.lock
