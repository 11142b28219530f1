# SPDX-License-Identifier: Apache-2.0
"""Help and manual pages say the same, in the width of a terminal."""

import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.tare_only

WIDTH = 80


def commands(runtime):
    text = runtime.call("--help").ok().stdout
    return re.findall(r"^  ([a-z]+) ", text.split("commands:\n")[1].split("\n\n")[0], re.M)


def help_of(runtime, *command):
    """That of checkpoint and restore also tells by its exit status whether CRIU works here."""
    outcome = runtime.call(*command, "--help")
    if command not in (("checkpoint",), ("restore",)):
        outcome.ok()
    return outcome.stdout


def words(text):
    """Without what is only layout."""
    return re.sub(r"\s+", " ", text)


def plain(roff):
    """The text of a page, without its markup."""
    text = re.sub(r"\\f[BIR]", "", roff).replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")
    return words(re.sub(r"^\.\w+ ?", "", text, flags=re.M))


def options(help_text):
    """{"-b, --bundle DIR": "the folder ..."} as help shows them."""
    found = {}
    for line in help_text.split("options", 1)[1].split("\nenvironment:")[0].splitlines()[1:]:
        entry = re.match(r"  (?:(-\w), |    )(--[\w-]+(?: \S+)?)(?:\s\s+(.*))?$", line)
        if entry:
            last = f"{entry[1]}, {entry[2]}" if entry[1] else entry[2]
            found[last] = entry[3] or ""
        elif line.startswith(" " * 26) and found:
            found[last] = f"{found[last]} {line.strip()}".strip()
    return found


def variables(help_text):
    """{"NOTIFY_SOCKET": what it does} as help shows them."""
    _, _, text = help_text.partition("\nenvironment:\n")
    entries = re.findall(r"^  (\S.*\n(?: {26}.*\n)*)", text, re.M)
    return dict(words(entry).strip().split(" ", 1) for entry in entries)


@pytest.fixture
def pages(runtime):
    names = commands(runtime)
    assert len(names) > 15
    return {(): runtime.call("man").ok().stdout, **{(name,): runtime.call("man", name).ok().stdout for name in names}}


def test_the_pages_have_what_help_has(runtime, pages):
    for command, page in pages.items():
        help_text = help_of(runtime, *command)
        shown = options(help_text)
        assert len(shown) == sum(line.lstrip().startswith("-") for line in help_text.splitlines()), command
        for option, meaning in shown.items():
            assert f"{option} {words(meaning)}" in plain(page), (command, option)
        environment = variables(help_text)
        for name, meaning in environment.items():
            assert f"{name} {meaning}" in plain(page), (command, name)
        assert ("ENVIRONMENT" in page) == bool(environment)
        assert page.count(".TP") == len(shown) + len(environment) + (len(pages) - 1 if not command else 0)
    for (name,) in (command for command in pages if command):
        assert f"tare-{name}(1)" in plain(pages[()])


@pytest.mark.parametrize("command", ["create", "start", "run"])
def test_the_service_manager_is_told_of_where_it_counts(runtime, command):
    assert "READY=1" in variables(help_of(runtime, command))["NOTIFY_SOCKET"]
    assert "NOTIFY_SOCKET" not in help_of(runtime, "exec")


def test_the_pages_have_the_usual_sections(pages):
    for page in pages.values():
        assert page.startswith(".TH tare")
        sections = re.findall(r"^\.SH (.*)$", page, re.M)
        assert sections[:2] == ["NAME", "SYNOPSIS"]
        assert {"OPTIONS", "EXIT STATUS"} <= set(sections)


@pytest.mark.parametrize("program", [["man", "--warnings", "-l"], ["mandoc", "-T", "lint", "-W", "warning"]], ids=lambda words: words[0])
def test_the_pages_are_accepted(pages, directory, program):
    if shutil.which(program[0]) is None:
        pytest.skip(f"no {program[0]}")
    for page in pages.values():
        (directory / "page.1").write_text(page)
        shown = subprocess.run([*program, directory / "page.1"], capture_output=True, text=True)
        assert shown.returncode == 0, shown
        assert shown.stderr == ""


def test_there_is_no_page_of_what_is_not_there(runtime):
    runtime.call("man", "nonsense").failed("nonsense")
    assert "man" not in commands(runtime)


def test_help_fits_a_terminal_and_a_screen(runtime, pages):
    for command in pages:
        lines = help_of(runtime, *command).splitlines()
        assert max(map(len, lines)) <= WIDTH, command
        assert len(lines) <= 60, command
