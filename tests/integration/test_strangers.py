# SPDX-License-Identifier: Apache-2.0
"""What is not the container's stays as it is: mounts and cgroups of somebody else in its place, processes that use a
cgroup after it, files in its directory of the store, namespaces of the host that it is told to join."""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import isolation, kernel

pytestmark = pytest.mark.tare_only

LATER = ["sleep", "600"]


@contextlib.contextmanager
def sleeper():
    process = subprocess.Popen(LATER, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def record(runtime, container_id, file="state.json"):
    return json.loads((runtime.root / container_id / file).read_text())


def change_record(runtime, container_id, file="state.json", **changes):
    path = runtime.root / container_id / file
    path.write_text(json.dumps({**record(runtime, container_id, file), **changes}))


# ---- a mount on the root file system -------------------------------------------------------------


@contextlib.contextmanager
def callers_mount(bundle):
    """The root file system is a mount of its caller's, as image builders have it."""
    subprocess.run(["mount", "--bind", bundle.rootfs, bundle.rootfs], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", bundle.rootfs], check=True)  # fails if it is gone


def on_the_host(bundle):
    bundle.inherit("mount", "cgroup").without_mount(*[one["destination"] for one in bundle.config["mounts"]])
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    bundle.mount("/tmp", "tmpfs", "tmpfs")
    return bundle.args(*LATER)


def mounts_on(path):
    return [one for one in kernel.mounts() if one.point == str(path)]


def test_a_failed_create_leaves_the_callers_mount(runtime, bundle):
    with callers_mount(on_the_host(bundle)):
        runtime.try_create(bundle.hook("createRuntime", "/bin/false")).failed("createRuntime")
        assert len(mounts_on(bundle.rootfs)) == 1


def test_a_create_that_fails_early_leaves_the_callers_mount(runtime, bundle):
    on_the_host(bundle).linux["rootfsPropagation"] = "private"
    with callers_mount(bundle):
        runtime.try_create(bundle.args("/missing")).failed("no such file")
        assert len(mounts_on(bundle.rootfs)) == 1


def test_delete_leaves_the_callers_mount(runtime, bundle):
    with callers_mount(on_the_host(bundle)):
        container = runtime.start(bundle)
        assert len(mounts_on(bundle.rootfs)) == 2
        container.delete("--force").ok()
        assert len(mounts_on(bundle.rootfs)) == 1


def test_delete_leaves_a_mount_that_was_put_there_later(runtime, bundle):
    container = runtime.start(on_the_host(bundle))
    with callers_mount(bundle):
        container.delete("--force").ok()
        assert len(mounts_on(bundle.rootfs)) == 2
    subprocess.run(["umount", "--recursive", bundle.rootfs], check=True)  # ours, which was below


@pytest.mark.parametrize("way", ["delete", "gc"])
def test_a_create_that_was_killed_leaves_the_callers_mount(runtime, bundle, directory, way):
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    with callers_mount(on_the_host(bundle)):
        bundle.write()
        name = runtime.new_id()
        quiet = subprocess.DEVNULL
        process = runtime.popen("create", "--bundle", bundle.path, name, stdin=quiet, stdout=quiet, stderr=quiet)
        kernel.eventually((directory / "reached").exists)
        process.kill()
        process.wait()
        if way == "gc":
            assert name in runtime.call("gc").ok().stdout
        else:
            runtime.call("delete", "--force", name).ok()
        assert len(mounts_on(bundle.rootfs)) == 1


# ---- a record of before --------------------------------------------------------------------------


def test_a_record_of_an_earlier_boot_harms_nobody_of_today(runtime, bundle, make_bundle):
    old = runtime.create(bundle.args(*LATER))
    before = record(runtime, old.id)
    intent = record(runtime, old.id, "intent.json")
    old.delete("--force").ok()
    today = runtime.start(make_bundle().args(*LATER))
    # The same cgroup, the same pid: but another boot.
    (runtime.root / old.id).mkdir(mode=0o700)
    of_today = record(runtime, today.id)
    for name, text in (("state.json", before), ("intent.json", intent)):
        text = {**text, "bootId": "11111111-2222-3333-4444-555555555555", "cgroups": of_today["cgroups"]}
        (runtime.root / old.id / name).write_text(json.dumps(text))
    change_record(runtime, old.id, pid=of_today["pid"], pidStartTime=of_today["pidStartTime"])
    assert runtime.call("state", old.id).ok().json()["status"] == "stopped"
    runtime.call("kill", old.id, "KILL").failed("not running")
    old.delete().ok()
    assert today.status == "running"


def test_who_uses_the_cgroup_of_a_stopped_container_is_not_ended_with_it(runtime, bundle, make_bundle):
    path = f"/tare-test-{runtime.new_id()}"
    bundle.linux["cgroupsPath"] = path
    stopped = runtime.start(bundle.args("true"))
    stopped.await_end()
    other = make_bundle()
    other.linux["cgroupsPath"] = path
    running = runtime.start(other.args(*LATER))
    outcome = stopped.delete()
    assert outcome.code == 0, outcome
    assert "not of this container" in outcome.stderr
    assert running.status == "running"
    running.delete("--force").ok()
    for place in {mount / path[1:] for mount in kernel.cgroup_mounts().values()}:
        with contextlib.suppress(FileNotFoundError):
            place.rmdir()  # it was there before the second one


# ---- a damaged record ----------------------------------------------------------------------------


def without(key):
    return lambda text: json.dumps({name: value for name, value in json.loads(text).items() if name != key})


def cgroup_path(path):
    def change(text):
        changed = json.loads(text)
        for one in changed["cgroups"]:
            one["path"] = path
        return json.dumps(changed)

    return change


DAMAGES = {
    "cgroup /": cgroup_path("/"),
    "cgroup ..": cgroup_path("/a/../.."),
    "cgroup empty": cgroup_path(""),
    "cgroup relative": cgroup_path("box"),
    "cgroup of all": cgroup_path("/../../tmp"),
    "no cgroups": without("cgroups"),
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "no JSON": lambda text: "garbage",
    "an array": lambda text: "[]",
    "null": lambda text: "null",
    "another version": lambda text: text.replace('"version":1', '"version":99'),
    "pid 1": lambda text: json.dumps({**json.loads(text), "pid": 1}),
    "no pid": without("pid"),
}


def every_cgroup_of(runtime, container_id):
    return kernel.cgroup_directories(container_id)


@pytest.mark.parametrize(
    "manager, damage",
    [("with cgroups", damage) for damage in DAMAGES]
    + [("without cgroups", damage) for damage in DAMAGES if "cgroup" not in damage],
)
def test_delete_by_force_ends_what_a_damaged_record_does_not_tell(runtime, bundle, damage, manager):
    if manager == "without cgroups":
        runtime.globals = ["--cgroup-manager", "disabled"]
        bundle.without_mount("/sys/fs/cgroup")
    with sleeper() as stranger:
        container = runtime.start(bundle.args(*LATER))
        pid = container.pid
        state = runtime.root / container.id / "state.json"
        state.write_text(DAMAGES[damage](state.read_text()))
        container.delete("--force").ok()
        kernel.eventually(lambda: not kernel.is_alive(pid))
        assert every_cgroup_of(runtime, container.id) == set()
        assert not state.parent.exists()
        assert stranger.poll() is None


@pytest.mark.parametrize("file", ["state.json", "intent.json", "exit.json", "init", "start", "started"])
def test_a_directory_in_place_of_a_file_does_not_keep_a_container(runtime, bundle, file):
    container = runtime.start(bundle.args(*LATER))
    pid = container.pid
    place = runtime.root / container.id / file
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    place.mkdir()
    container.delete("--force").ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))
    assert every_cgroup_of(runtime, container.id) == set()
    assert not place.parent.exists()


