"""The commands as people type them: what is printed where, what is written, the exit status."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import thoisu
from conftest import ARTICLE, ROOT
from labelled import FIVE, TEXT, KeywordLabeller
from thoisu import __version__, cli, console, formats
from thoisu.articles import Article
from thoisu.errors import ThoisuError
from thoisu.formats.reading import read_rows
from thoisu.labels import LABELS
from thoisu.recipes import Recipe
from thoisu.results import LabelledArticle

Run = Callable[..., Result]
FAKE = """
import sys, time
sys.path.insert(0, {tests!r})
from labelled import KeywordLabeller
from thoisu import cli

class Slow(KeywordLabeller):
    def label_many(self, articles, *, unit="sentence"):
        for number, article in enumerate(super().label_many(articles, unit=unit)):
            yield article
            time.sleep({pause})

cli.load = lambda model, *, threads: Slow()
cli.main()
"""
"""The program itself, with a labeller that needs no model and takes its time."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(cli, "load", lambda model, *, threads: KeywordLabeller())
    return lambda *args, **options: CliRunner().invoke(cli.app, [str(a) for a in args], **options)


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "hoa-loc.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is not loaded."""

    def load(model: str | None, *, threads: int | None) -> None:
        raise AssertionError("loaded the model before finding what is wrong")

    monkeypatch.setattr(cli, "load", load)


def program(*args: object, pause: float = 0.0, **options: object) -> subprocess.Popen[bytes]:
    code = FAKE.format(tests=str(ROOT / "tests"), pause=pause)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


# Printing


def test_without_a_file_a_plain_table_goes_to_a_pipe(run: Run, article: Path) -> None:
    result = run("label", article)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "hoa-loc.txt"
    assert [line.split(" / ")[1].split()[0] for line in lines[1:]] == FIVE
    assert lines[2].endswith("0.90  Thu ngân sách đạt 1,8 tỷ đồng, vượt 12% kế hoạch.")
    assert "\x1b" not in result.stdout


def test_rows_can_be_printed_as_json_lines_or_csv(run: Run, article: Path) -> None:
    rows = [
        json.loads(line) for line in run("label", article, "--format", "jsonl").stdout.splitlines()
    ]
    assert [row["label"] for row in rows] == FIVE
    assert all(TEXT[row["start"] : row["end"]] == row["text"] for row in rows)
    printed = run("label", article, "--format", "csv", "-o", "-").stdout_bytes.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(printed, newline="")))
    assert [row["text"] for row in table][:3] == [row["text"] for row in rows][:3]
    assert table[3]["text"] == "'- Chủ tịch huyện yêu cầu hoàn thành trước 30/6."


