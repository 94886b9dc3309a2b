"""The direction of imports, by walking the syntax trees."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "sklearn_kernelx"
FILES = sorted(ROOT.rglob("*.py"))
NOT_SUBJECTS = {"_cython", "special", "utils"}
SUBJECTS = {p.name for p in ROOT.iterdir() if (p / "__init__.py").exists()} - NOT_SUBJECTS
CYTHON_MAY_IMPORT = {
    "sklearn_kernelx._cython",
    "numpy",
    "scipy",
    "cython",
    "libc",
    "os",
}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(subject, module, file_name):
    """Why a file of `subject` (None: the top level) may not import `module`."""
    parts = module.split(".")
    private = any(p.startswith("_") and not p.startswith("__") for p in parts[1:])
    if parts[0] == "sklearn" and private and file_name != "_compat.py":
        return "private scikit-learn names belong in _compat.py"
    if parts[0] != "sklearn_kernelx" or len(parts) == 1:
        return None
    if subject in SUBJECTS and parts[1] in SUBJECTS - {subject}:
        return "subjects never import each other"
    if subject == "special" and parts[1] in SUBJECTS | {"utils"}:
        return "special lies below the subjects"
    if subject is None and file_name != "__init__.py" and parts[1] != "_cython":
        return "_parallel and _compat import nothing above them"
    return None


def subject_of(path):
    folder = path.relative_to(ROOT).parts[0]
    return folder if (ROOT / folder).is_dir() else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_direction(path):
    for module in imported_modules(path):
        assert forbidden(subject_of(path), module, path.name) is None, (path, module)


def test_the_rules_can_fail():
    one, other = "density", "elsewhere"
    SUBJECTS.add(other)
    try:
        assert forbidden(one, f"sklearn_kernelx.{other}", "a.py")
        assert forbidden(one, "sklearn.utils._mask", "a.py")
        assert forbidden(None, f"sklearn_kernelx.{one}", "_parallel.py")
        assert forbidden(one, "sklearn_kernelx._cython._loops", "a.py") is None
    finally:
        SUBJECTS.remove(other)


@pytest.mark.parametrize("path", sorted((ROOT / "_cython").glob("*.p[yx]*")))
def test_compiled_loops_know_no_scikit_learn(path):
    pattern = re.compile(r"^\s*(?:from|import|cimport)\s+([\w.]+)", re.MULTILINE)
    for module in pattern.findall(path.read_text()):
        assert any(
            module == allowed or module.startswith(allowed + ".")
            for allowed in CYTHON_MAY_IMPORT
        ), module


def test_import_is_cheap():
    code = (
        "import sys, sklearn_kernelx; "
        "print([m for m in ('sklearn', 'matplotlib', 'pandas', 'dask', 'scipy')"
        " if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout.strip() == "[]"
