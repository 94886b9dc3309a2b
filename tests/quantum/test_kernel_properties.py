"""What holds for every quantum kernel, whatever the map and the rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import config_context

from sklearn_kernelx.quantum import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
    fidelity_kernel,
    projected_kernel,
    psd_projection,
)

ENTANGLEMENTS = st.sampled_from(["full", "linear", "circular", "none"])
REPS, BANDWIDTHS = st.integers(1, 3), st.floats(0.01, 2)
MAPS = st.one_of(
    st.builds(ZZFeatureMap, reps=REPS, entanglement=ENTANGLEMENTS, bandwidth=BANDWIDTHS),
    st.builds(ZFeatureMap, reps=REPS, bandwidth=BANDWIDTHS),
    st.builds(IQPFeatureMap, reps=REPS, entanglement=ENTANGLEMENTS),
    st.builds(PauliFeatureMap, st.just(("Z", "XY")), reps=REPS, bandwidth=BANDWIDTHS),
)
# Two to six qubits.
ROWS = st.tuples(st.integers(3, 9), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-10, 10))
)
KERNELS = st.sampled_from([fidelity_kernel, projected_kernel])


@settings(deadline=None, max_examples=50)
@given(X=ROWS, feature_map=MAPS, kernel=KERNELS)
def test_a_kernel(X, feature_map, kernel):
    K = kernel(X, feature_map=feature_map)
    # Squared distances of scikit-learn are symmetric up to rounding.
    np.testing.assert_allclose(K, K.T, rtol=0, atol=1e-15 * (kernel is projected_kernel))
    np.testing.assert_array_equal(np.diag(K), 1)
    assert np.all((K >= 0) & (K <= 1))
    assert np.linalg.eigvalsh(K)[0] > -1e-12 * len(K)


@settings(deadline=None, max_examples=50)
@given(X=ROWS, feature_map=MAPS, kernel=KERNELS)
def test_rows_are_independent_of_each_other(X, feature_map, kernel):
    """Up to rounding, which phases of hundreds make larger."""
    whole, close = kernel(X, feature_map=feature_map), {"rtol": 0, "atol": 1e-11}
    first, last = X[:-2], X[-2:]
    part = kernel(first, last, feature_map=feature_map)
    np.testing.assert_allclose(part, whole[:-2, -2:], **close)
    np.testing.assert_allclose(
        kernel(last, first, feature_map=feature_map), part.T, **close
    )
    order = np.arange(len(X))[::-1]
    moved = kernel(X[order], feature_map=feature_map)
    np.testing.assert_allclose(moved, whole[np.ix_(order, order)], **close)
    with config_context(working_memory=1e-4):
        np.testing.assert_allclose(kernel(X, feature_map=feature_map), whole, **close)


@settings(deadline=None, max_examples=50)
@given(X=ROWS, reps=REPS, entanglement=ENTANGLEMENTS)
def test_roads_agree(X, reps, entanglement):
    feature_map = ZZFeatureMap(reps, "linear" if entanglement == "full" else entanglement)
    by_states, along_the_chain = (
        fidelity_kernel(X, feature_map=feature_map, method=method)
        for method in ("statevector", "transfer")
    )
    np.testing.assert_allclose(along_the_chain, by_states, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(X=ROWS, reps=REPS)
def test_angles_have_a_period(X, reps):
    feature_map = ZFeatureMap(reps)
    turned = fidelity_kernel(X + np.pi, X, feature_map=feature_map)
    expected = fidelity_kernel(X, feature_map=feature_map)
    np.testing.assert_allclose(turned, expected, rtol=0, atol=1e-11)


@settings(deadline=None, max_examples=50)
@given(X=ROWS, shots=st.integers(1, 1000), seed=st.integers(0, 99))
def test_projections_of_shots(X, shots, seed):
    noisy = fidelity_kernel(X, shots=shots, random_state=seed)
    projected, row_map = psd_projection(noisy)
    exact = fidelity_kernel(X)
    assert np.linalg.eigvalsh(projected)[0] > -1e-12 * len(X)
    np.testing.assert_allclose(noisy @ row_map, projected, rtol=0, atol=1e-12)
    errors = [np.linalg.norm(kernel - exact) for kernel in (projected, noisy)]
    assert errors[0] <= errors[1] + 1e-12
