"""The tagger of underthesea's word segmentation, with its weights summed once per word.

underthesea's Rust core spells 43 features out for every token, hands them to Python as strings
and takes them back to look up what they weigh; most of its time goes there. This module reads
the same weights from the same model file, keeps their sums for each token and pair of tokens,
and finds the best tags itself. How a token is lower-cased, and whether it is a number or a
title, is asked of the Rust core, once for each different token. So is a whole sentence whose two
best taggings are so close that the order of additions might decide between them. So the tags are
those of the Rust core, always.
"""

import re
import struct
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from pathlib import Path
from typing import NamedTuple, Protocol

LABELS = ["B-W", "I-W"]  # a word begins with the token; a word goes on
CLOSE = 1e-6  # taggings whose scores differ by less are left to the Rust core
KEPT = 1 << 16  # different tokens, and pairs, whose sums are kept
TEMPLATE = re.compile(r"T\[(-?\d+)(?:,(-?\d+))?\](|\.lower|\.isdigit|\.istitle|\.is_in_dict)")
FUNCTIONS = ("", ".lower", ".isdigit", ".istitle", ".is_in_dict")
# Where a group of one, two or three tokens begins, seen from the token that is tagged.
OFFSETS = {1: (-2, -1, 0, 1, 2), 2: (-2, -1, 0, 1), 3: (-2, -1, 0)}

Scores = tuple[float, ...]
"""What a group adds to "begins" over "goes on", for each place it can have (`OFFSETS`)."""


class _Token(NamedTuple):
    """A token, and what the features that see only this token weigh."""

    text: str
    lower: str
    is_title: bool
    scores: Scores


class _Pair(NamedTuple):
    """Two tokens that follow each other; ``is_head``: a known group of three begins so."""

    text: str
    lower: str
    is_title: bool
    scores: Scores
    is_head: bool


class _Sums:
    """What groups of one size weigh.

    Args:
        places: number of places that such a group can have.
        tables: for each function, what its values weigh at each place.
    """

    def __init__(self, places: int, tables: dict[str, dict[str, list[float]]]) -> None:
        def weights(function: str, value: str) -> Sequence[float]:
            return tables[function].get(value, (0.0,) * places)

        def either(function: str) -> tuple[Sequence[float], Sequence[float]]:
            return weights(function, "False"), weights(function, "True")

        self.text, self.lower = tables[""], tables[".lower"]
        self.digit = either(".isdigit")
        self.rest = [_add(t, d) for d in either(".is_in_dict") for t in either(".istitle")]
        self.outside = [
            reduce(_add, (weights(function, mark) for function in FUNCTIONS), (0.0,) * places)
            for mark in ("BOS", "EOS")
        ]

    def scores(self, text: str, lower: str, is_title: bool, is_known: bool) -> Scores:
        """Return the sums for a group, without the function ``isdigit``."""
        scores = self.rest[is_title + 2 * is_known]
        if text in self.text:
            scores = _add(scores, self.text[text])
        if lower in self.lower:
            scores = _add(scores, self.lower[lower])
        return scores


class Tagger(Protocol):
    """Tells which tokens of a sentence begin a word."""

    def begins(self, tokens: Sequence[str]) -> list[bool]:
        """Return for each token whether a word begins with it."""
        ...


class RustTagger:
    """underthesea's own way, for any model: featurizer and tagger of its Rust core.

    Args:
        model: the CRFsuite model file.
        templates: the feature templates of the model, in order.
        dictionary: what the function ``is_in_dict`` knows, in lower case.
    """

    def __init__(self, model: Path, templates: list[str], dictionary: set[str]) -> None:
        from underthesea_core import CRFFeaturizer, CRFTagger

        self._featurizer = CRFFeaturizer(templates, dictionary)
        self._tagger = CRFTagger()
        self._tagger.load(str(model))

    def begins(self, tokens: Sequence[str]) -> list[bool]:
        """Return for each token whether a word begins with it."""
        [features] = self._featurizer.process([[[token] for token in tokens]])
        return [tag != LABELS[1] for tag in self._tagger.tag(features)]


