"""Keep of a pretraining run what others need: bfloat16 weights, tokenizer, configuration, log."""

import argparse
import shutil
from pathlib import Path

import torch
from transformers import PhobertTokenizer, RobertaForMaskedLM


def finish(run: Path, folder: Path) -> None:
    """Write the checkpoint to be committed.

    Args:
        run: what ``pretrain.py`` wrote.
        folder: where the checkpoint goes.
    """
    model = RobertaForMaskedLM.from_pretrained(run, dtype=torch.bfloat16)
    model.config.tokenizer_class = "PhobertTokenizer"
    model.save_pretrained(folder)
    PhobertTokenizer.from_pretrained(run).save_pretrained(folder)
    shutil.copyfile(run / "log.jsonl", folder / "log.jsonl")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    finish(given.run, given.folder)
