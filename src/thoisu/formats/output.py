"""A file that takes its name only when it is complete."""

import io
import os
import secrets
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self, cast

from thoisu.errors import ThoisuError


class Output:
    """A file to write, under a temporary name in the folder where it will lie.

    :meth:`commit` gives it its name, in place of an earlier file of that name, which is there
    unchanged until then; :meth:`keep` gives what has been written a name of its own beside it.
    Leaving the ``with`` block without either leaves nothing behind. A target that is no regular
    file (a pipe, a device) is written to directly.

    Args:
        target: the file's path; links are followed.

    Raises:
        ThoisuError: there is no such folder, or it cannot be written to.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        final = target.resolve()
        if final.is_dir():
            raise ThoisuError(f"{target}: is a folder; give the name of a file")
        if not final.parent.is_dir():
            raise ThoisuError(f"{target}: there is no folder {target.parent}; make it first")
        self._final = final
        self._partial: Path | None = None
        if not final.exists() or final.is_file():
            self._partial = final.with_name(f".thoisu-{secrets.token_hex(8)}.partial")
        try:
            self.stream = cast(
                BinaryIO, io.BufferedWriter(_File(self._partial or final, target=target))
            )
        except OSError as error:
            raise ThoisuError(f"{target}: cannot be written ({error.strerror})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def commit(self) -> None:
        """Finish the file and give it its name.

        Raises:
            ThoisuError: it could not be written to the end, or an earlier file of that name
                cannot be replaced; then the result lies beside it.
        """
        self._finish()
        if self._partial is None:
            return
        try:
            if self._final.exists():
                shutil.copymode(self._final, self._partial)
            self._partial.replace(self._final)
        except OSError as error:
            kept = self.keep()
            raise ThoisuError(
                f"{self.target}: cannot be replaced ({error.strerror}); the result is in {kept}"
            ) from None
        self._partial = None

    def keep(self) -> Path | None:
        """Finish the file under a name that no file has, ``labels.partial.csv``; return it."""
        self._finish()
        if self._partial is None:
            return None
        for number in range(1, 10_000):
            count = "" if number == 1 else f"-{number}"
            kept = self._final.with_name(f"{self._final.stem}.partial{count}{self._final.suffix}")
            if not kept.exists():
                self._partial.rename(kept)
                self._partial = None
                return self.target.with_name(kept.name) if self.target == self._final else kept
        raise ThoisuError(f"{self.target}: too many partial results beside it; remove some")

    def discard(self) -> None:
        """Remove what has been written, unless it has a name already."""
        with suppress(OSError, ThoisuError):
            self.stream.close()
        if self._partial is not None:
            self._partial.unlink(missing_ok=True)
            self._partial = None

    def _finish(self) -> None:
        if not self.stream.closed:
            self.stream.flush()
            if self._partial is not None:
                os.fsync(self.stream.fileno())
            self.stream.close()


class StandardOutput:
    """Standard output, used in the same way; what has been written there is out."""

    def __init__(self) -> None:
        self.stream: BinaryIO = sys.stdout.buffer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def commit(self) -> None:
        """Hand on the last bytes."""
        self.stream.flush()

    def keep(self) -> Path | None:
        """Hand on the last bytes; there is no file."""
        self.stream.flush()
        return None


class _File(io.FileIO):
    """A new file whose errors name the file that it is going to be."""

    def __init__(self, path: Path, *, target: Path) -> None:
        super().__init__(path, "wb" if path.exists() else "xb")
        self._target = target

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ThoisuError(f"{self._target}: cannot be written ({error.strerror})") from None
