"""DPPLeastSquares: oracles, labels that are not looked at, theory, pipelines."""

import pickle
import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from sklearn_kernelx import DPPLeastSquares, DPPSampler
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._designs import draw_design
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._least_squares import solve_rows
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._pool_design import design_rows, expected_error

DESIGNS = ["iid", "leverage", "dpp", "volume", "repeated_dpp", "greedy"]
# Each statistical test would fail by chance with this probability, with a free seed.
FALSE_ALARM = 1e-3
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = np.column_stack([X @ [1, -2, 3], np.abs(X).sum(axis=1)]) + RNG.standard_normal((60, 2))
y = Y[:, 1]
W = RNG.uniform(0.5, 2, 60)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("alpha", [0.0, 30.0])
@pytest.mark.parametrize("power", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("targets", [y, Y], ids=["one target", "two"])
def test_minimum_of_the_weighted_objective(design, alpha, power, targets):
    """As Ridge on the draws of a sampler of the same parameters, repeats kept."""
    model = DPPLeastSquares(
        design=design, alpha=alpha, random_state=0, weight_power=power
    ).fit(X, targets)
    sampler = DPPSampler(design=design, alpha=alpha, random_state=0).fit(X)
    drawn = sampler.sample_indices_
    weights = 60 / len(drawn) * sampler.sample_weight_**power
    ridge = Ridge(alpha, fit_intercept=False, solver="cholesky")
    ridge.fit(X[drawn], targets[drawn], sample_weight=weights)
    assert_allclose(model.coef_, ridge.coef_, rtol=1e-8)
    assert_array_equal(model.selected_indices_, sampler.unique_indices_)
    assert model.n_labels_ == len(sampler.unique_indices_)
    if power == 1:
        assert_allclose(model.gram_condition_, sampler.gram_condition_)
    assert model.rank_ == 3
    assert_allclose(model.predict(X), X @ model.coef_.T)
    assert model.predict(X).shape == targets.shape


@pytest.mark.parametrize("alpha", [0.0, 7.0])
def test_every_row_once_is_ridge(alpha):
    model = DPPLeastSquares(n_samples=60, design="greedy", alpha=alpha).fit(X, y)
    assert_array_equal(model.selected_indices_, np.arange(60))
    expected = Ridge(alpha, fit_intercept=False).fit(X, y)
    assert_allclose(model.coef_, expected.coef_)
    whole = DPPLeastSquares(design="given", alpha=alpha).fit(X, y)
    assert_allclose(whole.coef_, expected.coef_)


@pytest.mark.parametrize("design", DESIGNS)
def test_functions_of_the_space_are_found(design):
    """Whatever the draws, without an error of more than rounding."""
    feature_map = PolynomialFeatures(3)
    features = feature_map.fit_transform(X)
    coef = np.random.default_rng(1).standard_normal((2, features.shape[1]))
    model = DPPLeastSquares(feature_map, design=design, random_state=0)
    model.fit(X, features @ coef.T)
    assert_allclose(model.coef_, coef, atol=1e-8)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_other_labels_are_not_looked_at(design, alpha):
    model = DPPLeastSquares(
        design=design, alpha=alpha, n_samples=None, y_missing="allow", random_state=0
    )
    selected = DPPSampler(design=design, alpha=alpha, random_state=0).fit(X).unique_indices_
    for missing in (np.nan, np.inf, None):
        labels = np.full(60, missing, dtype=object if missing is None else float)
        labels[selected] = y[selected]
        partly = clone(model).fit(X, labels)
        assert_array_equal(partly.coef_, clone(model).fit(X, y).coef_)
        assert_array_equal(partly.selected_indices_, selected)


def test_missing_labels():
    labels = y.copy()
    selected = DPPLeastSquares(random_state=0).fit(X, y).selected_indices_
    labels[selected[[1, 3]]] = np.nan
    with pytest.raises(ValueError, match="Input y contains NaN"):
        DPPLeastSquares(random_state=0).fit(X, labels)
    message = f"y is not finite for 2 of the .* first of which is {selected[1]}: .*label"
    for targets in (labels, np.column_stack([y, labels])):
        with pytest.raises(ValueError, match=message):
            DPPLeastSquares(y_missing="allow", random_state=0).fit(X, targets)


def test_labels_that_come_after_the_design():
    """The weights of a sampler, in two rounds, give what one fit on the pool gives."""
    feature_map = Nystroem(n_components=5, random_state=0)
    sampler = DPPSampler(feature_map, 25, alpha=0.1, random_state=0).fit(X).extend(10)
    drawn = sampler.sample_indices_
    later = DPPLeastSquares(
        FrozenEstimator(sampler.feature_map_), design="given", alpha=0.1
    ).fit(X[drawn], y[drawn], sample_weight=sampler.sample_weight_ * 60 / 35)
    ridge = Ridge(0.1, fit_intercept=False, solver="cholesky")
    features = sampler.feature_map_.transform(X)[drawn]
    ridge.fit(features, y[drawn], sample_weight=sampler.sample_weight_ * 60 / 35)
    assert_allclose(later.coef_, ridge.coef_, rtol=1e-7)


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_given_weights(alpha):
    weights = np.where(np.arange(60) % 3, W, 0)
    labels = np.where(weights, y, np.nan)
    model = DPPLeastSquares(design="given", alpha=alpha, y_missing="allow")
    model.fit(X, labels, sample_weight=weights)
    expected = Ridge(alpha, fit_intercept=False).fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, expected.coef_)
    assert_array_equal(model.selected_indices_, np.flatnonzero(weights))
    kept = weights > 0
    less = clone(model).fit(X[kept], y[kept], sample_weight=weights[kept])
    assert_array_equal(model.coef_, less.coef_)
    assert not hasattr(model, "gram_condition_")


