# SPDX-License-Identifier: Apache-2.0
"""podman's pods, whose containers join the namespaces of an infra container, and kube play."""

import json

import pytest
from support import engines, kernel
from support.engines import IMAGE
from support.kernel import eventually

ENGINE = "podman"


@pytest.fixture(scope="module")
def hooks(podman_place):
    """A directory with a hook of podman's own that removes the limits of an infra container, which no option sets: root
    may be without CAP_SYS_RESOURCE, as on this machine."""
    directory = podman_place / "hooks"
    directory.mkdir()
    program = directory / "no-limits"
    program.write_text("#!/bin/sh\nexec sed -E 's/\"rlimits\":\\[[^]]*\\]/\"rlimits\":[]/'\n")
    program.chmod(0o755)
    hook = {"version": "1.0.0", "hook": {"path": str(program)}, "when": {"always": True}, "stages": ["precreate"]}
    (directory / "no-limits.json").write_text(json.dumps(hook))
    return directory


@pytest.fixture
def podman(podman, hooks):
    podman.words += ["--hooks-dir", str(hooks)]
    return podman


@pytest.fixture
def pod(podman, name):
    """The name of a pod without a network."""
    podman.output("pod", "create", "--name", name, "--network", "none", *podman.parent)
    return name


def test_a_pod(podman, pod):
    """pod create, two containers with its network, IPC and host name, pod stop, start and rm"""
    for member in ("one", "two"):
        podman.output("run", "--detach", "--pod", pod, "--name", f"{pod}-{member}", *engines.LIMITS, IMAGE, "sleep", "60")
    infra = podman.output("pod", "inspect", "--format", "{{.InfraContainerID}}", pod).strip()

    def namespaces(container):
        pid = podman.pid_of(container)
        return [kernel.namespace(pid, kind) for kind in ("network", "ipc", "uts")], kernel.namespace(pid, "mount")

    shared, own = zip(*map(namespaces, (infra, f"{pod}-one", f"{pod}-two")), strict=True)
    assert shared[0] == shared[1] == shared[2]
    assert len(set(own)) == 3
    assert podman.output("exec", f"{pod}-one", "hostname") == f"{pod}\n"

    podman.output("pod", "stop", "--time", "0", pod)
    assert podman.output("pod", "ps", "--format", "{{.Status}}") == "Exited\n"
    podman.output("pod", "start", pod)
    assert podman.output("exec", f"{pod}-two", "echo", "again") == "again\n"
    podman.output("pod", "rm", "--force", "--time", "0", pod)
    assert podman.output("ps", "--all", "--quiet") == ""


def test_pause_of_a_pod(podman, pod):
    """pod pause, unpause and kill"""
    podman.output("run", "--detach", "--pod", pod, "--name", f"{pod}-one", *engines.LIMITS, IMAGE, "sleep", "60")
    engines.pause(podman, "pod", "pause", pod)
    assert podman.inspect(f"{pod}-one", "{{.State.Status}}") == "paused"
    podman.output("pod", "unpause", pod)
    podman.output("pod", "kill", pod)
    eventually(lambda: podman.inspect(f"{pod}-one", "{{.State.ExitCode}}") == "137", pause=0.05)


def test_a_shared_pid_namespace(podman, name):
    """pod create --share pid: a container sees the processes of the others"""
    podman.output("pod", "create", "--name", name, "--network", "none", "--share", "pid,ipc,uts,net", *podman.parent)
    podman.output("run", "--detach", "--pod", name, *engines.LIMITS, IMAGE, "sleep", "77")
    seen = podman.output("run", "--rm", "--pod", name, *engines.LIMITS, IMAGE, "ps", "-o", "args")
    assert "sleep 77" in seen and "ps -o args" in seen


def test_kube_play(podman, name, directory):
    """kube play: two containers with environment, limits, a shared and a host volume, a security context; kube down"""
    (directory / "file").write_text("of the host\n")
    security = {"runAsUser": 1000, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["all"]}}
    document = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {"name": "writer", "image": IMAGE, "imagePullPolicy": "Never", "env": [{"name": "A", "value": "b"}],
                 "command": ["/bin/sh", "-c", "cat /host/file; echo $A; sleep 60"],
                 "volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": True}],
                 "resources": {"limits": {"memory": "64Mi"}}},
                {"name": "reader", "image": IMAGE, "imagePullPolicy": "Never", "securityContext": security,
                 "command": ["/bin/sh", "-c", "id -u; touch /x 2>/dev/null || echo read-only; sleep 60"]},
            ],
            "volumes": [{"name": "host", "hostPath": {"path": str(directory), "type": "Directory"}}],
        },
    }
    file = directory / "pod.yaml"
    file.write_text(json.dumps(document))  # which is YAML
    podman.output("kube", "play", "--network", "none", file)
    eventually(lambda: podman.output("logs", f"{name}-writer") == "of the host\nb\n", pause=0.05)
    eventually(lambda: podman.output("logs", f"{name}-reader") == "1000\nread-only\n", pause=0.05)
    pid = podman.pid_of(f"{name}-writer")
    limit = "memory.max" if engines.ONLY_V2 else "memory.limit_in_bytes"
    assert kernel.cgroup_value(pid, "memory", limit) == str(64 << 20)
    podman.output("kube", "down", file)
    assert podman.output("ps", "--all", "--quiet") == ""
