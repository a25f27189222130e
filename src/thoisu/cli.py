"""The commands of ``thoisu``: parse, call, print. What they do is done elsewhere."""

import os
from collections.abc import Callable
from enum import StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thoisu import __version__, console
from thoisu.errors import ThoisuError

if TYPE_CHECKING:
    from thoisu.batch import LabelsArticles

# ``thoisu --help`` answers at once: whatever a command needs is imported inside it.

STATUSES = """

Exit status: 0 when all went well, 1 when an input was rejected or an error occurred (one line on
standard error says which), 2 when the command was not understood, 130 after Ctrl-C.
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class LabelFormat(StrEnum):
    """Formats of ``thoisu label``."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    xlsx = "xlsx"
    parquet = "parquet"
    html = "html"


class BriefFormat(StrEnum):
    """Formats of ``thoisu brief``."""

    text = "text"
    markdown = "markdown"
    html = "html"


class ReadFormat(StrEnum):
    """Formats of ``thoisu read``."""

    text = "text"
    jsonl = "jsonl"


class Unit(StrEnum):
    """What gets a label."""

    sentence = "sentence"
    clause = "clause"


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        show_default=False,
        help="Files (.txt .html .docx .jsonl .csv .parquet), folders, or - for standard input.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        metavar="OUT",
        show_default=False,
        help="File to write; its suffix tells the format. An earlier file of that name stays as it"
        " is until the new one is complete.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="A checkpoint folder or a model on the Hugging Face hub; else the bundled model.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", show_default=False, help="Threads to use; else all cores."),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Tell only of errors and rejected inputs."),
]


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """Make a function a command: its result is the exit status, its errors are told in one line."""

    @app.command()
    @wraps(function)
    def run(*args: object, **options: object) -> None:
        raise typer.Exit(console.status(lambda: function(*args, **options)))

    return run


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"thoisu {__version__}")
        raise typer.Exit


