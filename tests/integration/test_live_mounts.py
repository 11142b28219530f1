# SPDX-License-Identifier: Apache-2.0
"""mounts add, mounts remove: mounts in a container that is there already. The kernel's word counts: mountinfo of
the container's init."""

import json
import os
from pathlib import Path

import pytest
from support import isolation, kernel

pytestmark = pytest.mark.tare_only

SLEEP = "sleep 1000"


@pytest.fixture
def container(runtime, bundle):
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    return runtime.start(bundle.writable().script(SLEEP))


def bind(source, destination, *options):
    return {"destination": str(destination), "type": "bind", "source": str(source), "options": ["bind", *options]}


def tmpfs(destination, *options):
    return {"destination": str(destination), "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def change(container, verb, mounts, *options, name="mounts.json"):
    file = container.runtime.directory / name
    file.write_text(json.dumps(mounts))
    return container.runtime.call("mounts", verb, *options, container.id, file)


def add(container, *mounts):
    return change(container, "add", list(mounts))


def remove(container, *mounts, options=()):
    return change(container, "remove", list(mounts), *options)


def points(container):
    return [mount.point for mount in kernel.mounts(container.pid)]


def inside(container, path):
    return Path(f"/proc/{container.pid}/root{path}")


# ---- add ---------------------------------------------------------------------------------------


def test_a_directory_is_bound_into_a_running_container(container, source):
    add(container, bind(source, "/mnt/new", "ro", "nosuid")).ok()
    mount = kernel.mount_at(container.pid, "/mnt/new")
    assert {"ro", "nosuid"} <= set(mount.options)
    assert container.runtime.call("exec", container.id, "cat", "/mnt/new/file").ok().stdout == "content\n"


def test_the_program_itself_sees_it(runtime, bundle, source):
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    started = runtime.start(bundle.script("until cat /mnt/file 2>/dev/null; do sleep 0.05; done"))
    add(started, bind(source, "/mnt")).ok()
    started.await_output("content\n")


def test_a_file_is_bound(container, source):
    add(container, bind(source / "file", "/etc/motd")).ok()
    assert inside(container, "/etc/motd").read_text() == "content\n"


def test_one_mount_needs_no_array(container, source):
    change(container, "add", bind(source, "/mnt")).ok()
    assert points(container)[-1] == "/mnt"


def test_they_come_from_standard_input(container):
    file = container.runtime.directory / "stdin.json"
    file.write_text(json.dumps([tmpfs("/mnt")]))
    with file.open() as stream:
        container.runtime.call("mounts", "add", container.id, "-", stdin=stream).ok()
    assert kernel.mount_at(container.pid, "/mnt").type == "tmpfs"


def test_a_mount_goes_on_one_before_it_and_both_are_read_only_at_the_end(container):
    add(container, tmpfs("/mnt", "ro", "size=64k"), tmpfs("/mnt/below", "ro")).ok()
    for point in ("/mnt", "/mnt/below"):
        assert "ro" in kernel.mount_at(container.pid, point).options
    assert "size=64k" in kernel.mount_at(container.pid, "/mnt").super_options


def test_the_host_sees_none_of_it(container, source):
    before = [mount.point for mount in kernel.mounts()]
    add(container, bind(source, "/mnt"), tmpfs("/tmp")).ok()
    assert [mount.point for mount in kernel.mounts()] == before


def test_owners_are_translated(container, source):
    os.chown(source / "file", 1000, 1001)
    mapping = [{"containerID": 0, "hostID": 5000, "size": 2000}]
    add(container, {**bind(source, "/mnt", "idmap"), "uidMappings": mapping, "gidMappings": mapping}).ok()
    found = inside(container, "/mnt/file").stat()
    assert (found.st_uid, found.st_gid) == (6000, 6001)


def test_the_containers_own_mappings_serve_where_the_mount_has_none(runtime, bundle, source):
    os.chown(source / "file", 1000, 1001)
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    started = runtime.start(bundle.user_namespace().script(SLEEP))
    add(started, bind(source, "/mnt", "idmap"), tmpfs("/tmp")).ok()
    found = inside(started, "/mnt/file").stat()
    assert (found.st_uid, found.st_gid) == (101000, 101001)
    assert inside(started, "/tmp").stat().st_uid == 100000


def test_a_message_queue_is_that_of_the_containers_ipc_namespace(container):
    container.runtime.call("exec", container.id, "touch", "/dev/mqueue/theirs").ok()
    add(container, {"destination": "/mnt", "type": "mqueue", "source": "mqueue"}).ok()
    assert [entry.name for entry in inside(container, "/mnt").iterdir()] == ["theirs"]


def test_a_created_container_takes_mounts(runtime, bundle, source):
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    created = runtime.create(bundle.args("cat", "/mnt/file"))
    add(created, bind(source, "/mnt")).ok()
    created.start().ok()
    created.await_output("content\n")


def test_a_paused_container_takes_mounts(container, source):
    container.runtime.call("pause", container.id).ok()
    add(container, bind(source, "/mnt")).ok()
    assert container.status == "paused"
    container.runtime.call("resume", container.id).ok()
    assert inside(container, "/mnt/file").exists()


def test_nobody_is_left_in_the_container(container, source):
    before = kernel.descendants(os.getpid())
    add(container, bind(source, "/mnt")).ok()
    assert kernel.descendants(os.getpid()) == before


def test_an_ordinary_user_adds_and_removes(runtime, bundle, user, source):
    place = runtime.directory / "user"
    place.mkdir()
    user.single(bundle.writable())
    for mount in bundle.config["mounts"]:
        mount["options"] = [option for option in mount.get("options", []) if option != "gid=5"]
    user.own(place, bundle.path)
    theirs = type(runtime)(runtime.path, place, runtime.name)
    theirs.prefix = user.prefix()
    started = theirs.start(bundle.script(SLEEP))
    add(started, bind(source, "/mnt/new", "ro"), tmpfs("/tmp")).ok()
    assert "ro" in kernel.mount_at(started.pid, "/mnt/new").options
    assert inside(started, "/mnt/new/file").read_text() == "content\n"
    assert inside(started, "/tmp").stat().st_uid == user.uid
    remove(started, bind(source, "/mnt/new", "ro"), tmpfs("/tmp")).ok()
    assert not {"/mnt/new", "/tmp"} & set(points(started))
    assert not theirs.delete_all()


# ---- hostile containers ------------------------------------------------------------------------


@pytest.mark.parametrize("climbs", [False, True], ids=["absolute", "climbing"])
def test_a_link_of_the_container_leads_to_no_place_of_the_host(container, source, canary, climbs):
    target = "../" * 30 + str(canary.path)[1:] if climbs else str(canary.path)
    container.runtime.call("exec", container.id, "ln", "-s", target, "/mnt/link").ok()
    add(container, bind(source, "/mnt/link")).ok()
    assert str(canary.path) not in [mount.point for mount in kernel.mounts()]
    assert inside(container, canary.path).joinpath("file").read_text() == "content\n"


def test_a_link_into_procfs_is_refused(container, source):
    container.runtime.call("exec", container.id, "ln", "-s", "/proc/self", "/mnt/link").ok()
    before = points(container)
    add(container, bind(source, "/mnt/link/attr")).failed("/0")
    assert points(container) == before


@pytest.mark.parametrize("name", ["/mnt/link", "/mnt/link/"])
def test_a_link_does_not_lead_a_removal_to_a_mask(container, name):
    container.runtime.call("exec", container.id, "ln", "-s", "/proc/keys", "/mnt/link").ok()
    before = points(container)
    remove(container, bind("/", name)).failed("/0: find the mount on /mnt/link")
    assert points(container) == before


# ---- what is refused ---------------------------------------------------------------------------


def test_a_failure_takes_back_what_was_mounted_before_it(container, source):
    before = points(container)
    wrong = tmpfs("/var", "no-such-option=1")
    add(container, bind(source, "/mnt"), bind(source / "file", "/etc/motd"), wrong).failed("/2: mount tmpfs on /var", "no-such-option")
    assert points(container) == before


def test_a_failure_takes_back_what_is_mounted_on_another_and_files(container):
    before = points(container)
    file = bind("/etc/passwd", "/mnt/a/b/c/passwd")
    add(container, tmpfs("/mnt"), tmpfs("/mnt/a/b"), file, tmpfs("/etc/passwd")).failed("/3: mount tmpfs on")
    assert points(container) == before


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (bind("/no/such/source", "/mnt"), ["/0: take the mount /no/such/source", "ENOENT"]),
        ({"destination": "/mnt", "type": "bind"}, ["/0/source: a bind mount needs a source"]),
        ({"source": "/"}, ["/0/destination: is required"]),
        (tmpfs("/"), ["/0/destination: is the container's root"]),
        (bind("/", "/.."), ["/0/destination: is the container's root"]),
        (bind("/", "/proc/self"), ["/0: nothing may be mounted on /proc/self"]),
        ({"destination": "/mnt", "type": "proc"}, ["/0/type: a mount of type proc is made at create"]),
        ({"destination": "/mnt", "type": "sysfs"}, ["/0/type: a mount of type sysfs is made at create"]),
        ({"destination": "/mnt", "type": "cgroup"}, ["/0/type: a mount of type cgroup is made at create"]),
        (tmpfs("/tmp", "remount", "ro"), ["/0/options: it would change a mount that is there"]),
        ({"destination": "/tmp", "options": ["rshared"]}, ["/0/options: it would change a mount that is there"]),
    ],
    ids=lambda value: value.get("type", "none") if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_named_by_its_place_in_the_file(container, mount, words):
    before = points(container)
    add(container, mount).failed(*words)
    assert points(container) == before


