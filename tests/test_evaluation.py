import json
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from conftest import ARTICLE, BUNDLED, ROOT
from thoisu import charts, corpus, evaluation, report
from thoisu.baselines import KeywordRules, Majority
from thoisu.corpus import CorpusArticle, CorpusSentence
from thoisu.errors import ThoisuError
from thoisu.labels import LABEL_IDS

DATA = ROOT / "data"
SECRET = "Câu này không được ra ngoài"


def article(name, *labels, hard=()):
    return CorpusArticle(
        id=name,
        sentences=tuple(
            CorpusSentence(f"{SECRET} {name} {number}", label, number in hard)
            for number, label in enumerate(labels)
        ),
    )


@pytest.fixture(scope="module")
def held_out():
    return corpus.load(DATA / "validation.jsonl")


def likely(articles):
    """Give probabilities that follow from the text alone."""
    for sentences, labels in zip(articles, KeywordRules().predict(articles), strict=True):
        lengths = np.array([len(text) for text in sentences])
        sure = 0.35 + 0.6 * (lengths % 97) / 97
        values = np.repeat(((1 - sure) / 4)[:, None], len(LABEL_IDS), axis=1)
        values[np.arange(len(labels)), labels] = sure
        yield values.astype(np.float32)


def always(label):
    def classify(articles):
        for sentences in articles:
            yield np.full(len(sentences), LABEL_IDS.index(label))

    return classify


def scripted(*predictions):
    """Give the labels named, whatever is asked."""

    def classify(articles):
        for sentences, labels in zip(articles, predictions, strict=True):
            assert len(sentences) == len(labels)
            yield np.array([LABEL_IDS.index(label) for label in labels])

    return classify


@pytest.fixture(scope="module")
def measured(held_out):
    return evaluation.evaluate(
        {"validation": held_out},
        {"cues": likely},
        baselines={"majority": Majority().fit(held_out).predict},
        resamples=200,
    )


def of_scikit_learn(gold, predicted, **options):
    return peer.classification_report(
        gold,
        predicted,
        labels=sorted(set(gold) | set(predicted)),
        target_names=[LABEL_IDS[n] for n in sorted(set(gold) | set(predicted))],
        zero_division=0,
        **options,
    )


# The text


def test_text_begins_with_the_report_of_scikit_learn(measured, held_out):
    gold = [LABEL_IDS.index(s.label) for a in held_out for s in a.sentences]
    wanted = of_scikit_learn(gold, measured.systems[0].predicted.tolist())
    assert report.text(measured).startswith(wanted)


@given(
    st.lists(
        st.tuples(st.sampled_from(LABEL_IDS), st.sampled_from(LABEL_IDS)), min_size=1, max_size=40
    ),
    st.integers(2, 3),
)
@settings(max_examples=50, deadline=None)
def test_report_is_sign_by_sign_that_of_scikit_learn(pairs, digits):
    gold, predicted = zip(*pairs, strict=True)
    assume(any(g == p for g, p in pairs))  # where nothing is right it prints support as 1.0
    found = evaluation.evaluate(
        {"x": [article("x", *gold)]}, {"m": scripted(predicted)}, resamples=1
    )
    numbers = [[LABEL_IDS.index(label) for label in labels] for labels in (gold, predicted)]
    assert report.classification_report(found.systems[0], digits=digits) == of_scikit_learn(
        *numbers, digits=digits
    )


def test_text_names_everything_that_was_measured(measured):
    text = report.text(measured)
    for wanted in (
        "Confusion matrix (rows: gold, columns: predicted)",
        "macro F1",
        "Cohen's kappa",
        "F1 proposal",
        "not hard",
        "expected calibration error, 15 equal bins",
        "bins of equal mass",
        "Brier score",
        "95 % percentile intervals by bootstrap over articles (200 resamples, seed 0)",
        "majority",
    ):
        assert wanted in text
    system = measured.systems[0]
    assert report.bracketed(system.macro_f1) in text
    assert f"({measured.gold.hard.sum()} hard) of {len(measured.gold.ids)} articles" in text
    assert max(map(len, text.splitlines())) <= 110


