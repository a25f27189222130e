"""Compare sentence splitters on real news whose sentence ends were marked by hand.

    python benchmarks/sentences.py                # accuracy and speed, side by side
    python benchmarks/sentences.py --no-speed     # accuracy alone
    python benchmarks/sentences.py --make FOLDER  # write sentence-ends.jsonl from readers' marks

The marks lie in ``sentence-ends.jsonl``, the articles do not (they belong to the newspapers): they
are looked up by id in ``political.jsonl.xz`` under ``../shared/news`` or the folder in ``NEWS``,
and their text must be the one that was read, as its SHA-256 tells.
"""

import argparse
import hashlib
import json
import lzma
import os
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from thoisu.sentences import split

HERE = Path(__file__).parent
MARKS = HERE / "sentence-ends.jsonl"
OURS = "thoisu"
# pysbd knows no Vietnamese. Every setting of it for a Latin script is tried, and the best reported.
PYSBD_LANGUAGES = ("en", "fr", "es", "it", "de", "nl", "da", "pl", "sk")
PLAIN = re.compile(r"[.?!…]+[\"”’»)\]]*(?=\s|\Z)|(?=\n)")
RESAMPLES = 10_000
ROUNDS = 5

Splitter = Callable[[str], list[int]]  # text → ends of its sentences


@dataclass
class Marked:
    """An article and where readers saw its sentences end (offsets in code points)."""

    id: str
    outlet: str
    sha256: str
    ends: set[int]
    candidates: int
    readers: dict[str, set[int]] = field(default_factory=dict)
    text: str = ""


@dataclass
class Score:
    """How many ends a splitter found, article by article; columns: right, given, marked."""

    name: str
    way: str
    counts: np.ndarray
    splitter: Splitter

    def figures(self) -> tuple[float, float, float]:
        """Return precision, recall and F1 over all articles together."""
        right, given, marked = self.counts.sum(axis=0)
        return right / max(given, 1), right / max(marked, 1), f1(self.counts.sum(axis=0))


def f1(counts: np.ndarray) -> np.ndarray:
    """Return F1 of counts of shape ``(..., 3)``."""
    return 2 * counts[..., 0] / np.maximum(counts[..., 1] + counts[..., 2], 1)


