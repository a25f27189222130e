"""Split an article into sentences, with spans into the text as read.

Lines are joined into paragraphs where a line break plainly cuts a running sentence in two; every
stop in a paragraph is then judged by what stands before and after it. What is known of the
language is written in the tables at the top, and the code only looks things up in them. What a
sentence means is left to others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Abbreviations that never end a sentence: a name or a number follows them.
NEVER_FINAL = _words(
    "Th Ths ThS THS Ts TS TSKH Gs GS Pgs PGS Bs BS BSCK BSCKI BSCKII Ks KS Ls LS Kts KTS Ds DS "
    "NSND NSƯT NGND NGƯT Mr Mrs Ms Dr Prof Ph St Mt No Nr Vol Fig tr Tr vs al www"
)
# Abbreviations (and any single capital letter) that end a sentence only where what follows plainly
# begins one: "… trên địa bàn TP. Theo đó …", but "TP. Hải Phòng"; "ông A. Sau đó", but "V. Lenin".
SELDOM_FINAL = _words(
    "TP Tp tp TX Tx tx TT Tt KP Kp KĐT đ NXB Nxb Cty CTY ty Co Ltd Inc Corp Jr Sr"
)
# Abbreviations for "and so on", which end a sentence before a capital letter.
AND_SO_ON = frozenset(["v.v", "V.v", "vv", "v.v.v"])
# Words after which a single letter is a rank or a number, not the initial of a name.
RANKS = _words(
    "khu loại hạng nhóm khối lớp vitamin gan cúm block tòa toà cấp điểm phần khóa khoá quý kỳ thứ "
    "đợt bảng mục Mục chương mẫu tuyến lô"
)
# Words that open sentences, whatever follows them …
OPENERS = _words(
    "Theo Trong Về Tại Ngoài Đối Trước Cùng Để Với Do Sau Đây Hiện Vì Cũng Trên Tiếp Nếu Qua Khi "
    "Riêng Đó Ngay Song Nhưng Mặc Bởi Dù Nhằm Nhờ Và Vào Dưới Ở Tới Từ Đến Các Những Ông Bà Tôi "
    "Chúng Họ Việc Bộ Ngày Chiều Sáng Tháng Nay Nhiều Mỗi Lúc Hôm Tổng Phó Giữa Suốt UBND HĐND Ủy "
    "Uỷ Sở Cục"
)
# … and those that do so before a word in lower case, and may else be names (Hội nghị, Hội An).
OPENERS_BEFORE_SMALL = _words(
    "Tuy Bên Như Còn Có Không Được Cho Hơn Phải Là Cả Vừa Ví So Chưa Bị Đã Sẽ Vậy Thế Kể Thậm Hay "
    "Rồi Nên Đang Chỉ Càng Khác Gần Tất Chẳng Một Hai Ba Bốn Năm Sáu Anh Chị Em Người Điều Đề Thứ "
    "Thủ Chủ Bí Ban Vụ Viện Đoàn Đại Công Phát Báo Kết Thực Chính Liên Thời Thông Nghị Cơ Lãnh "
    "Trường Hội Nhân Quy Tổ Văn Tính Mặt Thành Tỉnh Số Nhấn Tham Căn Tập Quốc Đánh Luật Trả Đẩy "
    "Giải Trung Nhà Thay Mục Nguyên Thanh Quyết Mức Trao Quá Sự Xây Phương Cần Khu Cử Nhận Giai "
    "Giao Đơn Triển Thường Cuối Mới Doanh Nhóm Trình Nguồn Tuyến Đầu Tình Đảng Chương Vấn Góp Quan "
    "Toàn Ngành Phối Nghiên Phân Khẳng Nêu Thống Ghi Yêu Hệ Khẩn Hoạt Kế Bảo Làm Tỷ Hoàn Lý Kinh "
    "Chuyến Rà Nhìn Tiêu Nói Kiểm Phiên Diễn Hàng Nhiệm Tối Bổ Thảo Cuộc Nhắc Thẩm Thu Nhất Điểm "
    "Kỳ Bước Giá Phấn Lễ Hướng Dân Giám Nâng Lực Vị Định Trách Cựu Địa Trưởng Điển Bày Dẫn Thúc "
    "Hợp Chuyển Kiến Xin Hành Thượng Phần Sửa Cấp Tòa Toà Buổi Quỹ Tiến Ưu Cán Chú Cách Chất Xét "
    "Bản Xử Mở Kiên Xác Xem Muốn Phản Huyện Đường Cải Thiếu Xuất Ước Hồi Học Đổi Tạo Lũy Quản Sản "
    "Chuyên Phía Lĩnh Tân Lần Kịp Đưa Đồng Tăng Đặc Đáng Dự Cụ Thì Mà Sinh Vợ Chồng Con Gia "
    "Mô Sắp Bắt Áp Hằng Hàng Lại Đợt Kèm Lấy Điểm Ảnh Thuộc"
)
NOT_OPENERS = frozenset(["Từ Sơn", "Bà Rịa"])  # towns
# What takes a number and a stop at the head of a sentence: "Điều 2. Hiệu lực thi hành".
NUMBERED = ("Điều", "Chương", "Mục", "Phần", "Khoản", "Bước", "Câu", "Bài", "Phụ lục")
# Words that no sentence ends with: a line that does goes on in the next.
UNFINISHED = _words(
    "của và với tại cho từ các những bởi vì để hoặc nếu như gồm giữa đã sẽ ông bà ngài Ngài Phó "
    "Tổng Ủy Uỷ"
)
# A line that begins so is a new sentence, even after a comma at the end of the line before.
CONNECTIVES = ("Trong đó", "Ngoài", "Đồng thời", "Đây", "Tuy nhiên", "Bên cạnh", "Theo đó")
# Last parts of internet addresses in which a capital follows the stop: "Chinhphu.Vn".
DOMAINS = _words("Vn VN Com COM Net NET Org ORG Gov GOV Edu EDU")

# Before what a stop ends a sentence, by its kind and by how it is joined to what follows.
ENDS_BEFORE: dict[tuple[str, str], frozenset[str]] = {
    ("stop", "apart"): frozenset(["capital", "small", "digit", "item", "sign"]),
    ("stop", "closed"): frozenset(["capital", "digit"]),
    ("stop", "fused"): frozenset(["capital"]),
    ("ellipsis", "apart"): frozenset(["capital", "digit", "item"]),
    ("ellipsis", "closed"): frozenset(["capital"]),
    ("ellipsis", "fused"): frozenset(["capital"]),
}

INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
GAP = rf"\s|{INVISIBLE}"  # captions and rows of tables end in a bar
BREAK = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
DASHES = "–—•*+▪●■◦·►✓-"  # the hyphen last: it stands at the end of character classes

LINE = re.compile(rf"[^{BREAK}]+")
BLANK_LINE = re.compile(rf"(?:\r\n|[{BREAK}])[^\S{BREAK}]*+[{BREAK}]")
LEADING_GAP = re.compile(rf"[{GAP}]*+")
GAP_CHARACTER = re.compile(rf"[{GAP}]")
WHITE_SPACE = re.compile(r"[\s|]")
STOP = re.compile(
    rf"""
    (?<![.…?!]) (?P<mark> [.…?!] (?: \s?[.…?!] )*+ )
    (?P<close> (?: [ ]? [”»)\]] | ["'’“] (?=[^\w“"]|\Z) )*+ )  # what closes after the stop
    (?P<gap> [{GAP}]*+ )
    (?P<open> ["“‘'«(\[]*+ )  # what opens before the next sentence
    """,
    re.VERBOSE,
)
LETTER_OR_DIGIT = re.compile(r"[^\W_]")
WORD = re.compile(r"\w+")
TWO_WORDS = re.compile(r"(\w+)(?:\s(\w+))?")
INITIAL = re.compile(r"[A-ZĐÐ]")  # the second one is the Icelandic letter, often typed for Đ
MARKER = r"(?:\d{1,3}(?:\.\d{1,3})*|[IVX]{1,4}|[A-Za-zđĐ])"
ENUMERATOR = re.compile(
    rf"(?:\A|[:;]\s)[\s“\"(\[{DASHES}]*(?:(?:{'|'.join(NUMBERED)})\s)?{MARKER}\Z"
)
THOUSANDS = re.compile(r"\d{3}(?:,\d|\s(?:tỷ|tỉ|triệu|nghìn|ngàn|đồng|người|USD|ha)\b)")
CONTEXT = 32  # characters before a stop that the rules look at: longer than any abbreviation

FINISHED = re.compile(r"[.…?!:;][\s\"”’'»)\]]*\Z")
ITEM = re.compile(rf"[{DASHES}]|\(?{MARKER}[.)](?!\w)")
MARKER_ALONE = re.compile(rf"\(?{MARKER}[.)]")
CONNECTIVE = re.compile("|".join(CONNECTIVES))

PAIRS = {"(": ")", "[": "]", "“": "”", "«": "»", "{": "}"}
BRACKET_OR_SEMICOLON = re.compile(r"&#?\w{1,8};|[()\[\]{}“”«»\";]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a clause of one, and where it stands.

    Attributes:
        text: as it stands in the article, a line break that cuts it in two included.
        start: of the span, in Unicode code points of the article.
        end: of the span; ``article[start:end] == text``.
        paragraph: number of the paragraph in the article, from 0.
    """

    text: str
    start: int
    end: int
    paragraph: int


def split(text: str) -> list[Sentence]:
    """Split an article into its sentences, in order.

    A line break ends a sentence (headings, captions, list items), unless it plainly cuts a running
    one in two. Nothing is lost between the spans but white space, invisible characters and the
    bars that close captions and table cells. The time taken grows with the length of the text.
    """
    return [
        Sentence(text[start:end], start, end, number)
        for number, paragraph in enumerate(_paragraphs(text))
        for start, end in _sentences(text, *paragraph)
    ]


def clauses(sentence: Sentence) -> list[Sentence]:
    """Split a sentence at the semicolons that stand outside of its quotes and brackets.

    The semicolon stays with the clause that it ends. The spans count in the article, like those of
    the sentence.
    """
    text = sentence.text
    cuts: list[int] = []
    opened: list[tuple[str, int]] = []  # what would close each, and how many cuts stood before it
    waiting: dict[str, int] = {}
    for match in BRACKET_OR_SEMICOLON.finditer(text):
        sign = match[0]
        if waiting.get(sign, 0):  # it closes: semicolons since it opened do not count
            closer, before = opened.pop()
            while closer != sign:
                waiting[closer] -= 1
                closer, before = opened.pop()
            waiting[sign] -= 1
            del cuts[before:]
        elif sign == ";":
            cuts.append(match.end())
        elif sign in PAIRS or sign == '"':
            closer = PAIRS.get(sign, sign)
            opened.append((closer, len(cuts)))
            waiting[closer] = waiting.get(closer, 0) + 1
    spans: list[tuple[int, int]] = []
    start = wordless = 0
    for cut in cuts:
        if LETTER_OR_DIGIT.search(text, wordless, cut):
            spans.append((start, cut))
            start = wordless = _after_gap(text, cut, len(text))
        else:
            wordless = cut
    _add_rest(spans, text, start, len(text))
    return [
        Sentence(text[a:b], sentence.start + a, sentence.start + b, sentence.paragraph)
        for a, b in spans
    ]


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of the sentences of one paragraph."""
    spans: list[tuple[int, int]] = []
    wordless = start  # no letter or digit stands between the last end and here
    for stop in STOP.finditer(text, start, end):
        if stop.end() == end:
            break
        if not _ends_sentence(text, start, stop, end):
            continue
        if LETTER_OR_DIGIT.search(text, wordless, stop.start()):
            spans.append((start, stop.end("close")))
            start = wordless = stop.end("gap")
        else:
            wordless = stop.start()
    _add_rest(spans, text, start, end)
    return spans


def _add_rest(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Add what follows the last span: to it, if it has no letter or digit, else as one more."""
    if spans and not LETTER_OR_DIGIT.search(text, start, end):
        start = spans.pop()[0]
    if start < end:
        spans.append((start, end))


def _ends_sentence(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    """Tell whether a stop ends the sentence that began at `start`; something follows it."""
    mark, close, gap, _ = stop.groups()
    kind = "ellipsis" if "…" in mark or mark.count(".") > 1 else "stop"
    joint = "fused" if not WHITE_SPACE.search(gap) else "closed" if close else "apart"
    following = _what_follows(text, stop.end(), end)
    if following not in ENDS_BEFORE[kind, joint]:
        return False
    return mark != "." or not _is_inside(text, start, stop, end, following, fused=joint == "fused")


def _is_inside(
    text: str, start: int, stop: re.Match[str], end: int, following: str, *, fused: bool
) -> bool:
    """Tell whether a full stop belongs to an abbreviation, a number or an address."""
    at = stop.end()
    before = text[max(start, stop.start() - CONTEXT) : stop.start()]
    words = before.split()
    token = words[-1].lstrip("\"“‘'«([") if words else ""
    part = token.rpartition(".")[2]  # TS of PGS.TS
    if token in AND_SO_ON:
        return following != "capital"
    if part in NEVER_FINAL or ENUMERATOR.search(before):
        return True
    if part in SELDOM_FINAL or INITIAL.fullmatch(part):
        ranked = len(words) > 1 and words[-1] == part and words[-2] in RANKS
        quoting = '"' in stop["open"] or "“" in stop["open"]
        opens = ranked or quoting or _opens_sentence(text, at, end)
        return following != "capital" or not opens
    if fused:
        acronyms = part[-1:].isupper() and text[at].isupper() and text[at + 1 : at + 2].isupper()
        word = WORD.match(text, at, end)
        return acronyms or (word is not None and word[0] in DOMAINS)
    return token[-1:].isdigit() and THOUSANDS.match(text, at, end) is not None


def _what_follows(text: str, at: int, end: int) -> str:
    """Name the kind of what stands at a place: the keys of `ENDS_BEFORE`, or ``mark``."""
    character = text[at]
    if character.islower():
        return "small"
    if character.isalpha():
        return "capital"
    if character.isnumeric():
        return "digit"
    if character in DASHES:
        after = _after_gap(text, at + 1, end)
        return "item" if after < end and not text[after].islower() else "mark"
    return "mark" if character in ",;:.…?!%/=)]}”’»\"'" else "sign"


def _opens_sentence(text: str, at: int, end: int) -> bool:
    """Tell whether the words at a place plainly begin a sentence."""
    words = TWO_WORDS.match(text, at, end)
    if not words or words[0] in NOT_OPENERS:
        return False
    first, second = words[1].replace("Ð", "Đ"), words[2] or ""
    return first in OPENERS or (first in OPENERS_BEFORE_SMALL and second[:1].islower())


def _after_gap(text: str, at: int, end: int) -> int:
    gap = LEADING_GAP.match(text, at, end)
    return gap.end() if gap else at


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each paragraph: a line, or several that one sentence runs through."""
    lines = []
    for match in LINE.finditer(text):
        start, end = _after_gap(text, *match.span()), match.end()
        while end > start and GAP_CHARACTER.match(text, end - 1):
            end -= 1
        if start < end:
            lines.append((start, end))
    if not lines:
        return
    width = _wrapped_at(text, lines)
    start, end = lines[0]
    for line, following in pairwise(lines):
        if not _runs_on(text, line, following, width=width, first=start == line[0]):
            yield start, end
            start = following[0]
        end = following[1]
    yield start, end


def _wrapped_at(text: str, lines: list[tuple[int, int]]) -> int:
    """Return the width at which the text was hard-wrapped, 0 if it was not.

    It was if most lines that end without a stop go on in lower case, and lines are of one length.
    """
    small = other = 0
    for (start, end), (following, _) in pairwise(lines):
        if not _is_finished(text, start, end):
            small += text[following].islower()
            other += not (text[following].islower() or ITEM.match(text, following))
    if small < max(3, other, len(lines) / 4):
        return 0
    lengths = sorted(end - start for start, end in lines)
    width = lengths[len(lengths) * 9 // 10]
    return width if 40 <= width <= 160 and lengths[len(lengths) // 2] >= width / 2 else 0


def _is_finished(text: str, start: int, end: int) -> bool:
    return FINISHED.search(text, max(start, end - 4), end) is not None


def _runs_on(
    text: str, line: tuple[int, int], following: tuple[int, int], *, width: int, first: bool
) -> bool:
    """Tell whether the sentence at the end of a line goes on in the following line.

    Args:
        text: the article.
        line: span of the line.
        following: span of the next line that is not empty.
        width: at which the text was hard-wrapped, 0 if it was not.
        first: whether the line is the first of its paragraph.
    """
    (start, end), at = line, following[0]
    small = text[at].islower()
    if ITEM.match(text, at, following[1]) or BLANK_LINE.search(text, end, at):
        return False
    if MARKER_ALONE.fullmatch(text, start, end) or text[at] in ",;:)%”»":
        return True
    if _is_finished(text, start, end):
        full = width > 0 and end - start >= 0.75 * width
        return full and (small or text[end - 1] not in ":;")
    if width or small:  # a small letter after an item in small letters begins the next item
        heading = text[start:end].isupper()
        return (width > 0 and not heading) or (small and not (first and text[start].islower()))
    last_word = text[max(start, end - CONTEXT) : end].rsplit(maxsplit=1)[-1]
    return (
        last_word in UNFINISHED
        or (text[end - 1] == "," and not CONNECTIVE.match(text, at))
        or (not first and text[start].islower())
    )