class SummingTagger:
    """The same tags as :class:`RustTagger`, several times faster.

    Args:
        model: the CRFsuite model file.
        templates: the feature templates of the model, in order.
        dictionary: what the function ``is_in_dict`` knows, in lower case.

    Raises:
        ValueError: the model is of another kind than those this class was written for.
    """

    def __init__(self, model: Path, templates: list[str], dictionary: set[str]) -> None:
        from underthesea_core import CRFFeaturizer

        places = _places(templates)
        tables: dict[int, dict[str, dict[str, list[float]]]]
        tables = {size: {function: {} for function in FUNCTIONS} for size in OFFSETS}
        weights, self._transitions = read_model(model)
        for attribute, weight in weights:
            template, _, value = attribute.partition("=")
            if template in places:
                size, function, place = places[template]
                rows = tables[size][function]
                if value not in rows:
                    rows[value] = [0.0] * len(OFFSETS[size])
                rows[value][place] = weight
        self._one, self._two, self._three = (
            _Sums(len(OFFSETS[size]), tables[size]) for size in OFFSETS
        )
        self._dictionary = dictionary
        known = (*self._three.text, *self._three.lower, *dictionary)
        self._heads = {head for text in known if text.count(" ") > 1 for head in _heads(text)}
        self._functions = CRFFeaturizer(["T[0].lower", "T[0].isdigit", "T[0].istitle"], set())
        self._tokens: dict[str, _Token] = {}
        self._pairs: dict[str, _Pair] = {}
        self._whole = (model, templates, dictionary)
        self._rust: RustTagger | None = None

    def begins(self, tokens: Sequence[str]) -> list[bool]:
        """Return for each token whether a word begins with it."""
        if not tokens:
            return []
        known = self._tokens
        return self._best(tokens, self._sums([known.get(t) or self._token(t) for t in tokens]))

    def _sums(self, tokens: list[_Token]) -> list[float]:
        """Return how much better each token is as a beginning than as a continuation."""
        count = len(tokens)
        known = self._pairs
        pairs = [
            known.get(f"{first.text} {second.text}") or self._pair(first, second)
            for first, second in pairwise(tokens)
        ]
        rest = self._three.rest
        triples = [
            self._triple(pair, third)
            if pair.is_head
            else rest[pair.is_title and third.is_title]  # False and True are 0 and 1
            for pair, third in zip(pairs, tokens[2:], strict=False)
        ]
        # A group's place counts from two tokens before the sentence; see OFFSETS.
        before, after = self._one.outside
        ones = [before, before, *[token.scores for token in tokens], after, after]
        before, after = self._two.outside
        twos = [before, before, *[pair.scores for pair in pairs], after, after]
        before, after = self._three.outside
        threes = [before, before, *triples, *[after] * min(count, 2)]
        return [
            a[0] + b[1] + c[2] + d[3] + e[4] + f[0] + g[1] + h[2] + i[3] + j[0] + k[1] + m[2]
            for a, b, c, d, e, f, g, h, i, j, k, m in zip(
                *(ones[n : n + count] for n in range(5)),
                *(twos[n : n + count] for n in range(4)),
                *(threes[n : n + count] for n in range(3)),
                strict=True,
            )
        ]

    def _best(self, tokens: Sequence[str], sums: list[float]) -> list[bool]:
        """Find the best tags (Viterbi 1967), of which only the difference of the two matters."""
        (begin_begin, begin_on), (on_begin, on_on) = self._transitions
        lead = sums[0]  # of the best tagging so far that ends in "begins" over the other one
        previous: list[tuple[bool, bool]] = []  # does the token before begin a word, if this …
        for own in sums[1:]:
            to_begin = lead + begin_begin - on_begin
            to_on = lead + begin_on - on_on
            if -CLOSE < to_begin < CLOSE or -CLOSE < to_on < CLOSE:
                return self._exactly(tokens)
            previous.append((to_begin > 0, to_on > 0))
            lead = (
                own
                + (lead + begin_begin if to_begin > 0 else on_begin)
                - (lead + begin_on if to_on > 0 else on_on)
            )
        if -CLOSE < lead < CLOSE:
            return self._exactly(tokens)
        begins = lead > 0
        tags = [begins]
        for if_begins, if_on in reversed(previous):
            begins = if_begins if begins else if_on
            tags.append(begins)
        tags.reverse()
        return tags

    def _exactly(self, tokens: Sequence[str]) -> list[bool]:
        if self._rust is None:
            self._rust = RustTagger(*self._whole)
        return self._rust.begins(tokens)

    def _token(self, text: str) -> _Token:
        [[[lower, is_digit, is_title]]] = self._functions.process([[[text]]])
        lower = lower.partition("=")[2]
        title = is_title.endswith("True")
        scores = self._one.scores(text, lower, title, lower in self._dictionary)
        token = _Token(text, lower, title, _add(scores, self._one.digit[is_digit.endswith("True")]))
        if len(self._tokens) >= KEPT:
            self._tokens.clear()
        self._tokens[text] = token
        return token

    def _pair(self, first: _Token, second: _Token) -> _Pair:
        text, lower = f"{first.text} {second.text}", f"{first.lower} {second.lower}"
        title = first.is_title and second.is_title
        scores = self._two.scores(text, lower, title, lower in self._dictionary)
        is_head = text in self._heads or lower in self._heads
        pair = _Pair(text, lower, title, scores, is_head)
        if len(self._pairs) >= KEPT:
            self._pairs.clear()
        self._pairs[text] = pair
        return pair

    def _triple(self, pair: _Pair, third: _Token) -> Scores:
        text, lower = f"{pair.text} {third.text}", f"{pair.lower} {third.lower}"
        title = pair.is_title and third.is_title
        return self._three.scores(text, lower, title, lower in self._dictionary)


