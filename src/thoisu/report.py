"""What people see of an evaluation: text for the terminal, a page, and files for programs.

Both the text and the page are made of the same tables; what is in them was measured by
:mod:`thoisu.evaluation`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thoisu import __version__, charts
from thoisu.bootstrap import Estimate
from thoisu.errors import ThoisuError
from thoisu.evaluation import Evaluation
from thoisu.figures import BINS, System
from thoisu.formats.html import source
from thoisu.formats.html import text as escaped
from thoisu.formats.output import Output
from thoisu.labels import LABEL_IDS

FEW = 20  # articles; with fewer, bootstrap intervals over articles come out too narrow
STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #8888; text-align: right; }
th:first-child, td:first-child { text-align: left; }
pre { overflow-x: auto; }
svg { max-width: 100%; height: auto; margin: 0 1rem 1rem 0; }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, however it is shown."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def text(evaluation: Evaluation) -> str:
    """Return everything as plain text; scikit-learn's classification report comes first."""
    detailed = shown(evaluation)
    blocks = []
    for system in detailed:
        heading = f"{system.name}\n\n" if len(detailed) > 1 else ""
        blocks.append(heading + classification_report(system))
        if system is detailed[0]:
            blocks.append("\n".join(summary(evaluation)) + "\n")
        blocks += [plain(table) for table in tables(evaluation, system)]
    blocks += [plain(table) for table in comparison(evaluation)]
    return "\n".join(blocks).rstrip("\n")


def classification_report(system: System, *, digits: int = 2) -> str:
    """Return what ``sklearn.metrics.classification_report`` prints, without scikit-learn.

    The rows are the labels that occur in the gold labels or the predictions, as there.
    """
    width = max(len("weighted avg"), digits, *map(len, system.labels))
    total = int(system.confusion.sum())
    lines = [" " * width + " " + "".join(f" {head:>9}" for head in HEADER), ""]

    def row(name: str, figures: Sequence[float], support: int) -> str:
        cells = "".join(f" {figure:>9.{digits}f}" for figure in figures)
        return f"{name:>{width}} {cells} {support:>9}"

    for label, found in system.labels.items():
        lines.append(row(label, (found.precision, found.recall, found.f1.value), found.support))
    accuracy = f"{system.accuracy.value:>9.{digits}f}"
    lines += ["", f"{'accuracy':>{width}}  {'':>9} {'':>9} {accuracy} {total:>9}"]
    for name, mean in system.averages.items():
        lines.append(row(f"{name} avg", (mean.precision, mean.recall, mean.f1), total))
    return "\n".join(lines) + "\n"


HEADER = ("precision", "recall", "f1-score", "support")


def summary(evaluation: Evaluation) -> Iterator[str]:
    """Yield what was measured on what, and what to beware of."""
    gold = evaluation.gold
    sentences, articles = len(gold.labels), len(gold.ids)
    yield (
        f"{counted(sentences, 'sentence')} ({int(gold.hard.sum())} hard)"
        f" of {counted(articles, 'article')}."
    )
    if articles < 2:
        yield "One article has no spread: there are no intervals."
        return
    yield (
        "In brackets: 95 % percentile intervals by bootstrap over articles"
        f" ({evaluation.resamples} resamples, seed {evaluation.seed})."
    )
    if articles < FEW:
        yield f"So few articles make intervals too narrow; trust them from {FEW} on."
    yield (
        "A label that neither occurs nor is predicted, in the data or in a resample, is left out"
        " of macro F1."
    )


def shown(evaluation: Evaluation) -> list[System]:
    """Return the systems that are shown in full: the models, or else all."""
    models = [system for system in evaluation.systems if not system.baseline]
    return models or evaluation.systems


def tables(evaluation: Evaluation, system: System) -> Iterator[Table]:
    """Yield the tables of one system."""
    yield Table(
        "Confusion matrix (rows: gold, columns: predicted)",
        ("", *LABEL_IDS, "total"),
        [
            (label, *map(str, counts), str(counts.sum()))
            for label, counts in zip(LABEL_IDS, system.confusion, strict=True)
        ],
    )
    total, articles = str(len(evaluation.gold.labels)), str(len(evaluation.gold.ids))
    yield Table(
        "Figures with their intervals",
        ("", "figure", "sentences"),
        [
            ("macro F1", bracketed(system.macro_f1), total),
            ("accuracy", bracketed(system.accuracy), total),
            ("Cohen's kappa", bracketed(system.kappa), total),
            *(
                (f"F1 {label}", bracketed(found.f1), str(found.support))
                for label, found in system.labels.items()
            ),
        ],
    )
    if system.parts:
        yield Table(
            "Parts of the data",
            ("", "macro F1", "accuracy", "sentences", "articles"),
            [
                ("all", bracketed(system.macro_f1), bracketed(system.accuracy), total, articles),
                *(
                    (
                        name,
                        bracketed(part.macro_f1),
                        bracketed(part.accuracy),
                        str(part.sentences),
                        str(part.articles),
                    )
                    for name, part in system.parts.items()
                ),
            ],
        )
    if system.calibration is not None:
        found = system.calibration
        yield Table(
            "Calibration of the confidence",
            ("", "figure", "sentences"),
            [
                (f"expected calibration error, {BINS} equal bins", f"{found.error:.3f}", total),
                (f"the same, {BINS} bins of equal mass", f"{found.adaptive_error:.3f}", total),
                ("Brier score (0 to 2)", bracketed(found.brier), total),
            ],
        )


