"""Densities and classes against their peers without privacy."""

import numpy as np
import pytest
from privacy_oracles import (
    assert_additive,
    assert_within_sensitivity,
    climbed,
    hostile_records,
)
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_kernelx.privacy import (
    PrivacyLeakWarning,
    PrivacyUtilityDisplay,
    PrivateKernelClassifier,
    PrivateKernelDensity,
    PrivateSimilarity,
    _answers,
)
from sklearn_kernelx.privacy._centroids import Centroids

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(500, 2))


@pytest.mark.parametrize(
    ("kernel", "peer"), [("gaussian", "gaussian"), ("exponential_l2", "exponential")]
)
def test_density_without_noise_is_that_of_scikit_learn(kernel, peer):
    private = PrivateKernelDensity(
        epsilon=1e6, kernel=kernel, bandwidth=0.5, n_components=20_000
    ).fit(X)
    known = KernelDensity(kernel=peer, bandwidth=0.5).fit(X)
    np.testing.assert_allclose(private.score_samples(X), known.score_samples(X), atol=0.1)
    score = np.sum(private.score_samples(X))
    np.testing.assert_allclose(private.score(X), score)


def test_laplacian_density_is_normalised():
    line = X[:, :1]
    private = PrivateKernelDensity(
        epsilon=1e6, kernel="laplacian", bandwidth=0.3, n_components=2**15
    ).fit(line)
    where = np.linspace(-3, 4, 2001)[:, np.newaxis]
    total = np.sum(np.exp(private.score_samples(where))) * 7 / 2000
    assert abs(total - 1) < 0.05


def test_a_grid_is_far_closer_than_random_features():
    known = np.exp(KernelDensity(bandwidth=0.3).fit(X).score_samples(X))
    grid = PrivateKernelDensity(epsilon=1e6, bandwidth=0.3, bounds=(0, 1)).fit(X)
    assert np.max(abs(np.exp(grid.score_samples(X)) / known - 1)) < 1e-3


def test_density_has_a_floor():
    private = PrivateKernelDensity(epsilon=1.0, bandwidth=0.1).fit(X)
    far = private.score_samples(100 + X)
    at_floor = np.log(private.noise_deviation_ / private.n_samples_noisy_)
    at_floor -= np.log(2 * np.pi * 0.01)
    assert np.all(np.isfinite(far))
    np.testing.assert_allclose(np.min(far), at_floor)


def digits():
    rows, labels = load_digits(return_X_y=True)
    return rows[:1400], labels[:1400], rows[1400:], labels[1400:]


def test_classes_without_noise_are_those_of_the_exact_means():
    known, labels, rows, _ = digits()
    private = PrivateKernelClassifier(
        epsilon=1e6, bandwidth=18.0, n_components=16_384, classes=range(10)
    ).fit(known, labels)
    similar = np.exp(-cdist(rows, known, "sqeuclidean") / (2 * 18.0**2))
    means = np.stack([similar[:, labels == c].mean(axis=1) for c in range(10)], axis=1)
    np.testing.assert_allclose(private.decision_function(rows), means, atol=0.03)
    assert np.mean(private.predict(rows) == np.argmax(means, axis=1)) > 0.97


def test_mean_distances_classify():
    known, labels, rows, truth = digits()
    for kernel in ("sqeuclidean", "l1", "l2"):
        private = PrivateKernelClassifier(
            kernel=kernel, epsilon=1e5, bounds=(0, 16), classes=range(10), n_components=256
        ).fit(known, labels)
        assert private.score(rows, truth) > 0.75
        assert np.all(private.decision_function(rows) < 0)


def test_squared_distances_are_those_to_class_means():
    known, labels, rows, truth = digits()
    parameters = {"kernel": "sqeuclidean", "bounds": (0, 16), "classes": range(10)}
    private = PrivateKernelClassifier(epsilon=1e5, **parameters).fit(known, labels)
    means = np.stack([known[labels == c].mean(axis=0) for c in range(10)])
    distances = cdist(rows, means, "sqeuclidean")
    np.testing.assert_allclose(private.decision_function(rows), -distances, rtol=0.01)
    accuracies = [
        PrivateKernelClassifier(epsilon=1.0, delta=1e-5, **parameters)
        .fit(known, labels)
        .score(rows, truth)
        for _ in range(5)
    ]
    assert np.mean(accuracies) > 0.7


def test_noise_does_not_bias_squared_distances():
    """The mutant has the squared norm of the noise in the distance."""
    rows = RNG.uniform(size=(400, 20))
    exact = np.sum((rows[0] - rows.mean(axis=0)) ** 2)
    summary = Centroids(np.zeros(20), np.ones(20), 0.3)
    truth = summary.integer_sum(rows, 30, 1) * 2.0**-30
    noise = 10 * RNG.standard_normal((2000, summary.n_entries))
    noise[:, -1] = 0
    both = []
    for deviation in (10.0, 0.0):
        prepared = np.stack([summary.prepared(truth + z, None, deviation) for z in noise])
        both.append(np.mean(summary.sums(rows[:1], prepared)) / 400)
    assert abs(both[0] / exact - 1) < 0.02
    assert abs(both[1] / exact - 1) > 0.02


def test_centroids_stay_within_their_sensitivity():
    low, high = np.array([-1.0, 0.0, 2.0]), np.array([2.0, 5e-4, 2.0])
    records = hostile_records(low, high, RNG)
    summary = Centroids(low, high, 0.3)
    assert_within_sensitivity(
        summary, np.concatenate([records, climbed(summary, records, RNG, 3)])
    )
    assert_additive(summary, records)


def test_digits_at_epsilon_one():
    known, labels, rows, truth = digits()
    private = PrivateKernelClassifier(
        epsilon=1.0, delta=1e-5, bandwidth=18.0, n_components=4096, classes=range(10)
    )
    assert private.fit(known, labels).score(rows, truth) > 0.7


