# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, control groups, where v2 is all there is: the place, controllers on the way down, limits in
the kernel's files, device programs, the end of it all. tests/guest has a machine like that."""

import os
import subprocess
from pathlib import Path

import pytest
from support import kernel
from support.kernel import cgroup_value, eventually

MEGABYTE = 1 << 20
ROOT = Path("/sys/fs/cgroup")

pytestmark = pytest.mark.unified


def sleeping(bundle):
    return bundle.args("sleep", "60")


def place(pid):
    return ROOT / kernel.cgroups(pid)[""].removeprefix("/")


def value(runtime, bundle, file):
    return cgroup_value(runtime.create(bundle).pid, "", file)


def words(path):
    return set(path.read_text().split())


@pytest.fixture
def existing(runtime):
    """A cgroup that is there before the container."""
    directory = ROOT / runtime.new_id()
    directory.mkdir()
    yield directory
    if directory.exists():
        directory.rmdir()


@pytest.fixture
def in_existing(existing):
    """A process of somebody else in that cgroup."""
    other = subprocess.Popen(["sleep", "60"])
    (existing / "cgroup.procs").write_text(str(other.pid))
    yield other
    other.kill()
    other.wait()
    eventually(lambda: (existing / "cgroup.procs").read_text() == "")


# ---- the place ---------------------------------------------------------------------------------


