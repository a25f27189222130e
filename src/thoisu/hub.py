"""Checkpoints by name: a folder on this machine, or a model on the Hugging Face hub.

Nothing is fetched unless a name that is no folder is given; what was fetched stays in the hub's
own cache, so that the second time needs no network.
"""

from pathlib import Path

from thoisu.errors import ThoisuError

WANTED = ("*.json", "vocab.txt", "bpe.codes", "model.safetensors", "onnx/*.onnx")


def checkpoint_folder(
    name: str | Path, *, revision: str | None = None, files: tuple[str, ...] = WANTED
) -> Path:
    """Return the folder of a checkpoint.

    Args:
        name: a folder, or a model's name on the hub, such as ``vinai/phobert-base``.
        revision: branch, tag or commit on the hub.
        files: which files are fetched from the hub, as patterns.

    Raises:
        ThoisuError: no such folder, and nothing of that name can be fetched.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(name), revision=revision, allow_patterns=list(files)))
    except Exception as error:  # the hub's client lets its own and its transport's errors out
        reason = str(error).partition("\n")[0]
        raise ThoisuError(
            f"{name}: neither a folder nor a model that can be fetched from the hub ({reason})"
        ) from None
