# SPDX-License-Identifier: Apache-2.0
"""The Debian package that `make deb` made, installed in root file systems of Debian 12 and 13: `make test-package`."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import isolation, kernel
from support.bundle import Bundle
from support.leaks import PREFIX

PROJECT = Path(__file__).resolve().parent.parent.parent
PACKAGES = Path(os.environ.get("TARE_PACKAGES", PROJECT / "build-package"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tare-package"
CONF = "etc/containers/containers.conf.d/50-tare.conf"

pytestmark = pytest.mark.skipif(not list(PACKAGES.glob("*.deb")), reason=f"no package in {PACKAGES}: make deb")


def package(architecture="amd64"):
    found = list(PACKAGES.glob(f"tare_*_{architecture}.deb"))
    if not found:
        pytest.skip(f"no package for {architecture}: make deb ARCHITECTURE={architecture}")
    (one,) = found
    return one


def output(*words, **more):
    return subprocess.run([*map(str, words)], check=True, capture_output=True, text=True, **more).stdout


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def debian(request):
    """A root file system that is made once, with the documentation of what is installed later."""
    root = CACHE / request.param
    if not (root / "made").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        script = f'. {PROJECT}/tests/support/debian.sh; make_root "$1" amd64 "$2" --variant=minbase --include=lintian,man-db,libcap2-bin'
        subprocess.run(["bash", "-euc", script, "bash", request.param, root / "root"], check=True)
        (root / "root/etc/dpkg/dpkg.cfg.d/99mmdebstrap").unlink()
        (root / "made").touch()
    return root / "root"


# Each command has its mounts for itself: no file system of the machine's is seen below a directory of the test's.
WITHIN = """
mount -t proc proc "$0/proc"
for one in sys dev; do mount --rbind "/$one" "$0/$one"; done
exec chroot "$0" "$@"
"""


class Machine:
    """A Debian of its own above that root file system."""

    def __init__(self, debian, place):
        self.root = place / "machine"
        for name in ("machine", "upper", "work"):
            (place / name).mkdir()
        isolation.mount("own", self.root, "overlay", data=f"lowerdir={debian},upperdir={place}/upper,workdir={place}/work")

    def __call__(self, *words, **more):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        return subprocess.run(["unshare", "--mount", "sh", "-euc", WITHIN, self.root, *map(str, words)], capture_output=True, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=120, **more)

    def output(self, *words):
        outcome = self(*words)
        assert outcome.returncode == 0, outcome
        return outcome.stdout

    def install(self, deb):
        shutil.copy(deb, self.root / "root/tare.deb")
        self.output("dpkg", "--install", "/root/tare.deb")

    def files(self):
        """What there is of the package."""
        found = [path for path in self.root.glob("usr/**/*tare*") if not path.is_relative_to(self.root / "usr/share/lintian/data")]
        return sorted(str(path.relative_to(self.root)) for path in [*found, *self.root.glob("etc/**/*tare*")] if "dpkg" not in path.parts)

    def start_container(self):
        """The id and pid of a container that sleeps."""
        bundle = Bundle(self.root / "root/bundle")
        bundle.config["process"]["args"] = ["sleep", "300"]
        bundle.config["linux"]["cgroupsPath"] = f"/{PREFIX}package"
        bundle.write()
        self.output("sh", "-c", f"tare run --detach --bundle /root/bundle {PREFIX}one > /root/out 2>&1 || {{ cat /root/out; false; }}")
        return f"{PREFIX}one"

    def pid(self, container):
        return int(re.search(r'"pid": ?(\d+)', self.output("tare", "state", container))[1])


@pytest.fixture
def machine(debian, directory):
    machine = Machine(debian, directory)
    yield machine
    isolation.end_children()
    isolation.unmount(machine.root)


def newer(deb, place):
    """The same package with a higher version."""
    tree = place / "newer"
    output("dpkg-deb", "--raw-extract", deb, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 99.0-1", control.read_text(), flags=re.MULTILINE))
    output("dpkg-deb", "--root-owner-group", "--build", tree, place / "newer.deb")
    return place / "newer.deb"


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_lintian_finds_nothing(machine, architecture):
    shutil.copy(package(architecture), machine.root / "root/tare.deb")
    outcome = machine("lintian", "--allow-root", "--display-info", "--pedantic", "--fail-on", "error,warning,info,pedantic", "/root/tare.deb")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("architecture, processor", [("amd64", 62), ("arm64", 183)])
def test_the_program_is_of_its_processor_and_needs_no_package(directory, architecture, processor):
    deb = package(architecture)
    fields = output("dpkg-deb", "--field", deb)
    assert f"Architecture: {architecture}\n" in fields and "Depends:" not in fields
    output("dpkg-deb", "--extract", deb, directory / "files")
    header = (directory / "files/usr/bin/tare").read_bytes()[:20]
    assert (header[:4], int.from_bytes(header[18:20], "little")) == (b"\x7fELF", processor)


def test_what_is_installed(machine):
    machine.install(package())
    assert machine.output("tare", "--version").startswith("tare version ")
    assert "run" in machine.output("sh", "-c", "man tare-run | cat")
    assert "tare" in (machine.root / "usr/share/bash-completion/completions/tare").read_text()
    assert os.readlink(machine.root / "usr/libexec/tare/pinns") == "../../bin/tare"
    assert "[engine.runtimes]" in (machine.root / CONF).read_text()
    examples = {path.name for path in (machine.root / "usr/share/doc/tare/examples").iterdir()}
    assert examples == {path.name for path in (PROJECT / "docs/examples").iterdir()} - {"containers.conf"}
    assert machine.output("dpkg", "--verify", "tare") == ""


def test_a_container_lives_through_an_upgrade(machine, directory):
    machine.install(package())
    container = machine.start_container()
    pid = machine.pid(container)
    (machine.root / CONF).write_text("# mine\n")
    machine.install(newer(package(), directory))
    assert "99.0-1" in machine.output("dpkg-query", "--show", "tare")
    assert (machine.root / CONF).read_text() == "# mine\n"
    assert machine.pid(container) == pid and kernel.is_alive(pid)
    assert machine.output("tare", "exec", container, "echo", "here") == "here\n"
    machine.output("tare", "delete", "--force", container)
    assert not kernel.is_alive(pid) and not kernel.cgroup_directories(PREFIX)


def test_a_container_lives_through_removal_and_a_new_installation(machine):
    before = machine.files()
    machine.install(package())
    container = machine.start_container()
    pid = machine.pid(container)
    machine.output("dpkg", "--remove", "tare")
    assert set(machine.files()) - set(before) == {CONF}
    machine.output("dpkg", "--purge", "tare")
    assert machine.files() == before
    assert kernel.is_alive(pid)
    machine.install(package())
    assert container in machine.output("tare", "list")
    machine.output("tare", "delete", "--force", container)
    assert not kernel.is_alive(pid) and not kernel.cgroup_directories(PREFIX)


def test_the_tarball_and_the_sums():
    sums = (PACKAGES / "SHA256SUMS").read_text()
    assert package().name in sums
    assert "FAILED" not in output("sha256sum", "--check", "SHA256SUMS", cwd=PACKAGES)
    for archive in PACKAGES.glob("tare-*.tar.gz"):
        names = output("tar", "--list", "--file", archive).splitlines()
        top = archive.name.removesuffix(".tar.gz")
        assert {f"{top}/bin/tare", f"{top}/share/man/man1/tare.1.gz", f"{top}/LICENSE", f"{top}/share/doc/tare/tare.cdx.json"} <= set(names)
        assert f"{archive.name}\n" in sums


def test_the_list_of_parts_names_each_library():
    parts = json.loads(package().with_name(re.sub(r"^tare_(.*)-1_(.*)\.deb$", r"tare-\1-linux-\2.cdx.json", package().name)).read_text())
    assert (parts["bomFormat"], parts["specVersion"]) == ("CycloneDX", "1.5")
    names = {re.sub(r"[\d.]+", "N", part["name"]) for part in parts["components"]}
    assert {"libcN-dev", "libboostN-dev", "libcap-dev", "libdbus-N-dev", "libprotobuf-c-dev", "libseccomp-dev", "rapidjson-dev"} <= names
    assert all(part["version"] and part["purl"].startswith("pkg:deb/debian/") for part in parts["components"])
