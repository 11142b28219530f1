# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' side of containerd: its CRI plugin, asked as kubelet asks it, with the runtime under test as the handler
`tare` of a RuntimeClass and the stock runc as the control. Each test runs once with each."""

import itertools
import os
import shutil
from pathlib import Path

import pytest
from support import engines, isolation, kernel
from support.kernel import eventually

grpc = pytest.importorskip("grpc", reason="python3-grpcio is not installed")
nodes = pytest.importorskip("support.node")
cri = nodes.cri
pytest_plugins = ["support.pods"]
missing = nodes.missing_packages()
ENGINE = "containerd"  # the part of docs/engines.md
pytestmark = pytest.mark.skipif(missing != [], reason=f"not installed: {missing}")

IMAGE = nodes.IMAGE

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def node(binary):
    with nodes.started(binary) as node:
        yield node


@pytest.fixture
def sleeping(pod):
    return pod.create(IMAGE, "main", "sleep", "300", envs=[{"key": "A", "value": "b"}]).start()


def finished(container, seconds=30):
    """Its status once it has exited."""
    eventually(container.has_exited, seconds=seconds, pause=0.02)
    return container.status()


def output_of(pod, script, **config):
    """What a container of this pod prints that runs a script to its end."""
    container = pod.create(IMAGE, f"c{next(_numbers)}", "sh", "-c", script, **config).start()
    assert finished(container).exit_code == 0, container.log()
    return "\n".join(text for _, text in container.log())


# ---- a pod ---------------------------------------------------------------------------------------


def test_containers_of_a_pod_share_its_network_ipc_and_host_name(pod):
    one, two = (pod.create(IMAGE, name, "sleep", "300").start() for name in ("one", "two"))
    for kind in ("network", "ipc", "uts"):
        assert len({kernel.namespace(pid, kind) for pid in (pod.pid, one.pid, two.pid)}) == 1
    for kind in ("mount", "pid"):
        assert len({kernel.namespace(pid, kind) for pid in (pod.pid, one.pid, two.pid)}) == 3
    assert one.run("hostname") == (0, f"{pod.name}\n", "")
    assert pod.status().status.runtime_handler == pod.handler


def test_a_pod_has_an_address(pod):
    address = pod.status().status.network.ip
    assert address.startswith("10.99.0.")
    shown = output_of(pod, "ip -4 addr show eth0; ping -c 1 -W 5 10.99.0.1")
    assert f"inet {address}/24" in shown and "1 packets received" in shown


def test_two_pods_reach_each_other(make_pod):
    server, client = make_pod(), make_pod()
    server.create(IMAGE, "server", "sh", "-c", "echo served > /tmp/file; exec httpd -f -h /tmp").start()
    address = server.status().status.network.ip
    assert output_of(client, f"until wget -q -O - http://{address}/file 2>/dev/null; do sleep 0.1; done") == "served"


def test_a_pod_in_the_network_of_the_node(make_pod, node):
    container = make_pod(namespaces={"network": cri.NODE}, hostname="").create(IMAGE, "main", "sleep", "300").start()
    assert kernel.namespace(container.pid, "network") == kernel.namespace(node.daemon.pid, "network")


def test_an_init_container_runs_to_its_end_first(pod, directory):
    mounts = [{"container_path": "/work", "host_path": str(directory)}]
    init = pod.create(IMAGE, "init", "sh", "-c", "echo made > /work/file", mounts=mounts).start()
    status = finished(init)
    assert (status.exit_code, status.reason) == (0, "Completed")
    init.remove()
    assert output_of(pod, "cat /work/file", mounts=mounts) == "made"


def test_an_init_container_that_fails(pod):
    status = finished(pod.create(IMAGE, "init", "sh", "-c", "exit 3").start())
    assert (status.exit_code, status.reason) == (3, "Error")


def test_a_container_is_started_again(pod):
    for attempt in range(3):
        metadata = {"name": "main", "attempt": attempt}
        container = pod.create(IMAGE, "main", "sh", "-c", f"exit {attempt}", metadata=metadata).start()
        assert finished(container).exit_code == attempt
        container.remove()


def test_a_pid_namespace_for_the_whole_pod(make_pod):
    pod = make_pod(namespaces={"pid": cri.POD})
    container = pod.create(IMAGE, "main", "sleep", "300").start()
    assert kernel.namespace(container.pid, "pid") == kernel.namespace(pod.pid, "pid")
    assert "sleep 1000" in container.run("ps")[1]  # the sandbox's
    container.stop(0)
    assert finished(container).exit_code == 137


def test_the_pid_namespace_of_the_node(make_pod):
    # No end of an init takes the rest along: the runtime kills what is in the cgroup.
    pod = make_pod(namespaces={"pid": cri.NODE})
    container = pod.create(IMAGE, "main", "sh", "-c", "sleep 301 & sleep 302").start()
    assert kernel.namespace(container.pid, "pid") == kernel.namespace("self", "pid")
    child = eventually(lambda: kernel.descendants(container.pid))[0]
    container.stop(0)
    eventually(lambda: not kernel.is_alive(child))


# ---- exec, attach and the log --------------------------------------------------------------------


def test_exec_sync(sleeping):
    assert sleeping.run("sh", "-c", "echo $A; echo err >&2; exit 6") == (6, "b\n", "err\n")


def test_exec_sync_of_a_program_that_is_not_there(sleeping):
    with pytest.raises(grpc.RpcError) as error:
        sleeping.run("no-such")
    assert error.value.code() == grpc.StatusCode.UNKNOWN
    assert 'exec: "no-such": executable file not found in $PATH' in error.value.details()


def test_exec_sync_over_its_time(sleeping):
    with pytest.raises(grpc.RpcError) as error:
        sleeping.run("sleep", "200", seconds=1)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "sleep 200" not in sleeping.run("ps")[1]


def test_exec_sync_in_a_container_that_has_exited(pod):
    container = pod.create(IMAGE, "main", "true").start()
    finished(container)
    with pytest.raises(grpc.RpcError, match="CONTAINER_EXITED"):
        container.run("true")


@pytest.fixture
def connect(node):
    """A function that connects to where an answer of Exec or Attach says."""
    made = []

    def call(answer):
        made.append(cri.Stream(answer.url, node.daemon.pid))
        return made[-1]

    yield call
    for stream in made:
        stream.close()


def test_exec_with_streams(node, sleeping, connect):
    script = "read line; echo got $line; echo err >&2; exit 6"
    stream = connect(node.client.Exec(container_id=sleeping.id, cmd=["sh", "-c", script], stdin=True, stdout=True, stderr=True))
    stream.send(cri.STDIN, "typed\n")
    received = stream.received()
    assert (received[cri.STDOUT], received[cri.STDERR], cri.exit_code(received[cri.ERROR])) == ("got typed\n", "err\n", 6)


def test_exec_with_a_terminal(node, sleeping, connect):
    script = "read line; tty; stty size; echo end"
    stream = connect(node.client.Exec(container_id=sleeping.id, cmd=["sh", "-c", script], stdin=True, stdout=True, tty=True))
    stream.send(cri.RESIZE, '{"Width": 71, "Height": 17}')
    eventually(lambda: sleeping.run("sh", "-c", "stty size < /dev/pts/0")[1] == "17 71\n")
    stream.send(cri.STDIN, "go\n")
    received = stream.received()
    assert received[cri.STDOUT].replace("\r", "") == "go\n/dev/pts/0\n17 71\nend\n"
    assert cri.exit_code(received[cri.ERROR]) == 0


def test_attach(node, pod, connect):
    script = "read line; echo got $line; sleep 0.5"
    container = pod.create(IMAGE, "main", "sh", "-c", script, stdin=True).start()
    stream = connect(node.client.Attach(container_id=container.id, stdin=True, stdout=True, stderr=True))
    stream.send(cri.STDIN, "typed\n")
    assert stream.received()[cri.STDOUT] == "got typed\n"
    assert finished(container).exit_code == 0


def test_the_log_of_a_container(pod):
    container = pod.create(IMAGE, "main", "sh", "-c", "echo out; sleep 0.1; echo err >&2; sleep 0.1; printf part").start()
    finished(container)
    assert container.log() == [("stdout", "out"), ("stderr", "err"), ("stdout", "part")]


def test_the_log_is_moved_and_opened_again(node, pod):
    container = pod.create(IMAGE, "main", "sh", "-c", "echo one; read x < /tmp/go; echo two; sleep 300",
                           mounts=[{"container_path": "/tmp", "host_path": str(pod.logs)}])
    os.mkfifo(pod.logs / "go")
    container.start()
    eventually(lambda: container.log() == [("stdout", "one")])
    (pod.logs / "main.log").rename(pod.logs / "main.log.1")
    node.client.ReopenContainerLog(container_id=container.id)
    (pod.logs / "go").write_text("\n")
    eventually(lambda: container.log() == [("stdout", "two")])


# ---- resources -----------------------------------------------------------------------------------


def test_limits_and_their_update(node, pod):
    limits = {"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 512}
    container = pod.create(IMAGE, "main", "sleep", "300", resources=limits).start()

    def shown():
        if engines.ONLY_V2:
            files = [("memory", "memory.max"), ("cpu", "cpu.max")]  # runc gives cpu.weight by another formula in each version
        else:
            files = [("memory", "memory.limit_in_bytes"), ("cpu", "cpu.cfs_quota_us"), ("cpu", "cpu.shares")]
        return [kernel.cgroup_value(container.pid, controller, file) for controller, file in files]

    period, shares, half = (" 100000", [], []) if engines.ONLY_V2 else ("", ["512"], ["256"])
    assert shown() == [str(64 << 20), f"50000{period}", *shares]
    node.client.UpdateContainerResources(
        container_id=container.id, linux={"memory_limit_in_bytes": 32 << 20, "cpu_period": 100000, "cpu_quota": 20000, "cpu_shares": 256})
    assert shown() == [str(32 << 20), f"20000{period}", *half]
    assert container.status().resources.linux.memory_limit_in_bytes == 32 << 20


def test_an_update_that_the_kernel_refuses(node, sleeping):
    with pytest.raises(grpc.RpcError, match="cpuset.cpus"):
        node.client.UpdateContainerResources(container_id=sleeping.id, linux={"cpuset_cpus": "4000"})
    assert sleeping.run("true")[0] == 0


def test_statistics(node, sleeping):
    sleeping.run("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done")
    stats = node.client.ContainerStats(container_id=sleeping.id).stats
    assert stats.attributes.metadata.name == "main"
    assert stats.cpu.usage_core_nano_seconds.value > 50_000_000
    assert 0 < stats.memory.working_set_bytes.value < 64 << 20
    of_pod = node.client.PodSandboxStats(pod_sandbox_id=sleeping.pod.id).stats.linux
    assert [each.attributes.id for each in of_pod.containers] == [sleeping.id]


def test_out_of_memory(pod):
    # It ends a while later: containerd reads the count after it was woken, and the cgroup must be there then.
    hog = "dd if=/dev/zero of=/dev/null bs=64M count=1; code=$?; sleep 2; exit $code"
    container = pod.create(IMAGE, "main", "sh", "-c", hog, resources={"memory_limit_in_bytes": 16 << 20}).start()
    status = finished(container)
    assert (status.exit_code, status.reason) == (137, "OOMKilled")


# ---- the end -------------------------------------------------------------------------------------


def test_stop_with_a_handler_of_the_signal(pod):
    container = pod.create(IMAGE, "main", "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done").start()
    eventually(container.log)
    container.stop(10)
    assert container.status().exit_code == 5


def test_stop_kills_what_does_not_end(sleeping):
    sleeping.stop(1)
    status = sleeping.status()
    assert (status.state, status.exit_code) == (cri.EXITED, 137)


@pytest.mark.parametrize("program, words", [
    (["no-such"], 'exec: "no-such": executable file not found in $PATH'),
    (["/no/such"], 'exec: "/no/such": stat /no/such: no such file or directory'),
    (["/etc/passwd"], 'exec: "/etc/passwd": permission denied'),
    (["/etc"], 'exec: "/etc": '),  # runc up to 1.1 goes on with "permission denied"
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_a_program_that_does_not_start(pod, program, words):
    container = pod.create(IMAGE, "main", *program)
    assert_does_not_start(container, words)


@pytest.mark.parametrize("config, words", [
    ({"working_dir": "/etc/passwd"}, "not a directory"),
    ({"mounts": [{"container_path": "/etc/passwd", "host_path": "/var"}]}, "not a directory"),
    ({"mounts": [{"container_path": "/etc", "host_path": "/etc/passwd"}]}, "a directory"),
], ids=["working directory", "directory on a file", "file on a directory"])
def test_a_container_that_cannot_be_made(pod, config, words):
    assert_does_not_start(pod.create(IMAGE, "main", "true", **config), words)


def assert_does_not_start(container, words):
    """As kubelet shows it: RunContainerError with this text."""
    with pytest.raises(grpc.RpcError) as error:
        container.start()
    assert error.value.code() == grpc.StatusCode.UNKNOWN
    assert "failed to create containerd task: failed to create shim task: OCI runtime create failed: " in error.value.details()
    assert words in error.value.details()
    status = container.status()
    assert (status.state, status.exit_code, status.reason) == (cri.EXITED, 128, "StartError")


# ---- security ------------------------------------------------------------------------------------

SECURITY = [
    ({"run_as_user": {"value": 1000}, "run_as_group": {"value": 1001}, "supplemental_groups": [7]}, "id -u; id -g; id -G",
     "1000\n1001\n1001 7"),
    ({"readonly_rootfs": True}, "touch /x 2>/dev/null || echo read-only", "read-only"),
    ({"capabilities": {"drop_capabilities": ["ALL"]}}, "grep CapEff /proc/self/status | cut -f 2", "0000000000000000"),
    # AppArmor's profile, where there is one, denies mount(2).
    ({"capabilities": {"add_capabilities": ["SYS_ADMIN"]}, "apparmor": {"profile_type": "Unconfined"}},
     "mkdir /m && mount -t tmpfs x /m && echo mounted", "mounted"),
    ({"no_new_privs": True}, "grep NoNewPrivs /proc/self/status | cut -f 2", "1"),
    ({"seccomp": {"profile_type": "RuntimeDefault"}}, "grep Seccomp: /proc/self/status | cut -f 2", "2"),
    ({"seccomp": {"profile_type": "Unconfined"}}, "grep Seccomp: /proc/self/status | cut -f 2", "0"),
    ({"masked_paths": ["/etc/passwd"]}, "wc -c < /etc/passwd", "0"),
    ({"readonly_paths": ["/proc/sys"]}, "echo x 2>/dev/null > /proc/sys/kernel/domainname || echo read-only", "read-only"),
]


@pytest.mark.parametrize("security, script, shown", SECURITY, ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_a_security_context(make_pod, security, script, shown):
    assert output_of(make_pod(), script, security=security) == shown


def test_a_privileged_container(make_pod):
    pod = make_pod(security={"privileged": True})
    script = "test -e /dev/kmsg && mkdir /m && mount -t tmpfs x /m && echo mounted"
    assert output_of(pod, script, security={"privileged": True}) == "mounted"


def test_sysctls_of_a_pod(make_pod):
    pod = make_pod(linux={"sysctls": {"kernel.shm_rmid_forced": "1", "net.ipv4.ip_local_port_range": "1024 4000"}})
    assert output_of(pod, "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_local_port_range") == "1\n1024\t4000"


def test_a_device(pod):
    devices = [{"container_path": "/dev/other", "host_path": "/dev/full", "permissions": "rw"}]
    assert output_of(pod, "echo x 2>/dev/null >/dev/other || echo full", devices=devices) == "full"


def test_a_mount_reaches_a_running_container(pod, directory):
    source = directory / "shared"
    source.mkdir()
    isolation.mount("own", source, "tmpfs")
    isolation.share(source)
    try:
        mounts = [{"container_path": "/m", "host_path": str(source), "propagation": "PROPAGATION_HOST_TO_CONTAINER"}]
        container = pod.create(IMAGE, "main", "sleep", "300", mounts=mounts).start()
        (source / "later").mkdir()
        isolation.mount("later", source / "later", "tmpfs")
        assert "/m/later" in container.run("cat", "/proc/self/mounts")[1]
    finally:
        isolation.unmount(source / "later")
        isolation.unmount(source)


enforced = pytest.mark.skipif(
    shutil.which("apparmor_parser") is None or not Path("/sys/kernel/security/apparmor/profiles").exists(),
    reason="needs AppArmor and its parser: make test-guest")


@enforced
@pytest.mark.parametrize("profile, shown", [
    ({"profile_type": "RuntimeDefault"}, "cri-containerd.apparmor.d (enforce)\ndenied"),
    ({"profile_type": "Unconfined"}, "unconfined\nmounted"),
], ids=["RuntimeDefault", "Unconfined"])
def test_the_apparmor_profile_of_a_container(make_pod, profile, shown):
    security = {"apparmor": profile, "capabilities": {"add_capabilities": ["SYS_ADMIN"]}}
    script = "cat /proc/self/attr/apparmor/current; mkdir /m; mount -t tmpfs x /m 2>/dev/null && echo mounted || echo denied"
    assert output_of(make_pod(), script, security=security) == shown


@enforced
def test_an_apparmor_profile_that_is_not_loaded(pod):
    with pytest.raises(grpc.RpcError, match="no-such-profile"):
        pod.create(IMAGE, "main", "true", security={"apparmor": {"profile_type": "Localhost", "localhost_ref": "localhost/no-such-profile"}}).start()


def test_a_pod_with_users_of_its_own(node, make_pod):
    version = node.client.Version().runtime_version
    if version.startswith("1.6"):
        pytest.skip(f"the CRI of containerd {version} knows no user namespaces; 1.7, in tests/guest, does")
    ids = [{"host_id": 100000, "container_id": 0, "length": 65536}]
    pod = make_pod(namespaces={"userns_options": {"mode": cri.POD, "uids": ids, "gids": ids}})
    container = pod.create(IMAGE, "main", "sleep", "300").start()
    assert container.run("cat", "/proc/self/uid_map")[1].split() == ["0", "100000", "65536"]
    assert container.run("stat", "-c", "%u", "/bin/busybox") == (0, "0\n", "")
    assert kernel.status(container.pid)["Uid"].split()[0] == "100000"
