# SPDX-License-Identifier: Apache-2.0
"""`make weekly` runs each target that takes longer than `make test`, and sums up what they say."""

import json
import re
import subprocess

import pytest
from test_layers import ROOT

# What is no check, is a part of `make test` or `make lint`, or measures without passing or failing.
OTHERS = {"all", "sanitize", "deps", "run", "test", "test-engines", "install", "deb", "lint", "format", "coverage",
          "bench", "clean", "help", "weekly"}


def listed():
    return json.loads(subprocess.run([ROOT / ".ci/weekly", "print"], capture_output=True, text=True, check=True).stdout)


def targets():
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_each_long_target_is_in_it():
    assert {target.split()[0] for target in listed()} == targets() - OTHERS
    assert OTHERS <= targets()


def test_the_hosted_check_runs_the_same_list():
    text = (ROOT / ".github/workflows/weekly.yml").read_text()
    assert ".ci/weekly print" in text and "make weekly TARGETS=" in text
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", text)) == {"weekly"}


def series(*commands):
    done = subprocess.run([ROOT / ".ci/series", *commands], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("command, said, sums", [
    ("echo 12 passed, 1 skipped in 3.20s", "12 passed, 1 skipped in 3.20s", "12 passed, 0 failed, 1 skipped"),
    ("echo 2 passed, 3 deselected, 1 warning in 65.00s \\(0:01:05\\)", "2 passed, 3 deselected, 1 warning in 65.00s (0:01:05)",
     "2 passed, 0 failed, 0 skipped"),
    ("echo 4 passed, 0 failed, 2 skipped", "4 passed, 0 failed, 2 skipped", "4 passed, 0 failed, 2 skipped"),
    ("echo losses of power: 3 passed, 0 failed in 1.1s", "losses of power: 3 passed, 0 failed in 1.1s", "3 passed, 0 failed, 0 skipped"),
    ("echo 5 passed, 1 skipped; echo more", "5 passed, 1 skipped", "5 passed, 0 failed, 1 skipped"),
    ("echo 1 passed; echo 6 passed", "6 passed", "6 passed, 0 failed, 0 skipped"),
    ("echo 'all 3 passed, or 4 failed?'", "no failure", "1 passed, 0 failed, 0 skipped"),
])
def test_a_series_takes_the_last_line_that_sums_up(command, said, sums):
    code, lines = series(command)
    assert code == 0
    assert lines[-1] == sums
    assert re.fullmatch(rf" *\d+ s  {re.escape(said)} +{re.escape(command)}", lines[-2])


@pytest.mark.parametrize("command, said, sums", [
    ("echo 9 killed, 2 survived; exit 1", "9 killed, 2 survived", "9 passed, 2 failed, 0 skipped"),
    ("echo 1 failed, 1 error, 7 passed in 1.00s; exit 1", "1 failed, 1 error, 7 passed in 1.00s", "7 passed, 2 failed, 0 skipped"),
    ("echo 7 passed; exit 3", "7 passed and status 3", "7 passed, 1 failed, 0 skipped"),
    ("printf 7; kill $$", "status -15", "0 passed, 1 failed, 0 skipped"),
])
def test_a_series_goes_on_after_a_failure(command, said, sums):
    code, lines = series(command, "echo still here")
    assert code == 1 and "still here" in lines
    failed = sums.replace("0 passed", "1 passed") if sums.startswith("0") else re.sub(r"^\d+", lambda n: str(int(n[0]) + 1), sums)
    assert lines[-1] == failed
    assert re.fullmatch(rf" *\d+ s  {re.escape(said)} +{re.escape(command)}", lines[-3])


def test_nothing_is_no_success():
    assert series() == (1, ["0 passed, 0 failed, 0 skipped"])
