# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, control groups: every field of linux.resources, by either manager, as the kernel's file has
it afterwards. The list of fields is the decoder's; one without a row here fails the test."""

import functools
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import kernel
from support.kernel import cgroup_value

pytestmark = pytest.mark.tare_only  # others leave fields out, or convert them in their own way

MEGABYTE = 1 << 20
POINTS = kernel.cgroup_mounts()
DECODER = Path(__file__).parent.parent.parent / "oci/config/resources.h"

has_systemd = Path("/run/systemd/system").is_dir() and set(kernel.cgroups("self")) == {""}
MANAGERS = {"cgroupfs": [], "systemd": ["--systemd-cgroup"]} if has_systemd else {"cgroupfs": []}


@dataclass
class File:
    """What a file must hold. Where the kernel has no such file, create must fail instead."""

    controller: str
    name: str
    content: str  # or a line of it
    otherwise: tuple = ()  # the name and the content of the file where `name` is not offered
    must_be_there: bool = True


@dataclass
class Refused:
    """The words of the error, besides the place."""

    words: str


NO_EQUIVALENT = Refused("no equivalent")
NOT_KEPT = None  # taken, without a file that says so


def whole_disk():
    """(major, minor) of a disk whose I/O is counted."""
    for path in sorted(Path("/sys/class/block").glob("[svx]*da/dev")):
        return tuple(map(int, path.read_text().split(":")))
    return os.major(os.stat("/").st_dev), os.minor(os.stat("/").st_dev)


DISK = whole_disk()
NUMBERS = f"{DISK[0]}:{DISK[1]}"


def on_disk(disk=DISK, **more):
    return [{"major": disk[0], "minor": disk[1], **more}]


def disk_with_weights():
    """(major, minor) of a disk whose scheduler knows weights, if there is one."""
    for path in sorted(Path("/sys/block").iterdir()):
        scheduler = path / "queue/scheduler"
        if scheduler.exists() and "[bfq]" in scheduler.read_text():
            return tuple(map(int, (path / "dev").read_text().split(":")))
    return None


WEIGHED = disk_with_weights()
WEIGHED_NUMBERS = "{}:{}".format(*(WEIGHED or DISK))


def throttle(v1, v2):
    return (on_disk(rate=MEGABYTE), File("blkio", f"blkio.throttle.{v1}_device", f"{NUMBERS} {MEGABYTE}"),
            File("io", "io.max", f"{v2}={MEGABYTE}"))


