# SPDX-License-Identifier: Apache-2.0
"""podman's AppArmor profile, where a kernel enforces it: in the guest."""

import pytest
from support.engines import IMAGE

pytestmark = pytest.mark.apparmor

# The default profile denies mount(2), also with the capability for it.
LOOK = ["--rm", "--cap-add", "SYS_ADMIN"]
SCRIPT = "cat /proc/self/attr/current; mount -t tmpfs x /tmp 2>/dev/null && echo mounted || echo denied"


@pytest.mark.parametrize("security, profile, result", [
    ([], "containers-default-", "denied"),
    (["--security-opt", "apparmor=unconfined"], "unconfined", "mounted"),
], ids=["default", "unconfined"])
def test_podmans_profile(podman, security, profile, result):
    """podman's default AppArmor profile, and none"""
    shown = podman.output(*podman.run, *LOOK, *security, IMAGE, "sh", "-c", SCRIPT).split("\n")
    assert shown[0].startswith(profile)
    assert shown[1] == result
