"""Run a checkpoint: rows of ids in, logits out.

ONNX Runtime serves checkpoints that carry an ``onnx`` folder and needs nothing else; PyTorch
serves every other one, where the ``train`` extra is installed. What a checkpoint expects
(context, segmenter, temperature) stands in its ``thoisu.json``; one without that file, made by
others, is read as a plain PhoBERT classifier.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from thoisu.errors import ThoisuError
from thoisu.inputs import Alone, Context, Window
from thoisu.labels import LABEL_IDS

BUNDLED = "thoisu-small"
SETTINGS = "thoisu.json"
CONTEXTS = ("window", "alone")
KINDS: dict[str, type | tuple[type, ...]] = {
    "context": str,
    "size": int,
    "overlap": int,
    "segmenter": str,
    "temperature": (int, float),
}
INT8, FP32 = "model_int8.onnx", "model.onnx"


class Model(Protocol):
    """Logits of rows of ids."""

    def logits(self, rows: Sequence[Sequence[int]]) -> list[npt.NDArray[np.float32]]:
        """Return each row's logits, in the order of ``LABEL_IDS``.

        *Shape:* ``(length, labels)`` for token classification, ``(labels,)`` otherwise.
        """
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """What a checkpoint expects of the text that it is given (``thoisu.json``).

    Attributes:
        context: ``window`` or ``alone``; see :mod:`thoisu.inputs`.
        size: ids in a row at most.
        overlap: ids that neighbouring windows share.
        segmenter: name of the word segmenter; see :mod:`thoisu.words`.
        temperature: logits are divided by it before the softmax (Guo et al. 2017).
    """

    context: str
    size: int = 256
    overlap: int = 64
    segmenter: str = "underthesea"
    temperature: float = 1.0

    def build_context(self) -> Context:
        """Return the context that the checkpoint was trained with."""
        if self.context == "window":
            return Window(self.size, self.overlap)
        return Alone(self.size)


def bundled() -> Path:
    """Return the folder of the model that comes with the package."""
    packed = Path(__file__).parent / "models" / BUNDLED
    return packed if packed.exists() else Path(__file__).parents[2] / "models" / BUNDLED


def settings(folder: Path) -> Settings:
    """Read what the checkpoint in ``folder`` expects.

    Raises:
        ThoisuError: a file is missing or malformed, or the labels are not the five.
    """
    config = _json(folder / "config.json")
    if (folder / SETTINGS).exists():
        stated = _json(folder / SETTINGS)
        for name, kind in KINDS.items():
            if not isinstance(stated.get(name), kind):
                raise ThoisuError(f"{folder / SETTINGS}: lacks {name}, or has no such value for it")
        if stated["context"] not in CONTEXTS:
            raise ThoisuError(f"{folder / SETTINGS}: context {stated['context']!r} is unknown")
        if stated["overlap"] > stated["size"] // 2:
            raise ThoisuError(f"{folder / SETTINGS}: overlap is more than half of size")
        return Settings(**{name: stated[name] for name in KINDS})
    tokens = any("TokenClassification" in name for name in config.get("architectures") or [])
    size = min(256, int(config.get("max_position_embeddings", 258)) - 2)
    return Settings("window" if tokens else "alone", size=size, overlap=min(64, size // 4))


def onnx_file(folder: Path) -> Path | None:
    """Return the ONNX file that a checkpoint is run by, if it has one."""
    files = (folder / "onnx" / name for name in (INT8, FP32))
    return next((file for file in files if file.exists()), None)


def load(
    folder: Path, *, device: str = "cpu", threads: int | None = None, onnx: str | None = None
) -> Model:
    """Load the checkpoint in ``folder``.

    Args:
        folder: a checkpoint, with ``onnx/model_int8.onnx``, ``onnx/model.onnx`` or
            ``model.safetensors``; the first of these that is there is used.
        device: ``cpu``, or a PyTorch device such as ``cuda``, which needs the ``train`` extra.
        threads: threads of one matrix product; all cores where not given.
        onnx: which file of its ``onnx`` folder to use, where not the first.

    Raises:
        ThoisuError: nothing to load is there, or it cannot be loaded.
    """
    order = _label_order(folder)
    file = folder / "onnx" / onnx if onnx else onnx_file(folder)
    if device == "cpu" and file is not None:
        return OnnxModel(file, order, threads=threads)
    if not (folder / "model.safetensors").exists():
        lacks = "neither onnx/model_int8.onnx nor model.safetensors"
        if device != "cpu":
            lacks = f"no model.safetensors, which {device} needs"
        raise ThoisuError(f"{folder}: has {lacks}")
    return TorchModel(folder, order, device=device, threads=threads)


class OnnxModel:
    """A checkpoint run by ONNX Runtime, each row by itself.

    Rows are not padded into batches: a window fills both cores by itself, and a row's result
    cannot depend on what else is in its batch (with int8 activations scaled by batch it would).
    """

    def __init__(self, path: Path, order: list[int], *, threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's own errors share no base class
            reason = str(error).partition("\n")[0]
            raise ThoisuError(f"{path}: ONNX Runtime cannot load it ({reason})") from None
        self._order = order

    def logits(self, rows: Sequence[Sequence[int]]) -> list[npt.NDArray[np.float32]]:
        """See :meth:`Model.logits`."""
        results = []
        for row in rows:
            ids = np.array([row], np.int64)
            (values,) = self._session.run(
                None, {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            )
            results.append(values[0][..., self._order])
        return results


class TorchModel:
    """A checkpoint run by PyTorch, in batches of rows of similar length."""

    batch_size = 32

    def __init__(
        self, folder: Path, order: list[int], *, device: str = "cpu", threads: int | None = None
    ) -> None:
        try:
            import torch
            from transformers import (
                AutoModelForSequenceClassification,
                AutoModelForTokenClassification,
            )
        except ImportError:
            raise ThoisuError(
                f'{folder}: needs PyTorch to be run on {device}: pip install "thoisu[train]"'
            ) from None
        if threads is not None:
            torch.set_num_threads(threads)
        tokens = settings(folder).context == "window"
        kind = AutoModelForTokenClassification if tokens else AutoModelForSequenceClassification
        try:
            self._model: Any = kind.from_pretrained(folder, dtype=torch.float32).to(device).eval()
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            reason = str(error).partition("\n")[0]
            raise ThoisuError(f"{folder}: PyTorch cannot load it ({reason})") from None
        self._tokens = tokens
        self._order = order
        self._device = device

    def logits(self, rows: Sequence[Sequence[int]]) -> list[npt.NDArray[np.float32]]:
        """See :meth:`Model.logits`."""
        import torch

        pad = self._model.config.pad_token_id
        results: dict[int, npt.NDArray[np.float32]] = {}
        by_length = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        for start in range(0, len(rows), self.batch_size):
            chosen = by_length[start : start + self.batch_size]
            width = max(len(rows[index]) for index in chosen)
            ids = torch.full((len(chosen), width), pad)
            for line, index in enumerate(chosen):
                ids[line, : len(rows[index])] = torch.tensor(rows[index])
            ids = ids.to(self._device)
            with torch.inference_mode():
                output = self._model(input_ids=ids, attention_mask=(ids != pad).long()).logits
            for index, values in zip(chosen, output.float().cpu().numpy(), strict=True):
                kept = values[: len(rows[index])] if self._tokens else values
                results[index] = kept[..., self._order]
        return [results[index] for index in range(len(rows))]


def _label_order(folder: Path) -> list[int]:
    """Return the checkpoint's output index of each of our labels."""
    config = _json(folder / "config.json")
    named = {str(name): int(index) for index, name in (config.get("id2label") or {}).items()}
    if set(named) != set(LABEL_IDS):
        raise ThoisuError(
            f"{folder / 'config.json'}: labels are {', '.join(named) or 'missing'}; "
            f"expected {', '.join(LABEL_IDS)}"
        )
    return [named[label] for label in LABEL_IDS]


def _json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ThoisuError(f"{path}: no such file; is {path.parent} a checkpoint?") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ThoisuError(f"{path}: not JSON ({error})") from None
    if not isinstance(loaded, dict):
        raise ThoisuError(f"{path}: not a JSON object; is {path.parent} a checkpoint?")
    return loaded
