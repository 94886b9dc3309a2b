"""Draw pictures of the benchmark results."""

import json
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


def label_efficiency(results, folder):
    """Draw the curves of the sampling benchmark, and return a directive that shows them."""
    path = Path(results) / "sampling.json"
    if not path.is_file():
        return ""
    tables = json.loads(path.read_text("utf-8"))["tables"]
    (table,) = (t for t in tables if t["title"] == LABEL_TABLE)
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
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=len(names), loc="lower center", fontsize=9)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(Path(folder) / "label_efficiency.png", dpi=130)
    plt.close(figure)
    return DIRECTIVE


def _draw(axis, names, cells):
    for i, name in enumerate(names):
        labels, errors = ([row[2 * i + j] for row in cells] for j in (0, 1))
        axis.plot(labels, errors, label=name, **STYLES[name])
    axis.axhline(1.1, color="0.6", ls=":", lw=1)
    axis.set(ylim=(0.98, 2), xlim=(1, 10))
    axis.grid(alpha=0.3)
