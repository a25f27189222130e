"""One self-contained page: labelled articles, or their briefs.

The page needs no network. All text is escaped, and its content security policy allows nothing but
the page's own style and script, so that an article cannot bring its own.
"""

import base64
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import BinaryIO

from thoisu import __version__
from thoisu.formats import shown
from thoisu.labels import BY_ID, LABELS
from thoisu.results import LabelledArticle, LabelledSentence


class PageWriter:
    """Every sentence with its label in colour and words; buttons that hide labels."""

    title = ("Câu đã gán nhãn", "Labelled sentences")
    filters = True

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # The table of contents and the counts stand first and are known last.
        self._body = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._contents: list[tuple[str, Counter[str]]] = []

    def write(self, article: LabelledArticle) -> None:
        """Write one article to the page's body."""
        number = len(self._contents) + 1
        name = shown.heading(article) or f"{number}"
        counts = Counter(sentence.label for sentence in article.sentences)
        self._contents.append((name, counts))
        html = "".join(self.section(article, name=name, number=number))
        self._body.write(html.encode("utf-8", "replace"))

    def close(self) -> None:
        """Write the page to the stream."""
        self._stream.write("".join(self._top()).encode("utf-8", "replace"))
        self._body.seek(0)
        shutil.copyfileobj(self._body, self._stream)
        self._body.close()
        self._stream.write("".join(self._bottom()).encode())

    def section(self, article: LabelledArticle, *, name: str, number: int) -> Iterator[str]:
        """Yield the HTML of one article."""
        yield f'<section id="a{number}">\n<h2>{text(name)}</h2>\n'
        numbered = enumerate(article.sentences)
        for _, paragraph in groupby(numbered, key=lambda item: item[1].paragraph):
            yield '<ol class="sentences">\n'
            for index, sentence in paragraph:
                yield f'<li value="{index}" class="{sentence.label}">{chip(sentence)} '
                yield f'<span class="text">{text(sentence.text)}</span></li>\n'
            yield "</ol>\n"
        yield "</section>\n"

    def _top(self) -> Iterator[str]:
        vietnamese, english = self.title
        policy = f"default-src 'none'; style-src '{source(style())}'"
        if self.filters:
            policy += f"; script-src '{source(script())}'"
        yield '<!DOCTYPE html>\n<html lang="vi">\n<head>\n<meta charset="utf-8">\n'
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield f'<meta name="generator" content="thoisu {__version__}">\n'
        yield f"<title>{vietnamese} / {english}</title>\n"
        yield f"<style>{style()}</style>\n</head>\n<body>\n<header>\n"
        yield f'<h1>{vietnamese} <span lang="en">/ {english}</span></h1>\n'
        if self.filters:
            total = sum((counts for _, counts in self._contents), Counter[str]())
            yield from filters(total)
        yield "</header>\n"
        if len(self._contents) > 1:
            yield '<nav>\n<h2>Mục lục <span lang="en">/ Contents</span></h2>\n<ol>\n'
            for number, (name, counts) in enumerate(self._contents, 1):
                yield f'<li><a href="#a{number}">{text(name)}</a> {tally(counts)}</li>\n'
            yield "</ol>\n</nav>\n"
        yield "<main>\n"

    def _bottom(self) -> Iterator[str]:
        yield "</main>\n"
        if self.filters:
            yield f"<script>{script()}</script>\n"
        yield "</body>\n</html>\n"


class BriefWriter(PageWriter):
    """The four lists of each article."""

    title = ("Tóm lược", "Brief")
    filters = False

    def section(self, article: LabelledArticle, *, name: str, number: int) -> Iterator[str]:
        """Yield the HTML of one article."""
        yield f'<section id="a{number}">\n<h2>{text(name)}</h2>\n'
        unsure = False
        for label, sentences in shown.brief(article).items():
            vietnamese, english = shown.HEADINGS[label]
            yield f'<h3 class="{label}">{vietnamese} <span lang="en">/ {english}</span>'
            yield f" ({len(sentences)})</h3>\n<ul>\n"
            for sentence in sentences:
                mark = ""
                if sentence.confidence < shown.UNSURE:
                    mark, unsure = f" {shown.UNSURE_MARK}", True
                yield f'<li><span class="text">{text(sentence.text)}</span>{mark}</li>\n'
            if not sentences:
                yield f'<li class="none">{" / ".join(shown.NOTHING)}</li>\n'
            yield "</ul>\n"
        if unsure:
            yield f"<p>{shown.UNSURE_MARK} {' / '.join(shown.UNSURE_NOTE)}</p>\n"
        yield "</section>\n"


def text(value: str) -> str:
    """Escape text; signs that no page may hold are replaced."""
    return escape(shown.printable(value))


def chip(sentence: LabelledSentence) -> str:
    """Return a sentence's label in both languages and its confidence."""
    label = BY_ID[sentence.label]
    values = ", ".join(f"{name} {value:.3f}" for name, value in sentence.probabilities.items())
    return (
        f'<span class="label" title="{values}">{label.vietnamese} '
        f'<span lang="en">{label.id}</span> {sentence.confidence:.2f}</span>'
    )


def filters(total: Counter[str]) -> Iterator[str]:
    """Yield a box to tick for each label, with its meaning and how many sentences have it."""
    yield "<fieldset hidden>\n<legend>Hiện các câu <span"
    yield ' lang="en">/ Show sentences</span></legend>\n'
    for label in LABELS:
        meaning = escape(f"{label.meaning_vi} / {label.meaning}")
        yield f'<label class="{label.id}" title="{meaning}"><input type="checkbox" checked '
        yield f'value="{label.id}"> {label.vietnamese} <span lang="en">/ {label.id}</span>'
        yield f" ({total[label.id]})</label>\n"
    yield "</fieldset>\n"


def tally(counts: Counter[str]) -> str:
    """Return how many sentences of an article have each label that occurs."""
    found = (f"{label.vietnamese} {counts[label.id]}" for label in LABELS if counts[label.id])
    return f"<small>{', '.join(found)}</small>"


def source(content: str) -> str:
    """Return the name by which a content security policy allows an inline style or script."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@cache
def style() -> str:
    """Return the page's style, the colours of the labels included."""
    colours = "".join(f".{label.id} {{ --colour: {label.colour}; }}\n" for label in LABELS)
    hidden = "".join(f".no-{label.id} li.{label.id} {{ display: none; }}\n" for label in LABELS)
    return _part("page.css") + colours + hidden


@cache
def script() -> str:
    """Return the page's script."""
    return _part("page.js")


def _part(name: str) -> str:
    return files("thoisu.formats").joinpath(name).read_text("utf-8")
