"""Compare thoisu's tokenizer with `transformers.PhobertTokenizer`: same sentences, taking turns.

    python benchmarks/tokenizer.py                     # the bundled vocabulary
    python benchmarks/tokenizer.py --model FOLDER      # any vocab.txt and bpe.codes
    python benchmarks/tokenizer.py --limit 200         # a quick look

Both keep the pieces of words that they have seen: `transformers` of all, thoisu of the last 65536.
`transformers` is timed warm, when it has met all the words of the sentences before, and cold, when
it has met none; so is thoisu, cold being just loaded. Single means one call per sentence, batch one
call for all. The sentences are segmented first; that is not timed. All runs on one core.
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
from typing import Any

from thoisu import tokenizer, words

ROOT = Path(__file__).resolve().parents[1]
NEWS = Path(os.environ.get("NEWS", ROOT.parent / "shared" / "news"))
BASE = "transformers, warm"

Encode = Callable[[Sequence[str]], list[list[int]]]


def read(paths: Sequence[Path]) -> list[str]:
    """Return the sentences of corpus files, segmented."""
    sentences = [
        sentence["text"]
        for path in paths
        for line in path.read_text("utf-8").splitlines()
        for sentence in json.loads(line)["sentences"]
    ]
    return [segmentation.text for segmentation in words.load().segment(sentences)]


def corpora() -> dict[str, list[str]]:
    """Return what there is to encode, by name."""
    splits = ("train", "validation", "test")
    found = {"authored corpus": read([ROOT / "data" / f"{split}.jsonl" for split in splits])}
    if (NEWS / "train.jsonl").exists():
        found["real news"] = read([NEWS / "train.jsonl"])
    else:
        print(f"no real news in {NEWS} (set NEWS to its folder)", file=sys.stderr)
    return found


def ways(ours: Any, theirs: Any, *, batch: bool) -> tuple[Encode, Encode]:
    """Return both tokenizers as functions from texts to ids."""
    if batch:
        return ours.encode_batch, lambda texts: theirs(list(texts))["input_ids"]
    return (
        lambda texts: [ours.encode(text) for text in texts],
        lambda texts: [theirs(text)["input_ids"] for text in texts],
    )


def timed(encode: Encode, texts: Sequence[str]) -> float:
    """Return the seconds that a tokenizer takes."""
    start = time.perf_counter()
    encode(texts)
    return time.perf_counter() - start


def compare(name: str, folder: Path, texts: Sequence[str], rounds: int) -> None:
    """Print one table for single sentences and one for batches."""
    from transformers import PhobertTokenizer

    files = folder / "vocab.txt", folder / "bpe.codes"
    theirs = PhobertTokenizer(*map(str, files))
    ours = tokenizer.build(*files)
    same = ours.encode_batch(texts) == theirs(list(texts))["input_ids"]
    print(f"\n{name}: {len(texts)} sentences, {rounds} rounds; ids {'equal' if same else 'DIFFER'}")
    print(f"{'':36}{'sentences/s':>12}{'times warm transformers':>26}{'(range)':>16}")
    for batch in (False, True):
        seconds: dict[str, list[float]] = {}
        for _ in range(rounds):
            encode_ours, encode_theirs = ways(ours, theirs, batch=batch)
            fresh, _ = ways(tokenizer.build(*files), theirs, batch=batch)
            turns = {"thoisu, cold": fresh, "thoisu, warm": encode_ours, BASE: encode_theirs}
            for who, encode in turns.items():
                seconds.setdefault(who, []).append(timed(encode, texts))
            theirs.cache.clear()
            seconds.setdefault("transformers, cold", []).append(timed(encode_theirs, texts))
        for who, taken in seconds.items():
            ratios = [base / own for base, own in zip(seconds[BASE], taken, strict=True)]
            print(
                f"{'batch ' if batch else 'single'}  {who:28}"
                f"{len(texts) / statistics.median(taken):12,.0f}{statistics.median(ratios):26.2f}"
                f"{f'({min(ratios):.2f}–{max(ratios):.2f})':>16}"
            )


def loading(folder: Path, rounds: int) -> None:
    """Print how long it takes to have a tokenizer ready, imports aside."""
    import tempfile

    from transformers import PhobertTokenizer

    with tempfile.TemporaryDirectory() as scratch:
        tokenizer.load(folder).save(Path(scratch) / "tokenizer.json")
        (Path(scratch) / "thoisu.json").write_text("{}", "utf-8")
        files = folder / "vocab.txt", folder / "bpe.codes"
        turns: dict[str, Callable[[], Any]] = {
            "thoisu, from tokenizer.json": lambda: tokenizer.load(scratch),
            "thoisu, from vocab.txt and bpe.codes": lambda: tokenizer.build(*files),
            "transformers": lambda: PhobertTokenizer(*map(str, files)),
        }
        seconds: dict[str, list[float]] = {who: [] for who in turns}
        for _ in range(rounds):
            for who, load in turns.items():
                start = time.perf_counter()
                load()
                seconds[who].append(time.perf_counter() - start)
    print("\nloading (median)")
    for who, taken in seconds.items():
        print(f"        {who:36}{statistics.median(taken):8.3f} s")


def main() -> int:
    """Run the comparison on each corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "thoisu-small")
    parser.add_argument("--limit", type=int, default=2000, help="sentences of each corpus")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name, sentences in corpora().items():
        texts = random.Random(0).sample(sentences, min(options.limit, len(sentences)))
        compare(name, options.model, texts, options.rounds)
    loading(options.model, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
