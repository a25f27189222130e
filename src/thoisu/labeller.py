"""``Labeller``: Vietnamese political news in, labelled sentences out.

The path of a text is read here from top to bottom: split into sentences, segment into words,
tokenize into ids, lay out in context, run the model, turn logits into calibrated probabilities.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from thoisu import model as models
from thoisu import sentences, tokenizer, words
from thoisu.articles import Article
from thoisu.errors import ThoisuError
from thoisu.hub import checkpoint_folder
from thoisu.labels import LABEL_IDS
from thoisu.results import LabelledArticle, LabelledSentence, Prediction
from thoisu.sentences import Sentence

__all__ = ["LabelledArticle", "LabelledSentence", "Labeller", "Prediction"]

CHUNK = 16  # articles segmented and tokenized together: enough to share among cores


def clause_units(text: str) -> list[Sentence]:
    """Split into sentences, and those into clauses."""
    return [clause for sentence in sentences.split(text) for clause in sentences.clauses(sentence)]


UNITS: dict[str, Callable[[str], list[Sentence]]] = {
    "sentence": sentences.split,
    "clause": clause_units,
}


class Labeller:
    """Labels the sentences of articles.

    Made by :meth:`from_pretrained`. Labelling is deterministic: a sentence's probabilities depend
    on its article alone, not on what else is labelled, nor on the order.
    """

    def __init__(
        self,
        model: models.Model,
        settings: models.Settings,
        tokens: tokenizer.PhobertTokenizer,
        segmenter: words.Segmenter,
    ) -> None:
        self._model = model
        self._temperature = settings.temperature
        self._context = settings.build_context()
        self._tokens = tokens
        self._segmenter = segmenter

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        device: str = "cpu",
        threads: int | None = None,
        onnx: str | None = None,
    ) -> Self:
        """Load a model.

        Args:
            name: a checkpoint folder, or a model's name on the Hugging Face hub (fetched once,
                then kept in its cache); the model that comes with the package where not given.
            device: ``cpu``, or a PyTorch device such as ``cuda`` (needs the ``train`` extra).
            threads: threads of one matrix product; all cores where not given.
            onnx: ``model_int8.onnx`` or ``model.onnx``; the first that is there where not given.

        Raises:
            ThoisuError: there is no such model, or it cannot be loaded.
        """
        folder = models.bundled() if name is None else checkpoint_folder(name)
        settings = models.settings(folder)
        return cls(
            models.load(folder, device=device, threads=threads, onnx=onnx),
            settings,
            tokenizer.load(folder),
            words.load(settings.segmenter),
        )

    def label(self, text: str, *, unit: str = "sentence") -> LabelledArticle:
        """Label one article.

        Args:
            text: the article; spans of the result count code points in it.
            unit: ``sentence``, or ``clause`` to split long enumerations at their semicolons.

        Raises:
            ThoisuError: no such unit.
        """
        return next(self.label_many([Article(id="", text=text)], unit=unit))

    def label_many(
        self, articles: Iterable[Article | str], *, unit: str = "sentence"
    ) -> Iterator[LabelledArticle]:
        """Label articles one after the other, in order, in bounded memory.

        Args:
            articles: articles, or their bare texts; read a few ahead of the results.
            unit: ``sentence`` or ``clause``.

        Raises:
            ThoisuError: no such unit.
        """
        if isinstance(articles, str):
            raise TypeError("label_many takes several articles; for one use label")
        if unit not in UNITS:
            raise ThoisuError(f"unit {unit!r}: expected {' or '.join(UNITS)}")
        return self._label_chunks(iter(articles), UNITS[unit])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Label texts that have nothing to do with each other, in order.

        Sentences of one article are labelled better by :meth:`label`, which sees their context.
        """
        if isinstance(texts, str):
            raise TypeError("predict takes a list of texts; for one article use label")
        return [prediction(values[0]) for values in self.probabilities([text] for text in texts)]

    def probabilities(self, articles: Iterable[Sequence[str]]) -> Iterator[npt.NDArray[np.float32]]:
        """Return the probabilities of sentences that are already split, in context.

        Args:
            articles: the sentences of each article, in order.

        Returns:
            For each article, *shape* ``(sentences, 5)``, columns in the order of ``LABEL_IDS``.
        """
        waiting = iter(articles)
        while chunk := list(islice(waiting, CHUNK)):
            yield from self._probabilities(chunk)

    def _label_chunks(
        self, articles: Iterator[Article | str], split: Callable[[str], list[Sentence]]
    ) -> Iterator[LabelledArticle]:
        while chunk := list(islice(articles, CHUNK)):
            read = [Article(id="", text=a) if isinstance(a, str) else a for a in chunk]
            units = [split(article.text) for article in read]
            probabilities = self._probabilities([[u.text for u in article] for article in units])
            for article, found, values in zip(read, units, probabilities, strict=True):
                yield LabelledArticle(
                    id=article.id,
                    title=article.title,
                    date=article.date,
                    text=article.text,
                    sentences=[
                        labelled(unit, row) for unit, row in zip(found, values, strict=True)
                    ],
                )

    def _probabilities(
        self, articles: Sequence[Sequence[str]]
    ) -> Iterator[npt.NDArray[np.float32]]:
        flat = [sentence for article in articles for sentence in article]
        segmented = [segmentation.text for segmentation in self._segmenter.segment(flat)]
        ids = iter(self._tokens.encode_batch(segmented, add_special_tokens=False))
        for article in articles:
            count = len(article)
            if not count:
                yield np.empty((0, len(LABEL_IDS)), np.float32)
                continue
            rows = self._context.rows(list(islice(ids, count)))
            logits = self._model.logits([row.ids for row in rows])
            yield softmax(self._context.gather(rows, logits, count) / self._temperature)


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Turn logits into probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: npt.NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return result


def prediction(values: npt.NDArray[np.float32]) -> Prediction:
    """Name the most probable label of one row of probabilities, *shape* ``(5,)``."""
    best = int(values.argmax())
    named = dict(zip(LABEL_IDS, map(float, values), strict=True))
    return Prediction(LABEL_IDS[best], float(values[best]), named)


def labelled(unit: Sentence, values: npt.NDArray[np.float32]) -> LabelledSentence:
    """Join a sentence with its probabilities."""
    found = prediction(values)
    return LabelledSentence(
        text=unit.text,
        start=unit.start,
        end=unit.end,
        paragraph=unit.paragraph,
        label=found.label,
        confidence=found.confidence,
        probabilities=found.probabilities,
    )
