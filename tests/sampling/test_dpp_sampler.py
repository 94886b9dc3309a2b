"""DPPSampler: laws, weights, extension, features of any kind."""

import pickle
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from sklearn_kernelx import DPPSampler
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._designs import Draws
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._least_squares import solve_rows
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._pool_design import (
    design_rows,
    draw_from_pool,
    extend_draws,
    sample_weights,
)

DESIGNS = ["iid", "leverage", "dpp", "volume", "repeated_dpp", "greedy"]
RANDOM_DESIGNS = DESIGNS[:-1]
# Each statistical test would fail by chance with this probability, with a free seed.
FALSE_ALARM = 1e-3
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3))


def ridge_leverage(X, alpha=0.0):
    return np.einsum("ij,ij->i", X @ np.linalg.inv(X.T @ X + alpha * np.eye(X.shape[1])), X)


@pytest.mark.parametrize("design", DESIGNS)
def test_attributes(design):
    sampler = DPPSampler(design=design, random_state=0).fit(X)
    n = 3 if design == "dpp" else 12
    indices = sampler.sample_indices_
    assert indices.shape == sampler.sample_weight_.shape == (n,)
    assert sampler.rank_ == 3
    assert_allclose(sampler.leverage_, ridge_leverage(X))
    is_uniform = design in ("iid", "greedy")
    expected = np.ones(n) if is_uniform else 3 / (40 * ridge_leverage(X)[indices])
    assert_allclose(sampler.sample_weight_, expected)
    assert_array_equal(
        np.repeat(sampler.unique_indices_, sampler.counts_), np.sort(indices)
    )
    phi = np.linalg.qr(X)[0][indices] * np.sqrt(40)
    gram = phi.T @ (sampler.sample_weight_[:, np.newaxis] * phi) / n
    assert_allclose(sampler.gram_condition_, np.linalg.cond(gram))


@pytest.mark.parametrize("design", DESIGNS)
def test_attributes_with_penalty(design):
    alpha = 20.0
    sampler = DPPSampler(design=design, alpha=alpha, random_state=0).fit(X)
    leverage = ridge_leverage(X, alpha)
    assert_allclose(sampler.leverage_, leverage)
    drawn, n = X[sampler.sample_indices_], len(sampler.sample_indices_)
    if design == "dpp":  # as many as it draws: each is expected leverage times
        expected = n / (40 * leverage[sampler.sample_indices_])
    elif design in ("iid", "greedy"):
        expected = np.ones(n)
    else:
        expected = leverage.sum() / (40 * leverage[sampler.sample_indices_])
    assert_allclose(sampler.sample_weight_, expected)
    penalty = alpha * np.eye(3)
    root = np.linalg.inv(np.linalg.cholesky(X.T @ X + penalty))
    weighted = sampler.sample_weight_[:, np.newaxis] * drawn
    gram = root @ (40 / n * drawn.T @ weighted + penalty) @ root.T
    assert_allclose(sampler.gram_condition_, np.linalg.cond(gram))


def estimates(design, alpha, f, weights, n_trials=4000):
    """Estimates of the mean of f over X, from independent samples."""
    # The constant bounds the weights, and so the tails of the estimates.
    pool = Pool(Features(np.hstack([X, np.ones((40, 1))])), alpha)
    rng = generator(seed_from(0))
    for _ in range(n_trials):
        points = draw_from_pool(pool, design, None, rng).points
        w = weights(pool, design, points)
        yield np.sum(w * f[points]) / max(1, len(points))


def deviation_of_mean(values, expected):
    """Two-sided p-value of the mean."""
    return stats.ttest_1samp(list(values), expected).pvalue


F = 1 + X[:, 0] ** 2


@pytest.mark.parametrize("design", RANDOM_DESIGNS)
@pytest.mark.parametrize("alpha", [0.0, 10.0])
def test_weights_estimate_means_without_bias(design, alpha):
    p_value = deviation_of_mean(estimates(design, alpha, F, sample_weights), F.mean())
    assert p_value > FALSE_ALARM


@pytest.mark.parametrize("design", RANDOM_DESIGNS[1:])
def test_without_weights_there_is_bias(design):
    values = estimates(design, 0.0, F, lambda pool, design, points: np.ones(len(points)))
    assert deviation_of_mean(values, F.mean()) < FALSE_ALARM


