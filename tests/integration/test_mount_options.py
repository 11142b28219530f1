# SPDX-License-Identifier: Apache-2.0
"""config.md, "Linux mount options": every option that `features` lists, as mountinfo shows it. A row without an
option, or an option without a row, fails."""

from pathlib import Path

import pytest
from support import isolation, kernel

pytestmark = pytest.mark.tare_only  # of what runc 1.1 takes, test_mounts.py has the tests

MAP = [{"containerID": 0, "hostID": 5000, "size": 2000}]
BIND, REMOUNT = 4096, 32
# mount(2)'s flags, by the word of mountinfo.
FLAGS = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "nosymfollow": 256, "noatime": 1024, "nodiratime": 2048,
         "strictatime": 1 << 24}

# The source's flags, and what must be different from them: words that come, words that go.
SET = {word: ([], {word}, {"rw"} if word == "ro" else set())
       for word in ("ro", "nosuid", "nodev", "noexec", "nodiratime", "nosymfollow")}
CLEAR = {option: ([word], {"rw"} if word == "ro" else set(), {word}) for option, word in
         {"rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec", "diratime": "nodiratime",
          "symfollow": "nosymfollow"}.items()}
ACCESS_TIME = {
    "noatime": ([], {"noatime"}, {"relatime"}),
    "strictatime": ([], set(), {"relatime"}),
    "relatime": (["noatime"], {"relatime"}, {"noatime"}),
    "norelatime": (["noatime"], {"relatime"}, {"noatime"}),  # back to the default of the kernel
    "atime": (["noatime"], {"relatime"}, {"noatime"}),
    "nostrictatime": (["strictatime"], {"relatime"}, set()),
}
ATTRIBUTES = {**SET, **CLEAR, **ACCESS_TIME}
RECURSIVE = {f"r{option}": row for option, row in ATTRIBUTES.items()}

# Of a new file system, what must be shown of it besides the usual.
SUPERBLOCK = {word: {word} for word in ("sync", "dirsync", "lazytime", "mand")}
SUPERBLOCK |= dict.fromkeys(["async", "nolazytime", "nomand", "iversion", "noiversion", "silent", "loud",
                             "defaults"], set())
PROPAGATION = {"private": set(), "shared": {"shared"}, "slave": {"master"}, "unbindable": {"unbindable"}}

OTHERS = {"bind", "rbind", "remount", "idmap", "ridmap", "tmpcopyup", "src-nofollow", "copy-symlink", "dest-nofollow"}
ALL = [*ATTRIBUTES, *RECURSIVE, *SUPERBLOCK, *PROPAGATION, *(f"r{kind}" for kind in PROPAGATION), *OTHERS]


def test_every_option_that_features_lists_has_its_row(runtime):
    assert len(ALL) == len(set(ALL))
    assert set(runtime.call("features").ok().json()["mountOptions"]) == set(ALL)


@pytest.fixture
def tree(directory):
    """A function that mounts a tmpfs, another one on its directory `sub`, and gives both these flags."""
    path = directory / "tree"
    mounted = []

    def make(*words):
        for place in (path, path / "sub"):
            place.mkdir()
            isolation.mount("volume", place, "tmpfs")
            mounted.append(place)
            (place / "file").write_text("content\n")
        for place in mounted:
            isolation.mount(None, place, flags=BIND | REMOUNT | sum(FLAGS[word] for word in words))
        return path

    yield make
    for place in reversed(mounted):
        isolation.unmount(place)


def options_in(pid, point):
    return set(kernel.mount_at(pid, point).options)


def changed(before, come, go):
    return (before - go) | come


@pytest.mark.parametrize("option", ATTRIBUTES)
def test_an_attribute_of_the_mount_is_of_it_alone(runtime, bundle, tree, option):
    flags, come, go = ATTRIBUTES[option]
    path = tree(*flags)
    top, below = options_in("self", str(path)), options_in("self", f"{path}/sub")
    pid = runtime.create(bundle.mount("/m", "none", path, ["rbind", option])).pid
    assert options_in(pid, "/m") == changed(top, come, go) != top
    assert options_in(pid, "/m/sub") == below


