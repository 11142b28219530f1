# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore, by CRIU. What CRIU itself needs of a kernel only the guest has."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from support import isolation, kernel
from support.kernel import eventually

pytestmark = pytest.mark.tare_only
MS_RDONLY = 1
needs_criu = pytest.mark.criu

SECONDS = 60  # CRIU under emulation
COUNT = "i=0; while :; do i=$((i+1)); echo $i > /count.new; mv /count.new /count; sleep 0.05; done"


@pytest.fixture
def counting(bundle):
    """A bundle whose process counts in a file of its root."""
    return bundle.writable().script(COUNT)


def count(bundle):
    try:
        return int((bundle.rootfs / "count").read_text())
    except FileNotFoundError:
        return 0


def grows(bundle, seconds=20):
    seen = count(bundle)
    eventually(lambda: count(bundle) > seen + 2, seconds=seconds)


@pytest.fixture
def running(runtime, counting):
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    return container


def checkpoint(runtime, container, images, *options):
    return runtime.call("checkpoint", "--image-path", images, *options, container.id, seconds=SECONDS)


def restore(runtime, bundle, name, images, *options, **popen):
    words = ["restore", "--detach", "--bundle", bundle.path, "--image-path", images, *options, name]
    runtime.call(*words, seconds=SECONDS, **popen).ok()
    return runtime.call("state", name).ok().json()


@needs_criu
def test_help_succeeds_where_criu_works(runtime):
    assert "--image-path" in runtime.call("checkpoint", "--help").ok().stdout
    assert "--image-path" in runtime.call("restore", "--help").ok().stdout


def test_an_option_without_its_value_is_said_so(runtime):
    runtime.call("restore", "--lsm-mount-context").failed("requires an argument")


def test_without_criu_the_help_fails_and_says_why(runtime):
    outcome = runtime.call("--criu", "/no/such", "checkpoint", "--help")
    assert "--image-path" in outcome.stdout
    outcome.failed("/no/such: ENOENT")
    runtime.call("checkpoint", "--help", env={**os.environ, "PATH": "/nowhere"}).failed("executable file not found in $PATH")


@needs_criu
def test_a_counter_counts_on_after_each_restore(runtime, counting, running, directory):
    for number in range(2):
        images = directory / f"images-{number}"
        checkpoint(runtime, running, images).ok()
        runtime.call("state", running.id).failed("does not exist")
        assert not kernel.cgroup_directories(running.id)
        before = count(counting)
        state = restore(runtime, counting, running.id, images)
        assert state["status"] == "running"
        grows(counting)
        assert count(counting) >= before
        assert (images / "dump.log").exists() and (images / "restore.log").exists()
        for path in kernel.cgroups(state["pid"]).values():
            assert path.endswith(f"/{running.id}")
    assert runtime.call("exec", running.id, "cat", "/proc/1/comm").ok().stdout == "sh\n"


@needs_criu
def test_under_another_id_it_has_that_ones_cgroup(runtime, counting, directory):
    counting.resources["pids"] = {"limit": 77}
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    images = directory / "images"
    checkpoint(runtime, container, images).ok()
    other = runtime.new_id()
    pid = restore(runtime, counting, other, images)["pid"]
    for path in kernel.cgroups(pid).values():
        assert path.endswith(f"/{other}")
    assert kernel.cgroup_value(pid, "pids", "pids.max") == "77"
    assert not kernel.cgroup_directories(container.id)
    grows(counting)


@needs_criu
def test_leave_running_leaves_it_running(runtime, counting, running, directory):
    checkpoint(runtime, running, directory / "images", "--leave-running").ok()
    assert running.status == "running"
    grows(counting)


@needs_criu
def test_a_pre_dump_is_the_parent_of_a_dump(runtime, counting, running, directory):
    checkpoint(runtime, running, directory / "first", "--pre-dump").ok()
    grows(counting)
    checkpoint(runtime, running, directory / "second", "--parent-path", "../first").ok()
    restore(runtime, counting, running.id, directory / "second")
    grows(counting)


