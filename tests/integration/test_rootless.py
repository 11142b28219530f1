# SPDX-License-Identifier: Apache-2.0
"""An ordinary user's containers, and those of the root of a user namespace (config-linux.md, "User namespace
mappings"; user_namespaces(7)). The kernel's word counts: /proc/PID/uid_map, setgroups, status, mountinfo."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import kernel
from support.agent import Agent
from support.runtime import Runtime
from support.user import User

SLEEP = "sleep 1000"


@pytest.fixture
def rootless(runtime, user):
    """The runtime under test, called by an ordinary user; root deletes what it leaves."""
    place = runtime.directory / "user"
    place.mkdir()
    user.own(place)
    theirs = Runtime(runtime.path, place, runtime.name)
    theirs.prefix = user.prefix()
    yield theirs
    problems = theirs.delete_all()
    assert not problems, "\n".join(problems)


@pytest.fixture
def make_own(make_bundle, user):
    """Bundles that belong to the user."""

    def make(mapped=User.single):
        made = make_bundle()
        mapped(user, made)
        without_terminal_group(made)
        user.own(made.path)
        return made

    return make


@pytest.fixture
def own(make_own):
    """One, with the user's single ids as root."""
    return make_own()


def without_terminal_group(bundle):
    """A single id is not group 5."""
    for mount in bundle.config["mounts"]:
        mount["options"] = [option for option in mount.get("options", []) if option != "gid=5"]


def id_map(pid, kind="uid"):
    return [tuple(map(int, line.split())) for line in Path(f"/proc/{pid}/{kind}_map").read_text().splitlines()]


# ---- ids ---------------------------------------------------------------------------------------


def test_a_single_id_is_mapped_without_a_helper(rootless, own, user):
    container = rootless.start(own.script(SLEEP))
    pid = container.pid
    assert id_map(pid) == [(0, user.uid, 1)]
    assert id_map(pid, "gid") == [(0, user.gid, 1)]
    assert Path(f"/proc/{pid}/setgroups").read_text() == "deny\n"
    assert kernel.status(pid)["Uid"].split() == [str(user.uid)] * 4
    assert kernel.status(pid)["Gid"].split() == [str(user.gid)] * 4


def test_ranges_are_mapped_by_the_helpers(rootless, make_own, user):
    own = make_own(User.ranges)
    own.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 60]}
    pid = rootless.start(own.script(SLEEP)).pid
    rest = (1, user.sub, user.COUNT - 1)
    assert id_map(pid) == [(0, user.uid, 1), rest]
    assert id_map(pid, "gid") == [(0, user.gid, 1), rest]
    assert Path(f"/proc/{pid}/setgroups").read_text() == "allow\n"
    status = kernel.status(pid)
    assert status["Uid"].split() == [str(user.sub + 999)] * 4
    assert status["Gid"].split() == [str(user.sub + 1000)] * 4
    assert status["Groups"].split() == [str(user.sub + 4), str(user.sub + 59)]


def test_root_may_be_a_subordinate_id(rootless, make_own, user):
    """Then the user's own files are a stranger's to the container, and its state must be seen all the same."""
    sub = [(0, user.sub, 1000)]
    own = make_own(lambda _, made: User.map(made, sub, sub))
    container = rootless.create(own.script(SLEEP))
    assert container.status == "created"
    assert kernel.status(container.pid)["Uid"].split() == [str(user.sub)] * 4
    container.start().ok()
    assert container.status == "running"


def test_one_kind_of_ids_may_need_the_helper_and_the_other_not(rootless, make_own, user):
    gids = [(0, user.gid, 1), (1, user.sub, 10)]
    own = make_own(lambda _, made: User.map(made, [(0, user.uid, 1)], gids))
    own.process["user"]["additionalGids"] = [3]
    pid = rootless.start(own.script(SLEEP)).pid
    assert id_map(pid, "gid") == gids
    assert kernel.status(pid)["Groups"].split() == [str(user.sub + 2)]


