"""KernelDensity as a drop-in: parameters, seeds, errors, state."""

import ast
import inspect
import pickle
import textwrap
import types
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import KERNELS, assert_log_density, log_density
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import BallTree, KDTree
from sklearn.neighbors import KernelDensity as ScikitLearnKernelDensity
from sklearn.neighbors.tests import test_kde as scikit_learn_tests
from sklearn.utils.estimator_checks import check_estimator

from sklearn_kernelx import KernelDensity
from sklearn_kernelx.density._kernels import sample_kernel

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = RNG.standard_normal((20, 3))
W = RNG.uniform(0.5, 2, 60)


def scikit_learn_suite():
    """scikit-learn's own tests of KernelDensity, with only the import changed.

    Except the loop that demands that four kernels cannot be sampled: ours can.
    """
    tree = ast.parse(inspect.getsource(scikit_learn_tests))
    for node in tree.body:
        if getattr(node, "name", None) == "test_kernel_density_sampling":
            loops = [n for n in node.body if isinstance(n, ast.For)]
            node.body.remove(loops[-1])
            assert "NotImplementedError" in ast.unparse(loops[-1])
    module = types.ModuleType("scikit_learn_suite")
    source = ast.unparse(tree) + textwrap.dedent("""
        from sklearn_kernelx import KernelDensity
    """)
    exec(compile(source, "scikit_learn_suite", "exec"), module.__dict__)
    return {k: v for k, v in vars(module).items() if k.startswith("test_")}


globals().update({f"test_scikit_learn_{k[5:]}": v for k, v in scikit_learn_suite().items()})


def test_scikit_learn_suite_is_not_empty():
    assert len(scikit_learn_suite()) >= 8


def test_signature_is_scikit_learns_then_ours():
    theirs = inspect.signature(ScikitLearnKernelDensity).parameters
    ours = inspect.signature(KernelDensity).parameters
    assert [*theirs, "n_jobs"] == [*ours]
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default
        assert ours[name].kind == inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bandwidth", [0.05, 0.5, 2, "scott", "silverman"])
@pytest.mark.parametrize("weights", [None, W])
def test_equals_scikit_learn_in_low_dimension(kernel, bandwidth, weights):
    parameters = {"kernel": kernel, "bandwidth": bandwidth}
    theirs = ScikitLearnKernelDensity(**parameters).fit(X, None, weights)
    ours = KernelDensity(**parameters).fit(X, None, weights)
    assert ours.bandwidth_ == theirs.bandwidth_
    assert_allclose(ours.score_samples(Y), theirs.score_samples(Y), rtol=1e-9)
    assert_allclose(ours.score(Y), theirs.score(Y), rtol=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "tophat"])
@pytest.mark.parametrize("weights", [None, W])
def test_same_seed_same_sample_as_scikit_learn(kernel, weights):
    theirs = ScikitLearnKernelDensity(kernel=kernel, bandwidth=0.3).fit(X, None, weights)
    ours = KernelDensity(kernel=kernel, bandwidth=0.3).fit(X, None, weights)
    assert_allclose(ours.sample(50, 7), theirs.sample(50, 7), rtol=1e-14, atol=1e-15)


OTHER_METRICS = [
    ("braycurtis", None),
    ("canberra", None),
    ("seuclidean", {"V": [1.0, 2.0, 3.0]}),
    ("mahalanobis", {"V": np.eye(3) + 0.5}),
    ("minkowski", {"p": 3}),
    ("minkowski", {"p": 1}),
    ("minkowski", {"p": 2, "w": [1.0, 2.0, 3.0]}),
    ("p", {"p": np.inf}),
    ("infinity", None),
    ("l1", None),
]


@pytest.mark.parametrize(("metric", "params"), OTHER_METRICS)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weights", [None, W])
def test_every_other_metric(metric, params, kernel, weights):
    parameters = {"kernel": kernel, "metric": metric, "metric_params": params}
    if "w" in (params or {}) or metric in ("seuclidean", "mahalanobis"):
        # Arrays in metric_params break scikit-learn's own KDTree: it is asked for balls.
        parameters["algorithm"] = "ball_tree"
    theirs = ScikitLearnKernelDensity(**parameters).fit(X, None, weights)
    ours = KernelDensity(**parameters).fit(X, None, weights)
    assert_allclose(ours.score_samples(Y), theirs.score_samples(Y), rtol=1e-9, atol=1e-12)


