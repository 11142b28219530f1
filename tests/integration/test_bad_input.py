# SPDX-License-Identifier: Apache-2.0
"""What must be refused: in one line that names the place, with nothing left behind and the host untouched.

Each row: what is wrong, how to make a bundle so, and the words that tare says. In `TAKEN_ELSEWHERE` are the
rows that runc 1.1 takes or fails on in another way; they are expected of tare only.
"""

import json
import os
import socket

import pytest
from support import kernel

HUGE = 2**63


def process(**fields):
    return lambda bundle: bundle.process.update(fields)


def user(**fields):
    return lambda bundle: bundle.process["user"].update(fields)


def top(**fields):
    return lambda bundle: bundle.config.update(fields)


def linux(**fields):
    return lambda bundle: bundle.linux.update(fields)


def resources(**fields):
    return lambda bundle: bundle.resources.update(fields)


def raw(content):
    return lambda bundle: setattr(bundle, "raw", content)


def without(*path):
    def change(bundle):
        at = bundle.config
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return change


def mount(*words, **more):
    return lambda bundle: bundle.mount(*words, **more)


def rlimits(*rows):
    return process(rlimits=[dict(zip(("type", "soft", "hard"), row)) for row in rows])


def mappings(*rows, gid=None):
    def change(bundle):
        bundle.namespace("user")
        bundle.linux["uidMappings"] = [dict(zip(("containerID", "hostID", "size"), row)) for row in rows]
        bundle.linux["gidMappings"] = gid if gid is not None else [{"containerID": 0, "hostID": 100000, "size": 65536}]

    return change


def seccomp(action="SCMP_ACT_ALLOW", *rules, **more):
    return linux(seccomp={"defaultAction": action, "syscalls": list(rules), **more})


def device(**fields):
    return linux(devices=[{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, **fields}])


def hook(path, **more):
    return lambda bundle: bundle.hook("createRuntime", path, **more)


def namespaces(*entries):
    def change(bundle):
        kinds = [entry["type"] for entry in entries if "type" in entry]
        bundle.inherit(*kinds).linux["namespaces"][:0] = entries

    return change


def time_offsets(offsets):
    def change(bundle):
        bundle.namespace("time")
        bundle.linux["timeOffsets"] = offsets

    return change


CONFIG = [
    ("an empty file", raw(b""), ["config.json", "empty"]),
    ("null", raw(b"null"), ["config.json", "object"]),
    ("an array", raw(b"[]"), ["config.json", "object"]),
    ("a string", raw(b'"x"'), ["config.json", "object"]),
    ("half a document", raw(b'{"ociVersion": "1.0.2", "process": {'), ["config.json", "line 1"]),
    ("something after the document", raw(b'{"ociVersion": "1.0.2"} x'), ["config.json"]),
    ("two documents", raw(b"{}{}"), ["config.json"]),
    ("deep nesting", raw(b'{"x":' * 100_000 + b"1" + b"}" * 100_000), ["config.json", "deep"]),
    ("two byte order marks", raw(b'\xef\xbb\xbf\xef\xbb\xbf{"ociVersion": "1.0.2"}'), ["config.json", "line 1, column 1"]),
    ("UTF-16", raw('{"ociVersion": "1.0.2"}'.encode("utf-16")), ["config.json", "line 1, column"]),
    ("invalid UTF-8", raw(b'{"ociVersion": "1.0.2", "hostname": "\xff"}'), ["config.json"]),
    ("half a surrogate pair", raw(b'{"ociVersion": "1.0.2", "hostname": "\\ud800"}'), ["config.json"]),
    ("a key given twice", raw(b'{"ociVersion": "1.0.2", "root": {"path": "a", "path": "b"}}'), ["/root/path"]),
    ("17 MiB", raw(b'{"ociVersion": "1.0.2", "x": "' + b"x" * (17 << 20) + b'"}'), ["config.json", "large"]),
    ("no ociVersion", without("ociVersion"), ["/ociVersion"]),
    ("ociVersion 9.9.9", top(ociVersion="9.9.9"), ["/ociVersion"]),
    ("ociVersion abc", top(ociVersion="abc"), ["/ociVersion"]),
    ("ociVersion as a number", top(ociVersion=1), ["/ociVersion"]),
    ("ociVersion empty", top(ociVersion=""), ["/ociVersion"]),
    ("NUL in the hostname", top(hostname="a\0b"), ["/hostname"]),
    ("NUL in an argument", process(args=["/bin/true", "a\0b"]), ["/process/args/1"]),
    ("NUL in the environment", process(env=["A=a\0b"]), ["/process/env/0"]),
    ("NUL in cwd", process(cwd="/a\0b"), ["/process/cwd"]),
    ("NUL in a destination", mount("/a\0b", "tmpfs", "tmpfs"), ["/mounts/7/destination"]),
    ("NUL in a mount option", mount("/m", "tmpfs", "tmpfs", ["size=1k\0"]), ["/mounts/7/options/0"]),
    ("an empty annotation key", top(annotations={"": "x"}), ["/annotations"]),
    ("an annotation that is a number", top(annotations={"a": 1}), ["/annotations/a"]),
]

