"""The corpus that lies in ``data/``: valid, split as its card says, the same in both forms."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from thoisu import corpus
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
STARTING = "hai-phong-2024-11-14"


def program(folder: Path):
    """Import ``make.py`` as it lies in a folder; it works on that folder."""
    spec = importlib.util.spec_from_file_location("make", folder / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="module")
def splits():
    return {name: corpus.load(DATA / f"{name}.jsonl") for name in corpus.SPLITS}


def test_nothing_stands_in_two_splits(splits):
    corpus.check_disjoint(splits)
    corpus.load([DATA / f"{name}.jsonl" for name in corpus.SPLITS])


def test_the_starting_article_is_test_data_and_authored_text_the_rest(splits):
    (starting,) = corpus.load(DATA / "article" / "hai-phong.jsonl")
    assert starting.id == STARTING
    assert starting in splits["test"]
    real = [
        article.id for part in splits.values() for article in part if article.source != "authored"
    ]
    assert real == [STARTING]


def test_the_splits_are_the_ones_that_the_card_describes(splits):
    authored = [article for part in splits.values() for article in part if article.id != STARTING]
    drawn = corpus.split(authored, seed=0)
    assert {name: [article.id for article in part] for name, part in drawn.items()} == {
        name: [article.id for article in part if article.id != STARTING]
        for name, part in splits.items()
    }


def test_every_split_has_every_label(splits):
    for part in splits.values():
        labels = [sentence.label for article in part for sentence in article.sentences]
        assert min(map(labels.count, LABEL_IDS)) >= 40


@pytest.mark.parametrize("name", corpus.SPLITS)
def test_text_is_nfc_without_stray_characters(name):
    text = (DATA / f"{name}.jsonl").read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    for line in text.splitlines():
        for sentence in json.loads(line)["sentences"]:
            assert sentence["text"] == " ".join(sentence["text"].split())
            assert not {unicodedata.category(character) for character in sentence["text"]} & {
                "Cc", "Cf", "Cn", "Co", "Cs",
            }  # fmt: skip


def test_articles_say_where_they_belong(splits):
    for part in splits.values():
        for article in part:
            assert article.title
            assert article.genre
            assert article.level
            assert article.sector
            assert article.date


def test_what_is_derived_is_current():
    check = subprocess.run(
        [sys.executable, DATA / "make.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (check.returncode, check.stdout + check.stderr) == (0, "")


@pytest.mark.parametrize("name", corpus.SPLITS)
def test_the_flat_form_is_the_corpus(splits, name):
    assert corpus.load(DATA / "sentences" / f"{name}.parquet") == splits[name]


def test_a_changed_label_makes_the_flat_form_and_the_card_stale(copied, capsys):
    make = program(copied)
    path = copied / "validation.jsonl"
    path.write_text(path.read_text("utf-8").replace('"challenge"', '"proposal"', 1), "utf-8")
    assert make.main(["--check"]) == 1
    stale = capsys.readouterr().out
    assert [line.partition(":")[0] for line in stale.splitlines()] == [
        str(copied / "sentences" / "validation.parquet"),
        str(copied / "README.md"),
    ]
    assert make.main([]) == 0
    assert make.main(["--check"]) == 0
    assert (copied / "README.md").read_text("utf-8") != (DATA / "README.md").read_text("utf-8")


def test_new_articles_are_drawn_and_the_others_stay(copied, splits, capsys):
    new = [
        corpus.CorpusArticle(
            f"x-{number:02}",
            genre="voters",
            sentences=(corpus.CorpusSentence(f"Câu thứ {number}.", "other"),),
        )
        for number in range(20)
    ]
    corpus.save(new, copied.parent / "new.jsonl")
    make = program(copied)
    assert make.main(["draw", str(copied.parent / "new.jsonl")]) == 0
    assert make.main(["--check"]) == 0
    after = {name: corpus.load(copied / f"{name}.jsonl") for name in corpus.SPLITS}
    assert [len(after[name]) - len(splits[name]) for name in corpus.SPLITS] == [14, 3, 3]
    for name, part in splits.items():
        assert {article.id for article in part} <= {article.id for article in after[name]}

    before = (copied / "train.jsonl").read_bytes()
    assert make.main(["draw", str(copied.parent / "new.jsonl")]) == 1
    assert "'x-00' has a split already" in capsys.readouterr().err
    assert (copied / "train.jsonl").read_bytes() == before


def test_an_article_in_two_splits_stops_everything(copied, capsys):
    shutil.copy(copied / "validation.jsonl", copied / "test.jsonl")
    assert program(copied).main([]) == 1
    assert "is in both validation and test" in capsys.readouterr().err


def test_a_card_without_a_place_for_figures_is_refused(copied):
    make = program(copied)
    with pytest.raises(ThoisuError, match=r"README\.md: lacks <!-- figures"):
        make.with_figures("# No figures\n", {})


READ = """
import sys
from datasets import load_dataset
data = load_dataset(sys.argv[1])
for name, split in data.items():
    split.to_parquet(f"{sys.argv[2]}/{name}.parquet")
    print(name, split.features["label"].names)
before = []
for row in data["test"]:
    before = before if row["sentence"] else []
    assert row["sentence"] == len(before), row
    assert row["preceding"] == before, row
    before.append(row["text"])
"""


@pytest.mark.slow
def test_datasets_opens_the_folder_offline(tmp_path, splits):
    pytest.importorskip("datasets")
    environment = os.environ | {
        "HF_HOME": str(tmp_path / "cache"),
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
    }
    read = subprocess.run(
        [sys.executable, "-c", READ, "data", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert read.returncode == 0, read.stderr
    assert read.stdout.splitlines() == [f"{name} {list(LABEL_IDS)}" for name in corpus.SPLITS]
    for name, part in splits.items():
        assert corpus.load(tmp_path / f"{name}.parquet") == part
