# Lifestream: every command of a developer or an operator. `make help` lists them.
PYTHON ?= python3
VENV := .venv/bin
# A setting of some shells; without byte code each process compiles every module again.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run deploy-local test check check-code check-tests image compose push image-test chaos kill-test fuzz protection-sim synth snapshots bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything into the user's cache folder and create the sample videos
	@$(PYTHON) -m scripts.setup

.PHONY: setup-tools
setup-tools: ## Install only what checks and promotion need: no models, no sample videos
	@$(PYTHON) -m scripts.setup --tools

.PHONY: setup-run
setup-run: ## Install everything, create only the sample video of `make run`
	@$(PYTHON) -m scripts.setup --default-video

run: setup-run ## Deploy into the local cloud and process a video: make run [VIDEO=path] [MODE=pool] [CONTAINER=1] [SERVICES=off]
	@$(VENV)/python -m local.run $(if $(filter off,$(SERVICES)),--no-services) $(if $(CONTAINER),--container) $(if $(filter pool,$(MODE)),--pool) $(if $(VIDEO),"$(VIDEO)")

.PHONY: up
up: setup-run ## Keep everything running with API and web pages: make up [MODE=pool] [HOSTING=lambda] [DEPLOYMENT=blue_green] [CACHE=1]
	@$(VENV)/python -m local.up $(if $(filter pool,$(MODE)),--pool) $(if $(filter lambda,$(HOSTING)),--functions) $(if $(filter blue_green,$(DEPLOYMENT)),--blue-green) $(if $(CACHE),--cache)

deploy-local: setup ## Deploy an environment into a local cloud that stays up: make deploy-local ENV=prod [ENFORCE=1] [ONCE=1]
	@$(VENV)/python -m local.deploy_local "$(or $(ENV),dev)" $(if $(ENFORCE),--enforce) $(if $(ONCE),--once)

PROCESSORS := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
SIDE_BY_SIDE := $(MAKE) --no-print-directory --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: setup ## Run the fast checks: format, lint, types, imports, unit and infrastructure tests
	@+$(SIDE_BY_SIDE) -j$(PROCESSORS) check-code check-tests

check-code:
	@$(VENV)/ruff format --check --quiet . || (echo "Run: .venv/bin/ruff format ." && false)
	@$(VENV)/ruff check --quiet .
	@$(VENV)/lint-imports --no-logo > .lifestream/imports.log || (cat .lifestream/imports.log && false)
	@$(NICE) $(VENV)/python -m scripts.typecheck
	@node_modules/.bin/tsc -p runtime/web/client

# Each part is one process that imports only what its own tests need, the dearest first; the last one
# runs all folders that no other part names (ADR 0040). What loads the AWS CDK is in `infra`.
PARTS := infra processor protection jobs service
FOLDERS_infra := tests/infra tests/contract $(addprefix tests/unit/,cdk image packaging)
FOLDERS_processor := tests/unit/processor
FOLDERS_protection := tests/unit/protection
FOLDERS_jobs := $(addprefix tests/unit/,core corrections dispatcher lifestream results)
FOLDERS_service := tests/unit/api tests/unit/web
FAST := -m "not media and not models and not cloud and not e2e and not image and not corpus and not browser"
PART_TARGETS := $(PARTS:%=check-tests-%)

.PHONY: $(PART_TARGETS) check-tests-others
check-tests: $(PART_TARGETS) check-tests-others

$(PART_TARGETS): check-tests-%:
	@$(NICE) $(VENV)/pytest -q $(FOLDERS_$*) $(FAST)

check-tests-others:
	@$(NICE) $(VENV)/pytest -q tests $(addprefix --ignore=,tests/e2e tests/image tests/integration $(foreach part,$(PARTS),$(FOLDERS_$(part)))) $(FAST)

# Tests of whole systems: a file stays in one process. Two failures at most are judged by a second
# attempt, whose first traceback is printed; never those that count what was lost, done twice or
# left unprotected (ADR 0039).
SYSTEM := --dist loadfile --no-loadscope-reorder --reruns 1 --max-suite-reruns 2 --rerun-show-tracebacks \
  $(addprefix --rerun-exclude-path tests/,unit contract corpus e2e/test_chaos.py e2e/test_pool_chaos.py e2e/test_kills.py \
  integration/backpressure integration/pool integration/recovery integration/cloud/test_protection.py)

