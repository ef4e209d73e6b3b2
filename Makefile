# Pacific Parcels. `make` alone lists what can be made; `make run ARGS="--items 3000"` hands ARGS on.

.DEFAULT_GOAL := help
.PHONY: help run test dashboards airflow check bench docs audit chromium sshd nginx
.DELETE_ON_ERROR:

BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# No tool of ours reports to anyone.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export STREAMLIT_BROWSER_GATHER_USAGE_STATS := false
# With bytecode kept, every start of Airflow, dbt and Great Expectations is seconds faster.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.made ## Take in the extracts of every member, build, judge and publish the region. ARGS: --items --months --seed --dirt
	@$(BIN)/python -m dags.run_once $(ARGS)

dashboards: .venv/.made ## Open the pages on what was published (loopback only).
	@$(BIN)/streamlit run dashboards/asgi.py $(ARGS)

airflow: .venv/.made ## Start the real Airflow: scheduler and pages, on loopback, until Ctrl-C.
	@$(BIN)/python -m dags.standalone

check: .venv/.made ## Lint, types, imports, SQL, secrets: everything that is checked without running.
	@$(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/sqlfluff lint dbt_project/models dbt_project/tests
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive pacific_parcels dashboards dags dbt_project expectations
	@.ci/secrets

test: check chromium sshd nginx ## Every check and every test, end to end.
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: .venv/.made ## Measure time and memory at size. ARGS: see --help
	@$(BIN)/python -m tests.benchmarks $(ARGS)

docs: .venv/.made ## Write the documentation of every model and indicator as one HTML file.
	@$(BIN)/python -m dbt_project.build --docs $(ARGS)

audit: .venv/.made ## Ask the package index whether any pinned package has a known weakness. Needs the network.
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock $(ARGS)

chromium sshd nginx:
	@.ci/debian $@

.venv/.made: requirements.lock pyproject.toml
	@.ci/set-up
