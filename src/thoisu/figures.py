"""What is measured of one classifier on labelled sentences.

Predictions come in, figures with their intervals go out. Formulas stand in
:mod:`thoisu.metrics`; classifiers are run by :mod:`thoisu.evaluation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thoisu import metrics
from thoisu.bootstrap import Bootstrap, Difference, Estimate
from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS
from thoisu.metrics import (
    Average,
    Bins,
    BoolArray,
    FloatArray,
    IntArray,
)

BINS = 15  # as in Guo et al. 2017


@dataclass(frozen=True, slots=True)
class Gold:
    """Labelled sentences; each array has the *shape* ``(sentences,)``.

    Attributes:
        ids: of the articles, in order.
        articles: the sentences of each.
        labels: number of each sentence's label in ``LABEL_IDS``.
        groups: number of its article.
        numbers: number of the sentence within its article.
        hard: whether it is marked as hard.
        parts: what is also measured apart, by name, and which sentences belong to it.
    """

    ids: list[str]
    articles: list[list[str]]
    labels: IntArray
    groups: IntArray
    numbers: IntArray
    hard: BoolArray
    parts: dict[str, BoolArray]

    @property
    def support(self) -> dict[str, int]:
        """How many sentences have each label."""
        counts = np.bincount(self.labels, minlength=len(LABEL_IDS))
        return {label: int(count) for label, count in zip(LABEL_IDS, counts, strict=True)}


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Figures of one label."""

    precision: float
    recall: float
    f1: Estimate
    support: int


