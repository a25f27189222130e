"""`thoisu export`: a checkpoint that others fine-tuned becomes one that labels without torch."""

import subprocess
import sys

import numpy as np
import pytest

from thoisu import Labeller
from thoisu.labels import LABEL_IDS

SENTENCES = ["Cử tri kiến nghị sớm xây cầu.", "Tiến độ còn chậm so với kế hoạch đề ra."]


@pytest.fixture
def foreign(phobert, tmp_path):
    from transformers import AutoTokenizer, RobertaForSequenceClassification

    model = RobertaForSequenceClassification.from_pretrained(
        phobert,
        id2label=dict(enumerate(LABEL_IDS)),
        label2id={name: index for index, name in enumerate(LABEL_IDS)},
    )
    model.save_pretrained(tmp_path / "foreign")
    AutoTokenizer.from_pretrained(phobert).save_pretrained(tmp_path / "foreign")
    return tmp_path / "foreign"


def thoisu(*arguments):
    command = [sys.executable, "-m", "thoisu", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.slow
def test_a_foreign_checkpoint_labels_after_export_as_before(foreign, tmp_path):
    before = [
        list(p.probabilities.values()) for p in Labeller.from_pretrained(foreign).predict(SENTENCES)
    ]
    article = tmp_path / "article.txt"
    article.write_text("\n".join(SENTENCES), "utf-8")
    refused = thoisu("label", article, "--model", foreign)
    assert refused.returncode == 1
    assert f"thoisu export {foreign}" in refused.stderr

    assert thoisu("export", foreign).returncode == 0
    after = [
        list(p.probabilities.values())
        for p in Labeller.from_pretrained(foreign, onnx="model.onnx").predict(SENTENCES)
    ]
    np.testing.assert_allclose(before, after, atol=1e-5)
    labelled = thoisu("label", article, "--model", foreign)
    assert (labelled.returncode, labelled.stderr) == (0, "")
    assert all(sentence in labelled.stdout for sentence in SENTENCES)
