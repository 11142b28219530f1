# SPDX-License-Identifier: Apache-2.0
"""exec: a further process in a container that runs, with all that the container's own process has."""

import contextlib
import json
import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import isolation, kernel
from support.console import ConsoleSocket

LATER = ["sleep", "600"]


@pytest.fixture
def running(runtime, bundle):
    """A function: the container of the (changed) bundle, running."""

    started = []

    def start():
        started.append(runtime.start(bundle.args(*LATER)))
        return started[-1]

    yield start
    # A pid namespace ends when the last of its processes is reaped: those that detached are ours.
    for container in started:
        container.kill("KILL")
        kernel.eventually(lambda: isolation.reap_dead_children() or container.status == "stopped")


def run_in(container, *words, **options):
    return container.runtime.call("exec", *words, **options)


def output_in(container, script, *options):
    return run_in(container, *options, container.id, "sh", "-c", script).ok().stdout


def process_file(bundle, directory, **changes):
    path = directory / "process.json"
    path.write_text(json.dumps({**bundle.process, **changes}))
    return path


# ---- what it joins -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mount", "pid", "network", "ipc", "uts"])
def test_it_is_in_the_containers_namespaces(running, directory, kind):
    container = running()
    run_in(container, "--detach", "--pid-file", directory / "pid", container.id, *LATER).ok()
    pid = int((directory / "pid").read_text())
    assert kernel.namespace(pid, kind) == kernel.namespace(container.pid, kind)


@pytest.mark.parametrize("kind", ["user", "cgroup", "time"])
def test_it_is_in_namespaces_that_not_every_container_has(runtime, bundle, running, directory, kind):
    bundle.user_namespace() if kind == "user" else bundle.namespace(kind)
    if kind == "time" and runtime.name != "tare":
        pytest.skip("runc 1.1 and crun 1.8 know no time namespaces")
    container = running()
    run_in(container, "--detach", "--pid-file", directory / "pid", container.id, *LATER).ok()
    pid = int((directory / "pid").read_text())
    assert kernel.namespace(pid, kind) == kernel.namespace(container.pid, kind) != kernel.namespace("self", kind)


def test_it_is_in_the_containers_cgroups(running, directory):
    container = running()
    run_in(container, "--detach", "--pid-file", directory / "pid", container.id, *LATER).ok()
    pid = (directory / "pid").read_text()
    assert Path(f"/proc/{pid}/cgroup").read_text() == Path(f"/proc/{container.pid}/cgroup").read_text()


def test_it_is_in_namespaces_that_were_joined_by_path(runtime, bundle, make_bundle):
    holder = runtime.start(make_bundle().args(*LATER))
    for kind in ("pid", "network"):
        bundle.namespace(kind, f"/proc/{holder.pid}/ns/{kernel.NAMESPACES[kind]}")
    container = runtime.start(bundle.args(*LATER))
    assert output_in(container, "readlink /proc/self/ns/net").strip() == kernel.namespace(holder.pid, "network")
    pid = container.pid
    container.kill("KILL").ok()  # and reaped before the holder, whose pid namespace it is in
    kernel.eventually(lambda: isolation.reap_dead_children() or not Path(f"/proc/{pid}").exists())


@pytest.mark.tare_only
def test_a_container_without_a_mount_namespace_is_entered_at_its_root(runtime, bundle):
    bundle.inherit("mount").without_mount(*[one["destination"] for one in bundle.config["mounts"]])
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    container = runtime.start(bundle.args(*LATER))
    assert output_in(container, "ls /etc").split() == ["group", "passwd"]


def test_it_sees_the_containers_processes_and_is_no_child_of_them(running):
    container = running()
    assert output_in(container, "cat /proc/1/cmdline | tr '\\0' ' '; awk '/PPid/ {print $2}' /proc/self/status") \
        .startswith("sleep 600 ")


def test_the_bundle_is_not_read_again(running, bundle):
    bundle.process["env"].append("KEPT=yes")
    container = running()
    (bundle.path / "config.json").write_text("{}")
    assert output_in(container, "echo $KEPT") == "yes\n"


# ---- what it is --------------------------------------------------------------------------------


