"""stub"""

import numpy as np


def frequencies(kernel, n_frequencies, n_features, bandwidth, generator):
    shape = (n_frequencies, n_features)
    g = generator.standard_normal(shape)
    if kernel == "gaussian":
        w = g
    elif kernel == "laplacian":
        w = generator.standard_cauchy(shape)
    elif kernel == "exponential_l2":
        w = g / abs(generator.standard_normal((n_frequencies, 1)))
    else:
        T = generator.exponential(size=(n_frequencies, 1))
        if kernel == "cauchy":
            w = np.sqrt(2 * T) * g
        elif kernel == "rational":
            w = T * g / abs(generator.standard_normal((n_frequencies, 1)))
        else:
            w = T * generator.standard_cauchy(shape)
    return w / bandwidth
