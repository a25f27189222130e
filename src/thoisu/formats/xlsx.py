"""Result rows as an Excel workbook to read, filter and sort."""

import re
import shutil
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from thoisu.labels import LABEL_IDS, LABELS
from thoisu.results import ROW_COLUMNS, LabelledArticle

LONGEST_CELL = 32_767  # UTF-16 units, Excel's own limit
MOST_ROWS = 1_048_576  # of one sheet
TINT = 0.3  # share of a label's colour in the background of its cell
WIDTHS = {"article": 24, "text": 90, "label": 14, "confidence": 12}
WIDTH = 11.0
LEGEND = ("label", "nhãn", "meaning", "ý nghĩa")
LEGEND_WIDTHS = (14, 14, 80, 80)
# XML has no sign for these; workbooks spell them _xHHHH_, and spell text that looks like that with
# an escaped underscore.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPELLED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class XlsxWriter:
    """Sheets of rows with a frozen header, filters and coloured labels, and a sheet of meanings.

    All text is written as text, never as a formula. A new sheet begins where Excel's limit on rows
    is reached; text longer than its limit on cells is cut there and ends in ``…``. Rows go to
    temporary files at once, so that memory stays flat.
    """

    def __init__(self, stream: BinaryIO, *, most_rows: int = MOST_ROWS) -> None:
        self._stream = stream
        self._most_rows = most_rows
        self._book = Workbook(write_only=True)
        self._sheets = 0
        self._begin()

    def write(self, article: LabelledArticle) -> None:
        """Write the rows of one article."""
        for row in article.rows():
            if self._rows == self._most_rows:
                self._finish()
                self._begin()
            for cell, value in zip(self._cells, row.values(), strict=True):
                fill(cell, value)
            self._sheet.append(self._cells)
            self._rows += 1

    def close(self) -> None:
        """Write the sheet of meanings, and the workbook to the stream."""
        self._finish()
        sheet = self._book.create_sheet("nhãn")
        for column, width in enumerate(LEGEND_WIDTHS, 1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.append([header(sheet, name) for name in LEGEND])
        for label in LABELS:
            sheet.append([label.id, label.vietnamese, label.meaning, label.meaning_vi])
        colour(sheet, f"A2:A{len(LABELS) + 1}")
        # Packing goes back and forth in the file, which not every stream can.
        with TemporaryFile() as packed:
            self._book.save(packed)
            packed.seek(0)
            shutil.copyfileobj(packed, self._stream)

    def __del__(self) -> None:
        """Finish a sheet that was given up; openpyxl complains about it otherwise."""
        with suppress(Exception):
            self._sheet.close()

    def _begin(self) -> None:
        self._sheets += 1
        name = "labels" if self._sheets == 1 else f"labels {self._sheets}"
        self._sheet = self._book.create_sheet(name)
        self._sheet.freeze_panes = "A2"
        for column, name in enumerate(ROW_COLUMNS, 1):
            dimensions = self._sheet.column_dimensions[get_column_letter(column)]
            dimensions.width = WIDTHS.get(name, WIDTH)
        self._sheet.append([header(self._sheet, name) for name in ROW_COLUMNS])
        self._cells = [body(self._sheet, name) for name in ROW_COLUMNS]
        self._rows = 1

    def _finish(self) -> None:
        last = get_column_letter(len(ROW_COLUMNS))
        self._sheet.auto_filter.ref = f"A1:{last}{self._rows}"
        label = get_column_letter(ROW_COLUMNS.index("label") + 1)
        colour(self._sheet, f"{label}2:{label}{max(self._rows, 2)}")


def header(sheet: Any, name: str) -> Any:
    """Return a cell of the first row."""
    cell = WriteOnlyCell(sheet, name)
    cell.font = Font(bold=True)
    cell.border = Border(bottom=Side("thin"))
    return cell


def body(sheet: Any, name: str) -> Any:
    """Return a cell to fill again and again, row by row; making one is the slow part."""
    cell = WriteOnlyCell(sheet)
    cell.alignment = Alignment(vertical="top", wrap_text=name == "text")
    if name in {"confidence", *LABEL_IDS}:
        cell.number_format = "0.000"
    elif name in {"article", "text"}:
        cell.quotePrefix = True  # text stays text also when the cell is edited by hand
    return cell


def fill(cell: Any, value: object) -> None:
    """Put a value into a cell; text is text, also where it begins like a formula."""
    if isinstance(value, str):
        cell.value = cut(escape(value))
        cell.data_type = "s"
    else:
        cell.value = value


def cut(text: str) -> str:
    """Cut text at Excel's limit."""
    if len(text) * 2 <= LONGEST_CELL or len(text.encode("utf-16-le")) <= LONGEST_CELL * 2:
        return text
    kept = text.encode("utf-16-le")[: (LONGEST_CELL - 1) * 2]
    return kept.decode("utf-16-le", "ignore") + "…"


def escape(text: str) -> str:
    """Spell what XML cannot hold as workbooks do."""
    return _ILLEGAL.sub(lambda sign: f"_x{ord(sign[0]):04X}_", _SPELLED.sub("_x005F_", text))


def unescape(text: str) -> str:
    """Return the text that :func:`escape` was given."""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)


def colour(sheet: Any, cells: str) -> None:
    """Colour cells by the label in them, also after it has been changed by hand."""
    for label in LABELS:
        background = PatternFill(fill_type="solid", bgColor=tint(label.colour))
        sheet.conditional_formatting.add(
            cells, CellIsRule(operator="equal", formula=[f'"{label.id}"'], fill=background)
        )


def tint(colour: str) -> str:
    """Return a colour made light enough to read black text on, as ``RRGGBB``."""
    parts = bytes.fromhex(colour.removeprefix("#"))
    return bytes(round(255 - (255 - part) * TINT) for part in parts).hex().upper()