def test_an_absolute_path_is_below_the_mount_point(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/{runtime.new_id()}"
    assert kernel.cgroups(runtime.create(bundle).pid)[""] == bundle.linux["cgroupsPath"]


@pytest.mark.parametrize("named", [True, False], ids=["a relative path", "no path"])
def test_the_default_is_beside_our_own_cgroup_which_has_processes(runtime, bundle, named):
    if named:
        bundle.linux["cgroupsPath"] = runtime.new_id()
    container = runtime.create(bundle)
    parent = os.path.dirname(kernel.cgroups("self")[""])
    assert kernel.cgroups(container.pid)[""] == os.path.join(parent, bundle.linux.get("cgroupsPath", container.id))


@pytest.mark.parametrize("written", ["/../../{}", "/x/../{}", "//{}/", "/./{}"])
def test_a_path_is_cleaned_and_never_leaves_the_mount(runtime, bundle, written):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = written.format(name)
    assert kernel.cgroups(runtime.create(bundle).pid)[""] == f"/{name}"


def test_a_container_below_a_slice_of_systemd(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/system.slice/{runtime.new_id()}/leaf"
    bundle.resources["pids"] = {"limit": 9}
    container = runtime.start(sleeping(bundle))
    assert kernel.cgroups(container.pid)[""] == bundle.linux["cgroupsPath"]
    assert cgroup_value(container.pid, "", "pids.max") == "9"


def test_init_is_in_the_cgroup_from_its_first_instruction(runtime, bundle):
    assert runtime.output_of(bundle.args("cat", "/proc/self/cgroup")).strip().endswith(runtime.ids[-1])


@pytest.mark.tare_only  # others move init by writing its pid, which waits for other processors
@pytest.mark.skipif(not Path("/usr/bin/strace").exists(), reason="strace is not installed")
def test_no_process_is_moved_into_the_cgroup(runtime, bundle, directory):
    trace = directory / "trace"
    runtime.prefix = ["strace", "-e", "trace=openat,openat2,clone3", "-o", str(trace)]
    runtime.create(bundle)
    assert "CLONE_INTO_CGROUP" in trace.read_text()
    moved = [line for line in trace.read_text().splitlines() if "cgroup.procs" in line and "O_WRONLY" in line]
    assert moved == []


def test_children_are_in_the_cgroup_too(runtime, bundle):
    container = runtime.start(bundle.script("sleep 60 & echo ready; wait"))
    container.await_output("ready")
    (child,) = kernel.descendants(container.pid)
    assert kernel.cgroups(child) == kernel.cgroups(container.pid)


@pytest.mark.tare_only  # crun makes a child of the cgroup and puts init there
def test_controllers_are_enabled_all_the_way_down(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/{runtime.new_id()}/b/c"
    leaf = place(runtime.create(bundle).pid)
    offered = words(ROOT / "cgroup.controllers")
    assert {"cpu", "cpuset", "io", "memory", "pids"} <= offered
    for directory in (leaf.parent, leaf.parent.parent, ROOT):
        assert words(directory / "cgroup.subtree_control") == offered
    assert words(leaf / "cgroup.controllers") == offered


# ---- what is there already ---------------------------------------------------------------------


def test_a_cgroup_with_processes_in_it_is_refused_and_they_live_on(runtime, bundle, existing, in_existing):
    bundle.linux["cgroupsPath"] = f"/{existing.name}"
    runtime.try_create(bundle).failed("cgroup is not empty", existing.name)
    assert place(in_existing.pid) == existing


@pytest.mark.tare_only  # the words
def test_a_limit_below_a_cgroup_with_processes_is_an_error_that_says_so(runtime, bundle, existing, in_existing):
    bundle.linux["cgroupsPath"] = f"/{existing.name}/leaf"
    bundle.resources["memory"] = {"limit": 64 * MEGABYTE}
    runtime.try_create(bundle).failed("/linux/resources/memory/limit", "memory", "a cgroup with processes")
    assert not (existing / "leaf").exists()
    assert (existing / "cgroup.subtree_control").read_text().strip() == ""
    assert place(in_existing.pid) == existing


@pytest.mark.tare_only
def test_without_limits_a_container_may_be_below_a_cgroup_with_processes(runtime, bundle, existing, in_existing):
    bundle.linux["cgroupsPath"] = f"/{existing.name}/leaf"
    container = runtime.start(sleeping(bundle))
    assert place(container.pid) == existing / "leaf"
    assert (existing / "cgroup.type").read_text().strip() == "domain"
    container.delete("--force").ok()


def test_a_frozen_cgroup_is_refused(runtime, bundle, existing):
    (existing / "cgroup.freeze").write_text("1")
    bundle.linux["cgroupsPath"] = f"/{existing.name}"
    runtime.try_create(bundle).failed("frozen")


@pytest.mark.tare_only  # runtime.md: what the container did not create MUST NOT be deleted
def test_parents_that_were_made_are_removed_and_those_that_were_there_are_not(runtime, bundle, existing):
    bundle.linux["cgroupsPath"] = f"/{existing.name}/made/leaf"
    container = runtime.create(bundle)
    container.delete("--force").ok()
    assert existing.exists()
    assert not (existing / "made").exists()


# ---- threaded cgroups --------------------------------------------------------------------------


@pytest.mark.tare_only  # the words
def test_below_a_threaded_cgroup_a_container_cannot_be(runtime, bundle, existing):
    (existing / "cgroup.type").write_text("threaded")
    bundle.linux["cgroupsPath"] = f"/{existing.name}/leaf"
    runtime.try_create(bundle).failed("cannot hold processes", "domain invalid", existing.name)
    assert not (existing / "leaf").exists()


def test_a_container_may_divide_its_cgroup_by_threads(runtime, bundle):
    container = runtime.start(bundle.inherit("pid").script("sleep 60 & echo ready; wait"))
    container.await_output("ready")
    pids = [container.pid, *kernel.descendants(container.pid)]
    inner = place(container.pid) / "inner"
    inner.mkdir()
    (inner / "cgroup.type").write_text("threaded")
    (inner / "cgroup.threads").write_text(str(pids[1]))
    assert (inner.parent / "cgroup.type").read_text().strip() == "domain threaded"
    assert set(runtime.call("ps", "--format", "json", container.id).ok().json()) == set(pids)
    runtime.call("pause", container.id).ok()
    assert container.status == "paused"
    runtime.call("resume", container.id).ok()
    container.kill("KILL").ok()
    eventually(lambda: not any(map(kernel.is_alive, pids)))
    container.delete().ok()
    assert kernel.cgroup_directories(container.id) == set()


@pytest.mark.tare_only  # others take the limits of a thread for those of a process
def test_a_container_in_a_subtree_that_somebody_delegated(runtime, bundle, existing):
    """Whoever delegated it handed no controllers down: what is there is used, and left as it was."""
    bundle.linux["cgroupsPath"] = f"/{existing.name}/leaf"
    bundle.resources["pids"] = {"limit": 9}
    container = runtime.create(bundle)
    assert cgroup_value(container.pid, "", "pids.max") == "9"
    container.delete("--force").ok()
    assert existing.exists() and not (existing / "leaf").exists()


# ---- removal -----------------------------------------------------------------------------------


def test_delete_removes_cgroups_made_inside(runtime, bundle):
    container = runtime.start(bundle)
    (place("self").parent / container.id / "a/b").mkdir(parents=True)
    container.await_end()
    container.delete().ok()
    assert kernel.cgroup_directories(container.id) == set()


def test_delete_force_ends_what_runs_in_cgroups_made_inside(runtime, bundle):
    container = runtime.start(bundle.inherit("pid").script("sleep 60 & echo ready; wait"))
    container.await_output("ready")
    (child,) = kernel.descendants(container.pid)
    inner = place(container.pid) / "inner"
    inner.mkdir()
    (inner / "cgroup.procs").write_text(str(child))
    container.delete("--force").ok()
    assert not kernel.is_alive(child)
    assert kernel.cgroup_directories(container.id) == set()


def test_delete_force_ends_a_frozen_container(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    (place(container.pid) / "cgroup.freeze").write_text("1")
    container.delete("--force").ok()
    assert kernel.cgroup_directories(container.id) == set()


@pytest.mark.skipif(not Path("/usr/bin/strace").exists(), reason="strace is not installed")
def test_everything_is_killed_by_one_write(runtime, bundle, directory):
    container = runtime.start(bundle.inherit("pid").script("sleep 60 & sleep 60 & echo ready; wait"))
    container.await_output("ready")
    pids = [container.pid, *kernel.descendants(container.pid)]
    trace = directory / "trace"
    runtime.prefix = ["strace", "-o", str(trace)]
    container.delete("--force").ok()
    assert "cgroup.kill" in trace.read_text()
    assert not any(kernel.is_alive(pid) for pid in pids)


def test_a_limit_that_cannot_be_set_leaves_no_cgroup(runtime, bundle):
    bundle.resources["cpu"] = {"cpus": "0-9999"}
    runtime.try_create(bundle).failed("cpuset.cpus", tare=["/linux/resources/cpu/cpus"])
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


# ---- limits, in the kernel's files -------------------------------------------------------------

HALF = {"limit": 64 * MEGABYTE}
LIMITS = [
    ({"cpu": {"shares": 1024}}, "cpu.weight", {"39", "100"}),  # as runc converted before and since 1.3.2
    ({"cpu": {"quota": 20000, "period": 50000}}, "cpu.max", "20000 50000"),
    ({"cpu": {"quota": 20000}}, "cpu.max", "20000 100000"),
    ({"cpu": {"period": 50000}}, "cpu.max", "max 50000"),
    ({"cpu": {"quota": -1}}, "cpu.max", "max 100000"),
    ({"cpu": {"cpus": "0"}}, "cpuset.cpus", "0"),
    ({"cpu": {"mems": "0"}}, "cpuset.mems", "0"),
    ({"memory": HALF}, "memory.max", str(64 * MEGABYTE)),
    ({"memory": {"limit": -1}}, "memory.max", "max"),
    ({"memory": {"reservation": 32 * MEGABYTE}}, "memory.low", str(32 * MEGABYTE)),
    ({"memory": {**HALF, "swap": 96 * MEGABYTE}}, "memory.swap.max", str(32 * MEGABYTE)),
    ({"memory": {**HALF, "swap": 64 * MEGABYTE}}, "memory.swap.max", "0"),
    ({"memory": {**HALF, "swap": -1}}, "memory.swap.max", "max"),
    ({"pids": {"limit": 33}}, "pids.max", "33"),
    ({"pids": {"limit": -1}}, "pids.max", "max"),
    ({"unified": {"memory.high": str(50 * MEGABYTE)}}, "memory.high", str(50 * MEGABYTE)),
    ({"unified": {"cpu.weight": "7"}, "cpu": {"shares": 1024}}, "cpu.weight", "7"),
    ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MEGABYTE}]}, "hugetlb.2MB.rsvd.max", str(4 * MEGABYTE)),
]
LIMITS_OF_TARE = [
    ({"cpu": {"quota": 20000, "burst": 5000}}, "cpu.max.burst", "5000"),
    ({"cpu": {"idle": 1}}, "cpu.idle", "1"),
    ({"pids": {"limit": 0}}, "pids.max", "0"),
]


