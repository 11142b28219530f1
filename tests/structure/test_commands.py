# SPDX-License-Identifier: Apache-2.0
"""Every row of a command is in the list of commands, and the list is the only place beside the row."""

import re
from pathlib import Path

COMMANDS = Path(__file__).resolve().parent.parent.parent / "runtime/commands"


def test_every_row_is_listed_once():
    text = (COMMANDS / "rows.h").read_text()
    declared = re.findall(r"\b(\w+_row)\b", re.search(r"extern const Command ([^;]*);", text)[1])
    listed = re.findall(r"&(\w+_row)\b", text)
    assert len(declared) > 20
    assert declared == listed
    assert len(set(listed)) == len(listed)


def test_every_row_is_defined_in_one_file():
    rows = [row for file in sorted(COMMANDS.glob("*.cpp"))
            for row in re.findall(r"^const Command (\w+_row) = \{", file.read_text(), re.M)]
    assert sorted(rows) == sorted(re.findall(r"&(\w+_row)\b", (COMMANDS / "rows.h").read_text()))