@pytest.mark.parametrize("file", ["state.json", "intent.json", "init", "start"])
def test_a_link_in_place_of_a_file_is_not_followed(runtime, bundle, canary, file):
    container = runtime.start(bundle.args(*LATER))
    pid = container.pid
    place = runtime.root / container.id / file
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    place.symlink_to(canary.path / "file")
    container.delete("--force").ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))


@pytest.mark.parametrize("kind", ["file", "empty directory", "directory"])
def test_a_file_that_is_not_tares_stays(runtime, bundle, kind):
    container = runtime.start(bundle.args(*LATER))
    pid = container.pid
    directory = runtime.root / container.id
    keep = directory / "keep"
    if kind == "file":
        keep.write_text("dear\n")
    else:
        keep.mkdir()
    if kind == "directory":
        (keep / "this").write_text("dear\n")
    container.delete("--force").failed("keep", "is not tare's")
    assert not kernel.is_alive(pid)
    assert keep.is_file() if kind == "file" else os.listdir(keep) == ["this"] * (kind == "directory")
    shutil.rmtree(directory)


@pytest.mark.parametrize("kind", ["link", "mount"])
def test_an_entry_that_leads_out_of_the_store_is_none(runtime, canary, kind):
    name = runtime.new_id()
    place = runtime.root / name
    runtime.root.mkdir(exist_ok=True)
    if kind == "link":
        place.symlink_to(canary.path)
    else:
        place.mkdir()
        subprocess.run(["mount", "--bind", canary.path, place], check=True)
    try:
        for words in (["delete", "--force"], ["state"], ["delete"]):
            runtime.call(*words, name).failed("open container")
    finally:
        if kind == "mount":
            subprocess.run(["umount", place], check=True)
        place.unlink() if kind == "link" else place.rmdir()
    runtime.ids.remove(name)


