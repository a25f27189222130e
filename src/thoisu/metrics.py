"""Figures of a classifier, from arrays alone: scores, agreement, calibration.

Labels are integers from 0, articles are integers from 0 (``groups``), and every function is pure
numpy. Confusion matrices may be stacked, so that all resamples of a bootstrap
(:mod:`thoisu.bootstrap`) are scored at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of each label; each array has the *shape* ``(..., labels)``.

    ``precision`` and ``recall`` are 0 where nothing was predicted or nothing is there (as in
    scikit-learn with ``zero_division=0``), ``f1`` is NaN for a label that occurs neither in the
    gold labels nor in the predictions.
    """

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: FloatArray


@dataclass(frozen=True, slots=True)
class Average:
    """Mean over labels."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Bins:
    """Sentences put into bins by confidence; each array has the *shape* ``(bins,)``.

    Attributes:
        low: lower end of each bin, which is not part of it (but 0 is part of the first).
        high: upper end, part of the bin.
        count: sentences in it.
        confidence: their mean confidence; 0 for an empty bin.
        accuracy: the share of them that was right; 0 for an empty bin.
    """

    low: FloatArray
    high: FloatArray
    count: IntArray
    confidence: FloatArray
    accuracy: FloatArray


def confusion_matrix(gold: IntArray, predicted: IntArray, *, labels: int) -> IntArray:
    """Count gold against predicted labels.

    Args:
        gold: label of each sentence. *Shape:* ``(sentences,)``.
        predicted: the same, as predicted. *Shape:* ``(sentences,)``.
        labels: how many labels there are.

    Returns:
        *Shape:* ``(labels, labels)``: gold label, predicted label.

    Raises:
        ValueError: lengths differ, or a label is out of range.
    """
    one = np.zeros(gold.shape, dtype=np.int64)
    matrix: IntArray = confusion_matrices(gold, predicted, one, labels=labels, size=1)[0]
    return matrix


def confusion_matrices(
    gold: IntArray, predicted: IntArray, groups: IntArray, *, labels: int, size: int | None = None
) -> IntArray:
    """Count gold against predicted labels in each article.

    Args:
        gold: label of each sentence. *Shape:* ``(sentences,)``.
        predicted: the same, as predicted. *Shape:* ``(sentences,)``.
        groups: article of each sentence. *Shape:* ``(sentences,)``.
        labels: how many labels there are.
        size: how many articles there are; by default one more than the highest in ``groups``.

    Returns:
        *Shape:* ``(articles, labels, labels)``: article, gold label, predicted label.

    Raises:
        ValueError: lengths differ, or a label or an article is out of range.
    """
    if not gold.shape == predicted.shape == groups.shape == (gold.size,):
        raise ValueError(f"lengths differ: {gold.shape}, {predicted.shape}, {groups.shape}")
    if size is None:
        size = int(groups.max(initial=-1)) + 1
    for name, values, bound in (
        ("gold", gold, labels),
        ("predicted", predicted, labels),
        ("groups", groups, size),
    ):
        if values.size and not 0 <= values.min() <= values.max() < bound:
            raise ValueError(f"{name}: {values.min()} to {values.max()} is not within 0 to {bound}")
    cells = (groups.astype(np.int64) * labels + gold) * labels + predicted
    counts = np.bincount(cells, minlength=size * labels * labels).astype(np.int64)
    return counts.reshape(size, labels, labels)


def scores(confusion: NDArray[np.number]) -> Scores:
    """Return precision, recall, F1 and support of each label.

    Args:
        confusion: gold by predicted. *Shape:* ``(..., labels, labels)``.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    support = confusion.sum(axis=-1).astype(np.float64)
    predicted = confusion.sum(axis=-2).astype(np.float64)
    return Scores(
        precision=_ratio(hits, predicted, otherwise=0.0),
        recall=_ratio(hits, support, otherwise=0.0),
        f1=_ratio(2 * hits, support + predicted, otherwise=np.nan),
        support=support,
    )


def accuracy(confusion: NDArray[np.number]) -> FloatArray:
    """Return the share of sentences on the diagonal: ``(..., labels, labels)`` → ``(...)``."""
    hits = np.trace(confusion, axis1=-2, axis2=-1).astype(np.float64)
    return _ratio(hits, confusion.sum(axis=(-2, -1)), otherwise=np.nan)