def facts(text):
    wanted = ("Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Umask "
              "SigIgn SigBlk Cpus_allowed").split()
    return {key: value for key, value in kernel.parse_status(text).items() if key in wanted}


def test_it_is_as_the_containers_own_process(running, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5, 7], "umask": 0o27}
    bundle.capabilities("CAP_KILL", sets=("bounding", "effective", "permitted", "inheritable", "ambient"))
    bundle.process["oomScoreAdj"] = 321
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}],
    }
    container = running()
    own = facts(Path(f"/proc/{container.pid}/status").read_text())
    assert facts(run_in(container, container.id, "cat", "/proc/self/status").ok().stdout) == own
    assert output_in(container, "cat /proc/self/oom_score_adj") == "321\n"
    assert output_in(container, "ulimit -Sn; ulimit -Hn") == "100\n200\n"


def test_options_change_what_the_container_has(running, bundle):
    bundle.process["noNewPrivileges"] = False
    container = running()
    script = "echo $A $(id -u):$(id -g) $(pwd) $(awk '/Groups/ {print $2, $3}; /NoNewPrivs/ {print $2}' /proc/self/status)"
    options = ["--env", "A=b", "-u", "7:8", "--cwd", "/tmp", "-g", "20", "--additional-gids", "21", "--no-new-privs"]
    assert output_in(container, script, *options) == "b 7:8 /tmp 20 21 1\n"


def test_a_capability_is_added(running):
    container = running()
    held = kernel.parse_status(output_in(container, "cat /proc/self/status", "--cap", "CAP_CHOWN"))
    assert "CAP_CHOWN" in kernel.capability_names(held["CapEff"]) & kernel.capability_names(held["CapBnd"])
    assert "CAP_KILL" in kernel.capability_names(held["CapEff"])
    # CVE-2022-27650: what is inheritable comes back with any program that says so.
    assert kernel.capability_names(held["CapInh"]) == kernel.capability_names(held["CapAmb"]) == set()


@pytest.mark.parametrize("user", ["0x", "1:2:3", "root", "-1", "4294967295", "1:", " 1", "99999999999"])
def test_a_user_is_a_number_and_nothing_else(running, user):
    # CVE-2026-30892: what could not be read was root.
    run_in(container := running(), "--user", user, container.id, "id").failed("user")


def test_the_path_of_the_container_is_searched_for_the_program(runtime, bundle):
    bundle.process["env"] = ["PATH=/tools"]
    (bundle.rootfs / "tools").mkdir()
    os.link(bundle.rootfs / "bin/busybox", bundle.rootfs / "tools/uname")
    container = runtime.start(bundle.args("/bin/sleep", "600"))
    assert run_in(container, container.id, "uname").ok().stdout == "Linux\n"
    run_in(container, container.id, "ls").failed(tare=["executable file not found in $PATH"])


def test_home_is_that_of_the_user(running):
    container = running()
    assert output_in(container, "echo $HOME") == "/root\n"
    assert output_in(container, "echo $HOME", "--user", "1000") == "/home/user\n"


def test_cpu_affinity(running, bundle, directory):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("one CPU")
    container = running()
    file = process_file(bundle, directory, args=["grep", "Cpus_allowed_list", "/proc/self/status"],
                        execCPUAffinity={"initial": str(cpus[0]), "final": str(cpus[1])})
    assert run_in(container, "--process", file, container.id).ok().stdout.split()[-1] == str(cpus[1])
    file = process_file(bundle, directory, args=["grep", "Cpus_allowed_list", "/proc/self/status"],
                        execCPUAffinity={"initial": str(cpus[0])})
    if container.runtime.name == "tare":
        assert run_in(container, "--process", file, container.id).ok().stdout.split()[-1] == str(cpus[0])


def test_a_whole_process_as_json(running, bundle, directory):
    container = running()
    file = process_file(bundle, directory, args=["sh", "-c", "echo $X in $(pwd)"], env=["X=json", "PATH=/bin"], cwd="/tmp")
    assert run_in(container, "--process", file, container.id).ok().stdout == "json in /tmp\n"


