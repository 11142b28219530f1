# SPDX-License-Identifier: Apache-2.0
"""Containers as units of the machine's systemd: Quadlet's files, and --cgroups=split. systemd calls podman outside of the
tests' mount namespace, so these containers are in podman's usual places, by names of the tests' own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import engines, kernel
from support.kernel import eventually
from support.leaks import PREFIX

ENGINE = "podman"
pytestmark = pytest.mark.systemd
FILES = Path("/run/containers/systemd")
IMAGE = f"localhost/{PREFIX}units"
WAIT = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


class Machine:
    """The machine's own podman with a runtime, and its systemd."""

    def __init__(self, runtime, path):
        self.podman = engines.machines_podman(path, runtime=runtime)
        self.path = path

    def systemctl(self, *words, fails=False):
        done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
        assert fails or done.returncode == 0, (words, done, self.journal(words[-1]))
        return done.stdout.strip()

    def show(self, unit, name):
        return self.systemctl("show", "-P", name, unit)

    def journal(self, unit):
        words = ["journalctl", "--unit", unit, "--output", "cat", "--no-pager"]
        return subprocess.run(words, capture_output=True, text=True).stdout

    def add(self, name, *sections):
        """A file of Quadlet's. Each container of it is run by the runtime under test."""
        FILES.mkdir(parents=True, exist_ok=True)
        runtime = f"GlobalArgs=--runtime={self.path}"
        text = "\n".join(line for section, *lines in sections for line in (f"[{section}]", *lines, *[runtime][:section in KINDS]))
        (FILES / name).write_text(text + "\n")

    def container(self, name, *lines, script=WAIT):
        self.add(f"{name}.container", [
            "Container", f"Image={IMAGE}", f"ContainerName={name}", f'Exec=sh -c "{script}"', *lines,
        ], ["Service", "Restart=on-failure", "RestartSec=0"])

    def cgroup(self, name):
        return kernel.cgroups(self.podman.pid_of(name))[""]

    def holds(self):
        """What it has of containers."""
        places = [path for path in (Path("/run/netns"), FILES) if path.is_dir()]
        lists = [["ps", "--all"], ["pod", "ps"], ["volume", "ls"]]
        return {
            "files": sorted(str(file) for place in places for file in place.iterdir()),
            "of podman": [self.podman.output(*words, "--quiet").split() for words in lists],
            "mounts": sorted(mount.point for mount in kernel.mounts(1)),
            "cgroups": sorted(kernel.cgroup_directories("libpod")),
        }


KINDS = ("Container", "Volume", "Pod")


