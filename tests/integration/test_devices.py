# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, devices: the default ones, the configured ones, and the links of runtime-linux.md."""

import os
import stat

import pytest
from support import kernel

DEFAULT_DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}


def seen_in(container, path):
    """lstat of a path inside, by way of /proc/PID/root."""
    return os.lstat(f"/proc/{container.pid}/root{path}")


def assert_device(found, kind, number, mode, owner=(0, 0)):
    assert stat.S_IFMT(found.st_mode) == kind
    assert (os.major(found.st_rdev), os.minor(found.st_rdev)) == number
    assert stat.S_IMODE(found.st_mode) == mode
    assert (found.st_uid, found.st_gid) == owner


def test_the_default_devices(runtime, bundle):
    container = runtime.create(bundle, umask=0o077)
    for name, number in DEFAULT_DEVICES.items():
        assert_device(seen_in(container, f"/dev/{name}"), stat.S_IFCHR, number, 0o666)


def test_the_default_devices_work(runtime, bundle):
    bundle.script(
        "echo x > /dev/null && head -c 2 /dev/zero | wc -c && head -c 2 /dev/urandom | wc -c && "
        "! echo x > /dev/full 2>/dev/null && echo full"
    )
    assert runtime.output_of(bundle) == "2\n2\nfull\n"


@pytest.mark.parametrize(
    "link, target",
    [
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
        ("/dev/ptmx", "pts/ptmx"),
    ],
)
def test_the_links_in_dev(runtime, bundle, link, target):
    assert os.readlink(f"/proc/{runtime.create(bundle).pid}/root{link}") == target


def test_the_links_are_made_without_a_mount_on_dev_too(runtime, bundle):
    bundle.without_mount("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")
    container = runtime.create(bundle)
    assert os.readlink(f"/proc/{container.pid}/root/dev/fd") == "/proc/self/fd"
    assert_device(seen_in(container, "/dev/null"), stat.S_IFCHR, (1, 3), 0o666)


def test_there_is_nothing_else_in_dev(runtime, bundle):
    expected = {*DEFAULT_DEVICES, "fd", "stdin", "stdout", "stderr", "ptmx", "pts", "shm", "mqueue"}
    found = set(os.listdir(f"/proc/{runtime.create(bundle).pid}/root/dev"))
    assert found - {"core"} == expected


@pytest.mark.parametrize(
    "kind, letter, number",
    [(stat.S_IFCHR, "c", (10, 229)), (stat.S_IFCHR, "u", (10, 229)), (stat.S_IFBLK, "b", (8, 0))],
    ids=["c", "u", "b"],
)
def test_a_configured_device(runtime, bundle, kind, letter, number):
    bundle.linux["devices"] = [
        {
            "path": "/dev/made",
            "type": letter,
            "major": number[0],
            "minor": number[1],
            "fileMode": 0o640,
            "uid": 7,
            "gid": 8,
        }
    ]
    container = runtime.create(bundle, umask=0o077)
    assert_device(seen_in(container, "/dev/made"), kind, number, 0o640, (7, 8))