@needs_criu
def test_binds_come_from_the_bundle_that_is_restored(runtime, counting, directory):
    for name in ("here", "there"):
        (directory / name).mkdir()
        (directory / name / "file").write_text(name)
    counting.bind(directory / "here", "/data")
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    checkpoint(runtime, container, directory / "images").ok()
    counting.config["mounts"][-1]["source"] = str(directory / "there")
    counting.write()
    restore(runtime, counting, container.id, directory / "images")
    assert runtime.call("exec", container.id, "cat", "/data/file").ok().stdout == "there"


@needs_criu
def test_in_a_user_namespace_it_is_restored_and_the_hosts_mounts_are_locked_again(runtime, counting, directory):
    volume = directory / "volume"
    volume.mkdir()
    isolation.mount("canary", volume, "tmpfs", MS_RDONLY)
    counting.user_namespace().capabilities("CAP_SYS_ADMIN").bind(volume, "/data", "ro")
    counting.rootfs.chmod(0o777)
    (counting.rootfs / "data").mkdir()
    reader, writer = os.pipe()
    images = directory / "images"
    try:
        container = runtime.start(counting, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
        grows(counting)
        checkpoint(runtime, container, images).ok()
        assert images.stat().st_mode & 0o777 == 0o710, "its memory is in there"
        restore(runtime, counting, container.id, images, stdout=writer, stderr=writer)
        grows(counting)
        refused = runtime.call("exec", container.id, "mount", "-o", "remount,bind,rw", "/data")
        assert refused.code != 0 and "permission denied" in refused.stderr
        runtime.call("delete", "--force", container.id).ok()
    finally:
        os.close(reader)
        os.close(writer)
        isolation.unmount(volume)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_listened_at(port):
    """As proc(5) shows it: a page server takes the first connection for the one that it waits for."""
    return f"0100007F:{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()


def serve(*words):
    return subprocess.Popen(["criu", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@needs_criu
def test_the_memory_goes_to_a_page_server(runtime, counting, running, directory):
    images = directory / "images"
    images.mkdir()
    port = free_port()
    server = serve("page-server", "--images-dir", images, "--address", "127.0.0.1", "--port", port)
    eventually(lambda: is_listened_at(port), seconds=SECONDS)
    elsewhere = directory / "elsewhere"
    checkpoint(runtime, running, elsewhere, "--page-server", f"127.0.0.1:{port}").ok()
    assert server.wait(SECONDS) == 0
    assert not list(elsewhere.glob("pages-*.img"))
    for file in elsewhere.iterdir():
        if file.suffix in (".img", ".json"):
            file.rename(images / file.name)
    restore(runtime, counting, running.id, images)
    grows(counting)


@needs_criu
def test_memory_is_moved_when_it_is_used(runtime, counting, running, directory):
    """The dumped process stays with its pages until the restored one has them all."""
    images, port = directory / "images", free_port()
    ready, status = os.pipe()
    words = runtime.command("checkpoint", "--image-path", images, "--lazy-pages", "--status-fd", status,
                            "--page-server", f"127.0.0.1:{port}", running.id)
    source = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[status])
    os.close(status)
    assert os.read(ready, 1) == b"\0"
    os.close(ready)
    before = count(counting)
    pages = serve("lazy-pages", "--images-dir", images, "--work-dir", images, "--page-server", "--address", "127.0.0.1",
                  "--port", port)
    eventually(lambda: (images / "lazy-pages.socket").exists(), seconds=SECONDS)
    target = runtime.new_id()
    restore(runtime, counting, target, images, "--lazy-pages")
    assert source.wait(SECONDS) == 0 and pages.wait(SECONDS) == 0
    grows(counting)
    assert count(counting) > before


@needs_criu
def test_an_added_bind_is_refused_until_it_is_removed(runtime, counting, running, directory):
    (directory / "more").mkdir()
    mount = directory / "mount.json"
    mount.write_text(json.dumps({"destination": "/more", "source": str(directory / "more"), "type": "bind", "options": ["bind"]}))
    runtime.call("mounts", "add", running.id, mount).ok()
    images = directory / "images"
    checkpoint(runtime, running, images).failed('mount "/more"', "tare mounts remove")
    assert running.status == "running" and not (images / "dump.log").exists()
    runtime.call("mounts", "remove", running.id, mount).ok()
    checkpoint(runtime, running, images).ok()
    restore(runtime, counting, running.id, images)
    grows(counting)


@needs_criu
def test_limits_masks_and_the_filter_are_there_again(runtime, counting, directory):
    counting.resources["pids"] = {"limit": 77}
    counting.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}]}
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    before = kernel.status(container.pid)
    checkpoint(runtime, container, directory / "images").ok()
    pid = restore(runtime, counting, container.id, directory / "images")["pid"]
    assert kernel.cgroup_value(pid, "pids", "pids.max") == "77"
    after = kernel.status(pid)
    for name in ("CapEff", "CapBnd", "Seccomp", "NoNewPrivs", "Uid", "NSpid"):
        assert after[name].split("\t")[-1] == before[name].split("\t")[-1]
    assert runtime.call("exec", container.id, "cat", "/proc/kcore").ok().stdout == ""


