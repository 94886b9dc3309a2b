"""Run the benchmarks of one subject, or of all.

``python benchmarks/run.py [subject] [--jobs 2] [--repeats 7] [--quick]``

A subject is a file in ``cases/`` with a function ``tables(options)`` that returns a
list of tables (see `_harness.table`). Tables go to standard output as Markdown, and to
``results/<subject>.json``; progress goes to standard error. A rehearsal (``--quick``)
writes no file unless ``--output`` says where.
"""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

import _harness

HERE = Path(__file__).resolve().parent


def subjects() -> list[str]:
    """Return the names of all case files."""
    return sorted(p.stem for p in (HERE / "cases").glob("[!_]*.py"))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subject", nargs="?", help=f"one of {', '.join(subjects())}")
    parser.add_argument("--jobs", type=int, default=2, help="threads (default 2)")
    parser.add_argument("--repeats", type=int, default=7, help="at least 5 (default 7)")
    parser.add_argument("--quick", action="store_true", help="a rehearsal, small sizes")
    parser.add_argument("--output", type=Path, help="folder of the JSON files")
    return parser.parse_args(arguments)


def run(subject: str, options: _harness.Options, output: Path | None) -> None:
    """Run one subject; print its tables and keep them in the folder `output`."""
    _harness.say(f"{subject}: {options.jobs} threads, {options.repeats} repeats")
    case = importlib.import_module(f"cases.{subject}")
    report = _harness.report(subject, case.tables(options))
    print(_harness.markdown(report), flush=True)
    if output is not None:
        _harness.say(f"wrote {_harness.write(report, output).name}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    asked = parse(arguments)
    repeats = max(asked.repeats, _harness.MINIMUM_REPEATS)
    options = _harness.Options(jobs=asked.jobs, repeats=repeats, quick=asked.quick)
    output = asked.output or (None if asked.quick else HERE / "results")
    for subject in [asked.subject] if asked.subject else subjects():
        run(subject, options, output)


if __name__ == "__main__":
    main()
