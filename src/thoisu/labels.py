"""The five labels, and the only place where they are listed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A label: what it is called, what it means, and how it is shown.

    Attributes:
        id: the name in files and in code.
        vietnamese: the name shown to readers of Vietnamese.
        meaning: what a sentence with this label does, in English.
        meaning_vi: the same in Vietnamese.
        colour: of the label in pages and in the terminal, as ``#rrggbb``; the five are told
            apart by people who do not see red and green alike (Okabe and Ito 2008).
    """

    id: str
    vietnamese: str
    meaning: str
    meaning_vi: str
    colour: str


LABELS = (
    Label(
        "achievement",
        "thành tựu",
        "reports a result, progress or standing reached or kept, or praises one",
        "nêu kết quả, tiến bộ, vị thế đã đạt được hoặc giữ được, hoặc biểu dương điều đó",
        "#009e73",
    ),
    Label(
        "challenge",
        "khó khăn",
        "states a difficulty, shortcoming, decline, violation, risk or unmet target",
        "nêu khó khăn, hạn chế, sa sút, sai phạm, nguy cơ hoặc chỉ tiêu không đạt",
        "#d55e00",
    ),
    Label(
        "directive",
        "chỉ đạo",
        "says what has to be done, set by somebody with authority over those who are to do it",
        "nêu việc phải làm, do người có thẩm quyền đặt ra cho người thực hiện",
        "#0072b2",
    ),
    Label(
        "proposal",
        "kiến nghị",
        "asks somebody outside the speaker's authority to decide, allow, fund or amend",
        "đề nghị nơi người nói không có quyền quyết định xem xét, cho phép, hỗ trợ, sửa đổi",
        "#cc79a7",
    ),
    Label(
        "other",
        "khác",
        "does none of these: attendance, agenda, captions, background, explanation",
        "không thuộc các loại trên: thành phần dự, chương trình, chú thích ảnh, bối cảnh",
        "#7f7f7f",
    ),
)
LABEL_IDS: tuple[str, ...] = tuple(label.id for label in LABELS)
BY_ID: dict[str, Label] = {label.id: label for label in LABELS}
