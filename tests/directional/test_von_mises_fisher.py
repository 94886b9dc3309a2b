"""VonMisesFisher against oracles, SciPy where it is right, and its own promises."""

import pickle

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sphere_oracles import log_normalizer, mean_length
from threadpoolctl import threadpool_limits

from sklearn_kernelx import VonMisesFisher
from sklearn_kernelx.directional._sampling import sample_von_mises_fisher
from sklearn_kernelx.special import iv_ratio

RNG = np.random.default_rng(0)


def law(p, kappa, n, seed=0):
    mean_direction = np.random.default_rng(p).standard_normal(p)
    mean_direction /= np.linalg.norm(mean_direction)
    return sample_von_mises_fisher(mean_direction, kappa, n, seed)


def plain(**parameters):
    return VonMisesFisher(bias_correction=False, **parameters)


@pytest.mark.parametrize("p, kappa", [(2, 3.0), (3, 0.5), (3, 20.0), (10, 40.0)])
def test_scipy_in_few_dimensions(p, kappa):
    X = law(p, kappa, 500)
    vmf = plain().fit(X)
    theirs, their_kappa = stats.vonmises_fisher.fit(X)
    assert_allclose(vmf.mean_direction_, theirs, rtol=1e-12)
    assert_allclose(vmf.concentration_, their_kappa, rtol=1e-6)
    frozen = stats.vonmises_fisher(vmf.mean_direction_, vmf.concentration_)
    assert_allclose(vmf.score_samples(X), frozen.logpdf(X), rtol=1e-11, atol=1e-11)
    assert_allclose(vmf.entropy(), frozen.entropy(), rtol=1e-11)


@pytest.mark.parametrize("p", [1, 2, 3, 10, 257])
@pytest.mark.parametrize("kappa", [1.0, 100.0, 1e5])
def test_density_and_estimate_against_mpmath(p, kappa):
    X = law(p, kappa, 60) * RNG.uniform(0.1, 10, size=(60, 1))
    X[0] *= -1
    vmf = plain().fit(X)
    with mp.workdps(40):
        units = [[mp.mpf(float(v)) for v in x] for x in X]
        units = [[v / mp.norm(x) for v in x] for x in units]
        mean = [mp.fsum(column) / len(X) for column in zip(*units, strict=True)]
        direction = [v / mp.norm(mean) for v in mean]
        fitted = mp.mpf(vmf.concentration_)
        assert_allclose(float(mean_length(p, fitted)), float(mp.norm(mean)), rtol=1e-11)
        given = [mp.mpf(float(v)) for v in vmf.mean_direction_]
        expected = [
            float(log_normalizer(p, fitted) + fitted * mp.fdot(given, x)) for x in units
        ]
    assert_allclose(vmf.mean_direction_, np.array(direction, dtype=float), rtol=1e-12)
    assert_allclose(vmf.mean_resultant_length_, float(mp.norm(mean)), rtol=1e-13)
    assert_allclose(vmf.score_samples(X), expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=["dense", "CSR"])
def test_density_of_concentrated_data_keeps_its_digits(form):
    """As kappa mu'x the density would be off by 1e-7 here."""
    X = np.zeros((50, 9))
    X[:, [0, 3, 4, 7]] = law(4, 1e9, 50)
    vmf = plain(max_concentration=1e12).fit(form(X))
    with mp.workdps(40):
        mu = [mp.mpf(float(v)) for v in vmf.mean_direction_]
        mu = [v / mp.norm(mu) for v in mu]
        kappa = mp.mpf(vmf.concentration_)
        rows = [[mp.mpf(float(v)) for v in x] for x in X]
        cosines = [mp.fdot(mu, x) / mp.norm(x) for x in rows]
        expected = [float(log_normalizer(9, kappa) + kappa * c) for c in cosines]
    # A unit row itself is known to 1e-16: times the slope of the density there.
    slope = float(kappa) * np.sqrt(2 - 2 * np.array(cosines, dtype=float))
    assert np.all(np.abs(vmf.score_samples(form(X)) - expected) < 1e-15 * slope + 1e-12)


def test_density_integrates_to_one():
    vmf = plain().fit(law(3, 4.0, 100))
    uniform = sample_von_mises_fisher(np.eye(3)[0], 0.0, 200_000, 1)
    values = 4 * np.pi * np.exp(vmf.score_samples(uniform))
    assert abs(values.mean() - 1) < 4 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("p", [2048, 8192])
@pytest.mark.parametrize("factor", [0.1, 1, 10])
def test_consistency_in_many_dimensions(p, factor):
    """Within 3 standard errors, of which the Fisher information n A'(kappa) tells."""
    kappa = factor * p
    X = law(p, kappa, 1000)
    mean = iv_ratio(p / 2 - 1, kappa)
    slope = 1 - mean**2 - (p - 1) * mean / kappa
    standard_error = 1 / np.sqrt(1000 * slope)
    vmf = VonMisesFisher().fit(X)
    assert abs(vmf.concentration_ - kappa) < 3 * standard_error
    assert np.all(np.isfinite(vmf.score_samples(X)))
    if factor == 0.1:
        assert abs(plain().fit(X).concentration_ - kappa) > 3 * standard_error