# With an empty cache, the images take as long as the fast checks, and the installation of the
# environments waits for the network half of its time: all three go side by side. The tests of the
# image find and show a failure again.
.PHONY: image-packages test-images test-fast
image-packages:
	@mkdir -p .lifestream
	@-$(PYTHON) -m image.tools --packages > .lifestream/image-packages.log 2>&1

test-images:
	@$(VENV)/python -m image.tools
	@-($(VENV)/python -m image build --models packages && $(VENV)/python -m image service) > .lifestream/images.log 2>&1

test-fast: setup
	@+$(SIDE_BY_SIDE) NICE="nice -n 5" test-images check-code check-tests

test: ## Run all tests: the fast checks, real models, the local cloud, a real job end to end, the image
	@+$(MAKE) --no-print-directory -j$$(($(PROCESSORS) + 1)) image-packages test-fast
	@$(VENV)/pytest -q -n auto $(SYSTEM) tests/image tests -m "media or models or cloud or e2e or image or corpus or browser"

image: setup-run ## Build the processor's image, with models from the hub if HF_TOKEN is set
	@$(VENV)/python -m image build

compose: setup-run ## Run the local cloud, a pool of workers, API and pages as containers: make compose [VIDEOS=folder] [OUT=folder] [NETWORK=host]
	@$(VENV)/python -m image.tools
	@$(VENV)/python -m image compose --videos "$(or $(VIDEOS),videos)" --out "$(or $(OUT),out)" --network "$(or $(NETWORK),none)"

push: setup-run ## Build the image and push it for an environment: make push ENVIRONMENT=dev
	@scripts/build_and_push_processor_image --environment "$(or $(ENVIRONMENT),dev)"

image-test: setup-run ## Build the image and test it in containers of the local cloud
	@$(VENV)/python -m image.tools
	@$(VENV)/pytest -q -n 2 $(SYSTEM) tests/image -m image

chaos: setup ## Inject faults into the whole system and count lost jobs: make chaos [MODE=pool|imports] [JOBS=20] [SEED=7] [PROTECTION=off] [BUDGETS=redrive] [OUTAGE=60] [OTHER=revision]
ifeq ($(MODE),pool)
	@$(VENV)/python -m chaos.pool --jobs $(or $(JOBS),50) --seed $(or $(SEED),7) --protection $(or $(PROTECTION),on) --outage $(or $(OUTAGE),0) $(if $(OTHER),--other $(OTHER))
else ifeq ($(MODE),imports)
	@$(VENV)/python -m chaos.imports --jobs $(or $(JOBS),40) --seed $(or $(SEED),7) --protection $(or $(PROTECTION),on)
else
	@$(VENV)/python -m chaos --jobs $(or $(JOBS),20) --seed $(or $(SEED),7) --budgets $(or $(BUDGETS),production) --outage $(or $(OUTAGE),0) $(if $(OTHER),--other $(OTHER))
endif

.PHONY: deployments
deployments: setup ## Fail the first deployment of each environment at each of its stacks, and repeat it: make deployments [ENV=prod]
	@$(VENV)/pytest -q -n 0 tests/integration/deploys -m deployments -k "$(ENV)"

kill-test: setup ## Kill processors at random moments and compare the published files: make kill-test [RUNS=50]
	@$(VENV)/python -m chaos.kills --runs $(or $(RUNS),50) --seed $(or $(SEED),7)

fuzz: setup ## Send mutated videos through the decoder: make fuzz [RUNS=1000] [SEED=7]
	@$(VENV)/python -m chaos.fuzz --runs $(or $(RUNS),1000) --seed $(or $(SEED),7)

.PHONY: scenarios
scenarios: setup-run ## Call the API along the links of its document, in random order: make scenarios [RUNS=2000]
	@$(VENV)/python -m tests.unit.api.scenarios --examples $(or $(RUNS),2000)

.PHONY: package
package: setup-tools ## Build the distribution of task protection, scale-in-guard, and its API pages
	@$(VENV)/python -m scripts.package

.PHONY: mutants
mutants: setup ## Remove one guard of the code at a time; a test must fail: make mutants [ONLY=words of a name] [PART=1/4]
	@$(VENV)/python -m scripts.mutants --only "$(ONLY)" --part $(or $(PART),1/1)

