"""A recipe becomes a checkpoint that labels, on a tiny PhoBERT with random weights."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import ROOT
from thoisu import Labeller, ThoisuError, corpus
from thoisu.finetuning import last_checkpoint, train
from thoisu.labels import LABEL_IDS
from thoisu.recipes import Recipe
from thoisu.trainer import IGNORED, sentence_logits

RECIPES = sorted((ROOT / "training" / "recipes").glob("*.yaml"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A few authored articles to learn from, and others to be measured on."""
    folder = tmp_path_factory.mktemp("data")
    corpus.save(corpus.load(ROOT / "data" / "train.jsonl")[:12], folder / "train.jsonl")
    corpus.save(corpus.load(ROOT / "data" / "validation.jsonl")[:4], folder / "validation.jsonl")
    return folder


def recipe_for(phobert, data, **changes):
    schedule = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 4, "precision": "fp32"}
    return Recipe.model_validate(
        {
            "name": "tiny",
            "base_model": str(phobert),
            "data": {
                "train": [data / "train.jsonl"],
                "validation": [data / "validation.jsonl"],
            },
            "schedule": schedule,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def checkpoint(phobert, data, tmp_path_factory):
    output = tmp_path_factory.mktemp("runs") / "tiny"
    assert not train(recipe_for(phobert, data), output, tell=lambda line: None)
    return output


@pytest.mark.slow
class TestCheckpoint:
    def test_opens_with_the_auto_classes_and_no_custom_code(self, checkpoint):
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        model = AutoModelForTokenClassification.from_pretrained(checkpoint)
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        assert type(tokenizer).__name__ == "PhobertTokenizer"
        assert tuple(model.config.id2label[index] for index in range(5)) == LABEL_IDS
        answers = pipeline("token-classification", model=model, tokenizer=tokenizer)(
            "Cử_tri kiến_nghị sớm xây cầu ."
        )
        assert {answer["entity"] for answer in answers} <= set(LABEL_IDS)

    def test_labels_through_onnx_as_it_does_through_pytorch(self, checkpoint, tmp_path):
        text = (ROOT / "data" / "article" / "hai-phong.txt").read_text("utf-8")
        plain = tmp_path / "plain"
        shutil.copytree(checkpoint, plain, ignore=shutil.ignore_patterns("onnx", "checkpoints"))
        whole = tmp_path / "whole"
        shutil.copytree(
            checkpoint, whole, ignore=shutil.ignore_patterns("model_int8.onnx", "checkpoints")
        )
        results = [
            [
                list(s.probabilities.values())
                for s in Labeller.from_pretrained(f).label(text).sentences
            ]
            for f in (plain, whole)
        ]
        np.testing.assert_allclose(*results, atol=1e-4)

    def test_writes_down_what_it_was_made_of(self, checkpoint):
        record = json.loads((checkpoint / "training.json").read_text("utf-8"))
        assert record["recipe"]["seed"] == 1
        assert record["versions"]["torch"] == torch.__version__
        assert record["best_validation_macro_f1"] == max(
            row["eval_macro_f1"] for row in record["history"]
        )
        settings = json.loads((checkpoint / "thoisu.json").read_text("utf-8"))
        assert settings["context"] == "window"
        assert settings["temperature"] > 0

    def test_carries_a_card_with_the_figures_that_were_measured(self, checkpoint):
        card = (checkpoint / "README.md").read_text("utf-8")
        report = json.loads((checkpoint / "evaluation" / "validation.json").read_text("utf-8"))
        figure = report["systems"][0]["macro_f1"]["value"]
        assert f"{figure:.3f}" in card
        assert all(f"`{label}`" in card for label in LABEL_IDS)

    def test_states_what_int8_costs(self, checkpoint):
        report = json.loads((checkpoint / "evaluation" / "validation.json").read_text("utf-8"))
        assert [system["name"] for system in report["systems"]] == ["tiny", "tiny in fp32"]

    def test_says_nothing_of_the_machine_it_was_made_on(self, checkpoint):
        import thoisu

        installed = str(Path(thoisu.__file__).parent).encode()
        files = [path for path in checkpoint.rglob("*") if path.suffix in {".onnx", ".safetensors"}]
        assert len(files) == 3
        assert not any(installed in path.read_bytes() for path in files)

    def test_leaves_nothing_but_the_finished_files(self, checkpoint):
        assert not (checkpoint / "checkpoints").exists()
        assert not (checkpoint / "unfinished").exists()
        assert not list(checkpoint.rglob("*.partial"))

    def test_can_be_trained_further_from(self, checkpoint, data, tmp_path):
        alone = recipe_for(checkpoint, data, context="alone", name="further")
        train(alone, tmp_path / "further", tell=lambda line: None)
        predictions = Labeller.from_pretrained(tmp_path / "further").predict(
            ["Cử tri kiến nghị sớm xây cầu."]
        )
        assert sum(predictions[0].probabilities.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_so_far_and_resume_goes_on(phobert, data, tmp_path):
    recipe = recipe_for(phobert, data, name="stopped")
    recipe = recipe.model_copy(
        update={"schedule": recipe.schedule.model_copy(update={"epochs": 500, "patience": 10_000})}
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.model_dump_json(), "utf-8")  # JSON is YAML
    output = tmp_path / "out"
    command = [sys.executable, "-m", "thoisu", "train", str(path), "--out", str(output)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not list(output.glob("checkpoints/checkpoint-*/trainer_state.json")):
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "--resume goes on" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert Labeller.from_pretrained(output).label("Cử tri kiến nghị sớm xây cầu.").sentences
    stopped = json.loads((output / "training.json").read_text("utf-8"))
    assert stopped["stopped"]

    states = output.glob("checkpoints/checkpoint-*/trainer_state.json")
    reached = max(json.loads(state.read_text("utf-8"))["epoch"] for state in states)
    longer = recipe.model_copy(
        update={"schedule": recipe.schedule.model_copy(update={"epochs": reached + 2})}
    )
    train(longer, output, resume=True, tell=lambda line: None)
    resumed = json.loads((output / "training.json").read_text("utf-8"))
    assert not resumed["stopped"]
    assert len(resumed["history"]) > len(stopped["history"])


def test_only_checkpoints_written_to_their_end_are_gone_on_from(tmp_path):
    for name, file in (("checkpoint-9", "trainer_state.json"), ("checkpoint-10", "weights")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-9"
    (tmp_path / "checkpoint-10" / "trainer_state.json").touch()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"


def test_resuming_what_never_began_is_refused(phobert, data, tmp_path):
    with pytest.raises(ThoisuError, match="no checkpoint to go on from"):
        train(recipe_for(phobert, data), tmp_path / "new", resume=True, tell=lambda line: None)


def test_articles_in_both_splits_are_refused(phobert, data, tmp_path):
    leaking = tmp_path / "data"
    leaking.mkdir()
    for name in ("train.jsonl", "validation.jsonl"):
        shutil.copyfile(data / "train.jsonl", leaking / name)
    with pytest.raises(ThoisuError, match=corpus.load(data / "train.jsonl")[0].id):
        train(recipe_for(phobert, leaking), tmp_path / "leak", tell=lambda line: None)


def test_a_base_model_that_cannot_be_had_is_named(data, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ThoisuError, match="nobody/nothing"):
        train(recipe_for("nobody/nothing", data), tmp_path / "none", tell=lambda line: None)


def test_tokens_of_a_sentence_are_averaged():
    labels = torch.tensor(
        [[IGNORED, 1, 1, IGNORED, 4, IGNORED], [IGNORED, 2, IGNORED, IGNORED, IGNORED, IGNORED]]
    )
    logits = torch.arange(2 * 6 * 3, dtype=torch.float32).reshape(2, 6, 3)
    means, targets = sentence_logits(logits, labels)
    assert targets.tolist() == [1, 4, 2]
    assert means.tolist() == [
        logits[0, 1:3].mean(0).tolist(),
        logits[0, 4].tolist(),
        logits[1, 1].tolist(),
    ]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_that_come_with_the_project_are_valid(path):
    recipe = Recipe.read(path)
    assert recipe.licence != "other"
    assert all((ROOT / file).exists() for file in recipe.data.train + recipe.data.validation)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: [", "not YAML"),
        ("name: a\nbase_model: b\n", "data"),
        (
            "name: a\nbase_model: b\ndata: {train: [x], validation: [y]}\nsize: 64\noverlap: 60\n"
            "schedule: {epochs: 1, learning_rate: 1, batch_size: 1}",
            "overlap",
        ),
        ("nonsense", "the file"),
        (
            "name: a\nbase_model: b\ndata: {train: [x], validation: [y]}\nschedule: {epochs: 0}",
            "epochs",
        ),
        (
            "name: a\nbase_model: b\ndata: {train: [x], validation: [y]}\n"
            "schedule: {epochs: 1, learning_rate: 1, batch_size: 1}\nepochen: 3",
            "epochen",
        ),
    ],
)
def test_a_recipe_that_says_something_wrong_is_refused_in_one_line(tmp_path, text, problem):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ThoisuError) as caught:
        Recipe.read(path)
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
