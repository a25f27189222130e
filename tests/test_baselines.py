import unicodedata

import numpy as np
import pytest

from thoisu import baselines, corpus
from thoisu.baselines import NOT_CUES, RULES, KeywordRules, LinearSvm, Majority
from thoisu.corpus import CorpusArticle, CorpusSentence
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS


def article(number, *sentences):
    return CorpusArticle(
        id=f"bai-{number}",
        sentences=tuple(CorpusSentence(text, label) for text, label in sentences),
    )


def rule(text):
    (labels,) = KeywordRules().predict([[text]])
    return LABEL_IDS[labels[0]]


# Majority


def test_majority_gives_the_most_frequent_label_of_the_training_data():
    fitted = Majority().fit([article(1, ("a", "challenge"), ("b", "other"), ("c", "challenge"))])
    found = [array.tolist() for array in fitted.predict([["x", "y"], [], ["z"]])]
    assert found == [[1, 1], [], [1]]


# Keyword rules: one sentence for each thing that they know


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Tỉnh hoàn thành 12/15 chỉ tiêu của năm.", "achievement"),
        ("Thu ngân sách vượt dự toán.", "achievement"),
        ("Tiến độ giải ngân còn chậm.", "challenge"),
        ("Công tác quy hoạch bộc lộ nhiều bất cập.", "challenge"),
        ("Các sở phải khẩn trương rà soát.", "directive"),
        ("Phấn đấu đến năm 2030 có 20 xã nông thôn mới.", "directive"),
        ("Cử tri xã Đông Lâm kiến nghị sớm xây cầu.", "proposal"),
        ("Tỉnh xin chủ trương lập khu kinh tế ven biển.", "proposal"),
        ("Dự lễ có ông Trần Văn Lư và bà Đỗ Thị Sa.", "other"),
        # who asks whom (guideline, rules 2 and 16)
        ("Thủ tướng đề nghị các bộ phối hợp với tỉnh.", "directive"),
        ("Tổng Bí thư lưu ý thành phố về môi trường.", "directive"),
        ("Tỉnh Bắc Lĩnh đề nghị Chính phủ bố trí vốn.", "proposal"),
        ("Bộ trưởng đề nghị Quốc hội xem xét dự án luật.", "proposal"),
        ("Chủ tịch Quốc hội đề nghị Chính phủ sớm trình đề án.", "directive"),
        ("Đại biểu Lê Hữu Trạc đề nghị làm rõ quy định này.", "proposal"),
        ("Doanh nghiệp mong muốn được giảm tiền thuê đất.", "proposal"),
        # what asks or orders is the point of a sentence that describes first (rule 18)
        ("Sản xuất tăng 8%, vì vậy cần mở rộng thị trường.", "directive"),
        # the clause after the turn carries the point (rule 3)
        ("Tuy còn hạn chế nhưng sản lượng đạt 9 triệu tấn.", "achievement"),
        ("Mặc dù sản lượng tăng song tiến độ còn chậm.", "challenge"),
        ("Bên cạnh kết quả đạt được thì sai phạm vẫn xảy ra.", "challenge"),
        ("Tuy nhiên, sản lượng giảm 3%.", "challenge"),
    ],
)
def test_rules_label_what_the_guideline_gives_as_cues(text, label):
    assert rule(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "Đoàn làm việc tại thành phố Cần Thơ.",
        "Bộ Ngoại giao và Bộ Giao thông vận tải cùng dự.",
        "Ông truyền đạt lời chào.",
        "Phải chăng đó là lý do?",
        "Bà Phạm Thị Giảmh phát biểu.",  # a cue inside a longer word
    ],
)
def test_a_cue_inside_another_word_is_none(text):
    assert rule(text) == "other"


def test_rules_read_any_case_spacing_and_unicode_form():
    text = "Chủ tịch Ủy ban nhân dân tỉnh đề nghị các sở vào cuộc."
    forms = (
        text,
        text.upper(),
        unicodedata.normalize("NFD", text),
        text.replace("Ủy", "Uỷ"),
        text.replace(" ", "  \n"),
    )
    assert {rule(form) for form in forms} == {"directive"}


