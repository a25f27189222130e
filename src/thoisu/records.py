"""Records out of JSON Lines, CSV and Parquet, one at a time, whatever some of them look like.

A record is a row of named values. One that is broken comes out as a problem with its place, and
the next ones follow it. What the values mean is left to :mod:`thoisu.articles`.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from thoisu.encodings import decode, unicode_codec
from thoisu.errors import ThoisuError

DELIMITERS = ",;\t|"
LONGEST_FIELD = 1 << 26
"""Characters in a CSV field: past that, a quote was left open rather than a text long."""
BATCH = 64
"""Parquet rows decoded together."""
ESCAPED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Record:
    """A row, or what is wrong with it.

    Attributes:
        number: of its first line, or of the row, from 1; 0 for the file as a whole.
        fields: its values by name; names are in small letters.
        notes: on how it was decoded.
        problem: what is wrong; there are no fields then.
        unit: what is counted, ``line`` or ``row``.
    """

    number: int
    fields: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problem: str | None = None
    unit: str = "line"


@contextmanager
def lines_of(path: Path) -> Iterator[Iterable[str]]:
    """Open a file for reading line by line, line ends kept, in UTF-8 or UTF-16.

    Bytes that are not UTF-8 stand in the lines as Python's escapes; the readers decode them.
    """
    with path.open("rb") as stream:
        yield text_lines(stream)


def text_lines(stream: BinaryIO) -> Iterable[str]:
    """Return the lines of a seekable stream, as :func:`lines_of` does."""
    codec, start = unicode_codec(stream.read(4096))
    stream.seek(start)
    errors = "surrogateescape" if codec == "utf-8" else "strict"
    return io.TextIOWrapper(stream, codec, errors, newline="")


def jsonl(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the objects of JSON Lines; empty lines are passed over."""
    for number, line, problem in _numbered(lines):
        if problem:
            yield Record(number, problem=problem)
        elif line.strip():
            yield _json_record(number, line)


def _json_record(number: int, line: str) -> Record:
    try:
        line, notes = _mended(line)
        value = json.loads(line.rstrip().removeprefix("\ufeff"))
    except ThoisuError as error:
        return Record(number, problem=str(error))
    except json.JSONDecodeError as error:
        return Record(number, problem=f"is not JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError):
        return Record(number, problem="is not JSON that can be read: a number or nesting too large")
    if not isinstance(value, dict):
        return Record(number, problem="is not a JSON object; write one article a line: {…}")
    return Record(number, {key.lower(): each for key, each in value.items()}, notes)


def delimited(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the rows of CSV with a header that has the column ``text``.

    Fields are delimited by commas, semicolons, tabs or bars: what gives the most columns in the
    header is taken.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    numbered = _numbered(lines)
    header = next((each for each in numbered if each[1].strip() or each[2]), None)
    if header is None:
        return
    first, line, problem = header
    if problem:
        yield Record(first, problem=problem)
        return
    delimiter, names = max(
        ((each, _names(line, each)) for each in DELIMITERS), key=lambda x: len(x[1])
    )
    if "text" not in names:
        found = ", ".join(name or "(no name)" for name in names) or "it cannot be read"
        advice = "rename the column that holds the articles' text"
        yield Record(first, problem=f'has no column "text" in its header ({found}); {advice}')
        return

    broken: list[str] = []

    def rest() -> Iterator[str]:
        for _, each, failure in numbered:
            if failure:
                broken.append(failure)
                return
            yield each

    reader = csv.reader(rest(), delimiter=delimiter, strict=True)
    while True:
        number = first + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Record(number, problem=f"is not CSV: {error}")
            continue
        if any(row):
            yield _csv_record(number, names, row)
    for failure in broken:
        yield Record(first + reader.line_num + 1, problem=failure)


def _names(line: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader([_mended(line)[0]], delimiter=delimiter, strict=True))
    except (csv.Error, ThoisuError):
        return []
    return [name.strip("\ufeff \t\r\n").lower() for name in names]


def _csv_record(number: int, names: list[str], row: list[str]) -> Record:
    if len(row) > len(names):
        advice = "quote the fields that hold the delimiter"
        return Record(number, problem=f"has {len(row)} fields, the header {len(names)}; {advice}")
    fields: dict[str, object] = {}
    notes: dict[str, None] = {}
    try:
        for name, value in zip(names, row, strict=False):
            fields[name], found = _mended(value)
            notes |= dict.fromkeys(found)
    except ThoisuError as error:
        return Record(number, problem=str(error))
    return Record(number, fields, tuple(notes))


def parquet(path: Path, columns: Iterable[str]) -> Iterator[Record]:
    """Yield the rows of a Parquet file, some at a time.

    Args:
        path: of the file.
        columns: the names of those to read, where the file has them.
    """
    import pyarrow as pa
    from pyarrow import parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            wanted = [name for name in file.schema_arrow.names if name.lower() in set(columns)]
            if not {"text", "sentences"} & {name.lower() for name in wanted}:
                found = ", ".join(file.schema_arrow.names)
                yield Record(0, problem=f'has no column "text" ({found})')
                return
            for batch in file.iter_batches(BATCH, columns=wanted, use_threads=False):
                plain = [_plain(column) for column in batch.columns]
                for row in zip(*plain, strict=True):
                    number += 1
                    yield _parquet_record(number, wanted, row)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        place = f"broken after row {number}" if number else "not a Parquet file, or is broken"
        yield Record(0, problem=f"is {place} ({reason})", unit="row")


def _plain(column: Any) -> Any:
    """Return an Arrow column in a type whose values Python knows without pandas."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("s"), safe=False)
    return column


def _parquet_record(number: int, names: list[str], row: tuple[Any, ...]) -> Record:
    import pyarrow as pa

    fields: dict[str, object] = {}
    notes: dict[str, None] = {}
    try:
        for name, scalar in zip(names, row, strict=True):
            value: object = None
            if pa.types.is_string(scalar.type) or pa.types.is_large_string(scalar.type):
                value = scalar.as_buffer().to_pybytes() if scalar.is_valid else None
            else:
                value = scalar.as_py()
            if isinstance(value, bytes):
                value, note = decode(value, name="text")
                notes |= dict.fromkeys([note] if note else [])
            elif isinstance(value, datetime):
                value = value.isoformat(" ").removesuffix(" 00:00:00")
            fields[name.lower()] = value
    except ThoisuError as error:
        return Record(number, problem=str(error), unit="row")
    except UnicodeDecodeError as error:
        return Record(number, problem=f"byte {error.start} of a text is not UTF-8", unit="row")
    return Record(number, fields, tuple(notes), unit="row")


def _mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Decode what was not UTF-8 in a text read by :func:`text_lines`."""
    if not ESCAPED.search(text):
        return text, ()
    decoded, note = decode(text.encode("utf-8", "surrogateescape"), name="text")
    return decoded, (note,) if note else ()


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str, str | None]]:
    """Yield each line with its number, and at last what keeps the next from being read."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            yield number, line, None
    except UnicodeDecodeError as error:
        yield number + 1, "", f"is broken {error.encoding.upper()}; save the file as UTF-8"
