import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from thoisu import underthesea_crf, underthesea_rules, words
from thoisu.errors import ThoisuError

# What rules and tables treat in some way of their own, and what has come apart or does not belong.
PIECES = [
    *["Hà Nội", "việt nam", "bộ trưởng", "Nguyễn Văn", "xã hội chủ nghĩa", "công nghiệp hóa"],
    *["hoà", "hòa", "nghành", "tớí", "Diụ", "đường", "ðường", "Ðảng", "BOS", "EOS", "a", "ở"],
    *["Th", "Th S", "ThS.", "Th\u00a0S", "S", "s", "v.v", "v.v.", "v.v...", "A.", "Đ.", "T.Ư"],
    *["TP.HCM", "Tp.", "e-mail", "H'Mông", "N’Thôn", "NĐ-CP", "H&M", "43H-0530", "4K", "3x4"],
    *["12/3", "2/9/2020", "1.200,5", "35/2021/QH15", "10:20:50", "-5", "+5", "99999999999"],
    *["http:/", "http://a.vn/b(c)", "www.a.vn/b", "a@b.vn", "@", "!", "(", ")", "/", "x.vn"],
    *[":D", ":DD", ":))", "=))", "<3", "=>", "->", "--", "...", "…", "–", "“", "”", "%", "_"],
    *["e\u0302\u0323", "e\u0302\u0323\u0301", "\u0301", "o\u031b\u0300", "\u0958", "\u0344"],
    *["\u1112\u1161\u11ab", "\u1161", "\u09c7\u09be", "\u2126", "\u212b", "\u0340", "\u1e9e"],
    *["\u200b", "\ufeff", "\u00ad", "😀", "👨‍👩‍👧", "♥", "♥‿♥", "ß", "İ", "Σ", "ΑΣ", "ǅ", "ɤ"],
    *["\U00010d50", "\ua7da", "中国", "Ⅷ", "ⓐ", "\x00", "\x01", "ʺ", "\ud7ff\uffff"],
]
SPACES = ["", "", " ", " ", "  ", "\n", "\t", "\u00a0", "\u2003", "\u0085", "\x1c"]
texts = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(SPACES)) | st.tuples(st.text(max_size=3)),
    max_size=12,
).map(lambda parts: "".join(map("".join, parts)))
anything = texts | st.text(st.characters(exclude_categories=[]))


@pytest.fixture(scope="module")
def segmenter() -> words.Segmenter:
    return words.load()


@pytest.fixture(scope="module")
def reference() -> Callable[[str], str]:
    """What the package itself does; importing it is what this project avoids elsewhere."""
    from underthesea import word_tokenize

    return lambda text: word_tokenize(text, format="text")


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """Every sentence of the authored corpus."""
    lines = [
        line
        for split in ("train", "validation", "test")
        for line in (ROOT / "data" / f"{split}.jsonl").read_text("utf-8").splitlines()
    ]
    return [sentence["text"] for line in lines for sentence in json.loads(line)["sentences"]]


def check_spans(text: str, segmentation: words.Segmentation) -> None:
    """Words follow each other, and leave out nothing but white space."""
    last = 0
    assert len(segmentation.words) == len(segmentation.spans)
    for start, end in segmentation.spans:
        assert last <= start <= end
        assert not text[last:start].strip()
        last = end
    assert last <= len(text)
    assert not text[last:].strip()


def test_a_sentence(segmenter: words.Segmenter) -> None:
    text = "Bộ trưởng Lê Văn Hòa yêu cầu TP. Hải Phòng hoàn thành trước 30/6."
    [segmentation] = segmenter.segment([text])
    assert segmentation.text == (
        "Bộ_trưởng Lê_Văn_Hòa yêu_cầu TP. Hải_Phòng hoàn_thành trước 30/6 ."
    )
    assert [text[start:end] for start, end in segmentation.spans] == [
        *["Bộ trưởng", "Lê Văn Hòa", "yêu cầu", "TP.", "Hải Phòng", "hoàn thành", "trước"],
        *["30/6", "."],
    ]


