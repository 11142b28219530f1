# SPDX-License-Identifier: Apache-2.0
"""A node of Kubernetes without its kubelet: containerd with the CRI plugin, and runtimes as the handlers of RuntimeClasses."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from . import cri, engines, isolation, kernel
from .leaks import PREFIX

IMAGE = "localhost/busybox:latest"
PAUSE = "localhost/pause:latest"
PAUSES = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"]
ADDRESS = "/run/containerd.sock"
CNI = "/usr/lib/cni"
CNI_STATE = "/var/lib/cni"
SYSTEMD = engines.MANAGER == "systemd"
PODS = f"/{PREFIX}pods.slice" if SYSTEMD else f"/{PREFIX}pods"  # cgroup of all pods

# docs/kubernetes.md has the part about runtimes.
CONFIG = """
version = 2
root = "{place}/root"
state = "/run/containerd-state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd.sock"
[ttrpc]
  address = "/run/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  stats_collect_period = 1
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{cni}"
  conf_dir = "{place}/cni"
"""
HANDLER = """
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["org.example.*"]
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}.options]
  BinaryName = "{binary}"
  SystemdCgroup = {systemd}
"""
# containerd runs in a network namespace of its own: the bridge is there, and the machine's network stays as it is.
NETWORK = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [{
        "type": "bridge", "bridge": "pods", "isGateway": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.99.0.0/24"}]], "dataDir": "/run/cni"},
    }],
}


def missing_packages():
    found = {
        "containerd": shutil.which("containerd"),
        "protobuf-compiler": shutil.which("protoc"),
        "containernetworking-plugins": os.path.exists(f"{CNI}/bridge"),
    }
    return [package for package, there in found.items() if not there]


@contextlib.contextmanager
def started(binary):
    """A node whose handlers are `tare`, the runtime under test, and `runc`, the stock one."""
    has_cni_state = os.path.isdir(CNI_STATE)
    with engines.own_places() as place:
        os.makedirs(CNI_STATE, exist_ok=True)
        isolation.mount("own", CNI_STATE, "tmpfs")
        (place / "cni").mkdir()
        (place / "cni/pods.conflist").write_text(json.dumps(NETWORK))
        text = CONFIG.format(place=place, pause=PAUSE, cni=CNI)
        for name, path in {"tare": binary, "runc": shutil.which("runc")}.items():
            text += HANDLER.format(name=name, binary=path, systemd=str(SYSTEMD).lower())
        (place / "config.toml").write_text(text)
        Path("/run/containerd/s").mkdir(parents=True)  # for the sockets of shims
        node = Node(place)
        node.load(PAUSE, PAUSES)
        node.load(IMAGE, ["sh"])
        cri.Pod(node.client, "runc", "first", place, linux={"cgroup_parent": PODS}).remove()  # it makes what all pods share
        isolation.remove_cgroups(kernel.cgroup_directories(PREFIX))
        yield node
        node.end(signal.SIGTERM)
    if not has_cni_state:
        os.rmdir(CNI_STATE)


class Node:
    """containerd with its CRI plugin, and a network namespace for it that is there before and after it."""

    network = "/run/network-of-node"
    pods = PODS

    def __init__(self, place):
        self.place = place
        self.ctr = engines.Engine(["ctr", "--address", ADDRESS, "--namespace", "k8s.io"], place)
        Path(self.network).touch()
        subprocess.run(["unshare", f"--net={self.network}", "ip", "link", "set", "lo", "up"], check=True)
        self.start()

    def start(self):
        words = ["nsenter", f"--net={self.network}", "containerd", "--config", self.place / "config.toml"]
        with open(self.place / "log", "ab") as log:
            self.daemon = subprocess.Popen(words, stdout=log, stderr=log)
        self.client = cri.Client(ADDRESS, self.place)

    def end(self, number):
        self.client.close()
        self.daemon.send_signal(number)
        self.daemon.wait(20)

    def load(self, name, command):
        self.ctr.output("image", "import", engines.image_archive(self.place, name, command=command))
        kernel.eventually(lambda: self.client.ImageStatus(image={"image": name}).image.id)

    def state(self):
        """What containerd, its shims and the runtimes keep of pods."""
        places = ["/run/containerd-state/io.containerd.runtime.v2.task/k8s.io", "/run/containerd/runc/k8s.io", "/run/netns",
                  "/run/containerd-state/io.containerd.grpc.v1.cri/sandboxes", "/run/cni/pods"]
        kept = {"last_reserved_ip.0", "lock"}
        return sorted(f"{place}/{name}" for place in places if os.path.isdir(place) for name in os.listdir(place) if name not in kept)

    def cgroups(self):
        """Those of pods; kubelet makes and removes that of all pods."""
        return [path for path in kernel.cgroup_directories(PODS.strip("/")) if not path.endswith(PODS)]
