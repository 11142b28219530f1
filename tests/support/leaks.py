# SPDX-License-Identifier: Apache-2.0
"""The leak oracle: what a machine holds besides the container must be the same before and after.

Other work may go on on the machine. So each look is narrow: mounts of our own mount namespace, cgroups
with our own prefix in the path, our own descendants, and the directories a runtime could drop things in.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from . import isolation, kernel

# Every id and every cgroup of a test run carries this.
PREFIX = f"tt{os.getpid()}x"

_OTHERS = "tare-"  # tests and people at work beside us call their files so


@dataclass(frozen=True)
class Snapshot:
    mounts: frozenset
    cgroups: frozenset
    processes: frozenset
    files: frozenset

    def added_since(self, before):
        """What is here now and was not before, as lines to print; also what went missing of mounts and files.

        A mount whose directory is gone too fell with it: somebody else removed that.
        """
        lines = []
        for name in ("mounts", "cgroups", "processes", "files"):
            new, old = getattr(self, name), getattr(before, name)
            lines += [f"left behind ({name}): {item}" for item in sorted(map(str, new - old))]
        lines += [f"gone (files): {item}" for item in sorted(before.files - self.files)]
        lines += [f"gone (mounts): {item}" for item in before.mounts - self.mounts if os.path.lexists(item[2])]
        return lines


def _entries(directory, keep=lambda name: True):
    try:
        return {f"{directory}/{name}" for name in os.listdir(directory) if keep(name) and not name.startswith(_OTHERS)}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _files(stores):
    found = _entries("/run") | _entries("/dev", lambda name: name != "pts")
    for directory in ("/tmp", "/var/tmp", "/dev/shm", "/"):
        found |= _entries(directory, lambda name: "tare" in name or PREFIX in name)
    for store in stores:
        found |= _entries(store)
    return frozenset(found)


def _processes():
    found = set()
    for pid in kernel.descendants(os.getpid()):
        if kernel.is_alive(pid):
            try:
                found.add((pid, Path(f"/proc/{pid}/comm").read_text().strip()))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return frozenset(found)


def snapshot(stores=()):
    """`stores` are the --root directories in use."""
    isolation.reap_dead_children()
    mounts = frozenset((mount.device, mount.root, mount.point, mount.propagation) for mount in kernel.mounts()
                       if not str(mount.point).endswith("/root/overlay"))  # podman's own, when it likes
    return Snapshot(mounts, frozenset(kernel.cgroup_directories(PREFIX)), _processes(), _files(stores))
