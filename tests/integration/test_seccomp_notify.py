# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, "Seccomp" with SCMP_ACT_NOTIFY and "The Container Process State": an agent answers."""

import base64
import errno
import json
import os
import shutil
import socket
import struct

import pytest
from support import kernel
from support.agent import Agent

pytestmark = pytest.mark.tare_only  # runc 1.1 is built without it

HARMLESS = "sched_get_priority_max"
ANSWERED = errno.EXDEV


@pytest.fixture
def make_agent(directory):
    agents = []

    def make(error=ANSWERED, name="agent.sock"):
        agents.append(Agent(directory / name, error))
        return agents[-1]

    yield make
    for agent in agents:
        agent.close()


@pytest.fixture
def asking(bundle, probe, numbers):
    """A function that makes the bundle's program ask the agent about a harmless call."""
    shutil.copy(probe, bundle.rootfs / "bin/probe")

    def ask(path, *names, **more):
        rule = {"names": list(names or [HARMLESS]), "action": "SCMP_ACT_NOTIFY"}
        seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], "listenerPath": str(path), **more}
        bundle.linux["seccomp"] = seccomp
        return bundle.args("/bin/probe", str(numbers[HARMLESS]))

    return ask


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
@pytest.mark.parametrize("uid", [0, 1000])
def test_the_agent_answers(runtime, bundle, make_agent, asking, numbers, wanted, uid):
    agent = make_agent()
    bundle.process["noNewPrivileges"] = wanted
    bundle.process["user"] = {"uid": uid, "gid": uid}
    assert int(runtime.run(asking(agent.path)).ok().stdout) == ANSWERED
    assert agent.seen == [numbers[HARMLESS]]
    assert len(agent.messages) == 1


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
def test_what_the_agent_is_sent(runtime, bundle, make_agent, asking, wanted):
    agent = make_agent()
    bundle.process["noNewPrivileges"] = wanted
    bundle.config["annotations"] = {"org.example.key": "a/b"}
    container = runtime.create(asking(agent.path, listenerMetadata="MKNOD=/dev/null"))
    kernel.eventually(lambda: agent.messages)
    [(text, descriptors)] = agent.messages
    assert descriptors == 1
    assert json.loads(text) == {
        "ociVersion": bundle.config["ociVersion"],
        "fds": ["seccompFd"],
        "pid": container.pid,
        "metadata": "MKNOD=/dev/null",
        "state": {
            "ociVersion": bundle.config["ociVersion"],
            "id": container.id,
            "status": "creating",
            "pid": container.pid,
            "bundle": str(bundle.path),
            "annotations": {"org.example.key": "a/b"},
        },
    }
    container.start().ok()
    container.await_end()
    assert int(container.output()) == ANSWERED


def test_without_metadata_there_is_none(runtime, make_agent, asking):
    agent = make_agent()
    runtime.run(asking(agent.path)).ok()
    assert "metadata" not in agent.states[0]


def test_long_metadata_arrives_whole(runtime, make_agent, asking):
    agent = make_agent()
    runtime.run(asking(agent.path, listenerMetadata="x" * 1_000_000)).ok()
    assert agent.states[0]["metadata"] == "x" * 1_000_000
    assert agent.messages[0][1] == 1


@pytest.mark.parametrize("flags", [["WAIT_KILLABLE_RECV"], ["TSYNC"], ["LOG", "SPEC_ALLOW", "TSYNC"], []], ids=str)
def test_flags_together_with_a_listener(runtime, make_agent, asking, flags):
    agent = make_agent()
    bundle = asking(agent.path, flags=[f"SECCOMP_FILTER_FLAG_{flag}" for flag in flags])
    assert int(runtime.run(bundle).ok().stdout) == ANSWERED


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
def test_calls_of_the_set_up_are_answered_too(runtime, bundle, make_agent, asking, numbers, wanted):
    agent = make_agent(error=None)
    bundle.process["noNewPrivileges"] = wanted
    runtime.run(asking(agent.path, "read", "execve", "capset", "prctl", "close_range", "sendmsg")).ok()
    assert numbers["read"] in agent.seen
    assert numbers["execve"] in agent.seen


