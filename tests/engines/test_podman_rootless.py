# SPDX-License-Identifier: Apache-2.0
"""podman as an ordinary user runs it: it makes itself root of a user namespace, and calls the runtime there."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from support import engines, kernel
from support.kernel import eventually

MISSING = [name for name in ("podman", "newuidmap") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")

# Without CAP_SYS_RESOURCE no limit can be raised to what podman asks for by default.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
RUN = ["run", "--network=none", *LIMITS]
IMAGE = "localhost/busybox"


@pytest.fixture(scope="module")
def podman(binary, user):
    with engines.own_places() as place:
        place.chmod(0o755)
        home = place / "home"
        runtime_directory = place / "run"
        layer = engines.image_layer(place)
        for directory in (home, runtime_directory):
            directory.mkdir(mode=0o700)
            user.own(directory)
        environment = {"HOME": home, "XDG_RUNTIME_DIR": runtime_directory}
        prefix = [*user.prefix(**environment), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        options = ["--log-level=error", "--cgroup-manager=cgroupfs", "--events-backend=none", "--storage-driver=vfs"]
        engine = engines.Engine([*prefix, "podman", "--runtime", binary, *options], place)
        engine.output("import", "--quiet", layer, IMAGE)
        yield engine
        # The process that keeps podman's namespaces for the next call.
        pause = runtime_directory / "libpod/tmp/pause.pid"
        if pause.exists():
            os.kill(int(pause.read_text()), signal.SIGKILL)


@pytest.fixture(autouse=True)
def monitors_end(podman):
    """They outlive podman by a moment."""
    yield
    podman("rm", "--all", "--force", "--time", "0")
    eventually(lambda: not [pid for pid in kernel.descendants(os.getpid()) if is_monitor(pid)])


def is_monitor(pid):
    try:
        return kernel.is_alive(pid) and Path(f"/proc/{pid}/comm").read_text() == "conmon\n"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "options, script, shown",
    [
        ([], "id -u", "0"),
        (["--user", "1000:1000"], "id -u", "1000"),
        (["--userns", "nomap"], "id -u", "0"),
        (["--privileged"], "ls -d /dev/null", "/dev/null"),
        (["--read-only"], "touch /x 2>/dev/null || echo read-only", "read-only"),
        (["--tmpfs", "/m:size=64k"], "stat -f -c %T /m", "tmpfs"),
        (["--pid", "host"], "test $$ -gt 1 && echo shared", "shared"),
        (["--uts", "host"], "echo shared", "shared"),
    ],
    ids=str,
)
def test_run(podman, options, script, shown):
    assert podman.output(*RUN, "--rm", *options, IMAGE, "sh", "-c", script).strip() == shown


def test_ids_are_the_users_and_its_subordinates(podman, user):
    lines = podman.output(*RUN, "--rm", IMAGE, "cat", "/proc/self/uid_map").splitlines()
    assert lines[0].split() == ["0", str(user.uid), "1"]
    assert lines[1].split() == ["1", str(user.sub), str(user.COUNT)]


def test_the_user_is_kept(podman, user):
    assert podman.output(*RUN, "--rm", "--userns", "keep-id", IMAGE, "id", "-u").strip() == str(user.uid)


def test_the_hosts_network(podman):
    """Its sysfs cannot be mounted in another user namespace."""
    output = podman.output("run", "--network=host", *LIMITS, "--rm", IMAGE, "ls", "/sys/class/net")
    assert "lo" in output.split()


def test_in_the_background(podman):
    podman.output(*RUN, "--detach", "--name", "c1", IMAGE, "sleep", "1000")
    assert podman.output("inspect", "--format", "{{.State.Status}}", "c1").strip() == "running"
    podman.output("stop", "--time", "0", "c1")
    eventually(lambda: podman.output("inspect", "--format", "{{.State.Status}}", "c1").strip() == "exited")
    podman.output("rm", "c1")
