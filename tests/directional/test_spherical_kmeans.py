"""Spherical k-means against Lloyd's iterations written out, and its invariances."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score

from sklearn_kernelx import SphericalKMeans

MAKE = {"dense": np.asarray, "csr": sparse.csr_array}


def units(X):
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def clustered(seed=0, n_clusters=5, n_features=20, n_rows=300, spread=0.3):
    rng = np.random.default_rng(seed)
    centers = units(rng.standard_normal((n_clusters, n_features)))
    labels = np.arange(n_rows) % n_clusters
    noise = spread / np.sqrt(n_features) * rng.standard_normal((n_rows, n_features))
    return (centers[labels] + noise) * rng.lognormal(size=(n_rows, 1)), labels


def lloyd(X, weights, centers):
    """To the fixed point, one row at a time."""
    X, labels = units(X), None
    while True:
        cosines = np.array([[x @ c for c in centers] for x in X])
        if np.array_equal(cosines.argmax(axis=1), labels):
            return centers, labels, np.sum(weights * (1 - cosines.max(axis=1)))
        labels = cosines.argmax(axis=1)
        sums = np.array([(weights * (labels == h)) @ X for h in range(len(centers))])
        centers = units(sums)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("seed", range(3))
def test_lloyd(make, seed):
    X, _ = clustered(seed, spread=2)
    weights = np.random.default_rng(seed).random(300)
    init = X[:5]
    centers, labels, inertia = lloyd(X, weights, units(init))
    kmeans = SphericalKMeans(5, init=init, tol=0).fit(make(X), sample_weight=weights)
    np.testing.assert_array_equal(kmeans.labels_, labels)
    np.testing.assert_allclose(kmeans.cluster_centers_, centers, rtol=1e-10, atol=1e-12)
    assert kmeans.inertia_ == pytest.approx(inertia, rel=1e-12)
    assert kmeans.score(make(X), sample_weight=weights) == pytest.approx(-inertia)
    np.testing.assert_array_equal(kmeans.predict(make(X)), labels)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_finds_separate_clusters(make, dtype, init):
    X, labels = clustered()
    kmeans = SphericalKMeans(5, init=init, random_state=0).fit(make(X.astype(dtype)))
    assert adjusted_rand_score(labels, kmeans.labels_) == 1
    assert kmeans.cluster_centers_.dtype == dtype
    np.testing.assert_allclose(
        np.linalg.norm(kmeans.cluster_centers_, axis=1), 1, rtol=1e-6
    )


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_transform(make, dtype):
    X = make(clustered()[0].astype(dtype))
    kmeans = SphericalKMeans(5, random_state=0).fit(X)
    distances = kmeans.transform(X)
    dense = units(X.toarray() if sparse.issparse(X) else X)
    assert distances.dtype == dtype
    np.testing.assert_allclose(
        distances, 1 - dense @ kmeans.cluster_centers_.T, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(np.argmin(distances, axis=1), kmeans.labels_)
    assert kmeans.inertia_ == pytest.approx(np.min(distances, axis=1).sum(), rel=1e-5)


def test_more_starts_are_no_worse():
    X, _ = clustered(spread=3, n_clusters=12)
    one = SphericalKMeans(12, random_state=0).fit(X).inertia_
    ten = SphericalKMeans(12, random_state=0, n_init=10).fit(X).inertia_
    assert ten <= one
    assert SphericalKMeans(12, init="random")._n_starts("random") == 10


def test_no_worse_than_kmeans_on_the_sphere():
    """K-means' own partition, as a start, can only be improved."""
    X = units(clustered(spread=3)[0])
    theirs = KMeans(5, n_init=3, random_state=0).fit(X)
    ours = SphericalKMeans(5, init=theirs.cluster_centers_).fit(X)
    cosines = np.sum(units(theirs.cluster_centers_)[theirs.labels_] * X, axis=1)
    assert ours.inertia_ <= np.sum(1 - cosines) + 1e-12


@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_order_and_repetition_of_rows_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 4))
    weights = rng.integers(0, 4, size=60)
    repeated = rng.permutation(np.repeat(np.arange(60), weights))
    kmeans = SphericalKMeans(4, random_state=seed)
    by_weight = clone(kmeans).fit(X, sample_weight=weights)
    by_copies = clone(kmeans).fit(X[repeated])
    np.testing.assert_allclose(
        by_weight.cluster_centers_, by_copies.cluster_centers_, rtol=1e-9, atol=1e-12
    )
    assert by_weight.inertia_ == pytest.approx(by_copies.inertia_)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_lengths_do_not_matter(scale):
    X, _ = clustered(spread=2)
    expected = SphericalKMeans(5, random_state=0).fit(X)
    found = SphericalKMeans(5, random_state=0).fit(scale * X)
    np.testing.assert_allclose(found.cluster_centers_, expected.cluster_centers_, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-42, 1e37])
def test_lengths_at_the_ends_of_float32(scale):
    X = clustered(n_features=4)[0]
    X = (X / np.abs(X).max(axis=1, keepdims=True) * scale).astype(np.float32)
    expected = SphericalKMeans(5, random_state=0).fit(X.astype(np.float64))
    found = SphericalKMeans(5, random_state=0).fit(X)
    assert found.cluster_centers_.dtype == np.float32
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    assert np.all(np.isfinite(found.transform(X)))


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_the_same_bits_for_any_number_of_threads(make):
    X = make(np.random.default_rng(0).standard_normal((9000, 6)))
    expected = SphericalKMeans(9, random_state=0, max_iter=5, tol=1).fit(X)
    for n_jobs in (2, 3):
        found = SphericalKMeans(9, random_state=0, max_iter=5, tol=1, n_jobs=n_jobs).fit(X)
        np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
        np.testing.assert_array_equal(found.transform(X), expected.transform(X))


