# SPDX-License-Identifier: Apache-2.0
"""podman's networks, in a network of the tests' own. podman sets them up; the runtime joins or makes a namespace."""

import shutil
import urllib.request
from pathlib import Path

import pytest
from support import engines, isolation
from support.engines import IMAGE
from support.kernel import eventually

ENGINE = "podman"
DEVICES = ["sh", "-c", "tail -n +3 /proc/net/dev | cut -d : -f 1"]
SERVE = ["sh", "-c", "mkdir /www && echo served > /www/index.html && exec httpd -f -p 80 -h /www"]


@pytest.fixture(scope="module")
def networks(podman_place, binary):
    """podman has had a container in its default network: its bridge and its directories in /run stay."""
    podman = in_networks(engines.podman(podman_place, binary), podman_place)
    podman.output(*podman.run, "--rm", "--network", "bridge", IMAGE, "true")
    Path("/run/cni").mkdir(exist_ok=True)
    return podman_place


def in_networks(podman, place):
    """With its files for networks in our own place."""
    podman.words += ["--network-config-dir", str(place / "networks")]
    podman.run = ["run", *podman.parent, *engines.LIMITS]
    return podman


@pytest.fixture
def networked(networks, podman):
    yield in_networks(podman, networks)
    podman("rm", "--all", "--force", "--time", "0")
    podman("network", "prune", "--force")


def test_no_network(networked):
    """--network none: a loopback device that is up, and no other"""
    assert networked.output(*networked.run, "--rm", "--network", "none", IMAGE, *DEVICES).split() == ["lo"]
    assert "127.0.0.1" in networked.output(*networked.run, "--rm", "--network", "none", IMAGE, "ip", "address", "show", "up")


def test_the_hosts_network(networked):
    """--network host: the devices of podman's own network"""
    devices = networked.output(*networked.run, "--rm", "--network", "host", IMAGE, *DEVICES).split()
    assert set(devices) == isolation.network_devices()


def test_a_bridge(networked, name):
    """--network bridge: a container answers another one, and on a published port of the host"""
    networked.output(*networked.run, "--detach", "--name", name, "--network", "bridge", "--publish", "8080:80", IMAGE, *SERVE)
    address = networked.output("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).strip()
    assert address.startswith("10.88.")
    fetch = ["wget", "-q", "-O", "-", f"http://{address}/"]
    eventually(lambda: networked("exec", name, *fetch).stdout == "served\n", pause=0.05)
    assert networked.output(*networked.run, "--rm", "--network", "bridge", IMAGE, *fetch) == "served\n"
    gateway = networked.output("inspect", "--format", "{{.NetworkSettings.Gateway}}", name).strip()
    with urllib.request.urlopen(f"http://{gateway}:8080/", timeout=10) as answer:
        assert answer.read() == b"served\n"


def test_a_network_of_ones_own(networked, name):
    """network create, --ip and --mac-address, network connect to a running container, network rm"""
    networked.output("network", "create", "--subnet", "10.90.0.0/24", "--disable-dns", name)
    fixed = ["--network", name, "--ip", "10.90.0.7", "--mac-address", "92:d0:c6:0a:29:33"]
    networked.output(*networked.run, "--detach", "--name", name, *fixed, IMAGE, "sleep", "60")
    shown = networked.output("exec", name, "ip", "address", "show", "eth0")
    assert "10.90.0.7/24" in shown and "92:d0:c6:0a:29:33" in shown
    networked.output("rm", "--force", "--time", "0", name)
    networked.output("network", "rm", name)


@pytest.mark.skipif(shutil.which("slirp4netns") is None, reason="slirp4netns is not installed")
def test_slirp4netns(networked):
    """--network slirp4netns: a tap device with an address"""
    shown = networked.output(*networked.run, "--rm", "--network", "slirp4netns", IMAGE, "ip", "address", "show", "tap0")
    assert "10.0.2.100/24" in shown
