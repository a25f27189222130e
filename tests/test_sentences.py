import importlib.util
import json
import lzma
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoisu.sentences import BREAK, Sentence, clauses, split

ROOT = Path(__file__).parents[1]
NEWS = Path(os.environ.get("NEWS", ROOT.parent / "shared" / "news"))
LOST = re.compile(r"[\s|\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*")


def texts(article: str) -> list[str]:
    return [sentence.text for sentence in split(article)]


def assert_spans_hold(article: str, sentences: list[Sentence]) -> None:
    """Spans are in order, give the texts, and leave out only what may be left out."""
    at = 0
    for sentence in sentences:
        assert at <= sentence.start < sentence.end
        assert sentence.text == article[sentence.start : sentence.end]
        assert sentence.text == sentence.text.strip()
        assert LOST.fullmatch(article[at : sentence.start])
        at = sentence.end
    assert LOST.fullmatch(article[at:])


def test_splits_the_bundled_article_into_its_sentences():
    article = (ROOT / "data/article/hai-phong.txt").read_text("utf-8")
    row = json.loads((ROOT / "data/article/hai-phong.jsonl").read_text("utf-8"))
    assert texts(article) == [sentence["text"] for sentence in row["sentences"]]
    assert len(texts(article)) == 60
    assert_spans_hold(article, split(article))
    assert split(article)[-1].paragraph == article.count("\n")


