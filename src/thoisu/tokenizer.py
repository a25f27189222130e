"""A fast tokenizer for PhoBERT: Rust byte-pair encoding from ``vocab.txt`` and ``bpe.codes``.

It gives the ids of ``transformers.PhobertTokenizer`` (which is written in Python and has had no
fast version), many times faster, and needs neither ``transformers`` nor ``torch``. Input is
word-segmented text: syllables of a word joined by ``_``, words apart by spaces. The pieces of
words are kept, because most words of a text have been seen before.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
)

from thoisu.errors import ThoisuError
from thoisu.hub import checkpoint_folder

BOS, PAD, EOS, UNK, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
FIRST = (BOS, PAD, EOS, UNK)  # ids 0 to 3; <mask> comes last
SPECIAL = (*FIRST, MASK)
END_OF_WORD = "</w>"
CONTINUED = "@@"
# The words of PhobertTokenizer are `\S+\n?` in Python's sense of white space, which counts the
# four separators U+001C to U+001F; a line feed directly after a word belongs to it.
WORD = r"[^\s\x{1c}-\x{1f}]+\n?"
NO_CHARACTER = "\uffff"  # stands for what no vocabulary has: Unicode sets it aside for good
KEPT = 1 << 16  # different words whose ids are kept
LONGEST = 64  # longer words are not kept
FILES = ("tokenizer.json", "thoisu.json", "vocab.txt", "bpe.codes")
ANEW = "delete it to have it built anew from vocab.txt and bpe.codes"
SURROGATES = re.compile("[\ud800-\udfff]")


class PhobertTokenizer:
    """Ids of word-segmented text, as PhoBERT was trained on them.

    Args:
        rust: the tokenizer as built by :func:`build` or read from ``tokenizer.json``.
        vocab_size: number of ids of the checkpoint, ``<mask>`` included. Ids from there on are
            symbols of the byte-pair encoding that the vocabulary has no piece for; they are
            given out as ``<unk>``, which is what ``transformers.PhobertTokenizer`` does.
    """

    bos_id, pad_id, eos_id, unk_id = range(4)

    def __init__(self, rust: Tokenizer, *, vocab_size: int) -> None:
        self._rust = rust
        self._merging = rust.model
        self.vocab_size = vocab_size
        self._words: dict[str, list[int]] = {}

    @property
    def mask_id(self) -> int:
        """The id of ``<mask>``: the last one."""
        return self.vocab_size - 1

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Return the ids of one text, between ``<s>`` and ``</s>`` unless told otherwise."""
        ids: list[int] = []
        if "<" in text or "\n" in text:  # special tokens, perhaps; line feeds belong to words
            ids = self._any(text)
        else:
            known = self._words
            for word in text.split():
                ids += known.get(word) or self._word(word)
        return [self.bos_id, *ids, self.eos_id] if add_special_tokens else ids

    def encode_batch(
        self, texts: Iterable[str], *, add_special_tokens: bool = True
    ) -> list[list[int]]:
        """Return the ids of each text, in order."""
        return [self.encode(text, add_special_tokens=add_special_tokens) for text in texts]

    def tokens(self, text: str) -> list[str]:
        """Return the pieces of one text as ``vocab.txt`` spells them (``chủ_t@@``)."""
        return [self._piece(index) for index in self.encode(text)]

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """Return the word-segmented text of ids, as ``transformers.PhobertTokenizer`` does.

        Args:
            ids: as returned by :meth:`encode`; unknown ones become ``<unk>``.
            skip_special_tokens: leave out ``<s>``, ``</s>``, ``<pad>``, ``<unk>`` and ``<mask>``.
        """
        skipped = {*range(len(FIRST)), self.mask_id} if skip_special_tokens else set()
        pieces = [self._piece(index) for index in ids if index not in skipped]
        return " ".join(pieces).replace(f"{CONTINUED} ", "").strip()

    def save(self, path: Path | str) -> None:
        """Write ``tokenizer.json``, which :func:`load` reads faster than the two PhoBERT files."""
        partial = Path(f"{path}.partial")
        self._rust.save(str(partial))
        partial.replace(path)

    def _piece(self, index: int) -> str:
        symbol = self._rust.id_to_token(index) if 0 <= index < self.vocab_size else None
        return UNK if symbol is None else spelling(symbol)

    def _word(self, word: str) -> list[int]:
        """Return the ids of a word without ``<`` and line feed, and keep them."""
        try:
            pieces = self._merging.tokenize(word)
        except UnicodeEncodeError:
            pieces = self._merging.tokenize(SURROGATES.sub(NO_CHARACTER, word))
        ids = self._known([piece.id for piece in pieces])
        if len(word) <= LONGEST:
            if len(self._words) >= KEPT:
                self._words.clear()
            self._words[word] = ids
        return ids

    def _any(self, text: str) -> list[int]:
        """Return the ids of any text, without special tokens around them."""
        encoding = self._rust.encode(SURROGATES.sub(NO_CHARACTER, text), add_special_tokens=False)
        ids: list[int] = encoding.ids
        if END_OF_WORD in text:  # literally: inside a word, what ends so is no end of one
            words = [*encoding.word_ids, None]
            for place, symbol in enumerate(encoding.tokens):
                if ends_word(symbol) and words[place] == words[place + 1]:
                    ids[place] = self.unk_id
        return self._known(ids)

    def _known(self, ids: list[int]) -> list[int]:
        """Return the ids as the checkpoint counts them."""
        if max(ids, default=0) < self.vocab_size:
            return ids
        return [index if index < self.vocab_size else self._elsewhere(index) for index in ids]

    def _elsewhere(self, index: int) -> int:
        """Return the id of the piece that is spelt as a symbol without a piece of its own."""
        symbol = spelling(self._rust.id_to_token(index) or "")
        if symbol.endswith(CONTINUED):  # a word that ends in `@@` itself
            index = self._rust.token_to_id(symbol.removesuffix(CONTINUED)) or self.unk_id
        return index if index < self.vocab_size else self.unk_id


