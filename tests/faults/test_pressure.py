# SPDX-License-Identifier: Apache-2.0
"""A machine that is short of something: tare works, or says what is missing, and leaves nothing."""

import os
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
from support import isolation, kernel
from support.leaks import PREFIX

pytestmark = pytest.mark.tare_only

MS_REMOUNT, MS_RDONLY = 0x20, 0x1


# ---- a read-only store ---------------------------------------------------------------------------


@contextmanager
def own_store(runtime):
    runtime.root.mkdir(exist_ok=True)
    isolation.mount("own", str(runtime.root), "tmpfs")
    try:
        yield lambda flags: isolation.mount("own", str(runtime.root), "tmpfs", MS_REMOUNT | flags)
    finally:
        isolation.unmount(str(runtime.root))


def test_a_store_that_became_read_only(runtime, bundle):
    bundle.args("sleep", "600")
    with own_store(runtime) as remount:
        container = runtime.start(bundle)
        remount(MS_RDONLY)
        runtime.try_create(bundle).failed("EROFS")
        assert container.status == "running"
        assert container.id in runtime.call("list").ok().stdout
        runtime.call("exec", container.id, "true").ok()
        container.kill("KILL").ok()
        container.await_end()
        container.delete().failed("EROFS")
        assert container.status == "stopped"
        remount(0)
        container.delete().ok()
        assert runtime.delete_all() == []


# ---- limits of the cgroup that tare is called in ---------------------------------------------------


@contextmanager
def own_cgroup(controller, **limits):
    """A function that puts the calling process into a cgroup of its own with these limits."""
    points = kernel.cgroup_mounts()
    if controller not in points:
        pytest.skip(f"no cgroup v1 hierarchy with {controller}")
    place = points[controller] / f"{PREFIX}caller"
    place.mkdir()
    for name, value in limits.items():
        (place / f"{controller}.{name}").write_text(str(value))
    try:
        yield lambda: (place / "cgroup.procs").write_text("0")
    finally:
        kernel.eventually(lambda: not (place / "cgroup.procs").read_text())
        isolation.remove_cgroups({str(place)})


def test_few_processes(runtime, bundle):
    """Enough, or an error that says so."""
    bundle.hook("createRuntime", "/bin/busybox", "true").hook("createContainer", "/bin/busybox", "true")
    for limit in range(1, 10):
        with own_cgroup("pids", max=limit) as enter:
            outcome = runtime.try_create(bundle, preexec_fn=enter)
            if outcome.code == 0:
                assert runtime.delete_all() == []
                break
            outcome.failed("EAGAIN")
            assert runtime.stored() == []
    assert limit <= 3, f"needs {limit} processes"


def test_little_memory(runtime, bundle):
    """Enough, or the kernel kills tare; then one delete leaves nothing."""
    works = 0
    for kilobytes in (256, 512, 1024, 2048, 4096, 8192):
        with own_cgroup("memory", limit_in_bytes=kilobytes * 1024) as enter:
            outcome = runtime.try_create(bundle, preexec_fn=enter)
            works = works or (kilobytes if outcome.code == 0 else 0)
            assert outcome.code in (0, 1, -9), str(outcome)
            runtime.prefix = []
            assert runtime.delete_all() == []
            assert runtime.stored() == []
    print(f"create works with {works} KiB")
    assert 0 < works <= 4096


# ---- others that do not answer ---------------------------------------------------------------------


@contextmanager
def full_socket(path):
    """Listens, but accepts nothing, and has no room for another connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        waiting.setblocking(False)
        with waiting:
            waiting.connect(str(path))
            yield path


def test_a_console_socket_that_accepts_nothing(runtime, bundle, directory):
    bundle.process["terminal"] = True
    with full_socket(directory / "console") as path:
        begin = time.monotonic()
        runtime.try_create(bundle, "--console-socket", path).failed("console")
        assert time.monotonic() - begin < 15
    assert runtime.stored() == []


def test_a_seccomp_agent_that_accepts_nothing(runtime, bundle, directory):
    with full_socket(directory / "agent") as path:
        bundle.linux["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(path),
            "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_NOTIFY"}],
        }
        begin = time.monotonic()
        runtime.try_create(bundle).failed("seccomp")
        assert time.monotonic() - begin < 15
    assert runtime.stored() == []


# ---- many processes, and callers that die ----------------------------------------------------------

BOMB = "bomb() { bomb & bomb & wait; }; bomb"


@pytest.mark.parametrize("own_pids", [True, False], ids=["own pid namespace", "the host's"])
def test_a_fork_bomb_at_delete(runtime, bundle, own_pids):
    """Without a pid namespace nothing but the cgroup says whose processes they are."""
    if not own_pids:
        bundle.inherit("pid")
    bundle.resources["pids"] = {"limit": 2000}
    container = runtime.start(bundle.script(BOMB))
    kernel.eventually(lambda: int(kernel.cgroup_value(container.pid, "pids", "pids.current")) > 1000, 20)
    begin = time.monotonic()
    runtime.call("delete", "--force", container.id).ok()
    assert time.monotonic() - begin < 10
    assert kernel.cgroup_directories(container.id) == set()
    isolation.reap_dead_children()


@pytest.mark.parametrize("verb", ["create", "run", "exec"])
def test_a_caller_that_dies(runtime, bundle, directory, verb):
    """The streams and the parent of tare are gone in the middle; what there is can be deleted."""
    container = runtime.start(bundle.args("sleep", "600"))
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", f"touch {directory}/reached; sleep 0.3").write()
    name = runtime.new_id()
    words = ["exec", container.id, "sh", "-c", "sleep 0.3; echo out"] if verb == "exec" else [
        verb, "--bundle", bundle.path, name]
    reading, writing = os.pipe()
    caller = os.fork()
    if caller == 0:
        subprocess.Popen(runtime.command(*words), stdin=subprocess.DEVNULL, stdout=writing, stderr=writing)
        time.sleep(60)
        os._exit(0)
    os.close(writing)
    if verb == "exec":
        time.sleep(0.1)
    else:
        kernel.eventually((directory / "reached").exists)
    os.kill(caller, 9)
    os.close(reading)
    os.waitpid(caller, 0)
    time.sleep(0.5)
    assert runtime.call("list").ok()
    assert runtime.delete_all() == []
    kernel.eventually(lambda: not kernel.cgroup_directories(name))
    kernel.eventually(lambda: isolation.reap_dead_children() or not kernel.descendants(os.getpid()))  # run's own end
