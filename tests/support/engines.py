# SPDX-License-Identifier: Apache-2.0
"""What podman, containerd and docker need to run beside the rest of the machine: places of their own, and an image."""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import isolation, kernel
from .bundle import make_rootfs
from .leaks import PREFIX
from .machine import MACHINE

ONLY_V2 = set(kernel.cgroups("self")) == {""}
# Who makes cgroups for an engine: systemd where it is (tests/guest), as engines have it by default.
MANAGER = "systemd" if ONLY_V2 and Path("/run/systemd/system").is_dir() else "cgroupfs"

# The runtimes that an engine calls in each scenario: the one under test, and as control the one that Debian installs
# with the engine. crun is podman's, but on a host with v1 and v2 it starts no container ("cgroups in hybrid mode not
# supported"): there runc takes its place.
UNDER_TEST = "tare"
CONTROL = {"docker": "runc", "containerd": "runc", "podman": "crun" if ONLY_V2 else "runc", "umoci": "runc"}


def runtimes(engine):
    return [UNDER_TEST, CONTROL[engine]]


def control_cannot(reason):
    """A mark: the control of Debian 12 fails in this scenario, on this machine at least."""
    return pytest.mark.control_cannot(reason)


def limit(controller, file, unified_file):
    """The path in a container of a file of its own cgroup."""
    return f"/sys/fs/cgroup/{unified_file}" if ONLY_V2 else f"/sys/fs/cgroup/{controller}/{file}"


# One that no driver has: where it is allowed it fails for another reason.
OPEN_A_DEVICE = 'mknod /dev/d c 42 7; case $( (: < /dev/d) 2>&1) in *"not permitted"*) echo denied;; *) echo allowed;; esac'

# What docker and podman write alike: options of run, a script, and what it prints.
RUN_OPTIONS = [
    (["--env", "A=b c"], "echo $A", "b c"),
    (["--workdir", "/usr/bin"], "pwd", "/usr/bin"),
    (["--user", "1000:1000"], "id -u", "1000"),
    (["--hostname", "named"], "hostname", "named"),
    (["--read-only"], "touch /x 2>/dev/null || echo read-only", "read-only"),
    (["--tmpfs", "/m:size=64k"], "stat -f -c %T /m", "tmpfs"),
    (["--cap-drop", "all"], "grep CapEff /proc/self/status | cut -f 2", "0000000000000000"),
    (["--security-opt", "no-new-privileges"], "grep NoNewPrivs /proc/self/status | cut -f 2", "1"),
    (["--sysctl", "kernel.msgmax=4321"], "cat /proc/sys/kernel/msgmax", "4321"),
    (["--device", "/dev/full:/dev/other"], "echo x 2>/dev/null >/dev/other || echo full", "full"),
    (["--cap-add", "MKNOD", "--device-cgroup-rule", "c 42:* rwm"], OPEN_A_DEVICE, "allowed"),
    (["--cap-add", "MKNOD", "--device-cgroup-rule", "c *:7 rwm"], OPEN_A_DEVICE, "allowed"),
    (["--cap-add", "MKNOD", "--device-cgroup-rule", "c 42:6 rwm"], OPEN_A_DEVICE, "denied"),
    (["--pid", "host"], "test $$ -gt 1 && echo host", "host"),
    pytest.param(["--privileged"], "grep Seccomp: /proc/self/status | cut -f 2", "0",
                 marks=control_cannot("runc wants all capabilities, of which docker has one too few on this machine")),
    ([], "grep Seccomp: /proc/self/status | cut -f 2", "2"),
    (["--memory", "64m"], f"cat {limit('memory', 'memory.limit_in_bytes', 'memory.max')}", str(64 << 20)),
    (["--pids-limit", "50"], f"cat {limit('pids', 'pids.max', 'pids.max')}", "50"),
    (["--cpus", "0.5"], f"cut -d ' ' -f 1 {limit('cpu', 'cpu.cfs_quota_us', 'cpu.max')}", "50000"),
]


def new_place():
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}-engine-"))


@contextlib.contextmanager
def own_places():
    """/run, /dev/shm and a network of our own for the time being, and a directory for storage. systemd stays within
    reach."""
    place = new_place()
    before = {mount.number for mount in kernel.mounts()}
    kept = {name: os.open(name, os.O_PATH) for name in ("/run/systemd", "/run/dbus") if os.path.isdir(name)}
    Path("/var/lib/cni").mkdir(exist_ok=True)
    for directory in ("/run", "/dev/shm", "/var/lib/cni"):  # the last for the networks of podman 4
        isolation.mount("own", directory, "tmpfs")
    for name, descriptor in kept.items():
        os.mkdir(name)
        isolation.bind(f"/proc/self/fd/{descriptor}", name)
        os.close(descriptor)
    if shutil.which("criu"):  # it keeps what it learns of the kernel in /run
        subprocess.run(["criu", "check"], capture_output=True)
    try:
        with isolation.own_network():
            yield place
    finally:
        isolation.end_children()
        isolation.remove_cgroups(kernel.cgroup_directories(PREFIX))
        for mount in reversed(kernel.mounts()):
            if mount.number not in before:
                isolation.unmount(mount.point)
        shutil.rmtree(place)


