"""Write what labelling needs beside a fine-tuned checkpoint.

That is ``onnx/model.onnx``, ``onnx/model_int8.onnx``, ``tokenizer.json`` and ``thoisu.json``.

Weights are quantised to 8 bits by output channel, activations while running (dynamic
quantisation). Weights keep 7 of the 8 bits, so that processors without VNNI instructions, which
add products in 16 bits, give the same result.
"""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

import thoisu
from thoisu import tokenizer
from thoisu.model import SETTINGS, Settings

OPSET = 18


class _Logits(torch.nn.Module):
    """The model as ONNX Runtime will call it: two tensors in, one out."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def export(folder: Path, settings: Settings) -> None:
    """Write ``onnx/model.onnx``, ``onnx/model_int8.onnx``, ``tokenizer.json``, ``thoisu.json``.

    Args:
        folder: a checkpoint as :func:`thoisu.finetuning.train` leaves it.
        settings: what the checkpoint expects; see :class:`thoisu.model.Settings`.
    """
    (folder / "onnx").mkdir(exist_ok=True)
    whole = folder / "onnx" / "model.onnx"
    to_onnx(folder, whole, tokens=settings.context == "window", size=settings.size)
    to_int8(whole, folder / "onnx" / "model_int8.onnx")
    tokenizer.build(folder / "vocab.txt", folder / "bpe.codes").save(folder / "tokenizer.json")
    write_settings(folder, settings)


def write_settings(folder: Path, settings: Settings) -> None:
    """Write ``thoisu.json``."""
    stated = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    versions = {name: version(name) for name in ("torch", "transformers", "onnxruntime")}
    stated["versions"] = {"thoisu": thoisu.__version__, **versions}
    partial = folder / f"{SETTINGS}.partial"
    partial.write_text(json.dumps(stated, ensure_ascii=False, indent=2) + "\n", "utf-8")
    partial.replace(folder / SETTINGS)


def to_onnx(folder: Path, target: Path, *, tokens: bool, size: int) -> None:
    """Export a checkpoint with free batch and a free length of up to ``size``."""
    kind = AutoModelForTokenClassification if tokens else AutoModelForSequenceClassification
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 8, 9, 2, 1]])
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=size)
    shape = {0: batch, 1: length}
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        partial = Path(scratch) / target.name
        torch.onnx.export(
            _Logits(model).eval(),
            (ids, (ids != 1).long()),
            str(partial),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes=(shape, shape),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model_file = onnx.load(str(partial))
        forget_origin(model_file.graph)
        onnx.checker.check_model(model_file)
        onnx.save(model_file, str(partial))
        partial.replace(target)


def forget_origin(graph: onnx.GraphProto) -> None:
    """Drop the exporter's notes from a graph: the paths of the machine it ran on are among them."""
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for tensor in graph.initializer:
        tensor.ClearField("metadata_props")
        tensor.ClearField("doc_string")


def to_int8(source: Path, target: Path) -> None:
    """Quantise an ONNX model's matrix products and embeddings to 8 bits."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        prepared, partial = Path(scratch) / "prepared.onnx", Path(scratch) / target.name
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared),
            str(partial),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        )
        partial.replace(target)
