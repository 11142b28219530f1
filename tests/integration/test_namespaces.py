# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, namespaces: new ones, joined ones, inherited ones, and what is set up inside."""

import os
import socket
from pathlib import Path

import pytest
from support import isolation, kernel
from support.kernel import eventually

KINDS = list(kernel.NAMESPACES)

# runc 1.1 and crun 1.8 know no time namespace.
SINCE_TIME = [pytest.param(kind, marks=pytest.mark.tare_only) if kind == "time" else kind for kind in KINDS]


def sleeping(bundle):
    return bundle.args("sleep", "60")


def ask_for(bundle, kind, path=None):
    """Asks for the namespace and takes away what would not work in it."""
    if kind == "user" and path is None:
        return bundle.user_namespace()
    if kind == "mount":
        bundle.linux.pop("maskedPaths"), bundle.linux.pop("readonlyPaths")
    return bundle.namespace(kind, path)


# ---- new, joined, inherited --------------------------------------------------------------------


@pytest.mark.parametrize("kind", SINCE_TIME)
def test_a_new_namespace_is_not_the_runtimes(runtime, bundle, kind):
    container = runtime.start(sleeping(ask_for(bundle, kind)))
    assert kernel.namespace(container.pid, kind) != kernel.namespace("self", kind)


# Without a mount namespace a container is only chrooted: test_mounts.py.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mount"])
def test_a_namespace_that_is_not_listed_is_the_runtimes(runtime, bundle, kind):
    bundle.inherit(kind)
    if kind == "uts":
        del bundle.config["hostname"]
    if kind == "network":
        # A sysfs shows the network devices of its namespace: the kernel wants its owner to mount it.
        bundle.without_mount("/sys", "/sys/fs/cgroup")
    container = runtime.start(sleeping(bundle))
    assert kernel.namespace(container.pid, kind) == kernel.namespace("self", kind)


# A user namespace is joined together with what it owns; it has a test of its own below.
@pytest.mark.parametrize("kind", [kind for kind in SINCE_TIME if kind not in ("user", "mount")])
def test_a_namespace_with_a_path_is_joined(runtime, bundle, holder, kind):
    path = holder(kind)
    if kind == "network":
        bundle.without_mount("/sys", "/sys/fs/cgroup")
    container = runtime.start(sleeping(ask_for(bundle, kind, path)))
    assert kernel.namespace(container.pid, kind) == os.readlink(path)


def test_a_mount_namespace_with_a_path_is_joined(runtime, bundle, holder):
    path = holder("mount")
    container = runtime.start(sleeping(ask_for(bundle, "mount", path)))
    assert kernel.namespace(container.pid, "mount") == os.readlink(path)


def test_new_joined_and_inherited_ones_mix(runtime, bundle, holder):
    uts = holder("uts")
    container = runtime.start(sleeping(bundle.namespace("uts", uts).inherit("ipc").without_mount("/dev/mqueue")))
    pid = container.pid
    assert kernel.namespace(pid, "uts") == os.readlink(uts)
    assert kernel.namespace(pid, "ipc") == kernel.namespace("self", "ipc")
    assert kernel.namespace(pid, "network") != kernel.namespace("self", "network")


def test_many_joined_ones(runtime, bundle, holder):
    paths = {kind: holder(kind) for kind in ("uts", "ipc", "network", "pid")}
    for kind, path in paths.items():
        bundle.namespace(kind, path)
    container = runtime.start(sleeping(bundle.without_mount("/sys", "/sys/fs/cgroup")))
    pid = container.pid
    assert {kind: kernel.namespace(pid, kind) for kind in paths} == {
        kind: os.readlink(path) for kind, path in paths.items()
    }


def test_a_bind_mounted_namespace_file_is_joined(runtime, bundle, holder, directory):
    path = holder("uts")
    pin = directory / "pin"
    pin.touch()
    isolation.bind(path, pin)
    container = runtime.start(sleeping(bundle.namespace("uts", pin)))
    assert kernel.namespace(container.pid, "uts") == os.readlink(path)
    isolation.unmount(pin)


@pytest.mark.parametrize("order", [1, -1], ids=["listed forwards", "listed backwards"])
def test_the_order_in_the_list_does_not_matter(runtime, bundle, order):
    bundle.user_namespace()
    bundle.linux["namespaces"] = bundle.linux["namespaces"][::order]
    assert runtime.output_of(bundle.script("id -u; hostname")) == "0\ncontainer\n"


# ---- paths that are not the namespace that was asked for ----------------------------------------


def test_a_namespace_of_another_type_is_refused(runtime, bundle, holder):
    bundle.namespace("network", holder("uts"))
    runtime.try_create(bundle).failed(tare=["uts", "network", "/linux/namespaces"])


@pytest.mark.parametrize(
    "make",
    [pytest.param(os.mkfifo, marks=pytest.mark.tare_only), os.mkdir, Path.touch],  # runc waits at the fifo for ever
    ids=["fifo", "directory", "file"],
)
def test_a_path_that_is_no_namespace_is_refused(runtime, bundle, directory, make):
    make(directory / "thing")
    bundle.namespace("network", directory / "thing")
    runtime.try_create(bundle, seconds=5).failed(tare=["thing"])


