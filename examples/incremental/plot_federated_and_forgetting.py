"""
Can clinics learn together, and take their patients back?
=========================================================

*Three clinics want one classifier of tumours, and none may hand out its rows. Later some
patients ask to be taken out. Is the result the classifier that one fit to the right rows
would give, or something near it?*

:class:`~sklearn_kernelx.AnalyticIncrementalClassifier` keeps sums over rows. Sums can be
added (``merge``) and subtracted (``forget``).
"""

# %%
# The clinics
# -----------
# The breast cancer data: 30 measurements of each tumour, benign or malignant. The clinics
# are of unequal size and see different tumours: rows are dealt out by the size of the
# nuclei, so that most cases of the first are benign and most of the last malignant.
#
# Features must be the same everywhere. The first clinic fits a scaler to its own rows and
# tells the others its constants; random Fourier features need a seed only.
# FrozenEstimator keeps them from being fitted anew.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import RBFSampler
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx import AnalyticIncrementalClassifier

data = load_breast_cancer()
X, y = np.log(data.data + 0.01), data.target_names[data.target]
train, test = train_test_split(np.arange(len(X)), test_size=1 / 3, random_state=0)
by_size = train[np.argsort(X[train, 0])]
clinics = np.split(by_size, [180, 300])
features = make_pipeline(
    StandardScaler(), RBFSampler(gamma=0.01, n_components=500, random_state=0)
).fit(X[clinics[0]])
model = AnalyticIncrementalClassifier(feature_map=FrozenEstimator(features))

# %%
# Each learns its own rows, and what they exchange are the fitted classifiers, of one size
# whatever the number of rows.

local = [clone(model).fit(X[rows], y[rows]) for rows in clinics]
merged = clone(model).fit(X[clinics[0]], y[clinics[0]])
for other in local[1:]:
    merged.merge(other)
joint = clone(model).fit(X[train], y[train])

accuracies = {}
for name, classifier in [
    *((f"clinic {k}", fitted) for k, fitted in enumerate(local, start=1)),
    ("merged", merged),
    ("one fit to all", joint),
]:
    accuracies[name] = classifier.score(X[test], y[test])
    print(f"{name:15} {classifier.n_samples_seen_:4} rows, {accuracies[name]:.3f}")

# %%
# Patients are taken out
# ----------------------
# First one, then fifty, then the whole second clinic. How far are the coefficients from
# those of a fit to the rows that are left, and how far would they be if nothing had been
# done?


def distance(found, wanted):
    return np.linalg.norm(found.coef_ - wanted.coef_) / np.linalg.norm(wanted.coef_)


order = np.random.default_rng(0).permutation(train)
distances = {"three merged": (distance(merged, joint), distance(local[0], joint))}
for name, out in {
    "one forgotten": order[:1],
    "fifty forgotten": order[:50],
    "a clinic forgotten": clinics[1],
}.items():
    left = np.setdiff1d(train, out)
    wanted = clone(model).fit(X[left], y[left])
    found = clone(model).fit(X[train], y[train]).forget(X[out], y[out])
    distances[name] = distance(found, wanted), distance(joint, wanted)
for name, (done, undone) in distances.items():
    print(f"{name:20} {done:.1e}, if nothing is done {undone:.1e}")

# %%
# A class is taken out
# --------------------
# Whole classes can go without their rows at hand if each has sums of its own, as with
# ``class_weight="balanced"``. Digits, of which the sevens are forgotten: what are they
# taken for afterwards, and what by a classifier that never saw one?

X, y = load_digits(return_X_y=True)
X = X / 16
train, test = train_test_split(
    np.arange(len(X)), test_size=1 / 3, stratify=y, random_state=0
)
balanced = AnalyticIncrementalClassifier(class_weight="balanced", random_state=0)
knows = clone(balanced).fit(X[train], y[train])
forgot = clone(balanced).fit(X[train], y[train]).forget_class(7)
others = train[y[train] != 7]
never_knew = clone(balanced).fit(X[others], y[others])

sevens = X[test[y[test] == 7]]
taken_for = {
    name: np.bincount(classifier.predict(sevens), minlength=10)
    for name, classifier in (
        ("before", knows), ("sevens forgotten", forgot), ("sevens never seen", never_knew)
    )
}  # fmt: skip
for name, counts in taken_for.items():
    print(f"{name:20} {counts}")
print(f"distance of the last two: {distance(forgot, never_knew):.1e}")

# %%
# The answer
# ----------
# It is the classifier of one fit, up to rounding. No clinic alone can tell the tumours of
# all; the last, which has a single benign case, finds malignant what is not. The merged
# classifier is as good as one fit to all rows, and its coefficients are the same in 12
# digits.
#
# To forget a patient is as exact. What is left of one after subtraction is rounding, some
# ten orders of magnitude below what the row had changed. It needs the row itself once more:
# sums do not know which rows they are made of.
#
# Sevens forgotten are sevens never seen, and are taken for what looks like them: threes and
# fours.
#
# None of this makes data anonymous. Sums over few rows may give them away, and so may the
# difference of two classifiers, before and after a patient has gone.

OURS, PEER, INK = "#0b6e75", "#d1603d", "#222222"
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(11.5, 3.8), layout="constrained", width_ratios=(1, 1.25, 1.1)
)
for row, (name, accuracy) in enumerate(accuracies.items()):
    colour = PEER if name.startswith("clinic") else OURS
    left.plot([0, accuracy], [row, row], color=colour, lw=1.5)
    left.plot(accuracy, row, "o", ms=8, color=colour)
    left.annotate(
        f"{accuracy:.3f}", (accuracy, row), (0, 8), textcoords="offset points",
        ha="center", color=colour,
    )  # fmt: skip
left.set_yticks(range(len(accuracies)), labels=accuracies)
left.set(xlim=(0, 1.1), ylim=(len(accuracies) - 0.6, -0.6), xlabel="accuracy")
left.set_title("Who can tell all tumours", loc="left", fontsize="medium")

for row, (done, undone) in enumerate(distances.values()):
    middle.plot([done, undone], [row, row], color="#cccccc", lw=1)
    middle.plot(done, row, "o", ms=8, color=OURS)
    middle.plot(undone, row, "o", ms=8, color=PEER)
middle.annotate("after it", (distances["three merged"][0], 0), (0, 9),
                textcoords="offset points", ha="center", color=OURS)  # fmt: skip
middle.annotate("without it", (distances["three merged"][1], 0), (0, 9),
                textcoords="offset points", ha="center", color=PEER)  # fmt: skip
middle.set_yticks(range(len(distances)), labels=distances)
middle.set_xscale("log")
middle.set(xlim=(1e-16, 30), ylim=(len(distances) - 0.6, -0.6))
middle.set_xlabel("relative distance of coefficients\nfrom one fit to the right rows")
middle.set_title("How exact that is", loc="left", fontsize="medium")

digits = np.arange(10)
right.bar(digits, taken_for["before"], 0.8, color="#dddddd", label="before")
right.bar(digits - 0.2, taken_for["sevens forgotten"], 0.4, color=OURS,
          label="sevens forgotten")  # fmt: skip
right.bar(digits + 0.2, taken_for["sevens never seen"], 0.4, color=INK,
          label="sevens never seen")  # fmt: skip
right.set(xticks=digits, xlabel="taken for", ylabel="sevens of the test")
right.legend(frameon=False, loc="upper left")
right.set_title("A class forgotten", loc="left", fontsize="medium")
plt.show()
