# SPDX-License-Identifier: Apache-2.0
"""docker's AppArmor profile, where a kernel enforces it: in the guest."""

import pytest
from support import engines
from support.engines import DOCKER_IMAGE as IMAGE

pytestmark = pytest.mark.apparmor

# The default profile denies mount(2), also with the capability for it.
LOOK = ["--rm", "--cap-add", "SYS_ADMIN"]
SCRIPT = "cat /proc/self/attr/current; mount -t tmpfs x /tmp 2>/dev/null && echo mounted || echo denied"


@pytest.mark.parametrize("security, shown", [
    ([], "docker-default (enforce)\ndenied\n"),
    (["--security-opt", "apparmor=unconfined"], "unconfined\nmounted\n"),
], ids=["default", "unconfined"])
def test_dockers_profile(docker, security, shown):
    """docker's default AppArmor profile, and none"""
    assert docker.output(*docker.run, *LOOK, *security, IMAGE, "sh", "-c", SCRIPT) == shown


def test_exec_of_docker_has_the_profile_too(docker, name):
    """exec has docker's default AppArmor profile too"""
    docker.output(*docker.run, "--detach", "--name", name, IMAGE, "sleep", "60")
    assert docker.output("exec", name, "cat", "/proc/self/attr/current") == "docker-default (enforce)\n"


@engines.control_cannot("runc 1.1 does not name the profile")
def test_a_profile_that_docker_was_not_told_of(docker):
    """run --security-opt apparmor= of a profile that is not loaded names it"""
    done = docker(*docker.run, "--rm", "--security-opt", "apparmor=none-such", IMAGE, "true")
    assert done.returncode in (125, 126, 127)
    assert "none-such" in done.stderr
