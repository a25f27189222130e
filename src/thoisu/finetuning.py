"""Fine-tune: recipe → ``datasets`` → ``transformers.Trainer`` → a finished checkpoint folder.

The checkpoint is an ordinary Hugging Face folder: a window model is a
``RobertaForTokenClassification`` whose tokens carry their sentence's label, a sentence model a
``RobertaForSequenceClassification``. Beside it stand the files that labelling needs, the figures
on the validation articles, and the model card.
"""

import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PhobertTokenizer, Trainer

from thoisu import card, corpus, evaluation
from thoisu.calibration import fit_temperature
from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.export import export
from thoisu.hub import checkpoint_folder
from thoisu.labeller import Labeller
from thoisu.model import Settings
from thoisu.recipes import Recipe
from thoisu.trainer import encoder, fit, sentences_of

RECORDED = ("torch", "transformers", "datasets", "tokenizers", "accelerate", "underthesea")


def train(
    recipe: Recipe,
    output: Path,
    *,
    news: Path | None = None,
    resume: bool = False,
    tell: Callable[[str], None] = print,
) -> Path:
    """Run a recipe.

    Args:
        recipe: what to do.
        output: folder for the finished checkpoint; the trainer's own stand in ``checkpoints/``.
        news: folder of the corpus files that the recipe names as ``news_*``; its validation
            files then take the place of the published ones.
        resume: go on from the last of the trainer's checkpoints.
        tell: called with one line where there is something to say.

    Returns:
        ``output``, complete: ``config.json``, ``model.safetensors``, the tokenizer's files,
        ``training.json`` (recipe, versions, history), ``evaluation/validation.json``, the files
        of :mod:`thoisu.export`, and the card ``README.md``. After Ctrl-C it is made of the best
        checkpoint so far.

    Raises:
        ThoisuError: data or base model cannot be read, or there is nothing to resume.
    """
    folder = checkpoint_folder(
        recipe.base_model, revision=recipe.revision, files=("config.json", "vocab.txt", "bpe.codes")
    )
    settings = Settings(recipe.context, recipe.size, recipe.overlap, recipe.segmenter)
    training = load_data(recipe.data.train, recipe.data.news_train, news, tell)
    if news is not None and recipe.data.news_validation:
        # What the model is for decides where training stops, wherever it can be had.
        validation = load_data([], recipe.data.news_validation, news, tell)
    else:
        validation = corpus.load(recipe.data.validation)
    corpus.check_disjoint({"train": training, "validation": validation})
    encode = encoder(folder, recipe.segmenter)
    context = settings.build_context()
    if resume and not list((output / "checkpoints").glob("checkpoint-*")):
        raise ThoisuError(f"{output}: has no checkpoint to go on from; leave --resume out")
    started = time.monotonic()
    held_out = encode(validation, context)
    trainer, stopped = fit(
        recipe,
        context,
        encode(training, context),
        held_out,
        output / "checkpoints",
        resume=resume,
    )
    if stopped:
        tell(f"stopped; {output} holds the best checkpoint so far; --resume goes on")
    save(trainer, folder, output)
    record = {
        "recipe": recipe.model_dump(mode="json"),
        "news": news is not None,
        "articles": {"train": len(training), "validation": len(validation)},
        "sentences": {"train": count(training), "validation": count(validation)},
        "minutes": round((time.monotonic() - started) / 60, 1),
        "stopped": stopped,
        "best_validation_macro_f1": trainer.state.best_metric,
        "history": [row for row in trainer.state.log_history if "eval_macro_f1" in row],
        "versions": {name: version(name) for name in RECORDED}
        | {"python": platform.python_version()},
    }
    write_json(output / "training.json", record)

    logits = sentences_of(trainer.model, context, held_out)
    gold = np.concatenate([article.labels for article in held_out])
    temperature = round(fit_temperature(logits, gold), 4)
    export(output, replace(settings, temperature=temperature))
    measured = evaluation.evaluate(
        {"validation": validation},
        {recipe.name: Labeller.from_pretrained(output).probabilities},
    )
    write_json(output / "evaluation" / "validation.json", measured.to_dict())
    card.write(output)
    return output


def load_data(
    files: Sequence[Path], news_files: Sequence[str], news: Path | None, tell: Callable[[str], None]
) -> list[CorpusArticle]:
    """Load the published files, and those of ``news`` where that folder has them."""
    paths = list(files)
    if news is not None:
        paths += [news / name for name in news_files]
    elif news_files:
        tell(f"without real news ({', '.join(news_files)}): --news FOLDER adds them")
    return corpus.load(paths)


def count(articles: Sequence[CorpusArticle]) -> int:
    """Return the number of sentences."""
    return sum(len(article.sentences) for article in articles)


def save(trainer: Trainer, base: Path, output: Path) -> None:
    """Write the checkpoint's model and tokenizer files."""
    output.mkdir(parents=True, exist_ok=True)
    model: Any = trainer.model
    model.config.tokenizer_class = "PhobertTokenizer"
    model.save_pretrained(output)
    slow: Any = PhobertTokenizer
    files = str(base / "vocab.txt"), str(base / "bpe.codes")
    slow(*files, model_max_length=model.config.max_position_embeddings - 2).save_pretrained(output)


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a temporary name, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", "utf-8")
    partial.replace(path)
