# SPDX-License-Identifier: Apache-2.0
"""mount_namespaces(7), "Restrictions on mount namespaces": in a container with a user namespace of its own, what
comes from the host's mounts is locked. Root in there, with CAP_SYS_ADMIN, can neither unmount one of them to see what
it covers, nor make one writable, nor allow what one forbids. All mounts are in the mount namespace of the tests."""

import json
import os
import shutil

import pytest
from support import isolation, kernel
from support.runtime import Runtime
from support.user import User

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096

FORBIDDEN = {"ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
ALLOWED = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec"}

# Each attempt prints what came of it. That there is something to see and to change is checked too.
ATTACK = r"""
try() { "$@" 2>&1 && echo "done: $*"; }
try umount AT/covered; try umount -l AT/covered; cat AT/covered/secret 2>&1
try mount -o remount,bind,rw AT/volume; try touch AT/volume/file
"""
ANSWERS = [
    "umount: can't unmount AT/covered: Invalid argument",
    "umount: can't unmount AT/covered: Invalid argument",
    "cat: can't open 'AT/covered/secret': No such file or directory",
    "mount: permission denied (are you root?)",
    "touch: AT/volume/file: Read-only file system",
]


def attack(place):
    return ATTACK.replace("AT", place)


def answers(place):
    return [line.replace("AT", place) for line in ANSWERS]


@pytest.fixture
def mount(directory):
    """A function that mounts a tmpfs on a directory, which it makes, with mount(2) flags."""
    made = []

    def make(path, flags=0):
        path.mkdir(parents=True, exist_ok=True)
        isolation.mount("canary", path, "tmpfs")
        made.append(path)
        path.chmod(0o755)
        if flags:
            isolation.mount(None, path, flags=MS_REMOUNT | MS_BIND | flags)
        return path

    yield make
    for path in reversed(made):
        isolation.unmount(path)


@pytest.fixture
def hide(mount):
    """A function that puts a secret below a directory and a mount over it, and a read-only mount beside it."""

    def make(path):
        (path / "covered").mkdir(parents=True)
        (path / "covered/secret").write_text("secret\n")
        mount(path / "covered")
        mount(path / "volume", MS_RDONLY)
        return path

    return make


@pytest.fixture
def tree(mount, hide, directory):
    """A mount with two below it, to bind."""
    return hide(mount(directory / "tree"))


@pytest.fixture
def attacker(bundle):
    return hostile(bundle)


def hostile(bundle):
    (bundle.rootfs / "m").mkdir()
    return bundle.user_namespace().capabilities("CAP_SYS_ADMIN").writable().script(attack("/m"))


def seen(runtime, bundle):
    """What its program printed; it may have failed."""
    return runtime.run(bundle).stdout.splitlines()


@pytest.fixture(params=["runtime", "runc"])
def both(request, runtime, directory):
    """The runtime under test, and runc beside it: the same bundle must get the same answers."""
    if request.param == "runtime":
        yield runtime
        return
    program = shutil.which("runc")
    if program is None:
        pytest.skip("runc is not installed")
    place = directory / "peer"
    place.mkdir()
    peer = Runtime(program, place, "runc")
    yield peer
    assert not peer.delete_all()


# ---- what comes in -------------------------------------------------------------------------------


def test_a_mount_below_a_bind_is_neither_unmounted_nor_made_writable(both, attacker, tree):
    attacker.mount("/m", "bind", tree, ["rbind"])
    assert seen(both, attacker) == answers("/m")


def test_without_a_user_namespace_root_may_do_all_of_it(runtime, attacker, tree):
    """The control: what is tried would show."""
    attacker.inherit("user").mount("/m", "bind", tree, ["rbind"])
    del attacker.linux["uidMappings"], attacker.linux["gidMappings"]
    lines = seen(runtime, attacker)
    assert {"done: umount /m/covered", "secret", "done: mount -o remount,bind,rw /m/volume"} <= set(lines)


def test_a_mount_in_the_root_file_system_stays(both, attacker, hide):
    hide(attacker.rootfs / "place")
    assert seen(both, attacker.script(attack("/place"))) == answers("/place")


@pytest.mark.parametrize("flag", FORBIDDEN)
def test_what_the_hosts_mount_forbids_is_not_allowed_again(both, attacker, mount, directory, flag):
    mount(directory / "volume", FORBIDDEN[flag])
    attacker.mount("/m", "bind", directory / "volume", ["bind"])
    attacker.script(f"mount -o remount,bind,{ALLOWED[flag]} /m 2>&1; grep ' /m ' /proc/self/mountinfo | cut -d' ' -f6")
    refusal, options = seen(both, attacker)
    assert refusal == "mount: permission denied (are you root?)"
    assert flag in options.split(",")


def test_a_source_that_only_the_hosts_root_can_reach(both, attacker, hide, directory):
    closed = directory / "closed"
    closed.mkdir()
    os.chown(closed, 1234, 1234)
    closed.chmod(0o700)
    attacker.mount("/m", "bind", hide(closed / "tree"), ["rbind"])
    assert seen(both, attacker) == answers("/m")


@pytest.mark.tare_only
@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_mapped_owners(runtime, attacker, tree, option):
    (tree / "file").touch()
    os.chown(tree / "file", 1000, 1001)
    attacker.mount("/m", "bind", tree, ["rbind", option])
    attacker.script("stat -c %u:%g /m/file" + attack("/m"))
    assert seen(runtime, attacker) == ["1000:1001", *answers("/m")]


@pytest.mark.tare_only
def test_a_user_namespace_that_is_joined(runtime, attacker, tree, holder):
    attacker.linux["uidMappings"] = attacker.linux["gidMappings"] = []
    attacker.namespace("user", holder("user")).mount("/m", "bind", tree, ["rbind"])
    assert seen(runtime, attacker) == answers("/m")


@pytest.mark.tare_only
def test_a_user_namespace_that_is_joined_with_its_mounts(runtime, attacker, tree, holder):
    """The mounts of the host come from the host, also into a mount namespace that has none of them."""
    user = holder("user", "--mount")
    attacker.linux["uidMappings"] = attacker.linux["gidMappings"] = []
    attacker.namespace("user", user).namespace("mount", user.parent / "mnt").mount("/m", "bind", tree, ["rbind"])
    assert seen(runtime, attacker) == answers("/m")


@pytest.mark.tare_only
def test_a_user_namespace_in_that_of_the_caller(runtime, attacker, directory):
    """Root of a user namespace (podman unshare) owns what it mounts; the container gets it locked all the same."""
    tree = directory / "tree"
    (tree / "covered").mkdir(parents=True)
    (tree / "volume").mkdir()
    (tree / "covered/secret").write_text("secret\n")
    attacker.mount("/m", "bind", tree, ["rbind"])
    User.map(attacker, [(0, 0, 1)], [(0, 0, 1)])
    for entry in attacker.config["mounts"]:
        entry["options"] = [option for option in entry.get("options", []) if option != "gid=5"]
    runtime.globals = ["--log-level", "error"]
    mounts = f'mount -t tmpfs a {tree}/covered && mount -t tmpfs -o ro b {tree}/volume && exec "$@"'
    runtime.prefix = ["unshare", "--user", "--mount", "--map-root-user", "sh", "-c", mounts, "sh"]
    assert seen(runtime, attacker) == answers("/m")


@pytest.mark.tare_only
@pytest.mark.parametrize("missing", ["sys_ptrace", "sys_chroot"])
def test_a_caller_who_may_not_enter_the_copy_leaves_the_trees_to_init(runtime, attacker, tree, missing):
    runtime.prefix = ["setpriv", f"--bounding-set=-{missing}", f"--inh-caps=-{missing}"]
    attacker.mount("/m", "bind", tree, ["rbind"])
    assert seen(runtime, attacker) == answers("/m")


# ---- mounts add ----------------------------------------------------------------------------------


def add(container, directory, source, *options):
    file = directory / "mounts.json"
    mount = {"destination": "/m", "type": "bind", "source": str(source), "options": options}
    file.write_text(json.dumps(mount))
    return container.runtime.call("mounts", "add", container.id, file)


@pytest.mark.tare_only
@pytest.mark.parametrize("of", ["own", "joined"])
def test_a_mount_that_is_added(runtime, attacker, tree, directory, holder, of):
    if of == "joined":
        attacker.linux["uidMappings"] = attacker.linux["gidMappings"] = []
        attacker.namespace("user", holder("user"))
    container = runtime.start(attacker.script("sleep 1000"))
    add(container, directory, tree, "rbind").ok()
    assert runtime.call("exec", container.id, "sh", "-c", attack("/m")).stdout.splitlines() == answers("/m")


@pytest.mark.tare_only
def test_a_mount_that_is_added_with_mapped_owners(runtime, attacker, tree, directory):
    os.chown(tree, 1000, 1001)
    container = runtime.start(attacker.script("sleep 1000"))
    add(container, directory, tree, "rbind", "idmap").ok()
    script = "stat -c %u:%g /m" + attack("/m")
    assert runtime.call("exec", container.id, "sh", "-c", script).stdout.splitlines() == ["1000:1001", *answers("/m")]


@pytest.mark.tare_only
def test_a_mount_is_added_where_the_ipc_namespace_is_the_hosts(runtime, attacker, tree, directory, holder):
    attacker.namespace("ipc", holder("ipc")).without_mount("/dev/mqueue")
    container = runtime.start(attacker.script("sleep 1000"))
    add(container, directory, tree, "rbind").ok()
    assert runtime.call("exec", container.id, "sh", "-c", attack("/m")).stdout.splitlines() == answers("/m")


# ---- what a config may ask for -------------------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize("flag", FORBIDDEN)
def test_an_option_that_would_allow_it_is_an_error(runtime, bundle, mount, directory, flag):
    mount(directory / "volume", FORBIDDEN[flag])
    bundle.user_namespace().mount("/tmp", "bind", directory / "volume", ["bind", ALLOWED[flag]])
    words = f"locked by the host's mount, which no user namespace may undo: {flag}"
    runtime.try_create(bundle).failed("/mounts/7: bind ", words, "EPERM")


@pytest.mark.tare_only
def test_the_same_below_the_mount(runtime, bundle, tree):
    bundle.user_namespace().mount("/tmp", "bind", tree, ["rbind", "rrw"])
    runtime.try_create(bundle).failed("/mounts/7: bind ", "locked by a mount of the host below it", "EPERM")


def test_when_files_are_marked_as_read_is_locked_too(both, bundle, tree):
    bundle.user_namespace().mount("/tmp", "bind", tree, ["rbind", "noatime"])
    both.try_create(bundle).failed(*(["no user namespace may undo: atime"] if both.strict else []))


def test_an_option_that_forbids_more_is_taken(both, attacker, mount, directory):
    mount(directory / "volume", MS_RDONLY)
    attacker.mount("/m", "bind", directory / "volume", ["bind", "nosuid", "nodev"])
    (options,) = seen(both, attacker.script("grep ' /m ' /proc/self/mountinfo | cut -d' ' -f6"))
    assert {"ro", "nosuid", "nodev"} <= set(options.split(","))


def test_mounts_below_cannot_be_left_out(both, bundle, tree):
    bundle.user_namespace().mount("/tmp", "bind", tree, ["bind"])
    both.try_create(bundle).failed(*(["/mounts/7: ", "rbind takes them", "EINVAL"] if both.strict else []))


@pytest.mark.tare_only
def test_a_source_that_is_no_mount_of_the_hosts_is_an_error(runtime, bundle, holder, directory):
    other = holder("mount")
    bundle.user_namespace().mount("/tmp", "bind", f"/proc/{other.parts[2]}/root/etc", ["rbind"])
    runtime.try_create(bundle).failed("/mounts/7: ", "it is on a mount of another mount namespace", "EINVAL")


# ---- what stays as it was ------------------------------------------------------------------------


def test_more_sources_than_one_message_takes(runtime, bundle, directory):
    count = 300  # SCM_MAX_FD is 253
    for number in range(count):
        (directory / f"{number}").write_text(f"{number}\n")
        (bundle.rootfs / f"tmp/{number}").touch()
        bundle.bind(directory / f"{number}", f"/tmp/{number}")
    bundle.user_namespace().script(f"for n in $(seq 0 {count - 1}); do cat /tmp/$n; done")
    assert runtime.output_of(bundle).split() == [str(number) for number in range(count)]


@pytest.mark.tare_only
def test_too_few_descriptors_for_the_sources_is_an_error(runtime, bundle, directory):
    for number in range(60):
        (directory / f"{number}").touch()
        bundle.bind(directory / f"{number}", f"/tmp/{number}")
    runtime.prefix = ["prlimit", "--nofile=64:64"]
    runtime.try_create(bundle.user_namespace()).failed("EMFILE")


@pytest.mark.tare_only
def test_a_link_is_copied(runtime, bundle, directory):
    (directory / "link").symlink_to("/etc/group")
    (directory / "plain").write_text("plain\n")
    bundle.writable().rootfs.chmod(0o777)
    for name in ("link", "plain"):
        (bundle.rootfs / "plain").touch()
        bundle.bind(directory / name, f"/{name}", "copy-symlink")
    bundle.user_namespace().rootfs.chmod(0o777)
    assert runtime.output_of(bundle.script("readlink /link; cat /plain")) == "/etc/group\nplain\n"


def test_relative_paths_count_from_where_the_caller_is(runtime, bundle, directory):
    container = runtime.create(bundle.user_namespace(), "--pid-file", "pid", cwd=directory)
    assert (directory / "pid").read_text() == str(container.pid)


@pytest.fixture
def chroot(runtime, tree, directory):
    """A function after which the runtime is called in a chroot, where the file in the tree has another content."""
    (tree / "which").write_text("the host's\n")
    other = directory / "other"
    other.mkdir()
    enter = f"""mount --rbind / {other} && mount -t tmpfs chroot {other}{tree} &&
        echo "the chroot's" > {other}{tree}/which && exec chroot {other} "$@" """

    def go_in():
        runtime.prefix = ["unshare", "--mount", "sh", "-c", enter, "sh"]

    return go_in


@pytest.mark.tare_only
def test_in_a_chroot_sources_count_from_there(runtime, attacker, tree, holder, chroot):
    """No user namespace can be made in a chroot, but one can be joined."""
    attacker.linux["uidMappings"] = attacker.linux["gidMappings"] = []
    attacker.namespace("user", holder("user")).mount("/m", "bind", tree, ["rbind"])
    chroot()
    assert runtime.output_of(attacker.script("cat /m/which")) == "the chroot's\n"


@pytest.mark.tare_only
def test_in_a_chroot_sources_that_are_added_count_from_there(runtime, attacker, tree, directory, chroot):
    container = runtime.start(attacker.script("sleep 1000"))
    chroot()
    add(container, directory, tree, "rbind").ok()
    runtime.prefix = []
    assert runtime.call("exec", container.id, "cat", "/m/which").ok().stdout == "the chroot's\n"


def test_what_is_mounted_in_a_shared_container_is_not_seen_on_the_host(runtime, attacker, mount, directory):
    volume = mount(directory / "volume")
    isolation.share(volume)
    (volume / "sub").mkdir()
    attacker.linux["rootfsPropagation"] = "shared"
    attacker.mount("/m", "bind", volume, ["rbind", "rshared"])
    assert seen(runtime, attacker.script("mount -t tmpfs inner /m/sub && grep -c inner /proc/self/mountinfo")) == ["1"]
    assert not [found for found in kernel.mounts("self") if found.source == "inner"]


def test_what_the_host_mounts_later_is_seen(runtime, attacker, mount, directory):
    volume = mount(directory / "volume")
    isolation.share(volume)
    attacker.mount("/m", "bind", volume, ["rbind", "rslave"])
    container = runtime.start(attacker.script("until [ -d /m/later/new ]; do sleep 0.05; done; echo seen"))
    (mount(volume / "later") / "new").mkdir()
    container.await_output("seen\n")
