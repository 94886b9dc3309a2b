"""Slow and obviously right: the sums in extended precision, as the definitions read."""

import mpmath as mp
import numpy as np

KERNELS = ["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"]


def scaled_distances(X, Y, bandwidth, metric="euclidean"):
    """Distances of rows of X to rows of Y over the bandwidth, in long double."""
    h = np.broadcast_to(np.asarray(bandwidth, dtype=np.longdouble), X.shape[1])
    X, Y = X.astype(np.longdouble), Y.astype(np.longdouble)
    rows = []
    for x in X:
        t = np.abs(x - Y) / h
        if metric == "euclidean":
            rows.append(np.sqrt(np.sum(t * t, axis=1)))
        elif metric == "manhattan":
            rows.append(np.sum(t, axis=1))
        else:
            rows.append(np.max(t, axis=1))
    return np.array(rows)


def kernel_volume(kernel, d):
    """Integral of K(|z|) over R^d, in 50 digits."""
    with mp.workdps(50):
        sphere = 2 * mp.pi ** (mp.mpf(d) / 2) / mp.gamma(mp.mpf(d) / 2)
        radial = {
            "gaussian": lambda: 2 ** (mp.mpf(d) / 2 - 1) * mp.gamma(mp.mpf(d) / 2),
            "exponential": lambda: mp.gamma(d),
            "tophat": lambda: mp.mpf(1) / d,
            "epanechnikov": lambda: mp.mpf(1) / d - mp.mpf(1) / (d + 2),
            "linear": lambda: mp.mpf(1) / d - mp.mpf(1) / (d + 1),
            # The hypergeometric form of int r^(d-1) cos(pi r / 2) dr.
            "cosine": lambda: (
                mp.hyp1f2(mp.mpf(d) / 2, 0.5, mp.mpf(d) / 2 + 1, -((mp.pi / 4) ** 2)) / d
            ),
        }[kernel]()
        return sphere * radial


def log_density(X, Y, *, bandwidth, kernel="gaussian", metric="euclidean", weights=None):
    """Log-density of rows of X given the points Y, in long double."""
    r = scaled_distances(X, Y, bandwidth, metric)
    d = X.shape[1]
    w = np.ones(len(Y)) if weights is None else np.asarray(weights, dtype=np.float64)
    w = w.astype(np.longdouble) / np.sum(w.astype(np.longdouble))
    pi = np.longdouble(str(mp.mp.pi)) if mp.mp.dps >= 20 else np.longdouble(np.pi)
    with np.errstate(divide="ignore"):
        if kernel == "gaussian":
            log_k = -r * r / 2
        elif kernel == "exponential":
            log_k = -r
        else:
            inside = np.clip(1 - r, 0, None)
            k = {
                "tophat": (r < 1).astype(np.longdouble),
                "epanechnikov": inside * (1 + r),
                "linear": inside,
                "cosine": np.sin(pi / 2 * inside),
            }[kernel]
            log_k = np.log(k)
        log_k = log_k + np.log(w)
        highest = np.max(log_k, axis=1, keepdims=True)
        finite = np.where(np.isfinite(highest), highest, 0)
        log_sum = np.log(np.sum(np.exp(log_k - finite), axis=1)) + finite[:, 0]
    h = np.broadcast_to(np.asarray(bandwidth, dtype=np.float64), d)
    log_h = np.sum(np.log(h.astype(np.longdouble)))
    with mp.workdps(30):
        log_volume = np.longdouble(mp.nstr(mp.log(kernel_volume(kernel, d)), 25))
    return log_sum - log_h - log_volume


def assert_log_density(actual, expected, tolerance):
    """Error at most tolerance * max(1, |log p|); -inf where and only where it is right."""
    finite = np.isfinite(expected)
    assert np.array_equal(np.isneginf(actual), ~finite)
    error = np.abs(actual[finite] - expected[finite])
    allowed = tolerance * np.maximum(1, np.abs(expected[finite]))
    assert np.all(error <= allowed), float(np.max(error / allowed) * tolerance)
