"""The model card: what a person needs to judge a model, made from its figures by program.

It is written from ``training.json`` and from every report in the checkpoint's ``evaluation/``
(as ``evaluate.py --report`` writes them), so it cannot say what was not measured.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from thoisu.errors import ThoisuError
from thoisu.labels import LABELS

HEADER = """---
language: vi
license: {licence}
library_name: transformers
pipeline_tag: {task}
{base}tags: [vietnamese, political-text, sentence-classification, phobert]
metrics: [f1, precision, recall]
---
"""
TASKS = {"window": "token-classification", "alone": "text-classification"}


def write(folder: Path) -> None:
    """Write ``README.md`` of the checkpoint in ``folder``.

    Raises:
        ThoisuError: ``training.json`` is missing.
    """
    try:
        training = json.loads((folder / "training.json").read_text("utf-8"))
    except FileNotFoundError:
        raise ThoisuError(f"{folder}: has no training.json; was it trained by thoisu?") from None
    reports = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((folder / "evaluation").glob("*.json"))
    }
    partial = folder / "README.md.partial"
    partial.write_text("\n".join(_lines(folder, training, reports)) + "\n", "utf-8")
    partial.replace(folder / "README.md")


def _lines(
    folder: Path, training: dict[str, Any], reports: dict[str, dict[str, Any]]
) -> Iterator[str]:
    recipe = training["recipe"]
    name = recipe["name"]
    yield HEADER.format(
        task=TASKS[recipe["context"]],
        # A folder of this project is no name on the hub, which is what this field is for.
        base=f"base_model: {base}\n" if (base := recipe["base_model"]).count("/") == 1 else "",
        licence=recipe["licence"],
    )
    yield f"# {name}"
    yield ""
    yield "Labels every sentence of Vietnamese political news:"
    yield ""
    yield from _table(
        ("label", "nhãn", "the sentence …"),
        [(f"`{label.id}`", label.vietnamese, label.meaning) for label in LABELS],
    )
    yield ""
    yield from _usage(folder, recipe)
    yield "## How it was made"
    yield ""
    yield from _training(training)
    for title, report in reports.items():
        yield ""
        yield f"## Figures: {title.replace('-', ' ')}"
        yield ""
        if title.startswith("validation"):
            yield "These articles chose the checkpoint and the temperature: not a test."
            yield ""
        yield from _figures(report)
    yield ""
    yield "## What it must not be used for"
    yield ""
    yield (
        "To judge persons or officials, or as the only coder of a published figure: read a sample "
        "of what it labelled, report the agreement, and correct for it. It knows news language "
        "only; speeches, laws and social media were not tested. Probabilities are calibrated on "
        "validation articles and hold for text like them."
    )


def _usage(folder: Path, recipe: dict[str, Any]) -> Iterator[str]:
    shown = folder.name if folder.is_absolute() else folder.as_posix()
    yield "```python"
    yield "from thoisu import Labeller"
    yield ""
    yield f'labeller = Labeller.from_pretrained("{shown}")  # this folder'
    yield 'for sentence in labeller.label("Cử tri kiến nghị sớm xây cầu.").sentences:'
    yield "    print(sentence.label, sentence.confidence, sentence.text)"
    yield "```"
    yield ""
    if recipe["context"] == "window":
        yield (
            "It is a `RobertaForTokenClassification`: `AutoModelForTokenClassification`, "
            "`AutoTokenizer` and `pipeline` open it. It reads word-segmented text, many sentences "
            "in one pass (`<s> s1 </s> s2 </s> …`); a sentence's label is the mean of its tokens' "
            "logits, which thoisu does for you."
        )
    else:
        yield (
            "It is a `RobertaForSequenceClassification`: `AutoModelForSequenceClassification`, "
            "`AutoTokenizer` and `pipeline` open it. It reads one word-segmented sentence."
        )
    yield ""


def _training(training: dict[str, Any]) -> Iterator[str]:
    recipe, sentences, articles = training["recipe"], training["sentences"], training["articles"]
    news = "with" if training["news"] else "without"
    yield (
        f"Fine-tuned from `{recipe['base_model']}` on {sentences['train']:,} sentences of "
        f"{articles['train']:,} articles ({news} labelled real news), in "
        f"{training['minutes']:g} minutes; the best of {len(training['history'])} evaluations on "
        f"{sentences['validation']:,} validation sentences of {articles['validation']:,} articles "
        "was kept."
    )
    yield ""
    versions = ", ".join(f"{name} {number}" for name, number in training["versions"].items())
    yield f"Seed {recipe['seed']}; {versions}. The whole recipe stands in `training.json`."


def _figures(report: dict[str, Any]) -> Iterator[str]:
    model = report["systems"][0]
    yield (
        f"{report['sentences']:,} sentences of {report['articles']:,} articles. In brackets: 95 % "
        "intervals by bootstrap over articles."
    )
    yield ""
    yield from _table(
        ("label", "precision", "recall", "F1", "support"),
        [
            (
                f"`{label}`",
                f"{figures['precision']:.3f}",
                f"{figures['recall']:.3f}",
                _estimate(figures["f1"]),
                str(figures["support"]),
            )
            for label, figures in model["labels"].items()
        ],
    )
    yield ""
    yield from _table(
        ("", "macro F1", "accuracy"),
        [
            (system["name"], _estimate(system["macro_f1"]), _estimate(system["accuracy"]))
            for system in report["systems"]
        ],
    )
    if model["calibration"] is not None:
        yield ""
        yield f"Expected calibration error: {model['calibration']['error']:.3f} (15 equal bins)."


def _estimate(estimate: dict[str, float]) -> str:
    """Return a figure with its interval, where it has one."""
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
