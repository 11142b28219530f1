# SPDX-License-Identifier: Apache-2.0
"""tare ns: what it shows, enters, pins and makes, against lsns, nsenter and unshare of util-linux."""

import json
import os
import pty
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import isolation, kernel
from support.kernel import eventually

pytestmark = pytest.mark.tare_only

KINDS = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]  # as in /proc/PID/ns
OPTIONS = {kind: {"mnt": "mount"}.get(kind, kind) for kind in KINDS}  # of unshare(1) and of tare


def inode(path):
    return os.stat(path).st_ino


def inode_of(pid, kind):
    return inode(f"/proc/{pid}/ns/{kind}")


def is_there(pid):
    isolation.reap_dead_children()
    return kernel.is_alive(pid)


@contextmanager
def process_in(*options, command=("sleep", "300"), stdin=subprocess.DEVNULL):
    """unshare(1) with these options; gives the pid of the command."""
    process = subprocess.Popen(["unshare", *options, *command], stdin=stdin)
    try:
        if "--fork" in options:
            pid = eventually(lambda: kernel.descendants(process.pid))[0]
        else:
            pid = process.pid
        eventually(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == command[0])
        yield pid
    finally:
        below = kernel.descendants(process.pid)
        for one in [*below, process.pid]:
            os.kill(one, 9)
        process.wait()
        if process.stdin:
            process.stdin.close()
        eventually(lambda: not any(is_there(one) for one in below))


def listed(runtime, *options):
    """{inode: entry} of `ns list`."""
    found = runtime.call("ns", "list", "--format", "json", *options).ok().json()["namespaces"]
    return {entry["inode"]: entry for entry in found}


def is_gone(runtime, number):
    isolation.reap_dead_children()
    return number not in listed(runtime)


def lsns():
    """{inode: (kind, processes, lowest pid)} as lsns of util-linux finds them."""
    text = subprocess.check_output(["lsns", "--json", "--output", "NS,TYPE,NPROCS,PID"], text=True)
    return {int(one["ns"]): (one["type"], int(one["nprocs"]), int(one["pid"])) for one in json.loads(text)["namespaces"]}


# ---- list --------------------------------------------------------------------------------------


def test_list_finds_what_lsns_finds(runtime):
    before = lsns()
    found = listed(runtime)
    after = lsns()
    for number in before.keys() & after.keys():
        assert found[number]["kind"] == before[number][0]


@pytest.mark.parametrize("kind", KINDS)
def test_list_counts_the_processes_of_a_namespace_as_lsns_does(runtime, kind):
    fork = ["--fork"] if kind in ("pid", "time") else []
    with process_in(f"--{OPTIONS[kind]}", *fork) as pid:
        number = inode_of(pid, kind)
        entry = listed(runtime)[number]
        assert (entry["kind"], entry["processes"], entry["pids"][0]) == lsns()[number]
        assert entry["pids"] == [pid]
        assert entry["command"] == "sleep 300"
        assert entry["owner"] == inode_of("self", "user")
    eventually(lambda: is_gone(runtime, number))


def test_list_shows_the_owner_and_the_parent(runtime):
    with process_in("--user", "--map-root-user", "--uts", "--pid", "--fork") as pid:
        found = listed(runtime)
        user, uts, pids = (inode_of(pid, kind) for kind in ("user", "uts", "pid"))
        assert found[uts]["owner"] == user
        assert found[pids]["owner"] == user
        assert found[user]["owner"] == found[user]["parent"] == inode_of("self", "user")
        assert found[pids]["parent"] == inode_of("self", "pid")


def test_list_of_one_kind(runtime):
    assert {entry["kind"] for entry in listed(runtime, "--kind", "net").values()} == {"net"}
    assert listed(runtime, "--kind", "mount").keys() == listed(runtime, "--kind", "mnt").keys()
    runtime.call("ns", "list", "--kind", "nets").failed("no kind of namespace", '"nets"')


def test_list_finds_what_only_a_bind_mount_holds(runtime, directory):
    file = directory / "uts"
    file.touch()
    with process_in("--uts") as pid:
        number = inode_of(pid, "uts")
        isolation.bind(f"/proc/{pid}/ns/uts", str(file))
    try:
        entry = listed(runtime)[number]
        assert entry["processes"] == 0
        assert entry["owner"] == inode_of("self", "user")
        assert entry["heldBy"] == [{"by": "mount", "path": str(file)}]
        assert f"mount {file}" in runtime.call("ns", "list").ok().stdout
    finally:
        isolation.unmount(str(file))
    eventually(lambda: is_gone(runtime, number))