def test_tables_of_the_terminal_are_aligned():
    table = report.Table("Bảng", ("", "macro F1", "p"), [("mô hình", "0.700", ""), ("b", "1", "2")])
    assert report.plain(table) == (
        "Bảng\n           macro F1  p\n  mô hình     0.700\n  b               1  2\n"
    )


def test_one_article_has_figures_and_no_intervals():
    found = evaluation.evaluate(
        {"x": [article("x", "other", "directive")]},
        {"m": always("other"), "n": always("directive")},
    )
    text = report.text(found)
    assert "no intervals" in text
    assert "[" not in text
    assert found.systems[1].difference.p is None
    assert found.systems[0].accuracy.value == 0.5


def test_few_articles_come_with_a_warning():
    data = {"x": [article(f"x{n}", "other", "directive") for n in range(3)]}
    assert "too narrow" in report.text(evaluation.evaluate(data, {"m": always("other")}))


# Figures


def test_figures_are_those_of_the_predictions():
    found = evaluation.evaluate(
        {
            "x": [
                article("a", "other", "other", "directive", hard={2}),
                article("b", "proposal", "directive", hard={0}),
            ]
        },
        {"m": scripted(["other", "directive", "directive"], ["proposal", "proposal"])},
    )
    system = found.systems[0]
    other, directive, proposal = 2 * 1 / (2 + 1), 2 * 1 / (2 + 2), 2 * 1 / (1 + 2)
    assert system.accuracy.value == 3 / 5
    assert system.macro_f1.value == pytest.approx((other + directive + proposal) / 3)
    assert list(system.labels) == ["directive", "proposal", "other"]
    assert system.labels["directive"].support == 2
    assert system.parts["hard"].accuracy.value == 1
    assert system.parts["hard"].sentences == 2
    assert system.parts["hard"].articles == 2
    assert system.parts["not hard"].accuracy.value == pytest.approx(1 / 3)
    assert found.gold.support == {
        "achievement": 0, "challenge": 0, "directive": 2, "proposal": 1, "other": 2,
    }  # fmt: skip


def test_what_gives_no_probabilities_gets_no_calibration(measured):
    cues, majority = measured.systems
    assert cues.calibration is not None
    assert majority.calibration is None
    assert majority.probabilities is None


def test_calibration_counts_every_sentence_once(measured):
    found = measured.systems[0].calibration
    assert found.bins.count.sum() == found.adaptive_bins.count.sum() == len(measured.gold.labels)
    assert 0 < found.error < 1
    assert found.brier.low <= found.brier.value <= found.brier.high


def test_systems_are_compared_with_the_first_on_the_same_resamples(held_out):
    found = evaluation.evaluate(
        {"x": held_out},
        {"cues": likely, "the same": likely, "other": always("other")},
        resamples=300,
    )
    first, same, other = found.systems
    assert first.difference is None
    assert same.difference.estimate.low == same.difference.estimate.high == 0
    assert same.difference.p == 1
    assert other.difference.estimate.high < 0
    assert other.difference.p < 0.05
    assert other.difference.estimate.value == pytest.approx(
        other.macro_f1.value - first.macro_f1.value
    )
    assert first.macro_f1 == same.macro_f1


def test_several_sets_are_measured_together_and_apart(held_out):
    half = len(held_out) // 2
    found = evaluation.evaluate(
        {"one": held_out[:half], "two": held_out[half:]}, {"cues": likely}, resamples=100
    )
    alone = evaluation.evaluate({"two": held_out[half:]}, {"cues": likely}, resamples=100)
    assert found.systems[0].parts["two"].macro_f1.value == alone.systems[0].macro_f1.value
    assert found.systems[0].parts["one"].articles == half
    assert len(found.gold.ids) == len(held_out)


