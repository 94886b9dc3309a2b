"""Public docstrings are complete, and every example in them and in the guide runs."""

import doctest
import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import pytest
from numpydoc.validate import validate
from sklearn.base import BaseEstimator

import sklearn_kernelx

ROOT = Path(__file__).parents[1]
# Error codes of numpydoc that are no errors here, and why.
IGNORED = {
    "ES01": "a summary that says it all needs no second paragraph",
    "SA01": "a See Also only where there is something to see",
    "RT02": "a single returned value has a name, as in numpydoc's own guide",
}
IGNORED_IN_UFUNCS = {
    "PR01": "NumPy calls the arguments of every ufunc x1, x2, ...",
    "PR02": "the same",
}
IGNORED_IN_METHODS = {"EX01": "the examples stand in the class"}
NEEDS_QISKIT = "sklearn_kernelx.quantum.qiskit"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def public_names():
    """Full names of all that the package and its public subpackages export."""
    for module in iter_modules(sklearn_kernelx.__path__):
        if module.ispkg and not module.name.startswith("_"):
            path = f"sklearn_kernelx.{module.name}"
            for name in getattr(import_module(path), "__all__", []):
                yield f"{path}.{name}"
    yield from (f"{NEEDS_QISKIT}.{name}" for name in import_module(NEEDS_QISKIT).__all__)
    for name in sklearn_kernelx.__all__:
        if not name.startswith("__"):
            yield f"sklearn_kernelx.{name}"


def load(name):
    parts = name.split(".")
    for n_module in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:n_module]))
        except ModuleNotFoundError:
            continue
        for part in parts[n_module:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def public_methods(cls):
    """Names of methods and properties defined here: scikit-learn documents its own."""
    for base in cls.__mro__:
        if not base.__module__.startswith("sklearn_kernelx"):
            continue
        for name, member in vars(base).items():
            is_ours = inspect.isfunction(member) or isinstance(
                member, (property, classmethod, staticmethod)
            )
            if is_ours and not name.startswith("_"):
                yield name


def documented():
    """Pairs of a full name and whether it is a method."""
    for name in sorted(set(public_names())):
        yield name, False
        try:
            value = load(name)
        except AttributeError:
            continue  # the test of `name` itself tells
        if inspect.isclass(value):
            yield from ((f"{name}.{m}", True) for m in sorted(public_methods(value)))


DOCUMENTED = list(documented())


@pytest.mark.parametrize("name, is_method", DOCUMENTED, ids=[n for n, _ in DOCUMENTED])
def test_numpydoc(name, is_method):
    value = load(name)
    assert inspect.getdoc(value), "no docstring"
    ignored = IGNORED | (IGNORED_IN_METHODS if is_method else {})
    ignored |= IGNORED_IN_UFUNCS if isinstance(value, np.ufunc) else {}
    errors = [e for e in validate(name)["errors"] if e[0] not in ignored]
    assert not errors, errors


@pytest.mark.parametrize("name", [n for n, _ in DOCUMENTED])
def test_examples_of_docstrings(name):
    if name.startswith(NEEDS_QISKIT):
        pytest.importorskip("qiskit")
    value = load(name)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder(recurse=False).find(value, name, globs={}):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def pages():
    built = ("_build", "auto_examples", "generated")
    for page in sorted((ROOT / "doc").rglob("*.rst")):
        if not set(built) & set(page.parts):
            yield str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", list(pages()))
def test_examples_of_the_guide(page):
    result = doctest.testfile(
        str(ROOT / page), module_relative=False, optionflags=FLAGS, encoding="utf-8"
    )
    assert result.failed == 0


def test_example_of_the_readme():
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M
    )
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_the_walk_finds_estimators_and_their_methods():
    names = dict(DOCUMENTED)
    assert names["sklearn_kernelx.density.KernelDensity.fit"]
    assert not names["sklearn_kernelx.KernelDensity"]
    assert "sklearn_kernelx.KernelDensity.get_params" not in names


def test_validation_can_fail():
    class Undocumented(BaseEstimator):
        def fit(self, X):
            """fit"""

    sklearn_kernelx.Undocumented = Undocumented
    try:
        errors = validate("sklearn_kernelx.Undocumented.fit")["errors"]
    finally:
        del sklearn_kernelx.Undocumented
    assert {"PR01", "SS03"} <= {code for code, _ in errors}
