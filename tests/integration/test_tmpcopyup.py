# SPDX-License-Identifier: Apache-2.0
"""config.md, Linux mount options: tmpcopyup fills a tmpfs with what the directory beneath it holds."""

import errno
import os
import stat
import struct

import pytest

pytestmark = pytest.mark.tare_only  # runc 1.1 fails with this tree


@pytest.fixture
def tree(bundle):
    """A directory of the image with one of each kind."""
    top = bundle.rootfs / "data"
    (top / "below/deep").mkdir(parents=True)
    (top / "file").write_text("content")
    os.setxattr(top / "file", "user.note", b"kept")
    os.chown(top / "file", 1000, 1001)
    (top / "file").chmod(0o4751)
    os.utime(top / "file", (1_000_000_000, 1_000_000_000))
    (top / "own").write_text("image")
    (top / "link").symlink_to("/etc/passwd")
    (top / "dangling").symlink_to("../../../../nowhere")
    os.mkfifo(top / "fifo", 0o640)
    os.mknod(top / "node", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    (top / "below").chmod(0o2770)
    (top / "below/deep/leaf").write_text("leaf")
    top.chmod(0o1711)
    return top


def copied(runtime, bundle, *options):
    container = runtime.create(bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", *options]))
    return f"/proc/{container.pid}/root/data"


def test_files_keep_content_owner_mode_times_and_attributes(runtime, bundle, tree):
    seen = copied(runtime, bundle)
    found = os.lstat(f"{seen}/file")
    assert open(f"{seen}/file").read() == "content"
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1000, 1001, 0o4751)
    assert found.st_mtime == 1_000_000_000
    assert os.getxattr(f"{seen}/file", "user.note") == b"kept"


def test_directories_are_copied_with_their_modes(runtime, bundle, tree):
    seen = copied(runtime, bundle)
    assert stat.S_IMODE(os.lstat(seen).st_mode) == 0o1711
    assert stat.S_IMODE(os.lstat(f"{seen}/below").st_mode) == 0o2770
    assert open(f"{seen}/below/deep/leaf").read() == "leaf"


GIVEN = {"mode=0700": (0o700, 1000, 1001), "uid=7": (0o1711, 7, 1001), "gid=8": (0o1711, 1000, 8)}


@pytest.mark.parametrize("options", [*map(lambda one: [one], GIVEN), list(GIVEN)], ids=" ".join)
def test_what_is_given_for_the_directory_wins(runtime, bundle, tree, options):
    """podman adds tmpcopyup to every --tmpfs: one that is asked for as 0700 is not opened to everybody."""
    os.chown(tree, 1000, 1001)
    tree.chmod(0o1711)
    found = os.lstat(copied(runtime, bundle, *options))
    expected = [0o1711, 1000, 1001]
    for i, one in enumerate(GIVEN):
        if one in options:
            expected[i] = GIVEN[one][i]
    assert [stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid] == expected


def access_list(*entries):
    """The value of system.posix_acl_access: version 2, then tag, permissions and id of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


USER_OBJ, USER, GROUP_OBJ, MASK, OTHER, NO_ID = 0x01, 0x02, 0x04, 0x10, 0x20, 0xFFFFFFFF


@pytest.mark.parametrize("options, present", [([], True), (["mode=0750"], False)], ids=["no mode", "a mode"])
def test_an_access_control_list_belongs_to_the_mode(runtime, bundle, tree, options, present):
    entries = [(USER_OBJ, 7, NO_ID), (USER, 7, 1000), (GROUP_OBJ, 1, NO_ID), (MASK, 7, NO_ID), (OTHER, 1, NO_ID)]
    try:
        os.setxattr(tree, "system.posix_acl_access", access_list(*entries))
    except OSError as refusal:
        assert refusal.errno == errno.ENOTSUP
        pytest.skip("this file system has no access control lists")
    mode = stat.S_IMODE(os.lstat(tree).st_mode)
    seen = copied(runtime, bundle, *options)
    assert ("system.posix_acl_access" in os.listxattr(seen)) == present
    assert stat.S_IMODE(os.lstat(seen).st_mode) == (mode if present else 0o750)


def test_links_stay_links_and_are_not_followed(runtime, bundle, tree):
    seen = copied(runtime, bundle)
    assert os.readlink(f"{seen}/link") == "/etc/passwd"
    assert os.readlink(f"{seen}/dangling") == "../../../../nowhere"


def test_nodes_are_copied_without_being_opened(runtime, bundle, tree):
    seen = copied(runtime, bundle)
    assert stat.S_ISFIFO(os.lstat(f"{seen}/fifo").st_mode)
    assert os.lstat(f"{seen}/node").st_rdev == os.makedev(1, 3)


def test_what_the_container_changes_does_not_reach_the_image(runtime, bundle, tree):
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    assert runtime.output_of(bundle.script("echo new > /data/own; cat /data/own")) == "new\n"
    assert (tree / "own").read_text() == "image"


def test_a_read_only_tmpfs_is_filled_first(runtime, bundle, tree):
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "ro"])
    assert runtime.output_of(bundle.script("cat /data/own; touch /data/x 2>/dev/null || echo refused")) == (
        "imagerefused\n"
    )


def test_a_directory_that_is_not_there_is_an_empty_one(runtime, bundle):
    assert os.listdir(copied(runtime, bundle)) == []


def test_a_tree_that_is_too_deep_is_refused(runtime, bundle, tree):
    directory = os.open(tree, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=directory)
        below = os.open("d", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    runtime.try_create(bundle).failed("/mounts/7", "/data")


def test_more_than_the_tmpfs_holds_is_refused(runtime, bundle, tree):
    (tree / "large").write_bytes(b"x" * 300_000)
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "size=64k"])
    runtime.try_create(bundle).failed("/mounts/7", "no space left on device")


def test_other_types_have_nothing_to_copy_to(runtime, bundle, tree):
    bundle.mount("/data", "none", str(tree), ["bind", "tmpcopyup"])
    runtime.try_create(bundle).failed("/mounts/7", "tmpcopyup")


@pytest.mark.parametrize("mounts_cgroups", [True, False], ids=["with a cgroup mount", "without"])
def test_what_is_copied_is_the_containers_to_pay(runtime, bundle, mounts_cgroups):
    # T28: the directory is the image's, and so is its size.
    (bundle.rootfs / "data").mkdir()
    (bundle.rootfs / "data/big").write_bytes(b"x" * (96 << 20))
    bundle.resources["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    if not mounts_cgroups:
        bundle.without_mount("/sys/fs/cgroup")
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    runtime.try_create(bundle).failed("out of memory")