def test_order_of_articles_changes_no_figure(held_out):
    def figures(articles):
        system = evaluation.evaluate({"x": articles}, {"m": likely}, resamples=1).systems[0]
        return system.macro_f1.value, system.kappa.value, system.calibration.error

    assert figures(held_out) == pytest.approx(figures(held_out[::-1]))


def test_classifier_reads_whole_articles_in_order(held_out):
    read = []

    def classify(articles):
        for sentences in articles:
            read.append(list(sentences))
            yield np.zeros(len(sentences), int)

    evaluation.evaluate({"x": held_out}, {"m": classify}, resamples=1)
    assert read == [[s.text for s in a.sentences] for a in held_out]


def test_progress_sees_every_article(held_out):
    seen = []

    def track(outputs, title, total):
        for number, output in enumerate(outputs, 1):
            seen.append((title, number, total))
            yield output

    evaluation.evaluate({"x": held_out}, {"m": likely}, resamples=1, track=track)
    assert seen[-1] == ("m", len(held_out), len(held_out))


# What is wrong is said in one line


@pytest.mark.parametrize(
    ("data", "models", "baselines", "told"),
    [
        ({"leer.jsonl": []}, {"m": likely}, {}, "leer.jsonl: no labelled sentence"),
        ({"x": [article("a", "other")]}, {}, {}, "nothing to evaluate"),
        ({"x": [article("a", "other")]}, {"m": likely}, {"m": likely}, "m: is the name of"),
        (
            {"x": [article("a", "other")], "y": [article("a", "other")]},
            {"m": likely},
            {},
            "y: article 'a' is in x too",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused(data, models, baselines, told):
    with pytest.raises(ThoisuError, match=told) as refused:
        evaluation.evaluate(data, models, baselines=baselines)
    assert "\n" not in str(refused.value)


def test_no_resamples_are_refused():
    with pytest.raises(ThoisuError, match="0 resamples"):
        evaluation.evaluate({"x": [article("a", "other")]}, {"m": likely}, resamples=0)


def test_probabilities_that_are_no_numbers_are_refused():
    with pytest.raises(ThoisuError, match="m: gives probabilities that are no numbers"):
        evaluation.evaluate(
            {"x": [article("a", "other")]}, {"m": lambda _: [np.full((1, 5), np.nan)]}
        )


def test_a_classifier_that_loses_a_sentence_is_found_out():
    with pytest.raises(ValueError, match=r"gave \[1\] labels for articles of \[2\]"):
        evaluation.evaluate(
            {"x": [article("a", "other", "other")]}, {"m": lambda _: [np.zeros(1, int)]}
        )


# Files


@pytest.fixture(scope="module")
def folder(measured, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "made" / "here"
    report.write(measured, folder)
    return folder


def test_json_holds_every_figure(folder, measured):
    found = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert (found["articles"], found["sentences"]) == (
        len(measured.gold.ids),
        len(measured.gold.labels),
    )
    assert found["support"] == measured.gold.support
    cues, majority = found["systems"]
    assert cues["macro_f1"]["value"] == pytest.approx(measured.systems[0].macro_f1.value, abs=1e-6)
    assert cues["confusion"] == measured.systems[0].confusion.tolist()
    assert set(cues["labels"]["proposal"]) == {"precision", "recall", "f1", "support"}
    assert set(cues["averages"]) == {"macro", "weighted"}
    assert cues["parts"]["hard"]["sentences"] == found["hard"]
    assert len(cues["calibration"]["bins"]["count"]) == 15
    assert majority["baseline"] is True
    assert majority["difference"]["p"] is not None


def test_predictions_have_a_row_for_each_system_and_sentence(folder, held_out):
    rows = [
        json.loads(line) for line in (folder / "predictions.jsonl").read_text("utf-8").splitlines()
    ]
    sentences = [(a.id, n, s) for a in held_out for n, s in enumerate(a.sentences)]
    assert len(rows) == 2 * len(sentences)
    for row, (name, number, sentence) in zip(rows, sentences, strict=False):
        assert (row["article"], row["sentence"]) == (name, number)
        assert (row["gold"], row["hard"]) == (sentence.label, sentence.hard)
        values = {label: row[label] for label in LABEL_IDS}
        assert row["predicted"] == max(values, key=values.get)
        assert sum(values.values()) == pytest.approx(1, abs=1e-5)
    assert rows[-1]["system"] == "majority"
    assert not set(LABEL_IDS) & set(rows[-1])


def test_no_file_holds_a_text_of_the_data(tmp_path):
    found = evaluation.evaluate(
        {"x": [article("a", "other"), article("b", "other")]}, {"m": likely}
    )
    report.write(found, tmp_path)
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} == {"evaluation.json", "predictions.jsonl", "index.html"}
    assert not any(SECRET in file.read_text("utf-8") for file in files)


def test_report_written_twice_is_the_same(measured, folder, tmp_path):
    report.write(measured, tmp_path)
    report.write(measured, tmp_path)
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_report_that_cannot_be_written_is_one_line(measured, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ThoisuError, match="taken: cannot be made"):
        report.write(measured, tmp_path / "taken")


class Page(HTMLParser):
    """Which tags a page has, how they are closed, and where it would fetch something."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.fetched = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "rect", "line"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in {"rect", "line"}:
            assert self.open.pop() == tag


def test_page_is_well_formed_and_fetches_nothing(folder):
    page = Page((folder / "index.html").read_text("utf-8"))
    assert page.open == []
    assert page.fetched == []
    assert page.tags.count("svg") == 2
    assert page.tags.count("table") == 6
    assert "script" not in page.tags


def test_names_of_models_are_escaped_in_the_page(held_out):
    name = "<script>alert(1)</script>"
    page = report.page(evaluation.evaluate({"x": held_out}, {name: likely}, resamples=1))
    assert "script" not in Page(page).tags
    assert "&lt;script&gt;" in page


def test_pictures_show_what_was_counted(measured):
    system = measured.systems[0]
    space = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.fromstring(
        charts.confusion_heatmap(system.confusion, LABEL_IDS, title="Ma trận & nhãn")
    )
    hints = [title.text for title in picture.iter(f"{space}title")]
    assert len(hints) == 25
    assert f"other labelled other: {system.confusion[4, 4]} of {system.confusion[4].sum()}" in hints

    bins = system.calibration.bins
    picture = ElementTree.fromstring(charts.reliability_diagram(bins, title="a < b"))
    hints = [title.text for title in picture.iter(f"{space}title")]
    assert len(hints) == np.count_nonzero(bins.count)
    assert sum(int(hint.split(": ")[1].split()[0]) for hint in hints) == bins.count.sum()
    for shape in picture.iter(f"{space}rect"):
        assert float(shape.get("height")) >= 0


# By name: files, models, baselines


@pytest.fixture
def bundled():
    if not (BUNDLED / "thoisu.json").exists():
        pytest.skip("the bundled model is not here")


def test_run_measures_the_bundled_model_beside_the_baselines(bundled):
    found = evaluation.run(
        [DATA / "test.jsonl"], baselines=True, train=[DATA / "train.jsonl"], resamples=200
    )
    assert [system.name for system in found.systems] == [
        "thoisu-small",
        "majority",
        "keyword rules",
        "TF-IDF + linear SVM",
    ]
    beaten = found.systems[1:]
    for system in beaten:
        assert system.baseline
        assert system.difference.estimate.high < 0
    assert len(found.provenance["models"]["thoisu-small"]) == 64
    assert set(found.provenance["data"]) == {str(DATA / "test.jsonl")}
    assert found.provenance["versions"]["numpy"] == np.__version__


def test_run_gives_the_same_figures_for_jsonl_csv_and_parquet(bundled, tmp_path):
    import csv

    import pyarrow as pa
    import pyarrow.parquet as pq

    articles = corpus.load(DATA / "validation.jsonl")[:3]
    rows = [
        {"article": a.id, "text": s.text, "label": s.label, "hard": s.hard}
        for a in articles
        for s in a.sentences
    ]
    corpus.save(articles, tmp_path / "a.jsonl")
    with (tmp_path / "b.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    first, *others = (
        evaluation.run([tmp_path / name], resamples=50)
        for name in ("a.jsonl", "b.csv", "c.parquet")
    )
    for other in others:
        assert other.to_dict()["systems"] == first.to_dict()["systems"]


def test_training_data_may_not_hold_what_is_evaluated_on():
    with pytest.raises(ThoisuError, match="is in both"):
        evaluation.run(
            [DATA / "test.jsonl"], models=(), baselines=True, train=[DATA / "test.jsonl"]
        )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"baselines": True}, "--baselines --train FILE"),
        ({"train": [DATA / "train.jsonl"]}, "--baselines --train FILE"),
        ({"models": ["khong-co-mo-hinh-nay/x/y"]}, "khong-co-mo-hinh-nay/x/y: neither a folder"),
        ({"models": (None, None)}, "named twice"),
    ],
)
def test_run_says_what_is_missing(options, told):
    with pytest.raises(ThoisuError, match=told):
        evaluation.run([ARTICLE / "hai-phong.jsonl"], **options)


def test_a_data_file_named_twice_is_refused():
    with pytest.raises(ThoisuError, match="named twice"):
        evaluation.run([ARTICLE / "hai-phong.jsonl"] * 2, models=())


def evaluate_py(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "evaluate.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_evaluate_py_prints_the_report_first_and_writes_the_files(bundled, tmp_path):
    done = evaluate_py(
        "--model", BUNDLED, "--data", ARTICLE / "hai-phong.jsonl", "--report", tmp_path / "report"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:4] == ["precision", "recall", "f1-score", "support"]
    figures = json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8"))
    assert figures["sentences"] == 60
    assert figures["command"].startswith("thoisu evaluate --model ")
    assert f"{figures['systems'][0]['macro_f1']['value']:.3f}" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.jsonl", "", "empty.jsonl: is empty"),
        (
            "label.jsonl",
            '{"id": "a", "sentences": [{"text": "b", "label": "thanh-tuu"}]}\n',
            "label.jsonl: line 1, sentence 1: unknown label 'thanh-tuu'",
        ),
        ("column.csv", "article,text\na,b\n", "column.csv: has no column label"),
    ],
)
def test_evaluate_py_says_in_one_line_what_is_wrong_with_the_data(tmp_path, name, content, told):
    (tmp_path / name).write_text(content, "utf-8")
    done = evaluate_py("--data", tmp_path / name)
    assert done.returncode == 1
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_evaluate_py_without_the_package_says_how_to_get_it(tmp_path):
    blocked = tmp_path / "thoisu.py"
    blocked.write_text("raise ModuleNotFoundError('no', name='typer')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import runpy; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}runpy.run_path({str(ROOT / 'evaluate.py')!r})"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "typer is not installed" in done.stderr
    assert "make label" in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluation_without_baselines_needs_no_scikit_learn(tmp_path):
    code = (
        "import sys; sys.modules.update(sklearn=None, torch=None, transformers=None, pandas=None)\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from thoisu import corpus, evaluation, report\n"
        f"data = corpus.load({str(ARTICLE / 'hai-phong.jsonl')!r})\n"
        "zeros = lambda articles: (np.zeros(len(a), int) for a in articles)\n"
        "found = evaluation.evaluate({'x': data}, {'m': zeros})\n"
        f"report.write(found, Path({str(tmp_path)!r}))\n"
        "print(report.text(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "weighted avg" in done.stdout
    assert (tmp_path / "index.html").exists()
