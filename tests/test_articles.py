import io
import itertools
import json
import logging
import os
import random
import socket
import struct
import subprocess
import sys
import unicodedata
import zipfile
import zlib
from datetime import date, datetime
from pathlib import Path

import docx
import pyarrow as pa
import pytest
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from thoisu import articles, documents, records
from thoisu.articles import Article, Rejected, clean, read

DATA = Path(__file__).parent.parent / "data"
LEAD = "Sáng 9/3, Chủ tịch UBND tỉnh Nông Văn Thụ chủ trì phiên họp thường kỳ tháng 3."
BODY = [
    "Quý I, thu ngân sách trên địa bàn đạt 4.120 tỷ đồng, tăng 17% so với cùng kỳ năm trước.",
    "Tuy nhiên, giải ngân vốn đầu tư công mới đạt 11%, thấp hơn mức bình quân chung của cả nước.",
    "Chủ tịch tỉnh yêu cầu các sở, ngành khẩn trương tháo gỡ vướng mắc về giải phóng mặt bằng.",
    "Tỉnh kiến nghị Trung ương xem xét bổ sung vốn cho tuyến đường ven biển Phú Lĩnh.",
]
TEXT = "\n".join([LEAD, *BODY])
TCVN3 = "Chñ tÞch tØnh yªu cÇu c¸c së, ngµnh khÈn tr­¬ng th¸o gì v­íng m¾c."
FROM_TCVN3 = "Chủ tịch tỉnh yêu cầu các sở, ngành khẩn trương tháo gỡ vướng mắc."


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def one(path: Path | str) -> Article:
    (item,) = read(path)
    assert isinstance(item, Article), item
    return item


def reason(path: Path | str) -> str:
    (item,) = read(path)
    assert isinstance(item, Rejected), item
    assert item.source == str(path)
    assert "\n" not in item.reason
    return item.reason


class TestClean:
    def test_line_ends_of_every_kind(self):
        assert clean("a\r\nb\rc\nd\u2028e\u2029f\x85g\vh\fi") == "a\nb\nc\nd\ne\nf\ng\nh\ni"

    def test_spaces_of_every_kind(self):
        assert clean("a\xa0b\u202fc\u3000d\te\u2009f") == "a b c d e f"

    def test_what_has_no_width_is_left_out(self):
        assert clean("\ufeffHà\u200b Nội\u200d\u2060\xad\u200e\x00\x07") == "Hà Nội"

    def test_composes_letters_also_across_what_is_left_out(self):
        assert clean(unicodedata.normalize("NFD", TEXT)) == TEXT
        assert clean("e\u200b\u0323\u0302") == "ệ"

    def test_half_a_surrogate_pair_becomes_a_replacement_character(self):
        assert clean("a\ud83db") == "a\ufffdb"

    @given(st.text(st.characters()) | st.text("a\r\n\u200b\u0302\xa0e\u0323\ud800\x85", max_size=8))
    def test_cleaning_twice_is_cleaning_once(self, text):
        once = clean(text)
        assert clean(once) == once
        assert unicodedata.is_normalized("NFC", once)
        once.encode()


class TestText:
    def test_the_bundled_article(self):
        article = one(DATA / "article/hai-phong.txt")
        text = (DATA / "article/hai-phong.txt").read_text("utf-8")
        assert article == Article("hai-phong.txt", unicodedata.normalize("NFC", text))

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_unicode(self, tmp_path, codec):
        path = write(tmp_path / "tin.txt", TEXT.replace("\n", "\r\n").encode(codec))
        assert one(path) == Article("tin.txt", TEXT)

    def test_an_old_encoding_is_told_of(self, tmp_path):
        path = write(tmp_path / "TIN.TXT", TCVN3.encode("latin-1"))
        note = "converted from TCVN3 (ABC fonts)"
        assert one(path) == Article("TIN.TXT", FROM_TCVN3, notes=(note,))

    @pytest.mark.parametrize("content", ["", " \r\n\t\xa0\u200b", "... | --"])
    def test_without_text(self, tmp_path, content):
        path = write(tmp_path / "a.txt", content)
        assert reason(path) == ("has no text in it" if content else "is empty")

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"%PDF-1.7\n1 0 obj", "a PDF"),
            (b"PK\x03\x04\x14\0", "a Word file, table or archive"),
            (rb"{\rtf1\ansi Ha Noi}", "a rich text file (RTF)"),
            (b"\x89PNG\r\n\x1a\n\0", "a picture"),
        ],
    )
    def test_another_kind_of_file_by_the_name_of_txt(self, tmp_path, content, kind):
        path = write(tmp_path / "a.txt", content)
        assert reason(path) == f"is {kind}, not plain text; save it as .docx or .txt"

    def test_bytes_that_are_no_text_are_named_by_place(self, tmp_path):
        path = write(tmp_path / "a.txt", TEXT.encode()[:41] + b"\xff" + TEXT.encode()[41:])
        assert reason(path).startswith("byte 41 (0xFF) is not UTF-8, and the text is not TCVN3")