def test_haversine_in_small_working_memory():
    import sklearn

    theirs = ScikitLearnKernelDensity(metric="haversine").fit(X[:, :2])
    ours = KernelDensity(metric="haversine").fit(X[:, :2])
    expected = theirs.score_samples(Y[:, :2])
    with sklearn.config_context(working_memory=1e-4):
        assert_allclose(ours.score_samples(Y[:, :2]), expected, rtol=1e-10)


RADIAL_LAWS = {  # distribution functions of the radius in d dimensions
    "gaussian": lambda d: stats.chi(d).cdf,
    "tophat": lambda d: lambda r: r**d,
    "epanechnikov": lambda d: lambda r: stats.beta(d / 2, 2).cdf(r**2),
    "exponential": lambda d: stats.gamma(d).cdf,
    "linear": lambda d: stats.beta(d, 2).cdf,
    "cosine": lambda d: cosine_law(d),
}


def cosine_law(d):
    r = np.linspace(0, 1, 20001)
    density = r ** (d - 1) * np.cos(np.pi * r / 2)
    law = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return lambda x: np.interp(x, r, law / law[-1])


# False alarms: 24 tests at 1e-4 each, on a fixed seed.
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_law_of_the_radius(kernel, d):
    offsets = sample_kernel(kernel, 20000, d, np.random.RandomState(3))
    radii = np.linalg.norm(offsets, axis=1)
    law = RADIAL_LAWS[kernel](d)
    assert stats.kstest(radii, law).pvalue > 1e-4
    # Directions: each coordinate over the radius is symmetric, and none is preferred.
    mean = (offsets / radii[:, None]).mean(axis=0)
    assert np.max(np.abs(mean)) < 4.5 / np.sqrt(20000 * d)
    # The mutant, a radius off by five per cent, must fail.
    assert stats.kstest(radii * 1.05, law).pvalue < 1e-4


@pytest.mark.parametrize("kernel", KERNELS)
def test_sample_uses_weights_and_bandwidths(kernel):
    data = np.array([[0.0, 0.0], [1000.0, -1000.0]])
    kde = KernelDensity(kernel=kernel, bandwidth=[0.1, 10.0])
    sample = kde.fit(data, sample_weight=[1, 3]).sample(4000, random_state=0)
    far = sample[:, 0] > 500
    assert abs(np.mean(far) - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 / 4000)
    spread = sample[far].std(axis=0)
    assert_allclose(spread[1] / spread[0], 100, rtol=0.15)


def test_seeds():
    kde = KernelDensity().fit(X)
    assert_array_equal(kde.sample(5, random_state=0), kde.sample(5, random_state=0))
    assert kde.sample().shape == (1, 3)
    assert kde.sample(0).shape == (0, 3)