def test_diacritics_tell_words_apart():
    assert rule("Sản lượng tăng.") == "achievement"
    assert rule("Ông tặng quà.") == "other"
    assert rule("Sư thầy ở tầng hai.") == "other"


def test_every_rule_names_a_label_and_is_in_lower_case():
    assert {label for _, label in RULES} == set(LABEL_IDS) - {"other"}
    for pattern in (NOT_CUES, *(pattern for pattern, _ in RULES)):
        assert pattern.replace("\\W", "") == pattern.lower().replace("\\W", "")
        assert unicodedata.is_normalized("NFC", pattern)


# The linear SVM


def learnable(articles=12):
    """Articles from which each label can be told by its words."""
    words = {
        "achievement": "kinh tế tăng trưởng",
        "challenge": "tiến độ còn chậm",
        "directive": "các sở phải rà soát",
        "proposal": "cử tri kiến nghị xây cầu",
        "other": "cùng dự có lãnh đạo",
    }
    return [
        article(n, *((f"{text} số {n}", label) for label, text in words.items()))
        for n in range(articles)
    ]


def test_svm_learns_what_can_be_learnt():
    fitted = LinearSvm().fit(learnable())
    unseen = [
        ["Tiến độ dự án còn chậm.", "Cử tri kiến nghị làm đường."],
        [],
        ["Cùng dự có ông Lư."],
    ]
    found = [[LABEL_IDS[n] for n in labels] for labels in fitted.predict(unseen)]
    assert found == [["challenge", "proposal"], [], ["other"]]


def test_svm_chooses_its_cost_over_articles_and_not_over_sentences(monkeypatch):
    # Sentences of an article repeat its name; folds that part them would see the name again.
    from sklearn.model_selection import GroupKFold

    seen = []
    original = GroupKFold.split

    def split(self, texts, labels, groups):
        for learn, held_out in original(self, texts, labels, groups):
            seen.append(set(groups[learn]) & set(groups[held_out]))
            yield learn, held_out

    monkeypatch.setattr(GroupKFold, "split", split)
    LinearSvm(folds=3).fit(learnable())
    assert seen == [set()] * 3


def test_svm_takes_the_cost_that_does_best_on_articles_left_out():
    noisy = LinearSvm(costs=(1e-6, 1.0)).fit(
        [article(n, *([("tin khác", "other")] * 6), ("còn chậm", "challenge")) for n in range(9)]
    )
    # With next to no cost all sentences look alike but for class weights; 1.0 tells them apart.
    (labels,) = noisy.predict([["tin khác", "còn chậm"]])
    assert [LABEL_IDS[n] for n in labels] == ["other", "challenge"]


def test_svm_is_the_same_every_time():
    texts = [[s.text for s in a.sentences] for a in learnable(3)]
    one, two = (np.concatenate(list(LinearSvm().fit(learnable()).predict(texts))) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_svm_learns_from_one_article():
    fitted = LinearSvm().fit(learnable(1))
    assert len(next(iter(fitted.predict([["các sở phải rà soát"]])))) == 1


def test_svm_needs_two_labels():
    with pytest.raises(ThoisuError, match="one label only"):
        LinearSvm().fit([article(1, ("a", "other"), ("b", "other"))])


def test_baselines_need_something_to_learn_from():
    with pytest.raises(ThoisuError, match="no labelled sentences"):
        baselines.fit([])


# All three, on the project's own corpus


def test_rules_beat_majority_and_svm_beats_rules():
    from pathlib import Path

    from thoisu import metrics

    data = Path(__file__).parent.parent / "data"
    train, held_out = corpus.load(data / "train.jsonl"), corpus.load(data / "validation.jsonl")
    gold = np.array([LABEL_IDS.index(s.label) for a in held_out for s in a.sentences])
    figures = {}
    for name, baseline in baselines.fit(train).items():
        labels = np.concatenate(
            list(baseline.predict([[s.text for s in a.sentences] for a in held_out]))
        )
        matrix = metrics.confusion_matrix(gold, labels, labels=len(LABEL_IDS))
        figures[name] = float(metrics.macro_f1(matrix))
    assert list(figures) == ["majority", "keyword rules", "TF-IDF + linear SVM"]
    majority, rules, svm = figures.values()
    assert majority < 0.2 < rules < svm
