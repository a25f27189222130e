"""Labelled data: every form is read alike, what is wrong is named, splits share nothing."""

import csv
import io
import json
import unicodedata
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoisu import corpus
from thoisu.corpus import CorpusArticle, CorpusSentence
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS

DATA = Path(__file__).parents[1] / "data"
HEAD = "article,text,label\n"

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip)
names = words.map(lambda text: unicodedata.normalize("NFC", text))
sentences = st.builds(CorpusSentence, names, st.sampled_from(LABEL_IDS), st.booleans())
articles = st.builds(
    CorpusArticle,
    names,
    *[st.none() | names] * 6,
    st.lists(sentences, min_size=1, max_size=4).map(tuple),
)
corpora = st.lists(articles, min_size=1, max_size=5, unique_by=lambda article: article.id)


def article(name: str, *texts: str, genre: str | None = None) -> CorpusArticle:
    return CorpusArticle(
        name, genre=genre, sentences=tuple(CorpusSentence(text, "other") for text in texts)
    )


def flat_rows(loaded: list[CorpusArticle]) -> list[dict[str, object]]:
    return [
        {
            "article": article.id,
            "text": sentence.text,
            "label": sentence.label,
            "hard": sentence.hard,
            **{name: getattr(article, name) for name in corpus.METADATA},
        }
        for article in loaded
        for sentence in article.sentences
    ]


def write_csv(rows: list[dict[str, object]], path: Path, *, delimiter: str = ",") -> Path:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode())
    return path


