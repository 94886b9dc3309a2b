"""Time contenders against each other, and report tables as JSON and Markdown.

It knows no subject: a case file in ``cases/`` builds contenders, has them measured and
lays the timings out in tables.
"""

import importlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from threadpoolctl import ThreadpoolController

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "sklearn-kernelx",
    "KDEpy",
    "dppy",
    "river",
    "qiskit",
    "qiskit-machine-learning",
    "qiskit-aer",
    "pennylane",
    "opendp",
)
MINIMUM_REPEATS = 5


@dataclass(frozen=True)
class Options:
    """What the command line asks of a case.

    Attributes
    ----------
    jobs : int
        Threads of the parallel contenders.
    repeats : int
        Timed rounds, at least 5.
    quick : bool
        Whether to shrink everything to a rehearsal.
    """

    jobs: int = 2
    repeats: int = 7
    quick: bool = False

    @property
    def data(self) -> Path:
        """Return the folder of the data sets, which may be absent."""
        return Path(os.environ.get("SKLEARN_KERNELX_DATA", ROOT / "../shared/data"))


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes
    ----------
    name : str
        As the tables show it.
    run : callable
        Does the work once; what it returns is kept for the caller to check.
    work : float
        Units of work in one run, so that contenders may run unequal shares.
    blas_threads : int
        Threads that BLAS is pinned to meanwhile.
    """

    name: str
    run: Callable[[], Any]
    work: float = 1.0
    blas_threads: int = 1


@dataclass
class Timing:
    """Seconds of each timed run of a contender, and what the last one returned."""

    work: float
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    value: Any = None

    @property
    def seconds(self) -> float:
        """Return the median of the wall times."""
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self) -> float:
        """Return the median of the processor times, over all threads."""
        return statistics.median(self.cpu)

    @property
    def rate(self) -> float:
        """Return units of work per second."""
        return self.work / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Return units of work per second of processor time."""
        return self.work / self.cpu_seconds

    def cells(self) -> list[float]:
        """Return the cells that go with `TIMING_COLUMNS`."""
        return [self.seconds, min(self.wall), self.cpu_seconds]


TIMING_COLUMNS = ["wall s, median", "wall s, min", "CPU s"]


def say(message: str) -> None:
    """Report progress."""
    print(message, file=sys.stderr, flush=True)


def peer(module: str) -> ModuleType | None:
    """Import a package that may be missing, saying so if it is."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        say(f"SKIPPED: {module} ({error})")
        return None


def data_file(options: Options, name: str) -> Path | None:
    """Find a data set that may be absent, saying so if it is."""
    path = options.data / name
    if path.is_file():
        return path
    say(f"SKIPPED: no {name} in SKLEARN_KERNELX_DATA")
    return None


def measure(contenders: Sequence[Contender], repeats: int) -> dict[str, Timing]:
    """Time contenders in turn: a round to warm up, then `repeats` rounds.

    Each round starts with another contender, so that none always follows the same one.

    Parameters
    ----------
    contenders : sequence of Contender
        Names must differ.
    repeats : int
        Raised to 5.

    Returns
    -------
    timings : dict of str to Timing
        By name, in the order given.
    """
    timings = {c.name: Timing(c.work) for c in contenders}
    if len(timings) < len(contenders):
        raise ValueError("names of contenders must differ")
    pools = ThreadpoolController()
    for turn in range(1 + max(repeats, MINIMUM_REPEATS)):
        first = turn % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            with pools.limit(limits=contender.blas_threads, user_api="blas"):
                wall, cpu, value = _time(contender.run)
            timing = timings[contender.name]
            timing.value = value
            if turn > 0:
                timing.wall.append(wall)
                timing.cpu.append(cpu)
    for contender in contenders:
        wall, fastest, cpu = timings[contender.name].cells()
        say(
            f"  {contender.name}: {wall:.4g} s (min {fastest:.4g}, CPU {cpu:.4g}), "
            f"BLAS threads {contender.blas_threads}"
        )
    return timings


def _time(run: Callable[[], Any]) -> tuple[float, float, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    value = run()
    return time.perf_counter() - wall, time.process_time() - cpu, value


def affordable(
    run: Callable[[int], Any], limit: int, seconds: float, least: int = 20
) -> int:
    """Return how many units of work, at most `limit`, fit in so many seconds."""
    least = min(least, limit)
    wall = _time(lambda: run(least))[0]
    return int(min(limit, max(least, least * seconds / max(wall, 1e-9))))


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], note: str = ""
) -> dict[str, Any]:
    """Return a table as the report holds it, numbers cut to four digits."""
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{title}: {len(row)} cells in {len(columns)} columns")
    cells = [[_cell(cell) for cell in row] for row in rows]
    return {"title": title, "note": note, "columns": list(columns), "rows": cells}


def _cell(cell: Any) -> str | int | float:
    """Return a cell that JSON can hold: None is empty, inf and NaN are words."""
    if cell is None:
        return ""
    if isinstance(cell, (str, int)):
        return cell
    rounded = float(f"{float(cell):.4g}")
    return rounded if abs(rounded) < float("inf") else str(rounded)


def machine() -> dict[str, Any]:
    """Return the processor's name, the cores this process may use, and our loops."""
    from sklearn_kernelx._cython._loops import INSTRUCTION_SET

    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _processor(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "instruction_set": INSTRUCTION_SET,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the contenders that are installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name.replace("-kernelx", "_kernelx")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            say(f"SKIPPED: {name} is not installed")
    return found


def report(subject: str, tables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the report of a subject, as its JSON file holds it."""
    return {
        "subject": subject,
        "date": date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "tables": list(tables),
    }


def markdown(report: dict[str, Any]) -> str:
    """Return a report as Markdown."""
    about = report["machine"]
    packages = ", ".join(f"{name} {v}" for name, v in report["versions"].items())
    parts = [
        f"# Benchmarks: {report['subject']}",
        f"{report['date']}, {about['cpu']}, {about['cores']} cores, "
        f"{about['instruction_set']}; {packages}.",
    ]
    for item in report["tables"]:
        lines = [item["columns"], ["---"] * len(item["columns"]), *item["rows"]]
        parts.append(f"## {item['title']}")
        parts.append("\n".join(f"| {' | '.join(map(_text, line))} |" for line in lines))
        if item["note"]:
            parts.append(item["note"])
    return "\n\n".join(parts) + "\n"


def _text(cell: str | int | float) -> str:
    if not isinstance(cell, float):
        return str(cell).replace("|", "\\|")
    return f"{cell:.0f}" if 1000 <= abs(cell) < 1e6 else f"{cell:.3g}"


def write(report: dict[str, Any], folder: Path) -> Path:
    """Write a report to ``<subject>.json`` and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['subject']}.json"
    path.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    return path
