"""Masked language modelling on word-segmented news, at the speed two cores allow.

Sentences of an article are packed as the classifier will read them, ``<s> s1 </s> s2 </s> …``,
into blocks of one length, so nothing is padded. Weights are kept in fp32, matrix products run in
bfloat16, and only masked positions pass through the vocabulary head. A run can be stopped at any
time (Ctrl-C included) and goes on from its last checkpoint.

On glibc, export the three ``MALLOC_*`` variables of the README first: without them half of the
time goes into giving memory back to the kernel.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import PhobertTokenizer, RobertaForMaskedLM

from thoisu import tokenizer as fast_tokenizer

HELD_OUT = 128  # blocks at the end of the last text


def pack(texts: list[Path], folder: Path, length: int) -> np.ndarray:
    """Encode segmented text (a sentence a line, articles apart by an empty line) into blocks.

    Returns:
        ids, *shape* ``(blocks, length)``; a block never holds two articles' text unless an
        article ends in it, and starts with ``<s>``.
    """
    tokenizer = fast_tokenizer.load(folder)
    blocks: list[list[int]] = []
    for text in texts:
        sentences = text.read_text("utf-8").split("\n")
        block = [0]
        for start in range(0, len(sentences), 50_000):
            chunk = sentences[start : start + 50_000]
            for sentence, ids in zip(
                chunk, tokenizer.encode_batch(chunk, add_special_tokens=False), strict=True
            ):
                if not sentence.strip():
                    continue
                block += [*ids[:length], 2]
                while len(block) > length:
                    blocks.append(block[:length])
                    block = [0, *block[length:]]
    return np.array(blocks, np.uint16)


def mask(
    block: torch.Tensor, rate: float, mask_id: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hide ``rate`` of the ordinary tokens: 80 % ``<mask>``, 10 % another piece, 10 % left.

    Devlin et al. 2019, section 3.1. *Shape:* ``(batch, length)`` → inputs alike, and a boolean
    tensor of the positions to predict.
    """
    chosen = (torch.rand(block.shape, generator=generator) < rate) & (block > 3)
    dice = torch.rand(block.shape, generator=generator)
    inputs = block.masked_fill(chosen & (dice < 0.8), mask_id)
    others = torch.randint(4, mask_id, block.shape, generator=generator)
    inputs = torch.where(chosen & (dice >= 0.9), others, inputs)
    return inputs, chosen


def loss_of(model: RobertaForMaskedLM, inputs: torch.Tensor, block: torch.Tensor, chosen):
    """Return the mean cross entropy over the chosen positions."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.roberta(inputs).last_hidden_state[chosen]
        logits = model.lm_head(hidden)
    return functional.cross_entropy(logits.float(), block[chosen])


@torch.inference_mode()
def held_out_loss(model: RobertaForMaskedLM, blocks: torch.Tensor, mask_id: int) -> float:
    """Return the loss on held-out blocks, always with the same masks."""
    model.eval()
    generator = torch.Generator().manual_seed(0)
    losses = []
    for block in blocks.split(32):
        inputs, chosen = mask(block, 0.15, mask_id, generator)
        losses.append(loss_of(model, inputs, block, chosen).item())
    model.train()
    return float(np.mean(losses))


def batches(blocks: np.ndarray, size: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield shuffled batches for ever, a new order each epoch."""
    for epoch in range(1_000):
        order = np.random.default_rng((seed, epoch)).permutation(len(blocks))
        for start in range(0, len(order) - size + 1, size):
            yield torch.from_numpy(blocks[order[start : start + size]].astype(np.int64))


def schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then cosine to a twentieth."""
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, done))) / 2


def optimiser(model: RobertaForMaskedLM, rate: float, embedding_rate: float) -> torch.optim.AdamW:
    """Return AdamW; the embeddings, which start from averages, learn faster than the layers."""
    embeddings, matrices, vectors = [], [], []
    for name, parameter in model.named_parameters():
        if "embeddings" in name and "LayerNorm" not in name:
            embeddings.append(parameter)
        else:
            (matrices if parameter.ndim > 1 else vectors).append(parameter)
    groups = [
        {"params": embeddings, "peak": embedding_rate, "weight_decay": 0.0},
        {"params": matrices, "peak": rate, "weight_decay": 0.01},
        {"params": vectors, "peak": rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)


class Run:
    """One pretraining run: a model, its optimiser, how far it is, and where it is written."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.folder: Path = arguments.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state_file = self.folder / "training.pt"
        resumed = self.state_file.exists()
        tokenizer = PhobertTokenizer.from_pretrained(arguments.model)
        tokenizer.save_pretrained(self.folder)
        self.mask_id = tokenizer.mask_token_id
        self.model = RobertaForMaskedLM.from_pretrained(
            arguments.model,
            dtype=torch.float32,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",  # a quarter faster than fused on a CPU at this size
        )
        self.optimizer = optimiser(self.model, arguments.rate, arguments.embedding_rate)
        self.step, self.minutes = 0, 0.0
        if resumed:
            state = torch.load(self.state_file, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.minutes = state["step"], state["minutes"]
        self.generator = torch.Generator().manual_seed(arguments.seed + self.step)

    def save(self) -> None:
        """Write what the same command goes on from, in one file that is renamed into place."""
        partial = self.state_file.with_suffix(".partial")
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(state | {"step": self.step, "minutes": self.minutes}, partial)
        partial.replace(self.state_file)
        self.model.save_pretrained(self.folder)

    def log(self, **figures: float) -> None:
        """Append figures to ``log.jsonl`` and print them."""
        tokens = self.step * self.arguments.batch * self.arguments.length
        row = {"step": self.step, "tokens": tokens, "minutes": round(self.minutes, 2)}
        row |= {name: round(value, 4) for name, value in figures.items()}
        print(json.dumps(row), flush=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def learn(self, block: torch.Tensor, factor: float) -> float:
        """Make one step at ``factor`` of the peak rates, and return its loss."""
        started = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        inputs, chosen = mask(block, self.arguments.mask, self.mask_id, self.generator)
        loss = loss_of(self.model, inputs, block, chosen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.minutes += (time.perf_counter() - started) / 60
        return loss.item()


def run(arguments: argparse.Namespace) -> None:
    """Train, writing ``log.jsonl`` and a checkpoint as it goes."""
    torch.manual_seed(arguments.seed)
    blocks = pack(arguments.texts, arguments.model, arguments.length)
    held_out, blocks = torch.from_numpy(blocks[-HELD_OUT:].astype(np.int64)), blocks[:-HELD_OUT]
    steps = arguments.tokens // (arguments.batch * arguments.length)
    print(f"{blocks.size / 1e6:.2f} M tokens in {len(blocks)} blocks; {steps} steps", flush=True)
    training = Run(arguments)
    if not training.step:
        training.log(held_out_loss=held_out_loss(training.model, held_out, training.mask_id))
    losses: list[float] = []
    training.model.train()
    coming = islice(batches(blocks, arguments.batch, arguments.seed), training.step, steps)
    try:
        for block in coming:
            losses.append(training.learn(block, schedule(training.step, steps, arguments.warmup)))
            if training.step % arguments.every == 0 or training.step == steps:
                training.save()
                known = held_out_loss(training.model, held_out, training.mask_id)
                training.log(loss=float(np.mean(losses)), held_out_loss=known)
                losses.clear()
    except KeyboardInterrupt:
        print(f"stopped after step {training.step}; the same command goes on from the last save")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("texts", type=Path, nargs="+", help="segmented text")
    options.add_argument("--model", type=Path, required=True, help="folder that convert.py wrote")
    options.add_argument("--folder", type=Path, required=True, help="checkpoint, log")
    options.add_argument("--tokens", type=int, default=5_000_000, help="tokens to read in all")
    options.add_argument("--length", type=int, default=128, help="tokens in a block")
    options.add_argument("--batch", type=int, default=36, help="blocks in a step")
    options.add_argument("--mask", type=float, default=0.2)
    options.add_argument("--rate", type=float, default=2.5e-4, help="of the layers")
    options.add_argument("--embedding-rate", type=float, default=6e-4)
    options.add_argument("--warmup", type=int, default=60, help="steps")
    options.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    options.add_argument("--seed", type=int, default=1)
    return options


if __name__ == "__main__":
    run(parser().parse_args())