PROCESS = [
    ("no args", process(args=[]), ["/process/args"]),
    ("args missing", without("process", "args"), ["/process/args"]),
    ("an empty first argument", process(args=[""]), ["/process/args/0"]),
    ("a number as argument", process(args=["/bin/true", 1]), ["/process/args/1"]),
    ("args as a string", process(args="true"), ["/process/args"]),
    ("a relative cwd", process(cwd="tmp"), ["/process/cwd"]),
    ("an empty cwd", process(cwd=""), ["/process/cwd"]),
    ("no cwd", without("process", "cwd"), ["/process/cwd"]),
    ("cwd is a file", process(cwd="/etc/group"), ["/etc/group"]),
    ("a variable without =", process(env=["A"]), ["/process/env/0"]),
    ("a variable without a name", process(env=["=a"]), ["/process/env/0"]),
    ("uid -1", user(uid=-1), ["/process/user/uid"]),
    ("uid 2^32", user(uid=2**32), ["/process/user/uid"]),
    ("uid 2^32 - 1, which means no change", user(uid=2**32 - 1), ["/process/user/uid"]),
    ("gid 2^32 - 1, which means no change", user(gid=2**32 - 1), ["/process/user/gid"]),
    ("uid 1.5", user(uid=1.5), ["/process/user/uid"]),
    ("uid as a string", user(uid="0"), ["/process/user/uid"]),
    ("uid 1e3", raw(b'{"ociVersion":"1.0.2","process":{"user":{"uid":1e3,"gid":0},"cwd":"/","args":["x"]}}'), ["/process/user/uid"]),
    ("too many groups", user(additionalGids=list(range(70_000))), ["/process/user/additionalGids"]),
    ("group 2^32 - 1", user(additionalGids=[2**32 - 1]), ["/process/user/additionalGids/0"]),
    ("umask 01777", user(umask=0o1777), ["/process/user/umask"]),
    ("umask -1", user(umask=-1), ["/process/user/umask"]),
    ("an unknown limit", rlimits(("RLIMIT_FOO", 1, 1)), ["/process/rlimits/0", "RLIMIT_FOO"]),
    ("a limit in lower case", rlimits(("rlimit_nofile", 1, 1)), ["/process/rlimits/0"]),
    ("a limit given twice", rlimits(("RLIMIT_CORE", 1, 1), ("RLIMIT_CORE", 0, 0)), ["/process/rlimits/1", "RLIMIT_CORE"]),
    ("a soft limit above the hard one", rlimits(("RLIMIT_CORE", 2, 1)), ["/process/rlimits/0"]),
    ("a limit of -1", rlimits(("RLIMIT_CORE", -1, -1)), ["/process/rlimits/0"]),
    ("a limit without its hard value", rlimits(("RLIMIT_CORE", 1)), ["/process/rlimits/0/hard"]),
    ("oomScoreAdj 2000", process(oomScoreAdj=2000), ["/process/oomScoreAdj"]),
    ("oomScoreAdj -2000", process(oomScoreAdj=-2000), ["/process/oomScoreAdj"]),
    ("an AppArmor profile where there is no AppArmor", process(apparmorProfile="p"), ["/process/apparmorProfile"]),
    ("an SELinux label where there is no SELinux", process(selinuxLabel="u:r:t:s0"), ["/process/selinuxLabel"]),
    ("terminal without a socket", process(terminal=True), ["console socket"]),
    ("terminal as a string", process(terminal="yes"), ["/process/terminal"]),
    ("ioPriority of an unknown class", process(ioPriority={"class": "IOPRIO_CLASS_X", "priority": 1}), ["/process/ioPriority/class"]),
    ("ioPriority 8", process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 8}), ["/process/ioPriority/priority"]),
    ("an unknown scheduler", process(scheduler={"policy": "SCHED_X"}), ["/process/scheduler/policy"]),
    ("a scheduler without policy", process(scheduler={"nice": 1}), ["/process/scheduler/policy"]),
    ("nice 99", process(scheduler={"policy": "SCHED_OTHER", "nice": 99}), ["/process/scheduler/nice"]),
    ("priority with SCHED_OTHER", process(scheduler={"policy": "SCHED_OTHER", "priority": 1}), ["/process/scheduler/priority"]),
    ("deadline without its times", process(scheduler={"policy": "SCHED_DEADLINE"}), ["/process/scheduler"]),
    ("an unknown scheduler flag", process(scheduler={"policy": "SCHED_RR", "priority": 1, "flags": ["X"]}), ["/process/scheduler/flags/0"]),
]

