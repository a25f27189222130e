import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from thoisu import metrics
from thoisu.bootstrap import Bootstrap

LABELS = 5
# A busy machine is no failure.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def labelled(draw, *, most=60):
    """Gold labels, predictions and articles of a few sentences."""
    size = draw(st.integers(1, most))
    numbers = st.lists(st.integers(0, LABELS - 1), min_size=size, max_size=size)
    articles = st.lists(st.integers(0, 6), min_size=size, max_size=size)
    return tuple(np.array(draw(values)) for values in (numbers, numbers, articles))


def random_sentences(*, articles=40, sentences=20, right=0.7, seed=0):
    random = np.random.default_rng(seed)
    gold = random.integers(0, LABELS, articles * sentences)
    wrong = random.integers(0, LABELS, gold.size)
    predicted = np.where(random.random(gold.size) < right, gold, wrong)
    return gold, predicted, np.repeat(np.arange(articles), sentences)


# Scores, against scikit-learn


@given(labelled())
@patient
def test_confusion_matrix_is_that_of_scikit_learn(data):
    gold, predicted, _ = data
    matrix = metrics.confusion_matrix(gold, predicted, labels=LABELS)
    wanted = peer.confusion_matrix(gold, predicted, labels=range(LABELS))
    assert matrix.tolist() == wanted.tolist()


@given(labelled())
@patient
def test_scores_are_those_of_scikit_learn(data):
    gold, predicted, _ = data
    matrix = metrics.confusion_matrix(gold, predicted, labels=LABELS)
    found = metrics.scores(matrix)
    precision, recall, f1, support = peer.precision_recall_fscore_support(
        gold, predicted, labels=range(LABELS), zero_division=0
    )
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(np.nan_to_num(found.f1), f1)
    np.testing.assert_array_equal(found.support, support)


@given(labelled())
@patient
def test_macro_f1_and_accuracy_are_those_of_scikit_learn(data):
    gold, predicted, _ = data
    matrix = metrics.confusion_matrix(gold, predicted, labels=LABELS)
    macro = peer.f1_score(gold, predicted, average="macro", zero_division=0)
    assert float(metrics.macro_f1(matrix)) == pytest.approx(macro)
    assert float(metrics.accuracy(matrix)) == pytest.approx(peer.accuracy_score(gold, predicted))


@given(labelled())
@patient
def test_averages_are_those_of_scikit_learn(data):
    gold, predicted, _ = data
    found = metrics.averages(metrics.confusion_matrix(gold, predicted, labels=LABELS))
    for kind, mean in found.items():
        wanted = peer.precision_recall_fscore_support(
            gold, predicted, average=kind, zero_division=0
        )
        assert (mean.precision, mean.recall, mean.f1) == pytest.approx(wanted[:3])


@given(labelled())
@patient
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_kappa_is_that_of_scikit_learn(data):
    gold, predicted, _ = data
    kappa = float(metrics.cohen_kappa(metrics.confusion_matrix(gold, predicted, labels=LABELS)))
    if len({*gold, *predicted}) == 1:
        assert np.isnan(kappa)
    else:
        assert kappa == pytest.approx(peer.cohen_kappa_score(gold, predicted), abs=1e-9)


def test_a_label_that_neither_occurs_nor_is_predicted_is_left_out_of_macro_f1():
    gold = np.array([0, 0, 1, 1])
    matrix = metrics.confusion_matrix(gold, gold, labels=LABELS)
    assert metrics.macro_f1(matrix) == 1
    assert np.isnan(metrics.scores(matrix).f1[2:]).all()


def test_a_label_predicted_without_being_there_counts_as_nothing_right():
    matrix = metrics.confusion_matrix(np.array([0, 0]), np.array([0, 2]), labels=LABELS)
    assert metrics.macro_f1(matrix) == pytest.approx((2 / 3 + 0) / 2)