def test_a_path_that_is_not_there_is_refused(runtime, bundle, directory):
    runtime.try_create(bundle.namespace("uts", directory / "none")).failed("none", "no such file or directory")


@pytest.mark.tare_only  # config-linux.md: the path must be absolute
def test_a_relative_path_is_refused(runtime, bundle):
    runtime.try_create(bundle.namespace("uts", "proc/self/ns/uts")).failed("absolute")


# ---- pid ---------------------------------------------------------------------------------------


def test_the_first_process_of_a_new_pid_namespace_is_the_program(runtime, bundle):
    assert runtime.output_of(bundle.script("echo $$")) == "1\n"


def test_proc_shows_the_processes_of_the_container_only(runtime, bundle):
    assert runtime.output_of(bundle.script("cd /proc; echo [0-9]*")) == "1\n"


def test_with_a_joined_pid_namespace_the_others_are_seen(runtime, bundle, holder):
    path = holder("pid")
    assert runtime.output_of(bundle.namespace("pid", path).script("cat /proc/1/comm")) == "sleep\n"


def test_delete_does_not_end_the_others_of_a_joined_pid_namespace(runtime, bundle, holder):
    path = holder("pid")
    container = runtime.start(sleeping(bundle.namespace("pid", path)))
    container.delete("--force").ok()
    assert kernel.is_alive(int(path.parts[2]))


def test_the_exit_status_comes_out_of_a_joined_pid_namespace(runtime, bundle, holder):
    assert runtime.run(bundle.namespace("pid", holder("pid")).script("exit 5")).code == 5


# ---- uts ---------------------------------------------------------------------------------------


def test_hostname(runtime, bundle):
    before = socket.gethostname()
    bundle.config["hostname"] = "mrsdalloway"
    assert runtime.output_of(bundle.args("hostname")) == "mrsdalloway\n"
    assert socket.gethostname() == before


@pytest.mark.tare_only  # new in 1.1 of the specification; runc 1.1 ignores it
def test_domainname(runtime, bundle):
    bundle.config["domainname"] = "bloomsbury.test"
    assert runtime.output_of(bundle.args("cat", "/proc/sys/kernel/domainname")) == "bloomsbury.test\n"


def test_hostname_is_set_in_a_joined_namespace_too(runtime, bundle, holder):
    path = holder("uts")
    bundle.config["hostname"] = "late"
    assert runtime.output_of(bundle.namespace("uts", path).args("hostname")) == "late\n"


# ---- network -----------------------------------------------------------------------------------


def test_a_new_network_namespace_has_loopback_up(runtime, bundle):
    shown = runtime.output_of(bundle.args("ip", "addr", "show", "lo"))
    assert ",UP" in shown
    assert "127.0.0.1/8" in shown


def test_a_new_network_namespace_has_loopback_only(runtime, bundle):
    assert runtime.output_of(bundle.args("ls", "/sys/class/net")) == "lo\n"


def test_a_joined_network_namespace_is_left_as_it_is(runtime, bundle, holder):
    bundle.without_mount("/sys", "/sys/fs/cgroup").namespace("network", holder("network"))
    assert ",UP" not in runtime.output_of(bundle.args("ip", "addr", "show", "lo"))


# ---- ipc, cgroup -------------------------------------------------------------------------------


def test_a_new_ipc_namespace_has_its_own_limits(runtime, bundle):
    bundle.linux["sysctl"] = {"kernel.msgmax": "4321"}
    before = Path("/proc/sys/kernel/msgmax").read_text()
    assert runtime.output_of(bundle.args("cat", "/proc/sys/kernel/msgmax")) == "4321\n"
    assert Path("/proc/sys/kernel/msgmax").read_text() == before


@pytest.mark.skipif(set(kernel.cgroups("self")) == {""}, reason="there are no v1 hierarchies")
def test_a_new_cgroup_namespace_has_the_containers_cgroup_as_root(runtime, bundle):
    shown = runtime.output_of(bundle.namespace("cgroup").args("cat", "/proc/self/cgroup"))
    assert {line.split(":", 2)[2] for line in shown.splitlines()} == {"/"}


# ---- time --------------------------------------------------------------------------------------


@pytest.mark.tare_only
def test_time_offsets(runtime, bundle):
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {
        "monotonic": {"secs": 172800, "nanosecs": 5},
        "boottime": {"secs": 1000000000, "nanosecs": 0},
    }
    shown = runtime.output_of(bundle.script("cat /proc/self/timens_offsets; cat /proc/uptime"))
    monotonic, boottime, uptime = shown.splitlines()
    assert monotonic.split() == ["monotonic", "172800", "5"]
    assert boottime.split() == ["boottime", "1000000000", "0"]
    assert float(uptime.split()[0]) > 1000000000


@pytest.mark.tare_only
def test_negative_time_offsets(runtime, bundle):
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": -1, "nanosecs": 999999999}}
    shown = runtime.output_of(bundle.args("cat", "/proc/self/timens_offsets"))
    assert ["boottime", "-1", "999999999"] in [line.split() for line in shown.splitlines()]


