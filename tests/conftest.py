# SPDX-License-Identifier: Apache-2.0
"""Fixtures. The runtime under test is $TARE, by default build/tare; with another runtime there the tests
marked tare_only are left out, the rest shows that the tests themselves are right. With TARE_ALL set they are run
too: it shows that they can fail. (Some harm the host then: see what runc and crun do in test_attacks.py.)"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import isolation, kernel, leaks  # noqa: E402
from support.bundle import Bundle, Canary  # noqa: E402
from support.console import ConsoleSocket  # noqa: E402
from support.runtime import Runtime  # noqa: E402
from support.user import User  # noqa: E402

PROJECT = Path(__file__).parent.parent
BINARY = Path(os.environ.get("TARE", PROJECT / "build/tare")).absolute()


def _criu_works():
    return shutil.which("criu") is not None and subprocess.run(["criu", "check"], capture_output=True).returncode == 0


def _enforces(module, program):
    modules = Path("/sys/kernel/security/lsm")
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    return found is not None and modules.exists() and module in modules.read_text().strip().split(",")


_ONLY_V2 = set(kernel.cgroups("self")) == {""}
_HAS_V1 = len(kernel.cgroups("self")) > 1
_HAS_SYSTEMD = Path("/run/systemd/system").is_dir()
# Marker: whether this machine is such a one, and what that is. With $TARE_TESTED_IN_GUEST set, what needs another
# machine is left out here, because the same call of .ci/test runs it in the guest.
MACHINES = {
    "unified": (_ONLY_V2, "nothing but cgroup v2"),
    "criu": (_criu_works(), "a CRIU that works with the kernel"),
    "systemd": (_ONLY_V2 and _HAS_SYSTEMD, "systemd and nothing but cgroup v2"),
    "apparmor": (_enforces("apparmor", "apparmor_parser"), "AppArmor and its parser"),
    "selinux": (_enforces("selinux", "secilc"), "SELinux and secilc"),
    "systemd_v1": (_HAS_V1 and _HAS_SYSTEMD, "systemd and cgroup v1"),
}


def _name_of(binary):
    first = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split(" ")[0]
    return first.strip()


def pytest_configure(config):
    config.addinivalue_line("markers", "tare_only: what tare does differently from other runtimes, or alone")
    config.addinivalue_line("markers", "control: tests/engines, with the engine's stock runtime")
    config.addinivalue_line("markers", "control_cannot(reason): tests/engines, why the stock runtime fails there")
    for name, (_, what) in MACHINES.items():
        config.addinivalue_line("markers", f"{name}: for a machine with {what}; tests/guest is one")
    if os.geteuid() != 0:
        pytest.exit("the integration tests make namespaces, mounts and cgroups: run them as root", 2)
    if not BINARY.exists():
        pytest.exit(f"no runtime at {BINARY}: build it, or name one in TARE", 2)
    isolation.default_signals()
    isolation.own_mount_namespace()
    isolation.become_subreaper()


def pytest_collection_modifyitems(config, items):
    elsewhere = []
    for item in items:
        for marker in MACHINES.keys() & {mark.name for mark in item.iter_markers()}:
            holds, what = MACHINES[marker]
            if not holds:
                item.add_marker(pytest.mark.skip(reason=f"needs {what}: make test-guest"))
                elsewhere.append(item)
    if "TARE_TESTED_IN_GUEST" in os.environ:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]
    name = _name_of(BINARY)
    if name != "tare" and "TARE_ALL" not in os.environ:
        for item in items:
            if item.get_closest_marker("tare_only"):
                item.add_marker(pytest.mark.skip(reason=f"not expected of {name}"))


@pytest.fixture(scope="session")
def binary():
    return BINARY


@pytest.fixture(scope="session")
def user():
    """An ordinary user with subordinate ids."""
    if shutil.which("newuidmap") is None:
        pytest.skip("needs the package uidmap")
    account = User()
    yield account
    account.remove()


@pytest.fixture(scope="session")
def runtime_name():
    return _name_of(BINARY)


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Around each test: mounts, cgroups, processes and files are the same before and after."""
    before = leaks.snapshot()
    running = kernel.descendants(os.getpid())  # an engine's daemon
    yield
    after = leaks.snapshot()
    left = after.added_since(before)
    isolation.end_children(spare=running)
    isolation.remove_cgroups(after.cgroups - before.cgroups)
    assert not left, "\n".join(left)


