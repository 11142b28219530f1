# SPDX-License-Identifier: Apache-2.0
"""docker swarm: two engines, each with a network, mounts and a host name of its own, and a service of twenty replicas.

It takes minutes: `make test-engines-long`. The service is in the network of its node: swarm's own networks need IPVS,
which not every kernel has, and they are docker's, not the runtime's."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
from support import engines, isolation, kernel
from support.kernel import eventually
from support.leaks import PREFIX

DAEMON = shutil.which("dockerd", path="/usr/sbin:/usr/bin")
ENGINE = "docker"  # the part of docs/engines.md
IMAGE = "localhost/busybox"
REPLICAS = 20

pytestmark = [
    pytest.mark.skipif(DAEMON is None, reason="docker is not installed"),
    pytest.mark.skipif("TARE_LONG" not in os.environ, reason="takes minutes: make test-engines-long"),
]

# A node has its own network, host name and /run, also while its engine is down.
NODE = """
ip link set lo up
hostname {name}
mount -t tmpfs own /run
echo ready
exec sleep 3600
"""


class Node:
    def __init__(self, place, name, address, runtime):
        self.name, self.address, self.runtime = name, address, runtime
        self.place = place / name
        self.place.mkdir()
        own = ["--net", "--uts", "--mount"]
        self.holder = subprocess.Popen(["unshare", *own, "sh", "-ec", NODE.format(name=name)], stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"
        self.within = ["nsenter", f"--target={self.holder.pid}", *own]
        self.docker = engines.Engine(["docker", "--host", f"unix://{self.place}/docker.sock"], place)
        self.cgroup = f"{PREFIX}{name}"

    def start(self):
        (self.place / "daemon.json").write_text("{}")  # not the machine's own
        words = [DAEMON, "--config-file", self.place / "daemon.json", "--data-root", self.place / "data", "--exec-root", self.place / "exec",
                 "--pidfile", self.place / "pid", "--host", f"unix://{self.place}/docker.sock", "--bridge=none", "--iptables=false",
                 "--ip6tables=false", "--ip-forward=false", "--cgroup-parent", f"/{self.cgroup}",
                 "--exec-opt", "native.cgroupdriver=cgroupfs"]
        if self.runtime:
            words += ["--add-runtime", f"tare={self.runtime}", "--default-runtime=tare"]
        (self.place / "pid").unlink(missing_ok=True)
        with open(self.place / "log", "ab") as log:
            self.daemon = subprocess.Popen([*self.within, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(lambda: self.docker("version").returncode == 0, seconds=60, pause=0.1)

    def end(self, number):
        containerd = int((self.place / "exec/containerd/containerd.pid").read_text())
        self.daemon.send_signal(number)
        self.daemon.wait(60)
        # dockerd takes a containerd that nobody has reaped for one that runs.
        eventually(lambda: isolation.reap_dead_children() or kernel.process_state(containerd) is None, seconds=20)

    def containers(self):
        """Also of tasks that ended: docker keeps some of these as long as the service is there."""
        return self.docker.output("ps", "--all", "--quiet").split()

    def left(self):
        """What is there of containers besides what docker lists."""
        state = [path for path in (self.place / "exec").rglob("moby/*") if path.is_dir() and len(path.name) == 64]
        networks = [path for path in (self.place / "exec/netns").glob("*") if re.fullmatch("[0-9a-f]{12}", path.name)]  # not swarm's
        return [*kernel.cgroup_directories(f"{self.cgroup}/"), *state, *networks]


def await_none(what, seconds=120):
    """`what` of a node: in the end there is none; what there is, is printed."""
    deadline = time.monotonic() + seconds
    while (found := what()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not found, found


def join_by_a_cable(one, two):
    cable = ["ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(two.holder.pid)]
    subprocess.run([*one.within, *cable], check=True)
    for node in (one, two):
        subprocess.run([*node.within, "ip", "address", "add", f"{node.address}/24", "dev", "cable"], check=True)
        subprocess.run([*node.within, "ip", "link", "set", "cable", "up"], check=True)


@pytest.fixture(params=["tare", "runc"])
def nodes(binary, request):
    with engines.own_places() as place:
        one, two = (Node(place, f"n{number}", f"10.98.0.{number}", binary if request.param == "tare" else None) for number in (1, 2))
        join_by_a_cable(one, two)
        for node in (one, two):
            node.start()
            for tag in ("first", "second"):
                node.docker.output("import", "--change", f"LABEL tag={tag}", engines.image_layer(node.place), f"{IMAGE}:{tag}")
        one.docker.output("swarm", "init", "--advertise-addr", one.address)
        token = one.docker.output("swarm", "join-token", "--quiet", "worker").strip()
        two.docker.output("swarm", "join", "--token", token, "--advertise-addr", two.address, f"{one.address}:2377")
        assert f"Default Runtime: {request.param}" in one.docker.output("info")
        yield one, two
        for node in (two, one):
            node.docker("swarm", "leave", "--force")
            node.end(signal.SIGTERM)
            node.holder.kill()
            node.holder.wait()
            node.holder.stdout.close()
        isolation.reap_dead_children()


def running(manager, tag=None):
    """How many replicas run on each node, of an image or of any."""
    lines = manager.docker.output("service", "ps", "--no-trunc", "--format", "{{.Node}} {{.Image}} {{.DesiredState}} {{.CurrentState}}", "s").splitlines()
    tasks = [line.split() for line in lines]
    return Counter(node for node, image, wanted, now, *_ in tasks
                   if (wanted, now) == ("Running", "Running") and tag in (None, image.rpartition(":")[2]))


def watched(manager, *words):
    """Runs a command of docker to its end and returns the fewest replicas that ran meanwhile."""
    command = subprocess.Popen([*manager.docker.words, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    fewest = REPLICAS
    while command.poll() is None:
        fewest = min(fewest, running(manager).total())
        time.sleep(0.2)
    output = command.stdout.read()
    command.stdout.close()
    assert command.returncode == 0, output
    return fewest


def test_a_service_lives_through_all_that_a_swarm_does(nodes):
    one, two = nodes
    script = "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"
    updates = itertools.chain.from_iterable(
        (f"--{what}-parallelism=5", f"--{what}-delay=0s", f"--{what}-monitor=1s", f"--{what}-order=start-first") for what in ("update", "rollback"))
    one.docker.output("service", "create", "--name", "s", "--replicas", "4", "--network", "host", "--no-resolve-image",
                      "--stop-grace-period", "5s", *updates, f"{IMAGE}:first", "sh", "-c", script, seconds=120)
    assert running(one, "first").total() == 4

    one.docker.output("service", "scale", f"s={REPLICAS}", seconds=180)
    assert running(one, "first") == {"n1": 10, "n2": 10}

    assert watched(one, "service", "update", "--no-resolve-image", "--image", f"{IMAGE}:second", "s") == REPLICAS
    assert running(one, "second").total() == REPLICAS and not running(one, "first")

    assert watched(one, "service", "rollback", "s") == REPLICAS
    assert running(one, "first").total() == REPLICAS and not running(one, "second")

    one.docker.output("node", "update", "--availability", "drain", "n2")
    eventually(lambda: running(one) == {"n1": REPLICAS}, seconds=120, pause=0.5)
    await_none(two.left)

    one.docker.output("node", "update", "--availability", "active", "n2")
    one.docker.output("service", "update", "--force", "s", seconds=180)
    eventually(lambda: running(one).total() == REPLICAS and running(one)["n2"] > 0, seconds=120, pause=0.5)

    two.end(signal.SIGKILL)
    eventually(lambda: running(one) == {"n1": REPLICAS}, seconds=180, pause=1)
    two.start()
    eventually(lambda: "Ready" in one.docker.output("node", "ls", "--filter", "name=n2", "--format", "{{.Status}}"), seconds=120, pause=1)
    await_none(two.left)

    one.docker.output("service", "rm", "s")
    for node in nodes:
        await_none(node.containers)
        await_none(node.left)
