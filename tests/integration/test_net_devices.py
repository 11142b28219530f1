# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, netDevices. The host of these tests is a network namespace of their own, so that the
machine's stays as it is; their devices are veth pairs, one end of which goes into the container."""

import json
import subprocess

import pytest

pytestmark = pytest.mark.tare_only


class Network:
    """A network namespace that a sleeping process holds."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.path = f"/proc/{self.holder.pid}/ns/net"

    def ip(self, *words):
        return ip(self.path, *words)

    def names(self):
        return names(self.path)

    def end(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


def ip(path, *words):
    command = ["nsenter", f"--net={path}", "ip", *" ".join(words).split()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def names(path):
    return {link["ifname"] for link in json.loads(ip(path, "-j link show"))}


def device(path, name):
    return json.loads(ip(path, f"-j -d addr show dev {name}"))[0]


def addresses(path, name):
    return {f"{one['local']}/{one['prefixlen']}" for one in device(path, name)["addr_info"] if one["scope"] == "global"}


@pytest.fixture
def host(runtime):
    network = Network()
    runtime.prefix = ["nsenter", f"--net={network.path}"]
    network.ip("link add d0 type veth peer name peer0")
    yield network
    network.end()


@pytest.fixture
def joined():
    network = Network()
    yield network
    network.end()


def create(runtime, bundle, **devices):
    """The path of the container's network namespace."""
    bundle.linux["netDevices"] = devices
    return f"/proc/{runtime.create(bundle).pid}/ns/net"


def test_a_device_is_moved(runtime, bundle, host):
    inside = create(runtime, bundle, d0={})
    assert names(inside) == {"lo", "d0"}
    assert "d0" not in host.names()


def test_a_device_is_renamed(runtime, bundle, host):
    assert names(create(runtime, bundle, d0={"name": "eth0"})) == {"lo", "eth0"}


def test_the_device_is_up(runtime, bundle, host):
    host.ip("link set peer0 up")
    assert "UP" in device(create(runtime, bundle, d0={}), "d0")["flags"]


def test_permanent_global_addresses_of_any_family_stay(runtime, bundle, host):
    for address in ("10.9.8.7/24", "10.9.8.8/32", "fd00::7/64"):
        host.ip(f"addr add {address} dev d0")
    host.ip("addr add 169.254.1.1/16 dev d0 scope link")
    host.ip("addr add 10.1.1.1/24 dev d0 valid_lft 1000 preferred_lft 1000")
    host.ip("link set d0 up")
    inside = create(runtime, bundle, d0={"name": "eth0"})
    assert addresses(inside, "eth0") == {"10.9.8.7/24", "10.9.8.8/32", "fd00::7/64"}
    scopes = {one["scope"] for one in device(inside, "eth0")["addr_info"] if one["family"] == "inet"}
    assert scopes == {"global"}


def test_an_address_can_be_used_at_once(runtime, bundle, host):
    host.ip("addr add fd00::7/64 dev d0")
    host.ip("link set peer0 up")
    info = device(create(runtime, bundle, d0={}), "d0")["addr_info"]
    assert not [one for one in info if one["local"] == "fd00::7" and one.get("tentative")]


def test_an_address_with_a_peer_stays(runtime, bundle, host):
    host.ip("addr add 10.0.0.1 peer 10.0.0.2/32 dev d0")
    inside = create(runtime, bundle, d0={})
    assert [one for one in device(inside, "d0")["addr_info"] if one["local"] == "10.0.0.1"][0]["address"] == "10.0.0.2"


def test_a_label_stays_with_the_name(runtime, bundle, host):
    host.ip("addr add 10.0.0.1/24 dev d0 label d0:one")
    assert device(create(runtime, bundle, d0={}), "d0")["addr_info"][0]["label"] == "d0:one"


def test_other_attributes_stay(runtime, bundle, host):
    host.ip("link set d0 mtu 1400 address 02:00:00:00:00:07 alias mine")
    moved = device(create(runtime, bundle, d0={"name": "eth0"}), "eth0")
    assert (moved["mtu"], moved["address"], moved["ifalias"]) == (1400, "02:00:00:00:00:07", "mine")


def test_the_addresses_lead_somewhere(runtime, bundle, host):
    host.ip("addr add 10.9.8.7/24 dev d0")
    host.ip("link set peer0 up")
    assert "10.9.8.0/24" in ip(create(runtime, bundle, d0={"name": "eth0"}), "route show dev eth0")


def test_several_devices_may_swap_their_names(runtime, bundle, host):
    host.ip("link add d1 type veth peer name peer1")
    host.ip("addr add 10.0.0.1/24 dev d1")
    inside = create(runtime, bundle, d0={"name": "d1"}, d1={"name": "d0"})
    assert names(inside) == {"lo", "d0", "d1"}
    assert addresses(inside, "d0") == {"10.0.0.1/24"}


