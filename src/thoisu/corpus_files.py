"""Read labelled articles out of JSON Lines, CSV and Parquet, before their values are checked.

Each article and each sentence comes with the place where it stands, so that whoever checks the
values can name it. The checks are left to :mod:`thoisu.corpus`.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thoisu.errors import ThoisuError

METADATA = ("title", "genre", "level", "sector", "source", "date")
COLUMNS = ("article", "text", "label")
"""What flat rows must have; ``hard`` and :data:`METADATA` may join them."""


@dataclass(frozen=True, slots=True)
class RawArticle:
    """What a file says of an article.

    Attributes:
        place: where it begins, such as ``train.jsonl: line 3``.
        fields: ``id``, and those of :data:`METADATA` that are there.
        sentences: each with its place; ``text`` and ``label`` are there, ``hard`` may be.
    """

    place: str
    fields: dict[str, Any]
    sentences: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read(path: Path) -> Iterator[RawArticle]:
    """Yield the articles of a file, in order.

    Raises:
        ThoisuError: the file cannot be read, is not what its name says, or lacks a column or
            field.
    """
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise ThoisuError(f"{path}: labelled data is read from {', '.join(FORMATS)} only")
    if path.is_dir():
        raise ThoisuError(f"{path}: is a folder; name a file in it")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ThoisuError(f"{path}: no such file") from None
    except OSError as error:
        raise ThoisuError(f"{path}: cannot be read ({error.strerror})") from None
    return reader(path, data)


def _read_jsonl(path: Path, data: bytes) -> Iterator[RawArticle]:
    for number, line in enumerate(_text(path, data).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}: line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or long"
            raise ThoisuError(f"{place}: is not JSON ({reason}); expected an article") from None
        _require(record, ("id", "sentences"), place)
        sentences = record.pop("sentences")
        if not isinstance(sentences, list) or not sentences:
            raise ThoisuError(f"{place}: sentences must be a list with at least one in it")
        article = RawArticle(place, record)
        for position, sentence in enumerate(sentences, 1):
            _require(sentence, ("text", "label"), f"{place}, sentence {position}")
            article.sentences.append((f"{place}, sentence {position}", sentence))
        yield article


def _read_csv(path: Path, data: bytes) -> Iterator[RawArticle]:
    """Read commas, semicolons or tabs, whichever the first line has most of."""
    text = _text(path, data)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)

    def rows() -> Iterator[tuple[str, dict[str, Any]]]:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            if reader.fieldnames is None:
                return
            _check_columns(path, reader.fieldnames)
            for row in reader:
                if None in row or None in row.values():
                    raise ThoisuError(
                        f"{path}: line {reader.line_num}: its fields are more or fewer than the"
                        f" columns ({len(reader.fieldnames)}); quote text that holds"
                        f" {delimiter!r}"
                    )
                begun = reader.line_num - sum(value.count("\n") for value in row.values())
                yield f"{path}: line {begun}", row
        except csv.Error as error:
            place = f"{path}: line {reader.reader.line_num}"
            raise ThoisuError(f"{place}: is not CSV ({error})") from None

    return _gather(rows())


def _read_parquet(path: Path, data: bytes) -> Iterator[RawArticle]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            names = file.schema_arrow.names
            _check_columns(path, names)
            known = [name for name in names if name in {*COLUMNS, *METADATA, "hard"}]
            table = file.read(columns=known)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise ThoisuError(f"{path}: is not a Parquet file ({reason})") from None
    classes = _class_names(table.schema.metadata or {})

    def rows() -> Iterator[tuple[str, dict[str, Any]]]:
        for number, row in enumerate(table.to_pylist(), 1):
            label = row["label"]
            if isinstance(label, int) and 0 <= label < len(classes):
                row["label"] = classes[label]
            yield f"{path}: row {number}", row

    return _gather(rows())


FORMATS: dict[str, Callable[[Path, bytes], Iterator[RawArticle]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
"""What reads a file, by the end of its name."""


def _gather(rows: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[RawArticle]:
    """Gather flat rows into articles, in the order in which these first appear."""
    articles: dict[str, RawArticle] = {}
    for place, row in rows:
        fields = {"id": row["article"]} | {name: row.get(name) or None for name in METADATA}
        article = articles.setdefault(str(row["article"]), RawArticle(place, fields))
        for name in METADATA:
            if fields[name] != article.fields[name]:
                raise ThoisuError(
                    f"{place}: article {row['article']!r} has the {name} {fields[name]!r} here and"
                    f" {article.fields[name]!r} before; are these two articles?"
                )
        article.sentences.append((place, row))
    yield from articles.values()


def _require(record: object, keys: Sequence[str], place: str) -> None:
    if not isinstance(record, dict):
        raise ThoisuError(f"{place}: expected an object with {' and '.join(keys)}")
    for key in keys:
        if key not in record:
            raise ThoisuError(f"{place}: has no {key!r}")


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise ThoisuError(
            f"{path}: has no column {', '.join(missing)}; has {', '.join(columns) or 'none'}"
        )


def _class_names(metadata: dict[bytes, bytes]) -> list[str]:
    """Return the names of the ``ClassLabel`` that ``datasets`` wrote into a file's metadata."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return list(features["label"]["names"])
    except (KeyError, TypeError, ValueError):
        return []


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ThoisuError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None
