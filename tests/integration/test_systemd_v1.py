# SPDX-License-Identifier: Apache-2.0
"""The systemd cgroup manager where the controllers are in v1 hierarchies, with or without a v2 one beside them."""

import json
import subprocess

import pytest
from support import kernel
from support.kernel import cgroup_value

pytestmark = pytest.mark.systemd_v1


@pytest.fixture(autouse=True)
def by_systemd(runtime):
    runtime.globals = ["--systemd-cgroup"]


@pytest.fixture
def sleeping(bundle):
    return bundle.args("sleep", "60")


def is_loaded(unit):
    command = ["systemctl", "show", "-p", "LoadState", "--value", unit]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout == "loaded\n"


def places(container):
    """Its cgroup in every hierarchy."""
    return kernel.cgroups(container.pid)


def test_it_is_in_the_scope_in_every_hierarchy(runtime, sleeping):
    container = runtime.create(sleeping)
    wanted = f"/system.slice/tare-{container.id}.scope"
    found = places(container)
    assert found["name=systemd"] == wanted
    assert {path for controller, path in found.items() if controller} == {wanted}
    assert is_loaded(f"tare-{container.id}.scope")


def test_nothing_is_left_of_it(runtime, sleeping):
    container = runtime.start(sleeping)
    container.delete("--force").ok()
    assert not is_loaded(f"tare-{container.id}.scope")
    assert not kernel.cgroup_directories(container.id)


def test_a_create_that_fails_leaves_nothing(runtime, bundle):
    runtime.try_create(bundle.args("/no/such")).failed("no such file")
    assert not kernel.cgroup_directories(runtime.ids[-1])


# The guest's kernel has neither memory nor cpuset in v1.
@pytest.mark.parametrize("resources, controller, file, shown", [
    ({"pids": {"limit": 44}}, "pids", "pids.max", "44"),
    ({"cpu": {"shares": 512}}, "cpu", "cpu.shares", "512"),
    ({"cpu": {"quota": 20000, "period": 100000}}, "cpu", "cpu.cfs_quota_us", "20000"),
    ({"network": {"classID": 0x100001}}, "net_cls", "net_cls.classid", str(0x100001)),
    ({"network": {"priorities": [{"name": "lo", "priority": 5}]}}, "net_prio", "net_prio.ifpriomap", "lo 5"),
    ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}, "hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "4194304"),
])
def test_a_limit_is_in_the_kernels_file_and_outlives_a_reload(runtime, sleeping, resources, controller, file, shown):
    sleeping.resources.update(resources)
    container = runtime.start(sleeping)
    assert shown in cgroup_value(container.pid, controller, file).splitlines()
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    assert shown in cgroup_value(container.pid, controller, file).splitlines()


def test_devices_are_denied_also_after_a_reload(runtime, sleeping):
    container = runtime.start(sleeping)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    rules = cgroup_value(container.pid, "devices", "devices.list").splitlines()
    assert "c 1:3 rwm" in rules and "a *:* rwm" not in rules


def test_update_pause_resume_ps_and_exec(runtime, sleeping):
    container = runtime.start(sleeping)
    runtime.globals = []
    runtime.call("update", "--pids-limit", "33", container.id).ok()
    assert cgroup_value(container.pid, "pids", "pids.max") == "33"
    runtime.call("pause", container.id).ok()
    assert container.status == "paused"
    runtime.call("resume", container.id).ok()
    assert json.loads(runtime.call("ps", "--format", "json", container.id).ok().stdout) == [container.pid]
    text = runtime.call("exec", container.id, "cat", "/proc/self/cgroup").ok().stdout
    assert f":pids:/system.slice/tare-{container.id}.scope" in text


def test_a_slice_and_a_name_of_the_config(runtime, sleeping):
    name = runtime.new_id()
    sleeping.linux["cgroupsPath"] = f"system.slice:web:{name}"
    container = runtime.create(sleeping)
    assert places(container)["pids"] == f"/system.slice/web-{name}.scope"
