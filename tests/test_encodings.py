import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoisu.encodings import OLD_ENCODINGS, decode, repair
from thoisu.errors import ThoisuError
from thoisu.syllables import is_syllable

DATA = Path(__file__).parent.parent / "data"
ARTICLE = unicodedata.normalize("NFC", (DATA / "article/hai-phong.txt").read_text("utf-8"))

# The letters of Vietnamese and how the fonts of each encoding write them, as such tables are
# published: the letter without a tone, then with sắc, huyền, hỏi, ngã, nặng.
LETTERS = (
    "aáàảãạ ăắằẳẵặ âấầẩẫậ eéèẻẽẹ êếềểễệ iíìỉĩị oóòỏõọ ôốồổỗộ ơớờởỡợ uúùủũụ ưứừửữự yýỳỷỹỵ đ"
).replace(" ", "")
TCVN3 = (
    "a¸µ¶·¹ ¨¾»¼½Æ ©ÊÇÈÉË eÐÌÎÏÑ ªÕÒÓÔÖ iÝ×ØÜÞ oãßáâä «èåæçé ¬íêëìî uóïñòô \xadøõö÷ù yýúûüþ ®"
).replace(" ", "")
VNI = """
    a aù aø aû aõ aï aê aé aè aú aü aë aâ aá aà aå aã aä e eù eø eû eõ eï eâ eá eà eå eã eä
    i í ì æ ó ò o où oø oû oõ oï oâ oá oà oå oã oä ô ôù ôø ôû ôõ ôï u uù uø uû uõ uï
    ö öù öø öû öõ öï y yù yø yû yõ î ñ
"""
TCVN3_CAPITALS = dict(zip("ĂÂÊÔƠƯĐ", "¡¢£¤¥¦§", strict=True))
TO_TCVN3 = dict(zip(LETTERS, TCVN3, strict=True))
TO_TCVN3 |= {small.upper(): old for small, old in TO_TCVN3.items() if not small.isascii()}
TO_TCVN3 |= TCVN3_CAPITALS | {letter: letter for letter in "AEIOUY"}
TO_VNI = dict(zip(LETTERS, VNI.split(), strict=True))
TO_VNI |= {small.upper(): old.upper() for small, old in TO_VNI.items()}


def windows_1258(letter: str) -> str:
    """As Windows-1252 shows the bytes of a letter in Windows-1258."""
    try:
        return letter.encode("cp1258").decode("cp1252")
    except UnicodeEncodeError:
        marks = unicodedata.normalize("NFD", letter)
        tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
        base = unicodedata.normalize("NFC", marks.replace(tone, ""))
        return (base + tone).encode("cp1258").decode("cp1252")


# For each encoding, a text as a program shows it that takes it for Western European.
MISREAD = {
    "TCVN3 (ABC fonts)": lambda text: "".join(TO_TCVN3.get(each, each) for each in text),
    "VNI (VNI fonts)": lambda text: "".join(TO_VNI.get(each, each) for each in text),
    "Windows-1258": lambda text: "".join(map(windows_1258, text)),
}
encodings = pytest.mark.parametrize("name", MISREAD)


def authored_articles() -> list[list[str]]:
    rows = (DATA / "validation.jsonl").read_text("utf-8").splitlines()
    return [[each["text"] for each in json.loads(row)["sentences"]] for row in rows]


def same(name: str, found: str, expected: str) -> bool:
    """Whether two texts are equal, but for the capitals that TCVN3 does not have."""
    if name.startswith("TCVN3"):
        return found.lower() == expected.lower()
    return found == expected


class TestOldEncodings:
    @encodings
    def test_every_letter_is_converted(self, name):
        text = " ".join(LETTERS)
        assert OLD_ENCODINGS[name](MISREAD[name](text)) == text

    @pytest.mark.parametrize("name", ["VNI (VNI fonts)", "Windows-1258"])
    def test_every_capital_is_converted(self, name):
        text = " ".join(LETTERS.upper())
        assert OLD_ENCODINGS[name](MISREAD[name](text)) == text

    def test_a_capital_in_vni_may_have_a_mark_of_either_height(self):
        assert (
            OLD_ENCODINGS["VNI (VNI fonts)"]("Aùnh AÙNH Oâng OÂNG ÔÛ Ôû") == "Ánh ÁNH Ông ÔNG Ở Ở"
        )

    @given(st.text("abcdegh ,.\n" + LETTERS, max_size=60), st.sampled_from(sorted(MISREAD)))
    def test_conversion_undoes_encoding(self, text, name):
        assert OLD_ENCODINGS[name](MISREAD[name](text)) == text

    @pytest.mark.parametrize(
        ("old", "text"),
        [
            ("HéI NGHÞ", "HỘI NGHỊ"),
            ("§¶ng bé, UBND tØnh", "Đảng bộ, UBND tỉnh"),
            ("ñY BAN NH¢N D¢N", "ỦY BAN NHÂN DÂN"),
            ("héi nghÞ", "hội nghị"),
            ("Hµ Néi", "Hà Nội"),
        ],
    )
    def test_capitals_that_tcvn3_lacks_come_back_where_the_word_shows_them(self, old, text):
        assert OLD_ENCODINGS["TCVN3 (ABC fonts)"](old) == text


