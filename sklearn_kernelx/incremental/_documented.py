"""Parts of docstrings that the classifier and the regressor share."""

SHARED = {
    "[map]": """\
    n_components : int, default=1000
        Number of random features D, at least 1. Not used by ``activation="identity"``, with
        `centers` or with `feature_map`.

    activation : {"relu", "tanh", "cos", "gaussian", "identity"}, default="relu"
        What makes a feature of the projection z of a row on a random direction:
        ``max(z + b, 0)`` or ``tanh(z + b)`` with a random offset b, or ``cos(z + b)`` with
        a random phase b (random Fourier features). "gaussian" has the features
        ``exp(-gamma |x - center|^2)`` instead, and "identity" the columns of `X`
        themselves. Not used with `feature_map`.""",
    "[alpha]": """\
    alpha : float, default=0.1
        Ridge penalty, at least 0. It can be changed at any time:
        ``set_params(alpha=...)`` counts from the next prediction on, without a new fit. At
        0, and where it is so small that the equations are singular to rounding, the
        solution of least norm is taken.

    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised. The first batch fixes it.""",
    "[dtype]": """\
    dtype : {"float32", "float64"} or dtype, default=None
        Type of the features and of what is predicted. None takes float32 if the first
        batch is float32, or a `feature_map` makes float32 of it, else float64. Sums are in
        float64 always.

    random_state : int, RandomState instance or None, default=None
        Draws the random features. Estimators to be merged need the same int.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.

    feature_map : transformer, default=None
        Makes the features instead. If it is fitted, it is used as it is; else a clone is
        fitted on the first batch. That is right for those that learn nothing but the number
        of columns, such as :class:`~sklearn.kernel_approximation.RBFSampler` with an int as
        `random_state`. Fit others, such as
        :class:`~sklearn.preprocessing.StandardScaler`, beforehand, and wrap them in
        :class:`~sklearn.frozen.FrozenEstimator`, which keeps them fitted where estimators
        are cloned.

    gamma : float, default=None
        Inverse squared width: entries of random directions have the variance 2 gamma, as in
        RBFSampler, and so have the offsets of "relu" and "tanh". None is
        ``1 / n_features``, whatever the data.

    centers : array-like of shape (n_components, n_features), default=None
        Centers for "gaussian". None draws them from the standard normal law.

    projection : {"orthogonal", "gaussian"}, default="orthogonal"
        Whether random directions are orthogonal in blocks of `n_features`, which spreads
        them more evenly and takes a QR factorisation, or independent.""",
    "[fitted]": """\
    n_samples_seen_ : int
        Number of rows with a positive weight, over all calls, less those forgotten.

    feature_map_ : transformer or None
        The fitted `feature_map`.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, when all are strings.""",
    "[sums]": """\
    The state is a sum over rows: the weight, the means, and the Gram matrix and the
    cross-covariance with the targets, both about the means, which are moved as rows come
    in. It takes D (D + 1) / 2 numbers for the Gram matrix, whatever the number of rows. So
    the order and the size of batches change nothing but rounding, and rows can be added,
    merged and taken out again. `coef_` and `intercept_` are solved for when they are asked
    for, by a Cholesky factorisation: once for each change and not for each batch. If only
    a few rows have come since, the factor of before is updated.

    Sums over rows are not anonymous. They can reveal rows, above all if there are few.

    No feature may depend on what the first batches look like: with features fitted to
    them, one batch after the other would not give what all rows at once give. So random
    features depend on `random_state` and the number of columns only. It is for the user to
    scale `X` by constants, so that columns are of order 1.""",
}
