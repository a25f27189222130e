"""What labelling gives back: a label for a text, for a sentence, for an article.

Plain data, without numpy or a model, so that whatever reads or writes results starts at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from thoisu.labels import LABEL_IDS

DIGITS = 6
"""Decimals of confidences and probabilities in result rows; what follows them is noise."""

ROW_COLUMNS: tuple[str, ...] = (
    "article",
    "sentence",
    "paragraph",
    "start",
    "end",
    "text",
    "label",
    "confidence",
    *LABEL_IDS,
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label of one text.

    Attributes:
        label: the most probable of :data:`thoisu.labels.LABEL_IDS`.
        confidence: the probability of that label.
        probabilities: of every label, in the order of ``LABEL_IDS``; they sum to 1.
    """

    label: str
    confidence: float
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence, where it stands in its article, and its label.

    Attributes:
        text: the sentence; equals ``article.text[start:end]``.
        start: Unicode code points before it in the text as read.
        end: Unicode code points up to its end.
        paragraph: number of its paragraph, from 0.
        label: the most probable label.
        confidence: the probability of that label.
        probabilities: of every label, in the order of ``LABEL_IDS``.
    """

    text: str
    start: int
    end: int
    paragraph: int
    label: str
    confidence: float
    probabilities: dict[str, float]

    @property
    def span(self) -> tuple[int, int]:
        """``(start, end)``."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    """An article as read, and its sentences with their labels, in order."""

    id: str
    text: str
    title: str | None
    date: str | None
    sentences: list[LabelledSentence]

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one result row a sentence, its columns in the order of :data:`ROW_COLUMNS`.

        ``sentence`` counts from 0 within the article. Probabilities have :data:`DIGITS` decimals.
        """
        for number, sentence in enumerate(self.sentences):
            yield {
                "article": self.id,
                "sentence": number,
                "paragraph": sentence.paragraph,
                "start": sentence.start,
                "end": sentence.end,
                "text": sentence.text,
                "label": sentence.label,
                "confidence": round(sentence.confidence, DIGITS),
                **{name: round(sentence.probabilities[name], DIGITS) for name in LABEL_IDS},
            }
