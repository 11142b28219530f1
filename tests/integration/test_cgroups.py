# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, control groups: where a container is placed, its limits in the kernel's files, and their
removal. These tests run where the controllers are in v1 hierarchies, as on a hybrid host."""

import os
import subprocess
from pathlib import Path

import pytest
from support import kernel
from support.kernel import cgroup_directory, cgroup_value, eventually

MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif("memory" not in kernel.cgroups("self"), reason="memory is not in a v1 hierarchy")


def hierarchies():
    return {point for name, point in kernel.cgroup_mounts().items() if name}


def sleeping(bundle):
    return bundle.args("sleep", "60")


def value(runtime, bundle, controller, file):
    """What the kernel's file says for a created container."""
    return cgroup_value(runtime.create(bundle).pid, controller, file)


# ---- the place ---------------------------------------------------------------------------------


def test_a_container_has_a_cgroup_of_its_own_in_every_hierarchy(runtime, bundle):
    container = runtime.create(bundle)
    own = kernel.cgroups("self")
    for controller, path in kernel.cgroups(container.pid).items():
        assert path != own[controller]
        assert container.id in path


def test_an_absolute_path_is_below_the_mount_point(runtime, bundle):
    path = f"/{runtime.new_id()}"
    bundle.linux["cgroupsPath"] = path
    assert set(kernel.cgroups(runtime.create(bundle).pid).values()) == {path}


def test_a_relative_path_is_below_our_own_cgroup(runtime, bundle):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = name
    own = kernel.cgroups("self")
    found = kernel.cgroups(runtime.create(bundle).pid)
    assert {controller: path for controller, path in found.items() if controller} == {
        controller: os.path.join(path, name) for controller, path in own.items() if controller
    }


@pytest.mark.parametrize("written", ["/../../{}", "/x/../{}", "//{}/", "/./{}"])
def test_a_path_is_cleaned_and_never_leaves_the_mount(runtime, bundle, written):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = written.format(name)
    assert kernel.cgroups(runtime.create(bundle).pid)["pids"] == f"/{name}"