def test_a_fifo_is_a_device_without_numbers(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/dev/made", "type": "p", "fileMode": 0o622}]
    found = seen_in(runtime.create(bundle), "/dev/made")
    assert stat.S_ISFIFO(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o622


def test_the_mode_is_0666_if_nothing_is_said(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/dev/made", "type": "c", "major": 10, "minor": 229}]
    assert_device(seen_in(runtime.create(bundle), "/dev/made"), stat.S_IFCHR, (10, 229), 0o666)


def test_a_device_may_be_anywhere(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/a/b/made", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    container = runtime.create(bundle)
    assert_device(seen_in(container, "/a/b/made"), stat.S_IFCHR, (1, 3), 0o666)
    assert stat.S_IMODE(seen_in(container, "/a").st_mode) == 0o755


@pytest.mark.parametrize("path", ["/dev/made/", "//dev/./made", "/dev/x/../made"])
def test_the_path_of_a_device_may_be_spelled_in_several_ways(runtime, bundle, path):
    bundle.linux["devices"] = [{"path": path, "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    assert_device(seen_in(runtime.create(bundle), "/dev/made"), stat.S_IFCHR, (1, 3), 0o666)


def test_a_default_device_may_be_configured_otherwise(runtime, bundle):
    bundle.linux["devices"] = [
        {"path": "/dev/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 0o600, "uid": 3, "gid": 4}
    ]
    assert_device(seen_in(runtime.create(bundle), "/dev/zero"), stat.S_IFCHR, (1, 5), 0o600, (3, 4))


def test_a_device_that_is_there_already_and_matches_is_no_error(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/made", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    os.mknod(bundle.rootfs / "made", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    runtime.create(bundle)


@pytest.mark.tare_only  # config-linux.md: "the runtime MUST generate an error"; runc and crun take what is there
@pytest.mark.parametrize("there", ["another number", "another type", "file", "directory", "link"])
def test_something_else_at_the_path_is_an_error(runtime, bundle, there):
    bundle.linux["devices"] = [{"path": "/made", "type": "c", "major": 1, "minor": 3}]
    path = bundle.rootfs / "made"
    if there == "another number":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    elif there == "another type":
        os.mknod(path, stat.S_IFBLK | 0o666, os.makedev(1, 3))
    elif there == "file":
        path.touch()
    elif there == "directory":
        path.mkdir()
    else:
        path.symlink_to("/bin/busybox")
    runtime.try_create(bundle).failed("/made", "/linux/devices/0")
    assert path.is_symlink() or (path.lstat().st_mode, path.lstat().st_rdev) == (path.stat().st_mode, path.stat().st_rdev)


def test_devices_of_a_user_namespace_are_the_hosts(runtime, bundle):
    container = runtime.create(bundle.user_namespace())
    for name, number in DEFAULT_DEVICES.items():
        found = seen_in(container, f"/dev/{name}")
        assert (os.major(found.st_rdev), os.minor(found.st_rdev)) == number
        assert kernel.mount_at(container.pid, f"/dev/{name}").root == f"/{name}"


NODE = {"type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8}


@pytest.mark.tare_only  # runc 1.1 can only bind what the host has at the same path
@pytest.mark.parametrize("path", ["/dev/made", "/a/b/made", "/dev/zero"])
def test_a_device_of_a_user_namespace_that_the_host_has_not_at_its_path_is_made(runtime, bundle, path):
    bundle.writable().user_namespace().linux["devices"] = [{"path": path, **NODE}]
    (bundle.rootfs / "a").mkdir()
    os.chown(bundle.rootfs / "a", 100000, 100000)
    before = kernel.mounts()
    container = runtime.start(bundle.args("sleep", "60"), umask=0o077)
    assert_device(seen_in(container, path), stat.S_IFCHR, (1, 3), 0o640, (100007, 100008))
    assert runtime.call("exec", "--user", "7:8", container.id, "sh", "-c", f"echo x > {path} && stat -c '%u %g' {path}").ok().stdout == "7 8\n"
    assert kernel.mounts() == before


@pytest.mark.tare_only
def test_several_such_devices_in_a_joined_user_namespace(runtime, bundle, holder):
    bundle.path.chmod(0o755)
    bundle.namespace("user", holder("user")).linux["devices"] = [
        {"path": "/dev/one", **NODE}, {"path": "/dev/two", **NODE, "type": "b", "major": 7, "minor": 1, "uid": 0, "gid": 0}]
    container = runtime.create(bundle)
    assert_device(seen_in(container, "/dev/one"), stat.S_IFCHR, (1, 3), 0o640, (100007, 100008))
    assert_device(seen_in(container, "/dev/two"), stat.S_IFBLK, (7, 1), 0o640, (100000, 100000))


@pytest.mark.tare_only
def test_an_owner_that_a_joined_user_namespace_has_not_is_an_error(runtime, bundle, holder):
    bundle.path.chmod(0o755)
    bundle.namespace("user", holder("user")).linux["devices"] = [{"path": "/dev/made", **NODE, "uid": 70000}]
    runtime.try_create(bundle).failed("/linux/devices/0", "/dev/made", "setresuid", "EINVAL")


@pytest.mark.tare_only
def test_a_device_that_was_made_obeys_the_rules(runtime, bundle):
    bundle.user_namespace().linux["devices"] = [{"path": "/dev/made", "type": "c", "major": 42, "minor": 7}]
    bundle.script("exec 2>&1; : < /dev/made")
    assert "not permitted" in runtime.run(bundle).stdout
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 42, "minor": 7, "access": "r"})
    assert "No such device" in runtime.run(bundle).stdout  # it has no driver


# ---- which devices may be used: linux.resources.devices ------------------------------------------


def try_device(bundle, letter, major, minor, access="m"):
    """A script that makes a node, and reads or writes it, and says whether that is allowed."""
    bundle.capabilities("CAP_MKNOD").mount("/tmp", "tmpfs", "tmpfs")
    use = {"m": "true", "r": "head -c 1 /tmp/node >/dev/null", "w": "printf x > /tmp/node"}[access]
    return bundle.script(f"mknod /tmp/node {letter} {major} {minor} && {use} && echo allowed")


def allowed(runtime, bundle):
    outcome = runtime.run(bundle)
    assert ("allowed" in outcome.stdout) or ("not permitted" in outcome.stderr), outcome
    return "allowed" in outcome.stdout


@pytest.mark.parametrize("resources", [{}, {"devices": []}, None], ids=["no devices", "empty", "no resources"])
def test_a_device_that_nobody_allowed_is_out_of_reach(runtime, bundle, resources):
    # GHSA-g54h-m393-cpwq: the rule "deny all" must be there without being asked for.
    bundle.linux["resources"] = resources
    if resources is None:
        del bundle.linux["resources"]
    assert not allowed(runtime, try_device(bundle, "c", 1, 11, "w"))  # /dev/kmsg


@pytest.mark.parametrize("letter", ["c", "b"])
def test_any_device_may_be_made_but_not_opened_by_default(runtime, bundle, letter):
    assert allowed(runtime, try_device(bundle, letter, 200, 7, "m"))
    assert not allowed(runtime, try_device(bundle, letter, 1, 1, "r"))


@pytest.mark.parametrize("minor", [3, 5, 7, 8, 9])
def test_the_default_devices_may_be_used(runtime, bundle, minor):
    assert allowed(runtime, try_device(bundle, "c", 1, minor, "r"))


def test_a_rule_allows_a_device(runtime, bundle):
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 1, "minor": 11, "access": "w"})
    assert allowed(runtime, try_device(bundle, "c", 1, 11, "w"))  # /dev/kmsg


def test_a_rule_allows_the_named_access_only(runtime, bundle):
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"})
    assert not allowed(runtime, try_device(bundle, "c", 1, 11, "w"))


@pytest.mark.parametrize("numbers, answer", [((1, -1), True), ((-1, 11), True), ((-1, -1), True), ((2, -1), False)])
def test_the_number_minus_one_means_all_of_them(runtime, bundle, numbers, answer):
    """Docker's --device-cgroup-rule 'c 1:* rwm'."""
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": numbers[0], "minor": numbers[1], "access": "rwm"})
    assert allowed(runtime, try_device(bundle, "c", 1, 11, "w")) == answer


def test_other_negative_numbers_are_refused(runtime, bundle):
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 1, "minor": -2, "access": "rwm"})
    runtime.try_create(bundle).failed(tare=["/linux/resources/devices/1/minor", "is -2"])


def test_a_hole_in_what_an_earlier_rule_allows_is_made_or_refused(runtime, bundle):
    # The kernel's v1 lists cannot express it: then the container must not start.
    bundle.resources["devices"] += [
        {"allow": True, "type": "c", "major": 1, "access": "rwm"},
        {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"},
    ]
    outcome = runtime.run(try_device(bundle, "c", 1, 11, "w"))
    assert outcome.code != 0 and "allowed" not in outcome.stdout


def test_a_later_rule_takes_back_an_earlier_one(runtime, bundle):
    bundle.resources["devices"] = [
        {"allow": True, "access": "rwm"},
        {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"},
    ]
    assert not allowed(runtime, try_device(bundle, "c", 1, 11, "w"))


def test_allow_all_allows_all(runtime, bundle):
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
    assert allowed(runtime, try_device(bundle, "c", 1, 11, "w"))
