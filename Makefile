# Everything a newcomer types: `make label`, `make test`, `make train`. The environment is .venv.
PYTHON ?= python3
NEWS ?= ../shared/news
ARTICLE ?= data/article/hai-phong.txt
RECIPE ?= training/recipes/small.yaml
BIN := .venv/bin
# The default folder joins where it is there; one that was asked for must be there.
WITH_NEWS = $(if $(filter file,$(origin NEWS)),$(if $(wildcard $(NEWS)/train.jsonl),--news $(NEWS)),--news $(NEWS))
RESUME ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PACKAGE := pyproject.toml constraints.txt

.PHONY: label test check train evaluate clean
.DELETE_ON_ERROR:

label: .venv/.light
	@$(BIN)/thoisu label $(ARTICLE)

test: .venv/.full
	$(BIN)/python -m pytest

check: .venv/.full
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

train: .venv/.full
	$(BIN)/thoisu train $(RECIPE) $(WITH_NEWS) $(if $(RESUME),--resume)

evaluate: .venv/.full
	$(BIN)/python evaluate.py --model models/thoisu-small --data data/test.jsonl \
		--baselines --train data/train.jsonl --report report/

clean:
	rm -rf .venv report dist

# Labelling alone: no torch, no transformers.
.venv/.light: $(PACKAGE)
	@echo "Setting up .venv (once, about a minute) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP) --editable .
	@touch $@

# And what training, tests and checks need.
.venv/.full: $(PACKAGE) .venv/.light
	@echo "Adding what tests and training need (once, a few minutes) ..."
	@$(PIP) --editable ".[train,dev,bench]"
	@touch $@
