# SPDX-License-Identifier: Apache-2.0
"""The systemd cgroup manager: a container is a scope of the host's systemd, or of the user's. tests/guest has a
machine with systemd; how tare fails without one is tested anywhere."""

import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from support import bus, kernel
from support.kernel import cgroup_value, eventually

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def by_systemd(runtime):
    """Only create is told which manager it is: later commands know."""
    runtime.globals = ["--systemd-cgroup"]


def sleeping(bundle, path=None):
    if path is not None:
        bundle.linux["cgroupsPath"] = path
    return bundle.args("sleep", "60")


def show(unit, *names):
    """Properties of a unit, as systemd has them."""
    options = [word for name in names for word in ("-p", name)]
    text = subprocess.run(["systemctl", "show", unit, *options], check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in text.splitlines())


def is_loaded(unit):
    return show(unit, "LoadState")["LoadState"] == "loaded"


def reload_systemd():
    subprocess.run(["systemctl", "daemon-reload"], check=True)


# ---- the scope -----------------------------------------------------------------------------------


@pytest.mark.systemd
def test_a_container_is_a_scope_in_its_slice(runtime, bundle):
    name = runtime.new_id()
    container = runtime.create(sleeping(bundle, f"tare-test.slice:web:{name}"))
    scope = f"web-{name}.scope"
    assert kernel.cgroups(container.pid)[""] == f"/tare.slice/tare-test.slice/{scope}"
    assert show(scope, "ActiveState", "Slice", "Delegate", "DefaultDependencies") == {
        "ActiveState": "active", "Slice": "tare-test.slice", "Delegate": "yes", "DefaultDependencies": "no"}
    runtime.globals = []
    assert container.status == "created"
    container.start().ok()
    assert container.status == "running"
    container.delete("--force").ok()
    assert not is_loaded(scope)
    subprocess.run(["systemctl", "stop", "tare.slice"], check=True)