def law_of_pairs(pairs, Q):
    """P-value of pairs against the law det(Q_S)^2 of a process on the rows of Q."""
    subsets = list(combinations(range(len(Q)), 2))
    law = np.array([np.linalg.det(Q[list(s)]) ** 2 for s in subsets])
    counts = Counter(tuple(sorted(pair)) for pair in pairs)
    observed = np.array([counts[s] for s in subsets])
    if observed.sum() < len(pairs):  # a point drawn twice has probability zero
        return 0.0
    return stats.chisquare(observed, len(pairs) * law / law.sum()).pvalue


def pairs_across_the_seam(extend, n_trials=2000):
    """Third and fourth draw, the former the end of a fit, the latter the extension's."""
    small = np.random.default_rng(3).standard_normal((6, 2))
    pairs = []
    for seed in range(n_trials):
        sampler = DPPSampler(n_samples=3, random_state=seed).fit(small)
        pairs.append(extend(sampler).sample_indices_[2:4])
    return pairs, np.linalg.qr(small)[0]


def test_extension_has_the_law_of_one_design():
    assert law_of_pairs(*pairs_across_the_seam(lambda s: s.extend(2))) > FALSE_ALARM


def test_extension_by_new_samples_has_not():
    def forgetful(sampler):
        sampler._reserve = sampler._reserve[:0]
        return sampler.extend(2)

    assert law_of_pairs(*pairs_across_the_seam(forgetful, 300)) < FALSE_ALARM


def mean_traces(extend, n_first, n_trials=6000):
    """Tr G^-1 / m of extended volume samples."""
    pool = Pool(Features(X))
    rng = generator(seed_from(0))
    for _ in range(n_trials):
        draws = draw_from_pool(pool, "volume", n_first, rng)
        points = extend(pool, draws, rng).points
        rows = design_rows(pool, "volume", points)[1]
        yield np.trace(np.linalg.inv(rows.T @ rows)) / 3


def test_extended_volume_sample_has_the_law_of_one():
    """E G^-1 = n / (n - m + 1) I."""
    values = mean_traces(lambda *a: extend_draws(a[0], "volume", a[1], 4, a[2]), 5)
    assert deviation_of_mean(values, 9 / 7) > FALSE_ALARM


def test_two_volume_samples_have_not():
    def again(pool, draws, rng):
        more = draw_from_pool(pool, "volume", 4, rng).points
        return Draws(np.concatenate([draws.points, more]), more[:0])

    assert deviation_of_mean(mean_traces(again, 5), 9 / 7) < FALSE_ALARM


@pytest.mark.parametrize("design", ["iid", "leverage", "volume", "repeated_dpp", "greedy"])
@pytest.mark.parametrize("feature_map", [None, PolynomialFeatures(2)])
def test_extend_keeps_what_was_drawn(design, feature_map):
    sampler = DPPSampler(feature_map, 25, design, random_state=0).fit(X)
    before = sampler.sample_indices_.copy()
    assert sampler.extend(7).extend(np.int64(4)) is sampler
    assert_array_equal(sampler.sample_indices_[:25], before)
    assert len(sampler.sample_indices_) == len(sampler.sample_weight_) == 36
    assert sampler.counts_.sum() == 36
    again = DPPSampler(feature_map, 25, design, random_state=0).fit(X).extend(7).extend(4)
    assert_array_equal(again.sample_indices_, sampler.sample_indices_)
    assert again.gram_condition_ == sampler.gram_condition_
    rest = sampler.sample_indices_[25:]
    assert design == "greedy" or not np.array_equal(rest, before[: len(rest)])


def test_extend_does_not_pass_over_the_pool(monkeypatch):
    sampler = DPPSampler(PolynomialFeatures(2), random_state=0).fit(X)
    monkeypatch.setattr(Features, "blocks", None)
    assert len(sampler.extend(10).sample_indices_) == 50


def test_greedy_extension_is_that_of_a_larger_design():
    whole = DPPSampler(n_samples=20, design="greedy").fit(X).sample_indices_
    extended = DPPSampler(n_samples=12, design="greedy").fit(X).extend(8)
    assert_array_equal(extended.sample_indices_, whole)


