"""Run classifiers over labelled articles, and measure them side by side.

:func:`evaluate` takes anything that labels sentences; :func:`run` loads data and models by name
and fits the baselines. What is measured of a classifier stands in :mod:`thoisu.figures`; what
people see of it is made by :mod:`thoisu.report`.
"""

import hashlib
import platform
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thoisu import __version__, corpus
from thoisu.baselines import fit
from thoisu.bootstrap import Bootstrap
from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.figures import Gold, System, gather, measure
from thoisu.labels import LABEL_IDS
from thoisu.metrics import FloatArray, IntArray
from thoisu.results import DIGITS

Classifier = Callable[[Iterable[Sequence[str]]], Iterable[NDArray[Any]]]
"""Takes each article's sentences. Gives, article by article, label numbers of *shape*
``(sentences,)``, or probabilities of *shape* ``(sentences, labels)``."""

Track = Callable[[Iterable[NDArray[Any]], str, int], Iterable[NDArray[Any]]]
"""Passes on what it is given and shows how far it is; told a title, and how many there will be."""

RESAMPLES = 2000
RECORDED = ("numpy", "onnxruntime", "tokenizers", "underthesea", "scikit-learn", "torch")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that one run measured.

    Attributes:
        gold: the data.
        systems: models, then baselines, all on the same sentences and the same resamples.
        resamples: how many.
        seed: of the resamples.
        provenance: files, models and versions, for who wants to repeat it.
    """

    gold: Gold
    systems: list[System]
    resamples: int
    seed: int
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as plain data; what is undefined is ``None``."""
        systems = [asdict(system) for system in self.systems]
        for system in systems:
            del system["predicted"], system["probabilities"]
        figures = {
            "sentences": len(self.gold.labels),
            "articles": len(self.gold.ids),
            "hard": self.gold.hard.sum(),
            "support": self.gold.support,
            "labels": LABEL_IDS,
            "bootstrap": {
                "unit": "article",
                "interval": "percentile, 95 %",
                "resamples": self.resamples,
                "seed": self.seed,
            },
            "systems": systems,
        }
        plain: dict[str, Any] = _plain(figures | self.provenance)
        return plain

    def predictions(self) -> Iterator[dict[str, Any]]:
        """Yield one row for each system and sentence. Texts, which may be others', stay out."""
        for system in self.systems:
            for index, group in enumerate(self.gold.groups):
                row: dict[str, Any] = {
                    "system": system.name,
                    "article": self.gold.ids[group],
                    "sentence": int(self.gold.numbers[index]),
                    "gold": LABEL_IDS[self.gold.labels[index]],
                    "predicted": LABEL_IDS[system.predicted[index]],
                    "hard": bool(self.gold.hard[index]),
                }
                if system.probabilities is not None:
                    row |= dict(zip(LABEL_IDS, _plain(system.probabilities[index]), strict=True))
                yield row


def evaluate(
    data: Mapping[str, Sequence[CorpusArticle]],
    models: Mapping[str, Classifier],
    *,
    baselines: Mapping[str, Classifier] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    track: Track = lambda outputs, _title, _total: outputs,
) -> Evaluation:
    """Measure classifiers side by side on the same labelled articles.

    Args:
        data: labelled articles, by the name of the set they come from. All are measured
            together; where there are several sets, also each apart.
        models: classifiers by name; all others are compared with the first.
        baselines: classifiers to be beaten, by name.
        resamples: how many resamples of the articles the intervals are made from.
        seed: of the resamples.
        track: shows progress.

    Raises:
        ThoisuError: there is no sentence or no classifier, an article or a classifier is there
            twice, or a classifier gives something else than numbers.
    """
    baselines = baselines or {}
    for name in models:
        if name in baselines:
            raise ThoisuError(f"{name}: is the name of a model and of a baseline; rename the model")
    if not models and not baselines:
        raise ThoisuError("nothing to evaluate: name a model, or ask for the baselines")
    if resamples < 1:
        raise ThoisuError(f"{resamples} resamples: an interval needs one at least, better 1000")
    gold = gather(data)
    bootstrap = Bootstrap(len(gold.ids), resamples=resamples, seed=seed)
    systems: list[System] = []
    for name, classify in (*models.items(), *baselines.items()):
        outputs = track(classify(gold.articles), name, len(gold.ids))
        predicted, probabilities = _collect(name, outputs, gold)
        systems.append(
            measure(
                gold,
                bootstrap,
                name=name,
                predicted=predicted,
                probabilities=probabilities,
                baseline=name in baselines,
                first=systems[0] if systems else None,
            )
        )
    return Evaluation(gold, systems, resamples, seed)


