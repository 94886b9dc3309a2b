"""Rotations about Pauli strings, and the slopes of a cost by their angles."""

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython import _pauli_rotations


def rotate(
    states: NDArray,
    x_masks: NDArray[np.int64],
    z_masks: NDArray[np.int64],
    angles: NDArray[np.float64],
    num_threads: int,
) -> None:
    """Apply the gates exp(-i angle P) to states, in place.

    Parameters
    ----------
    states : ndarray of shape (n_samples, 2, n_amplitudes)
        Real, then imaginary parts; float64 or float32. At least 2 amplitudes.
    x_masks, z_masks : ndarray of shape (n_strings,)
        The string P has X on qubits whose bit is set in its x_mask alone, Z where one is
        set in its z_mask alone, Y where both are.
    angles : ndarray of shape (n_samples, n_strings) or (1, n_strings)
        In the order of the gates; one row is for all samples.
    num_threads : int
    """
    if len(x_masks) and len(states):
        _pauli_rotations.rotate(
            states,
            x_masks,
            z_masks,
            np.cos(angles, order="C"),
            np.sin(angles, order="C"),
            num_threads,
        )


def slopes_of_angles(
    states: NDArray,
    costates: NDArray,
    x_masks: NDArray[np.int64],
    z_masks: NDArray[np.int64],
    angles: NDArray[np.float64],
    num_threads: int,
) -> NDArray[np.float64]:
    """Differentiate a cost of rotated states by the angles of the rotations.

    Adjoint differentiation (Jones and Gacon, arXiv:2009.02823): one walk back through the
    circuit serves all angles.

    Parameters
    ----------
    states, costates : ndarray of shape (n_samples, 2, n_amplitudes)
        The rotated states, and half the slopes of the cost by their real and imaginary
        parts. Both are overwritten: `states` by those before the rotations.
    x_masks, z_masks, angles, num_threads :
        As for :func:`rotate`, with angles of shape (1, n_strings).

    Returns
    -------
    slopes : ndarray of shape (n_strings,)
        The same bits for any number of threads.
    """
    n_blocks = -(-len(states) // _pauli_rotations.SAMPLES_PER_BLOCK)
    slopes = np.zeros((n_blocks, len(x_masks)))
    if slopes.size:
        _pauli_rotations.walk_back(
            states,
            costates,
            x_masks,
            z_masks,
            np.cos(angles),
            np.sin(angles),
            slopes,
            num_threads,
        )
    return slopes.sum(axis=0)
