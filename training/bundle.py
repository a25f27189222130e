"""Put a finished checkpoint where the package takes its model from, as small as it may be.

Weights go to fp16; of the two ONNX files only the int8 one is kept. The figures and the card are
copied: run ``evaluate.py`` on the result and call this again with ``--card`` to bring them up to
date.
"""

import argparse
import shutil
from pathlib import Path

from thoisu import card

COPIED = ("config.json", "vocab.txt", "bpe.codes", "added_tokens.json", "tokenizer_config.json",
          "tokenizer.json", "thoisu.json", "training.json", "onnx/model_int8.onnx",
          "evaluation/validation.json")  # fmt: skip


def bundle(checkpoint: Path, folder: Path) -> None:
    """Put ``checkpoint`` into ``folder``; what was there, figures included, is another model's."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.rmtree(folder / "evaluation", ignore_errors=True)
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkpoint / name, folder / name)
    weights = load_file(checkpoint / "model.safetensors")
    save_file(
        {name: tensor.to(torch.float16) for name, tensor in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="such as models/thoisu-small")
    parser.add_argument("--checkpoint", type=Path, help="such as runs/thoisu-small")
    parser.add_argument("--card", action="store_true", help="only write the card again")
    given = parser.parse_args()
    if not given.card:
        if given.checkpoint is None:
            parser.error("name the --checkpoint to put there, or only write the --card again")
        bundle(given.checkpoint, given.folder)
    card.write(given.folder)
