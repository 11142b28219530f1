# SPDX-License-Identifier: Apache-2.0
"""Hostile bundles and hostile containers: known attacks on container runtimes, each with its number.

The root file system is the attacker's. What it must not reach is the canary, a directory of the host, and the
runtime's own file.
"""

import ctypes
import hashlib
import os
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest
from support import kernel

RENAME_EXCHANGE = 2
AT_FDCWD = -100


def relative_to_root(bundle, path):
    """`path` of the host, as a link in the root of the bundle would say it by climbing."""
    return "/".join([".."] * len(bundle.rootfs.parts)) + str(path)


def spellings(bundle, path):
    return {"absolute": str(path), "relative": relative_to_root(bundle, path)}


@pytest.fixture
def flipper():
    """A function that exchanges two paths as fast as it can, until the end of the test."""
    libc = ctypes.CDLL(None)
    stop = threading.Event()
    threads = []

    def flip(one, other):
        names = os.fsencode(one), os.fsencode(other)

        def run():
            while not stop.is_set():
                libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield flip
    stop.set()
    for thread in threads:
        thread.join()


def no_dev_mount(bundle):
    bundle.without_mount("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")
    bundle.linux["maskedPaths"] = []
    return bundle


# ---- the runtime's own file and descriptors ------------------------------------------------------


@pytest.mark.tare_only  # runc 1.1 shows it through a read-only bind mount
def test_the_waiting_init_does_not_show_the_file_of_the_runtime(runtime, bundle, binary):
    # CVE-2019-5736: a container that opens /proc/PID/exe could overwrite the runtime.
    container = runtime.create(bundle)
    seen, own = os.stat(f"/proc/{container.pid}/exe"), os.stat(binary)
    assert (seen.st_dev, seen.st_ino) != (own.st_dev, own.st_ino)


@pytest.mark.parametrize("args", [["/proc/self/exe"], ["/bin/evil"]], ids=["program", "interpreter"])
def test_a_program_that_is_the_runtime_again_cannot_change_its_file(runtime, bundle, binary, args):
    before = hashlib.sha256(Path(binary).read_bytes()).digest()
    (bundle.rootfs / "bin/evil").write_text("#!/proc/self/exe\n")
    (bundle.rootfs / "bin/evil").chmod(0o755)
    runtime.run(bundle.args(*args))
    assert hashlib.sha256(Path(binary).read_bytes()).digest() == before


def test_no_descriptor_of_the_waiting_init_is_a_directory(runtime, bundle):
    # CVE-2016-9962, CVE-2024-21626: a directory of the host is a way out.
    pid = runtime.create(bundle).pid
    for number in kernel.descriptors(pid):
        assert not stat.S_ISDIR(os.stat(f"/proc/{pid}/fd/{number}").st_mode), kernel.descriptors(pid)


# A procfs is mounted by a process in its pid namespace, before pivot_root: what is open then cannot be hidden from
# CAP_SYS_PTRACE over the same user namespace, with any runtime. The file of the runtime can.
@pytest.mark.parametrize(
    "capability, places", [("CAP_KILL", "$p/root $p/cwd $p/fd/*"), ("CAP_SYS_PTRACE", "")], ids=["usual", "CAP_SYS_PTRACE"]
)
def test_no_process_of_the_runtime_can_be_looked_into_from_inside(
    runtime, bundle, make_bundle, binary, canary, capability, places
):
    # CVE-2016-9962: the runtime is seen in a pid namespace that it joins.
    spy = f"for place in {places}; do cat $place{canary.path}/file; done; readlink $p/exe"
    bundle.capabilities(capability)
    bundle.script(f"echo ready; while :; do for p in /proc/[0-9]*; do {spy}; done; done 2>/dev/null")
    watcher = runtime.start(bundle)
    watcher.await_output("ready")
    for number in range(20):
        guest = make_bundle()
        guest.namespace("pid", f"/proc/{watcher.pid}/ns/pid").args("/bin/true")
        if number % 2:  # then init is there from the beginning
            guest.hook("createRuntime", "/bin/true")
        runtime.run(guest).ok()
    watcher.kill("KILL").ok()
    watcher.await_end()
    seen = set(watcher.output().splitlines())
    assert "canary" not in seen
    assert str(binary) not in seen