def test_zero_weights_are_no_rows_for_the_feature_map():
    weights = np.where(np.arange(60) < 30, 1, 0)
    scaler = make_pipeline(StandardScaler(), PolynomialFeatures(1))
    model = DPPLeastSquares(scaler, design="given")
    whole = clone(model).fit(X, y, sample_weight=weights)
    half = clone(model).fit(X[:30], y[:30])
    assert_array_equal(whole.coef_, half.coef_)


@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10])
def test_given_is_as_accurate_as_householder(condition):
    U = np.linalg.qr(RNG.standard_normal((200, 5)))[0]
    V = np.linalg.qr(RNG.standard_normal((5, 5)))[0]
    features = U * np.geomspace(1, 1 / condition, 5) @ V
    labels = features @ np.ones(5)
    model = DPPLeastSquares(design="given").fit(features, labels)
    assert_allclose(model.coef_, 1, atol=1e-14 * condition)


@pytest.mark.parametrize("design", ["repeated_dpp", "given"])
def test_little_working_memory(design):
    model = DPPLeastSquares(PolynomialFeatures(2), design=design, alpha=0.5, random_state=0)
    expected = clone(model).fit(X, Y)
    with config_context(working_memory=2**-10):
        found = model.fit(X, Y)
        assert_allclose(found.predict(X), expected.predict(X))
        assert len(list(Features(X, found.feature_map_).blocks())) > 10
    assert_allclose(found.coef_, expected.coef_)


def mean_coefficients(design, weighted=True, n_trials=4000):
    """P-value of the mean over samples against the fit on all labels."""
    features = np.hstack([X, np.ones((60, 1))])
    pool, rng = Pool(Features(features)), generator(seed_from(0))
    expected = np.linalg.lstsq(pool.rows(np.arange(60)), y)[0]
    found = []
    for _ in range(n_trials):
        points = draw_design(pool, design, 8 if design == "volume" else 4, rng).points
        candidates, rows, scales = design_rows(pool, design, points)
        if not weighted:
            rows, scales = rows / scales[:, np.newaxis], np.ones(len(scales))
        sides = scales * y[candidates]
        found.append(solve_rows(rows, sides[:, np.newaxis]).coordinates[:, 0] - expected)
    # The size of the sample makes T^2 / 4000 chi-squared.
    found = np.array(found)
    z = found.mean(axis=0)
    statistic = n_trials * z @ np.linalg.solve(np.cov(found.T), z)
    return stats.chi2(4).sf(statistic)


@pytest.mark.parametrize("design", ["volume", "dpp"])
def test_coefficients_are_unbiased(design):
    assert mean_coefficients(design) > FALSE_ALARM


def test_coefficients_without_weights_are_not():
    assert mean_coefficients("volume", weighted=False) < FALSE_ALARM


