"""Write labelled articles, and read result rows back.

This module names the formats and finds the one that is asked for; each writer lives in a module
of its own, imported when it is used. A writer takes a binary stream, writes article after article
in flat memory, and is finished by ``close``, which leaves the stream open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from thoisu.errors import ThoisuError
from thoisu.results import LabelledArticle


class Writer(Protocol):
    """Takes labelled articles one after the other."""

    def write(self, article: LabelledArticle) -> None:
        """Write one article."""
        ...

    def close(self) -> None:
        """Write what is left and finish; the stream stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format of results.

    Attributes:
        name: as it is given to ``--format``.
        suffixes: of files in this format, the usual one first.
        home: ``module:class`` of its writer.
        terminal: the same for a terminal, where people see colours.
        binary: whether it would fill a terminal with signs that nobody can read.
    """

    name: str
    suffixes: tuple[str, ...]
    home: str
    terminal: str | None = None
    binary: bool = False

    def writer(self, stream: BinaryIO) -> Writer:
        """Return a writer into a stream."""
        return cast(Writer, _named(self.home)(stream))

    def terminal_writer(self, stream: BinaryIO) -> Writer:
        """Return a writer into the terminal behind standard output."""
        if self.terminal is None:
            return self.writer(stream)
        from rich.console import Console

        return cast(Writer, _named(self.terminal)(Console()))


LABELS = (
    Format(
        "table",
        (".txt",),
        "thoisu.formats.plain:TableWriter",
        terminal="thoisu.formats.terminal:TableWriter",
    ),
    Format("jsonl", (".jsonl", ".ndjson"), "thoisu.formats.lines:JsonlWriter"),
    Format("csv", (".csv",), "thoisu.formats.lines:CsvWriter"),
    Format("xlsx", (".xlsx",), "thoisu.formats.xlsx:XlsxWriter", binary=True),
    Format("parquet", (".parquet",), "thoisu.formats.parquet:ParquetWriter", binary=True),
    Format("html", (".html", ".htm"), "thoisu.formats.html:PageWriter"),
)
"""What ``thoisu label`` writes."""

BRIEFS = (
    Format(
        "text",
        (".txt",),
        "thoisu.formats.plain:BriefWriter",
        terminal="thoisu.formats.terminal:BriefWriter",
    ),
    Format("markdown", (".md", ".markdown"), "thoisu.formats.markdown:BriefWriter"),
    Format("html", (".html", ".htm"), "thoisu.formats.html:BriefWriter"),
)
"""What ``thoisu brief`` writes."""


def choose(formats: tuple[Format, ...], *, name: str | None, out: Path | None) -> Format:
    """Return the format asked for by name, or else by the suffix of the file, or else the first.

    Raises:
        ThoisuError: neither tells which format is meant.
    """
    if name is not None:
        for each in formats:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in formats)
        raise ThoisuError(f"format {name!r}: unknown; choose one of {names}")
    if out is None:
        return formats[0]
    for each in formats:
        if out.suffix.lower() in each.suffixes:
            return each
    suffixes = ", ".join(each.suffixes[0] for each in formats)
    raise ThoisuError(
        f"{out}: its suffix does not tell the format; use one of {suffixes}, or give --format"
    )


def _named(home: str) -> Callable[..., object]:
    module, _, name = home.partition(":")
    return cast(Callable[..., object], getattr(import_module(module), name))