NUMBERS = range(3, 24)


def host_was_seen(outcome):
    return "ESCAPED" in outcome.stdout


@pytest.mark.parametrize("suffix", ["", "/../../.."], ids=["directory", "above it"])
def test_a_cwd_that_is_a_descriptor_of_the_runtime_leads_nowhere(runtime, bundle, directory, suffix):
    # CVE-2024-21626
    (directory / "marker").touch()
    marker = str(directory / "marker")
    look = f"for up in . .. ../.. ../../..; do [ -e $up/{marker} ] && echo ESCAPED; done; [ -e marker ] && echo ESCAPED"
    for number in NUMBERS:
        bundle.script(look).process["cwd"] = f"/proc/self/fd/{number}{suffix}"
        outcome = runtime.run(bundle)
        assert outcome.code != 0 and not host_was_seen(outcome), number


def test_a_program_that_is_reached_by_a_descriptor_of_the_runtime(runtime, bundle):
    for number in NUMBERS:
        outcome = runtime.run(bundle.args(f"/proc/self/fd/{number}/../../../../bin/sh", "-c", "echo ESCAPED"))
        assert outcome.code != 0 and not host_was_seen(outcome), number


# ---- paths of the config -------------------------------------------------------------------------

SPELLINGS_OF_DEV = ["/dev", "dev", "/dev/", "//dev", "/./dev", "/dev/.", "/dev/../dev", "/../dev", "/a/../dev", "/link/../dev"]


@pytest.mark.tare_only  # crun 1.8 makes its nodes there for some of the spellings
@pytest.mark.parametrize("before", [[], ["tmpfs"], ["bind"]], ids=["alone", "on a tmpfs", "twice"])
@pytest.mark.parametrize("spelling", SPELLINGS_OF_DEV)
def test_nothing_is_made_in_a_directory_of_the_host_that_is_bound_on_dev(runtime, bundle, canary, spelling, before):
    # T26
    (bundle.rootfs / "b/c").mkdir(parents=True)
    (bundle.rootfs / "link").symlink_to("/b/c")
    no_dev_mount(bundle)
    for kind in before:
        bundle.mount("/dev", "tmpfs", "tmpfs") if kind == "tmpfs" else bundle.bind(canary.path, spelling)
    outcome = runtime.run(bundle.bind(canary.path, spelling).script("cat /dev/file"))
    (outcome.ok() if spelling.startswith("/") else outcome.warned("is relative"))
    assert outcome.stdout == "canary\n"


@pytest.mark.tare_only
@pytest.mark.parametrize("present", [True, False])
def test_such_a_directory_gets_no_console(runtime, bundle, directory, console, present):
    bound = directory / "dev"
    (bound / "pts").mkdir(parents=True)
    if present:
        (bound / "console").touch()
    no_dev_mount(bundle).bind(bound, "/dev/").mount("/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666"])
    bundle.process["terminal"] = True
    container = runtime.create(bundle, "--console-socket", console.path)
    console.receive()
    bound_there = [mount.point for mount in kernel.mounts(container.pid) if mount.point == "/dev/console"]
    assert bound_there == ["/dev/console"] * present
    assert sorted(os.listdir(bound)) == ["console"] * present + ["pts"]


@pytest.mark.tare_only
def test_a_tmpfs_over_such_a_directory_gets_the_devices(runtime, bundle, canary):
    no_dev_mount(bundle).bind(canary.path, "/dev/.").mount("//dev", "tmpfs", "tmpfs").script("ls /dev")
    assert {"null", "zero", "ptmx"} <= set(runtime.output_of(bundle).split())


