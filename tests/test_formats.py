"""What is written can be read back, by this package and by what people open files with."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import stat
import threading
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from labelled import FIVE, HOSTILE, articles, labelled
from thoisu import formats
from thoisu.errors import ThoisuError
from thoisu.formats import lines, markdown, parquet, shown, terminal, xlsx
from thoisu.formats.output import Output
from thoisu.formats.reading import read_rows
from thoisu.labels import LABEL_IDS, LABELS
from thoisu.results import ROW_COLUMNS, LabelledArticle

ROW_FORMATS = ("jsonl", "csv", "xlsx", "parquet")
PRINTED = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])


def written(
    name: str,
    *items: LabelledArticle,
    known: tuple[formats.Format, ...] = formats.LABELS,
) -> bytes:
    stream = io.BytesIO()
    writer = formats.choose(known, name=name, out=None).writer(stream)
    for item in items:
        writer.write(item)
    writer.close()
    return stream.getvalue()


def rows(*items: LabelledArticle) -> list[dict[str, object]]:
    return [row for item in items for row in item.rows()]


def save(folder: Path, name: str, *items: LabelledArticle) -> Path:
    path = folder / f"labels.{name}"
    path.write_bytes(written(name, *items))
    return path


# Rows


def test_rows_have_the_columns_of_the_design_and_count_sentences_from_zero() -> None:
    made = rows(labelled(name="bai-1"))
    assert [list(row) for row in made] == [list(ROW_COLUMNS)] * 5
    assert [row["sentence"] for row in made] == [0, 1, 2, 3, 4]
    assert [row["label"] for row in made] == FIVE


@pytest.mark.parametrize("name", ROW_FORMATS)
def test_rows_read_back_are_those_written_and_their_spans_hold(tmp_path: Path, name: str) -> None:
    first, second = labelled(name="một.txt"), labelled(*HOSTILE, name="=hai.txt")
    read = list(read_rows(save(tmp_path, name, first, second)))
    assert read == rows(first, second)
    texts = {item.id: item.text for item in (first, second)}
    for row in read:
        assert texts[row["article"]][row["start"] : row["end"]] == row["text"]


@pytest.mark.parametrize("name", ROW_FORMATS)
def test_no_articles_make_a_file_without_rows(tmp_path: Path, name: str) -> None:
    assert list(read_rows(save(tmp_path, name))) == []


@pytest.mark.parametrize("name", ["jsonl", "csv"])
@settings(max_examples=60, deadline=None)
@given(items=st.lists(articles(), max_size=3))
def test_any_text_survives_lines(
    tmp_path_factory: pytest.TempPathFactory, name: str, items: list[LabelledArticle]
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    assert list(read_rows(save(folder, name, *items))) == rows(*items)


@pytest.mark.parametrize("name", ["xlsx", "parquet"])
@settings(max_examples=25, deadline=None)
@given(item=articles())
def test_any_text_survives_binary_formats(
    tmp_path_factory: pytest.TempPathFactory, name: str, item: LabelledArticle
) -> None:
    folder = tmp_path_factory.mktemp("binary")
    assert list(read_rows(save(folder, name, item))) == rows(item)


def test_reading_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"article": "a"}\n', "utf-8")
    (tmp_path / "b.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ThoisuError, match=r"a\.jsonl: not a file of result rows \('sentence'\)"):
        list(read_rows(tmp_path / "a.jsonl"))
    with pytest.raises(ThoisuError, match=r"b\.xlsx: not a file of result rows"):
        list(read_rows(tmp_path / "b.xlsx"))
    with pytest.raises(ThoisuError, match=r"c\.doc: rows are read from \.jsonl"):
        list(read_rows(tmp_path / "c.doc"))


# JSON Lines and CSV


def test_json_lines_are_plain_json_with_vietnamese_as_it_is() -> None:
    made = written("jsonl", labelled("Kiến nghị:\x85\u2028sớm xây cầu"))
    assert "sớm xây cầu".encode() in made
    assert len(made.decode().splitlines()) == 1
    assert json.loads(made)["text"] == "Kiến nghị:\x85\u2028sớm xây cầu"


def test_json_can_hold_half_a_surrogate_pair() -> None:
    assert json.loads(lines.json_line({"text": "a\ud83d"})) == {"text": "a\ud83d"}


def test_csv_begins_with_a_byte_order_mark_and_a_header() -> None:
    made = written("csv", labelled())
    assert made.startswith(b"\xef\xbb\xbfarticle,sentence,")
    table = list(csv.DictReader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert tuple(table[0]) == ROW_COLUMNS
    assert table[1]["text"] == "Thu ngân sách đạt 1,8 tỷ đồng, vượt 12% kế hoạch."


def test_csv_into_a_pipe_has_no_byte_order_mark_but_a_file_has(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream:
        lines.CsvWriter(stream).write(labelled("Đạt."))
    with os.fdopen(reading, "rb") as stream:
        assert stream.read().startswith(b"article,")
    with (tmp_path / "a.csv").open("wb") as stream:
        lines.CsvWriter(stream).write(labelled("Đạt."))
    assert (tmp_path / "a.csv").read_bytes().startswith(lines.BOM + b"article,")


def test_no_cell_of_a_csv_file_can_run_as_a_formula() -> None:
    made = written("csv", labelled(*HOSTILE, name="=cmd|' /C calc'!A0"))
    for row in csv.DictReader(io.StringIO(made.decode("utf-8-sig"), newline="")):
        assert row["text"][0] not in "=+-@\t\r\n＝＋－＠"
        assert row["article"] == "'=cmd|' /C calc'!A0"


@settings(deadline=None)
@given(st.text())
@pytest.mark.parametrize("start", ["", "'", "''", "=", "'-", "\t@"])
def test_guarding_changes_only_formulas_and_can_be_undone(start: str, text: str) -> None:
    text = start + text
    cell = lines.guard(text)
    assert lines.unguard(cell) == text
    assert cell in (text, f"'{text}")
    assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")


# XLSX


def workbook(*items: LabelledArticle) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written("xlsx", *items)))


def test_workbook_has_a_frozen_header_a_filter_and_readable_widths() -> None:
    sheet = workbook(labelled())["labels"]
    assert [cell.value for cell in sheet[1]] == list(ROW_COLUMNS)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:M6"
    assert sheet.column_dimensions["F"].width == 90
    assert sheet["F3"].alignment.wrap_text
    assert (sheet["D3"].value, sheet["H3"].value) == (45, 0.9)
    assert sheet["H3"].number_format == "0.000"


def test_workbook_colours_each_label_and_explains_it() -> None:
    book = workbook(labelled())
    coloured = {
        rule.formula[0].strip('"'): rule.dxf.fill.bgColor.rgb[-6:]
        for group in book["labels"].conditional_formatting
        for rule in group.rules
    }
    assert coloured == {label.id: xlsx.tint(label.colour) for label in LABELS}
    assert [row[1].value for row in book["nhãn"]][1:] == [label.vietnamese for label in LABELS]


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    sheet = workbook(labelled(*HOSTILE, name="=A1"))["labels"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}
    assert [row[5].value for row in sheet.iter_rows(min_row=2)] == HOSTILE
    assert sheet["F2"].quotePrefix


def test_a_tint_is_light_enough_for_black_text() -> None:
    for label in LABELS:
        parts = [part / 255 for part in bytes.fromhex(xlsx.tint(label.colour))]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (luminance + 0.05) / 0.05 > 7  # WCAG 2.1, level AAA


def test_a_full_sheet_is_followed_by_another_one(tmp_path: Path) -> None:
    path = tmp_path / "labels.xlsx"
    items = [labelled(name=f"{number}") for number in range(3)]
    with path.open("wb") as stream:
        writer = xlsx.XlsxWriter(stream, most_rows=8)
        for item in items:
            writer.write(item)
        writer.close()
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["labels", "labels 2", "labels 3", "nhãn"]
    assert [book[name].max_row for name in book.sheetnames[:3]] == [8, 8, 2]
    assert list(read_rows(path)) == rows(*items)


def test_text_beyond_the_limit_of_a_cell_ends_in_an_ellipsis() -> None:
    assert xlsx.cut("ế" * 32_767) == "ế" * 32_767
    assert xlsx.cut("ế" * 32_768) == "ế" * 32_766 + "…"
    assert xlsx.cut("😀" * 20_000) == "😀" * 16_383 + "…"


# Parquet


def test_parquet_columns_are_typed_and_the_label_is_a_dictionary() -> None:
    table = pq.read_table(pa.BufferReader(written("parquet", labelled())))
    assert table.column_names == list(ROW_COLUMNS)
    types = dict(zip(table.column_names, table.schema.types, strict=True))
    assert pa.types.is_dictionary(types["label"])
    assert types["label"].value_type == pa.string()
    assert {types[name] for name in ("sentence", "paragraph", "start", "end")} == {pa.int32()}
    assert {types[name] for name in ("confidence", *LABEL_IDS)} == {pa.float64()}
    assert table.column("label").to_pylist() == FIVE


def test_parquet_is_written_in_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 10)
    items = [labelled(name=f"{number}") for number in range(5)]
    file = pq.ParquetFile(pa.BufferReader(written("parquet", *items)))
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
    assert sizes == [10, 10, 5]
    assert file.read().to_pylist() == rows(*items)


# HTML


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.content: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"meta", "input"}:
            return
        self._open.append(f"{tag}.{dict(attrs).get('class')}")
        self.content.setdefault(self._open[-1], []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().startswith(f"{tag}."), "tags are nested"

    def handle_data(self, data: str) -> None:
        for name in set(self._open):
            self.content[name][-1] += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("known", [formats.LABELS, formats.BRIEFS])
def test_hostile_text_stays_text_in_a_page(known: tuple[formats.Format, ...]) -> None:
    texts = [f"{text} kiến nghị" for text in HOSTILE]
    item = labelled(*texts, name='"><script>1</script>', title="<script>2</script>")
    page = Page(written("html", item, item, known=known))
    assert page.content["span.text"] == texts * 2
    assert page.content["h2.None"][-1] == '<script>2</script> · "><script>1</script>'
    assert not page.attributes("img")
    assert len(page.attributes("script")) == (known is formats.LABELS)


@settings(max_examples=50, deadline=None)
@given(articles())
def test_any_text_is_shown_as_it_is_in_a_page(item: LabelledArticle) -> None:
    page = Page(written("html", item))
    shown_texts = [text.replace("\r", "\ufffd") for text in page.content.get("span.text", [])]
    assert shown_texts == [shown.printable(each.text) for each in item.sentences]


def test_a_page_needs_no_network_and_allows_only_its_own_script_and_style() -> None:
    made = written("html", labelled(), labelled())
    page = Page(made)
    for _, attributes in page.tags:
        assert not {"src", "onclick", "style"} & set(attributes)
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(rb"@import|url\(|https?:", made)
    policy = next(a["content"] for a in page.attributes("meta") if "http-equiv" in a)
    for tag in ("style", "script"):
        digest = hashlib.sha256(page.content[f"{tag}.None"][0].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none';")


def test_a_page_names_each_label_in_both_languages_beside_its_colour() -> None:
    page = Page(written("html", labelled()))
    chips = page.content["span.label"]
    assert chips == [f"{label_vi(name)} {name} 0.90" for name in FIVE]
    style = page.content["style.None"][0]
    for label in LABELS:
        assert f".{label.id} {{ --colour: {label.colour}; }}" in style
        assert f".no-{label.id} li.{label.id} {{ display: none; }}" in style
    classes = [attributes.get("class") for attributes in page.attributes("li")]
    assert classes == FIVE


def test_boxes_to_tick_count_the_sentences_of_all_articles() -> None:
    page = Page(written("html", labelled(), labelled("Đề án đạt giải.")))
    assert [box["value"] for box in page.attributes("input")] == list(LABEL_IDS)
    assert page.content["label.achievement"] == [" thành tựu / achievement (2)"]


def test_several_articles_have_a_table_of_contents_and_one_has_none() -> None:
    items = [
        labelled(name=f"{number}", title=f"Bài {number}", date="2024-11-14") for number in "12"
    ]
    page = Page(written("html", *items))
    targets = [attributes["href"] for attributes in page.attributes("a")]
    assert targets == [f"#{attributes['id']}" for attributes in page.attributes("section")]
    assert page.content["a.None"] == ["Bài 1 · 2024-11-14 · 1", "Bài 2 · 2024-11-14 · 2"]
    assert not Page(written("html", items[0])).attributes("a")


def label_vi(name: str) -> str:
    return next(label.vietnamese for label in LABELS if label.id == name)


# Text and terminal


def test_plain_table_has_a_whole_sentence_a_line_and_no_escapes() -> None:
    long = "Tỉnh yêu cầu " + "các sở, ngành khẩn trương rà soát, " * 20 + "báo cáo."
    made = written("table", labelled(long, "Đạt \x1b[31mđỏ\x1b[0m"), labelled(name="b")).decode()
    first, *body = made.split("\n")
    assert first == "hoa-loc.txt"
    assert body[0] == f"0  chỉ đạo / directive      0.90  {long}"
    assert "\x1b" not in made
    assert body[2:4] == ["", "b"]
    assert [line[3:].split(" / ")[1].split()[0] for line in body[4:9]] == FIVE


def test_columns_line_up_whatever_the_language() -> None:
    made = written("table", labelled()).decode().split("\n")[1:6]
    assert len({line.index("0.90") for line in made}) == 1
    assert shown.width("đề nghị") == 7
    assert shown.width("e\u0302") == 1
    assert shown.width("日本") == 4


def on_screen(*items: LabelledArticle, brief: bool = False, **options: object) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=70, force_terminal=True, **options)  # type: ignore[arg-type]
    kind = terminal.BriefWriter if brief else terminal.TableWriter
    writer = kind(console)
    for item in items:
        writer.write(item)
    writer.close()
    return stream.getvalue()


def test_terminal_table_shows_both_languages_in_the_colour_of_the_label() -> None:
    made = on_screen(labelled(), color_system="truecolor")
    for label in LABELS:
        red, green, blue = bytes.fromhex(label.colour[1:])
        assert f"\x1b[1;38;2;{red};{green};{blue}m{label.vietnamese}" in made
        assert f"\x1b[1;38;2;{red};{green};{blue}m{label.id}" in made
    assert "0.90" in made


@pytest.mark.parametrize("brief", [False, True])
def test_terminal_output_keeps_every_word_and_no_control_sign(*, brief: bool) -> None:
    text = "Tỉnh yêu cầu [bold]không[/bold] \x1b]0;chiếm\x07 :smile: " + "khẩn trương " * 30
    made = on_screen(labelled(text), brief=brief, no_color=True, color_system=None)
    assert "\x1b]" not in made
    assert "\x07" not in made
    assert "[bold]không[/bold]" in made
    assert ":smile:" in made
    assert made.count("khẩn") == 30


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*38;", on_screen(labelled(), color_system="truecolor"))


# Briefs

BRIEF = ("Yêu cầu thứ nhất: yêu cầu.", "Họp lúc 8 giờ.", "Kết quả đạt 90%.", "Có yêu cầu nào khác?")


def brief_lines(name: str) -> list[str]:
    return written(name, labelled(*BRIEF), known=formats.BRIEFS).decode().split("\n")


def test_brief_has_four_lists_in_order_and_leaves_the_rest_out() -> None:
    assert brief_lines("text") == [
        "hoa-loc.txt",
        "===========",
        "",
        "Đã đạt được / Achieved (1)",
        "  - Kết quả đạt 90%.",
        "",
        "Khó khăn, hạn chế / Difficult (0)",
        "  không có / none",
        "",
        "Chỉ đạo, nhiệm vụ / Ordered (2)",
        "  - Yêu cầu thứ nhất: yêu cầu.",
        "  - Có yêu cầu nào khác? (?)",
        "",
        "Kiến nghị, đề xuất / Asked for (0)",
        "  không có / none",
        "",
        f"(?) {shown.UNSURE_NOTE[0]} / {shown.UNSURE_NOTE[1]}",
        "",
    ]


def test_brief_in_markdown_renders_as_headings_and_lists() -> None:
    html = MarkdownIt().render("\n".join(brief_lines("markdown")))
    assert re.findall("<h1>(.*?)</h1>", html) == ["hoa-loc.txt"]
    assert re.findall("<h2>(.*?) /", html) == [vi for vi, _ in shown.HEADINGS.values()]
    assert re.findall("<li>(.*?)</li>", html) == [
        "Kết quả đạt 90%.",
        "Yêu cầu thứ nhất: yêu cầu.",
        "Có yêu cầu nào khác? (?)",
    ]


def test_brief_in_a_page_and_in_a_terminal_hold_the_same_sentences() -> None:
    page = Page(written("html", labelled(*BRIEF), known=formats.BRIEFS))
    assert page.content["span.text"] == [BRIEF[2], BRIEF[0], BRIEF[3]]
    assert "Yêu cầu thứ nhất" in page.content["ul.None"][2]
    made = on_screen(labelled(*BRIEF), brief=True, color_system=None)
    assert [made.index(BRIEF[n]) for n in (2, 0, 3)] == sorted(
        made.index(BRIEF[n]) for n in (2, 0, 3)
    )
    assert BRIEF[1] not in made


def test_a_sure_brief_says_nothing_of_being_unsure() -> None:
    for name in ("text", "markdown", "html"):
        assert "(?)" not in written(name, labelled(), known=formats.BRIEFS).decode()


@pytest.mark.parametrize("start", ["", "1. ", "- ", "+ ", "# ", "===", "> ", "    ", "```", "<b>"])
@settings(max_examples=50, deadline=None)
@given(text=st.text(PRINTED))
def test_escaped_markdown_renders_as_the_text_itself(start: str, text: str) -> None:
    line = shown.one_line(start + text)
    html = MarkdownIt("commonmark", {"html": True}).render(f"- {markdown.escape(line)}")
    page = Page(html.encode())
    items = page.content.get("li.None", [""])
    assert [item.strip("\n") for item in items] == [line]


# Which format


@pytest.mark.parametrize(
    ("out", "name", "expected"),
    [
        (None, None, "table"),
        ("labels.CSV", None, "csv"),
        ("labels.ndjson", None, "jsonl"),
        ("labels.htm", None, "html"),
        ("labels.csv", "parquet", "parquet"),
        ("labels", "xlsx", "xlsx"),
    ],
)
def test_format_follows_from_the_suffix_unless_it_is_named(
    out: str | None, name: str | None, expected: str
) -> None:
    chosen = formats.choose(formats.LABELS, name=name, out=Path(out) if out else None)
    assert chosen.name == expected


def test_unknown_suffix_and_format_are_told_with_those_that_exist() -> None:
    with pytest.raises(ThoisuError, match=r"labels\.doc: .* \.jsonl, \.csv, \.xlsx, \.parquet"):
        formats.choose(formats.LABELS, name=None, out=Path("labels.doc"))
    with pytest.raises(ThoisuError, match="'xml': unknown; choose one of table, jsonl"):
        formats.choose(formats.LABELS, name="xml", out=None)


# The file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "labels.csv"
    target.write_bytes(b"earlier")
    with Output(target) as output:
        output.stream.write(b"new")
        output.stream.flush()
        assert target.read_bytes() == b"earlier"
        output.commit()
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["labels.csv"]


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "labels.csv"
    target.write_bytes(b"earlier")

    def fail() -> None:
        with Output(target) as output:
            output.stream.write(b"half of")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_bytes() == b"earlier"
    assert names(tmp_path) == ["labels.csv"]


def test_what_is_kept_never_takes_the_name_of_another_file(tmp_path: Path) -> None:
    for content in (b"1", b"2"):
        with Output(tmp_path / "labels.csv") as output:
            output.stream.write(content)
            kept = output.keep()
    assert kept == tmp_path / "labels.partial-2.csv"
    assert names(tmp_path) == ["labels.partial-2.csv", "labels.partial.csv"]
    assert (tmp_path / "labels.partial.csv").read_bytes() == b"1"


def test_permissions_are_those_of_the_earlier_file_or_the_usual_ones(tmp_path: Path) -> None:
    target = tmp_path / "labels.csv"
    before = os.umask(0o027)
    try:
        with Output(target) as output:
            output.commit()
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
        target.chmod(0o604)
        with Output(target) as output:
            output.commit()
        assert stat.S_IMODE(target.stat().st_mode) == 0o604
    finally:
        os.umask(before)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "labels.csv").symlink_to(tmp_path / "real" / "labels.csv")
    with Output(tmp_path / "labels.csv") as output:
        output.stream.write(b"x")
        output.commit()
    assert (tmp_path / "labels.csv").is_symlink()
    assert (tmp_path / "real" / "labels.csv").read_bytes() == b"x"


def test_a_pipe_is_written_to_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    with Output(tmp_path / "pipe") as output:
        output.stream.write(b"x")
        output.commit()
    reader.join(5)
    assert got == [b"x"]
    assert names(tmp_path) == ["pipe"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", [*ROW_FORMATS, "html", "table"])
def test_a_full_disk_is_told_in_one_line(name: str) -> None:
    chosen = formats.choose(formats.LABELS, name=name, out=None)

    def fill() -> None:
        with Output(Path("/dev/full")) as output:
            writer = chosen.writer(output.stream)
            for number in range(300):
                writer.write(labelled(name=f"{number}"))
            writer.close()
            output.commit()

    with pytest.raises(ThoisuError, match=r"^/dev/full: cannot be written \(No space left"):
        fill()


def test_missing_folders_are_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ThoisuError, match=r"there is no folder .*nowhere; make it first"):
        Output(tmp_path / "nowhere" / "labels.csv")
    with pytest.raises(ThoisuError, match="is a folder; give the name of a file"):
        Output(tmp_path)
