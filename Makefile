# Two commands: `make run` sets up and does the main job; `make test` sets up and passes the tests.
REGION ?= sample
PYTHON ?= python3
PYTEST_WORKERS ?= 2
BIN := .venv/bin

.PHONY: run test setup bench lock clean

run: setup
	@$(BIN)/newswarc tour --region $(REGION)

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "newswarc needs Python 3.11 or later; name one with make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing newswarc into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/.ready-test: .venv/.ready requirements-test.lock
	@echo "installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-test.lock
	@touch $@

test: .venv/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile

bench: .venv/.ready-test
	$(BIN)/python -m benchmarks

lock:
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml --extra speed --extra web --output-file requirements.lock
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml --extra speed --extra web --extra test --extra dev --output-file requirements-test.lock

clean:
	rm -rf .venv tests/.external data
