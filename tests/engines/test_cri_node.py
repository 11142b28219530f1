# SPDX-License-Identifier: Apache-2.0
"""A node of Kubernetes for each test: its engine crashes, and probes go on for long."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from support import kernel

nodes = pytest.importorskip("support.node", reason="python3-grpcio is not installed")
pytest_plugins = ["support.pods"]
missing = nodes.missing_packages()
ENGINE = "containerd"  # the part of docs/engines.md
pytestmark = pytest.mark.skipif(missing != [], reason=f"not installed: {missing}")

# kubelet probes each second; ten minutes of that: make test-engines-long
SECONDS = int(os.environ.get("TARE_PROBE_SECONDS", 10))
PAUSE = 1 if SECONDS > 60 else 0.1


@pytest.fixture
def node(binary):
    with nodes.started(binary) as node:
        yield node


def test_the_engine_is_killed_and_comes_back(pod, node):
    container = pod.create(nodes.IMAGE, "main", "sleep", "300").start()
    pid = container.pid
    node.end(signal.SIGKILL)
    node.start()
    container.client = pod.client = node.client
    assert (container.status().state, container.pid) == (nodes.cri.RUNNING, pid)
    assert container.run("echo", "here") == (0, "here\n", "")
    container.stop(0)
    assert container.status().exit_code == 137


def test_liveness_probes_leave_nothing_behind(pod, node):
    # What grew by something at each probe would have it many times over at the end. A shim starts a thread now and then.
    container = pod.create(nodes.IMAGE, "main", "sleep", "10000").start()
    probes = 0

    def probe(seconds):
        nonlocal probes
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert container.run("sh", "-c", "test -e /etc/passwd && echo healthy", seconds=5) == (0, "healthy\n", "")
            probes += 1
            time.sleep(PAUSE)

    probe(3)
    before, probes = holds(node, container), 0
    probe(SECONDS)
    assert probes > min(SECONDS, 60) / 2
    grown = holds(node, container) - before  # only what is more
    assert all(more < max(probes / 10, 3) for more in grown.values()), (grown, probes)
    assert not grown.keys() - {"descriptors of containerd", "threads of containerd", "descriptors of containerd-shim",
                               "threads of containerd-shim"}, grown


def holds(node, container):
    """What the machine holds for this container, by number."""
    found = Counter(cgroups=len(kernel.cgroup_directories(container.id)), state=len(node.state()),
                    mounts=len(kernel.mounts()), files=sum(1 for _ in Path("/run").rglob("*")))
    for pid in [*kernel.descendants(os.getpid())]:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        found[f"processes {name}"] += 1
        found[f"descriptors of {name}"] += len(kernel.descriptors(pid))
        found[f"threads of {name}"] += len(os.listdir(f"/proc/{pid}/task"))
    return found
