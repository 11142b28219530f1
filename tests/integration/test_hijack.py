# SPDX-License-Identifier: Apache-2.0
"""A container with CAP_SYS_PTRACE and no user namespace of its own takes over the processes by which the runtime
comes into its pid namespace (T25): it gets their descriptors, holds them, and sends reports of its own. The host must
neither crash nor hang nor touch a process that is not its own, and nobody may gain what the container has not."""

import contextlib
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from support import kernel

PROJECT = Path(__file__).parent.parent.parent
SECONDS = "300"

pytestmark = pytest.mark.tare_only  # what is forged is tare's own protocol


@pytest.fixture(scope="module")
def hijack():
    """The compiled support/hijack.c."""
    with tempfile.TemporaryDirectory(prefix="hijack-") as place:
        built = Path(place) / "hijack"
        subprocess.run(["cc", "-static", "-O1", "-o", built, PROJECT / "tests/support/hijack.c"], check=True)
        yield built


@pytest.fixture
def stranger():
    """A process of the host that the container would like to see killed."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    assert process.poll() is None, "the runtime has ended a process that is not its own"
    process.kill()
    process.wait()


@pytest.fixture
def attacker(runtime, make_bundle, hijack):
    """A function that starts the hostile container with these forged reports."""

    def start(*reports):
        bundle = make_bundle()
        bundle.capabilities("CAP_SYS_PTRACE", "CAP_KILL")
        bundle.linux["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}],
        }
        (bundle.rootfs / "bin/hijack").write_bytes(hijack.read_bytes())
        (bundle.rootfs / "bin/hijack").chmod(0o755)
        container = runtime.start(bundle.args("/bin/hijack", SECONDS, *reports))
        container.await_output("ready")
        return container

    return start


def taken(container):
    """[pid, capabilities, filter mode] of each process whose socket it has got."""
    return [line.split()[1:] for line in container.output().splitlines() if line.startswith("took")]


def end(container):
    container.kill("KILL").ok()
    container.await_end()
    container.delete().ok()


STEPS = range(32)  # more than an exec has


def forged(kind, stranger):
    return {
        "done, with a pid of the host": [f"{step},0,{stranger.pid}" for step in STEPS],
        "done, with pid 1": [f"{step},0,1" for step in STEPS],
        "done, then failed": [f"{step},{error},{stranger.pid}" for step in range(14, 22) for error in (0, 5)],
        "failed": [f"{step},5,0" for step in STEPS],
        "failed, with words": [f"{step},5,0,A" for step in STEPS],
        "no step": ["-1,0,0", "-2147483648,5,0", "2147483647,0,0", "1000,5,1"],
        "no errno": [f"{step},-5,0" for step in STEPS],
        "no value": [f"{step},0,-1" for step in STEPS],
    }[kind]


KINDS = [
    "done, with a pid of the host", "done, with pid 1", "done, then failed", "failed", "failed, with words", "no step",
    "no errno", "no value",
]


@pytest.fixture
def receiver(directory):
    """The path of a socket that takes every pidfd. For that, exec's process waits where the container sees it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "receiver"))
        listener.listen(1000)
        yield directory / "receiver"


@pytest.mark.parametrize("kind", KINDS)
def test_forged_reports_of_an_exec_harm_nobody(runtime, attacker, stranger, receiver, kind):
    reports = forged(kind, stranger)
    for first in range(0, len(reports), 8):
        container = attacker(*reports[first : first + 8])
        for number in range(10):
            waits = ["--pidfd-socket", receiver] if number % 2 else []
            outcome = runtime.call("exec", *waits, container.id, "true")
            assert outcome.code in (0, 255), outcome
            assert outcome.code == 0 or outcome.stderr.count("\n") == 1, outcome
        assert kernel.is_alive(container.pid)
        assert taken(container), "the attacker was too slow: this has shown nothing"
        end(container)


