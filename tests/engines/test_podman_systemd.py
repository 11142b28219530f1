# SPDX-License-Identifier: Apache-2.0
"""A real systemd as the program of podman's container, on a machine whose cgroups it can use: in the guest."""

import pytest
from support import engines, kernel
from support.kernel import eventually

ENGINE = "podman"
pytestmark = pytest.mark.systemd
IMAGE = "localhost/systemd"


@pytest.fixture(scope="module")
def image(podman_place, binary):
    podman = engines.podman(podman_place, binary)
    podman.output("import", "--quiet", engines.systemd_layer(podman_place), IMAGE)
    return IMAGE


def test_systemd_in_a_container(podman, image, name):
    """--systemd=always: a whole systemd with a unit of its own, a scope and its journal; stop ends it in order

    It owns the cgroups below the container's, and is told to end by SIGRTMIN+3."""
    options = ["--systemd=always", "--volume", "/usr:/usr:ro", "--memory", "512m"]
    podman.output(*podman.run, "--detach", "--name", name, *options, image, "/usr/lib/systemd/systemd")

    def shown(*words):
        return podman("exec", name, *words).stdout

    state = eventually(lambda: set(shown("systemctl", "is-system-running").split()) & {"running", "degraded"},
                       seconds=120, pause=0.5)
    assert state == {"running"}, shown("systemctl", "--failed", "--no-legend")
    assert shown("systemctl", "show", "-P", "ControlGroup", "hello.service") == "/system.slice/hello.service\n"
    assert "hello from a unit" in shown("journalctl", "--unit", "hello", "--output", "cat")
    assert shown("systemd-run", "--quiet", "--scope", "--property", "MemoryMax=32M", "sh", "-c",
                 "cat /sys/fs/cgroup/$(cut -d : -f 3 /proc/self/cgroup)/memory.max") == f"{32 << 20}\n"
    number = podman.inspect(name, "{{.Id}}")
    below = "/container" if podman.runtime == "crun" else ""  # it makes a cgroup in the scope's for a systemd
    assert kernel.cgroups(podman.pid_of(name))[""].endswith(f"/libpod-{number}.scope{below}/init.scope")
    podman.output("stop", "--time", "60", name, seconds=90)
    assert podman.inspect(name, "{{.State.Status}} {{.State.ExitCode}}") == "exited 0"
    podman.output("rm", name)
    assert not kernel.cgroup_directories(f"libpod-{number}")