def name_of(given):
    return str(given).translate(str.maketrans("", "", "{}' ")) if isinstance(given, dict) else None


def assert_limit(runtime, bundle, resources, file, shown):
    if not (ROOT / "system.slice" / file).exists() and file.split(".")[0] not in words(ROOT / "cgroup.controllers"):
        pytest.skip(f"no controller for {file}")
    bundle.resources.update(resources)
    found = value(runtime, bundle, file)
    assert found in shown if isinstance(shown, set) else found == shown


@pytest.mark.parametrize("resources, file, shown", LIMITS, ids=name_of)
def test_a_limit_is_in_the_kernels_file(runtime, bundle, resources, file, shown):
    assert_limit(runtime, bundle, resources, file, shown)


@pytest.mark.tare_only
@pytest.mark.parametrize("resources, file, shown", LIMITS_OF_TARE, ids=name_of)
def test_a_newer_limit_is_in_the_kernels_file(runtime, bundle, resources, file, shown):
    assert_limit(runtime, bundle, resources, file, shown)


def a_disk():
    """major:minor of a whole disk: io.max takes no partitions."""
    numbers = [path.read_text().strip() for path in sorted(Path("/sys/class/block").glob("[sv]da/dev"))]
    return numbers[0] if numbers else pytest.skip("no disk")


