"""Words and signs in which results are shown to people, whatever the format."""

import unicodedata

from thoisu.labels import BY_ID
from thoisu.results import LabelledArticle, LabelledSentence

HEADINGS = {
    "achievement": ("Đã đạt được", "Achieved"),
    "challenge": ("Khó khăn, hạn chế", "Difficult"),
    "directive": ("Chỉ đạo, nhiệm vụ", "Ordered"),
    "proposal": ("Kiến nghị, đề xuất", "Asked for"),
}
"""The four lists of a brief, in order, in Vietnamese and English."""

NOTHING = ("không có", "none")
UNSURE = 0.5
"""Below this confidence the other labels together are more probable than the one given."""

UNSURE_MARK = "(?)"
UNSURE_NOTE = (
    "không chắc: xác suất dưới một nửa",
    "unsure: less probable than the other labels together",
)
# Signs that move the cursor, change colours or turn the direction of text would let an article
# rewrite what a terminal shows; spaces and line ends are kept.
_UNPRINTABLE = {
    code: "\ufffd"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\t\n"
} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def bilingual(label: str) -> str:
    """Name a label in both languages: ``chỉ đạo / directive``."""
    return f"{BY_ID[label].vietnamese} / {label}"


def printable(text: str) -> str:
    """Replace what could change the terminal itself, one sign for one."""
    return text.translate(_UNPRINTABLE)


def one_line(text: str) -> str:
    """Return text that is safe to print and has no line ends."""
    return " ".join(printable(text).split())


def width(text: str) -> int:
    """Return the columns that text takes in a terminal, near enough to align by."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def padded(text: str, columns: int) -> str:
    """Fill text up with spaces."""
    return text + " " * (columns - width(text))


def heading(article: LabelledArticle) -> str:
    """Say which article it is: its title, date and id, as far as they are known."""
    return one_line(" · ".join(filter(None, (article.title, article.date, article.id))))


def brief(article: LabelledArticle) -> dict[str, list[LabelledSentence]]:
    """Return the sentences of each of the four lists, in the order of the article."""
    return {
        label: [sentence for sentence in article.sentences if sentence.label == label]
        for label in HEADINGS
    }
