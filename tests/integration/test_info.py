# SPDX-License-Identifier: Apache-2.0
"""`tare info` tells what works on this host: what the kernel says when it is asked."""

import os
import platform
import subprocess

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

MEMBERS = ["kernel", "machine", "features", "namespaces", "idmappedMounts", "cgroups", "securityModules", "rootless",
           "systemd", "userSystemd"]


@pytest.fixture
def info(runtime):
    return runtime.call("info", "--format", "json").ok().json()


def test_the_members(info):
    assert list(info) == MEMBERS
    assert (info["kernel"], info["machine"]) == (platform.release(), platform.machine())
    assert set(info["namespaces"]) == set(kernel.NAMESPACES)
    for abilities in (info["features"], info["namespaces"], info["idmappedMounts"]):
        for ability in abilities.values():
            assert list(ability) == ["works", "detail"]
            assert ability["works"] or ability["detail"]


def test_what_a_container_needs_works_where_containers_run(info, runtime, bundle):
    runtime.create(bundle)
    for name in ("openat2", "mount API", "mount_setattr", "pidfd_getfd", "executable memory files"):
        assert info["features"][name]["works"], name
    for kind in ("pid", "mount", "network", "ipc", "uts"):
        assert info["namespaces"][kind]["works"], kind


def test_namespaces_that_the_kernel_lacks_do_not_work(info):
    listed = set(os.listdir("/proc/self/ns"))
    names = {"mount": "mnt", "network": "net"}
    for kind, ability in info["namespaces"].items():
        if names.get(kind, kind) not in listed:
            assert not ability["works"], kind


def test_it_is_asked_and_not_concluded_from_the_version(runtime):
    """Without the privilege the calls fail, and it says so."""
    runtime.prefix = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "sh", "-c", 'exec "$@"', "sh"]
    info = runtime.call("info", "--format", "json").ok().json()
    assert info["features"]["mount_setattr"] == {"works": False, "detail": "open_tree: EPERM"}
    assert info["features"]["openat2"]["works"]


def test_cgroups_are_where_the_kernel_has_them(info):
    mounts = kernel.cgroup_mounts()
    shown = info["cgroups"]
    versions = {entry["version"] for entry in shown["hierarchies"]}
    assert shown["layout"] == {(1,): "v1", (2,): "v2", (1, 2): "hybrid", (): "none"}[tuple(sorted(versions))]
    for entry in shown["hierarchies"]:
        if entry["version"] == 1:
            for controller in entry["controllers"]:
                assert str(mounts[controller]) == entry["mount"], controller
        assert os.path.isdir(entry["mount"] + entry["own"])
        assert entry["mayMakeHere"] is (os.geteuid() == 0)


def test_security_modules_are_those_of_the_kernel(runtime):
    mounted = 'mount -t securityfs none /sys/kernel/security 2>/dev/null; exec "$@"'
    runtime.prefix = ["unshare", "--mount", "sh", "-c", mounted, "sh"]
    names = subprocess.run([*runtime.prefix, "cat", "/sys/kernel/security/lsm"], capture_output=True, text=True).stdout
    if not names:
        pytest.skip("no securityfs")
    info = runtime.call("info", "--format", "json").ok().json()
    assert info["securityModules"] == names.strip().split(",")


def test_the_ranges_of_a_user(runtime, user):
    runtime.prefix = user.prefix()
    user.own(runtime.directory)
    rootless = runtime.call("info", "--format", "json").ok().json()["rootless"]
    assert rootless["uid"] == user.uid
    assert rootless["newuidmap"]["works"]
    assert len(rootless["subordinateUids"]) >= 1
    assert all(entry["count"] > 0 for entry in rootless["subordinateUids"])


def test_id_mapped_mounts_are_told_by_file_system(info):
    mounted = subprocess.run(["findmnt", "-rno", "FSTYPE"], capture_output=True, text=True).stdout.split()
    assert set(info["idmappedMounts"]) <= set(mounted)
    assert "proc" not in info["idmappedMounts"]


def test_the_text_has_the_same_in_the_width_of_a_terminal(runtime, info):
    text = runtime.call("info").ok().stdout
    assert max(map(len, text.splitlines())) <= 80 or all(
        " " not in line.strip() for line in text.splitlines() if len(line) > 80)
    for name in (*info["features"], *info["namespaces"], *info["idmappedMounts"]):
        assert f"\n  {name} " in text, name
    assert info["kernel"] in text


def test_nothing_is_left(runtime, info):
    assert not runtime.root.exists()