def image_layer(place, programs=None):
    """A tar archive of a busybox root file system, with all its programs or these."""
    rootfs = make_rootfs(place / "image")
    for program in (rootfs / "bin").iterdir():
        if programs and program.name not in programs:
            program.unlink()
    return archive_of(rootfs, place)


def archive_of(rootfs, place):
    archive = place / "layer.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(rootfs, arcname=".")
    shutil.rmtree(rootfs)
    return archive


def systemd_layer(place):
    """A tar archive of a root file system for this machine's systemd: /usr is to be mounted. A unit of it says hello."""
    root = place / "image"
    units = root / "etc/systemd/system"
    units.mkdir(parents=True)
    for name in ("usr", "var", "tmp", "run", "proc", "sys", "dev", "root"):
        (root / name).mkdir()
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    # An empty machine-id: a systemd that finds none enables all units that it finds.
    for name, text in {"os-release": "ID=test\n", "passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n", "machine-id": ""}.items():
        (root / "etc" / name).write_text(text)
    (units / "hello.service").write_text("[Service]\nExecStart=sh -c 'echo hello from a unit; exec sleep 1000'\n")
    (units / "multi-user.target.wants").mkdir()
    (units / "multi-user.target.wants/hello.service").symlink_to("../hello.service")
    (units / "default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")
    for name in ("ldconfig", "systemd-journal-catalog-update", "systemd-logind"):  # slow, and nothing needs them
        (units / f"{name}.service").symlink_to("/dev/null")
    return archive_of(root, place)


