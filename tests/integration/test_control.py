# SPDX-License-Identifier: Apache-2.0
"""pause, resume, update and ps: what is done to a container that runs. By cgroups v1 and v2, wherever a controller is."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from support import kernel

LOOP = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done"


def file_of(container, controller, name):
    """The file of the container's own cgroup, wherever the controller lives."""
    for line in Path(f"/proc/{container.pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        mounts = kernel.cgroup_mounts()
        if controller in controllers.split(",") or (not controllers and controller not in mounts):
            return mounts[controller if controllers else ""] / path.lstrip("/") / name
    raise AssertionError(f"no controller {controller}")


def is_v2(controller):
    return controller not in kernel.cgroup_mounts()


def read(container, controller, v1, v2):
    return file_of(container, controller, v2 if is_v2(controller) else v1).read_text().strip()


@pytest.fixture
def running(runtime, bundle):
    return runtime.start(bundle.args("sleep", "600"))


# ---- pause and resume --------------------------------------------------------------------------


def test_a_paused_container_does_nothing_until_it_is_resumed(runtime, bundle):
    container = runtime.start(bundle.script(LOOP)).await_output("3")
    runtime.call("pause", container.id).ok()
    assert container.status == "paused"
    before = container.output()
    with pytest.raises(AssertionError):
        kernel.eventually(lambda: container.output() != before, seconds=0.3)
    runtime.call("resume", container.id).ok()
    assert container.status == "running"
    kernel.eventually(lambda: container.output() != before)


def test_a_created_container_that_is_paused_is_not_started(runtime, bundle):
    container = runtime.create(bundle.script("echo started; exec sleep 600"))
    runtime.call("pause", container.id).ok()
    container.start().failed("paused")
    assert container.status == "paused" and "started" not in container.state()
    runtime.call("exec", container.id, "true").failed("paused")
    container.delete().failed()
    runtime.call("pause", container.id).ok()
    runtime.call("resume", container.id).ok()
    assert container.status == "created"
    container.start().ok()
    container.await_output("started")


def test_exec_waits_for_no_paused_container(running):
    running.runtime.call("pause", running.id).ok()
    running.runtime.call("exec", running.id, "true").failed("paused")
    running.runtime.call("resume", running.id).ok()
    running.runtime.call("exec", running.id, "true").ok()


def test_a_paused_container_can_be_killed_and_deleted(running):
    running.runtime.call("pause", running.id).ok()
    running.kill("KILL").ok()
    running.await_end()
    running.delete().ok()


def test_what_is_not_running_is_not_paused(runtime, bundle, running):
    runtime.call("resume", running.id).failed("not paused")
    running.kill("KILL").ok()
    running.await_end()
    for verb in ("pause", "resume"):
        runtime.call(verb, running.id).failed(tare=["container not running", running.id])
        runtime.call(verb, "nobody").failed("does not exist")


@pytest.mark.tare_only
@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_container_without_a_cgroup_cannot_be_paused(runtime, bundle, verb):
    runtime.globals = ["--cgroup-manager", "disabled"]
    container = runtime.start(bundle.args("sleep", "60"))
    words = {"pause": "has no cgroup", "resume": "not paused"}
    runtime.call(verb, container.id).failed(words[verb])
    assert container.status == "running"


@pytest.mark.tare_only  # runc may leave a container that is neither paused nor running
def test_a_pause_that_is_killed_leaves_a_container_that_goes_on(runtime, bundle):
    container = runtime.start(bundle.script(LOOP)).await_output("3")
    seen = set()
    for round_ in range(240):
        if round_ >= 24 and "running" in seen:
            break  # on a busy machine it takes more rounds to be quicker than a pause
        pausing = runtime.popen("pause", container.id, stdin=subprocess.DEVNULL)
        time.sleep(round_ % 24 * 0.0005)
        pausing.kill()
        pausing.wait()
        seen.add(container.status)
        assert container.status in ("running", "paused")
        if container.status == "paused":
            runtime.call("resume", container.id).ok()
        before = container.output()
        kernel.eventually(lambda: container.output() != before)
    assert "running" in seen
    runtime.popen("pause", container.id, stdin=subprocess.DEVNULL).kill()
    container.delete("--force").ok()


# ---- update ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, controller, v1, v2",
    [
        (["--memory", "64m"], "memory", ("memory.limit_in_bytes", str(64 << 20)), ("memory.max", str(64 << 20))),
        (["--memory-reservation", "32M"], "memory", ("memory.soft_limit_in_bytes", str(32 << 20)), ("memory.low", str(32 << 20))),
        (["--pids-limit", "77"], "pids", ("pids.max", "77"), ("pids.max", "77")),
        (["--pids-limit", "-1"], "pids", ("pids.max", "max"), ("pids.max", "max")),
        (["--cpu-quota", "50000", "--cpu-period", "200000"], "cpu", ("cpu.cfs_quota_us", "50000"), ("cpu.max", "50000 200000")),
        (["--cpu-share", "512"], "cpu", ("cpu.shares", "512"), None),
        (["--cpuset-cpus", "0"], "cpuset", ("cpuset.cpus", "0"), ("cpuset.cpus", "0")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_change_limits(running, options, controller, v1, v2):
    running.runtime.call("update", *options, running.id).ok()
    if is_v2(controller) and v2 is None:
        return
    name, value = v2 if is_v2(controller) else v1
    assert file_of(running, controller, name).read_text().strip() == value


def test_resources_as_json_from_standard_input(running):
    resources = {"memory": {"limit": 80 << 20}, "pids": {"limit": 66}, "cpu": {"shares": 0, "quota": 0, "period": 0}}
    outcome = subprocess.run(running.runtime.command("update", "--resources", "-", running.id),
                             input=json.dumps(resources), text=True, capture_output=True)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    assert read(running, "memory", "memory.limit_in_bytes", "memory.max") == str(80 << 20)
    assert read(running, "pids", "pids.max", "pids.max") == "66"


def test_a_limit_can_be_raised_and_lowered_with_its_swap(running):
    for size in ("64m", "32m", "128m"):
        running.runtime.call("update", "--memory", size, "--memory-swap", size, running.id).ok()
        assert read(running, "memory", "memory.limit_in_bytes", "memory.max") == str(int(size[:-1]) << 20)


@pytest.mark.tare_only
def test_a_period_alone_keeps_the_quota(running):
    running.runtime.call("update", "--cpu-quota", "40000", running.id).ok()
    running.runtime.call("update", "--cpu-period", "200000", running.id).ok()
    assert read(running, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "40000"


@pytest.mark.tare_only
def test_all_or_nothing(running):
    running.runtime.call("update", "--memory", "100m", "--pids-limit", "50", running.id).ok()
    outcome = running.runtime.call("update", "--memory", "90m", "--pids-limit", "40", "--cpuset-cpus", "4000", running.id)
    outcome.failed("/linux/resources/cpu/cpus", "4000")
    assert read(running, "memory", "memory.limit_in_bytes", "memory.max") == str(100 << 20)
    assert read(running, "pids", "pids.max", "pids.max") == "50"


@pytest.mark.tare_only
@pytest.mark.parametrize("option, schema", [("--l3-cache-schema", "L3:0=f"), ("--mem-bw-schema", "MB:0=20")])
def test_a_container_without_resctrl_has_no_schema_to_change(running, option, schema):
    running.runtime.call("update", "--pids-limit", "50", running.id).ok()
    running.runtime.call("update", "--pids-limit", "40", option, schema, running.id).failed(option, "no resctrl group", "without linux.intelRdt")
    assert read(running, "pids", "pids.max", "pids.max") == "50"


@pytest.mark.tare_only
def test_device_rules_that_mean_nothing_leave_the_limits_as_they_were(running):
    running.runtime.call("update", "--pids-limit", "50", running.id).ok()
    path = running.runtime.directory / "rules.json"
    path.write_text(json.dumps({"pids": {"limit": 40}, "devices": [{"allow": True, "type": "c", "access": ""}]}))
    running.runtime.call("update", "-r", path, running.id).failed("/devices/0/access")
    assert read(running, "pids", "pids.max", "pids.max") == "50"


@pytest.mark.tare_only
@pytest.mark.skipif(is_v2("devices"), reason="a v2 program can do it")
def test_device_rules_that_v1_cannot_hold_take_the_limits_back(running):
    running.runtime.call("update", "--pids-limit", "50", running.id).ok()
    allowed = read(running, "devices", "devices.list", "")
    hole = [{"allow": True, "type": "c", "major": 1, "access": "rwm"},
            {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"}]
    path = running.runtime.directory / "rules.json"
    path.write_text(json.dumps({"pids": {"limit": 40}, "devices": hole}))
    running.runtime.call("update", "-r", path, running.id).failed("/linux/resources/devices/1")
    assert read(running, "pids", "pids.max", "pids.max") == "50"
    assert read(running, "devices", "devices.list", "") == allowed


@pytest.mark.tare_only
@pytest.mark.parametrize("minor", [229, -1], ids=["one device", "all of a driver"])
def test_device_rules_of_a_running_container(runtime, bundle, minor):
    bundle.capabilities("CAP_MKNOD")
    container = runtime.start(bundle.args("sleep", "600"))
    look = ["exec", container.id, "sh", "-c", "mknod /dev/d c 10 229; : </dev/d; rm -f /dev/d"]
    assert "not permitted" in runtime.call(*look).stderr
    rules = [{"allow": True, "type": "c", "major": 10, "minor": minor, "access": "rwm"}]
    path = runtime.directory / "rules.json"
    path.write_text(json.dumps({"devices": [{"allow": False, "access": "rwm"}, *rules]}))
    runtime.call("update", "-r", path, container.id).ok()
    assert "not permitted" not in runtime.call(*look).stderr
    path.write_text(json.dumps({"devices": [{"allow": False, "access": "rwm"}]}))
    runtime.call("update", "-r", path, container.id).ok()
    assert "not permitted" in runtime.call(*look).stderr


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "options, words",
    [
        (["--memory", "much"], ["--memory", "much"]),
        (["--pids-limit", "1x"], ["--pids-limit", "1x"]),
        (["--cpu-share", "-5"], ["--cpu-share", "-5"]),
        (["--cpuset-cpus", "nonsense"], ["cpus", "nonsense"]),
        (["--resources", "/nowhere"], ["/nowhere", "ENOENT"]),
        (["--l3-cache-schema", "MB:0=5"], ["--l3-cache-schema", "MB:0=5"]),
        (["--mem-bw-schema", "MB:0=5\nL3:0=f"], ["--mem-bw-schema"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_values_that_are_none(running, options, words):
    running.runtime.call("update", *options, running.id).failed(*words)


def test_a_container_that_has_stopped_is_not_updated(running):
    running.kill("KILL").ok()
    running.await_end()
    running.runtime.call("update", "--pids-limit", "5", running.id).failed("not running")


# ---- ps ----------------------------------------------------------------------------------------


def test_the_processes_as_json(runtime, bundle):
    container = runtime.start(bundle.script("sleep 600 & sleep 600 & echo up; wait")).await_output("up")
    pids = runtime.call("ps", "-f", "json", container.id).ok().json()
    assert set(pids) == {container.pid, *kernel.descendants(container.pid)}


def test_the_processes_as_a_table(runtime, running):
    lines = [line.split() for line in runtime.call("ps", running.id).ok().stdout.splitlines()]
    assert {"UID", "PID", "PPID", "CMD"} <= set(lines[0])
    assert str(running.pid) in lines[1] and lines[1][-2:] == ["sleep", "600"]
    assert len(lines) == 2


def test_options_are_for_the_program_ps(runtime, running):
    lines = [line.split() for line in runtime.call("ps", running.id, "-eo", "pid,comm").ok().stdout.splitlines()]
    assert lines == [["PID", "COMMAND"], [str(running.pid), "sleep"]]
    runtime.call("ps", running.id, "-eo", "comm").failed("PID")


def test_a_container_that_has_stopped_has_no_processes(runtime, running):
    running.kill("KILL").ok()
    running.await_end()
    os.waitpid(-1, os.WNOHANG)
    assert runtime.call("ps", "--format", "json", running.id).stdout.strip() in ("[]", "null", "")
