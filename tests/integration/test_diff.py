# SPDX-License-Identifier: Apache-2.0
"""tare diff: nothing about a container that is as configured, and each property that was changed behind tare's
back. The changes are made with other tools (nsenter, prlimit, mount, files of the kernel)."""

import copy
import ctypes
import json
import os
import platform
import resource
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

CAPTURED = Path(__file__).parent.parent / "captured"


def differences(runtime, container, *options, code=None):
    """[(property, configured, found)], as JSON tells them; the text says the same."""
    as_json = runtime.call("diff", "--format", "json", *options, container.id)
    found = as_json.json()
    as_text = runtime.call("diff", *options, container.id)
    wanted = (1 if found else 0) if code is None else code
    assert (as_json.code, as_text.code) == (wanted, wanted), as_text
    lines = [f"{one['origin']}: {one['property']}: configured {one['configured']}, found {one['found']}" for one in found]
    assert as_text.stdout.splitlines() == [line.removeprefix(": ") for line in lines]
    return found


def properties(runtime, container, *options):
    return {one["property"] for one in differences(runtime, container, *options)}


def sleeping(bundle):
    return bundle.args("sleep", "60")


def inside(pid, *words, kinds=("mount",)):
    """Runs a command of the host in namespaces of the container."""
    subprocess.run(["nsenter", f"--target={pid}", *(f"--{kind}" for kind in kinds), *map(str, words)], check=True)


LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
MS = {"ro": 1, "nosuid": 2, "remount": 1 << 5, "bind": 1 << 12, "unbindable": 1 << 17, "shared": 1 << 20}


def in_mounts(pid, call):
    """`call` in the container's mount namespace, with all privileges of the host's root."""
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    child = os.fork()
    if child == 0:
        failed = LIBC.setns(namespace, CLONE_NEWNS) or call()
        os._exit(ctypes.get_errno() if failed else 0)
    os.close(namespace)
    _, status = os.waitpid(child, 0)
    assert status == 0, os.strerror(os.waitstatus_to_exitcode(status))


def mount(pid, point, *flags, kind=b"none", data=None):
    bits = sum(MS[flag] for flag in flags)
    in_mounts(pid, lambda: LIBC.mount(b"none", point.encode(), kind, ctypes.c_ulong(bits), data))


def umount(pid, point):
    in_mounts(pid, lambda: LIBC.umount2(point.encode(), 0))


# ---- nothing ------------------------------------------------------------------------------------


def test_a_container_that_is_as_configured_has_no_differences(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    assert differences(runtime, container) == []
    container.start().ok()
    assert differences(runtime, container) == []
    runtime.call("pause", container.id).ok()
    assert differences(runtime, container) == []
    runtime.call("resume", container.id).ok()


def everything(bundle, source):
    """A config with as many properties as there are."""
    sleeping(bundle).writable()
    bundle.capabilities("CAP_KILL", "CAP_CHOWN", sets=("bounding", "effective", "permitted", "inheritable", "ambient"))
    bundle.process.update(
        user={"uid": 1000, "gid": 1000, "additionalGids": [10, 2000], "umask": 0o27},
        cwd="/tmp",
        oomScoreAdj=500,
        ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6},
        scheduler={"policy": "SCHED_BATCH", "nice": 5},
    )
    bundle.process["rlimits"].append({"type": "RLIMIT_CORE", "soft": 0, "hard": 4096})
    bundle.config["domainname"] = "example"
    bundle.namespace("cgroup")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}
    bundle.resources.update(memory={"limit": 64 << 20}, pids={"limit": 50}, cpu={"shares": 512, "quota": 50000})
    bundle.bind(source, "/mnt", "ro", "nosuid", "rprivate")
    bundle.mount("/srv", "tmpfs", "tmpfs", ["size=1m", "mode=700", "noexec"])
    bundle.linux["rootfsPropagation"] = "private"
    bundle.linux["devices"] = [{"path": "/dev/own", "type": "c", "major": 1, "minor": 7, "fileMode": 0o600, "uid": 5, "gid": 6},
                               {"path": "/dev/fifo", "type": "p"}]
    return bundle


def test_a_config_with_everything_has_no_differences(runtime, bundle, source):
    assert differences(runtime, runtime.start(everything(bundle, source))) == []


def test_the_default_config_of_tare_has_no_differences(runtime, bundle):
    runtime.call("spec", "--bundle", bundle.path).ok()
    bundle.config = json.loads((bundle.path / "config.json").read_text())
    bundle.process["terminal"] = False
    assert differences(runtime, runtime.start(sleeping(bundle))) == []