# field: (value, v1, v2)
FIELDS = {
    "cpu.shares": (1024, File("cpu", "cpu.shares", "1024"), File("cpu", "cpu.weight", "100")),
    "cpu.quota": (20000, File("cpu", "cpu.cfs_quota_us", "20000"), File("cpu", "cpu.max", "20000 100000")),
    "cpu.period": (50000, File("cpu", "cpu.cfs_period_us", "50000"), File("cpu", "cpu.max", "max 50000")),
    "cpu.burst": (5000, File("cpu", "cpu.cfs_burst_us", "5000"), File("cpu", "cpu.max.burst", "5000")),
    "cpu.realtimeRuntime": (1000, File("cpu", "cpu.rt_runtime_us", "1000"), NO_EQUIVALENT),
    "cpu.realtimePeriod": (500000, File("cpu", "cpu.rt_period_us", "500000"), NO_EQUIVALENT),
    "cpu.cpus": ("0", File("cpuset", "cpuset.cpus", "0"), File("cpuset", "cpuset.cpus", "0")),
    "cpu.mems": ("0", File("cpuset", "cpuset.mems", "0"), File("cpuset", "cpuset.mems", "0")),
    "cpu.idle": (1, File("cpu", "cpu.idle", "1"), File("cpu", "cpu.idle", "1")),
    "memory.limit": (64 * MEGABYTE, File("memory", "memory.limit_in_bytes", str(64 * MEGABYTE)),
                     File("memory", "memory.max", str(64 * MEGABYTE))),
    "memory.reservation": (32 * MEGABYTE, File("memory", "memory.soft_limit_in_bytes", str(32 * MEGABYTE)),
                           File("memory", "memory.low", str(32 * MEGABYTE))),
    "memory.swap": (96 * MEGABYTE, File("memory", "memory.memsw.limit_in_bytes", str(96 * MEGABYTE)),
                    File("memory", "memory.swap.max", str(32 * MEGABYTE))),
    "memory.kernel": (MEGABYTE * 64, NOT_KEPT, NOT_KEPT),  # given up by the kernel
    "memory.kernelTCP": (64 * MEGABYTE, NOT_KEPT, NOT_KEPT),
    "memory.swappiness": (7, File("memory", "memory.swappiness", "7"), NO_EQUIVALENT),
    "memory.disableOOMKiller": (True, File("memory", "memory.oom_control", "oom_kill_disable 1"), NO_EQUIVALENT),
    "memory.useHierarchy": (True, File("memory", "memory.use_hierarchy", "1", must_be_there=False), NOT_KEPT),
    "memory.checkBeforeUpdate": (True, File("memory", "memory.limit_in_bytes", str(64 * MEGABYTE)),
                                 File("memory", "memory.max", str(64 * MEGABYTE))),
    "pids.limit": (33, File("pids", "pids.max", "33"), File("pids", "pids.max", "33")),
    "blockIO.weight": (500, File("blkio", "blkio.bfq.weight", "500", ("blkio.weight", "500")),
                       File("io", "io.bfq.weight", "default 500", ("io.weight", "default 4950"))),
    "blockIO.leafWeight": (500, File("blkio", "blkio.leaf_weight", "500"), NO_EQUIVALENT),
    "blockIO.weightDevice": (on_disk(WEIGHED or DISK, weight=500),
                             File("blkio", "blkio.bfq.weight_device", f"{WEIGHED_NUMBERS} 500",
                                  ("blkio.weight_device", f"{WEIGHED_NUMBERS} 500")),
                             File("io", "io.bfq.weight", f"{WEIGHED_NUMBERS} 500",
                                  ("io.weight", f"{WEIGHED_NUMBERS} 4950"))),
    "blockIO.throttleReadBpsDevice": throttle("read_bps", "rbps"),
    "blockIO.throttleWriteBpsDevice": throttle("write_bps", "wbps"),
    "blockIO.throttleReadIOPSDevice": throttle("read_iops", "riops"),
    "blockIO.throttleWriteIOPSDevice": throttle("write_iops", "wiops"),
    "hugepageLimits": ([{"pageSize": "2MB", "limit": 4 * MEGABYTE}],
                       File("hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", str(4 * MEGABYTE)),
                       File("hugetlb", "hugetlb.2MB.rsvd.max", str(4 * MEGABYTE))),
    "network.classID": (1048577, File("net_cls", "net_cls.classid", "1048577"), Refused("net_cls")),
    "network.priorities": ([{"name": "lo", "priority": 5}], File("net_prio", "net_prio.ifpriomap", "lo 5"),
                           Refused("net_prio")),
    # Without such hardware all that can be shown is that it is not passed over.
    "rdma.hcaHandles": (3, Refused("rdma"), Refused("rdma")),
    "rdma.hcaObjects": (3, Refused("rdma"), Refused("rdma")),
    "devices": ([{"allow": False, "access": "rwm"},
                 {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}],
                File("devices", "devices.list", "c 10:229 rwm"),  # making nodes is allowed by default
                NOT_KEPT),  # a program: test_cgroups_v2.py
    "unified": ({"hugetlb.2MB.max": str(2 * MEGABYTE)}, Refused("hugetlb"),
                File("hugetlb", "hugetlb.2MB.max", str(2 * MEGABYTE))),
}
# Values that go only with others.
WITH = {"memory.swap": {"limit": 64 * MEGABYTE}, "memory.checkBeforeUpdate": {"limit": 64 * MEGABYTE},
        "memory.disableOOMKiller": {"limit": 64 * MEGABYTE}, "cpu.burst": {"quota": 20000}}
CONTROLLER = {"unified": "hugetlb"}  # of version 1, where it has neither a file nor the section's name


def fields_of_the_decoder():
    """"section.name" of linux.resources, or "section" where it has no structure of its own."""
    text = DECODER.read_text()
    tables = {name: re.findall(r'\{"(\w+)"', body)
              for name, body in re.findall(r"fields\(Of<(\w+)>\) \{(.*?)\n\}", text, re.DOTALL)}
    structures = {"cpu": "CPU", "memory": "Memory", "pids": "Pids", "blockIO": "BlockIO", "network": "Network",
                  "rdma": "Rdma"}
    for section in tables["Resources"]:
        for name in tables[structures[section]] if section in structures else [None]:
            yield f"{section}.{name}" if name else section


@pytest.mark.skipif(not DECODER.exists(), reason="the sources are not on this machine")
def test_every_field_has_a_row():
    assert set(FIELDS) == set(fields_of_the_decoder())


def resources_for(field, value):
    section, _, name = field.partition(".")
    if section == "rdma":
        return {"rdma": {"mlx5_1": {name: value}}}
    return {section: {name: value, **WITH.get(field, {})} if name else value}