def run(
    data: Sequence[Path],
    models: Sequence[str | None] = (None,),
    *,
    baselines: bool = False,
    train: Sequence[Path] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    track: Track = lambda outputs, _title, _total: outputs,
) -> Evaluation:
    """Measure models on files of labelled articles.

    Args:
        data: JSON Lines in the corpus format, or CSV or Parquet with a sentence a row.
        models: checkpoint folders or names on the hub; ``None`` is the model that comes with the
            package. All others are compared with the first.
        baselines: whether to fit the baselines on ``train`` and show them beside the models.
        train: files of labelled articles that share nothing with ``data``.
        resamples: how many resamples of the articles the intervals are made from.
        seed: of the resamples.
        device: that the models run on; see :meth:`thoisu.labeller.Labeller.from_pretrained`.
        threads: see there too.
        track: shows progress.

    Raises:
        ThoisuError: a file or a model cannot be read, or one of them is named twice, training
            data and data share an article or a sentence, or baselines have no training data.
    """
    from thoisu.hub import checkpoint_folder
    from thoisu.model import BUNDLED, bundled

    if baselines != bool(train):
        raise ThoisuError("baselines and training data go together: --baselines --train FILE")
    sets = {str(path): corpus.load(path) for path in data}
    learnt_from = corpus.load(train) if train else []
    if train:
        tested = [article for members in sets.values() for article in members]
        corpus.check_disjoint({"the training data": learnt_from, "the evaluation data": tested})
    folders = {name or BUNDLED: checkpoint_folder(name) if name else bundled() for name in models}
    if len(folders) < len(models) or len(sets) < len(data):
        raise ThoisuError("a model or a data file is named twice; name each once")
    classifiers = {
        name: _classifier(folder, device=device, threads=threads)
        for name, folder in folders.items()
    }
    fitted = fit(learnt_from) if baselines else {}
    evaluation = evaluate(
        sets,
        classifiers,
        baselines={name: baseline.predict for name, baseline in fitted.items()},
        resamples=resamples,
        seed=seed,
        track=track,
    )
    provenance = {
        "data": {str(path): _digest([path]) for path in data},
        "train": {str(path): _digest([path]) for path in train},
        "models": {name: _digest(_files(folder)) for name, folder in folders.items()},
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "device": device,
        "versions": _versions(),
    }
    return replace(evaluation, provenance=provenance)


def _classifier(folder: Path, *, device: str, threads: int | None) -> Classifier:
    """Load the model in ``folder``."""
    from thoisu.labeller import Labeller

    return Labeller.from_pretrained(folder, device=device, threads=threads).probabilities


def _collect(
    name: str, outputs: Iterable[NDArray[Any]], gold: Gold
) -> tuple[IntArray, FloatArray | None]:
    """Join a classifier's outputs, and tell probabilities from label numbers."""
    arrays = list(outputs)
    sizes, wanted = [len(array) for array in arrays], [len(texts) for texts in gold.articles]
    if sizes != wanted:
        raise ValueError(f"{name}: gave {sizes} labels for articles of {wanted} sentences")
    joined = np.concatenate(arrays)
    if joined.ndim == 1:
        return joined.astype(np.int64), None
    if not np.isfinite(joined).all():
        raise ThoisuError(f"{name}: gives probabilities that are no numbers; is it damaged?")
    return joined.argmax(axis=1).astype(np.int64), joined.astype(np.float64)


def _files(folder: Path) -> list[Path]:
    """Return the files of a checkpoint that labelling reads."""
    from thoisu.hub import WANTED

    return sorted({path for pattern in WANTED for path in folder.glob(pattern)})


def _digest(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of a file, or of several one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"thoisu": __version__, "python": platform.python_version()}
    for name in RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _plain(value: Any) -> Any:
    """Turn numpy's types into Python's, round, and write what is undefined as ``None``."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return round(float(value), DIGITS) if np.isfinite(value) else None
    return value