@given(labelled())
@patient
def test_stacked_matrices_are_scored_one_by_one(data):
    matrices = metrics.confusion_matrices(*data, labels=LABELS)
    for name in ("macro_f1", "accuracy", "cohen_kappa"):
        statistic = getattr(metrics, name)
        np.testing.assert_allclose(statistic(matrices), [statistic(one) for one in matrices])


@given(labelled(), st.randoms(use_true_random=False))
@patient
def test_the_order_of_sentences_changes_nothing(data, random):
    order = list(range(len(data[0])))
    random.shuffle(order)
    first = metrics.confusion_matrices(*data, labels=LABELS, size=7)
    second = metrics.confusion_matrices(*(a[order] for a in data), labels=LABELS, size=7)
    np.testing.assert_array_equal(first, second)


@given(labelled())
@patient
def test_matrices_of_articles_add_up_to_that_of_all(data):
    gold, predicted, groups = data
    apart = metrics.confusion_matrices(gold, predicted, groups, labels=LABELS)
    together = metrics.confusion_matrix(gold, predicted, labels=LABELS)
    np.testing.assert_array_equal(apart.sum(axis=0), together)


@pytest.mark.parametrize(
    ("gold", "predicted", "groups", "told"),
    [
        ([0, 5], [0, 1], [0, 0], "gold: 0 to 5"),
        ([0, 1], [0, -1], [0, 0], "predicted: -1 to 0"),
        ([0, 1], [0, 1], [0, 9], "groups: 0 to 9"),
        ([0, 1], [0], [0, 0], "lengths differ"),
    ],
)
def test_numbers_out_of_range_are_refused(gold, predicted, groups, told):
    with pytest.raises(ValueError, match=told):
        metrics.confusion_matrices(
            np.array(gold), np.array(predicted), np.array(groups), labels=LABELS, size=2
        )


# Intervals and tests


def test_sums_of_a_resample_are_those_of_the_articles_drawn():
    counts = np.random.default_rng(1).integers(0, 9, (8, LABELS, LABELS))
    bootstrap = Bootstrap(8, resamples=50, seed=3)
    draws = np.random.default_rng(3).multinomial(8, [1 / 8] * 8, size=50)
    for summed, times in zip(bootstrap.sums(counts), draws, strict=True):
        drawn = np.repeat(np.arange(8), times)
        assert len(drawn) == 8
        np.testing.assert_array_equal(summed, counts[drawn].sum(axis=0))


def test_interval_widens_when_sentences_of_an_article_are_alike():
    # Ten sentences that share their article's fate tell no more than one of them.
    random = np.random.default_rng(0)
    fate = random.random(60) < 0.7
    alike = np.repeat(fate, 10)
    mixed = random.permutation(alike)
    groups = np.repeat(np.arange(60), 10)
    widths = []
    for correct in (alike, mixed):
        counts = metrics.confusion_matrices(np.ones(600, int), correct * 1, groups, labels=2)
        found = Bootstrap(60, resamples=1000).estimate(counts, metrics.accuracy)
        widths.append(found.high - found.low)
    assert widths[0] > 2 * widths[1]


def test_interval_of_accuracy_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        chance = random.beta(7, 3, size=50)  # articles differ; their mean is 0.7
        correct = (random.random((50, 12)) < chance[:, None]).ravel() * 1
        counts = metrics.confusion_matrices(
            np.ones(600, int), correct, np.repeat(np.arange(50), 12), labels=2
        )
        found = Bootstrap(50, resamples=400).estimate(counts, metrics.accuracy)
        covered += found.low <= 0.7 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


