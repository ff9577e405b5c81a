# Two commands on a fresh machine: `make run` (the console on a demo workspace) and `make test` (everything).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
.DEFAULT_GOAL := run

.PHONY: run test test-live check soak bench attacks screenshots lock clean
run: $(VENV)/.installed  ## open the console on a demo workspace
	@$(BIN)/quarterdeck demo demo

test: $(VENV)/.installed-dev system-tools  ## run the whole test suite
	$(BIN)/pytest -n auto --dist loadgroup

test-live: $(VENV)/.installed-dev system-tools  ## the tests with a real n8n too; installs it once (1.8 GB, 5 minutes)
	$(BIN)/python tests/platforms/n8n_server.py
	QUARTERDECK_N8N=all QUARTERDECK_REQUIRE_NODE_RED=1 $(BIN)/pytest -n auto --dist loadgroup tests/platforms

check: $(VENV)/.installed-dev  ## what CI runs beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(VENV)/.installed-dev  ## crash, tear, flip, fill and starve the ledger at full length, write docs/soak.md
	$(BIN)/python tests/soak/soak_run.py

bench: $(VENV)/.installed-dev  ## measure side by side, write docs/performance.md
	$(BIN)/python -m bench

attacks: $(VENV)/.installed-dev  ## try every attack of the matrix, write docs/attacks.md
	$(BIN)/python -m bench.attacks

screenshots: $(VENV)/.installed-dev  ## draw every screen into docs/screens, by the app itself
	$(BIN)/python docs/screens/draw.py

lock:  ## pin every dependency again
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" pyproject.toml --group build -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# hatchling comes with the locked set, so installing ourselves fetches nothing more
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.installed

.PHONY: system-tools
system-tools:
	@tests/tools.sh
