"""Checkpoints that others made, run without a thoisu.json."""

import json

import numpy as np
import pytest

from thoisu import Labeller, ThoisuError
from thoisu.labels import LABEL_IDS
from thoisu.model import settings


@pytest.fixture(scope="module")
def foreign(phobert, tmp_path_factory):
    """A sentence classifier as anybody fine-tunes it, its labels in another order."""
    import torch
    from transformers import AutoTokenizer, RobertaForSequenceClassification

    folder = tmp_path_factory.mktemp("foreign")
    torch.manual_seed(1)
    names = sorted(LABEL_IDS, reverse=True)
    model = RobertaForSequenceClassification.from_pretrained(
        phobert, id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)}
    )
    model.classifier.out_proj.bias.data = torch.arange(5.0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(phobert).save_pretrained(folder)
    return folder


def test_its_labels_are_put_into_our_order(foreign):
    prediction = Labeller.from_pretrained(foreign).predict(["Tỉnh đạt nhiều kết quả."])[0]
    ranked = sorted(prediction.probabilities, key=prediction.probabilities.__getitem__)
    assert ranked == sorted(LABEL_IDS, reverse=True)


def test_it_gives_the_probabilities_that_transformers_gives(foreign):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    sentences = ["Cử tri kiến nghị sớm xây cầu.", "Tiến độ còn chậm so với kế hoạch đề ra."]
    ours = Labeller.from_pretrained(foreign).predict(sentences)
    model = AutoModelForSequenceClassification.from_pretrained(foreign).eval()
    tokenizer = AutoTokenizer.from_pretrained(foreign)
    from thoisu import words

    for sentence, prediction in zip(sentences, ours, strict=True):
        (segmented,) = words.load().segment([sentence])
        with torch.inference_mode():
            logits = model(**tokenizer(segmented.text, return_tensors="pt")).logits[0]
        expected = dict(
            zip(sorted(LABEL_IDS, reverse=True), logits.softmax(0).tolist(), strict=True)
        )
        np.testing.assert_allclose(
            [prediction.probabilities[name] for name in LABEL_IDS],
            [expected[name] for name in LABEL_IDS],
            atol=1e-5,
        )


def test_it_is_read_sentence_by_sentence(foreign):
    assert settings(foreign).context == "alone"


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("config.json", "{", "not JSON"),
        ("thoisu.json", "{}", "lacks"),
        ("thoisu.json", "[]", "not a JSON object"),
        ("onnx/model_int8.onnx", "no model", "ONNX Runtime cannot load it"),
    ],
)
def test_damaged_checkpoints_are_named_in_one_line(foreign, tmp_path, file, content, problem):
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(foreign, folder)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(content, "utf-8")
    with pytest.raises(ThoisuError, match=problem) as caught:
        Labeller.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights_says_what_is_missing(foreign, tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps(json.loads((foreign / "config.json").read_text("utf-8"))), "utf-8"
    )
    with pytest.raises(ThoisuError, match="neither onnx"):
        Labeller.from_pretrained(tmp_path)
