"""Score classifiers of diffprivlib, in an environment of its own.

``python benchmarks/diffprivlib_accuracy.py problems.npz`` prints a report as JSON.
diffprivlib 0.6.6 needs scikit-learn 1.5, so that it cannot run beside our package. The
file holds, for each data set, ``<name>_X``, ``<name>_y``, ``<name>_tests`` (a row of test
rows a split) and ``<name>_range``, the public lower and upper bound of all features;
``epsilons`` holds the budgets. Each setting below is public, and the one with the best
mean accuracy at each budget is reported, which favours diffprivlib.
"""

import json
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from importlib import metadata

import numpy as np
from diffprivlib.models import GaussianNB, LogisticRegression
from sklearn.base import ClassifierMixin

N_DRAWS = 2
# Shares of the public range that features are clipped to, about its middle for the
# naive Bayes classifier; of the largest norm, for the regression.
SHARES = (1.0, 0.5)
PENALTIES = (1e-3, 1.0)


def settings(
    epsilon: float, low: float, high: float, norm: float, seed: int
) -> Iterator[tuple[str, str, ClassifierMixin]]:
    """Make every classifier, with its name and its setting in words."""
    middle, half = (low + high) / 2, (high - low) / 2
    for share in SHARES:
        bounds = (middle - share * half, middle + share * half)
        yield (
            "GaussianNB",
            f"bounds {bounds[0]:.3g} .. {bounds[1]:.3g}",
            GaussianNB(epsilon=epsilon, bounds=bounds, random_state=seed),
        )
        for penalty in PENALTIES:
            yield (
                "LogisticRegression",
                f"data_norm {share * norm:.3g}, C {penalty:g}",
                LogisticRegression(
                    epsilon=epsilon,
                    data_norm=share * norm,
                    C=penalty,
                    max_iter=100,
                    random_state=seed,
                ),
            )


def scores(
    X: np.ndarray, y: np.ndarray, tests: np.ndarray, extent: np.ndarray, epsilon: float
) -> dict[tuple[str, str], list[float]]:
    """Return accuracies by classifier and setting, one a split and draw."""
    low, high, norm = extent
    found: dict[tuple[str, str], list[float]] = {}
    for split, test in enumerate(tests):
        train = np.setdiff1d(np.arange(len(X)), test)
        for draw in range(N_DRAWS):
            seed = N_DRAWS * split + draw
            for name, words, classifier in settings(epsilon, low, high, norm, seed):
                classifier.fit(X[train], y[train])
                score = classifier.score(X[test], y[test])
                found.setdefault((name, words), []).append(float(score))
    return found


def rows(problems: dict[str, np.ndarray]) -> list[list[str | float]]:
    """Return a row for each data set, budget and classifier."""
    made: list[list[str | float]] = []
    for data in sorted(key[:-2] for key in problems if key.endswith("_X")):
        X, y, tests, extent = (
            problems[f"{data}_{part}"] for part in ("X", "y", "tests", "range")
        )
        for epsilon in problems["epsilons"]:
            found = scores(X, y, tests, extent, float(epsilon))
            for model in ("GaussianNB", "LogisticRegression"):
                of_model = {k: v for k, v in found.items() if k[0] == model}
                best = max(of_model, key=lambda key: np.mean(of_model[key]))
                mean = round(float(np.mean(of_model[best])), 4)
                made.append([data, float(epsilon), model, mean, best[1]])
                print(*made[-1], file=sys.stderr, flush=True)
    return made


def main(path: str) -> None:
    """Read the problems, print the report."""
    warnings.simplefilter("ignore")
    with np.load(path) as problems:
        table = {
            "title": "Accuracy of diffprivlib",
            "note": "Pure epsilon. Mean over splits and noise; the best of "
            f"{len(SHARES)} public bounds for GaussianNB, of {len(SHARES)} public norms "
            f"with {len(PENALTIES)} penalties for LogisticRegression.",
            "columns": ["data", "epsilon", "classifier", "accuracy", "setting"],
            "rows": rows(dict(problems)),
        }
    names = ("diffprivlib", "scikit-learn", "numpy")
    report = {
        "subject": "diffprivlib",
        "date": date.today().isoformat(),
        "versions": {name: metadata.version(name) for name in names},
        "tables": [table],
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