def test_the_same_path_is_the_same_place(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/{runtime.new_id()}"
    first = runtime.create(bundle)
    places = kernel.cgroups(first.pid)
    first.delete("--force").ok()
    assert kernel.cgroups(runtime.create(bundle).pid) == places


def test_children_are_in_the_cgroup_too(runtime, bundle):
    container = runtime.start(bundle.script("sleep 60 & echo ready; wait"))
    container.await_output("ready")
    (child,) = kernel.descendants(container.pid)
    assert kernel.cgroups(child) == kernel.cgroups(container.pid)


def test_the_program_is_in_the_cgroup_from_its_first_instruction(runtime, bundle):
    bundle.inherit("cgroup").args("cat", "/proc/self/cgroup")
    shown = runtime.output_of(bundle)
    name = runtime.ids[-1]
    assert all(name in line for line in shown.splitlines() if not line.startswith("0::"))


@pytest.mark.tare_only  # crun has it too
def test_without_a_manager_no_cgroup_is_made(runtime, bundle):
    runtime.globals = ["--cgroup-manager", "disabled"]
    del bundle.linux["resources"]
    container = runtime.start(sleeping(bundle.without_mount("/sys/fs/cgroup")))
    assert kernel.cgroups(container.pid) == kernel.cgroups("self")
    assert kernel.cgroup_directories(container.id) == set()


# Hierarchies that the kernel has and nobody mounted.
NO_CGROUPS = ["unshare", "--mount", "sh", "-c", 'umount --recursive --lazy /sys/fs/cgroup && exec "$@"', "sh"]


@pytest.mark.tare_only  # others need a cgroup file system
def test_where_no_cgroups_are_mounted_a_container_is_where_the_caller_is(runtime, bundle):
    runtime.prefix = NO_CGROUPS
    container = runtime.start(sleeping(bundle.without_mount("/sys/fs/cgroup")))
    assert kernel.cgroups(container.pid) == kernel.cgroups("self")
    assert container.status == "running"
    runtime.call("update", "--pids-limit", "5", container.id).failed("/linux/resources/pids/limit", "pids")
    runtime.call("pause", container.id).failed("has no cgroup")
    container.kill("KILL").ok()
    container.await_end().delete().ok()


@pytest.mark.tare_only
def test_where_no_cgroups_are_mounted_a_limit_is_an_error(runtime, bundle):
    runtime.prefix = NO_CGROUPS
    bundle.without_mount("/sys/fs/cgroup").resources["pids"] = {"limit": 5}
    runtime.try_create(bundle).failed("/linux/resources/pids/limit", "pids", "not available")
    assert runtime.stored() == []


# ---- what is there already ---------------------------------------------------------------------


@pytest.fixture
def existing(runtime):
    """A cgroup of ours in every hierarchy, with its name."""
    name = runtime.new_id()
    made = [point / name for point in {*hierarchies(), kernel.cgroup_mounts()[""]}]
    for directory in made:
        directory.mkdir()
    for file in ("cpuset.cpus", "cpuset.mems"):
        root = kernel.cgroup_mounts()["cpuset"]
        (root / name / file).write_text((root / file).read_text())
    yield name
    for directory in made:
        if directory.exists():
            directory.rmdir()


@pytest.mark.tare_only  # runc 1.1 warns only
def test_a_cgroup_with_processes_in_it_is_refused_and_they_live_on(runtime, bundle, existing):
    other = subprocess.Popen(["sleep", "60"])
    (kernel.cgroup_mounts()["pids"] / existing / "cgroup.procs").write_text(str(other.pid))
    bundle.linux["cgroupsPath"] = f"/{existing}"
    runtime.try_create(bundle).failed("cgroup is not empty", existing)
    assert other.poll() is None
    assert kernel.cgroups(other.pid)["pids"] == f"/{existing}"
    other.kill()
    other.wait()


def test_a_frozen_cgroup_is_refused(runtime, bundle, existing):
    freezer = kernel.cgroup_mounts()["freezer"] / existing / "freezer.state"
    freezer.write_text("FROZEN")
    bundle.linux["cgroupsPath"] = f"/{existing}"
    runtime.try_create(bundle).failed("frozen")
    freezer.write_text("THAWED")


@pytest.mark.tare_only  # runtime.md: what the container did not create MUST NOT be deleted
def test_a_cgroup_that_was_there_is_there_after_delete(runtime, bundle, existing):
    bundle.linux["cgroupsPath"] = f"/{existing}"
    container = runtime.create(bundle)
    assert kernel.cgroups(container.pid)["pids"] == f"/{existing}"
    container.delete("--force").ok()
    assert all((point / existing).exists() for point in hierarchies())


@pytest.mark.tare_only  # others leave the parents
def test_parents_that_were_made_are_removed_and_those_that_were_there_are_not(runtime, bundle, existing):
    bundle.linux["cgroupsPath"] = f"/{existing}/made/leaf"
    container = runtime.create(bundle)
    assert kernel.cgroups(container.pid)["pids"] == f"/{existing}/made/leaf"
    container.delete("--force").ok()
    assert all((point / existing).exists() for point in hierarchies())
    assert not any((point / existing / "made").exists() for point in hierarchies())


# ---- removal -----------------------------------------------------------------------------------


def test_delete_removes_the_cgroups(runtime, bundle):
    container = runtime.start(bundle)
    assert kernel.cgroup_directories(container.id)
    container.await_end()
    container.delete().ok()
    assert kernel.cgroup_directories(container.id) == set()


def test_delete_removes_cgroups_made_inside(runtime, bundle):
    container = runtime.start(bundle)
    for controller in ("memory", "pids"):
        (kernel.cgroup_mounts()[controller] / kernel.cgroups("self")[controller][1:] / container.id / "a/b").mkdir(
            parents=True
        )
    container.await_end()
    container.delete().ok()
    assert kernel.cgroup_directories(container.id) == set()


def test_delete_force_ends_what_runs_in_cgroups_made_inside(runtime, bundle):
    container = runtime.start(bundle.inherit("pid").script("sleep 60 & echo ready; wait"))
    container.await_output("ready")
    (child,) = kernel.descendants(container.pid)
    inner = cgroup_directory(container.pid, "pids") / "inner"
    inner.mkdir()
    (inner / "cgroup.procs").write_text(str(child))
    container.delete("--force").ok()
    assert not kernel.is_alive(child)
    assert kernel.cgroup_directories(container.id) == set()


def test_delete_force_ends_a_frozen_container(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    (cgroup_directory(container.pid, "freezer") / "freezer.state").write_text("FROZEN")
    container.delete("--force").ok()
    assert kernel.cgroup_directories(container.id) == set()


def test_a_limit_that_cannot_be_set_leaves_no_cgroup(runtime, bundle):
    bundle.resources["cpu"] = {"cpus": "0-9999"}
    runtime.try_create(bundle).failed("cpuset.cpus", tare=["/linux/resources/cpu/cpus"])
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


# ---- limits, in the kernel's files -------------------------------------------------------------

LIMITS = [
    ("cpu", {"shares": 512}, "cpu", "cpu.shares", "512"),
    ("cpu", {"quota": 20000, "period": 50000}, "cpu", "cpu.cfs_quota_us", "20000"),
    ("cpu", {"quota": 20000, "period": 50000}, "cpu", "cpu.cfs_period_us", "50000"),
    ("cpu", {"quota": 20000}, "cpu", "cpu.cfs_quota_us", "20000"),
    ("cpu", {"period": 50000}, "cpu", "cpu.cfs_period_us", "50000"),
    ("cpu", {"quota": -1}, "cpu", "cpu.cfs_quota_us", "-1"),
    ("cpu", {"cpus": "0"}, "cpuset", "cpuset.cpus", "0"),
    ("cpu", {"mems": "0"}, "cpuset", "cpuset.mems", "0"),
    ("memory", {"limit": 64 * MEGABYTE}, "memory", "memory.limit_in_bytes", str(64 * MEGABYTE)),
    ("memory", {"limit": -1}, "memory", "memory.limit_in_bytes", "9223372036854771712"),
    ("memory", {"reservation": 32 * MEGABYTE}, "memory", "memory.soft_limit_in_bytes", str(32 * MEGABYTE)),
    (
        "memory",
        {"limit": 64 * MEGABYTE, "swap": 96 * MEGABYTE},
        "memory",
        "memory.memsw.limit_in_bytes",
        str(96 * MEGABYTE),
    ),
    ("memory", {"limit": 64 * MEGABYTE, "swap": 64 * MEGABYTE}, "memory", "memory.limit_in_bytes", str(64 * MEGABYTE)),
    ("memory", {"limit": 64 * MEGABYTE, "swap": -1}, "memory", "memory.memsw.limit_in_bytes", "9223372036854771712"),
    ("memory", {"swappiness": 7}, "memory", "memory.swappiness", "7"),
    ("pids", {"limit": 33}, "pids", "pids.max", "33"),
    ("pids", {"limit": -1}, "pids", "pids.max", "max"),
]

# New in the specification, or not as it says elsewhere.
LIMITS_OF_TARE = [
    ("cpu", {"quota": 20000, "burst": 5000}, "cpu", "cpu.cfs_burst_us", "5000"),
    ("cpu", {"idle": 1}, "cpu", "cpu.idle", "1"),
    ("pids", {"limit": 0}, "pids", "pids.max", "0"),
]


def name_of(row):
    return f"{row[0]}-{','.join(f'{key}={one}' for key, one in row[1].items())}-{row[3]}"


@pytest.mark.parametrize("group, limits, controller, file, shown", LIMITS, ids=map(name_of, LIMITS))
def test_a_limit_is_in_the_kernels_file(runtime, bundle, group, limits, controller, file, shown):
    bundle.resources[group] = limits
    assert value(runtime, bundle, controller, file) == shown


@pytest.mark.tare_only
@pytest.mark.parametrize("group, limits, controller, file, shown", LIMITS_OF_TARE, ids=map(name_of, LIMITS_OF_TARE))
def test_a_newer_limit_is_in_the_kernels_file(runtime, bundle, group, limits, controller, file, shown):
    bundle.resources[group] = limits
    assert value(runtime, bundle, controller, file) == shown


def test_without_cpus_and_mems_a_cpuset_is_its_parents(runtime, bundle):
    root = kernel.cgroup_mounts()["cpuset"]
    container = runtime.create(bundle)
    for file in ("cpuset.cpus", "cpuset.mems"):
        assert cgroup_value(container.pid, "cpuset", file) == (root / file).read_text().strip()


def test_disable_oom_killer(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MEGABYTE, "disableOOMKiller": True}
    assert "oom_kill_disable 1" in value(runtime, bundle, "memory", "memory.oom_control")


@pytest.mark.parametrize(
    "field, file", [("throttleReadBpsDevice", "read_bps"), ("throttleWriteIOPSDevice", "write_iops")]
)
def test_block_device_throttling(runtime, bundle, field, file):
    device = os.stat("/").st_dev
    major, minor = os.major(device), os.minor(device)
    bundle.resources["blockIO"] = {field: [{"major": major, "minor": minor, "rate": 1000000}]}
    assert value(runtime, bundle, "blkio", f"blkio.throttle.{file}_device") == f"{major}:{minor} 1000000"


@pytest.mark.tare_only  # on a hybrid host each controller is where it is
def test_reservations_of_huge_pages_are_limited_where_their_controller_is(runtime, bundle):
    if "hugetlb" in kernel.cgroups("self"):
        pytest.skip("hugetlb is in a v1 hierarchy")
    bundle.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 4 * MEGABYTE}]
    assert value(runtime, bundle, "hugetlb", "hugetlb.2MB.rsvd.max") == str(4 * MEGABYTE)