def load(name: str | Path) -> PhobertTokenizer:
    """Load the tokenizer of a checkpoint.

    Args:
        name: a folder with ``tokenizer.json`` as written by thoisu, or with PhoBERT's
            ``vocab.txt`` and ``bpe.codes``; or a name on the Hugging Face hub, such as
            ``vinai/phobert-base``, whose two files are fetched once and kept in its cache.

    Raises:
        ThoisuError: no such folder, a file is missing or malformed, or the hub cannot be reached.
    """
    folder = checkpoint_folder(name, files=FILES)
    ready = folder / "tokenizer.json"
    if not (ready.exists() and (folder / "thoisu.json").exists()):
        return build(folder / "vocab.txt", folder / "bpe.codes")
    try:
        rust = Tokenizer.from_file(str(ready))
    except Exception as error:  # the library raises no narrower class
        raise ThoisuError(f"{ready}: cannot be read ({error}); {ANEW}") from None
    mask = rust.token_to_id(MASK)
    if mask is None or not isinstance(rust.model, models.BPE):
        raise ThoisuError(f"{ready}: is no tokenizer of a PhoBERT; {ANEW}")
    return PhobertTokenizer(rust, vocab_size=mask + 1)


def build(vocabulary: Path, codes: Path) -> PhobertTokenizer:
    """Build the tokenizer from PhoBERT's two files.

    Args:
        vocabulary: ``vocab.txt``: a piece and its count on each line; the first line is id 4.
        codes: ``bpe.codes``: two symbols and a count on each line, the first merged first.

    Raises:
        ThoisuError: a file is missing, not UTF-8, or a line of it is malformed.
    """
    symbols = {token: index for index, token in enumerate(FIRST)}
    for number, line in enumerate(_lines(vocabulary), 1):
        piece, space, _ = line.strip().rpartition(" ")
        symbol = symbol_of(piece)
        if not space:
            problem = "expected a piece and its count"
        elif symbol in SPECIAL:
            problem = f"{piece} is added by the tokenizer; remove the line"
        elif symbol in symbols:
            problem = f"{piece} is there already; remove the line"
        elif ends_word(symbol) and piece.endswith(CONTINUED) and piece != CONTINUED:
            problem = f"{piece} looks like the end of a word inside one; remove the line"
        else:
            symbols[symbol] = len(symbols)
            continue
        raise ThoisuError(f"{vocabulary}: line {number}: {problem}")
    symbols[MASK] = len(symbols)
    vocab_size = len(symbols)
    # A symbol that the vocabulary lacks still takes part in merging; it gets an id past the end.
    merges = _merges(codes)
    for first, second in merges:
        for symbol in (first, second, first + second):
            symbols.setdefault(symbol, len(symbols))
    rust = Tokenizer(
        models.BPE(
            vocab=symbols,
            merges=merges,
            unk_token=UNK,
            end_of_word_suffix=END_OF_WORD,
            fuse_unk=False,
        )
    )
    rust.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)
    rust.decoder = decoders.BPEDecoder(suffix=END_OF_WORD)
    rust.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    rust.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}",
        pair=f"{BOS} $A {EOS} {EOS} $B {EOS}",
        special_tokens=[(BOS, 0), (EOS, 2)],
    )
    return PhobertTokenizer(rust, vocab_size=vocab_size)


