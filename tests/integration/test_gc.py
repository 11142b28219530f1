# SPDX-License-Identifier: Apache-2.0
"""gc: what belongs to a create that was killed goes, and nothing else does. tests/faults has kills at any moment."""

import fcntl
import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import kernel
from support.kernel import eventually

pytestmark = pytest.mark.tare_only


@contextmanager
def create_in_a_hook(runtime, bundle, directory):
    """A create that waits in a hook; it is killed at the end. Gives the container's ID."""
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    bundle.args("sleep", "300").write()
    name = runtime.new_id()
    quiet = subprocess.DEVNULL
    process = runtime.popen("create", "--bundle", bundle.path, name, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        eventually((directory / "reached").exists)
        yield name
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@contextmanager
def sleeper(*words):
    process = subprocess.Popen([*words, "sleep", "300"], stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def collect(runtime, name):
    """What gc shows of this container, and that it is gone then."""
    shown = runtime.call("gc", "--dry-run").ok().stdout
    assert shown.startswith(f"{name}: its create, process ")
    assert runtime.call("gc").ok().stdout == shown
    assert name not in runtime.stored()
    assert runtime.call("gc").ok().stdout == ""
    return shown


# ---- cgroups -----------------------------------------------------------------------------------


def enter(process, *places):
    for place in places:
        (place / "cgroup.procs").write_text(str(process.pid))


def test_who_is_in_a_cgroup_that_was_there_before_stays(runtime, bundle, directory):
    name = f"tare-test-{runtime.new_id()}"
    places = [mount / name for mount in set(kernel.cgroup_mounts().values())]
    bundle.linux["cgroupsPath"] = f"/{name}"
    for place in places:
        place.mkdir()
    try:
        with sleeper() as other:
            with create_in_a_hook(runtime, bundle, directory) as container:
                enter(other, *(place for place in places if not (place / "cpuset.cpus").exists()))
            collect(runtime, container)
            assert other.poll() is None
            assert all(place.exists() for place in places)
    finally:
        for place in places:
            eventually(lambda: is_removed(place))


def is_removed(place):
    try:
        place.rmdir()
    except OSError:
        return False
    return True


# ---- scopes of systemd ---------------------------------------------------------------------------


def state_of(unit):
    return subprocess.check_output(["systemctl", "show", "-P", "ActiveState", unit], text=True).strip()


@pytest.mark.systemd
def test_the_scope_of_a_create_that_was_killed_goes(runtime, bundle, directory):
    runtime.globals = ["--systemd-cgroup"]
    with sleeper() as held:  # an empty scope would go by itself
        with create_in_a_hook(runtime, bundle, directory) as name:
            scope = f"tare-{name}.scope"
            enter(held, Path(f"/sys/fs/cgroup/system.slice/{scope}"))
        assert state_of(scope) == "active"
        runtime.globals = []
        assert f"  systemd scope {scope}\n" in collect(runtime, name)
        eventually(lambda: state_of(scope) == "inactive")
        assert held.wait(10) == -signal.SIGKILL


@pytest.mark.systemd
def test_a_scope_that_no_record_names_stays(runtime):
    scope = f"tare-{runtime.new_id()}.scope"
    with sleeper("systemd-run", "--quiet", "--scope", f"--unit={scope}") as other:
        eventually(lambda: state_of(scope) == "active")
        assert runtime.call("gc").ok().stdout == ""
        assert state_of(scope) == "active"
        assert other.poll() is None


@contextmanager
def silent_bus(directory):
    """Takes connections and answers nobody."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "bus"))
        listener.listen()
        yield {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/bus"}


@pytest.mark.systemd
def test_a_scope_of_somebody_else_stays_though_a_record_names_it(runtime, bundle, directory):
    """The create was killed before systemd could tell it that the scope is there already."""
    name = runtime.new_id()
    scope = f"tare-{name}.scope"
    with sleeper("systemd-run", "--quiet", "--scope", f"--unit={scope}") as other:
        eventually(lambda: state_of(scope) == "active")
        bundle.args("sleep", "300").write()
        runtime.globals = ["--systemd-cgroup"]
        with silent_bus(directory) as environment:
            process = runtime.popen("create", "--bundle", bundle.path, name, env={**os.environ, **environment},
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            eventually((runtime.root / name / "intent.json").exists)
            process.kill()
            process.wait()
        runtime.globals = []
        collect(runtime, name)
        assert state_of(scope) == "active"
        assert other.poll() is None


@pytest.mark.parametrize("held", [False, True], ids=["left", "in use"])
def test_a_claim_that_a_killed_create_left_is_removed(runtime, held):
    """Between mkdir and rename: a dry run says what would go, and nothing of a create that is at work."""
    (claim := runtime.root / ":claimed").mkdir(parents=True)
    said = "" if held else "claimed: the ID is claimed, and nothing else\n"
    lock = os.open(claim, os.O_RDONLY | os.O_DIRECTORY)
    if held:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert runtime.call("gc", "--dry-run").ok().stdout == said
    assert claim.exists()
    assert runtime.call("gc").ok().stdout == said
    assert claim.exists() == held
    os.close(lock)
    runtime.call("delete", "--force", "claimed").ok()
    assert not claim.exists()
