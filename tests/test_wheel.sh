#!/usr/bin/env bash
# Install the newest wheel and the sdist of a folder, each into a fresh environment, and run
# the tests against it from outside the tree (from inside, Python would import the sources).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dist=$(cd "${1:-dist}" && pwd)
for package in "$dist"/*.whl "$dist"/*.tar.gz; do
  scratch=$(mktemp -d)
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/python" -m pip install --quiet "$package[test,plot]"
  cp -r "$root/tests" "$root/pyproject.toml" "$scratch"
  # The tests that read the sources stay behind.
  rm -f "$scratch"/tests/test_{imports,tour,benchmarks,docstrings}.py
  case "$package" in
    *.whl) selection=(tests) ;;
    *) selection=(tests/test_common.py tests/density/test_kde.py) ;;
  esac
  (cd "$scratch" && ./venv/bin/python -m pytest -q -m "not slow" "${selection[@]}")
  rm -rf "$scratch"
done
