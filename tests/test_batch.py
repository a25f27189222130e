"""Many articles: in order, in flat memory, told apart, and never half written."""

import json
import signal
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelled import FIVE, TEXT, KeywordLabeller
from thoisu import batch, formats
from thoisu.articles import Article, Rejected
from thoisu.batch import Tally, distinct, label_sources, undisturbed
from thoisu.results import LabelledArticle


class Kept:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.articles: list[LabelledArticle] = []

    def write(self, article: LabelledArticle) -> None:
        self.articles.append(article)

    def close(self) -> None:
        raise AssertionError("closing is left to the caller")


def jsonl(path: Path, *ids: str | None) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for name in ids:
            row = {"text": TEXT} if name is None else {"id": name, "text": TEXT}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def ids(*sources: Path) -> list[str]:
    return [item.id for item in distinct(sources) if isinstance(item, Article)]


def test_articles_of_all_sources_come_out_in_order_with_their_labels(tmp_path: Path) -> None:
    folder = tmp_path / "tin"
    (folder / "b").mkdir(parents=True)
    for name in ("c.txt", "b/2.txt", "b/1.txt", "a.txt"):
        (folder / name).write_text(TEXT, "utf-8")
    rows = jsonl(tmp_path / "rows.jsonl", "x", "y")
    kept, seen = Kept(), []
    tally = label_sources(
        [folder, rows], KeywordLabeller(), kept, on_progress=lambda t: seen.append(t.articles)
    )
    assert [item.id for item in kept.articles] == [*ids(folder), "x", "y"]
    assert sorted(ids(folder)) == ["a.txt", "b/1.txt", "b/2.txt", "c.txt"]
    assert [[s.label for s in item.sentences] for item in kept.articles] == [FIVE] * 6
    assert tally == Tally(articles=6, sentences=30, rejected=0)
    assert seen == [1, 2, 3, 4, 5, 6]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = jsonl(tmp_path / "rows.jsonl", "x", "y")
    rows.write_text(rows.read_text("utf-8").replace("\n", "\nkhông phải JSON\n", 1), "utf-8")
    kept: Kept = Kept()
    rejected: list[Rejected] = []
    tally = label_sources(
        [tmp_path / "missing.txt", rows], KeywordLabeller(), kept, on_rejected=rejected.append
    )
    assert [item.id for item in kept.articles] == ["x", "y"]
    assert [item.source for item in rejected] == [
        str(tmp_path / "missing.txt"),
        f"{rows}: line 2",
    ]
    assert all(item.reason for item in rejected)
    assert tally == Tally(articles=2, sentences=10, rejected=2)


def test_clauses_are_labelled_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Thu đạt kế hoạch; chi còn chậm; tỉnh yêu cầu đẩy nhanh.", "utf-8")
    kept = Kept()
    label_sources([path], KeywordLabeller(), kept, unit="clause")
    assert [s.label for s in kept.articles[0].sentences] == [
        "achievement",
        "challenge",
        "directive",
    ]


