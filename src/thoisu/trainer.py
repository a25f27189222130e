"""Train a PhoBERT-format encoder on articles with ``transformers.Trainer``.

Whatever rows the context makes of an article, evaluation counts sentences; so does the loss, in
which a sentence that stands in two windows counts in both. What becomes of the trained model is the
matter of :mod:`thoisu.finetuning`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)

from thoisu import tokenizer, words
from thoisu.corpus import CorpusArticle
from thoisu.errors import ThoisuError
from thoisu.inputs import NOBODY, Context, Row
from thoisu.labels import LABEL_IDS
from thoisu.metrics import confusion_matrices, macro_f1
from thoisu.recipes import Recipe

IGNORED = -100  # the label of tokens that carry none, as in transformers


@dataclass(frozen=True, slots=True)
class Encoded:
    """An article ready for the model: rows of ids, and the label of each sentence."""

    rows: list[Row]
    labels: npt.NDArray[np.int64]


def encoder(
    folder: Path, segmenter_name: str
) -> Callable[[Sequence[CorpusArticle], Context], list[Encoded]]:
    """Return the function that turns articles into rows, as labelling will."""
    fast = tokenizer.load(folder)
    segmenter = words.load(segmenter_name)
    numbers = {label: number for number, label in enumerate(LABEL_IDS)}

    def encode(articles: Sequence[CorpusArticle], context: Context) -> list[Encoded]:
        encoded = []
        for article in articles:
            segmented = segmenter.segment([sentence.text for sentence in article.sentences])
            ids = fast.encode_batch([s.text for s in segmented], add_special_tokens=False)
            labels = np.array([numbers[sentence.label] for sentence in article.sentences])
            encoded.append(Encoded(context.rows(ids), labels))
        return encoded

    return encode


def fit(
    recipe: Recipe,
    context: Context,
    training: Sequence[Encoded],
    validation: Sequence[Encoded],
    folder: Path,
    *,
    resume: Path | None = None,
) -> tuple["SentenceTrainer", bool]:
    """Train until the schedule or the patience ends, or Ctrl-C.

    Args:
        recipe: what to do.
        context: how sentences stand in rows.
        training: encoded training articles.
        validation: encoded validation articles; the checkpoint with the best macro F1 is kept.
        folder: for the trainer's checkpoints.
        resume: one of these to go on from.

    Returns:
        The trainer, its model at the best checkpoint, and whether it was stopped by Ctrl-C.

    Raises:
        ThoisuError: stopped before there was a checkpoint.
    """
    set_seed(recipe.seed)
    rows = trainer_rows(training, recipe.context)
    model = build_model(recipe)
    trainer = SentenceTrainer(
        model=model,
        args=training_arguments(recipe, folder, rows=len(rows)),
        train_dataset=datasets.Dataset.from_list(rows),
        data_collator=Collator(model.config.pad_token_id),
        callbacks=[EarlyStoppingCallback(recipe.schedule.patience)],
        recipe=recipe,
        context=context,
        validation=validation,
    )
    try:
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    except KeyboardInterrupt:
        if trainer.state.best_model_checkpoint is None:
            raise ThoisuError("stopped before the first evaluation of this run") from None
        trainer._load_best_model()
        return trainer, True
    return trainer, False


def trainer_rows(encoded: Sequence[Encoded], kind: str) -> list[dict[str, Any]]:
    """Return rows for the trainer: a label for each token, or one for the row."""
    rows = []
    for article in encoded:
        for number, row in enumerate(article.rows):
            owned = row.owners != NOBODY
            labels = np.where(owned, article.labels[row.owners], IGNORED)
            rows.append(
                {
                    "input_ids": row.ids,
                    "labels": labels.tolist() if kind == "window" else int(article.labels[number]),
                }
            )
    return rows


def build_model(recipe: Recipe) -> Any:
    """Load the encoder with a new classification head.

    Raises:
        ThoisuError: the encoder cannot be loaded, or reads fewer positions than the recipe asks.
    """
    window = recipe.context == "window"
    kind = AutoModelForTokenClassification if window else AutoModelForSequenceClassification
    try:
        model = kind.from_pretrained(
            recipe.base_model,
            revision=recipe.revision or "main",
            dtype=torch.float32,
            id2label=dict(enumerate(LABEL_IDS)),
            label2id={label: number for number, label in enumerate(LABEL_IDS)},
            hidden_dropout_prob=recipe.dropout,
            attention_probs_dropout_prob=recipe.dropout,
            # on a CPU plain attention trains a quarter faster than the fused one at these sizes
            attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
        )
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ThoisuError(f"{recipe.base_model}: cannot be loaded ({reason})") from None
    positions = model.config.max_position_embeddings - 2
    if recipe.size > positions:
        raise ThoisuError(
            f"{recipe.base_model}: reads {positions} positions; the recipe's size is {recipe.size}"
        )
    return model


def bfloat16_pays() -> bool:
    """Tell whether this machine multiplies bfloat16 faster than fp32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.backends.cpu.get_cpu_capability() == "AVX512" and "avx512_bf16" in _cpu_flags()


def _cpu_flags() -> str:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return ""