ROOT_AND_MOUNTS = [
    ("no root", without("root"), ["/root"]),
    ("root without a path", top(root={}), ["/root/path"]),
    ("an empty root path", top(root={"path": ""}), ["/root/path"]),
    ("a root that is not there", top(root={"path": "missing"}), ["/root/path", "missing"]),
    ("a root that is a file", top(root={"path": "config.json"}), ["/root/path", "config.json"]),
    ("the root of the host", top(root={"path": "/"}), ["/root/path"]),
    ("a mount without destination", lambda bundle: bundle.config["mounts"].append({"type": "tmpfs"}), ["/mounts/7/destination"]),
    ("an empty destination", mount("", "tmpfs", "tmpfs"), ["/mounts/7/destination"]),
    ("a mount on /", mount("/", "tmpfs", "tmpfs"), ["/mounts/7"]),
    ("a mount on /., which is /", mount("/.", "tmpfs", "tmpfs"), ["/mounts/7"]),
    ("an unknown file system", mount("/m", "nosuchfs", "x"), ["/mounts/7", "nosuchfs"]),
    ("no type and no bind", mount("/m", None, "x"), ["/mounts/7"]),
    ("an option that the file system does not know", mount("/m", "tmpfs", "x", ["nosuchoption"]), ["/mounts/7"]),
    ("a bind source that is not there", mount("/m", "bind", "/no/such", ["bind"]), ["/mounts/7", "/no/such"]),
    ("a bind mount without a source", mount("/m", "bind", None, ["bind"]), ["/mounts/7"]),
    ("file system options for a bind mount", mount("/m", "bind", "/etc", ["bind", "size=1k"]), ["/mounts/7", "size=1k"]),
    ("options longer than a page", mount("/m", "tmpfs", "x", ["size=" + "1" * 5000]), ["/mounts/7"]),
    ("options as a string", lambda bundle: bundle.config["mounts"].append({"destination": "/m", "options": "ro"}), ["/mounts/7/options"]),
    ("tmpfs on /proc", mount("/proc", "tmpfs", "x"), ["/mounts/7", "/proc"]),
    ("a bind mount of something else on /proc", mount("/proc", "bind", "/etc", ["bind"]), ["/mounts/7", "/proc"]),
    ("a mount on /proc/self", mount("/proc/self", "tmpfs", "x"), ["/mounts/7", "/proc/self"]),
    ("a mount on /proc/self/attr", mount("/proc/self/attr", "tmpfs", "x"), ["/mounts/7", "/proc/self/attr"]),
    ("a mount below /proc/sys", mount("/proc/sys/kernel", "tmpfs", "x"), ["/mounts/7", "/proc/sys/kernel"]),
    ("a target in a link that leads in a circle", mount("/loop/m", "tmpfs", "x"), ["/mounts/7"]),
    ("a target below a file", mount("/etc/group/m", "tmpfs", "x"), ["/mounts/7"]),
    ("a target with a name of 300 letters", mount("/" + "x" * 300, "tmpfs", "x"), ["/mounts/7"]),
    ("a target of 5000 letters", mount("/x" * 2500, "tmpfs", "x"), ["/mounts/7"]),
    ("idmap without mappings and without a user namespace", mount("/m", "bind", "/etc", ["bind", "idmap"]), ["/mounts/7"]),
    ("an unknown rootfsPropagation", linux(rootfsPropagation="foo"), ["/linux/rootfsPropagation"]),
    ("a relative masked path", linux(maskedPaths=["proc/kcore"]), ["/linux/maskedPaths/0"]),
    ("a relative read-only path", linux(readonlyPaths=["proc/sys"]), ["/linux/readonlyPaths/0"]),
]