@pytest.mark.parametrize(
    "field, key",
    [
        ("throttleReadBpsDevice", "rbps"),
        ("throttleWriteBpsDevice", "wbps"),
        ("throttleReadIOPSDevice", "riops"),
        ("throttleWriteIOPSDevice", "wiops"),
    ],
)
def test_a_rate_of_a_disk(runtime, bundle, field, key):
    major, minor = map(int, a_disk().split(":"))
    bundle.resources["blockIO"] = {field: [{"major": major, "minor": minor, "rate": 1048576}]}
    device, *rates = value(runtime, bundle, "io.max").split()
    assert device == f"{major}:{minor}"
    assert f"{key}=1048576" in rates


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "resources, words",
    [
        ({"memory": {"limit": 64 * MEGABYTE, "swap": 32 * MEGABYTE}}, ["/linux/resources/memory/swap"]),
        ({"memory": {"swap": 32 * MEGABYTE}}, ["/linux/resources/memory/swap"]),
        ({"memory": {"swappiness": 5}}, ["/linux/resources/memory/swappiness", "no equivalent"]),
        ({"network": {"classID": 5}}, ["/linux/resources/network/classID"]),
        ({"cpu": {"realtimeRuntime": 5000}}, ["/linux/resources/cpu/realtimeRuntime", "no equivalent"]),
        ({"unified": {"memory.none": "1"}}, ["/linux/resources/unified/memory.none", "ENOENT"]),
        ({"unified": {"none.max": "1"}}, ["/linux/resources/unified/none.max", "not available"]),
    ],
    ids=lambda given: name_of(given) if isinstance(given, dict) else "",
)
def test_a_limit_that_cannot_be_held_is_an_error(runtime, bundle, resources, words):
    bundle.resources.update(resources)
    runtime.try_create(bundle).failed(*words)
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


def test_zeroes_that_callers_send_are_harmless(runtime, bundle):
    bundle.resources.update(
        {
            "network": {"classID": 0, "priorities": []},
            "memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 0, "kernelTCP": 0, "disableOOMKiller": False},
            "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
            "blockIO": {},
            "hugepageLimits": [],
            "unified": {},
        }
    )
    runtime.create(bundle)


# ---- limits that bite --------------------------------------------------------------------------


