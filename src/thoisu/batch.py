"""Many articles: read them, label them, write them, one after the other in flat memory.

Articles that cannot be read are told about and left out; the others come out in the order in
which they went in. How articles are read, labelled and written is the business of
:mod:`thoisu.articles`, :mod:`thoisu.labeller` and :mod:`thoisu.formats`.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Protocol

from thoisu import articles, records
from thoisu.articles import Article, Rejected
from thoisu.errors import ThoisuError
from thoisu.formats import Writer
from thoisu.results import LabelledArticle

STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class LabelsArticles(Protocol):
    """What is asked of a labeller here: articles in, labelled articles out, in order."""

    def label_many(
        self, articles: Iterable[Article | str], *, unit: str = "sentence"
    ) -> Iterator[LabelledArticle]:
        """Yield each article with its labels."""
        ...


@dataclass(slots=True)
class Tally:
    """How far a run has come.

    Attributes:
        articles: labelled and written.
        sentences: in them.
        rejected: inputs that could not be read.
    """

    articles: int = 0
    sentences: int = 0
    rejected: int = 0


def label_sources(
    sources: Iterable[str | Path],
    labeller: LabelsArticles,
    writer: Writer,
    *,
    unit: str = "sentence",
    on_rejected: Callable[[Rejected], object] = lambda _: None,
    on_note: Callable[[str, str], object] = lambda _id, _note: None,
    on_progress: Callable[[Tally], object] = lambda _: None,
    tally: Tally | None = None,
) -> Tally:
    """Label all articles of all sources, in order, and write them.

    Memory does not grow with the length or number of articles, except for their ids: each is
    remembered, so that no two articles are written under the same one (see :func:`distinct`).

    An interruption (Ctrl-C) or a request to end never leaves an article half written: it takes
    effect between two articles, and ``tally`` tells how many the writer has got.

    Args:
        sources: files, folders, or ``-``, as :func:`thoisu.articles.read` takes them.
        labeller: a :class:`thoisu.Labeller`.
        writer: takes each labelled article; closing it is left to the caller.
        unit: ``sentence`` or ``clause``.
        on_rejected: told about each input that cannot be read.
        on_note: told an article's id and what was done to read it, or to tell it apart.
        on_progress: told how far the run has come, after each article and each rejected input.
        tally: the counts to go on from and to keep up to date; new ones where not given.
    """
    tally = Tally() if tally is None else tally

    def accepted() -> Iterator[Article]:
        for item in distinct(sources, on_note=on_note):
            if isinstance(item, Article):
                yield item
            else:
                tally.rejected += 1
                on_rejected(item)
                on_progress(tally)

    for labelled in labeller.label_many(accepted(), unit=unit):
        with undisturbed():
            writer.write(labelled)
            tally.articles += 1
            tally.sentences += len(labelled.sentences)
        on_progress(tally)
    return tally


def distinct(
    sources: Iterable[str | Path],
    *,
    on_note: Callable[[str, str], object] = lambda _id, _note: None,
) -> Iterator[Article | Rejected]:
    """Read all sources, and give an article whose id came before another one.

    The first article of an id keeps it. A later one is called after its source: ``b/1.txt`` for
    ``1.txt`` in the folder ``b``, ``b.jsonl#17`` for article ``17`` of the file ``b.jsonl``; and
    ``17~2``, ``17~3`` and so on where that is taken too. ``on_note`` is told of the first of each
    source.
    """
    taken: dict[str, int] = {}  # every id given out, and the last number put behind it
    for source in sources:
        told = False
        for item in articles.read(source):
            if isinstance(item, Rejected):
                yield item
                continue
            for note in item.notes:
                on_note(item.id, note)
            if item.id not in taken:
                taken[item.id] = 1
                yield item
                continue
            name = qualified(item.id, source)
            while name in taken:
                taken[item.id] += 1
                name = f"{item.id}~{taken[item.id]}"
            taken[name] = 1
            if not told:
                on_note(
                    name, f"an article called {item.id} came before, so this one has another name"
                )
                told = True
            yield replace(item, id=name)


def qualified(article_id: str, source: str | Path) -> str:
    """Return the id of an article with the name of its source."""
    path = Path(source)
    if path.is_dir():
        return (path / article_id).as_posix()
    return path.as_posix() if path.name == article_id else f"{path.as_posix()}#{article_id}"


def expected_articles(sources: Iterable[str | Path]) -> int | None:
    """Count how many articles sources have, without reading them further than that takes.

    Returns:
        The number, those included that will be rejected; ``None`` where it cannot be told, as of
        standard input.
    """
    try:
        return sum(_count(source) for source in sources)
    except (OSError, ValueError, ThoisuError):
        return None


def _count(source: str | Path) -> int:
    path = Path(source)
    if str(source) == articles.STDIN or (path.exists() and not (path.is_file() or path.is_dir())):
        raise ValueError("can be read only once")
    if path.is_dir():
        return sum(
            _count(Path(folder, name))
            for folder, folders, names in os.walk(path)
            for name in _seen(folders, names)
        )
    count = COUNTS.get(path.suffix.lower())
    return count(path) if count and path.is_file() else 1


def _seen(folders: list[str], names: list[str]) -> Iterator[str]:
    """Yield the files that are read in a folder; leave its hidden folders out of the walk."""
    folders[:] = [name for name in folders if not name.startswith(articles.HIDDEN)]
    for name in names:
        if Path(name).suffix.lower() in articles.SUFFIXES and not name.startswith(articles.HIDDEN):
            yield name


def _count_lines(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _count_rows(path: Path) -> int:
    with records.lines_of(path) as lines:
        return sum(1 for _ in records.delimited(lines))


def _count_parquet(path: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(path).num_rows)


COUNTS: dict[str, Callable[[Path], int]] = {
    ".jsonl": _count_lines,
    ".csv": _count_rows,
    ".parquet": _count_parquet,
}
"""How the articles of a file are counted; files of other kinds hold one."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put off signals that ask the program to stop until the block is done.

    Only the main thread gets signals; in another one there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    for number in asked[:1]:
        signal.raise_signal(number)