def test_a_lone_mount_is_its_own_place(container):
    change(container, "add", {"destination": "/mnt", "type": "bind"}).failed("/source: a bind mount needs a source")


@pytest.mark.parametrize("text", ["", "7", "[", '"x"', "[[]]", '[{"destination": 1}]'])
def test_a_file_that_is_none_of_it_is_refused(container, text):
    file = container.runtime.directory / "wrong.json"
    file.write_text(text)
    container.runtime.call("mounts", "add", container.id, file).failed()


def test_it_wants_a_mount_namespace_of_the_containers_own(runtime, bundle, source):
    bundle.inherit("mount").config["mounts"] = []
    for field in ("maskedPaths", "readonlyPaths"):
        bundle.linux.pop(field)
    shared = runtime.start(bundle.script(SLEEP))
    add(shared, bind(source, "/mnt")).failed("has no mount namespace of its own")


def test_a_stopped_container_takes_none(container, source):
    container.kill("KILL").ok()
    container.await_end()
    isolation.reap_dead_children()
    for change_it in (add, remove):
        change_it(container, bind(source, "/mnt")).failed("container not running")


def test_a_container_that_is_not_there_takes_none(runtime, directory):
    (directory / "mounts.json").write_text("[]")
    runtime.call("mounts", "add", "nobody", directory / "mounts.json").failed("container does not exist")