@pytest.mark.tare_only  # others read unified as "v2 only", or drop it
def test_unified_sets_a_file_of_the_v2_hierarchy(runtime, bundle):
    bundle.resources["unified"] = {"hugetlb.2MB.max": str(2 * MEGABYTE)}
    assert value(runtime, bundle, "hugetlb", "hugetlb.2MB.max") == str(2 * MEGABYTE)


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "resources, words",
    [
        ({"unified": {"memory.max": "100000000"}}, ["memory", "/linux/resources/unified"]),
        ({"network": {"classID": 1048577}}, ["net_cls", "/linux/resources/network"]),
        ({"network": {"priorities": [{"name": "lo", "priority": 5}]}}, ["net_prio", "/linux/resources/network"]),
        ({"rdma": {"mlx5_1": {"hcaHandles": 3}}}, ["rdma", "/linux/resources/rdma"]),
        ({"hugepageLimits": [{"pageSize": "3KB", "limit": 1}]}, ["3KB", "/linux/resources/hugepageLimits/0"]),
        ({"memory": {"limit": 64 * MEGABYTE, "swap": 32 * MEGABYTE}}, ["swap", "/linux/resources/memory"]),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_limit_that_the_host_has_no_controller_for_is_an_error(runtime, bundle, resources, words):
    bundle.resources.update(resources)
    runtime.try_create(bundle).failed(*words)


def test_zeroes_that_callers_send_are_harmless(runtime, bundle):
    bundle.resources.update(
        {
            "network": {"classID": 0, "priorities": []},
            "memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 0, "kernelTCP": 0, "disableOOMKiller": False},
            "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
            "blockIO": {},
            "hugepageLimits": [],
            "rdma": {},
            "unified": {},
        }
    )
    runtime.create(bundle)


def test_all_limits_together(runtime, bundle):
    bundle.resources.update(
        {
            "cpu": {"shares": 1024, "quota": 50000, "period": 100000, "cpus": "0", "mems": "0"},
            "memory": {"limit": 128 * MEGABYTE, "reservation": 64 * MEGABYTE, "swap": 128 * MEGABYTE, "swappiness": 10},
            "pids": {"limit": 50},
        }
    )
    pid = runtime.create(bundle).pid
    assert cgroup_value(pid, "memory", "memory.memsw.limit_in_bytes") == str(128 * MEGABYTE)
    assert cgroup_value(pid, "cpu", "cpu.cfs_quota_us") == "50000"
    assert cgroup_value(pid, "pids", "pids.max") == "50"


# ---- the mount ---------------------------------------------------------------------------------

WRITE = "(echo 9 > /sys/fs/cgroup/pids/pids.max) 2>/dev/null && echo a limit; " \
        "mkdir /sys/fs/cgroup/unified/inner 2>/dev/null && echo a cgroup; true"


@pytest.mark.parametrize("namespaces", [[], ["cgroup"]], ids=["", "cgroup namespace"])
@pytest.mark.parametrize("option, written", [("ro", ""), ("rw", "a limit\na cgroup\n")])
def test_a_cgroup_mount_is_writable_if_it_is_asked_for(runtime, bundle, namespaces, option, written):
    mount_cgroups(bundle, option, *namespaces)
    assert runtime.output_of(bundle.script(WRITE)) == written


@pytest.mark.parametrize("namespaces", [[], ["cgroup"]], ids=["", "cgroup namespace"])
def test_in_a_user_namespace_nothing_is_delegated_by_v1(runtime, bundle, namespaces):
    mount_cgroups(bundle, "rw", *namespaces).user_namespace()
    assert runtime.output_of(bundle.script(WRITE)) == ""


@pytest.mark.tare_only  # others leave out the v2 hierarchy, or do not run here
@pytest.mark.parametrize("namespaces", [[], ["cgroup"]], ids=["", "cgroup namespace"])
def test_the_v2_hierarchy_of_a_hybrid_host_shows_the_containers_part(runtime, bundle, namespaces):
    mount_cgroups(bundle, "ro", *namespaces)
    assert runtime.output_of(bundle.script("echo $$; cat /sys/fs/cgroup/unified/cgroup.procs")).split()[:2] == ["1", "1"]


def mount_cgroups(bundle, option, *namespaces):
    for mount in bundle.config["mounts"]:
        if mount["destination"] == "/sys/fs/cgroup":
            mount["options"] = ["nosuid", "noexec", "nodev", "relatime", option]
    for kind in namespaces:
        bundle.namespace(kind)
    return bundle


# ---- limits that bite --------------------------------------------------------------------------


def test_a_program_over_its_memory_limit_is_killed(runtime, bundle):
    bundle.resources["memory"] = {"limit": 16 * MEGABYTE, "swap": 16 * MEGABYTE}
    assert runtime.run(bundle.script("dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?")).code == 137


def test_a_program_within_its_memory_limit_is_not(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MEGABYTE}
    assert runtime.run(bundle.script("dd if=/dev/zero of=/dev/null bs=8M count=1; exit $?")).code == 0


def test_no_more_processes_than_allowed(runtime, bundle):
    bundle.resources["pids"] = {"limit": 3}
    container = runtime.start(bundle.script("for i in 1 2 3 4 5; do sleep 60 & done; wait"))
    eventually(lambda: "can't fork" in container.errors())


def test_no_more_time_than_allowed(runtime, bundle):
    bundle.resources["cpu"] = {"quota": 1000, "period": 10000}
    container = runtime.start(bundle.script("while :; do :; done"))

    def throttled():
        counters = dict(line.split() for line in cgroup_value(container.pid, "cpu", "cpu.stat").splitlines())
        return int(counters["nr_throttled"]) > 3

    eventually(throttled)


def test_the_program_runs_on_the_allowed_processors_only(runtime, bundle):
    bundle.resources["cpu"] = {"cpus": "0"}
    bundle.script("grep Cpus_allowed_list /proc/self/status")
    assert runtime.output_of(bundle).split() == ["Cpus_allowed_list:", "0"]


@pytest.mark.tare_only
def test_an_affinity_of_the_caller_does_not_bind_the_program(runtime, bundle):
    bundle.script("grep Cpus_allowed_list /proc/self/status")
    everything = Path("/proc/self/status").read_text().split("Cpus_allowed_list:")[1].split()[0]
    shown = runtime.output_of(bundle, preexec_fn=lambda: os.sched_setaffinity(0, [0]))
    assert shown.split() == ["Cpus_allowed_list:", everything]