@pytest.mark.parametrize("kind", ["uid", "gid"])
def test_what_the_helper_says_is_in_the_error(rootless, make_own, user, kind):
    own = make_own(User.ranges)
    own.linux[f"{kind}Mappings"][1]["hostID"] = user.sub + user.COUNT
    rootless.try_create(own).failed(
        f"new{kind}map", "not allowed", tare=[f"/linux/{kind}Mappings: ", "exit status 1", f"/etc/sub{kind}"]
    )
    assert rootless.stored() == []


@pytest.mark.tare_only
def test_a_helper_that_cannot_be_run_is_named(rootless, make_own):
    own = make_own(User.ranges)
    subprocess.run(["mount", "--bind", "/dev/null", "/usr/bin/newuidmap"], check=True)
    try:
        rootless.try_create(own).failed("/linux/uidMappings: ", "/usr/bin/newuidmap", "EACCES", "uidmap")
    finally:
        subprocess.run(["umount", "/usr/bin/newuidmap"], check=True)


@pytest.mark.tare_only
def test_the_helper_is_not_looked_for_in_path(rootless, make_own, user, directory):
    fake = directory / "newuidmap"
    fake.write_text(f"#!/bin/sh\ntouch {directory}/called\n")
    fake.chmod(0o755)
    directory.chmod(0o777)
    rootless.prefix = [*user.prefix(), f"PATH={directory}"]
    rootless.run(make_own(User.ranges)).ok()
    assert not (directory / "called").exists()


@pytest.mark.tare_only
def test_groups_are_refused_where_they_are_denied(rootless, own):
    own.process["user"]["additionalGids"] = [0]
    rootless.try_create(own).failed("/process/user/additionalGids: ", "setgroups(2) is denied", "subgid(5)")


def test_groups_of_the_caller_stay_where_they_are_denied(rootless, own, user):
    rootless.prefix = user.prefix(4242)
    pid = rootless.start(own.script(SLEEP)).pid
    assert kernel.status(pid)["Groups"].split() == ["4242"]


def test_groups_of_the_caller_are_dropped_where_they_can_be(rootless, make_own, user):
    rootless.prefix = user.prefix(4242)
    pid = rootless.start(make_own(User.ranges).script(SLEEP)).pid
    assert kernel.status(pid)["Groups"].split() == []


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "rows, words",
    [
        ([(i, 100000 + i, 1) for i in range(341)], ["341 entries", "340"]),
        ([(0, 100000, 10), (5, 200000, 10)], ["overlaps entry 0"]),
        ([(0, 100000, 10), (20, 100005, 10)], ["overlaps entry 0"]),
        ([(0, 100000, 0)], ["size"]),
        ([(1, 100000, 10)], ["/process/user/uid", "0 is not mapped"]),
        ([(0, 4294967290, 10)], ["/linux/uidMappings/0"]),
    ],
    ids=["too many", "overlap inside", "overlap outside", "empty", "gap", "beyond the last id"],
)
def test_maps_that_the_kernel_would_refuse(rootless, make_own, user, rows, words):
    own = make_own(lambda _, made: User.map(made, rows, [(0, user.gid, 1)]))
    rootless.try_create(own).failed(*words)


def test_many_mappings_are_taken(rootless, make_own, user):
    rows = [(0, user.uid, 1), *((i, user.sub + 2 * i, 1) for i in range(1, 200))]
    own = make_own(lambda _, made: User.map(made, rows, [(0, user.gid, 1)]))
    pid = rootless.start(own.script(SLEEP)).pid
    assert id_map(pid) == rows


@pytest.mark.tare_only
def test_maps_of_a_page_or_more_are_an_error(rootless, make_own, user):
    rows = [(0, user.uid, 1), *((i, user.sub + 2 * i, 1) for i in range(1, 340))]
    own = make_own(lambda _, made: User.map(made, rows, [(0, user.gid, 1)]))
    rootless.try_create(own).failed("/linux/uidMappings: ", "less than a page")


@pytest.mark.tare_only
def test_without_a_user_namespace_the_error_says_what_is_missing(rootless, bundle, user):
    user.own(bundle.path)
    rootless.try_create(bundle).failed("/linux/namespaces: ", "user namespace", "spec --rootless")


# ---- life --------------------------------------------------------------------------------------


