# SPDX-License-Identifier: Apache-2.0
"""config.md, root and mounts; config-linux.md, masked and read-only paths, rootfsPropagation."""

import os
import socket
import stat
import subprocess

import pytest
from support import isolation, kernel
from support.bundle import make_rootfs


def mounted(runtime, bundle, point="/m"):
    return kernel.mount_at(runtime.create(bundle).pid, point)


@pytest.fixture
def volume(directory):
    """A function that mounts a tmpfs on a directory of the host, with mount(2) flags."""
    made = []

    def make(name, flags=0, shared=False):
        path = directory / name
        path.mkdir()
        isolation.mount("volume", path, "tmpfs", flags)
        made.append(path)
        if shared:
            isolation.share(path)
        (path / "file").write_text("content\n")
        (path / "sub").mkdir()
        return path

    yield make
    for path in made:
        isolation.unmount(path)


# ---- the option table --------------------------------------------------------------------------

# Options -> what mountinfo must show of the mount, and what it must not.
OPTIONS = [
    ("", "rw relatime", "ro nosuid nodev noexec"),
    ("ro", "ro", "rw"),
    ("ro rw", "rw", "ro"),
    ("rw", "rw", "ro"),
    ("nosuid", "nosuid", ""),
    ("nosuid suid", "", "nosuid"),
    ("suid", "", "nosuid"),
    ("nodev", "nodev", ""),
    ("nodev dev", "", "nodev"),
    ("dev", "", "nodev"),
    ("noexec", "noexec", ""),
    ("noexec exec", "", "noexec"),
    ("exec", "", "noexec"),
    ("noatime", "noatime", "relatime"),
    ("noatime atime", "relatime", "noatime"),
    ("atime", "relatime", "noatime"),
    ("nodiratime", "nodiratime relatime", ""),
    ("nodiratime diratime", "", "nodiratime"),
    ("diratime", "", "nodiratime"),
    ("relatime", "relatime", "noatime"),
    ("norelatime", "", "noatime"),
    ("strictatime", "", "noatime relatime"),
    ("strictatime nostrictatime", "relatime", "noatime"),
    ("nostrictatime", "relatime", ""),
    ("nosuid nodev noexec ro noatime", "nosuid nodev noexec ro noatime", "rw relatime"),
]

# Of the file system, not of the mount: shown on the right of mountinfo, or not at all.
SUPER_OPTIONS = [
    ("sync", "sync", ""),
    ("sync async", "", "sync"),
    ("async", "", "sync"),
    ("dirsync", "dirsync", ""),
    ("lazytime", "lazytime", ""),
    ("lazytime nolazytime", "", "lazytime"),
    ("nolazytime", "", "lazytime"),
    ("mand", "", ""),
    ("nomand", "", "mand"),
    ("iversion", "", ""),
    ("noiversion", "", ""),
    ("silent", "", ""),
    ("loud", "", ""),
    ("size=64k", "size=64k", ""),
    ("mode=700 uid=5 gid=6", "mode=700 uid=5 gid=6", ""),
]


@pytest.mark.parametrize("options, shown, hidden", OPTIONS, ids=[row[0] for row in OPTIONS])
def test_options_of_a_mount(runtime, bundle, options, shown, hidden):
    found = mounted(runtime, bundle.mount("/m", "tmpfs", "tmpfs", options.split()))
    assert set(shown.split()) <= set(found.options)
    assert not set(hidden.split()) & set(found.options)


@pytest.mark.parametrize("options, shown, hidden", SUPER_OPTIONS, ids=[row[0] for row in SUPER_OPTIONS])
def test_options_of_a_file_system(runtime, bundle, options, shown, hidden):
    found = mounted(runtime, bundle.mount("/m", "tmpfs", "tmpfs", options.split()))
    assert set(shown.split()) <= set(found.super_options)
    assert not set(hidden.split()) & set(found.super_options)


@pytest.mark.tare_only  # runc 1.1 hands it to the file system
def test_defaults_changes_nothing(runtime, bundle):
    found = mounted(runtime, bundle.mount("/m", "tmpfs", "tmpfs", ["defaults"]))
    assert found.options == ("rw", "relatime")


@pytest.mark.parametrize("options, shown", [("nosymfollow", True), ("nosymfollow symfollow", False), ("symfollow", False)])
def test_nosymfollow(runtime, bundle, options, shown):
    found = mounted(runtime, bundle.mount("/m", "tmpfs", "tmpfs", options.split()))
    assert ("nosymfollow" in found.options) == shown


BIND_OPTIONS = [
    ("ro", "ro", "rw"),
    ("ro rw", "rw", "ro"),
    ("nosuid nodev noexec", "nosuid nodev noexec", "ro"),
    ("noatime", "noatime", "relatime"),
    ("nodiratime", "nodiratime", ""),
    ("strictatime", "", "relatime noatime"),
    ("ro nosuid", "ro nosuid", "rw noexec nodev"),
]