@pytest.mark.tare_only  # runc 1.1 leaves some of them unmasked
@pytest.mark.parametrize("spelling", ["//proc/keys", "/proc/keys/", "/proc/../proc/./keys", "/link/../proc/keys"])
def test_a_masked_path_is_masked_however_it_is_spelled(runtime, bundle, spelling):
    (bundle.rootfs / "b/c/proc").mkdir(parents=True)
    (bundle.rootfs / "link").symlink_to("/b/c")
    bundle.linux["maskedPaths"] = [spelling]
    assert runtime.output_of(bundle.script("cat /proc/keys")) == ""


# ---- links in the root file system ---------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["absolute", "relative"])
def test_a_target_of_a_mount_below_a_link_stays_inside(runtime, bundle, canary, directory, spelling):
    # CVE-2019-18837
    (directory / "source").mkdir()
    (directory / "source/file").touch()
    (bundle.rootfs / "link").symlink_to(spellings(bundle, canary.path)[spelling])
    bundle.bind(directory / "source/file", "/link/new-file")
    bundle.bind(directory / "source", "/link/new/directory")
    bundle.mount("/link/tmpfs", "tmpfs", "tmpfs")
    runtime.run(bundle.args("/bin/true"))


@pytest.mark.parametrize("spelling", ["absolute", "relative"])
@pytest.mark.parametrize("target", ["file", "new", "directory"])
def test_a_target_that_is_a_link_stays_inside(runtime, bundle, canary, directory, spelling, target):
    (directory / "source").touch()
    (bundle.rootfs / "link").symlink_to(spellings(bundle, canary.path / target)[spelling])
    runtime.try_create(bundle.bind(directory / "source", "/link"))


@pytest.mark.parametrize("name, fstype", [("proc", "proc"), ("sys", "sysfs")])
def test_proc_and_sys_are_mounted_on_plain_directories_only(runtime, bundle, name, fstype):
    # CVE-2019-19921, CVE-2023-27561
    (bundle.rootfs / name).rmdir()
    (bundle.rootfs / "elsewhere").mkdir()
    (bundle.rootfs / name).symlink_to("/elsewhere")
    runtime.try_create(bundle).failed(f"/{name}", "must be mounted on ordinary directory", tare=[fstype])


@pytest.mark.tare_only  # runc sees the name only
def test_a_link_to_proc_is_proc(runtime, bundle):
    # CVE-2019-16884
    (bundle.rootfs / "link").symlink_to("/proc")
    runtime.try_create(bundle.mount("/link", "tmpfs", "tmpfs")).failed("/mounts/7", "/proc")


@pytest.mark.tare_only
def test_a_link_to_a_place_in_proc_is_in_proc(runtime, bundle):
    (bundle.rootfs / "link").symlink_to("/proc/sys")
    runtime.try_create(bundle.mount("/link", "tmpfs", "tmpfs")).failed("/mounts/7", "/proc/sys")


@pytest.mark.tare_only  # runc 1.1 removes and makes files in that directory of the host, crun 1.8 makes device nodes
@pytest.mark.parametrize("spelling", ["absolute", "relative"])
def test_a_dev_that_is_a_link_leads_nowhere(runtime, bundle, canary, spelling):
    # CVE-2026-41579, CVE-2026-47766
    (bundle.rootfs / "dev").rmdir()
    (bundle.rootfs / "dev").symlink_to(spellings(bundle, canary.path)[spelling])
    container = runtime.try_create(no_dev_mount(bundle))
    if container.code == 0:
        runtime.call("start", runtime.ids[-1])


@pytest.mark.parametrize("name", ["null", "zero", "tty", "ptmx", "fd", "stdin", "pts"])
@pytest.mark.parametrize("target", ["file", "new", "directory"])
def test_a_device_that_is_a_link_leads_nowhere(runtime, bundle, canary, name, target):
    (bundle.rootfs / "dev" / name).symlink_to(canary.path / target)
    runtime.try_create(no_dev_mount(bundle))


