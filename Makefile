# `make` alone lists what you can do; continuous integration calls the same targets.
# The environment is set up by itself, and again when a pinned file changes: nothing but Python, make and git is needed.

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PIN := $(UV) pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast reliability soak check bench fmt docs pin clean

help: ## list what you can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runs ## play a whole programme on this machine (ARGS=--exit ends it when it is told)
	@$(BIN)/deltag demo $(ARGS)

test: $(VENV)/.tests ## run all tests, against a PostgreSQL and a RabbitMQ of their own (ARGS=… goes to pytest)
	@scripts/test $(ARGS)

test-fast: $(VENV)/.tests ## run the tests that need no server, in seconds
	@HYPOTHESIS_PROFILE=quick scripts/test -m "not server and not thorough" $(ARGS)

reliability: $(VENV)/.tests ## inject every fault, for some four hours, and write docs/reliability.md (ARGS="-k soak" for a part)
	@DELTAG_WRITE_RELIABILITY=1 WORKERS=0 scripts/test tests/reliability -m "thorough or not thorough" $(ARGS)

soak: $(VENV)/.tests ## inject faults at random for MINUTES=30 (DELTAG_FAULT_SEED=… for the same ones again)
	@DELTAG_WRITE_RELIABILITY=1 DELTAG_SOAK_MINUTES=$(or $(MINUTES),30) WORKERS=0 scripts/test tests/reliability/test_soak.py -m thorough --capture=tee-sys $(ARGS)

check: $(VENV)/.tests ## check style, types, architecture and contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m scripts.contracts_check
	$(BIN)/python -m scripts.contracts_docs --check
	$(BIN)/python -m scripts.generated --check

bench: $(VENV)/.bench ## measure Deltag beside its peers and its servers' limits, and write benchmarks/README.md (ARGS=--help)
	@$(BIN)/python -m benchmarks $(ARGS)

fmt: $(VENV)/.tests ## format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

docs: $(VENV)/.tests ## write again what is made of the contracts and the code
	$(BIN)/python -m scripts.contracts_docs
	$(BIN)/python -m scripts.generated

setup: $(VENV)/.tests ## set up the environment for all of these

pin: $(VENV)/.tools ## pin the newest versions of all dependencies, with hashes
	$(PIN) --upgrade pyproject.toml --group build --group dev -o requirements-dev.txt
	$(PIN) pyproject.toml -c requirements-dev.txt -o requirements.txt
	$(PIN) --group build -c requirements-dev.txt -o requirements-build.txt
	$(PIN) --group bench -c requirements-dev.txt -o requirements-bench.txt

clean: ## remove the environment and all caches (what Deltag keeps in .deltag stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The stamps: what sets up the rest, what runs Deltag, what tests it, and what it is measured beside.

$(VENV)/.tools: requirements-build.txt
	@echo "Setting up $(VENV) …"
	@python="$$(scripts/find-python)" && "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.txt
	@touch $@

$(VENV)/.runs: requirements.txt pyproject.toml $(VENV)/.tools
	@scripts/install requirements.txt
	@touch $@

$(VENV)/.tests: requirements-dev.txt pyproject.toml $(VENV)/.tools
	@scripts/install requirements-dev.txt
	@touch $@ $(VENV)/.runs

$(VENV)/.bench: requirements-bench.txt $(VENV)/.tests
	@scripts/install requirements-bench.txt
	@touch $@
