# SPDX-License-Identifier: Apache-2.0
"""Each write of an update fails in turn: then every file of the container's cgroup reads as before.

With fault points, TARE_FAULT_WRITE=N:ERRNO makes the Nth write fail."""

import errno
import json
import os

import pytest
from support import kernel

MEGABYTE = 1 << 20
V2 = set(kernel.cgroups("self")) == {""}

# What the kernel counts, not what it was told.
COUNTERS = ("usage", "current", "stat", "events", "peak", "failcnt", "max_usage", "numa_stat", "pressure", "procs",
            "tasks", "threads", "slabinfo", "io_service", "io_serviced", "reset_stats", "force_empty", "event_control",
            "kill", "reclaim")


def whole_disk():
    device = os.stat("/").st_dev
    return os.major(device), os.minor(device) - os.minor(device) % 16 if V2 else os.minor(device)


def settings(container):
    """Every file of every cgroup of the container that says what it was set to."""
    found = {}
    for controller in kernel.cgroups(container.pid):
        directory = kernel.cgroup_directory(container.pid, controller)
        for path in directory.iterdir():
            if path.is_file() and not any(word in path.name for word in COUNTERS):
                try:
                    # A cpuset with processes cannot be emptied; it has the same CPUs in cpuset.cpus.effective.
                    if not (V2 and path.name in ("cpuset.cpus", "cpuset.mems")):
                        found[str(path)] = path.read_text()
                except OSError:
                    continue  # only for writing
    assert len(found) > 20
    return found


def device_answers(runtime, container):
    """What opening some devices of the container says: the rules, where no file has them."""
    script = ("for d in '10 229' '1 11' '1 5'; do mknod /dev/d c $d; "
              "(: < /dev/d) 2>/dev/null; echo $d $?; rm -f /dev/d; done")
    return runtime.call("exec", container.id, "sh", "-c", script).stdout


def own_cpusets(container):
    return [kernel.cgroup_value(container.pid, "cpuset", f"cpuset.{name}") for name in ("cpus", "mems")]


BEFORE = {
    "cpu": {"shares": 512, "quota": 40000, "period": 100000, "cpus": "0", "mems": "0"},
    "memory": {"limit": 64 * MEGABYTE, "reservation": 32 * MEGABYTE, "swap": 64 * MEGABYTE},
    "pids": {"limit": 50},
}


def after(rates):
    major, minor = whole_disk()
    return {
        "cpu": {"shares": 1024, "quota": 30000, "period": 50000, "burst": 1000, "cpus": "0-1", "mems": "0"},
        "memory": {"limit": 128 * MEGABYTE, "reservation": 48 * MEGABYTE, "swap": 256 * MEGABYTE,
                   **({} if V2 else {"disableOOMKiller": True, "swappiness": 7})},
        "pids": {"limit": 40},
        "blockIO": {name: [{"major": major, "minor": minor, "rate": MEGABYTE}] for name in rates},
        "devices": [{"allow": False, "access": "rwm"},
                    {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"}],
    }


RATES = ["throttleReadBpsDevice", "throttleWriteIOPSDevice"]


def failing(runtime, container, path, number):
    environment = {**os.environ, "TARE_FAULT_WRITE": f"{number}:{errno.EIO}"}
    return runtime.call("update", "--resources", path, container.id, env=environment)


@pytest.mark.parametrize("limited", [True, False], ids=["limits before", "no limits before"])
def test_an_update_that_fails_changes_nothing(faulty, bundle, limited):
    bundle.capabilities("CAP_MKNOD", "CAP_SYSLOG")
    if limited:
        bundle.resources.update(BEFORE)
    bundle.resources["devices"].append({"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"})
    container = faulty.start(bundle.args("sleep", "600"))
    path = faulty.directory / "resources.json"
    path.write_text(json.dumps(after(RATES)))
    before, answers = settings(container), device_answers(faulty, container)
    cpusets = own_cpusets(container)
    assert "10 229 0" not in answers
    writes = 0
    for number in range(1, 100):
        outcome = failing(faulty, container, path, number)
        if outcome.code == 0:
            break
        writes += 1
        outcome.failed("EIO", "/linux/resources/")
        assert "not taken back" not in outcome.stderr
        assert settings(container) == before, f"write {number}: {outcome.stderr}"
        assert own_cpusets(container) == cpusets or not limited
        if "devices" in outcome.stderr:
            assert device_answers(faulty, container) == answers, f"write {number}"
    assert writes >= 11
    changed = settings(container)
    assert changed != before
    assert "10 229 0" in device_answers(faulty, container) or "10 229 2" in device_answers(faulty, container)


def test_rules_that_the_kernel_refuses_take_the_limits_back(faulty, bundle):
    """cgroup v1 gives no device that is not the parent's to give."""
    if V2:
        pytest.skip("a v2 program is refused by nobody")
    parent = kernel.cgroup_mounts()["devices"] / faulty.new_id()
    parent.mkdir()
    try:
        (parent / "devices.deny").write_text("c 10:229 rw")
        bundle.linux["cgroupsPath"] = f"/{parent.name}/leaf"
        bundle.resources.update(BEFORE)
        container = faulty.start(bundle.args("sleep", "600"))
        before = settings(container)
        path = faulty.directory / "resources.json"
        path.write_text(json.dumps(after([])))
        faulty.call("update", "--resources", path, container.id).failed("/linux/resources/devices", "EPERM")
        assert settings(container) == before
        container.delete("--force").ok()
    finally:
        parent.rmdir()
    faulty.ids.clear()