class TestPlaces:
    def test_a_missing_file(self, tmp_path):
        assert reason(tmp_path / "không có.txt") == "no such file or folder"

    @pytest.mark.parametrize(
        ("name", "kind"), [("a.pdf", "of the kind .pdf"), ("a", "without a suffix")]
    )
    def test_an_unknown_suffix_given_by_name(self, tmp_path, name, kind):
        path = write(tmp_path / name, TEXT)
        kinds = ".txt, .html, .htm, .docx, .jsonl, .csv, .parquet"
        assert reason(path) == f"files {kind} are not read; thoisu reads {kinds}"

    def test_what_is_no_file(self, tmp_path):
        path = tmp_path / "a.txt"
        os.mkfifo(path)
        assert reason(path).startswith("is not a file; to read from a pipe, give -")

    def test_a_file_that_may_not_be_read(self, tmp_path, monkeypatch):
        path = write(tmp_path / "a.txt", TEXT)

        def refuse(self):
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "read_bytes", refuse)
        assert reason(path) == "cannot be read (Permission denied)"


class TestFolder:
    def test_files_are_read_in_the_order_of_their_paths(self, tmp_path):
        for name in ["c.txt", "b/2.TXT", "b/10.txt", "b/á/x.txt", "a.txt"]:
            write(tmp_path / name, TEXT)
        ids = [item.id for item in read(tmp_path)]
        assert ids == ["a.txt", "b/10.txt", "b/2.TXT", "b/á/x.txt", "c.txt"]

    def test_hidden_files_and_other_kinds_are_passed_over(self, tmp_path):
        for name in [".a.txt", ".git/b.txt", "~$c.docx", "d.pdf", "e", "f.txt.bak", "g.txt"]:
            write(tmp_path / name, TEXT)
        assert [item.id for item in read(tmp_path)] == ["g.txt"]

    def test_links_that_lead_out_are_not_followed(self, tmp_path):
        outside = write(tmp_path / "outside/secret.txt", TEXT)
        inside = tmp_path / "inside"
        write(inside / "a.txt", TEXT)
        (inside / "b.txt").symlink_to(outside)
        (inside / "c").symlink_to(outside.parent)
        (inside / "d.txt").symlink_to("../outside/secret.txt")
        (inside / "e.txt").symlink_to("a.txt")
        (inside / "f").symlink_to(".")
        (inside / "g.txt").symlink_to("g.txt")
        (inside / "h.pdf").symlink_to(outside)
        told = "is a link that leads out of the folder; not followed"
        first, *links, again, loop = read(inside)
        assert first == Article("a.txt", TEXT)
        assert links == [Rejected(str(inside / name), told) for name in ["b.txt", "c", "d.txt"]]
        assert again == Article("e.txt", TEXT)
        assert loop == Rejected(str(inside / "g.txt"), "no such file or folder")

    def test_a_folder_that_is_itself_a_link_is_read(self, tmp_path):
        write(tmp_path / "real/a.txt", TEXT)
        (tmp_path / "link").symlink_to("real")
        assert one(tmp_path / "link").id == "a.txt"

    def test_without_a_file_that_can_be_read(self, tmp_path):
        (tmp_path / "empty").mkdir()
        write(tmp_path / "a.pdf", b"%PDF")
        assert reason(tmp_path).startswith("has no file that can be read (.txt, .html,")

    def test_a_bad_file_or_folder_does_not_stop_the_others(self, tmp_path, monkeypatch):
        write(tmp_path / "a.txt", b"\0\1\2")
        write(tmp_path / "b/x.txt", TEXT)
        write(tmp_path / "c.docx", "x")
        write(tmp_path / "d.txt", TEXT)
        scan = os.scandir

        def refuse(path):
            if Path(path).name == "b":
                raise PermissionError(13, "Permission denied", str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", refuse)
        bad, folder, word, good = read(tmp_path)
        assert bad.source == str(tmp_path / "a.txt")
        assert folder == Rejected(str(tmp_path / "b"), "cannot be read (Permission denied)")
        assert word.reason.startswith("is not a Word file")
        assert good == Article("d.txt", TEXT)

    def test_names_that_are_not_plain_text_are_told_as_text(self, tmp_path):
        write(tmp_path / unicodedata.normalize("NFD", "hội nghị.txt"), TEXT)
        write(tmp_path / "xuống\ndòng.docx", "x")
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/z\xff.txt")).write_bytes(TEXT.encode())
        first, second, third = read(tmp_path)
        assert first.id == "hội nghị.txt"
        assert second.source == str(tmp_path / "xuống dòng.docx")
        assert second.reason.startswith("is not a Word file")
        assert third.id == "z\ufffd.txt"


class TestHtml:
    MENU = "<ul>" + "".join(f'<li><a href="/{n}">Tin số {n}</a></li>' for n in range(20)) + "</ul>"
    HEAD = (
        "<title>Phú Lĩnh họp phiên thường kỳ - Báo Phú Lĩnh</title>"
        '<meta property="og:title" content="Phú Lĩnh họp phiên thường kỳ">'
        '<meta property="article:published_time" content="2024-03-09T08:00:00+07:00">'
    )

    def page(self, body: str, head: str = HEAD) -> str:
        return (
            f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">{head}</head><body>'
            f"<nav>{self.MENU}</nav>{body}<script>var a = '<p>quảng cáo</p>';</script>"
            '<div class="comments"><p>Bạn đọc: bài viết rất hay và bổ ích, cảm ơn báo.</p></div>'
            "<footer><p>Bản quyền thuộc về Báo Phú Lĩnh</p></footer></body></html>"
        )

    def article(self) -> str:
        return f"<article>{''.join(f'<p>{each}</p>' for each in [LEAD, *BODY])}</article>"

    @pytest.mark.parametrize("name", ["a.html", "a.htm"])
    def test_main_text_title_and_date(self, tmp_path, name):
        path = write(tmp_path / name, self.page(self.article()))
        assert one(path) == Article(name, TEXT, "Phú Lĩnh họp phiên thường kỳ", "2024-03-09")

    def test_headings_and_lists_are_text(self, tmp_path):
        body = f"<p>{LEAD}</p><h3>Nhiệm vụ</h3><ul><li>{BODY[2]}</li><li>{BODY[3]}</li></ul>"
        rest = "".join(f"<p>{each}</p>" for each in BODY * 2)
        path = write(tmp_path / "a.html", self.page(f"<div>{body}{rest}</div>"))
        expected = [LEAD, "Nhiệm vụ", f"- {BODY[2]}", f"- {BODY[3]}", *BODY, *BODY]
        assert one(path).text.split("\n") == expected

    def test_the_links_around_a_short_article_are_not_its_text(self, tmp_path):
        path = write(tmp_path / "a.html", self.page(f"{self.MENU}<div>{LEAD}</div>"))
        assert one(path).text == LEAD

    def test_rows_of_tables_have_no_bars_around_them(self, tmp_path):
        table = "<table><tr><td>Thu ngân sách</td><td>tăng 17%</td></tr></table>"
        body = self.article().replace("</article>", f"{table}</article>")
        path = write(tmp_path / "a.html", self.page(body))
        assert one(path).text == f"{TEXT}\nThu ngân sách | tăng 17%"

    @pytest.mark.parametrize(
        "body", ["<div id=app></div>", MENU, "", "<p></p>", "<p>\u200b</p>", "<img src=a.png>"]
    )
    def test_without_main_text(self, tmp_path, body, caplog):
        path = write(tmp_path / "a.html", self.page("", "") if not body else f"<body>{body}</body>")
        assert reason(path).startswith("no main text found in the page")

    def test_the_old_encoding_of_a_page(self, tmp_path):
        body = "".join(f"<p>{TCVN3}</p>" for _ in range(4))
        data = f"<html><head><title>B¶n tin ngµy h«m nay</title></head><body>{body}</body></html>"
        for content in [data.encode("latin-1"), data.encode()]:
            article = one(write(tmp_path / "a.html", content))
            assert article.text.split("\n")[0] == FROM_TCVN3
            assert article.title == "Bản tin ngày hôm nay"
            assert article.notes == ("converted from TCVN3 (ABC fonts)",)

    def test_an_old_encoding_written_in_character_references(self, tmp_path):
        old = TCVN3.replace("\xad", "&#432;").encode("ascii", "xmlcharrefreplace").decode()
        content = f"<html><body>{''.join(f'<p>{old}</p>' for _ in range(4))}</body></html>"
        article = one(write(tmp_path / "a.html", content))
        assert article.text.split("\n")[0] != FROM_TCVN3  # it is a mixture of two encodings
        pure = TCVN3.replace("v\xad\xedng m\xbec", "®ãi nghÌo")
        pure = pure.replace("tr\xad\xacng", "lo").encode("ascii", "xmlcharrefreplace").decode()
        content = f"<html><body>{''.join(f'<p>{pure}</p>' for _ in range(4))}</body></html>"
        article = one(write(tmp_path / "a.html", content))
        assert article.text.split("\n")[0].startswith("Chủ tịch tỉnh yêu cầu các sở")
        assert article.notes == ("converted from TCVN3 (ABC fonts)",)

    def test_a_declared_encoding_is_believed_where_no_other_fits(self, tmp_path):
        text = "Le président a déclaré que la situation économique s'est améliorée cette année."
        page = (
            f'<html><head><meta charset="iso-8859-1"></head><body><p>{text * 4}</p></body></html>'
        )
        article = one(write(tmp_path / "a.html", page.encode("latin-1")))
        assert article.text == text * 4
        assert article.notes == ("converted from iso8859-1",)

    def test_bytes_that_are_none_of_these(self, tmp_path):
        page = self.page(self.article()).encode().replace(b"charset", b"character-set")
        path = write(tmp_path / "a.html", page.replace("Phú".encode(), b"Ph\xff"))
        assert reason(path).startswith(f"byte {page.index('Phú'.encode()) + 2} (0xFF) is not UTF-8")

    def test_an_xml_declaration_is_no_obstacle(self, tmp_path):
        declared = f'<?xml version="1.0" encoding="utf-8"?>\n{self.page(self.article())}'
        assert one(write(tmp_path / "a.html", declared)).text == TEXT

    def test_nothing_is_printed_about_a_bad_page(self, tmp_path):
        path = write(tmp_path / "a.html", "<body></body>")
        code = f"from thoisu.articles import read; print(len(list(read({str(path)!r}))))"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("1\n", "")
        assert logging.getLogger("trafilatura").level == logging.NOTSET


class TestDocx:
    W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def save(self, document, path: Path) -> Path:
        document.save(path)
        return path

    def test_paragraphs_and_cells_in_reading_order(self, tmp_path):
        document = docx.Document()
        document.core_properties.title = "Phiên họp\u200b thường  kỳ"
        document.add_heading("Kết quả", 1)
        document.add_paragraph(LEAD)
        table = document.add_table(2, 3)
        for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
            cell.text = f"ô {number}"
        table.cell(0, 0).merge(table.cell(0, 1)).text = "ô gộp"
        table.cell(0, 2).merge(table.cell(1, 2)).text = "ô dọc"
        table.cell(1, 0).add_table(1, 1).cell(0, 0).text = "ô trong"
        document.add_paragraph(BODY[0]).add_run().add_break()
        document.add_paragraph(BODY[1], style="List Bullet")
        article = one(self.save(document, tmp_path / "a.docx"))
        lines = [each for each in article.text.split("\n") if each]
        assert lines == [
            "Kết quả", LEAD, "ô gộp", "ô dọc", "ô 3", "ô trong", "ô 4", BODY[0], BODY[1]
        ]  # fmt: skip
        assert (article.id, article.title, article.date) == ("a.docx", "Phiên họp thường kỳ", None)

    def test_links_controls_fields_and_marked_changes(self, tmp_path):
        document = docx.Document()
        run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
        paragraph = (
            f"<w:p {self.W}><w:pPr><w:tabs><w:tab w:val='left' w:pos='720'/></w:tabs></w:pPr>"
            f"{run.format('Một ')}<w:hyperlink>{run.format('hai ')}</w:hyperlink>"
            f"<w:ins w:id='1' w:author='a'>{run.format('ba ')}</w:ins>"
            f"<w:del w:id='2' w:author='a'><w:r><w:delText>bỏ</w:delText></w:r></w:del>"
            f"<w:moveFrom w:id='3' w:author='a'>{run.format('dời ')}</w:moveFrom>"
            f"<w:r><w:instrText>PAGE</w:instrText></w:r>"
            f"<w:sdt><w:sdtContent>{run.format('bốn')}</w:sdtContent></w:sdt>"
            f"<w:r><w:tab/><w:t>năm</w:t><w:br/><w:t>sáu</w:t><w:noBreakHyphen/><w:t>bảy</w:t></w:r>"
            "</w:p>"
        )
        block = (
            f"<w:sdt {self.W}><w:sdtContent><w:p>{run.format('tám')}</w:p></w:sdtContent></w:sdt>"
        )
        for xml in [block, paragraph]:
            document.element.body.insert(0, parse_xml(xml))
        assert (
            one(self.save(document, tmp_path / "a.docx")).text == "Một hai ba bốn năm\nsáu-bảy\ntám"
        )

    def test_a_text_box_is_read_once(self, tmp_path):
        mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        box = "<w:txbxContent><w:p><w:r><w:t>Trong khung</w:t></w:r></w:p></w:txbxContent>"
        xml = (
            f"<w:p {self.W} {mc}><w:r><w:t>Trước</w:t></w:r><w:r><mc:AlternateContent>"
            f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r><w:r><w:t> sau</w:t></w:r></w:p>"
        )
        document = docx.Document()
        document.element.body.insert(0, parse_xml(xml))
        assert one(self.save(document, tmp_path / "a.docx")).text == "Trước sau\nTrong khung"

    def test_paragraphs_in_an_old_font_are_converted(self, tmp_path):
        document = docx.Document()
        document.add_paragraph(LEAD)
        document.add_paragraph(TCVN3)
        article = one(self.save(document, tmp_path / "a.docx"))
        assert article.text == f"{LEAD}\n{FROM_TCVN3}"
        assert article.notes == ("converted from TCVN3 (ABC fonts), 1 of 2 lines",)

    def test_a_file_without_properties_has_no_title(self, tmp_path):
        document = docx.Document()
        document.add_paragraph(LEAD)
        whole = self.save(document, tmp_path / "whole.docx")
        path = tmp_path / "a.docx"
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "_rels/.rels":
                    kept = [each for each in data.split(b"<Relationship ") if b"core" not in each]
                    data = b"<Relationship ".join(kept)
                    data += b"" if data.endswith(b"</Relationships>") else b"</Relationships>"
                new.writestr(name, data)
        assert one(path) == Article("a.docx", LEAD)

    def test_only_pictures(self, tmp_path):
        chunks = [
            (b"IHDR", struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"00")),
        ]
        picture = io.BytesIO(b"\x89PNG\r\n\x1a\n")
        picture.seek(0, io.SEEK_END)
        for kind, data in [*chunks, (b"IEND", b"")]:
            check = struct.pack(">I", zlib.crc32(kind + data))
            picture.write(struct.pack(">I", len(data)) + kind + data + check)
        document = docx.Document()
        document.add_picture(picture)
        path = self.save(document, tmp_path / "a.docx")
        assert reason(path) == "page text is empty (scanned images?); run OCR first"

    def test_protected_broken_and_other_files(self, tmp_path, monkeypatch):
        document = docx.Document()
        document.add_paragraph(TEXT * 50)
        whole = self.save(document, tmp_path / "whole.docx").read_bytes()
        protected = write(
            tmp_path / "a.docx", documents.COMPOUND_FILE + b"\xa1\xb1\x1a\xe1" + b"\0" * 600
        )
        assert reason(protected).startswith("is protected by a password, or an old Word file")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as new:
            new.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        broken = whole.replace(b"PK\x01\x02", b"PK\x09\x09", 1)
        for content in [b"junk", whole[:2000], archive.getvalue(), broken, TEXT.encode()]:
            assert reason(write(tmp_path / "b.docx", content)).startswith(
                "is not a Word file, or is"
            )
        xml = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(xml, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, data[:-20] if name == "word/document.xml" else data)
        assert reason(write(tmp_path / "c.docx", xml.getvalue())).startswith(
            "is not a Word file, or is"
        )
        monkeypatch.setattr(documents, "LARGEST", 1000)
        assert reason(tmp_path / "whole.docx") == "would unpack to 0 MiB; not read"