@pytest.mark.systemd
def test_the_default_is_a_scope_in_the_slice_of_the_system(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    assert kernel.cgroups(container.pid)[""] == f"/system.slice/tare-{container.id}.scope"


@pytest.mark.systemd
def test_init_is_in_its_cgroup_before_it_makes_its_namespace(runtime, bundle):
    bundle.linux["namespaces"].append({"type": "cgroup"})
    assert runtime.output_of(bundle.args("cat", "/proc/self/cgroup")) == "0::/\n"


@pytest.mark.systemd
def test_without_a_cgroup_namespace_its_own_part_is_mounted(runtime, bundle):
    container = runtime.start(bundle.args("sh", "-c", "cat /sys/fs/cgroup/cgroup.procs; sleep 60"))
    container.await_output("\n")
    assert "1\n" in container.output()


@pytest.mark.systemd
def test_a_scope_ends_with_its_container(runtime, bundle):
    container = runtime.start(bundle.args("true"))
    container.await_end()
    container.delete().ok()
    assert not is_loaded(f"tare-{container.id}.scope")
    assert not Path(f"/sys/fs/cgroup/system.slice/tare-{container.id}.scope").exists()


@pytest.mark.systemd
def test_run_leaves_no_scope(runtime, bundle):
    assert runtime.output_of(bundle.args("echo", "hello")) == "hello\n"
    assert not is_loaded(f"tare-{runtime.ids[-1]}.scope")


@pytest.mark.systemd
def test_a_name_can_be_used_again_at_once(runtime, bundle):
    sleeping(bundle)
    bundle.write()
    name = runtime.new_id()
    for _ in range(5):
        runtime.call("create", "--bundle", bundle.path, name).ok()
        runtime.call("delete", "--force", name).ok()


@pytest.mark.systemd
def test_exec_is_in_the_scope(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    runtime.globals = []
    text = runtime.call("exec", container.id, "cat", "/proc/self/cgroup").ok().stdout
    assert text.endswith(f"/system.slice/tare-{container.id}.scope\n")


@pytest.mark.systemd
def test_a_create_that_fails_later_leaves_no_scope(runtime, bundle):
    bundle.config["process"]["args"] = ["/no/such/program"]
    runtime.try_create(bundle).failed("no such file")
    assert not is_loaded(f"tare-{runtime.ids[-1]}.scope")


@pytest.mark.systemd
def test_a_scope_of_somebody_else_is_left_alone(runtime, bundle):
    name = runtime.new_id()
    other = subprocess.Popen(["systemd-run", "--quiet", "--scope", f"--unit=tare-{name}.scope", "sleep", "60"])
    eventually(lambda: show(f"tare-{name}.scope", "ActiveState")["ActiveState"] == "active")
    sleeping(bundle).write()
    runtime.call("create", "--bundle", bundle.path, name).failed(
        "/linux/cgroupsPath: start tare-", "systemd: Unit tare-", "already")
    assert other.poll() is None
    other.kill()
    other.wait()
    eventually(lambda: not is_loaded(f"tare-{name}.scope"))


@pytest.mark.systemd
def test_out_of_memory_leaves_no_failed_unit(runtime, bundle):
    bundle.linux["resources"]["memory"] = {"limit": 8 * MEGABYTE, "swap": 8 * MEGABYTE}
    container = runtime.start(bundle.args("sh", "-c", "x=a; while :; do x=$x$x; done"))
    container.await_end()
    container.delete("--force").ok()
    assert not is_loaded(f"tare-{container.id}.scope")


# ---- a cgroup of its own in the scope (run.oci.systemd.subgroup) -------------------------------


@pytest.mark.systemd
@pytest.mark.parametrize("namespace", [True, False], ids=["cgroup namespace", "without"])
def test_the_containers_cgroup_can_be_a_part_of_the_scope(runtime, bundle, namespace):
    bundle.config["annotations"] = {"run.oci.systemd.subgroup": "part"}
    bundle.linux["resources"]["pids"] = {"limit": 42}
    if namespace:
        bundle.linux["namespaces"].append({"type": "cgroup"})
    container = runtime.start(sleeping(bundle))
    scope = f"tare-{container.id}.scope"
    assert kernel.cgroups(container.pid)[""] == f"/system.slice/{scope}/part"
    assert cgroup_value(container.pid, "", "pids.max") == "42"
    assert show(scope, "TasksMax") == {"TasksMax": "42"}
    runtime.globals = []
    joined = runtime.popen("exec", container.id, "sleep", "60")
    inside = Path(f"/sys/fs/cgroup/system.slice/{scope}/part")
    eventually(lambda: len((inside / "cgroup.procs").read_text().split()) == 2)
    assert len(runtime.call("ps", "--format", "json", container.id).ok().json()) == 2
    runtime.call("pause", container.id).ok()
    assert "frozen 1" in (inside / "cgroup.events").read_text()
    runtime.call("resume", container.id).ok()
    runtime.call("kill", "--all", container.id, "KILL").ok()
    assert joined.wait(10) == 137
    container.await_end()
    container.delete().ok()
    assert not is_loaded(scope)
    assert kernel.cgroup_directories(container.id) == set()


@pytest.mark.systemd
def test_a_part_of_a_part_is_without_limits(runtime, bundle):
    bundle.config["annotations"] = {"run.oci.systemd.subgroup": "part", "run.oci.delegate-cgroup": "inner"}
    bundle.linux["resources"]["pids"] = {"limit": 42}
    bundle.linux["namespaces"].append({"type": "cgroup"})
    assert runtime.output_of(bundle.args("cat", "/proc/self/cgroup", "/sys/fs/cgroup/pids.max")) == "0::/inner\n42\n"
    assert not is_loaded(f"tare-{runtime.ids[-1]}.scope")


@pytest.mark.systemd
def test_an_empty_name_is_the_scope_itself(runtime, bundle):
    bundle.config["annotations"] = {"run.oci.systemd.subgroup": ""}
    container = runtime.create(sleeping(bundle))
    assert kernel.cgroups(container.pid)[""] == f"/system.slice/tare-{container.id}.scope"


# ---- limits --------------------------------------------------------------------------------------

LIMITS = {
    "memory": {"limit": 64 * MEGABYTE, "reservation": 32 * MEGABYTE, "swap": 96 * MEGABYTE},
    "cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0", "mems": "0"},
    "pids": {"limit": 42},
}
FILES = {
    "memory.max": str(64 * MEGABYTE), "memory.low": str(32 * MEGABYTE), "memory.swap.max": str(32 * MEGABYTE),
    "cpu.weight": "59", "cpu.max": "50000 100000", "cpuset.cpus": "0", "cpuset.mems": "0", "pids.max": "42",
}


@pytest.mark.systemd
def test_limits_are_in_the_kernel_and_systemd_and_outlive_a_reload(runtime, bundle):
    bundle.linux["resources"].update(LIMITS)
    container = runtime.create(sleeping(bundle))
    in_kernel = {file: cgroup_value(container.pid, "", file) for file in FILES}
    assert in_kernel == FILES
    assert show(f"tare-{container.id}.scope", "MemoryMax", "MemoryLow", "MemorySwapMax", "CPUWeight", "TasksMax",
                "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "AllowedCPUs", "AllowedMemoryNodes") == {
        "MemoryMax": str(64 * MEGABYTE), "MemoryLow": str(32 * MEGABYTE), "MemorySwapMax": str(32 * MEGABYTE),
        "CPUWeight": "59", "TasksMax": "42", "CPUQuotaPerSecUSec": "500ms", "CPUQuotaPeriodUSec": "100ms",
        "AllowedCPUs": "0", "AllowedMemoryNodes": "0"}
    reload_systemd()
    assert {file: cgroup_value(container.pid, "", file) for file in FILES} == FILES


@pytest.mark.systemd
def test_limits_that_systemd_does_not_know_are_set_as_well(runtime, bundle):
    bundle.linux["resources"]["unified"] = {"memory.high": str(32 * MEGABYTE), "memory.oom.group": "1"}
    container = runtime.create(sleeping(bundle))
    assert cgroup_value(container.pid, "", "memory.oom.group") == "1"
    assert cgroup_value(container.pid, "", "memory.high") == str(32 * MEGABYTE)
    assert show(f"tare-{container.id}.scope", "MemoryHigh") == {"MemoryHigh": str(32 * MEGABYTE)}


@pytest.mark.systemd
def test_an_update_outlives_a_reload(runtime, bundle):
    bundle.linux["resources"].update(LIMITS)
    container = runtime.start(sleeping(bundle))
    runtime.globals = []
    runtime.call("update", "--pids-limit", "7", "--cpu-quota", "10010", container.id).ok()
    changed = {**FILES, "pids.max": "7", "cpu.max": "10010 100000"}
    assert show(f"tare-{container.id}.scope", "TasksMax", "CPUQuotaPerSecUSec", "MemoryMax") == {
        "TasksMax": "7", "CPUQuotaPerSecUSec": "110ms", "MemoryMax": str(64 * MEGABYTE)}
    reload_systemd()
    assert {file: cgroup_value(container.pid, "", file) for file in FILES} == changed


@pytest.mark.systemd
def test_devices_are_restricted_before_and_after_a_reload(runtime, bundle):
    bundle.linux["resources"]["devices"] += [{"allow": True, "type": "c", "major": 1, "minor": 11, "access": "w"},
                                             {"allow": True, "type": "c", "major": 42, "minor": -1, "access": "rw"}]
    bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666},
                               {"path": "/dev/port", "type": "c", "major": 1, "minor": 4, "fileMode": 0o666}]
    look = ("while read line; do head -c1 /dev/port; : > /dev/kmsg && echo writable; head -c1 /dev/zero | wc -c; "
            "done; sleep 60")
    reading, writing = os.pipe()
    container = runtime.start(bundle.args("sh", "-c", look), stdin=reading)
    for round_ in (1, 2):
        os.write(writing, b"\n")
        eventually(lambda: container.output() == "writable\n1\n" * round_)
        assert container.errors().count("Operation not permitted") == round_
        reload_systemd()
    os.close(reading)
    os.close(writing)
    shown = subprocess.run(["systemctl", "show", "-p", "DevicePolicy", "-p", "DeviceAllow",
                            f"tare-{container.id}.scope"], check=True, capture_output=True, text=True).stdout
    assert "DevicePolicy=strict" in shown and "DeviceAllow=/dev/char/1:11 w" in shown
    assert "DeviceAllow=char-42 rw" in shown