def test_a_program_over_its_memory_limit_is_killed(runtime, bundle):
    bundle.resources["memory"] = {"limit": 16 * MEGABYTE, "swap": 16 * MEGABYTE}
    assert runtime.run(bundle.script("dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?")).code == 137


def test_no_more_processes_than_allowed(runtime, bundle):
    bundle.resources["pids"] = {"limit": 3}
    container = runtime.start(bundle.script("for i in 1 2 3 4 5; do sleep 60 & done; wait"))
    eventually(lambda: "can't fork" in container.errors())


def test_no_more_time_than_allowed(runtime, bundle):
    bundle.resources["cpu"] = {"quota": 1000, "period": 10000}
    container = runtime.start(bundle.script("while :; do :; done"))

    def throttled():
        counters = dict(line.split() for line in cgroup_value(container.pid, "", "cpu.stat").splitlines())
        return int(counters["nr_throttled"]) > 3

    eventually(throttled)


# ---- devices -----------------------------------------------------------------------------------

OPENED = "(exec </tmp/d) && echo read; (exec >>/tmp/d) && echo written; true"
NULL, ZERO, KMSG = "c 1 3", "c 1 5", "c 1 11"


@pytest.mark.parametrize(
    "rules, device, shown",
    [
        ([(False, {}, "rwm")], KMSG, "made"),  # mknod is always allowed, as with runc
        ([(False, {}, "rwm"), (True, {"type": "c", "major": 1, "minor": 11}, "rm")], KMSG, "made read"),
        ([(False, {}, "rwm"), (True, {"type": "c", "major": 1, "minor": 11}, "rwm")], KMSG, "made read written"),
        ([(False, {}, "rwm"), (True, {"type": "c", "major": 1, "minor": 11}, "wm")], KMSG, "made written"),
        ([(False, {}, "rwm"), (True, {"type": "b"}, "rwm")], KMSG, "made"),
        ([(False, {}, "rwm"), (True, {"type": "c", "major": 1}, "rwm")], KMSG, "made read written"),
        ([(True, {}, "rwm"), (False, {"type": "c", "major": 1, "minor": 11}, "r")], KMSG, "made written"),
        ([(True, {}, "rwm"), (False, {"type": "c", "major": 1, "minor": 11}, "w")], KMSG, "made read"),
        ([(False, {}, "rwm")], ZERO, "made read written"),
        ([(False, {}, "rwm")], NULL, "made read written"),  # with nothing to read
    ],
    ids=lambda given: None if isinstance(given, str) else f"{len(given)} rules",
)
def test_a_device_may_be_used_as_the_rules_say(runtime, bundle, rules, device, shown):
    bundle.capabilities("CAP_MKNOD", "CAP_SYSLOG").mount("/tmp", "tmpfs", "tmpfs", ["mode=1777"])
    bundle.resources["devices"] = [{"allow": allow, **which, "access": access} for allow, which, access in rules]
    bundle.script(f"exec 2>/dev/null; mknod /tmp/d {device} || exit 0; echo made; {OPENED}")
    assert runtime.output_of(bundle).split() == shown.split()


# ---- the mount ---------------------------------------------------------------------------------


def test_the_cgroup_mount_shows_the_containers_cgroup(runtime, bundle):
    container = runtime.create(bundle.namespace("cgroup"))
    mount = kernel.mount_at(container.pid, "/sys/fs/cgroup")
    assert mount.type == "cgroup2"
    assert "ro" in mount.options
    assert mount.root == kernel.cgroups(container.pid)[""]


def test_in_a_cgroup_namespace_the_mount_is_its_root(runtime, bundle):
    bundle.namespace("cgroup").script("cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/cgroup")
    lines = runtime.output_of(bundle).split()
    assert "1" in lines and lines[-1] == "0::/"


def test_without_a_cgroup_namespace_there_is_a_mount_too(runtime, bundle):
    bundle.script("grep -c /sys/fs/cgroup /proc/mounts; cat /sys/fs/cgroup/cgroup.controllers")
    count, *controllers = runtime.output_of(bundle).split()
    assert count == "1"
    assert {"memory", "pids"} <= set(controllers)


