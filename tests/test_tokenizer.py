import json
import lzma
import os
import random
import time
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ARTICLE, BUNDLED, ROOT
from thoisu import tokenizer, words
from thoisu.errors import ThoisuError

Pair = tuple[tokenizer.PhobertTokenizer, Any]  # ours, and that of transformers

PIECES = [
    *["<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask> ", "<", "</", "s>", "<mask", "mask>"],
    *["@@", "@", "a@@", "@@ b", "</w>", "a</w>", "</w></w>b", "w>", "<<s>", "</<mask>"],
    *["chủ_tịch", "Chính_phủ", "đồng_bào", "Hà_Nội", "2024", "1,8", "km²", "TP.HCM", "_", "a_b"],
    *["a", "ở", "Đ", ".", "…", "–", "“", "x" * 200, "ệ" * 200, "nghiêng" * 30],
    *["😀", "👨‍👩‍👧", "中国", "e\u0302", "\u0301", "\u200b", "\ufeff", "\x00", "\ufffd", "\uffff"],
    *[" ", "  ", "\n", "\n\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "\x85"],
    *["\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u3000", "\ud800", "\udfff"],
]
texts = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=[]), max_size=4),
    max_size=10,
).map("".join)


def transformers_tokenizer(folder: Path) -> Any:
    from transformers import PhobertTokenizer

    return PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))


@pytest.fixture(scope="module")
def bundled() -> Pair:
    """Our tokenizer and that of transformers, of the bundled vocabulary."""
    ours = tokenizer.build(BUNDLED / "vocab.txt", BUNDLED / "bpe.codes")
    return ours, transformers_tokenizer(BUNDLED)


def learn(lines: list[str], *, merges: int) -> tuple[list[tuple[str, str, int]], Counter[str]]:
    """Learn byte-pair encoding as fastBPE does: merges with counts, and counts of the pieces."""
    counts = Counter(word for line in lines for word in line.split())
    spelt = {word: (*word[:-1], f"{word[-1]}</w>") for word in counts}
    learnt: list[tuple[str, str, int]] = []
    for _ in range(merges):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, symbols in spelt.items():
            for pair in pairwise(symbols):
                pairs[pair] += counts[word]
        if not pairs:
            break
        (first, second), count = max(pairs.items(), key=lambda item: (item[1], item[0]))
        learnt.append((first, second, count))
        for word, symbols in spelt.items():
            merged: list[str] = []
            place = 0
            while place < len(symbols):
                both = symbols[place : place + 2] == (first, second)
                merged.append(first + second if both else symbols[place])
                place += 1 + both
            spelt[word] = tuple(merged)
    pieces: Counter[str] = Counter()
    for word, symbols in spelt.items():
        *inner, last = symbols
        for piece in (*(f"{symbol}@@" for symbol in inner), last.removesuffix("</w>")):
            pieces[piece] += counts[word]
    return learnt, pieces