def test_mean_log_density_is_minus_the_entropy():
    vmf = VonMisesFisher().fit(law(300, 200.0, 500))
    X = vmf.sample(20_000, random_state=0)
    scores = vmf.score_samples(X)
    standard_error = scores.std() / np.sqrt(len(scores))
    assert abs(vmf.score(X) + vmf.entropy()) < 4 * standard_error
    assert vmf.score(X) == np.mean(scores)


def test_sample_follows_the_fit():
    vmf = VonMisesFisher().fit(law(20, 50.0, 300))
    again = VonMisesFisher().fit(vmf.sample(50_000, random_state=1))
    assert_allclose(again.concentration_, vmf.concentration_, rtol=0.02)
    assert again.mean_direction_ @ vmf.mean_direction_ > 0.9999
    assert_array_equal(vmf.sample(3, random_state=1), vmf.sample(3, random_state=1))
    assert vmf.sample().shape == (1, 20)


def test_one_feature():
    X = np.array([[2.0], [-1], [0.5], [3]])
    vmf = plain().fit(X)
    assert vmf.mean_direction_ == 1
    assert_allclose(vmf.concentration_, np.arctanh(0.5), rtol=1e-14)
    assert_allclose(np.exp(vmf.score_samples([[7.0], [-7]])), [0.75, 0.25])
    assert_allclose(vmf.entropy(), stats.entropy([0.75, 0.25]))
    assert set(vmf.sample(50, random_state=0).ravel()) == {-1, 1}


@pytest.mark.parametrize("bias_correction", [True, False])
def test_equal_rows_have_the_largest_concentration(bias_correction):
    vmf = VonMisesFisher(bias_correction=bias_correction, max_concentration=1e6)
    for X in (np.ones((1, 5)), np.ones((4, 5)), np.outer([1.0, 3, 7], [1, 2, 3])):
        assert vmf.fit(X).concentration_ == 1e6
        assert np.all(np.isfinite(vmf.score_samples(X)))


@pytest.mark.parametrize("bias_correction", [True, False])
def test_mean_of_zero(bias_correction):
    vmf = VonMisesFisher(bias_correction=bias_correction).fit([[0, 2.0], [0, -3]])
    assert vmf.concentration_ == vmf.mean_resultant_length_ == 0
    assert_array_equal(vmf.mean_direction_, [0, 1])
    assert_allclose(np.exp(vmf.score_samples([[1, 1]])), 1 / (2 * np.pi))


def test_zero_rows_are_orthogonal():
    vmf = plain().fit(law(3, 5.0, 50))
    orthogonal = np.cross(vmf.mean_direction_, [1, 0, 0])
    scores = vmf.score_samples(np.vstack([orthogonal, np.zeros(3)]))
    assert_allclose(scores[1], scores[0], rtol=1e-13)
    scores = vmf.score_samples(sparse.csr_array(np.vstack([orthogonal, np.zeros(3)])))
    assert_allclose(scores[1], scores[0], rtol=1e-13)


def test_float32_data_give_float32_scores_of_float64_sums():
    X = law(40, 30.0, 200).astype(np.float32)
    ours, wide = VonMisesFisher().fit(X), VonMisesFisher().fit(X.astype(float))
    assert ours.concentration_ == wide.concentration_
    assert_array_equal(ours.mean_direction_, wide.mean_direction_)
    assert ours.score_samples(X).dtype == np.float32
    assert_array_equal(ours.score_samples(X), wide.score_samples(X).astype(np.float32))
    assert ours.partial_fit(X.astype(float)).score_samples(X).dtype == np.float64
    assert ours.merge(VonMisesFisher().fit(X)).score_samples(X).dtype == np.float64