class TestJsonLines:
    def test_rows(self, tmp_path):
        rows = [
            {"id": 7, "title": " Tiêu đề\n", "date": "2024-03", "text": TEXT},
            {"text": LEAD, "title": None, "date": ""},
            {"id": "x", "sentences": [{"text": LEAD, "label": "other"}, {"text": BODY[0]}]},
            {"ID": "y", "Text": TCVN3, "extra": [1]},
        ]
        lines = [json.dumps(row, ensure_ascii=number % 2 == 0) for number, row in enumerate(rows)]
        path = write(tmp_path / "a.jsonl", "\ufeff" + "\r\n\r\n".join(lines))
        assert list(read(path)) == [
            Article("7", TEXT, "Tiêu đề", "2024-03"),
            Article("a.jsonl#3", LEAD),
            Article("x", f"{LEAD}\n{BODY[0]}"),
            Article("y", FROM_TCVN3, notes=("converted from TCVN3 (ABC fonts)",)),
        ]

    def test_the_corpus(self):
        path = DATA / "validation.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        found = list(read(path))
        assert [item.id for item in found] == [row["id"] for row in rows]
        for item, row in zip(found, rows, strict=True):
            assert isinstance(item, Article)
            assert item.text == "\n".join(each["text"] for each in row["sentences"])
            assert (item.title, item.date) == (row["title"], row["date"])

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            (b'{"text": "a"', "is not JSON: Expecting ',' delimiter at column 13"),
            (b'["text"]', "is not a JSON object"),
            (b'{"body": "a"}', 'has neither "text" nor "sentences"'),
            (b'{"text": 7}', '"text" is not a text'),
            (b'{"text": " "}', "has no text in it"),
            (b'{"sentences": []}', "has no text in it"),
            (b'{"sentences": [{"label": "other"}]}', 'a sentence in "sentences" has no "text"'),
            (b'{"text": "a", "id": {"a": 1}}', '"id" is not a text'),
            (b'{"text": "caf\xe9 fran\xe7ais"}', "text: byte 13 (0xE9) is not UTF-8"),
            (b"[" * 100_000, "is not JSON that can be read"),
            (b'{"text": ' + b"1" * 10_000 + b"}", "is not JSON that can be read"),
        ],
    )
    def test_a_bad_row_is_told_of_and_the_next_is_read(self, tmp_path, line, problem):
        good = json.dumps({"text": LEAD}).encode()
        path = write(tmp_path / "a.jsonl", b"\n".join([good, b"", line, good]))
        first, bad, last = read(path)
        assert (first.id, last.id) == ("a.jsonl#1", "a.jsonl#4")
        assert bad.source == f"{path}: line 3"
        assert bad.reason.startswith(problem)

    def test_rows_in_utf_16_and_in_an_old_encoding(self, tmp_path):
        lines = f'{{"text": "{TEXT}"}}\n'.replace(TEXT, LEAD) * 2
        utf_16 = write(tmp_path / "a.jsonl", lines.encode("utf-16"))
        assert [item.text for item in read(utf_16)] == [LEAD, LEAD]
        old = write(
            tmp_path / "b.jsonl", lines.encode() + f'{{"text": "{TCVN3}"}}'.encode("latin-1")
        )
        assert [item.text for item in read(old)] == [LEAD, LEAD, FROM_TCVN3]

    def test_a_file_that_is_cut_in_utf_16(self, tmp_path):
        data = f'{{"text": "{LEAD}"}}\n{{"text": "{LEAD}"}}'.encode("utf-16")[:-1]
        path = write(tmp_path / "a.jsonl", data)
        *_, last = read(path)
        assert last.reason.startswith(("is broken UTF-16", "is not JSON"))

    def test_half_a_surrogate_pair(self, tmp_path):
        path = write(tmp_path / "a.jsonl", r'{"text": "Hà Nội \ud83d hôm nay"}')
        assert one(path).text == "Hà Nội \ufffd hôm nay"

    def test_rows_are_read_one_at_a_time(self):
        endless = (f'{{"text": "{number}"}}\n' for number in itertools.count())
        rows = records.jsonl(endless)
        assert [next(rows).fields["text"] for _ in range(3)] == ["0", "1", "2"]

    @pytest.mark.parametrize("content", ["\n", " \n\n"])
    def test_without_rows(self, tmp_path, content):
        assert reason(write(tmp_path / "a.jsonl", content)) == "has no rows"


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
    def test_delimiters_and_encodings(self, tmp_path, delimiter, codec):
        header = delimiter.join(["ID", "title", " Text ", "date", "other"])
        first = delimiter.join(["1", '"Tiêu đề ""mới"""', f'"{TEXT}"', "2024-03-09", ""])
        second = delimiter.join(["", "", f'"{LEAD}"'])
        path = write(tmp_path / "a.csv", "\r\n".join([header, first, "", second, ""]).encode(codec))
        assert list(read(path)) == [
            Article("1", TEXT, 'Tiêu đề "mới"', "2024-03-09"),
            Article("a.csv#8", LEAD),
        ]

    def test_a_single_column(self, tmp_path):
        path = write(tmp_path / "a.csv", f'text\n"{LEAD}"\n"{BODY[0]}"\n')
        assert [item.text for item in read(path)] == [LEAD, BODY[0]]

    def test_line_ends_of_old_macs(self, tmp_path):
        path = write(tmp_path / "a.csv", 'id,text\r1,"Hà Nội\rhôm nay"\r2,Huế\r')
        assert [(item.id, item.text) for item in read(path)] == [
            ("1", "Hà Nội\nhôm nay"),
            ("2", "Huế"),
        ]

    def test_huge_fields(self, tmp_path):
        text = f"{TEXT}\n" * 2000
        path = write(tmp_path / "a.csv", f'id;text\n1;"{text}"\n')
        assert one(path).text == text

    def test_a_bad_row_is_told_of_and_the_next_is_read(self, tmp_path):
        rows = ["id,text", f'1,"{LEAD}"', "2,một, hai", "3,", '4,"a"b', "5", f'6,"{LEAD}"']
        path = write(tmp_path / "a.csv", "\n".join(rows))
        found = list(read(path))
        assert [getattr(item, "id", None) for item in found] == ["1", None, None, None, None, "6"]
        told = {item.source: item.reason for item in found if isinstance(item, Rejected)}
        assert list(told) == [f"{path}: line {number}" for number in [3, 4, 5, 6]]
        assert list(told.values()) == [
            "has 3 fields, the header 2; quote the fields that hold the delimiter",
            "has no text in it",
            "is not CSV: ',' expected after '\"'",
            'has neither "text" nor "sentences"',
        ]

    def test_a_quote_that_is_never_closed(self, tmp_path):
        path = write(tmp_path / "a.csv", f'id,text\n1,"{LEAD}"\n2,"mở ngoặc\n3,khác\n')
        first, last = read(path)
        assert first.text == LEAD
        assert last == Rejected(f"{path}: line 3", "is not CSV: unexpected end of data")

    def test_a_field_that_is_too_long_for_one(self, tmp_path, monkeypatch):
        monkeypatch.setattr(records, "LONGEST_FIELD", 131_072)
        path = write(
            tmp_path / "a.csv", "id,text\n1," + "a" * 300_000 + f"\n2,{LEAD.partition(',')[0]}\n"
        )
        limit = records.csv.field_size_limit(131_072)
        try:
            bad, good = read(path)
        finally:
            records.csv.field_size_limit(limit)
        assert bad.source == f"{path}: line 2"
        assert "field limit" in bad.reason
        assert good.id == "2"

    def test_fields_in_an_old_encoding(self, tmp_path):
        content = f"id,text\n1,{LEAD.partition(',')[0]}\n".encode() + f'2,"{TCVN3}"\n'.encode(
            "latin-1"
        )
        content += b"3,caf\xe9 fran\xe7ais\n4,Hai"
        one_, two, three, four = read(write(tmp_path / "a.csv", content))
        assert one_.notes == ()
        assert (two.text, two.notes) == (FROM_TCVN3, ("converted from TCVN3 (ABC fonts)",))
        assert three.reason.startswith("text: byte 3 (0xE9) is not UTF-8")
        assert four.text == "Hai"

    @pytest.mark.parametrize("header", ["id,body", "a;b", "no header at all", '"open'])
    def test_without_a_column_of_text(self, tmp_path, header):
        path = write(tmp_path / "a.csv", f"{header}\n1,2\n")
        (item,) = read(path)
        assert item.source == f"{path}: line 1"
        assert item.reason.startswith('has no column "text" in its header (')

    def test_without_rows(self, tmp_path):
        assert reason(write(tmp_path / "a.csv", "id,text\n")) == "has no rows"
        assert reason(write(tmp_path / "a.csv", "\n \n")) == "has no rows"

    def test_rows_are_read_one_at_a_time(self):
        endless = itertools.chain(["id,text\n"], (f"{number},a\n" for number in itertools.count()))
        rows = records.delimited(endless)
        assert [next(rows).fields["id"] for _ in range(3)] == ["0", "1", "2"]


