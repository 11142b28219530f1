# SPDX-License-Identifier: Apache-2.0
"""The mutants of tests/mutants/table: read, compared with the sources, and shown in docs/security.md, which calling
this file writes."""

import re
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
TABLE = TESTS / "mutants/table"
PAGE = ROOT / "docs/security.md"
BEGIN, END = "<!-- tests/mutants/table: begin -->\n", "<!-- tests/mutants/table: end -->\n"


@dataclass
class Edit:
    file: str
    old: str = ""
    new: str = ""


@dataclass
class Mutant:
    name: str
    protection: str
    section: str
    edits: list = field(default_factory=list)
    tests: list = field(default_factory=list)
    reason: str = ""  # why no test can fail: what else protects

    @property
    def unit_tests(self):
        return [test.removeprefix("unit::") for test in self.tests if test.startswith("unit::")]

    @property
    def python_tests(self):
        return [test for test in self.tests if not test.startswith("unit::")]

    @property
    def files(self):
        return list(dict.fromkeys(edit.file for edit in self.edits))


def parse(text):
    """The mutants, and what is wrong with the text."""
    mutants, problems, section = [], [], ""
    previous = ""
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, rest = line.partition(" ")
        mutant = mutants[-1] if mutants else None
        edit = mutant.edits[-1] if mutant and mutant.edits else None
        if not line or kind == "#":
            pass
        elif kind == "==":
            section = rest
        elif re.fullmatch(r"\[[a-z0-9-]+\] .+", line):
            mutants.append(Mutant(kind[1:-1], rest, section))
        elif kind == "@" and mutant:
            mutant.edits.append(Edit(rest))
        elif kind == "-" and edit:
            if previous == "-":
                edit.old += "\n" + rest
            elif edit.old:  # another place of the same file
                mutant.edits.append(Edit(edit.file, rest))
            else:
                edit.old = rest
        elif kind == "+" and edit:
            edit.new += "\n" + rest if previous == "+" else rest
        elif kind == "=" and mutant:
            mutant.tests.append(rest)
        elif kind == "~" and mutant:
            mutant.reason = f"{mutant.reason} {rest}".strip()
        else:
            problems.append(f"line {number}: {line}")
        previous = kind
    return mutants, problems


def read():
    mutants, problems = parse(TABLE.read_text())
    if problems:
        raise SystemExit("\n".join(f"tests/mutants/table: {problem}" for problem in problems))
    return mutants


def objections(mutant, source=ROOT):
    """Why this mutant cannot be made of these sources."""
    found = []
    for edit in mutant.edits:
        path = source / edit.file
        count = path.read_text().count(edit.old) if edit.old and path.is_file() else 0
        if count != 1:
            first = edit.old.partition("\n")[0].strip()
            found.append(f"{mutant.name}: {edit.file} has this {count} times instead of once: {first}")
        if edit.old == edit.new:
            found.append(f"{mutant.name}: {edit.file} stays as it is")
    return found


def changed_texts(mutant, source=ROOT):
    """{file: its text with the protection taken out}."""
    texts = {}
    for edit in mutant.edits:
        text = texts.get(edit.file) or (source / edit.file).read_text()
        texts[edit.file] = text.replace(edit.old, edit.new)
    return texts


# ---- for readers -------------------------------------------------------------------------------


def cell(text):
    return text.replace("|", "\\|")


def shown(test):
    return f"`{cell(test)}`"


def tables(mutants):
    lines, section = [], None
    for mutant in mutants:
        if mutant.section != section:
            section = mutant.section
            lines += ["", f"### {section}", "", "| protection | where | test | mutant |", "|---|---|---|---|"]
        tests = "<br>".join(map(shown, mutant.tests)) or f"*{cell(mutant.reason)}*"
        where = "<br>".join(f"`{file}`" for file in mutant.files)
        lines.append(f"| {cell(mutant.protection)} | {where} | {tests} | {mutant.name} |")
    tested = sum(1 for mutant in mutants if mutant.tests)
    behind = len(mutants) - tested
    lines += ["", f"{tested} mutants" + (f"; {behind} protections that another one stands behind." if behind else ".")]
    return "\n".join(lines[1:]) + "\n"


def page_with(mutants, page):
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + tables(mutants) + END + after


if __name__ == "__main__":
    PAGE.write_text(page_with(read(), PAGE.read_text()))