def test_the_user_governs_the_container(rootless, own, user):
    container = rootless.create(own.script(SLEEP))
    assert container.status == "created"
    container.start().ok()
    assert container.status == "running"
    assert container.id in rootless.call("list", "--quiet").ok().stdout
    pid = container.pid
    container.kill("KILL").ok()
    container.await_end()
    assert container.exit_status(pid) == -9
    assert container.status == "stopped"
    container.delete().ok()
    assert rootless.stored() == []


@pytest.mark.parametrize("mapped", [User.single, User.ranges])
def test_delete_by_force_ends_it(rootless, make_own, mapped):
    own = make_own(mapped)
    if mapped is User.ranges:
        own.process["user"] = {"uid": 1000, "gid": 1000}
    container = rootless.start(own.script(SLEEP))
    pid = container.pid
    container.delete("--force").ok()
    assert not kernel.is_alive(pid)


def test_another_user_can_do_nothing_to_it(rootless, own, user):
    container = rootless.start(own.script(SLEEP))
    pid = container.pid
    mine, rootless.prefix = rootless.prefix, ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    for words in (["kill", container.id, "KILL"], ["delete", "--force", container.id], ["state", container.id]):
        rootless.call(*words).failed(tare=["EACCES"])
    assert subprocess.run([*rootless.prefix, "kill", "-9", str(pid)], stderr=subprocess.DEVNULL).returncode != 0
    rootless.prefix = mine
    assert container.status == "running"


def test_output_and_exit_code_come_through_run(rootless, own):
    outcome = rootless.run(own.script("id -u; exit 7"))
    assert (outcome.code, outcome.stdout) == (7, "0\n")


def test_hooks_run_as_the_user_and_in_the_container(rootless, own, directory, user):
    place = directory / "hooks"
    place.mkdir()
    user.own(place)
    script = place / "hook"
    script.write_text(f"#!/bin/sh\n/usr/bin/id -u >> {place}/$1\n")
    script.chmod(0o755)
    own.hook("createRuntime", script, "hook", "runtime")
    own.hook("poststop", script, "hook", "poststop")
    own.hook("startContainer", "/bin/sh", "sh", "-c", "id -u > /tmp/started")
    own.mount("/tmp", "tmpfs", "tmpfs", ["mode=1777"])
    container = rootless.start(own.script(f"cat /tmp/started; {SLEEP}"))
    container.await_output("0\n")
    container.delete("--force").ok()
    assert (place / "runtime").read_text() == f"{user.uid}\n"
    assert (place / "poststop").read_text() == f"{user.uid}\n"


@pytest.mark.tare_only
def test_init_hides_itself_once_it_is_mapped(rootless, own, user):
    """Dumpable is what it must be for its map to be written, and no longer."""
    container = rootless.create(own.script(SLEEP))
    namespaces = Path(f"/proc/{container.pid}/ns/user")
    other = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "readlink", namespaces]
    assert subprocess.run(other, capture_output=True).returncode != 0


# ---- the store ---------------------------------------------------------------------------------


class WithoutRoot(Runtime):
    """Without --root: the store is where the environment says."""

    def command(self, *words):
        return [*self.prefix, self.path, *map(str, words)]


@pytest.mark.tare_only
def test_the_store_is_in_the_users_runtime_directory(rootless, own, user):
    place = rootless.directory
    theirs = WithoutRoot(rootless.path, place, rootless.name)
    theirs.prefix = user.prefix(XDG_RUNTIME_DIR=place)
    container = theirs.create(own)
    assert (place / "tare").stat().st_mode & 0o7777 == 0o1700
    assert (place / "tare").stat().st_uid == user.uid
    assert os.listdir(place / "tare") == [container.id]
    container.delete("--force").ok()


@pytest.mark.tare_only
@pytest.mark.parametrize("words", [["list"], ["state", "c1"], ["create", "c1"]], ids=lambda words: words[0])
@pytest.mark.parametrize("value", [None, "", "relative"], ids=["unset", "empty", "relative"])
def test_without_a_runtime_directory_the_error_says_so(rootless, user, words, value):
    theirs = WithoutRoot(rootless.path, rootless.directory, rootless.name)
    theirs.prefix = user.prefix() if value is None else user.prefix(XDG_RUNTIME_DIR=value)
    theirs.call(*words).failed("XDG_RUNTIME_DIR is not set", "--root")


