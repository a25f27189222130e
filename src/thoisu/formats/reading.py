"""Read result rows back from the files that this package writes."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile

from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS
from thoisu.results import ROW_COLUMNS

Row = dict[str, object]
INTEGERS = ("sentence", "paragraph", "start", "end")
NUMBERS = ("confidence", *LABEL_IDS)


def read_rows(path: Path | str) -> Iterator[Row]:
    """Yield the result rows of a JSONL, CSV, XLSX or Parquet file, typed, in order.

    Text comes back as it was: without the apostrophe that keeps a spreadsheet from running it.

    Raises:
        ThoisuError: another kind of file, or one that is not made of result rows.
    """
    path = Path(path)
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise ThoisuError(f"{path}: rows are read from {', '.join(READERS)} files")
    try:
        yield from read(path)
    except (KeyError, TypeError, ValueError, OSError, BadZipFile) as error:
        reason = str(error).partition("\n")[0]
        raise ThoisuError(f"{path}: not a file of result rows ({reason})") from None


def typed(row: Row) -> Row:
    """Return a row with its columns in order and of their types."""
    return {
        name: int(str(row[name]))
        if name in INTEGERS
        else float(str(row[name]))
        if name in NUMBERS
        else str(row[name])
        for name in ROW_COLUMNS
    }


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield typed(json.loads(line))


def _csv(path: Path) -> Iterator[Row]:
    from thoisu.formats.lines import unguard

    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            yield typed({name: unguard(value) for name, value in row.items()})


def _xlsx(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook

    from thoisu.formats.xlsx import unescape

    book = load_workbook(path, read_only=True)
    try:
        for sheet in book.worksheets:
            if not sheet.title.startswith("labels"):
                continue
            rows = sheet.iter_rows(values_only=True)
            names = next(rows)
            for cells in rows:
                values = [unescape(v or "") if isinstance(v, str | None) else v for v in cells]
                yield typed(dict(zip(names, values, strict=True)))
    finally:
        book.close()


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from map(typed, batch.to_pylist())


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
