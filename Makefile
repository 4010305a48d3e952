# `make demo` and `make test` do everything on a fresh machine; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml tests/constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("gitless needs Python 3.11 or later; set PYTHON=...")'
	@$(PYTHON) -m venv .venv || { echo "cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Python packages into .venv ..."
	@$(BIN)/pip install --quiet --constraint tests/constraints.txt --editable '.[dev]'
	@touch $@

.PHONY: setup
setup: $(STAMP) ## Install Python packages, fetch and build the tools and the control plane
	@$(BIN)/python -m tests.platform setup

.PHONY: demo
demo: $(STAMP) ## Run the main job on the example application (QUICK=1: only the half without a cluster)
	@$(BIN)/python -m examples.demo $(if $(QUICK),--quick)

.PHONY: demo-down
demo-down: $(STAMP) ## Stop what the demo left running
	@$(BIN)/python -m examples.demo --down

.PHONY: pipeline-github
pipeline-github: $(STAMP) ## Run the example GitHub workflows on this machine, against the local platform
	@$(BIN)/python -m examples.rehearsal github

.PHONY: pipeline-tekton
pipeline-tekton: $(STAMP) ## Run the Tekton Pipeline and its Tasks on this machine, against the local platform
	@$(BIN)/python -m examples.rehearsal tekton

.PHONY: test
test: setup check ## Set everything up and run every test
	@$(BIN)/pytest -n 2 --dist loadgroup tests

.PHONY: check
check: $(STAMP) ## Linters, types and architecture
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(STAMP) ## Format the Python files
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: bench
bench: setup ## Print times and memory: the commands against their peers, and the puller with its fleets
	@$(BIN)/python -m tests.bench

FUZZ_SECONDS ?= 60
FUZZER := .venv/fuzzer/.installed

# Beside the virtual environment's packages and not among them: only a process that fuzzes has it on its path.
$(FUZZER): $(STAMP)
	@$(BIN)/pip install --quiet --no-deps --constraint tests/constraints.txt --upgrade --target $(@D) atheris
	@touch $@

.PHONY: fuzz
fuzz: $(FUZZER) ## Feed strangers' bytes to everything that reads them, FUZZ_SECONDS for each target
	@PYTHONPATH=$(dir $(FUZZER)) $(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

.PHONY: readme
readme: $(STAMP) ## Write what is derived from the program anew: help, tables, actions, tasks, components, manual pages
	@for module in help_blocks schema_table rule_table guide action_files tekton_files gitlab_templates man_pages completions; do \
		$(BIN)/python -m tests.delivery.$$module --write || exit 1; done

.PHONY: sbom
sbom: $(STAMP) ## Write the bill of materials of the wheel in dist/
	@$(BIN)/python -m tests.delivery.own_sbom dist

.PHONY: release-check
release-check: $(STAMP) ## For a release: hold TAG and the pins of actions/setup against the wheel in dist/
	@$(BIN)/python -m tests.delivery.release_files check dist --tag '$(TAG)'

.PHONY: release-files
release-files: $(STAMP) ## For a release: write examples, tasks and components that name COMMIT and IMAGE_DIGEST into release/
	@$(BIN)/python -m tests.delivery.release_files write release --commit '$(COMMIT)' --image-digest '$(IMAGE_DIGEST)'

IMAGE ?= gitless:local

.PHONY: image
image: $(STAMP) ## Build the image IMAGE from the Containerfile, with the container engine that is here
	@$(BIN)/gitless image build . --image $(IMAGE)

.PHONY: pictures
pictures: $(STAMP) ## Draw the pictures of the documentation anew
	@$(BIN)/python -m tests.delivery.pictures --write

.PHONY: dist
dist: $(STAMP) ## Build wheel and sdist into dist/, the same bytes everywhere
	@$(BIN)/python -m tests.delivery.distributions dist

.PHONY: release-pins
release-pins: $(STAMP) ## For a release: have actions/setup install the wheel of this tree, and lock its dependencies
	@$(BIN)/python -m tests.delivery.requirements --write
	@$(BIN)/python -m tests.delivery.distributions dist --pin

.PHONY: clean
clean: ## Remove what is derived (the tools' cache stays)
	@rm -rf .venv build dist .demo .rehearsal *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .fuzz-findings