def comparison(evaluation: Evaluation) -> Iterator[Table]:
    """Yield the tables that set systems side by side, where there are several."""
    systems = evaluation.systems
    if len(systems) < 2:
        return
    rows = []
    for system in systems:
        difference = system.difference
        rows.append(
            (
                system.name,
                bracketed(system.macro_f1),
                bracketed(system.accuracy),
                bracketed(difference.estimate, sign="+") if difference else "",
                f"{difference.p:.3f}" if difference and difference.p is not None else "",
            )
        )
    yield Table(
        f"Side by side; difference: macro F1 less that of {systems[0].name},"
        " p by paired bootstrap over articles",
        ("", "macro F1", "accuracy", "difference", "p"),
        rows,
    )
    yield Table(
        "F1 of each label",
        ("", *LABEL_IDS),
        [
            (
                system.name,
                *(
                    f"{system.labels[label].f1.value:.3f}" if label in system.labels else "–"
                    for label in LABEL_IDS
                ),
            )
            for system in systems
        ]
        + [("sentences", *map(str, evaluation.gold.support.values()))],
    )


def page(evaluation: Evaluation) -> str:
    """Return one self-contained HTML page. All that comes from outside is escaped."""
    names = ", ".join(system.name for system in shown(evaluation))
    policy = f"default-src 'none'; style-src '{source(STYLE)}'"
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f'<meta name="generator" content="thoisu {__version__}">\n',
        f"<title>Evaluation of {escaped(names)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        f"<h1>Evaluation of {escaped(names)}</h1>\n",
        *(f"<p>{escaped(line)}</p>\n" for line in summary(evaluation)),
        *(rendered(table) for table in comparison(evaluation)),
    ]
    for system in shown(evaluation):
        parts += [
            f"<h2>{escaped(system.name)}</h2>\n",
            f"<pre>{escaped(classification_report(system))}</pre>\n",
            charts.confusion_heatmap(system.confusion, LABEL_IDS, title="Confusion matrix"),
        ]
        if system.calibration is not None:
            title = f"Reliability, {counted(len(evaluation.gold.labels), 'sentence')}"
            parts.append(charts.reliability_diagram(system.calibration.bins, title=title))
        parts += [rendered(table) for table in tables(evaluation, system)]
    return "".join([*parts, "</body>\n</html>\n"])


def write(evaluation: Evaluation, folder: Path) -> None:
    """Write ``index.html``, ``evaluation.json`` and ``predictions.jsonl`` into ``folder``.

    Raises:
        ThoisuError: they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ThoisuError(f"{folder}: cannot be made ({error.strerror})") from None
    figures = json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in evaluation.predictions())
    for name, content in (
        ("evaluation.json", [figures, "\n"]),
        ("predictions.jsonl", rows),
        ("index.html", [page(evaluation)]),
    ):
        with Output(folder / name) as file:
            for piece in content:
                file.stream.write(piece.encode("utf-8", "replace"))
            file.commit()


def plain(table: Table) -> str:
    """Return a table as text, its first column to the left and the others to the right."""
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [table.title]
    for first, *others in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(["", f"{first:<{widths[0]}}", *cells]).rstrip())
    return "\n".join(lines) + "\n"


def rendered(table: Table) -> str:
    """Return a table as HTML."""
    head = "".join(f'<th scope="col">{escaped(cell)}</th>' for cell in table.header)
    rows = "".join(
        f'<tr><th scope="row">{escaped(first)}</th>'
        + "".join(f"<td>{escaped(cell)}</td>" for cell in others)
        + "</tr>\n"
        for first, *others in table.rows
    )
    return (
        f"<table>\n<caption>{escaped(table.title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )


def bracketed(figure: Estimate, *, sign: str = "") -> str:
    """Return a figure with its interval: ``0.718 [0.659, 0.771]``."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:{sign}.3f}"
    return f"{figure.value:{sign}.3f} [{figure.low:{sign}.3f}, {figure.high:{sign}.3f}]"


def counted(number: int, thing: str) -> str:
    """Return ``1 article`` or ``2 articles``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
