# SPDX-License-Identifier: Apache-2.0
"""tare ns: what it shows, enters, pins and makes, against lsns, nsenter and unshare of util-linux."""

import fcntl
import json
import os
import pty
import random
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import isolation, kernel, leaks
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


def mount_namespace_number(pid):
    """NS_GET_MNTNS_ID, by which the kernel tells which is older. Since Linux 6.18 each CPU has a range of its own."""
    number = bytearray(8)
    with open(f"/proc/{pid}/ns/mnt", "rb") as file:
        try:
            fcntl.ioctl(file, 0x8008B705, number)
        except OSError:  # Linux 6.10 or older
            return None
    return int.from_bytes(number, sys.byteorder)


@contextmanager
def newer_mount_namespace(*options):
    """A process in a mount namespace that ours can hold."""
    cpus = os.sched_getaffinity(0)
    own = mount_namespace_number("self")
    for cpu in cpus:
        os.sched_setaffinity(0, {cpu})
        try:
            with process_in("--mount", *options) as pid:
                os.sched_setaffinity(0, cpus)
                if own is not None and mount_namespace_number(pid) < own:
                    continue
                yield pid
                return
        finally:
            os.sched_setaffinity(0, cpus)
    pytest.fail("no CPU makes newer mount namespaces")


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
    runtime.call("ns", "list", "--kind", "nets").failed("unknown kind of namespace", '"nets"')


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


def test_show_says_what_it_cannot_know(runtime):
    """The parent of an ordinary user's process may be somebody else's, and is not looked at."""
    user = {"user": 65534, "group": 65534, "extra_groups": []}
    sleeper = subprocess.Popen(["sleep", "600"], **user)
    try:
        outcome = runtime.call("ns", "show", sleeper.pid, **user).ok()
        assert {line.split()[4] for line in outcome.stdout.splitlines() if line.startswith(tuple(KINDS))} == {"unknown"}
        outcome = runtime.call("ns", "show", "--format", "json", sleeper.pid, **user).ok()
        assert not any("differsFromParent" in one for one in outcome.json()["threads"][0]["namespaces"])
    finally:
        sleeper.kill()
        sleeper.wait()


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
        (line,) = [line for line in text.splitlines() if line.split()[:2] == [str(os.getpid()), str(tid)]]
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


# ---- exec --------------------------------------------------------------------------------------


def links(kinds, prefix=()):
    """What readlink says about each kind in a command that `prefix` runs."""
    words = [*prefix, "readlink", *(f"/proc/self/ns/{kind}" for kind in kinds)]
    return subprocess.check_output(list(map(str, words)), text=True).split()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mnt"])
def test_exec_joins_what_nsenter_joins(runtime, kind):
    fork = ["--fork"] if kind in ("pid", "time") else []
    more = ["--map-root-user"] if kind == "user" else []
    with process_in(f"--{OPTIONS[kind]}", *fork, *more) as pid:
        control = links(KINDS, ["nsenter", "--target", pid, f"--{OPTIONS[kind]}"])
        for place in ([pid], [f"--{OPTIONS[kind]}", pid], [f"/proc/{pid}/ns/{kind}"]):
            assert links(KINDS, runtime.command("ns", "exec", *place, "--")) == control


def test_exec_joins_a_mount_namespace_as_nsenter_does(runtime, directory):
    with process_in("--mount", "sh", "-c", f"mount -t tmpfs own {directory}; touch {directory}/in; exec sleep 300") as pid:
        control = subprocess.check_output(["nsenter", f"--mount=/proc/{pid}/ns/mnt", "ls", directory], text=True)
        assert control == "in\n"
        for place in ([pid], ["--mount", pid], [f"/proc/{pid}/ns/mnt"]):
            assert runtime.call("ns", "exec", *place, "--", "ls", directory).ok().stdout == control
        assert "in" not in os.listdir(directory)


def test_exec_joins_all_namespaces_of_a_container(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "300"))
    out = runtime.call("ns", "exec", container.id, "--", "/bin/sh", "-c", "for one in /proc/self/ns/*; do readlink $one; done; echo $$; pwd")
    lines = out.ok().stdout.split()
    own = [os.readlink(f"/proc/{container.pid}/ns/{kind}") for kind in
           ["cgroup", "ipc", "mnt", "net", "pid", "pid", "time", "time", "user", "uts"]]
    assert lines[:-2] == own
    assert int(lines[-2]) < 10
    assert lines[-1] == "/"