def test_a_user_namespace_has_no_differences(runtime, bundle):
    bundle.user_namespace()
    bundle.process["user"] = {"uid": 5, "gid": 7, "additionalGids": [9]}
    assert differences(runtime, runtime.start(sleeping(bundle))) == []


@pytest.mark.parametrize("engine", ["docker", "containerd", "podman"])
def test_the_config_of_an_engine_has_no_differences(runtime, bundle, engine):
    captured = json.loads((CAPTURED / f"{engine}.json").read_text())
    config = copy.deepcopy(captured.get("config", captured))
    config["root"] = {"path": "rootfs"}
    config["process"]["args"] = ["sleep", "60"]
    config["process"]["terminal"] = False
    config["mounts"] = [one for one in config["mounts"] if one["type"] != "bind" or Path(one["source"]).exists()]
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    config["process"]["rlimits"] = [one for one in config["process"].get("rlimits", []) if one["hard"] <= highest]
    config.get("linux", {}).pop("cgroupsPath", None)
    config.pop("hooks", None)
    for label in ("apparmorProfile", "selinuxLabel"):
        config["process"].pop(label, None)
    bundle.config = config
    container = runtime.start(bundle)
    assert differences(runtime, container) == []


def test_namespaces_that_were_joined_have_no_differences(runtime, bundle, holder):
    bundle.namespace("network", holder("network")).namespace("uts", holder("uts"))
    bundle.config.pop("hostname")
    bundle.inherit("ipc")
    container = runtime.start(sleeping(bundle))
    assert differences(runtime, container) == []


def test_namespaces_that_were_joined_by_a_name_have_no_differences(runtime, bundle):
    """The command line of `run --ns` named them, config.json does not."""
    runtime.call("ns", "create", "pod", "--uts", "--net", "--hostname", "pod").ok()
    try:
        bundle.config.pop("hostname")
        sleeping(bundle).write()
        name = runtime.new_id()
        runtime.call("run", "--detach", "--ns", "pod", "--bundle", bundle.path, name).ok()
        assert runtime.call("diff", name).ok().stdout == ""
        assert runtime.call("plan", "--diff", name, name).ok().stdout == ""
        runtime.call("delete", "--force", name).ok()
    finally:
        runtime.call("ns", "delete", "pod").ok()


# ---- what was changed behind tare's back -----------------------------------------------------------


def set_rlimit(pid):
    """As the container's user: who has not CAP_SYS_RESOURCE may not otherwise."""
    words = ["prlimit", "--nofile=512:1024", "--pid", str(pid)]
    subprocess.run(words, user=1000, group=1000, extra_groups=[], check=True)


def write_proc(file, text):
    return lambda pid: Path(f"/proc/{pid}/{file}").write_text(text)


def write_cgroup(controller, names, value):
    def change(pid):
        directory = kernel.cgroup_directory(pid, controller)
        file = next(directory / name for name in names if (directory / name).exists())
        file.write_text(value)

    return change


def move_to_root_cgroup(pid):
    """Of one hierarchy."""
    (kernel.cgroup_mounts()["pids" if "pids" in kernel.cgroup_mounts() else ""] / "cgroup.procs").write_text(str(pid))


def renice(pid):
    os.setpriority(os.PRIO_PROCESS, pid, 7)


def deny_a_device(pid):
    """v1: takes /dev/net/tun from the list. v2: detaches the program."""
    if "devices" in kernel.cgroup_mounts():
        (kernel.cgroup_directory(pid, "devices") / "devices.deny").write_text("c 10:200 rwm")
    else:
        detach_device_programs(kernel.cgroup_directory(pid, ""))


BPF = {"x86_64": 321}.get(platform.machine(), 280)
BPF_PROG_DETACH, BPF_PROG_GET_FD_BY_ID, BPF_PROG_QUERY, BPF_CGROUP_DEVICE = 9, 13, 16, 6


def bpf(command, *numbers, form):
    attributes = ctypes.create_string_buffer(struct.pack(form, *numbers), 128)
    result = LIBC.syscall(BPF, command, attributes, 128)
    assert result >= 0, os.strerror(ctypes.get_errno())
    return result, attributes


def detach_device_programs(directory):
    cgroup = os.open(directory, os.O_RDONLY)
    ids = (ctypes.c_uint32 * 64)()
    _, answer = bpf(BPF_PROG_QUERY, cgroup, BPF_CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), 64, form="=IIIIQI")
    (count,) = struct.unpack_from("=I", answer, 24)
    for number in ids[:count]:
        program, _ = bpf(BPF_PROG_GET_FD_BY_ID, number, form="=I")
        bpf(BPF_PROG_DETACH, cgroup, program, BPF_CGROUP_DEVICE, 0, form="=IIII")
        os.close(program)
    os.close(cgroup)
    assert count > 0