def macro_f1(confusion: NDArray[np.number]) -> FloatArray:
    """Return the unweighted mean of the labels' F1: ``(..., labels, labels)`` → ``(...)``.

    A label that occurs neither in the gold labels nor in the predictions is left out of the mean,
    as in ``sklearn.metrics.f1_score(average="macro")``; one that was predicted without being
    there counts as 0.
    """
    f1 = scores(confusion).f1
    there = ~np.isnan(f1)
    total = np.where(there, f1, 0.0).sum(axis=-1)
    return _ratio(total, there.sum(axis=-1), otherwise=np.nan)


def averages(confusion: NDArray[np.number]) -> dict[str, Average]:
    """Return the means of the labels' figures: each counting the same, and each by its support.

    A label that occurs neither in the gold labels nor in the predictions is left out.

    Args:
        confusion: gold by predicted. *Shape:* ``(labels, labels)``.

    Returns:
        Under ``macro`` and ``weighted``.
    """
    figures = scores(confusion)
    there = ~np.isnan(figures.f1)
    columns = np.stack([figures.precision, figures.recall, figures.f1])[:, there]
    support = figures.support[there]
    weighted = _ratio(columns @ support, np.full(3, support.sum()), otherwise=np.nan)
    macro = _ratio(columns.sum(axis=1), np.full(3, there.sum()), otherwise=np.nan)
    return {
        "macro": Average(*map(float, macro)),
        "weighted": Average(*map(float, weighted)),
    }


def cohen_kappa(confusion: NDArray[np.number]) -> FloatArray:
    """Return Cohen's kappa: ``(..., labels, labels)`` → ``(...)``.

    Agreement beyond chance (Cohen 1960, "A coefficient of agreement for nominal scales"). NaN
    where both sides give one and the same label to everything, so that chance explains it all.
    """
    counts = confusion.astype(np.float64)
    total = counts.sum(axis=(-2, -1))
    observed = np.trace(counts, axis1=-2, axis2=-1) * total
    expected = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1)
    return _ratio(observed - expected, total**2 - expected, otherwise=np.nan)


def reliability(
    confidence: FloatArray, correct: BoolArray, *, bins: int = 15, equal_mass: bool = False
) -> Bins:
    """Put sentences into bins by confidence, and compare it with how often they were right.

    Args:
        confidence: probability of the predicted label. *Shape:* ``(sentences,)``.
        correct: whether it was the gold one. *Shape:* ``(sentences,)``.
        bins: how many.
        equal_mass: bins that hold equally many sentences (Nguyen and O'Connor 2015) in place of
            bins of equal width (Guo et al. 2017). Equal confidences share a bin.
    """
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    if equal_mass and confidence.size:
        inner = np.quantile(confidence, inner)
    places = np.searchsorted(inner, confidence, side="left")
    count = np.bincount(places, minlength=bins).astype(np.int64)
    sizes = count.astype(np.float64)
    return Bins(
        low=np.concatenate([[0.0], inner]),
        high=np.concatenate([inner, [1.0]]),
        count=count,
        confidence=_ratio(np.bincount(places, confidence, bins), sizes, otherwise=0.0),
        accuracy=_ratio(np.bincount(places, correct, bins), sizes, otherwise=0.0),
    )


def calibration_error(bins: Bins) -> float:
    """Return the expected calibration error, in 0 to 1 (Guo et al. 2017, equation 3).

    The mean gap between confidence and accuracy over the bins, weighted by their sentences. It
    is biased upwards in small data and more so in resamples of it, which is why it has no
    bootstrap interval here; the Brier score, a mean, has one.
    """
    total = bins.count.sum()
    gaps = np.abs(bins.accuracy - bins.confidence) * bins.count
    return float(gaps.sum() / total) if total else float("nan")


def brier_scores(probabilities: FloatArray, gold: IntArray) -> FloatArray:
    """Return each sentence's squared distance to the gold label, in 0 to 2 (Brier 1950).

    Args:
        probabilities: *Shape:* ``(sentences, labels)``.
        gold: *Shape:* ``(sentences,)``.

    Returns:
        *Shape:* ``(sentences,)``; their mean is the Brier score.
    """
    wanted = np.eye(probabilities.shape[1])[gold]
    return np.asarray(((probabilities - wanted) ** 2).sum(axis=1), dtype=np.float64)


def _ratio(
    numerator: NDArray[np.number], denominator: NDArray[np.number], *, otherwise: float
) -> FloatArray:
    result = np.full(np.shape(numerator), otherwise, dtype=np.float64)
    np.divide(numerator, denominator, out=result, where=np.asarray(denominator) != 0)
    return result
