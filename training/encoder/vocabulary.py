"""Learn a PhoBERT-style vocabulary (``bpe.codes`` and ``vocab.txt``) from segmented text.

Byte-pair encoding over characters with ``</w>`` at the end of a word (Sennrich et al. 2016),
written as fastBPE writes it: continued pieces end in ``@@``, each line carries a count.
"""

import argparse
import collections
import json
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

END = "</w>"


def learn(texts: list[Path], merges: int, alphabet: int, folder: Path) -> None:
    """Write ``bpe.codes`` and ``vocab.txt`` learnt from ``texts`` into ``folder``.

    Args:
        texts: word-segmented text, one sentence a line.
        merges: how many merges to learn.
        alphabet: how many of the most frequent characters get a piece of their own.
        folder: where the two files are written.
    """
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=END))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=merges + 2 * alphabet,  # at most: each character alone and at a word's end
        limit_alphabet=alphabet,
        end_of_word_suffix=END,
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train([str(text) for text in texts], trainer)
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer.model.save(scratch)
        vocabulary: dict[str, int] = json.loads(Path(scratch, "vocab.json").read_text("utf-8"))
        rules = Path(scratch, "merges.txt").read_text("utf-8").splitlines()
    rules = [rule for rule in rules if not rule.startswith("#version")][:merges]

    counts: collections.Counter[str] = collections.Counter()
    for text in texts:
        with text.open(encoding="utf-8") as lines:
            for line in lines:
                counts.update(tokenizer.encode(line).tokens)
    # Every product of a merge and every known character, alone and at a word's end, gets an id:
    # then no word of known characters is unknown, and `tokenizer.json` needs no further ids.
    characters = [piece for piece in vocabulary if len(piece.removesuffix(END)) == 1]
    pieces = set(vocabulary)
    pieces.update(
        character.removesuffix(END) + end for character in characters for end in ("", END)
    )
    ranked = sorted(pieces, key=lambda piece: (-counts[piece], piece))

    folder.mkdir(parents=True, exist_ok=True)
    Path(folder, "bpe.codes").write_text(
        "".join(f"{rule} {len(rules) - rank}\n" for rank, rule in enumerate(rules)), "utf-8"
    )
    Path(folder, "vocab.txt").write_text(
        "".join(f"{surface(piece)} {counts[piece]}\n" for piece in ranked), "utf-8"
    )


def surface(piece: str) -> str:
    """Return a BPE piece as ``vocab.txt`` spells it: ``chủ_t`` → ``chủ_t@@``."""
    return piece.removesuffix(END) if piece.endswith(END) else f"{piece}@@"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--merges", type=int, default=16_000)
    parser.add_argument("--alphabet", type=int, default=400)
    arguments = parser.parse_args()
    learn(arguments.texts, arguments.merges, arguments.alphabet, arguments.folder)
