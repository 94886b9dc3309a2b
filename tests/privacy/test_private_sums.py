"""What holds for all private estimators: what is spent, what is read, what is kept."""

import itertools
import pickle
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_kernelx.privacy import (
    BudgetAccountant,
    BudgetExceededError,
    PrivacyLeakWarning,
    PrivateKernelClassifier,
    PrivateKernelDensity,
    PrivateSimilarity,
)
from sklearn_kernelx.privacy._construction import Construction
from sklearn_kernelx.privacy._exact_sums import exact_means
from sklearn_kernelx.privacy._private_sums import BITS

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(60, 4))
Y = np.repeat([0, 1, 2], 20)
BOX = (0.0, 1.0)


def small(cls, **parameters):
    if cls is PrivateKernelClassifier:
        parameters = {"classes": [0, 1, 2], **parameters}
    return cls(**{"n_components": 16, **parameters})


CLASSES = [PrivateSimilarity, PrivateKernelDensity, PrivateKernelClassifier]
every_estimator = pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
every_distance = pytest.mark.parametrize("kernel", ["l1", "l2", "lp", "sqeuclidean"])
every_kernel = pytest.mark.parametrize(
    "kernel",
    ["gaussian", "laplacian", "exponential_l2", "cauchy", "rational", "rational_l1"],
)


class Untouchable:
    """Rows of which only the shape may be asked."""

    shape = (60, 4)

    def __array__(self, *args, **kwargs):
        raise AssertionError("the data was read")

    def __getitem__(self, key):
        raise AssertionError("the data was read")


@every_estimator
@pytest.mark.parametrize("composition", ["basic", "zcdp"])
def test_an_exceeded_budget_is_told_before_the_data_is_read(cls, composition):
    accountant = BudgetAccountant(1.0, 1e-6, composition)
    estimator = small(cls, epsilon=1.1, accountant=accountant)
    with pytest.raises(BudgetExceededError):
        estimator.fit(Untouchable(), Untouchable())
    assert not hasattr(estimator, "release_")
    with pytest.raises(AssertionError, match="was read"):
        small(cls, epsilon=0.9, accountant=accountant).fit(Untouchable(), Untouchable())


@every_estimator
def test_bad_parameters_cost_nothing(cls):
    accountant = BudgetAccountant(1.0, 1e-6)
    for bad in (
        {"bandwidth": "scott"},
        {"bounds": (1, 0)},
        {"bounds": (0, np.inf)},
        {"bounds": 3},
        {"delta": 0, "mechanism": "gaussian"},
        {"delta": 1e-6, "mechanism": "laplace"},
        {"features": "nystroem"},
        {"features": "grid"},
        {"features": "rff", "landmarks": X[:5]},
        {"landmarks": X[:5, :2]},
        {"landmarks": np.full((2, 4), np.nan)},
        {"epsilon": 1e-15},
        {"noise_source": "opendp", "mechanism": "l2", "delta": 0},
        {"on_out_of_bounds": "raise"},
        {"n_jobs": 0},
    ):
        with pytest.raises(ValueError) as caught:
            small(cls, accountant=accountant, **bad).fit(Untouchable(), Untouchable())
        named = [name for name in bad if name in str(caught.value)]
        assert named, (bad, str(caught.value))
    assert accountant.total() == (0, 0)


@pytest.mark.filterwarnings("ignore::sklearn_kernelx.privacy.PrivacyLeakWarning")
def test_what_is_known_beforehand_costs_nothing(monkeypatch):
    accountant = BudgetAccountant(1.0, 1e-6)
    parameters = {"noise_source": "opendp", "accountant": accountant}
    with pytest.raises(ValueError, match="random_state"):
        small(PrivateSimilarity, random_state=0, **parameters).fit(Untouchable())
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(ImportError, match="privacy"):
        small(PrivateSimilarity, **parameters).fit(Untouchable())
    with pytest.raises(ValueError, match="target y is None"):
        small(PrivateKernelClassifier, accountant=accountant).fit(X, None)
    assert accountant.total() == (0, 0)