def errors_and_estimates(n, noise, n_trials=3000):
    """Mean squared errors over a pool of 200, m = 5, and their estimates; L* = 1."""
    rng = np.random.default_rng(1)
    features = np.hstack([rng.standard_normal((200, 4)), np.ones((200, 1))])
    pool = Pool(Features(features))
    Q = pool.rows(np.arange(200))
    stream = generator(seed_from(0))
    shape = features[:, 0] * features[:, 1] + features[:, 2] ** 2
    for _ in range(n_trials):
        labels = rng.standard_normal(200) if noise else shape
        best = labels - Q @ (Q.T @ labels)
        labels = labels / np.sqrt(np.mean(best**2))
        points = draw_design(pool, "volume", n, stream).points
        candidates, rows, scales = design_rows(pool, "volume", points)
        sides = (scales * labels[candidates])[:, np.newaxis]
        coordinates = solve_rows(rows, sides).coordinates
        residuals = sides - rows @ coordinates
        error = np.mean((labels - Q @ coordinates[:, 0]) ** 2)
        yield error, expected_error("volume", n, 5, np.sum(residuals**2, axis=0) / 200)[0]


@pytest.mark.parametrize("noise", [True, False], ids=["noise", "misspecified"])
@pytest.mark.parametrize("n", [10, 20, 40])
def test_expected_error(n, noise):
    """The estimate has the mean (n + 1) / (n - m + 1); errors do within some percent."""
    errors, estimates = np.array(list(errors_and_estimates(n, noise))).T
    theory = (n + 1) / (n - 4)
    assert stats.ttest_1samp(estimates, theory).pvalue > FALSE_ALARM
    assert stats.ttest_1samp(estimates, theory * n / (n - 5)).pvalue < FALSE_ALARM  # mutant
    assert_allclose(errors.mean(), theory, rtol={10: 0.08, 20: 0.02, 40: 0.01}[n])
    assert abs(errors.mean() / (theory * n / (n - 5)) - 1) > 0.1  # the mutant fails


def test_expected_error_at_n_equal_m():
    """(m + 1) L*, by enumeration; there are no residuals to estimate L* from."""
    Q = np.linalg.qr(X[:12])[0]
    least = np.sum((y[:12] - Q @ (Q.T @ y[:12])) ** 2)
    expected = 0.0
    for subset in map(list, combinations(range(12), 3)):
        coordinates = solve_rows(Q[subset], y[subset, np.newaxis]).coordinates[:, 0]
        error = np.sum((y[:12] - Q @ coordinates) ** 2)
        expected += np.linalg.det(Q[subset]) ** 2 * error
    assert_allclose(expected, 4 * least)
    assert np.isnan(expected_error("volume", 3, 3, np.zeros(1))[0])


def test_where_the_expected_error_is_known():
    features = PolynomialFeatures(1)
    model = DPPLeastSquares(features, 20, "volume", random_state=0)
    assert not hasattr(model, "expected_error_")
    model.fit(X, y)
    assert isinstance(model.expected_error_, float)
    selected = model.selected_indices_
    sampler = DPPSampler(features, 20, "volume", random_state=0).fit(X)
    residuals = y - model.predict(X)
    w, drawn = sampler.sample_weight_, sampler.sample_indices_
    least = np.sum(w * residuals[drawn] ** 2) / 16
    assert_allclose(model.expected_error_, least * 21 / 17)
    assert clone(model).fit(X, Y).expected_error_.shape == (2,)
    assert np.isnan(clone(model).set_params(n_samples=4).fit(X, y).expected_error_)
    assert np.isnan(DPPLeastSquares(features, design="dpp").fit(X, y).expected_error_)
    assert len(selected) <= 20
    for parameters in ({"design": "repeated_dpp"}, {"alpha": 1.0}, {"design": "given"}):
        model.set_params(**({"design": "volume", "alpha": 0.0} | parameters)).fit(X, y)
        with pytest.raises(AttributeError, match="design='volume'"):
            model.expected_error_


