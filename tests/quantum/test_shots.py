"""Kernels estimated from shots, and their projection: laws, symmetry, distance."""

import numpy as np
import pytest

from sklearn_kernelx import ZZFeatureMap, fidelity_kernel, psd_projection
from sklearn_kernelx.quantum._shots import sample_kernel

RNG = np.random.default_rng(0)
X = RNG.uniform(0, 2 * np.pi, (12, 2))
KERNEL = fidelity_kernel(X)
UPPER = np.triu_indices(12, 1)
SHOTS = 20
N_SEEDS = 500


def estimates(sample):
    generators = [np.random.default_rng(seed) for seed in range(N_SEEDS)]
    return np.array([sample(KERNEL, SHOTS, rng, symmetric=True) for rng in generators])


def standard_scores(drawn):
    """Those of each pair in each draw: independent, of mean 0 and variance 1."""
    p = KERNEL[UPPER]
    return (drawn[:, *UPPER] - p) / np.sqrt(p * (1 - p) / SHOTS)


def bias_and_spread(drawn):
    """Scores of the mean, and of the mean square, of all standard scores."""
    scores = standard_scores(drawn)
    p = KERNEL[UPPER]
    variances = 2 + (1 / (p * (1 - p)) - 6) / SHOTS  # of squares, by the kurtosis
    n = scores.size
    spread = np.sum(scores**2 - 1) / np.sqrt(N_SEEDS * np.sum(variances))
    return np.sum(scores) / np.sqrt(n), spread


def asymmetric_draws(kernel, shots, rng, *, symmetric):
    return sample_kernel(kernel, shots, rng, symmetric=False)


def averaged_draws(kernel, shots, rng, *, symmetric):
    drawn = sample_kernel(kernel, shots, rng, symmetric=False)
    return (drawn + drawn.T) / 2


def smoothed_counts(kernel, shots, rng, *, symmetric):
    drawn = sample_kernel(kernel, shots, rng, symmetric=True)
    return (shots * drawn + 1) / (shots + 2)


def test_law():
    """False-alarm rate 1.3e-4: two scores within four sigma."""
    assert np.max(np.abs(bias_and_spread(estimates(sample_kernel)))) < 4


@pytest.mark.parametrize("mutant", [smoothed_counts, averaged_draws])
def test_the_law_can_fail(mutant):
    assert np.max(np.abs(bias_and_spread(estimates(mutant)))) > 4


def is_symmetric_with_unit_diagonal(drawn):
    same = np.array_equal(drawn, np.swapaxes(drawn, 1, 2))
    return same and np.all(np.diagonal(drawn, axis1=1, axis2=2) == 1)


def test_symmetry():
    assert is_symmetric_with_unit_diagonal(estimates(sample_kernel))
    assert not is_symmetric_with_unit_diagonal(estimates(asymmetric_draws))
    assert not is_symmetric_with_unit_diagonal(estimates(smoothed_counts))


def test_pairs_are_independent():
    """Correlations of neighbouring pairs, false-alarm rate 6e-5 by Fisher's z.

    The mutant, the same uniform number for a whole row, fails.
    """

    def correlation(drawn):
        scores = standard_scores(drawn)
        pairs = np.column_stack([scores[:, :-1].ravel(), scores[:, 1:].ravel()])
        return np.arctanh(np.corrcoef(pairs.T)[0, 1]) * np.sqrt(len(pairs) - 3)

    def one_number_a_row(kernel, shots, rng, *, symmetric):
        uniforms = rng.uniform(size=(len(kernel), 1, shots))
        return np.mean(uniforms < kernel[:, :, np.newaxis], axis=2)

    assert abs(correlation(estimates(sample_kernel))) < 4
    assert abs(correlation(estimates(one_number_a_row))) > 4


def test_probabilities_beyond_their_range_by_rounding():
    kernel = np.array([[1 + 1e-15, -1e-17], [1.0, 0.0]])
    drawn = sample_kernel(kernel, 7, np.random.default_rng(0), symmetric=False)
    np.testing.assert_array_equal(drawn, [[1, 0], [1, 0]])
    low = np.array([[1, 1 + 1e-6], [1 + 1e-6, 1]], dtype=np.float32)
    drawn = sample_kernel(low, 7, np.random.default_rng(0), symmetric=True)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, np.ones((2, 2)))


def test_the_argument_is_left_alone():
    kernel = KERNEL.copy()
    sample_kernel(kernel, 3, np.random.default_rng(0), symmetric=True)
    np.testing.assert_array_equal(kernel, KERNEL)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_kernels_of_other_rows(dtype):
    drawn = fidelity_kernel(X, X[:5], shots=SHOTS, random_state=3, dtype=dtype)
    assert drawn.dtype == dtype
    assert drawn.shape == (12, 5)
    again = fidelity_kernel(X, X[:5], shots=SHOTS, random_state=3, dtype=dtype)
    np.testing.assert_array_equal(again, drawn)
    # Rows are measured although they happen to be among X.
    assert not np.array_equal(drawn[:5], drawn[:5].T)
    value = fidelity_kernel(X[0], X[1], shots=SHOTS, random_state=3)
    assert isinstance(value, float)


def test_more_shots_come_closer():
    errors = [
        np.abs(fidelity_kernel(X, shots=shots, random_state=0) - KERNEL).max()
        for shots in (10, 10**5, 2**53)
    ]
    assert errors[0] > 10 * errors[1]
    assert errors[2] < 1e-6