@dataclass(frozen=True, slots=True)
class PartFigures:
    """Figures of some of the sentences."""

    sentences: int
    articles: int
    accuracy: Estimate
    macro_f1: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether confidence is what it says: the chance of being right.

    Attributes:
        error: expected calibration error, over bins of equal width.
        adaptive_error: the same over bins that hold equally many sentences.
        brier: mean squared distance of the probabilities from the gold label, 0 to 2.
        bins: of equal width.
        adaptive_bins: of equal mass.
    """

    error: float
    adaptive_error: float
    brier: Estimate
    bins: Bins
    adaptive_bins: Bins


@dataclass(frozen=True, slots=True)
class System:
    """What one classifier predicted, and its figures.

    Attributes:
        name: in tables.
        baseline: whether it is there to be beaten.
        predicted: label numbers. *Shape:* ``(sentences,)``.
        probabilities: *shape* ``(sentences, labels)``; ``None`` if it gives none.
        confusion: gold by predicted. *Shape:* ``(labels, labels)``.
        accuracy: share of sentences that got their gold label.
        macro_f1: see :func:`thoisu.metrics.macro_f1`.
        kappa: Cohen's, between gold and predicted.
        averages: precision, recall and F1 over labels, ``macro`` and ``weighted`` by support.
        labels: of each label that occurs in the gold labels or the predictions.
        parts: of each part of the data.
        calibration: ``None`` without probabilities.
        difference: macro F1 less that of the first system; ``None`` for the first.
    """

    name: str
    baseline: bool
    predicted: IntArray
    probabilities: FloatArray | None
    confusion: IntArray
    accuracy: Estimate
    macro_f1: Estimate
    kappa: Estimate
    averages: dict[str, Average]
    labels: dict[str, LabelFigures]
    parts: dict[str, PartFigures]
    calibration: Calibration | None
    difference: Difference | None


def gather(data: Mapping[str, Sequence[CorpusArticle]]) -> Gold:
    """Lay labelled articles out as arrays.

    Raises:
        ThoisuError: there is no sentence, or an article is there twice.
    """
    found: dict[str, str] = {}
    articles: list[CorpusArticle] = []
    sets: list[int] = []
    for number, (name, members) in enumerate(data.items()):
        for article in members:
            if article.id in found:
                raise ThoisuError(
                    f"{name}: article {article.id!r} is in {found[article.id]} too;"
                    " it would count twice"
                )
            found[article.id] = name
            articles.append(article)
            sets += [number] * len(article.sentences)
    sentences = [sentence for article in articles for sentence in article.sentences]
    if not sentences:
        raise ThoisuError(f"{', '.join(data) or 'data'}: no labelled sentence to evaluate on")
    hard = np.array([sentence.hard for sentence in sentences])
    parts = {}
    if hard.any() and not hard.all():
        parts = {"hard": hard, "not hard": ~hard}
    if len(data) > 1:
        parts |= {name: np.array(sets) == number for number, name in enumerate(data)}
    sizes = [len(article.sentences) for article in articles]
    return Gold(
        ids=[article.id for article in articles],
        articles=[[sentence.text for sentence in article.sentences] for article in articles],
        labels=np.array([LABEL_IDS.index(sentence.label) for sentence in sentences]),
        groups=np.repeat(np.arange(len(articles)), sizes),
        numbers=np.concatenate([np.arange(size) for size in sizes]),
        hard=hard,
        parts=parts,
    )


def measure(
    gold: Gold,
    bootstrap: Bootstrap,
    *,
    name: str,
    predicted: IntArray,
    probabilities: FloatArray | None = None,
    baseline: bool = False,
    first: System | None = None,
) -> System:
    """Measure one classifier.

    Args:
        gold: the data.
        bootstrap: the resamples of its articles, the same for all classifiers.
        name: of the classifier.
        predicted: label numbers. *Shape:* ``(sentences,)``.
        probabilities: *shape* ``(sentences, labels)``, where it gives any.
        baseline: whether it is there to be beaten.
        first: the classifier that it is compared with.
    """
    counts = _counts(gold, predicted)
    return System(
        name=name,
        baseline=baseline,
        predicted=predicted,
        probabilities=probabilities,
        confusion=counts.sum(axis=0),
        accuracy=bootstrap.estimate(counts, metrics.accuracy),
        macro_f1=bootstrap.estimate(counts, metrics.macro_f1),
        kappa=bootstrap.estimate(counts, metrics.cohen_kappa),
        averages=metrics.averages(counts.sum(axis=0)),
        labels=_by_label(bootstrap, counts),
        parts={
            part: _part(gold, bootstrap, predicted, chosen) for part, chosen in gold.parts.items()
        },
        calibration=_calibration(gold, bootstrap, probabilities),
        difference=bootstrap.difference(_counts(gold, first.predicted), counts, metrics.macro_f1)
        if first
        else None,
    )


def _counts(gold: Gold, predicted: IntArray, chosen: BoolArray | None = None) -> IntArray:
    """Count gold against predicted labels in each article: ``(articles, labels, labels)``."""
    kept = slice(None) if chosen is None else chosen
    return metrics.confusion_matrices(
        gold.labels[kept],
        predicted[kept],
        gold.groups[kept],
        labels=len(LABEL_IDS),
        size=len(gold.ids),
    )


def _by_label(bootstrap: Bootstrap, counts: IntArray) -> dict[str, LabelFigures]:
    figures = metrics.scores(counts.sum(axis=0))
    result = {}
    for number, label in enumerate(LABEL_IDS):
        if np.isnan(figures.f1[number]):
            continue

        def f1(matrices: NDArray[np.number], number: int = number) -> FloatArray:
            return metrics.scores(matrices).f1[..., number]

        result[label] = LabelFigures(
            precision=float(figures.precision[number]),
            recall=float(figures.recall[number]),
            f1=bootstrap.estimate(counts, f1),
            support=int(figures.support[number]),
        )
    return result


def _part(gold: Gold, bootstrap: Bootstrap, predicted: IntArray, chosen: BoolArray) -> PartFigures:
    counts = _counts(gold, predicted, chosen)
    return PartFigures(
        sentences=int(chosen.sum()),
        articles=len(np.unique(gold.groups[chosen])),
        accuracy=bootstrap.estimate(counts, metrics.accuracy),
        macro_f1=bootstrap.estimate(counts, metrics.macro_f1),
    )


def _calibration(
    gold: Gold, bootstrap: Bootstrap, probabilities: FloatArray | None
) -> Calibration | None:
    if probabilities is None:
        return None
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == gold.labels
    even = metrics.reliability(confidence, correct, bins=BINS)
    adaptive = metrics.reliability(confidence, correct, bins=BINS, equal_mass=True)
    distances = metrics.brier_scores(probabilities, gold.labels)
    sums = np.zeros((len(gold.ids), 2))
    np.add.at(sums, gold.groups, np.stack([distances, np.ones_like(distances)], axis=1))
    return Calibration(
        error=metrics.calibration_error(even),
        adaptive_error=metrics.calibration_error(adaptive),
        brier=bootstrap.estimate(sums, _mean),
        bins=even,
        adaptive_bins=adaptive,
    )


def _mean(sums: NDArray[np.number]) -> FloatArray:
    """Divide sums by counts: ``(..., 2)`` → ``(...)``."""
    return np.asarray(sums[..., 0] / sums[..., 1], dtype=np.float64)