def test_the_scheduler_and_the_io_priority_of_the_process(running, bundle, directory):
    container = running()
    file = process_file(bundle, directory, args=LATER, scheduler={"policy": "SCHED_BATCH", "nice": 7},
                        ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 0})
    run_in(container, "--detach", "--process", file, "--pid-file", directory / "pid", container.id).ok()
    pid = int((directory / "pid").read_text())
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    assert os.getpriority(os.PRIO_PROCESS, pid) == 7


def test_it_leads_a_session_of_its_own(running):
    assert output_in(running(), "awk '/NSsid/ {print $NF}; /NSpid/ {print $NF}' /proc/$$/status | uniq | wc -l") == "1\n"


def test_descriptors_beyond_the_standard_ones_are_closed(running):
    assert output_in(running(), "ls /proc/$$/fd").split()[:3] == ["0", "1", "2"]


def test_descriptors_are_passed_on_when_asked(running):
    container = running()
    read, write = os.pipe()
    os.write(write, b"through\n")
    os.close(write)
    saved = os.dup(3) if os.path.exists("/proc/self/fd/3") else -1
    os.dup2(read, 3)
    try:
        outcome = run_in(container, "--preserve-fds", "1", container.id, "sh", "-c", "cat <&3; ls /proc/$$/fd",
                         pass_fds=[3])
    finally:
        os.close(3)
        if saved >= 0:
            os.dup2(saved, 3, inheritable=False)
            os.close(saved)
    assert outcome.ok().stdout.split()[:5] == ["through", "0", "1", "2", "3"]


# ---- cgroups -----------------------------------------------------------------------------------


def pids_hierarchy():
    mounts = kernel.cgroup_mounts()
    return mounts["pids"] if "pids" in mounts else mounts[""]


def places_of(pid):
    """{mount point: path} of a process in every hierarchy that is mounted here."""
    mounts, paths = kernel.cgroup_mounts(), kernel.cgroups(pid)
    return {mounts[name]: paths[name] for name in paths if name in mounts}


@pytest.fixture
def moved(running):
    """A container whose init was moved to another cgroup in every hierarchy, and its own was removed: as Kubernetes
    does it for BuildKit."""
    container = running()
    pid = container.pid
    made = []
    for mount, path in places_of(pid).items():
        old, new = Path(f"{mount}{path}"), Path(f"{mount}/{container.id}-moved")
        new.mkdir()
        made.append(new)
        for file in ("cpuset.cpus", "cpuset.mems"):
            if (old / file).exists() and not (new / file).read_text().strip():
                (new / file).write_text((mount / file).read_text() if (mount / file).exists() else "0")
        (new / "cgroup.procs").write_text(str(pid))
        kernel.eventually(lambda: is_removed(old))
    yield container
    container.kill("KILL")
    kernel.eventually(lambda: isolation.reap_dead_children() or container.status == "stopped")
    for new in made:
        kernel.eventually(lambda: is_removed(new))


def is_removed(directory):
    with contextlib.suppress(OSError):
        directory.rmdir()
    return not directory.exists()


@pytest.mark.tare_only
def test_it_follows_init_whose_cgroup_was_removed(moved):
    inside = output_in(moved, "cat /proc/self/cgroup")
    assert sorted(inside.splitlines()) == sorted(Path(f"/proc/{moved.pid}/cgroup").read_text().splitlines())


@pytest.mark.tare_only
def test_a_container_whose_cgroup_was_removed_is_paused_where_its_init_is(moved):
    moved.runtime.call("pause", moved.id).ok()
    assert moved.status == "paused"
    moved.runtime.call("resume", moved.id).ok()
    assert moved.status == "running"
    assert moved.runtime.call("ps", "--format", "json", moved.id).ok().json() == [moved.pid]


@pytest.mark.tare_only
def test_a_cgroup_that_others_use_too_is_not_paused(moved):
    stranger = subprocess.Popen(LATER)
    try:
        for mount, path in places_of(moved.pid).items():
            Path(f"{mount}{path}/cgroup.procs").write_text(str(stranger.pid))
        moved.runtime.call("pause", moved.id).failed("freeze", "ENOENT")
        assert moved.runtime.call("ps", "--format", "json", moved.id).ok().json() == []
        assert "\nState:\tS" in Path(f"/proc/{stranger.pid}/status").read_text()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("user", [[], ["--user", "1000:1000"]], ids=["root", "user"])