# Each text is written as its sentences with ` ‖ ` between them; the bars become single spaces.
SENTENCES = {
    "plain": "Tỉnh họp sáng nay. ‖ Có ai vắng không? ‖ Không ai cả! ‖ Tốt",
    "city, then a name": "Đoàn đến TP. Hải Phòng. ‖ Tp. Hồ Chí Minh và TP. HCM cùng dự.",
    "city, then a sentence": "Tình hình trên địa bàn TP. ‖ Theo đó, thu tăng. ‖ Ngân sách TP. "
    "‖ Tổng Bí thư biểu dương TP. ‖ Hội nghị nhất trí.",
    "names that look like openers": "Về TP. Thủ Đức, TP. Tuy Hòa, TX. Từ Sơn và TP. Bà Rịa, TP. "
    "Hội An, TP. Đồng Hới.",
    "city, then a quotation": "Đó là mục tiêu của TP. ‖ “Việc này khó”, ông nói.",
    "titles": "ThS. Lê An, PGS.TS. Trần Bình, GS. TS. Từ Công và BS. Đỗ Dũng cùng dự. ‖ Mr. Smith "
    "vắng.",
    "initials": "Tổng thống V. Putin gặp George W. Bush và bà Mariam J. Sherman. ‖ V.I. Lênin.",
    "initials at the end": "Người bị bắt là N.V.A. ‖ Sau đó, anh B. khai báo với Công ty C. để rõ.",
    "ranks": "Đó là dự án nhóm A. ‖ Huế là đô thị loại I. ‖ Hà Nội họp quý I. ‖ Vinh vắng.",
    "Washington": "Bà thăm Washington D.C. ‖ Trong chuyến đi, bà gặp U.S. Steel.",
    "numbers": "Thu 1,8 tỷ đồng và 17.000 USD, tăng 2.5 lần. ‖ Ngày 14/11, ngày 20.8.2024 và "
    "Nghị quyết 35/2021/QH15 đều đúng. ‖ Giảm từ 138.292 xuống 137. 947,5 tỷ đồng.",
    "number at the end": "Việc xong trong năm 2024. ‖ 12 dự án khởi công. ‖ Đạt 140%. ‖ Rất tốt.",
    "numbered items": "Gồm: 1. Thu thuế; 2. Chi đầu tư. ‖ 3. Giám sát. ‖ a) Họp. ‖ b) Ghi.",
    "articles of a law": "Điều 2. Hiệu lực thi hành. ‖ Xem thêm Điều 5. ‖ Luật có hiệu lực.",
    "roman numbers": "II. Nhiệm vụ chung. ‖ Quốc hội khóa XV. ‖ Kỳ họp thứ 6.",
    "addresses": "Xem www.chinhphu.vn, Chinhphu.Vn, https://a.vn/b?x=1.2 hay b.c@d.gov.vn. ‖ Hết.",
    "ellipsis in a list": "Các tỉnh Cao Bằng, Hà Giang... đã họp và vật tư, giống… được cấp đủ.",
    "ellipsis at the end": "Thu tăng nhanh... ‖ Chi giảm mạnh… ‖ Nợ xấu giảm,… ‖ Kết quả tốt.",
    "two dots": "Họ thiếu điện, nước.. và thiếu thuốc.. ‖ Tỉnh đã hỗ trợ.",
    "and so on": "Cần cát, đá, v.v. và thép v.v... để làm, xi măng v.v. ‖ Tỉnh lo đủ.",
    "question in a quotation": "“Vì sao?”, ông Lê A hỏi. ‖ “Làm đi!” – ông nói. ‖ “Ai?” cô hỏi.",
    "several in a quotation": "“Việc này khó. ‖ Phải làm ngay”, ông nói. ‖ “Xong rồi.” ‖ Bà đáp.",
    "straight quotes": 'Ông nói: "Tôi lo. ‖ Tôi sẽ làm." ‖ "Tốt lắm", bà đáp. ‖ Họ về.',
    "quotation fused to a stop": 'Hộ nghèo còn 30%.‖"Đó là kết quả tốt", ông nói.',
    "title with a question mark": "Chương trình “Bạn nghe gì?” của đài đã phát.",
    "stop before a bracket": "Số liệu (thu, chi...) chưa đủ (Biểu số 2). ‖ (Còn nữa.)",
    "colon and semicolon": "Yêu cầu: Một là, họp; Hai là, ghi. ‖ Xong.",
    "stop fused to a capital": "Đó là năm 2024.‖Nghị quyết nêu rõ.‖Tỉnh làm tốt…‖Các xã cũng vậy.",
    "fused abbreviations": "UBND TP.HCM, T.Ư Đảng, PGS.TS Lê A, Q.Bình Thạnh, Th.S An, U.B.N.D xã.",
    "fused after capitals": "Thu 6 tỷ USD.‖Theo Bộ, là nhóm A.‖Theo luật, là TP HCM.‖Ý kiến khác.",
    "small letter after a stop": "Ảnh chụp năm 2025. ‖ cạnh đó là sông. ‖ iPhone bán chạy.",
    "items behind dashes": "Giao việc. ‖ - Sở A họp. ‖ - Sở B ghi… ‖ + Sở C in.",
    "attribution behind a dash": "Còn chậm. - cơ quan này cho biết.",
    "spaced stops": "Hết việc . ‖ Còn gì nữa ? ‖ Không . . . và nghỉ.",
    "bars": "Lãnh đạo dự lễ. ‖ Ảnh: An | Bình",
    "Icelandic capital": "Ðến nay, tỉnh đã xong. ‖ Ðiều này tốt cho TP. ‖ Ðây là kết quả lớn.",
    "decomposed letters": "To\u0302\u0301t. ‖ U\u031bu tie\u0302n. ‖ A\u0302\u0301n pha\u0301p.",
}


@pytest.mark.parametrize("marked", SENTENCES.values(), ids=SENTENCES.keys())
def test_ends_sentences_at(marked):
    expected = [sentence.strip() for sentence in marked.split("‖")]
    article = marked.replace(" ‖ ", " ").replace("‖", "")
    assert texts(article) == expected
    assert_spans_hold(article, split(article))


def test_a_line_break_ends_a_sentence():
    article = "Tiêu đề không có dấu chấm\nẢnh: An\n\nGồm:\n- Họp;\n- ghi\n1. Nghe.\nHết"
    assert texts(article) == article.replace("\n\n", "\n").split("\n")
    assert [sentence.paragraph for sentence in split(article)] == list(range(7))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_knows_line_ends_of_any_kind(end):
    article = f"Một dòng{end}{end}Hai dòng.{end}"
    assert texts(article) == ["Một dòng", "Hai dòng."]
    assert [sentence.paragraph for sentence in split(article)] == [0, 1]


