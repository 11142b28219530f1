# SPDX-License-Identifier: Apache-2.0
"""docs/spec-conformance.md matches conformance.txt, and every test that it names exists.

After a change of conformance.txt: TARE_CONFORMANCE_UPDATE=1 make test, or this file alone by pytest."""

import os
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
SOURCE = TESTS / "structure/conformance.txt"
TABLE = TESTS.parent / "docs/spec-conformance.md"

SPECIFICATION = "https://github.com/opencontainers/runtime-spec/blob/v1.3.0"
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "REQUIRED"}
LEVELS_OF_OPTIONS = {"MUST", "SHOULD", "MAY"}
OF_REQUIRED = "unit/oci_fields.cpp::what the specification requires is required, and nothing else"

HEAD = """# The requirements of runtime-spec 1.3, and their tests

Each row is a requirement with MUST, SHOULD or REQUIRED for a runtime on Linux, in our words; the section has the
original sentence. The page is generated from `tests/structure/conformance.txt`.
`tests/structure/test_conformance.py` compares the two and checks that the tests exist. A row without a test has a
reason.
"""


class Row:
    def __init__(self, section, level, words):
        self.section, self.level, self.words = section, level, words
        self.tests, self.reasons = [], []


def parse(text):
    """The rows, and what is wrong with the text."""
    rows, problems, section = [], [], None
    group = []  # the rows that the lines below them are about
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("# ") or line == "#":
            continue
        level, _, words = line.partition(": ")
        if re.fullmatch(r"[a-z-]+\.md#[\w-]+", line):
            section = line
        elif level == "REQUIRED" and section:
            for name in words.split(", "):
                rows.append(Row(section, level, f"`{name}`"))
                rows[-1].tests.append(OF_REQUIRED)
                group = rows[-1:]
        elif level.removeprefix("OPTIONS ") in LEVELS_OF_OPTIONS and level.startswith("OPTIONS ") and section:
            group = [Row(section, level.removeprefix("OPTIONS "), f"the option `{name}`") for name in words.split(", ")]
            rows += group
        elif level in LEVELS and section:
            group = [Row(section, level, words)]
            rows += group
        elif line.startswith("  = ") and group:
            for row in group:
                row.tests.append(line[4:])
        elif line.startswith("  - ") and group:
            for row in group:
                row.reasons.append(line[4:])
        else:
            problems.append(f"line {number}: {line}")
    return rows, problems


def names_in(path):
    """The tests of a file: functions of pytest, sentences of doctest."""
    text = path.read_text()
    if path.suffix == ".py":
        return set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    cases = re.findall(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)[)*]', text)
    return {"".join(re.findall(r'"((?:[^"\\]|\\.)*)"', case)) for case in cases}


def is_there(test, root=TESTS):
    name, _, case = test.partition("::")
    path = root / name
    return path.is_file() and case in names_in(path)


def written(rows):
    lines, section = [HEAD], None
    for row in rows:
        if row.section != section:
            section = row.section
            file, _, anchor = section.partition("#")
            lines += ["", f"## [{section}]({SPECIFICATION}/{file}#{anchor})", "", "| | requirement | tests |", "|---|---|---|"]
        shown = [f"`{test}`" for test in row.tests] + [f"*{reason}*" for reason in row.reasons]
        lines.append(f"| {row.level} | {row.words} | {'<br>'.join(shown)} |")
    without = sum(1 for row in rows if not row.tests)
    lines += ["", f"{len(rows)} rows, {without} of them without a test."]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


ROWS, PROBLEMS = parse(SOURCE.read_text())


def test_the_source_is_understood():
    assert not PROBLEMS
    assert len(ROWS) > 150


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section}: {row.words}"[:80])
def test_a_row_names_tests_that_are_there_or_says_why_not(row):
    assert row.tests or row.reasons
    assert not [test for test in row.tests if not is_there(test)]


def test_what_is_called_required_is_in_the_list_of_the_unit_test():
    listed = (TESTS / OF_REQUIRED.partition("::")[0]).read_text()
    for row in ROWS:
        if row.level == "REQUIRED":
            pointer = "/" + row.words.strip("`").replace("[]", "/0").replace(".", "/")
            assert f'"{pointer}"' in listed, pointer


def test_the_table_is_made_from_the_source():
    if "TARE_CONFORMANCE_UPDATE" in os.environ:
        TABLE.write_text(written(ROWS))
    assert TABLE.read_text() == written(ROWS)


def test_these_tests_can_fail(tmp_path):
    (tmp_path / "a.py").write_text("def test_a(x):\n    pass\n")
    (tmp_path / "b.cpp").write_text('TEST_CASE(\n    "one "\n    "two" * skip(true)) {}\n')
    assert is_there("a.py::test_a", tmp_path) and is_there("b.cpp::one two", tmp_path)
    assert not is_there("a.py::test_b", tmp_path) and not is_there("b.cpp::one", tmp_path)
    assert not is_there("none.py::test_a", tmp_path)
    assert parse("MUST: no section\n")[1] and parse("a.md#b\nMAY: x\n")[1]
