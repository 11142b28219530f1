# SPDX-License-Identifier: Apache-2.0
"""In the guest: runs the tests that /mnt/mutants/plan names, first with tare as it is and then with each mutant, and
prints a line "RESULT [NAME, {TEST: "passed", "failed", "skipped" or "missing"}]" for each."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

MUTANTS = Path("/mnt/mutants")
TARE = Path("/usr/local/bin/tare")
PLAIN = "plain"
LIMIT_S = 900  # for the tests of one mutant


def install(name):
    for leftover in (MUTANTS / name).iterdir():
        leftover.chmod(0o755)
    shutil.copy(MUTANTS / name / "tare", TARE)


def wanted_by(entry, name, case):
    """Whether the test `case` of the module `name` is meant: all of a function's, or one parametrised."""
    file, _, test = entry.partition("::")
    return name == file.removesuffix(".py").replace("/", ".") and (case == test or case.partition("[")[0] == test)


def outcome(entry, cases):
    ends = {end for name, case, end in cases if wanted_by(entry, name, case)}
    for end in ("failed", "skipped", "passed"):
        if end in ends:
            return end
    return "missing"


def end_of(case):
    kinds = {child.tag for child in case}
    return "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


def run_python(tests):
    if not tests:
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        words = ["timeout", str(LIMIT_S), sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rf",
                 "--tb=line", f"--junit-xml={report}", *tests]
        environment = dict(os.environ, TARE=str(TARE))
        done = subprocess.run(words, cwd="/mnt/tests", env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if not report.exists():
            print(done.stdout[-3000:], flush=True)
            return dict.fromkeys(tests, "missing")
        show_failures(done.stdout)
        cases = [(case.get("classname"), case.get("name"), end_of(case)) for case in xml.parse(report).getroot().iter("testcase")]
    return {test: outcome(test, cases) for test in tests}


def show_failures(text):
    for line in re.findall(r"^(?:FAILED|ERROR) .*", text, re.MULTILINE):
        print(line[:300], flush=True)


def run_unit(program, case):
    pattern = re.sub(r"[,\[\]\\]", "?", case)
    done = subprocess.run(["timeout", str(LIMIT_S), program, "--no-version", f"--test-case={pattern}"], cwd="/root",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    found = re.search(r"test cases: *(\d+) \|", done.stdout)
    if done.returncode != 0:
        return "failed"
    return "passed" if found and found[1] != "0" else "missing"


def judge(name, tests):
    install(name)
    ended = run_python([test for test in tests if not test.startswith("unit::")])
    for test in tests:
        if test.startswith("unit::"):
            ended[test] = run_unit(MUTANTS / name / "unit", test.removeprefix("unit::"))
    print("RESULT " + json.dumps([name, ended]), flush=True)


def main():
    plan = json.loads((MUTANTS / "plan").read_text())
    judge(PLAIN, list(dict.fromkeys(test for tests in plan.values() for test in tests)))
    for name, tests in plan.items():
        judge(name, tests)


if __name__ == "__main__":
    main()