def test_it_is_there_though_the_limit_of_processes_is_reached(running, bundle, directory, user):
    bundle.resources["pids"] = {"limit": 1}
    container = running()
    run_in(container, *user, "--detach", "--pid-file", directory / "pid", container.id, *LATER).ok()
    pid = (directory / "pid").read_text()
    assert Path(f"/proc/{pid}/cgroup").read_text() == Path(f"/proc/{container.pid}/cgroup").read_text()
    if container.runtime.strict:  # the limit is still one
        said = run_in(container, container.id, "sh", "-c", "sleep 1 & wait").stderr
        assert "can't fork" in said


@pytest.mark.tare_only
def test_a_cgroup_below_the_containers(running):
    container = running()
    place = pids_hierarchy() / container.id
    directory = next(Path(path) for path in kernel.cgroup_directories(container.id) if str(pids_hierarchy()) in path)
    assert place.name == directory.name
    (directory / "part").mkdir()
    try:
        outcome = run_in(container, "--cgroup", "pids:part", container.id, "cat", "/proc/self/cgroup")
        assert any(line.endswith("part") for line in outcome.ok().stdout.split())
        run_in(container, "--cgroup", "pids:../..", container.id, "true").failed("--cgroup", "leaves the container's")
        run_in(container, "--cgroup", "nonsense:part", container.id, "true").failed("nonsense")
        run_in(container, "--cgroup", "pids:missing", container.id, "true").failed("missing", "ENOENT")
    finally:
        kernel.eventually(lambda: not (directory / "part/cgroup.procs").read_text())
        (directory / "part").rmdir()


# ---- how it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 2, 7, 125, 126, 127, 128, 137, 254, 255])
def test_the_programs_exit_status_is_the_result(running, code):
    container = running()
    assert run_in(container, container.id, "sh", "-c", f"exit {code}").code == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_signal_is_128_and_its_number(running, number):
    container = running()
    assert run_in(container, container.id, "sh", "-c", f"kill -{int(number)} $$").code == 128 + number


@pytest.mark.parametrize(
    "program, words",
    [
        ("no-such", ['exec: "no-such": executable file not found in $PATH']),
        ("/no/such", ['exec: "/no/such": stat /no/such: no such file or directory']),
        ("/etc/passwd", ['exec: "/etc/passwd": permission denied']),
        ("/etc", ['exec: "/etc": is a directory', "permission denied"]),
    ],
)
def test_what_cannot_be_executed(running, directory, program, words):
    container = running()
    outcome = run_in(container, "--pid-file", directory / "pid", container.id, program)
    outcome.failed(tare=words)
    assert not (directory / "pid").exists()
    if container.runtime.name != "crun":
        assert outcome.code == 255


def test_signals_are_passed_on(running):
    container = running()
    script = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    process = container.runtime.popen("exec", container.id, "sh", "-c", script, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert (process.stdout.read(), process.wait(10)) == ("caught\n", 3)
    process.stdout.close()


def test_input_is_passed_on(running):
    container = running()
    outcome = subprocess.run(container.runtime.command("exec", container.id, "cat"), input=b"typed", capture_output=True)
    assert (outcome.stdout, outcome.stderr, outcome.returncode) == (b"typed", b"", 0)


def test_it_ends_with_the_container(running):
    container = running()
    attended = container.runtime.directory / "attended.pid"
    process = container.runtime.popen("exec", "--pid-file", attended, container.id, *LATER)
    kernel.eventually(attended.exists)
    pid_file = container.runtime.directory / "later.pid"
    run_in(container, "--detach", "--pid-file", pid_file, container.id, *LATER).ok()
    container.kill("KILL").ok()
    assert process.wait(10) == 128 + signal.SIGKILL
    kernel.eventually(lambda: not kernel.is_alive(int(pid_file.read_text())))


# ---- when it may not be ------------------------------------------------------------------------


def test_not_in_a_container_that_has_stopped(running):
    container = running()
    container.kill("KILL").ok()
    container.await_end()
    run_in(container, container.id, "true").failed("stopped")


def test_in_a_container_that_is_created(runtime, bundle):
    container = runtime.create(bundle.args(*LATER))
    assert output_in(container, "echo in") == "in\n"
    assert container.status == "created"


def test_not_in_a_container_that_is_not_there(runtime):
    runtime.call("exec", "nobody", "true").failed("does not exist")


def test_not_without_a_program(running):
    container = running()
    run_in(container, container.id).failed(tare=["exec args cannot be empty"])


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "changes, words",
    [
        ({"args": []}, ["/args"]),
        ({"cwd": "relative"}, ["/cwd"]),
        ({"cwd": None}, ["/cwd"]),
        ({"user": {"uid": -1}}, ["/user/uid"]),
        ({"rlimits": [{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}]}, ["/rlimits/0/type"]),
        ({"execCPUAffinity": {"initial": "x"}}, ["/execCPUAffinity/initial"]),
    ],
)
def test_a_bad_process_is_told_with_its_place(running, bundle, directory, changes, words):
    container = running()
    file = process_file(bundle, directory, **changes)
    run_in(container, "--process", file, container.id).failed(*words)