@every_estimator
def test_parts_of_a_budget_may_be_fractions(cls):
    accountant = BudgetAccountant(1, Fraction(1, 1000))
    estimator = small(cls, epsilon=Fraction(1, 11), delta=Fraction(1, 11_000))
    estimator.set_params(accountant=accountant)
    for _ in range(11):
        estimator.fit(X, Y)
    assert accountant.remaining() == (0, 0)
    with pytest.raises(ValueError, match="epsilon"):
        small(cls, epsilon=Fraction(-1)).fit(X, Y)


@every_estimator
def test_no_warning_depends_on_the_data(cls):
    rows = np.full((60, 4), 1.7e308) * np.where(np.arange(60) % 2, 1, -1)[:, None]
    labels = np.arange(60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator = cls(n_components=16)
        if cls is PrivateKernelClassifier:
            estimator.set_params(classes=labels)
        estimator.fit(rows, labels)


def test_numbers_of_records_are_not_told():
    with pytest.raises(ValueError, match="inconsistent") as caught:
        small(PrivateKernelClassifier).fit(X, Y[:7])
    assert not {"60", "7"} & set(str(caught.value).split())


@pytest.mark.parametrize("rows", [[], [[10**400, 1]]], ids=["empty", "huge"])
@every_estimator
def test_odd_lists_are_value_errors(cls, rows):
    with pytest.raises(ValueError):
        small(cls).fit(rows, Y)


@pytest.mark.parametrize("kernel", ["l1", "l2"])
def test_replaced_records_of_histograms(kernel):
    """Entries are not negative, so that vectors of two records are at most orthogonal."""
    estimator = PrivateSimilarity(
        kernel=kernel, bounds=BOX, n_components=8, n_bins=4, adjacency="replace_one"
    ).fit(X)
    corners = np.array(list(itertools.product(BOX, repeat=4)))
    vectors = np.array([true_sums(estimator, c[np.newaxis], [slice(1)]) for c in corners])
    greatest = np.max(np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=2))
    assert greatest <= estimator.sensitivity_ < 1.42 * greatest
    assert greatest > estimator.sensitivity_ / np.sqrt(2) * 0.99
    moments = PrivateSimilarity(
        kernel="sqeuclidean", bounds=BOX, adjacency="replace_one"
    ).fit(X)
    vectors = np.stack([true_sums(moments, np.full((1, 4), v), [slice(1)]) for v in BOX])
    assert np.linalg.norm(vectors[0] - vectors[1]) > moments.sensitivity_ / np.sqrt(2)


def test_a_record_that_changes_its_class_changes_two_vectors():
    """Each has noise of its own, so that with the l2 law norms add up: the mutant has the
    norm of both together."""
    parameters = {"kernel": "l1", "mechanism": "l2", "bounds": BOX}
    one = small(PrivateKernelClassifier, **parameters).fit(X, Y)
    parameters["adjacency"] = "replace_one"
    two = small(PrivateKernelClassifier, **parameters).fit(X, Y)
    np.testing.assert_allclose(two.noise_scale_, 2 * one.noise_scale_, rtol=1e-8)
    single = PrivateSimilarity(**parameters).fit(X)
    np.testing.assert_allclose(
        two.noise_scale_, np.sqrt(2) * single.noise_scale_, rtol=1e-8
    )


@every_estimator
def test_copies_spend_from_the_same_budget(cls):
    accountant = BudgetAccountant(1.0, 1e-5)
    estimator = small(cls, epsilon=0.1, accountant=accountant)
    scoring = None if hasattr(cls, "score") else lambda fitted, *_: 0.0
    cross_val_score(estimator, X, Y, scoring=scoring)
    assert accountant.total() == (0.5, 5e-6)
    clone(estimator).fit(X, Y)
    assert accountant.total() == (0.6, 6e-6)
    search = GridSearchCV(
        estimator, {"bandwidth": [1, 2, 3]}, scoring=scoring, error_score="raise"
    )
    with pytest.raises(BudgetExceededError):
        search.fit(X, Y)
    assert accountant.total() == (1.0, 1e-5)