def test_spans_count_characters_of_the_text_as_given(segmenter: words.Segmenter) -> None:
    text = "\u200b \nViê\u0323t  Nam\tnghành  e\u0302\u0323\u0301 ðo\u031b\u0300i"
    [segmentation] = segmenter.segment([text])
    assert segmentation.words == ["\u200b", "Việt_Nam", "ngành", "ệ", "\u0301", "đời"]
    assert [text[start:end] for start, end in segmentation.spans] == [
        *["\u200b", "Viê\u0323t  Nam", "nghành", "e\u0302\u0323", "\u0301", "ðo\u031b\u0300i"]
    ]


def test_equals_underthesea_on_the_authored_corpus(
    segmenter: words.Segmenter, reference: Callable[[str], str], sentences: list[str]
) -> None:
    assert len(sentences) > 1500
    segmented = segmenter.segment(sentences)
    for sentence, segmentation in zip(sentences, segmented, strict=True):
        assert segmentation.text == reference(sentence)
        check_spans(sentence, segmentation)


def test_equals_underthesea_on_real_news(
    segmenter: words.Segmenter, reference: Callable[[str], str], news: Path
) -> None:
    lines = (news / "train.jsonl").read_text("utf-8").splitlines()
    real = [sentence["text"] for line in lines for sentence in json.loads(line)["sentences"]]
    real = random.Random(0).sample(real, 2000)
    segmented = segmenter.segment(real)
    differ = [
        number
        for number, (sentence, segmentation) in enumerate(zip(real, segmented, strict=True))
        if segmentation.text != reference(sentence)
    ]
    assert not differ
    for sentence, segmentation in zip(real, segmented, strict=True):
        check_spans(sentence, segmentation)


@settings(deadline=None, max_examples=400)
@given(text=texts.filter(lambda text: text.count("!") < 8))
def test_equals_underthesea_on_any_text(
    segmenter: words.Segmenter, reference: Callable[[str], str], text: str
) -> None:
    assert segmenter.segment([text])[0].text == reference(text)


@settings(deadline=None, max_examples=400)
@given(text=anything)
def test_every_character_is_in_one_word(segmenter: words.Segmenter, text: str) -> None:
    check_spans(text, segmenter.segment([text])[0])


@settings(deadline=None, max_examples=50)
@given(several=st.lists(texts, max_size=5))
def test_a_text_is_segmented_the_same_whatever_surrounds_it(
    segmenter: words.Segmenter, several: list[str]
) -> None:
    alone = [segmenter.segment([text])[0] for text in several]
    assert segmenter.segment(several) == alone
    assert segmenter.segment(several[::-1]) == alone[::-1]


def test_forgetting_what_was_seen_changes_nothing(
    segmenter: words.Segmenter, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = segmenter.segment(sentences[:200])
    monkeypatch.setattr(underthesea_crf, "KEPT", 3)
    monkeypatch.setattr(underthesea_rules, "KEPT", 3)
    fresh = words.load()
    assert fresh.segment(sentences[:200]) == expected


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        pytest.param(underthesea_crf, "CLOSE", 1e9, id="every sentence in doubt"),
        pytest.param(underthesea_crf, "CLOSE", 0.0, id="none in doubt"),
        pytest.param(underthesea_crf, "OFFSETS", {1: (0,)}, id="model of another kind"),
        pytest.param(underthesea_rules, "KNOWN", set(), id="rules of another release"),
    ],
)
def test_all_ways_lead_to_the_same_words(
    segmenter: words.Segmenter,
    sentences: list[str],
    monkeypatch: pytest.MonkeyPatch,
    module: types.ModuleType,
    name: str,
    value: object,
) -> None:
    expected = segmenter.segment(sentences[:200])
    monkeypatch.setattr(module, name, value)
    other = words.load()
    assert other.segment(sentences[:200]) == expected
    is_rust = isinstance(other._tagger, underthesea_crf.RustTagger)
    assert is_rust == (name == "OFFSETS")


def test_long_runs_take_no_long_time(segmenter: words.Segmenter) -> None:
    start = time.perf_counter()
    for run in ("http:/" + "!" * 3000, "a." * 20_000, "http://(" * 5000, "ệ" * 50_000):
        [segmentation] = segmenter.segment([f"Th S {run} b"])
        check_spans(f"Th S {run} b", segmentation)
        assert segmentation.words[0].startswith("Th_S")
    assert time.perf_counter() - start < 20


