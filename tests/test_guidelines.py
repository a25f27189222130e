"""The guideline: complete, with examples, the same in both languages."""

import re
import unicodedata
from pathlib import Path

import pytest

from thoisu import corpus
from thoisu.labels import LABEL_IDS

ROOT = Path(__file__).parents[1]
PAGES = ("guidelines.md", "guidelines.vi.md")
RULES = [f"R{number}" for number in range(1, 30)]
RULE = re.compile(r'^<a id="(R\d+)"></a>\n### (R\d+)\. .+\n', re.M)
EXAMPLE = re.compile(r"^- `(\w+)`(?: \*\(.+\)\*)? “([^“”]+)”(.*)$", re.M)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def rules(text: str) -> dict[str, str]:
    """Return the text of each rule."""
    _, *parts = RULE.split(text)
    assert parts[::3] == parts[1::3]  # anchors and headings have the same number
    return dict(zip(parts[::3], parts[2::3], strict=True))


def examples(text: str) -> list[tuple[str, str]]:
    bullets = re.findall(r"^- `", text, re.M)
    found = [(label, sentence) for label, sentence, _ in EXAMPLE.findall(text)]
    assert len(found) == len(bullets)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_rule_stands_once_with_two_examples(name):
    found = rules(page(name))
    assert sorted(found, key=RULES.index) == RULES
    assert len(RULE.findall(page(name))) == len(RULES)
    for rule, text in found.items():
        assert len(examples(text)) >= 2, rule
        assert {label for label, _ in examples(text)} <= set(LABEL_IDS), rule
        assert text.partition("\n- `")[0].strip(), rule


@pytest.mark.parametrize("name", PAGES)
def test_every_label_and_link_is_known(name):
    text = page(name)
    assert set(re.findall(r"`(\w+)`", text)) == set(LABEL_IDS)
    anchors = re.findall(r'<a id="([\w-]+)"></a>', text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == set(anchors)
    for target in re.findall(r"\]\(([^#)]+)\)", text):
        assert (ROOT / "docs" / target).exists()
    assert unicodedata.is_normalized("NFC", text)


def test_both_languages_have_the_same_rules_examples_and_cues():
    english, vietnamese = map(page, PAGES)
    first, second = rules(english), rules(vietnamese)
    assert list(first) == list(second)
    for rule in RULES:
        assert examples(first[rule]) == examples(second[rule]), rule
        links = [re.findall(r"\(#(R\d+)\)", text.partition("<a id")[0]) for text in (
            first[rule], second[rule],
        )]  # fmt: skip
        assert links[0] == links[1], rule
    cues = [
        re.findall(r"^\| `\w+` .*\| (?:(\*.+\*))?", text, re.M) for text in (english, vietnamese)
    ]
    assert cues[0] == cues[1]
    assert len(cues[0]) == len(LABEL_IDS)


def test_every_english_example_is_explained():
    for _, sentence, gloss in EXAMPLE.findall(page("guidelines.md")):
        assert re.fullmatch(r" \S.+", gloss), sentence


def test_no_example_stands_in_the_corpus():
    articles = corpus.load([ROOT / "data" / f"{name}.jsonl" for name in corpus.SPLITS])
    known = {sentence.text for article in articles for sentence in article.sentences}
    assert not known & {sentence for _, sentence in examples(page("guidelines.md"))}