@every_estimator
def test_zcdp_admits_more_releases_than_basic_composition(cls):
    accountant = BudgetAccountant(1.0, 1e-6, "zcdp")
    estimator = small(cls, epsilon=0.1, delta=1e-6, accountant=accountant)
    for _ in range(30):
        estimator.fit(X, Y)
    with pytest.raises(BudgetExceededError):
        for _ in range(1000):
            estimator.fit(X, Y)
    assert accountant.total()[0] <= 1.0


@every_estimator
def test_a_failed_fit_leaves_the_estimator_as_it_was(cls):
    estimator = small(cls).fit(X, Y)
    before = pickle.dumps(estimator)
    bad = X.copy()
    bad[3, 1] = np.nan
    for rows in (bad, X[:, 0], "rows", bad[:, :2]):
        with pytest.raises(ValueError):
            estimator.fit(rows, Y)
        assert pickle.dumps(estimator) == before


def chain(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@every_estimator
@pytest.mark.parametrize(
    "rows",
    [
        [["31.4159secret", 1.0]] * 60,
        np.full((60, 4), 31.4159 + 1j),
        np.full(60, 31.4159),
        np.full((3, 60, 4), 31.4159),
        np.where(np.arange(240).reshape(60, 4) == 7, np.inf, 31.4159),
        "31.4159",
        [[31.4159], [31.4159, 2]],
    ],
    ids=["text", "complex", "1d", "3d", "infinite", "string", "ragged"],
)
def test_errors_show_nothing_of_the_data(cls, rows):
    estimator = small(cls, bounds=BOX, features="rff")
    with pytest.raises((ValueError, TypeError)) as caught:
        estimator.fit(rows, Y)
    for error in chain(caught.value):
        assert "31.4159" not in str(error)


@every_estimator
def test_records_out_of_bounds_are_an_error_only_if_asked_for(cls):
    rows = X.copy()
    rows[5, 2] = 31.4159
    small(cls, bounds=BOX).fit(rows, Y)
    with pytest.raises(ValueError, match="bounds") as caught:
        small(cls, bounds=BOX, on_out_of_bounds="raise").fit(rows, Y)
    assert "31.4159" not in str(caught.value)
    assert small(cls, bounds=BOX, on_out_of_bounds="raise").fit(X, Y).is_private_


def numbers_of(value):
    if isinstance(value, np.ndarray):
        yield from value.reshape(-1).tolist()
    elif isinstance(value, dict):
        for item in value.values():
            yield from numbers_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, (int, float, np.number)):
        yield float(value)
    elif hasattr(value, "__dict__"):
        yield from numbers_of(vars(value))


def true_sums(estimator, rows, groups):

    summary = Construction(*estimator._construction).summary()
    sums = [summary.integer_sum(rows[g], BITS, 1) * 2.0**-BITS for g in groups]
    return np.concatenate(sums)


@every_estimator
def test_neither_rows_nor_true_sums_are_kept(cls):
    estimator = small(cls).fit(X, Y)
    groups = [Y == c for c in range(3)] if cls is PrivateKernelClassifier else [Y >= 0]
    secret = {*X.reshape(-1).tolist(), *true_sums(estimator, X, groups).tolist()} - {0, 1}
    assert len(secret) > 200
    assert not secret & set(numbers_of(vars(estimator)))
    pickled = pickle.dumps(estimator)
    assert not any(np.float64(value).tobytes() in pickled for value in secret)
    leaky = estimator
    leaky.sum_ = true_sums(estimator, X, groups)  # the mutant
    assert secret & set(numbers_of(vars(leaky)))
    assert any(np.float64(value).tobytes() in pickle.dumps(leaky) for value in secret)