def training_arguments(recipe: Recipe, folder: Path, *, rows: int) -> TrainingArguments:
    """Translate a recipe's schedule for the trainer."""
    schedule = recipe.schedule
    steps = math.ceil(rows / schedule.batch_size)
    every = max(1, steps // schedule.evaluate)
    precise = schedule.precision == "fp32" or (schedule.precision == "auto" and not bfloat16_pays())
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=schedule.epochs,
        learning_rate=schedule.learning_rate,
        per_device_train_batch_size=schedule.batch_size,
        warmup_steps=int(schedule.warmup * steps * schedule.epochs),
        weight_decay=schedule.weight_decay,
        lr_scheduler_type="cosine",
        max_grad_norm=1.0,
        bf16=not precise,
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        logging_steps=max(1, every // 4),
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        greater_is_better=True,
        train_sampling_strategy="group_by_length",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        seed=recipe.seed,
        report_to=recipe.report_to or "none",
    )


class Collator:
    """Pads rows to the longest of a batch."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, *shape* ``(batch, length)``.

        Labels of whole rows have *shape* ``(batch,)``.
        """
        width = max(len(row["input_ids"]) for row in rows)

        def padded(name: str, value: int) -> torch.Tensor:
            return torch.tensor([r[name] + [value] * (width - len(r[name])) for r in rows])

        ids = padded("input_ids", self.pad_id)
        by_token = isinstance(rows[0]["labels"], list)
        return {
            "input_ids": ids,
            "attention_mask": (ids != self.pad_id).long(),
            "labels": padded("labels", IGNORED)
            if by_token
            else torch.tensor([row["labels"] for row in rows]),
        }


class SentenceTrainer(Trainer):
    """A trainer whose loss and evaluation count sentences, whatever the rows are made of."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        context: Context,
        validation: Sequence[Encoded],
        **options: Any,
    ) -> None:
        super().__init__(eval_dataset=[], **options)
        self._recipe = recipe
        self._context = context
        self._validation = validation
        self._weights = torch.tensor([recipe.class_weights.get(name, 1.0) for name in LABEL_IDS])

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Give the new head a learning rate of its own where the recipe names one."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        rate = self._recipe.schedule.head_learning_rate
        if rate is not None:
            named: Any = self.model
            head = {id(p) for n, p in named.named_parameters() if n.startswith("classifier")}
            groups = []
            for group in optimizer.param_groups:
                body = [p for p in group["params"] if id(p) not in head]
                new = [p for p in group["params"] if id(p) in head]
                groups += [{**group, "params": body}, {**group, "params": new, "lr": rate}]
            optimizer.param_groups.clear()
            for group in groups:
                if group["params"]:
                    optimizer.add_param_group(group)
        return optimizer

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the mean cross entropy of the batch's sentences."""
        del num_items_in_batch
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        logits, targets = outputs.logits.float(), labels
        if labels.ndim > 1:
            logits, targets = sentence_logits(logits, labels)
        loss = functional.cross_entropy(
            logits,
            targets,
            weight=self._weights.to(logits.device),
            label_smoothing=self._recipe.label_smoothing,
        )
        return (loss, outputs) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Return accuracy and macro F1 of the validation articles' sentences."""
        del eval_dataset, ignore_keys
        gold = np.concatenate([article.labels for article in self._validation])
        logits = sentences_of(self.model, self._context, self._validation, bf16=self.args.bf16)
        loss = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(gold))
        predicted = logits.argmax(-1)
        matrices = confusion_matrices(
            gold, predicted, np.zeros_like(gold), labels=len(LABEL_IDS), size=1
        )
        metrics = {
            f"{metric_key_prefix}_loss": float(loss),
            f"{metric_key_prefix}_accuracy": float((predicted == gold).mean()),
            f"{metric_key_prefix}_macro_f1": float(macro_f1(matrices[0])),
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def sentence_logits(
    logits: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Average the logits of each sentence's tokens.

    A sentence is a run of labelled tokens: neighbours are apart by an unlabelled ``</s>``.

    *Shape:* ``(batch, length, classes)`` and ``(batch, length)`` → ``(sentences, classes)`` and
    ``(sentences,)``.
    """
    labelled = labels != IGNORED
    starts = labelled.clone()
    starts[:, 1:] &= ~labelled[:, :-1]
    index = starts.flatten().cumsum(0)[labelled.flatten()] - 1
    targets = labels[starts]
    sums = logits.new_zeros(len(targets), logits.shape[-1]).index_add(0, index, logits[labelled])
    return sums / index.bincount(minlength=len(targets)).unsqueeze(-1), targets


@torch.inference_mode()
def sentences_of(
    model: Any,
    context: Context,
    articles: Sequence[Encoded],
    *,
    bf16: bool = False,
    batch_size: int = 16,
) -> npt.NDArray[np.float32]:
    """Return the logits of every sentence, read as labelling reads them.

    *Shape:* ``(sentences, classes)``
    """
    training = model.training
    model.eval()
    rows = [row for article in articles for row in article.rows]
    results: list[npt.NDArray[np.float32] | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index].ids))
    collate = Collator(model.config.pad_token_id)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = collate([{"input_ids": rows[index].ids, "labels": 0} for index in chosen])
        del batch["labels"]
        with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
            output = model(**{name: tensor.to(model.device) for name, tensor in batch.items()})
        for index, values in zip(chosen, output.logits.float().cpu().numpy(), strict=True):
            results[index] = values[: len(rows[index].ids)] if values.ndim > 1 else values
    model.train(training)
    gathered, done = [], 0
    for article in articles:
        logits = results[done : done + len(article.rows)]
        gathered.append(context.gather(article.rows, logits, len(article.labels)))  # type: ignore[arg-type]
        done += len(article.rows)
    return np.concatenate(gathered)