@pytest.mark.parametrize("kind", ["bind", "rbind"])
@pytest.mark.parametrize("options, shown, hidden", BIND_OPTIONS, ids=[row[0] for row in BIND_OPTIONS])
def test_options_of_a_bind_mount(runtime, bundle, source, kind, options, shown, hidden):
    found = mounted(runtime, bundle.mount("/m", "none", source, [kind, *options.split()]))
    assert set(shown.split()) <= set(found.options)
    assert not set(hidden.split()) & set(found.options)


@pytest.mark.tare_only  # runc 1.1 does not remount if there are flags to clear only
@pytest.mark.parametrize("option, cleared", [("suid", "nosuid"), ("dev", "nodev"), ("exec", "noexec"), ("rw", "ro")])
def test_a_bind_mount_can_clear_an_option_of_its_source(runtime, bundle, volume, option, cleared):
    ms_rdonly, ms_nosuid, ms_nodev, ms_noexec, ms_bind, ms_remount = 1, 2, 4, 8, 4096, 32
    path = volume("v", ms_nosuid | ms_nodev | ms_noexec)
    isolation.mount(None, path, flags=ms_bind | ms_remount | ms_rdonly | ms_nosuid | ms_nodev | ms_noexec)
    assert cleared not in mounted(runtime, bundle.bind(path, "/m", option)).options


def test_a_bind_mount_keeps_the_options_of_its_source(runtime, bundle, volume):
    ms_nosuid, ms_nodev = 2, 4
    found = mounted(runtime, bundle.bind(volume("v", ms_nosuid | ms_nodev), "/m"))
    assert {"nosuid", "nodev"} <= set(found.options)


def test_remount_changes_a_mount_that_is_there(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs", ["nosuid"]).mount("/m", "tmpfs", "tmpfs", ["remount", "ro", "nodev"])
    container = runtime.create(bundle)
    (found,) = [mount for mount in kernel.mounts(container.pid) if mount.point == "/m"]
    assert {"ro", "nodev"} <= set(found.options)


@pytest.mark.parametrize("word", ["no-such-option", "size=x", "rro=1"])
def test_an_unknown_option_goes_to_the_file_system_which_refuses_it(runtime, bundle, word):
    bundle.mount("/m", "tmpfs", "tmpfs", [word])
    runtime.try_create(bundle).failed("/m", tare=["/mounts/7", "invalid argument"])


@pytest.mark.tare_only  # "defaults" again
def test_every_option_that_features_lists_is_known(runtime, bundle):
    """features.md: the runtime MUST recognize the elements of mountOptions."""
    listed = set(runtime.call("features").ok().json()["mountOptions"])
    assert len(listed) > 40
    of_binds = {"idmap", "ridmap", "src-nofollow", "dest-nofollow", "copy-symlink"}
    for option in listed - {"bind", "rbind", "remount"} - of_binds:
        bundle.mount(f"/m-{option}", "tmpfs", "tmpfs", [option])
    runtime.create(bundle)


def test_tmpcopyup_copies_what_the_directory_had(runtime, bundle):
    bundle.mount("/etc", "tmpfs", "tmpfs", ["tmpcopyup"]).args("cat", "/etc/group")
    if runtime.name == "tare" and "tmpcopyup" not in runtime.call("features").ok().json()["mountOptions"]:
        runtime.try_create(bundle).failed("/mounts/7")
        return
    assert runtime.output_of(bundle) == (bundle.rootfs / "etc/group").read_text()


# ---- kinds of file systems ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "point, fstype",
    [
        ("/proc", "proc"),
        ("/dev", "tmpfs"),
        ("/dev/pts", "devpts"),
        ("/dev/shm", "tmpfs"),
        ("/dev/mqueue", "mqueue"),
        ("/sys", "sysfs"),
    ],
)
def test_the_usual_file_systems(runtime, bundle, point, fstype):
    assert mounted(runtime, bundle, point).type == fstype


def test_a_devpts_is_a_new_instance_with_its_options(runtime, bundle):
    found = mounted(runtime, bundle, "/dev/pts")
    assert {"gid=5", "mode=620", "ptmxmode=666"} <= set(found.super_options)
    assert found.device not in {mount.device for mount in kernel.mounts() if mount.type == "devpts"}


@pytest.mark.skipif("memory" not in kernel.cgroups("self"), reason="memory is not in a v1 hierarchy")
def test_the_cgroup_mount_shows_the_containers_cgroup(runtime, bundle):
    container = runtime.create(bundle)
    found = {mount.point: mount for mount in kernel.mounts(container.pid)}
    paths = kernel.cgroups(container.pid)
    for controller in ("memory", "pids", "cpu"):
        mount = found[f"/sys/fs/cgroup/{controller}"]
        assert mount.type == "cgroup"
        assert mount.root == paths[controller]
        assert "ro" in mount.options