@pytest.mark.parametrize("spelling", ["absolute", "relative"])
def test_a_configured_device_below_a_link_stays_inside(runtime, bundle, canary, spelling):
    (bundle.rootfs / "link").symlink_to(spellings(bundle, canary.path)[spelling])
    bundle.linux["devices"] = [{"path": "/link/made", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    runtime.try_create(bundle)


@pytest.mark.parametrize("kind", ["link", "file", "fifo", "directory", "wrong device"])
def test_a_false_dev_null_does_not_become_a_standard_stream(runtime, bundle, canary, kind):
    # CVE-2026-88265
    path = bundle.rootfs / "dev/null"
    if kind == "link":
        path.symlink_to(canary.path / "file")
    elif kind == "file":
        path.write_text("x")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    outcome = runtime.try_create(no_dev_mount(bundle), seconds=10)
    if outcome.code == 0:
        pid = runtime.call("state", runtime.ids[-1]).ok().json()["pid"]
        found = os.stat(f"/proc/{pid}/fd/0")
        assert stat.S_ISCHR(found.st_mode) and found.st_rdev == os.makedev(1, 3)


@pytest.fixture
def core_pattern():
    """The most wanted file of the host; put back if an attack reached it."""
    path = Path("/proc/sys/kernel/core_pattern")
    before = path.read_text()
    yield path
    after = path.read_text()
    path.write_text(before)
    assert after == before


@pytest.mark.tare_only  # on runc 1.1 this attack works
@pytest.mark.parametrize("kind", ["link", "wrong device"])
def test_a_mask_is_never_something_else_than_dev_null(runtime, bundle, core_pattern, kind):
    # CVE-2025-31133
    path = bundle.rootfs / "dev/null"
    if kind == "link":
        path.symlink_to(core_pattern)
    else:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    no_dev_mount(bundle).linux["maskedPaths"] = ["/proc/timer_list"]
    bundle.script("stat -c %t:%T /proc/timer_list; echo core > /proc/timer_list")
    assert runtime.run(bundle).stdout in ("", "1:3\n")


@pytest.mark.parametrize("path", ["/link", "/link/file", "/../../../../{}", "/"])
def test_masked_and_read_only_paths_stay_inside(runtime, bundle, canary, path):
    (bundle.rootfs / "link").symlink_to(canary.path)
    place = path.format(str(canary.path)[1:])
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = [place]
    runtime.try_create(bundle)
    (canary.path / "file").read_text()


# ---- the console -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, target", [("console", "new"), ("console", "file"), ("ptmx", "ptmx"), ("pts", "directory")]
)
@pytest.mark.parametrize("readonly", [True, False], ids=["read-only root", "writable root"])
def test_a_console_that_is_a_link_leads_nowhere(runtime, bundle, canary, console, name, target, readonly):
    # CVE-2025-52565, CVE-2026-88264
    no_dev_mount(bundle).process["terminal"] = True
    bundle.config["root"]["readonly"] = readonly
    (bundle.rootfs / "dev" / name).symlink_to(canary.path / target)
    bundle.mount("/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666", "mode=0620"])
    outcome = runtime.try_create(bundle, "--console-socket", console.path)
    if outcome.code == 0:
        console.receive()


# ---- a false /proc -----------------------------------------------------------------------------