@pytest.mark.parametrize("algorithm", ["auto", "kd_tree", "ball_tree", "brute"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_algorithms_agree(algorithm, kernel):
    kde = KernelDensity(algorithm=algorithm, kernel=kernel, bandwidth=0.8).fit(X, None, W)
    expected = log_density(Y, X, bandwidth=0.8, kernel=kernel, weights=W)
    assert_log_density(kde.score_samples(Y), expected, 1e-11)


@pytest.mark.parametrize("first", KERNELS)
def test_kernel_set_after_fit(first):
    # As with scikit-learn's, score_samples looks at the parameter.
    for second in KERNELS:
        kde = KernelDensity(kernel=first).fit(X).set_params(kernel=second)
        expected = log_density(Y, X, bandwidth=1.0, kernel=second)
        assert_log_density(kde.score_samples(Y), expected, 1e-11)


@pytest.mark.parametrize("metric", ["euclidean", "haversine"])
@pytest.mark.parametrize("algorithm", ["auto", "ball_tree"])
def test_tree_is_built_when_asked_for(metric, algorithm):
    data = X[:, :2]
    kde = KernelDensity(metric=metric, algorithm=algorithm).fit(data, None, W)
    tree = kde.tree_
    ball = algorithm == "ball_tree" or metric == "haversine"
    assert isinstance(tree, BallTree if ball else KDTree)
    assert_array_equal(np.asarray(tree.data), data)
    assert tree is kde.tree_
    assert len(pickle.dumps(kde)) < 8000  # no tree in the pickle
    assert isinstance(pickle.loads(pickle.dumps(kde)).tree_, type(tree))
    assert not hasattr(KernelDensity(), "tree_")
    assert kde.fit(data[:5]).tree_.data.shape == (5, 2)


def test_dtype_of_the_fit_decides():
    single = KernelDensity().fit(X.astype(np.float32))
    assert single.score_samples(Y).dtype == np.float32
    assert KernelDensity().fit(X).score_samples(Y.astype(np.float32)).dtype == np.float64
    assert_allclose(single.score_samples(Y), KernelDensity().fit(X).score_samples(Y), 1e-5)


def test_fit_keeps_one_copy_of_the_data():
    data = np.random.default_rng(0).standard_normal((4001, 50))
    size = len(pickle.dumps(KernelDensity().fit(data)))
    assert size < 1.1 * data.nbytes
    kde = KernelDensity().fit(data)
    before = kde.score_samples(data[:5])
    data[:] = 0  # and not a view of the caller's
    assert_array_equal(
        kde.score_samples(np.zeros((5, 50)) + 1), kde.score_samples(np.ones((5, 50)))
    )
    assert np.all(np.isfinite(before))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bandwidth": 0}, "bandwidth"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"bandwidth": np.nan}, "bandwidth"),
        ({"bandwidth": np.inf}, "bandwidth"),
        ({"bandwidth": 1e-320}, "bandwidth"),
        ({"bandwidth": "scot"}, "bandwidth"),
        ({"bandwidth": [1.0, 2.0]}, r"bandwidth .*\(3,\)"),
        ({"bandwidth": [1.0, 2.0, 0.0]}, "bandwidth"),
        ({"bandwidth": [[1.0, 2.0, 3.0]]}, "bandwidth"),
        ({"bandwidth": [1.0, 2.0, 3.0], "metric": "canberra"}, "bandwidth .* number"),
        ({"algorithm": "octree"}, "algorithm"),
        ({"algorithm": "kd_tree", "metric": "haversine"}, "invalid metric for KDTree"),
        ({"algorithm": "fft", "kernel": "tophat"}, "kernel='gaussian'"),
        ({"algorithm": "fft", "metric": "l1"}, "metric='euclidean'"),
        ({"kernel": "cauchy"}, "kernel"),
        ({"metric": "blah"}, "metric"),
        ({"metric": lambda a, b: 0}, "metric"),
        ({"atol": -1}, "atol"),
        ({"rtol": -1}, "rtol"),
        ({"leaf_size": 0}, "leaf_size"),
        ({"breadth_first": "x"}, "breadth_first"),
        ({"metric_params": 3}, "metric_params"),
        ({"n_jobs": 1.5}, "n_jobs"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        KernelDensity(**parameters).fit(X)


@pytest.mark.parametrize(
    "weights",
    [-W, np.zeros(60), W[:5], np.where(np.arange(60) == 3, np.nan, W), W[:, None] * W],
)
def test_bad_weights(weights):
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        KernelDensity().fit(X, sample_weight=weights)


def test_other_forms_of_weights():
    plain = KernelDensity().fit(X).score_samples(Y)
    assert_array_equal(KernelDensity().fit(X, None, 3.0).score_samples(Y), plain)
    assert_array_equal(
        KernelDensity().fit(X, None, np.full(60, 1e300)).score_samples(Y), plain
    )
    assert_array_equal(
        KernelDensity().fit(X, None, np.full(60, 1e-300)).score_samples(Y), plain
    )
    half = np.repeat([1.0, 0.0], 30)
    for kernel in KERNELS:
        kde = KernelDensity(kernel=kernel)
        dropped = clone(kde).fit(X[:30]).score_samples(Y)
        assert_allclose(kde.fit(X, None, half).score_samples(Y), dropped, rtol=1e-12)


def test_unfitted_and_wrong_width():
    with pytest.raises(NotFittedError):
        KernelDensity().score_samples(X)
    with pytest.raises(NotFittedError):
        KernelDensity().sample()
    with pytest.raises(ValueError, match="features"):
        KernelDensity().fit(X).score_samples(Y[:, :2])


def test_grid_search_over_a_compact_kernel_warns_once():
    grid = {"bandwidth": [0.01, 0.1, 5.0, 10.0]}
    search = GridSearchCV(KernelDensity(kernel="epanechnikov"), grid, cv=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X)
    non_finite = [w for w in caught if "non-finite" in str(w.message)]
    assert len(non_finite) == 1
    assert search.best_params_ == {"bandwidth": 5.0}
    assert np.all(np.isneginf(search.cv_results_["mean_test_score"][:2]))


def test_estimator_checks_of_other_configurations():
    check_estimator(KernelDensity(kernel="linear", metric="manhattan", n_jobs=2))
    check_estimator(KernelDensity(metric="canberra"))
    check_estimator(KernelDensity(algorithm="brute", rtol=1e-3, atol=1e-6))
