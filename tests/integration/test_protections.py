# SPDX-License-Identifier: Apache-2.0
"""Protections behind which no other one stands, or behind which an attack gets only with luck: each is tested where
it is the last. `make mutants` takes them out and shows that these tests can fail."""

import fcntl
import os
import stat
import sys

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

NULL = (True, os.makedev(1, 3))


def device_at(path):
    """(whether it is a character device, its numbers)."""
    found = os.stat(path)
    return stat.S_ISCHR(found.st_mode), found.st_rdev


# ---- null devices ------------------------------------------------------------------------------


FALSE_NULLS = {
    "a link": lambda path: path.symlink_to("/proc/sys/kernel/core_pattern"),
    "a file": lambda path: path.write_text("false\n"),
    "a fifo": os.mkfifo,
    "another device": lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5)),
    "nothing": lambda path: None,
}


@pytest.fixture(params=list(FALSE_NULLS))
def false_null(request, bundle, directory):
    """A /dev in which tare makes nothing, since it is bound: what it has as /dev/null is not tare's word."""
    place = directory / "dev"
    place.mkdir()
    FALSE_NULLS[request.param](place / "null")
    bundle.without_mount("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue").bind(place, "/dev")
    return bundle


def test_a_mask_is_the_hosts_null_device_whatever_the_containers_is(runtime, false_null):
    # CVE-2025-31133
    false_null.linux["maskedPaths"] = ["/proc/version"]
    assert runtime.output_of(false_null.script("stat -c %t:%T /proc/version; cat /proc/version")) == "1:3\n"


def test_a_null_device_of_the_host_that_is_none_masks_nothing(runtime, bundle):
    bundle.linux["maskedPaths"] = ["/proc/version"]
    runtime.prefix = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/zero /dev/null && exec "$@"', "sh"]
    runtime.try_create(bundle).failed("/linux/maskedPaths/0")


def test_a_null_device_as_a_stream_becomes_the_containers_own(runtime, bundle):
    pid = runtime.create(bundle).pid
    stream, own, hosts = (os.stat(path) for path in (f"/proc/{pid}/fd/0", f"/proc/{pid}/root/dev/null", "/dev/null"))
    assert (stream.st_dev, stream.st_ino) == (own.st_dev, own.st_ino)
    assert (stream.st_dev, stream.st_ino) != (hosts.st_dev, hosts.st_ino)


def test_a_false_null_device_does_not_become_a_stream(runtime, false_null):
    # CVE-2026-88265
    false_null.linux["maskedPaths"] = []
    assert device_at(f"/proc/{runtime.create(false_null).pid}/fd/0") == NULL


# ---- the working directory ---------------------------------------------------------------------


def test_a_working_directory_outside_of_the_root_is_refused(runtime, bundle, canary):
    # CVE-2024-21626, where the descriptor is there for certain: the caller passes it on. In a pid namespace of the
    # container's /proc/self would not be the joiner yet.
    container = runtime.start(bundle.inherit("pid").args("sleep", "600"))
    runtime.prefix = ["sh", "-c", f'exec "$@" 3< {canary.path}', "sh"]
    words = ["exec", "--preserve-fds", "1", "--cwd", "/proc/self/fd/3", container.id, "ls"]
    outcome = runtime.call(*words)
    assert outcome.stdout == ""
    outcome.failed("/process/cwd")


# ---- a process that waits ----------------------------------------------------------------------


def test_who_may_not_trace_processes_sees_nothing_of_one_that_waits(runtime, bundle, make_bundle):
    """The same user and the same capabilities: only that it cannot be dumped keeps it from being looked into."""
    watcher = runtime.start(bundle.args("sleep", "600"))
    guest = make_bundle().namespace("pid", f"/proc/{watcher.pid}/ns/pid").args("true")
    waiting = runtime.create(guest)
    inside = kernel.status(waiting.pid)["NSpid"].split()[-1]

    def link(pid, name):
        return runtime.call("exec", watcher.id, "readlink", f"/proc/{pid}/{name}").stdout

    assert link(1, "exe") == "/bin/sleep\n"
    for name in ("exe", "cwd", "root", "fd/0", "fd/3"):
        assert link(inside, name) == "", name
    pid = waiting.pid
    waiting.delete("--force").ok()
    waiting.exit_status(pid)  # until it is reaped, the pid namespace is not gone


SEALS = {"SEAL": 1, "SHRINK": 2, "GROW": 4, "WRITE": 8}  # fcntl(2)


