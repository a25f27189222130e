"""Labelled data: articles whose sentences readers have labelled; load, save, split, check.

The corpus format is JSON Lines, one article a line. What is loaded is valid: every label is one
of the five, no text is empty, all text is NFC (other forms are normalised on the way in), ids are
unique. Reading the files themselves is left to :mod:`thoisu.corpus_files`.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from thoisu import corpus_files
from thoisu.corpus_files import METADATA, RawArticle
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS

SPLITS = ("train", "validation", "test")
LONG = 10
"""Syllables from which on a sentence that stands in two splits is no coincidence."""
BOOLEANS = {
    "": False, "0": False, "false": False, "no": False,
    "1": True, "true": True, "yes": True,
}  # fmt: skip
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CorpusSentence:
    """A sentence as printed and the label that readers gave it.

    Attributes:
        text: the sentence.
        label: one of :data:`thoisu.labels.LABEL_IDS`.
        hard: whether those who labelled marked it as a hard case, or readers differed on it.
    """

    text: str
    label: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class CorpusArticle:
    """An article and its sentences, in order.

    Attributes:
        id: unique within a corpus.
        title: its headline, where known.
        genre: what kind of text it is (``working-visit``, ``law``, ``voters`` …).
        level: of government (``central``, ``ministry``, ``province`` …).
        sector: its subject.
        source: who published it, or ``authored``.
        date: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
        sentences: at least one, where the article was loaded.
    """

    id: str
    title: str | None = None
    genre: str | None = None
    level: str | None = None
    sector: str | None = None
    source: str | None = None
    date: str | None = None
    sentences: tuple[CorpusSentence, ...] = ()


def load(paths: str | Path | Sequence[str | Path]) -> list[CorpusArticle]:
    """Load the articles of one file or several, in order.

    ``.jsonl`` is in the corpus format, and fields that it does not know are passed over. ``.csv``
    and ``.parquet`` hold a sentence a row, with the columns ``article``, ``text`` and ``label``,
    and where known ``hard``, ``title``, ``genre``, ``level``, ``sector``, ``source`` and ``date``;
    rows of one article may stand apart and keep their order. In Parquet written by ``datasets``
    labels may be ``ClassLabel`` numbers.

    Raises:
        ThoisuError: a file cannot be read, is empty or malformed, lacks a column or field, has an
            unknown label or an empty text, or the id of an article stands twice.
    """
    articles: list[CorpusArticle] = []
    places: dict[str, str] = {}
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        before = len(articles)
        for raw in corpus_files.read(path):
            article = _article(raw)
            if article.id in places:
                raise ThoisuError(
                    f"{raw.place}: article {article.id!r} stands already in {places[article.id]};"
                    " give each article its own id"
                )
            places[article.id] = raw.place
            articles.append(article)
        if len(articles) == before:
            raise ThoisuError(f"{path}: is empty; expected labelled articles")
    return articles


def save(articles: Iterable[CorpusArticle], path: Path) -> None:
    """Write articles in the corpus format, under a temporary name until all are written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for article in articles:
                file.write(json.dumps(_record(article), ensure_ascii=False) + "\n")
        partial.replace(path)
    except OSError as error:
        raise ThoisuError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        partial.unlink(missing_ok=True)


