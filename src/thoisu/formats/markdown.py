"""Briefs as Markdown."""

import re

from thoisu.formats import plain, shown

# What Markdown gives a meaning anywhere in a line, HTML included; and what it gives one only at
# the beginning: a list, the line under a heading, a numbered item.
_ANYWHERE = re.compile(r"[\\`*_\[\]<>&|~$#]")
_AT_BEGINNING = re.compile(r"[-+=]|\d+(?=[.)])")


class BriefWriter(plain.BriefWriter):
    """A heading an article, one below it for each of the four lists."""

    def title(self, text: str) -> None:
        """Say which article it is."""
        self.out.line(f"# {escape(text)}")

    def list_heading(self, names: tuple[str, str], count: int) -> None:
        """Name a list in both languages."""
        self.out.line(f"## {' / '.join(names)} ({count})")
        self.out.line()

    def nothing(self) -> None:
        """Say that a list is empty."""
        self.out.line(f"*{' / '.join(shown.NOTHING)}*")

    def item(self, text: str, mark: str) -> None:
        """Write one sentence."""
        self.out.line(f"- {escape(text)}{mark}")


def escape(text: str) -> str:
    r"""Return one line of text as Markdown that shows it as it is.

    >>> print(escape("1. <b>Giao</b> Sở Nội vụ"))
    1\. \<b\>Giao\</b\> Sở Nội vụ
    """
    text = _ANYWHERE.sub(lambda sign: f"\\{sign[0]}", text)
    start = _AT_BEGINNING.match(text)
    if start is None:
        return text
    at = start.end() if start[0].isdigit() else 0
    return f"{text[:at]}\\{text[at:]}"
