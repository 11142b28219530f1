# SPDX-License-Identifier: Apache-2.0
"""docker's networks, in a network of the tests' own, compose, and a daemon with user namespaces."""

import json
import os
import shutil
import urllib.request

import pytest
from conftest import end_docker_containers
from support import engines, isolation, kernel
from support.kernel import eventually

ENGINE = "docker"
IMAGE = engines.DOCKER_IMAGE
DEVICES = ["sh", "-c", "tail -n +3 /proc/net/dev | cut -d : -f 1"]
SERVE = ["sh", "-c", "mkdir /www && echo served > /www/index.html && exec httpd -f -p 80 -h /www"]


def run_with(docker, *options):
    return ["run", "--runtime", docker.runtime, *options]


def test_no_network(docker):
    """--network none: a loopback device and no other"""
    assert docker.output(*run_with(docker, "--rm", "--network", "none", IMAGE, *DEVICES)).split() == ["lo"]


def test_the_hosts_network(docker):
    """--network host: the devices of the daemon's network"""
    assert set(docker.output(*run_with(docker, "--rm", "--network", "host", IMAGE, *DEVICES)).split()) == isolation.network_devices()


def test_the_default_bridge(docker, name):
    """--network bridge: a container answers another one, and on a published port of the host"""
    docker.output(*run_with(docker, "--detach", "--name", name, "--publish", "8080:80", IMAGE, *SERVE))
    address = docker.inspect(name, "{{.NetworkSettings.IPAddress}}")
    fetch = ["wget", "-q", "-O", "-", f"http://{address}/"]
    eventually(lambda: docker("exec", name, *fetch).stdout == "served\n", pause=0.05)
    assert docker.output(*run_with(docker, "--rm", IMAGE, *fetch)) == "served\n"
    gateway = docker.inspect(name, "{{.NetworkSettings.Gateway}}")
    with urllib.request.urlopen(f"http://{gateway}:8080/", timeout=10) as answer:
        assert answer.read() == b"served\n"
    port = docker.output("port", name).splitlines()[0]
    assert port == "80/tcp -> 0.0.0.0:8080"


def test_a_network_of_ones_own(docker, name):
    """network create, names, --ip, network connect and disconnect of a running container"""
    docker.output("network", "create", "--subnet", "10.91.0.0/24", name)
    docker.output(*run_with(docker, "--detach", "--name", name, "--network", name, "--ip", "10.91.0.7", "--network-alias", "server", IMAGE, *SERVE))
    fetch = ["wget", "-q", "-O", "-", "http://server/"]
    eventually(lambda: docker(*run_with(docker, "--rm", "--network", name, IMAGE, *fetch)).stdout == "served\n", pause=0.1)
    docker.output("network", "connect", "bridge", name)
    assert set(docker.output("exec", name, *DEVICES).split()) == {"lo", "eth0", "eth1"}
    docker.output("network", "disconnect", "bridge", name)
    assert set(docker.output("exec", name, *DEVICES).split()) == {"lo", "eth0"}
    docker.output("rm", "--force", name)
    docker.output("network", "rm", name)


def test_the_network_of_another_container(docker, name):
    """--network container:NAME"""
    docker.output(*run_with(docker, "--detach", "--name", name, "--network", "none", IMAGE, "sleep", "60"))
    pid = docker.inspect(name, "{{.State.Pid}}")
    seen = docker.output(*run_with(docker, "--rm", "--network", f"container:{name}", IMAGE, "readlink", "/proc/self/ns/net"))
    assert seen.strip() == kernel.namespace(pid, "network")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="Debian's docker-compose is not installed")
