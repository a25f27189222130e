"""Two pictures of an evaluation, as SVG that needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape

from thoisu.labels import BY_ID
from thoisu.metrics import Bins, IntArray

INK, PALE, PAPER = "#222222", "#bbbbbb", "#ffffff"
BLUE, RED = BY_ID["directive"].colour, BY_ID["challenge"].colour
FONT = "system-ui, sans-serif"


def reliability_diagram(bins: Bins, *, title: str) -> str:
    """Draw accuracy against confidence (DeGroot and Fienberg 1983; Guo et al. 2017, figure 1).

    A bar is a bin; a red line across it is its mean confidence, where the bar would end if
    confidence were what it says. Below, how many sentences are in each bin.
    """
    side, left, top, strip = 300, 56, 36, 60
    under = top + side + 16  # the strip with the counts begins here
    most = max(int(bins.count.max()), 1)

    def x(value: float) -> float:
        return left + side * value

    def y(value: float) -> float:
        return top + side * (1 - value)

    shapes = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        shapes += [
            _line(x(0), y(tick), x(1), y(tick), PALE),
            _text(left - 6, y(tick) + 4, f"{tick:g}", anchor="end"),
            _text(x(tick), under + strip + 16, f"{tick:g}", anchor="middle"),
        ]
    shapes.append(_line(x(0), y(0), x(1), y(1), INK, dashed=True))
    for low, high, count, confidence, accuracy in zip(
        bins.low, bins.high, bins.count, bins.confidence, bins.accuracy, strict=True
    ):
        if not count:
            continue
        begin, width = x(low) + 1, side * (high - low) - 2
        share = strip * count / most
        hint = (
            f"{low:.2f} to {high:.2f}: {count} sentences,"
            f" accuracy {accuracy:.3f}, mean confidence {confidence:.3f}"
        )
        shapes += [
            f"<g><title>{escape(hint)}</title>",
            _box(begin, y(accuracy), width, side * accuracy, BLUE, opacity=0.75),
            _line(begin, y(confidence), begin + width, y(confidence), RED, width=2),
            _box(begin, under + strip - share, width, share, INK, opacity=0.5),
            "</g>",
        ]
    shapes += [
        _text(left, 20, title, bold=True),
        _text(left - 6, under + 10, str(most), anchor="end"),
        _text(left - 6, under + strip, "0", anchor="end"),
        _text(x(0.5), under + strip + 34, "confidence", anchor="middle"),
        _text(14, y(0.5), "accuracy", anchor="middle", turned=True),
        _text(14, under + strip / 2, "sentences", anchor="middle", turned=True),
    ]
    return _svg(left + side + 20, under + strip + 44, shapes, title)


def confusion_heatmap(confusion: IntArray, labels: Sequence[str], *, title: str) -> str:
    """Draw a confusion matrix: counts, coloured by their share of the gold label's sentences."""
    side, left, top = 84, 110, 84
    shapes = [
        _text(left, 20, title, bold=True),
        _text(left + side * len(labels) / 2, 46, "predicted", anchor="middle"),
        _text(14, top + side * len(labels) / 2, "gold", anchor="middle", turned=True),
    ]
    for row, gold in enumerate(labels):
        support = int(confusion[row].sum())
        shapes += [
            _text(left + side * (row + 0.5), top - 10, gold, anchor="middle"),
            _text(left - 8, top + side * (row + 0.5) + 4, gold, anchor="end"),
        ]
        for column, predicted in enumerate(labels):
            count = int(confusion[row, column])
            share = count / support if support else 0.0
            across, down = left + side * column, top + side * row
            ink = PAPER if share > 0.85 else INK  # whichever is read more easily on it
            hint = f"{gold} labelled {predicted}: {count} of {support}"
            shapes += [
                f"<g><title>{escape(hint)}</title>",
                _box(across, down, side, side, PAPER),
                _box(across + 1, down + 1, side - 2, side - 2, BLUE, opacity=share),
                _text(across + side / 2, down + side / 2, str(count), anchor="middle", fill=ink),
                _text(
                    across + side / 2,
                    down + side / 2 + 18,
                    f"{share:.0%}",
                    anchor="middle",
                    fill=ink,
                    size=11,
                ),
                "</g>",
            ]
    return _svg(left + side * len(labels) + 20, top + side * len(labels) + 20, shapes, title)


def _svg(width: float, height: float, shapes: Iterable[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img" aria-label="{escape(title)}"'
        f' font-family="{FONT}">\n{_box(0, 0, width, height, PAPER)}\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _box(
    x: float, y: float, width: float, height: float, fill: str, *, opacity: float = 1.0
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' fill="{fill}" fill-opacity="{opacity:.3f}"/>'
    )


def _line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    colour: str,
    *,
    width: float = 1,
    dashed: bool = False,
) -> str:
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        f' stroke="{colour}" stroke-width="{width:g}"{dashes}/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: int = 13,
    fill: str = INK,
    bold: bool = False,
    turned: bool = False,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
        f' fill="{fill}"{weight}{turn}>{escape(words)}</text>'
    )