def test_the_rootless_configuration_runs_as_it_is(rootless, make_bundle, user):
    bundle = make_bundle()
    user.own(bundle.path)
    rootless.call("spec", "--rootless", "--bundle", bundle.path).ok()
    config = bundle.path / "config.json"
    config.write_text(config.read_text().replace('"terminal": true', '"terminal": false'))
    outcome = rootless.call("run", "--bundle", bundle.path, rootless.new_id())
    assert outcome.code == 0, outcome  # its shell has nothing on standard input
    assert id_map("self") == [(0, 0, 4294967295)]


def test_the_rootless_configuration_runs_with_its_terminal(rootless, make_bundle, user, console):
    bundle = make_bundle()
    user.own(bundle.path)
    rootless.call("spec", "--rootless", "--bundle", bundle.path).ok()
    os.chown(console.path, user.uid, user.gid)
    name = rootless.new_id()
    rootless.call("create", "--bundle", bundle.path, "--console-socket", console.path, name).ok()
    assert rootless.call("state", name).ok().json()["status"] == "created"


# ---- cgroups -----------------------------------------------------------------------------------


@pytest.mark.tare_only
def test_without_access_to_cgroups_it_stays_where_the_caller_is(rootless, own):
    pid = rootless.start(own.script(SLEEP)).pid
    assert kernel.cgroups(pid) == kernel.cgroups("self")


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "resources, pointer, file",
    [
        ({"pids": {"limit": 10}}, "/linux/resources/pids", "pids.max"),
        ({"memory": {"limit": 1 << 26}}, "/linux/resources/memory", "memory."),
    ],
)
def test_limits_that_cannot_be_set_are_an_error(rootless, own, resources, pointer, file):
    own.linux["resources"] = resources
    rootless.try_create(own).failed(pointer, file, "/sys/fs/cgroup", "EACCES", "delegated")


@pytest.mark.tare_only
def test_who_says_false_needs_cgroups(rootless, own):
    rootless.globals = ["--rootless=false"]
    rootless.try_create(own).failed("make cgroup", "EACCES")
    rootless.globals = ["--rootless=true"]
    rootless.run(own).ok()


@pytest.fixture
def delegated(user):
    """A v2 cgroup that is the user's to divide, with a place for the runtime in it."""
    points = kernel.cgroup_mounts()
    if "" not in points:
        pytest.skip("no cgroup v2")
    top = points[""] / f"tare-{user.name}"
    (top / "inner").mkdir(parents=True)
    for path in (top, top / "cgroup.procs", top / "cgroup.subtree_control", top / "inner", top / "inner/cgroup.procs"):
        os.chown(path, user.uid, user.gid)
    yield top
    (top / "inner").rmdir()
    top.rmdir()


@pytest.mark.tare_only
def test_a_delegated_cgroup_is_used(delegated, rootless, own):
    enter = ["sh", "-c", f'echo 0 > {delegated}/inner/cgroup.procs; exec "$@"', "sh"]
    rootless.prefix = [*enter, *rootless.prefix]
    container = rootless.start(own.script(SLEEP))
    pid = container.pid
    assert kernel.cgroups(pid)[""] == f"/{delegated.name}/{container.id}"
    rootless.call("kill", "--all", container.id, "KILL").ok()
    container.await_end()
    container.delete().ok()
    assert not (delegated / container.id).exists()


@pytest.mark.tare_only
def test_a_delegated_cgroup_that_may_not_be_entered_is_done_without(delegated, rootless, own):
    """The caller is outside of it: their common ancestor is the host's."""
    own.linux["cgroupsPath"] = f"/{delegated.name}/{rootless.directory.parent.name}"
    pid = rootless.start(own.script(SLEEP)).pid
    assert kernel.cgroups(pid)[""] == kernel.cgroups("self")[""]


# ---- mounts and devices ------------------------------------------------------------------------