class TestParquet:
    def test_rows(self, tmp_path):
        path = tmp_path / "a.parquet"
        table = pa.table(
            {
                "Id": [1, 2, None],
                "TEXT": pa.array([TEXT, None, TCVN3]).dictionary_encode(),
                "title": pa.array(["Tiêu đề", "", None], pa.large_string()),
                "date": [date(2024, 3, 9), None, date(2024, 3, 10)],
                "unread": [b"a", b"b", b"c"],
            }
        )
        pq.write_table(table, path)
        first, second, third = read(path)
        assert first == Article("1", TEXT, "Tiêu đề", "2024-03-09")
        assert second == Rejected(f"{path}: row 2", 'has neither "text" nor "sentences"')
        note = "converted from TCVN3 (ABC fonts)"
        assert third == Article("a.parquet#3", FROM_TCVN3, None, "2024-03-10", (note,))

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", [None, "UTC"])
    def test_dates_with_a_time(self, tmp_path, unit, zone):
        path = tmp_path / "a.parquet"
        times = pa.array(
            [datetime(2024, 3, 9), datetime(2024, 3, 9, 8, 30, 5, 7)], pa.timestamp("us")
        )
        dates = times.cast(pa.timestamp(unit), safe=False).cast(pa.timestamp(unit, zone))
        pq.write_table(pa.table({"text": [LEAD, LEAD], "date": dates}), path)
        assert [item.date for item in read(path)] == ["2024-03-09", "2024-03-09 08:30:05"]

    def test_the_corpus_format_and_bytes(self, tmp_path):
        path = tmp_path / "a.parquet"
        sentences = [[{"text": LEAD, "label": "other"}, {"text": BODY[0], "label": "other"}], None]
        texts = pa.array([None, TCVN3.encode("latin-1")], pa.binary())
        pq.write_table(pa.table({"text": texts, "sentences": sentences}), path)
        assert [item.text for item in read(path)] == [f"{LEAD}\n{BODY[0]}", FROM_TCVN3]

    def test_a_string_that_is_not_utf_8_does_not_stop_the_others(self, tmp_path):
        path = tmp_path / "a.parquet"
        texts = pa.array([LEAD.encode(), b"caf\xe9 fran\xe7ais", LEAD.encode()], pa.binary())
        pq.write_table(pa.table({"text": texts.view(pa.string())}), path)
        first, bad, last = read(path)
        assert (first.text, last.text) == (LEAD, LEAD)
        assert bad.source == f"{path}: row 2"
        assert bad.reason.startswith("text: byte 3 (0xE9) is not UTF-8")

    def test_rows_are_read_some_at_a_time(self, tmp_path):
        path = tmp_path / "a.parquet"
        table = pa.table({"text": [f"{number} {'abc ' * 5000}" for number in range(300)]})
        pq.write_table(
            table, path, use_dictionary=False, data_page_size=1 << 16, write_batch_size=4
        )
        size = table.nbytes
        del table
        before = pa.total_allocated_bytes()
        highest = max(pa.total_allocated_bytes() - before for _ in read(path))
        assert 0 < highest < size / 3

    def test_other_files(self, tmp_path):
        path = write(tmp_path / "a.parquet", b"PAR1" + b"junk" * 20)
        assert reason(path).startswith("is not a Parquet file, or is broken (")
        pq.write_table(pa.table({"body": ["a"]}), path)
        assert reason(path) == 'has no column "text" (body)'
        pq.write_table(pa.table({"id": ["a"]}), path)
        assert reason(path) == 'has no column "text" (id)'
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
        assert reason(path) == "has no rows"

    def test_a_file_that_breaks_off(self, tmp_path):
        path = tmp_path / "a.parquet"
        texts = [os.urandom(300).hex() for _ in range(500)]
        pq.write_table(pa.table({"text": texts}), path, row_group_size=100, compression="gzip")
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 20_000] = b"\xff" * 20_000
        write(path, bytes(data))
        *good, last = read(path)
        assert [item.text for item in good] == texts[: len(good)]
        assert len(good) in range(64, 500)
        assert last.source == str(path)
        assert last.reason.startswith(f"is broken after row {len(good)} (")