def test_labels_read_from_the_data_are_warned_of():
    labels = np.where(X[:, 0] > 0.5, "right", "left")
    with pytest.warns(PrivacyLeakWarning, match="classes"):
        leaky = PrivateKernelClassifier().fit(X, labels)
    assert not leaky.is_private_
    private = PrivateKernelClassifier(classes=["right", "left", "none"], epsilon=10)
    private.fit(X, labels)
    assert private.is_private_
    assert private.classes_.tolist() == ["left", "none", "right"]
    assert private.decision_function(X).shape == (500, 3)
    assert leaky.decision_function(X).shape == (500,)
    agreement = leaky.predict(X) == leaky.classes_[(leaky.decision_function(X) > 0) * 1]
    assert np.all(agreement)


def test_unknown_labels_are_refused_without_being_named():
    with pytest.raises(ValueError, match="not in classes") as caught:
        PrivateKernelClassifier(classes=[0, 1]).fit(X, np.full(500, 31415))
    assert "31415" not in str(caught.value)


def test_priors_weigh_the_classes():
    labels = (np.arange(500) % 5 == 0) * 1
    parameters = {"classes": [0, 1], "epsilon": 1e6, "bandwidth": 10.0}
    uniform = PrivateKernelClassifier(**parameters).fit(X, labels)
    counted = PrivateKernelClassifier(class_prior="counts", **parameters).fit(X, labels)
    given = PrivateKernelClassifier(class_prior=[1, 3], **parameters).fit(X, labels)
    assert abs(uniform.decision_function(X)).max() < 0.05
    assert np.all(counted.predict(X) == 0)
    assert np.all(given.predict(X) == 1)
    np.testing.assert_allclose(counted.class_count_noisy_, [400, 100], atol=1)
    for prior, name in (([1, 2, 3], "class_prior"), ([1, -1], "class_prior")):
        with pytest.raises(ValueError, match=name):
            PrivateKernelClassifier(class_prior=prior, **parameters).fit(X, labels)
    with pytest.raises(ValueError, match="class_prior"):
        PrivateKernelClassifier(
            kernel="sqeuclidean", class_prior="counts", bounds=(0, 1)
        ).fit(X, labels)


def test_no_record_is_in_two_classes():
    labels = np.array([2**60, 2**60 + 1, 2**60 + 2])
    classifier = PrivateKernelClassifier(classes=labels, epsilon=1e5)
    with pytest.raises(ValueError, match="type"):
        classifier.fit(X, RNG.choice(labels, 500).astype(float))
    classifier.fit(X, np.repeat(labels, [100, 150, 250]))
    np.testing.assert_allclose(classifier.class_count_noisy_, [100, 150, 250], atol=1)


@pytest.mark.filterwarnings("ignore::sklearn_kernelx.privacy.PrivacyLeakWarning")
@pytest.mark.parametrize("kernel", ["gaussian", "sqeuclidean", "l1", "l2"])
def test_noise_alone_does_not_win(kernel, monkeypatch):
    known, labels, rows, _ = digits()
    classifier = PrivateKernelClassifier(
        kernel=kernel, epsilon=2.0, delta=1e-5, bandwidth=20.0, bounds=(0, 16)
    )
    classifier.set_params(n_components=128, classes=range(11))

    def share_of_the_empty_class():
        return np.mean(
            [
                classifier.set_params(random_state=i).fit(known, labels).predict(rows) == 10
                for i in range(8)
            ]
        )

    assert share_of_the_empty_class() < 0.05
    monkeypatch.setattr(_answers, "_MIN_DEVIATIONS", -100)  # the mutant
    assert share_of_the_empty_class() > 0.05


def test_priors_are_not_turned_around():
    labels = (np.arange(500) % 2) * 1
    for _ in range(5):
        classifier = PrivateKernelClassifier(
            classes=[0, 1], class_prior=[1, 0], bandwidth=0.3
        ).fit(X, labels)
        assert np.all(classifier.predict(50 + 100 * X) == 0)


def test_parameters_changed_after_the_fit_change_nothing():
    labels = (X[:, 0] > 0.5) * 1
    classifier = PrivateKernelClassifier(classes=[0, 1], epsilon=100).fit(X, labels)
    before = classifier.decision_function(X)
    classifier.set_params(kernel="l1", class_prior=[1, 2, 3], bandwidth=9)
    np.testing.assert_array_equal(classifier.decision_function(X), before)


def test_display_clips_as_fits_do():
    rows = RNG.normal(size=(2000, 4))
    estimator = PrivateSimilarity(bounds=(-1, 1), bandwidth=0.5, n_components=256)
    display = PrivacyUtilityDisplay.from_estimator(
        estimator, rows, rows[:50], epsilons=[1, 1e6], n_repeats=1
    )
    np.testing.assert_allclose(display.errors[1], display.approximation_error, rtol=0.01)
    assert display.expected_errors[0] < display.errors[0] < 1
    assert display.ax_.get_xlabel() == "epsilon"
    for bad in ({"epsilons": [0, 1]}, {"epsilons": []}, {"n_repeats": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            PrivacyUtilityDisplay.from_estimator(estimator, rows, rows, **bad)
    with pytest.raises(TypeError, match="PrivateSimilarity"):
        PrivacyUtilityDisplay.from_estimator(PrivateKernelDensity(), rows, rows)


def test_it_goes_into_a_pipeline():
    scaled = make_pipeline(
        FunctionTransformer(lambda rows: 2 * rows),
        PrivateKernelDensity(epsilon=100.0, bandwidth=1.0, bounds=(0, 2)),
    )
    assert scaled.fit(X).score_samples(X).shape == (500,)