def test_a_terminal_gets_colours_unless_they_are_not_wanted(
    run: Run, article: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = run("label", article, color=True).stdout
    assert "\x1b[1;38;2;0;114;178mchỉ đạo" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "38;2" not in run("label", article, color=True).stdout
    assert "38;2" not in run("labels", color=True).stdout


def test_standard_input_is_an_article(run: Run) -> None:
    result = run("label", "-", "--format", "jsonl", input="Cử tri kiến nghị xây cầu.")
    assert json.loads(result.stdout)["article"] == "-"
    assert json.loads(result.stdout)["label"] == "proposal"


def test_clause_is_a_unit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Thu đạt kế hoạch; chi còn chậm.", "utf-8")
    printed = run("label", tmp_path / "a.txt", "--format", "jsonl", "--unit", "clause").stdout
    assert [json.loads(line)["label"] for line in printed.splitlines()] == [
        "achievement",
        "challenge",
    ]


def test_brief_prints_four_lists(run: Run, article: Path) -> None:
    lines = run("brief", article).stdout.splitlines()
    assert [line for line in lines if " / " in line] == [
        "Đã đạt được / Achieved (1)",
        "Khó khăn, hạn chế / Difficult (1)",
        "Chỉ đạo, nhiệm vụ / Ordered (1)",
        "Kiến nghị, đề xuất / Asked for (1)",
    ]
    markdown = run("brief", article, "--format", "markdown").stdout
    assert markdown.startswith("# hoa-loc.txt\n\n## Đã đạt được / Achieved (1)\n\n- Thu ngân sách")


def test_brief_writes_the_format_of_its_suffix(run: Run, article: Path, tmp_path: Path) -> None:
    for name, start in (("a.md", "# hoa"), ("a.html", "<!DOCTYPE html>"), ("a.txt", "hoa-loc")):
        assert run("brief", article, "-o", tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_text("utf-8").startswith(start)


def test_read_prints_the_text_that_spans_count_in(run: Run) -> None:
    path = ARTICLE / "hai-phong.txt"
    result = run("read", path)
    assert result.exit_code == 0
    rows = [
        json.loads(line) for line in run("label", path, "--format", "jsonl").stdout.splitlines()
    ]
    assert len(rows) > 20
    assert all(result.stdout[row["start"] : row["end"]] == row["text"] for row in rows)


def test_read_tells_several_articles_apart(run: Run, tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text(f"Bài {name}", "utf-8")
    (tmp_path / "3.txt").write_text("", "utf-8")
    result = run("read", tmp_path)
    assert result.stdout == "== 1.txt ==\nBài 1.txt\n== 2.txt ==\nBài 2.txt\n"
    assert result.exit_code == 1
    assert "3.txt: " in result.stderr
    lines = run("read", tmp_path, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["Bài 1.txt", "Bài 2.txt"]


def test_labels_are_explained_in_both_languages(run: Run) -> None:
    printed = run("labels").stdout
    for label in LABELS:
        assert (
            f"{label.vietnamese} / {label.id}\n  {label.meaning_vi}\n  {label.meaning}" in printed
        )


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"thoisu {__version__}\n"


# Writing


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "xlsx", "parquet"])
def test_a_file_has_the_format_of_its_suffix(
    run: Run, article: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"labels.{suffix}"
    result = run("label", article, "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"thoisu: 1 article, 5 sentences in {out}\n"
    assert [row["label"] for row in read_rows(out)] == FIVE
    assert run("label", article, "-o", out, "--quiet").stderr == ""


def test_a_rejected_input_is_one_line_and_status_1(run: Run, article: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "Đạt."}\nkhông\n', "utf-8")
    out = tmp_path / "labels.jsonl"
    missing = tmp_path / "missing.txt"
    result = run("label", missing, tmp_path / "rows.jsonl", article, "-o", out)
    assert result.exit_code == 1
    first, second, last = result.stderr.splitlines()
    assert first.startswith(f"thoisu: {missing}: ")
    assert second.startswith(f"thoisu: {tmp_path / 'rows.jsonl'}: line 2: ")
    assert last == f"thoisu: 2 articles, 6 sentences in {out}; 2 inputs rejected"
    assert len(list(read_rows(out))) == 6


def test_nothing_readable_leaves_the_earlier_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    out.write_text("earlier", "utf-8")
    result = run("label", tmp_path / "missing.txt", "-o", out)
    assert result.exit_code == 1
    assert f"nothing to label; {out} is not written" in result.stderr
    assert out.read_text("utf-8") == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_articles_that_share_a_name_are_told(run: Run, article: Path, tmp_path: Path) -> None:
    result = run("label", article, article, "--format", "jsonl")
    names = {json.loads(line)["article"] for line in result.stdout.splitlines()}
    assert names == {"hoa-loc.txt", article.as_posix()}
    assert result.stderr.startswith(f"thoisu: {article}: an article called hoa-loc.txt came before")
    assert run("label", article, article, "-q").stderr == ""


# What is wrong is found before the model is loaded


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["-o", "labels.doc"], "labels.doc: its suffix does not tell the format"),
        (["-o", "nowhere/labels.csv"], "nowhere/labels.csv: there is no folder nowhere"),
        (["-o", "folder.csv"], "folder.csv: is a folder"),
        (["-o", "a.txt"], "a.txt: is also read; writing it would destroy the source"),
        (["news", "-o", "news/labels.csv"], "news/labels.csv: lies in news"),
        (["-o", "a.txt/labels.csv"], "a.txt/labels.csv: there is no folder a.txt"),
    ],
)
def test_a_file_that_cannot_be_written_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "news").mkdir()
    result = CliRunner().invoke(cli.app, ["label", "a.txt", *args])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"thoisu: {problem}")
    assert result.stderr.count("\n") == 1
    assert (tmp_path / "a.txt").read_text("utf-8") == TEXT


@pytest.mark.usefixtures("never")
def test_binary_formats_are_not_printed_in_a_terminal(
    article: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO()))
    with pytest.raises(SystemExit) as stop:
        cli.app(["label", str(article), "--format", "xlsx"])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "args",
    [[], ["label"], ["label", "a.txt", "--format", "doc"], ["label", "a", "--threads", "0"], ["x"]],
)
def test_commands_that_are_not_understood_have_status_2(run: Run, args: list[str]) -> None:
    assert run(*args).exit_code == 2


# What goes wrong is one line