def test_list_finds_a_bind_mount_in_another_mount_namespace(runtime, directory):
    file = directory / "uts"
    file.touch()
    with process_in("--mount") as pid:
        script = f"unshare --uts sh -c 'mount --bind /proc/$$/ns/uts {file}; readlink /proc/$$/ns/uts'"
        text = subprocess.check_output(["nsenter", "--target", str(pid), "--mount", "sh", "-c", script], text=True)
        number = int(text.strip()[len("uts:["):-1])
        entry = listed(runtime)[number]
        assert entry["heldBy"] == [{"by": "mount", "pid": pid, "path": str(file)}]
        assert entry["owner"] == inode_of("self", "user")
    eventually(lambda: is_gone(runtime, number))


def test_a_mount_point_of_a_container_is_not_followed_out_of_it(runtime, directory):
    """What covers a pin is not opened: a fifo would hang tare, and a link lead elsewhere."""
    file = directory / "uts"
    file.touch()
    with process_in("--mount") as pid:
        script = (f"unshare --uts sh -c 'mount --bind /proc/$$/ns/uts {file}; readlink /proc/$$/ns/uts'; "
                  f"mkfifo {directory}/fifo; mount --bind {directory}/fifo {file}")
        text = subprocess.check_output(["nsenter", "--target", str(pid), "--mount", "sh", "-c", script], text=True)
        entry = listed(runtime)[int(text.strip()[len("uts:["):-1])]
        assert entry["heldBy"] == [{"by": "mount", "pid": pid, "path": str(file)}]
        assert "owner" not in entry


def test_list_finds_what_only_a_descriptor_holds(runtime):
    with process_in("--net") as pid:
        number = inode_of(pid, "net")
        fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        entry = listed(runtime)[number]
        assert entry["processes"] == 0
        assert entry["heldBy"] == [{"by": "descriptor", "pid": os.getpid(), "number": fd}]
        assert f"descriptor {fd} of {os.getpid()}" in runtime.call("ns", "list").ok().stdout
    finally:
        os.close(fd)
    eventually(lambda: is_gone(runtime, number))


@contextmanager
def thread_in(kind):
    """A thread of ours that is alone in a new namespace; gives its TID."""
    ready, done, found = threading.Event(), threading.Event(), []

    def live():
        libc = isolation._libc
        assert libc.unshare({"uts": 0x04000000, "net": 0x40000000}[kind]) == 0
        found.append(threading.get_native_id())
        ready.set()
        done.wait()

    thread = threading.Thread(target=live)
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        done.set()
        thread.join()


def test_list_finds_what_only_a_thread_is_in(runtime):
    with thread_in("uts") as tid:
        number = inode(f"/proc/{tid}/ns/uts")
        entry = listed(runtime)[number]
        assert entry["processes"] == 0
        assert entry["heldBy"] == [{"by": "thread", "pid": os.getpid(), "number": tid}]


def test_list_finds_the_namespace_that_children_will_be_in(runtime):
    """unshare(1) itself stays where it was."""
    with process_in("--time", "--fork") as pid:
        entry = listed(runtime)[inode_of(pid, "time")]
        assert {"by": "children", "pid": os.getpid()} not in entry["heldBy"]
        (parent,) = [one["pid"] for one in entry["heldBy"] if one["by"] == "children"]
        assert int(kernel.status(pid)["PPid"]) == parent


def test_list_finds_a_user_namespace_that_only_one_below_holds(runtime):
    with process_in("--user", "--map-root-user", "unshare", "--user", "--map-root-user") as pid:
        middle = listed(runtime)[inode_of(pid, "user")]["parent"]
        assert middle != inode_of("self", "user")
        entry = listed(runtime)[middle]
        assert entry["processes"] == 0
        assert entry["heldBy"] == [{"by": "namespace"}]
        assert entry["parent"] == inode_of("self", "user")


def test_list_names_the_container(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "300"))
    found = listed(runtime)
    own = [entry for entry in found.values() if entry.get("container") == container.id]
    assert {entry["kind"] for entry in own} == {"ipc", "mnt", "net", "pid", "uts"}
    assert all(entry["pids"] == [container.pid] for entry in own)
    assert "container" not in found[inode_of("self", "uts")]
    assert container.id in runtime.call("ns", "list").ok().stdout


def test_a_hostile_command_line_cannot_drive_the_terminal(runtime):
    with process_in("--uts", command=("cat", "-", "x\x1b[31m\n"), stdin=subprocess.PIPE) as pid:
        line = [line for line in runtime.call("ns", "list").ok().stdout.splitlines() if str(inode_of(pid, "uts")) in line]
        assert len(line) == 1
        assert "x\\x1b[31m\\x0a" in line[0]
        assert "\x1b" not in runtime.call("ns", "show", pid).ok().stdout