def test_singular_sample():
    """The function of least mean square is taken that fits the labels."""
    points = np.zeros((100, 2))
    points[:, 0] = 1
    points[0] = [0, 1]
    labels = np.ones(100)
    model = DPPLeastSquares(n_samples=4, design="iid", random_state=0)
    with pytest.warns(UserWarning, match="determine only 1 of 2 coefficients"):
        model.fit(points, labels)
    assert_allclose(model.coef_, [1, 0], atol=1e-12)
    assert model.gram_condition_ == np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(model.set_params(alpha=0.1).fit(points, labels).coef_[1], 0)
        assert np.isfinite(model.gram_condition_)


@pytest.mark.parametrize("design", [*DESIGNS, "given"])
def test_dependent_features(design):
    dependent = np.hstack([X, X[:, :1] + X[:, 1:2]])
    model = DPPLeastSquares(design=design, random_state=0)
    with pytest.warns(UserWarning, match="Only 3 of the 4 features"):
        model.fit(dependent, Y)
    assert model.rank_ == 3
    assert np.sum(np.all(model.coef_ == 0, axis=0)) == 1
    expected = DPPLeastSquares(design=design, random_state=0).fit(X, Y)
    assert_allclose(model.predict(dependent), expected.predict(X), atol=1e-10)


def test_zero_features():
    for design in ("repeated_dpp", "given"):
        with pytest.raises(ValueError, match="all features are zero"):
            DPPLeastSquares(design=design).fit(np.zeros((6, 2)), np.ones(6))


@pytest.mark.parametrize("design", [*DESIGNS, "given"])
def test_float32(design):
    model = DPPLeastSquares(design=design, random_state=0)
    single = clone(model).fit(X.astype(np.float32), y.astype(np.float32))
    double = model.fit(X, y)
    assert single.coef_.dtype == np.float64
    assert single.predict(X.astype(np.float32)).dtype == np.float32
    assert_allclose(single.coef_, double.coef_, rtol=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**31),
    st.sampled_from([*DESIGNS, "given"]),
    st.integers(-40, 40),
    st.integers(-40, 40),
)
def test_scales(seed, design, one, other):
    """Predictions scale with the labels, and not with the features."""
    rng = np.random.default_rng(seed)
    pool, labels = rng.standard_normal((30, 3)), rng.standard_normal(30)
    model = DPPLeastSquares(design=design, random_state=seed)
    expected = clone(model).fit(pool, labels).predict(pool)
    scaled = model.fit(pool * 2.0**one, labels * 2.0**other).predict(pool * 2.0**one)
    assert_allclose(scaled, expected * 2.0**other, atol=1e-9 * 2.0**other)


def test_sparse_output_of_the_map():
    codes = RNG.integers(0, 4, (60, 1))
    model = DPPLeastSquares(OneHotEncoder(), n_samples=80, random_state=0)
    model.fit(codes, codes[:, 0] * 1.0)
    assert_allclose(model.coef_, np.unique(codes))
    assert_allclose(model.predict(codes), codes[:, 0])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({name: X[:, k] for k, name in enumerate("abc")})
    labels = frames.DataFrame({"first": Y[:, 0], "second": Y[:, 1]})
    scaler = StandardScaler().set_output(transform=library)
    for feature_map in (None, make_pipeline(scaler, PolynomialFeatures(2))):
        model = DPPLeastSquares(feature_map, random_state=0)
        found = clone(model).fit(frame, labels).predict(frame)
        assert_allclose(found, model.fit(X, Y).predict(X), rtol=1e-10)
    with pytest.raises(ValueError, match="feature names"):
        pandas = pytest.importorskip("pandas")
        named = pandas.DataFrame(X, columns=list("abc"))
        model.fit(named, y).predict(named[["c", "b", "a"]])


def test_the_map_never_sees_labels():
    class Spy(PolynomialFeatures):
        def fit(self, X, y=None):
            assert y is None
            return super().fit(X)

    DPPLeastSquares(Spy(2), random_state=0).fit(X, y)


def test_sample_weight_is_for_given_labels():
    with pytest.raises(ValueError, match="sample_weight is not for design='repeated_dpp'"):
        DPPLeastSquares().fit(X, y, sample_weight=W)
    DPPLeastSquares().fit(X, y, sample_weight=None)
    with pytest.raises(TypeError, match="unexpected keyword argument 'weights'"):
        DPPLeastSquares().fit(X, y, weights=W)
    given = DPPLeastSquares(design="given")
    for weights, message in ((np.zeros(60), "zero"), (-W, "[Nn]egative")):
        with pytest.raises(ValueError, match=message):
            given.fit(X, y, sample_weight=weights)
    with pytest.raises(ValueError, match=r"sample_weight\.shape"):
        given.fit(X, y, sample_weight=W[:7])