@pytest.mark.tare_only  # others write to whatever is at /proc of the root file system
def test_a_false_proc_is_not_written_to(runtime, bundle):
    # CVE-2019-16884, CVE-2025-52881
    for path, text in {"sys/kernel/msgmax": "8192\n", "self/oom_score_adj": "0\n", "self/setgroups": "allow\n"}.items():
        (bundle.rootfs / "proc" / path).parent.mkdir(parents=True, exist_ok=True)
        (bundle.rootfs / "proc" / path).write_text(text)
    bundle.without_mount("/proc", "/sys", "/sys/fs/cgroup")
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    bundle.linux["sysctl"] = {"kernel.msgmax": "4321"}
    bundle.process["oomScoreAdj"] = 77
    pid = runtime.start(bundle.args("sleep", "60")).pid
    assert (bundle.rootfs / "proc/sys/kernel/msgmax").read_text() == "8192\n"
    assert (bundle.rootfs / "proc/self/oom_score_adj").read_text() == "0\n"
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "77\n"
    inside = ["nsenter", f"--ipc=/proc/{pid}/ns/ipc", "cat", "/proc/sys/kernel/msgmax"]
    assert subprocess.run(inside, capture_output=True, text=True, check=True).stdout == "4321\n"


# ---- a false passwd ----------------------------------------------------------------------------


def home_of(runtime, bundle):
    return runtime.run(bundle.script("echo $HOME"), seconds=10).stdout.strip()


@pytest.mark.parametrize("spelling", ["absolute", "relative"])
def test_the_passwd_of_the_host_is_not_read(runtime, bundle, directory, spelling):
    secret = directory / "passwd"
    secret.write_text("root:x:0:0::/stolen:/bin/sh\n")
    (bundle.rootfs / "etc/passwd").unlink()
    (bundle.rootfs / "etc/passwd").symlink_to(spellings(bundle, secret)[spelling])
    assert home_of(runtime, bundle) == "/"


@pytest.mark.tare_only  # runc waits at the fifo for ever
@pytest.mark.parametrize("kind", ["fifo", "directory", "endless device"])
def test_a_passwd_that_is_no_file_does_not_stop_anything(runtime, bundle, kind):
    path = bundle.rootfs / "etc/passwd"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    assert home_of(runtime, bundle) == "/"


@pytest.mark.parametrize(
    "line, home",
    [
        ("root:x:99999999999999999999:0::/wrong:/bin/sh", "/"),
        ("root:x:-0:0::/wrong:/bin/sh", "/"),
        ("root:x:0", "/"),
        (":::::::", "/"),
        ("0:x:1000:0::/wrong:/bin/sh", "/"),
        ("#\n\n\n" + "x" * 100_000 + "\nroot:x:0:0::/right:/bin/sh", "/right"),
    ],
)
@pytest.mark.tare_only
def test_odd_lines_of_passwd(runtime, bundle, line, home):
    (bundle.rootfs / "etc/passwd").write_text(line + "\n")
    assert home_of(runtime, bundle) == home


# ---- races -------------------------------------------------------------------------------------

ROUNDS = 40


def test_a_target_that_changes_into_a_link_during_create(runtime, bundle, canary, directory, flipper):
    # CVE-2021-30465, CVE-2024-45310: a volume that another container of the attacker has too.
    volume = directory / "volume"
    (volume / "d").mkdir(parents=True)
    (volume / "link").symlink_to(relative_to_root(bundle, canary.path))
    (directory / "source").touch()
    bundle.bind(volume, "/v").mount("/v/d", "tmpfs", "tmpfs").bind(directory / "source", "/v/d/new/sub/file")
    before = kernel.mounts()
    flipper(volume / "d", volume / "link")
    for _ in range(ROUNDS):
        runtime.try_create(bundle)
        runtime.call("delete", "--force", runtime.ids.pop())
        assert kernel.mounts() == before
        canary.assert_unchanged()