@app.callback(epilog=STATUSES.strip())
def thoisu(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Label every sentence of Vietnamese political news.

    Gán nhãn từng câu tin thời sự: thành tựu, khó khăn, chỉ đạo, kiến nghị, khác.
    """


@command
def label(
    sources: Sources,
    *,
    out: Out = None,
    format_: Annotated[
        LabelFormat | None,
        typer.Option("--format", show_default=False, help="Instead of what the suffix tells."),
    ] = None,
    model: Model = None,
    unit: Annotated[
        Unit, typer.Option(help="clause: split long enumerations at their semicolons.")
    ] = Unit.sentence,
    threads: Threads = None,
    quiet: Quiet = False,
) -> int:
    """Label every sentence of news articles.

    Without -o a table is printed. For spreadsheets take .xlsx; in .csv, text that a spreadsheet
    would run as a formula (it begins with = + - or @) has an apostrophe before it. Ctrl-C keeps
    what has been labelled, in OUT with .partial in its name.
    """
    from thoisu import formats, jobs

    return jobs.run(
        sources,
        lambda: load(model, threads=threads),
        known=formats.LABELS,
        name=format_,
        out=out,
        unit=unit,
        quiet=quiet,
    )


@command
def brief(
    sources: Sources,
    *,
    out: Out = None,
    format_: Annotated[
        BriefFormat | None,
        typer.Option("--format", show_default=False, help="Instead of what the suffix tells."),
    ] = None,
    model: Model = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> int:
    """Sort articles into four lists.

    Achieved, difficult, ordered, asked for. Sentences stand in the order of the article; (?)
    marks those that the model is unsure of.
    """
    from thoisu import formats, jobs

    return jobs.run(
        sources,
        lambda: load(model, threads=threads),
        known=formats.BRIEFS,
        name=format_,
        out=out,
        quiet=quiet,
    )


@command
def read(
    source: Annotated[str, typer.Argument(metavar="SOURCE", show_default=False)],
    format_: Annotated[ReadFormat, typer.Option("--format")] = ReadFormat.text,
) -> int:
    """Print the text as read.

    The start and end of every sentence count its characters (Unicode code points). One article
    is printed exactly; before each of several stands a line with its id. With --format jsonl
    each article is a JSON object with id, text, title, date and notes.
    """
    from thoisu import jobs

    return jobs.print_texts(source, as_json=format_ is ReadFormat.jsonl)


@command
def labels() -> None:
    """Print the five labels and what they mean."""
    from thoisu.labels import LABELS

    coloured = None if not os.environ.get("NO_COLOR") else False
    for each in LABELS:
        red, green, blue = bytes.fromhex(each.colour.removeprefix("#"))
        name = typer.style(f"{each.vietnamese} / {each.id}", fg=(red, green, blue), bold=True)
        typer.echo(f"{name}\n  {each.meaning_vi}\n  {each.meaning}", color=coloured)


@command
def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FOLDER",
            show_default=False,
            help="For the checkpoint; else runs/ and the recipe's name.",
        ),
    ] = None,
    news: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            show_default=False,
            help="Holds the files of real news that the recipe names.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run stopped.")] = False,
) -> int:
    """Fine-tune a model as a recipe says.

    Needs the train extra: pip install "thoisu[train]". Ctrl-C keeps the best checkpoint so far.
    """
    from thoisu import finetuning
    from thoisu.recipes import Recipe

    read_recipe = Recipe.read(recipe)
    output = Path("runs") / read_recipe.name if out is None else out
    stopped = finetuning.train(read_recipe, output, news=news, resume=resume, tell=console.say)
    return console.INTERRUPTED if stopped else console.OK


@command
def evaluate(
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="A checkpoint folder or a model on the Hugging Face hub; else the bundled model."
            " Given again, the next one is compared with the first.",
        ),
    ] = None,
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Labelled articles: .jsonl, or .csv or .parquet with a sentence a row.",
        ),
    ],
    report_: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FOLDER",
            show_default=False,
            help="For the page, the figures as JSON and every prediction.",
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Show simple models beside it; needs --train.")
    ] = False,
    train: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", show_default=False, help="What the baselines learn from."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=100, metavar="N", help="Resamples behind each interval.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of the resamples.")] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, or cuda with torch.")] = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Measure models on labelled articles.

    Prints precision, recall and F1 of each label first, then intervals, the confusion matrix,
    hard sentences and calibration.
    """
    from thoisu import evaluation, report

    found = evaluation.run(
        data,
        model or [None],
        baselines=baselines,
        train=train or [],
        resamples=resamples,
        seed=seed,
        device=device,
        threads=threads,
        track=partial(console.track, shown=not quiet),
    )
    typer.echo(report.text(found))
    if report_ is not None:
        report.write(found, report_)
        console.say(f"the report is in {report_}")


@command
def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)],
) -> None:
    """Make a checkpoint ready to label with: ONNX, 8-bit ONNX, tokenizer.json, thoisu.json.

    For checkpoints that were fine-tuned elsewhere. Needs the train extra.
    """
    from thoisu import model
    from thoisu.export import export as write

    write(checkpoint, model.settings(checkpoint))
    console.say(f"{checkpoint} is ready: thoisu label ARTICLE --model {checkpoint}")


def load(model: str | None, *, threads: int | None) -> "LabelsArticles":
    """Load the labeller."""
    from thoisu.hub import checkpoint_folder
    from thoisu.labeller import Labeller
    from thoisu.model import onnx_file

    if model is not None:
        folder = checkpoint_folder(model)
        if onnx_file(folder) is None:
            raise ThoisuError(
                f"{model}: has no ONNX file to label with; make it: thoisu export {folder}"
            )
    return Labeller.from_pretrained(model, threads=threads)


def main() -> None:
    """Run the command line."""
    console.speak_utf8()
    app(prog_name="thoisu")