def test_devices_are_the_hosts_own_bound(rootless, own):
    own.linux["devices"] = [{"path": "/dev/mine", "type": "p", "fileMode": 0o600}]
    pid = rootless.start(own.script(SLEEP)).pid
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        assert os.stat(f"/proc/{pid}/root/dev/{name}").st_rdev == os.stat(f"/dev/{name}").st_rdev
    assert kernel.mount_at(pid, "/dev/null").root == "/null"


@pytest.mark.tare_only
def test_a_device_that_the_host_has_not_is_named(rootless, own):
    own.linux["devices"] = [{"path": "/dev/nosuch", "type": "c", "major": 1, "minor": 3}]
    rootless.try_create(own).failed("/linux/devices/0: ", "/dev/nosuch", "ENOENT", "the host must have the device at this path")
    own.linux["devices"] = [{"path": "/dev/zero", "type": "c", "major": 1, "minor": 3}]
    rootless.try_create(own).failed("/linux/devices/0: ", "/dev/zero", "not the device")


def test_the_filesystems_of_the_default_configuration(rootless, own):
    pid = rootless.start(own.script(SLEEP)).pid
    for point, kind in {
        "/proc": "proc",
        "/dev": "tmpfs",
        "/dev/pts": "devpts",
        "/dev/shm": "tmpfs",
        "/dev/mqueue": "mqueue",
        "/sys": "sysfs",
    }.items():
        assert kernel.mount_at(pid, point).type == kind
    assert os.stat(f"/proc/{pid}/root/dev/shm").st_mode & 0o7777 == 0o1777
    assert "ro" in kernel.mount_at(pid, "/proc/sys").options
    assert "ro" in kernel.mount_at(pid, "/").options
    assert kernel.mount_at(pid, "/proc/keys").root == "/null"


def test_sysfs_of_a_network_namespace_that_is_not_its_own_is_bound(rootless, own):
    pid = rootless.start(own.inherit("network").script(SLEEP)).pid
    mount = kernel.mount_at(pid, "/sys")
    assert mount.type == "sysfs"
    assert "ro" in mount.options
    assert Path(f"/proc/{pid}/root/sys/class/net").exists()


@pytest.mark.tare_only
def test_nothing_below_a_bound_sysfs_can_be_written(rootless, own):
    """CVE-2023-25809: the host's cgroups are there."""
    own.inherit("network").without_mount("/sys/fs/cgroup")
    for mount in own.config["mounts"]:
        if mount["destination"] == "/sys":
            mount["options"] = ["nosuid", "noexec", "nodev"]
    pid = rootless.start(own.script(SLEEP)).pid
    below = [mount for mount in kernel.mounts(pid) if f"{mount.point}/".startswith("/sys/")]
    assert len(below) > 1
    assert [mount.point for mount in below if "ro" not in mount.options and mount.type != "tmpfs"] == []


@pytest.mark.tare_only
def test_procfs_of_the_hosts_pid_namespace_is_bound(rootless, own):
    own.linux["maskedPaths"] = []
    own.linux["readonlyPaths"] = []
    assert int(rootless.output_of(own.inherit("pid").script("echo $$"))) > 1
    pid = rootless.start(own.script(SLEEP)).pid
    assert Path(f"/proc/{pid}/root/proc/{pid}").exists()


# A /dev of the runtime's own, with the mqueue that not every machine has mounted.
OWN_DEV = """
mount -t tmpfs tmpfs /mnt
for name in null zero full random urandom tty; do cp -a /dev/$name /mnt; done
mkdir /mnt/mqueue
mount -t mqueue mqueue /mnt/mqueue
mount --move /mnt /dev
exec "$@"
"""


@pytest.mark.tare_only
def test_queues_of_the_hosts_ipc_namespace_are_bound(rootless, own):
    rootless.prefix = ["unshare", "--mount", "sh", "-e", "-c", OWN_DEV, "sh", *rootless.prefix]
    pid = rootless.start(own.inherit("ipc").script(SLEEP)).pid
    mount = kernel.mount_at(pid, "/dev/mqueue")
    assert mount.type == "mqueue"
    assert {"nosuid", "noexec", "nodev"} <= set(mount.options)