def test_extend_by_parameters_of_the_fit():
    sampler = DPPSampler(alpha=5.0, random_state=0).fit(X)
    expected = clone(sampler).fit(X).extend(3)
    sampler.set_params(design="dpp", alpha=0.0)
    assert_array_equal(sampler.extend(3).sample_indices_, expected.sample_indices_)
    assert_array_equal(sampler.sample_weight_, expected.sample_weight_)


@pytest.mark.parametrize(
    "parameters, remedy",
    [({"design": "dpp"}, "repeated_dpp"), ({"kernel": "rbf"}, "larger n_samples")],
)
def test_what_cannot_be_extended(parameters, remedy):
    with pytest.raises(ValueError, match=f"extend is not possible.*{remedy}"):
        DPPSampler(n_samples=3, **parameters).fit(X).extend(3)


@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_extension_of_a_wrong_size(n):
    with pytest.raises((ValueError, TypeError), match="n_samples"):
        DPPSampler().fit(X).extend(n)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        DPPSampler().extend(3)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"n_samples": 2}, "n_samples=2 is too few for 3 independent features"),
        ({"n_samples": 2, "design": "greedy"}, "n_samples=2 is too few"),
        ({"n_samples": 5, "design": "dpp"}, "leave n_samples at None"),
        ({"n_samples": 3, "design": "dpp", "alpha": 1.0}, "leave n_samples at None"),
        ({"alpha": 1e6}, "alpha=1000000.0 leaves an effective dimension .* lower alpha"),
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"design": "best"}, "'design' parameter"),
        ({"feature_map": "poly"}, "'feature_map' parameter"),
        ({"stability": 1.0}, "'stability' parameter"),
        ({"kernel": "rbf", "alpha": 1.0}, "alpha=1.0 is not for a kernel"),
        ({"kernel": "rbf", "stability": 0.5}, "stability=0.5 is not for a kernel"),
        ({"kernel": "rbf", "feature_map": StandardScaler()}, "is not for a kernel"),
        ({"kernel": "rbf", "design": "volume"}, "choose 'dpp' or 'greedy'"),
        ({"kernel": "rbf", "design": "greedy"}, "needs n_samples"),
        ({"kernel": "rbf", "n_samples": 41}, "n_samples=41 is above"),
        ({"kernel": "nothing"}, "'kernel' parameter"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        DPPSampler(**parameters).fit(X)


def test_zero_features():
    with pytest.raises(ValueError, match="all features are zero"):
        DPPSampler().fit(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="all features are zero"):
        DPPSampler(alpha=1.0).fit(np.zeros((5, 2)))


@pytest.mark.parametrize("design", DESIGNS)
def test_dependent_features(design):
    dependent = np.hstack([X, X[:, :1] + X[:, 1:2], np.zeros((40, 1))])
    with pytest.warns(UserWarning, match="Only 3 of the 5 features"):
        sampler = DPPSampler(design=design, random_state=0).fit(dependent)
    assert sampler.rank_ == 3
    assert_allclose(sampler.leverage_, ridge_leverage(X))
    assert np.isfinite(sampler.gram_condition_) or design == "iid"


def test_singular_sample():
    """Rows that draw in a few points cannot tell the features apart."""
    points = np.zeros((100, 2))
    points[:, 0] = 1
    points[0] = [0, 1]
    sampler = DPPSampler(n_samples=4, design="iid", random_state=0).fit(points)
    assert 0 not in sampler.sample_indices_
    assert sampler.gram_condition_ == np.inf
    assert np.isfinite(DPPSampler(random_state=0).fit(points).gram_condition_)


def test_empty_sample_of_a_strong_penalty():
    """The process may draw no point at all, which belongs to its law."""
    sampler = DPPSampler(PolynomialFeatures(1), design="dpp", alpha=150.0)
    sizes = [
        len(sampler.set_params(random_state=seed).fit(X).sample_indices_)
        for seed in range(200)
    ]
    leverage = DPPSampler(PolynomialFeatures(1), alpha=150.0).fit(X).leverage_
    assert min(sizes) == 0
    assert deviation_of_mean(sizes, leverage.sum()) > FALSE_ALARM


MAPS = {
    "polynomials": PolynomialFeatures(2),
    "Nystroem": Nystroem(n_components=5, random_state=0),
    "Fourier features": RBFSampler(n_components=5, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), PolynomialFeatures(2)),
    "pandas output": PolynomialFeatures(2).set_output(transform="pandas"),
    "polars output": PolynomialFeatures(2).set_output(transform="polars"),
    "nothing": "passthrough",
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_feature_maps(name, alpha):
    feature_map = make_pipeline(MAPS[name])
    sampler = DPPSampler(feature_map, alpha=alpha, random_state=0).fit(X)
    features = np.asarray(clone(feature_map).fit_transform(X))
    expected = DPPSampler(alpha=alpha, random_state=0).fit(features)
    assert_allclose(sampler.leverage_, ridge_leverage(features, alpha), rtol=1e-9)
    assert_array_equal(sampler.sample_indices_, expected.sample_indices_)
    assert not hasattr(feature_map[0], "n_features_in_")  # a clone was fitted
    assert_array_equal(np.asarray(sampler.feature_map_.transform(X)), features)


def test_sparse_features():
    codes = RNG.integers(0, 4, (60, 2))
    encoder = OneHotEncoder(drop="first")
    sampler = DPPSampler(encoder, random_state=0).fit(codes)
    dense = encoder.fit_transform(codes).toarray()
    assert_allclose(sampler.leverage_, ridge_leverage(dense))
    assert sampler.extend(5).counts_.sum() == 4 * 6 + 5


def test_sparse_candidates():
    scaler = StandardScaler(with_mean=False)
    sampler = DPPSampler(scaler, random_state=0).fit(sparse.csr_array(X))
    assert_allclose(sampler.leverage_, ridge_leverage(X))
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        DPPSampler().fit(sparse.csr_array(X))


def test_text():
    texts = ["a cat", "a dog", "cat dog", "dog mouse", "a mouse", "cat mouse"]
    sampler = DPPSampler(CountVectorizer(), random_state=0).fit(texts)
    assert sampler.rank_ == 3
    assert len(sampler.extend(3).sample_indices_) == 15


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_reach_the_map(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({name: X[:, k] for k, name in enumerate("abc")})
    # Older versions of scikit-learn know columns of polars by number only.
    first, last = (["a"], ["c"]) if library == "pandas" else ([0], [2])
    by_column = make_column_transformer(
        (PolynomialFeatures(1), first), (StandardScaler(), last)
    )
    with config_context(working_memory=1e-3):
        sampler = DPPSampler(by_column, random_state=0).fit(frame)
        sampler.extend(4)
    scaled = (X[:, 2] - X[:, 2].mean()) / X[:, 2].std()
    features = np.column_stack([np.ones(40), X[:, 0], scaled])
    assert_allclose(sampler.leverage_, ridge_leverage(features))
    if library == "pandas":
        assert list(sampler.feature_names_in_) == ["a", "b", "c"]


class Pointless(StandardScaler):
    """Makes features that are not finite."""

    def transform(self, X):
        return np.full((len(X), 2), np.nan)


def test_features_that_are_not_finite():
    with pytest.raises(ValueError, match="features of Pointless contains NaN"):
        DPPSampler(Pointless()).fit(X)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_little_working_memory(design, alpha):
    wide = RNG.standard_normal((500, 4))
    sampler = DPPSampler(PolynomialFeatures(2), None, design, alpha, random_state=0)
    expected = clone(sampler).fit(wide)
    with config_context(working_memory=2**-7):
        found = sampler.fit(wide)
        assert len(list(Features(wide, found.feature_map_).blocks())) > 20
    assert_array_equal(found.sample_indices_, expected.sample_indices_)
    assert_allclose(found.leverage_, expected.leverage_)
    assert_allclose(found.gram_condition_, expected.gram_condition_)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**31), st.sampled_from(DESIGNS), st.integers(1, 5), st.integers(-60, 60)
)
def test_only_the_span_of_the_features_matters(seed, design, d, exponent):
    rng = np.random.default_rng(seed)
    pool = rng.standard_normal((rng.integers(3 * d, 50), d))
    mixed = pool @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    mixed = mixed * rng.uniform(1, 10, d) * 2.0**exponent
    one, other = (
        DPPSampler(design=design, random_state=seed).fit(x) for x in (pool, mixed)
    )
    assert_allclose(one.leverage_, other.leverage_, rtol=1e-8, atol=1e-14)
    assert_array_equal(one.sample_indices_, other.sample_indices_)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**31), st.sampled_from(RANDOM_DESIGNS))