def test_in_a_user_namespace(runtime, bundle, make_agent, asking):
    agent = make_agent()
    bundle.user_namespace()
    assert int(runtime.run(asking(agent.path)).ok().stdout) == ANSWERED


def test_the_container_does_not_hold_the_listener(runtime, bundle, make_agent, asking):
    agent = make_agent()
    asking(agent.path)
    container = runtime.create(bundle.script("echo here; sleep 60"))
    container.start().ok()
    container.await_output("here")
    assert not [at for at in kernel.descriptors(container.pid).values() if "seccomp" in at]


def test_a_path_longer_than_a_socket_address(runtime, directory, make_agent, asking):
    place = directory / ("d" * 120)
    place.mkdir()
    os.symlink(place, directory / "short")
    agent = make_agent(name="short/agent.sock")
    assert int(runtime.run(asking(place / "agent.sock")).ok().stdout) == ANSWERED
    assert len(agent.messages) == 1


# ---- refusals ----------------------------------------------------------------------------------


def test_without_an_agent_there_is_no_container(runtime, directory, asking):
    runtime.try_create(asking(directory / "no.sock")).failed("/linux/seccomp/listenerPath", "no.sock", "no such file")


def test_an_agent_that_does_not_listen(runtime, directory, asking):
    (directory / "file").write_text("")
    runtime.try_create(asking(directory / "file")).failed("/linux/seccomp/listenerPath", "ENOTSOCK")


def test_without_notifications_the_path_is_ignored(runtime, bundle, directory):
    rule = {"names": [HARMLESS], "action": "SCMP_ACT_ERRNO"}
    path = str(directory / "no.sock")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], "listenerPath": path}
    runtime.run(bundle).ok()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"listenerPath": ""}, "needs listenerPath"),
        ({"listenerPath": "", "listenerMetadata": "x"}, "/linux/seccomp/listenerMetadata"),
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, "/linux/seccomp/defaultAction"),
        ({"syscalls": [{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}]}, "/linux/seccomp/syscalls/0/action"),
    ],
    ids=["no path", "metadata without path", "as the default", "for write"],
)
def test_what_cannot_work_is_refused(runtime, directory, asking, change, words):
    runtime.try_create(asking(directory / "no.sock", **change)).failed(words)


def test_the_features_tell_of_it(runtime):
    seccomp = runtime.call("features").ok().json()["linux"]["seccomp"]
    assert "SCMP_ACT_NOTIFY" in seccomp["actions"]
    assert "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" in seccomp["supportedFlags"]


# ---- exec --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
def test_a_further_process_has_a_listener_of_its_own(runtime, bundle, make_agent, asking, numbers, wanted):
    agent = make_agent()
    bundle.process["noNewPrivileges"] = wanted
    asking(agent.path, listenerMetadata="m")
    container = runtime.start(bundle.args("sleep", "60"))
    outcome = runtime.call("exec", container.id, "/bin/probe", str(numbers[HARMLESS]))
    assert int(outcome.ok().stdout) == ANSWERED
    created, joined = agent.states
    assert created["state"]["status"] == "creating"
    assert (joined["state"]["status"], joined["state"]["pid"], joined["metadata"]) == ("running", container.pid, "m")
    assert joined["pid"] not in (0, container.pid)


# ---- a raw filter ------------------------------------------------------------------------------


