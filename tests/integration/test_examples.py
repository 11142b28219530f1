# SPDX-License-Identifier: Apache-2.0
"""The examples of the manual pages are run as they stand there. Only the IDs get a prefix: a container's cgroup is
named after its ID, and other tests may run beside this one."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
TARE = Path(os.environ.get("TARE", PROJECT / "build/tare")).absolute()

pytestmark = pytest.mark.tare_only

# What has to be there before an example: a container in this status, and how long its process lives.
SITUATIONS = {
    "create": (None, 60),
    "run": (None, 0),
    "spec": (None, 0),
    "start": ("created", 60),
    "wait": ("running", 1),
    "events": ("running", 1),
    "checkpoint": ("running", 60),
    "restore": ("running", 60),
}
RUNNING = ("running", 60)
# What is there afterwards. Of the others it counts that they succeed.
STATUS_AFTERWARDS = {
    "create --bundle hello --pid-file web.pid web": "created",
    "start web": "running",
    "kill web": "stopped",
    "kill web KILL": "stopped",
    "checkpoint --leave-running --image-path saved web": "running",
    "restore --detach --bundle hello --image-path saved web": "running",
}


def section(page, title):
    found = re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", page, re.M | re.S)
    return found[1] if found else ""


def plain(roff):
    return roff.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def printed_by(*words):
    return subprocess.run([TARE, *words], capture_output=True, text=True).stdout


def all_examples():
    """(command, lines of sh) of every manual page. Another runtime has none."""
    for name in ["", *re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", printed_by("--help").partition("\noptions")[0], re.M)]:
        page = printed_by("man", *name.split())
        for lines in re.findall(r"^\.nf\n(.*?)^\.fi$", section(page, "EXAMPLES"), re.M | re.S):
            yield name, plain(lines).strip()


def cases():
    for name, lines in all_examples():
        if lines.startswith("podman"):
            continue  # an engine needs an image: tests/engines
        marks = [pytest.mark.criu] if name in ("checkpoint", "restore") else []
        yield pytest.param(name, lines, marks=marks, id=lines.splitlines()[-1])


class Playground:
    """A directory with the bundle hello, a store, and tare in the PATH."""

    def __init__(self, runtime, bundle, directory, seconds):
        self.runtime = runtime
        self.directory = directory
        self.prefix = runtime.new_id() + "-"
        # SIGTERM and SIGHUP end an init only if it handles them.
        bundle.script(f"trap 'exit 0' TERM HUP; sleep {seconds} & wait" if seconds else "echo hello")
        (bundle.rootfs / "mnt").mkdir(exist_ok=True)
        bundle.write()
        os.symlink(bundle.path, directory / "hello")
        programs = directory / "programs"
        programs.mkdir()
        script = programs / "tare"
        script.write_text(f'#!/bin/sh\nexec {runtime.path} --root {runtime.root} "$@"\n')
        script.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def own(self, lines):
        return re.sub(r"(?<![\w/-])(web|db|first|test-)(?=\W|1|$)", rf"{self.prefix}\1", lines)

    def sh(self, lines):
        """Files, as a container keeps the streams of create open."""
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            done = subprocess.run(["sh", "-ec", self.own(lines)], cwd=self.directory, env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, timeout=60)
            for stream in (stdout, stderr):
                stream.seek(0)
            return subprocess.CompletedProcess(lines, done.returncode, stdout.read(), stderr.read())

    def must(self, lines):
        done = self.sh(lines)
        assert done.returncode == 0, (lines, done)

    def prepare(self, name, status):
        for container in ("web", "db", "test-1"):
            self.must(f"tare create --bundle hello {container}")
            if status == "running":
                self.must(f"tare start {container}")
        if name == "mounts remove":
            self.must("""echo '{"destination": "/mnt", "type": "tmpfs"}' | tare mounts add web -""")
        if name == "why":
            assert self.sh("tare exec web /none").returncode == 255
        if name == "resume":
            self.must("tare pause db")

    def await_status(self, wanted, container="web"):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if f'"status": "{wanted}"' in self.sh(f"tare state {container}").stdout:
                return True
            time.sleep(0.05)
        return False

    def clean_up(self):
        self.sh("tare list --quiet | xargs -r tare delete --force")


@pytest.fixture
def play(runtime, bundle, directory):
    made = []

    def make(seconds):
        made.append(Playground(runtime, bundle, directory, seconds))
        return made[-1]

    yield make
    for playground in made:
        playground.clean_up()


@pytest.mark.parametrize("name, lines", cases())
def test_an_example_of_a_manual_page_runs(play, name, lines):
    status, seconds = SITUATIONS.get(name, RUNNING)
    playground = play(seconds)
    if status:
        playground.prepare(name, status)
    done = playground.sh(lines)
    assert (done.returncode, done.stderr) == (0, "")
    for line, wanted in STATUS_AFTERWARDS.items():
        if lines.endswith(f"tare {line}"):
            assert playground.await_status(wanted)


def test_an_example_that_is_wrong_would_be_seen(play):
    playground = play(60)
    assert playground.sh("tare start web").returncode == 1
    playground.must("tare create --bundle hello web")
    assert playground.sh("tare start web --nonsense").returncode == 1
    playground.must("tare start web")
    assert playground.await_status("running")


def test_what_is_expected_afterwards_is_of_an_example():
    if printed_by("man"):
        assert all(any(lines.endswith(f"tare {line}") for _, lines in all_examples()) for line in STATUS_AFTERWARDS)
