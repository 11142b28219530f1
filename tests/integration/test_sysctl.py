# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, sysctl: kernel parameters of the container's namespaces, and no others."""

import subprocess
from pathlib import Path

import pytest

NAMESPACED = [
    ("kernel.msgmax", "4321"),
    ("kernel.msgmnb", "4321"),
    ("kernel.msgmni", "321"),
    ("kernel.sem", "32000 1024000000 500 3200"),
    ("kernel.shmall", "4321"),
    ("kernel.shmmax", "54321"),
    ("kernel.shmmni", "321"),
    ("kernel.shm_rmid_forced", "1"),
    ("fs.mqueue.msg_max", "21"),
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv4.ip_unprivileged_port_start", "99"),
]


def proc_path(name):
    return "/proc/sys/" + name.replace(".", "/")


def host_value(name):
    return Path(proc_path(name)).read_text()


@pytest.mark.parametrize("name, value", NAMESPACED, ids=[name for name, _ in NAMESPACED])
def test_a_parameter_of_a_namespace_is_set_inside_only(runtime, bundle, name, value):
    before = host_value(name)
    bundle.linux["sysctl"] = {name: value}
    assert runtime.output_of(bundle.args("cat", proc_path(name))).split() == value.split()
    assert host_value(name) == before


def test_many_parameters(runtime, bundle):
    bundle.linux["sysctl"] = {name: value for name, value in NAMESPACED}
    shown = runtime.output_of(bundle.args("cat", *(proc_path(name) for name, _ in NAMESPACED)))
    assert [line.split() for line in shown.splitlines()] == [value.split() for _, value in NAMESPACED]


def test_names_with_slashes(runtime, bundle):
    bundle.linux["sysctl"] = {"net/ipv4/ip_forward": "1"}
    assert runtime.output_of(bundle.args("cat", "/proc/sys/net/ipv4/ip_forward")) == "1\n"


@pytest.mark.tare_only  # runc 1.1 takes every separator for a slash
@pytest.mark.parametrize("name", ["net/ipv4/conf/d.2/forwarding", "net.ipv4.conf.d/2.forwarding"])
def test_the_first_separator_of_a_name_tells_which_of_the_two_it_is(runtime, bundle, name):
    add_device = "busybox ip link add d.2 type veth"
    enter = "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); exec nsenter --net=/proc/$pid/ns/net "
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", enter + add_device)
    bundle.linux["sysctl"] = {name: "1"}
    assert runtime.output_of(bundle.args("cat", "/proc/sys/net/ipv4/conf/d.2/forwarding")) == "1\n"


def test_parameters_are_set_although_proc_sys_is_read_only_inside(runtime, bundle):
    assert "/proc/sys" in bundle.linux["readonlyPaths"]
    bundle.linux["sysctl"] = {"kernel.msgmax": "4321"}
    bundle.script("cat /proc/sys/kernel/msgmax; echo 1 > /proc/sys/kernel/msgmax")
    outcome = runtime.run(bundle)
    assert outcome.stdout == "4321\n"
    assert "Read-only file system" in outcome.stderr


@pytest.mark.tare_only  # runc and crun write to the container's /proc
def test_parameters_are_set_without_a_proc_inside(runtime, bundle):
    bundle.without_mount("/proc", "/sys", "/sys/fs/cgroup")
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    bundle.linux["sysctl"] = {"kernel.msgmax": "4321"}
    pid = runtime.start(bundle.args("sleep", "60")).pid
    assert host_value("kernel.msgmax") != "4321\n"
    shown = subprocess.run(
        ["nsenter", f"--ipc=/proc/{pid}/ns/ipc", "cat", "/proc/sys/kernel/msgmax"], capture_output=True, text=True
    ).stdout
    assert shown == "4321\n"


HOST_WIDE = [
    ("kernel.core_pattern", "|/bin/sh"),
    ("kernel.panic", "1"),
    ("vm.swappiness", "1"),
    ("fs.file-max", "1000"),
    ("kernel.hostname", "other"),
    ("kernel.no_such_thing", "1"),
    ("no.such.thing", "1"),
    ("net/../kernel/core_pattern", "x"),
    ("net.ipv4/../../../kernel/core_pattern", "x"),
    ("../kernel/core_pattern", "x"),
    ("/kernel/core_pattern", "x"),
    ("net", "1"),
    ("net.", "1"),
    ("", "1"),
]


@pytest.mark.parametrize("name, value", HOST_WIDE, ids=[name or "empty" for name, _ in HOST_WIDE])
def test_what_is_not_of_a_namespace_is_refused(runtime, bundle, name, value):
    before = {watched: host_value(watched) for watched in ("kernel.core_pattern", "kernel.panic", "vm.swappiness")}
    bundle.linux["sysctl"] = {name: value}
    runtime.try_create(bundle).failed(tare=["/linux/sysctl"])
    assert {watched: host_value(watched) for watched in before} == before


@pytest.mark.parametrize("name, kind", [("net.ipv4.ip_forward", "network"), ("kernel.msgmax", "ipc")])
def test_a_parameter_of_a_namespace_that_is_the_runtimes_is_refused(runtime, bundle, name, kind):
    before = host_value(name)
    bundle.inherit(kind).without_mount("/sys", "/sys/fs/cgroup", "/dev/mqueue")
    bundle.linux["sysctl"] = {name: "1"}
    runtime.try_create(bundle).failed(name, tare=["/linux/sysctl", kind])
    assert host_value(name) == before


@pytest.mark.parametrize("path", ["/proc/self/ns/net", "/proc/1/ns/net"])
def test_a_path_to_the_runtimes_network_namespace_does_not_help(runtime, bundle, path):
    before = host_value("net.ipv4.ip_forward")
    bundle.namespace("network", path).without_mount("/sys", "/sys/fs/cgroup")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    runtime.try_create(bundle).failed(tare=["network", path])
    assert host_value("net.ipv4.ip_forward") == before


def test_a_parameter_of_a_new_namespace_that_the_kernel_lacks_is_an_error(runtime, bundle):
    bundle.linux["sysctl"] = {"net.no_such_thing": "1"}
    runtime.try_create(bundle).failed("no_such_thing", "no such file or directory")


def test_a_value_that_the_kernel_refuses_is_an_error(runtime, bundle):
    bundle.linux["sysctl"] = {"kernel.msgmax": "nonsense"}
    runtime.try_create(bundle).failed("msgmax", "invalid argument")


@pytest.mark.parametrize("value", ["1\nkernel.panic=1", "1+kernel.panic=1"])
def test_a_value_cannot_smuggle_in_another_parameter(runtime, bundle, value):
    before = host_value("kernel.panic")
    bundle.linux["sysctl"] = {"kernel.shm_rmid_forced": value}
    runtime.try_create(bundle)
    assert host_value("kernel.panic") == before