def raw_filter(number, action=0x7FC00000):
    """Allows all but one call, which waits for an answer (SECCOMP_RET_USER_NOTIF)."""
    program = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, action), (0x06, 0, 0, 0x7FFF0000)]
    return base64.b64encode(b"".join(struct.pack("=HBBI", *words) for words in program)).decode()


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
@pytest.mark.parametrize("flags", [None, [], ["WAIT_KILLABLE_RECV"], ["LOG", "TSYNC"]], ids=str)
def test_a_raw_filter_has_its_listener_and_flags(runtime, bundle, make_agent, asking, numbers, wanted, flags):
    agent = make_agent()
    bundle.process["noNewPrivileges"] = wanted
    asking(agent.path, listenerMetadata="data")
    bundle.linux["seccomp"]["syscalls"] = []
    if flags is not None:
        bundle.linux["seccomp"]["flags"] = [f"SECCOMP_FILTER_FLAG_{flag}" for flag in flags]
    bundle.config["annotations"] = {"run.oci.seccomp_bpf_data": raw_filter(numbers[HARMLESS])}
    assert int(runtime.run(bundle).ok().stdout) == ANSWERED
    assert agent.states[0]["metadata"] == "data"


def test_a_raw_filter_without_the_field_has_the_receiver(runtime, bundle, make_agent, asking, numbers):
    agent = make_agent()
    asking(agent.path)
    del bundle.linux["seccomp"]
    bundle.config["annotations"] = {"run.oci.seccomp_bpf_data": raw_filter(numbers[HARMLESS]),
                                    "run.oci.seccomp.receiver": agent.path}
    assert int(runtime.run(bundle).ok().stdout) == ANSWERED


def test_a_raw_filter_that_lets_nobody_wait_needs_no_agent(runtime, bundle, directory, asking, numbers):
    asking(directory / "nobody.sock")
    bundle.config["annotations"] = {"run.oci.seccomp_bpf_data": raw_filter(numbers[HARMLESS], 0x00050000 | ANSWERED)}
    assert int(runtime.run(bundle).ok().stdout) == ANSWERED


def test_a_raw_filter_that_stops_write_would_stop_tare(runtime, bundle, make_agent, asking, numbers):
    asking(make_agent().path)
    bundle.config["annotations"] = {"run.oci.seccomp_bpf_data": raw_filter(numbers["write"])}
    runtime.try_create(bundle).failed("/annotations/run.oci.seccomp_bpf_data", "write(2)")


# ---- receivers that keep tare waiting ----------------------------------------------------------


@pytest.fixture
def listening(directory):
    """A socket that nobody accepts from; and a function that fills its backlog."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(directory / "slow.sock"))
        server.listen(0)
        waiting = []

        def fill():
            for _ in range(10):
                client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                waiting.append(client)
                client.setblocking(False)
                try:
                    client.connect(server.getsockname())
                except BlockingIOError:
                    return
            raise AssertionError("the backlog has no end")

        server_path = server.getsockname()
        yield server_path, fill
        for client in waiting:
            client.close()


def assert_nothing_is_left(runtime):
    assert runtime.stored() == []
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


def test_an_agent_that_does_not_read_is_not_waited_for(runtime, listening, asking):
    path, _ = listening
    outcome = runtime.try_create(asking(path, listenerMetadata="x" * 1_000_000))
    outcome.failed("/linux/seccomp/listenerPath", path, "nobody has read it")
    assert_nothing_is_left(runtime)


def test_an_agent_that_does_not_accept_is_not_waited_for(runtime, listening, asking):
    path, fill = listening
    fill()
    runtime.try_create(asking(path)).failed("/linux/seccomp/listenerPath", path, "nobody has accepted")
    assert_nothing_is_left(runtime)


def test_a_console_socket_that_does_not_accept_is_not_waited_for(runtime, bundle, listening):
    path, fill = listening
    fill()
    bundle.process["terminal"] = True
    runtime.try_create(bundle, "--console-socket", path).failed("console socket", path, "nobody has accepted")
    assert_nothing_is_left(runtime)


def test_a_receiver_of_the_pidfd_that_does_not_accept_is_not_waited_for(runtime, bundle, listening):
    path, fill = listening
    fill()
    runtime.try_create(bundle, "--pidfd-socket", path).failed("pidfd", path, "nobody has accepted")
    assert_nothing_is_left(runtime)