def clean(text: str) -> str:
    """Return the text as the readers saw it; changing this makes the recorded hashes void."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "", text)
    return re.sub("[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]", " ", text)


def at_text(text: str, offsets: Iterable[int]) -> set[int]:
    """Return ends as places after the last character that is no space nor a bar after a caption.

    The end of the article, which nobody can miss, is left out.
    """
    ends = {len(text[:offset].rstrip(" \n|")) for offset in offsets}
    return ends - {0, len(text.rstrip(" \n|"))}


def read_marks(path: Path, news: Path) -> tuple[list[Marked], list[str]]:
    """Return the marked articles with their texts, and a line on each that cannot be used."""
    articles = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        readers = {name: set(ends) for name, ends in row.pop("readers", {}).items()}
        articles.append(Marked(**row | {"ends": set(row["ends"])}, readers=readers))
    wanted = {article.id for article in articles}
    texts = {}
    with lzma.open(news / "political.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["id"] in wanted:
                texts[row["id"]] = clean(row["text"])
    usable, problems = [], []
    for article in articles:
        if article.id not in texts:
            problems.append(f"{article.id}: not in {news}; its marks are not counted")
        elif sha256(texts[article.id]) != article.sha256:
            problems.append(f"{article.id}: another text than was marked; it is not counted")
        else:
            article.text = texts[article.id]
            usable.append(article)
    return usable, problems


def make(folder: Path, path: Path) -> int:
    """Write the marks of a folder of readings; return how many articles they are of.

    Args:
        folder: with ``meta.json`` (a list of articles: ``k``, ``id``, ``outlet``, ``text``, and
            ``positions`` of the candidates), ``gold.json`` and any ``reader-*.json`` (each from
            ``k`` in two digits to the numbers of the candidates that end sentences).
        path: of the file to write, which holds no text.
    """
    gold = json.loads((folder / "gold.json").read_text("utf-8"))
    readers = {
        file.stem.removeprefix("reader-"): json.loads(file.read_text("utf-8"))
        for file in sorted(folder.glob("reader-*.json"))
    }
    rows = []
    for article in json.loads((folder / "meta.json").read_text("utf-8")):
        text, positions, key = article["text"], article["positions"], f"{article['k']:02d}"

        def ends(
            numbers: list[int], text: str = text, positions: list[int] = positions
        ) -> list[int]:
            return sorted(at_text(text, (positions[number] for number in numbers)))

        row = {
            "id": article["id"],
            "outlet": article["outlet"],
            "sha256": sha256(text),
            "candidates": len(at_text(text, positions)),
            "ends": ends(gold[key]),
            "readers": {name: ends(marks[key]) for name, marks in readers.items()},
        }
        rows.append(json.dumps(row, ensure_ascii=False))
    partial = path.with_suffix(".partial")
    partial.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    partial.replace(path)
    return len(rows)


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def splitters() -> dict[str, dict[str, Splitter]]:
    """Return each system to compare, by name and by the way in which it is given an article."""
    import pysbd
    from underthesea import sent_tokenize

    def underthesea(text: str) -> list[int]:
        ends, at = [], 0
        for sentence in sent_tokenize(text):
            at = text.index(sentence, at) + len(sentence)
            ends.append(at)
        return ends

    def pysbd_for(language: str) -> Splitter:
        segmenter = pysbd.Segmenter(language=language, clean=False, char_span=True)
        return lambda text: [span.end for span in segmenter.segment(text)]

    systems: dict[str, dict[str, Splitter]] = {
        OURS: {"whole": lambda text: [sentence.end for sentence in split(text)]},
        "underthesea": both_ways(underthesea),
        "pysbd": {
            f"{language}, {way}": splitter
            for language in PYSBD_LANGUAGES
            for way, splitter in both_ways(pysbd_for(language)).items()
        },
        "plain regex": {"whole": lambda text: [match.end() for match in PLAIN.finditer(text)]},
    }
    return systems


def both_ways(splitter: Splitter) -> dict[str, Splitter]:
    """Return a splitter that is given whole articles, and one that is given line after line."""

    def by_line(text: str) -> list[int]:
        ends, start = [], 0
        for line in text.splitlines(keepends=True):
            if line.strip():
                ends += [start + end for end in splitter(line)] + [start + len(line)]
            start += len(line)
        return ends

    return {"whole": splitter, "by line": by_line}


def score(name: str, ways: dict[str, Splitter], articles: Sequence[Marked]) -> Score:
    """Return the score of a system in the way in which it does best."""
    scores = []
    for way, splitter in ways.items():
        counts = []
        for article in articles:
            given = at_text(article.text, splitter(article.text))
            counts.append((len(given & article.ends), len(given), len(article.ends)))
        scores.append(Score(name, way, np.array(counts), splitter))
    return max(scores, key=lambda each: each.figures()[2])


def interval(samples: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of bootstrap samples."""
    low, high = np.percentile(samples, [2.5, 97.5])
    return float(low), float(high)