@every_estimator
def test_a_seed_is_warned_of(cls):
    with pytest.warns(PrivacyLeakWarning, match="random_state"):
        estimator = small(cls, random_state=0).fit(X, Y)
    assert not estimator.is_private_
    with pytest.warns(PrivacyLeakWarning):
        again = small(cls, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(estimator.release_, again.release_)


@every_estimator
def test_noise_is_new_in_every_fit(cls):
    one, two = (small(cls, n_components=400).fit(X, Y) for _ in range(2))
    assert one.is_private_
    difference = (one.release_ - two.release_) / one.noise_deviation_
    # Seven deviations around 2.
    assert 1 < np.var(difference) < 3
    assert np.mean(difference == 0) < 0.01


LAWS = [
    {},
    {"delta": 0},
    {"mechanism": "laplace"},
    {"mechanism": "l2"},
    {"mechanism": "gaussian", "delta": 1e-4, "epsilon": 0.3},
]


@every_estimator
@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn_kernelx.privacy.PrivacyLeakWarning")
def test_a_record_changes_the_release_by_its_vector(cls, law):
    """With one seed noise is one and the same, and the vector within the sensitivity."""
    estimator = small(cls, random_state=0, **law)
    less = estimator.fit(X[:-1], Y[:-1]).release_
    more = estimator.fit(X, Y).release_
    difference = more - less
    if cls is PrivateKernelClassifier:
        assert np.all(difference[:2] == 0)
        difference = difference[2]
    vector = true_sums(estimator, X, [slice(len(X) - 1, None)])
    np.testing.assert_array_equal(difference, vector)
    norm = 1 if estimator.mechanism_ == "laplace" else 2
    size = np.linalg.norm(vector, norm)
    assert 0.5 * estimator.sensitivity_ < size <= estimator.sensitivity_


@every_estimator
def test_scales_are_those_of_the_guarantee(cls):
    gaussian = small(cls).fit(X, Y)
    assert gaussian.privacy_spent_ == (1.0, 1e-6, "add_remove")
    assert gaussian.mechanism_ == "gaussian"
    for mechanism in ("laplace", "l2"):
        pure = small(cls, mechanism=mechanism, epsilon=0.5).fit(X, Y)
        assert pure.privacy_spent_ == (0.5, 0.0, "add_remove")
        scale = pure.sensitivity_ / 0.5
        assert scale <= pure.noise_scale_ < scale * (1 + 1e-8)
    assert small(cls, delta=0).fit(X, Y).mechanism_ == "l2"
    assert small(cls, delta=0, noise_source="opendp")._law() == "laplace"


@every_estimator
def test_replacing_a_record_takes_twice_the_noise(cls):
    added = small(cls).fit(X, Y)
    replaced = small(cls, adjacency="replace_one").fit(X, Y)
    is_public = cls is not PrivateKernelClassifier
    without_count = 1 / np.sqrt(1.09) if is_public else 1.0
    ratio = replaced.noise_scale_ / added.noise_scale_
    np.testing.assert_allclose(ratio, 2 * without_count, rtol=1e-6)
    if is_public:
        assert replaced.n_samples_noisy_ == len(X)
        assert replaced.release_.shape == (16,)
        assert added.release_.shape == (17,)
        assert added.n_samples_noisy_ != len(X)


@every_kernel
def test_kernels_without_noise_are_the_exact_sums(kernel):

    estimator = PrivateSimilarity(
        kernel=kernel, epsilon=1e6, bandwidth=1.5, n_components=20_000
    ).fit(X)
    exact = exact_means(X, X[:9], kernel, 1.5, 1.0)
    np.testing.assert_allclose(estimator.similarity(X[:9]), exact, atol=0.03)
    np.testing.assert_allclose(estimator.similarity_sum(X[:9]), 60 * exact, atol=1.8)


@every_distance
def test_distances_without_noise_are_the_exact_sums(kernel):

    estimator = PrivateSimilarity(
        kernel=kernel, p=1.5, epsilon=1e6, bounds=BOX, n_components=4096
    ).fit(X)
    queries = np.vstack([X[:9], [[2, -1, 0.5, 0.5]]])
    exact = exact_means(X, queries, kernel, 1.0, 1.5)
    np.testing.assert_allclose(estimator.similarity(queries), exact, rtol=0.02)


@every_distance
def test_distances_need_bounds(kernel):
    accountant = BudgetAccountant(1.0, 1e-6)
    for parameters, name in (
        ({}, "bounds"),
        ({"bounds": BOX, "features": "rff"}, "features"),
        ({"bounds": BOX, "landmarks": X}, "landmarks"),
    ):
        with pytest.raises(ValueError, match=name):
            PrivateSimilarity(kernel=kernel, accountant=accountant, **parameters).fit(X)
    assert accountant.total() == (0, 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_components": 8},
        {"n_components": 8, "delta": 0},
        {"n_components": 8, "adjacency": "replace_one"},
        {"landmarks": X[:4]},
        {"kernel": "l1", "bounds": BOX, "n_bins": 3},
        {"kernel": "l2", "bounds": BOX, "n_bins": 3, "n_components": 8},
        {"kernel": "sqeuclidean", "bounds": BOX},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn_kernelx.privacy.PrivacyLeakWarning")
def test_expected_error_is_the_deviation_of_the_noise(parameters):
    rows = np.repeat(X, 50, axis=0)
    queries = RNG.uniform(size=(6, 4))
    estimator = PrivateSimilarity(epsilon=0.5, **parameters)
    fits = [clone(estimator).set_params(random_state=i).fit(rows) for i in range(150)]
    measured = np.std([f.similarity(queries) for f in fits], axis=0)
    expected = np.mean([f.expected_error(queries) for f in fits], axis=0)
    ratio = np.mean(measured / expected)
    assert 0.85 < ratio < 1.15
    if "adjacency" not in parameters and fits[0].features_ in ("rff", "nystroem"):
        # The mutant forgets the noise of the count.
        means = fits[0].noise_deviation_ / fits[0].n_samples_noisy_
        assert np.mean(measured) / means > 1.3


@every_estimator
def test_float32_queries_are_answered_in_float32(cls):
    estimator = small(cls).fit(X, Y)
    ask = {
        PrivateSimilarity: "similarity",
        PrivateKernelDensity: "score_samples",
        PrivateKernelClassifier: "decision_function",
    }[cls]
    wide = getattr(estimator, ask)(X)
    narrow = getattr(estimator, ask)(X.astype(np.float32))
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(narrow, wide, rtol=2e-4, atol=2e-4)


@every_estimator
def test_answers_do_not_depend_on_threads(cls):
    one = small(cls, feature_random_state=3).fit(X, Y)
    ask = "predict" if cls is PrivateKernelClassifier else "expected_error"
    before = getattr(one, ask)(X)
    np.testing.assert_allclose(getattr(one.set_params(n_jobs=2), ask)(X), before)
    copied = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(getattr(copied, ask)(X), getattr(one, ask)(X))


def test_features_are_public_and_repeatable():
    one, two = (small(PrivateSimilarity).fit(X) for _ in range(2))
    np.testing.assert_array_equal(one.frequencies_, two.frequencies_)
    other = small(PrivateSimilarity, feature_random_state=1).fit(X)
    assert not np.array_equal(one.frequencies_, other.frequencies_)


def test_the_grid_needs_bounds_and_few_features():
    rows = X[:, :2]
    assert PrivateSimilarity().fit(rows).features_ == "rff"
    assert PrivateSimilarity(bounds=BOX).fit(rows).features_ == "nystroem"
    assert PrivateSimilarity(bounds=BOX).fit(X).features_ == "rff"
    assert PrivateSimilarity(bounds=BOX, bandwidth=1e-4).fit(rows).features_ == "rff"
    with pytest.raises(ValueError, match="n_components"):
        PrivateSimilarity(bounds=BOX, bandwidth=1e-4, features="grid").fit(rows)
