"""Recipes: what a fine-tuning run is made of, in a YAML file that is checked before it runs."""

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Section):
    """Corpus files, in the format of ``data/``; paths count from the working directory.

    ``news`` names files that not everybody has (newspapers' text cannot be published): they join
    from the folder given to ``thoisu train --news``, and the run says so where they do not.
    """

    train: list[Path] = Field(min_length=1)
    validation: list[Path] = Field(min_length=1)
    news_train: list[str] = []
    news_validation: list[str] = []


class Schedule(_Section):
    """How long and how fast.

    ``patience`` counts evaluations without a better macro F1 after which the run stops;
    ``evaluate`` is the number of evaluations in an epoch.
    """

    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float | None = Field(default=None, gt=0)
    batch_size: int = Field(gt=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    patience: int = Field(default=3, gt=0)
    evaluate: int = Field(default=1, gt=0)
    precision: Literal["auto", "bf16", "fp32"] = "auto"


class Recipe(_Section):
    """One fine-tuning run.

    Attributes:
        name: of the model; also of the folder under ``runs/``.
        base_model: a folder, or a name on the Hugging Face hub.
        revision: branch, tag or commit on the hub.
        licence: of the fine-tuned model, which its base model's licence decides; for the card.
        context: ``window`` (many sentences in one pass) or ``alone``; see :mod:`thoisu.inputs`.
        size: ids in a row at most.
        overlap: ids that neighbouring windows share.
        label_smoothing: after Szegedy et al. 2016, section 7.
        class_weights: by label; 1 where not given.
        report_to: trackers of ``transformers.Trainer``, such as ``tensorboard``.
    """

    name: str = Field(pattern=r"^\w[\w.-]*$")
    base_model: str
    revision: str | None = None
    licence: str = "other"
    context: Literal["window", "alone"] = "window"
    size: int = Field(default=256, gt=8, le=512)
    overlap: int = Field(default=64, ge=0)
    segmenter: str = "underthesea"
    data: Data
    schedule: Schedule
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    class_weights: dict[str, float] = {}
    dropout: float = Field(default=0.1, ge=0, lt=1)
    seed: int = 1
    report_to: list[str] = []

    @field_validator("class_weights")
    @classmethod
    def _known_labels(cls, weights: dict[str, float]) -> dict[str, float]:
        for label, weight in weights.items():
            if label not in LABEL_IDS:
                raise ValueError(f"unknown label {label!r}; expected {', '.join(LABEL_IDS)}")
            if not 0 < weight < float("inf"):
                raise ValueError(f"weight of {label} must be positive")
        return weights

    @model_validator(mode="after")
    def _windows_move_on(self) -> Self:
        if self.context == "window" and self.overlap > self.size // 2:
            raise ValueError("overlap must not exceed half the size of a window")
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe.

        Raises:
            ThoisuError: the file is missing, not YAML, or says something that a recipe cannot.
        """
        try:
            stated = yaml.safe_load(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ThoisuError(f"{path}: no such recipe") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ThoisuError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
        try:
            return cls.model_validate(stated)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise ThoisuError(f"{path}: {place}: {first['msg']}") from None