NAMESPACES = [
    ("an unknown type", namespaces({"type": "foo"}), ["/linux/namespaces/0"]),
    ("no type", namespaces({}), ["/linux/namespaces/0/type"]),
    ("a type given twice", namespaces({"type": "pid"}, {"type": "pid"}), ["/linux/namespaces/1"]),
    ("a path that is not there", namespaces({"type": "pid", "path": "/no/such"}), ["/linux/namespaces/0", "/no/such"]),
    ("masked paths without a mount namespace", lambda bundle: bundle.inherit("mount"), ["/linux/maskedPaths"]),
    ("a hostname without a uts namespace", lambda bundle: bundle.inherit("uts"), ["/hostname"]),
    ("a hostname of 65 letters", top(hostname="x" * 65), ["/hostname"]),
    ("a domainname of 65 letters", top(domainname="x" * 65), ["/domainname"]),
    ("a user namespace without mappings", lambda bundle: bundle.namespace("user"), ["/linux/uidMappings"]),
    ("mappings without a user namespace", linux(uidMappings=[{"containerID": 0, "hostID": 0, "size": 1}]), ["/linux/uidMappings"]),
    ("a mapping of size 0", mappings((0, 100000, 0)), ["/linux/uidMappings/0"]),
    ("mappings that overlap inside", mappings((0, 100000, 10), (5, 200000, 10)), ["/linux/uidMappings/1"]),
    ("mappings that overlap outside", mappings((0, 100000, 10), (50, 100005, 10)), ["/linux/uidMappings/1"]),
    ("a mapping that ends above 2^32", mappings((0, 2**32 - 2, 10)), ["/linux/uidMappings/0"]),
    ("341 mappings", mappings(*((number, 100000 + number, 1) for number in range(341))), ["/linux/uidMappings"]),
    ("10 000 mappings", mappings(*((number, 100000 + number, 1) for number in range(10_000))), ["/linux/uidMappings"]),
    ("uid mappings without gid mappings", mappings((0, 100000, 65536), gid=[]), ["/linux/gidMappings"]),
    ("a user that is not mapped", lambda bundle: (mappings((0, 100000, 10))(bundle), user(uid=11)(bundle)), ["/process/user/uid"]),
    ("a path of 70 000 letters", namespaces({"type": "pid", "path": "/x" * 35_000}), ["/linux/namespaces/0"]),
    ("time offsets without a time namespace", linux(timeOffsets={"boottime": {"secs": 1}}), ["/linux/timeOffsets"]),
    ("an offset of an unknown clock", time_offsets({"realtime": {"secs": 1}}), ["/linux/timeOffsets/realtime"]),
    ("10^9 nanoseconds", time_offsets({"boottime": {"nanosecs": 10**9}}), ["/linux/timeOffsets/boottime"]),
]