def read_model(path: Path) -> tuple[list[tuple[str, float]], list[list[float]]]:
    """Read a model file of CRFsuite (Okazaki 2007) that has the two labels of word segmentation.

    Returns:
        Each attribute with what it adds to the first label over the second one; and the weight of
        going from one label to another. *Shape:* ``(2, 2)``

    Raises:
        ValueError: the file is no such model.
    """
    data = path.read_bytes()
    try:
        magic, features, labels, attributes = struct.unpack_from("<4s24xIII", data)
        if magic != b"lCRF" or _strings(data, labels) != LABELS:
            raise ValueError("no CRFsuite model for word segmentation")
        names = _strings(data, attributes)
        [count] = struct.unpack_from("<8xI", data, features)
        transitions = [[0.0, 0.0], [0.0, 0.0]]
        weights = [0.0] * len(names)
        records = memoryview(data)[features + 12 : features + 12 + 20 * count]
        for is_transition, source, label, weight in struct.iter_unpack("<IIId", records):
            if is_transition:
                transitions[source][label] = weight
            else:
                weights[source] += -weight if label else weight
    except (struct.error, IndexError) as error:
        raise ValueError("a damaged CRFsuite model") from error
    return list(zip(names, weights, strict=True)), transitions


def _strings(data: bytes, start: int) -> list[str]:
    """Return the strings of one of a model's constant databases (CQDB), by number."""
    count, offset = struct.unpack_from("<16xII", data, start)
    strings = []
    for position in struct.unpack_from(f"<{count}I", data, start + offset):
        begin = start + position + 8
        [size] = struct.unpack_from("<I", data, begin - 4)
        strings.append(data[begin : begin + size - 1].decode("utf-8", "replace"))
    return strings


def _places(templates: Sequence[str]) -> dict[str, tuple[int, str, int]]:
    """Return the size of group, the function and the place that each template is about."""
    places = {}
    for template in templates:
        match = TEMPLATE.fullmatch(template)
        if match is None or template in places:
            raise ValueError(f"feature template {template}: not of a known form, or there twice")
        first, last = int(match[1]), int(match[2] or match[1])
        size = last - first + 1
        if first not in OFFSETS.get(size, ()) or (size > 1 and match[3] == ".isdigit"):
            raise ValueError(f"feature template {template}: of no known use")
        places[template] = size, match[3], OFFSETS[size].index(first)
    return places


def _heads(text: str) -> list[str]:
    """Return what precedes the second space of a text, the third one and so on."""
    heads = []
    space = text.find(" ", text.find(" ") + 1)
    while space > 0:
        heads.append(text[:space])
        space = text.find(" ", space + 1)
    return heads


def _add(first: Sequence[float], second: Sequence[float]) -> Scores:
    return tuple(map(add, first, second))
