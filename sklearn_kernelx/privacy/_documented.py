"""Parts of docstrings that the private estimators share."""

SHARED = {
    "[epsilon]": """\
    epsilon : float or Fraction, default=1.0
        Privacy loss that a fit may cause, above 0: the smaller, the more private. Common
        are .1 to 5.

    delta : float or Fraction, default=None
        Probability by which the guarantee may be missed, at least 0 and below 1, and well
        below one over the number of records. None is 1e-6 with Gaussian noise, and 0 with
        ``mechanism="laplace"`` or ``"l2"``. With 0 the guarantee is pure and the noise
        larger. It never depends on `X`.""",
    "[bandwidth]": """\
    bandwidth : float, default=1.0
        Width h of the kernel. It must not be chosen by a look at the private data, so that
        names of rules are refused.""",
    "[bounds]": """\
    bounds : tuple (low, high), default=None
        Public bounds of the features, numbers or arrays of shape (n_features,). Records
        beyond are treated as `on_out_of_bounds` says.""",
    "[mechanism]": """\
    adjacency : {"add_remove", "replace_one"}, default="add_remove"
        What the guarantee hides: whether a record takes part, or what a record says. With
        "replace_one" the number of records is public, and noise is twice as large, or
        sqrt(2) times for histograms of one group with noise that goes by the l2 norm.

    features : {"auto", "rff", "grid", "nystroem"}, default="auto"
        What carries the kernel: random Fourier features, evenly spread; Nystroem features
        on a grid within `bounds`, for few features and the Gaussian or Cauchy kernel; or on
        `landmarks`. "auto" takes `landmarks` if they are given, else a grid if there are
        `bounds`, at most 3 features and `n_components` points suffice, else random
        features.

    n_components : int, default=2048
        Number of random features, two for each frequency, and limit on the points of a
        grid. More lower the error of approximation; Gaussian noise in an answer does not
        grow with them, pure noise does. The distance "l2" has half as many directions, but
        with ``delta=0`` at most 32.

    landmarks : array-like of shape (n_landmarks, n_features), default=None
        Public points for "nystroem". They must not come from the private data.

    mechanism : {"auto", "gaussian", "laplace", "l2"}, default="auto"
        Law of the noise: Gaussian for a positive `delta`; Laplace or one that depends on
        the Euclidean norm for ``delta=0``. "auto" takes what makes the smaller error.

    noise_source : {"native", "opendp"}, default="native"
        Who draws the noise: exact samplers of this package with bytes of the operating
        system, or the library OpenDP, which is slower and has no "l2".

    on_out_of_bounds : {"clip", "raise"}, default="clip"
        Whether records beyond `bounds` are moved to them, in silence as a warning would
        depend on the data, or are an error. Whether one is raised is not hidden. "raise"
        needs `bounds`.

    accountant : BudgetAccountant, default=None
        What every fit spends from, before it looks at `X`. A fit that fails later has
        spent as well, as its failure may depend on the data.

    feature_random_state : int, RandomState instance or None, default=0
        Draws the random features, which are public.

    random_state : int, RandomState instance or None, default=None
        None draws the noise from the operating system. With anything else the noise can be
        known and nothing is private: a :class:`PrivacyLeakWarning` tells so.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.""",
    "[fitted]": """\
    mechanism_ : {"gaussian", "laplace", "l2"}
        Law of the noise.

    noise_scale_ : float
        Its parameter, in units of an entry of `release_`: sigma for "gaussian"; b for
        "laplace", with density exp(-abs(z) / b) for an entry; s for "l2", with density
        exp(-norm(z) / s) for all entries together.

    sensitivity_ : float
        By how much a record changes `release_`: in the l1 norm for "laplace", else in
        the l2 norm, the rounding to multiples of `granularity_` included.

    granularity_ : float
        Entries of `release_` are multiples of it.

    privacy_spent_ : tuple (epsilon, delta, adjacency)
        Guarantee of this fit. Fits of the same data add up: see
        :class:`BudgetAccountant`.

    is_private_ : bool
        Whether that holds; False if the noise was seeded or something public was read
        from the data, of which a :class:`PrivacyLeakWarning` has told.

    features_ : {"rff", "nystroem", "histograms", "projections", "moments", "centroids"}
        What carries the kernel or distance.

    frequencies_ : ndarray of shape (n_components // 2, n_features) or None
        For "rff": entries of `release_` are sums of their cosines, then of their sines.

    landmarks_ : ndarray of shape (n_landmarks, n_features) or None
        For "nystroem".""",
    "[outside]": """\
    Outside of the guarantee are the time that things take, whether a fit raises an error
    (as for NaN), the number and names of columns, further fits of the same data, and
    whatever is done with the data elsewhere: a scaler or a bandwidth fitted on them, or a
    score on private test data.""",
    "[references]": """\
    .. [1] Backurs, A., Lin, Z., Mahabadi, S., Silwal, S. and Tarnawski, J. (2024).
       "Efficiently computing similarities to private datasets". ICLR, arXiv:2403.08917.
    .. [2] Balle, B. and Wang, Y.-X. (2018). "Improving the Gaussian mechanism for
       differential privacy". ICML, arXiv:1805.06530.
    .. [3] Canonne, C., Kamath, G. and Steinke, T. (2020). "The discrete Gaussian for
       differential privacy". NeurIPS, arXiv:2004.00010.""",
}