@pytest.mark.systemd
def test_annotations_are_properties(runtime, bundle):
    bundle.config["annotations"] = {"org.systemd.property.TimeoutStopSec": "uint64 7",
                                    "org.systemd.property.SendSIGHUP": "true",
                                    "org.systemd.property.Description": "'of my own'"}
    container = runtime.create(sleeping(bundle))
    assert show(f"tare-{container.id}.scope", "TimeoutStopUSec", "SendSIGHUP", "Description") == {
        "TimeoutStopUSec": "7s", "SendSIGHUP": "yes", "Description": "of my own"}


@pytest.mark.systemd
def test_what_systemd_refuses_is_told_in_its_words(runtime, bundle):
    bundle.config["annotations"] = {"org.systemd.property.NoSuchProperty": "true"}
    outcome = runtime.try_create(sleeping(bundle))
    outcome.failed("systemd: Cannot set property NoSuchProperty, or unknown property.")
    assert not is_loaded(f"tare-{runtime.ids[-1]}.scope")


@pytest.mark.systemd
def test_the_properties_are_those_that_runc_sets(runtime, bundle, tmp_path):
    """Compared by what systemd shows of both; runc 1.1 has an older conversion of cpu.shares."""
    bundle.linux["resources"].update(LIMITS)
    names = ["Slice", "Delegate", "DefaultDependencies", "MemoryMax", "MemoryLow", "MemorySwapMax",
             "CPUQuotaPerSecUSec", "TasksMax", "AllowedCPUs", "AllowedMemoryNodes", "DevicePolicy", "CPUAccounting",
             "MemoryAccounting", "TasksAccounting", "IOAccounting"]
    container = runtime.create(sleeping(bundle, f"system.slice:one:{runtime.new_id()}"))
    ours = show(f"one-{bundle.linux['cgroupsPath'].split(':')[2]}.scope", *names)
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = f"system.slice:two:{name}"
    bundle.write()
    runc = ["runc", "--root", str(tmp_path), "--systemd-cgroup"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run([*runc, "create", "--bundle", str(bundle.path), name], check=True, **quiet)
    theirs = show(f"two-{name}.scope", *names)
    subprocess.run([*runc, "delete", "--force", name], check=True, **quiet)
    assert container.status == "created"
    assert ours == theirs


# ---- the systemd of an ordinary user -------------------------------------------------------------

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@pytest.fixture
def user_systemd(runtime, directory):
    """One of nobody's own, without a bus. Its runtime directory."""
    place = directory / "user"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    unit = f"{runtime.new_id()}-user.service"
    subprocess.run(["systemd-run", "--quiet", f"--unit={unit}", f"--uid={NOBODY}", f"--gid={NOBODY}",
                    "--property=Delegate=yes", f"--setenv=XDG_RUNTIME_DIR={place}", "/usr/lib/systemd/systemd",
                    "--user"], check=True)
    runtime.ids.clear()
    eventually(lambda: (place / "systemd/private").exists())
    yield place, unit
    subprocess.run(["systemctl", "kill", "--signal=KILL", unit], check=True)
    subprocess.run(["systemctl", "stop", unit], check=True, capture_output=True)
    subprocess.run(["systemctl", "reset-failed", unit], capture_output=True)


@pytest.mark.systemd
@pytest.mark.parametrize("inside", [False, True], ids=["by itself", "as root of a user namespace"])
def test_a_container_of_a_user_is_a_scope_of_the_users_systemd(runtime, bundle, user_systemd, inside):
    place, unit = user_systemd
    runtime.prefix = ["env", f"XDG_RUNTIME_DIR={place}", *AS_NOBODY]
    if inside:
        runtime.prefix += ["unshare", "--map-root-user"]
    runtime.root = place / "store"
    kinds = ("pid", "mount", "user", "uts", "ipc")
    bundle.linux["namespaces"] = [{"type": kind} for kind in kinds]
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = [
        {"containerID": 0, "hostID": 0 if inside else NOBODY, "size": 1}]
    bundle.linux["resources"] = {"pids": {"limit": 42}}
    bundle.config["mounts"] = [mount for mount in bundle.config["mounts"]
                               if mount["type"] in ("proc", "tmpfs")]
    container = runtime.create(sleeping(bundle))
    scope = Path(f"/sys/fs/cgroup/system.slice/{unit}/user.slice/tare-{container.id}.scope")
    assert (scope / "pids.max").read_text() == "42\n"
    assert str(container.pid) in (scope / "cgroup.procs").read_text().split()
    container.delete("--force").ok()
    runtime.ids.clear()
    assert not scope.exists()


# ---- deletion ------------------------------------------------------------------------------------


@pytest.mark.systemd
def test_a_create_that_was_killed_is_deleted_with_its_scope(runtime, bundle):
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"]}]}
    sleeping(bundle).write()
    name = runtime.new_id()
    scope = f"tare-{name}.scope"
    creator = runtime.popen("create", "--bundle", str(bundle.path), name, stdin=subprocess.DEVNULL)
    eventually(lambda: show(scope, "ActiveState")["ActiveState"] == "active")
    creator.kill()
    creator.wait()
    runtime.globals = []
    runtime.call("delete", "--force", name).ok()
    assert not is_loaded(scope)


# ---- errors, on any machine ----------------------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize("path", ["/a/b", "a:b:c", "a.slice:b", "a--b.slice:b:c", "a.slice:b:c/d"])
def test_a_path_that_is_no_scope_is_an_error_at_its_place(runtime, bundle, path):
    runtime.try_create(sleeping(bundle, path)).failed(tare=["/linux/cgroupsPath: "])
    assert runtime.stored() == []


@pytest.mark.tare_only
def test_a_bus_that_is_not_there_is_an_error(runtime, bundle, directory):
    runtime.globals += ["--rootless=false"]
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/none"}
    runtime.try_create(sleeping(bundle), env=environment).failed(
        "/linux/cgroupsPath: start tare-", f"connect to systemd at unix:path={directory}/none: connect: ENOENT",
        "--cgroup-manager=cgroupfs")
    assert runtime.stored() == []


@pytest.mark.tare_only
def test_a_bus_that_does_not_answer_is_an_error_within_seconds(runtime, bundle, directory):
    runtime.globals += ["--rootless=false"]
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{directory}/bus")
        silent.listen()
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/bus"}
        begun = time.monotonic()
        runtime.try_create(sleeping(bundle), env=environment).failed("connect to systemd at")
        assert time.monotonic() - begun < 8
    assert runtime.stored() == []


@contextlib.contextmanager
def full_queue(path):
    """A socket at which nobody accepts, with as many connections in its queue as go in."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(0)
        for _ in range(10):
            waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
            waiting.setblocking(False)
            try:
                waiting.connect(str(path))
            except BlockingIOError:
                yield
                return
        pytest.fail("a queue without end")


@pytest.mark.tare_only
def test_a_bus_that_accepts_no_connection_is_an_error_within_seconds(runtime, bundle, directory):
    runtime.globals += ["--rootless=false"]
    with full_queue(directory / "bus"):
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/bus"}
        begun = time.monotonic()
        runtime.try_create(sleeping(bundle), env=environment).failed(
            f"connect to systemd at unix:path={directory}/bus: no connection was accepted within 5 seconds",
            "--cgroup-manager=cgroupfs")
        assert time.monotonic() - begun < 8
    assert runtime.stored() == []


@pytest.mark.tare_only
def test_of_several_addresses_each_is_tried(runtime, bundle, directory):
    """In their order, dbus-daemon(1); those that are no sockets are left out."""
    runtime.globals += ["--rootless=false"]
    with bus.Bus(directory / "bus", StartTransientUnit=[bus.error("org.example.No", "it was asked")]) as second:
        addresses = f"unixexec:path=/bin/false;unix:path={directory}/none;unix:path={second.path}"
        runtime.try_create(sleeping(bundle), env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": addresses}).failed("it was asked")


@pytest.mark.tare_only
def test_the_runtime_directory_has_a_bus(runtime, bundle, directory):
    """unix:runtime=yes, dbus-daemon(1)."""
    runtime.globals += ["--rootless=false"]
    with bus.Bus(directory / "bus", StartTransientUnit=[bus.error("org.example.No", "it was asked")]):
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(directory), "DBUS_SYSTEM_BUS_ADDRESS": "unix:runtime=yes"}
        runtime.try_create(sleeping(bundle), env=environment).failed("it was asked")


CLOSED = "the connection was closed"
INVALID = "what was received is not a valid D-Bus message"
NO_JOB = bus.reply("s", bus.JOB)  # of another type
ANSWERS = {  # what systemd does when asked for a scope: the answers, and what tare says
    "error": ([bus.error("org.freedesktop.DBus.Error.Failed", "No such\nslice")], "systemd: No such\\x0aslice"),
    "refused": ([bus.error("org.freedesktop.DBus.Error.AccessDenied", "Not you")], "systemd: Not you"),
    "failed": ([bus.JOB_QUEUED, bus.job_ended("failed")], 'systemd: the job ended as "failed"'),
    "timeout": ([bus.JOB_QUEUED, bus.job_ended("timeout")], 'systemd: the job ended as "timeout"'),
    "early": ([bus.job_ended("canceled"), bus.JOB_QUEUED], 'systemd: the job ended as "canceled"'),
    "another's": ([bus.JOB_QUEUED, bus.job_ended("done", "/another"), bus.job_ended("failed")], 'ended as "failed"'),
    "no answer": ([], "systemd: no answer within 5 seconds"),
    "no job": ([NO_JOB], "systemd: the reply names no job"),
    "closed": ([bus.CLOSE], f"systemd: {CLOSED}"),
    "closed in the job": ([bus.JOB_QUEUED, bus.CLOSE], f"systemd: {CLOSED}"),
    "garbage": ([bus.raw(b"l\xff" * 100)], f"systemd: {INVALID}"),
    "garbage in the job": ([bus.JOB_QUEUED, bus.raw(b"\0" * 100)], f"systemd: {INVALID}"),
    "a giant": ([bus.raw(b"l\x02\0\x01\0\0\0\x01" + b"\0\0\0\x01" + bytes(4))], "of more than 1 MiB"),
    "a lie": ([bus.JOB_QUEUED, bus.job_ended("done")], ": open cgroup "),
}


@pytest.mark.tare_only
@pytest.mark.parametrize("answers, said", ANSWERS.values(), ids=ANSWERS)
def test_a_scope_that_is_not_made_is_an_error(runtime, bundle, directory, answers, said):
    """And a container that was not made leaves nothing: the fixtures see to that."""
    runtime.globals += ["--rootless=false"]
    with bus.Bus(directory / "bus", StartTransientUnit=answers) as failing:
        runtime.try_create(sleeping(bundle), env=failing.environment).failed("/linux/cgroupsPath: start tare-", said)
        assert failing.called[:4] == ["Hello", "AddMatch", "Subscribe", "StartTransientUnit"]
        # What systemd says to have begun it is told to end.
        assert ("StopUnit" in failing.called) != {bus.JOB_QUEUED, NO_JOB}.isdisjoint(answers)
    assert runtime.stored() == []


@pytest.mark.tare_only
@pytest.mark.parametrize("said, answer", [
    (b"", CLOSED),
    (b"REJECTED EXTERNAL\r\n", "authentication was refused: REJECTED EXTERNAL"),
    (b"\0\xff\r\n" * 9, "authentication was refused: \\x00\\xff"),
    (b"x" * 9000, "the server does not speak D-Bus"),
    (b"OK nothing\r\n", CLOSED),
], ids=["silence", "refusal", "garbage", "no line", "no more"])
def test_a_bus_that_does_not_take_us_is_an_error(runtime, bundle, directory, said, answer):
    runtime.globals += ["--rootless=false"]
    with bus.Bus(directory / "bus", greeting=said) as failing:
        runtime.try_create(sleeping(bundle), env=failing.environment).failed(
            f"connect to systemd at unix:path={directory}/bus: {answer}", "--cgroup-manager=cgroupfs")
    assert runtime.stored() == []


@pytest.mark.tare_only
def test_a_bus_that_has_no_place_for_us_is_an_error(runtime, bundle, directory):
    runtime.globals += ["--rootless=false"]
    full = bus.error("org.freedesktop.DBus.Error.LimitsExceeded", "Too many connections")
    with bus.Bus(directory / "bus", Hello=[full]) as failing:
        runtime.try_create(sleeping(bundle), env=failing.environment).failed("connect to systemd at", "Too many connections")


@pytest.mark.tare_only
def test_who_needs_no_systemd_does_not_connect_to_it(runtime, bundle, directory):
    """Neither a container without a scope, nor any command that does not make, change or end one."""
    broken = {"env": {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/none"}}
    runtime.globals = []
    container = runtime.create(sleeping(bundle), **broken)
    runtime.globals = ["--systemd-cgroup"]
    for words in (["state"], ["start"], ["pause"], ["resume"], ["ps"], ["update", "--pids-limit", "9"],
                  ["kill", "--all"], ["delete", "--force"]):
        id_and_more = [container.id, "KILL"] if words[0] == "kill" else [container.id]
        runtime.call(*words, *id_and_more, **broken).ok()
    runtime.call("list", **broken).ok()


@pytest.mark.systemd
def test_a_scope_is_paused_and_looked_at_without_systemd(runtime, bundle, directory):
    broken = {"env": {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/none"}}
    container = runtime.create(sleeping(bundle))
    for words in (["state"], ["start"], ["pause"], ["resume"], ["ps"]):
        runtime.call(*words, container.id, **broken).ok()
    runtime.call("exec", container.id, "true", **broken).ok()
    runtime.call("update", "--pids-limit", "9", container.id, **broken).failed("connect to systemd")
    assert cgroup_value(container.pid, "", "pids.max") != "9"


@pytest.mark.tare_only
def test_an_address_that_would_run_a_program_is_not_used(runtime, bundle, directory):
    runtime.globals += ["--rootless=false"]
    address = f"unixexec:path=/bin/touch,argv1={directory}/touched"
    runtime.try_create(sleeping(bundle), env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}).failed("address")
    assert not (directory / "touched").exists()


@pytest.mark.tare_only
def test_an_annotation_that_is_no_property_is_an_error(runtime, bundle):
    bundle.config["annotations"] = {"org.systemd.property.Nice": "low"}
    runtime.try_create(sleeping(bundle)).failed("/annotations/org.systemd.property.Nice: ")


def test_features_tell_of_systemd(runtime):
    cgroup = json.loads(runtime.call("features").ok().stdout)["linux"]["cgroup"]
    assert cgroup["systemd"] and cgroup["systemdUser"]
