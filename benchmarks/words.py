"""Compare word segmenters: thoisu, underthesea, pyvi; the same sentences, taking turns.

    python benchmarks/words.py              # the authored corpus, and real news where it is there
    python benchmarks/words.py --limit 200  # a quick look

Every segmenter runs in this one process, on one core, sentence by sentence. thoisu has two rows:
just loaded, so that it has seen no word before; and in the middle of a long run, when it has
segmented the other sentences of the same corpus, but none of those that are timed. The share of
identical output counts sentences whose words are all those of underthesea; pyvi segments by a
model of its own, so that its share says nothing of quality.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from thoisu import words

ROOT = Path(__file__).resolve().parents[1]
NEWS = Path(os.environ.get("NEWS", ROOT.parent / "shared" / "news"))
REFERENCE = "underthesea"

Segment = Callable[[Sequence[str]], list[str]]


def read(paths: Sequence[Path]) -> list[str]:
    """Return the sentences of corpus files."""
    return [
        sentence["text"]
        for path in paths
        for line in path.read_text("utf-8").splitlines()
        for sentence in json.loads(line)["sentences"]
    ]


def corpora() -> dict[str, list[str]]:
    """Return what there is to segment, by name."""
    splits = ("train", "validation", "test")
    found = {"authored corpus": read([ROOT / "data" / f"{split}.jsonl" for split in splits])}
    if (NEWS / "train.jsonl").exists():
        found["real news"] = read([NEWS / "train.jsonl"])
    else:
        print(f"no real news in {NEWS} (set NEWS to its folder)", file=sys.stderr)
    return found


def ours(segmenter: words.Segmenter) -> Segment:
    """Return a segmenter of this project as a function from texts to segmented texts."""
    return lambda texts: [segmentation.text for segmentation in segmenter.segment(texts)]


def peers() -> dict[str, Segment]:
    """Return the other segmenters that are installed, loaded and warm."""
    from underthesea import word_tokenize

    found: dict[str, Segment] = {
        REFERENCE: lambda texts: [word_tokenize(text, format="text") for text in texts]
    }
    try:
        from pyvi import ViTokenizer
    except ImportError:
        print("pyvi is not installed (pip install -e '.[bench]')", file=sys.stderr)
    else:
        found["pyvi"] = lambda texts: [ViTokenizer.tokenize(text) for text in texts]
    for segment in found.values():
        segment(["Hà Nội"])
    return found


def timed(segment: Segment, texts: Sequence[str]) -> float:
    """Return the seconds that a segmenter takes."""
    start = time.perf_counter()
    segment(texts)
    return time.perf_counter() - start


def compare(name: str, texts: Sequence[str], others: dict[str, Segment], rounds: int) -> None:
    """Print one table: medians of several rounds, and ratios to the reference round by round."""
    texts, seen = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    seconds: dict[str, list[float]] = {}
    loading = []
    for _ in range(rounds):
        start = time.perf_counter()
        fresh = ours(words.load())
        loading.append(time.perf_counter() - start)
        experienced = ours(words.load())
        experienced(seen)
        turns = {"thoisu, just loaded": fresh, "thoisu, in a long run": experienced, **others}
        for who, segment in turns.items():
            seconds.setdefault(who, []).append(timed(segment, texts))
    expected = others[REFERENCE](texts)
    outputs = {who: segment(texts) for who, segment in turns.items()}
    print(f"\n{name}: {len(texts)} sentences, {sum(map(len, texts))} characters, {rounds} rounds")
    print(f"loading thoisu's segmenter: {statistics.median(loading):.3f} s (median)")
    print(f"{'':28}{'sentences/s':>12}{'times ' + REFERENCE:>20}{'(range)':>14}{'identical':>11}")
    for who, taken in seconds.items():
        ratios = [base / own for base, own in zip(seconds[REFERENCE], taken, strict=True)]
        same = sum(map(str.__eq__, outputs[who], expected)) / len(texts)
        print(
            f"{who:28}{len(texts) / statistics.median(taken):12,.0f}"
            f"{statistics.median(ratios):20.2f}"
            f"{f'({min(ratios):.2f}–{max(ratios):.2f})':>14}{same:11.2%}"
        )


def main() -> int:
    """Run the comparison on each corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--limit", type=int, default=4000, help="sentences of each corpus, of which half are timed"
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    others = peers()
    for name, sentences in corpora().items():
        texts = random.Random(0).sample(sentences, min(options.limit, len(sentences)))
        compare(name, texts, others, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
