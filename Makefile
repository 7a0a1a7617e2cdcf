# Weir: every verb of the project. `make demo` and `make test` set up what they need on a bare machine.
.PHONY: demo test setup check test-clients bpf bench peers reference lock clean
.DEFAULT_GOAL := demo

demo: setup        ## the main job, on real packets; DEMO_SECONDS=n ends it by itself, 0 at once
	@scripts/demo

test: setup        ## the whole suite; what needs root is skipped with its reason where we are not
	@.venv/bin/ruff check --quiet . && .venv/bin/ruff format --quiet --check . && .venv/bin/mypy
	@.venv/bin/python -m pytest

setup:             ## Debian packages, .venv from requirements.lock, kernel programs; repeats cost nothing
	@scripts/setup

check: setup       ## the quick look: style, types, everything that needs no root
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
	@.venv/bin/python -m pytest -q -m "not root and not lab"

test-clients: setup ## every official client, the heavy ones (Go, Java) too; they are installed by package name
	@scripts/test-clients

bpf:               ## only the kernel programs
	@$(MAKE) --no-print-directory -C bpf

# Not among them: bench/kills.py and bench/soak.py, which take an hour and twenty minutes.
FIGURES = api capture capture_peers ingest putlogs query recovery
bench: setup peers ## every figure, each against a named floor or peer of the same run
	@for figure in $(FIGURES); do .venv/bin/python bench/$$figure.py || exit; done

peers: setup       ## what bench/ measures against and nothing else needs
	@scripts/peers

reference: setup   ## docs/reference from the declarations
	@.venv/bin/python -m weir.cli.manual docs/reference

lock:              ## both requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra test --extra bench --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-emit-index-url --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra peers --constraint requirements.lock --universal --generate-hashes \
	  --python-version 3.11 --no-header --no-emit-index-url --quiet --output-file bench/requirements.lock

clean:
	rm -rf .venv .venv-peers build src/weir/_bpf src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
