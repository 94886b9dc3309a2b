"""Turn the benchmark results and the Markdown files of the repository into reST."""

import json
import re
from pathlib import Path

NO_RESULTS = "No results are stored in this copy of the repository: run ``make bench``.\n"


def benchmarks_to_rst(folder):
    """Return a section for each ``*.json`` file of `folder`, or a sentence saying none."""
    files = sorted(Path(folder).glob("*.json"))
    return "\n".join(map(_subject_to_rst, files)) or NO_RESULTS


def _subject_to_rst(path):
    result = json.loads(path.read_text("utf-8"))
    machine = result.get("machine", {})
    versions = [f"{name} {number}" for name, number in result.get("versions", {}).items()]
    facts = [
        ("Measured", result.get("date")),
        ("Processor", machine.get("cpu")),
        ("Cores", machine.get("cores")),
        ("Instruction set", machine.get("instruction_set")),
        ("Versions", ", ".join(versions)),
    ]
    lines = _title(str(result["subject"]).replace("_", " ").capitalize(), "-")
    lines += [f":{name}: {_escape(value)}" for name, value in facts if value]
    for table in result["tables"]:
        lines += ["", *_title(table["title"], "~"), _escape(table.get("note") or ""), ""]
        lines += _list_table([table["columns"], *table["rows"]])
    return "\n".join([*lines, ""])


def _title(text, underline):
    text = _escape(text)
    return [text, underline * len(text), ""]


def _list_table(rows):
    lines = [".. list-table::", "   :header-rows: 1", "   :class: table-sm", ""]
    for row in rows:
        for i, cell in enumerate(row):
            mark = "   * -" if i == 0 else "     -"
            lines.append(f"{mark} {_escape('' if cell is None else cell)}".rstrip())
    return [*lines, ""]


def _escape(text):
    """Return plain text on one line, with no markup left in it."""
    return re.sub(r"([\\*`|_:])", r"\\\1", " ".join(str(text).split()))


def markdown_to_rst(text):
    """Return reST for the Markdown our own files use.

    Headings (the first is left to the page), paragraphs, lists, fenced code, ``code``,
    links and emphasis; no tables, no nested markup.
    """
    lines, fence = [], None
    for line in text.splitlines():
        if line.startswith("```"):
            language = line[3:].strip() or "text"
            lines += [""] if fence else ["", f".. code-block:: {language}", ""]
            fence = not fence
        elif fence:
            lines.append("   " + line if line else "")
        elif heading := re.match(r"(#+) (.*)", line):
            title = _inline(heading[2])
            if len(heading[1]) > 1:
                lines += ["", title, " -~^"[len(heading[1]) - 1] * len(title), ""]
        else:
            lines.append(_inline(line))
    return "\n".join([*lines, ""])


def _inline(line):
    line = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", line)
    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", r"`\1 <\2>`__", line)
