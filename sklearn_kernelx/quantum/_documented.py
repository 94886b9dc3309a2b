"""Parts of docstrings that estimators on quantum kernels share."""

SHARED = {
    "[feature map]": """\
    feature_map : {"zz", "z", "pauli", "iqp"}, FeatureMap or callable, default="zz"
        What prepares the quantum states of rows: a name, such as "zz" for
        :class:`ZZFeatureMap`; a feature map with its own parameters; or a function that
        returns state vectors, as for :func:`fidelity_kernel`. The first two
        have a qubit for each feature; "pauli" leaves out the string "ZZ" if there is only
        one. A function has no `bandwidth`: scale its features in a step before.

    reps : int, default=None
        Number of blocks of a feature map given by name; None is 2.

    entanglement : {"full", "linear", "circular", "none"} or list of pairs, default=None
        Pairs of qubits with a gate in a feature map given by name that has such gates; None
        is "linear", which works for any number of features. See :class:`ZZFeatureMap`.""",
    "    [bandwidth]": """\
        Factor of the features in a feature map given by name, above 0. None is
        ``1 / sqrt(n_features)``, and a fifth of it for "zz" and "pauli", whose phases of
        pairs are steeper: for features of standard deviation 1 and linear entanglement.
        Full entanglement takes less.""",
    "[method]": """\
    method : {"auto", "statevector", "transfer"}, default="auto"
        How the fidelity kernel is computed, see :func:`fidelity_kernel`.

    max_qubits : int, default=20
        State vectors of more qubits are refused. Those that "transfer" does without do not
        count.

    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of the kernel and of the arithmetic on states. What `X` is does not matter.""",
    "[n_jobs]": """\
    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.""",
    "[fitted]": """\
    feature_map_ : FeatureMap, callable or None
        The feature map with all its parameters; the function given, if it is one.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, when all are strings.""",
    "[references]": """\
    .. [1] Havlicek, V. et al. (2019). Supervised learning with quantum-enhanced feature
       spaces. Nature 567, 209-212. arXiv:1804.11326.

    .. [2] Huang, H.-Y. et al. (2021). Power of data in quantum machine learning. Nature
       Communications 12, 2631. arXiv:2011.01938.

    .. [3] Shaydulin, R. and Wild, S. M. (2022). Importance of kernel bandwidth in quantum
       machine learning. Physical Review A 106, 042407. arXiv:2111.05451.""",
}