@pytest.mark.skipif("memory" not in kernel.cgroups("self"), reason="memory is not in a v1 hierarchy")
def test_the_cgroup_mount_of_a_cgroup_namespace_is_its_root(runtime, bundle):
    bundle.namespace("cgroup").script("cat /sys/fs/cgroup/memory/cgroup.procs; echo -; echo $$")
    inside, own = runtime.output_of(bundle).split("-\n")
    assert own in inside


def test_a_file_system_type_that_is_unknown_is_an_error(runtime, bundle):
    bundle.mount("/m", "no-such", "none")
    runtime.try_create(bundle).failed("/m", tare=["/mounts/7", "no-such"])


# ---- bind mounts -------------------------------------------------------------------------------


@pytest.mark.parametrize("fstype", ["bind", "none", "tmpfs", None])
def test_a_mount_with_the_option_bind_is_a_bind_mount(runtime, bundle, source, fstype):
    bundle.mount("/m", fstype, source, ["bind"]).args("cat", "/m/file")
    assert runtime.output_of(bundle) == "content\n"


@pytest.mark.tare_only
def test_the_type_bind_alone_is_a_bind_mount(runtime, bundle, source):
    assert runtime.output_of(bundle.mount("/m", "bind", source).args("cat", "/m/file")) == "content\n"


def test_a_file_is_bound_on_a_file(runtime, bundle, source):
    bundle.bind(source / "file", "/etc/group").args("cat", "/etc/group")
    assert runtime.output_of(bundle) == "content\n"


def test_missing_targets_are_made_as_directories_and_files(runtime, bundle, source):
    bundle.bind(source, "/a/b/dir").bind(source / "file", "/c/d/file").args("cat", "/a/b/dir/file", "/c/d/file")
    assert runtime.output_of(bundle) == "content\ncontent\n"
    assert (bundle.rootfs / "a/b/dir").is_dir()
    assert (bundle.rootfs / "c/d/file").is_file()
    assert stat.S_IMODE((bundle.rootfs / "a/b").stat().st_mode) == 0o755


def test_a_missing_target_for_a_socket_is_made_as_a_file(runtime, bundle, source):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(source / "socket"))
        bundle.bind(source / "socket", "/run/socket").args("test", "-S", "/run/socket")
        runtime.run(bundle).ok()


def test_a_relative_source_is_relative_to_the_bundle(runtime, bundle):
    (bundle.path / "data").mkdir()
    (bundle.path / "data/file").write_text("of the bundle\n")
    bundle.bind("data", "/m").args("cat", "/m/file")
    assert runtime.output_of(bundle, cwd="/") == "of the bundle\n"


def test_a_relative_destination_is_relative_to_the_root(runtime, bundle, source):
    bundle.process["cwd"] = "/usr"
    outcome = runtime.run(bundle.bind(source, "m/n").args("cat", "/m/n/file")).warned("is relative")
    assert outcome.stdout == "content\n"


def test_bind_takes_the_directory_and_rbind_what_is_mounted_below(runtime, bundle, volume, source):
    below = volume("source/below")
    assert below.parent == source
    bundle.bind(source, "/one").mount("/all", "none", source, ["rbind"])
    points = {mount.point for mount in kernel.mounts(runtime.create(bundle).pid)}
    assert "/all/below" in points
    assert "/one/below" not in points


def test_a_missing_source_is_an_error_that_names_it(runtime, bundle, directory):
    bundle.bind(directory / "none", "/m")
    runtime.try_create(bundle).failed(f"{directory}/none", "no such file or directory", tare=["/mounts/7"])
    assert not (bundle.rootfs / "m").exists()


def test_a_directory_cannot_be_bound_on_a_file(runtime, bundle, source):
    runtime.try_create(bundle.bind(source, "/etc/group")).failed("not a directory")


@pytest.mark.tare_only  # others drop or misread them
def test_a_bind_mount_takes_no_file_system_options(runtime, bundle, source):
    runtime.try_create(bundle.bind(source, "/m", "size=1k")).failed("/mounts/7", "size=1k")


def test_a_read_only_bind_mount_cannot_be_written(runtime, bundle, source):
    bundle.bind(source, "/m", "ro").script("echo x > /m/new")
    assert "Read-only file system" in runtime.run(bundle).stderr
    assert not (source / "new").exists()


def test_a_bind_mount_can_be_written(runtime, bundle, source):
    runtime.run(bundle.bind(source, "/m").script("echo x > /m/new")).ok()
    assert (source / "new").read_text() == "x\n"


def test_a_symbolic_link_as_target_is_followed_inside_the_root(runtime, bundle, source):
    (bundle.rootfs / "link").symlink_to("/real")
    (bundle.rootfs / "real").mkdir()
    container = runtime.create(bundle.bind(source, "/link"))
    assert kernel.mount_at(container.pid, "/real").root.endswith("/source")


# ---- order -------------------------------------------------------------------------------------


def test_mounts_are_made_in_the_listed_order(runtime, bundle, source):
    bundle.mount("/m", "tmpfs", "tmpfs").bind(source, "/m/in")
    assert runtime.output_of(bundle.args("cat", "/m/in/file")) == "content\n"


