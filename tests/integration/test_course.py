# SPDX-License-Identifier: Apache-2.0
"""The course in bundles/: each lesson prints what its transcript says, and leaves nothing.

After a change that is meant, look at the difference that `TARE_GOLDEN_UPDATE=1 pytest tests/integration/test_course.py`
makes in the tree."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from support import leaks
from support.runtime import new_id

COURSE = Path(__file__).parent.parent.parent / "bundles"
LESSONS = sorted(path.parent.name for path in COURSE.glob("*/run"))
# What these show is tare's own: features of it, its errors, pids and propagation that the specification leaves open.
TARES_OWN = {"capabilities", "idmap", "limits", "notify", "pid", "pinned", "pod", "propagation", "setns", "threads", "time",
             "userns", "uts", "why"}
CANNOT_BE_SHOWN_HERE = 77

# What varies from one run to the next, and what stands for it in a transcript. The same number gets the same name: a
# transcript shows which are equal. The kernel gives the inode of a namespace that has ended to the next one, of whatever
# kind, so inodes are compared within a kind.
VARIES = {
    "INODE": r"\b(?P<kind>[a-z]+):\[(?P<number>\d+)\]",
    "PID": r'(?:/proc/|kill |-KILL |netns |NSpid:\t|MAINPID=|ns show |ns unshare |process "| process  \w+  )'
           r"(?P<number>\d{3,})",
    "GROUP": r"(?:shared|master):(?P<number>\d+)",
    "MOUNT": r"^(?P<number>\d+) \d+:\d+ /",
    "DEVICE": r"^\w+ (?P<number>\d+:\d+) /",
    "TIME": r"\d+-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "KERNEL": r"\bLinux (?P<number>\d+\.\S+ on \w+)\.",
    "THROTTLED": r"^throttled +(?P<number>[1-9]\d* of \d+ periods, .*)",
    "PROCESSES": r"^INODE\d+  (?P<number>\d+ process(?:es)?  \d+ .*)",
}
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
IN_COLUMN = {"PID": "PID", "TGID": "PID", "TID": "PID", "FILE": "FILE"}
HEAD_OF_TABLE = re.compile(r"[A-Z']+(?: [A-Z]+)*(?:  +[A-Z']+(?: [A-Z]+)*)+")
BRANCH = re.compile(r"(?:[│├└─ ]*[├└]─ )?(?P<inode>\d{10})(?=  \d+ process(?:es)?  )")


class Names:
    """What stands for what varies."""

    def __init__(self):
        self.seen = {}

    def of(self, name, key):
        labels = self.seen.setdefault(name, {})
        return labels.setdefault(key, f"{name}{len(labels) + 1}")

    def inode(self, kind, number):
        return self.of("INODE", (kind, number))

    def in_cell(self, row, title, text):
        """A cell of a table, whose row has the cells `row` by the titles of the columns."""
        if re.fullmatch(r"\d{10}[*+]*", text):
            kind = {"INODE": row.get("KIND"), "OWNER": "user"}.get(title, title.lower())
            return self.inode(kind, text[:10]) + text[10:]
        if title in IN_COLUMN and len(text) > 1:
            return self.of(IN_COLUMN[title], (text,))
        if re.fullmatch(r"[\d.]+ [KMG]?i?B", row.get("USED", "")) and title in ("USED", "SHARE"):
            return title
        return text


def aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def with_tables_laid_out(text, names):
    """The width of a column depends on the numbers in it: tables get their columns after these have their names."""
    lines, table = [], []
    for line in [*text.split("\n"), ""]:
        cells = re.split("  +", line)
        if table and len(cells) == len(table[0]):
            row = dict(zip(table[0], cells))
            table.append([names.in_cell(row, title, cell) for title, cell in row.items()])
            continue
        lines += aligned(table)
        table = [cells] if HEAD_OF_TABLE.fullmatch(line) else []
        lines += [] if table else [line]
    return "\n".join(lines[:-1])


def normal(text):
    names = Names()
    text = with_tables_laid_out(text, names)
    # `ns show --tree | head` shows the tree of the user namespaces.
    text = re.sub(BRANCH.pattern, lambda found: found[0].replace(
        found["inode"], names.inode("user", found["inode"])), text)
    for name, pattern in VARIES.items():
        def stand_in(found, name=name):
            label = names.of(name, tuple(found.groups()) or found[0])
            start, end = (place - found.start() for place in found.span("number" if "number" in found.groupdict() else 0))
            return found[0][:start] + label + found[0][end:]

        text = re.sub(pattern, stand_in, text, flags=re.M)
    return text


def environment(name, binary, directory):
    return {**os.environ, "RUNTIME": str(binary), "ID": name, "TMPDIR": str(directory)}


def play(lesson, name, binary, directory):
    """What a lesson prints, with its container called after the lesson."""
    done = subprocess.run(
        [COURSE / lesson / "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=60, env=environment(name, binary, directory))
    if done.returncode == CANNOT_BE_SHOWN_HERE:
        pytest.skip(done.stderr.strip())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return normal(done.stdout.replace(name, lesson))


def of_the_host():
    return Path("/proc/sys/kernel/hostname").read_text(), sorted(os.listdir("/sys/class/net"))


@pytest.fixture
def left_alone(directory):
    """The test leaves the host as it was; conftest.py looks again after each test."""
    before, host = leaks.snapshot([directory]), of_the_host()
    yield
    assert leaks.snapshot([directory]).added_since(before) == []
    assert of_the_host() == host


@pytest.mark.parametrize("lesson", [
    pytest.param(name, marks=[pytest.mark.tare_only] if name in TARES_OWN else []) for name in LESSONS])
def test_a_lesson_prints_its_transcript_each_time(lesson, binary, directory, left_alone):
    transcript = COURSE / lesson / "transcript"
    name = new_id()
    first = play(lesson, name, binary, directory)
    if "TARE_GOLDEN_UPDATE" in os.environ:
        transcript.write_text(first)
    assert first == transcript.read_text()
    assert play(lesson, name, binary, directory) == first


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_that_is_terminated_leaves_nothing(lesson, binary, directory, left_alone):
    with subprocess.Popen([COURSE / lesson / "run"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment(new_id(), binary, directory)) as script:
        lines = iter(script.stdout.readline, "")
        assert any(line.startswith("$ tare ") for line in lines)
        next(lines, None)  # that command has printed something, or the next one has begun
        script.send_signal(signal.SIGTERM)
        script.communicate(timeout=30)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_fails_with_its_runtime_and_leaves_nothing(lesson, directory, left_alone):
    done = subprocess.run([COURSE / lesson / "run"], capture_output=True, timeout=30,
                          env=environment(new_id(), "/bin/false", directory))
    assert done.returncode not in (0, CANNOT_BE_SHOWN_HERE), done