LINUX = [
    ("a cgroup that is the root", linux(cgroupsPath="/"), ["/linux/cgroupsPath"]),
    ("a cgroup that is the root in the end", linux(cgroupsPath="/a/../.."), ["/linux/cgroupsPath"]),
    ("a cgroup name of 300 letters", linux(cgroupsPath="/" + "x" * 300), ["/linux/cgroupsPath"]),
    ("a line break in the name of a cgroup", linux(cgroupsPath="/tt\nx"), ["/linux/cgroupsPath"]),
    ("an unknown type of device", device(type="z"), ["/linux/devices/0/type"]),
    ("major -1", device(major=-1), ["/linux/devices/0/major"]),
    ("a device without numbers", linux(devices=[{"path": "/dev/x", "type": "c"}]), ["/linux/devices/0/major"]),
    ("a device with a relative path", device(path="dev/x"), ["/linux/devices/0/path"]),
    ("a file type in fileMode", device(fileMode=0o100644), ["/linux/devices/0/fileMode"]),
    ("a device on the root", device(path="/dev/../.."), ["/linux/devices/0/path"]),
    ("an unknown type of device rule", resources(devices=[{"allow": True, "type": "z", "access": "r"}]), ["/linux/resources/devices/0/type"]),
    ("unknown access", resources(devices=[{"allow": True, "type": "c", "access": "x"}]), ["/linux/resources/devices/0/access"]),
    ("an unknown default action", seccomp("SCMP_ACT_FOO"), ["/linux/seccomp/defaultAction"]),
    ("an unknown architecture", seccomp(architectures=["SCMP_ARCH_FOO"]), ["/linux/seccomp/architectures/0"]),
    ("an unknown flag", seccomp(flags=["SECCOMP_FILTER_FLAG_FOO"]), ["/linux/seccomp/flags/0"]),
    ("an unknown action", seccomp("SCMP_ACT_ALLOW", {"names": ["sync"], "action": "X"}), ["/linux/seccomp/syscalls/0/action"]),
    ("no names", seccomp("SCMP_ACT_ALLOW", {"names": [], "action": "SCMP_ACT_ERRNO"}), ["/linux/seccomp/syscalls/0/names"]),
    (
        "an unknown operator",
        seccomp("SCMP_ACT_ALLOW", {"names": ["sync"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0, "op": "X"}]}),
        ["/linux/seccomp/syscalls/0/args/0/op"],
    ),
    (
        "the seventh argument",
        seccomp("SCMP_ACT_ALLOW", {"names": ["sync"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}),
        ["/linux/seccomp/syscalls/0/args/0/index"],
    ),
    ("errnoRet for an action without", seccomp("SCMP_ACT_ALLOW", {"names": ["sync"], "action": "SCMP_ACT_KILL", "errnoRet": 5}), ["/linux/seccomp/syscalls/0"]),
    ("a sysctl of the host", linux(sysctl={"kernel.core_pattern": "x"}), ["/linux/sysctl"]),
    ("an unknown personality", linux(personality={"domain": "X"}), ["/linux/personality/domain"]),
    ("a personality flag", linux(personality={"domain": "LINUX", "flags": ["X"]}), ["/linux/personality/flags"]),
]