def test_a_writable_mount_in_a_user_namespace_is_the_containers_own(runtime, bundle):
    bundle.namespace("cgroup").user_namespace()
    for mount in bundle.config["mounts"]:
        if mount["destination"] == "/sys/fs/cgroup":
            mount["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
    inner = "mkdir /sys/fs/cgroup/inner && echo $$ > /sys/fs/cgroup/inner/cgroup.procs && cat /proc/self/cgroup"
    others = "(echo max > /sys/fs/cgroup/cgroup.max.depth) 2>/dev/null"  # not in /sys/kernel/cgroup/delegate
    bundle.script(f"! {others} && {inner}")
    assert runtime.output_of(bundle) == "0::/inner\n"


# ---- a part without limits (run.oci.delegate-cgroup) -------------------------------------------


@pytest.fixture
def divided(bundle):
    bundle.config["annotations"] = {"run.oci.delegate-cgroup": "inner"}
    bundle.resources["pids"] = {"limit": 33}
    return bundle


@pytest.mark.tare_only  # runc knows no such annotation, nor do the tests below
def test_init_is_in_a_part_of_the_cgroup_with_the_limits(runtime, divided):
    container = runtime.create(sleeping(divided))
    inner = place(container.pid)
    assert inner.name == "inner" and container.id in inner.parent.name
    assert (inner / "pids.max").read_text() == "max\n"
    assert (inner.parent / "pids.max").read_text() == "33\n"
    assert "pids" in words(inner.parent / "cgroup.subtree_control")
    assert (inner.parent / "cgroup.procs").read_text() == ""


@pytest.mark.tare_only
def test_the_namespace_shows_the_part_below_the_limits(runtime, divided):
    divided.namespace("cgroup").script("cat /proc/self/cgroup; cat /sys/fs/cgroup/pids.max")
    assert runtime.output_of(divided) == "0::/inner\n33\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("cgroup", [True, False], ids=["cgroup namespace", "without"])
def test_every_command_sees_the_part(runtime, divided, cgroup):
    if cgroup:
        divided.namespace("cgroup")
    container = runtime.start(sleeping(divided))
    inner = place(container.pid)
    joined = runtime.popen("exec", container.id, "sleep", "60")
    eventually(lambda: len(words(inner / "cgroup.procs")) == 2)
    assert len(runtime.call("ps", "--format", "json", container.id).ok().json()) == 2
    runtime.call("pause", container.id).ok()
    assert "frozen 1" in (inner / "cgroup.events").read_text()
    assert container.status == "paused"
    runtime.call("resume", container.id).ok()
    runtime.call("update", "--pids-limit", "34", container.id).ok()
    assert (inner.parent / "pids.max").read_text() == "34\n"
    runtime.call("kill", "--all", container.id, "KILL").ok()
    assert joined.wait(10) == 137
    container.await_end()
    container.delete().ok()
    assert kernel.cgroup_directories(container.id) == set()


@pytest.mark.tare_only
def test_the_part_belongs_to_the_user_of_the_container(runtime, divided):
    divided.namespace("cgroup").user_namespace()
    for mount in divided.config["mounts"]:
        if mount["destination"] == "/sys/fs/cgroup":
            mount["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
    inner = "cd /sys/fs/cgroup/inner && mkdir a && echo $$ > a/cgroup.procs && cat /proc/self/cgroup"
    divided.script(f"! mkdir /sys/fs/cgroup/b 2>/dev/null && {inner}")
    assert runtime.output_of(divided) == "0::/inner/a\n"


@pytest.mark.tare_only
def test_a_create_that_fails_later_leaves_no_part(runtime, divided):
    divided.process["args"] = ["/no/such/program"]
    runtime.try_create(divided).failed("no such file")
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


@pytest.mark.tare_only
def test_a_file_of_the_kernel_is_no_part(runtime, bundle):
    bundle.config["annotations"] = {"run.oci.delegate-cgroup": "cgroup.procs"}
    runtime.try_create(sleeping(bundle)).failed("/annotations/run.oci.delegate-cgroup", "cgroup.procs")
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()