def image_archive(place, name, programs=None, command=("sh",)):
    """The same as an OCI image in a tar archive (image-layout.md), made by hand."""
    layer = image_layer(place, programs)
    blobs = {}

    def blob(media_type, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def document(media_type, value):
        return blob(f"application/vnd.oci.image.{media_type}+json", json.dumps(value).encode())

    data = layer.read_bytes()
    layer_descriptor = blob("application/vnd.oci.image.layer.v1.tar", data)
    config = {
        "architecture": MACHINE.image,
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": list(command)},
        "rootfs": {"type": "layers", "diff_ids": [layer_descriptor["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": document("config.v1", config),
        "layers": [layer_descriptor],
    }
    descriptor = document("manifest.v1", manifest)
    descriptor["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": "latest"}
    archive = place / "image.tar"
    with tarfile.open(archive, "w") as tar:
        files = {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode(),
            **{f"blobs/{digest.replace(':', '/')}": content for digest, content in blobs.items()},
        }
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive


def broken_programs(directory):
    """Executable files that execve(2) refuses."""
    for name, content in {"no-format": "\1\2 nothing\n", "no-interpreter": "#!/no/interpreter\n"}.items():
        (directory / name).write_text(content)
        (directory / name).chmod(0o755)


@dataclass(frozen=True)
class Ending:
    """How an engine ends when it is told to run a program: its exit code, and what it says."""

    code: int
    words: str = ""  # a regular expression

    def matches(self, outcome):
        return outcome.returncode == self.code and re.search(self.words, outcome.stdout + outcome.stderr)


def path_of(runtime, binary):
    return binary if runtime == UNDER_TEST else shutil.which(runtime)


def expected(case, engine):
    """Of a row (options, program, how it ends): with the control the last ending, if there are two."""
    endings = case[2:]
    return endings[0] if engine.runtime == UNDER_TEST else endings[-1]


def pause(engine, *words):
    """Pauses a container. runc 1.1 sometimes gives up ("unable to freeze") on a busy machine: it is asked again."""
    if engine.runtime == UNDER_TEST:
        engine.output(*words)
    else:
        kernel.eventually(lambda: engine(*words).returncode == 0, seconds=20, pause=0.5)


def assert_shares_a_volume(engine, image, directory):
    (directory / "file").write_text("shared\n")
    script = "cat /m/file; echo back > /m/back"
    assert engine.output(*engine.run, "--rm", "--volume", f"{directory}:/m", image, "sh", "-c", script) == "shared\n"
    assert (directory / "back").read_text() == "back\n"


def assert_starts_twice(engine, image):
    name = engine.output("create", *engine.run[1:], image, "sleep", "60").strip()
    for _ in range(2):
        engine.output("start", name)
        engine.output("kill", name)
        assert engine.output("wait", name) == "137\n"


# Without CAP_SYS_RESOURCE no limit can be raised to what podman asks for by default.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
IMAGE = "localhost/busybox"


def podman(place, path, **more):
    """podman with a store in `place`, and the runtime at this path."""
    options = ["--root", place / "root", "--runroot", "/run/podman", "--tmpdir", "/run/libpod"]
    options += [f"--cgroup-manager={MANAGER}", "--events-backend=none", "--storage-driver=overlay"]
    parent = [f"--cgroup-parent=/{PREFIX}p"] if MANAGER == "cgroupfs" else []
    return Engine(["podman", "--runtime", path, *options], place, run=["run", "--network=none", *parent, *LIMITS], parent=parent, **more)


def machines_podman(path, **more):
    """podman in its usual places, outside of the tests' mount namespace: as units of systemd call it."""
    return Engine(["nsenter", "--target=1", "--mount", "podman", f"--runtime={path}"], "/", **more)


def rootless_podman(place, user, path, groups=(), **more):
    """podman as this user, whose home is place/home."""
    # podman believes USER, and looks for the subordinate ids of that one.
    environment = {"USER": user.name, "HOME": place / "home", "XDG_RUNTIME_DIR": place / "run"}
    words = [*user.prefix(*groups, **environment), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    options = ["--log-level=error", "--cgroup-manager=cgroupfs", "--events-backend=none", "--storage-driver=vfs"]
    return Engine([*words, "podman", "--runtime", path, *options], place, run=["run", "--network=none", *LIMITS], **more)


DOCKERD = shutil.which("dockerd", path="/usr/sbin:/usr/bin")
DOCKER = "/usr/bin/docker"
DOCKER_IMAGE = "busybox"
DOCKER_SOCKET = "unix:///run/docker.sock"


@contextlib.contextmanager
def dockerd(place, binary, *options, default_runtime=UNDER_TEST, path=None):
    """A daemon that has the runtime under test by the name tare, the image, and its client as an Engine."""
    (place / "daemon.json").write_text('{"experimental": true}')  # not the machine's own; checkpoints are an experiment
    words = [DOCKERD, "--config-file", place / "daemon.json", "--data-root", place / "data", "--exec-root", "/run/docker",
             "--pidfile", "/run/docker.pid", "--host", DOCKER_SOCKET, "--add-runtime", f"{UNDER_TEST}={binary}",
             f"--default-runtime={default_runtime}", "--exec-opt", f"native.cgroupdriver={MANAGER}", *options]
    if MANAGER == "cgroupfs":
        words += ["--cgroup-parent", f"/{PREFIX}d"]
    with open(place / "log", "wb") as log:
        environment = {**os.environ, "PATH": path or os.environ["PATH"]}
        daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    engine = Engine([DOCKER, "--host", DOCKER_SOCKET], place, run=["run", "--network=none"], log=place / "log")
    try:
        kernel.eventually(lambda: engine("version").returncode == 0, seconds=60, pause=0.1)
        engine.output("import", image_layer(place), DOCKER_IMAGE)
        yield engine
    finally:
        daemon.terminate()
        daemon.wait(60)


CONTAINERD_CONFIG = """
version = 2
root = "{place}/root"
state = "/run/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd.sock"
[ttrpc]
  address = "/run/containerd.sock.ttrpc"
"""
CONTAINERD_IMAGE = f"{IMAGE}:latest"


@contextlib.contextmanager
def containerd(place):
    """A daemon that has the image, and its client as an Engine."""
    (place / "config.toml").write_text(CONTAINERD_CONFIG.format(place=place))
    with open(place / "log", "wb") as log:
        daemon = subprocess.Popen(["containerd", "--config", place / "config.toml"], stdout=log, stderr=log)
    engine = Engine(["ctr", "--address", "/run/containerd.sock"], place)
    try:
        kernel.eventually(lambda: engine("version").returncode == 0, seconds=20, pause=0.1)
        engine.output("image", "import", image_archive(place, CONTAINERD_IMAGE))
        Path("/run/containerd/s").mkdir(parents=True)  # for the sockets of shims
        yield engine
    finally:
        daemon.terminate()
        daemon.wait(20)


VERSION_OF = {
    "podman": ["podman", "--version"], "docker": [DOCKER, "--version"], "containerd": ["containerd", "--version"],
    "buildah": ["buildah", "--version"], "umoci": ["umoci", "--version"], "runc": ["runc", "--version"],
    "crun": ["crun", "--version"],
}


def versions():
    """{engine: " 4.3.1, control runc 1.1.5"} of those that are installed."""

    def number(program):
        text = subprocess.run(VERSION_OF[program], capture_output=True, text=True).stdout
        return re.search(r"\d+\.\d+(\.\d+)?", text)[0]

    found = {}
    for engine in VERSION_OF.keys() - {"runc", "crun"}:
        if shutil.which(engine):
            control = CONTROL.get(engine, CONTROL["podman"])
            found[engine] = f" {number(engine)}, control {control} {number(control)}"
    return found


class Engine:
    """A command line of an engine with its global options."""

    def __init__(self, words, place, **more):
        self.words = list(map(str, words))
        self.place = place
        self.__dict__.update(more)

    def __call__(self, *words, text=None, seconds=60):
        return subprocess.run(
            [*self.words, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=self.place,  # conmon notes an end by lack of memory in a file there
            **({"input": text} if text is not None else {"stdin": subprocess.DEVNULL}),
        )

    def output(self, *words, **more):
        outcome = self(*words, **more)
        assert outcome.returncode == 0, outcome
        return outcome.stdout

    def inspect(self, container, field):
        """What docker or podman shows for a template, "{{.State.Status}}"."""
        return self.output("inspect", "--format", field, container).removesuffix("\n")

    def pid_of(self, container):
        return int(self.inspect(container, "{{.State.Pid}}"))