def test_a_line_break_that_cuts_a_sentence_does_not_end_it():
    for article in (
        "Bộ trưởng đã tiếp ông\nLê Văn An\n, Giám đốc sở.",
        "Thủ tướng đã giao cho\nBộ Tài chính chủ trì.",
        "Hội nghị bàn về nguồn lực\nphát triển vùng.",
        "Chủ tịch dự lễ ở xã An Bình,\nHuyện Đông Sơn.",
        "7.\nHai bên nhất trí hợp tác.",
    ):
        assert texts(article) == [article]
        assert split(article)[0].paragraph == 0


def test_a_comma_at_the_end_of_a_line_may_be_a_slip():
    article = "Tỉnh cấp đủ giống,\nNgoài ra, huyện cấp thuốc."
    assert texts(article) == article.split("\n")


def test_a_list_in_small_letters_stays_a_list():
    article = "Tỉnh tập trung:\nphát triển hạ tầng\nnâng cao đời sống\nbảo vệ môi trường"
    assert texts(article) == article.split("\n")


WRAPPED = """\
UBND tỉnh Đông Sơn vừa thành lập hai tổ công tác
giải quyết khó khăn, vướng mắc trong công tác bồi
thường, hỗ trợ, tái định cư. Thành viên gồm lãnh đạo Sở
Tài chính và các huyện.
Theo phân công,
Tổ công tác số 1 phụ trách các dự án trên địa bàn TP.
An Bình; tổ công tác số 2 phụ trách những dự án còn
lại của tỉnh và báo cáo hằng tuần.
HAI NHÓM VIỆC
- Rà soát hồ sơ của các hộ dân trong vùng dự án, lập
danh sách.
Đến nay, hai tổ đã họp."""


def test_joins_the_lines_of_hard_wrapped_text():
    assert [text.replace("\n", " ") for text in texts(WRAPPED)] == [
        "UBND tỉnh Đông Sơn vừa thành lập hai tổ công tác giải quyết khó khăn, vướng mắc trong "
        "công tác bồi thường, hỗ trợ, tái định cư.",
        "Thành viên gồm lãnh đạo Sở Tài chính và các huyện.",
        "Theo phân công, Tổ công tác số 1 phụ trách các dự án trên địa bàn TP. An Bình; tổ công "
        "tác số 2 phụ trách những dự án còn lại của tỉnh và báo cáo hằng tuần.",
        "HAI NHÓM VIỆC",
        "- Rà soát hồ sơ của các hộ dân trong vùng dự án, lập danh sách.",
        "Đến nay, hai tổ đã họp.",
    ]
    assert [sentence.paragraph for sentence in split(WRAPPED)] == [0, 0, 1, 2, 3, 4]
    assert_spans_hold(WRAPPED, split(WRAPPED))


def test_bars_that_close_captions_and_cells_belong_to_no_sentence():
    assert texts("Thủ tướng dự lễ. |\n| Tỉnh | Số xã |\n|\nHết.") == [
        "Thủ tướng dự lễ.",
        "Tỉnh | Số xã",
        "Hết.",
    ]


def test_signs_without_words_are_no_sentences_of_their_own_beside_words():
    assert texts("*. Họp xong. ***") == ["*. Họp xong. ***"]
    assert texts("... Và họ về. …") == ["... Và họ về. …"]
    assert texts("Hết.\n* * *\n. . .") == ["Hết.", "* * *", ". . ."]


@pytest.mark.parametrize(
    "article", ["", " ", "\n", "\r\n \t\u00a0\u3000", "\ufeff\u200b", "|", " |\n| "]
)
def test_finds_nothing_in_text_without_signs(article):
    assert split(article) == []