STAT = {"arg_start": 48, "env_start": 50}  # the fields of proc(5) stat, from 1


def overwrite(pid, start, text):
    """In the memory of the process, as a program that sets its title does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(int(fields[STAT[start] - 3]))
        memory.write(text)


def replace_node(path, number):
    os.unlink(path)
    os.mknod(path, 0o020600, number)


def set_affinity(pid):
    if os.cpu_count() == 1:
        pytest.skip("needs two CPUs")
    os.sched_setaffinity(pid, {min(os.sched_getaffinity(pid))})


CHANGES = {
    "CPU affinity": set_affinity,
    "device": deny_a_device,
    "device node /dev/full": lambda pid: Path(f"/proc/{pid}/root/dev/full").chmod(0o600),
    "device node /dev/zero": lambda pid: Path(f"/proc/{pid}/root/dev/zero").unlink(),
    "device node /dev/random": lambda pid: os.chown(f"/proc/{pid}/root/dev/random", 7, 0),
    "device node /dev/own": lambda pid: replace_node(f"/proc/{pid}/root/dev/own", os.makedev(1, 5)),
    "arguments": lambda pid: overwrite(pid, "arg_start", b"sleep\0" + b"61\0"),
    "environment variable PATH": lambda pid: overwrite(pid, "env_start", b"PATH=/b"),
    "RLIMIT_NOFILE": set_rlimit,
    "oom_score_adj": write_proc("oom_score_adj", "700"),
    "hostname": lambda pid: inside(pid, "/usr/bin/hostname", "other", kinds=("uts",)),
    "domainname": lambda pid: inside(pid, "/usr/sbin/sysctl", "-qw", "kernel.domainname=other", kinds=("uts",)),
    "sysctl net.ipv4.ip_forward": lambda pid: inside(pid, "/usr/sbin/sysctl", "-qw", "net.ipv4.ip_forward=0", kinds=("net",)),
    "sysctl kernel.shm_rmid_forced": lambda pid: inside(
        pid, "/usr/sbin/sysctl", "-qw", "kernel.shm_rmid_forced=0", kinds=("ipc",)
    ),
    "memory": write_cgroup("memory", ("memory.max", "memory.limit_in_bytes"), str(32 << 20)),
    "pids.max": write_cgroup("pids", ("pids.max",), "20"),
    "cpu.shares": write_cgroup("cpu", ("cpu.weight", "cpu.shares"), "1000"),
    "cpu.quota": write_cgroup("cpu", ("cpu.max", "cpu.cfs_quota_us"), "70000"),
    "cgroup in": move_to_root_cgroup,
    "scheduler": renice,
    "I/O priority": lambda pid: subprocess.run(["ionice", "-c2", "-n1", "-p", str(pid)], check=True),
    "masked path /proc/keys": lambda pid: umount(pid, "/proc/keys"),
    "masked path /sys/firmware": lambda pid: umount(pid, "/sys/firmware"),
    "read-only path /proc/sys": lambda pid: mount(pid, "/proc/sys", "remount", "bind"),
    "read-only path /proc/irq": lambda pid: umount(pid, "/proc/irq"),
    "mount on /mnt": lambda pid: mount(pid, "/mnt", "remount", "bind", "nosuid"),
    "mount on /srv": lambda pid: mount(pid, "/srv", "remount", data=b"size=2m"),
    "mount on /dev/shm": lambda pid: umount(pid, "/dev/shm"),
    "mount on /dev/mqueue": lambda pid: mount(pid, "/dev/mqueue", kind=b"tmpfs"),
    "mount on /var": lambda pid: mount(pid, "/var", kind=b"tmpfs"),
    "mount on /sys": lambda pid: mount(pid, "/sys", "shared"),
    "mount on /": lambda pid: mount(pid, "/", "unbindable"),
}
# How the property is called depends on the version of cgroups.
SPELLED = {
    "memory": {"memory.max", "memory.limit_in_bytes"},
    "cpu.shares": {"cpu.shares", "cpu.weight"},
    "cpu.quota": {"cpu.cfs_quota_us", "cpu.max"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_behind_tares_back_is_found(runtime, bundle, source, name):
    container = runtime.start(everything(bundle, source))
    CHANGES[name](container.pid)
    found = properties(runtime, container)
    assert len(found) == 1, found
    assert found < SPELLED[name] if name in SPELLED else next(iter(found)).startswith(name), found


def test_a_mount_with_other_flags_is_found_with_both_values(runtime, bundle, source):
    container = runtime.start(everything(bundle, source))
    CHANGES["mount on /mnt"](container.pid)
    (one,) = differences(runtime, container)
    number = next(i for i, mount in enumerate(bundle.config["mounts"]) if mount["destination"] == "/mnt")
    assert one == {"origin": f"/mounts/{number}", "property": "mount on /mnt", "configured": "ro", "found": "rw"}


def test_a_device_that_the_cgroup_lost_or_got_is_named(runtime, bundle):
    if "devices" not in kernel.cgroup_mounts():
        pytest.skip("v2 has programs, not a list")
    bundle.resources["devices"] = [{"allow": True, "type": "b", "major": 7, "minor": 99, "access": "rw"}]
    container = runtime.start(sleeping(bundle))
    assert differences(runtime, container) == []
    directory = kernel.cgroup_directory(container.pid, "devices")
    (directory / "devices.deny").write_text("b 7:99 w")
    (directory / "devices.deny").write_text("c 10:200 rwm")
    (directory / "devices.allow").write_text("c 5:1 r")
    found = {one["property"]: (one["configured"], one["found"]) for one in differences(runtime, container)}
    assert found == {"device b 7:99": ("rwm", "rm"), "device c 10:200": ("rwm", "none"), "device c 5:1": ("none", "r")}
    (directory / "devices.allow").write_text("a")
    (one,) = differences(runtime, container)
    assert one == {
        "origin": "/linux/resources/devices",
        "property": "allowed devices",
        "configured": "a list of devices",
        "found": "all devices",
    }


def test_all_devices_are_no_difference_where_all_are_allowed(runtime, bundle):
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
    assert differences(runtime, runtime.start(sleeping(bundle))) == []


def test_rules_for_devices_that_update_has_changed_are_a_difference(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    document = bundle.path / "resources.json"
    document.write_text(json.dumps({"devices": [{"allow": True, "type": "c", "major": 5, "minor": 1, "access": "r"}]}))
    runtime.call("update", "--resources", document, container.id).ok()
    (one,) = differences(runtime, container)
    assert one["origin"] == "/linux/resources/devices"


def test_a_network_device_that_is_gone_is_found(runtime, bundle):
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    runtime.prefix = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
    subprocess.run([*runtime.prefix, *"ip link add d0 type veth peer name p0".split()], check=True)
    bundle.linux["netDevices"] = {"d0": {"name": "eth%d"}}
    container = runtime.start(sleeping(bundle))
    assert differences(runtime, container) == []
    inside(container.pid, "ip", "link", "set", "dev", "eth0", "name", "other0", kinds=("net",))
    assert differences(runtime, container) == [
        {"origin": "/linux/netDevices/d0", "property": "network device eth%d", "configured": "there", "found": "missing"}
    ]
    holder.kill()
    holder.wait()
    holder.stdout.close()


# ---- what execve(2) got -----------------------------------------------------------------------------


def test_a_script_runs_with_its_interpreter_and_is_no_difference(runtime, bundle, source):
    (source / "entry").write_text("#!/bin/sh -u\nwhile :; do sleep 1; done\n")
    (source / "entry").chmod(0o755)
    bundle.bind(source, "/mnt").args("./entry", "one", "two words")
    bundle.process["cwd"] = "/mnt"
    assert differences(runtime, runtime.start(bundle)) == []


def test_what_another_program_got_is_not_compared(runtime, bundle, source):
    """An entry point that executes the service."""
    shutil.copy("/bin/busybox", source / "busybox")
    (source / "entry").write_text("#!/bin/sh\nexport MORE=1\nexec /mnt/busybox sleep 60\n")
    (source / "entry").chmod(0o755)
    container = runtime.start(bundle.bind(source, "/mnt").args("/mnt/entry"))
    kernel.eventually(lambda: "sleep" in Path(f"/proc/{container.pid}/cmdline").read_text())
    assert differences(runtime, container) == []


def test_a_title_in_place_of_the_arguments_is_no_difference(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60000"))
    overwrite(container.pid, "arg_start", b"a title\0\0\0\0\0")
    assert differences(runtime, container) == []
    overwrite(container.pid, "arg_start", b"a title that goes on in the environment")
    assert differences(runtime, container) == []


def test_variables_that_only_one_side_has_are_found(runtime, bundle):
    bundle.process["env"] = ["A=1", "B=two words", "C="]
    container = runtime.start(sleeping(bundle))
    assert differences(runtime, container) == []
    bundle.process["env"] = ["A=2", "C=", "D=new"]
    bundle.write()
    found = {one["property"]: (one["configured"], one["found"]) for one in differences(runtime, container)}
    assert found == {
        "environment variable A": ('"2"', '"1"'),
        "environment variable B": ("not set", '"two words"'),
        "environment variable D": ('"new"', "not set"),
    }


def test_a_memory_policy_is_compared(runtime, bundle):
    if not Path("/proc/self/numa_maps").exists():
        pytest.skip("needs a kernel with NUMA")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    container = runtime.start(sleeping(bundle))
    assert differences(runtime, container) == []
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_PREFERRED_MANY", "nodes": "0"}
    bundle.write()
    (one,) = differences(runtime, container)
    assert (one["configured"], one["found"]) == ("prefer (many):0", "bind=static:0")


# ---- what the program has changed, and what config.json has meanwhile --------------------------------


def test_what_the_program_did_to_itself_is_found(runtime, bundle):
    bundle.capabilities("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID")
    bundle.script("cd /tmp; umask 077; exec su user -c 'exec sleep 60'")
    container = runtime.start(bundle)
    kernel.eventually(lambda: "sleep" in Path(f"/proc/{container.pid}/cmdline").read_text())
    found = properties(runtime, container)
    assert found >= {"umask", "user ID", "group ID", "working directory", "permitted capabilities", "effective capabilities"}


@pytest.mark.parametrize("change, property", [
    (lambda bundle: bundle.process["capabilities"]["bounding"].append("CAP_CHOWN"), "bounding capabilities"),
    (lambda bundle: bundle.process.update(noNewPrivileges=True), "no_new_privs"),
    (lambda bundle: bundle.linux.update(seccomp={"defaultAction": "SCMP_ACT_ALLOW"}), "seccomp filters"),
    (lambda bundle: bundle.inherit("ipc"), "ipc namespace"),
    (lambda bundle: bundle.namespace("cgroup"), "cgroup namespace"),
    (lambda bundle: bundle.namespace("uts", "/proc/self/ns/uts"), "uts namespace"),
    (lambda bundle: bundle.user_namespace(), "user namespace"),
    (lambda bundle: bundle.process.update(user={"uid": 0, "gid": 0, "additionalGids": [7]}), "additional group IDs"),
    (lambda bundle: bundle.linux.update(personality={"domain": "LINUX32"}), "personality"),
    (lambda bundle: bundle.mount("/mnt", "tmpfs"), "mount on /mnt"),
    (lambda bundle: bundle.without_mount("/dev/shm"), "mount on /dev/shm"),
    (lambda bundle: bundle.linux["maskedPaths"].append("/tmp"), "masked path /tmp"),
    (lambda bundle: bundle.linux.update(timeOffsets={"monotonic": {"secs": 9}}) or bundle.namespace("time"), "time namespace"),
])
def test_what_config_json_has_otherwise_by_now_is_found(runtime, bundle, change, property):
    bundle.process["noNewPrivileges"] = False
    bundle.config.pop("hostname")
    container = runtime.start(sleeping(bundle))
    change(bundle)
    bundle.write()
    outcome = runtime.call("diff", container.id)
    assert outcome.code == 1
    assert f": {property}: configured " in outcome.stdout, outcome
    assert "was changed after the container was created" in outcome.stderr


def test_a_bundle_that_is_gone_is_named(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    hidden = bundle.path.with_name("hidden")
    bundle.path.rename(hidden)
    outcome = runtime.call("diff", container.id)
    assert outcome.code == 2
    assert str(bundle.path) in outcome.stderr and "no such file" in outcome.stderr
    hidden.rename(bundle.path)
    (bundle.path / "config.json").unlink()
    outcome = runtime.call("diff", container.id)
    assert outcome.code == 2 and "config.json" in outcome.stderr


def test_a_container_that_does_not_run_is_an_error(runtime, bundle):
    assert runtime.call("diff", "nobody").code == 2
    container = runtime.start(bundle.args("true"))
    container.await_end()
    outcome = runtime.call("diff", container.id)
    assert outcome.code == 2 and outcome.stdout == ""


def test_names_in_the_container_do_not_reach_the_terminal(runtime, bundle, source):
    """A container that may mount chooses the names of its mount points."""
    bundle.capabilities("CAP_SYS_ADMIN").writable()
    bundle.script("d=\"$(printf '/tmp/\\033[31mred')\"; mkdir -p \"$d\"; mount -t tmpfs x \"$d\" || exit 9; exec sleep 60")
    container = runtime.start(bundle)
    kernel.eventually(lambda: any("red" in mount.point for mount in kernel.mounts(container.pid)))
    outcome = runtime.call("diff", container.id)
    assert outcome.code == 1
    assert "\033" not in outcome.stdout and "red" in outcome.stdout