def test_the_words_of_the_command_are_checked(container):
    change(container, "change", []).failed('unknown command "mounts change" (mounts needs a command: add, remove, show or propagate)')
    change(container, "add", [], "--lazy").failed("unknown option --lazy")


# ---- remove ------------------------------------------------------------------------------------


def test_what_was_added_goes_again_newest_first(container, source):
    before = points(container)
    mounts = [bind(source, "/mnt"), tmpfs("/var"), tmpfs("/var/below")]
    add(container, *mounts).ok()
    remove(container, *mounts).ok()
    assert points(container) == before


def test_what_create_mounted_can_be_removed_too(container):
    remove(container, tmpfs("/dev/shm")).ok()
    assert "/dev/shm" not in points(container)


@pytest.mark.parametrize("options", [(), ("--lazy",)], ids=["busy", "lazy"])
def test_what_is_in_use_stays_unless_it_is_lazy(container, source, options):
    add(container, tmpfs("/mnt")).ok()
    container.runtime.call("exec", "--detach", "--cwd", "/mnt", container.id, "sleep", "1000").ok()
    outcome = remove(container, tmpfs("/mnt"), options=options)
    if options:
        outcome.ok()
    else:
        outcome.failed("/0: unmount /mnt", "is in use", "EBUSY")
    assert ("/mnt" in points(container)) == (not options)
    # A pid namespace ends when the last of its processes is reaped: what was detached is ours.
    container.kill("KILL").ok()
    kernel.eventually(lambda: isolation.reap_dead_children() or container.status == "stopped")


def test_none_is_unmounted_if_one_is_no_mount_point(container, source):
    add(container, bind(source, "/mnt")).ok()
    before = points(container)
    remove(container, bind(source, "/etc"), bind(source, "/mnt")).failed("/0: find the mount on /etc", "no mount point")
    remove(container, bind(source, "/mnt"), bind(source, "/nowhere")).failed("/1: find the mount on /nowhere", "ENOENT")
    assert points(container) == before


@pytest.mark.parametrize("path", ["/", "/..", "/proc", "/proc/keys", "/proc/../proc/keys", "/sys", "/sys/firmware"])
def test_what_protects_the_host_stays(container, path):
    before = points(container)
    remove(container, bind("/", path)).failed("/0")
    assert points(container) == before


def test_what_replaces_a_file_of_procfs_comes_and_goes(container, source):
    mount = bind(source / "file", "/proc/uptime")
    add(container, mount).ok()
    assert inside(container, "/proc/uptime").read_text() == "content\n"
    remove(container, mount).ok()
    assert "/proc/uptime" not in points(container)
