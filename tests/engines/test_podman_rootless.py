# SPDX-License-Identifier: Apache-2.0
"""podman as an ordinary user runs it: it makes itself root of a user namespace, and calls the runtime there."""

import pytest
from support.engines import IMAGE, LIMITS
from support.kernel import eventually

ENGINE = "podman"


@pytest.fixture
def podman(rootless_podman):
    return rootless_podman


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
    assert podman.output(*podman.run, "--rm", *options, IMAGE, "sh", "-c", script).strip() == shown


def test_ids_are_the_users_and_its_subordinates(podman, user):
    lines = podman.output(*podman.run, "--rm", IMAGE, "cat", "/proc/self/uid_map").splitlines()
    assert lines[0].split() == ["0", str(user.uid), "1"]
    assert lines[1].split() == ["1", str(user.sub), str(user.COUNT)]


def test_the_user_is_kept(podman, user):
    assert podman.output(*podman.run, "--rm", "--userns", "keep-id", IMAGE, "id", "-u").strip() == str(user.uid)


def test_the_hosts_network(podman):
    """Its sysfs cannot be mounted in another user namespace."""
    output = podman.output("run", "--network=host", *LIMITS, "--rm", IMAGE, "ls", "/sys/class/net")
    assert "lo" in output.split()


def test_in_the_background(podman):
    podman.output(*podman.run, "--detach", "--name", "c1", IMAGE, "sleep", "1000")
    assert podman.output("inspect", "--format", "{{.State.Status}}", "c1").strip() == "running"
    podman.output("stop", "--time", "0", "c1")
    eventually(lambda: podman.output("inspect", "--format", "{{.State.Status}}", "c1").strip() == "exited")
    podman.output("rm", "c1")