def test_takes_text_as_it_is_given():
    article = (
        "\ufeffTỉnh\u00a0họp.\u00a0Các xã dự.\r\n\u200b\u200bẢnh:\u00a0An\u200b \r\nHết\u200b."
    )
    assert texts(article) == ["Tỉnh\u00a0họp.", "Các xã dự.", "Ảnh:\u00a0An", "Hết\u200b."]
    assert_spans_hold(article, split(article))


def test_splits_a_sentence_into_clauses_at_its_semicolons():
    article = "Mở đầu.  Giao: Sở A họp; Sở B (thu; chi) ghi;Sở C nói “được; chưa” ; Sở D “x; y;"
    sentence = split(article)[1]
    units = clauses(sentence)
    assert [unit.text for unit in units] == [
        "Giao: Sở A họp;",
        "Sở B (thu; chi) ghi;",
        "Sở C nói “được; chưa” ;",
        "Sở D “x;",
        "y;",
    ]
    assert all(unit.text == article[unit.start : unit.end] for unit in units)
    assert {unit.paragraph for unit in units} == {sentence.paragraph}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Không có dấu nào", 1),
        ("Một; hai", 2),
        ("; Một; ; hai;;", 2),
        ("(một [hai; ba) bốn; năm] sáu", 2),
        ('Ông nói "một; hai"; "ba" và "bốn; năm', 3),
        ("R&amp;D; AT&#38;T", 2),
        (";;;", 1),
    ],
)
def test_counts_clauses(text, number):
    assert len(clauses(Sentence(text, 5, 5 + len(text), 3))) == number


PIECES = """
Tỉnh họp TP TP. ThS. PGS.TS. A. N.V.A. v.v. v.v... 17.000 1,8 2024. 1. a) Điều II. USD. Theo Hội An
nghị . .. ... … ? ! ?” .” ." " “ ” ‘ ’ ' « » ( ) [ ] ; : , - – • * | / % &amp; #
"""
GAPS = st.sampled_from(["", " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u200b"])
NEWSLIKE = st.lists(st.tuples(st.sampled_from(PIECES.split()), GAPS), max_size=40).map(
    lambda pairs: "".join(piece + gap for piece, gap in pairs)
)
ARTICLES = NEWSLIKE | st.text(max_size=60) | st.text('Aa. \n.”"(;|\u200b1', max_size=60)


@given(ARTICLES)
def test_spans_hold_for_any_text(article):
    sentences = split(article)
    assert_spans_hold(article, sentences)
    paragraphs = [sentence.paragraph for sentence in sentences]
    assert paragraphs == sorted(paragraphs)
    assert set(paragraphs) == set(range(len(set(paragraphs))))


@given(ARTICLES)
def test_a_sentence_splits_into_itself_unless_a_line_break_runs_through_it(article):
    for sentence in split(article):
        if not set(BREAK_CHARACTERS) & set(sentence.text):
            assert texts(sentence.text) == [sentence.text]


BREAK_CHARACTERS = [chr(code) for code in range(0x3000) if re.match(f"[{BREAK}]", chr(code))]


@given(ARTICLES)
def test_clauses_cover_their_sentence(article):
    for sentence in split(article):
        units = clauses(sentence)
        moved = [
            Sentence(u.text, u.start - sentence.start, u.end - sentence.start, 0) for u in units
        ]
        assert_spans_hold(sentence.text, moved)
        for unit in units:
            assert [each.text for each in clauses(unit)] == [unit.text]


@given(ARTICLES, ARTICLES)
def test_a_line_of_capitals_keeps_what_is_before_and_behind_apart(before, behind):
    heading = "\n\nTIÊU ĐỀ\n\n"
    assert "TIÊU ĐỀ" in texts(before + heading + behind)