def test_into_a_joined_namespace(runtime, bundle, host, joined):
    bundle.namespace("network", joined.path)
    create(runtime, bundle, d0={"name": "eth0"})
    assert "eth0" in joined.names()


def test_through_a_stage(runtime, bundle, host, joined):
    bundle.user_namespace().namespace("network", joined.path)
    bundle.without_mount("/sys", "/sys/fs/cgroup")  # not for the root of a namespace that does not own the network
    create(runtime, bundle, d0={})
    assert "d0" in joined.names()


def test_into_a_namespace_of_a_user_namespace(runtime, bundle, host):
    host.ip("addr add 10.0.0.1/24 dev d0")
    assert addresses(create(runtime, bundle.user_namespace(), d0={}), "d0") == {"10.0.0.1/24"}


def test_the_index_may_be_taken(runtime, bundle, host, joined):
    index = device(host.path, "d0")["ifindex"]
    joined.ip(f"link add taken index {index} type veth peer name other index {index + 1}")
    bundle.namespace("network", joined.path)
    create(runtime, bundle, d0={"name": "eth0"})
    assert {"taken", "eth0"} <= joined.names()


def test_a_name_that_is_taken_is_an_error_and_moves_nothing(runtime, bundle, host, joined):
    joined.ip("link add eth0 type veth peer name other")
    bundle.namespace("network", joined.path)
    bundle.linux["netDevices"] = {"d0": {"name": "eth0"}}
    runtime.try_create(bundle).failed("/linux/netDevices/d0", "eth0", "EEXIST")
    assert "d0" in host.names()


@pytest.mark.parametrize("template", ["eth%d", "d%d"])
def test_the_kernel_finds_a_free_name_for_a_template(runtime, bundle, host, joined, template):
    joined.ip(f"link add {template.replace('%d', '0')} type veth peer name other")
    host.ip("addr add 10.0.0.1/24 dev d0")
    bundle.namespace("network", joined.path)
    create(runtime, bundle, d0={"name": template})
    found = joined.names() - {"lo", "other", template.replace("%d", "0")}
    assert len(found) == 1 and found.pop().startswith(template.replace("%d", ""))


def test_a_device_that_is_not_there_is_named_before_anything_is_moved(runtime, bundle, host):
    bundle.linux["netDevices"] = {"d0": {}, "none": {}}
    runtime.try_create(bundle).failed("/linux/netDevices/none", "ENODEV")
    assert "d0" in host.names()


def test_a_device_that_cannot_be_moved_is_named(runtime, bundle, host):
    bundle.linux["netDevices"] = {"lo": {"name": "lo1"}}
    runtime.try_create(bundle).failed("/linux/netDevices/lo", "EINVAL")


def test_a_failure_of_a_mount_moves_nothing(runtime, bundle, host):
    bundle.linux["netDevices"] = {"d0": {}}
    bundle.mount("/m", "none-such", "x")
    runtime.try_create(bundle).failed("/mounts/7")
    assert "d0" in host.names()


def test_a_namespace_of_the_containers_is_needed(runtime, bundle, host):
    bundle.inherit("network").linux["netDevices"] = {"d0": {}}
    runtime.try_create(bundle).failed("/linux/netDevices", "network namespace")


def test_the_hosts_own_namespace_is_none(runtime, bundle, host):
    bundle.namespace("network", host.path).linux["netDevices"] = {"d0": {"name": "eth0"}}
    runtime.try_create(bundle).failed("/linux/namespaces", "host's own")
    assert "d0" in host.names()


@pytest.mark.parametrize("name", ["a/b", "..", "sixteen-bytes-xx", "a b", "%s", "%d%d"])
def test_names_that_no_device_can_have(runtime, bundle, host, name):
    bundle.linux["netDevices"] = {"d0": {"name": name}}
    runtime.try_create(bundle).failed("/linux/netDevices/d0/name")


def test_sysctls_and_hooks_find_the_device(runtime, bundle, host, directory):
    bundle.linux["sysctl"] = {"net.ipv4.conf.eth0.rp_filter": "2"}
    found = directory / "found"
    script = f"nsenter --net=/proc/$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')/ns/net ip link show eth0 > {found}"
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", script, env=["PATH=/usr/bin:/bin:/sbin:/usr/sbin"])
    bundle.script("cat /proc/sys/net/ipv4/conf/eth0/rp_filter")
    bundle.linux["netDevices"] = {"d0": {"name": "eth0"}}
    assert runtime.output_of(bundle) == "2\n"
    assert "eth0" in found.read_text()


def test_the_runtime_does_not_move_it_back(runtime, bundle, host, joined):
    bundle.namespace("network", joined.path)
    bundle.linux["netDevices"] = {"d0": {}}
    container = runtime.start(bundle)
    container.await_end().delete().ok()
    assert "d0" in joined.names() and "d0" not in host.names()
