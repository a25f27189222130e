"""Bytes to text: Unicode, and the encodings of Vietnamese from before Unicode, told apart.

Nothing in a file says that it is in TCVN3 or VNI, so each encoding is tried, and the one whose
result is written in Vietnamese syllables is taken. The same is done for text that has gone
through one wrong conversion already ("Hµ Néi", "Haø Noäi", "HÃ  Ná»™i"), which is what people
copy out of old documents. Files and formats are left to :mod:`thoisu.articles`.

What cannot be got back:

- TCVN3 has no capital letters with tone marks. Its fonts for capitals (``.VnTimeH``) show small
  letters as capitals, and which font a text was set in is not in the text. ``HéI NGHÞ`` (a word
  otherwise in capitals) becomes ``HỘI NGHỊ``, but ``héi nghÞ`` set in a font for capitals becomes
  ``hội nghị``, and ``ñy ban`` at the start of a sentence becomes ``ủy ban``.
- TCVN3 writes ``ư`` as the soft hyphen, which many programs drop: ``nưíc`` that has become ``níc``
  on the way gives ``nớc``.
- Letters that a program replaced by ``?`` or ``�`` when it saved the text.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from thoisu.errors import ThoisuError
from thoisu.syllables import is_syllable

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PLAUSIBLE = re.compile(r"[\t\n\r\f -~\xa0-\u024f\u0300-\u036f\u1e00-\u1eff\u2000-\u20bf\ufeff]")
SAMPLE = 4096  # bytes looked at to recognise UTF-16 that does not say so

# The bytes 80 to FF as Windows-1252 reads them, the five that it leaves open as controls.
WESTERN = "".join(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)
)
WESTERN_FROM_BYTES = dict(enumerate(WESTERN, 0x80))
WESTERN_TO_BYTES = {chr(byte): byte for byte in WESTERN_FROM_BYTES} | {
    character: byte for byte, character in WESTERN_FROM_BYTES.items()
}  # the controls too: what they stand for in Latin-1
WESTERN_SIGNS = frozenset("€‚„…†‡‰‹‘’“”•–—™›\xa0£§©«\xad®°±²³·»¼½¾×")

# TCVN 5712:1993 as the ABC fonts use it, from A1 on; a space where they have no letter.
TCVN3 = (
    "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
)
TCVN3_LETTERS = {byte: letter for byte, letter in enumerate(TCVN3, 0xA1) if letter != " "}
TCVN3_SMALL_ONLY = frozenset("".join(TCVN3.split()).partition("đ")[2])

# VNI writes a letter as a base and a second character for its marks, and seven letters as one.
VNI_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
VNI_CIRCUMFLEX = {
    "â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"
}  # fmt: skip
VNI_BREVE = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
VNI_WHOLE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
VNI_MARKS = (  # the bases, as VNI and as Unicode; what is added before the tone; the marks
    ("aeouyôö", "aeouyơư", "", VNI_TONES),
    ("aeo", "aeo", "\u0302", VNI_CIRCUMFLEX),
    ("a", "a", "\u0306", VNI_BREVE),
)

LETTERS = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
LETTER_RUN = re.compile(f"[A-Za-z{LETTERS}]+")
WORD = re.compile(f"[A-Za-z{LETTERS}\x80-\x9f{re.escape(WESTERN)}]+")
NOT_WESTERN = re.compile(f"(?![{re.escape(WESTERN)}])[\u0100-\u024f\u0300-\u036f\u1e00-\u1eff]")
MARKED = re.compile("[^\\x00-\\x7f]")
ASCII_LETTER = re.compile("[A-Za-z]")
NOT_PROSE = re.compile(
    r"<(script|style)\b.*?</\1|<[^>]*>|&\w+;|\S+@\S+|(?:\w+://|www\.)\S+",
    re.DOTALL | re.IGNORECASE,
)
BETWEEN_WORDS = re.compile("[‘’“”–—…•·«»\\s]+")
VOWEL = re.compile("[aeiouy]", re.IGNORECASE)

ENOUGH = 0.75  # of the words with marks are Vietnamese syllables once converted
EVIDENCE = 2  # marked letters at least in different words that become Vietnamese, for a misreading


def decode(data: bytes, *, name: str) -> tuple[str, str | None]:
    """Decode the text of a file.

    UTF-8 and UTF-16 (with a byte order mark or plainly without), then TCVN3, VNI and
    Windows-1258; then :func:`repair`. Windows-1252 is taken where it differs from ASCII by signs
    only, such as curved quotes.

    Args:
        data: all bytes of the text.
        name: of the file, for the error.

    Returns:
        The text, and a note about the conversion where it was not in Unicode.

    Raises:
        ThoisuError: the bytes are none of these; says which byte is the first that is not text.
    """
    codec, start = unicode_codec(data)
    try:
        text = data[start:].decode(codec)
    except UnicodeDecodeError as error:
        place = start + error.start
        if codec != "utf-8":
            advice = f"is broken {codec[:6].upper()}; save the file as UTF-8"
            raise ThoisuError(f"{name}: byte {place} {advice}") from None
    else:
        if codec == "utf-8" and "\0" in text:
            place = start + len(text[: text.index("\0")].encode())
            raise ThoisuError(f"{name}: byte {place} is zero: not a text but binary data")
        return repair(text)

    western = data.decode("latin-1").translate(WESTERN_FROM_BYTES)
    words = _words(western)
    shares = {name: _share(words, convert) for name, convert in OLD_ENCODINGS.items()}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= ENOUGH:
        return OLD_ENCODINGS[best](western), f"converted from {best}"
    if all(character.isascii() or character in WESTERN_SIGNS for character in western):
        return western, "converted from Windows-1252"
    raise ThoisuError(
        f"{name}: byte {place} (0x{data[place]:02X}) is not UTF-8, and the text is not TCVN3, VNI "
        "or Windows-1258 either; save the file as UTF-8"
    )


def repair(text: str) -> tuple[str, str | None]:
    """Convert Unicode text that is an old encoding read as Western European.

    A text may be so in part; what is converted then is the lines that have no letter which Western
    European encodings lack. Text that does not become Vietnamese by it, such as English, French,
    or Vietnamese in Unicode, is given back as it is; so is a text with fewer than two letters to
    go by (``d©n`` alone).

    Returns:
        The text, and a note where it was converted.
    """
    if text.isascii():
        return text, None
    lines = text.split("\n")
    places = [place for place, line in enumerate(lines) if not NOT_WESTERN.search(line)]
    name = _misreading(_words("\n".join(lines[place] for place in places)))
    if name is not None:
        for place in places:
            lines[place] = MISREADINGS[name](lines[place])
        part = "" if len(places) == len(lines) else f", {len(places)} of {len(lines)} lines"
        return "\n".join(lines), f"converted from {name}{part}"
    if ETH.search(text):
        words = _words(text)
        if _gain(words, _without_eth) and _share(words, _without_eth) >= ENOUGH:
            return _without_eth(text), "converted the letter eth (Ð) to Đ"
    return text, None


def unicode_codec(head: bytes) -> tuple[str, int]:
    """Return the Unicode codec that bytes begin in, and the length of the byte order mark.

    It is ``utf-8`` where nothing speaks for another one.
    """
    for mark, codec in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return codec, len(mark)
    if b"\0" in head[:SAMPLE]:
        for codec in ("utf-16-le", "utf-16-be"):
            try:
                text = codecs.getincrementaldecoder(codec)().decode(head[:SAMPLE])
            except UnicodeDecodeError:
                continue
            if text and len(PLAUSIBLE.findall(text)) >= 0.9 * len(text) and "\0" not in text:
                return codec, 0
    return "utf-8", 0


@lru_cache(maxsize=1 << 16)
def _is_vietnamese(word: str) -> bool | None:
    """Tell whether the parts of a word that have marks are syllables; None where none has any.

    A word without marks is one part.
    """
    if word.isascii():
        return is_syllable(word)
    parts = [part for part in BETWEEN_WORDS.split(word) if not part.isascii()]
    parts = [part for part in parts if VOWEL.search(unicodedata.normalize("NFD", part))]
    return all(map(is_syllable, parts)) if parts else None


def _words(text: str) -> Counter[str]:
    """Count the words that speak for or against Vietnamese.

    They are those with marks, and those in small letters only: other languages in Latin script
    show by these. Signs that stand by themselves (``«``, ``·``) are no words.
    """
    return Counter(
        word
        for word in WORD.findall(NOT_PROSE.sub(" ", text))
        if (word.islower() and len(word) > 1 if word.isascii() else ASCII_LETTER.search(word))
    )


def _share(words: Counter[str], convert: Callable[[str], str]) -> float:
    """Return the share of words with marks that are syllables after a conversion."""
    good = bad = 0
    for word, count in words.items():
        match _is_vietnamese(convert(word)):
            case True:
                good += count
            case False:
                bad += count
    return good / (good + bad) if good else 0.0


def _gain(words: Counter[str], convert: Callable[[str], str]) -> int:
    """Count the marked letters of the different words that become syllables by a conversion.

    It is nothing where a quarter as many words cease to be syllables.
    """
    gained, letters, lost = 0, 0, 0
    for word, count in words.items():
        match _is_vietnamese(word), _is_vietnamese(convert(word)):
            case (True, True):
                pass
            case (_, True):
                gained += count
                letters += len(MARKED.findall(word))
            case (True, _):
                lost += count
    return letters if 4 * lost < gained else 0


def _misreading(words: Counter[str]) -> str | None:
    """Return the misreading whose conversion makes a text Vietnamese that was not before."""
    shares = {
        name: _share(words, convert)
        for name, convert in MISREADINGS.items()
        if _gain(words, convert) >= EVIDENCE
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= ENOUGH else None


def _from_tcvn3(text: str) -> str:
    return LETTER_RUN.sub(_raised, text.translate(TCVN3_LETTERS))


def _raised(match: re.Match[str]) -> str:
    """Capitalise the small letters that stand for capitals in a word otherwise in capitals."""
    word = match[0]
    others = [letter for letter in word if letter not in TCVN3_SMALL_ONLY]
    certain = len(others) > 1 or not word.startswith(tuple(others))
    return word.upper() if others and certain and all(map(str.isupper, others)) else word


def _vni_table() -> dict[str, str]:
    table = dict(VNI_WHOLE)
    for bases, letters, modifier, marks in VNI_MARKS:
        for base, letter in zip(bases, letters, strict=True):
            for mark, tone in marks.items():
                table[base + mark] = unicodedata.normalize("NFC", letter + modifier + tone)
    capitals = {old.upper(): new.upper() for old, new in table.items()}
    # A capital may have a mark of either height.
    mixed = {old.capitalize(): new.upper() for old, new in table.items()}
    return table | capitals | mixed


VNI = _vni_table()
VNI_LETTER = re.compile("|".join(sorted(VNI, key=len, reverse=True)))


def _from_vni(text: str) -> str:
    return VNI_LETTER.sub(lambda match: VNI[match[0]], text)


WINDOWS_1258 = {
    ord(character): bytes([byte]).decode("cp1258", "replace")
    for byte, character in WESTERN_FROM_BYTES.items()
}


def _from_windows_1258(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(WINDOWS_1258))


UTF8_RUN = re.compile(f"[\x80-\x9f{re.escape(WESTERN)}]{{2,}}")


def _from_utf8(text: str) -> str:
    return UTF8_RUN.sub(_as_utf8, text)


def _as_utf8(match: re.Match[str]) -> str:
    try:
        return bytes(WESTERN_TO_BYTES[character] for character in match[0]).decode()
    except UnicodeDecodeError:
        return match[0]


ETH = re.compile("[Ðð]")


def _without_eth(text: str) -> str:
    return text.replace("Ð", "Đ").replace("ð", "đ")


OLD_ENCODINGS = {
    "Windows-1258": _from_windows_1258,
    "TCVN3 (ABC fonts)": _from_tcvn3,
    "VNI (VNI fonts)": _from_vni,
}
MISREADINGS = OLD_ENCODINGS | {"UTF-8 read as Windows-1252": _from_utf8}
