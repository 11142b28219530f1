# SPDX-License-Identifier: Apache-2.0
"""Bundles: a root file system from Debian's static busybox and a config that tests change."""

import copy
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

BUSYBOX = Path("/bin/busybox")

_DIRECTORIES = "bin dev etc proc root run sys tmp usr usr/bin var".split()

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

_DEFAULT = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["true"],
        "env": [f"PATH={PATH}"],
        "cwd": "/",
        "capabilities": {
            "bounding": _CAPABILITIES,
            "effective": _CAPABILITIES,
            "permitted": _CAPABILITIES,
        },
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "container",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {
            "destination": "/dev/shm",
            "type": "tmpfs",
            "source": "shm",
            "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
        },
        {
            "destination": "/dev/mqueue",
            "type": "mqueue",
            "source": "mqueue",
            "options": ["nosuid", "noexec", "nodev"],
        },
        {
            "destination": "/sys",
            "type": "sysfs",
            "source": "sysfs",
            "options": ["nosuid", "noexec", "nodev", "ro"],
        },
        {
            "destination": "/sys/fs/cgroup",
            "type": "cgroup",
            "source": "cgroup",
            "options": ["nosuid", "noexec", "nodev", "relatime", "ro"],
        },
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": [
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/sys/firmware",
            "/proc/scsi",
        ],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


@cache
def _applets():
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return [name for name in listed if name != "busybox"]


def make_rootfs(directory):
    """A small Linux: busybox, its applets in /bin, the usual empty directories."""
    for name in _DIRECTORIES:
        (directory / name).mkdir(parents=True)
    (directory / "tmp").chmod(0o1777)
    shutil.copy(BUSYBOX, directory / "bin/busybox")
    for name in _applets():
        os.link(f"{directory}/bin/busybox", f"{directory}/bin/{name}")
    (directory / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n")
    (directory / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    return directory


class Bundle:
    """A directory with config.json and rootfs/. `config` is a plain dict: change it as you like, it is
    written when the runtime is called."""

    def __init__(self, path):
        self.path = Path(path)
        self.rootfs = make_rootfs(self.path / "rootfs")
        self.config = copy.deepcopy(_DEFAULT)
        self.raw = None  # bytes to write instead of `config`

    def write(self):
        content = json.dumps(self.config).encode() if self.raw is None else self.raw
        (self.path / "config.json").write_bytes(content)

    # Shorthand for the parts that nearly every test changes.

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    @property
    def resources(self):
        return self.config["linux"]["resources"]

    def args(self, *words):
        self.process["args"] = list(words)
        return self

    def script(self, text):
        """The program is a shell script."""
        return self.args("/bin/sh", "-c", text)

    def writable(self):
        self.config["root"]["readonly"] = False
        return self

    def capabilities(self, *names, sets=("bounding", "effective", "permitted")):
        self.process["capabilities"] = {name: list(names) for name in sets}
        return self

    def namespace(self, kind, path=None):
        """Asks for a namespace of `kind`: a new one, or the one at `path`."""
        self.inherit(kind)
        self.linux["namespaces"].append({"type": kind} if path is None else {"type": kind, "path": str(path)})
        return self

    def inherit(self, *kinds):
        """Leaves out the namespaces of these kinds: the container has the runtime's."""
        self.linux["namespaces"] = [one for one in self.linux["namespaces"] if one["type"] not in kinds]
        return self

    def user_namespace(self, host=100000, size=65536):
        """A new user namespace, container ids 0..size-1 are host ids from `host` on."""
        self.namespace("user")
        mapping = [{"containerID": 0, "hostID": host, "size": size}]
        self.linux["uidMappings"] = mapping
        self.linux["gidMappings"] = mapping
        for directory in (self.path, self.rootfs):
            directory.chmod(0o755)
        return self

    def mount(self, destination, fstype=None, source=None, options=None):
        entry = {"destination": str(destination)}
        if fstype is not None:
            entry["type"] = fstype
        if source is not None:
            entry["source"] = str(source)
        if options is not None:
            entry["options"] = list(options)
        self.config["mounts"].append(entry)
        return self

    def bind(self, source, destination, *options):
        return self.mount(destination, "bind", source, ["bind", *options])

    def without_mount(self, *destinations):
        self.config["mounts"] = [one for one in self.config["mounts"] if one["destination"] not in destinations]
        return self

    def hook(self, kind, path, *args, **more):
        entry = {"path": str(path), **more}
        if args:
            entry["args"] = list(map(str, args))
        self.config.setdefault("hooks", {}).setdefault(kind, []).append(entry)
        return self


class Canary:
    """A directory of the host that a container must not reach: any change to it is noticed."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir()
        (self.path / "file").write_text("canary\n")
        (self.path / "ptmx").write_text("canary\n")
        (self.path / "directory").mkdir()
        self._before = self._look()

    def _look(self):
        found = {}
        for directory, names, files in os.walk(self.path):
            for name in (".", *names, *files):
                path = Path(directory) / name
                at = path.lstat()
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
                found[str(path)] = (at.st_ino, at.st_mode, at.st_uid, at.st_gid, at.st_mtime_ns, content)
        return found

    def assert_unchanged(self):
        assert self._look() == self._before