def split(
    articles: Iterable[CorpusArticle],
    *,
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15),
    seed: int,
    kept: Mapping[str, str] | None = None,
) -> dict[str, list[CorpusArticle]]:
    """Divide articles among :data:`SPLITS`, each genre in about the same shares.

    Within a genre the order is that of SHA-256 over seed and id. One genre after the other, each
    article then goes to the split that is furthest behind its share of all articles so far.
    Neither the order of ``articles`` nor the machine changes the outcome.

    Args:
        articles: with unique ids.
        fractions: the share of each split; together 1.
        seed: another one gives another division.
        kept: the split of articles that have one already, by id; they stay there.

    Returns:
        The articles of each split, ordered by id.

    Raises:
        ThoisuError: a fraction is negative or they do not sum to 1.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ThoisuError(f"the shares of the splits must be positive and sum to 1: {fractions}")
    kept = kept or {}
    splits: dict[str, list[CorpusArticle]] = {name: [] for name in SPLITS}

    def order(article: CorpusArticle) -> tuple[str, bool, str]:
        drawn = hashlib.sha256(f"{seed} {article.id}".encode()).hexdigest()
        return article.genre or "", article.id not in kept, drawn

    for total, article in enumerate(sorted(articles, key=order), 1):
        behind = {
            name: round(share * total - len(splits[name]), 9)
            for name, share in zip(SPLITS, fractions, strict=True)
        }
        splits[kept.get(article.id) or max(behind, key=behind.__getitem__)].append(article)
    for part in splits.values():
        part.sort(key=lambda article: article.id)
    return splits


def check_disjoint(splits: Mapping[str, Sequence[CorpusArticle]]) -> None:
    """Check that nothing stands in two splits.

    Raises:
        ThoisuError: an article's id does, or a sentence of :data:`LONG` syllables or more, case
            and white space aside.
    """
    ids: dict[str, str] = {}
    texts: dict[str, tuple[str, str]] = {}
    for name, articles in splits.items():
        for article in articles:
            other = ids.setdefault(article.id, name)
            if other != name:
                raise ThoisuError(f"article {article.id!r} is in both {other} and {name}")
            for number, sentence in enumerate(article.sentences, 1):
                syllables = sentence.text.casefold().split()
                if len(syllables) < LONG:
                    continue
                place = f"{article.id}, sentence {number}"
                other, where = texts.setdefault(" ".join(syllables), (name, place))
                if other != name:
                    raise ThoisuError(
                        f"the same sentence is in {other} ({where}) and in {name} ({place});"
                        " put both articles into one split"
                    )


def _article(raw: RawArticle) -> CorpusArticle:
    """Check what was read of an article."""
    identity = raw.fields["id"]
    if isinstance(identity, int) and not isinstance(identity, bool):
        identity = str(identity)
    if not isinstance(identity, str) or not identity.strip():
        raise ThoisuError(
            f"{raw.place}: the article's id is {identity!r}; expected a name or a number"
        )
    return CorpusArticle(
        id=_nfc(identity, raw.place),
        **{name: _metadata(raw.fields.get(name), name, raw.place) for name in METADATA},
        sentences=tuple(_sentence(record, place) for place, record in raw.sentences),
    )


def _sentence(record: Mapping[str, Any], place: str) -> CorpusSentence:
    text, label, hard = record["text"], record["label"], record.get("hard") or False
    if not isinstance(text, str) or not text.strip():
        raise ThoisuError(f"{place}: text is {text!r}; every sentence needs its words")
    if label not in LABEL_IDS:
        raise ThoisuError(f"{place}: unknown label {label!r}; expected {', '.join(LABEL_IDS)}")
    if isinstance(hard, str):
        hard = BOOLEANS.get(hard.strip().lower(), hard)
    if hard not in (True, False):
        raise ThoisuError(f"{place}: hard is {hard!r}; expected true or false")
    return CorpusSentence(_nfc(text, place), label, bool(hard))


def _metadata(value: object, name: str, place: str) -> str | None:
    """Return a value as text; what is empty is not known."""
    if isinstance(value, int | date) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise ThoisuError(f"{place}: {name} is {value!r}; expected text")
    return _nfc(value, place) if value and value.strip() else None


def _nfc(text: str, place: str) -> str:
    if SURROGATE.search(text):
        raise ThoisuError(f"{place}: half of a surrogate pair in {text!r}; it is no text")
    return unicodedata.normalize("NFC", text)


def _record(article: CorpusArticle) -> dict[str, Any]:
    """Return an article as the corpus format has it; ``hard`` only where it is true."""
    record = asdict(article)
    for sentence in record["sentences"]:
        if not sentence["hard"]:
            del sentence["hard"]
    return record