@pytest.mark.parametrize("kind", KINDS)
def test_forged_reports_of_a_create_harm_nobody(runtime, attacker, make_bundle, stranger, kind):
    reports = forged(kind, stranger)
    container = attacker(*reports[:16])
    for number in range(6):
        guest = make_bundle()
        guest.namespace("pid", f"/proc/{container.pid}/ns/pid").args("/bin/true")
        if number % 2:  # then init is there from the beginning
            guest.hook("createRuntime", "/bin/true")
        outcome = runtime.run(guest)
        assert outcome.code in (0, 1), outcome
    assert kernel.is_alive(container.pid)
    assert taken(container)
    end(container)


@contextlib.contextmanager
def late_receiver(path):
    """A socket to which nobody can connect before the context ends."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        yield
        listener.accept()
        listener.accept()


def visible_stub(container):
    space = kernel.namespace(container.pid, "pid")
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            if kernel.namespace(pid, "pid") == space and Path(f"/proc/{pid}/comm").read_text() == "tare:init\n":
                return pid
    return None


def test_an_exec_that_is_visible_has_no_more_than_the_container(runtime, attacker, directory):
    container = attacker()
    path = directory / "pidfd.sock"
    inside = int(kernel.status(container.pid)["CapPrm"], 16)
    with late_receiver(path):
        process = runtime.popen("exec", "--pidfd-socket", path, container.id, "true")
        kernel.eventually(lambda: taken(container))
        stub = kernel.eventually(lambda: visible_stub(container))
        shown = {number: os.readlink(f"/proc/{stub}/fd/{number}") for number in os.listdir(f"/proc/{stub}/fd")}
    assert process.wait(10) == 0
    _, capabilities, mode = taken(container)[0]
    assert int(capabilities, 16) == inside
    assert mode == "2"
    assert [name for number, name in shown.items() if int(number) > 2] == [
        name for name in shown.values() if name.startswith("socket:")]
    end(container)


SECCOMP = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}],
}


def procfs_takes_a_pid_namespace():
    """fsconfig(2) of a procfs with "pidns", since Linux 6.18."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 18)


def is_visible_with_no_more(runtime, container, guest):
    guest.namespace("pid", f"/proc/{container.pid}/ns/pid").args("sleep", "60")
    guest.linux["seccomp"] = SECCOMP
    created = runtime.create(guest)
    pid = created.pid
    inside = int(kernel.status(pid)["CapPrm"], 16)
    kernel.eventually(lambda: taken(container))
    assert [(int(capabilities, 16), mode) for _, capabilities, mode in taken(container)] == [(inside, "2")]
    created.delete("--force").ok()
    created.exit_status(pid)
    end(container)


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_create_that_joins_is_visible_with_no_more_than_its_container(
        runtime, attacker, make_bundle, no_new_privileges):
    guest = make_bundle().without_mount("/proc")
    guest.process["noNewPrivileges"] = no_new_privileges
    is_visible_with_no_more(runtime, attacker(), guest)


@pytest.mark.skipif(not procfs_takes_a_pid_namespace(), reason="the kernel makes no procfs from outside (Linux 6.18)")
def test_so_is_one_with_a_procfs(runtime, attacker, make_bundle):
    is_visible_with_no_more(runtime, attacker(), make_bundle())


def test_who_holds_the_socket_of_an_exec_does_not_hold_it_up(runtime, attacker):
    container = attacker()
    began = time.monotonic()
    for _ in range(10):
        runtime.call("exec", container.id, "true").ok()
    assert taken(container)
    assert time.monotonic() - began < 60
    end(container)


@pytest.mark.parametrize("visible", ["at the end", "from the beginning"])
def test_who_holds_the_descriptors_of_a_created_container_does_not_hold_up_its_start(
        runtime, attacker, make_bundle, visible):
    container = attacker()
    guest = make_bundle()
    if visible == "from the beginning":
        guest.hook("createRuntime", "/bin/true")
    guest.namespace("pid", f"/proc/{container.pid}/ns/pid").args("sleep", "60")
    created = runtime.create(guest)
    kernel.eventually(lambda: taken(container))
    began = time.monotonic()
    created.start().ok()
    assert created.status == "running"
    assert time.monotonic() - began < 60  # without: two minutes
    pid = created.pid
    created.delete("--force").ok()
    created.exit_status(pid)  # until it is reaped, the pid namespace is not gone
    end(container)