@pytest.fixture
def directory(nothing_left_behind):
    """A directory of the test's own that container users may pass through."""
    path = Path(tempfile.mkdtemp(prefix=f"{leaks.PREFIX}-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def runtime(directory, runtime_name):
    """The runtime under test with a store of its own. After the test `delete --force` of everything that the
    test made must leave nothing: that is part of each test."""
    place = directory / "runtime"
    place.mkdir()
    under_test = Runtime(BINARY, place, runtime_name)
    before = leaks.snapshot([under_test.root])
    yield under_test
    problems = under_test.delete_all()
    left = leaks.snapshot([under_test.root]).added_since(before)
    assert not problems + left, "\n".join(problems + left)


@pytest.fixture
def make_bundle(directory):
    """For tests with several containers."""

    def make():
        path = Path(tempfile.mkdtemp(prefix="bundle-", dir=directory))
        path.chmod(0o755)
        return Bundle(path)

    return make


@pytest.fixture
def bundle(make_bundle):
    return make_bundle()


@pytest.fixture
def source(directory):
    """A directory of the host to bind."""
    path = directory / "source"
    path.mkdir()
    (path / "file").write_text("content\n")
    return path


@pytest.fixture
def canary(directory):
    """A place of the host that must stay as it is; checked at the end of the test."""
    watched = Canary(directory / "canary")
    yield watched
    watched.assert_unchanged()


@pytest.fixture
def console(directory):
    socket = ConsoleSocket(directory / "console.sock")
    yield socket
    socket.close()


@pytest.fixture(scope="session")
def probe():
    """The compiled support/probe.c."""
    with tempfile.TemporaryDirectory(prefix="seccomp-probe-") as place:
        built = Path(place) / "probe"
        subprocess.run(["cc", "-static", "-O1", "-o", built, PROJECT / "tests/support/probe.c"], check=True)
        yield built


@pytest.fixture(scope="session")
def numbers():
    """{name: number} of the system calls of this machine, by its own headers."""
    text = subprocess.run(
        ["cc", "-E", "-dM", "-include", "sys/syscall.h", "-xc", "/dev/null"], check=True, capture_output=True, text=True
    ).stdout
    found = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}
    assert len(found) > 300
    return found


@pytest.fixture
def holder():
    """A function that makes a namespace of a kind, held by a process, and returns its file."""
    held = []

    def make(kind, *more):
        option = {"network": "net", "mount": "mount"}.get(kind, kind)
        options = ["--fork"] if kind in ("pid", "time") else []
        words = ["unshare", f"--{option}", *options, *more, "sh", "-c", "echo ready; exec sleep 60"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        held.append(process)
        assert process.stdout.readline() == "ready\n"
        (pid,) = kernel.descendants(process.pid) if "--fork" in words else (process.pid,)
        if kind == "user":
            for file in ("uid_map", "gid_map"):
                Path(f"/proc/{pid}/{file}").write_text("0 100000 65536")
        return Path(f"/proc/{pid}/ns/{kernel.NAMESPACES[kind]}")

    yield make

    def is_gone(pid):
        # The init of a pid namespace ends only when the dead members of it have been reaped.
        isolation.reap_dead_children()
        return not kernel.is_alive(pid)

    for process in held:
        for pid in kernel.descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
            kernel.eventually(lambda pid=pid: is_gone(pid))
        process.kill()
        process.wait()
        process.stdout.close()
