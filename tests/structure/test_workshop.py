# SPDX-License-Identifier: Apache-2.0
"""The tools around the code check what they say, and the pages for who works on tare name all there is."""

import re
import shutil
import subprocess

import pytest
from test_layers import DOORS, ROOT, tracked

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_each_door_is_named():
    table = CONTRIBUTING.split("## Libraries")[1].split("\n## ")[0]
    doors = {re.sub(r"/\*$", "", path) for paths in DOORS.values() for path in paths if path.endswith((".cpp", "*"))}
    assert len(doors) >= 6
    assert [door for door in sorted(doors) if f"`{door}" not in table] == []


def test_each_kind_of_test_is_named():
    folders = {name.split("/")[1] for name in tracked() if name.startswith("tests/") and name.count("/") > 1}
    assert len(folders) >= 10
    assert [folder for folder in sorted(folders) if f"`tests/{folder}`" not in CONTRIBUTING] == []


def test_links_between_pages_lead_somewhere():
    pages = [name for name in tracked() if name.endswith(".md")]
    links = [(page, link) for page in pages
             for link in re.findall(r"\]\(([^)#: ]+)(?:#[^)]*)?\)", (ROOT / page).read_text())]
    assert len(links) > 10
    assert [(page, link) for page, link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.fixture
def workshop(tmp_path):
    """A repository with the tools of ours and no code."""
    for name in (".ci/lint", ".clang-format", ".flake8", ".ruff.toml", ".shellcheckrc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("check, tools, name, good, bad", [
    ("layout", ["clang-format"], "a.cpp", "int a;\n", "int  a ;\n"),
    ("shell", ["shellcheck"], "a.sh", '#!/bin/sh\necho "$1"\n', "#!/bin/sh\necho $1\n"),
    ("shell", ["shellcheck"], "by-its-first-line", '#!/bin/bash\necho "$1"\n', "#!/bin/bash\necho $1\n"),
    ("python", ["ruff", "flake8"], "a.py", "print()\n", "import os\n"),
    ("python", ["ruff", "flake8"], "by-its-first-line", "#!/usr/bin/python3\nprint()\n", "#!/usr/bin/python3\nimport os\n"),
])
def test_lint_finds(workshop, check, tools, name, good, bad):
    if not any(map(shutil.which, tools)):
        pytest.skip(f"none of {tools} is installed; `make deps` does it")

    def lint(text):
        (workshop / name).write_text(text)
        subprocess.run(["git", "add", "."], cwd=workshop, check=True)
        return subprocess.run([".ci/lint", "build", check], cwd=workshop, capture_output=True, text=True)

    assert lint(good).returncode == 0
    done = lint(bad)
    assert done.returncode == 1
    assert name in done.stdout + done.stderr


def test_lint_refuses_a_check_that_it_does_not_have(workshop):
    assert subprocess.run([".ci/lint", "build", "none"], cwd=workshop, capture_output=True).returncode == 2
