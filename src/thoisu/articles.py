"""Read articles, whatever file they come in: text, web pages, Word files, tables, folders, stdin.

An article that cannot be read is told about, with its place and what to do, and the next ones
follow it. Encodings, documents and records each have a module of their own; splitting an article
into sentences is left to :mod:`thoisu.sentences`.
"""

import io
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from thoisu import documents, records
from thoisu.encodings import decode, repair
from thoisu.errors import ThoisuError
from thoisu.records import Record

__all__ = ["SUFFIXES", "Article", "Rejected", "clean", "decode", "read"]

STDIN = "-"
FIELDS = ("id", "title", "date", "text", "sentences")
HIDDEN = (".", "~$")  # the second is how Word calls the lock of a file that is open
# What other kinds of file begin with, for those that are called .txt all the same.
SIGNATURES = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a Word file, table or archive",
    documents.COMPOUND_FILE: "an old Word file",
    b"{\\rtf": "a rich text file (RTF)",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
JSON_LINES = re.compile(r'[\ufeff\s]*\{\s*"')

INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
SPACE = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Article:
    """An article as read.

    Attributes:
        id: the file's path within the folder given, or its name; for one of many in a file its
            own id, or ``file#line``.
        text: clean (see :func:`clean`); all spans count its code points. The title is in it only
            where the source has it there.
        title: where the source tells it apart.
        date: as the source has it.
        notes: what was done to read it, such as ``converted from TCVN3 (ABC fonts)``.
    """

    id: str
    text: str
    title: str | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """An input that is not an article.

    Attributes:
        source: the file and the place in it, such as ``news.jsonl: line 7``.
        reason: what is wrong with it, and what to do.
    """

    source: str
    reason: str


def read(source: str | Path) -> Iterator[Article | Rejected]:
    """Read the articles of a file, a folder, or standard input, one at a time.

    Nothing is raised for what cannot be read.

    Args:
        source: a file of a kind in :data:`SUFFIXES`; a folder, which is read with the folders in
            it, in the order of names, without hidden files and files of other kinds, and without
            following links that lead out of it; or ``-`` for standard input, which is one plain
            text, or JSON Lines.
    """
    if str(source) == STDIN:
        yield from _guarded(STDIN, _stdin())
        return
    path = Path(source)
    yield from _guarded(_shown(path), _path(path))


def clean(text: str) -> str:
    r"""Return a text in NFC, with ``\n`` for every line end and plain spaces for all others.

    What has no width (zero-width characters, soft hyphens, marks of direction and byte order) and
    control characters are left out; halves of surrogate pairs become ``�``.
    """
    text = INVISIBLE.sub("", text)
    text = LINE_END.sub("\n", text)
    text = SPACE.sub(" ", text)
    return unicodedata.normalize("NFC", SURROGATE.sub("\ufffd", text))


def _shown(path: Path) -> str:
    """Return a path as it is told to people and written in results."""
    return _one_line(path.as_posix())


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _line(text: str) -> str:
    """Return a title or the like on one line, its spaces single."""
    return " ".join(clean(text).split())


def _guarded(source: str, items: Iterable[Article | Rejected]) -> Iterator[Article | Rejected]:
    try:
        yield from items
    except ThoisuError as error:
        yield Rejected(source, _one_line(str(error)).removeprefix(f"{source}: "))
    except OSError as error:
        yield Rejected(source, f"cannot be read ({error.strerror or error})")


def _path(path: Path) -> Iterator[Article | Rejected]:
    yield from _folder(path) if path.is_dir() else _file(path, _shown(Path(path.name)))


def _folder(root: Path) -> Iterator[Article | Rejected]:
    found = False
    for item in _walk(root, root, root.resolve()):
        found = True
        yield item
    if not found:
        yield Rejected(_shown(root), f"has no file that can be read ({', '.join(SUFFIXES)})")


def _walk(folder: Path, root: Path, real_root: Path) -> Iterator[Article | Rejected]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith(HIDDEN))
    for path in (folder / name for name in names):
        is_folder = path.is_dir()
        if not is_folder and path.suffix.lower() not in READERS:
            continue
        if path.is_symlink():
            if not Path(os.path.realpath(path)).is_relative_to(real_root):
                yield Rejected(_shown(path), "is a link that leads out of the folder; not followed")
                continue
            if is_folder:  # it is read where it stands
                continue
        items = (
            _walk(path, root, real_root)
            if is_folder
            else _file(path, _shown(path.relative_to(root)))
        )
        yield from _guarded(_shown(path), items)


def _file(path: Path, name: str) -> Iterator[Article | Rejected]:
    suffix = path.suffix.lower()
    if not path.exists():
        reason = "no such file or folder"
    elif suffix not in READERS:
        kind = f"of the kind {suffix}" if suffix else "without a suffix"
        reason = f"files {kind} are not read; thoisu reads {', '.join(SUFFIXES)}"
    elif not path.is_file():
        reason = "is not a file; to read from a pipe, give - and let it come in"
    elif path.stat().st_size == 0:
        reason = "is empty"
    else:
        yield from READERS[suffix](path, name)
        return
    yield Rejected(_shown(path), reason)