JUNK = {
    "stops": ".",
    "spaced stops": ". ",
    "stops and dashes": ". - ",
    "initials": "A. ",
    "fused initials": "A.",
    "quotes": '"',
    "stops and quotes": "…”",
    "opening brackets": '("',
    "semicolons and brackets": ";(",
    "clauses": "x;",
    "closed brackets": "(x;)",
    "empty lines": "\n",
    "short lines": "a\n",
    "lines with commas": "a,\n",
    "spaces": " ",
    "bars": "|",
    "one word": "x",
    "numbers": "1. ",
    "invisible stops": "\u200b.",
    "half entities": "&amp",
    "spaces before line ends": "a" + " " * 3000 + "\n",
    "questions": "? ”",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
def test_takes_time_in_proportion_to_length(junk):
    """A hundred thousand characters take well below a second; quadratic work would take minutes."""
    article = (junk * 100_000)[:100_000]
    began = time.process_time()
    for sentence in split(article):
        clauses(sentence)
    assert time.process_time() - began < 5


def test_takes_a_megabyte_without_an_end():
    article = "Các tỉnh " * 120_000
    assert [(each.start, each.end) for each in split(article)] == [(0, len(article) - 1)]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("bench", ROOT / "benchmarks/sentences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_benchmark_turns_readings_into_marks_without_text(benchmark, tmp_path):
    text = "Tỉnh họp. Xã dự. |\nHết"
    meta = {"k": 0, "id": "x-1", "outlet": "bao", "text": text, "positions": [9, 16, 18, 17]}
    (tmp_path / "meta.json").write_text(json.dumps([meta]), "utf-8")
    (tmp_path / "gold.json").write_text('{"00": [0, 2]}')
    (tmp_path / "reader-a.json").write_text('{"00": [0, 1]}')
    assert benchmark.make(tmp_path, tmp_path / "ends.jsonl") == 1
    row = json.loads((tmp_path / "ends.jsonl").read_text("utf-8"))
    assert row == {
        "id": "x-1",
        "outlet": "bao",
        "sha256": benchmark.sha256(text),
        "candidates": 2,
        "ends": [9, 16],
        "readers": {"a": [9, 16]},
    }


def test_the_benchmark_reports_articles_that_it_cannot_use(benchmark, tmp_path):
    rows = [{"id": name, "outlet": "bao", "candidates": 1, "ends": [4]} for name in "abc"]
    for row, text in zip(rows, ("Họp. Hết", "khác", "thiếu"), strict=True):
        row["sha256"] = benchmark.sha256(text)
    (tmp_path / "ends.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    with lzma.open(tmp_path / "political.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": name, "text": "Họp.\u00a0Hết"}) + "\n" for name in "ab")
    articles, problems = benchmark.read_marks(tmp_path / "ends.jsonl", tmp_path)
    assert [(article.id, article.text) for article in articles] == [("a", "Họp. Hết")]
    assert [problem.partition(":")[0] for problem in problems] == ["b", "c"]


def test_the_benchmark_counts_ends_but_the_last(benchmark):
    article = benchmark.Marked("a", "bao", "", {4, 9}, 3, text="Họp. Ghi. In. Hết.")
    result = benchmark.score("x", {"one": lambda _: [4, 13, 18], "two": lambda _: []}, [article])
    assert result.way == "one"
    assert result.counts.tolist() == [[1, 2, 2]]
    assert result.figures() == (0.5, 0.5, 0.5)


def real_articles() -> list[dict[str, str]]:
    path = NEWS / "political.jsonl.xz"
    if not path.exists():
        pytest.skip(f"no real news: {path} is not there (set NEWS to the folder of news)")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.slow
def test_spans_hold_for_real_news():
    for row in real_articles()[::10]:
        sentences = split(row["text"])
        assert sentences
        assert_spans_hold(row["text"], sentences)


@pytest.mark.slow
def test_finds_the_sentence_ends_that_readers_marked(benchmark):
    real_articles()
    articles, problems = benchmark.read_marks(benchmark.MARKS, NEWS)
    assert not problems
    ours = {"whole": lambda text: [sentence.end for sentence in split(text)]}
    assert benchmark.score("thoisu", ours, articles).figures()[2] > 0.98