def test_a_later_mount_covers_an_earlier_one(runtime, bundle, source):
    bundle.bind(source, "/m/in").mount("/m", "tmpfs", "tmpfs")
    assert runtime.output_of(bundle.args("ls", "/m")) == ""


@pytest.mark.parametrize("point", ["/link", "/a/link"])
def test_later_mounts_are_made_on_what_covers_a_directory_by_another_name(runtime, bundle, point):
    (bundle.rootfs / "a").mkdir()
    (bundle.rootfs / "link").symlink_to("a")
    bundle.bind(bundle.rootfs / "a", "/a")
    (bundle.rootfs / "a/link").symlink_to("/a")
    for place in ("/a/before", point, "/a/after"):
        bundle.mount(place, "tmpfs", "tmpfs")
    assert runtime.output_of(bundle.args("ls", "/a")).split() == ["after"]


def test_many_mounts(runtime, bundle):
    for number in range(200):
        bundle.mount(f"/m{number}", "tmpfs", "tmpfs", ["size=4k"])
    points = {mount.point for mount in kernel.mounts(runtime.create(bundle).pid)}
    assert {f"/m{number}" for number in range(200)} <= points


# ---- tmpfs -------------------------------------------------------------------------------------


def test_a_tmpfs_takes_the_mode_of_the_directory_below(runtime, bundle):
    (bundle.rootfs / "opt").mkdir()
    (bundle.rootfs / "opt").chmod(0o1751)
    bundle.mount("/opt", "tmpfs", "tmpfs").args("stat", "-c", "%a", "/opt")
    assert runtime.output_of(bundle) == "1751\n"


@pytest.mark.tare_only  # runc 1.1 forgets it
def test_the_mode_that_was_asked_for_wins(runtime, bundle):
    (bundle.rootfs / "opt").mkdir()
    (bundle.rootfs / "opt").chmod(0o1751)
    bundle.mount("/opt", "tmpfs", "tmpfs", ["mode=700"]).args("stat", "-c", "%a", "/opt")
    assert runtime.output_of(bundle) == "700\n"


def test_a_size_limit_is_kept(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs", ["size=64k"]).script("dd if=/dev/zero of=/m/file bs=1k count=100")
    assert "No space left" in runtime.run(bundle).stderr


def test_a_read_only_dev_has_its_devices(runtime, bundle):
    next(one for one in bundle.config["mounts"] if one["destination"] == "/dev")["options"].append("ro")
    bundle.script("test -c /dev/null && touch /dev/new")
    assert "Read-only file system" in runtime.run(bundle).stderr


# ---- propagation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "option, kinds",
    [
        ("private", set()),
        ("rprivate", set()),
        ("shared", {"shared"}),
        ("rshared", {"shared"}),
        ("slave", {"master"}),
        ("rslave", {"master"}),
        ("unbindable", {"unbindable"}),
        ("runbindable", {"unbindable"}),
    ],
)
def test_propagation_of_a_mount(runtime, bundle, volume, option, kinds):
    bundle.mount("/m", "none", volume("v", shared=True), ["rbind", option])
    found = mounted(runtime, bundle).propagation_kinds
    assert found == kinds or (option.endswith("shared") and found == {"shared", "master"})


@pytest.mark.parametrize("option, seen", [("rslave", True), ("rprivate", False)])
def test_a_mount_of_the_host_arrives_in_a_slave_and_not_in_a_private_one(runtime, bundle, volume, option, seen):
    path = volume("v", shared=True)
    container = runtime.create(bundle.mount("/m", "none", path, ["rbind", option]))
    isolation.mount("late", path / "sub", "tmpfs")
    points = {mount.point for mount in kernel.mounts(container.pid)}
    assert ("/m/sub" in points) == seen


@pytest.mark.parametrize("option, seen", [("rshared", True), ("rslave", False)])
def test_a_mount_of_the_container_arrives_outside_if_shared(runtime, bundle, volume, option, seen):
    path = volume("v", shared=True)
    # A mount is shared with the host only if nothing on the way has cut it off.
    bundle.linux["rootfsPropagation"] = "shared" if option == "rshared" else "slave"
    bundle.mount("/m", "none", path, ["rbind", option]).capabilities("CAP_SYS_ADMIN")
    container = runtime.start(bundle.script("mount -t tmpfs inside /m/sub && echo done; sleep 60"))
    container.await_output("done")
    assert (f"{path}/sub" in {mount.point for mount in kernel.mounts()}) == seen


def test_several_propagation_options_apply_one_after_the_other(runtime, bundle, volume):
    bundle.mount("/m", "none", volume("v", shared=True), ["rbind", "private", "shared"])
    assert mounted(runtime, bundle).propagation_kinds == {"shared"}