def test_sparse_is_never_made_dense(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("made dense")

    X = sparse.random_array((200, 5000), density=0.01, format="csr", random_state=0)
    expected = VonMisesFisher().fit(X.toarray())
    scores = expected.score_samples(X.toarray())
    for name in ("toarray", "todense"):
        monkeypatch.setattr(sparse.csr_array, name, refuse)
    vmf = VonMisesFisher().fit(X)
    assert_allclose(vmf.concentration_, expected.concentration_, rtol=1e-12)
    assert_allclose(vmf.score_samples(X), scores, rtol=1e-13)
    # More columns than an array could have.
    wide = sparse.csr_array((X.data, X.indices * 200, X.indptr), shape=(200, 10**6))
    assert np.isfinite(VonMisesFisher().fit(wide).score(wide))


def test_same_bits_for_any_number_of_threads():
    X = law(20_000, 1e4, 20)
    results = []
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads):
            vmf = VonMisesFisher().fit(X)
            vmf.merge(VonMisesFisher().fit(X[:7]))
            results.append((vmf.concentration_, vmf.score(X), vmf.sample(5, 0).sum()))
    assert len(set(results)) == 1


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("kappa", [3.0, 1e8])
def test_merge_and_partial_fit_are_one_fit(weighted, kappa):
    X = law(30, kappa, 300)
    weights = RNG.random(300) if weighted else np.ones(300)
    expected = VonMisesFisher().fit(X, sample_weight=weights)
    parts = [slice(0, 1), slice(1, 40), slice(40, 300)]
    merged, grown = None, VonMisesFisher()
    for part in parts:
        one = VonMisesFisher().fit(X[part], sample_weight=weights[part])
        merged = one if merged is None else merged.merge(one)
        grown.partial_fit(X[part], sample_weight=weights[part])
    for found in (merged, grown):
        assert_allclose(found.concentration_, expected.concentration_, rtol=1e-9)
        assert_allclose(found.mean_direction_, expected.mean_direction_, atol=1e-14)
        assert found.n_samples_seen_ == 300


def test_merge_changes_self_only():
    X = law(5, 3.0, 50)
    one, other = VonMisesFisher().fit(X[:20]), VonMisesFisher().fit(X[20:])
    before = pickle.dumps(other)
    assert one.merge(other) is one
    assert pickle.dumps(other) == before


def test_merge_refuses_what_it_cannot_add():
    vmf = VonMisesFisher().fit(law(5, 3.0, 50))
    with pytest.raises(TypeError, match="other must be a VonMisesFisher"):
        vmf.merge(np.eye(5))
    with pytest.raises(NotFittedError):
        vmf.merge(VonMisesFisher())
    with pytest.raises(NotFittedError):
        VonMisesFisher().merge(vmf)
    with pytest.raises(ValueError, match="other has 3 features"):
        vmf.merge(VonMisesFisher().fit(np.eye(3)))


def test_merge_compares_feature_names():
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame(np.eye(2), columns=list(names)) for names in ("ab", "ba")]
    one, other = (VonMisesFisher().fit(frame) for frame in frames)
    with pytest.raises(ValueError, match="other names"):
        one.merge(other)
    one.merge(VonMisesFisher().fit(np.eye(2)))


BAD_BATCHES = {
    "NaN": (np.array([[np.nan, 1, 1]]), None),
    "zero rows": (np.zeros((2, 3)), None),
    "features": (np.eye(4), None),
    "negative weight": (np.eye(3), [-1, 1, 1]),
    "weights of zero": (np.eye(3), [0, 0, 0]),
    "weights that overflow": (np.eye(3), [1e308, 1e308, 1e308]),
}


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_failed_partial_fit_changes_nothing(case):
    X, weights = BAD_BATCHES[case]
    vmf = VonMisesFisher().fit(law(3, 3.0, 50))
    before = pickle.dumps(vmf)
    with pytest.raises(ValueError):
        vmf.partial_fit(X, sample_weight=weights)
    assert pickle.dumps(vmf) == before


def test_failed_first_partial_fit_changes_nothing():
    vmf = VonMisesFisher()
    with pytest.raises(ValueError):
        vmf.partial_fit(np.zeros((2, 3)))
    assert vars(vmf) == vars(VonMisesFisher())


def test_blocks_of_rows_do_not_matter():
    X = law(50, 3.0, 400)
    for data in (X, sparse.csr_array(X)):
        vmf = VonMisesFisher().fit(data)
        with config_context(working_memory=0.01):
            again = VonMisesFisher().fit(data)
            assert_array_equal(again.score_samples(data), vmf.score_samples(data))


def test_failed_fit_leaves_nothing_behind():
    vmf = VonMisesFisher().fit(np.eye(3))
    with pytest.raises(ValueError):
        vmf.fit(np.zeros((2, 3)))
    with pytest.raises(NotFittedError):
        vmf.score_samples(np.eye(3))


def test_rows_off_the_sphere_are_refused_without_normalize():
    X = law(4, 3.0, 20)
    vmf = VonMisesFisher(normalize=False).fit(X)
    assert_allclose(vmf.concentration_, VonMisesFisher().fit(7 * X).concentration_)
    for method in (clone(vmf).fit, vmf.partial_fit, vmf.score_samples):
        with pytest.raises(ValueError, match="normalize=True"):
            method(2 * X)


@pytest.mark.parametrize(
    "parameters",
    [{"bias_correction": 2}, {"max_concentration": 0}, {"normalize": "l2"}],
)
def test_parameters_are_checked(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        VonMisesFisher(**parameters).fit(np.eye(3))