def test_half_of_a_surrogate_pair_is_read_as_a_replacement(segmenter: words.Segmenter) -> None:
    [segmentation] = segmenter.segment(["Hà Nội a\ud800b"])
    assert segmentation.words == ["Hà_Nội", "a_\ufffd", "b"]
    assert segmentation.spans == [(0, 6), (7, 9), (9, 10)]


def test_nothing_is_imported_that_is_not_needed() -> None:
    program = (
        "import sys, thoisu.words\n"
        "assert not {'underthesea_core', 'numpy', 'difflib'} & sys.modules.keys() - before\n"
        "thoisu.words.load().segment(['Hà Nội'])\n"
        "print(*{'torch', 'transformers', 'underthesea', 'numpy'} & sys.modules.keys())"
    )
    program = "import sys; before = set(sys.modules)\n" + program
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ThoisuError, match="jieba: no such segmenter; there are underthesea, vnco"):
        words.load("jieba")


def test_without_the_package_the_advice_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "find_spec", lambda name: None)
    with pytest.raises(ThoisuError, match="pip install underthesea"):
        words.load()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of those files of the package that are read, to be spoilt."""
    installed = words._package("underthesea")
    model = words._newest(installed, words.MODEL)
    rules, spellings = installed / words.RULES, words._newest(installed, words.SPELLINGS)
    for path in (rules, spellings, *model.iterdir()):
        copy = tmp_path / path.relative_to(installed)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    monkeypatch.setattr(words, "_package", lambda name: tmp_path)
    return tmp_path


class Import:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("pattern", "content", "message"),
    [
        (words.SPELLINGS, pickle.dumps(Import()), "posix.system, and only plain data is read"),
        (words.SPELLINGS, pickle.dumps({"token": {}}), "'character'"),
        (words.SPELLINGS, b"", "tn_rules_.*: Ran out of input"),
        (words.SPELLINGS, None, "no pipeline/text_normalize"),
        (words.MODEL + "/features.bin", pickle.dumps([Import()]), "features.bin: it names"),
        (words.MODEL + "/models.bin", b"lCRF" + bytes(80), "cannot be read as underthesea 9.5"),
        (words.MODEL + "/models.bin", b"", "cannot be read as underthesea 9.5"),
        (words.MODEL + "/models.bin", None, "models.bin"),
        (words.RULES, b"regex_patterns_combine = (", "never closed"),
        (words.RULES, b"word = 1", "regex_patterns_combine"),
        (words.RULES, None, "regex_tokenize.py"),
    ],
)
def test_a_damaged_package_is_reported(
    package: Path, pattern: str, content: bytes | None, message: str
) -> None:
    words.load().segment(["Hà Nội"])
    [path] = package.glob(pattern)
    path.write_bytes(content) if content is not None else path.unlink()
    with pytest.raises(ThoisuError, match=message) as error:
        words.load()
    assert str(error.value).startswith(f"{package}: ")


@pytest.mark.parametrize("size", [0, 3, 47, 48, 60, 1000, 2_000_000, 2_500_000, 5_000_000])
def test_a_cut_model_is_told_from_a_whole_one(package: Path, size: int) -> None:
    [path] = package.glob(words.MODEL + "/models.bin")
    path.write_bytes(path.read_bytes()[:size])
    if size < 5_000_000:  # what is cut off from there on are tables that nobody reads
        with pytest.raises(ValueError, match="CRFsuite model"):
            underthesea_crf.read_model(path)
    else:
        assert len(underthesea_crf.read_model(path)[0]) == 50671


@pytest.mark.parametrize("name", ["none", "pre-segmented"])
def test_segmented_text_stays_as_it_is(name: str) -> None:
    [segmentation, empty] = words.load(name).segment(["  Hà_Nội họp\n, a_b_ . ", ""])
    assert segmentation.words == ["Hà_Nội", "họp", ",", "a_b_", "."]
    assert segmentation.spans == [(2, 8), (9, 12), (13, 14), (15, 19), (20, 21)]
    assert empty == words.Segmentation([], [])


@settings(deadline=None)
@given(text=anything)
def test_segmented_text_loses_nothing(text: str) -> None:
    [segmentation] = words.load("none").segment([text])
    check_spans(text, segmentation)
    assert segmentation.words == text.split()


PAIRS = {"hà nội", "hoà bình", "bộ trưởng"}


class Standin:
    """Stands in for ``py_vncorenlp.VnCoreNLP``: a few words known, the same manners otherwise.

    It splits sentences, respells ``òa`` as ``oà``, drops control characters, garbles what lies
    beyond 16 bits, and stays in the folder that it was started in.
    """

    def __init__(self, *, annotators: list[str], save_dir: str) -> None:
        assert annotators == ["wseg"]
        os.chdir(save_dir)
        if Path("broken").exists():
            raise RuntimeError("no Java")

    def word_segment(self, text: str) -> list[str]:
        text = "".join(chr(ord(sign) & 0xFFFF) for sign in text.strip("\x01").replace("òa", "oà"))
        found: list[str] = []
        for token in text.replace(".", " . ").split():
            if found and f"{found[-1]} {token}".lower() in PAIRS:
                found[-1] += f"_{token}"
            else:
                found.append(token)
        return " ".join(found).replace(". ", ".\n").split("\n")


@pytest.fixture
def vncorenlp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs the stand-in. The real VnCoreNLP is asked further down, where it is there."""
    module = types.ModuleType("py_vncorenlp")
    module.VnCoreNLP = Standin  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "py_vncorenlp", module)
    monkeypatch.setattr(words.VnCoreNlp, "_engine", None)
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("VNCORENLP", str(tmp_path))
    return tmp_path


