"""What a record may add to a release, searched for the worst one."""

import numpy as np

BITS = 30
HOSTILE = [0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e308, -1e308, np.pi, 1e16]


def hostile_records(low, high, generator, n_random=50):
    """Corners of a box, points inside, on and far outside it, and odd floats."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    d = len(low)
    corners = np.where(generator.integers(2, size=(n_random, d)) == 1, high, low)
    inside = (
        low / 2 + high / 2 + (high / 2 - low / 2) * generator.uniform(-1, 1, (n_random, d))
    )
    odd = generator.choice(HOSTILE, (n_random, d))
    constant = np.repeat(np.array(HOSTILE)[:, None], d, axis=1)
    outside = 2 * inside + low
    far = np.sign(inside) * np.minimum(np.abs(inside), 1e278) * 1e30
    parts = [[low, high], corners, inside, odd, constant, outside, far]
    return np.clip(np.concatenate(parts), -1e308, 1e308)


def integers_of(summary, X, bits=BITS):
    """The integers of every record on its own."""
    X = np.ascontiguousarray(X, np.float64)
    return np.array([summary.integer_sum(X[i : i + 1], bits, 1) for i in range(len(X))])


def climbed(summary, X, generator, n_steps=30, bits=BITS):
    """Records moved at random while the norms of their integers grow."""
    X = np.array(X)
    spread = np.maximum(np.abs(X), 1e-3)
    best = _size(integers_of(summary, X, bits))
    for _ in range(n_steps):
        with np.errstate(over="ignore"):
            moved = X + spread * generator.standard_normal(X.shape)
        moved = np.clip(moved, -1e308, 1e308)
        size = _size(integers_of(summary, moved, bits))
        better = size > best
        X[better], best[better] = moved[better], size[better]
    return X


def assert_within_sensitivity(summary, X, bits=BITS):
    """Fail if the integers of a record exceed what the summary says of all of them."""
    for q in integers_of(summary, X, bits).tolist():
        assert sum(abs(e) for e in q) <= summary.l1(bits)
        assert sum(e * e for e in q) <= summary.l2_squared(bits)


def assert_additive(summary, X, n_threads=(1, 2, 3), bits=BITS):
    """Fail if what a record adds depends on the other ones or on the threads."""
    X = np.ascontiguousarray(X, np.float64)
    expected = integers_of(summary, X, bits).sum(axis=0)
    for n in n_threads:
        np.testing.assert_array_equal(summary.integer_sum(X, bits, n), expected)
    none = summary.integer_sum(X[:0], bits, 1)
    np.testing.assert_array_equal(none, np.zeros(summary.n_entries, np.int64))


def released(summary, X, bits=BITS):
    """The release without noise."""
    return summary.integer_sum(np.ascontiguousarray(X, np.float64), bits, 1) * 2.0**-bits


def weights_of(summary, Y, n_samples=None):
    """How sums of queries and the count depend on every entry of a release."""
    unit = np.eye(summary.n_entries)
    prepared = np.array([summary.prepared(e, n_samples) for e in unit])
    return summary.sums(Y, prepared, 1).T, np.array([summary.count(e) for e in unit])


def answers_of(summary, release, Y, n_samples=None):
    """Sums of one group."""
    return summary.sums(Y, summary.prepared(release, n_samples)[None], 1)[:, 0]


def _size(q):
    q = q.astype(float)
    return np.abs(q).sum(axis=1) + np.sqrt((q * q).sum(axis=1))
