"""Turn news articles into pretraining text: a segmented sentence a line.

Articles stand apart by an empty line.

Articles of the validation and test splits stay out, by id, and so does every sentence that begins
as one of theirs: the same report stands in several papers.
"""

import argparse
import json
import lzma
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from thoisu import articles, sentences, words

COMPARED = 50  # characters of a sentence that tell it from others


def read(path: Path) -> Iterator[dict[str, str]]:
    """Yield articles from JSON Lines, packed by xz or not."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def held_out(paths: list[Path]) -> tuple[set[str], set[str]]:
    """Return the ids and the beginnings of sentences of labelled files that must stay unseen."""
    ids, beginnings = set(), set()
    for path in paths:
        for article in read(path):
            ids.add(article["id"])
            for sentence in article["sentences"]:
                if len(sentence["text"]) > COMPARED:
                    beginnings.add(sentence["text"][:COMPARED])
    return ids, beginnings


class Segment:
    """Splits and segments one article; loads its segmenter once in each process."""

    def __init__(self, beginnings: set[str]) -> None:
        self._beginnings = beginnings
        self._segmenter: words.Segmenter | None = None

    def __call__(self, article: dict[str, str]) -> str:
        """Return the article's lines and the empty line after them."""
        self._segmenter = self._segmenter or words.load()
        text = articles.clean("\n".join(filter(None, (article["title"], article["text"]))))
        kept = [
            sentence.text
            for sentence in sentences.split(text)
            if sentence.text[:COMPARED] not in self._beginnings
        ]
        return "".join(f"{segmented.text}\n" for segmented in self._segmenter.segment(kept)) + "\n"


def main() -> None:
    """Write the text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path, help="JSON Lines: id, title, text; .xz or not")
    parser.add_argument("--held-out", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    ids, beginnings = held_out(given.held_out)
    wanted = (article for article in read(given.articles) if article["id"] not in ids)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    partial = given.output.with_suffix(".partial")
    with Pool() as pool, partial.open("w", encoding="utf-8") as file:
        file.writelines(pool.imap(Segment(beginnings), wanted, chunksize=16))
    partial.replace(given.output)


if __name__ == "__main__":
    main()