def failing(error: BaseException) -> Callable[..., object]:
    def load(model: str | None, *, threads: int | None) -> object:
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ThoisuError("small: has no thoisu.json;\n train it"),
            "small: has no thoisu.json; train it",
        ),
        (OSError(13, "Permission denied", "small"), "small: Permission denied"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            'this needs torch, which is not installed: pip install "thoisu[train]"',
        ),
        (
            ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers.models"),
            'this needs tokenizers, which is not installed: pip install "thoisu"',
        ),
    ],
)
def test_an_error_is_one_line_and_status_1(
    run: Run, article: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    monkeypatch.setattr(cli, "load", failing(error))
    result = run("label", article)
    assert result.exit_code == 1
    assert result.stderr == f"thoisu: {line}\n"


def test_the_unexpected_is_one_line_and_a_traceback_only_when_asked_for(
    run: Run, article: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THOISU_DEBUG", raising=False)
    monkeypatch.setattr(cli, "load", failing(ValueError("lạ")))
    short = run("label", article)
    assert short.exit_code == 1
    assert short.stderr.count("\n") == 1
    assert "unexpected ValueError at load:" in short.stderr
    assert "THOISU_DEBUG=1" in short.stderr
    monkeypatch.setenv("THOISU_DEBUG", "1")
    assert "Traceback (most recent call last)" in run("label", article).stderr


def test_labels_made_before_an_unexpected_error_are_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fails(KeywordLabeller):
        def label_many(
            self, articles: Iterable[Article | str], *, unit: str = "sentence"
        ) -> Iterator[LabelledArticle]:
            yield from super().label_many([next(iter(articles))], unit=unit)
            raise ValueError("hỏng")

    monkeypatch.setattr(cli, "load", lambda model, *, threads: Fails())
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(TEXT, "utf-8")
    result = run("label", tmp_path / "a.txt", tmp_path / "b.txt", "-o", tmp_path / "labels.csv")
    assert result.exit_code == 1
    assert f"1 of 2 articles are in {tmp_path / 'labels.partial.csv'}" in result.stderr
    assert len(list(read_rows(tmp_path / "labels.partial.csv"))) == 5
    assert not (tmp_path / "labels.csv").exists()


def test_training_says_how_to_install_what_it_needs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in console.EXTRAS.keys() - {"pydantic"}:  # newer versions of typer need it too
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("finetuning", "recipes", "trainer", "export"):
        monkeypatch.delitem(sys.modules, f"thoisu.{name}", raising=False)
        monkeypatch.delattr(thoisu, name, raising=False)
    result = run("train", "recipe.yaml")
    assert result.exit_code == 1
    assert re.fullmatch(
        r'thoisu: this needs \w+, which is not installed: pip install "thoisu\[train]"\n',
        result.stderr,
    )


def test_training_gets_the_recipe_and_what_was_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[object, ...]] = []

    def train(
        recipe: object,
        output: Path,
        *,
        news: Path | None,
        resume: bool,
        tell: Callable[[str], None],
    ) -> bool:
        calls.append((recipe, output, news, resume))
        tell("một dòng")
        return len(calls) > 1

    monkeypatch.setattr("thoisu.finetuning.train", train)
    recipe = ROOT / "training" / "recipes" / "small.yaml"
    result = run("train", recipe, "--resume", "--news", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "thoisu: một dòng\n")
    assert run("train", recipe, "-o", tmp_path / "model").exit_code == 130  # stopped by Ctrl-C
    (made, output, news, resume), (_, second, none, fresh) = calls
    assert made == Recipe.read(recipe)
    assert (output, news, resume) == (Path("runs") / Recipe.read(recipe).name, tmp_path, True)
    assert (second, none, fresh) == (tmp_path / "model", None, False)


def test_evaluation_prints_the_report_and_writes_it_where_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[object, ...]] = []

    def evaluate(data: object, models: object, **options: object) -> str:
        calls.append((data, models, options.pop("track"), options))
        return "found"

    monkeypatch.setattr("thoisu.evaluation.run", evaluate)
    monkeypatch.setattr("thoisu.report.text", lambda found: f"figures of what was {found}")
    monkeypatch.setattr("thoisu.report.write", lambda found, folder: folder.mkdir())
    result = run(
        *("evaluate", "--model", "a", "--model", "b", "--data", "test.jsonl", "--baselines"),
        *("--train", "train.jsonl", "--seed", "7", "--report", tmp_path / "report"),
    )
    assert result.exit_code == 0
    assert result.stdout == "figures of what was found\n"
    assert result.stderr == f"thoisu: the report is in {tmp_path / 'report'}\n"
    assert (tmp_path / "report").is_dir()
    data, models, _, options = calls[0]
    assert (data, models) == ([Path("test.jsonl")], ["a", "b"])
    assert options == {
        "baselines": True,
        "train": [Path("train.jsonl")],
        "resamples": 2000,
        "seed": 7,
        "device": "cpu",
        "threads": None,
    }
    run("evaluate", "--data", "test.jsonl")
    assert calls[1][1] == [None], "the bundled model"


# Stopping


