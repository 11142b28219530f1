# SPDX-License-Identifier: Apache-2.0
"""podman with the settings that `make install` installs: docs/examples/containers.conf."""

import shutil
from pathlib import Path

import pytest
from support import engines, isolation, kernel
from support.engines import IMAGE

ENGINE = "podman"
SETTINGS = Path(__file__).resolve().parents[2] / "docs/examples/containers.conf"

pytestmark = pytest.mark.skipif(not SETTINGS.exists(), reason="only tests/ is in the guest")


@pytest.fixture(scope="module")
def etc(podman_place):
    """/etc/containers of our own."""
    own = podman_place / "etc-containers"
    shutil.copytree("/etc/containers", own)
    isolation.bind(own, "/etc/containers")
    return Path("/etc/containers")


@pytest.fixture
def tare(podman_place, etc, binary):
    """podman that finds tare by its name."""
    podman = engines.podman(podman_place, binary)
    podman.words[podman.words.index("--runtime") + 1] = "tare"
    directory = etc / "containers.conf.d"
    directory.mkdir()
    shutil.copy(SETTINGS, directory / "50-tare.conf")
    (directory / "60-place.conf").write_text(f'[engine.runtimes]\ntare = ["{binary}"]\n')
    yield podman
    podman("rm", "--all", "--force", "--time", "0")
    shutil.rmtree(directory)


def test_podman_knows_it_by_name(tare):
    """`podman --runtime tare`"""
    assert tare.output(*tare.run, "--rm", IMAGE, "echo", "hello") == "hello\n"
    assert tare.output("info", "--format", "{{.Host.OCIRuntime.Name}}") == "tare\n"


def test_its_errors_are_read_as_json(tare, podman_place, binary):
    """runtime_supports_json: podman reads the error from tare's log, and not from the standard error of conmon"""
    words = '/process/args/0: exec: "no-such": executable file not found in $PATH'
    outcome = tare(*tare.run, "--rm", IMAGE, "no-such")
    assert outcome.returncode == 127
    assert outcome.stderr.startswith(f"Error: tare: {words}: ") or outcome.stderr.startswith(f"Error: {binary}: {words}: ")
    shutil.rmtree("/etc/containers/containers.conf.d")
    Path("/etc/containers/containers.conf.d").mkdir()
    without = engines.podman(podman_place, binary)
    assert f"tare: tare: {words}" in without(*without.run, "--rm", IMAGE, "no-such").stderr


def test_no_cgroup(tare, name, podman_place, binary):
    """runtime_supports_nocgroup: --cgroups=disabled leaves the container in podman's own cgroup"""
    run = ["run", "--network=none", *engines.LIMITS, "--cgroups=disabled"]
    tare.output(*run, "--detach", "--name", name, IMAGE, "sleep", "60")
    pid = int(tare.output("inspect", "--format", "{{.State.Pid}}", name))
    assert kernel.cgroups(pid) == kernel.cgroups("self")
    assert tare.output("exec", name, "echo", "more") == "more\n"
    tare.output("rm", "--force", "--time", "0", name)
    assert not kernel.is_alive(pid)
    shutil.rmtree("/etc/containers/containers.conf.d")
    Path("/etc/containers/containers.conf.d").mkdir()
    without = engines.podman(podman_place, binary)
    assert "is not compatible with NoCgroups" in without(*run, "--rm", IMAGE, "true").stderr