@pytest.mark.parametrize(
    "value, kinds",
    [
        (None, set()),
        ("private", set()),
        ("rprivate", set()),
        ("slave", set()),
        ("rslave", set()),
        pytest.param("shared", {"shared"}, marks=pytest.mark.tare_only),  # runc before 1.3 sets these too early
        pytest.param("rshared", {"shared"}, marks=pytest.mark.tare_only),
        pytest.param("unbindable", {"unbindable"}, marks=pytest.mark.tare_only),
        pytest.param("runbindable", {"unbindable"}, marks=pytest.mark.tare_only),
    ],
)
def test_propagation_of_the_root(runtime, bundle, value, kinds):
    if value:
        bundle.linux["rootfsPropagation"] = value
    assert mounted(runtime, bundle, "/").propagation_kinds == kinds


@pytest.mark.parametrize(
    "value", ["private", "slave", "shared", pytest.param("unbindable", marks=pytest.mark.tare_only)]
)
def test_mounts_of_a_container_never_reach_a_private_host(runtime, bundle, value):
    before = {mount.point for mount in kernel.mounts()}
    bundle.linux["rootfsPropagation"] = value
    bundle.capabilities("CAP_SYS_ADMIN").script("mount -t tmpfs inside /tmp && echo done; sleep 60")
    runtime.start(bundle).await_output("done")
    assert {mount.point for mount in kernel.mounts()} == before


@pytest.mark.parametrize("value", [None, "private", "slave"])
def test_mounts_of_a_container_never_reach_a_shared_host(runtime, bundle, volume, value):
    """Most hosts have / shared: pivot_root and the rootfs bind mount must not leak into it."""
    shared = volume("shared", shared=True)
    bundle.config["root"]["path"] = str(shared / "rootfs")
    subprocess.run(["cp", "-a", bundle.rootfs, shared / "rootfs"], check=True)
    before = [mount.point for mount in kernel.mounts()]
    if value:
        bundle.linux["rootfsPropagation"] = value
    runtime.start(bundle.args("sleep", "60"))
    assert [mount.point for mount in kernel.mounts()] == before


# ---- the root ----------------------------------------------------------------------------------


def test_a_read_only_root_cannot_be_written(runtime, bundle):
    assert "Read-only file system" in runtime.run(bundle.script("touch /file")).stderr


def test_a_writable_root_can_be_written(runtime, bundle):
    runtime.run(bundle.writable().script("touch /file")).ok()
    assert (bundle.rootfs / "file").exists()


def test_an_absolute_root_path(runtime, bundle):
    bundle.config["root"]["path"] = str(bundle.rootfs)
    runtime.run(bundle).ok()


def test_a_root_path_with_dots(runtime, bundle):
    bundle.config["root"]["path"] = f"../{bundle.path.name}/./rootfs"
    runtime.run(bundle).ok()