@given(labelled())
@settings(patient, max_examples=30)
def test_estimate_is_the_figure_itself_within_0_and_1(data):
    matrices = metrics.confusion_matrices(*data, labels=LABELS)
    found = Bootstrap(len(matrices), resamples=100).estimate(matrices, metrics.macro_f1)
    assert found.value == float(metrics.macro_f1(matrices.sum(axis=0)))
    if len(set(data[2])) == 1:
        assert found.low is found.high is None
    else:
        assert 0 <= found.low <= found.high <= 1


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    counts = metrics.confusion_matrices(*random_sentences(), labels=LABELS)
    first, again, other = (
        Bootstrap(40, resamples=200, seed=seed).estimate(counts, metrics.macro_f1)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_perfect_predictions_have_a_perfect_interval():
    gold, _, groups = random_sentences()
    counts = metrics.confusion_matrices(gold, gold, groups, labels=LABELS)
    found = Bootstrap(40, resamples=200).estimate(counts, metrics.macro_f1)
    assert (found.value, found.low, found.high) == (1, 1, 1)


@given(labelled())
@settings(patient, max_examples=30)
def test_a_system_does_not_differ_from_itself(data):
    counts = metrics.confusion_matrices(*data, labels=LABELS)
    found = Bootstrap(len(counts), resamples=100).difference(counts, counts, metrics.macro_f1)
    assert found.estimate.value == 0
    if len(set(data[2])) > 1:
        assert found.estimate.low == found.estimate.high == 0
        assert found.p == 1


def test_difference_changes_its_sign_with_the_order():
    gold, worse, groups = random_sentences(right=0.5)
    _, better, _ = random_sentences(right=0.6)
    first, second = (
        metrics.confusion_matrices(gold, predicted, groups, labels=LABELS)
        for predicted in (worse, better)
    )
    bootstrap = Bootstrap(40, resamples=500)
    up = bootstrap.difference(first, second, metrics.macro_f1)
    down = bootstrap.difference(second, first, metrics.macro_f1)
    assert up.estimate.value == -down.estimate.value > 0
    assert up.estimate.low == pytest.approx(-down.estimate.high)
    assert up.p == down.p


def test_p_is_small_exactly_where_the_interval_leaves_out_0():
    gold, first, groups = random_sentences(right=0.6)
    one = metrics.confusion_matrices(gold, first, groups, labels=LABELS)
    bootstrap = Bootstrap(40, resamples=999)
    small = set()
    for seed in range(30):
        _, second, _ = random_sentences(right=0.6, seed=seed + 1)
        mended = np.where(np.random.default_rng(seed).random(gold.size) < 0.01 * seed, gold, first)
        mended = np.where(np.random.default_rng(seed).random(gold.size) < 0.05, second, mended)
        two = metrics.confusion_matrices(gold, mended, groups, labels=LABELS)
        found = bootstrap.difference(one, two, metrics.macro_f1)
        outside = found.estimate.low > 0 or found.estimate.high < 0
        if not 0.04 < found.p < 0.06:  # where the quantile falls between two resamples
            assert (found.p < 0.05) == outside
            small.add(outside)
    assert small == {True, False}


def test_paired_comparison_sees_what_two_intervals_do_not():
    # One system is right wherever the other is, and on one sentence more in each article.
    gold, predicted, groups = random_sentences(right=0.5, sentences=30)
    mended = predicted.copy()
    for article in range(40):
        wrong = np.flatnonzero((groups == article) & (predicted != gold))
        mended[wrong[0]] = gold[wrong[0]]
    bootstrap = Bootstrap(40, resamples=1000)
    one, two = (
        metrics.confusion_matrices(gold, p, groups, labels=LABELS) for p in (predicted, mended)
    )
    assert (
        bootstrap.estimate(two, metrics.accuracy).low
        < bootstrap.estimate(one, metrics.accuracy).high
    )
    assert bootstrap.difference(one, two, metrics.accuracy).p == pytest.approx(2 / 1001)


def test_two_systems_must_have_read_the_same_articles():
    with pytest.raises(ValueError, match="not the same articles"):
        Bootstrap(3).difference(np.ones((3, 2, 2)), np.ones((2, 2, 2)), metrics.macro_f1)


# Calibration


@st.composite
def confident(draw):
    size = draw(st.integers(1, 60))
    sized = {"min_size": size, "max_size": size}
    confidence = draw(st.lists(st.floats(0, 1), **sized))
    return np.array(confidence), np.array(draw(st.lists(st.booleans(), **sized)))


def expected_calibration_error(confidence, correct, bins=15):
    """The definition of Guo et al. 2017, written out sentence by sentence."""
    error = 0.0
    for number in range(bins):
        inside = [
            (c, right)
            for c, right in zip(confidence, correct, strict=True)
            if number / bins < c <= (number + 1) / bins or (number == 0 and c == 0)
        ]
        if inside:
            gap = sum(c for c, _ in inside) - sum(right for _, right in inside)
            error += abs(gap) / len(confidence)
    return error


@given(confident())
@patient
def test_calibration_error_is_that_of_the_paper(data):
    confidence, correct = (np.round(data[0], 3) + 0.0001).clip(0, 1), data[1]  # off bin borders
    found = metrics.calibration_error(metrics.reliability(confidence, correct))
    assert found == pytest.approx(expected_calibration_error(confidence, correct), abs=1e-9)


@given(confident(), st.booleans())
@patient
def test_calibration_error_lies_between_0_and_1(data, equal_mass):
    bins = metrics.reliability(*data, equal_mass=equal_mass)
    assert 0 <= metrics.calibration_error(bins) <= 1 + 1e-12
    assert bins.count.sum() == len(data[0])


@given(confident(), st.booleans(), st.randoms(use_true_random=False))
@patient
def test_calibration_error_does_not_depend_on_the_order(data, equal_mass, random):
    order = list(range(len(data[0])))
    random.shuffle(order)
    first = metrics.reliability(*data, equal_mass=equal_mass)
    second = metrics.reliability(*(a[order] for a in data), equal_mass=equal_mass)
    assert metrics.calibration_error(first) == pytest.approx(metrics.calibration_error(second))


@pytest.mark.parametrize("equal_mass", [False, True])
def test_being_sure_and_right_is_no_error_and_sure_and_wrong_is_all_error(equal_mass):
    sure = np.ones(30)
    right, wrong = np.ones(30, bool), np.zeros(30, bool)
    for correct, error in ((right, 0), (wrong, 1)):
        bins = metrics.reliability(sure, correct, equal_mass=equal_mass)
        assert metrics.calibration_error(bins) == error


def test_bins_of_equal_mass_hold_equally_many_sentences():
    confidence = np.random.default_rng(0).beta(8, 2, 300)
    bins = metrics.reliability(confidence, np.ones(300, bool), equal_mass=True)
    assert set(bins.count) == {20}


def test_the_border_of_a_bin_belongs_to_the_bin_below():
    bins = metrics.reliability(np.array([0.0, 0.5, 1.0]), np.ones(3, bool), bins=2)
    assert bins.count.tolist() == [2, 1]


@given(labelled(), st.integers(0, 2**32 - 1))
@patient
def test_brier_score_is_that_of_the_definition(data, seed):
    gold = data[0]
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(LABELS), gold.size)
    wanted = [
        sum((p - (label == g)) ** 2 for label, p in enumerate(row))
        for row, g in zip(probabilities, gold, strict=True)
    ]
    np.testing.assert_allclose(metrics.brier_scores(probabilities, gold), wanted)


def test_brier_score_is_0_at_best_and_2_at_worst():
    probabilities = np.eye(LABELS)[[0, 1]]
    assert metrics.brier_scores(probabilities, np.array([0, 2])).tolist() == [0, 2]


def test_without_sentences_there_is_no_figure():
    empty = metrics.confusion_matrix(np.array([], int), np.array([], int), labels=LABELS)
    assert np.isnan(metrics.macro_f1(empty))
    assert np.isnan(metrics.accuracy(empty))
    bins = metrics.reliability(np.array([]), np.array([], bool), equal_mass=True)
    assert np.isnan(metrics.calibration_error(bins))