def symbol_of(piece: str) -> str:
    """Return the merging symbol of a piece of ``vocab.txt``: ``chủ_t@@`` → ``chủ_t``."""
    if piece in SPECIAL:
        return piece
    if piece.endswith(CONTINUED) and piece != CONTINUED:
        return piece.removesuffix(CONTINUED)
    return piece + END_OF_WORD


def spelling(symbol: str) -> str:
    """Return a merging symbol as ``vocab.txt`` spells it: ``chủ_t`` → ``chủ_t@@``."""
    if symbol in SPECIAL:
        return symbol
    if ends_word(symbol):
        return symbol.removesuffix(END_OF_WORD)
    return symbol + CONTINUED


def ends_word(symbol: str) -> bool:
    """Tell whether a merging symbol looks like the last one of a word."""
    return symbol.endswith(END_OF_WORD) and symbol != END_OF_WORD


def _merges(path: Path) -> list[tuple[str, str]]:
    """Return the merges of ``bpe.codes``, in order, as ``transformers.PhobertTokenizer`` has them.

    It takes symbols apart at any white space, so that it never makes those that contain some:
    PhoBERT's own file has a few, no-break spaces before a unit. A last line that no line feed
    ends, it does not read.
    """
    merges = []
    used: dict[str, int] = {}
    for number, line in enumerate(_read(path).split("\n")[:-1], 1):
        fields = line.split(" ")
        if len(fields) != 3 or not fields[2].isdecimal() or not all(fields):
            raise ThoisuError(f"{path}: line {number}: expected two symbols and a count")
        pair = line.split()[:-1]
        if len(pair) != 2:
            continue
        # Merges are made one by one here, and all of a kind at once there; in the order in which
        # they were learnt this is the same.
        first, second = pair
        if first + second in used:
            raise ThoisuError(
                f"{path}: line {number}: makes {first + second}, which line "
                f"{used[first + second]} merges already; the lines are not in their order"
            )
        used.setdefault(first, number)
        used.setdefault(second, number)
        merges.append((first, second))
    return merges


def _lines(path: Path) -> list[str]:
    return _read(path).removesuffix("\n").split("\n")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise ThoisuError(f"{path}: no such file; a PhoBERT checkpoint has it") from None
    except UnicodeDecodeError as error:
        raise ThoisuError(f"{path}: byte {error.start} is not UTF-8") from None