def test_list_as_a_tree(runtime):
    with process_in("--user", "--map-root-user", "--pid", "--fork") as pid:
        lines = runtime.call("ns", "list", "--tree").ok().stdout.splitlines()
        for kind in ("user", "pid"):
            (line,) = [line for line in lines if str(inode_of(pid, kind)) in line]
            assert line.lstrip("│ ").startswith(("├─ ", "└─ "))
        assert lines[0] == "user namespaces"
        assert "pid namespaces" in lines


# ---- show --------------------------------------------------------------------------------------


def shown(runtime, name):
    return runtime.call("ns", "show", "--format", "json", name).ok().json()


def test_show_has_the_namespaces_of_a_process(runtime):
    with process_in("--uts", "--user", "--map-root-user") as pid:
        process = shown(runtime, pid)
        assert (process["pid"], process["tgid"], process["parent"]) == (pid, pid, os.getpid())
        (thread,) = process["threads"]
        assert {one["kind"]: one["inode"] for one in thread["namespaces"]} == {
            kind: inode_of(pid, kind) for kind in KINDS}
        own = {one["kind"] for one in thread["namespaces"] if one["differsFromParent"]}
        assert own == {"uts", "user"}
        owners = {one["kind"]: one.get("owner") for one in thread["namespaces"]}
        assert owners["uts"] == inode_of(pid, "user")
        assert owners["net"] == owners["user"] == inode_of("self", "user")


def test_show_has_each_thread(runtime):
    with thread_in("net") as tid:
        process = shown(runtime, os.getpid())
        threads = {one["tid"]: one for one in process["threads"]}
        assert process["threads"][0]["tid"] == os.getpid()
        assert threads.keys() == {int(name) for name in os.listdir("/proc/self/task")}
        nets = {one["tid"]: space["inode"] for one in process["threads"] for space in one["namespaces"]
                if space["kind"] == "net"}
        assert nets[tid] == inode(f"/proc/{tid}/ns/net") != nets[os.getpid()]
        text = runtime.call("ns", "show", os.getpid()).ok().stdout
        (line,) = [line for line in text.splitlines() if line.startswith(f"{os.getpid()}  {tid}  ")]
        assert f"{nets[tid]}*" in line


def test_show_of_a_container(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "300"))
    process = shown(runtime, container.id)
    assert (process["container"], process["pid"]) == (container.id, container.pid)
    own = {one["kind"] for one in process["threads"][0]["namespaces"] if one["differsFromHost"]}
    assert {"ipc", "mnt", "net", "pid", "uts"} <= own
    text = runtime.call("ns", "show", container.id).ok().stdout
    assert f"container {container.id}" in text


def test_show_refuses_what_is_not_there(runtime, bundle):
    runtime.call("ns", "show", "4194305").failed("process does not exist: 4194305")
    runtime.call("ns", "show", "nobody").failed("container does not exist: nobody")
    runtime.call("ns", "show", "../x").failed("invalid container ID format")
    runtime.call("ns", "show", "0").failed("process does not exist: 0")
    container = runtime.start(bundle.args("true")).await_end()
    runtime.call("ns", "show", container.id).failed("not running")


def on_a_terminal(runtime, *words, **environment):
    master, slave = pty.openpty()
    process = runtime.popen(*words, stdin=subprocess.DEVNULL, stdout=slave,
                            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment})
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:  # EIO: its end
        pass
    os.close(master)
    assert process.wait() == 0
    return text.decode()


@pytest.mark.parametrize("words", [["ns", "list"], ["ns", "show", "self"]])
def test_colour_is_for_terminals_and_not_with_no_color(runtime, words):
    with process_in("--uts") as pid:
        words = [str(pid) if word == "self" else word for word in words]
        text = on_a_terminal(runtime, *words)
        assert f"\x1b[33m{inode_of(pid, 'uts')}" in text
        plain = on_a_terminal(runtime, *words, NO_COLOR="1")
        assert "\x1b" not in plain
        assert "\x1b" not in on_a_terminal(runtime, *words, TERM="dumb")
        assert "\x1b" not in runtime.call(*words).ok().stdout
        (title,) = [line for line in plain.splitlines() if line.startswith("KIND")]
        assert all(line[title.index("INODE") - 1] == " " and line[title.index("INODE")].isdigit()
                   for line in plain.splitlines() if line.startswith("uts  "))
