"""The solution for sums that grow, found when it is asked for."""

from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.incremental._moments import Moments
from sklearn_kernelx.incremental._packed import cheaper_to_update, update_cholesky
from sklearn_kernelx.incremental._ridge import (
    Solution,
    factorise,
    solve,
    solve_by_spectrum,
    spectrum,
)


class LazySolution:
    """Keeps a solution, and the factor it came from as long as rows can be added to it.

    Whoever changes the sums says so. The lock lets several threads predict.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.drop()

    def drop(self) -> None:
        """Forget all: the sums have changed by other than a few rows."""
        self._solution: Solution | None = None
        self._factor: NDArray[np.float64] | None = None
        self._pending: list[NDArray[np.float64]] = []
        self._alpha: float | None = None

    def add(self, rows: NDArray[np.float64] | None) -> None:
        """Take note of rows by whose Gram matrix the scatter has grown; None: unknown."""
        self._solution = None
        if rows is None or self._factor is None:
            self.drop()
            return
        if len(rows) == 0:
            return
        n_pending = len(rows) + sum(map(len, self._pending))
        if cheaper_to_update(n_pending, rows.shape[1]):
            self._pending.append(rows)
        else:
            self.drop()

    def of(
        self, joint_sums: Callable[[], Moments], alpha: float, n_threads: int
    ) -> Solution:
        """Return the solution for sums, which are those that this object was told of.

        Parameters
        ----------
        joint_sums : callable
            Returns the sums.
        alpha : float
            The penalty.
        n_threads : int
            How many threads to use.

        Returns
        -------
        solution : Solution
            Its arrays are read-only.
        """
        with self._lock:
            if self._alpha != alpha:
                self.drop()
            if self._solution is None:
                try:
                    self._solution = self._solve(joint_sums(), alpha, n_threads)
                except BaseException:
                    self.drop()
                    raise
                self._alpha = alpha
                # Users get these very arrays.
                self._solution.coef.flags.writeable = False
                self._solution.intercept.flags.writeable = False
            return self._solution

    def _solve(self, moments: Moments, alpha: float, n_threads: int) -> Solution:
        try:
            if self._factor is None:
                self._factor = factorise(moments, alpha, n_threads)
        except np.linalg.LinAlgError:
            return solve_by_spectrum(spectrum(moments), moments, alpha)
        for rows in self._pending:
            update_cholesky(self._factor, rows, n_threads)
        self._pending = []
        return solve(moments, alpha, self._factor)