@pytest.mark.tare_only
def test_the_working_directory_must_be_there(running):
    container = running()
    run_in(container, "--cwd", "/not/there", container.id, "true").failed("/process/cwd", "/not/there", "ENOENT")


def test_terminal_and_console_socket_belong_together(running, directory):
    container = running()
    run_in(container, "--detach", "--tty", container.id, "true").failed(tare=["without setting console socket"])
    run_in(container, "--console-socket", directory / "s", container.id, "true").failed(tare=["console socket"])


# ---- terminals, pid files, sockets ---------------------------------------------------------------


def test_the_console_socket_gets_the_terminal(running, directory):
    container = running()
    console = ConsoleSocket(directory / "console")
    try:
        words = ["exec", "--detach", "--tty", "--console-socket", console.path, container.id, "sh", "-c",
                 "tty; read line; echo got:$line; test -t 0 && echo by dev tty > /dev/tty; sleep 600"]
        thread = threading.Thread(target=console.receive)
        thread.start()
        container.runtime.call(*words).ok()
        thread.join()
        console.read("/dev/pts/0")
        console.write("typed\n")
        assert "got:typed" in console.read("by dev tty")
    finally:
        console.close()


def test_a_terminal_of_our_own_in_the_foreground(running):
    container = running()
    assert run_in(container, "--tty", container.id, "sh", "-c", "tty; echo last").ok().stdout == "/dev/pts/0\r\nlast\r\n"


def test_nothing_of_much_output_is_lost(running):
    container = running()
    outcome = run_in(container, "--tty", container.id, "sh", "-c", "seq 1 20000; echo end")
    assert outcome.ok().stdout.split() == [*map(str, range(1, 20001)), "end"]


def test_a_pid_file_that_cannot_be_written_fails_before_the_program_runs(running, directory):
    container = running()
    outcome = run_in(container, "--pid-file", directory / "missing/pid", container.id, "touch", "/tmp/ran")
    outcome.failed("pid file", "missing/pid")
    run_in(container, container.id, "test", "!", "-e", "/tmp/ran").ok()


def test_the_pid_file_is_digits_only(running, directory):
    container = running()
    run_in(container, "--detach", "--pid-file", directory / "pid", container.id, *LATER).ok()
    text = (directory / "pid").read_text()
    assert text.isdigit()
    assert kernel.status(text)["NSpid"].split()[0] == text


@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["foreground", "detached"])
def test_the_pidfd_socket_gets_a_descriptor_of_the_process(running, directory, detach):
    container = running()
    listener = ConsoleSocket(directory / "pidfd")  # the same kind of message
    try:
        words = ["exec", *detach, "--pid-file", directory / "pid", "--pidfd-socket", listener.path, container.id, "sleep", "600"]
        process = container.runtime.popen(*words)
        listener.receive()
        pid = next(line.split()[1] for line in Path(f"/proc/self/fdinfo/{listener.master}").read_text().splitlines()
                   if line.startswith("Pid:"))
        assert (directory / "pid").read_text() == pid
        kernel.eventually(lambda: "memfd" not in os.readlink(f"/proc/{pid}/exe"))
        signal.pidfd_send_signal(listener.master, signal.SIGKILL)
        assert process.wait(10) == (0 if detach else 137)
    finally:
        listener.close()