def test_vncorenlp_keeps_spans_and_the_working_folder(vncorenlp: Path) -> None:
    here = Path.cwd()
    segmenter = words.load("vncorenlp")
    text = "Bộ trưởng tới  Ho\u0300a Bình. 😀 a_b\ud800 \x01Hà Nội "
    segmented = segmenter.segment([text, " ", "Hà"])
    assert Path.cwd() == here
    assert segmented[0].words == [
        "Bộ_trưởng",
        "tới",
        "Hoà_Bình",
        *[".", "😀", "a_b�", "\x01Hà", "Nội"],
    ]
    assert [text[start:end] for start, end in segmented[0].spans] == [
        *["Bộ trưởng", "tới", "Ho\u0300a Bình", ".", "😀", "a_b\ud800", "\x01Hà", "Nội"]
    ]
    assert segmented[1:] == [words.Segmentation([], []), words.Segmentation(["Hà"], [(0, 2)])]


def test_vncorenlp_says_what_it_lacks(vncorenlp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (vncorenlp / "broken").touch()
    with pytest.raises(ThoisuError, match=r"cannot be started \(no Java\); is Java there"):
        words.load("vncorenlp")
    (vncorenlp / "models").rmdir()
    with pytest.raises(ThoisuError, match=r"download_model.*VNCORENLP"):
        words.load("vncorenlp")
    monkeypatch.setitem(sys.modules, "py_vncorenlp", None)
    with pytest.raises(ThoisuError, match=r"pip install 'thoisu\[vncorenlp\]'"):
        words.load("vncorenlp")


def test_the_real_vncorenlp(sentences: list[str]) -> None:
    pytest.importorskip("py_vncorenlp", reason="py_vncorenlp is not installed")
    if "VNCORENLP" not in os.environ:
        pytest.skip("set VNCORENLP to the folder of VnCoreNLP's files")
    segmenter = words.load("vncorenlp")
    texts = [
        *sentences[:300],
        "Th\u00a0S. Lê\tVăn 😀👨‍👩‍👧 a\ud800",
        "e\u0302\u0323 hoà hòa a_b _ __ x",
        "\x01a b",
    ]
    for text, segmentation in zip(texts, segmenter.segment(texts), strict=True):
        check_spans(text, segmentation)
    [segmentation] = segmenter.segment(["Chủ tịch nước làm việc với Tòa án nhân dân tối cao 😀."])
    assert segmentation.text == "Chủ_tịch nước làm_việc với Toà_án nhân_dân tối_cao 😀 ."


@settings(deadline=None)
@given(text=anything, data=st.data())
def test_alignment_loses_nothing(text: str, data: st.DataObject) -> None:
    given_words = data.draw(
        st.lists(st.text("aăâ_b.", min_size=1)) | st.just([w for w in text.split() if w])
    )
    spans = words.align(text, given_words)
    if given_words:
        check_spans(text, words.Segmentation(given_words, spans))
    if given_words == text.split():
        assert [text[start:end] for start, end in spans] == given_words