def accuracy(scores: Sequence[Score]) -> None:
    """Print precision, recall and F1 of each system, and ours against the best other."""
    number = len(scores[0].counts)
    drawn = np.random.default_rng(0).integers(number, size=(RESAMPLES, number))
    samples = {each.name: f1(each.counts[drawn].sum(axis=1)) for each in scores}
    print(f"{'':14} {'precision':>9} {'recall':>9} {'F1':>9}   95 % interval of F1   given as")
    for each in scores:
        precision, recall, harmonic = each.figures()
        low, high = interval(samples[each.name])
        print(
            f"{each.name:14} {precision:9.4f} {recall:9.4f} {harmonic:9.4f}"
            f"   {low:.4f} to {high:.4f}      {each.way}"
        )
    best = max((each for each in scores if each.name != OURS), key=lambda each: each.figures()[2])
    ours = next(each for each in scores if each.name == OURS)
    low, high = interval(samples[OURS] - samples[best.name])
    print(
        f"F1 of {OURS} less that of {best.name}, on the same articles: "
        f"{ours.figures()[2] - best.figures()[2]:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"
    )


def agreement(articles: Sequence[Marked]) -> None:
    """Print how far each two readers agree, before their differences were settled."""
    names = sorted({name for article in articles for name in article.readers})
    for first, second in ((a, b) for i, a in enumerate(names) for b in names[i + 1 :]):
        both = one = other = candidates = 0
        for article in articles:
            a, b = article.readers[first], article.readers[second]
            both, one, other = both + len(a & b), one + len(a), other + len(b)
            candidates += article.candidates
        observed = (candidates - one - other + 2 * both) / candidates
        chance = (one * other + (candidates - one) * (candidates - other)) / candidates**2
        kappa = (observed - chance) / (1 - chance) if chance < 1 else 1.0
        print(
            f"reader {first} against reader {second}: F1 {2 * both / max(one + other, 1):.4f}, "
            f"Cohen's kappa {kappa:.4f} over {candidates} candidates, "
            f"{one + other - 2 * both} marked by one alone"
        )


def speed(scores: Sequence[Score], articles: Sequence[Marked]) -> None:
    """Print marked sentences per second of one core, all systems taking turns."""
    sentences = sum(len(article.ends) + 1 for article in articles)
    times: dict[str, list[float]] = {each.name: [] for each in scores}
    for _ in range(ROUNDS):
        for each in scores:
            began = time.process_time()
            for article in articles:
                each.splitter(article.text)
            times[each.name].append(time.process_time() - began)
    ours = statistics.median(times[OURS])
    print(
        f"\n{'':14} {'sentences/s':>12} {OURS + ' is':>12}   (median of {ROUNDS} rounds, one core)"
    )
    for each in scores:
        taken = statistics.median(times[each.name])
        print(f"{each.name:14} {sentences / taken:12,.0f} {taken / ours:11.2f}x")


def main() -> int:
    """Run the comparison, or make the file that it reads; return the exit status."""
    parser = argparse.ArgumentParser(description="Compare sentence splitters on real news.")
    parser.add_argument("--make", type=Path, metavar="FOLDER", help="write the marks from readings")
    parser.add_argument("--marks", type=Path, default=MARKS, help="the marks (%(default)s)")
    parser.add_argument("--no-speed", action="store_true", help="measure accuracy alone")
    options = parser.parse_args()
    if options.make:
        print(f"{options.marks}: marks of {make(options.make, options.marks)} articles")
        return 0
    news = Path(os.environ.get("NEWS", HERE.parent.parent / "shared" / "news"))
    if not (news / "political.jsonl.xz").exists():
        print(f"{news}: no political.jsonl.xz; set NEWS to the folder of news", file=sys.stderr)
        return 1
    articles, problems = read_marks(options.marks, news)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not articles:
        print(f"{options.marks}: no article of it can be used", file=sys.stderr)
        return 1
    outlets = len({article.outlet for article in articles})
    ends = sum(len(article.ends) for article in articles)
    print(
        f"{len(articles)} articles of {outlets} outlets, {ends} sentence ends inside them "
        f"({len(problems)} articles not counted)"
    )
    agreement(articles)
    scores = [score(name, ways, articles) for name, ways in splitters().items()]
    accuracy(scores)
    if not options.no_speed:
        speed(scores, articles)
    return 0


if __name__ == "__main__":
    sys.exit(main())