def test_empty_clusters_get_the_farthest_rows():
    X = np.array([[1, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [0, 1, 0]])
    # The second center has no row at first.
    kmeans = SphericalKMeans(2, init=[[1, 0, 0], [-1, -1, -1]]).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, [0, 0, 0, 1])


def test_fewer_directions_than_clusters():
    X = np.repeat(np.eye(2, 4), 5, axis=0)
    with pytest.warns(ConvergenceWarning, match="Only 2 of n_clusters=3"):
        kmeans = SphericalKMeans(3, random_state=0).fit(X)
    assert kmeans.inertia_ == 0
    assert np.all(np.isfinite(kmeans.cluster_centers_))


def test_opposite_rows_keep_the_center():
    X = np.array([[1.0, 0], [-1, 0]])
    kmeans = SphericalKMeans(1, init=[[0, 1]]).fit(X)
    np.testing.assert_array_equal(kmeans.cluster_centers_, [[0, 1]])
    assert kmeans.inertia_ == 2


def test_zero_rows():
    X = np.vstack([clustered()[0], np.zeros((2, 20))])
    with pytest.warns(UserWarning, match="rows 300, 301 are left out"):
        kmeans = SphericalKMeans(5, random_state=0).fit(X)
    without = SphericalKMeans(5, random_state=0).fit(X[:300])
    np.testing.assert_allclose(
        kmeans.cluster_centers_, without.cluster_centers_, rtol=1e-9, atol=1e-12
    )
    assert kmeans.inertia_ == pytest.approx(without.inertia_)
    np.testing.assert_array_equal(kmeans.transform(X[300:]), 1)


def test_unfinished_iterations_warn():
    with pytest.warns(ConvergenceWarning, match="Increase max_iter"):
        SphericalKMeans(5, max_iter=1, random_state=0).fit(clustered(spread=3)[0])


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_partial_fit_is_the_direction_of_running_sums(make):
    X, labels = clustered(n_rows=400)
    kmeans = SphericalKMeans(5, random_state=0)
    for start in range(0, 400, 100):
        kmeans.partial_fit(make(X[start : start + 100]))
    assert kmeans.n_steps_ == 4
    assert adjusted_rand_score(labels, kmeans.predict(X)) == 1
    whole = SphericalKMeans(5, init=kmeans.cluster_centers_, max_iter=1, tol=1e9).fit(X)
    np.testing.assert_allclose(
        kmeans.cluster_centers_, whole.cluster_centers_, rtol=1e-10, atol=1e-12
    )
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X[300:]))


def test_partial_fit_continues_fit_and_honours_weights():
    X, _ = clustered()
    batch = clustered(seed=1)[0][:50]
    weights = np.random.default_rng(0).random(50)
    kmeans = SphericalKMeans(5, random_state=0).fit(X)
    before, labels = kmeans.cluster_centers_.copy(), kmeans.predict(batch)
    sums = np.array([units(X)[kmeans.labels_ == h].sum(axis=0) for h in range(5)])
    np.add.at(sums, labels, weights[:, np.newaxis] * units(batch))
    kmeans.partial_fit(batch, sample_weight=weights)
    np.testing.assert_allclose(kmeans.cluster_centers_, units(sums), rtol=1e-10, atol=1e-12)
    assert not np.array_equal(kmeans.cluster_centers_, before)


@pytest.mark.parametrize(
    "batch, message",
    [
        (np.full((9, 20), np.nan), "NaN"),
        (np.ones((9, 3)), "features"),
        (np.zeros((9, 20)), "no row with a direction"),
    ],
)
def test_a_failed_partial_fit_changes_nothing(batch, message):
    kmeans = SphericalKMeans(5, random_state=0).partial_fit(clustered()[0])
    before = {name: np.copy(value) for name, value in vars(kmeans).items()}
    with pytest.raises(ValueError, match=message):
        kmeans.partial_fit(batch)
    assert vars(kmeans).keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(kmeans, name), value)


def test_a_failed_first_partial_fit_changes_nothing():
    kmeans = SphericalKMeans(5)
    before = vars(kmeans).copy()
    with pytest.raises(ValueError, match="n_samples=3 must be at least n_clusters=5"):
        kmeans.partial_fit(np.eye(3))
    assert vars(kmeans) == before


def test_a_failed_fit_leaves_nothing_behind():
    kmeans = SphericalKMeans(2).fit(np.eye(3))
    with pytest.raises(ValueError, match="n_samples=1 must be"):
        kmeans.fit(np.ones((1, 4)))
    with pytest.raises(NotFittedError):
        kmeans.predict(np.eye(3))


def test_unnormalised_rows_can_be_refused():
    with pytest.raises(ValueError, match="Set normalize=True"):
        SphericalKMeans(2, normalize=False).fit(2 * np.eye(3))
    SphericalKMeans(2, normalize=False, random_state=0).fit(np.eye(3))


def test_feature_names_out():
    kmeans = SphericalKMeans(2, random_state=0).set_output(transform="pandas")
    frame = kmeans.fit_transform(np.eye(3))
    assert list(frame.columns) == ["sphericalkmeans0", "sphericalkmeans1"]


def test_callbacks_are_told():
    callback = pytest.importorskip("sklearn.callback")

    class Count(list):
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "iteration":
                self.append(fitted_estimator.predict(X[:2]))
                return len(self) == 2
            return False

    X, _ = clustered(spread=3)
    count = Count()
    assert isinstance(count, callback.FitCallback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans = SphericalKMeans(5, random_state=0).set_callbacks(count).fit(X)
    assert len(count) == kmeans.n_iter_ == 2