class TestStandardInput:
    def give(self, monkeypatch, data: bytes | str) -> list[Article | Rejected]:
        content = data.encode() if isinstance(data, str) else data
        stream = io.TextIOWrapper(io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", stream)
        found = list(read("-"))
        assert not stream.buffer.closed
        return found

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    def test_plain_text(self, monkeypatch, codec):
        data = f"\r\n{TEXT}".encode(codec)
        assert self.give(monkeypatch, data) == [Article("-", f"\n{TEXT}")]

    def test_plain_text_in_an_old_encoding(self, monkeypatch):
        (article,) = self.give(monkeypatch, TCVN3.encode("latin-1"))
        assert (article.text, article.notes) == (FROM_TCVN3, ("converted from TCVN3 (ABC fonts)",))

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
    def test_json_lines(self, monkeypatch, codec):
        lines = [
            "",
            json.dumps({"text": TEXT}, ensure_ascii=False),
            "{bad",
            '{"id": 1, "text": "a"}',
        ]
        first, bad, last = self.give(monkeypatch, "\r\n".join(lines).encode(codec))
        assert first == Article("-#2", TEXT)
        assert bad.source == "-: line 3"
        assert last == Article("1", "a")

    def test_text_in_braces_is_text(self, monkeypatch):
        assert self.give(monkeypatch, "{Ảnh: Lê Lưu}\nHết.") == [
            Article("-", "{Ảnh: Lê Lưu}\nHết.")
        ]

    def test_nothing_and_binary_data(self, monkeypatch):
        assert self.give(monkeypatch, "") == [Rejected("-", "is empty")]
        assert self.give(monkeypatch, " \n") == [Rejected("-", "has no text in it")]
        (pdf,) = self.give(monkeypatch, b"%PDF-1.4\n%\xe2\xe3")
        assert pdf == Rejected("-", "is a PDF, not plain text; save it as .docx or .txt")
        (junk,) = self.give(monkeypatch, b"\0\1\2\3\xff" * 9)
        assert junk.reason.startswith("byte 4 (0xFF) is not UTF-8")

    def test_rows_are_read_as_they_come(self, monkeypatch):
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("rb") as stream:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
            found = read("-")
            for number in range(3):
                theirs.sendall(f'{{"id": {number}, "text": "a"}}\n{{'.encode()[number > 0 :])
                assert next(found).id == str(number)


@pytest.mark.parametrize("kind", ["docx", "jsonl", "csv", "parquet"])
def test_damaged_files_give_articles_or_lines_of_advice(tmp_path, kind):
    document = docx.Document()
    document.add_paragraph(TEXT)
    document.save(tmp_path / "whole.docx")
    rows = {"id": [*map(str, range(30))], "text": [f"{LEAD} Lần {n}" for n in range(30)]}
    pq.write_table(pa.table(rows), tmp_path / "whole.parquet", row_group_size=10)
    lines = [json.dumps({"id": n, "text": LEAD}, ensure_ascii=False) for n in range(30)]
    write(tmp_path / "whole.jsonl", "\n".join(lines))
    write(tmp_path / "whole.csv", "id,text\n" + "\n".join(f'{n},"{LEAD}"' for n in range(30)))
    whole = (tmp_path / f"whole.{kind}").read_bytes()
    chance = random.Random(kind)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 10])):
            place = chance.randrange(len(data))
            data[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        path = write(tmp_path / f"damaged.{kind}", bytes(data))
        for item in read(path):
            if isinstance(item, Rejected):
                assert item.source.startswith(str(path))
                assert item.reason
                assert "\n" not in item.reason
            else:
                assert clean(item.text) == item.text != ""


def test_reading_imports_nothing_heavy_until_it_is_needed():
    code = (
        "import sys; from thoisu import articles; list(articles.read('x.txt'));"
        "print(sorted({'docx', 'lxml', 'numpy', 'pyarrow', 'trafilatura'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_suffixes_are_those_of_the_readers():
    assert articles.SUFFIXES == (".txt", ".html", ".htm", ".docx", ".jsonl", ".csv", ".parquet")
