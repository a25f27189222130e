"""Three classifiers that a model has to beat: majority, keyword rules, TF-IDF with a linear SVM.

Each is fitted on the same training articles as the model and reads a sentence by itself. They
name a label and give no probabilities: none of them is calibrated.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, Self

import numpy as np

from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS
from thoisu.metrics import IntArray, confusion_matrix, macro_f1


class Baseline(Protocol):
    """What learns from labelled articles and then labels others."""

    def fit(self, articles: Sequence[CorpusArticle]) -> Self:
        """Learn from labelled articles."""
        ...

    def predict(self, articles: Iterable[Sequence[str]]) -> Iterator[IntArray]:
        """Yield label numbers for each article's sentences. *Shape:* ``(sentences,)``."""
        ...


class Majority:
    """The most frequent label of the training data, for every sentence."""

    def fit(self, articles: Sequence[CorpusArticle]) -> Self:
        """Count labels; of equally frequent ones the first in ``LABEL_IDS`` is taken."""
        self._label = int(np.bincount(_labels(articles), minlength=len(LABEL_IDS)).argmax())
        return self

    def predict(self, articles: Iterable[Sequence[str]]) -> Iterator[IntArray]:
        """Yield the one label. *Shape:* ``(sentences,)`` for each article."""
        for sentences in articles:
            yield np.full(len(sentences), self._label, dtype=np.int64)


# The cue column of the guideline as a table, with its rules 2 and 16 for `đề nghị` and its like.
# The first row found in a sentence gives the label. What asks or orders is the point of a sentence
# that describes first (rule 18), so proposal and directive stand before challenge and achievement.
ASSEMBLY = r"(?:chủ tịch quốc hội|ủy ban thường vụ quốc hội|nghị quyết của quốc hội)"
LEADERS = (
    r"(?:tổng bí thư|chủ tịch nước|thủ tướng|chủ tịch quốc hội|bộ trưởng|bộ chính trị|ban bí thư"
    r"|bí thư tỉnh ủy|bí thư thành ủy|chủ tịch ubnd|chủ tịch ủy ban nhân dân)"
)
ASKERS = (
    r"(?:cử tri|đại biểu|chuyên gia|doanh nghiệp|hiệp hội|ủy ban thẩm tra|cơ quan thẩm tra"
    r"|người dân|chủ đầu tư|tòa án|kiểm toán)"
)
ADDRESSEES = (
    r"(?:trung ương|đảng|chính phủ|quốc hội|thủ tướng|nhà nước|bộ chính trị|ban bí thư"
    r"|cấp có thẩm quyền|cơ quan có thẩm quyền)"
)
ASK = r"(?:đề nghị|mong muốn|cần|lưu ý)"
RULES: tuple[tuple[str, str], ...] = (
    (rf"{ASSEMBLY}.{{0,60}} (?:đề nghị|lưu ý) chính phủ", "directive"),
    (rf"(?:đề nghị|mong muốn) (?:\w+ )?{ADDRESSEES}", "proposal"),
    (r"kiến nghị|đề xuất|xin chủ trương", "proposal"),
    (rf"{ASKERS}.{{0,80}} {ASK}", "proposal"),
    (rf"{LEADERS}.{{0,80}} {ASK}", "directive"),
    (r"mong muốn", "proposal"),
    (r"đề nghị|lưu ý", "directive"),
    (r"yêu cầu|cần|phải|tập trung|giao|chỉ đạo|khẩn trương|đẩy mạnh|phấn đấu", "directive"),
    (r"còn chậm|hạn chế|bất cập|vướng mắc|giảm|chưa đáp ứng|sai phạm|nguy cơ", "challenge"),
    (
        r"đạt|tăng|hoàn thành|duy trì|vượt|được cải thiện|khởi sắc|ghi nhận|biểu dương",
        "achievement",
    ),
)
# A cue is a word. These other words and names only contain a syllable that looks like one.
NOT_CUES = (
    r"cần thơ|cần thiết|cần cù|cần kiệm|phải chăng|vừa phải|giao thông|giao lưu|giao dịch"
    r"|giao thương|giao thoa|giao thừa|giao tiếp|giao diện|ngoại giao|bàn giao|chuyển giao"
    r"|diễn đạt|truyền đạt|tăng cường|giảm nghèo|giảm thiểu"
)
# Rule 3: the clause after the turn carries the point, so the one before it is not read.
CONCESSION = r"(?:tuy(?! nhiên)|mặc dù|dù) .*? (?:nhưng|song)|bên cạnh .*? thì"