# In the order of security.md, 5.83; then others of the kind.
LIMITS = [
    ("memory of -5", resources(memory={"limit": -5}), ["/linux/resources/memory/limit"]),
    ("memory as a string", resources(memory={"limit": "1g"}), ["/linux/resources/memory/limit"]),
    ("memory of 2^63", resources(memory={"limit": HUGE}), ["/linux/resources/memory/limit"]),
    ("less memory and swap than memory", resources(memory={"limit": 2 << 20, "swap": 1 << 20}), ["/linux/resources/memory/swap"]),
    ("processors 0 to 99999", resources(cpu={"cpus": "0-99999"}), ["/linux/resources/cpu/cpus"]),
    ("shares of 1e30", resources(cpu={"shares": 10**30}), ["/linux/resources/cpu/shares"]),
    ("-2 processes", resources(pids={"limit": -2}), ["/linux/resources/pids/limit"]),
    ("huge pages of 3KB", resources(hugepageLimits=[{"pageSize": "3KB", "limit": 1}]), ["/linux/resources/hugepageLimits/0"]),
    ("a file outside in unified", resources(unified={"../x": "1"}), ["/linux/resources/unified"]),
    ("processes in unified", resources(unified={"cgroup.procs": "1"}), ["/linux/resources/unified"]),
    ("nonsense in unified", resources(unified={"memory.max": "abc"}), ["/linux/resources/unified/memory.max"]),
    ("weight 5", resources(blockIO={"weight": 5}), ["/linux/resources/blockIO/weight"]),
    ("an RDMA device without a limit", resources(rdma={"mlx5_1": {}}), ["/linux/resources/rdma"]),
    ("an RDMA device of two lines", resources(rdma={"a\nb": {"hcaHandles": 1}}), ["/linux/resources/rdma"]),
    ("-1 RDMA handles", resources(rdma={"mlx5_1": {"hcaHandles": -1}}), ["/linux/resources/rdma/mlx5_1/hcaHandles"]),
    ("swap limited and memory not", resources(memory={"swap": 1 << 20}), ["/linux/resources/memory/swap"]),
    ("swappiness 101", resources(memory={"swappiness": 101}), ["/linux/resources/memory/swappiness"]),
    ("a processor that is not there", resources(cpu={"cpus": "9999"}), ["/linux/resources/cpu/cpus"]),
    ("nonsense for processors", resources(cpu={"cpus": "a-b"}), ["/linux/resources/cpu/cpus"]),
    ("a path in unified", resources(unified={"a/memory.max": "1"}), ["/linux/resources/unified"]),
    ("an absolute path in unified", resources(unified={"/memory.max": "1"}), ["/linux/resources/unified"]),
    ("the directory itself in unified", resources(unified={".": "1"}), ["/linux/resources/unified"]),
    ("an empty key in unified", resources(unified={"": "1"}), ["/linux/resources/unified"]),
    ("a subtree in unified", resources(unified={"cgroup.subtree_control": "+pids"}), ["/linux/resources/unified"]),
]

HOOKS = [
    ("a relative path", hook("bin/true"), ["/hooks/createRuntime/0/path"]),
    ("no path", top(hooks={"createRuntime": [{}]}), ["/hooks/createRuntime/0/path"]),
    ("timeout 0", hook("/bin/true", timeout=0), ["/hooks/createRuntime/0/timeout"]),
    ("timeout -1", hook("/bin/true", timeout=-1), ["/hooks/createRuntime/0/timeout"]),
    ("a hook that is not there", hook("/no/such"), ["/hooks/createRuntime/0", "/no/such"]),
]

GROUPS = {
    "config": CONFIG,
    "process": PROCESS,
    "root and mounts": ROOT_AND_MOUNTS,
    "namespaces": NAMESPACES,
    "linux": LINUX,
    "limits": LIMITS,
    "hooks": HOOKS,
}

