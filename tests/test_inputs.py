"""Rows of ids, and the way back from logits to sentences."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoisu.inputs import BOS, EOS, NOBODY, Alone, Window

sentence = st.lists(st.integers(4, 500), max_size=70)
article = st.lists(sentence, min_size=1, max_size=40)
windows = st.integers(12, 64).flatmap(
    lambda size: st.builds(Window, size=st.just(size), overlap=st.integers(0, size // 2))
)


def marks(row):
    """Logits that carry the id of each position: what was read can be recognised."""
    return np.stack([np.array(row.ids, np.float32), np.ones(len(row.ids), np.float32)], axis=1)


@given(windows, article)
def test_a_window_never_exceeds_its_size(window, sentences):
    rows = window.rows(sentences)
    assert all(len(row.ids) <= window.size for row in rows)
    assert all(row.ids[0] == BOS and row.ids[-1] == EOS for row in rows)


@given(windows, article)
def test_every_token_of_every_sentence_is_read_exactly_once(window, sentences):
    rows = window.rows(sentences)
    for number, ids in enumerate(sentences):
        read = [
            token
            for row in rows
            for token, owner, counts in zip(row.ids, row.owners, row.read, strict=True)
            if counts and owner == number
        ]
        assert read == (list(ids) or [3])  # a sentence without tokens is <unk>


@given(windows, article)
def test_gathering_averages_over_a_sentences_own_tokens(window, sentences):
    rows = window.rows(sentences)
    gathered = window.gather(rows, [marks(row) for row in rows], len(sentences))
    expected = [np.mean(ids) if ids else 3 for ids in sentences]
    np.testing.assert_allclose(gathered[:, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(gathered[:, 1], 1)


@given(windows, article)
def test_special_tokens_belong_to_nobody_and_are_never_read(window, sentences):
    for row in window.rows(sentences):
        special = (np.array(row.ids) == BOS) | (np.array(row.ids) == EOS)
        assert (row.owners[special] == NOBODY).all()
        assert not row.read[special].any()


def test_an_article_that_fits_is_read_in_one_pass():
    (row,) = Window(size=64, overlap=8).rows([[5, 6], [7], [8, 9, 10]])
    assert row.ids == [BOS, 5, 6, EOS, 7, EOS, 8, 9, 10, EOS]
    assert row.owners.tolist() == [-1, 0, 0, -1, 1, -1, 2, 2, 2, -1]


def test_a_sentence_at_the_border_of_two_windows_is_read_with_text_on_both_sides():
    window = Window(size=64, overlap=24)
    sentences = [[index + 4] * 7 for index in range(30)]
    rows = window.rows(sentences)
    assert len(rows) > 3
    for before, after in pairwise(rows):
        last = max(before.owners[before.read])
        assert last < max(before.owners), "the window goes on after the last sentence it reads"
        assert min(after.owners[after.owners != NOBODY]) < min(after.owners[after.read])


def test_windows_cost_little_more_than_the_text():
    sentences = [[9] * 35 for _ in range(100)]
    rows = Window(size=256, overlap=64).rows(sentences)
    assert sum(len(row.ids) for row in rows) < 1.45 * sum(len(ids) + 1 for ids in sentences)


def test_a_sentence_longer_than_a_window_loses_nothing():
    window = Window(size=32, overlap=8)
    long = list(range(4, 304))
    rows = window.rows([[5, 5], long, [6]])
    gathered = window.gather(rows, [marks(row) for row in rows], 3)
    assert gathered[1, 0] == pytest.approx(np.mean(long))


@given(article)
def test_alone_gives_each_sentence_a_row_of_its_own(sentences):
    context = Alone(size=32)
    rows = context.rows(sentences)
    assert [row.ids for row in rows] == [[BOS, *ids[:30], EOS] for ids in sentences]
    logits = [np.full(5, number, np.float32) for number in range(len(rows))]
    gathered = context.gather(rows, logits, len(sentences))
    assert gathered.tolist() == [[number] * 5 for number in range(len(sentences))]
