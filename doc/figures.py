"""Draw pictures of the benchmark results."""

import json
import math
from pathlib import Path

import matplotlib.pyplot as plt

LABEL_TABLE = "Error against the number of labels"
DIRECTIVE = """.. figure:: /generated/label_efficiency.png
   :alt: test error against the number of labels, of all designs on eight problems
"""
STYLES = {
    "uniform": {"color": "0.5"},
    "k-means++": {"color": "#c49a2c"},
    "leverage": {"color": "#7fb3d5"},
    "volume": {"color": "#1f6fb4"},
    "repeated_dpp": {"color": "#0b6e75", "lw": 2.5},
    "weight_power 0.5": {"color": "#d2691e", "lw": 2.5},
    "weight_power 0": {"color": "#d2691e", "ls": "--"},
}


STREAM_TABLE = "Accuracy over the classes seen so far"
STREAM_DIRECTIVE = """.. figure:: /generated/stream_accuracy.png
   :alt: accuracy over the classes seen, of learners on two streams of three data sets
"""
STREAM_STYLES = {
    "ours, features": {"color": "#0b6e75", "lw": 2.5, "zorder": 3},
    "streaming LDA, features": {"color": "#1f6fb4"},
    "streaming LDA, inputs": {"color": "#1f6fb4", "ls": "--"},
    "MultinomialNB, features": {"color": "#c49a2c"},
    "river HoeffdingTree, inputs": {"color": "#8a5fa8", "ls": "--"},
    "SGDClassifier, features": {"color": "#d2691e"},
    "passive-aggressive, features": {"color": "#e09a6c", "ls": ":"},
    "MLPClassifier, inputs": {"color": "0.5", "ls": "--"},
}
AT_THE_END = {
    "ours, alpha by GCV at the end, features": {"color": "#0b6e75", "marker": "*"},
    "RidgeClassifier, all rows at once, features": {"color": "black", "marker": "x"},
    "SGDClassifier, shuffled, features": {"color": "#d2691e", "marker": "D"},
}


def label_efficiency(results, folder):
    """Draw the curves of the sampling benchmark, and return a directive that shows them."""
    table = _table(results, "sampling", LABEL_TABLE)
    if table is None:
        return ""
    problems = {}
    for data, features, _, *cells in table["rows"]:
        problems.setdefault((features, data), []).append(cells)
    names = [column.rsplit(",", 1)[0] for column in table["columns"][3::2]]
    rows = sorted({features for features, _ in problems}, reverse=True)
    columns = list(dict.fromkeys(data for _, data in problems))
    figure, axes = plt.subplots(
        len(rows), len(columns), figsize=(11, 5.5), sharex=True, sharey=True, squeeze=False
    )
    for (features, data), cells in problems.items():
        axis = axes[rows.index(features), columns.index(data)]
        _draw(axis, names, cells)
        axis.set_title(f"{data}, {features}", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("labels / m")
    for axis in axes[:, 0]:
        axis.set_ylabel("test error / full fit's")
    _save(figure, axes[0, 0], len(names), Path(folder) / "label_efficiency.png")
    return DIRECTIVE


def _table(results, subject, title):
    """Return a table of a subject; None if the subject has no results, or not this one."""
    path = Path(results) / f"{subject}.json"
    if not path.is_file():
        return None
    tables = json.loads(path.read_text("utf-8"))["tables"]
    return next((t for t in tables if t["title"] == title), None)


def _save(figure, axis, ncols, path):
    """Save a figure with the legend of one of its axes below."""
    handles, labels = axis.get_legend_handles_labels()
    bottom = 0.03 + 0.03 * math.ceil(len(labels) / ncols)
    figure.legend(handles, labels, ncols=ncols, loc="lower center", fontsize=9)
    figure.tight_layout(rect=(0, bottom, 1, 1))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw(axis, names, cells):
    for i, name in enumerate(names):
        labels, errors = ([row[2 * i + j] for row in cells] for j in (0, 1))
        axis.plot(labels, errors, label=name, **STYLES[name])
    axis.axhline(1.1, color="0.6", ls=":", lw=1)
    axis.set(ylim=(0.98, 2), xlim=(1, 10))
    axis.grid(alpha=0.3)


def stream_accuracy(results, folder):
    """Draw the accuracies of the incremental benchmark, and return a directive."""
    table = _table(results, "incremental", STREAM_TABLE)
    if table is None:
        return ""
    courses = {}
    for cells in table["rows"]:
        row = dict(zip(table["columns"], cells, strict=True))
        courses.setdefault((row["stream"], row["data"]), []).append(row)
    streams, names = (list(dict.fromkeys(key)) for key in zip(*courses, strict=True))
    figure, axes = plt.subplots(
        len(streams), len(names), figsize=(11, 7), sharey=True, squeeze=False
    )
    for (stream, name), rows in courses.items():
        axis = axes[streams.index(stream), names.index(name)]
        _draw_courses(axis, rows, "classes seen" if stream == streams[0] else "task")
        axis.set_title(f"{name}, {stream}", fontsize=10)
    for axis in axes[:, 0]:
        axis.set_ylabel("accuracy over classes seen")
    _save(figure, axes[0, 0], 4, Path(folder) / "stream_accuracy.png")
    return STREAM_DIRECTIVE


def _draw_courses(axis, rows, against):
    x = [row[against] for row in rows]
    for name, style in STREAM_STYLES.items():
        if rows[-1].get(name, "") != "":
            axis.plot(x, [row[name] for row in rows], label=name, **style)
    for name, style in AT_THE_END.items():
        if rows[-1].get(name, "") != "":
            axis.plot(x[-1:], [rows[-1][name]], label=name, ls="", zorder=4, **style)
    axis.set(ylim=(0, 1.03), xlabel=against if against != "task" else "part of the stream")
    axis.grid(alpha=0.3)