@pytest.mark.tare_only
def test_a_group_of_terminals_that_is_not_mapped_is_named(rootless, make_bundle, user):
    bundle = make_bundle()
    user.single(bundle)
    user.own(bundle.path)
    rootless.try_create(bundle).failed("/mounts/", "devpts", "gid")


def test_sources_are_looked_up_as_the_user(rootless, make_own, user, directory):
    """Also where the container's root is somebody else."""
    secret = directory / "home"
    secret.mkdir(mode=0o700)
    (secret / "file").write_text("mine\n")
    (secret / "file").chmod(0o644)
    user.own(secret)
    sub = [(0, user.sub, 1000)]
    own = make_own(lambda _, made: User.map(made, sub, sub))
    own.bind(secret / "file", "/run/file", "ro").mount("/run", "tmpfs", "tmpfs")
    own.config["mounts"].reverse()
    own.config["mounts"].sort(key=lambda mount: mount["destination"].count("/"))
    assert rootless.output_of(own.script("cat /run/file")) == "mine\n"


@pytest.mark.tare_only
def test_sources_of_others_are_not_reached(rootless, own, directory):
    secret = directory / "secret"
    secret.mkdir(mode=0o700)
    (secret / "file").write_text("root's\n")
    own.bind(secret / "file", "/tmp/file")
    rootless.try_create(own).failed("/mounts/", "EACCES")


@pytest.mark.tare_only
def test_owners_cannot_be_mapped_by_a_user(rootless, make_own, directory):
    own = make_own(User.ranges)
    own.bind(directory, "/tmp", "idmap")
    rootless.try_create(own).failed("/mounts/", "/options", "CAP_SYS_ADMIN")


# ---- other namespaces --------------------------------------------------------------------------


def test_namespaces_of_another_container_of_the_user_are_joined(rootless, make_own):
    first = rootless.start(make_own().script(SLEEP))
    second = make_own()
    second.linux["uidMappings"] = second.linux["gidMappings"] = []
    joined = ("user", "network", "ipc", "uts", "pid")
    for kind in joined:
        second.namespace(kind, f"/proc/{first.pid}/ns/{kernel.NAMESPACES[kind]}")
    del second.config["hostname"]
    guest = rootless.start(second.script(SLEEP))
    pid = guest.pid
    for kind in joined:
        assert kernel.namespace(pid, kind) == kernel.namespace(first.pid, kind)
    assert kernel.namespace(pid, "mount") != kernel.namespace(first.pid, "mount")
    guest.kill("KILL").ok()
    guest.exit_status(pid)  # until it is reaped, the init of its pid namespace cannot end


@pytest.mark.tare_only
def test_groups_are_refused_in_a_joined_namespace_that_denies_them(rootless, make_own):
    first = rootless.start(make_own().script(SLEEP))
    second = make_own()
    second.linux["uidMappings"] = second.linux["gidMappings"] = []
    second.namespace("user", f"/proc/{first.pid}/ns/user").script("id -u")
    assert rootless.output_of(second) == "0\n"
    second.process["user"]["additionalGids"] = [0]
    rootless.try_create(second).failed("/process/user: ", "EPERM", "denies setgroups(2)")


@pytest.mark.tare_only
def test_a_namespace_of_the_host_cannot_be_joined(rootless, own):
    own.namespace("network", "/proc/1/ns/net")
    rootless.try_create(own).failed("/linux/namespaces/")


def test_clocks_of_a_time_namespace_are_set(rootless, own):
    own.namespace("time")
    own.linux["timeOffsets"] = {"boottime": {"secs": 864000}}
    uptime = float(rootless.output_of(own.script("cat /proc/uptime")).split()[0])
    assert uptime > 864000


def test_sysctls_of_its_own_namespaces_are_set(rootless, own):
    own.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096"}
    text = rootless.output_of(own.script("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax"))
    assert text.split() == ["1", "4096"]


def test_oom_score_can_be_raised(rootless, make_own):
    for mapped in (User.single, User.ranges):
        own = make_own(mapped)
        own.process["oomScoreAdj"] = 500
        pid = rootless.start(own.script(SLEEP)).pid
        assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "500\n"


