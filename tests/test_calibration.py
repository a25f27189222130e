"""One temperature that makes probabilities mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoisu.calibration import fit_temperature, negative_log_likelihood
from thoisu.labeller import softmax


def drawn(temperature, *, sentences=4000, seed=0):
    """Gold labels drawn from the softmax of logits / temperature: the right answer is known."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (sentences, 5))
    probabilities = softmax(logits / temperature)
    gold = (probabilities.cumsum(axis=1) < rng.random((sentences, 1))).sum(axis=1)
    return logits, gold


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_drew_the_labels_is_found(temperature):
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.08)


@given(st.integers(0, 50), st.floats(0.2, 5))
def test_no_other_temperature_is_more_likely(seed, other):
    logits, gold = drawn(1.7, sentences=60, seed=seed)
    best = fit_temperature(logits, gold)
    likely = negative_log_likelihood(logits, gold, best)
    assert likely <= negative_log_likelihood(logits, gold, other) + 1e-9


def test_the_likelihood_is_that_of_the_softmax():
    logits, gold = drawn(1.0, sentences=50)
    expected = -np.log(softmax(logits / 2)[np.arange(50), gold]).mean()
    assert negative_log_likelihood(logits, gold, 2.0) == pytest.approx(expected)
