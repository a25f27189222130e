"""Make a probability mean what it says: one temperature for all logits.

Guo et al. 2017, *On Calibration of Modern Neural Networks*, section 4.2: logits are divided by
the temperature that makes labelled articles, which the model did not learn from, most probable.
The most probable label never changes.
"""

import numpy as np
import numpy.typing as npt

LOWEST, HIGHEST = 0.05, 20.0


def negative_log_likelihood(
    logits: npt.NDArray[np.floating], gold: npt.NDArray[np.integer], temperature: float
) -> float:
    """Return the mean negative log likelihood of the gold labels.

    *Shape:* logits ``(sentences, labels)``, gold ``(sentences,)``.
    """
    scaled = logits.astype(np.float64) / temperature
    highest = scaled.max(axis=-1, keepdims=True)
    totals = highest[:, 0] + np.log(np.exp(scaled - highest).sum(axis=-1))
    return float((totals - scaled[np.arange(len(gold)), gold]).mean())


def fit_temperature(
    logits: npt.NDArray[np.floating], gold: npt.NDArray[np.integer], *, steps: int = 60
) -> float:
    """Return the temperature with the least negative log likelihood.

    The likelihood has one minimum in the logarithm of the temperature; golden-section search
    finds it between 0.05 and 20.

    *Shape:* logits ``(sentences, labels)``, gold ``(sentences,)``.
    """
    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.log(LOWEST), np.log(HIGHEST)
    for _ in range(steps):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        if negative_log_likelihood(logits, gold, np.exp(first)) < negative_log_likelihood(
            logits, gold, np.exp(second)
        ):
            high = second
        else:
            low = first
    return float(np.exp((low + high) / 2))
