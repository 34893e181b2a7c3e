# Lifestream: every command a developer or an operator needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check chaos synth snapshots bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything (into the user's cache folder), make the sample videos
	@$(PYTHON) scripts/setup.py

run: setup ## Deploy into the local cloud and process a video: make run [VIDEO=path]
	@$(VENV)/python -m local.run $(if $(VIDEO),"$(VIDEO)")

check: setup ## The fast loop: format, lint, types, imports, unit and infrastructure tests
	@$(VENV)/ruff format --check --quiet . || (echo "Run: .venv/bin/ruff format ." && false)
	@$(VENV)/ruff check --quiet .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-logo
	@$(VENV)/pytest -q tests/unit tests/infra -m "not models and not cloud and not e2e"

test: check ## Everything: the fast loop, real models, the local cloud, a real job end to end
	@$(VENV)/pytest -q tests -m "models or cloud or e2e"

chaos: setup ## Break everything and count what was lost: make chaos [JOBS=20] [SEED=7]
	@$(VENV)/python -m chaos --jobs $(or $(JOBS),20) --seed $(or $(SEED),7)

synth: setup ## Write the CloudFormation templates of every environment to cdk.out
	@$(VENV)/python app.py
	@ls -d cdk.out/assembly-*

snapshots: setup ## Accept the synthesized templates as the new snapshots
	@$(VENV)/pytest -q tests/infra --snapshot-update

bench: setup ## Measure; prints figures, fails nothing
	@for script in benchmarks/*.py; do echo "== $$script"; $(VENV)/python $$script || exit 1; done

clean: ## Remove what was made in this checkout (the user's cache folder stays)
	rm -rf .lifestream .venv node_modules cdk.out out .mypy_cache .ruff_cache .pytest_cache .hypothesis