def start_many(tmp_path: Path, *, out: Path) -> subprocess.Popen[bytes]:
    with (tmp_path / "rows.jsonl").open("w", encoding="utf-8") as file:
        for number in range(50):
            file.write(json.dumps({"id": f"{number}", "text": TEXT}) + "\n")
    process = program("label", tmp_path / "rows.jsonl", "-o", out, pause=0.2)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.glob(".thoisu-*.partial")):
        assert process.poll() is None, process.stderr.read().decode()  # type: ignore[union-attr]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)  # at least one article is written: the file began with it, or its header
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_is_done_and_the_earlier_file(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    out = tmp_path / "labels.jsonl"
    out.write_text("earlier", "utf-8")
    process = start_many(tmp_path, out=out)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == status
    rows = list(read_rows(tmp_path / "labels.partial.jsonl"))
    assert rows
    assert len(rows) % 5 == 0, "whole articles"
    done = len(rows) // 5
    assert stderr.decode() == (
        f"thoisu: stopped: {done} of 50 articles are in {tmp_path / 'labels.partial.jsonl'}\n"
    )
    assert out.read_text("utf-8") == "earlier"
    assert not list(tmp_path.glob(".thoisu-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_a_killed_run_leaves_the_earlier_file(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    out.write_text("earlier", "utf-8")
    process = start_many(tmp_path, out=out)
    process.kill()
    process.communicate(timeout=60)
    assert out.read_text("utf-8") == "earlier"


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.txt").write_text(TEXT * 20, "utf-8")
    process = program("label", tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


# Progress


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "SHOWN_AFTER", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Tty()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console.Progress(total=10) as progress:
        progress.update(4, rate="300 câu/s")
        progress.say("a.txt: [đỏ] rỗng")
        progress.update(5, rate="300 câu/s")
    drawn = terminal.getvalue()
    assert "5/10" in drawn
    assert "300 câu/s" in drawn
    assert "thoisu: a.txt: [đỏ] rỗng\n" in drawn.replace("\r", "")
    assert ":--" in drawn or "0:0" in drawn, "the time left"


def test_progress_is_silent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SHOWN_AFTER", 0.0)
    for stream, shown in ((io.StringIO(), True), (Tty(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with console.Progress(total=10, shown=shown) as progress:
            progress.update(4)
            progress.say("một dòng")
        assert stream.getvalue() == "thoisu: một dòng\n"


def test_short_work_needs_no_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Tty()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(console.track(range(3), "đo", 3)) == [0, 1, 2]
    assert terminal.getvalue() == ""


# Starting


def imported(*args: object) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "thoisu", *map(str, args)],
        capture_output=True,
        check=True,
    )
    lines = done.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_help_imports_nothing_heavy() -> None:
    heavy = {
        "docx", "datasets", "huggingface_hub", "hypothesis", "matplotlib", "numpy", "onnxruntime",
        "openpyxl", "pandas", "pyarrow", "pydantic", "rich", "sklearn", "tokenizers", "torch",
        "trafilatura", "transformers", "underthesea", "underthesea_core", "yaml",
    }  # fmt: skip
    names = imported("--help")
    assert "thoisu.cli" in names
    assert not {name.partition(".")[0] for name in names} & heavy


def test_help_answers_at_once() -> None:
    def used() -> float:
        times = os.times()
        return times.children_user + times.children_system

    def once() -> float:
        before = used()
        subprocess.run([sys.executable, "-m", "thoisu", "--help"], capture_output=True, check=True)
        return used() - before

    # Processor time, as other work on the machine says nothing about this one.
    assert min(once() for _ in range(5)) < 0.3


def test_format_names_on_the_command_line_are_those_that_exist() -> None:
    assert [f.value for f in cli.LabelFormat] == [f.name for f in formats.LABELS]
    assert [f.value for f in cli.BriefFormat] == [f.name for f in formats.BRIEFS]


# The bundled model


def test_the_bundled_model_labels_the_article_without_torch(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    names = imported("label", ARTICLE / "hai-phong.txt", "-o", out)
    absent = {"torch", "transformers", "sklearn", "pandas", "underthesea", "datasets", "rich"}
    assert not {name.partition(".")[0] for name in names} & absent
    text = CliRunner().invoke(cli.app, ["read", str(ARTICLE / "hai-phong.txt")]).stdout
    rows = list(read_rows(out))
    assert len(rows) == 60
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
    labels = [row["label"] for row in rows]
    assert {"achievement", "challenge", "directive", "other"} <= set(labels)


def test_the_bundled_model_writes_a_brief() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "thoisu", "brief", ARTICLE / "hai-phong.txt"],
        capture_output=True,
        check=True,
        env=environment,
    )
    assert "Đã đạt được / Achieved" in done.stdout.decode("utf-8")
    assert done.stderr == b""