@pytest.mark.tare_only
def test_time_offsets_need_a_time_namespace(runtime, bundle):
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1}}
    runtime.try_create(bundle).failed("time", "/linux/timeOffsets")


@pytest.mark.tare_only
def test_the_time_namespace_is_the_programs_not_only_its_childrens(runtime, bundle):
    pid = runtime.start(sleeping(bundle.namespace("time"))).pid
    assert os.readlink(f"/proc/{pid}/ns/time") == os.readlink(f"/proc/{pid}/ns/time_for_children")


# ---- user --------------------------------------------------------------------------------------


def test_root_inside_is_another_user_outside(runtime, bundle):
    container = runtime.start(sleeping(bundle.user_namespace(host=100000)))
    outside = kernel.status(container.pid)
    assert outside["Uid"].split() == outside["Gid"].split() == ["100000"] * 4


def test_the_mappings_are_the_configured_ones(runtime, bundle):
    bundle.user_namespace()
    bundle.linux["uidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 1000},
        {"containerID": 1000, "hostID": 300000, "size": 1},
    ]
    bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 5000}]
    shown = runtime.output_of(bundle.script("cat /proc/self/uid_map; echo -; cat /proc/self/gid_map"))
    uids, gids = (part.split() for part in shown.split("-"))
    assert uids == "0 100000 1000 1000 300000 1".split()
    assert gids == "0 200000 5000".split()


def test_the_user_is_one_of_the_container(runtime, bundle):
    bundle.user_namespace(host=100000).process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}
    container = runtime.start(sleeping(bundle))
    outside = kernel.status(container.pid)
    assert outside["Uid"].split()[0] == "101000"
    assert outside["Gid"].split()[0] == "101001"
    assert outside["Groups"].split() == ["100005", "100006"]


def test_files_of_the_host_belong_to_nobody(runtime, bundle):
    assert runtime.output_of(bundle.user_namespace().args("stat", "-c", "%u:%g", "/etc")) == "65534:65534\n"


def test_the_runtime_does_not_change_the_owner_of_files_for_a_mapping(runtime, bundle):
    runtime.output_of(bundle.user_namespace())
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in bundle.rootfs.rglob("*")} == {(0, 0)}


def test_root_of_a_user_namespace_may_act_on_the_other_namespaces(runtime, bundle):
    bundle.user_namespace().capabilities("CAP_SYS_ADMIN", "CAP_NET_ADMIN")
    assert runtime.output_of(bundle.script("hostname renamed; hostname; ip link set lo down; echo $?")) == "renamed\n0\n"


def test_the_standard_streams_can_be_used_in_a_user_namespace(runtime, bundle):
    bundle.user_namespace().script("echo out > /dev/stdout; echo err > /dev/stderr; read x < /dev/stdin; echo $?")
    assert runtime.run(bundle).stdout in ("out\n1\n", "1\n")


@pytest.mark.tare_only
def test_a_user_namespace_with_a_path_is_joined(runtime, bundle, holder):
    path = holder("user")
    bundle.path.chmod(0o755)
    container = runtime.start(sleeping(bundle.namespace("user", path)))
    assert kernel.namespace(container.pid, "user") == os.readlink(path)
    assert kernel.status(container.pid)["Uid"].split()[0] == "100000"


@pytest.mark.tare_only
def test_a_user_namespace_and_a_namespace_that_it_owns_are_joined(runtime, bundle, holder):
    user = holder("user", "--uts")
    uts = user.parent / "uts"
    container = runtime.start(sleeping(bundle.namespace("user", user).namespace("uts", uts)))
    assert kernel.namespace(container.pid, "uts") == os.readlink(uts)


def test_the_devices_are_there_in_a_user_namespace(runtime, bundle):
    bundle.user_namespace().script("echo x > /dev/null; head -c 3 /dev/zero | wc -c; stat -c %t:%T /dev/null")
    assert runtime.output_of(bundle) == "3\n1:3\n"


def test_dumpable_is_off_while_the_container_waits(runtime, bundle):
    # CVE-2016-9962: root of the container's user namespace must not look into a process of the runtime.
    container = runtime.create(bundle.user_namespace())
    assert os.stat(f"/proc/{container.pid}/fd").st_uid == 0


def test_a_container_in_the_background_keeps_its_namespaces(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    before = {kind: kernel.namespace(container.pid, kind) for kind in KINDS}
    container.start().ok()
    eventually(lambda: Path(f"/proc/{container.pid}/comm").read_text() == "sleep\n")
    assert {kind: kernel.namespace(container.pid, kind) for kind in KINDS} == before


def test_a_bundle_that_only_the_users_of_the_namespace_may_enter(runtime, bundle):
    # Init must not look for the root file system before its ids are mapped.
    bundle.user_namespace().args("true")
    for directory in (bundle.path, bundle.rootfs):
        os.chown(directory, 100000, 100000)
        directory.chmod(0o700)
    for _ in range(30):
        runtime.run(bundle).ok()
