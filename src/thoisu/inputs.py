"""From the sentences of an article to rows of ids, and from a row's logits back to sentences.

A *context* decides what the model sees besides the sentence itself. :class:`Window` reads as many
sentences as fit in one pass and classifies each by the mean of its own tokens' logits; it is what
the bundled model uses. :class:`Alone` reads each sentence by itself; it serves checkpoints that
others fine-tuned for sequence classification, and texts that stand alone.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from thoisu.tokenizer import PhobertTokenizer

Ids = Sequence[int]
BOS, EOS, UNK = PhobertTokenizer.bos_id, PhobertTokenizer.eos_id, PhobertTokenizer.unk_id
NOBODY = -1  # the owner of a special token


@dataclass(frozen=True, slots=True)
class Row:
    """One pass of the model.

    Attributes:
        ids: what the model reads, special tokens included.
        owners: for each id the sentence it belongs to, or :data:`NOBODY`.
        read: for each id whether its logits count for its sentence here; a sentence that stands
            in two windows is read in the one that shows more on both its sides.
    """

    ids: list[int]
    owners: npt.NDArray[np.int64]
    read: npt.NDArray[np.bool_]


class Context(Protocol):
    """How sentences become rows, and logits become one row of logits a sentence."""

    def rows(self, sentences: Sequence[Ids]) -> list[Row]:
        """Return the rows of one article, given the ids of its sentences."""
        ...

    def gather(
        self, rows: Sequence[Row], logits: Sequence[npt.NDArray[np.float32]], count: int
    ) -> npt.NDArray[np.float32]:
        """Return each sentence's logits, *shape* ``(count, labels)``."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """Each sentence by itself: ``<s> sentence </s>``, cut at ``size`` ids.

    The model gives a row *shape* ``(labels,)``.
    """

    size: int = 256

    def rows(self, sentences: Sequence[Ids]) -> list[Row]:
        """See :meth:`Context.rows`."""
        rows = []
        for number, sentence in enumerate(sentences):
            ids = [BOS, *sentence[: self.size - 2], EOS]
            owners = np.full(len(ids), number)
            owners[[0, -1]] = NOBODY
            rows.append(Row(ids, owners, owners != NOBODY))
        return rows

    def gather(
        self, rows: Sequence[Row], logits: Sequence[npt.NDArray[np.float32]], count: int
    ) -> npt.NDArray[np.float32]:
        """See :meth:`Context.gather`."""
        del rows, count
        return np.stack(logits)


@dataclass(frozen=True, slots=True)
class Window:
    """Many sentences in one pass: ``<s> s1 </s> s2 </s> …``.

    Sequential sentence classification after Cohan et al. 2019 (*Pretrained Language Models for
    Sequential Sentence Classification*, section 3), but read at the mean of each sentence's own
    tokens instead of at its separator. The model gives a row *shape* ``(length, labels)``.

    Nothing is cut: an article longer than a window is read in several that overlap, and a
    sentence longer than a window is read in parts whose tokens are averaged together.

    Args:
        size: ids in a window at most.
        overlap: ids that neighbouring windows share, about.

    Raises:
        ValueError: a window shares more than half of its ids.
    """

    size: int = 256
    overlap: int = 64

    def __post_init__(self) -> None:
        if self.overlap > self.size // 2:
            raise ValueError(f"overlap {self.overlap}: more than half of {self.size}")

    def rows(self, sentences: Sequence[Ids]) -> list[Row]:
        """See :meth:`Context.rows`."""
        parts = [
            (number, part)
            for number, sentence in enumerate(sentences)
            for part in _parts(sentence or [UNK], self.size - 2)
        ]
        lengths = [len(ids) + 1 for _, ids in parts]
        spans = _spans(lengths, self.size - 1, self.overlap)
        borders = _reading_borders(lengths, spans)
        rows = []
        for (start, end), first, last in zip(spans, borders, borders[1:], strict=False):
            ids, owners, read = [BOS], [NOBODY], [False]
            for index in range(start, end):
                number, part = parts[index]
                ids += [*part, EOS]
                owners += [number] * len(part) + [NOBODY]
                read += [first <= index < last] * len(part) + [False]
            rows.append(Row(ids, np.array(owners), np.array(read)))
        return rows

    def gather(
        self, rows: Sequence[Row], logits: Sequence[npt.NDArray[np.float32]], count: int
    ) -> npt.NDArray[np.float32]:
        """See :meth:`Context.gather`."""
        labels = logits[0].shape[-1]
        sums = np.zeros((count, labels), np.float64)
        tokens = np.zeros((count, 1), np.float64)
        for row, values in zip(rows, logits, strict=True):
            owners = row.owners[row.read]
            np.add.at(sums, owners, values[row.read])
            np.add.at(tokens, owners, 1)
        return (sums / tokens).astype(np.float32)


def _parts(ids: Ids, size: int) -> list[Ids]:
    """Cut a sentence that does not fit into parts of about equal length."""
    count = -(-len(ids) // size)
    borders = [len(ids) * part // count for part in range(count + 1)]
    return [ids[start:end] for start, end in itertools.pairwise(borders)]


def _spans(lengths: Sequence[int], size: int, overlap: int) -> list[tuple[int, int]]:
    """Return the parts of each window, ``[start, end)``: about equally full, overlapping."""
    total = sum(lengths)
    if total <= size:
        return [(0, len(lengths))] if lengths else []
    windows = -(-(total - overlap) // (size - overlap))
    target = min(size, -(-(total + overlap * (windows - 1)) // windows))
    spans = []
    start = end = 0
    while end < len(lengths):
        begun, filled = end, sum(lengths[start:end])
        while end < len(lengths) and filled + lengths[end] <= size:
            if filled >= target and end > begun:
                break
            filled += lengths[end]
            end += 1
        if end == begun:  # what overlaps left no room for the next part
            start += 1
            continue
        spans.append((start, end))
        start, shared = end, 0
        previous = spans[-1][0]
        while start - 1 > previous and shared + lengths[start - 1] <= overlap:
            start -= 1
            shared += lengths[start]
        if start == end and end - 1 > previous:
            start -= 1  # one sentence at least, however long
    return spans


def _reading_borders(lengths: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Return the parts at which reading passes from one window to the next.

    The shared parts are halved: each is read where more of the text stands on its nearer side.
    """
    borders = [0]
    for (_, end), (start, _) in itertools.pairwise(spans):
        shared = sum(lengths[start:end])
        border, passed = start, 0
        while border < end and passed + lengths[border] / 2 < shared / 2:
            passed += lengths[border]
            border += 1
        borders.append(border)
    return [*borders, len(lengths)]