def test_random_state_without_shots_is_not_touched():
    state = np.random.RandomState(0)
    fidelity_kernel(X, random_state=state)
    assert state.randint(1000) == np.random.RandomState(0).randint(1000)


@pytest.mark.parametrize(
    ("shots", "error"),
    [(0, ValueError), (-1, ValueError), (2**60, ValueError), (1.5, TypeError)],
)
def test_bad_shots(shots, error):
    with pytest.raises(error, match="shots"):
        fidelity_kernel(X, shots=shots)


def test_bad_shots_before_any_work():
    def fail(rows):
        raise AssertionError

    with pytest.raises(ValueError, match="shots"):
        fidelity_kernel(X, feature_map=fail, shots=0)


@pytest.mark.parametrize(
    ("n", "n_qubits", "shots"), [(40, 2, 100), (40, 4, 1000), (60, 3, 50), (1, 2, 10)]
)
def test_projection(n, n_qubits, shots):
    rows = np.random.default_rng(n).uniform(0, 2 * np.pi, (n, n_qubits))
    exact = fidelity_kernel(rows)
    estimate = fidelity_kernel(rows, shots=shots, random_state=0)
    projected, row_map = psd_projection(estimate)
    np.testing.assert_array_equal(projected, projected.T)
    assert np.linalg.eigvalsh(projected)[0] >= -1e-12 * n
    error, raw_error = (np.linalg.norm(k - exact) for k in (projected, estimate))
    assert error <= raw_error
    assert np.all(np.diag(projected) >= 1 - 1e-12 * n)
    np.testing.assert_allclose(estimate @ row_map, projected, rtol=0, atol=1e-12 * n)
    again, _ = psd_projection(projected)
    np.testing.assert_allclose(again, projected, rtol=0, atol=1e-12 * n)


def test_projection_is_the_nearest():
    """By the conditions of the projection on a cone: P >= 0, P - K >= 0, <P, P - K> = 0."""
    matrix = RNG.standard_normal((9, 9))
    symmetric = (matrix + matrix.T) / 2
    projected, row_map = psd_projection(matrix)
    rest = projected - symmetric
    assert np.linalg.eigvalsh(projected)[0] > -1e-13
    assert np.linalg.eigvalsh(rest)[0] > -1e-13
    assert abs(np.vdot(projected, rest)) < 1e-13 * np.vdot(matrix, matrix)
    np.testing.assert_allclose(symmetric @ row_map, projected, rtol=0, atol=1e-13)


def test_mutants_of_the_projection():
    """Eigenvalues of the estimate with independent draws, as it is, give no projection."""
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 2 * np.pi, (40, 4))
    exact = fidelity_kernel(rows)
    estimate = sample_kernel(exact, 1000, rng, symmetric=False)
    values, vectors = np.linalg.eig(estimate)
    mutant = np.real(vectors * np.maximum(values.real, 0) @ vectors.T)
    raw_error = np.linalg.norm(estimate - exact)
    assert np.linalg.norm(mutant - exact) > raw_error
    assert np.linalg.eigvalsh((mutant + mutant.T) / 2)[0] < -1e-12 * 40
    assert np.linalg.norm(psd_projection(estimate)[0] - exact) < raw_error


def test_rows_of_a_test_kernel_come_closer():
    """With the map their kernel fits the training kernel: joint rows stay a kernel.

    Rows that are training rows again, measured once, are mapped to training rows.
    """
    estimate = fidelity_kernel(X, shots=SHOTS, random_state=0)
    projected, row_map = psd_projection(estimate)
    np.testing.assert_allclose(estimate[:5] @ row_map, projected[:5], rtol=0, atol=1e-13)
    others = RNG.uniform(0, 2 * np.pi, (7, 2))
    mapped = fidelity_kernel(others, X, shots=SHOTS, random_state=1) @ row_map
    # In the range of the projected kernel, so that they are inner products with it.
    residual = mapped - mapped @ np.linalg.pinv(projected, rcond=1e-10) @ projected
    np.testing.assert_allclose(residual, 0, atol=1e-12)


def test_kernels_that_need_no_projection():
    kernel = fidelity_kernel(X, feature_map=ZZFeatureMap(reps=1))
    projected, _ = psd_projection(kernel)
    np.testing.assert_allclose(projected, kernel, rtol=0, atol=1e-13)
    for matrix, image in ((np.eye(3), np.eye(3)), (-np.eye(3), np.zeros((3, 3)))):
        for result in psd_projection(matrix):
            np.testing.assert_array_equal(result, image)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_scales_of_the_projection(scale):
    estimate = fidelity_kernel(X, shots=SHOTS, random_state=0)
    projected, row_map = psd_projection(estimate)
    scaled, same_map = psd_projection(estimate * scale)
    np.testing.assert_allclose(scaled / scale, projected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(same_map, row_map, rtol=0, atol=1e-12)


def test_float32_projection():
    estimate = fidelity_kernel(X, shots=SHOTS, random_state=0)
    for low, high in zip(
        psd_projection(estimate.astype(np.float32)), psd_projection(estimate), strict=True
    ):
        assert low.dtype == np.float32
        np.testing.assert_allclose(low, high, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.ones((3, 2)), r"kernel must be square.*\(3, 2\)"),
        (np.full((2, 2), np.nan), "kernel contains NaN"),
        (np.ones(3), "2D array"),
    ],
)
def test_what_is_no_kernel(kernel, message):
    with pytest.raises(ValueError, match=message):
        psd_projection(kernel)
