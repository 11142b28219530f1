# SPDX-License-Identifier: Apache-2.0
"""What tests/matrix builds, and what it takes."""

import re
import subprocess

import pytest
from test_layers import ROOT

# As compilers call the processors of Debian's architectures.
MACROS = {"amd64": "__x86_64__", "arm64": "__aarch64__", "riscv64": "__riscv"}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}


def rows():
    lines = (ROOT / "tests/matrix/rows").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def processors():
    return sorted({row[2] for row in rows()})


def deps(task):
    return set(subprocess.run([ROOT / ".ci/deps", "print", task], capture_output=True, text=True, check=True).stdout.split())


def test_rows_are_named_once_and_well_formed():
    assert all(len(row) == 4 for row in rows())
    names = [row[0] for row in rows()]
    assert len(names) == len(set(names)) and len(names) >= 8


@pytest.mark.parametrize("architecture", processors())
@pytest.mark.parametrize("path", ["runtime/stub/stub.cpp", "runtime/plan/seccomp/native_architecture.h"])
def test_what_is_for_one_processor_is_there_for_each_of_the_matrix(path, architecture):
    branches = re.findall(r"^#(?:if|elif) (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    assert any(MACROS[architecture] in branch for branch in branches)


@pytest.mark.parametrize("architecture", processors())
def test_integration_tests_know_each_processor(architecture):
    assert f'"{MACHINES[architecture]}": Machine(' in (ROOT / "tests/support/machine.py").read_text()


def test_the_page_on_building_names_each_row():
    page = (ROOT / "docs/building.md").read_text()
    assert [row[0] for row in rows() if f"| `{row[0]}` |" not in page] == []


# A script says in its head which packages it needs: who calls it by make has them installed.
@pytest.mark.parametrize("script, task", [("tests/matrix/root", "matrix"), ("tests/guest/image", "arm64"), ("tests/support/foreign", "arm64")])
def test_packages_of_a_script_are_installed(script, task):
    head = re.search(r"^# Packages: (.*)", (ROOT / script).read_text(), re.MULTILINE)[1]
    wanted = set(re.findall(r"[a-z][a-z0-9-]+", head)) - {"or", "qemu-system-x86"}
    assert wanted and wanted <= deps(task)


def test_a_plain_build_installs_nothing_of_it():
    assert not (deps("arm64") - {"python3"}) & deps("build")
