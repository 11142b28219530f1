# SPDX-License-Identifier: Apache-2.0
"""Standard streams: pipes become the process's user's, so that it can open /dev/stdout again; what has a name on the
host stays its owner's."""

import os
import subprocess

import pytest

# Images link their logs there: nginx's for one.
AGAIN = "echo said > /dev/stdout; echo failed > /dev/stderr"


def run_with_pipes(runtime, bundle, text):
    bundle.script(text).write()
    words = runtime.command("run", "--bundle", bundle.path, runtime.new_id())
    return subprocess.run(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("namespace", ["own user namespace", "the host's"])
def test_a_pipe_can_be_opened_again(runtime, bundle, uid, namespace):
    bundle.process["user"] = {"uid": uid, "gid": uid}
    if namespace != "the host's":
        bundle.user_namespace()
    done = run_with_pipes(runtime, bundle, AGAIN)
    assert (done.stdout, done.stderr, done.returncode) == ("said\n", "failed\n", 0)


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("namespace", ["own user namespace", "the host's"])
def test_a_pipe_of_an_exec_can_be_opened_again(runtime, bundle, uid, namespace):
    if namespace != "the host's":
        bundle.user_namespace()
    container = runtime.start(bundle.args("sleep", "600"))
    words = runtime.command("exec", "--user", f"{uid}:{uid}", container.id, "sh", "-c", AGAIN)
    done = subprocess.run(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("said\n", "failed\n", 0)


@pytest.mark.tare_only
def test_a_pipe_in_a_joined_user_namespace_can_be_opened_again(runtime, bundle, make_bundle):
    holder = runtime.start(make_bundle().user_namespace().args("sleep", "600"))
    bundle.user_namespace().namespace("user", f"/proc/{holder.pid}/ns/user")
    del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
    bundle.namespace("pid", f"/proc/{holder.pid}/ns/pid")
    bundle.without_mount("/sys", "/sys/fs/cgroup")
    done = run_with_pipes(runtime, bundle, AGAIN)
    assert (done.stdout, done.stderr, done.returncode) == ("said\n", "failed\n", 0)


@pytest.mark.tare_only  # runc gives it to the user
@pytest.mark.parametrize("namespace", ["own user namespace", "the host's"])
@pytest.mark.parametrize("kind", ["fifo", "file"])
def test_what_has_a_name_on_the_host_keeps_its_owner(runtime, bundle, directory, kind, namespace):
    path = directory / "stream"
    if kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.touch(0o600)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    if namespace != "the host's":
        bundle.user_namespace()
    stream = os.open(path, os.O_RDWR)
    try:
        container = runtime.start(bundle.args("sleep", "600"), stdout=stream, stderr=stream)
        assert os.stat(path).st_uid == 0
        container.delete("--force").ok()
    finally:
        os.close(stream)
