"""Put multilingual-e5-small into PhoBERT's format: RoBERTa layers, our own vocabulary.

Each new piece starts from the mean of the old embeddings of its surface's pieces; the layers
are taken over as they are. The result is a masked language model that is not yet a good one:
``pretrain.py`` makes it so.
"""

import argparse
import shutil
from pathlib import Path

import e5
import numpy as np
import torch
from transformers import PhobertTokenizer, RobertaConfig, RobertaForMaskedLM

POSITIONS = 256  # as PhoBERT
FIRST_POSITION = 2  # RoBERTa counts positions from the padding index + 1

# packed name → RoBERTa name, within a layer
LAYER = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
PARAMETER = {"w": "weight", "b": "bias"}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # named alike on both sides


def convert(source: e5.E5, folder: Path) -> RobertaForMaskedLM:
    """Build the masked language model for the vocabulary in ``folder`` and save it there."""
    tokenizer = PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        intermediate_size=source.feed_forward,
        max_position_embeddings=POSITIONS + FIRST_POSITION,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        tokenizer_class="PhobertTokenizer",
    )
    model = RobertaForMaskedLM(config)
    weights = model.state_dict()
    old = source.tensors

    def put(name: str, values: np.ndarray) -> None:
        if weights[name].shape != values.shape:
            raise ValueError(f"{name}: {tuple(values.shape)} for {tuple(weights[name].shape)}")
        weights[name].copy_(torch.from_numpy(np.ascontiguousarray(values)))

    embeddings = "roberta.embeddings"
    put(f"{embeddings}.word_embeddings.weight", word_embeddings(source, tokenizer))
    positions = weights[f"{embeddings}.position_embeddings.weight"].numpy().copy()
    positions[FIRST_POSITION:] = old["emb.pos"][:POSITIONS]
    put(f"{embeddings}.position_embeddings.weight", positions)
    put(f"{embeddings}.token_type_embeddings.weight", old["emb.type"][:1])
    put(f"{embeddings}.LayerNorm.weight", old["emb.ln.w"])
    put(f"{embeddings}.LayerNorm.bias", old["emb.ln.b"])
    for layer in range(source.layers):
        for packed, name in LAYER.items():
            for kind, parameter in PARAMETER.items():
                put(
                    f"roberta.encoder.layer.{layer}.{name}.{parameter}",
                    old[f"l{layer}.{packed}.{kind}"],
                )
    put("lm_head.dense.weight", np.eye(source.hidden_size, dtype=np.float32))
    model.load_state_dict(weights)
    model.tie_weights()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


def word_embeddings(source: e5.E5, tokenizer: PhobertTokenizer) -> np.ndarray:
    """Return the start of each new piece's embedding.

    *Shape:* ``(len(tokenizer), hidden_size)``
    """
    old = source.tensors["emb.word"]
    new = np.empty((len(tokenizer), source.hidden_size), np.float32)
    for piece, index in tokenizer.get_vocab().items():
        if piece in SPECIAL:
            ids = [source.tokenizer.token_to_id(piece)]
        else:
            text = piece.removesuffix("@@").replace("_", " ").strip() or "_"
            ids = source.tokenizer.encode(text, add_special_tokens=False).ids
            ids = ids or [source.tokenizer.token_to_id("<unk>")]  # a character it drops
        new[index] = old[ids].mean(axis=0)
    return new


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--e5", type=Path, required=True, help="folder that e5.py filled")
    parser.add_argument("--vocabulary", type=Path, required=True, help="vocab.txt, bpe.codes")
    parser.add_argument("--folder", type=Path, required=True, help="where the model is written")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for file in ("vocab.txt", "bpe.codes"):
        shutil.copyfile(arguments.vocabulary / file, arguments.folder / file)
    convert(e5.load(arguments.e5), arguments.folder)