# ---- namespaces of the host ----------------------------------------------------------------------


def hosts(kind):
    return f"/proc/{os.getpid()}/ns/{kernel.NAMESPACES[kind]}"


@pytest.mark.parametrize(
    "kind, change",
    [
        ("uts", {"hostname": "captured"}),
        ("uts", {"domainname": "captured"}),
        ("uts", {"sysctl": {"kernel.domainname": "captured"}}),
        ("ipc", {"sysctl": {"kernel.shmmni": "4095"}}),
        ("ipc", {"sysctl": {"fs.mqueue.msg_max": "11"}}),
        ("network", {"sysctl": {"net.ipv4.ip_forward": "0"}}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value),
)
def test_a_namespace_of_the_host_by_its_path_is_not_changed(runtime, bundle, kind, change):
    names = ("kernel/hostname", "kernel/domainname", "kernel/shmmni", "fs/mqueue/msg_max", "net/ipv4/ip_forward")
    before = {name: Path(f"/proc/sys/{name}").read_text() for name in names}
    del bundle.config["hostname"]
    bundle.namespace(kind, hosts(kind))
    if "sysctl" in change:
        bundle.linux["sysctl"] = change["sysctl"]
    else:
        bundle.config.update(change)
    index = next(i for i, one in enumerate(bundle.linux["namespaces"]) if one["type"] == kind)
    runtime.try_create(bundle).failed(f"/linux/namespaces/{index}", "the host's own")
    assert {name: Path(f"/proc/sys/{name}").read_text() for name in names} == before


def test_nothing_is_mounted_in_the_hosts_mount_namespace_by_its_path(runtime, bundle):
    bundle.namespace("mount", hosts("mount"))
    runtime.try_create(bundle).failed("/linux/namespaces", "the host's own")


@pytest.mark.parametrize("kind", ["uts", "ipc", "network"])
def test_a_namespace_of_the_host_in_which_nothing_is_set_may_be_joined(runtime, bundle, kind):
    del bundle.config["hostname"]
    bundle.namespace(kind, hosts(kind))
    container = runtime.start(bundle.args(*LATER))
    assert kernel.namespace(container.pid, kind) == kernel.namespace("self", kind)


# ---- processes that outlive init -----------------------------------------------------------------


@pytest.fixture
def orphaned(runtime, bundle):
    """A container in the host's pid namespace whose init has ended, and a process that has not."""
    bundle.inherit("pid").script("sleep 601 & exec sleep 1")
    bundle.without_mount("/proc").linux["maskedPaths"] = []
    bundle.linux["readonlyPaths"] = []
    container = runtime.start(bundle)
    cgroup = kernel.cgroup_directory(container.pid, "pids")

    def left():
        return [int(pid) for pid in (cgroup / "cgroup.procs").read_text().split()]

    container.await_end()
    kernel.eventually(lambda: len(left()) == 1)
    yield container, left()[0]
    isolation.reap_dead_children()


def test_kill_ends_what_has_outlived_init(orphaned):
    container, pid = orphaned
    container.kill("KILL").ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))
    container.kill("KILL").failed("not running")
    container.delete().ok()


def test_delete_without_force_refuses_while_somebody_has_outlived_init(orphaned):
    container, pid = orphaned
    container.delete().failed("not stopped", "outlived its init", "KILL")
    assert kernel.is_alive(pid)
    container.delete("--force").ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))


def test_another_signal_is_for_init_alone(orphaned):
    container, pid = orphaned
    container.kill("TERM").failed("not running")
    assert kernel.is_alive(pid)


# ---- the ID --------------------------------------------------------------------------------------


def test_an_id_is_not_claimed_by_a_create_that_fails(runtime, bundle):
    bundle.args(*LATER).write()
    name = runtime.new_id()
    for limit in range(3, 12):
        command = f"ulimit -n {limit}; exec \"$@\""
        words = ["sh", "-c", command, "sh", *runtime.command("create", "--bundle", bundle.path, name)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode == 0:
            break
        assert not (runtime.root / name).exists(), f"{limit} descriptors: {done.stderr}"
    else:
        runtime.create(bundle)
