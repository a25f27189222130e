"""Make what in this folder is made by program.

``draw`` adds articles to the splits; without it, what is derived from the splits is written:
``sentences/*.parquet``, a sentence a row, and the figures in the card ``README.md``.

    python data/make.py                     # after any change of a split
    python data/make.py --check             # say what is not current, and fail
    python data/make.py draw new/*.jsonl    # articles without a split get one; the others stay
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from thoisu import corpus
from thoisu.corpus import SPLITS, CorpusArticle
from thoisu.corpus_files import METADATA
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS

FOLDER = Path(__file__).parent
CARD = FOLDER / "README.md"
SEED = 0
STARTING = FOLDER / "article" / "hai-phong.jsonl"
"""The article that the project began with: test data, never drawn."""

SCHEMA = pa.schema(
    [
        ("article", pa.string()),
        ("sentence", pa.int32()),
        ("text", pa.string()),
        ("label", pa.string()),
        ("hard", pa.bool_()),
        ("preceding", pa.list_(pa.string())),
        *((name, pa.string()) for name in METADATA),
    ]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status."""
    parser = argparse.ArgumentParser(prog="data/make.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if not current")
    commands = parser.add_subparsers(dest="command")
    drawing = commands.add_parser("draw", help="give articles that have no split one")
    drawing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        if given.command == "draw":
            save(draw(load() if split_file("train").exists() else {}, corpus.load(given.files)))
        splits = load()
        if given.check:
            stale = outdated(splits)
            for path in stale:
                print(f"{path}: not current; run python {FOLDER / 'make.py'}")
            return bool(stale)
        derive(splits)
    except ThoisuError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def split_file(name: str) -> Path:
    """Return the file of a split."""
    return FOLDER / f"{name}.jsonl"


def load() -> dict[str, list[CorpusArticle]]:
    """Load the splits, and check that nothing stands in two of them."""
    splits = {name: corpus.load(split_file(name)) for name in SPLITS}
    corpus.check_disjoint(splits)
    return splits


def draw(
    splits: Mapping[str, Sequence[CorpusArticle]], new: Sequence[CorpusArticle]
) -> dict[str, list[CorpusArticle]]:
    """Give each new article a split; what has one stays, the starting article is in test."""
    (starting,) = corpus.load(STARTING)
    articles = {starting.id: starting}
    before = {starting.id: "test"}
    for name, part in splits.items():
        articles |= {article.id: article for article in part}
        before |= {article.id: name for article in part}
    for article in new:
        if article.id in articles:
            raise ThoisuError(f"article {article.id!r} has a split already ({before[article.id]})")
        articles[article.id] = article
    starting = articles.pop(starting.id)
    drawn = corpus.split(articles.values(), seed=SEED, kept=before)
    drawn["test"].append(starting)
    corpus.check_disjoint(drawn)
    return drawn


def save(splits: Mapping[str, Sequence[CorpusArticle]]) -> None:
    """Write the splits."""
    for name, articles in splits.items():
        corpus.save(articles, split_file(name))


def derive(splits: Mapping[str, Sequence[CorpusArticle]]) -> None:
    """Write all that is derived from the splits."""
    for name, articles in splits.items():
        path = sentences_file(name)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial")
        pq.write_table(sentences(articles), partial, compression="zstd")
        partial.replace(path)
    if CARD.exists():
        partial = CARD.with_suffix(".partial")
        partial.write_text(with_figures(CARD.read_text("utf-8"), splits), "utf-8")
        partial.replace(CARD)


def outdated(splits: Mapping[str, Sequence[CorpusArticle]]) -> list[Path]:
    """Return the derived files that do not say what the splits say."""
    stale = [
        path
        for name, articles in splits.items()
        if not (path := sentences_file(name)).exists()
        or not pq.read_table(path).equals(sentences(articles))
    ]
    card = CARD.read_text("utf-8")
    return [*stale, CARD] if with_figures(card, splits) != card else stale


def sentences_file(name: str) -> Path:
    """Return the file of a split's flat form."""
    return FOLDER / "sentences" / f"{name}.parquet"


def sentences(articles: Sequence[CorpusArticle]) -> pa.Table:
    """Return the flat form: a sentence a row, with all that precedes it in its article."""
    rows: list[dict[str, Any]] = []
    for article in articles:
        texts = [sentence.text for sentence in article.sentences]
        metadata = {name: getattr(article, name) for name in METADATA}
        rows += (
            {
                "article": article.id,
                "sentence": number,
                "text": sentence.text,
                "label": sentence.label,
                "hard": sentence.hard,
                "preceding": texts[:number],
                **metadata,
            }
            for number, sentence in enumerate(article.sentences)
        )
    return pa.Table.from_pylist(rows, SCHEMA)


def figures(splits: Mapping[str, Sequence[CorpusArticle]]) -> str:
    """Return the tables of the card."""
    columns = {**splits, "all": [article for part in splits.values() for article in part]}
    contents = [
        [sentence for article in part for sentence in article.sentences]
        for part in columns.values()
    ]
    labels = [Counter(sentence.label for sentence in part) for part in contents]
    syllables = [sum(len(sentence.text.split()) for sentence in part) for part in contents]
    genres = [Counter(article.genre for article in part) for part in columns.values()]
    by_size = sorted(genres[-1], key=lambda genre: (-genres[-1][genre], genre or ""))
    return "\n\n".join(
        (
            table(
                ["", *columns],
                ["articles", *map(len, columns.values())],
                ["sentences", *map(len, contents)],
                *([f"`{label}`", *(count[label] for count in labels)] for label in LABEL_IDS),
                ["marked hard", *(sum(sentence.hard for sentence in part) for part in contents)],
                [
                    "syllables a sentence",
                    *(
                        f"{total / len(part):.1f}"
                        for total, part in zip(syllables, contents, strict=True)
                    ),
                ],
            ),
            table(
                ["articles of the genre", *columns],
                *([f"`{genre}`", *(count[genre] for count in genres)] for genre in by_size),
            ),
        )
    )


def table(*rows: Sequence[object]) -> str:
    """Return a Markdown table, the first row being its head, numbers to the right."""
    head, *body = (f"| {' | '.join(map(str, row))} |" for row in rows)
    rule = "|---" + "|---:" * (len(rows[0]) - 1) + "|"
    return "\n".join([head, rule, *body])


BEGIN, END = "<!-- figures: made by make.py -->", "<!-- end of figures -->"


def with_figures(card: str, splits: Mapping[str, Sequence[CorpusArticle]]) -> str:
    """Return the card with its figures made anew."""
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ThoisuError(f"{CARD}: lacks {BEGIN} … {END}; the figures go between them")
    return f"{before}{BEGIN}\n{figures(splits)}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
