# SPDX-License-Identifier: Apache-2.0
"""NOTIFY_SOCKET (sd_notify(3)): the program in the container says that it is ready, the service manager hears it."""

import os
import socket
import threading

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

# Nothing in the container can write to such a socket (busybox has no program for it): the tests speak from outside,
# through the root of its init.


class Manager:
    """A service manager's end of NOTIFY_SOCKET; it closes the descriptors of barriers, as systemd does."""

    def __init__(self, name):
        self.name = str(name)
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.name[1:] if self.name.startswith("@") else self.name)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._socket, 4096, 4)
            for descriptor in descriptors:
                os.close(descriptor)
            if message == b"end":
                return
            self.heard.append(message.decode().strip())

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"end", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(directory, request):
    listening = Manager(directory / "manager.sock" if request.param == "path" else f"@{directory}")
    yield listening
    listening.close()


def environment(manager):
    return {**os.environ, "NOTIFY_SOCKET": manager.name}


def say(pid, text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(text.encode(), f"/proc/{pid}/root/run/notify/notify.sock")


@pytest.fixture
def sleeping(bundle):
    return bundle.writable().script("echo $NOTIFY_SOCKET; exec sleep 600")


def popen_start(runtime, container, manager):
    process = runtime.popen("start", container.id, env=environment(manager))
    kernel.eventually(lambda: container.status == "running")
    return process


def test_start_ends_when_the_program_is_ready(runtime, sleeping, manager):
    container = runtime.create(sleeping, env=environment(manager))
    process = popen_start(runtime, container, manager)
    say(container.pid, "STATUS=not yet")
    say(container.pid, "STOPPING=1\nMAINPID=1")
    assert process.poll() is None and manager.heard == []
    say(container.pid, "STATUS=now\nREADY=1\n")
    assert process.wait(timeout=10) == 0
    assert manager.heard == ["READY=1", f"MAINPID={container.pid}", "BARRIER=1"]
    container.await_output("/run/notify/notify.sock\n")


def test_the_container_cannot_change_the_place(runtime, sleeping, manager):
    container = runtime.create(sleeping, env=environment(manager))
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(kernel.mount_at(container.pid, "/run/notify").options)


def test_start_ends_with_a_program_that_never_is(runtime, sleeping, manager):
    container = runtime.create(sleeping, env=environment(manager))
    process = popen_start(runtime, container, manager)
    container.kill("KILL").ok()
    assert process.wait(timeout=10) == 0
    assert manager.heard == []


def test_a_container_that_waits_to_be_ready_can_be_deleted(runtime, sleeping, manager):
    container = runtime.create(sleeping, env=environment(manager))
    process = popen_start(runtime, container, manager)
    container.delete("--force").ok()
    assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("detach", [True, False], ids=["detached", "in the foreground"])
def test_run_tells_it_too(runtime, sleeping, manager, detach):
    sleeping.write()
    name = runtime.new_id()
    options = ["--detach"] if detach else []
    process = runtime.popen("run", *options, "--bundle", sleeping.path, name, env=environment(manager), stdout=-3)
    kernel.eventually(lambda: runtime.call("state", name).stdout and runtime.call("state", name).json()["pid"])
    pid = runtime.call("state", name).json()["pid"]
    kernel.eventually(lambda: os.path.exists(f"/proc/{pid}/root/run/notify/notify.sock"))
    say(pid, "READY=1")
    kernel.eventually(lambda: len(manager.heard) == 3)
    assert manager.heard == ["READY=1", f"MAINPID={pid}", "BARRIER=1"]
    if not detach:
        assert process.poll() is None
        runtime.call("kill", name, "KILL").ok()
    assert process.wait(timeout=10) == (0 if detach else 137)


def test_a_manager_that_is_not_there_is_named(runtime, sleeping, directory):
    nobody = {**os.environ, "NOTIFY_SOCKET": f"{directory}/nobody"}
    container = runtime.create(sleeping, env=nobody)
    process = runtime.popen("start", container.id, env=nobody, stderr=-1, text=True)
    kernel.eventually(lambda: container.status == "running")
    say(container.pid, "READY=1")
    _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"tell {directory}/nobody of the container: ENOENT" in said
    assert container.status == "running"


def test_without_the_variable_there_is_nothing(runtime, sleeping, manager):
    container = runtime.start(sleeping)
    assert not os.path.exists(f"/proc/{container.pid}/root/run/notify")
    container.await_output("\n")
    # One that was created without it is not waited for.
    assert container.output() == "\n"


def test_a_start_that_is_to_be_told_waits_for_no_container_that_cannot_say(runtime, sleeping, manager):
    container = runtime.create(sleeping)
    runtime.call("start", container.id, env=environment(manager)).ok()
