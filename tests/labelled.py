"""A labeller without a model, and invented articles, for tests of what comes around labelling."""

from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from thoisu.articles import Article
from thoisu.labels import LABEL_IDS
from thoisu.results import LabelledArticle, LabelledSentence

CUES = {
    "achievement": "đạt",
    "challenge": "còn chậm",
    "directive": "yêu cầu",
    "proposal": "kiến nghị",
}
TEXT = """Chiều 3/4, huyện Hòa Lộc họp giao ban quý I.
Thu ngân sách đạt 1,8 tỷ đồng, vượt 12% kế hoạch.
Giải phóng mặt bằng còn chậm ở hai xã.

- Chủ tịch huyện yêu cầu hoàn thành trước 30/6.
Cử tri kiến nghị sớm xây cầu Bến Vân."""
"""Five sentences, one of each label, in two paragraphs."""

FIVE = ["other", "achievement", "challenge", "directive", "proposal"]
"""Their labels."""

HOSTILE = [
    '=HYPERLINK("http://x.example","bấm")',
    "+84 24 là đầu số.",
    "-2+3 là hôm kia",
    "@SUM(A1:A9)",
    "'=1+1",
    "''nháy''",
    "＝1+1",
    '<script>alert("x")</script>',
    '"><img src=x onerror=alert(1)>',
    "</style></title><b>đậm</b> &amp; [liên kết](http://x.example) *sao* `mã` _gạch_",
    "# không phải đề mục",
    "1. không phải danh sách",
    "Dấu phẩy, \"ngoặc kép\" và 'nháy đơn'.",
]
"""Sentences that some format would take for something else."""


class KeywordLabeller:
    """Labels lines by the words in them; the same interface as ``thoisu.Labeller``."""

    def label_many(
        self, articles: Iterable[Article | str], *, unit: str = "sentence"
    ) -> Iterator[LabelledArticle]:
        for article in articles:
            read = Article("", article) if isinstance(article, str) else article
            yield label(read, separator="; " if unit == "clause" else None)


def label(article: Article, *, separator: str | None = None) -> LabelledArticle:
    sentences: list[LabelledSentence] = []
    start = paragraph = 0
    for line in article.text.split("\n"):
        if not line.strip():
            paragraph += 1
        for part in line.split(separator) if separator else [line]:
            start = article.text.index(part, start)
            if part.strip():
                sentences.append(sentence(part, start=start, paragraph=paragraph))
            start += len(part)
    return LabelledArticle(article.id, article.text, article.title, article.date, sentences)


def sentence(text: str, *, start: int = 0, paragraph: int = 0) -> LabelledSentence:
    found = next((name for name, cue in CUES.items() if cue in text), "other")
    confidence = 0.4 if "?" in text else 0.9
    rest = (1 - confidence) / (len(LABEL_IDS) - 1)
    probabilities = {name: confidence if name == found else rest for name in LABEL_IDS}
    return LabelledSentence(
        text, start, start + len(text), paragraph, found, confidence, probabilities
    )


def labelled(
    *lines: str, name: str = "hoa-loc.txt", title: str | None = None, date: str | None = None
) -> LabelledArticle:
    """Return an article whose sentences are the given lines, or those of ``TEXT``."""
    return label(Article(name, "\n".join(lines) if lines else TEXT, title, date))


@st.composite
def articles(draw: st.DrawFn, *, lines: st.SearchStrategy[str] | None = None) -> LabelledArticle:
    """Any article of any sentences, spans and probabilities included."""
    signs = st.characters(exclude_categories=["Cs"])
    lines = lines or st.text(signs, min_size=1) | st.sampled_from(HOSTILE)
    text, sentences = "", []
    for paragraph, line in enumerate(draw(st.lists(lines, max_size=6))):
        weights = draw(st.lists(st.floats(0.001, 1), min_size=5, max_size=5))
        shares = {n: w / sum(weights) for n, w in zip(LABEL_IDS, weights, strict=True)}
        best = max(shares, key=lambda name: shares[name])
        start = len(text)
        text += line
        sentences.append(
            LabelledSentence(line, start, len(text), paragraph, best, shares[best], shares)
        )
        text += draw(st.sampled_from([" ", "\n", "\n\n"]))
    return LabelledArticle(draw(st.text(signs)), text, None, None, sentences)