def write_parquet(rows: list[dict[str, object]], path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@settings(deadline=None)  # files are written
@given(corpora)
def test_what_is_saved_is_loaded_again(tmp_path_factory, loaded):
    path = tmp_path_factory.mktemp("saved") / "corpus.jsonl"
    corpus.save(loaded, path)
    assert corpus.load(path) == loaded
    assert [found.name for found in path.parent.iterdir()] == ["corpus.jsonl"]


@settings(deadline=None)  # files are written
@given(corpora)
def test_flat_rows_say_the_same_as_articles(tmp_path_factory, loaded):
    folder = tmp_path_factory.mktemp("flat")
    rows = flat_rows(loaded)
    assert corpus.load(write_parquet(rows, folder / "corpus.parquet")) == loaded
    assert corpus.load(write_csv(rows, folder / "corpus.csv")) == loaded


@pytest.mark.parametrize("name", corpus.SPLITS)
def test_the_published_corpus_survives_every_form(tmp_path, name):
    path = DATA / f"{name}.jsonl"
    loaded = corpus.load(path)
    corpus.save(loaded, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()
    rows = flat_rows(loaded)
    for delimiter in ",;\t":
        assert corpus.load(write_csv(rows, tmp_path / "a.csv", delimiter=delimiter)) == loaded
    assert corpus.load(write_parquet(rows, tmp_path / "a.parquet")) == loaded


def test_several_files_are_loaded_in_order(tmp_path):
    first, second = tmp_path / "b.jsonl", tmp_path / "a.csv"
    corpus.save([article("x", "Một."), article("y", "Hai.")], first)
    second.write_text(HEAD + "w,Ba.,other\n", "utf-8")
    assert [found.id for found in corpus.load([first, second])] == ["x", "y", "w"]
    assert [found.id for found in corpus.load([str(second)])] == ["w"]


def test_rows_of_one_article_may_stand_apart(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "b,Một.,other\na,Hai.,other\nb,Ba.,directive\n", "utf-8")
    assert corpus.load(path) == [
        CorpusArticle(
            "b", sentences=(CorpusSentence("Một.", "other"), CorpusSentence("Ba.", "directive"))
        ),
        article("a", "Hai."),
    ]


def test_text_becomes_nfc_and_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    decomposed = unicodedata.normalize("NFD", "Kinh tế khởi sắc.")
    path.write_bytes((HEAD + f"a,{decomposed},achievement\n").encode("utf-8-sig"))
    assert corpus.load(path)[0].sentences[0].text == "Kinh tế khởi sắc."


def test_unknown_fields_and_empty_metadata_are_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    record = {
        "id": "a",
        "title": "",
        "readers": 3,
        "sentences": [{"text": "Một.", "label": "other"}],
    }
    path.write_text(f"\n{json.dumps(record)}\r\n\n", "utf-8")
    assert corpus.load(path) == [article("a", "Một.")]


def test_line_separators_inside_a_sentence_are_not_ends_of_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    corpus.save([article("a", "Một\u2028hai\u0085ba.")], path)
    assert corpus.load(path)[0].sentences[0].text == "Một\u2028hai\u0085ba."


def test_numbers_and_dates_serve_as_ids_and_dates(tmp_path):
    rows = [{"article": 7, "text": "Một.", "label": "other", "date": date(2024, 11, 14)}]
    loaded = corpus.load(write_parquet(rows, tmp_path / "a.parquet"))
    assert (loaded[0].id, loaded[0].date) == ("7", "2024-11-14")


@pytest.mark.parametrize(
    ("written", "hard"),
    [("", False), ("0", False), ("False", False), ("no", False), ("TRUE", True), ("1", True)],
)
def test_hard_is_read_as_people_write_it(tmp_path, written, hard):
    path = tmp_path / "a.csv"
    path.write_text(f"article,text,label,hard\na,Một.,other,{written}\n", "utf-8")
    assert corpus.load(path)[0].sentences[0].hard is hard


def test_class_label_numbers_of_datasets_are_understood(tmp_path):
    features = {"label": {"names": ["other", "directive"], "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    rows = {"article": ["a", "a"], "text": ["Một.", "Hai."], "label": [1, 0]}
    table = pa.table(rows).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "a.parquet")
    loaded = corpus.load(tmp_path / "a.parquet")
    assert [sentence.label for sentence in loaded[0].sentences] == ["directive", "other"]
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "a.parquet")
    with pytest.raises(ThoisuError, match=r"a\.parquet: row 1: unknown label 1; expected achiev"):
        corpus.load(tmp_path / "a.parquet")


GOOD = '{"id": "a", "sentences": [{"text": "Một.", "label": "other"}]}\n'
FIVE = ", ".join(LABEL_IDS)
WRONG = [
    ("a.jsonl", b"", "{path}: is empty; expected labelled articles"),
    ("a.csv", b"", "{path}: is empty; expected labelled articles"),
    ("a.csv", HEAD.encode(), "{path}: is empty; expected labelled articles"),
    ("a.txt", b"", "{path}: labelled data is read from .jsonl, .csv, .parquet only"),
    ("a.jsonl", GOOD.encode() + b"{]", "{path}: line 2: is not JSON"),
    ("a.jsonl", b"[" * 100_000, "{path}: line 1: is not JSON (too deep or long)"),
    ("a.jsonl", b"[1]", "{path}: line 1: expected an object with id and sentences"),
    ("a.jsonl", b'{"sentences": []}', "{path}: line 1: has no 'id'"),
    ("a.jsonl", b'{"id": "a"}', "{path}: line 1: has no 'sentences'"),
    ("a.jsonl", b'{"id": "a", "sentences": []}', "{path}: line 1: sentences must be a list"),
    ("a.jsonl", b'{"id": "a", "sentences": ["x"]}', "{path}: line 1, sentence 1: expected an"),
    (
        "a.jsonl",
        b'{"id": "a", "sentences": [{"text": "x"}]}',
        "{path}: line 1, sentence 1: has no 'label'",
    ),
    (
        "a.jsonl",
        (GOOD * 2).encode(),
        "{path}: line 2: article 'a' stands already in {path}: line 1; give each",
    ),
    (
        "a.jsonl",
        GOOD.replace("other", "order").encode(),
        f"{{path}}: line 1, sentence 1: unknown label 'order'; expected {FIVE}",
    ),
    ("a.jsonl", GOOD.replace('"other"', "[]").encode(), "{path}: line 1, sentence 1: unknown lab"),
    ("a.jsonl", GOOD.replace("Một.", " ").encode(), "{path}: line 1, sentence 1: text is ' ';"),
    ("a.jsonl", GOOD.replace("Một.", "\\ud800").encode(), "{path}: line 1, sentence 1: half of a"),
    ("a.jsonl", GOOD.replace('"a"', "true").encode(), "{path}: line 1: the article's id is True"),
    ("a.jsonl", GOOD.replace('"id"', '"title": [], "id"').encode(), "{path}: line 1: title is []"),
    ("a.jsonl", GOOD.encode("utf-16"), "{path}: byte 0 is not UTF-8; save it as UTF-8"),
    ("a.csv", HEAD.encode() + b"a,\xd0\xd0,other", "{path}: byte 21 is not UTF-8"),
    ("a.csv", b"article,sentence\na,x\n", "{path}: has no column text, label; has article, sent"),
    ("a.csv", HEAD.encode() + b"a,b,other\na,c\n", "{path}: line 3: its fields are more or fewer"),
    ("a.csv", HEAD.encode() + b"a,b,c,other\n", "{path}: line 2: its fields are more or fewer"),
    ("a.csv", HEAD.encode() + b'a,"b,other\n', "{path}: line 2: is not CSV"),
    (
        "a.csv",
        HEAD.encode() + b'a,"b\nc",other\n\na,"d\ne",others\n',
        f"{{path}}: line 5: unknown label 'others'; expected {FIVE}",
    ),
    (
        "a.csv",
        b"article,text,label,hard\na,b,other,perhaps\n",
        "{path}: line 2: hard is 'perhaps'; expected true or false",
    ),
    (
        "a.csv",
        b"article,text,label,title\na,b,other,T\na,c,other,U\n",
        "{path}: line 3: article 'a' has the title 'U' here and 'T' before; are these two",
    ),
    ("a.parquet", b"PAR1", "{path}: is not a Parquet file ("),
]


@pytest.mark.parametrize(("name", "data", "message"), WRONG)
def test_what_is_wrong_is_named_in_one_line(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ThoisuError) as caught:
        corpus.load(path)
    assert str(caught.value).startswith(message.replace("{path}", str(path)))
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(ThoisuError, match=r"gone\.jsonl: no such file$"):
        corpus.load(tmp_path / "gone.jsonl")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ThoisuError, match=r"folder\.csv: is a folder; name a file in it$"):
        corpus.load(tmp_path / "folder.csv")


def test_an_id_in_two_files_is_refused(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(GOOD, "utf-8")
    with pytest.raises(
        ThoisuError, match=r"b\.jsonl: line 1: article 'a' stands already in .*a\.j"
    ):
        corpus.load([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])


def test_parquet_without_a_column_is_refused(tmp_path):
    path = write_parquet([{"article": "a", "text": "Một."}], tmp_path / "a.parquet")
    with pytest.raises(ThoisuError, match=r"has no column label; has article, text$"):
        corpus.load(path)


def test_a_failed_save_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD, "utf-8")

    def interrupted():
        yield article("b", "Một.")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.save(interrupted(), path)
    assert path.read_text("utf-8") == GOOD
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ThoisuError, match=r"a\.jsonl: cannot be written"):
        corpus.save([], tmp_path / "gone" / "a.jsonl")