@pytest.mark.tare_only
def test_an_oom_score_that_may_not_be_lowered_is_an_error(rootless, own):
    own.process["oomScoreAdj"] = -500
    rootless.try_create(own).failed("/process/oomScoreAdj: ", "CAP_SYS_RESOURCE")


# ---- root of a user namespace ------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--user"], ["--user", "--mount"]], ids=["user", "user and mount"])
def test_root_of_a_user_namespace_runs_containers(rootless, make_bundle, user, words):
    """As `podman unshare` does; with and without a user namespace in it."""
    rootless.prefix = [*rootless.prefix, "/usr/bin/unshare", "--map-root-user", *words]
    for nested in (False, True):
        bundle = make_bundle()
        without_terminal_group(bundle)
        if nested:
            User.map(bundle, [(0, 0, 1)], [(0, 0, 1)])
        user.own(bundle.path)
        assert rootless.run(bundle.script("id -u; cat /proc/self/setgroups")).ok().stdout == "0\ndeny\n"


def test_root_of_a_user_namespace_enters_its_container(rootless, own):
    """As `podman exec` of a user without subordinate ids: the namespace, which is the container's, denies setgroups(2)."""
    own.inherit("user")
    del own.linux["uidMappings"], own.linux["gidMappings"]
    words = ["/usr/bin/unshare", "--map-root-user", "--user", "--mount", "/bin/sh", "-c", "echo ready; read end"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*rootless.prefix, *words], **pipes) as holder:
        assert holder.stdout.readline() == "ready\n"
        enter = [f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials"]
        rootless.prefix = [*rootless.prefix, "/usr/bin/nsenter", *enter]
        container = rootless.start(own.script(SLEEP))
        shown = rootless.call("exec", container.id, "sh", "-c", "id -u; cat /proc/self/setgroups")
        rootless.call("delete", "--force", container.id).ok()
    assert shown.ok().stdout == "0\ndeny\n"


@pytest.mark.tare_only
def test_ids_that_the_callers_namespace_has_not_are_named(rootless, make_own):
    rootless.prefix = [*rootless.prefix, "/usr/bin/unshare", "--map-root-user", "--user", "--mount"]
    own = make_own(lambda _, made: User.map(made, [(0, 0, 2)], [(0, 0, 1)]))
    rootless.try_create(own).failed("/linux/uidMappings: ", "EPERM", "not mapped")


@pytest.mark.tare_only
def test_a_user_who_has_as_many_processes_as_it_may_is_told_so(rootless, own):
    rootless.prefix = [*rootless.prefix, "/usr/bin/prlimit", "--nproc=1:1"]
    rootless.try_create(own).failed("clone3", "EAGAIN", "has as many processes as it may: RLIMIT_NPROC is 1")


# ---- tare in a container of tare ---------------------------------------------------------------

ALL = [f"CAP_{name}" for name in kernel.CAPABILITIES]


def nest(outer, inner, runtime, options=""):
    """`outer` becomes a container that runs `inner` with the same runtime."""
    inner.write()
    outer.writable().capabilities(*ALL)
    outer.process["noNewPrivileges"] = False
    outer.linux["maskedPaths"] = outer.linux["readonlyPaths"] = []
    outer.bind(runtime.path, "/bin/tare").bind(inner.path, "/mnt", "rbind")
    for point in ("bin/tare", "mnt"):
        place = outer.rootfs / point
        place.mkdir() if point == "mnt" else place.touch()
    outer.mount("/run", "tmpfs", "tmpfs")
    return outer.script(f"exec /bin/tare {options} run --bundle /mnt inner")


def of_nested(runtime, outer):
    """What it prints. All capabilities are asked for: on some machines root itself has not all."""
    runtime.globals = ["--log-level", "error"]
    return runtime.output_of(outer)


@pytest.mark.tare_only
def test_in_a_privileged_container(runtime, make_bundle):
    inner = make_bundle().script("id -u; echo $$; hostname")
    inner.config["hostname"] = "inner"
    outer = nest(make_bundle().namespace("cgroup"), inner, runtime)
    for mount in outer.config["mounts"]:
        mount["options"] = [option for option in mount.get("options", []) if option != "ro"]
    outer.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    assert of_nested(runtime, outer) == "0\n1\ninner\n"


@pytest.mark.tare_only
def test_cgroups_that_are_mounted_read_only_are_done_without_if_told_so(runtime, make_bundle):
    outer = nest(make_bundle().namespace("cgroup"), make_bundle(), runtime)
    outer.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    runtime.globals = ["--log-level", "error"]
    runtime.run(outer).failed("make cgroup", "EROFS")
    inner = make_bundle().script("id -u")
    outer = nest(make_bundle().namespace("cgroup"), inner, runtime, "--rootless=true")
    outer.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    assert of_nested(runtime, outer) == "0\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("nested", [False, True], ids=["plain", "user namespace"])
def test_in_a_container_with_a_user_namespace(runtime, make_bundle, nested):
    inner = make_bundle().script("cat /proc/self/uid_map")
    if nested:
        User.map(inner, [(0, 1000, 1000)], [(0, 1000, 1000)])
    outer = nest(make_bundle().user_namespace().namespace("cgroup"), inner, runtime)
    for path in (inner.path, inner.rootfs):
        path.chmod(0o755)
    expected = "0 1000 1000" if nested else "0 100000 65536"
    assert " ".join(runtime.output_of(outer).split()) == expected


@pytest.mark.tare_only
def test_in_a_container_of_an_ordinary_user(rootless, make_own, make_bundle, user):
    inner = make_bundle().script("cat /proc/self/uid_map")
    without_terminal_group(inner)
    User.map(inner, [(0, 0, 1)], [(0, 0, 1)])
    user.own(inner.path)
    outer = nest(make_own(), inner, rootless)
    assert rootless.output_of(outer).split() == ["0", "0", "1"]


@pytest.mark.tare_only
def test_a_procfs_that_is_masked_outside_says_why_there_is_none_inside(runtime, make_bundle):
    inner = User.map(make_bundle(), [(0, 0, 1000)], [(0, 0, 1000)])
    outer = nest(make_bundle().user_namespace(), inner, runtime)
    outer.linux["maskedPaths"] = ["/proc/keys"]
    runtime.run(outer).failed("mount proc on /proc", "EPERM", "covered here, such as /proc/keys")


# ---- peers -------------------------------------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize("peer", ["crun", "runc"])
@pytest.mark.parametrize("mapped", [User.single, User.ranges], ids=["single", "ranges"])
def test_a_process_is_the_same_under_a_peer(rootless, make_own, user, peer, mapped):
    if shutil.which(peer) is None:
        pytest.skip(f"no {peer}")
    script = "id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep Cap /proc/self/status; ls /dev | grep -v core"
    own = make_own(mapped).script(script)
    ours = rootless.output_of(own)
    place = rootless.directory / peer
    place.mkdir()
    user.own(place)
    theirs = Runtime(shutil.which(peer), place, peer)
    theirs.prefix = [*user.prefix(XDG_RUNTIME_DIR=place), "PATH=/usr/bin"]
    if peer == "crun":  # it cannot run where v2 is mounted beside v1
        without = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
        theirs.prefix = ["unshare", "--mount", "sh", "-c", without, "sh", *theirs.prefix]
    try:
        assert theirs.output_of(own) == ours
    finally:
        assert theirs.delete_all() == []


def test_exec_joins_the_users_container(rootless, own, user):
    container = rootless.start(own.args("sleep", "600"))
    outcome = rootless.call("exec", container.id, "sh", "-c", "id -u; cat /proc/self/uid_map; hostname; exit 9")
    assert (outcome.code, outcome.stdout.split()) == (9, ["0", "0", str(user.uid), "1", "container"])


@pytest.mark.tare_only
@pytest.mark.parametrize("mapped", [User.single, User.ranges], ids=["single", "ranges"])
def test_a_seccomp_agent_answers(rootless, make_own, directory, mapped):
    agent = Agent(directory / "agent.sock", errno.EXDEV)
    (directory / "agent.sock").chmod(0o777)
    try:
        own = make_own(mapped).script("mkdir /tmp/made")
        rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}
        own.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], "listenerPath": agent.path}
        assert "nvalid cross-device link" in rootless.run(own).stderr
        assert len(agent.messages) == 1
    finally:
        agent.close()
