"""Sums over rows from which ridge regressions are solved: together, or class by class."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.incremental._moments import (
    SURELY_SUMMABLE,
    Moments,
    add_rows,
    check_finite,
    check_merge,
    combine_classes,
    empty_moments,
    insert_targets,
    merge_moments,
)
from sklearn_kernelx.incremental._packed import packed_size

# What is left of a weight below this part of it is rounding of sums over many batches.
ROUNDING = 1e-11


class JointSums(NamedTuple):
    """Sums over all rows."""

    moments: Moments

    @property
    def weight(self) -> float:
        """Return the sum of the weights of all rows."""
        return self.moments.weight

    def empty(self) -> "JointSums":
        """Return sums over no rows, otherwise alike."""
        n_targets, n_features = self.moments.cross.shape
        return JointSums(empty_moments(n_features, n_targets, self.moments.centred))

    def add(
        self,
        features: NDArray,
        targets: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        exposed: NDArray[np.intp] | None,
        n_threads: int,
    ) -> tuple["JointSums", NDArray[np.float64] | None]:
        """Add rows, in place as far as arrays go, and return what `add_rows` does."""
        moments, rows = add_rows(
            self.moments, features, targets, weights, exposed, n_threads=n_threads
        )
        return JointSums(moments), rows

    def merge(self, other: "JointSums", sign: int, n_threads: int) -> "JointSums":
        """Add the rows of other sums, or take them out, in place as far as arrays go."""
        return JointSums(merge_moments(self.moments, other.moments, sign, n_threads))

    def insert(self, places: NDArray[np.intp], n_targets: int) -> "JointSums":
        """Return sums for more targets, the old ones at `places`."""
        return JointSums(insert_targets(self.moments, places, n_targets))

    def clear(self, k: int) -> "JointSums":
        """Return sums without what rounding has left of a class that has no rows."""
        kept = self.remove(k)
        places = np.delete(np.arange(len(self.moments.target_mean)), k)
        return kept.insert(places, len(places) + 1)

    def remove(self, k: int) -> "JointSums":
        """Return sums without the target k."""
        moments = self.moments
        return JointSums(
            moments._replace(
                target_mean=np.delete(moments.target_mean, k),
                cross=np.delete(moments.cross, k, axis=0),
                target_scatter=np.delete(moments.target_scatter, k),
                target_past=np.delete(moments.target_past, k),
            )
        )

    def joint(self, n_threads: int) -> Moments:
        """Return the sums over all rows."""
        return self.moments


class ClassSums(NamedTuple):
    """Sums over the rows of each class, which are given equal weight when solving.

    They take a Gram matrix each: None stands for a class without rows.
    """

    groups: tuple[Moments | None, ...]
    n_features: int
    centred: bool

    @property
    def weight(self) -> float:
        """Return the sum of the weights of all rows."""
        return float(sum(group.weight for group in self.groups if group is not None))

    def empty(self) -> "ClassSums":
        """Return sums over no rows, otherwise alike."""
        return self._replace(groups=(None,) * len(self.groups))

    def add(
        self,
        features: NDArray,
        targets: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        exposed: NDArray[np.intp],
        n_threads: int,
    ) -> tuple["ClassSums", None]:
        """Add rows, in place as far as arrays go; what is solved changes as a whole."""
        _refuse_huge(features, weights)
        groups = self._with_groups(exposed)
        for indicator, k in zip(targets.T, exposed, strict=True):
            members = np.flatnonzero(indicator)
            groups[k], _ = add_rows(
                groups[k],
                features[members],
                np.empty((len(members), 0)),
                None if weights is None else weights[members],
                n_threads=n_threads,
            )
        return self._replace(groups=tuple(groups)), None

    def merge(self, other: "ClassSums", sign: int, n_threads: int) -> "ClassSums":
        """Add the rows of other sums, or take them out, in place as far as arrays go."""
        present = [k for k, group in enumerate(other.groups) if group is not None]
        groups = self._with_groups(present)
        for k in present:
            check_merge(groups[k], other.groups[k], sign)
        for k in present:
            groups[k] = merge_moments(groups[k], other.groups[k], sign, n_threads)
        return self._replace(groups=tuple(groups))

    def _with_groups(self, present: NDArray[np.intp] | list[int]) -> list[Moments | None]:
        groups = list(self.groups)
        for k in present:
            if groups[k] is None:
                groups[k] = empty_moments(self.n_features, 0)
        return groups

    def insert(self, places: NDArray[np.intp], n_targets: int) -> "ClassSums":
        """Return sums for more classes, the old ones at `places`."""
        groups: list[Moments | None] = [None] * n_targets
        for place, group in zip(places, self.groups, strict=True):
            groups[place] = group
        return self._replace(groups=tuple(groups))

    def clear(self, k: int) -> "ClassSums":
        """Return sums without what rounding has left of a class that has no rows."""
        return self._replace(groups=(*self.groups[:k], None, *self.groups[k + 1 :]))

    def remove(self, k: int) -> "ClassSums":
        """Return sums without the class k."""
        return self._replace(groups=self.groups[:k] + self.groups[k + 1 :])

    def joint(self, n_threads: int) -> Moments:
        """Return the sums over all rows with weights W / (c W_k) for rows of class k.

        W_k is the weight of a class, W that of all, c the number of classes with rows.
        """
        present = [k for k, group in enumerate(self.groups) if group is not None]
        if not present:
            return empty_moments(self.n_features, len(self.groups), self.centred)
        groups = [self.groups[k] for k in present]
        share = self.weight / len(present)
        factors = [share / group.weight for group in groups]
        moments = combine_classes(groups, np.array(factors), self.centred, n_threads)
        return insert_targets(moments, np.array(present), len(self.groups))

    def n_present_with(self, exposed: NDArray[np.intp]) -> int:
        """Return how many classes have rows, once some have come."""
        present = {k for k, group in enumerate(self.groups) if group is not None}
        return len(present | set(exposed.tolist()))


def check_memory(n_grams: int, n_features: int, max_memory: float) -> None:
    """Refuse Gram matrices that take more than `max_memory` MiB."""
    needed = n_grams * packed_size(n_features) * 8 / 2**20
    if needed > max_memory:
        raise ValueError(
            "class_weight='balanced' keeps a Gram matrix for each class: those of "
            f"{n_grams} classes and {n_features} features take {needed:.1f} MiB, more than "
            f"max_memory={max_memory}. Lower n_components, give class_weight as a dict, "
            "which needs one Gram matrix for all classes, or raise max_memory"
        )


def _refuse_huge(features: NDArray, weights: NDArray[np.float64] | None) -> None:
    """Raise before any class has changed where sums of a later one could overflow."""
    largest = max(float(features.max()), -float(features.min()))
    if weights is not None:
        largest *= float(np.sqrt(weights.max()))
    check_finite(largest)
    if largest > SURELY_SUMMABLE:
        raise ValueError("squares of the features of X overflow: scale X or its weights")