def test_compose(docker, name, directory):
    """docker-compose: three services, one that waits for the health of another, scaled to two, and down"""
    service = {"image": IMAGE, "runtime": docker.runtime}
    healthy = {"test": ["CMD", "test", "-e", "/www/index.html"], "interval": "0.3s"}
    document = {"version": "2.4", "services": {
        "server": {**service, "command": SERVE, "healthcheck": healthy},
        "client": {**service, "command": ["sh", "-c", "wget -q -O - http://server/ && sleep 60"],
                   "depends_on": {"server": {"condition": "service_healthy"}}},
        "worker": {**service, "command": ["sleep", "60"], "mem_limit": "32m", "read_only": True, "tmpfs": ["/t"]},
    }}
    file = directory / "compose.yaml"
    file.write_text(json.dumps(document))
    words = ["docker-compose", "--host", docker.words[-1], "--project-name", name, "--file", file]
    compose = engines.Engine(words, docker.place)
    compose.output("up", "--detach", "--scale", "worker=2", seconds=120)
    eventually(lambda: "served" in compose.output("logs", "client"), seconds=20, pause=0.2)
    states = docker.output("ps", "--filter", f"label=com.docker.compose.project={name}", "--format", "{{.State}}").split()
    assert states == ["running"] * 4
    assert compose.output("exec", "-T", "worker", "sh", "-c", "touch /x 2>/dev/null || echo read-only") == "read-only\n"
    compose.output("down", "--timeout", "0", seconds=120)
    assert docker.output("ps", "--all", "--quiet") == ""


# ---- daemons with other settings -------------------------------------------------------------------


@pytest.fixture
def remapped(binary, user, runtime_of_daemon):
    """A daemon that runs containers in user namespaces."""
    with engines.own_places() as place:
        place.chmod(0o711)
        with engines.dockerd(place, binary, f"--userns-remap={user.name}", default_runtime=runtime_of_daemon) as engine:
            engine.output(*engine.run, "--rm", IMAGE, "true")
            yield engine
            end_docker_containers(engine)


@pytest.fixture(params=engines.runtimes("docker"))
def runtime_of_daemon(request):
    return request.param


def test_user_namespaces(remapped, user):
    """userns-remap: the container's root is the first subordinate id, and --userns=host is the host's"""
    maps = remapped.output(*remapped.run, "--rm", IMAGE, "cat", "/proc/self/uid_map").split()
    assert maps == ["0", str(user.sub), str(user.COUNT)]
    script = "echo mine > /x && stat -c '%u %g' /x && grep CapEff /proc/self/status | cut -f 2"
    assert remapped.output(*remapped.run, "--rm", IMAGE, "sh", "-c", script).split() == ["0", "0", "00000000a80425fb"]
    name = remapped.output(*remapped.run, "--detach", IMAGE, "sleep", "60").strip()
    pid = remapped.output("inspect", "--format", "{{.State.Pid}}", name).strip()
    assert kernel.status(pid)["Uid"].split()[0] == str(user.sub)
    assert remapped.output("exec", name, "id", "-u") == "0\n"
    assert remapped.output(*remapped.run, "--rm", "--userns", "host", IMAGE, "cat", "/proc/self/uid_map").split()[1] == "0"


@pytest.fixture
def with_buildkit(binary, runtime_of_daemon, directory):
    """A daemon in whose PATH the first runc is a script that notes its arguments and calls the runtime."""
    script = directory / "runc"
    script.write_text(f'#!/bin/sh\necho "$@" >> {directory}/calls\nexec {engines.path_of(runtime_of_daemon, binary)} "$@"\n')
    script.chmod(0o755)
    with engines.own_places() as place:
        with engines.dockerd(place, binary, path=f"{directory}:{os.environ['PATH']}") as engine:
            yield engine
            end_docker_containers(engine)


def test_buildkit(with_buildkit, directory):
    """build with BuildKit inside dockerd: RUN steps go to the first runc in the daemon's PATH, not to default-runtime"""
    (directory / "Dockerfile").write_text(f"FROM {IMAGE}\nENV A=b\nUSER 1000\nRUN id -u > /tmp/made && echo $A >> /tmp/made\n")
    client = engines.Engine(["env", "DOCKER_BUILDKIT=1", *with_buildkit.words], with_buildkit.place)
    client.output("build", "--network", "none", "--tag", "built", directory, seconds=120)
    assert any(" run " in f" {call} " for call in (directory / "calls").read_text().splitlines())
    assert with_buildkit.output(*with_buildkit.run, "--rm", "built", "cat", "/tmp/made") == "1000\nb\n"
    broken = client("build", "--network", "none", "--build-arg", "x=y", "-f", "-", directory, text=f"FROM {IMAGE}\nRUN exit 9\n")
    assert broken.returncode != 0
    assert "exit code: 9" in broken.stderr
