"""Labels and briefs as plain text: for pipes, files and mail."""

from typing import BinaryIO

from thoisu.formats import shown
from thoisu.labels import LABEL_IDS
from thoisu.results import LabelledArticle

LABEL_WIDTH = max(shown.width(shown.bilingual(label)) for label in LABEL_IDS)


class TableWriter:
    """One line a sentence: number, label in both languages, confidence, the whole sentence."""

    def __init__(self, stream: BinaryIO) -> None:
        self._out = TextStream(stream)

    def write(self, article: LabelledArticle) -> None:
        """Write the lines of one article, after one that says which."""
        self._out.blank_between()
        self._out.line(shown.heading(article))
        digits = len(str(max(len(article.sentences) - 1, 0)))
        for number, sentence in enumerate(article.sentences):
            label = shown.padded(shown.bilingual(sentence.label), LABEL_WIDTH)
            text = shown.one_line(sentence.text)
            self._out.line(f"{number:>{digits}}  {label}  {sentence.confidence:.2f}  {text}")
        self._out.flush()

    def close(self) -> None:
        """Nothing is left to write."""


class BriefWriter:
    """The four lists of an article, each sentence an item; unsure ones are marked."""

    def __init__(self, stream: BinaryIO) -> None:
        self.out = TextStream(stream)

    def write(self, article: LabelledArticle) -> None:
        """Write the lists of one article, after its heading."""
        self.out.blank_between()
        self.title(shown.heading(article))
        unsure = False
        for label, sentences in shown.brief(article).items():
            self.out.line()
            self.list_heading(shown.HEADINGS[label], len(sentences))
            if not sentences:
                self.nothing()
            for sentence in sentences:
                mark = ""
                if sentence.confidence < shown.UNSURE:
                    mark, unsure = f" {shown.UNSURE_MARK}", True
                self.item(shown.one_line(sentence.text), mark)
        if unsure:
            self.out.line()
            self.out.line(f"{shown.UNSURE_MARK} {' / '.join(shown.UNSURE_NOTE)}")
        self.out.flush()

    def title(self, text: str) -> None:
        """Say which article it is."""
        self.out.line(text)
        self.out.line("=" * shown.width(text))

    def list_heading(self, names: tuple[str, str], count: int) -> None:
        """Name a list in both languages."""
        self.out.line(f"{' / '.join(names)} ({count})")

    def nothing(self) -> None:
        """Say that a list is empty."""
        self.out.line(f"  {' / '.join(shown.NOTHING)}")

    def item(self, text: str, mark: str) -> None:
        """Write one sentence."""
        self.out.line(f"  - {text}{mark}")

    def close(self) -> None:
        """Nothing is left to write."""


class TextStream:
    """Lines of UTF-8 into a binary stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._begun = False

    def line(self, text: str = "") -> None:
        """Write a line."""
        self._stream.write(text.encode() + b"\n")
        self._begun = True

    def blank_between(self) -> None:
        """Write an empty line unless nothing stands before it."""
        if self._begun:
            self.line()

    def flush(self) -> None:
        """Hand on what has been written."""
        self._stream.flush()