TAKEN_ELSEWHERE = {
    "config: no ociVersion",
    "config: ociVersion 9.9.9",
    "config: ociVersion abc",
    "config: ociVersion empty",
    "config: NUL in the hostname",
    "config: NUL in an argument",
    "config: an empty annotation key",
    "process: umask 01777",
    "process: a limit given twice",
    "process: ioPriority of an unknown class",
    "process: ioPriority 8",
    "process: an unknown scheduler",
    "process: a scheduler without policy",
    "process: nice 99",
    "process: priority with SCHED_OTHER",
    "process: deadline without its times",
    "process: an unknown scheduler flag",
    "root and mounts: a bind mount without a source",
    "root and mounts: file system options for a bind mount",
    "root and mounts: options longer than a page",
    "root and mounts: a mount on /proc/self/attr",
    "root and mounts: a mount below /proc/sys",
    "root and mounts: a target of 5000 letters",
    "root and mounts: idmap without mappings and without a user namespace",
    "root and mounts: a relative masked path",
    "root and mounts: a relative read-only path",
    "namespaces: a domainname of 65 letters",
    "namespaces: mappings without a user namespace",
    "namespaces: time offsets without a time namespace",
    "linux: a cgroup that is the root",
    "linux: a cgroup that is the root in the end",
    "linux: a cgroup name of 300 letters",
    "linux: a device without numbers",
    "linux: a device with a relative path",
    "linux: a file type in fileMode",
    "linux: a device on the root",
    "linux: unknown access",
    "limits: -2 processes",
    "limits: a file outside in unified",
    "limits: processes in unified",
    "limits: nonsense in unified",
    "limits: weight 5",
    "limits: an RDMA device without a limit",
    "limits: an RDMA device of two lines",
    "limits: -1 RDMA handles",
    "limits: a path in unified",
    "limits: an absolute path in unified",
    "limits: the directory itself in unified",
    "limits: an empty key in unified",
    "limits: a subtree in unified",
    "linux: no names",
    "linux: errnoRet for an action without",
    "linux: an unknown personality",
    "linux: a personality flag",
}


def rows():
    for group, table in GROUPS.items():
        for what, change, words in table:
            name = f"{group}: {what}"
            marks = [pytest.mark.tare_only] if name in TAKEN_ELSEWHERE else []
            yield pytest.param(change, words, id=name, marks=marks)


@pytest.mark.parametrize("change, words", rows())
def test_is_refused(runtime, bundle, canary, change, words):
    (bundle.rootfs / "loop").symlink_to("loop")
    mounts = kernel.mounts()
    change(bundle)
    outcome = runtime.try_create(bundle).failed(tare=words)
    assert not runtime.strict or len(outcome.stderr) < 2000
    assert runtime.stored() == []
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()
    assert kernel.mounts() == mounts


# ---- the file itself ---------------------------------------------------------------------------


def test_a_config_that_is_not_there(runtime, bundle):
    runtime.call("create", "--bundle", bundle.path, runtime.new_id()).failed("config.json", tare=["no such file"])


@pytest.mark.parametrize(
    "make",
    [os.mkdir, pytest.param(os.mkfifo, marks=pytest.mark.tare_only), lambda path: os.symlink(path, path)],
    ids=["directory", "fifo", "a link to itself"],
)
def test_a_config_that_is_no_file(runtime, bundle, make):
    make(bundle.path / "config.json")
    runtime.call("create", "--bundle", bundle.path, runtime.new_id(), seconds=5).failed("config.json")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: open(path, "w").close()], ids=["fifo", "file"])
def test_a_bundle_that_is_no_directory(runtime, directory, make):
    make(directory / "thing")
    runtime.call("create", "--bundle", directory / "thing", runtime.new_id(), seconds=5).failed()


def test_a_bundle_that_is_not_there(runtime, directory):
    runtime.call("create", "--bundle", directory / "none", runtime.new_id()).failed("none")


def test_a_working_directory_that_is_gone(runtime, directory):
    gone = directory / "gone"
    gone.mkdir()
    name = runtime.new_id()
    runtime.prefix = ["/bin/sh", "-c", f'cd {gone} && rmdir {gone} && exec "$@"', "sh"]
    runtime.call("create", name).failed()
    runtime.prefix = []