@pytest.mark.tare_only  # runc 1.1 looks the path up again for the mask
def test_a_proc_that_changes_into_a_link_during_create(runtime, bundle, flipper):
    # CVE-2023-28642: the mask must be on the procfs that was mounted, wherever its name leads meanwhile.
    (bundle.rootfs / "decoy/self").mkdir(parents=True)
    (bundle.rootfs / "link").symlink_to("/decoy")
    bundle.linux["maskedPaths"] = ["/proc/timer_list"]
    flipper(bundle.rootfs / "proc", bundle.rootfs / "link")
    created = 0
    for _ in range(ROUNDS):
        outcome = runtime.try_create(bundle)
        if outcome.code == 0:
            created += 1
            mounts = kernel.mounts(runtime.call("state", runtime.ids[-1]).ok().json()["pid"])
            (proc,) = [mount for mount in mounts if mount.type == "proc" and mount.root == "/"]
            masks = [mount.point for mount in mounts if mount.parent == proc.number]
            assert any(point.endswith("/timer_list") for point in masks), masks
        runtime.call("delete", "--force", runtime.ids.pop()).ok()
    assert created < ROUNDS  # the link was met at least once


REPLACED = {
    "a procfs": lambda bundle: "proc",
    "the second of two": lambda bundle: bundle.mount("/proc", "proc", "proc") and "proc",
    "a bind over a sysfs": lambda bundle: bundle.bind("/sys", "/sys", "ro") and "sys",
    "a bind of a procfs": lambda bundle: bundle.without_mount("/proc").bind("/proc", "/proc") and "proc",
    "read-only as a whole": lambda bundle: bundle.linux.update(readonlyPaths=["/proc"]) or "proc",
}


@pytest.mark.tare_only
@pytest.mark.parametrize("which", list(REPLACED))
def test_a_directory_that_is_exchanged_after_the_mount_is_noticed(runtime, bundle, which):
    # CVE-2023-28642, and what covers the first mount. Hooks run where an attacker would be: after the mounts.
    name = REPLACED[which](bundle)
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", f"mv {bundle.rootfs}/{name} {bundle.rootfs}/away && mkdir {bundle.rootfs}/{name}")
    runtime.try_create(bundle).failed("/mounts: verify the kernel's mounts", f"/{name} was replaced meanwhile")


@pytest.mark.tare_only
def test_another_mount_of_the_same_file_system_is_not_taken_for_the_masked_one(runtime, bundle):
    (bundle.rootfs / "other").mkdir()
    bundle.bind("/sys", "/other").without_mount("/sys", "/sys/fs/cgroup").bind("/sys", "/sys")
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c",
                f"cd {bundle.rootfs} && mv sys away && mv other sys && mv away other")
    runtime.try_create(bundle).failed("/sys was replaced meanwhile")


def test_a_dev_null_that_changes_into_a_link_during_create(runtime, bundle, canary, flipper):
    # CVE-2025-31133
    os.mknod(bundle.rootfs / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (bundle.rootfs / "dev/link").symlink_to(relative_to_root(bundle, canary.path / "file"))
    no_dev_mount(bundle).linux["maskedPaths"] = ["/proc/timer_list"]
    bundle.script("stat -c %t:%T /proc/timer_list")
    flipper(bundle.rootfs / "dev/null", bundle.rootfs / "dev/link")
    for _ in range(ROUNDS // 2):
        outcome = runtime.run(bundle)
        assert outcome.code != 0 or outcome.stdout == "1:3\n", outcome
        canary.assert_unchanged()


# ---- a pid that belongs to somebody else now -----------------------------------------------------


def start_process_with_pid(pid):
    for _ in range(50):
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        process = subprocess.Popen(["sleep", "60"])
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    pytest.skip("the machine is too busy for a chosen pid")


def test_a_reused_pid_is_not_the_containers(runtime, bundle):
    container = runtime.create(bundle.args("sleep", "60"))
    pid = container.pid
    # The kernel tells when a process began in hundredths of a second: the stranger begins in another one.
    time.sleep(0.02)
    os.kill(pid, 9)
    container.exit_status(pid)
    stranger = start_process_with_pid(pid)
    assert container.status == "stopped"
    container.kill("KILL").failed("container not running")
    container.start().failed("cannot start a container that has stopped")
    container.delete().ok()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
