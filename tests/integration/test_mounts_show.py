# SPDX-License-Identifier: Apache-2.0
"""tare mounts show and propagate: how mounts propagate, and which flags are locked, as the kernel has it."""

import ctypes
import os
import shutil
import subprocess

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000


def shown(runtime, target):
    return runtime.call("mounts", "show", "--format", "json", target).ok().json()


def at(runtime, target, point):
    return [one for one in shown(runtime, target) if one["point"] == point][-1]


def sleeping(bundle):
    return bundle.args("sleep", "60").writable()


@pytest.fixture
def shared(directory):
    """A shared mount of the host."""
    place = directory / "shared"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    subprocess.run(["mount", "--make-shared", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_every_mount_of_mountinfo_is_shown(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    wanted = {(one.number, one.parent, one.point, one.type) for one in kernel.mounts(container.pid)}
    assert {(one["number"], one["parent"], one["point"], one["type"]) for one in shown(runtime, container.id)} == wanted
    assert {one["number"] for one in shown(runtime, container.pid)} == {number for number, *_ in wanted}


def test_a_slave_receives_events_of_the_mount_of_the_host(runtime, bundle, shared):
    container = runtime.start(sleeping(bundle).bind(shared, "/mnt", "rslave"))
    inside = at(runtime, container.id, "/mnt")
    assert inside["propagation"] == "slave"
    assert {"where": "the host", "point": str(shared)} in inside["masters"]
    assert inside["peers"] == []
    outside = at(runtime, os.getpid(), str(shared))
    assert outside["propagation"] == "shared"
    assert {"where": container.id, "point": "/mnt"} in outside["slaves"]
    text = runtime.call("mounts", "show", container.id).ok().stdout
    (line,) = [line for line in text.splitlines() if line.startswith("/mnt ")]
    assert line.endswith(f"slave of {shared} of the host")


def test_a_peer_is_named_on_both_sides(runtime, bundle, shared):
    bundle.linux["rootfsPropagation"] = "shared"
    container = runtime.start(sleeping(bundle).bind(shared, "/mnt", "rshared"))
    assert {"where": "the host", "point": str(shared)} in at(runtime, container.id, "/mnt")["peers"]
    assert {"where": container.id, "point": "/mnt"} in at(runtime, os.getpid(), str(shared))["peers"]


def test_locked_flags_are_those_that_the_kernel_refuses_to_clear(runtime, directory):
    """A mount namespace of a new user namespace: what came from outside is locked, what is new is not."""
    place = directory / "locked"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,noexec,ro", "tmpfs", place], check=True)
    script = f"mount -t tmpfs -o nodev tmpfs /mnt; echo ready; exec sleep 60 < {place}"
    process = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        mount = at(runtime, process.pid, str(place))
        assert set(mount["locked"]) == {"ro", "nosuid", "noexec"}
        assert "ro, nosuid, noexec locked" in mount["remount"]
        assert at(runtime, process.pid, "/mnt")["locked"] == []
        assert at(runtime, os.getpid(), str(place))["locked"] == []
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        subprocess.run(["umount", place], check=True)


def test_a_mount_that_is_covered_says_so_and_nothing_is_changed(runtime, bundle):
    bundle.mount("/mnt", "tmpfs", "first").mount("/mnt", "tmpfs", "second")
    container = runtime.start(sleeping(bundle))
    before = kernel.mounts(container.pid)
    found = [one["remount"] for one in shown(runtime, container.id) if one["point"] == "/mnt"]
    assert sorted(found) == ["", "covered by another mount: no path leads to it"]
    assert kernel.mounts(container.pid) == before


def test_the_tree_has_every_mount_below_its_parent(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    lines = runtime.call("mounts", "show", "--tree", container.id).ok().stdout.splitlines()
    assert len(lines) == 1 + len(kernel.mounts(container.pid))
    assert lines[1].startswith("/ ")
    (dev,) = [number for number, line in enumerate(lines) if line.startswith("├─ /dev ") or line.startswith("└─ /dev ")]
    assert "─ /dev/" in lines[dev + 1] and lines[dev + 1][0] in "│ "
    column = lines[0].index("TYPE")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


@pytest.mark.parametrize("word", ["shared", "slave", "private", "unbindable"])
def test_propagate_changes_one_mount(runtime, bundle, word):
    container = runtime.start(sleeping(bundle))
    others = {one.point: one.propagation for one in kernel.mounts(container.pid) if one.point != "/dev"}
    runtime.call("mounts", "propagate", container.id, "/dev", word).ok()
    kinds = kernel.mount_at(container.pid, "/dev").propagation_kinds
    assert kinds == {"shared": {"shared"}, "unbindable": {"unbindable"}}.get(word, set())
    assert {one.point: one.propagation for one in kernel.mounts(container.pid) if one.point != "/dev"} == others
    runtime.call("mounts", "propagate", container.id, "/dev", "private").ok()


def test_propagate_recursively_changes_all_below(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    runtime.call("mounts", "propagate", "--recursive", container.id, "/dev", "shared").ok()
    below = [one for one in kernel.mounts(container.pid) if (one.point + "/").startswith("/dev/")]
    assert len(below) > 2 and all(one.propagation_kinds == {"shared"} for one in below)
    assert kernel.mount_at(container.pid, "/proc").propagation_kinds == set()


def test_propagate_works_in_a_user_namespace(runtime, bundle):
    bundle.user_namespace()
    container = runtime.start(sleeping(bundle))
    runtime.call("mounts", "propagate", container.id, "/dev", "shared").ok()
    assert at(runtime, container.id, "/dev")["propagation"] == "shared"


def test_a_path_leads_nowhere_out_of_the_container(runtime, bundle, shared, canary):
    (bundle.rootfs / "tmp/link").symlink_to(shared)
    (bundle.rootfs / "tmp/up").symlink_to("../../../../../../.." + str(shared))
    container = runtime.start(sleeping(bundle))
    for path in ("/tmp/link", "/tmp/up", "/.." + str(shared)):
        runtime.call("mounts", "propagate", container.id, path, "private").failed("ENOENT")
    assert kernel.mount_at("self", str(shared)).propagation_kinds == {"shared"}


def test_what_cannot_be_done_is_named(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    runtime.call("mounts", "propagate", container.id, "/tmp", "shared").failed("EINVAL", "nothing is mounted there")
    runtime.call("mounts", "propagate", container.id, "/dev", "public").failed("not \"public\"")
    runtime.call("mounts", "propagate", "nobody", "/dev", "shared").failed("does not exist")
    runtime.call("mounts", "show", "nobody").failed("does not exist")
    runtime.call("mounts", "show", "4194303").failed("process 4194303")


def test_a_container_without_mounts_of_its_own_is_refused(runtime, bundle):
    bundle.inherit("mount").linux.update(maskedPaths=[], readonlyPaths=[])
    bundle.config["mounts"] = []
    bundle.config["root"]["readonly"] = False
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.call("mounts", "propagate", container.id, "/", "shared").failed("no mount namespace of its own")


def test_a_process_needs_no_directory_for_containers(runtime, directory):
    """An ordinary user without XDG_RUNTIME_DIR: whether it may look is for the kernel to say."""
    program = directory / "tare"
    shutil.copy(runtime.path, program)
    directory.chmod(0o755)
    done = subprocess.run([program, "mounts", "show", str(os.getpid())], user=65534, group=65534, extra_groups=[],
                          env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert done.returncode == 1 and "no directory for the state" not in done.stderr
