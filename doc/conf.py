import sys
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math import latex2mathml
from sphinx_gallery.sorting import ExplicitOrder

import sklearn_kernelx

DOC = Path(__file__).parent
ROOT = DOC.parent
sys.path.insert(0, str(DOC))
from figures import label_efficiency, stream_accuracy  # noqa: E402
from render import benchmarks_to_rst, markdown_to_rst  # noqa: E402

project = "sklearn_kernelx"
author = "sklearn_kernelx developers"
copyright = author
version = release = sklearn_kernelx.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "auto_examples/**/*.ipynb"]
default_role = "py:obj"

autosummary_generate = True
autodoc_typehints = "none"
# The template of a class lists its members itself.
numpydoc_show_class_members = False
# scikit-learn's labels cannot be known without the network.
nitpicky = False

SUBJECTS = ["density", "directional", "incremental", "privacy", "quantum", "sampling"]
sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "subsection_order": ExplicitOrder([*(f"../examples/{s}" for s in SUBJECTS), "*"]),
    "filename_pattern": r"[\\/]plot_",
    "ignore_pattern": r"(^|[\\/])(tour|_\w+)\.py$",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_kernelx",),
    "reference_url": {"sklearn_kernelx": None},
    "abort_on_example_error": False,
    "only_warn_on_example_error": True,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "write_computation_times": False,
    "image_scrapers": ("matplotlib",),
}

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_kernelx {version}"
# Formulas are part of the page, so that it reads the same without the network.
html_math_renderer = "mathml"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {
    "install": [],
    "api": [],
    "benchmarks": [],
    "changelog": [],
    "contributing": [],
}


def skip_scikit_learns_members(app, what, name, obj, skip, options):
    # set_fit_request and its like refer to labels of scikit-learn's manual.
    return True if name.startswith("set_") and name.endswith("_request") else skip


def visit_math(self, node):
    self.body.append(latex2mathml.tex2mathml(node.astext()))
    raise SkipNode


def visit_math_block(self, node):
    self.body.append(f"<p>{latex2mathml.tex2mathml(node.astext(), as_block=True)}</p>")
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("autodoc-skip-member", skip_scikit_learns_members)
    generated = DOC / "generated"
    generated.mkdir(exist_ok=True)
    results = ROOT / "benchmarks" / "results"
    pages = {
        "benchmarks": benchmarks_to_rst(results),
        "label_efficiency": label_efficiency(results, generated),
        "stream_accuracy": stream_accuracy(results, generated),
        "changelog": markdown_to_rst((ROOT / "CHANGELOG.md").read_text("utf-8")),
        "contributing": markdown_to_rst((ROOT / "CONTRIBUTING.md").read_text("utf-8")),
    }
    for name, text in pages.items():
        (generated / f"{name}.inc").write_text(text, "utf-8")