LITERAL = "a@@ b@@ a@@ @@ @@ a</w>b a</w>b </w>c x</w> </w> <s a<s s> ab<mask 12@@ </w>@@ </w>@@"


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary as fastBPE leaves it: with merges whose products, or parts, are no pieces.

    Its words hold `@@` and `</w>` literally, and one merge has a no-break space, as in PhoBERT's
    own files.
    """
    text = (ARTICLE / "hai-phong.txt").read_text("utf-8").splitlines()
    lines = [segmentation.text for segmentation in words.load().segment(text)]
    merges, pieces = learn([*lines, *[LITERAL] * 40], merges=1500)
    common = [piece for piece, _ in pieces.most_common()]
    kept = [piece for number, piece in enumerate(common) if number % 7]
    kept = [piece for piece in kept if piece == "</w>@@" or not piece.endswith("</w>@@")]
    folder = tmp_path_factory.mktemp("learnt")
    codes = [f"{first} {second} {count}\n" for first, second, count in merges]
    codes.insert(9, "\u00a0 km</w> 43474\n")
    (folder / "bpe.codes").write_text("".join(codes), "utf-8")
    (folder / "vocab.txt").write_text("".join(f"{p} {pieces[p]}\n" for p in kept), "utf-8")
    known = {tokenizer.symbol_of(piece) for piece in kept}
    assert sum(first + second not in known for first, second, _ in merges) > 100
    assert {"a@@</w>", "@@</w>", "</w>"} & {first + second for first, second, _ in merges}
    return folder


@pytest.fixture(scope="module")
def fastbpe(learnt: Path) -> Pair:
    return tokenizer.load(learnt), transformers_tokenizer(learnt)


def check_equal(pair: Pair, text: str) -> None:
    ours, theirs = pair
    assert ours.encode(text) == theirs(text)["input_ids"]
    bare = theirs(text, add_special_tokens=False)["input_ids"]
    assert ours.encode(text, add_special_tokens=False) == bare
    assert ours.encode_batch([text, text]) == [theirs(text)["input_ids"]] * 2
    assert ours.encode_batch([text], add_special_tokens=False) == [bare]
    assert ours.tokens(text) == theirs.convert_ids_to_tokens(theirs(text)["input_ids"])


def test_a_sentence(bundled: Pair) -> None:
    ours, _ = bundled
    text = "Chủ_tịch tỉnh yêu_cầu hoàn_thành đúng tiến_độ ."
    ids = ours.encode(text)
    assert (ids[0], ids[-1]) == (ours.bos_id, ours.eos_id) == (0, 2)
    assert ours.tokens(text)[1:3] == ["Chủ_tịch", "tỉnh"]
    assert ours.decode(ids) == f"<s> {text} </s>"
    assert ours.decode(ids, skip_special_tokens=True) == text


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "\n", " \n a\n", "a\nb", "a \nb\n\n", "\ta\x1cb\x85c\u00a0d\u2028e\u3000f "],
        *[
            "😀",
            "a😀b 😀",
            "a\ud800b",
            "\uffff",
            "ệ" * 200,
            "x" * 2000,
            "a",
            "ở",
            "_",
            "@@",
            "</w>",
        ],
        *["<s>", "a<mask>b", "a <mask> b", "<mask><mask>", "<unk> <pad></s>", "<<s>>", "</<s>"],
        *["@@a@@ a@@", "a</w>b </w>", "x</w></w> </w>x", "chủ_tị@@", "Chủ_tịch</w> Chủ_tịch</w>a"],
    ],
)
def test_odd_texts(bundled: Pair, fastbpe: Pair, text: str) -> None:
    check_equal(bundled, text)
    check_equal(fastbpe, text)


@settings(deadline=None, max_examples=400)
@given(text=texts)
def test_equals_transformers_on_any_text(bundled: Pair, text: str) -> None:
    check_equal(bundled, text)


@settings(deadline=None, max_examples=400)
@given(
    text=texts
    | st.text("ab@</w> s>12\n", max_size=30)
    | st.lists(st.sampled_from([*LITERAL.split(), *PIECES]), max_size=8).map("".join)
    | st.lists(st.sampled_from((ARTICLE / "hai-phong.txt").read_text("utf-8").split())).map("".join)
)
def test_equals_transformers_where_the_vocabulary_lacks_steps(fastbpe: Pair, text: str) -> None:
    check_equal(fastbpe, text)


def test_missing_steps_come_out_as_unknown(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("ab@@ 9\ncd 8\nx 7\n", "utf-8")
    (tmp_path / "bpe.codes").write_text("a b 9\nc d</w> 8\ne f 7\nef g</w> 6\n", "utf-8")
    ours = tokenizer.load(tmp_path)
    assert ours.vocab_size == 8
    assert ours.mask_id == 7
    assert ours.encode("abcd efg efcd abx x", add_special_tokens=False) == [4, 5, 3, 3, 5, 4, 6, 6]
    check_equal((ours, transformers_tokenizer(tmp_path)), "abcd efg efcd abx x ab efef")


def test_equals_transformers_on_the_authored_corpus(bundled: Pair) -> None:
    segmented = segment(
        sentence["text"]
        for split in ("train", "validation", "test")
        for line in (ROOT / "data" / f"{split}.jsonl").read_text("utf-8").splitlines()
        for sentence in json.loads(line)["sentences"]
    )
    assert len(segmented) > 1500
    ours, theirs = bundled
    assert ours.encode_batch(segmented) == theirs(segmented)["input_ids"]


@pytest.mark.slow
def test_equals_transformers_on_ten_thousand_sentences_of_real_news(
    bundled: Pair, fastbpe: Pair, news: Path
) -> None:
    segmented = segment(islice(real_sentences(news), 10_000))
    assert len(segmented) == 10_000
    for ours, theirs in (bundled, fastbpe):
        expected = theirs(segmented)["input_ids"]
        found = ours.encode_batch(segmented)
        differ = [n for n, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
        assert not differ  # numbers, since the text of the news is not to be printed


def real_sentences(news: Path) -> Any:
    for name in ("train", "unlabelled"):
        for line in (news / f"{name}.jsonl").read_text("utf-8").splitlines():
            yield from (sentence["text"] for sentence in json.loads(line)["sentences"])
    with lzma.open(news / "political.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield from filter(None, json.loads(line)["text"].split("\n"))


def segment(sentences: Any) -> list[str]:
    return [segmentation.text for segmentation in words.load().segment(list(sentences))]


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("Trần_văn_thời", [1359, 3, 8915]),
        ("Trần_văn_Thời", [1359, 16398, 4834]),
        ("Lê_văn_Tám", [1475, 16398, 6813]),
    ],
)
def test_the_real_phobert(word: str, ids: list[int]) -> None:
    """The ids stand in VinAIResearch/PhoBERT issue 38."""
    if "PHOBERT" not in os.environ:
        pytest.skip("set PHOBERT to a folder with vocab.txt and bpe.codes of vinai/phobert-base")
    ours = tokenizer.load(os.environ["PHOBERT"])
    assert ours.vocab_size == 64001
    assert ours.encode(word, add_special_tokens=False) == ids


def test_forgetting_words_changes_nothing(bundled: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    segmented = segment((ARTICLE / "hai-phong.txt").read_text("utf-8").split("\n"))
    ours, _ = bundled
    expected = [ours.encode(text) for text in segmented]
    monkeypatch.setattr(tokenizer, "KEPT", 2)
    monkeypatch.setattr(tokenizer, "LONGEST", 6)
    other = tokenizer.load(BUNDLED)
    assert [other.encode(text) for text in segmented * 2] == expected * 2
    assert len(other._words) <= 2


@settings(deadline=None, max_examples=100)
@given(ids=st.lists(st.integers(0, 17_000), max_size=12), skip=st.booleans())
def test_decodes_like_transformers(bundled: Pair, ids: list[int], skip: bool) -> None:
    ours, theirs = bundled
    expected = theirs.decode(ids, skip_special_tokens=skip, clean_up_tokenization_spaces=False)
    assert ours.decode(ids, skip_special_tokens=skip) == expected


def test_segmented_text_comes_back(bundled: Pair) -> None:
    ours, _ = bundled
    article = (ARTICLE / "hai-phong.txt").read_text("utf-8").split("\n")
    for text in segment(article):
        ids = ours.encode(text)
        assert ours.unk_id not in ids
        assert ours.decode(ids, skip_special_tokens=True) == text


def ready(folder: Path, source: Path) -> Path:
    tokenizer.load(source).save(folder / "tokenizer.json")
    (folder / "thoisu.json").write_text("{}", "utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["thoisu.json", "tokenizer.json"]
    return folder


@pytest.mark.parametrize("kind", ["bundled", "learnt"])
def test_the_ready_file_says_the_same(kind: str, learnt: Path, tmp_path: Path) -> None:
    source = BUNDLED if kind == "bundled" else learnt
    built = tokenizer.build(source / "vocab.txt", source / "bpe.codes")
    loaded = tokenizer.load(ready(tmp_path, source))
    assert loaded.vocab_size == built.vocab_size
    several = ["".join(random.Random(n).choices(PIECES, k=9)) for n in range(300)]
    assert loaded.encode_batch(several) == built.encode_batch(several)
    assert [loaded.tokens(text) for text in several] == [built.tokens(text) for text in several]


def test_the_ready_file_opens_quickly(tmp_path: Path) -> None:
    ready(tmp_path, BUNDLED)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        tokenizer.load(tmp_path)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


def test_transformers_opens_the_ready_file(bundled: Pair, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    ours, _ = bundled
    ours.save(tmp_path / "tokenizer.json")
    fast = PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"),
        **{"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
        **{"pad_token": "<pad>", "mask_token": "<mask>"},
    )
    several = ["".join(random.Random(n).choices(PIECES, k=9)) for n in range(300)]
    several = [text for text in several if "\ud800" not in text and "\udfff" not in text]
    several += segment((ARTICLE / "hai-phong.txt").read_text("utf-8").split("\n"))
    # `</w>` written out looks like an end of word to the file; `encode` knows better.
    several = [text for text in several if "</w>" not in text]
    assert len(several) > 100
    for text in several:
        ids = ours.encode(text)
        assert fast(text)["input_ids"] == ids
        if ours.unk_id in ids:
            continue  # the word that it stands in would be cut off, and end differently
        assert fast.decode(ids, skip_special_tokens=True) == ours.decode(
            ids, skip_special_tokens=True
        )


def test_auto_tokenizer_takes_a_folder_with_both(phobert: Path, tmp_path: Path) -> None:
    import shutil

    from transformers import AutoTokenizer

    folder = tmp_path / "checkpoint"
    shutil.copytree(phobert, folder)
    ours = tokenizer.load(folder)
    ours.save(folder / "tokenizer.json")
    theirs = AutoTokenizer.from_pretrained(folder)
    for text in ("Chủ_tịch tỉnh yêu_cầu 😀 <mask> a\n", "", "x" * 200):
        assert theirs(text)["input_ids"] == ours.encode(text)


def test_several_texts_are_encoded_in_order(bundled: Pair) -> None:
    ours, _ = bundled
    several = [f"Điều {n} <mask>" for n in range(500)]
    assert ours.encode_batch(iter(several)) == [ours.encode(text) for text in several]
    assert ours.encode_batch([]) == []


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("vocab.txt", None, "vocab.txt: no such file; a PhoBERT checkpoint has it"),
        ("bpe.codes", None, "bpe.codes: no such file"),
        ("vocab.txt", b"ab 9\n\xff 8\n", "vocab.txt: byte 5 is not UTF-8"),
        ("bpe.codes", b"a b 9\n\xe1\xba 8\n", "bpe.codes: byte 6 is not UTF-8"),
        ("vocab.txt", b"", "vocab.txt: line 1: expected a piece and its count"),
        ("vocab.txt", b"ab 9\n\ncd 8\n", "line 2: expected a piece and its count"),
        ("vocab.txt", b"ab 9\ncd\n", "line 2: expected a piece and its count"),
        ("vocab.txt", b"ab 9\nab 8\n", "line 2: ab is there already"),
        ("vocab.txt", b"ab 9\nab</w>@@ 8\n", "line 2: ab</w>@@ is there already"),
        ("vocab.txt", b"ab 9\nb</w>@@ 8\n", "line 2: b</w>@@ looks like the end of a word"),
        ("vocab.txt", b"ab 9\n<mask> 1\n", "line 2: <mask> is added by the tokenizer"),
        ("vocab.txt", b"<s> 9\n", "line 1: <s> is added by the tokenizer"),
        ("bpe.codes", b"#version: 0.2\na b 1\n", "line 1: expected two symbols and a count"),
        ("bpe.codes", b"a b 9\nc d</w>\n", "line 2: expected two symbols and a count"),
        ("bpe.codes", b"a b c\n", "line 1: expected two symbols and a count"),
        ("bpe.codes", b"a b 9\n\nc d 8\n", "line 2: expected two symbols and a count"),
        ("bpe.codes", b"a  9\n", "line 1: expected two symbols and a count"),
        ("bpe.codes", b"ab c 9\na b 8\n", "line 2: makes ab, which line 1 merges already"),
    ],
)
def test_malformed_files_are_refused(
    tmp_path: Path, file: str, content: bytes | None, message: str
) -> None:
    (tmp_path / "vocab.txt").write_bytes(b"ab@@ 9\ncd 8\n")
    (tmp_path / "bpe.codes").write_bytes(b"a b 9\nc d</w> 8\n")
    assert tokenizer.load(tmp_path).encode("abcd") == [0, 4, 5, 2]
    (tmp_path / file).unlink() if content is None else (tmp_path / file).write_bytes(content)
    with pytest.raises(ThoisuError, match=message.replace("<", r"\<")) as error:
        tokenizer.load(tmp_path)
    assert str(error.value).startswith(str(tmp_path / file))


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_line_ends_are_read_as_transformers_reads_them(tmp_path: Path, end: str) -> None:
    """A last line of `bpe.codes` without a line feed is lost there, and so it is here."""
    line = end or "\n"
    vocabulary = line.join(["ab@@ 9", "cd 8", "c@@ 7", "d 6"]) + end
    (tmp_path / "vocab.txt").write_bytes(vocabulary.encode())
    (tmp_path / "bpe.codes").write_bytes((line.join(["a b 9", "c d</w> 8"]) + end).encode())
    ours = tokenizer.load(tmp_path)
    assert ours.encode("abcd")[1:-1] == ([4, 5] if end else [4, 6, 7])
    check_equal((ours, transformers_tokenizer(tmp_path)), "abcd ab cd")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        ("{}", "cannot be read"),
        (
            '{"version": "1.0", "model": {"type": "WordLevel", "vocab": {"<mask>": 0, "<unk>": 1}, '
            '"unk_token": "<unk>"}}',
            "is no tokenizer of a PhoBERT",
        ),
        (
            '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}',
            "is no tokenizer of a PhoBERT",
        ),
    ],
)
def test_a_spoilt_ready_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "thoisu.json").write_text("{}", "utf-8")
    (tmp_path / "tokenizer.json").write_text(content, "utf-8")
    with pytest.raises(ThoisuError, match=f"tokenizer.json: {message}.*delete it"):
        tokenizer.load(tmp_path)


def test_a_name_on_the_hub_is_fetched_with_the_files_needed(
    learnt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, **options: Any) -> str:
        assert name == "vinai/phobert-base"
        assert {"vocab.txt", "bpe.codes"} <= set(options["allow_patterns"])
        assert not any("safetensors" in pattern for pattern in options["allow_patterns"])
        return str(learnt)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    assert tokenizer.load("vinai/phobert-base").encode("Hải_Phòng")[1:-1] != []


def test_a_name_that_is_nothing_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ThoisuError, match="no/such-model: neither a folder nor a model"):
        tokenizer.load("no/such-model")
