# SPDX-License-Identifier: Apache-2.0
"""Help and manual pages say the same, in the width of a terminal."""

import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.tare_only

WIDTH = 80


# The store of an unprivileged user; help does not repeat it for each command.
OF_THE_STORE = "XDG_RUNTIME_DIR"


def commands(runtime):
    """Their words: ("create",), ("mounts", "add")."""

    def listed(*words):
        text = runtime.call("help", *words).ok().stdout
        names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", text.split("commands:\n")[1].split("\n\n")[0], re.M)
        return [tuple(name.split()) for name in names]

    def is_group(word):
        return runtime.call("help", word).ok().stdout.startswith(f"usage: tare [OPTIONS] {word} COMMAND")

    return [name for first in listed() for name in (listed(*first) if is_group(*first) else [first])]


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


def section(page, title):
    """Its text as roff; "" if there is none."""
    found = re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", page, re.M | re.S)
    return found[1] if found else ""


@pytest.fixture
def pages(runtime):
    names = commands(runtime)
    assert len(names) > 15
    return {(): runtime.call("man").ok().stdout, **{name: runtime.call("man", *name).ok().stdout for name in names}}


def test_the_pages_have_what_help_has(runtime, pages):
    for command, page in pages.items():
        help_text = help_of(runtime, *command)
        shown = options(help_text)
        assert len(shown) == sum(line.lstrip().startswith("-") for line in help_text.splitlines()), command
        for option, meaning in shown.items():
            assert f"{option} {words(meaning)}" in plain(section(page, "OPTIONS")), (command, option)
        assert section(page, "OPTIONS").count(".TP") == len(shown), command
        environment = variables(help_text)
        for name, meaning in environment.items():
            assert f"{name} {meaning}" in plain(section(page, "ENVIRONMENT")), (command, name)
        of_the_store = OF_THE_STORE in section(page, "ENVIRONMENT")
        assert section(page, "ENVIRONMENT").count(".TP") == len(environment) + of_the_store, command
        assert of_the_store == ("/run/tare/ID/" in plain(section(page, "FILES"))), command
    assert section(pages[()], "COMMANDS").count(".TP") == len(pages) - 1
    for command in pages:
        assert not command or f"tare-{'-'.join(command)}(1)" in plain(pages[()])


@pytest.mark.parametrize("command", ["create", "start", "run"])
def test_the_service_manager_is_told_of_where_it_counts(runtime, command):
    assert "READY=1" in variables(help_of(runtime, command))["NOTIFY_SOCKET"]
    assert "NOTIFY_SOCKET" not in help_of(runtime, "exec")


def test_the_pages_have_the_usual_sections(pages):
    order = ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"]
    for command, page in pages.items():
        assert page.startswith(".TH tare")
        sections = re.findall(r"^\.SH (.*)$", page, re.M)
        assert sections == [title for title in order if title in sections], command
        needed = {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"}
        assert needed <= set(sections), command


def test_the_description_says_more_than_the_summary(pages):
    for command, page in pages.items():
        description = plain(section(page, "DESCRIPTION"))
        assert len(description) > 1.5 * len(plain(section(page, "NAME"))), command
        assert description.count(".") >= 2, command


def test_the_pages_that_are_referred_to_exist(pages):
    ours = {"tare", *("-".join(("tare", *command)) for command in pages)}
    for command, page in pages.items():
        named = re.findall(r"(tare[a-z-]*)\(1\)", plain(section(page, "SEE ALSO")))
        assert set(named) <= ours, command
        assert "-".join(("tare", *command)) not in named


def test_an_exit_status_of_failure_is_the_one_of_the_page(runtime, pages):
    for command, page in pages.items():
        statuses = re.findall(r"^\.TP\n\\fB(.*)\\fR$", section(page, "EXIT STATUS"), re.M)
        assert "1" in statuses, command
    for command in (("exec",), ("wait",)):
        assert runtime.call(*command, "no-such", "x").code == 255
        assert "255" in plain(section(pages[command], "EXIT STATUS"))


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
    runtime.call("man", "mounts").failed("add, remove, show or propagate")
    assert ("man",) not in commands(runtime)


def test_help_fits_a_terminal_and_a_screen(runtime, pages):
    for command in pages:
        lines = help_of(runtime, *command).splitlines()
        assert max(map(len, lines)) <= WIDTH, command
        assert len(lines) <= (60 if command else 80), command  # the first one has a line for each command


def test_help_is_a_command_too(runtime):
    assert runtime.call("help").ok().stdout == runtime.call("--help").ok().stdout
    for command in commands(runtime):
        assert runtime.call("help", *command).ok().stdout == help_of(runtime, *command), command
    assert runtime.call("help", "mounts").ok().stdout == runtime.call("mounts", "--help").ok().stdout
    runtime.call("help", "nonsense").failed("unknown command", "nonsense")
