"""The tour writes a page that stands on its own."""

import importlib.util
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

TOUR = Path(__file__).resolve().parents[1] / "examples" / "tour.py"


@pytest.fixture
def tour(monkeypatch):
    spec = importlib.util.spec_from_file_location("tour", TOUR)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "tour", module)  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


class Links(HTMLParser):
    """Collects what a page loads or links to."""

    def __init__(self):
        super().__init__()
        self.images, self.others = [], []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href"):
                (self.images if tag == "img" else self.others).append(value)


def test_page_names_every_picture(tour, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = tour.main(tmp_path / "demo", quick=True)
    text = page.read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    assert len(links.images) >= len(tour.STOPS)
    assert len(links.images) == len(set(links.images))
    assert sorted(links.images) == sorted(p.name for p in page.parent.glob("*.png"))
    assert not links.others and "url(" not in text
    assert text.count("<section>") == len(tour.STOPS)
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(str(Path("demo", "index.html")))


def test_each_stop_announces_all_its_steps(tour, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tour, "open_display", tour.Display)
    tour.main(tmp_path, quick=True)
    steps = re.findall(r"^(\w+) (\d+)/(\d+): ", capsys.readouterr().out, re.MULTILINE)
    last = {subject: (int(step), int(n_steps)) for subject, step, n_steps in steps}
    assert len(last) == len(tour.STOPS)
    assert all(step == n_steps for step, n_steps in last.values())


def test_text_is_escaped(tour, tmp_path):
    stop = tour.Stop("a < b", ["x & y"], [], [tour.Table("<c>", ("<h>",), [("<d>",)])])
    text = tour.write_page([stop], tmp_path, 0.0).read_text(encoding="utf-8")
    for part in ("a &lt; b", "x &amp; y", "&lt;c&gt;", "&lt;h&gt;", "&lt;d&gt;"):
        assert part in text