class KeywordRules:
    """Rules written from the guideline's cues; nothing of them is learnt from data."""

    def __init__(self) -> None:
        self._unread = re.compile(rf"\b(?:{NOT_CUES}|{CONCESSION})\b")
        self._rules = [
            (re.compile(rf"\b(?:{pattern})\b"), LABEL_IDS.index(label)) for pattern, label in RULES
        ]

    def fit(self, articles: Sequence[CorpusArticle]) -> Self:
        """Return itself: there is nothing to learn."""
        return self

    def predict(self, articles: Iterable[Sequence[str]]) -> Iterator[IntArray]:
        """Yield the label of the first rule that applies. *Shape:* ``(sentences,)``."""
        for sentences in articles:
            yield np.array([self._label(text) for text in sentences], dtype=np.int64)

    def _label(self, text: str) -> int:
        text = unicodedata.normalize("NFC", text).lower().replace("uỷ", "ủy").replace("toà", "tòa")
        text = self._unread.sub("-", " ".join(text.split()))
        matching = (label for pattern, label in self._rules if pattern.search(text))
        return next(matching, LABEL_IDS.index("other"))


class LinearSvm:
    """TF-IDF of syllables and marks, alone and in pairs, and a linear support vector machine.

    Vietnamese writes a space between syllables, so that pairs of them stand for most words. The
    cost ``C`` is chosen by cross-validation over training articles, by macro F1.

    Args:
        costs: values of ``C`` to choose from; of equally good ones the first is taken.
        folds: how many folds; fewer where there are fewer articles.
    """

    def __init__(self, *, costs: Sequence[float] = (0.1, 0.3, 1.0, 3.0), folds: int = 5) -> None:
        self.costs = tuple(costs)
        self.folds = folds
        self.cost = self.costs[0]

    def fit(self, articles: Sequence[CorpusArticle]) -> Self:
        """Choose ``C``, then learn from all articles.

        Raises:
            ThoisuError: the data has one label only.
            ModuleNotFoundError: scikit-learn is not installed (``train`` extra).
        """
        texts = [sentence.text for article in articles for sentence in article.sentences]
        labels = _labels(articles)
        if len(np.unique(labels)) < 2:
            raise ThoisuError("training data: has one label only; an SVM needs two or more")
        groups = np.repeat(np.arange(len(articles)), [len(a.sentences) for a in articles])
        if len(articles) > 1 and len(self.costs) > 1:
            self.cost = self._choose(texts, labels, groups)
        self._vectorizer, vectors = self._vectorize(texts)
        self._svm = self._train(vectors, labels, self.cost)
        return self

    def predict(self, articles: Iterable[Sequence[str]]) -> Iterator[IntArray]:
        """Yield the label on whose side of the planes a sentence lies furthest."""
        for sentences in articles:
            if not sentences:
                yield np.empty(0, dtype=np.int64)
                continue
            yield self._svm.predict(self._vectorizer.transform(sentences)).astype(np.int64)

    def _choose(self, texts: list[str], labels: IntArray, groups: IntArray) -> float:
        from sklearn.model_selection import GroupKFold

        pooled = np.zeros((len(self.costs), len(LABEL_IDS), len(LABEL_IDS)), dtype=np.int64)
        splits = GroupKFold(min(self.folds, int(groups.max()) + 1)).split(texts, labels, groups)
        for learn, held_out in splits:
            if len(np.unique(labels[learn])) < 2:
                continue
            vectorizer, vectors = self._vectorize([texts[index] for index in learn])
            unseen = vectorizer.transform([texts[index] for index in held_out])
            for number, cost in enumerate(self.costs):
                predicted = self._train(vectors, labels[learn], cost).predict(unseen)
                pooled[number] += confusion_matrix(
                    labels[held_out], predicted, labels=len(LABEL_IDS)
                )
        return self.costs[int(macro_f1(pooled).argmax())]

    def _vectorize(self, texts: list[str]) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True
        )
        return vectorizer, vectorizer.fit_transform(texts)

    def _train(self, vectors: Any, labels: IntArray, cost: float) -> Any:
        from sklearn.svm import LinearSVC

        return LinearSVC(C=cost, class_weight="balanced", random_state=0).fit(vectors, labels)


BASELINES: dict[str, type[Majority] | type[KeywordRules] | type[LinearSvm]] = {
    "majority": Majority,
    "keyword rules": KeywordRules,
    "TF-IDF + linear SVM": LinearSvm,
}


def fit(articles: Sequence[CorpusArticle]) -> dict[str, Baseline]:
    """Fit every baseline on labelled articles.

    Raises:
        ThoisuError: there is too little to learn from.
        ModuleNotFoundError: scikit-learn is not installed (``train`` extra).
    """
    if not any(article.sentences for article in articles):
        raise ThoisuError("training data: no labelled sentences")
    return {name: kind().fit(articles) for name, kind in BASELINES.items()}


def _labels(articles: Sequence[CorpusArticle]) -> IntArray:
    numbers = {label: number for number, label in enumerate(LABEL_IDS)}
    return np.array([numbers[s.label] for a in articles for s in a.sentences], dtype=np.int64)