@needs_criu
def test_pipes_are_the_new_callers(runtime, bundle, directory):
    bundle.writable().script(COUNT.replace("echo $i >", "echo $i; echo $i >"))
    reader, writer = os.pipe()
    container = runtime.start(bundle, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    grows(bundle)
    checkpoint(runtime, container, directory / "images").ok()
    os.close(reader)
    seen = count(bundle)
    reader, writer = os.pipe()
    restore(runtime, bundle, container.id, directory / "images", stdout=writer, stderr=writer)
    os.close(writer)
    assert int(os.read(reader, 100).split()[0]) in range(seen - 1, seen + 3)
    os.close(reader)


@needs_criu
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_a_stream_that_is_kept_elsewhere_is_the_new_callers(runtime, bundle, directory, kind):
    """As a shell keeps it at another number while `echo > file` runs."""
    bundle.writable().script("exec 3>&1 >/elsewhere; " + COUNT.replace("echo $i >", "echo $i >&3; echo $i >"))

    def open_stream():
        if kind == "pipe":
            return os.pipe()
        log = directory / "log"  # CRIU takes a file for another only if it is as long
        return [os.open(log, flags, 0o600) for flags in (os.O_RDONLY | os.O_CREAT, os.O_WRONLY | os.O_APPEND)]

    reader, writer = open_stream()
    container = runtime.start(bundle, stdin=subprocess.DEVNULL, stdout=writer)
    os.close(writer)
    grows(bundle)
    checkpoint(runtime, container, directory / "images").ok()
    os.close(reader)
    seen = count(bundle)
    reader, writer = open_stream()
    restore(runtime, bundle, container.id, directory / "images", stdout=writer)
    os.close(writer)
    grows(bundle)
    assert max(map(int, os.read(reader, 1 << 16).split())) > seen
    os.close(reader)


@needs_criu
def test_a_terminal_is_sent_again(runtime, bundle, console, directory):
    bundle.writable().script("while read line; do echo got $line; done")
    bundle.process["terminal"] = True
    container = runtime.start(bundle, "--console-socket", console.path)
    console.receive()
    console.write("one\n")
    console.read("got one")
    checkpoint(runtime, container, directory / "images").ok()
    restore(runtime, bundle, container.id, directory / "images", "--console-socket", console.path)
    console.receive()
    console.write("two\n")
    console.read("got two")


@needs_criu
def test_hooks_run_around_a_restore(runtime, counting, directory):
    log = directory / "hooks"
    for kind in ("createRuntime", "poststart", "poststop"):
        counting.hook(kind, "/bin/sh", "sh", "-c", f"echo {kind} >> {log}")
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    checkpoint(runtime, container, directory / "images").ok()
    assert log.read_text().split() == ["createRuntime", "poststart", "poststop"]
    restore(runtime, counting, container.id, directory / "images")
    assert log.read_text().split()[3:] == ["createRuntime", "poststart"]


@needs_criu
@pytest.mark.parametrize("kind", ["createRuntime", "poststart"])
def test_a_failed_hook_ends_what_was_restored(runtime, counting, directory, kind):
    log = directory / "hooks"
    counting.hook(kind, "/bin/sh", "sh", "-c", f"test ! -e {directory}/fail")
    counting.hook("poststop", "/bin/sh", "sh", "-c", f"echo poststop >> {log}")
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    images = directory / "images"
    checkpoint(runtime, container, images).ok()
    (directory / "fail").touch()
    words = ["restore", "--detach", "--bundle", counting.path, "--image-path", images, container.id]
    runtime.call(*words, seconds=SECONDS).failed(f"/hooks/{kind}/0")
    assert log.read_text() == "poststop\npoststop\n"
    runtime.call("state", container.id).failed("does not exist")
    assert not kernel.cgroup_directories(container.id)


@needs_criu
def test_a_joined_network_namespace_is_given_again(runtime, counting, directory):
    holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    path = f"/proc/{holder.pid}/ns/net"
    eventually(lambda: os.readlink(path) != os.readlink("/proc/self/ns/net"))
    counting.namespace("network", path)
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    checkpoint(runtime, container, directory / "images").ok()
    pid = restore(runtime, counting, container.id, directory / "images")["pid"]
    assert kernel.namespace(pid, "network") == os.readlink(path)
    container.delete("--force").ok()
    holder.kill()
    holder.wait()


@needs_criu
def test_in_the_foreground_restore_ends_with_the_process(runtime, bundle, directory):
    bundle.writable().script("while [ ! -e /end ]; do echo x > /count; sleep 0.05; done; exit 7")
    container = runtime.start(bundle, stdin=subprocess.DEVNULL)
    eventually(lambda: (bundle.rootfs / "count").exists())
    checkpoint(runtime, container, directory / "images").ok()
    words = runtime.command("restore", "--bundle", bundle.path, "--image-path", directory / "images", container.id)
    with open(directory / "out", "wb") as out:  # as the streams were: files
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    eventually(lambda: runtime.call("state", container.id).code == 0, seconds=30)
    (bundle.rootfs / "end").touch()
    assert process.wait(30) == 7, (directory / "out").read_text()
    runtime.call("state", container.id).failed("does not exist")


@needs_criu
def test_what_criu_could_not_do_is_in_the_error(runtime, counting, running, directory):
    images = directory / "images"
    checkpoint(runtime, running, images).ok()
    next(images.glob("mountpoints-*.img")).unlink()
    outcome = runtime.call("restore", "--detach", "--bundle", counting.path, "--image-path", images, running.id, seconds=SECONDS)
    outcome.failed("restore container", "criu failed: Error (criu/", "log: restore.log")
    assert outcome.stderr.count("No root found") == 1
    runtime.call("state", running.id).failed("does not exist")
    assert not kernel.cgroup_directories(running.id)


@needs_criu
def test_by_systemd_it_is_a_scope_again(runtime, counting, directory):
    runtime.globals = ["--systemd-cgroup"]
    name = runtime.new_id()
    counting.linux["cgroupsPath"] = f"system.slice:tt:{name}"
    container = runtime.start(counting, stdin=subprocess.DEVNULL)
    grows(counting)
    checkpoint(runtime, container, directory / "images").ok()
    pid = restore(runtime, counting, container.id, directory / "images")["pid"]
    assert kernel.cgroups(pid)[""] == f"/system.slice/tt-{name}.scope"
    grows(counting)


def test_a_created_container_is_refused(runtime, bundle, directory):
    container = runtime.create(bundle.args("sleep", "60"))
    runtime.call("checkpoint", "--image-path", directory / "i", container.id).failed("is not running: created")
    assert not (directory / "i").exists()


@pytest.mark.parametrize("words, said", [
    (["--manage-cgroups-mode", "some"], "invalid manage-cgroups-mode: some"),
    (["--page-server", "nowhere"], "ADDRESS:PORT"),
    (["--empty-ns", "mount"], "invalid empty-ns: mount"),
    (["--network-lock", "x"], "invalid network-lock: x"),
])
def test_wrong_values_are_refused(runtime, words, said):
    runtime.call("checkpoint", *words, "some").failed(said)


def test_no_container_no_checkpoint(runtime):
    runtime.call("checkpoint", "none").failed("does not exist")
