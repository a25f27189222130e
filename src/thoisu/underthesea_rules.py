"""The tokens of underthesea's word segmentation, and the characters that each of them covers.

The rules (a regular expression, two tables of spellings) are read from the files of the installed
package ``underthesea``. The package itself is never imported: it would import torch, where that
is installed. A copy of the rules in this project would go stale with the package's next release.

Text is tokenized in pieces between white space, and what a piece gives is kept, because nearly
all the pieces of an article have been seen before. This is sound, since no rule but one reaches
over white space; rules that this module does not know are applied to whole texts.
"""

import ast
import re
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Any

# SHA-256 of the expressions that can be applied piece by piece: that of underthesea 9.5.
KNOWN = {"ed7f6df4bba1133b1fd2baf02d612b7ef6912f0460f7a8166bd6b4aa8f072d25"}
# `Th.S` is written with an unescaped stop there, so it is the one rule that spans white space.
# The longest piece is bounded, since the expression takes quadratic time; no word is that long.
PIECE = re.compile(r"\S{1,1000}(?:(?<=Th)[^\S\n](?=[Ss])\S{1,1000})*")
WHOLE = re.compile(r".+", re.DOTALL)
# A repetition in a repetition, in the rule for addresses: `http:/!!!!!!!!…` would take it years.
# With one character at a time it matches the same, in the same order, and at once.
RUNAWAY, AT_ONCE = r"[^\s()<>{}\[\]]+", r"[^\s()<>{}\[\]]"
KEPT = 1 << 16  # different pieces whose tokens are kept
SHORT = 64  # longer pieces are not kept
SPELLED = 6  # tokens up to this length are looked up in the table of spellings

Tokens = tuple[tuple[str, int, int], ...]
"""Tokens as the tagger reads them; each with where it starts and ends in its piece."""


class TokenRules:
    """Tokens of texts, as underthesea makes them.

    Args:
        expression: the regular expression (verbose form); every match is a token.
        characters: replacements made in the text, once it is composed (NFC).
        spellings: replacements of whole tokens, such as ``nghành`` → ``ngành``.
    """

    def __init__(
        self, expression: str, *, characters: dict[str, str], spellings: dict[str, str]
    ) -> None:
        known = sha256(expression.encode()).hexdigest() in KNOWN
        self._piece = PIECE if known else WHOLE
        self._token = re.compile(expression.replace(RUNAWAY, AT_ONCE, 1), re.VERBOSE)
        self._characters = characters
        self._spellings = spellings
        self._inner: dict[str, Tokens] = {}  # pieces that white space follows
        self._last: dict[str, Tokens] = {}  # pieces at the end of their text

    def tokens(self, text: str) -> tuple[list[str], list[int], list[int]]:
        """Return the tokens of a text, and where in it each of them starts and ends."""
        tokens: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        kept = self._inner
        end_of_text = len(text) - text.endswith("\n")
        for match in self._piece.finditer(text):
            piece = match[0]
            at = match.start()
            if match.end() < end_of_text:
                read = kept.get(piece) or self._read(piece, kept)
            else:
                read = self._last.get(piece) or self._read(piece, self._last)
            for token, start, end in read:
                tokens.append(token)
                starts.append(at + start)
                ends.append(at + end)
        return tokens, starts, ends

    def _read(self, piece: str, kept: dict[str, Tokens]) -> Tokens:
        """Return the tokens of a piece, and keep them."""
        composed = self._compose(piece)
        places = range(len(piece) + 1) if composed == piece else self._places(piece)
        # Some rules look at what follows: the end of the text (`$`), or white space.
        context = composed if kept is self._last else composed + " "
        tokens = tuple(
            (self._spelling(match[0]), places[match.start()], places[match.end()])
            for match in self._token.finditer(context)
        )
        if len(piece) <= SHORT:
            if len(kept) >= KEPT:
                kept.clear()
            kept[piece] = tokens
        return tokens

    def _compose(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        for character, replacement in self._characters.items():
            text = text.replace(character, replacement)
        return text

    def _places(self, piece: str) -> list[int]:
        """Return where each character of a composed piece starts in the piece as given.

        The piece is taken apart where composing does not join. In a part that composing makes
        shorter (``e`` and two marks → ``ệ`` and one mark), the first character stands for what
        the others leave; where it makes a part longer, the last characters stand for nothing.

        Returns:
            One place for each character of the composed piece, and the end of the piece.
        """
        parts = [piece[0]]
        for character in piece[1:]:
            joined = parts[-1] + character
            if unicodedata.combining(character) or self._compose(joined) != self._compose(
                parts[-1]
            ) + self._compose(character):
                parts[-1] = joined
            else:
                parts.append(character)
        places = [0]
        start = 0
        for part in parts:
            before, after = len(part), len(self._compose(part))
            places += [
                start + (min(max(before - after + n, 1), before)) for n in range(1, after + 1)
            ]
            start += before
        return places

    def _spelling(self, token: str) -> str:
        if len(token) > SPELLED:
            return token
        token = self._compose(token)
        return self._spellings.get(token, token)


def read_expression(path: Path) -> str:
    """Return the regular expression that a file of underthesea's source builds.

    The assignments of the file are carried out; its imports and functions are left out.
    """
    tree = ast.parse(path.read_text("utf-8"), str(path))
    tree.body = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign)
        and not (isinstance(node.value, ast.Call) and "compile" in ast.unparse(node.value.func))
    ]
    names: dict[str, Any] = {}
    exec(compile(tree, str(path), "exec"), names)
    return str(names["regex_patterns_combine"])