def test_the_program_of_a_process_that_waits_is_sealed(runtime, bundle):
    # CVE-2019-5736: kept open, it can be written when nobody executes it any more.
    F_GET_SEALS = 1034
    container = runtime.create(bundle)
    kept = os.open(f"/proc/{container.pid}/exe", os.O_RDONLY)
    try:
        found = fcntl.fcntl(kept, F_GET_SEALS)
        assert [name for name, seal in SEALS.items() if not found & seal] == []
        container.delete("--force").ok()
        with pytest.raises(PermissionError):
            os.write(os.open(f"/proc/self/fd/{kept}", os.O_WRONLY), b"#!")
    finally:
        os.close(kept)


# ---- masks -------------------------------------------------------------------------------------

# Exchanges /proc of the root for another directory, and back as soon as a mask is there: between the mask and the
# last look at /proc, which is long enough because of the many paths between them.
EXCHANGES = """
import ctypes, json, os, sys, time
root = sys.argv[1]
pid = json.load(sys.stdin)["pid"]
libc = ctypes.CDLL(None)
def exchange():
    libc.renameat2(-100, os.fsencode(root + "/proc"), -100, os.fsencode(root + "/decoy"), 2)
exchange()
if os.fork() == 0:
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/mountinfo") as mounts:
                if any("/version " in line for line in mounts):
                    break
        except OSError:
            break
    exchange()
    os._exit(0)
"""


def test_a_mask_is_on_the_procfs_that_was_mounted(runtime, bundle, directory):
    # CVE-2023-28642
    program = directory / "exchange.py"
    program.write_text(EXCHANGES)
    (bundle.rootfs / "decoy").mkdir()
    (bundle.rootfs / "decoy/version").write_text("decoy\n")
    bundle.linux["maskedPaths"] = ["/proc/version", *(f"/proc/nothing/{number}" for number in range(5_000))]
    bundle.linux["readonlyPaths"] = []
    bundle.hook("createRuntime", sys.executable, "python3", program, bundle.rootfs)
    for _ in range(20):
        outcome = runtime.try_create(bundle)
        kernel.eventually((bundle.rootfs / "decoy/version").exists)
        if outcome.code == 0:
            break
        outcome.failed("was replaced meanwhile")  # it was exchanged back too late
    pid = runtime.call("state", runtime.ids[-1]).ok().json()["pid"]
    assert device_at(f"/proc/{pid}/root/proc/version") == NULL


# ---- the root ----------------------------------------------------------------------------------


def test_a_root_that_leads_to_the_hosts_is_refused(runtime, bundle):
    (bundle.path / "link").symlink_to("/")
    bundle.config["root"]["path"] = "link"
    runtime.try_create(bundle).failed("/root/path", "the host's root")


@pytest.mark.parametrize("option", [[], ["--no-pivot"]], ids=["pivot_root", "no pivot_root"])
def test_who_sees_a_masked_procfs_gets_no_other_one(runtime, bundle, option):
    """The kernel lets a user namespace in the container have a procfs with nothing masked if the host's is in reach."""
    bundle.linux["maskedPaths"] = ["/proc/version"]
    inside = "mount -t proc again /tmp; cat /proc/version /tmp/version; echo done"
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "sh", "-c", inside)
    outcome = runtime.run(bundle, *option)
    assert outcome.stdout == "done\n", outcome


# ---- parameters of the kernel --------------------------------------------------------------------


def test_a_parameter_that_something_covers_on_the_host_is_set_all_the_same(runtime, bundle, directory):
    # CVE-2025-52881
    false = directory / "false"
    false.write_text("false\n")
    place = "/proc/sys/kernel/domainname"
    bundle.linux["sysctl"] = {"kernel.domainname": "inside"}
    runtime.prefix = ["unshare", "--mount", "sh", "-c", f'mount --bind {false} {place} && exec "$@"', "sh"]
    assert runtime.output_of(bundle.args("cat", place)) == "inside\n"
    assert false.read_text() == "false\n"


# ---- keys --------------------------------------------------------------------------------------


def test_a_container_has_a_session_keyring_of_its_own(runtime, bundle):
    bundle.linux["maskedPaths"] = []
    container = runtime.start(bundle.script("cat /proc/keys; sleep 600"))
    container.await_output(f"_ses.{container.id}")


# ---- capabilities ------------------------------------------------------------------------------


def test_ambient_capabilities_of_the_caller_are_not_the_programs(runtime, bundle):
    every = ("bounding", "effective", "permitted", "inheritable")
    bundle.capabilities("CAP_KILL", sets=every).args("cat", "/proc/self/status")
    runtime.prefix = ["setpriv", "--inh-caps", "+kill", "--ambient-caps", "+kill"]
    held = kernel.parse_status(runtime.output_of(bundle))
    assert kernel.capability_names(held["CapInh"]) == {"CAP_KILL"}
    assert kernel.capability_names(held["CapAmb"]) == set()
