"""The bundled model, from text to labelled sentences."""

import json
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ARTICLE, BUNDLED
from thoisu import Labeller, ThoisuError
from thoisu.articles import Article
from thoisu.labels import LABEL_IDS


@pytest.fixture(scope="module")
def labeller():
    return Labeller.from_pretrained()


@pytest.fixture(scope="module")
def text():
    return (ARTICLE / "hai-phong.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def gold():
    (line,) = (ARTICLE / "hai-phong.jsonl").read_text("utf-8").splitlines()
    return json.loads(line)["sentences"]


def probabilities(article):
    return np.array([list(sentence.probabilities.values()) for sentence in article.sentences])


def test_the_starting_article_is_labelled_well(labeller, text, gold):
    article = labeller.label(text)
    assert [s.text for s in article.sentences] == [s["text"] for s in gold]
    right = [s.label == g["label"] for s, g in zip(article.sentences, gold, strict=True)]
    assert np.mean(right) >= 0.8


def test_spans_point_into_the_text(labeller, text):
    for sentence in labeller.label(text).sentences:
        assert text[slice(*sentence.span)] == sentence.text


def test_the_label_is_the_most_probable_one_and_probabilities_sum_to_one(labeller, text):
    for sentence in labeller.label(text).sentences:
        assert tuple(sentence.probabilities) == LABEL_IDS
        assert sum(sentence.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert sentence.confidence == max(sentence.probabilities.values())
        assert sentence.probabilities[sentence.label] == sentence.confidence


def test_who_speaks_to_whom_decides(labeller):
    voters = "Cử tri xã Tân Lập kiến nghị Chính phủ sớm đầu tư nâng cấp tuyến quốc lộ qua địa bàn."
    minister = "Thủ tướng yêu cầu các bộ, địa phương khẩn trương giải ngân vốn đầu tư công."
    assert [p.label for p in labeller.predict([voters, minister])] == ["proposal", "directive"]


def test_results_do_not_depend_on_what_else_is_labelled(labeller, text, gold):
    articles = [
        Article("long", text),
        Article("short", "Kinh tế tăng trưởng 8%."),
        Article("lines", "\n".join(s["text"] for s in gold[20:45])),
    ]
    alone = {article.id: probabilities(labeller.label(article.text)) for article in articles}
    for seed in range(3):
        random.Random(seed).shuffle(articles)
        for labelled in labeller.label_many(articles):
            np.testing.assert_allclose(probabilities(labelled), alone[labelled.id], atol=1e-4)


def test_one_thread_and_two_give_the_same(labeller, text):
    single = Labeller.from_pretrained(threads=1).label(text)
    np.testing.assert_allclose(
        probabilities(single), probabilities(labeller.label(text)), atol=1e-4
    )


def test_sentences_already_split_are_labelled_as_in_the_article(labeller, text, gold):
    (given,) = labeller.probabilities([[s["text"] for s in gold]])
    np.testing.assert_allclose(given, probabilities(labeller.label(text)), atol=1e-4)


def test_clauses_are_finer_than_sentences(labeller):
    text = "Tỉnh kiến nghị xây cầu Tân Vũ; thành lập khu kinh tế ven biển; mở rộng sân bay."
    clauses = labeller.label(text, unit="clause").sentences
    assert len(clauses) == 3
    assert [text[slice(*clause.span)] for clause in clauses] == [c.text for c in clauses]


@pytest.mark.parametrize("text", ["", "   \n\t ", "\u200b", "…", "😀", "a" * 3000, "\x00\x01"])
def test_odd_texts_are_no_problem(labeller, text):
    for sentence in labeller.label(text).sentences:
        assert sentence.label in LABEL_IDS
        assert text[slice(*sentence.span)] == sentence.text


@settings(max_examples=25)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_texts_get_one_prediction_each(labeller, texts):
    predictions = labeller.predict(texts)
    assert len(predictions) == len(texts)
    assert all(sum(p.probabilities.values()) == pytest.approx(1, abs=1e-5) for p in predictions)


def test_label_many_reads_only_as_far_as_results_are_taken(labeller):
    taken = []

    def articles():
        for number in range(1000):
            taken.append(number)
            yield f"Thành phố đạt kết quả thứ {number}."

    next(labeller.label_many(articles()))
    assert len(taken) < 100


def test_wrong_requests_are_refused_in_one_line(labeller, tmp_path):
    with pytest.raises(ThoisuError, match="paragraph"):
        labeller.label("Một câu.", unit="paragraph")
    with pytest.raises(TypeError, match="list of texts"):
        labeller.predict("Một câu.")
    with pytest.raises(ThoisuError, match=r"config\.json"):
        Labeller.from_pretrained(tmp_path)


def test_labels_of_another_kind_are_refused(tmp_path):
    config = json.loads((BUNDLED / "config.json").read_text("utf-8"))
    config["id2label"] = {"0": "positive", "1": "negative"}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ThoisuError, match="positive, negative"):
        Labeller.from_pretrained(tmp_path)


def test_labelling_imports_nothing_heavy():
    program = (
        "import sys; from thoisu import Labeller;"
        "Labeller.from_pretrained().label('Tỉnh đạt nhiều kết quả.');"
        "heavy = {'torch', 'transformers', 'sklearn', 'pandas', 'datasets'} & set(sys.modules);"
        "sys.exit(' '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_bundled_model_opens_with_transformers():
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
    assert type(tokenizer).__name__ == "PhobertTokenizer"
    model = AutoModelForTokenClassification.from_pretrained(BUNDLED)
    assert tuple(model.config.id2label[index] for index in range(5)) == LABEL_IDS


def test_what_labelling_needs_is_small():
    needed = [
        path
        for path in BUNDLED.rglob("*")
        if path.is_file() and path.name not in {"model.safetensors", "README.md"}
    ]
    assert sum(path.stat().st_size for path in needed) < 45e6