class TestRecognition:
    @encodings
    def test_the_article_as_bytes(self, name):
        text, note = decode(MISREAD[name](ARTICLE).encode("cp1252"), name="a.txt")
        assert same(name, text, ARTICLE)
        assert note == f"converted from {name}"

    @encodings
    def test_the_article_saved_as_unicode_after_it_was_misread(self, name):
        text, note = repair(MISREAD[name](ARTICLE))
        assert same(name, text, ARTICLE)
        assert note == f"converted from {name}"

    @encodings
    def test_authored_articles(self, name):
        for sentences in authored_articles():
            text = "\n".join(sentences)
            old = MISREAD[name](text)
            assert same(name, decode(old.encode("cp1252"), name="a.txt")[0], text)
            assert same(name, repair(old)[0], text)

    @encodings
    def test_single_sentences(self, name):
        sentences = [each for article in authored_articles() for each in article]
        assert len(sentences) > 300
        wrong = 0
        for text in sentences:
            old = MISREAD[name](text)
            assert same(name, decode(old.encode("cp1252"), name="a.txt")[0], text)
            wrong += not same(name, repair(old)[0], text)
            assert same(name, repair(old)[0], text) or len(text.split()) < 8
        assert wrong <= 0.005 * len(sentences)

    @pytest.mark.parametrize(
        ("old", "text"),
        [
            ("ViÖt Nam", "Việt Nam"),
            ("thµnh phè Hå ChÝ Minh", "thành phố Hồ Chí Minh"),
            ("thaønh phoá Hoà Chí Minh", "thành phố Hồ Chí Minh"),
        ],
    )
    def test_a_name_alone_as_bytes(self, old, text):
        assert decode(old.encode("cp1252"), name="a.txt")[0] == text

    @pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
    def test_utf_8_read_as_western(self, wrong):
        sentence = "Chính phủ yêu cầu các địa phương đẩy mạnh giải ngân."
        data = sentence.encode()
        if wrong == "cp1252":
            misread = "".join(
                bytes([each]).decode("cp1252", "ignore") or chr(each) for each in data
            )
        else:
            misread = data.decode("latin-1")
        assert repair(misread) == (sentence, "converted from UTF-8 read as Windows-1252")

    def test_only_the_lines_in_an_old_encoding_are_converted(self):
        lines = [
            "Hội nghị diễn ra tại Hà Nội.",
            "Thñ t­íng yªu cÇu c¸c bé khÈn tr­¬ng.",
            "Ảnh: Lê Lưu",
        ]
        text, note = repair("\n".join(lines))
        assert text.split("\n") == [lines[0], "Thủ tướng yêu cầu các bộ khẩn trương.", lines[2]]
        assert note == "converted from TCVN3 (ABC fonts), 1 of 3 lines"

    def test_eth_stands_for_d_with_stroke_among_vietnamese_words(self):
        text, note = repair("Ông Trần Ðình Liệu nói về Biển Ðông. Phó Chủ tịch Lý Công ðã dự.")
        assert text == "Ông Trần Đình Liệu nói về Biển Đông. Phó Chủ tịch Lý Công đã dự."
        assert note == "converted the letter eth (Ð) to Đ"

    def test_addresses_and_markup_do_not_hide_the_language(self):
        old = '<p class="main-body">Xin traân troïng caûm ôn ñoàng chí.</p> www.vietnam-news.vn'
        assert "trân trọng cảm ơn đồng chí" in repair(old)[0]

    def test_a_converted_text_is_not_converted_again(self):
        for name, misread in MISREAD.items():
            text, _ = repair(misread(ARTICLE))
            assert repair(text) == (text, None), name


class TestLeftAlone:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Plain ASCII, khong dau, 100%.",
            "The “Đổi Mới” reforms cost £5, or ± 3 µm per m² — © 2024 · § 12 « quoted » résumé",
            "• one · two ® three ¬ four µg µA ¼ ½",
            "Málaga, São Paulo, Zürich, Besançon, Ærø, Beyoncé and naïve café façades",
            "Où est l’été ? À Genève, déjà là-bas, l’élève préféré a été reçu à côté du théâtre.",
            "Die Größe der Städte überrascht; für Jörg schön, natürlich müßig.",
            "El niño señaló que mañana habrá más año; él y tú, ¿qué más?",
            "Da de gå på den perioden, så var byen også større end før, og mændene lå på øen.",
            "Davíð Þór talaði við Guðrúnu um það sem þau höfðu séð í gær.",
            "Hà Lan và Lào là hai nước, tôi là sinh viên năm hai.",
        ],
    )
    def test_text_that_is_right_as_it_stands(self, text):
        assert repair(text) == (text, None)
        assert decode(text.encode(), name="a.txt") == (text, None)

    def test_vietnamese_in_unicode_composed_and_decomposed(self):
        for sentences in [ARTICLE.split("\n"), *authored_articles()]:
            for text in ["\n".join(sentences), *sentences]:
                assert repair(text) == (text, None)
        decomposed = unicodedata.normalize("NFD", ARTICLE)
        assert repair(decomposed) == (decomposed, None)

    def test_english_with_curved_quotes_as_windows_1252(self):
        text = "He said “growth – and jobs – came first”…"
        assert decode(text.encode("cp1252"), name="a.txt") == (text, "converted from Windows-1252")

    @given(st.text())
    def test_repairing_takes_any_text(self, text):
        assert isinstance(repair(text)[0], str)