def test_a_read_only_root_leaves_other_mounts_writable(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs").script("touch /m/file /dev/shm/file")
    runtime.run(bundle).ok()


def test_the_root_of_the_host_is_out_of_reach(runtime, bundle):
    assert runtime.output_of(bundle.script("cd /; cd ..; cd ..; ls -d bin/busybox; pwd")) == "bin/busybox\n/\n"
    points = {mount.root for mount in kernel.mounts(runtime.create(bundle).pid) if mount.type == "ext4"}
    assert "/" not in points


def test_no_pivot(runtime, bundle):
    bundle.script("cat /etc/group; pwd; cat /proc/timer_list | wc -c")
    assert runtime.output_of(bundle, "--no-pivot") == (bundle.rootfs / "etc/group").read_text() + "/\n0\n"


@pytest.mark.tare_only  # with runc and crun exec is then in the host's root
@pytest.mark.parametrize("option", [[], ["--no-pivot"]], ids=["pivot_root", "no pivot_root"])
def test_exec_is_in_the_containers_root_also_if_the_container_was_made_in_a_chroot(runtime, bundle, directory, option):
    other = directory / "other"
    other.mkdir()
    (bundle.rootfs / "marker").touch()
    runtime.prefix = ["unshare", "--mount", "sh", "-c", f'mount --rbind / {other} && exec chroot {other} "$@"', "sh"]
    container = runtime.start(bundle.args("sleep", "600"), *option)
    runtime.prefix = []
    shown = runtime.call("exec", container.id, "sh", "-c", "ls -d /marker; cat /proc/1/comm").ok().stdout
    assert shown == "/marker\nsleep\n"
    points = {mount.point for mount in kernel.mounts(container.pid)}
    assert str(other) not in points


@pytest.mark.tare_only  # runc 1.1 leaves a mount on the host here
def test_without_a_mount_namespace_there_is_only_a_new_root(runtime, bundle):
    bundle.inherit("mount").config["mounts"] = []
    bundle.linux.pop("maskedPaths"), bundle.linux.pop("readonlyPaths")
    bundle.config["root"]["readonly"] = False
    before = kernel.mounts()
    container = runtime.start(bundle.args("sleep", "60"))
    assert kernel.namespace(container.pid, "mount") == kernel.namespace("self", "mount")
    assert os.readlink(f"/proc/{container.pid}/root") == str(bundle.rootfs)
    assert kernel.mounts() == before


# ---- a mount on the root -------------------------------------------------------------------------


@pytest.fixture
def other_root(directory):
    """Another root file system; `which` says that it is this one."""
    root = make_rootfs(directory / "other")
    (root / "which").write_text("other\n")
    return root


@pytest.fixture
def bound_root(bundle, other_root):
    """A bundle whose first mount is the other root, on /."""
    bundle.bind(other_root, "/")
    bundle.config["mounts"].insert(0, bundle.config["mounts"].pop())
    return bundle.writable()


@pytest.mark.tare_only  # crun 1.8 fails; runc 1.1 goes back to the root file system for what follows
@pytest.mark.parametrize("destination", ["/", "//", "/a/.."])
def test_a_bind_on_the_root_is_the_root(runtime, bound_root, other_root, destination):
    bound_root.config["mounts"][0]["destination"] = destination
    bound_root.script("cat /which; ls /dev/null; cat /proc/keys; stat -f -c %T /dev; touch /x").process["cwd"] = "/made"
    assert runtime.output_of(bound_root) == "other\n/dev/null\ntmpfs\n"
    assert (other_root / "x").exists() and (other_root / "made").is_dir()
    assert not (bound_root.rootfs / "x").exists() and not (bound_root.rootfs / "made").exists()


@pytest.mark.tare_only
def test_the_covered_root_is_out_of_reach(runtime, bound_root):
    container = runtime.start(bound_root.args("sleep", "60"))
    roots = [mount for mount in kernel.mounts(container.pid) if mount.point == "/"]
    assert [mount.root.endswith("/other") for mount in roots] == [True]
    assert runtime.call("exec", container.id, "cat", "/which").ok().stdout == "other\n"


@pytest.mark.tare_only
def test_what_was_mounted_before_it_is_covered(runtime, bundle, other_root, source):
    bundle.bind(source, "/before").bind(other_root, "/").bind(source, "/after")
    bundle.script("[ -e /before ] || echo covered; ls -d /after; ls /proc")
    assert runtime.output_of(bundle).split() == ["covered", "/after"]


@pytest.mark.tare_only
def test_of_two_mounts_on_the_root_the_later_one_is_the_root(runtime, bound_root, directory, source):
    last = make_rootfs(directory / "last")
    bound_root.bind(last, "/", "ro").bind(source, "/m").mount("/proc", "proc", "proc")
    outcome = runtime.run(bound_root.script("ls /which; ls /m; touch /x"))
    assert "Read-only file system" in outcome.stderr and "/which" not in outcome.stdout
    assert outcome.stdout.split() == sorted(path.name for path in source.iterdir())


@pytest.mark.tare_only
@pytest.mark.parametrize("how", ["option", "root.readonly"])
def test_a_read_only_mount_on_the_root_is_sealed_when_all_is_made(runtime, bound_root, how):
    if how == "option":
        bound_root.config["mounts"][0]["options"].append("ro")
    else:
        bound_root.config["root"]["readonly"] = True
    bound_root.mount("/new/place", "tmpfs", "tmpfs").script("touch /new/place/x && echo made; touch /x")
    outcome = runtime.run(bound_root)
    assert outcome.stdout == "made\n" and "Read-only file system" in outcome.stderr


@pytest.mark.tare_only
def test_a_bind_on_the_root_of_a_user_namespace(runtime, bound_root, other_root):
    other_root.parent.chmod(0o755)
    assert runtime.output_of(bound_root.user_namespace().script("cat /which; id -u")) == "other\n0\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("propagation", ["shared", "slave", "private", "unbindable"])
def test_a_bind_on_the_root_and_the_propagation_of_the_root(runtime, bound_root, propagation):
    bound_root.linux["rootfsPropagation"] = propagation
    assert runtime.output_of(bound_root.args("cat", "/which")) == "other\n"


@pytest.mark.tare_only
def test_what_cannot_be_mounted_on_the_root(runtime, bundle, other_root):
    bundle.mount("/", "tmpfs", "tmpfs")
    runtime.try_create(bundle).failed("/mounts/7/destination: only a bind mount goes on /")
    bundle.config["mounts"][7] = {"destination": "/", "source": str(other_root), "options": ["bind", "rshared"]}
    runtime.try_create(bundle).failed("/mounts/7/options", "linux.rootfsPropagation")
    bundle.config["mounts"][7]["options"] = ["bind"]
    runtime.try_create(bundle, "--no-pivot").failed("/mounts/7/destination", "pivot_root")
    bundle.config["mounts"][7]["source"] += "/which"
    runtime.try_create(bundle).failed("/mounts/7", "the destination is a directory, the source is not")
    bundle.config["mounts"] = [{"destination": "/", "source": str(other_root), "options": ["bind"]}]
    bundle.linux.pop("maskedPaths"), bundle.linux.pop("readonlyPaths")
    runtime.try_create(bundle.inherit("mount")).failed("/mounts/0/destination: a mount on / needs a mount namespace")


# ---- masked and read-only paths ----------------------------------------------------------------


def test_a_masked_file_reads_empty(runtime, bundle):
    bundle.linux["maskedPaths"] = ["/etc/group"]
    assert runtime.output_of(bundle.script("cat /etc/group; test -c /etc/group && echo device")) == "device\n"


def test_a_masked_directory_is_empty_and_read_only(runtime, bundle):
    bundle.writable().linux["maskedPaths"] = ["/etc"]
    outcome = runtime.run(bundle.script("ls /etc; touch /etc/x"))
    assert outcome.stdout == ""
    assert "Read-only file system" in outcome.stderr


def test_a_masked_path_that_is_not_there_is_no_error(runtime, bundle):
    bundle.linux["maskedPaths"] = ["/no/such"]
    bundle.linux["readonlyPaths"] = ["/no/such"]
    runtime.run(bundle).ok()


def test_a_read_only_path_cannot_be_written(runtime, bundle):
    bundle.writable().linux["readonlyPaths"] = ["/etc"]
    assert "Read-only file system" in runtime.run(bundle.script("touch /var/x; touch /etc/x")).stderr
    assert (bundle.rootfs / "var/x").exists()


def test_a_read_only_path_keeps_the_other_options_of_its_mount(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs", ["nosuid", "nodev", "noexec"])
    bundle.linux["readonlyPaths"] = ["/m"]
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(mounted(runtime, bundle).options)


def test_the_usual_masks_hide_what_they_should(runtime, bundle):
    bundle.script("cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo 1 > /proc/sys/vm/drop_caches")
    outcome = runtime.run(bundle)
    assert outcome.stdout == "0\n0\n"
    assert "Read-only file system" in outcome.stderr


PEEK = "head -c 9 /proc/keys; ls /sys/firmware; echo 1 > /proc/sys/vm/drop_caches; exit 0"


def second_mounts(bundle):
    """Mounts that cover others on /proc and /sys."""
    return {
        "a second procfs": lambda: bundle.mount("/proc", "proc", "proc"),
        "a third procfs": lambda: bundle.mount("/proc", "proc", "proc").mount("/./proc", "proc", "proc"),
        "the host's sysfs": lambda: bundle.bind("/sys", "/sys", "ro"),
        "a second sysfs": lambda: bundle.mount("/sys", "sysfs", "sysfs", ["ro"]),
        "the host's procfs": lambda: bundle.bind("/proc", "/proc"),
        "a remount": lambda: bundle.mount("/proc", None, None, ["remount", "bind", "noatime"]),
        "a propagation": lambda: bundle.mount("/sys", None, None, ["rslave"]),
    }


@pytest.mark.parametrize("which", list(second_mounts(None)))
def test_masks_are_on_what_is_seen_of_several_mounts(runtime, bundle, which):
    second_mounts(bundle)[which]()
    outcome = runtime.run(bundle.script(PEEK))
    assert outcome.stdout == "" and "Read-only file system" in outcome.stderr, outcome


@pytest.mark.tare_only  # crun and runc mount the copy of /proc over the masks, or the other way round
@pytest.mark.parametrize("paths", [["/proc"], ["/sys", "/proc/sys"], ["/proc/sys", "/proc"], ["/", "/proc/sys"]])
def test_masks_are_seen_in_what_is_read_only_as_a_whole(runtime, bundle, paths):
    bundle.linux["readonlyPaths"] = paths
    outcome = runtime.run(bundle.script(PEEK))
    assert outcome.stdout == "" and "Read-only file system" in outcome.stderr, outcome


@pytest.mark.tare_only
def test_the_root_can_be_a_read_only_path(runtime, bundle):
    bundle.writable().mount("/m", "tmpfs", "tmpfs").linux["readonlyPaths"] = ["/"]
    outcome = runtime.run(bundle.script("touch /x; touch /m/x; echo x > /dev/null && echo null"))
    assert outcome.stderr.count("Read-only file system") == 2 and outcome.stdout == "null\n"


@pytest.mark.parametrize("path", ["/sys", "/proc", "/sys/"])
def test_a_whole_file_system_of_the_kernel_can_be_masked(runtime, bundle, path):
    bundle.linux["maskedPaths"] = [path]
    assert runtime.output_of(bundle.script(f"ls {path}")) == ""


def test_a_path_that_is_listed_twice_is_mounted_once(runtime, bundle):
    bundle.linux["maskedPaths"] = ["/etc/group", "/etc", "/etc/", "/./etc", "/etc/group"]
    bundle.linux["readonlyPaths"] = ["/var", "/var/", "/var"]
    container = runtime.create(bundle)
    points = [mount.point for mount in kernel.mounts(container.pid)]
    assert (points.count("/etc"), points.count("/etc/group"), points.count("/var")) == (1, 1, 1)


# ---- in a user namespace -----------------------------------------------------------------------


@pytest.mark.tare_only  # runc 1.1 does not ask for them again and gets EPERM
def test_a_read_only_bind_in_a_user_namespace_keeps_the_locked_options(runtime, bundle, volume):
    ms_nosuid, ms_nodev, ms_noexec = 2, 4, 8
    (bundle.rootfs / "m").mkdir()
    bundle.user_namespace().bind(volume("v", ms_nosuid | ms_nodev | ms_noexec), "/m", "ro")
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(mounted(runtime, bundle).options)


def test_a_bind_source_that_only_root_of_the_host_can_reach(runtime, bundle, directory):
    # The runtime opens sources as itself, not as root of the container.
    closed = directory / "closed"
    (closed / "open").mkdir(parents=True)
    (closed / "open/file").write_text("content\n")
    closed.chmod(0o700)
    (bundle.rootfs / "m").mkdir()
    bundle.user_namespace().bind(closed / "open", "/m").args("cat", "/m/file")
    assert runtime.output_of(bundle) == "content\n"


def test_a_bind_mounted_dev_is_left_as_it_is(runtime, bundle, directory):
    own = directory / "dev"
    own.mkdir()
    (own / "mine").write_text("x")
    os.mknod(own / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    bundle.without_mount("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue").bind(own, "/dev")
    bundle.linux["maskedPaths"] = []
    runtime.run(bundle.args("test", "-e", "/dev/mine")).ok()
    assert sorted(path.name for path in own.iterdir()) == ["mine", "null"]


# ---- symbolic links ------------------------------------------------------------------------------


@pytest.fixture
def link(source):
    path = source / "link"
    path.symlink_to("file")
    return path


def test_the_source_of_a_bind_is_followed(runtime, bundle, link):
    assert runtime.output_of(bundle.bind(link, "/m").script("test ! -L /m && cat /m")) == "content\n"


@pytest.mark.tare_only
def test_copy_symlink_makes_the_same_link(runtime, bundle, link):
    assert runtime.output_of(bundle.bind(link, "/etc/m", "copy-symlink").script("readlink /etc/m")) == "file\n"


@pytest.mark.tare_only
def test_copy_symlink_makes_parents_and_takes_a_link_that_dangles(runtime, bundle, source):
    (source / "link").symlink_to("/none/such")
    bundle.bind(source / "link", "/a/b/m", "rbind", "copy-symlink")
    assert runtime.output_of(bundle.script("readlink /a/b/m")) == "/none/such\n"


@pytest.mark.tare_only
def test_copy_symlink_mounts_what_is_no_link(runtime, bundle, source):
    assert mounted(runtime, bundle.bind(source / "file", "/m", "copy-symlink")).point == "/m"


@pytest.mark.tare_only
def test_copy_symlink_is_content_with_the_same_link(runtime, bundle, link):
    (bundle.rootfs / "m").symlink_to("file")
    assert runtime.output_of(bundle.bind(link, "/m", "copy-symlink").script("readlink /m")) == "file\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("present", ["link", "file", "directory"])
def test_copy_symlink_does_not_replace_anything_else(runtime, bundle, link, present):
    place = bundle.rootfs / "m"
    {"link": lambda: place.symlink_to("other"), "file": place.touch, "directory": place.mkdir}[present]()
    runtime.try_create(bundle.bind(link, "/m", "copy-symlink")).failed("/mounts/7", "/m", "EEXIST")


@pytest.mark.tare_only
def test_copy_symlink_stays_in_the_root(runtime, bundle, link, canary):
    (bundle.rootfs / "out").symlink_to(canary.path)
    runtime.create(bundle.bind(link, "/out/m", "copy-symlink"))
    assert (bundle.rootfs / str(canary.path)[1:] / "m").is_symlink()


@pytest.mark.tare_only
def test_src_nofollow_mounts_the_link_itself(runtime, bundle, link):
    bundle.bind(link, "/m", "src-nofollow").script("readlink /m; grep -c ' /m ' /proc/self/mountinfo")
    assert runtime.output_of(bundle) == "file\n1\n"


@pytest.mark.tare_only
def test_dest_nofollow_covers_the_link_itself(runtime, bundle, source):
    (bundle.rootfs / "etc/target").write_text("target\n")
    (bundle.rootfs / "m").symlink_to("etc/target")
    bundle.bind(source / "file", "/m", "dest-nofollow").script("cat /m /etc/target")
    assert runtime.output_of(bundle) == "content\ntarget\n"


@pytest.mark.tare_only
def test_dest_nofollow_and_src_nofollow_go_together(runtime, bundle, link):
    (bundle.rootfs / "m").symlink_to("other")
    assert runtime.output_of(bundle.bind(link, "/m", "src-nofollow", "dest-nofollow").script("readlink /m")) == "file\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("option", ["copy-symlink", "src-nofollow", "dest-nofollow"])
def test_links_are_for_bind_mounts(runtime, bundle, option):
    runtime.try_create(bundle.mount("/m", "tmpfs", "x", [option])).failed("/mounts/7/options", "bind")
