"""How the commands talk to people: lines on standard error, progress, exit statuses.

Results go to standard output and nothing else does; all that is said about them goes to standard
error, in one line each, beginning with the program's name.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from thoisu.errors import ThoisuError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

T = TypeVar("T")
OK, FAILED, MISUSED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
EXTRAS = dict.fromkeys(
    (
        "accelerate",
        "datasets",
        "matplotlib",
        "onnx",
        "onnxscript",
        "pydantic",
        "sklearn",
        "torch",
        "transformers",
        "yaml",
    ),
    "train",
) | {"py_vncorenlp": "vncorenlp"}
"""Which extra installs a package that the light install lacks."""

SHOWN_AFTER = 1.0  # seconds; shorter work needs no progress bar


class MisusedError(ThoisuError):
    """What was asked for cannot be done as it was asked; nothing has been tried."""


def status(command: Callable[[], int | None]) -> int:
    """Run a command and return its exit status; whatever goes wrong is told in one line."""
    try:
        result = command()
        sys.stdout.flush()
    except MisusedError as error:
        say(str(error))
        return MISUSED
    except ThoisuError as error:
        say(str(error))
    except KeyboardInterrupt as stop:
        say("stopped")
        return exit_status(stop)
    except BrokenPipeError:
        forget_stdout()
        return PIPE_CLOSED
    except ModuleNotFoundError as error:
        say_missing(error)
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:
        say_unexpected(error)
    else:
        return OK if result is None else result
    return FAILED


def say(line: str) -> None:
    """Print one line to standard error."""
    print(f"thoisu: {' '.join(line.split())}", file=sys.stderr, flush=True)


def say_missing(error: ModuleNotFoundError) -> None:
    """Say which package is missing and how to install it."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(package)
    wanted = f"thoisu[{extra}]" if extra else "thoisu"
    say(f'this needs {package}, which is not installed: pip install "{wanted}"')


def say_unexpected(error: Exception) -> None:
    """Say that something is wrong with this program; the traceback only where it is asked for."""
    if os.environ.get("THOISU_DEBUG"):
        import traceback

        traceback.print_exception(error)
        return
    frame: TracebackType | None = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""
    say(
        f"unexpected {type(error).__name__}{place}: {error}; please report it together with what"
        " the same command prints with THOISU_DEBUG=1"
    )


def exit_status(stop: KeyboardInterrupt) -> int:
    """Return the exit status that shells expect of a program stopped by a signal."""
    return stop.args[0] if stop.args and isinstance(stop.args[0], int) else INTERRUPTED


def forget_stdout() -> None:
    """Send what is left in standard output nowhere: its reader has gone (``| head``)."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = io.StringIO()


def speak_utf8() -> None:
    """Write UTF-8 to pipes and files on every system; Vietnamese needs it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def on_terminal() -> bool:
    """Tell whether standard output is read by a person, or colours are asked for."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


class Progress:
    """A progress bar on standard error, and the lines that are said meanwhile.

    The bar appears once work takes longer than a second, tells how much time is left where it is
    known how much there is to do, and goes when the work is done. Nothing is drawn where standard
    error is no terminal.

    Args:
        total: how many articles there are; ``None`` where nobody can know.
        title: what is being done.
        shown: ``False`` to draw nothing.
    """

    def __init__(self, *, total: int | None, title: str = "", shown: bool = True) -> None:
        self._total = total
        self._title = title
        self._shown = shown and sys.stderr.isatty()
        self._started = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, done: int, *, rate: str = "") -> None:
        """Show how far the work has come: articles done, and how fast in words."""
        if self._bar is None:
            if not self._shown or self.elapsed < SHOWN_AFTER:
                return
            self._bar = bar(self._total, title=self._title)
        self._bar.update(self._bar.task_ids[0], completed=done, rate=rate)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, never 0."""
        return time.monotonic() - self._started or 1e-9

    def say(self, line: str) -> None:
        """Print a line to standard error, above the bar where there is one."""
        if self._bar is None:
            say(line)
        else:
            self._bar.console.print(
                f"thoisu: {' '.join(line.split())}", markup=False, highlight=False, soft_wrap=True
            )


def track(
    results: Iterable[T], title: str, total: int | None, *, shown: bool = True
) -> Iterator[T]:
    """Pass results on while showing how many of them there have been."""
    with Progress(total=total, title=title, shown=shown) as progress:
        for number, result in enumerate(results, 1):
            progress.update(number)
            yield result


def bar(total: int | None, *, title: str) -> "Bar":
    """Begin to draw a bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    drawn = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    drawn.add_task(title, total=total, rate="")
    drawn.start()
    return drawn
