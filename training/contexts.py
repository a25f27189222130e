"""What should the model see besides the sentence? A comparison by training, three seeds each.

``alone``: the sentence. ``pair``: the text before it (up to 64 ids), then the sentence.
``window``: many sentences of the article in one pass. All three classify a sentence by the mean
of its own tokens' logits, start from the same encoder and learn from the same articles for the
same number of epochs; only what surrounds the sentence differs. Figures are appended to a CSV as
each run ends, and runs that stand there are not repeated.

    python training/contexts.py --news ../shared/news
"""

import argparse
import csv
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForMaskedLM

from thoisu import corpus
from thoisu.inputs import BOS, EOS, NOBODY, UNK, Ids, Row, Window
from thoisu.metrics import confusion_matrices, macro_f1
from thoisu.recipes import Recipe
from thoisu.trainer import Encoded, encoder, fit, sentences_of

COLUMNS = (
    "context",
    "seed",
    "share",
    "epochs",
    "minutes",
    "real",
    "authored",
    "sentences_per_second",
)


@dataclass(frozen=True)
class Pair(Window):
    """``<s> preceding </s></s> sentence </s>``, or ``<s> sentence </s>`` where nothing precedes."""

    preceding: int = 64

    def rows(self, sentences: Sequence[Ids]) -> list[Row]:
        """See :meth:`thoisu.inputs.Context.rows`."""
        rows = []
        before: list[int] = []
        for number, sentence in enumerate(sentences):
            own = list(sentence[: self.size - self.preceding - 4]) or [UNK]
            shown = before[-self.preceding :] if self.preceding else []
            ids = [BOS, *shown, EOS, EOS] if shown else [BOS]
            owners = [NOBODY] * len(ids) + [number] * len(own) + [NOBODY]
            rows.append(Row([*ids, *own, EOS], np.array(owners), np.array(owners) != NOBODY))
            before = [*before, *sentence]
        return rows


SETTING = ("context", "seed", "share", "epochs")
CONTEXTS = {
    "window": (Window(), 4),
    "alone": (Pair(preceding=0), 32),
    "pair": (Pair(preceding=64), 32),
}


def first_layers(base: Path, layers: int, folder: Path) -> Path:
    """Save the lowest layers of an encoder as an encoder: half the layers train twice as fast."""
    model = AutoModelForMaskedLM.from_pretrained(base, dtype=torch.float32)
    model.roberta.encoder.layer = model.roberta.encoder.layer[:layers]
    model.config.num_hidden_layers = layers
    model.save_pretrained(folder)
    for name in ("vocab.txt", "bpe.codes"):
        shutil.copyfile(base / name, folder / name)
    return folder


def score(model, context: Window, articles: Sequence[Encoded]) -> tuple[float, float]:
    """Return macro F1 and sentences per second."""
    started = time.perf_counter()
    logits = sentences_of(model, context, articles)
    seconds = time.perf_counter() - started
    gold = np.concatenate([article.labels for article in articles])
    matrix = confusion_matrices(gold, logits.argmax(-1), np.zeros_like(gold), labels=5, size=1)[0]
    return float(macro_f1(matrix)), len(gold) / seconds


def main() -> None:
    """Run what the CSV lacks."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--recipe", type=Path, default=Path("training/recipes/small.yaml"))
    options.add_argument("--news", type=Path, required=True)
    options.add_argument("--share", type=float, default=0.25, help="of the training articles")
    options.add_argument("--epochs", type=int, default=3)
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--output", type=Path, default=Path("training/contexts.csv"))
    options.add_argument("--layers", type=int, default=6, help="of the encoder, from below")
    options.add_argument("--learning-rate", type=float, default=8e-5)
    options.add_argument("--warmup", type=float, default=0.2)
    given = options.parse_args()

    recipe = Recipe.read(given.recipe)
    base = first_layers(Path(recipe.base_model), given.layers, Path("runs/contexts/encoder"))
    training = corpus.load([*recipe.data.train, given.news / "train.jsonl"])
    training = random.Random(0).sample(training, round(given.share * len(training)))
    real = corpus.load([given.news / "validation.jsonl"])
    authored = corpus.load(recipe.data.validation)
    encode = encoder(base, recipe.segmenter)
    done = set()
    if given.output.exists():
        with given.output.open(encoding="utf-8") as file:
            done = {tuple(row[key] for key in SETTING) for row in csv.DictReader(file)}

    for seed in given.seeds:
        for name, (context, batch_size) in CONTEXTS.items():
            if (name, str(seed), str(given.share), str(given.epochs)) in done:
                continue
            schedule = recipe.schedule.model_copy(
                update={
                    "epochs": given.epochs,
                    "batch_size": batch_size,
                    "learning_rate": given.learning_rate,
                    "warmup": given.warmup,
                    "evaluate": 1,
                }
            )
            run = recipe.model_copy(
                update={"base_model": str(base), "seed": seed, "schedule": schedule}
            )
            folder = Path("runs") / "contexts" / f"{name}-{seed}"
            started = time.monotonic()
            trainer, stopped = fit(
                run, context, encode(training, context), encode(real, context), folder
            )
            if stopped:
                return
            minutes = (time.monotonic() - started) / 60
            on_real, speed = score(trainer.model, context, encode(real, context))
            on_authored, _ = score(trainer.model, context, encode(authored, context))
            row = (name, seed, given.share, given.epochs, round(minutes, 1))
            row += (round(on_real, 4), round(on_authored, 4), round(speed, 1))
            new = not given.output.exists()
            with given.output.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                if new:
                    writer.writerow(COLUMNS)
                writer.writerow(row)
            print(*row, flush=True)
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
