"""The text, title and date of a document that holds more than text: a web page, a Word file.

Finding the main text of a page is the work of trafilatura, opening a Word file that of
python-docx. What is made of the text is left to :mod:`thoisu.articles`.
"""

import codecs
import logging
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thoisu.encodings import decode, repair
from thoisu.errors import ThoisuError

COMPOUND_FILE = b"\xd0\xcf\x11\xe0"  # what Word wrote before 2007, and puts around encrypted files
LARGEST = 1 << 29
"""Bytes that a Word file may unpack to."""
# What zipfile, lxml and python-docx raise for files that are not what they should be.
BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, SyntaxError,
    KeyError, ValueError, AttributeError, RuntimeError,
)  # fmt: skip
MENUS = 1.5
"""Times the length of a page's text found with care, from which on a fuller one has menus in it.

Found with care, a text lacks headings and lists; found in full, a short one drowns in menus.
"""
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
PARAGRAPH = f"{WORD}p"
# Elements of a paragraph that are text, and those that hold none, or the same once more.
TEXT = {f"{WORD}{name}": text for name, text in [("tab", " "), ("br", "\n"), ("cr", "\n")]}
TEXT[f"{WORD}noBreakHyphen"] = "-"
SKIPPED = {f"{WORD}{name}" for name in ("pPr", "rPr", "del", "moveFrom")} | {FALLBACK}


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says.

    Attributes:
        text: its main text, one paragraph a line; may be empty.
        title: of the document, where it has one.
        date: ``YYYY-MM-DD``, where it has one.
        notes: on how it was decoded.
    """

    text: str
    title: str | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()


def read_html(path: Path) -> Document:
    """Read the main text of a web page, without menus, adverts and comments.

    Raises:
        ThoisuError: the page has no main text, or cannot be decoded.
    """
    html, note = _decode_html(path)
    import trafilatura

    logger = logging.getLogger("trafilatura")
    if not logger.handlers:  # its complaints about a page are told here instead
        logger.addHandler(logging.NullHandler())
    dates = {"original_date": True, "extensive_search": False}
    careful: Any = trafilatura.bare_extraction(
        html, favor_precision=True, include_comments=False,
        with_metadata=True, date_extraction_params=dates,
    )  # fmt: skip
    if careful is None or not (careful.text or "").strip():
        raise ThoisuError(
            f"{path}: no main text found in the page (a list of links, or built by a script?); "
            "save the text of the article itself as .txt"
        )
    full: Any = trafilatura.bare_extraction(html, favor_recall=True, include_comments=False)
    found = full.text if full and len(full.text) < MENUS * len(careful.text) else careful.text
    text, note_inside = repair("\n".join(map(_row, found.split("\n"))))
    notes = tuple(each for each in dict.fromkeys([note, note_inside]) if each)
    return Document(text, repair(careful.title or "")[0] or None, careful.date or None, notes)


def _row(line: str) -> str:
    """Return a row of a table without the bars around it; other lines as they are."""
    if not line.startswith("|"):
        return line
    return " | ".join(cell for cell in map(str.strip, line.split("|")) if cell)


def _decode_html(path: Path) -> tuple[str, str | None]:
    data = path.read_bytes()
    try:
        return decode(data, name=str(path))
    except ThoisuError:
        declared = CHARSET.search(data, 0, 4096)
        if declared is None or b"\0" in data:
            raise
        try:
            name = codecs.lookup(declared[1].decode()).name
            return data.decode(name), None if name == "utf-8" else f"converted from {name}"
        except (LookupError, ValueError):
            pass
        raise


def read_docx(path: Path) -> Document:
    """Read the paragraphs of a Word file, those in tables and text boxes where they stand.

    Insertions that are marked as changes are read, deletions are not; headers, footers, notes
    and comments are left out.

    Raises:
        ThoisuError: it is no Word file, or is broken, protected, or without text.
    """
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE

    with path.open("rb") as stream:
        if stream.read(len(COMPOUND_FILE)) == COMPOUND_FILE:
            raise ThoisuError(
                f"{path}: is protected by a password, or an old Word file; "
                "save it as .docx without a password"
            )
        try:
            with zipfile.ZipFile(stream) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST:
                raise ThoisuError(f"{path}: would unpack to {size >> 20} MiB; not read")
            stream.seek(0)
            opened = docx.Document(stream)
            paragraphs = list(_paragraphs(opened.element.body))
            relations = opened.part.package.rels.values()
            has_properties = any(
                each.reltype == RELATIONSHIP_TYPE.CORE_PROPERTIES for each in relations
            )
            title = opened.core_properties.title if has_properties else ""
        except BROKEN as error:
            reason = str(error).partition("\n")[0]
            raise ThoisuError(f"{path}: is not a Word file, or is broken ({reason})") from None
    text, note = repair("\n".join(paragraphs))
    if not text.strip():
        raise ThoisuError(f"{path}: page text is empty (scanned images?); run OCR first")
    return Document(text, repair(title or "")[0] or None, None, (note,) if note else ())


def _paragraphs(body: Any) -> Iterator[str]:
    """Yield the paragraphs in reading order; one inside another (a text box) comes after it."""
    pending = [body]
    while pending:
        element = pending.pop()
        if element.tag == PARAGRAPH:
            yield "".join(_pieces(element))
        pending += [child for child in reversed(element) if child.tag not in SKIPPED]


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == f"{WORD}t":
            yield child.text or ""
        elif child.tag in TEXT:
            yield TEXT[child.tag]
        elif child.tag != PARAGRAPH and child.tag not in SKIPPED:
            yield from _pieces(child)
