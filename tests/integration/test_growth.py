# SPDX-License-Identifier: Apache-2.0
"""Containers come and go by the thousand, and the machine is as it was."""

import os
import subprocess
from pathlib import Path

import pytest
from support import isolation, kernel, leaks
from support.kernel import eventually

V2 = set(kernel.cgroups("self")) == {""}
CONTAINERS = 100 if V2 else 1000  # the machine with nothing but v2 is a slow one
WORKERS = 2
OTHERS = 60  # cgroups that others on this machine, systemd for one, may make meanwhile


def cgroup_counts():
    """How many cgroups each hierarchy has, those included that are removed and still in use."""
    if V2:
        lines = Path("/sys/fs/cgroup/cgroup.stat").read_text().splitlines()
        return {name: int(number) for name, _, number in (line.partition(" ") for line in lines)
                if name in ("nr_descendants", "nr_dying_descendants")}
    lines = [line.split() for line in Path("/proc/cgroups").read_text().splitlines()[1:]]
    return {name: int(count) for name, _, count, _ in lines}


def grown(before):
    now = cgroup_counts()
    return {name: f"{before[name]} -> {now[name]}" for name in before if now[name] > before[name] + OTHERS}


def reaped():
    isolation.reap_dead_children()
    return [pid for pid in kernel.descendants(os.getpid()) if kernel.is_alive(pid)]


@pytest.mark.tare_only  # others may; what is asked of them is in test_cgroups.py
def test_nothing_grows(runtime, bundle):
    bundle.resources.update(pids={"limit": 20}, memory={"limit": 64 << 20}, cpu={"shares": 512})
    bundle.args("true").write()
    runtime.create(bundle).delete("--force").ok()  # makes the store
    before, cgroups, alive = leaks.snapshot([runtime.root]), cgroup_counts(), set(reaped())
    names = [f"{runtime.new_id()}-" for _ in range(WORKERS)]
    runtime.ids.clear()
    tare = " ".join(runtime.command())
    # Every second one is started; by a shell, as starting Python's children would take most of the time.
    loop = (f"set -e; for n in $(seq {CONTAINERS // WORKERS}); do {tare} create --bundle {bundle.path} $0$n; "
            f"[ $((n % 2)) = 0 ] || {tare} start $0$n; {tare} delete --force $0$n; done")
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    workers = [subprocess.Popen(["/bin/sh", "-c", loop, name], **quiet) for name in names]
    assert [worker.wait(600) for worker in workers] == [0] * WORKERS
    eventually(lambda: not set(reaped()) - alive)
    assert leaks.snapshot([runtime.root]).added_since(before) == []
    assert runtime.stored() == []
    eventually(lambda: not grown(cgroups), seconds=30, pause=0.5)
