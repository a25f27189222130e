"""Label every sentence of Vietnamese political news.

>>> from thoisu import Labeller
>>> labeller = Labeller.from_pretrained()
>>> article = labeller.label("Cử tri kiến nghị sớm xây cầu.")
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["LabelledArticle", "LabelledSentence", "Labeller", "Prediction", "ThoisuError"]

if TYPE_CHECKING:
    from thoisu.errors import ThoisuError
    from thoisu.labeller import LabelledArticle, LabelledSentence, Labeller, Prediction

_HOMES = {"ThoisuError": "thoisu.errors"} | dict.fromkeys(__all__[:-1], "thoisu.labeller")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``thoisu --help`` answers at once."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'thoisu' has no attribute {name!r}")