@pytest.fixture(scope="module")
def places(binary):
    """podman's places have all that podman itself leaves there, and the image."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    place = engines.new_place()
    engines.machines_podman(binary).output("import", "--quiet", engines.image_layer(place), IMAGE)
    shutil.rmtree(place)
    for runtime in engines.runtimes("podman"):
        podman = engines.machines_podman(engines.path_of(runtime, binary))
        podman.output("run", "--rm", "--network=none", IMAGE, "true")
    yield
    podman.output("image", "rm", IMAGE)


@pytest.fixture(params=engines.runtimes("podman"))
def machine(places, binary, request):
    machine = Machine(request.param, engines.path_of(request.param, binary))
    before = machine.holds()
    yield machine
    for file in FILES.glob(f"{PREFIX}*"):
        kind = file.suffix.removeprefix(".")
        unit = file.stem if kind == "container" else f"{file.stem}-{kind}"
        machine.systemctl("stop", unit, fails=True)
        machine.systemctl("reset-failed", unit, fails=True)
        if kind == "volume":
            machine.podman("volume", "rm", file.stem)
        file.unlink()
    machine.systemctl("daemon-reload")
    eventually(lambda: machine.holds() == before, seconds=20, pause=0.5)


def test_a_container_and_a_volume(machine, name):
    """Quadlet: a .container with a .volume is ready, is started again when it was killed, and stops

    Quadlet asks for --cgroups=split: the container is in the cgroup of its unit."""
    machine.add(f"{name}.volume", ["Volume", f"VolumeName={name}"])
    machine.container(name, "Network=none", f"Volume={name}.volume:/data", "HealthCmd=test -e /data/ran",
                      script=f"echo ran >> /data/ran; echo it runs; {WAIT}")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", name)
    assert machine.show(name, "SubState") == "running"
    assert machine.podman.inspect(name, "{{.OCIRuntime}}") == str(machine.path)
    first, number = machine.podman.pid_of(name), machine.podman.inspect(name, "{{.Id}}")
    assert machine.cgroup(name).startswith(f"/system.slice/{name}.service/libpod-payload-{number}")
    assert machine.podman("healthcheck", "run", name).returncode == 0
    eventually(lambda: "it runs" in machine.journal(name), pause=0.2)
    os.kill(first, 9)
    eventually(lambda: machine.show(name, "NRestarts") == "1", seconds=30, pause=0.5)
    eventually(lambda: machine.show(name, "SubState") == "running", seconds=30, pause=0.5)
    assert machine.podman.output("exec", name, "cat", "/data/ran") == "ran\nran\n"
    machine.systemctl("stop", name)
    assert machine.show(name, "ActiveState") == "inactive"
    assert machine.show(name, "Result") == "success"
    assert machine.podman("container", "exists", name).returncode == 1
    assert not kernel.is_alive(first)


def test_a_container_that_says_when_it_is_ready(machine, name):
    """Quadlet, Notify=true: the unit is active when the container's program has sent READY=1, and not before"""
    script = "until [ -e /tmp/go ]; do sleep 0.1; done; systemd-notify --ready; " + WAIT
    volumes = [f"Volume={path}:{there}:ro" for path, there in {"/usr": "/usr", "/usr/lib": "/lib", "/usr/lib64": "/lib64"}.items()]
    machine.container(name, "Network=none", "Notify=true", *volumes, script=script)
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "--no-block", name)
    eventually(lambda: machine.podman("exec", name, "true").returncode == 0, seconds=30, pause=0.5)
    assert machine.show(name, "ActiveState") == "activating"
    machine.podman.output("exec", name, "touch", "/tmp/go")
    eventually(lambda: machine.show(name, "ActiveState") == "active", seconds=30, pause=0.2)


def test_a_pod(machine, name):
    """Quadlet: a .pod with two .containers, which share its network, starts and stops as a whole"""
    machine.add(f"{name}.pod", ["Pod", f"PodName={name}", "PodmanArgs=--network=none"])
    parts = [f"{name}{part}" for part in ("a", "b")]
    for part in parts:
        machine.container(part, f"Pod={name}.pod")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", f"{name}-pod")
    eventually(lambda: all(machine.show(part, "SubState") == "running" for part in parts), seconds=60, pause=0.5)
    pids = [machine.podman.pid_of(part) for part in parts]
    assert len({kernel.namespace(pid, "network") for pid in pids}) == 1
    assert len({kernel.namespace(pid, "mount") for pid in pids}) == 2
    machine.systemctl("stop", f"{name}-pod")
    assert [machine.show(part, "ActiveState") for part in parts] == ["inactive", "inactive"]
    assert machine.podman("pod", "exists", name).returncode == 1
    assert not [pid for pid in pids if kernel.is_alive(pid)]


def test_a_split_cgroup(machine, name):
    """--cgroups=split: the container and its conmon are in cgroups of the unit that runs podman"""
    words = [*machine.podman.words, "run", "--rm", "--name", name, "--network=none", "--cgroups=split", IMAGE, "sh", "-c", WAIT]
    subprocess.run(["systemd-run", "--quiet", "--collect", f"--unit={name}", "--property=Delegate=yes", "--property=KillMode=mixed",
                    *words], check=True)
    eventually(lambda: machine.podman("exec", name, "true").returncode == 0, seconds=30, pause=0.5)
    unit, number = f"/system.slice/{name}.service", machine.podman.inspect(name, "{{.Id}}")
    assert machine.cgroup(name).startswith(f"{unit}/libpod-payload-{number}")
    conmon = int(machine.podman.inspect(name, "{{.State.ConmonPid}}"))
    assert kernel.cgroups(conmon)[""] == f"{unit}/runtime"
    machine.podman.output("stop", "--time", "10", name)
    eventually(lambda: not kernel.cgroup_directories(f"{name}.service"), seconds=20, pause=0.2)
