"""What the three estimators of directions have in common."""

import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info

from sklearn_kernelx import SphericalKMeans, VonMisesFisher, VonMisesFisherMixture

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 6)) + 2 * np.repeat(np.eye(6)[:4], 50, axis=0)
ESTIMATORS = {
    "VonMisesFisher": VonMisesFisher(),
    "mixture": VonMisesFisherMixture(4, random_state=0),
    "mixture, full": VonMisesFisherMixture(
        4, concentration_type="full", concentration_prior=0, random_state=0
    ),
    "k-means": SphericalKMeans(4, random_state=0),
}


@pytest.fixture(params=ESTIMATORS)
def estimator(request):
    return ESTIMATORS[request.param]


def directions_of(estimator):
    for name in ("mean_direction_", "mean_directions_", "cluster_centers_"):
        if hasattr(estimator, name):
            return getattr(estimator, name).copy()
    raise AttributeError


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e-163, 1e153, 1e200, 1e305])
def test_weights_of_any_scale(estimator, scale):
    expected = directions_of(estimator.fit(X))
    found = directions_of(estimator.fit(X, sample_weight=np.full(200, scale)))
    assert_allclose(found, expected, atol=1e-9)


def test_tiny_weights_under_the_prior():
    mixture = VonMisesFisherMixture(2, concentration_type="full", random_state=0)
    mixture.fit(X, sample_weight=np.full(200, 1e-310))
    assert np.isfinite(mixture.lower_bound_)
    assert np.ptp(mixture.concentrations_) < 1e-6 * np.max(mixture.concentrations_)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_batches_of_weights_of_any_scale(scale):
    plain, scaled = (SphericalKMeans(3, random_state=0) for _ in range(2))
    for batch in (X[:100], X[100:]):
        plain.partial_fit(batch)
        scaled.partial_fit(batch, sample_weight=np.full(100, scale))
    assert_allclose(scaled.cluster_centers_, plain.cluster_centers_, atol=1e-9)


def test_weights_whose_sum_overflows(estimator):
    with pytest.raises(ValueError, match="sample_weight overflows"):
        estimator.fit(X, sample_weight=np.full(200, 1e307))


def test_rows_of_vanishing_weight_do_not_count():
    weights = np.r_[1e300, np.full(199, 1e-300)]
    for model in (VonMisesFisherMixture(3), SphericalKMeans(3)):
        with pytest.raises(ValueError, match="n_samples=1 must be at least"):
            model.fit(X, sample_weight=weights)


def test_warnings_point_to_the_caller(estimator):
    data = np.r_[X, np.zeros((2, 6))]
    with pytest.warns(UserWarning, match="rows 200, 201 are left out") as caught:
        estimator.fit(data)
    assert caught[0].filename == __file__
    hurried = VonMisesFisherMixture(4, max_iter=1, tol=0, random_state=0)
    for method in (hurried.fit, hurried.fit_predict):
        with pytest.warns(ConvergenceWarning) as caught:
            method(X)
        assert caught[0].filename == __file__


def test_zero_rows_under_a_warm_start():
    mixture = VonMisesFisherMixture(2, warm_start=True, random_state=0).fit(X)
    with pytest.warns(UserWarning, match="row 200 is left out"):
        mixture.fit(np.r_[X, np.zeros((1, 6))])
    with pytest.raises(ValueError, match="no row with a direction"):
        mixture.fit(np.zeros((5, 6)))


def test_index_arrays_of_two_dtypes(estimator):
    data = sparse.csr_array(X)
    expected = directions_of(estimator.fit(data))
    data.indptr = data.indptr.astype(np.int64)
    assert_array_equal(directions_of(estimator.fit(data)), expected)


@pytest.mark.parametrize("n_samples", [-1, 2.5, "many"])
def test_number_of_draws(n_samples):
    for model in (VonMisesFisher().fit(X), VonMisesFisherMixture(2).fit(X)):
        with pytest.raises((TypeError, ValueError), match="n_samples"):
            model.sample(n_samples)


def test_number_of_clusters_cannot_change_between_batches():
    model = SphericalKMeans(3, random_state=0).partial_fit(X)
    before = model.cluster_centers_.copy()
    with pytest.raises(ValueError, match=r"n_clusters=5, but .* 3 clusters"):
        model.set_params(n_clusters=5).partial_fit(X)
    assert_array_equal(model.cluster_centers_, before)


@pytest.mark.parametrize("concentration", [1e9, 1e15, 1e17, 1e300])
def test_a_mixture_of_one_is_the_law_at_any_concentration(concentration):
    rows = np.ones((10, 2))
    law = VonMisesFisher(max_concentration=concentration).fit(rows)
    mixture = VonMisesFisherMixture(1, max_concentration=concentration).fit(rows)
    assert_allclose(mixture.score([[2.0, 0]]), law.score([[2.0, 0]]), rtol=1e-12)
    cosine_error = 4e-16 * concentration
    assert_allclose(
        mixture.score(rows[:1]), law.score(rows[:1]), rtol=1e-12, atol=cosine_error
    )


def test_threads_that_overlap_leave_blas_as_it_was():
    def blas_threads():
        return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]

    before = blas_threads()
    data = np.random.default_rng(0).standard_normal((5000, 16))
    model = SphericalKMeans(4, random_state=0).fit(data)
    calls = [
        threading.Thread(target=lambda n=n: [model.score(data[:n]) for _ in range(20)])
        for n in (5000, 2000)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert blas_threads() == before


def test_quiet_without_a_reason(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.fit(X)