def _text_file(path: Path, name: str) -> Iterator[Article | Rejected]:
    yield _from_bytes(path.read_bytes(), _shown(path), name)


def _from_bytes(data: bytes, source: str, name: str) -> Article | Rejected:
    for signature, kind in SIGNATURES.items():
        if data.startswith(signature):
            return Rejected(source, f"is {kind}, not plain text; save it as .docx or .txt")
    text, note = decode(data, name=source)
    return _article(source, name, text, notes=(note,) if note else ())


def _document(
    read_document: Callable[[Path], documents.Document],
) -> Callable[[Path, str], Iterator[Article | Rejected]]:
    def read_one(path: Path, name: str) -> Iterator[Article | Rejected]:
        found = read_document(path)
        yield _article(
            _shown(path), name, found.text, title=found.title, date=found.date, notes=found.notes
        )

    return read_one


def _lines(
    read_records: Callable[[Iterable[str]], Iterator[Record]],
) -> Callable[[Path, str], Iterator[Article | Rejected]]:
    def read_all(path: Path, name: str) -> Iterator[Article | Rejected]:
        with records.lines_of(path) as lines:
            yield from _from_records(read_records(lines), _shown(path), name)

    return read_all


def _parquet(path: Path, name: str) -> Iterator[Article | Rejected]:
    yield from _from_records(records.parquet(path, FIELDS), _shown(path), name)


def _from_records(rows: Iterable[Record], source: str, name: str) -> Iterator[Article | Rejected]:
    found = False
    for record in rows:
        found = True
        place = f"{source}: {record.unit} {record.number}" if record.number else source
        if record.problem is not None:
            yield Rejected(place, record.problem)
        else:
            yield _from_record(record, place, name)
    if not found:
        yield Rejected(source, "has no rows")


def _from_record(record: Record, place: str, name: str) -> Article | Rejected:
    for field in ("id", "title", "date"):
        if isinstance(record.fields.get(field), list | dict):
            return Rejected(place, f'"{field}" is not a text')
    body, sentences = record.fields.get("text"), record.fields.get("sentences")
    if body is None and isinstance(sentences, list):
        texts: list[Any] = [
            each.get("text") if isinstance(each, dict) else each for each in sentences
        ]
        if not all(isinstance(each, str) for each in texts):
            return Rejected(place, 'a sentence in "sentences" has no "text"')
        body = "\n".join(texts)
    if body is None:
        return Rejected(place, 'has neither "text" nor "sentences"')
    if not isinstance(body, str):
        return Rejected(place, '"text" is not a text')

    own_id, title, date = (
        "" if record.fields.get(field) is None else str(record.fields[field])
        for field in ("id", "title", "date")
    )
    title, title_note = repair(title)
    text, text_note = repair(body)
    notes = [*record.notes, *filter(None, [title_note, text_note])]
    name = _line(own_id) or f"{name}#{record.number}"
    return _article(place, name, text, title=title, date=date, notes=tuple(dict.fromkeys(notes)))


def _article(
    source: str,
    name: str,
    text: str,
    *,
    title: str | None = None,
    date: str | None = None,
    notes: tuple[str, ...] = (),
) -> Article | Rejected:
    text = clean(text)
    if not any(map(str.isalnum, text)):
        return Rejected(source, "has no text in it")
    return Article(name, text, _line(title or "") or None, _line(date or "") or None, notes)


def _stdin() -> Iterator[Article | Rejected]:
    lines = io.TextIOWrapper(sys.stdin.buffer, "utf-8", "surrogateescape", newline="")
    try:
        first = []
        for line in lines:
            first.append(line)
            if line.strip():
                break
        if first and JSON_LINES.match(first[-1]):
            yield from _from_records(records.jsonl(chain(first, lines)), STDIN, STDIN)
            return
        data = ("".join(first) + lines.read()).encode("utf-8", "surrogateescape")
    finally:
        with suppress(ValueError):  # where it is closed already
            lines.detach()  # or it would close standard input
    if not data:
        yield Rejected(STDIN, "is empty")
        return
    item = _from_bytes(data, STDIN, STDIN)
    if isinstance(item, Article) and JSON_LINES.match(item.text):  # in UTF-16
        decoded = io.StringIO(decode(data, name=STDIN)[0], newline="")
        yield from _from_records(records.jsonl(decoded), STDIN, STDIN)
    else:
        yield item


READERS: dict[str, Callable[[Path, str], Iterator[Article | Rejected]]] = {
    ".txt": _text_file,
    ".html": _document(documents.read_html),
    ".htm": _document(documents.read_html),
    ".docx": _document(documents.read_docx),
    ".jsonl": _lines(records.jsonl),
    ".csv": _lines(records.delimited),
    ".parquet": _parquet,
}
SUFFIXES = tuple(READERS)
