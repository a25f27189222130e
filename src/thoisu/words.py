"""Word segmentation: which syllables of a sentence form one word.

Vietnamese writes a space between syllables; PhoBERT reads words, their syllables joined by ``_``.
A segmenter is named in a checkpoint's ``thoisu.json`` and loaded by that name, because a model
has to read text that was segmented as its training text was.
"""

import io
import os
import pickle
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from thoisu.errors import ThoisuError

if TYPE_CHECKING:
    from thoisu.underthesea_crf import Tagger

RULES = "pipeline/word_tokenize/regex_tokenize.py"
SPELLINGS = "pipeline/text_normalize/tn_rules_*.bin"
MODEL = "pipeline/word_tokenize/models/ws_crf_*"
SURROGATES = re.compile("[\ud800-\udfff]")
BEYOND = re.compile("[\ud800-\udfff\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The words of a text.

    Attributes:
        words: the words as PhoBERT reads them: syllables joined by ``_``, spelling normalised.
        spans: where each word starts and ends in the text as given, in code points. They follow
            each other without overlap, and every character but white space is in one of them.
    """

    words: list[str]
    spans: list[tuple[int, int]]

    @property
    def text(self) -> str:
        """The words, with spaces between them."""
        return " ".join(self.words)


class Segmenter(Protocol):
    """Finds the words of texts."""

    @property
    def name(self) -> str:
        """The name by which :func:`load` loads it."""
        ...

    def segment(self, texts: Sequence[str]) -> list[Segmentation]:
        """Return the words of each text, in order."""
        ...


def load(name: str = "underthesea") -> Segmenter:
    """Load a segmenter.

    Args:
        name: ``underthesea`` (the default); ``vncorenlp``, which needs Java and py_vncorenlp, with
            its files in the folder that the environment variable ``VNCORENLP`` names; ``none`` or
            ``pre-segmented`` for text whose words are joined by ``_`` already.

    Raises:
        ThoisuError: no segmenter has this name, or it is not installed.
    """
    if name not in SEGMENTERS:
        raise ThoisuError(f"{name}: no such segmenter; there are {', '.join(SEGMENTERS)}")
    return SEGMENTERS[name]()


class Underthesea:
    """The segmentation of ``underthesea.word_tokenize``, word by word, several times faster.

    Rules, spellings and model are those of the installed package ``underthesea``. Two things
    differ, on text that no newspaper prints: half of a surrogate pair is read as U+FFFD, where
    the package raises an error; and a run of more than 1000 characters without a space is cut.
    """

    name = "underthesea"

    def __init__(self) -> None:
        from thoisu.underthesea_rules import TokenRules, read_expression

        package = _package("underthesea")
        try:
            tables = _plain(_newest(package, SPELLINGS))
            self._rules = TokenRules(
                read_expression(package / RULES),
                characters=tables["character"],
                spellings=tables["token"],
            )
            self._tagger = self._load_tagger(_newest(package, MODEL))
        except (OSError, LookupError, NameError, SyntaxError, pickle.UnpicklingError) as error:
            raise ThoisuError(
                f"{package}: cannot be read as underthesea 9.5 can ({error}); "
                "pip install --force-reinstall 'underthesea>=9.5,<10'"
            ) from None

    @staticmethod
    def _load_tagger(folder: Path) -> "Tagger":
        from thoisu.underthesea_crf import RustTagger, SummingTagger

        templates, dictionary = _plain(folder / "features.bin"), _plain(folder / "dictionary.bin")
        try:
            return SummingTagger(folder / "models.bin", templates, dictionary)
        except ValueError:  # a model of a later release, perhaps, of another kind
            return RustTagger(folder / "models.bin", templates, dictionary)

    def segment(self, texts: Sequence[str]) -> list[Segmentation]:
        """Return the words of each text, in order."""
        return [self._segment(text) for text in texts]

    def _segment(self, text: str) -> Segmentation:
        try:
            tokens, starts, ends = self._rules.tokens(text)
            begins = self._tagger.begins(tokens)
        except UnicodeEncodeError:
            return self._segment(SURROGATES.sub("\ufffd", text))
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        for token, start, end, begins_word in zip(tokens, starts, ends, begins, strict=True):
            if begins_word or not words:
                words.append(token)
                spans.append((start, end))
            else:
                words[-1] = f"{words[-1]}_{token}"
                spans[-1] = (spans[-1][0], end)
        return Segmentation([word.replace(" ", "_") for word in words], spans)


class VnCoreNlp:
    """VnCoreNLP (Vu et al. 2018), with which PhoBERT's own training text was segmented.

    It runs in Java through the package ``py_vncorenlp``, and there is one per process.
    """

    name = "vncorenlp"
    _engine: Any = None

    def __init__(self) -> None:
        try:
            import py_vncorenlp
        except ImportError:
            raise ThoisuError("vncorenlp: not installed; pip install 'thoisu[vncorenlp]'") from None
        if VnCoreNlp._engine is None:
            VnCoreNlp._engine = self._start(py_vncorenlp)

    @staticmethod
    def _start(package: Any) -> Any:
        folder = Path(os.environ.get("VNCORENLP", "vncorenlp")).absolute()
        if not (folder / "models").is_dir():
            raise ThoisuError(
                f"{folder}: VnCoreNLP's files are not there; fetch them with "
                "py_vncorenlp.download_model(save_dir=…) and name the folder in VNCORENLP"
            )
        here = Path.cwd()
        try:
            return package.VnCoreNLP(annotators=["wseg"], save_dir=str(folder))
        except Exception as error:  # of Java, by way of several packages
            raise ThoisuError(f"vncorenlp: cannot be started ({error}); is Java there?") from None
        finally:
            os.chdir(here)  # which the package changes

    def segment(self, texts: Sequence[str]) -> list[Segmentation]:
        """Return the words of each text, in order."""
        return [self._segment(text) for text in texts]

    def _segment(self, text: str) -> Segmentation:
        if not text.strip():
            return Segmentation([], [])
        # The way into Java garbles what lies beyond 16 bits; it is put back afterwards, in order.
        beyond = iter([sign if sign > "\uffff" else "\ufffd" for sign in BEYOND.findall(text)])
        composed = unicodedata.normalize("NFC", BEYOND.sub("\ufffd", text))
        found = " ".join(self._engine.word_segment(composed))
        words = re.sub("\ufffd", lambda sign: next(beyond, sign[0]), found).split()
        return Segmentation(words, align(text, words))


class PreSegmented:
    """Text whose words are joined by ``_`` already: a word is what stands between spaces."""

    name = "none"

    def segment(self, texts: Sequence[str]) -> list[Segmentation]:
        """Return the words of each text, in order."""
        return [self._segment(text) for text in texts]

    @staticmethod
    def _segment(text: str) -> Segmentation:
        matches = list(re.finditer(r"\S+", text))
        return Segmentation([match[0] for match in matches], [match.span() for match in matches])


SEGMENTERS: dict[str, Callable[[], Segmenter]] = {
    "underthesea": Underthesea,
    "vncorenlp": VnCoreNlp,
    "none": PreSegmented,
    "pre-segmented": PreSegmented,
}


def align(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where each word starts and ends in the text that it was found in.

    A ``_`` that is not in the text joins two syllables. Words may be spelt otherwise than in the
    text (``hòa`` as ``hoà``); where even the number of characters differs, the longest runs that
    they share decide.
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    given = "".join(text[place] for place in places)
    bounds = [0]
    for word in words:
        at = bounds[-1]
        for character in word:
            if character != "_" or given[at : at + 1] == "_":
                at += 1
        bounds.append(at)
    if bounds[-1] != len(given):
        bounds = _shared_bounds(given, words)
    return [
        (places[start], places[end - 1] + 1) if start < end else (last, last)
        for start, end in pairwise(bounds)
        for last in [places[start - 1] + 1 if start else 0]
    ]


def _shared_bounds(given: str, words: Sequence[str]) -> list[int]:
    """Return where each word ends in a text without spaces, by what both have in common."""
    from difflib import SequenceMatcher

    made = "".join(words)
    ends = [0] * (len(made) + 1)
    for _, i, i_end, j, j_end in SequenceMatcher(None, given, made, autojunk=False).get_opcodes():
        for n in range(1, j_end - j + 1):
            ends[j + n] = i_end if j + n == j_end else min(i + n, i_end)
        ends[j_end] = i_end  # a part that the words leave out goes to the word before it
    ends[0] = 0
    return [ends[length] for length in accumulate(map(len, words), initial=0)]


def _package(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ThoisuError(f"{name}: the package is not installed; pip install {name}")
    return Path(spec.submodule_search_locations[0])


def _newest(package: Path, pattern: str) -> Path:
    """Return the last of the files or folders that match; their names end in a date."""
    found = sorted(package.glob(pattern))
    if not found:
        raise FileNotFoundError(f"no {pattern}")
    return found[-1]


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, sets, dictionaries, strings and numbers; refuses to import anything."""

    def find_class(self, module: str, name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"it names {module}.{name}, and only plain data is read")


def _plain(path: Path) -> Any:
    """Read plain data that was pickled."""
    try:
        return _PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    except (EOFError, pickle.UnpicklingError) as error:
        raise pickle.UnpicklingError(f"{path.name}: {error}") from None
