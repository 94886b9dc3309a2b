"""RegimeDisplay shows what the estimator says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neighbors import KernelDensity as TreeKernelDensity

from sklearn_kernelx import KernelDensity, RegimeDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
X, UNSEEN = RNG.standard_normal((600, 15)), RNG.standard_normal((100, 15))


@pytest.fixture(autouse=True)
def close_figures():
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


def test_curves():
    kde = KernelDensity(bandwidth=0.9).fit(X)
    display = RegimeDisplay.from_estimator(kde, UNSEEN, bandwidths=[0.5, 0.9, 2.0])
    for i, h in enumerate([0.5, 0.9, 2.0]):
        scores = KernelDensity(bandwidth=h).fit(X).score_samples(UNSEEN)
        assert display.log_likelihood[i] == pytest.approx(np.mean(scores), rel=1e-10)
    assert np.all(np.diff(display.participation_ratio) < 0)
    assert display.h_G == pytest.approx(kde.bandwidth_condensation_, rel=1e-9)
    assert display.h_CLT == pytest.approx(kde.bandwidth_clt_, rel=1e-9)
    assert_allclose(display.line_.get_ydata(), display.log_likelihood)
    assert_allclose(display.line_participation_.get_ydata(), display.participation_ratio)


def test_defaults_and_axes():
    kde = KernelDensity(bandwidth="kl").fit(X)
    figure, ax = pyplot.subplots()
    display = RegimeDisplay.from_estimator(kde, X, ax=ax, linewidth=3)
    assert display.ax_ is ax and display.figure_ is figure
    assert display.line_.get_linewidth() == 3
    assert display.bandwidths[0] < display.h_KL < display.h_CLT < display.bandwidths[-1]
    # Training points do not see themselves: the best bandwidth is that of "kl".
    best = display.bandwidths[np.argmax(display.log_likelihood)]
    assert best == pytest.approx(kde.bandwidth_, rel=0.1)
    shown = {text.get_text() for text in ax.texts}
    assert shown == {"condensed", "heavy-tailed", "CLT"}


@pytest.mark.parametrize("kernel", ["exponential", "linear"])
def test_other_kernels_and_arrays(kernel):
    kde = KernelDensity(kernel=kernel, bandwidth=np.full(15, 2.0)).fit(X)
    display = RegimeDisplay.from_estimator(kde, UNSEEN, bandwidths=[1.0, 3.0])
    same = KernelDensity(kernel=kernel, bandwidth=6.0).fit(X).score_samples(UNSEEN)
    shift = 15 * np.log(2.0)  # densities are those of the points in bandwidths
    assert display.log_likelihood[1] == pytest.approx(np.mean(same) + shift, rel=1e-9)


@pytest.mark.parametrize("bandwidths", [[1.0, -1.0], [], [1.0], [1.0, np.inf]])
def test_bad_bandwidths(bandwidths):
    kde = KernelDensity().fit(X)
    with pytest.raises(ValueError, match="bandwidths must be"):
        RegimeDisplay.from_estimator(kde, UNSEEN, bandwidths=bandwidths)


def test_order_of_bandwidths_and_other_estimators():
    kde = KernelDensity().fit(X)
    display = RegimeDisplay.from_estimator(kde, UNSEEN, bandwidths=[2.0, 0.5, 1.0])
    assert list(display.bandwidths) == [0.5, 1.0, 2.0]
    with pytest.raises(TypeError, match=r"sklearn\.neighbors.*KernelDensity"):
        RegimeDisplay.from_estimator(TreeKernelDensity().fit(X), UNSEEN)
    with pytest.raises(AttributeError, match="Euclidean"):
        RegimeDisplay.from_estimator(KernelDensity(metric="l1").fit(X), UNSEEN)