# ---- many --------------------------------------------------------------------------------------


def test_many_in_a_row_and_at_once_leave_nothing(running):
    container = running()
    for number in range(200):
        assert run_in(container, container.id, "sh", "-c", f"exit {number}").code == number
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda number: run_in(container, container.id, "sh", "-c", f"exit {number}").code, range(100)))
    assert codes == list(range(100))
    inside = output_in(container, "ls -d /proc/[0-9]*").split()
    assert len(inside) <= 3  # init, the shell, ls


# ---- hostile -----------------------------------------------------------------------------------


@pytest.mark.tare_only
def test_the_runtime_is_never_seen_inside(runtime, bundle, canary):
    """CVE-2019-5736, CVE-2016-9962: a container that looks at every process as soon as it is there."""
    spy = "for p in /proc/[0-9]*; do cat $p/root%s/file; readlink $p/exe; done"
    bundle.capabilities("CAP_SYS_PTRACE", "CAP_KILL")
    bundle.script(f"echo ready; while :; do {spy % canary.path}; done 2>/dev/null")
    container = runtime.start(bundle)
    container.await_output("ready")
    for _ in range(40):
        run_in(container, container.id, "true").ok()
    seen = set(container.output().split("\n")) - {"", "ready"}
    assert {line for line in seen if "tare" in line and not line.startswith("/memfd:tare-init")} == set()
    canary.assert_unchanged()
    assert not any(canary.path.name in line for line in seen)


@pytest.mark.tare_only
def test_a_program_that_is_its_own_interpreter_gets_the_stub(running, bundle, binary):
    (bundle.rootfs / "bin/self").write_text("#!/proc/self/exe\n")
    (bundle.rootfs / "bin/self").chmod(0o755)
    before = binary.read_bytes()
    run_in(container := running(), container.id, "self")
    assert binary.read_bytes() == before


@pytest.mark.tare_only
def test_a_link_in_place_of_the_terminals_device(running, bundle, directory, canary):
    bundle.writable().without_mount("/dev/pts", "/dev")
    (bundle.rootfs / "dev/pts").symlink_to(canary.path)
    container = running()
    run_in(container, "--tty", container.id, "true").failed("/process/terminal")
    canary.assert_unchanged()


# ---- with capabilities ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["exec", "run"])
def test_a_program_that_only_a_capability_lets_a_user_execute(runtime, bundle, running, verb):
    program = bundle.rootfs / "opt/echo"
    program.parent.mkdir()
    program.write_bytes((bundle.rootfs / "bin/busybox").read_bytes())
    program.chmod(0o700)
    kept = {name: ["CAP_DAC_OVERRIDE"] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")}
    bundle.process["capabilities"] = kept
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    if verb == "exec":
        assert run_in(container := running(), container.id, "/opt/echo", "found").ok().stdout == "found\n"
    else:
        assert runtime.output_of(bundle.args("/opt/echo", "found")) == "found\n"


# ---- what it inherits ----------------------------------------------------------------------------


@pytest.mark.tare_only
def test_descriptors_of_socket_activation_are_not_the_processs(running):
    container = running()
    read, write = os.pipe()
    os.dup2(read, 3, inheritable=True) if read != 3 else os.set_inheritable(3, True)
    words = container.runtime.command("exec", container.id, "sh", "-c", "ls /proc/self/fd; env")
    launched = ["sh", "-c", 'LISTEN_PID=$$ exec env LISTEN_FDS=1 "$@"', "sh", *words]
    done = subprocess.run(launched, pass_fds=[3], capture_output=True, text=True)
    for fd in {read, write}:
        os.close(fd)
    assert done.returncode == 0
    assert done.stdout.split("HOME")[0].split()[:3] == ["0", "1", "2"]
    assert "LISTEN" not in done.stdout


@pytest.mark.tare_only
def test_an_option_behind_the_id_is_said_to_be_misplaced(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.call("exec", container.id, "-t", "sh").failed("-t", "options of exec must come before the ID")
    missing = runtime.call("exec", container.id, "no-such", "-t").failed("no-such")
    assert "before the ID" not in missing.stderr