# ---- what is legal though it looks odd -----------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        top(unknown={"a": [1]}, windows={}, vm={}),
        linux(unknown=True),
        process(unknown="x"),
        lambda bundle: bundle.config["mounts"][0].update(unknown=1),
        top(annotations={"large": "x" * 5_000_000}),
        top(annotations=None),
        top(hooks=None),
        linux(seccomp=None, sysctl=None, devices=None, rootfsPropagation="", mountLabel=""),
        process(rlimits=None, apparmorProfile="", selinuxLabel="", oomScoreAdj=None),
        resources(memory=None, cpu=None, pids=None, hugepageLimits=None, unified=None),
    ],
    ids=[
        "unknown properties",
        "unknown in linux",
        "unknown in process",
        "unknown in a mount",
        "5 MB of annotations",
        "null annotations",
        "null hooks",
        "null in linux",
        "null in process",
        "null in resources",
    ],
)
def test_is_taken(runtime, bundle, change):
    change(bundle)
    runtime.create(bundle)


@pytest.mark.parametrize("version", ["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0", "1.3.0+dev"])
def test_versions_that_are_taken(runtime, bundle, version):
    bundle.config["ociVersion"] = version
    runtime.create(bundle)


def test_a_destination_that_climbs_stays_in_the_root(runtime, bundle, canary):
    bundle.mount("/../../../../m", "tmpfs", "tmpfs")
    assert kernel.mount_at(runtime.create(bundle).pid, "/m").type == "tmpfs"


# ---- options of the command line ---------------------------------------------------------------


@pytest.mark.tare_only  # runc waits at the fifo or writes through the link
@pytest.mark.parametrize("kind", ["directory", "fifo", "missing directory"])
def test_a_pid_file_that_cannot_be(runtime, bundle, directory, kind):
    path = directory / "pid"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
        container = runtime.create(bundle, "--pid-file", path)
        assert path.read_text() == str(container.pid)  # replaced, not written to
        return
    else:
        path = directory / "missing/pid"
    runtime.try_create(bundle, "--pid-file", path).failed(str(path))
    assert runtime.stored() == []


@pytest.mark.parametrize("kind", ["missing", "file", "nobody listens", "datagram"])
def test_a_console_socket_that_cannot_be(runtime, bundle, directory, kind):
    bundle.process["terminal"] = True
    path = directory / "socket"
    if kind == "file":
        path.touch()
    elif kind in ("nobody listens", "datagram"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM) as bound:
            bound.bind(str(path))
    runtime.try_create(bundle, "--console-socket", path).failed(str(path))
    assert runtime.stored() == []


def test_a_console_socket_whose_owner_hangs_up(runtime, bundle, directory):
    bundle.process["terminal"] = True
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / "socket"))
        listening.listen(1)
        bundle.write()
        process = runtime.popen("create", "--bundle", bundle.path, "--console-socket", directory / "socket", runtime.new_id())
        listening.accept()[0].close()
        assert process.wait(10) in (0, 1)


# ---- records that were tampered with -----------------------------------------------------------


@pytest.mark.tare_only  # runc cannot delete such a container at all, crun forgets its process
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"garbage", b"null", b"{}", b"[]", b"\x00\xff", json.dumps({"pid": 1}).encode()],
    ids=["empty", "truncated", "garbage", "null", "no fields", "array", "binary", "pid 1"],
)
def test_a_damaged_record_is_told_and_deleted_by_force(runtime, bundle, content):
    container = runtime.create(bundle.args("sleep", "60"))
    pid = container.pid
    for directory, _, files in os.walk(runtime.root / container.id):
        for name in files:
            path = f"{directory}/{name}"
            if os.path.isfile(path) and os.path.getsize(path) > 2:
                with open(path, "wb") as file:
                    file.write(content)
    for verb in ("state", "start", "kill", "delete"):
        runtime.call(verb, container.id).failed()
    assert container.id in runtime.call("list", "-q").stdout
    container.delete("--force")
    kernel.eventually(lambda: not kernel.is_alive(pid))
    assert runtime.stored() == []
    assert kernel.cgroup_directories(container.id) == set()