def test_articles_of_one_name_are_told_apart_by_their_source(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.txt").write_text(TEXT, "utf-8")
    first = jsonl(tmp_path / "first.jsonl", "17")
    second = jsonl(tmp_path / "second.jsonl", "17", "17", "18", "17~2", "17")
    notes: list[tuple[str, str]] = []
    sources = [tmp_path / "a", tmp_path / "b", first, second, tmp_path / "b" / "1.txt"]
    named = [
        item.id
        for item in distinct(sources, on_note=lambda *note: notes.append(note))
        if isinstance(item, Article)
    ]
    assert named == [
        "1.txt",
        (tmp_path / "b" / "1.txt").as_posix(),
        "17",
        f"{second.as_posix()}#17",
        "17~2",
        "18",
        f"{second.as_posix()}#17~2",
        "17~3",
        "1.txt~2",
    ]
    told = [name for name, _ in notes]
    assert told == [named[1], named[3], named[8]], "once a source"


def test_thousands_of_articles_of_one_name_are_numbered_in_no_time(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", *["tin"] * 5000)
    named = ids(path)
    assert len(set(named)) == 5000
    assert (named[0], named[1], named[2], named[-1]) == ("tin", f"{path}#tin", "tin~2", "tin~4999")


@pytest.mark.parametrize("form", [*formats.LABELS, *formats.BRIEFS], ids=lambda form: form.home)
def test_memory_does_not_grow_with_the_number_of_articles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: formats.Format
) -> None:
    monkeypatch.setattr("thoisu.formats.parquet.ROW_GROUP", 100)

    def peak(count: int) -> int:
        path = jsonl(tmp_path / f"{count}.jsonl", *map(str, range(count)))
        with (tmp_path / "out").open("wb") as stream:
            tracemalloc.start()
            writer = form.writer(stream)
            label_sources([path], KeywordLabeller(), writer)
            writer.close()
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    few, many = 30, 330
    peak(few)  # imports and caches
    grown = (peak(many) - peak(few)) / (many - few)
    # An article with its labels takes 10 kB here; what is kept of it is its id and, for a page,
    # a line of the table of contents.
    assert grown < 1000, f"{grown:.0f} bytes an article"


def test_a_request_to_stop_waits_until_the_article_is_written(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", "1", "2", "3", "4")
    tally = Tally()

    class Interrupted(Kept):
        def write(self, article: LabelledArticle) -> None:
            if article.id == "2":
                signal.raise_signal(signal.SIGINT)
            super().write(article)

    kept = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        label_sources([path], KeywordLabeller(), kept, tally=tally)
    assert [item.id for item in kept.articles] == ["1", "2"]
    assert tally.articles == 2
    assert tally.sentences == 10


def test_handlers_are_as_before_after_an_undisturbed_block() -> None:
    before = {number: signal.getsignal(number) for number in batch.STOPS}

    def fail() -> None:
        with undisturbed():
            assert signal.getsignal(signal.SIGINT) is not before[signal.SIGINT]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert {number: signal.getsignal(number) for number in batch.STOPS} == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with undisturbed():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_labelling_works_outside_of_the_main_thread(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", "1")
    kept = Kept()
    thread = threading.Thread(target=label_sources, args=([path], KeywordLabeller(), kept))
    thread.start()
    thread.join()
    assert [item.id for item in kept.articles] == ["1"]


def test_sources_are_read_only_as_far_as_results_are_asked_for(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", *map(str, range(100)))
    read: list[str] = []

    class Lazy(KeywordLabeller):
        def label_many(
            self, articles: Iterable[Article | str], *, unit: str = "sentence"
        ) -> Iterator[LabelledArticle]:
            for article in articles:
                assert isinstance(article, Article)
                read.append(article.id)
                yield from super().label_many([article], unit=unit)

    class Stops(Kept):
        def write(self, article: LabelledArticle) -> None:
            super().write(article)
            if len(self.articles) == 3:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        label_sources([path], Lazy(), Stops())
    assert read == ["0", "1", "2"]


def test_expected_articles_are_those_that_are_read_or_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "tin"
    (folder / "sâu" / ".git").mkdir(parents=True)
    (folder / "a.txt").write_text(TEXT, "utf-8")
    (folder / "b.txt").write_text("", "utf-8")
    (folder / "sâu" / "c.HTML").write_text(f"<p>{TEXT}</p>", "utf-8")
    (folder / "sâu" / ".git" / "d.txt").write_text(TEXT, "utf-8")
    (folder / ".e.txt").write_text(TEXT, "utf-8")
    (folder / "ảnh.jpg").write_bytes(b"\xff\xd8\xff")
    jsonl(folder / "f.jsonl", "1", "2").open("a").write("\nhỏng\n")
    (folder / "g.csv").write_text('id;text\n1;"hai\ndòng đạt"\n2;một\n', "utf-8")
    pq.write_table(pa.table({"text": [TEXT] * 7}), folder / "h.parquet")
    sources = [folder, folder / "a.txt", tmp_path / "không-có.txt"]
    assert batch.expected_articles(sources) == 1 + 1 + 1 + 3 + 2 + 7 + 1 + 1
    assert batch.expected_articles(sources) == len(list(distinct(sources)))


def test_nobody_knows_how_many_articles_come_through_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    assert batch.expected_articles(["-", tmp_path / "a.txt"]) is None
    assert batch.expected_articles([tmp_path / "broken.parquet"]) is None
