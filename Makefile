# `make demo` and `make test` need python3.11 (or newer) and make; they prepare .venv themselves.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Folders of labelled human speech for `make model`; without any it is trained on synthetic speech.
HUMAN ?= $(wildcard ../shared/speech)

# The build without CUDA, if an index that pip knows has one; else the one of the same version,
# which on Linux brings some gigabytes of CUDA. With an NVIDIA GPU: make model TORCH=torch==2.13.0
TORCH ?= torch==2.13.0+cpu

.PHONY: demo test check fixtures model model-smoke constraints clean

demo: $(VENV)/.runtime
	$(BIN)/voicebot demo

# Telephones, browsers and sound cards run in real time and leave the processor idle: they run beside
# each other, and the other tests give way to them. The sound card comes first: its sound has gaps when
# it waits.
test: $(VENV)/.dev
	@mkdir -p out; \
	nice -n 19 $(BIN)/python -m pytest --ignore=tests/adapters --ignore=tests/telephone \
	  > out/tests.log 2>&1 & others=$$!; \
	nice -n 10 $(BIN)/python -m pytest tests/telephone > out/telephone.log 2>&1 & telephone=$$!; \
	trap "kill $$others $$telephone" INT TERM; \
	$(BIN)/python -m pytest tests/adapters; adapters=$$?; \
	wait $$telephone; called=$$?; wait $$others; rest=$$?; \
	cat out/telephone.log out/tests.log; exit $$((adapters | called | rest))

# Everything that CI asks for besides the tests.
check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fixtures: $(VENV)/.runtime
	$(BIN)/python audio_fixtures/make.py

# Both need Debian's OpenFst tools: recipes/acoustic_model/README.md.
model: $(VENV)/.train
	$(BIN)/python -m recipes.acoustic_model all --config recipes/acoustic_model/config.toml \
	  $(foreach folder,$(HUMAN),--human $(folder))

model-smoke: $(VENV)/.train
	$(BIN)/python -m recipes.acoustic_model smoke --config recipes/acoustic_model/smoke.toml

# Versions and hashes only: no index address belongs in these files. They are whole, and installed
# with --no-deps: pip would otherwise look at the newest version of a package that another one asks
# for with an extra, and refuse it for want of a hash.
constraints: | $(VENV)/bin/python
	$(PIP) install pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
	  --all-build-deps -o constraints.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
	  --all-build-deps --extra dev -c constraints.txt -o constraints-dev.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
	  -c constraints-dev.txt -o constraints-train.txt recipes/acoustic_model/packages.in

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "$(PYTHON) is not here; install Python 3.11 or newer, or say make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r constraints.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.train: constraints-train.txt $(VENV)/.runtime
	$(PIP) install --require-hashes --no-deps -r constraints-train.txt
	$(PIP) install --no-deps $(TORCH) || $(PIP) install $(TORCH:+cpu=)
	@touch $@

$(VENV)/.dev: constraints-dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes --no-deps -r constraints-dev.txt
	@touch $@