def version_of(field):
    """Of the hierarchy that has the controller; 2 where none has it."""
    _, v1, _ = FIELDS[field]
    section = field.partition(".")[0]
    controller = v1.controller if isinstance(v1, File) else CONTROLLER.get(section, section)
    return 1 if controller in POINTS else 2 if POINTS.get("") else None


@functools.cache
def files_of_new_cgroups(controller):
    """Their names. The root of a hierarchy has few of them itself, so a cgroup is made to see them."""
    point = POINTS.get(controller, POINTS.get(""))
    own = point / kernel.cgroups("self").get(controller, kernel.cgroups("self").get("", "/"))[1:]
    if own != point:
        return {path.name for path in own.iterdir()}
    if controller not in POINTS and controller in (own / "cgroup.controllers").read_text().split():
        (own / "cgroup.subtree_control").write_text(f"+{controller}")  # as whoever sets a limit first
    example = own / f"tare-test-example-{os.getpid()}"
    example.mkdir()
    try:
        return {path.name for path in example.iterdir()}
    finally:
        example.rmdir()


def offered(file):
    """(name, content) of the file that new cgroups have, if any."""
    names = files_of_new_cgroups(file.controller)
    return next((found for found in ((file.name, file.content), file.otherwise) if found and found[0] in names), None)


def expect(runtime, bundle, field, expected):
    section, _, name = field.partition(".")
    place = "/linux/resources/" + section + ("" if section == "rdma" or not name else f"/{name}")
    if isinstance(expected, Refused):
        runtime.try_create(bundle).failed(place, expected.words)
    elif expected is NOT_KEPT:
        runtime.create(bundle)
    elif offered(expected) is None and not expected.must_be_there:
        runtime.create(bundle)
    elif offered(expected) is None or field == "blockIO.weightDevice" and WEIGHED is None:
        runtime.try_create(bundle).failed(place)
    else:
        file, content = offered(expected)
        shown = cgroup_value(runtime.create(bundle).pid, expected.controller, file)
        assert content in (shown, *shown.splitlines(), *shown.split()), shown


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_in_the_kernels_file(runtime, bundle, field, manager):
    runtime.globals = MANAGERS[manager]
    value, v1, v2 = FIELDS[field]
    bundle.resources.update(resources_for(field, value))
    expected = v1 if version_of(field) == 1 else v2
    if isinstance(expected, File) and expected.controller not in POINTS and not is_on_v2(expected.controller):
        expected = Refused("not available")
    expect(runtime, bundle, field, expected)
    if isinstance(expected, Refused):
        assert kernel.cgroup_directories(runtime.ids[-1]) == set()


def test_the_smallest_containers_need_little_memory(runtime, bundle):
    bundle.resources["memory"] = {"limit": 256 << 10}  # 192 KiB are enough, see docs/performance.md
    runtime.run(bundle.args("true")).ok()


def is_on_v2(controller):
    return controller in (POINTS[""] / "cgroup.controllers").read_text().split()


@pytest.mark.skipif(WEIGHED is None, reason="no disk of this machine has a scheduler with weights (bfq)")
@pytest.mark.parametrize("manager", MANAGERS)
def test_weights_of_disks_are_updated(runtime, bundle, directory, manager):
    runtime.globals = MANAGERS[manager]
    bundle.resources["blockIO"] = {"weight": 200, "weightDevice": on_disk(WEIGHED, weight=300)}
    container = runtime.create(bundle)
    changed = {"blockIO": {"weight": 400, "weightDevice": on_disk(WEIGHED, weight=500)}}
    (directory / "changed.json").write_text(json.dumps(changed))
    runtime.call("update", "-r", directory / "changed.json", container.id).ok()
    assert weights(container.pid) == {"default": "400", WEIGHED_NUMBERS: "500"}
    runtime.call("update", "--blkio-weight", "600", container.id).ok()
    assert weights(container.pid)["default"] == "600"


@pytest.mark.skipif(WEIGHED is None or "blkio" in POINTS, reason="no disk with weights (bfq), or no cgroup v2")
def test_what_is_unified_wins_over_weights(runtime, bundle):
    bundle.resources["blockIO"] = {"weight": 200}
    bundle.resources["unified"] = {"io.bfq.weight": f"default 700\n{WEIGHED_NUMBERS} 800"}
    assert weights(runtime.create(bundle).pid) == {"default": "700", WEIGHED_NUMBERS: "800"}


def weights(pid):
    """Those of a process's cgroup: the "default", and of each disk that has its own."""
    file = ("blkio", "blkio.bfq.weight_device") if "blkio" in POINTS else ("io", "io.bfq.weight")
    return dict(line.split() for line in cgroup_value(pid, *file).splitlines())
