# Lifestream: every command a developer or an operator needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup run deploy-local test check check-code check-tests image compose push image-test chaos kill-test fuzz protection-sim synth snapshots bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything (into the user's cache folder), make the sample videos
	@$(PYTHON) -m scripts.setup

.PHONY: setup-tools
setup-tools: ## Install only what checks and promotes: no models, no sample videos
	@$(PYTHON) -m scripts.setup --tools

.PHONY: setup-run
setup-run: ## Install everything, make only the sample video that `make run` takes
	@$(PYTHON) -m scripts.setup --default-video

run: setup-run ## Deploy into the local cloud and process a video: make run [VIDEO=path] [MODE=pool] [CONTAINER=1]
	@$(VENV)/python -m local.run $(if $(CONTAINER),--container) $(if $(filter pool,$(MODE)),--pool) $(if $(VIDEO),"$(VIDEO)")

deploy-local: setup ## Deploy an environment into a local cloud that stays up: make deploy-local ENV=prod [ENFORCE=1] [ONCE=1]
	@$(VENV)/python -m local.deploy_local "$(or $(ENV),dev)" $(if $(ENFORCE),--enforce) $(if $(ONCE),--once)

check: setup ## The fast loop: format, lint, types, imports, unit and infrastructure tests
	@$(MAKE) --no-print-directory -j2 check-code check-tests

check-code:
	@$(VENV)/ruff format --check --quiet . || (echo "Run: .venv/bin/ruff format ." && false)
	@$(VENV)/ruff check --quiet .
	@$(VENV)/lint-imports --no-logo > .lifestream/imports.log || (cat .lifestream/imports.log && false)
	@$(VENV)/python -m scripts.typecheck

check-tests:
	@$(VENV)/pytest -q -n auto --dist worksteal tests -m "not models and not cloud and not e2e and not image and not corpus"

test: check ## Everything: the fast loop, real models, the local cloud, a real job end to end
	@$(VENV)/pytest -q -n auto --dist loadfile --no-loadscope-reorder tests -m "models or cloud or e2e or corpus"
	@$(MAKE) --no-print-directory image-test

image: setup-run ## Build the processor's image; its models come from the hub if HF_TOKEN is set
	@$(VENV)/python -m image build

compose: setup-run ## The local cloud and a pool of workers as containers: make compose [VIDEOS=folder] [OUT=folder]
	@$(VENV)/python -m image.tools
	@$(VENV)/python -m image compose --videos "$(or $(VIDEOS),videos)" --out "$(or $(OUT),out)"

push: setup-run ## Build the image and push it for an environment: make push ENVIRONMENT=dev
	@scripts/build_and_push_processor_image --environment "$(or $(ENVIRONMENT),dev)"

image-test: setup-run ## Build the image and test it as an image, in containers of the local cloud
	@$(VENV)/python -m image.tools
	@$(VENV)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/image -m image

chaos: setup ## Break everything and count what was lost: make chaos [MODE=pool] [JOBS=20] [SEED=7] [PROTECTION=off]
ifeq ($(MODE),pool)
	@$(VENV)/python -m chaos.pool --jobs $(or $(JOBS),50) --seed $(or $(SEED),7) --protection $(or $(PROTECTION),on)
else
	@$(VENV)/python -m chaos --jobs $(or $(JOBS),20) --seed $(or $(SEED),7)
endif

kill-test: setup ## Kill processors at random moments and compare what they publish: make kill-test [RUNS=50]
	@$(VENV)/python -m chaos.kills --runs $(or $(RUNS),50) --seed $(or $(SEED),7)

fuzz: setup ## Send mutated videos through the decoder: make fuzz [RUNS=1000] [SEED=7]
	@$(VENV)/python -m chaos.fuzz --runs $(or $(RUNS),1000) --seed $(or $(SEED),7)

.PHONY: mutants
mutants: setup ## Remove one guard of the code at a time; tests must notice: make mutants [ONLY=words of a name]
	@$(VENV)/python -m scripts.mutants --only "$(ONLY)"

protection-sim: setup ## Look for a gap in task protection: make protection-sim [SCHEDULES=10000]
	@$(VENV)/python -m scripts.protection_sim --schedules $(or $(SCHEDULES),10000)

synth: setup ## Write the CloudFormation templates of every environment to cdk.out
	@$(VENV)/python app.py
	@ls -d cdk.out/assembly-*

snapshots: setup ## Accept the synthesized templates as the new snapshots, write docs/environments.md and the schemas of settings
	@$(VENV)/python -m cdk.config
	@$(VENV)/pytest -q tests/infra --snapshot-update

.PHONY: preflight
preflight: setup-tools ## Find what the account lacks before the first deployment: make preflight [ENV=dev]
	@$(VENV)/python -m lifestream --environment "$(or $(ENV),dev)" preflight

.PHONY: smoke verify
smoke: setup ## Prove a deployed environment with a short video: make smoke [ENV=dev]
	@$(VENV)/python -m scripts.verification smoke --environment "$(or $(ENV),dev)"

verify: setup ## Prove it end to end: words, cuts, bad input, duplicates: make verify [ENV=dev]
	@$(VENV)/python -m scripts.verification full --environment "$(or $(ENV),dev)"

.PHONY: lock
lock: ## Renew uv.lock, and the requirements files that are made from it: make lock [UPGRADE=package]
	@$(PYTHON) -m scripts.setup.lock $(if $(UPGRADE),--upgrade-package $(UPGRADE))

.PHONY: docs
docs: synth ## Renew the pages that are made of the code and of the templates
	@$(VENV)/python -m scripts.lifecycle_diagram
	@$(VENV)/python -m scripts.architecture
	@$(VENV)/python -m cdk.config
	@$(VENV)/python -m scripts.cost

.PHONY: policies
policies: synth ## Compare every policy statement with the actions, resources and conditions AWS knows
	@$(VENV)/python -m cdk.policies

.PHONY: guard baseline
guard: synth ## Refuse to delete or replace what holds data: make guard [DEPLOYED=dev]
	@$(VENV)/python -m cdk.guard check $(if $(DEPLOYED),--deployed --environment $(DEPLOYED))

baseline: synth ## Accept what holds data, as it is now, as what is released
	@$(VENV)/python -m cdk.guard accept

bench: setup ## Measure; prints figures, fails nothing
	@for script in benchmarks/*.py; do echo "== $$script"; $(VENV)/python $$script || exit 1; done

clean: ## Remove what was made in this checkout (the user's cache folder stays)
	rm -rf .lifestream .venv node_modules cdk.out out .mypy_cache .ruff_cache .pytest_cache .hypothesis