SYLLABLES = st.sampled_from(sorted({each for each in ARTICLE.split() if is_syllable(each)}))
VIETNAMESE = st.lists(SYLLABLES, min_size=2, max_size=30).map(" ".join)


class TestUnicode:
    @given(
        VIETNAMESE,
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    )
    def test_decoding_undoes_encoding(self, text, codec):
        assert decode(text.encode(codec), name="a.txt") == (text, None)

    @pytest.mark.parametrize("order", ["le", "be"])
    def test_utf_16_with_a_byte_order_mark(self, order):
        data = f"\ufeff{ARTICLE}".encode(f"utf-16-{order}")
        assert decode(data, name="a.txt") == (ARTICLE, None)

    def test_utf_16_without_a_byte_order_mark_in_the_whole_article(self):
        assert decode(ARTICLE.encode("utf-16-le"), name="a.txt") == (ARTICLE, None)
        assert decode(ARTICLE.encode("utf-16-be"), name="a.txt") == (ARTICLE, None)

    def test_misread_text_in_utf_16(self):
        data = "Thñ t­íng yªu cÇu c¸c bé".encode("utf-16")
        assert decode(data, name="a.txt")[0] == "Thủ tướng yêu cầu các bộ"


class TestErrors:
    def test_a_broken_byte_in_utf_8_is_named_not_guessed_at(self):
        data = ARTICLE.encode()
        place = data.index("Phòng".encode()) + 3
        broken = data[:place] + b"\xff" + data[place + 1 :]
        with pytest.raises(
            ThoisuError, match=rf"^tin\.txt: byte {place - 1} \(0xC3\) is not UTF-8"
        ):
            decode(broken, name="tin.txt")

    def test_a_file_cut_inside_a_letter(self):
        data = "Hội nghị ở Hà Nội đã".encode()
        with pytest.raises(ThoisuError, match=f"byte {len(data) - 2} "):
            decode(data[:-1], name="a.txt")

    def test_other_languages_in_old_encodings(self):
        with pytest.raises(
            ThoisuError, match=r"byte 1 \(0xE9\) is not UTF-8.*save the file as UTF-8"
        ):
            decode("Où est l’été ? Déjà là".encode("cp1252").replace(b"O\xf9", b"D\xe9"), name="a")

    def test_binary_data(self):
        with pytest.raises(ThoisuError, match=r"a\.txt: byte 3 is zero"):
            decode(b"abc\0\1\2\3" * 9, name="a.txt")

    @pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
    def test_broken_utf_16(self, codec):
        data = "Hà Nội".encode(codec)
        with pytest.raises(ThoisuError, match=rf"a\.txt: byte \d+ is broken {codec.upper()}"):
            decode(data[:-1], name="a.txt")

    @given(st.binary(max_size=200))
    def test_any_bytes_give_a_text_or_one_line_of_advice(self, data):
        said = ""
        try:
            text, _ = decode(data, name="a.txt")
        except ThoisuError as error:
            text, said = "", str(error)
        assert said == "" or said.startswith("a.txt: byte ")
        assert "\n" not in said
        assert len(text) <= len(data)


class TestSyllables:
    @pytest.mark.parametrize(
        "word",
        [
            "nghiêng",
            "quyết",
            "giếng",
            "gì",
            "gìn",
            "khuỷu",
            "ĐƯỜNG",
            "Đắc",
            "xoong",
            "ở",
            "y",
            "yếu",
        ],
    )
    def test_syllables(self, word):
        assert is_syllable(word)

    @pytest.mark.parametrize(
        "word",
        [
            "cat",
            "đac",
            "càc",
            "hộị",
            "street",
            "ngiêm",
            "kả",
            "ViÖt",
            "lÃ",
            "ươ",
            "fà",
            "đAng",
            "z",
            "",
        ],
    )
    def test_other_words(self, word):
        assert not is_syllable(word)

    def test_nearly_all_marked_words_of_vietnamese_text_are_syllables(self):
        words = [each.strip(".,;:()“”\"'…") for each in ARTICLE.split()]
        marked = [each for each in words if each and not each.isascii() and each.isalpha()]
        assert sum(map(is_syllable, marked)) > 0.98 * len(marked)
