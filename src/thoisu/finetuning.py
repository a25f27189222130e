"""Fine-tune: recipe → ``datasets`` → ``transformers.Trainer`` → a finished checkpoint folder.

The checkpoint is an ordinary Hugging Face folder: a window model is a
``RobertaForTokenClassification`` whose tokens carry their sentence's label, a sentence model a
``RobertaForSequenceClassification``. Beside it stand the files that labelling needs, the figures
on the validation articles, and the model card.
"""

import json
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PhobertTokenizer, Trainer

import thoisu
from thoisu import card, corpus, evaluation
from thoisu.calibration import fit_temperature
from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.evaluation import Evaluation
from thoisu.export import export, write_settings
from thoisu.hub import checkpoint_folder
from thoisu.labeller import Labeller
from thoisu.labels import LABEL_IDS
from thoisu.model import SETTINGS, Settings
from thoisu.recipes import Recipe
from thoisu.trainer import encoder, fit

RECORDED = (
    "torch", "transformers", "datasets", "tokenizers", "accelerate", "numpy", "onnx",
    "onnxruntime", "underthesea",
)  # fmt: skip


def train(
    recipe: Recipe,
    output: Path,
    *,
    news: Path | None = None,
    resume: bool = False,
    tell: Callable[[str], None] = print,
) -> bool:
    """Run a recipe.

    Args:
        recipe: what to do.
        output: folder for the finished checkpoint.
        news: folder of the corpus files that the recipe names as ``news_*``; its validation
            files then take the place of the published ones.
        resume: go on from the last of the trainer's checkpoints.
        tell: called with one line where there is something to say.

    Returns:
        Whether it was stopped by Ctrl-C. Either way ``output`` is complete: ``config.json``,
        ``model.safetensors``, the tokenizer's files, ``training.json`` (recipe, versions,
        history), ``evaluation/validation.json``, the files of :mod:`thoisu.export`, and the card
        ``README.md``; after Ctrl-C they are those of the best checkpoint so far, and the trainer's
        own ``checkpoints/`` stay.

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
    checkpoints = output / "checkpoints"
    last = last_checkpoint(checkpoints) if resume else None
    if resume and last is None:
        raise ThoisuError(f"{output}: has no checkpoint to go on from; leave --resume out")
    if not resume and checkpoints.exists():
        shutil.rmtree(checkpoints)  # of an earlier run, which must not pass for this one's
    started = time.monotonic()
    trainer, stopped = fit(
        recipe,
        context,
        encode(training, context),
        encode(validation, context),
        checkpoints,
        resume=last,
    )
    record = {
        "recipe": recipe.model_dump(mode="json"),
        "news": news is not None and bool(recipe.data.news_train),
        "articles": {"train": len(training), "validation": len(validation)},
        "sentences": {"train": count(training), "validation": count(validation)},
        "minutes": round((time.monotonic() - started) / 60, 1),
        "resumed": resume,
        "stopped": stopped,
        "best_validation_macro_f1": trainer.state.best_metric,
        "history": [row for row in trainer.state.log_history if "eval_macro_f1" in row],
        "versions": {name: version(name) for name in RECORDED}
        | {"thoisu": thoisu.__version__, "python": platform.python_version()},
    }
    # Everything is made aside and moved in at the end, so that what labels is never half of one
    # model and half of another.
    aside = output / "unfinished"
    shutil.rmtree(aside, ignore_errors=True)
    save(trainer, folder, aside)
    write_json(aside / "training.json", record)
    measured = finish(aside, settings, validation, name=recipe.name)
    write_json(aside / "evaluation" / "validation.json", measured.to_dict())
    move_in(aside, output)
    card.write(output)
    if stopped:
        tell(f"stopped; {output} holds the best checkpoint so far; --resume goes on")
    else:
        shutil.rmtree(checkpoints)
        figure = measured.systems[0].macro_f1.value
        tell(f"{output}: checkpoint, card and figures; macro F1 on validation {figure:.3f}")
    return stopped


def finish(
    folder: Path, settings: Settings, validation: Sequence[CorpusArticle], *, name: str
) -> Evaluation:
    """Export a checkpoint, calibrate what will label, and measure it beside its fp32 form."""
    export(folder, settings)
    int8 = Labeller.from_pretrained(folder)
    texts = [[sentence.text for sentence in article.sentences] for article in validation]
    logits = np.log(np.concatenate(list(int8.probabilities(texts))) + 1e-9)
    numbers = {label: number for number, label in enumerate(LABEL_IDS)}
    gold = [numbers[sentence.label] for article in validation for sentence in article.sentences]
    temperature = round(fit_temperature(logits, np.array(gold)), 4)
    write_settings(folder, replace(settings, temperature=temperature))
    forms = {
        name: Labeller.from_pretrained(folder),
        f"{name} in fp32": Labeller.from_pretrained(folder, onnx="model.onnx"),
    }
    return evaluation.evaluate(
        {"validation": validation}, {form: made.probabilities for form, made in forms.items()}
    )


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest of the trainer's checkpoints that was written to its end."""
    whole = [state.parent for state in folder.glob("checkpoint-*/trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def move_in(folder: Path, output: Path) -> None:
    """Move what is in ``folder`` into ``output``, over what is there; the settings come last."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.name == SETTINGS):
        target = output / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    shutil.rmtree(folder)


def load_data(
    files: Sequence[Path], news_files: Sequence[str], news: Path | None, tell: Callable[[str], None]
) -> list[CorpusArticle]:
    """Load the published files, and those in the folder ``news`` where it is given."""
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