def test_float32(seed, design):
    rng = np.random.default_rng(seed)
    pool = rng.standard_normal((30, 3)).astype(np.float32)
    one, other = (
        DPPSampler(design=design, random_state=seed).fit(pool.astype(t))
        for t in (np.float32, np.float64)
    )
    assert_array_equal(one.sample_indices_, other.sample_indices_)
    assert one.leverage_.dtype == np.float64


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**31), st.sampled_from(["dpp", "repeated_dpp"]))
def test_samples_of_the_process_hold_no_row_twice(seed, design):
    rng = np.random.default_rng(seed)
    pool = np.repeat(rng.standard_normal((6, 3)), 2, axis=0)
    indices = DPPSampler(None, 3, design, random_state=seed).fit(pool).sample_indices_
    assert len(set(indices // 2)) == 3  # nor two equal ones


def test_pickle_and_clone():
    sampler = DPPSampler(PolynomialFeatures(2), random_state=0).fit(X)
    revived = pickle.loads(pickle.dumps(sampler))
    assert_array_equal(
        revived.extend(9).sample_indices_, clone(sampler).fit(X).extend(9).sample_indices_
    )


def test_random_state_instance():
    state = np.random.RandomState(0)
    sampler = DPPSampler(random_state=state)
    one, other = (sampler.fit(X).sample_indices_ for _ in range(2))
    assert not np.array_equal(one, other)


def subset_law(kernel, size=None):
    """All subsets and their probabilities under the L-ensemble."""
    n = len(kernel)
    sizes = range(n + 1) if size is None else [size]
    subsets = [s for k in sizes for s in combinations(range(n), k)]
    law = np.array([np.linalg.det(kernel[np.ix_(s, s)]) if s else 1.0 for s in subsets])
    return subsets, law / law.sum()


@pytest.mark.parametrize("size", [2, None])
@pytest.mark.parametrize("kernel", ["rbf", "precomputed", rbf_kernel])
def test_kernel(size, kernel):
    points = X[:6]
    matrix = rbf_kernel(points, gamma=0.5)
    parameters = {"rbf": {"gamma": 0.5}, "precomputed": {}}.get(kernel, {})
    if callable(kernel):
        kernel = lambda x, y: np.exp(-0.5 * np.sum((x - y) ** 2))  # noqa: E731
    data = matrix if kernel == "precomputed" else points
    sampler = DPPSampler(None, size, kernel=kernel, random_state=0, **parameters).fit(data)
    subsets, law = subset_law(matrix, size)
    inclusion = [
        sum(p for s, p in zip(subsets, law, strict=True) if i in s) for i in range(6)
    ]
    assert_allclose(sampler.leverage_, inclusion)
    assert sampler.rank_ == 6
    indices = sampler.sample_indices_
    assert len(indices) == (size or len(indices)) == len(set(indices))
    expected = len(indices) / (6 * sampler.leverage_[indices])
    assert_allclose(sampler.sample_weight_, expected)
    assert not hasattr(sampler, "gram_condition_")


def p_value_of_kernel_law(design_kernel, tested_kernel):
    subsets, law = subset_law(tested_kernel, 2)
    sampler = DPPSampler(None, 2, kernel="precomputed")
    counts = Counter(
        tuple(
            np.sort(
                sampler.set_params(random_state=seed).fit(design_kernel).sample_indices_
            )
        )
        for seed in range(1000)
    )
    return stats.chisquare([counts[s] for s in subsets], 1000 * law).pvalue


def test_law_of_a_kernel():
    matrix = rbf_kernel(X[:6], gamma=0.2)
    assert p_value_of_kernel_law(matrix, matrix) > FALSE_ALARM
    assert p_value_of_kernel_law(matrix, np.eye(6)) < FALSE_ALARM


def test_repeated_dpp_with_kernel_is_one_sample():
    one, other = (
        DPPSampler(None, 5, design, kernel="rbf", random_state=1).fit(X).sample_indices_
        for design in ("dpp", "repeated_dpp")
    )
    assert_array_equal(one, other)


def test_greedy_with_kernel():
    sampler = DPPSampler(None, 5, "greedy", kernel="rbf", gamma=0.1).fit(X)
    kernel, residual, expected = rbf_kernel(X, gamma=0.1), np.ones(40), []
    for _ in range(5):
        expected.append(int(np.argmax(residual)))
        K = kernel[np.ix_(expected, expected)]
        cross = kernel[:, expected]
        residual = 1 - np.einsum("ij,ij->i", cross @ np.linalg.inv(K), cross)
    assert_array_equal(sampler.sample_indices_, expected)
    assert_array_equal(sampler.sample_weight_, 1)
    for name in ("leverage_", "rank_", "gram_condition_"):
        assert not hasattr(sampler, name)


@pytest.mark.parametrize("size", [2, None])
def test_kernel_beyond_working_memory(size):
    """The factor is all but exact here: probabilities are those of the whole matrix."""
    points = X[:, :1]
    exact = DPPSampler(None, size, kernel="rbf", gamma=0.2, random_state=0).fit(points)
    with config_context(working_memory=32 * 40 * 8 / 2**20):
        approximate = clone(exact).fit(points)
    assert approximate.rank_ < exact.rank_
    assert_allclose(approximate.leverage_, exact.leverage_, atol=1e-3)
    if size:
        assert len(approximate.sample_indices_) == size


def test_refit_forgets_what_is_no_longer_known():
    sampler = DPPSampler(random_state=0).fit(X)
    sampler.set_params(kernel="rbf", design="greedy", n_samples=3).fit(X)
    for name in ("leverage_", "rank_", "gram_condition_"):
        assert not hasattr(sampler, name)


def test_condition_of_rows():
    rows = RNG.standard_normal((20, 4))
    assert_allclose(solve_rows(rows).gram_condition, np.linalg.cond(rows.T @ rows))
    assert solve_rows(rows[:3]).gram_condition == np.inf


def test_nothing_is_left_of_a_fit_before_one_that_fails():
    sampler = DPPSampler(random_state=0).fit(X)
    with pytest.raises(ValueError, match="too few"):
        sampler.set_params(n_samples=1).fit(X)
    with pytest.raises(NotFittedError):
        sampler.extend(4)
    assert not hasattr(sampler, "leverage_") and not hasattr(sampler, "_fit_X")


def test_many_empty_samples_of_a_strong_penalty():
    for seed in range(50):
        sampler = DPPSampler(design="dpp", alpha=60.0, random_state=seed).fit(X[:30])
        assert len(sampler.sample_indices_) == len(sampler.sample_weight_) <= 3


class DropsRows(FunctionTransformer):
    def transform(self, X):
        return np.asarray(X)[1:]


def test_maps_must_keep_the_rows():
    with pytest.raises(ValueError, match="feature_map=DropsRows makes"):
        DPPSampler(DropsRows()).fit(X)


@pytest.mark.parametrize("scale", [1e-310, 1e-308, 1e-303])
def test_subnormal_features(scale):
    """Zero for all that can be done with them, or right."""
    try:
        sampler = DPPSampler(random_state=0).fit(X * scale)
    except ValueError as error:
        assert "all features are zero" in str(error)
    else:
        assert np.all(np.isfinite(sampler.leverage_))


def test_parameters_that_a_kernel_does_not_take():
    with pytest.raises(ValueError, match="gama"):
        DPPSampler(kernel="rbf", n_samples=2, kernel_params={"gama": 1}).fit(X)
    with pytest.raises(ValueError, match="gamma is not for a callable"):
        DPPSampler(kernel=np.dot, n_samples=2, gamma=1.0).fit(X)
    chosen = [
        DPPSampler(None, 5, kernel="rbf", random_state=0, **parameters).fit(X).leverage_
        for parameters in ({"gamma": 0.3}, {"kernel_params": {"gamma": 0.3}})
    ]
    assert_array_equal(*chosen)


def test_greedy_kernel_warns_of_the_rank():
    with pytest.warns(UserWarning, match="Only 3 could be chosen instead of n_samples=9"):
        DPPSampler(None, 9, "greedy", kernel="linear").fit(X)
