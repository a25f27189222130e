"""Result rows as lines of text: JSON Lines and CSV."""

import csv
import json
import os
import re
import stat
from collections.abc import Callable
from typing import BinaryIO

from thoisu.results import ROW_COLUMNS, LabelledArticle

BOM = b"\xef\xbb\xbf"
# Line ends to some readers, though not to JSON; and halves of a pair, which UTF-8 cannot hold.
_ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")
# What spreadsheets take for the beginning of a formula, full-width forms included, behind any
# number of the apostrophes that keep them from it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


class JsonlWriter:
    """One JSON object a row, UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, article: LabelledArticle) -> None:
        """Write the rows of one article."""
        for row in article.rows():
            self._stream.write(json_line(row))
        self._stream.flush()

    def close(self) -> None:
        """Nothing is left to write."""


class CsvWriter:
    """Comma-separated values with a header, UTF-8, as RFC 4180 has them, made for spreadsheets.

    It begins with a byte order mark, by which spreadsheets recognise UTF-8; only a pipe gets
    none, for the program at its other end. Text that a spreadsheet would run as a formula is
    written with an apostrophe before it (see :func:`guard`).
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        if not _is_pipe(stream):
            stream.write(BOM)
        self._write = csv.writer(_Utf8(stream.write)).writerow
        self._write(ROW_COLUMNS)

    def write(self, article: LabelledArticle) -> None:
        """Write the rows of one article."""
        for row in article.rows():
            self._write(
                [guard(value) if isinstance(value, str) else value for value in row.values()]
            )
        self._stream.flush()

    def close(self) -> None:
        """Nothing is left to write."""


def json_line(value: dict[str, object]) -> bytes:
    """Return one line of JSON that every reader of lines takes for one line."""
    return _ESCAPED.sub(_escape, json.dumps(value, ensure_ascii=False)).encode() + b"\n"


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Also before such text that already has one, so that :func:`unguard` gives back every text.

    >>> guard("- Phát triển hạ tầng."), guard("Phát triển hạ tầng.")
    ("'- Phát triển hạ tầng.", 'Phát triển hạ tầng.')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(cell: str) -> str:
    """Return the text that :func:`guard` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class _Utf8:
    """What ``csv`` writes to."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write

    def write(self, text: str) -> int:
        return self._write(text.encode("utf-8", "replace"))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _is_pipe(stream: BinaryIO) -> bool:
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:  # a stream in memory
        return False
