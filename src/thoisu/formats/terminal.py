"""Labels and briefs in a terminal, in colour."""

from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from thoisu.formats import shown
from thoisu.labels import BY_ID
from thoisu.results import LabelledArticle


class TableWriter:
    """A table an article, a row a sentence."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, article: LabelledArticle) -> None:
        """Print one article."""
        table = Table(
            title=Text(shown.heading(article), style="bold"),
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        table.add_column("#", justify="right", style="dim")
        table.add_column("nhãn\nlabel", no_wrap=True)
        table.add_column("độ tin\nconf.", justify="right", no_wrap=True)
        table.add_column("câu\nsentence", overflow="fold")
        for number, sentence in enumerate(article.sentences):
            label = BY_ID[sentence.label]
            table.add_row(
                str(number),
                Text(f"{label.vietnamese}\n{label.id}", style=f"bold {label.colour}"),
                f"{sentence.confidence:.2f}",
                Text(shown.one_line(sentence.text)),
            )
        self._console.print(table)

    def close(self) -> None:
        """Nothing is left to print."""


class BriefWriter:
    """Four lists an article; sentences that the model is unsure of are marked and dimmed."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, article: LabelledArticle) -> None:
        """Print one article."""
        print_ = self._console.print
        print_(Rule(Text(shown.heading(article), style="bold"), style="dim"))
        unsure = False
        for label, sentences in shown.brief(article).items():
            vietnamese, english = shown.HEADINGS[label]
            style = f"bold {BY_ID[label].colour}"
            print_(Text(f"■ {vietnamese} / {english} ({len(sentences)})", style=style))
            items = Table.grid(padding=(0, 1))
            items.add_column()
            items.add_column(overflow="fold")
            if not sentences:
                items.add_row("", Text(" / ".join(shown.NOTHING), style="dim"))
            for sentence in sentences:
                item = Text(shown.one_line(sentence.text))
                if sentence.confidence < shown.UNSURE:
                    item.append(f" {shown.UNSURE_MARK}")
                    item.stylize("dim")
                    unsure = True
                items.add_row("•", item)
            print_(items)
            print_()
        if unsure:
            print_(Text(f"{shown.UNSURE_MARK} {' / '.join(shown.UNSURE_NOTE)}", style="dim"))

    def close(self) -> None:
        """Nothing is left to print."""