genred = st.lists(
    st.builds(lambda name, genre: article(name, genre=genre), names, st.sampled_from("abc")),
    max_size=60,
    unique_by=lambda article: article.id,
)


@settings(deadline=None)
@given(genred, st.integers(), st.randoms())
def test_a_split_is_whole_even_and_the_same_in_any_order(loaded, seed, random):
    splits = corpus.split(loaded, seed=seed)
    assert sorted(found.id for part in splits.values() for found in part) == sorted(
        found.id for found in loaded
    )
    for name, share in zip(corpus.SPLITS, (0.7, 0.15, 0.15), strict=True):
        assert abs(len(splits[name]) - share * len(loaded)) <= 1
        for genre in "abc":
            count = sum(found.genre == genre for found in loaded)
            given_ = sum(found.genre == genre for found in splits[name])
            assert abs(given_ - share * count) < 2
    shuffled = list(loaded)
    random.shuffle(shuffled)
    assert corpus.split(shuffled, seed=seed) == splits


@settings(deadline=None)
@given(genred, genred, st.integers())
def test_articles_that_join_leave_the_others_where_they_are(first, more, seed):
    before = {
        found.id: name for name, part in corpus.split(first, seed=seed).items() for found in part
    }
    joined = list({found.id: found for found in [*more, *first]}.values())
    splits = corpus.split(joined, seed=seed, kept=before)
    after = {found.id: name for name, part in splits.items() for found in part}
    assert set(after) == {found.id for found in joined}
    assert after | before == after


def test_another_seed_and_other_shares_give_another_split():
    loaded = [article(str(number)) for number in range(100)]
    assert corpus.split(loaded, seed=1) != corpus.split(loaded, seed=2)
    sizes = corpus.split(loaded, fractions=(0.5, 0, 0.5), seed=1)
    assert [len(part) for part in sizes.values()] == [50, 0, 50]
    for fractions in ((0.7, 0.2, 0.2), (1.2, -0.1, -0.1)):
        with pytest.raises(ThoisuError, match="must be positive and sum to 1"):
            corpus.split(loaded, fractions=fractions, seed=1)


TEN = "Tỉnh đã hoàn thành toàn bộ kế hoạch năm nay."


def test_an_article_in_two_splits_is_an_error():
    with pytest.raises(ThoisuError, match="article 'a' is in both train and test"):
        corpus.check_disjoint({"train": [article("a")], "test": [article("b"), article("a")]})


def test_a_long_sentence_in_two_splits_is_an_error():
    again = TEN.upper().replace(" ", "  ")
    with pytest.raises(
        ThoisuError, match=r"is in train \(a, sentence 2\) and in test \(b, sent.* 1"
    ):
        corpus.check_disjoint({"train": [article("a", "Một.", TEN)], "test": [article("b", again)]})


def test_short_sentences_and_repetitions_within_a_split_are_not():
    short = TEN.split(" ", 1)[1]
    corpus.check_disjoint(
        {
            "train": [article("a", TEN, short), article("b", TEN)],
            "test": [article("c", short, f"{TEN} Vâng.")],
        }
    )