@pytest.mark.parametrize("option", RECURSIVE)
def test_a_recursive_attribute_is_of_the_tree(runtime, bundle, tree, option):
    flags, come, go = RECURSIVE[option]
    path = tree(*flags)
    top, below = options_in("self", str(path)), options_in("self", f"{path}/sub")
    pid = runtime.create(bundle.mount("/m", "none", path, ["rbind", option])).pid
    assert options_in(pid, "/m") == changed(top, come, go) != top
    assert options_in(pid, "/m/sub") == changed(below, come, go) != below


@pytest.mark.parametrize("option", SUPERBLOCK)
def test_an_option_of_the_file_system_is_shown_or_changes_nothing(runtime, bundle, option):
    bundle.mount("/usual", "tmpfs", "tmpfs").mount("/m", "tmpfs", "tmpfs", [option])
    pid = runtime.create(bundle).pid
    usual, found = kernel.mount_at(pid, "/usual"), kernel.mount_at(pid, "/m")
    assert found.options == usual.options
    assert set(found.super_options) == set(usual.super_options) | SUPERBLOCK[option]


@pytest.mark.parametrize("option", [*PROPAGATION, *(f"r{kind}" for kind in PROPAGATION)])
def test_the_propagation_is_of_the_mount_or_the_tree(runtime, bundle, tree, option):
    path = tree()
    for place in (path, path / "sub"):
        isolation.share(place)
    pid = runtime.create(bundle.mount("/m", "none", path, ["rbind", option])).pid
    wanted = PROPAGATION[option if option in PROPAGATION else option[1:]]
    points = ["/m"] if option in PROPAGATION else ["/m", "/m/sub"]
    for found in [kernel.mount_at(pid, point).propagation_kinds for point in points]:
        assert found == wanted or (wanted == {"shared"} and found == {"shared", "master"})


@pytest.mark.parametrize("option, deep", [("bind", False), ("rbind", True)])
def test_bind_is_the_mount_and_rbind_the_tree(runtime, bundle, tree, option, deep):
    pid = runtime.create(bundle.mount("/m", "none", tree(), [option])).pid
    points = {mount.point for mount in kernel.mounts(pid)}
    assert "/m" in points and ("/m/sub" in points) == deep


def test_remount_is_of_the_mount_that_is_there(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs").mount("/m", "tmpfs", "tmpfs", ["remount", "nodev"])
    found = [mount for mount in kernel.mounts(runtime.create(bundle).pid) if mount.point == "/m"]
    assert len(found) == 1 and "nodev" in found[0].options


@pytest.mark.parametrize("option, deep", [("idmap", False), ("ridmap", True)])
def test_owners_are_mapped_of_the_mount_or_the_tree(runtime, bundle, tree, option, deep):
    bundle.mount("/m", "none", tree(), ["rbind", option])
    bundle.config["mounts"][-1].update(uidMappings=MAP, gidMappings=MAP)
    pid = runtime.create(bundle).pid
    assert "idmapped" in options_in(pid, "/m")
    assert ("idmapped" in options_in(pid, "/m/sub")) == deep


def test_tmpcopyup_is_a_tmpfs_with_what_the_directory_had(runtime, bundle):
    pid = runtime.create(bundle.mount("/etc", "tmpfs", "tmpfs", ["tmpcopyup"])).pid
    assert kernel.mount_at(pid, "/etc").type == "tmpfs"
    assert Path(f"/proc/{pid}/root/etc/group").read_text() == (bundle.rootfs / "etc/group").read_text()


@pytest.mark.parametrize("option, points", [("src-nofollow", {"/m"}), ("copy-symlink", set())])
def test_a_link_as_the_source_is_mounted_or_copied(runtime, bundle, directory, option, points):
    (directory / "link").symlink_to("etc/group")
    pid = runtime.create(bundle.bind(directory / "link", "/m", option)).pid
    found = [mount for mount in kernel.mounts(pid) if mount.point in ("/m", "/etc/group")]
    assert {mount.point for mount in found} == points
    assert all(mount.root.endswith("/link") for mount in found)


def test_a_link_as_the_destination_is_covered(runtime, bundle, tree):
    (bundle.rootfs / "m").symlink_to("etc/group")
    pid = runtime.create(bundle.bind(tree() / "file", "/m", "dest-nofollow")).pid
    points = {mount.point for mount in kernel.mounts(pid)}
    assert "/m" in points and "/etc/group" not in points