@pytest.mark.parametrize(
    "labels, message",
    [
        (None, "requires y to be passed, but the target y is None"),
        (y[:7], "inconsistent numbers of samples"),
        (y.astype(str).astype(object) + "x", "could not convert"),
        (y + 1j, "Complex data"),
        (Y[np.newaxis], "dim 3|3D|3 dim"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        DPPLeastSquares().fit(X, labels)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"n_samples": 2}, "n_samples=2 is too few"),
        ({"design": "dpp", "alpha": 1.0, "n_samples": 3}, "leave n_samples at None"),
        ({"alpha": 1e7}, "lower alpha"),
        ({"y_missing": "ignore"}, "'y_missing' parameter"),
        ({"design": "best"}, "'design' parameter"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        DPPLeastSquares(**parameters).fit(X, y)


def test_pipeline_and_grid_search():
    pipeline = Pipeline([("scale", StandardScaler()), ("fit", DPPLeastSquares())])
    grid = {
        "fit__feature_map": [PolynomialFeatures(1), PolynomialFeatures(2)],
        "fit__n_samples": [15, 30],
        "fit__design": ["volume", "repeated_dpp", "greedy"],
        "fit__alpha": [0.0, 1.0],
        "fit__random_state": [0],
    }
    search = GridSearchCV(pipeline, grid, error_score="raise").fit(X, y)
    assert search.best_params_["fit__feature_map"].degree == 2
    assert search.best_estimator_["fit"].n_labels_ <= 30


def test_sample_weight_through_meta_estimators():
    given = DPPLeastSquares(design="given")
    expected = LinearRegression(fit_intercept=False).fit(X, y, sample_weight=W).coef_
    pipeline = Pipeline([("fit", given)]).fit(X, y, fit__sample_weight=W)
    assert_allclose(pipeline["fit"].coef_, expected)
    search = GridSearchCV(given, {"alpha": [0.0]}).fit(X, y, sample_weight=W)
    assert_allclose(search.best_estimator_.coef_, expected)
    with config_context(enable_metadata_routing=True):
        requesting = clone(given).set_fit_request(sample_weight=True)
        requesting.set_score_request(sample_weight=False)
        search = GridSearchCV(requesting, {"alpha": [0.0]}).fit(X, y, sample_weight=W)
        assert_allclose(search.best_estimator_.coef_, expected)
        pipeline = Pipeline([("fit", requesting)]).fit(X, y, sample_weight=W)
        assert_allclose(pipeline["fit"].coef_, expected)


def test_pickle():
    model = DPPLeastSquares(PolynomialFeatures(2), 40, "volume", random_state=0).fit(X, y)
    revived = pickle.loads(pickle.dumps(model))
    assert_array_equal(revived.predict(X), model.predict(X))
    assert revived.expected_error_ == model.expected_error_


def test_no_expected_error_with_rows_that_are_never_drawn():
    zero = np.vstack([X, np.zeros((5, 3))])
    model = DPPLeastSquares(design="volume", random_state=0).fit(zero, np.append(y, W[:5]))
    assert not hasattr(model, "expected_error_")


def test_nothing_is_left_of_a_fit_before_one_that_fails():
    model = DPPLeastSquares(random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="too few"):
        model.set_params(n_samples=1).fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(NotFittedError):
        model.expected_error_


def test_missing_labels_are_told_with_the_remedy():
    with pytest.raises(ValueError, match="y_missing='allow'"):
        DPPLeastSquares().fit(X, np.where(y > 0, y, np.nan))


@pytest.mark.parametrize("scale", [1e90, 1e-100])
def test_scale_of_given_weights_changes_nothing_in_float32(scale):
    small = X.astype(np.float32)
    model = DPPLeastSquares(design="given")
    expected = clone(model).fit(small, y, sample_weight=W).coef_
    found = clone(model).fit(small, y, sample_weight=W * scale).coef_
    assert_allclose(found, expected, rtol=1e-5)


def test_no_rows_to_predict():
    model = DPPLeastSquares(PolynomialFeatures(2), random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="0 sample"):
        model.predict(X[:0])