protection-sim: setup ## Search for a gap in task protection: make protection-sim [SCHEDULES=10000] [ONLY=server]
	@$(VENV)/python -m scripts.protection_sim --schedules $(or $(SCHEDULES),10000) $(if $(ONLY),--only "$(ONLY)")

synth: setup ## Write the CloudFormation templates of every environment to cdk.out
	@$(VENV)/python app.py
	@ls -d cdk.out/assembly-*

snapshots: setup ## Accept the synthesized templates as snapshots, write docs/environments.md and the schemas of settings
	@$(VENV)/python -m cdk.config
	@$(VENV)/pytest -q tests/infra --snapshot-update

.PHONY: preflight
preflight: setup-tools ## Find what the account lacks before the first deployment: make preflight [ENV=dev]
	@$(VENV)/python -m lifestream --environment "$(or $(ENV),dev)" preflight

.PHONY: protect
protect: setup-tools ## Close the default security group, guard retained data against deletion: make protect [ENV=prod]
	@$(VENV)/python -m lifestream --environment "$(or $(ENV),dev)" protect

.PHONY: restore-drill
restore-drill: setup-tools ## Restore tables and objects beside the present ones, compare, remove them: make restore-drill [ENV=prod]
	@$(VENV)/python -m lifestream --environment "$(or $(ENV),dev)" restore-drill

.PHONY: smoke verify
smoke: setup ## Verify a deployed environment with a short video: make smoke [ENV=dev]
	@$(VENV)/python -m scripts.verification smoke --environment "$(or $(ENV),dev)"

verify: setup ## Verify it end to end with words, cuts, bad input and duplicates: make verify [ENV=dev]
	@$(VENV)/python -m scripts.verification full --environment "$(or $(ENV),dev)"

.PHONY: lock
lock: ## Update uv.lock and the requirements files generated from it: make lock [UPGRADE=package]
	@$(PYTHON) -m scripts.setup.lock $(if $(UPGRADE),--upgrade-package $(UPGRADE))

.PHONY: screenshots
screenshots: setup ## Take the pictures of the pages in docs/pictures again
	@$(VENV)/python -m tests.browser.screenshots

.PHONY: docs
docs: synth ## Generate the pages and pictures that derive from code and templates
	@$(VENV)/python -m scripts.lifecycle_diagram
	@$(VENV)/python -m scripts.architecture
	@$(VENV)/python -m cdk.config
	@$(VENV)/python -m scripts.cost

.PHONY: policies
policies: synth ## Compare every policy statement with the actions, resources and conditions of AWS
	@$(VENV)/python -m cdk.policies

.PHONY: execution-policies operator-policy
execution-policies: synth ## Write what CloudFormation needs to deploy an environment, for cdk bootstrap: make execution-policies ENV=prod
	@$(VENV)/python -m cdk.policies execution "$(or $(ENV),dev)"

operator-policy: setup-tools ## Write what an environment's operators need for the documented commands: make operator-policy ENV=prod
	@$(VENV)/python -m cdk.policies operator "$(or $(ENV),dev)"

.PHONY: guard baseline
guard: synth ## Refuse to delete or replace resources with data: make guard [DEPLOYED=dev]
	@$(VENV)/python -m cdk.guard check $(if $(DEPLOYED),--deployed --environment $(DEPLOYED))

baseline: synth ## Accept the present resources with data as the released state
	@$(VENV)/python -m cdk.guard accept

.PHONY: eval-summaries
eval-summaries: setup-run ## Measure chapters, summaries and the check of a model's sentences: make eval-summaries [ENDPOINT=url MODEL=name]
	@$(VENV)/python -m benchmarks.summaries $(if $(ENDPOINT),--endpoint "$(ENDPOINT)" --model "$(MODEL)")

bench: setup ## Run the benchmarks, which print figures and fail nothing
	@for script in benchmarks/*.py; do echo "== $$script"; $(VENV)/python $$script || exit 1; done

clean: ## Remove everything created in this checkout; the user's cache folder stays
	rm -rf .lifestream .venv node_modules cdk.out out .mypy_cache .ruff_cache .pytest_cache .hypothesis