def test_exec_with_a_user_namespace_becomes_its_root(runtime):
    with process_in("--user", "--map-root-user", "--uts", "--net") as pid:
        words = ["sh", "-c", "hostname inside; id -u; id -g; cat /proc/self/uid_map"]
        control = subprocess.check_output(["nsenter", "--target", str(pid), "--user", "--uts", "--net", *words], text=True)
        assert runtime.call("ns", "exec", pid, "--", *words).ok().stdout == control
        assert subprocess.check_output(["nsenter", "--target", str(pid), "--uts", "hostname"], text=True) == "inside\n"


def test_a_user_joins_by_the_user_namespace_first(runtime, user, directory):
    """Nothing else gives an ordinary user the privilege to join the others."""
    prefix = [str(word) for word in user.prefix()]
    process = subprocess.Popen([*prefix, "/usr/bin/unshare", "--user", "--map-root-user", "--uts", "/usr/bin/sleep", "300"])
    try:
        eventually(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
        runtime.prefix = prefix
        out = runtime.call("ns", "exec", process.pid, "--", "/usr/bin/readlink", "/proc/self/ns/user", "/proc/self/ns/uts")
        runtime.prefix = []
        assert out.ok().stdout.split() == [os.readlink(f"/proc/{process.pid}/ns/{kind}") for kind in ("user", "uts")]
    finally:
        process.kill()
        process.wait()


def test_exec_says_which_namespace_cannot_be_joined(runtime, user):
    runtime.prefix = user.prefix()
    with process_in("--uts") as pid:
        outcome = runtime.call("ns", "exec", pid, "--", "true")
        outcome.failed("open the cgroup namespace of process", "EACCES")
        assert outcome.code == 255
        runtime.prefix = []


@pytest.mark.parametrize("in_pid_namespace", [False, True])
def test_exit_codes_of_exec(runtime, directory, in_pid_namespace):
    options = ["--pid", "--fork"] if in_pid_namespace else ["--uts"]
    plain = directory / "plain"
    plain.write_text("no program\n")
    with process_in(*options) as pid:

        def code(*words):
            return runtime.call("ns", "exec", pid, "--", *words).code

        assert code("true") == 0
        assert code("sh", "-c", "exit 7") == 7
        assert code("/nowhere/program") == 127
        assert code("no-such-program") == 127
        assert code(plain) == 126
        ended = code("sh", "-c", "kill -TERM $$")
        assert ended == (143 if in_pid_namespace else -15)
    assert code("true") == 255
    runtime.call("ns", "exec", pid).failed("needs FILE|NAME|PID|ID COMMAND")


def test_signals_to_exec_are_for_the_command(runtime):
    with process_in("--pid", "--fork") as pid:
        process = runtime.popen("ns", "exec", pid, "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done",
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(10) == 9
        process.stdout.close()


def test_exec_stops_and_goes_on_with_its_command(runtime):
    with process_in("--pid", "--fork") as pid:
        process = runtime.popen("ns", "exec", pid, "--", "sleep", "300", stdin=subprocess.DEVNULL)
        (child,) = eventually(lambda: kernel.descendants(process.pid))
        eventually(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
        os.kill(child, 19)
        eventually(lambda: kernel.process_state(process.pid) == "T")
        os.kill(process.pid, 18)
        eventually(lambda: kernel.process_state(child) == "S")
        process.terminate()
        assert process.wait(10) == 143


def test_exec_into_a_pid_namespace_runs_from_memory(runtime):
    """Its executable can be seen in there (CVE-2019-5736)."""
    with process_in("--pid", "--fork") as pid:
        process = runtime.popen("ns", "exec", pid, "--", "sleep", "300", stdin=subprocess.DEVNULL)
        eventually(lambda: kernel.descendants(process.pid))
        assert os.readlink(f"/proc/{process.pid}/exe").startswith("/memfd:")
        process.terminate()
        process.wait()


def test_a_pid_namespace_whose_init_has_ended_cannot_be_entered(runtime, directory):
    with process_in("--pid", "--fork") as pid:
        runtime.call("ns", "pin", pid, "--pid", directory / "pid").ok()
    outcome = runtime.call("ns", "exec", directory / "pid", "true")
    outcome.failed("fork into the pid namespace", "its init has ended")
    assert outcome.code == 255
    runtime.call("ns", "unpin", directory / "pid").ok()


# ---- pin, unpin, unshare ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_pin_outlives_the_process(runtime, directory, kind):
    fork = ["--fork"] if kind in ("pid", "time") else []
    more = ["--map-root-user"] if kind == "user" else []
    file = directory / "held"
    made = newer_mount_namespace() if kind == "mnt" else process_in(f"--{OPTIONS[kind]}", *fork, *more)
    with made as pid:
        number = inode_of(pid, kind)
        runtime.call("ns", "pin", pid, f"--{OPTIONS[kind]}", file).ok()
        assert inode(file) == number
    assert inode(file) == number
    if kind != "pid":
        option = f"--{OPTIONS[kind]}={file}"
        assert links([kind], ["nsenter", option]) == links([kind], runtime.command("ns", "exec", file, "--"))
    eventually(lambda: [one["by"] for one in listed(runtime)[number]["heldBy"]] == ["mount"])
    runtime.call("ns", "unpin", file).ok()
    assert not file.exists()
    eventually(lambda: is_gone(runtime, number))


def test_all_pins_or_none(runtime, directory):
    (directory / "full").write_text("text")
    with process_in("--uts") as pid:
        outcome = runtime.call("ns", "pin", pid, "--net", directory / "net", "--uts", directory / "full")
        outcome.failed("full is not an empty file")
        assert sorted(os.listdir(directory)) == ["full", "runtime"]
        (directory / "full").unlink()
        runtime.call("ns", "pin", pid, "--net", directory / "net", "--uts", directory / "full").ok()
    runtime.call("ns", "unpin", directory / "net", directory / "full").ok()
    assert os.listdir(directory) == ["runtime"]


def test_a_mount_namespace_cannot_be_pinned_where_mounts_are_shared(runtime, directory):
    place = directory / "place"
    place.mkdir()
    isolation.mount("own", str(place), "tmpfs")
    isolation.share(str(place))
    try:
        with newer_mount_namespace("--propagation", "unchanged") as pid:
            runtime.call("ns", "pin", pid, "--mount", place / "held").failed("mount the mnt namespace on held", "EINVAL", "private")
            assert os.listdir(place) == []
        runtime.call("ns", "pin", os.getpid(), "--mount", directory / "own").failed("own cannot hold this mount namespace", "older")
        assert not (directory / "own").exists()
    finally:
        isolation.unmount(str(place))


def test_a_pin_in_another_mount_namespace_ends_with_the_file(runtime, directory):
    """A copy of the mount tree has the pin, too."""
    file = directory / "held"
    with process_in("--uts") as pid:
        number = inode_of(pid, "uts")
        runtime.call("ns", "pin", pid, "--uts", file).ok()
    with process_in("--mount") as pid:
        assert str(file) in {mount.point for mount in kernel.mounts(pid)}
        runtime.call("ns", "unpin", file).ok()
        assert str(file) not in {mount.point for mount in kernel.mounts(pid)}
        eventually(lambda: is_gone(runtime, number))


@pytest.fixture
def strange(directory):
    """{name: path} of what is no namespace."""
    place = directory / "strange"
    place.mkdir()
    (place / "full").write_text("text")
    (place / "directory").mkdir()
    os.mkfifo(place / "fifo")
    (place / "link").symlink_to("/proc/self/ns/uts")
    (place / "nowhere").symlink_to("nothing")
    os.mknod(place / "device", 0o600 | 0o020000, os.makedev(1, 3))
    return place


NO_NAMESPACE = ["full", "directory", "fifo", "device"]


@pytest.mark.parametrize("name", NO_NAMESPACE)
def test_what_is_no_namespace_is_refused_by_name(runtime, strange, name):
    runtime.call("ns", "exec", strange / name, "true").failed(f"{strange}/{name} is not a namespace")
    runtime.call("ns", "unpin", strange / name).failed(f"{name} is not a pinned namespace")
    runtime.call("ns", "pin", os.getpid(), "--uts", strange / name).failed(f"{name} is not an empty file")
    assert (strange / name).exists()


@pytest.mark.parametrize("name", ["link", "nowhere"])
def test_links_are_refused_by_name(runtime, strange, name):
    before = os.readlink(strange / name)
    runtime.call("ns", "unpin", strange / name).failed(f"{name} is a link")
    runtime.call("ns", "pin", os.getpid(), "--uts", strange / name).failed(f"{name} is a link")
    assert os.readlink(strange / name) == before
    assert not (strange / "nothing").exists()
    runtime.call("ns", "exec", strange / "nowhere", "true").failed("open", "nowhere", "ENOENT")
    # A link of procfs, or one to it, is what namespaces are named by.
    runtime.call("ns", "exec", strange / "link", "true").ok()


@pytest.mark.parametrize("path", ["..", "/", "", "a/..", "a/.", "strange/"])
def test_names_that_lead_elsewhere_are_refused(runtime, strange, path):
    where = strange.parent
    runtime.call("ns", "pin", os.getpid(), "--uts", path, cwd=where).failed("is not a file name")
    runtime.call("ns", "unpin", path, cwd=where).failed("is not a file name")


def test_another_kind_than_named_is_refused(runtime, directory):
    outcome = runtime.call("ns", "exec", "--net", "/proc/self/ns/uts", "true")
    outcome.failed("/proc/self/ns/uts is a uts namespace, wanted net")
    assert outcome.code == 255
    outcome = runtime.call("ns", "exec", "--net", "--ipc", "/proc/self/ns/uts", "true")
    outcome.failed("is a uts namespace, wanted ipc or net")


def test_a_file_holds_one_namespace(runtime, directory):
    file = directory / "held"
    runtime.call("ns", "pin", os.getpid(), "--uts", file).ok()
    runtime.call("ns", "pin", os.getpid(), "--net", file).failed("held holds a namespace already")
    runtime.call("ns", "unpin", file).ok()
    runtime.call("ns", "unpin", file).failed("held", "ENOENT")
    runtime.call("ns", "pin", os.getpid()).failed("needs a kind of namespace with a file")
    runtime.call("ns", "pin", "./file", "--uts", file).failed("needs PID or ID")


def test_a_name_cannot_drive_the_terminal(runtime, directory):
    outcome = runtime.call("ns", "exec", f"{directory}/\x1b[31m", "true").failed("\\x1b[31m")
    assert "\x1b" not in outcome.stderr


def test_nobody_can_be_moved_to_a_new_namespace(runtime):
    before = links(KINDS)
    outcome = runtime.call("ns", "unshare", os.getpid(), "--net")
    outcome.failed("cannot be moved to a new net namespace", "the kernel has no call for it", "act on the thread that calls")
    assert links(KINDS) == before


# ---- create, delete ------------------------------------------------------------------------------


@pytest.fixture
def names(runtime):
    """A function that creates held namespaces; they are deleted at the end."""
    made = []

    def make(name, *options):
        made.append(name)
        return runtime.call("ns", "create", name, *options)

    yield make
    for name in made:
        runtime.call("ns", "delete", name)
    isolation.reap_dead_children()
    assert "@ns" not in runtime.stored()


def held_names(runtime):
    return {one["name"]: one for one in runtime.call("ns", "list", "--format", "json").ok().json()["names"]}


@contextmanager
def on_a_cpu_with_newer_namespaces():
    """Where tare's new mount namespaces can be held by ours: see mount_namespace_number."""
    cpus = os.sched_getaffinity(0)
    with newer_mount_namespace() as pid:
        (cpu,) = os.sched_getaffinity(pid)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("pid", "mnt", "user")])
def test_create_leaves_no_process(runtime, names, kind):
    before = set(kernel.descendants(os.getpid()))
    names("pod", f"--{OPTIONS[kind]}").ok()
    assert set(kernel.descendants(os.getpid())) == before
    file = runtime.root / "@ns/pod" / kind
    assert inode(file) not in {inode_of("self", one) for one in KINDS}
    entry = listed(runtime)[inode(file)]
    assert (entry["kind"], entry["name"], entry["processes"]) == (kind, "pod", 0)
    assert entry["heldBy"] == [{"by": "mount", "path": str(file)}]
    assert held_names(runtime) == {"pod": {"name": "pod", "kinds": [kind], "complete": True}}
    assert links([kind], ["nsenter", f"--{OPTIONS[kind]}={file}"]) == links([kind], runtime.command("ns", "exec", "pod", "--"))
    number = inode(file)
    runtime.call("ns", "delete", "pod").ok()
    eventually(lambda: is_gone(runtime, number))
    assert runtime.stored() == []


def test_create_of_a_mount_namespace(runtime, names, directory):
    with on_a_cpu_with_newer_namespaces():
        names("pod", "--mount").ok()
    file = runtime.root / "@ns/pod/mnt"
    script = f"mount -t tmpfs own {directory}; ls {directory}"
    assert runtime.call("ns", "exec", "pod", "--", "sh", "-c", script).ok().stdout == ""
    control = subprocess.check_output(["nsenter", f"--mount={file}", "cat", "/proc/self/mountinfo"], text=True)
    found = kernel.parse_mountinfo(control)
    assert str(directory) in {mount.point for mount in found}
    assert not any("shared" in mount.propagation_kinds for mount in found)
    assert str(directory) not in {mount.point for mount in kernel.mounts()}


def test_create_of_a_user_namespace_owns_the_others(runtime, names):
    names("pod", "--user", "--net", "--uts", "--map", "0:100000:1000", "--map", "1000:0:1", "--hostname", "inside").ok()
    place = runtime.root / "@ns/pod"
    found = listed(runtime)
    for kind in ("net", "uts"):
        assert found[inode(place / kind)]["owner"] == inode(place / "user")
    text = subprocess.check_output(["nsenter", f"--user={place}/user", "cat", "/proc/self/uid_map", "/proc/self/gid_map"], text=True)
    assert [line.split() for line in text.splitlines()] == [["0", "100000", "1000"], ["1000", "0", "1"]] * 2
    assert runtime.call("ns", "exec", "pod", "--", "sh", "-c", "hostname; id -u").ok().stdout == "inside\n0\n"


def test_a_pid_namespace_keeps_the_smallest_process(runtime, names):
    names("pod", "--pid").ok()
    holder = held_names(runtime)["pod"]["holder"]
    status = kernel.status(holder)
    assert status["Name"] == "tare-holder"
    assert status["Uid"].split() == ["65534"] * 4
    assert [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == ["0" * 16] * 4
    assert int(status["VmRSS"].split()[0]) < 100  # kB
    assert kernel.descriptors(holder) == {}
    assert os.listdir(f"/proc/{holder}/root") == []
    assert status["NSpid"].split()[-1] == "1"
    for kind in ("cgroup", "ipc", "mnt", "net", "uts"):
        assert inode_of(holder, kind) != inode_of("self", kind), kind
    assert not os.readlink(f"/proc/{holder}/exe").startswith(str(Path(runtime.path).parent))
    out = runtime.call("ns", "exec", "pod", "--", "sh", "-c", "echo $$; (sleep 0.1 &)").ok()
    assert int(out.stdout) < 10
    # The orphan became the holder's child, and is reaped.
    eventually(lambda: Path(f"/proc/{holder}/task/{holder}/children").read_text() == "")
    with open(runtime.directory / "in", "wb") as quiet:
        inside = runtime.popen("ns", "exec", "pod", "--", "sleep", "300", stdin=subprocess.DEVNULL, stdout=quiet)
    eventually(lambda: any(Path(f"/proc/{pid}/comm").read_text() == "sleep\n" for pid in kernel.descendants(inside.pid)))
    runtime.call("ns", "delete", "pod").ok()
    assert inside.wait(10) == 137
    assert not kernel.is_alive(holder)


def test_a_signal_from_the_namespace_does_not_end_its_holder(runtime, names):
    names("pod", "--pid").ok()
    holder = held_names(runtime)["pod"]["holder"]
    runtime.call("ns", "exec", "pod", "--", "sh", "-c", "kill -KILL 1; kill -TERM 1; kill -HUP 1").ok()
    os.kill(holder, 15)
    assert kernel.is_alive(holder)
    os.kill(holder, 9)
    eventually(lambda: not is_there(holder))
    assert "no init any more" in held_names(runtime)["pod"]["problem"]
    assert runtime.call("gc").ok().stdout == ""  # whoever made it decides


def test_sysctls_are_written_in_the_new_namespaces(runtime, names):
    before = Path("/proc/sys/kernel/msgmax").read_text()
    names("pod", "--ipc", "--net", "--sysctl", "kernel.msgmax=4096", "--sysctl", "net.ipv4.ip_forward=1",
          "--sysctl", "net/ipv4/conf/lo/forwarding=1").ok()
    words = ["cat", "/proc/sys/kernel/msgmax", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/lo/forwarding"]
    assert runtime.call("ns", "exec", "pod", "--", *words).ok().stdout == "4096\n1\n1\n"
    assert Path("/proc/sys/kernel/msgmax").read_text() == before


@pytest.mark.parametrize("options, words", [
    (["--net", "--sysctl", "kernel.msgmax=1"], ['"kernel/msgmax" needs a namespace of kind ipc']),
    (["--net", "--sysctl", "kernel.panic=1"], ["belongs to no namespace"]),
    (["--net", "--sysctl", "net/../kernel/panic=1"], ["is not a kernel parameter"]),
    (["--net", "--sysctl", "net.ipv4.ip_forward"], ["must be KEY=VALUE"]),
    (["--net", "--sysctl", "net.ipv4.no_such=1"], ["write /proc/sys/net/ipv4/no_such", "ENOENT"]),
    (["--net", "--sysctl", "net.ipv4.ip_forward=x"], ["write /proc/sys/net/ipv4/ip_forward", "EINVAL"]),
    (["--net", "--hostname", "x"], ["a hostname needs a UTS namespace"]),
    (["--uts", "--hostname", "x" * 65], ["at most 64 bytes"]),
    (["--user"], ["needs a mapping"]),
    (["--net", "--map", "0:0:1"], ["needs a user namespace"]),
    (["--user", "--map", "0:0"], ["must be CONTAINER:HOST:SIZE"]),
    (["--user", "--map", "0:0:0"], ["must be CONTAINER:HOST:SIZE"]),
    (["--user", "--map", "0:0:4294967296"], ["must be CONTAINER:HOST:SIZE"]),
    (["--user", "--map", "0:0:10", "--map", "5:20:1"], ["map group IDs", "EINVAL"]),
    ([], ["no kind of namespace"]),
])
def test_a_create_that_fails_leaves_nothing(runtime, names, options, words):
    names("pod", *options).failed(*words)
    assert "@ns" not in runtime.stored()
    runtime.call("ns", "delete", "pod").failed("no namespaces with the name pod")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "/etc", "", "a b", "x" * 256, "\x1b[31m"])
def test_hostile_names_are_refused(runtime, name):
    for words in (["create", name, "--uts"], ["delete", name]):
        outcome = runtime.call("ns", *words).failed("invalid name of namespaces")
        assert "\x1b" not in outcome.stderr
    assert not runtime.root.exists() or runtime.stored() == []


def test_links_below_the_root_are_not_followed(runtime, canary, directory):
    runtime.root.mkdir()
    (runtime.root / "@ns").symlink_to(canary.path)
    runtime.call("ns", "create", "pod", "--uts").failed("ELOOP")
    runtime.call("ns", "delete", "pod").failed("ELOOP")
    (runtime.root / "@ns").unlink()
    (runtime.root / "@ns").mkdir()
    (runtime.root / "@ns/pod").symlink_to(canary.path)
    runtime.call("ns", "create", "pod", "--uts").failed("already")
    runtime.call("ns", "delete", "pod").failed("ELOOP")
    runtime.call("gc").failed("ELOOP")
    runtime.call("ns", "exec", "pod", "true").failed("ELOOP")
    (runtime.root / "@ns/pod").unlink()
    (runtime.root / "@ns").rmdir()


def test_a_name_is_given_once(runtime, names):
    names("pod", "--uts").ok()
    number = inode(runtime.root / "@ns/pod/uts")
    names("pod", "--net").failed("already namespaces with the name pod")
    assert inode(runtime.root / "@ns/pod/uts") == number
    assert os.listdir(runtime.root / "@ns") == ["pod"]
    runtime.call("ns", "exec", "--net", "pod", "true").failed("the name pod holds no net namespace")


def test_names_are_no_containers(runtime, names, bundle):
    names("pod", "--uts").ok()
    assert runtime.call("list", "--quiet").ok().stdout == ""
    runtime.call("state", "pod").failed("container does not exist: pod")
    runtime.call("state", "@ns").failed("invalid container ID format")
    assert runtime.call("gc").ok().stdout == ""
    assert list(held_names(runtime)) == ["pod"]


def test_a_container_joins_held_namespaces(runtime, names, bundle):
    names("pod", "--uts", "--ipc", "--hostname", "inside").ok()
    place = runtime.root / "@ns/pod"
    bundle.linux["namespaces"] = [{"type": "mount"}, {"type": "pid"}, {"type": "uts", "path": str(place / "uts")},
                                  {"type": "ipc", "path": str(place / "ipc")}]
    bundle.config.pop("hostname", None)
    assert runtime.output_of(bundle.args("hostname")) == "inside\n"


def test_a_name_whose_namespaces_are_gone_is_collected(runtime, names):
    """As after a reboot, with a root that is no tmpfs."""
    names("pod", "--uts").ok()
    isolation.unmount(str(runtime.root / "@ns/pod/uts"))
    isolation.unmount(str(runtime.root / "@ns/pod"))
    assert "after a reboot" in held_names(runtime)["pod"]["problem"]
    assert runtime.call("gc", "--dry-run").ok().stdout == "ns pod: it was not completed\n"
    assert list(held_names(runtime)) == ["pod"]
    assert runtime.call("gc").ok().stdout == "ns pod: it was not completed\n"
    assert "@ns" not in runtime.stored()


def left_of_names(runtime, before):
    left = [line for line in leaks.snapshot([runtime.root]).added_since(before) if not line.endswith(str(runtime.root))]
    return [line for line in left if "strace" not in line]


def spaces_of_others(runtime, known):
    """The UTS, IPC and pid namespaces that hang on the store, or on processes of ours."""
    isolation.reap_dead_children()
    ours = set(kernel.descendants(os.getpid()))
    return {number for number, entry in listed(runtime).items()
            if number not in known and (ours & set(entry["pids"]) or str(runtime.root) in str(entry["heldBy"]))}


KILLED = [["create", "pod", "--uts", "--pid", "--ipc"], ["delete", "pod"]]


@pytest.mark.parametrize("words", KILLED, ids=lambda words: words[0])
@pytest.mark.parametrize("remedy", [["gc"], ["ns", "delete", "pod"]], ids=["gc", "delete"])
def test_a_kill_at_one_system_call_after_another(runtime, directory, words, remedy):
    """What it leaves is listed by name, and goes by gc or by delete."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    runtime.root.mkdir()
    before, own = leaks.snapshot([runtime.root]), None
    log, quiet = directory / "log", subprocess.DEVNULL
    strace = ["strace", "-qq", "-o", str(log)]
    own = set(listed(runtime))

    def prepare():
        if words[0] == "delete":
            runtime.call("ns", *KILLED[0]).ok()

    def trace(*options):
        return subprocess.run([*strace, *options, *runtime.command("ns", *words)], stdin=quiet, stdout=quiet, stderr=quiet)

    def clean():
        runtime.call("ns", "delete", "pod")
        eventually(lambda: left_of_names(runtime, before) == [])

    prepare()
    assert trace().returncode == 0
    count = len(log.read_text().splitlines())
    clean()
    calls = list(range(1, count))
    random.Random(count).shuffle(calls)
    deadline = time.monotonic() + 5
    for number in calls:
        if time.monotonic() > deadline:
            break
        prepare()
        trace("-e", f"inject=all:signal=SIGKILL:when={number}")
        where = f"killed at system call {number}: {log.read_text().splitlines()[-2:]}"
        if not held_names(runtime):  # nothing is held that has no name
            eventually(lambda: spaces_of_others(runtime, own) == set())
        one = held_names(runtime).get("pod")
        runtime.call(*remedy)
        if one and one["complete"] and remedy == ["gc"]:
            assert held_names(runtime)["pod"] == one, where
            clean()
        eventually(lambda: left_of_names(runtime, before) == []), where
        assert "@ns" not in runtime.stored(), where


def test_create_and_gc_and_delete_at_once(runtime):
    """Nobody takes a name away that a create still works on, and nothing is left."""
    runtime.root.mkdir()
    before = leaks.snapshot([runtime.root])
    for _ in range(5):
        quiet = subprocess.DEVNULL
        creates = [runtime.popen("ns", "create", f"pod{i}", "--uts", "--ipc", stdin=quiet) for i in range(6)]
        others = [runtime.popen("gc", stdin=quiet, stdout=quiet) for _ in range(6)]
        assert [process.wait() for process in [*creates, *others]] == [0] * 12
        assert all(one["complete"] for one in held_names(runtime).values())
        deletes = [runtime.popen("ns", "delete", f"pod{i}", stdin=quiet) for i in range(6)]
        assert [process.wait() for process in deletes] == [0] * 6
        assert left_of_names(runtime, before) == []


# ---- run --ns, pinns -----------------------------------------------------------------------------


def test_run_joins_the_namespaces_of_a_name(runtime, names, bundle):
    names("pod", "--uts", "--ipc", "--net", "--pid", "--hostname", "inside").ok()
    place = runtime.root / "@ns/pod"
    del bundle.config["hostname"]
    bundle.args("sh", "-c", "hostname; for kind in ipc net pid uts mnt; do readlink /proc/self/ns/$kind; done")
    name, *lines = runtime.output_of(bundle, "--ns", "pod").split()
    assert name == "inside"
    assert lines[:4] == [f"{kind}:[{inode(place / kind)}]" for kind in ("ipc", "net", "pid", "uts")]
    assert lines[4] != f"mnt:[{inode_of('self', 'mnt')}]"
    runtime.run(bundle, "--ns", "nothing").failed("no namespaces with the name nothing")


@pytest.fixture
def pinns(runtime, directory):
    """Runs tare by the name pinns; what it pins below DIR is taken away at the end."""
    program, place = directory / "pinns", directory / "pins"
    program.symlink_to(runtime.path)

    def call(*words):
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout + done.stderr

    call.place = place
    yield call
    for mount in reversed([mount.point for mount in kernel.mounts() if mount.point.startswith(f"{place}/")]):
        isolation.unmount(mount)


def test_pinns_holds_what_cri_o_asks_for(pinns):
    assert pinns("-d", pinns.place, "-f", "pod", "--ipc", "--uts", "--net", "-s", "net.ipv4.ip_forward=1",
                 "-s", "kernel.shm_rmid_forced=1") == (0, "")
    files = {kind: pinns.place / f"{kind}ns/pod" for kind in ("ipc", "uts", "net")}
    for kind, file in files.items():
        assert links([kind], ["nsenter", f"--{kind}={file}"]) == [f"{kind}:[{inode(file)}]"]
        assert inode(file) != inode_of("self", kind)
    words = ["cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shm_rmid_forced"]
    joined = ["nsenter", f"--net={files['net']}", f"--ipc={files['ipc']}"]
    assert subprocess.check_output([*joined, *words], text=True) == "1\n1\n"


def test_pinns_with_a_user_namespace(pinns):
    """CRI-O makes the files before."""
    for kind in ("user", "uts"):
        (pinns.place / f"{kind}ns").mkdir(parents=True)
        (pinns.place / f"{kind}ns/pod").touch()
    assert pinns("-d", pinns.place, "-f", "pod", "--user", "--uts", "--uid-mapping=0-100000-10@10-0-1",
                 "--gid-mapping=0-200000-10") == (0, "")
    text = subprocess.check_output(["nsenter", f"--user={pinns.place}/userns/pod", "cat", "/proc/self/uid_map",
                                    "/proc/self/gid_map"], text=True)
    assert [line.split() for line in text.splitlines()] == [["0", "100000", "10"], ["10", "0", "1"], ["0", "200000", "10"]]


def test_pinns_holds_namespaces_of_the_host(pinns):
    assert pinns("-d", pinns.place, "-f", "pod", "--net=host", "--ipc") == (0, "")
    assert inode(pinns.place / "netns/pod") == inode_of("self", "net")
    assert inode(pinns.place / "ipcns/pod") != inode_of("self", "ipc")


def test_pinns_holds_a_mount_namespace(pinns):
    with on_a_cpu_with_newer_namespaces():
        assert pinns("-d", pinns.place, "-f", "pod", "--mnt") == (0, "")
        assert pinns("-d", pinns.place, "-f", "other", "--mnt") == (0, "")
    file = pinns.place / "mntns/pod"
    assert links(["mnt"], ["nsenter", f"--mount={file}"]) == [f"mnt:[{inode(file)}]"]
    (mount,) = [mount for mount in kernel.mounts() if mount.point == str(file.parent)]
    assert mount.propagation_kinds == {"unbindable"}


@pytest.mark.parametrize("words, reason", [
    (["-f", "pod", "-u"], "no directory is named"),
    (["-d", "DIR", "-u"], "no file name is given"),
    (["-d", "DIR", "-f", "../pod", "-u"], "with a slash"),
    (["-d", "DIR", "-f", "..", "-u"], "is not a file name"),
    (["-d", "DIR", "-f", "pod"], "no kind of namespace"),
    (["-d", "DIR", "-f", "pod", "-U"], "needs a mapping"),
    (["-d", "DIR", "-f", "pod", "-u", "--uid-mapping=0-0-1"], "needs a user namespace"),
    (["-d", "DIR", "-f", "pod", "-n", "-s", "kernel.panic=1"], "belongs to no namespace"),
    (["-d", "DIR", "-f", "pod", "-x"], "unknown or incomplete option"),
    (["-d", "DIR", "-f", "pod", "-u", "-s"], "unknown or incomplete option"),
])
def test_pinns_refuses_what_it_cannot_do(pinns, words, reason):
    code, said = pinns(*(pinns.place if word == "DIR" else word for word in words))
    assert code == 1
    assert reason in said and said.count("\n") == 1
    assert not any(mount.point.startswith(f"{pinns.place}/") for mount in kernel.mounts())


def test_pinns_pins_all_or_none(pinns):
    (pinns.place / "utsns").mkdir(parents=True)
    (pinns.place / "utsns/pod").write_text("text")
    code, said = pinns("-d", pinns.place, "-f", "pod", "--ipc", "--net", "--uts")
    assert (code, "pod is not an empty file" in said) == (1, True)
    assert not (pinns.place / "ipcns/pod").exists()
    assert not (pinns.place / "netns/pod").exists()
