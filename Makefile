# Everything a newcomer types: `make label`, `make test`, `make train`. The environment is .venv.
PYTHON ?= python3
NEWS ?= ../shared/news
ARTICLE ?= data/article/hai-phong.txt
RECIPE ?= training/recipes/small.yaml
BIN := .venv/bin
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
	$(BIN)/thoisu train $(RECIPE) $(if $(wildcard $(NEWS)/train.jsonl),--news $(NEWS))

evaluate: .venv/.full
	$(BIN)/python evaluate.py --model models/thoisu-small --data data/test.jsonl \
		--baselines --train data/train.jsonl --report report/

clean:
	rm -rf .venv report runs dist

# Labelling alone: no torch, no transformers.
.venv/.light: $(PACKAGE)
	@echo "Setting up .venv (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@touch $@

# And what training, tests and checks need.
.venv/.full: $(PACKAGE) .venv/.light
	@echo "Adding what tests and training need (once, a few minutes) ..."
	@$(PIP) --editable ".[train,dev,bench]"
	@touch $@
