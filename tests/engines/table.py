# SPDX-License-Identifier: Apache-2.0
"""The table of docs/engines.md: one row for each scenario, with what the last run showed.

    TARE_ENGINES_TABLE=1 pytest tests/engines        (`make test-engines` does it)

writes the rows of the tests that ran, and keeps those of the others. tests/structure checks that the table has a row
for each test and no other.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
PAGE = DIRECTORY.parent.parent / "docs/engines.md"
BEGIN = "<!-- tests/engines/table.py writes what follows -->\n"
END = "<!-- end of what tests/engines/table.py writes -->\n"
NOT_RUN = "not run yet"
ROW = re.compile(r"^\| (.*) \| `(test_\w+\.py::test_\w+)` \| (.*) \| (.*) \|$")
HEADING = re.compile(r"^### (\w+)(.*)$")


@dataclass
class Row:
    """Outcomes are counted by what is said of them: {"passed": 3}."""

    under_test: Counter = field(default_factory=Counter)
    control: Counter = field(default_factory=Counter)


def scenarios():
    """{engine: {"file::test": its sentence}}, from the sources. A file's ENGINE names its engine."""
    found = {}
    for path in sorted(DIRECTORY.glob("test_*.py")):
        module = ast.parse(path.read_text())
        engine = next((node.value.value for node in module.body if isinstance(node, ast.Assign)
                       and getattr(node.targets[0], "id", "") == "ENGINE"), path.stem.split("_")[1])
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                sentence = (ast.get_docstring(node) or node.name[len("test_"):].replace("_", " ")).split("\n\n")[0]
                found.setdefault(engine, {})[f"{path.name}::{node.name}"] = cell(sentence.split(". ")[0])
    return found


def cell(text):
    return " ".join(text.split()).replace("|", "\\|").rstrip(".")


def in_words(counts):
    """What a row says: "passed", "passed (3 cases); cannot: why"."""
    if not counts:
        return "-"
    total = sum(counts.values())
    return "; ".join(what if total == 1 else f"{what} ({count} case{'s' * (count > 1)})" for what, count in counts.items())


def rows_of(page):
    """{"file::test": (what it says of the runtime under test, of the control)} as the page has them."""
    return {found[2]: (found[3], found[4]) for found in map(ROW.match, page.splitlines()) if found}


def headings_of(page):
    """{engine: the versions behind its name}."""
    return {found[1]: found[2] for found in map(HEADING.match, page.split(BEGIN)[-1].splitlines()) if found}


def page_with(page, results, versions):
    """The page with a table of these results ({"file::test": Row}), and its own where there is none."""
    known, headings = rows_of(page), {**headings_of(page), **versions}
    lines = []
    for engine, tests in scenarios().items():
        lines += [f"### {engine}{headings.get(engine, '')}", "", "| scenario | test | tare | control |", "|---|---|---|---|"]
        for test, sentence in tests.items():
            said = known.get(test, (NOT_RUN, NOT_RUN))
            if test in results:
                said = in_words(results[test].under_test), in_words(results[test].control)
            lines.append(f"| {sentence} | `{test}` | {said[0]} | {said[1]} |")
        lines.append("")
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + "\n" + "\n".join(lines) + END + rest.partition(END)[2]
