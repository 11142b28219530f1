# SPDX-License-Identifier: Apache-2.0
"""The table of docs/engines.md: one row for each scenario, with what the last run showed here and in the guest.

    TARE_ENGINES_TABLE=1 pytest tests/engines        (`make test-engines` does it)

writes the rows of the tests that ran, and keeps those of the others. The guest cannot write the page: with
TARE_ENGINES_TABLE=print it prints its results as a line, and

    table.py < LOG

writes those of such a log. tests/structure checks that the table has a row for each test and no other.
"""

import ast
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
PAGE = DIRECTORY.parent.parent / "docs/engines.md"
BEGIN = "<!-- tests/engines/table.py writes what follows -->\n"
END = "<!-- end of what tests/engines/table.py writes -->\n"
NOT_RUN = "not run yet"
PRINTED = "results of the engines: "
HERE, GUEST = 0, 1
NONE = (NOT_RUN, NOT_RUN, "-", "-")
ROW = re.compile(r"^\| (.*) \| `(test_\w+\.py::test_\w+)` \| (.*) \| (.*) \| (.*) \| (.*) \|$")
HEADING = re.compile(r"^### (\w+)(.*?)(; in the guest.*)?$")
HEAD = ["| scenario | test | tare | control | tare in the guest | its control |", "|---|---|---|---|---|---|"]


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
    """{"file::test": (what it says of the runtime under test, of the control, of both in the guest)}."""
    return {found[2]: found.groups()[2:] for found in map(ROW.match, page.splitlines()) if found}


def headings_of(page):
    """{engine: [the versions behind its name, those in the guest]}."""
    lines = map(HEADING.match, page.split(BEGIN)[-1].splitlines())
    return {found[1]: [found[2], found[3] or ""] for found in lines if found}


def page_with(page, results, versions, place=HERE):
    """The page with a table of these results ({"file::test": Row}) of a place, and its own where there is none."""
    known, headings = rows_of(page), headings_of(page)
    for engine, text in versions.items():
        headings.setdefault(engine, ["", ""])[place] = f"; in the guest{text}" if place == GUEST else text
    lines = []
    for engine, tests in scenarios().items():
        lines += [f"### {engine}{''.join(headings.get(engine, []))}", "", *HEAD]
        for test, sentence in tests.items():
            said = list(known.get(test, NONE))
            if test in results:
                said[2 * place:2 * place + 2] = in_words(results[test].under_test), in_words(results[test].control)
            lines.append(f"| {sentence} | `{test}` | {' | '.join(said)} |")
        lines.append("")
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + "\n" + "\n".join(lines) + END + rest.partition(END)[2]


def printed(results, versions):
    """A line for a log."""
    rows = {test: [row.under_test, row.control] for test, row in results.items()}
    return PRINTED + json.dumps({"rows": rows, "versions": versions})


def page_with_log(page, log):
    for line in log.splitlines():
        if line.startswith(PRINTED):
            said = json.loads(line.removeprefix(PRINTED))
            rows = {test: Row(*map(Counter, counts)) for test, counts in said["rows"].items()}
            page = page_with(page, rows, said["versions"], GUEST)
    return page


if __name__ == "__main__":
    PAGE.write_text(page_with_log(PAGE.read_text(), sys.stdin.read()))
