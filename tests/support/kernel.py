# SPDX-License-Identifier: Apache-2.0
"""The kernel's own account of a process: /proc/PID and the cgroup file systems, parsed."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

# runtime-spec namespace type -> name in /proc/PID/ns
NAMESPACES = {
    "mount": "mnt",
    "pid": "pid",
    "network": "net",
    "ipc": "ipc",
    "uts": "uts",
    "user": "user",
    "cgroup": "cgroup",
    "time": "time",
}

# In the order of their numbers, getrlimit(2).
RLIMITS = [
    f"RLIMIT_{name}"
    for name in (
        "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME"
    ).split()
]

CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
).split()


def eventually(condition, seconds=5.0, pause=0.005):
    """Calls `condition` until it returns something true, and returns that; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(pause)


# ---- /proc/PID ---------------------------------------------------------------------------------


def parse_status(text):
    """The text of a /proc/PID/status as {"CapEff": "0000...", ...}."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def status(pid):
    return parse_status(Path(f"/proc/{pid}/status").read_text())


def capability_names(mask):
    """The hexadecimal mask of /proc/PID/status as a set of "CAP_..." names."""
    bits = int(mask, 16)
    return {f"CAP_{name}" for number, name in enumerate(CAPABILITIES) if bits >> number & 1}


def process_state(pid):
    """The state letter of proc(5) ("S", "Z", ...), or None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    return process_state(pid) not in (None, "Z", "X")


def namespace(pid, kind):
    """The identity ("uts:[4026531838]") of the namespace of a runtime-spec type."""
    return os.readlink(f"/proc/{pid}/ns/{NAMESPACES[kind]}")


def environ(pid):
    return [entry.decode() for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if entry]


def descriptors(pid):
    """{number: what it refers to} of a process's open files."""
    directory = f"/proc/{pid}/fd"
    return {int(number): os.readlink(f"{directory}/{number}") for number in os.listdir(directory)}


def rlimit(pid, name):
    """(soft, hard) of "RLIMIT_..."; -1 is infinity."""
    return resource.prlimit(pid, RLIMITS.index(name))


def start_time(pid):
    """In clock ticks since the boot: with the pid it names one process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def descendants(pid):
    """All living or dead-but-unreaped processes below `pid`."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread, of a pool for example, that has just ended
        for child in children:
            try:
                found += [int(child), *descendants(int(child))]
            except FileNotFoundError:
                continue
    return found


# ---- mounts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mount:
    """One line of /proc/PID/mountinfo (proc_pid_mountinfo(5))."""

    number: int
    parent: int
    device: str
    root: str
    point: str
    options: tuple
    propagation: tuple  # "shared:3", "master:3", "unbindable"; empty: private
    type: str
    source: str
    super_options: tuple

    @property
    def propagation_kinds(self):
        return {tag.partition(":")[0] for tag in self.propagation}


def parse_mountinfo(text):
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        number, parent, device, root, point, options, *tags = left.split(" ")
        fstype, source, super_options = (right.split(" ") + [""])[:3]
        mounts.append(
            Mount(
                int(number),
                int(parent),
                device,
                root,
                point,
                tuple(options.split(",")),
                tuple(tag for tag in tags if tag and not tag.startswith("propagate_from")),
                fstype,
                source,
                tuple(super_options.split(",")),
            )
        )
    return mounts


def mounts(pid="self"):
    return parse_mountinfo(Path(f"/proc/{pid}/mountinfo").read_text())


def mount_at(pid, point):
    """The topmost mount on `point` as `pid` sees it."""
    found = [mount for mount in mounts(pid) if mount.point == point]
    assert found, f"nothing mounted on {point}: {[mount.point for mount in mounts(pid)]}"
    return found[-1]


# ---- cgroups -----------------------------------------------------------------------------------


def cgroups(pid):
    """{controller: path}; a named v1 hierarchy is "name=systemd", the v2 hierarchy ""."""
    found = {}
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def cgroup_mounts():
    """{controller: mount point} of the hierarchies that are mounted here, "" for v2."""
    found = {}
    own = cgroups("self")
    for mount in mounts():
        if mount.root != "/":
            continue
        if mount.type == "cgroup2":
            found[""] = Path(mount.point)
        if mount.type == "cgroup":
            found.update({name: Path(mount.point) for name in mount.super_options if name in own})
    return found


def cgroup_directory(pid, controller):
    """Where the limits of `controller` on `pid` are: the v1 hierarchy that has it, else the v2 one."""
    points, paths = cgroup_mounts(), cgroups(pid)
    hierarchy = controller if controller in points else ""
    return Path(f"{points[hierarchy]}{paths[hierarchy]}")


def cgroup_value(pid, controller, file):
    return (cgroup_directory(pid, controller) / file).read_text().strip()


def cgroup_directories(part):
    """All cgroups of all hierarchies with `part` in their path."""
    found = set()
    for point in cgroup_mounts().values():
        for directory, _, _ in os.walk(point):
            if part in directory:
                found.add(directory)
    return found
