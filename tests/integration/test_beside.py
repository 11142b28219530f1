# SPDX-License-Identifier: Apache-2.0
"""Commands beside a `run`, `exec` or `restore` that stays in the foreground, and what becomes of the three when they
are killed, hung up, stopped and continued."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import time

import pytest
from support import isolation, kernel
from support.kernel import eventually

pytestmark = pytest.mark.tare_only

AT_ONCE = 8  # seconds; who waits for a lock does so for ten at least
SECONDS = 60  # CRIU under emulation

FORWARDED = ["TERM", "HUP", "INT", "QUIT", "ABRT", "SEGV", "TRAP", "USR1", "USR2", "CONT", "TSTP"]
# It counts, says which signals it got, and ends when it is told to.
PROGRAM = f"""
for name in {" ".join(FORWARDED)}; do trap "echo $name >> /said" $name; done
i=0; while [ ! -e /end ]; do i=$((i+1)); echo $i > /count.new; mv /count.new /count; sleep 0.05; done; exit 7
"""


def is_locked(runtime, name):
    directory = os.open(runtime.root / name, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(directory)


class Foreground:
    """One of the three, with PROGRAM."""

    def __init__(self, verb, runtime, bundle, directory, terminal):
        self.verb, self.runtime, self.bundle, self.directory = verb, runtime, bundle.writable(), directory
        self.terminal = terminal
        (directory / "own").mkdir()
        self.bundle.bind(directory / "own", "/own")
        self.images = directory / "images"

    def begin(self, console):
        self.bundle.process["terminal"] = self.terminal and self.verb != "exec"
        words = getattr(self, f"_{self.verb}")(console)
        with open(self.directory / "printed", "wb") as out:  # as the streams were that are restored: files
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=os.setpgrp)
        self.grows()
        return self

    def _run(self, _):
        self.bundle.script(PROGRAM).write()
        self.id = self.runtime.new_id()
        return self.runtime.command("run", "--bundle", self.bundle.path, self.id)

    def _exec(self, _):
        self.id = self.runtime.start(self.bundle.script("while :; do sleep 0.1; done"), stdin=subprocess.DEVNULL).id
        return self.runtime.command("exec", *["--tty"] * self.terminal, self.id, "sh", "-c", PROGRAM)

    def _restore(self, console):
        options = ["--console-socket", console.path] * self.terminal
        if self.terminal:  # `start` beside it: the socket is served when create has come back
            self.id = self.runtime.create(self.bundle.script(PROGRAM), *options).id
            console.receive()
            self.runtime.call("start", self.id).ok()
        else:
            self.id = self.runtime.start(self.bundle.script(PROGRAM), stdin=subprocess.DEVNULL).id
        self.grows()
        self.call("checkpoint", "--image-path", self.images, seconds=SECONDS).ok()
        (self.bundle.rootfs / "count").unlink()
        return self.runtime.command("restore", "--bundle", self.bundle.path, "--image-path", self.images, self.id)

    def call(self, verb, *options, behind=(), seconds=AT_ONCE):
        return self.runtime.call(verb, *options, self.id, *behind, seconds=seconds)

    @property
    def has_ended_container(self):
        """What it serves is all of the container."""
        return self.verb != "exec"

    def count(self):
        try:
            return int((self.bundle.rootfs / "count").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def grows(self):
        seen = self.count()
        eventually(lambda: self.count() > seen + 1, seconds=SECONDS)

    def said(self):
        try:
            return (self.bundle.rootfs / "said").read_text().split()
        except FileNotFoundError:
            return []

    def end(self):
        (self.bundle.rootfs / "end").touch()

    def finish(self, code=7):
        """It ends as its program does, and leaves nothing."""
        self.end()
        self.left(code)

    def left(self, code):
        assert self.process.wait(SECONDS) == code, (self.directory / "printed").read_text()
        if self.has_ended_container:
            assert self.id not in self.runtime.stored()
            assert not kernel.cgroup_directories(self.id)
        if not self.terminal:
            assert (self.directory / "printed").read_text() == ""


@pytest.fixture(params=[False, True], ids=["streams", "terminal"])
def terminal(request):
    return request.param


@pytest.fixture(params=["run", "exec", pytest.param("restore", marks=pytest.mark.criu)])
def foreground(request, runtime, bundle, directory, terminal, console):
    begun = Foreground(request.param, runtime, bundle, directory, terminal)
    begun.process = None
    begun.begin(console)
    yield begun
    begun.end()
    try:
        begun.process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        begun.process.kill()
        begun.process.wait()


# ---- commands that change nothing --------------------------------------------------------------


def state(beside):
    found = beside.call("state").ok().json()
    assert found["status"] == "running", json.dumps(found)


def listed(beside):
    assert beside.id in beside.runtime.call("list", seconds=AT_ONCE).ok().stdout


def ps(beside):
    assert len(json.loads(beside.call("ps", "--format", "json").ok().stdout)) >= 1


def stats(beside):
    assert beside.call("events", "--stats").ok().json()["id"] == beside.id


def exec_more(beside):
    assert beside.call("exec", behind=["echo", "more"]).ok().stdout == "more\n"


def update(beside):
    beside.call("update", "--pids-limit", "55").ok()
    pid = beside.call("state").ok().json()["pid"]
    assert kernel.cgroup_value(pid, "pids", "pids.max") == "55"


def pause_and_resume(beside):
    beside.call("pause").ok()
    assert beside.call("state").ok().json()["status"] == "paused"
    seen = beside.count()
    assert beside.count() == seen
    beside.call("resume").ok()


def mounts(beside):
    source = beside.directory / "more"
    source.mkdir()
    (source / "file").write_text("more")
    file = beside.directory / "mount.json"
    file.write_text(json.dumps({"destination": "/tmp", "type": "bind", "source": str(source), "options": ["bind"]}))
    beside.call("mounts", "add", behind=[file]).ok()
    assert beside.call("exec", behind=["cat", "/tmp/file"]).ok().stdout == "more"
    beside.call("mounts", "remove", behind=[file]).ok()


def mounts_of_its_own(beside):
    """One that create has made: who made it must not hold it."""
    file = beside.directory / "mount.json"
    file.write_text(json.dumps({"destination": "/own", "type": "bind", "source": "/", "options": ["bind"]}))
    beside.call("mounts", "remove", behind=[file]).ok()


def kill_0(beside):
    beside.call("kill", behind=["0"]).ok()


def kill_all(beside):
    beside.call("kill", "--all", behind=["CONT"]).ok()
    eventually(lambda: "CONT" in beside.said())


def gc(beside):
    beside.runtime.call("gc", seconds=AT_ONCE).ok()
    state(beside)


def start(beside):
    beside.call("start").failed("running")


def create_another(beside):
    beside.bundle.process["terminal"] = False
    beside.bundle.write()
    beside.call("create", "--bundle", beside.bundle.path).failed("exists")
    beside.call("run", "--bundle", beside.bundle.path).failed("exists")


def delete(beside):
    beside.call("delete").failed("not stopped")


def mounts_shown(beside):
    assert "/proc" in beside.call("mounts", "show").ok().stdout


def propagation(beside):
    beside.call("mounts", "propagate", behind=["/proc", "private"]).ok()


def diff(beside):
    outcome = beside.call("diff")
    assert outcome.code == (1 if outcome.stdout else 0)


def cgroup(beside):
    assert "memory" in beside.call("cgroup", "show").ok().stdout


def why(beside):
    start(beside)
    assert "running" in beside.call("why").ok().stdout


def checkpoint_and_leave(beside):
    images = beside.directory / "more-images"
    beside.call("checkpoint", "--image-path", images, "--leave-running", seconds=SECONDS).ok()
    beside.call("restore", "--bundle", beside.bundle.path, "--image-path", images).failed("exists")


HARMLESS = [state, listed, ps, stats, exec_more, update, pause_and_resume, mounts, mounts_of_its_own, kill_0, kill_all, gc,
            start, create_another, delete, mounts_shown, propagation, diff, cgroup, why]


@pytest.mark.parametrize("command", [*HARMLESS, pytest.param(checkpoint_and_leave, marks=pytest.mark.criu)])
@pytest.mark.parametrize("foreground", ["run", "exec"], indirect=True)
def test_a_command_beside_it_works_at_once(foreground, command):
    command(foreground)
    assert foreground.process.poll() is None
    foreground.grows()
    foreground.finish()


@pytest.mark.criu
@pytest.mark.parametrize("foreground", ["restore"], indirect=True)
def test_all_of_them_work_at_once_beside_a_restore(foreground):
    for command in [*HARMLESS, checkpoint_and_leave]:
        command(foreground)
        assert foreground.process.poll() is None
        foreground.grows()
    foreground.finish()


def watches(pid):
    with contextlib.suppress(FileNotFoundError):  # one is closed while we look
        return "anon_inode:[pidfd]" in kernel.descriptors(pid).values()


@pytest.fixture
def beside_all(foreground):
    """A command that watches, from before the end."""
    watching = []

    def begin(*words):
        process = subprocess.Popen(foreground.runtime.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        watching.append(process)
        eventually(lambda: watches(process.pid))
        return process

    yield begin
    for process in watching:
        process.kill()
        process.communicate()


def test_who_waits_beside_it_sees_the_end(foreground, beside_all):
    waiting = beside_all("wait", foreground.id)
    events = beside_all("events", "--lifecycle", "--interval", "1h", foreground.id)
    foreground.finish()
    if not foreground.has_ended_container:
        foreground.call("kill", behind=["KILL"]).ok()
    assert waiting.communicate(timeout=SECONDS)[0].startswith(foreground.id)
    assert json.loads(events.communicate(timeout=SECONDS)[0].splitlines()[-1])["type"] == "exited"


# ---- commands that end it ----------------------------------------------------------------------


def delete_by_force(beside):
    beside.call("delete", "--force").ok()
    beside.call("state").failed("does not exist")


def kill(beside):
    beside.call("kill", behind=["KILL"]).ok()


def delete_while_paused(beside):
    beside.call("pause").ok()
    delete_by_force(beside)


def checkpoint(beside):
    beside.call("checkpoint", "--image-path", beside.directory / "more-images", seconds=SECONDS).ok()
    beside.call("state").failed("does not exist")


@pytest.mark.parametrize("command", [delete_by_force, kill, delete_while_paused, pytest.param(checkpoint, marks=pytest.mark.criu)])
def test_a_command_that_ends_it_works_at_once(foreground, command):
    command(foreground)
    foreground.left(137)


# ---- signals to it -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FORWARDED if name not in ("CONT", "TSTP")])
def test_a_signal_is_forwarded_and_the_program_decides(foreground, name):
    foreground.process.send_signal(signal.Signals[f"SIG{name}"])
    eventually(lambda: foreground.said() == [name])
    assert foreground.process.poll() is None
    foreground.grows()
    foreground.finish()


def test_stopped_it_lets_the_program_go_on_and_continued_it_serves_it(foreground):
    process = foreground.process
    process.send_signal(signal.SIGTSTP)
    eventually(lambda: kernel.process_state(process.pid) == "T")
    eventually(lambda: foreground.said() == ["TSTP"])
    foreground.grows()
    state(foreground)
    process.send_signal(signal.SIGCONT)
    eventually(lambda: kernel.process_state(process.pid) == "S")
    eventually(lambda: foreground.said() == ["TSTP", "CONT"])
    foreground.finish()


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_it_is_in_nobodys_way(foreground, stop):
    process = foreground.process
    eventually(lambda: not is_locked(foreground.runtime, foreground.id))
    process.send_signal(stop)
    eventually(lambda: kernel.process_state(process.pid) == "T")
    if foreground.has_ended_container:
        delete_by_force(foreground)
    else:  # init cannot end before its last process is reaped, which is for the stopped one to do
        foreground.end()
    process.send_signal(signal.SIGCONT)
    foreground.left(137 if foreground.has_ended_container else 7)


def test_killed_it_leaves_the_container_running(foreground):
    eventually(lambda: not is_locked(foreground.runtime, foreground.id))  # before, it would take the container along
    foreground.process.kill()
    foreground.process.wait()
    foreground.grows()
    # Its terminal is gone with it, which a program is told.
    eventually(lambda: foreground.said() == (["HUP", "CONT"] if foreground.terminal else []) or foreground.said() == ["HUP"])
    state(foreground)
    foreground.end()
    if foreground.has_ended_container:
        eventually(lambda: foreground.call("state").ok().json()["status"] == "stopped", seconds=SECONDS)
        foreground.call("delete").ok()
    else:
        seen = -1
        while seen != foreground.count():
            seen = foreground.count()
            time.sleep(0.2)
        isolation.reap_dead_children()
        delete_by_force(foreground)


# ---- all of them ------------------------------------------------------------------------------

# Those of `ns` take no lock and write nothing of a container's: test_ns.py has them side by side.
WITHOUT_A_CONTAINER = {"spec", "features", "plan", "check", "info", "help", "completion", "ns", "trace"}


def test_every_command_is_tried_here(runtime):
    def listed(*words):
        text = runtime.call(*words, "--help").ok().stdout.partition("\ncommands:\n")[2].partition("\n\n")[0]
        return re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", text, re.MULTILINE)

    with open(__file__) as file:
        tried = set(re.findall(r'(?:call|beside_all|popen)\("(mounts", "\w+|[a-z]+)"', file.read()))
    known = {name.replace(" ", '", "') for name in (*listed(), *listed("mounts"))} - {"mounts"}
    assert known - WITHOUT_A_CONTAINER == tried


# ---- at the same time --------------------------------------------------------------------------


def test_whoever_is_first_deletes_it_once(runtime, bundle, directory):
    """The program's own end, and a `delete --force` at about that time."""
    log = directory / "poststop"
    bundle.hook("poststop", "/bin/sh", "sh", "-c", f"echo once >> {log}").args("true").write()
    rounds = 60
    for number in range(rounds):
        name = runtime.new_id()
        run = runtime.popen("run", "--bundle", bundle.path, name, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        eventually(lambda: name in runtime.stored() or run.poll() is not None, pause=0)
        eventually(lambda: run.poll() is not None or runtime.call("state", name).stdout.find('"running"') > 0, pause=0)
        time.sleep(number % 10 / 1000)
        runtime.call("delete", "--force", name, seconds=AT_ONCE).ok()
        _, said = run.communicate(timeout=SECONDS)
        assert (run.returncode, said) in ((0, ""), (137, "")), f"round {number}"
        assert runtime.stored() == []
    assert log.read_text().split() == ["once"] * rounds


def test_who_deletes_it_may_take_long_over_its_hooks(runtime, bundle, directory):
    """`run` does not wait for the poststop hooks of a `delete`."""
    bundle.hook("poststop", "/bin/sh", "sh", "-c", f"while [ ! -e {directory}/go ]; do sleep 0.05; done")
    bundle.script("echo up; sleep 600").write()
    name = runtime.new_id()
    run = runtime.popen("run", "--bundle", bundle.path, name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"up\n"
    delete = runtime.popen("delete", "--force", name)
    assert run.wait(AT_ONCE) == 137
    assert delete.poll() is None
    (directory / "go").touch()
    assert delete.wait(AT_ONCE) == 0
    run.stdout.close()


def test_another_container_of_the_same_id_is_not_its_own(runtime, make_bundle):
    first = make_bundle().script("echo up; sleep 600")
    first.write()
    name = runtime.new_id()
    run = runtime.popen("run", "--bundle", first.path, name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"up\n"
    eventually(lambda: not is_locked(runtime, name))
    run.send_signal(signal.SIGSTOP)  # it must not see the end before there is another
    runtime.call("delete", "--force", name, seconds=AT_ONCE).ok()
    second = make_bundle().args("sleep", "600")
    second.write()
    runtime.call("create", "--bundle", second.path, name).ok()
    runtime.call("start", name).ok()
    run.send_signal(signal.SIGCONT)
    assert run.wait(AT_ONCE) == 137
    assert runtime.call("state", name).ok().json()["status"] == "running"
    run.stdout.close()


def test_who_holds_the_lock_at_the_end_is_waited_for(runtime, bundle, directory):
    bundle.writable().script("echo up; while [ ! -e /end ]; do sleep 0.05; done; exit 7").write()
    name = runtime.new_id()
    run = runtime.popen("run", "--bundle", bundle.path, name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"up\n"
    eventually(lambda: not is_locked(runtime, name))
    holder = subprocess.Popen(["flock", str(runtime.root / name), "sh", "-c", f"touch {directory}/held; sleep 600"])
    eventually(lambda: (directory / "held").exists())
    (bundle.rootfs / "end").touch()
    eventually(lambda: not kernel.descendants(run.pid))
    assert run.poll() is None and runtime.stored() == [name]
    for pid in [*kernel.descendants(holder.pid), holder.pid]:
        os.kill(pid, signal.SIGKILL)
    holder.wait()
    assert run.wait(AT_ONCE) == 7
    assert runtime.stored() == []
    run.stdout.close()


def test_a_detached_run_that_waits_to_be_ready_holds_nobody_up(runtime, bundle, directory):
    """With NOTIFY_SOCKET; its manager need not be there."""
    bundle.args("sleep", "600").write()
    name = runtime.new_id()
    run = runtime.popen("run", "--detach", "--bundle", bundle.path, name, stdin=subprocess.DEVNULL,
                        env={**os.environ, "NOTIFY_SOCKET": f"{directory}/nobody"}, stdout=subprocess.DEVNULL)
    eventually(lambda: '"running"' in runtime.call("state", name).stdout)
    runtime.call("delete", "--force", name, seconds=AT_ONCE).ok()
    assert run.wait(AT_ONCE) == 0
