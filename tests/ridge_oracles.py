"""Ridge regressions of all rows at once."""

import numpy as np


def joint_ridge(features, targets, alpha, weights=None, fit_intercept=True):
    """Coefficients (n_targets, n_features) and intercepts in float64, by plain NumPy."""
    features = np.asarray(features, dtype=np.float64)
    weights = np.ones(len(features)) if weights is None else np.asarray(weights)
    mean = weights @ features / weights.sum() if fit_intercept else 0.0
    centred = features - mean
    weighted = weights[:, np.newaxis] * centred
    gram = centred.T @ weighted + alpha * np.eye(features.shape[1])
    coef = np.linalg.solve(gram, weighted.T @ targets).T
    if not fit_intercept:
        return coef, np.zeros(targets.shape[1])
    return coef, weights @ targets / weights.sum() - coef @ mean


def precise_ridge(features, targets, alpha, weights=None, fit_intercept=True):
    """The same in extended precision, for few features: the intercept as a feature."""
    design = np.asarray(features, dtype=np.longdouble)
    penalty = np.full(design.shape[1], alpha, dtype=np.longdouble)
    if fit_intercept:
        design = np.hstack([design, np.ones((len(design), 1))])
        penalty = np.append(penalty, 0)
    weights = np.ones(len(design)) if weights is None else weights
    weighted = design * np.asarray(weights, dtype=np.longdouble)[:, np.newaxis]
    solution = _solved(weighted.T @ design + np.diag(penalty), weighted.T @ targets)
    if not fit_intercept:
        return solution.T, np.zeros(targets.shape[1])
    return solution[:-1].T, solution[-1]


def _solved(matrix, sides):
    """Gauss-Jordan elimination with pivots from the diagonal."""
    matrix, sides = matrix.copy(), sides.astype(np.longdouble)
    for k in range(len(matrix)):
        sides[k] /= matrix[k, k]
        matrix[k] /= matrix[k, k]
        for i in np.delete(np.arange(len(matrix)), k):
            sides[i] -= matrix[i, k] * sides[k]
            matrix[i] -= matrix[i, k] * matrix[k]
    return sides


def relative_error(found, expected):
    """Largest error of an entry, in parts of the largest entry."""
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


def indicators(labels, classes=None):
    """One-hot columns of labels."""
    classes = np.unique(labels) if classes is None else np.asarray(classes)
    return (np.asarray(labels)[:, np.newaxis] == classes).astype(float)


def random_splits(n_rows, n_batches, rng):
    """Shuffled rows in batches of any sizes, at least one row each."""
    edges = np.sort(rng.choice(np.arange(1, n_rows), n_batches - 1, replace=False))
    return np.split(rng.permutation(n_rows), edges)
