"""What ``thoisu label`` and ``thoisu brief`` do: sources in, one file or a terminal out.

Everything that can be wrong with the request is found before the model is loaded. The file takes
its name when it is complete; a run that stops early leaves what it has done in a file of its own.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from thoisu import console, formats
from thoisu.articles import STDIN, SUFFIXES, Article, Rejected
from thoisu.batch import (
    LabelsArticles,
    Tally,
    distinct,
    expected_articles,
    label_sources,
    undisturbed,
)
from thoisu.console import MisusedError, Progress, say
from thoisu.errors import ThoisuError
from thoisu.formats import Format, Writer
from thoisu.formats.lines import json_line
from thoisu.formats.output import Output, StandardOutput

STDOUT = "-"


def run(
    sources: Sequence[str],
    load: Callable[[], LabelsArticles],
    *,
    known: tuple[Format, ...],
    name: str | None,
    out: Path | None,
    unit: str = "sentence",
    quiet: bool = False,
) -> int:
    """Label sources and write the result.

    Args:
        sources: files, folders, or ``-`` for standard input.
        load: loads the labeller; called once the request has been found to be in order.
        known: formats to choose from.
        name: the format's name; it follows from ``out`` where not given.
        out: the file to write; standard output where not given or ``-``.
        unit: ``sentence`` or ``clause``.
        quiet: tell only about inputs that are rejected and about errors.

    Returns:
        The exit status: 1 if an input was rejected, 128 + N if signal N stopped the run.

    Raises:
        MisusedError: the request cannot be carried out as it is.
        ThoisuError: the model cannot be loaded, or the result cannot be written.
    """
    if out is not None and str(out) == STDOUT:
        out = None
    chosen = check(sources, known=known, name=name, out=out)
    live = out is None and console.on_terminal()
    tally, expected = Tally(), expected_articles(sources)
    with (
        opened(out) as output,
        stoppable(),
        Progress(total=expected, shown=not quiet and not live) as progress,
    ):
        make = chosen.terminal_writer if live else chosen.writer
        writer = make(output.stream)
        try:
            label_sources(
                sources,
                load(),
                writer,
                unit=unit,
                on_rejected=lambda item: progress.say(f"{item.source}: {item.reason}"),
                on_note=lambda article, note: None if quiet else progress.say(f"{article}: {note}"),
                on_progress=lambda tally: progress.update(
                    tally.articles + tally.rejected,
                    rate=f"{tally.sentences / progress.elapsed:,.0f} sentences/s",
                ),
                tally=tally,
            )
        except KeyboardInterrupt as stop:
            progress.say(f"stopped: {keep(writer, output, tally, expected)}")
            return console.exit_status(stop)
        except Exception as error:
            if tally.articles and not isinstance(error, ThoisuError | OSError):
                progress.say(keep(writer, output, tally, expected))
            raise
        if tally.articles:
            with undisturbed():
                writer.close()
                output.commit()
    return ended(tally, out=out, quiet=quiet)


def opened(out: Path | None) -> Output | StandardOutput:
    """Open the file to write, or standard output.

    Raises:
        MisusedError: there cannot be such a file.
    """
    try:
        return StandardOutput() if out is None else Output(out)
    except ThoisuError as error:
        raise MisusedError(str(error)) from None


def check(
    sources: Sequence[str], *, known: tuple[Format, ...], name: str | None, out: Path | None
) -> Format:
    """Find what is wrong with a request, or return the format to write.

    Raises:
        MisusedError: the format is unknown or belongs in a file, or the file cannot be written
            or would be read as one of the sources.
    """
    try:
        chosen = formats.choose(known, name=name, out=out)
    except ThoisuError as error:
        raise MisusedError(str(error)) from None
    if out is None:
        if chosen.binary and sys.stdout.isatty():
            raise MisusedError(
                f"{chosen.name} cannot be read in a terminal; give a file: -o labels.{chosen.name}"
            )
        return chosen
    final = out.resolve()
    for source in sources:
        if source == STDIN:
            continue
        read = Path(source).resolve()
        if final == read:
            raise MisusedError(f"{out}: is also read; writing it would destroy the source")
        if read.is_dir() and final.is_relative_to(read) and final.suffix.lower() in SUFFIXES:
            raise MisusedError(
                f"{out}: lies in {source}, where it would be read as news the next time;"
                " choose a file outside of it"
            )
    return chosen


def keep(
    writer: Writer, output: Output | StandardOutput, tally: Tally, expected: int | None
) -> str:
    """Save what an unfinished run has done beside the file that it was to write; say where."""
    of = f" of {expected:,}" if expected else ""
    if not tally.articles:
        return f"none{of} articles were labelled, and nothing is written"
    with undisturbed():
        writer.close()
        kept = output.keep()
    where = f"are in {kept}" if kept else "were written"
    return f"{tally.articles:,}{of} articles {where}"


def ended(tally: Tally, *, out: Path | None, quiet: bool) -> int:
    """Say how a run went that came to its end, and return the exit status."""
    rejected = f"{counted(tally.rejected, 'input')} rejected" if tally.rejected else ""
    if not tally.articles:
        say(f"nothing to label{f'; {out} is not written' if out else ''}")
    elif out is not None and not quiet:
        say(
            f"{counted(tally.articles, 'article')}, {counted(tally.sentences, 'sentence')}"
            f" in {out}{f'; {rejected}' if rejected else ''}"
        )
    elif rejected:
        say(rejected)
    return console.FAILED if tally.rejected or not tally.articles else console.OK


def print_texts(source: str, *, as_json: bool) -> int:
    """Print the articles of a source as they are read, and return the exit status.

    A single article is printed exactly, so that ``start`` and ``end`` of its rows count in it;
    before each of several stands a line with its id.
    """
    stream = sys.stdout.buffer
    held: Article | None = None  # the first article, until it is known whether it is the only one
    count, rejected = 0, False
    for item in distinct([source], on_note=lambda article, note: say(f"{article}: {note}")):
        if isinstance(item, Rejected):
            rejected = True
            say(f"{item.source}: {item.reason}")
            continue
        count += 1
        if as_json:
            stream.write(json_line(asdict(item)))
        elif count == 1:
            held = item
        else:
            for article in filter(None, (held, item)):
                stream.write(f"== {article.id} ==\n{article.text}\n".encode("utf-8", "replace"))
            held = None
    if held is not None:
        end = "\n" if sys.stdout.isatty() and not held.text.endswith("\n") else ""
        stream.write((held.text + end).encode("utf-8", "replace"))
    stream.flush()
    return console.FAILED if rejected or not count else console.OK


def counted(number: int, thing: str) -> str:
    """Return ``1 article``, ``2,000 articles``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


class Stopped(KeyboardInterrupt):
    """A signal that asks the program to end; its argument is the exit status."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a request to end (SIGTERM, SIGHUP) stop a run as Ctrl-C does: nothing done is lost."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(128 + number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
