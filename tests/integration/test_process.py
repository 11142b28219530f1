# SPDX-License-Identifier: Apache-2.0
"""config.md, process: what the program finds when it starts, and how its end is told."""

import os
import re
import resource
import signal
import stat

import pytest
from support import kernel
from support.console import ConsoleSocket
from support.machine import MACHINE

STATUS = "cat /proc/self/status"


def status_of(runtime, bundle, **popen):
    return kernel.parse_status(runtime.output_of(bundle.script(STATUS), **popen))


def environment_of(runtime, bundle, **popen):
    output = runtime.output_of(bundle.args("/bin/cat", "/proc/self/environ"), **popen)
    return [entry for entry in output.split("\0") if entry]


def executable(path, text="#!/bin/sh\necho here\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


# ---- args --------------------------------------------------------------------------------------


def test_arguments_arrive_as_they_are(runtime, bundle):
    bundle.args("/bin/sh", "-c", 'printf "[%s]" "$@"', "name", "a b", "", "-x", "é", "line\nline", "$HOME")
    assert runtime.output_of(bundle) == "[a b][][-x][é][line\nline][$HOME]"


def test_the_first_argument_is_the_name_the_program_sees(runtime, bundle):
    assert runtime.output_of(bundle.args("cat", "/proc/self/cmdline")) == "cat\0/proc/self/cmdline\0"


def test_the_program_is_found_by_the_path_of_the_container(runtime, bundle):
    executable(bundle.rootfs / "opt/tool")
    bundle.process["env"] = ["PATH=/nowhere:/opt:/bin"]
    assert runtime.output_of(bundle.args("tool")) == "here\n"


def test_the_path_of_the_caller_does_not_count(runtime, bundle):
    executable(bundle.rootfs / "opt/tool")
    bundle.process["env"] = ["PATH=/bin"]
    runtime.run(bundle.args("tool"), env={"PATH": "/opt:/bin"}).failed("executable file not found in $PATH")


def test_a_file_on_the_path_that_is_not_executable_is_passed_over(runtime, bundle):
    executable(bundle.rootfs / "opt/tool")
    (bundle.rootfs / "etc/tool").write_text("#!/bin/sh\n")
    bundle.process["env"] = ["PATH=/etc:/opt:/bin"]
    assert runtime.output_of(bundle.args("tool")) == "here\n"


def test_a_directory_on_the_path_with_the_name_is_passed_over(runtime, bundle):
    executable(bundle.rootfs / "opt/tool")
    (bundle.rootfs / "etc/tool").mkdir()
    bundle.process["env"] = ["PATH=/etc:/opt:/bin"]
    assert runtime.output_of(bundle.args("tool")) == "here\n"


def test_a_name_with_a_slash_is_relative_to_cwd(runtime, bundle):
    executable(bundle.rootfs / "opt/sub/tool")
    bundle.process["cwd"] = "/opt"
    assert runtime.output_of(bundle.args("sub/tool")) == "here\n"


# ---- args that cannot be executed: said by create, in words that callers look for ----------------


def test_a_program_that_is_not_on_the_path(runtime, bundle):
    runtime.try_create(bundle.args("no-such")).failed("no-such", "executable file not found in $PATH")


def test_a_program_path_that_is_not_there(runtime, bundle):
    runtime.try_create(bundle.args("/no/such")).failed("/no/such", "no such file or directory")


def test_a_program_that_is_not_executable(runtime, bundle):
    runtime.try_create(bundle.args("/etc/passwd")).failed("/etc/passwd", "permission denied")


def test_a_program_that_is_a_directory(runtime, bundle):
    runtime.try_create(bundle.args("/etc")).failed("/etc", tare=["is a directory"])


def test_a_program_that_the_user_may_not_execute(runtime, bundle):
    executable(bundle.rootfs / "opt/tool")
    (bundle.rootfs / "opt/tool").chmod(0o700)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    runtime.try_create(bundle.args("/opt/tool")).failed("/opt/tool", "permission denied")


@pytest.mark.tare_only  # elsewhere execve(2) fails after start has returned, and start does not know
@pytest.mark.parametrize(
    "content, words",
    [
        ("\x7fELF nonsense", ["exec format error"]),
        ("", ["exec format error"]),
        ("#!/no/interpreter\n", ["/opt/tool", "no such file or directory", "interpreter"]),
    ],
    ids=["wrong format", "empty", "missing interpreter"],
)
def test_a_failure_of_execve_is_an_error_of_start(runtime, bundle, content, words):
    executable(bundle.rootfs / "opt/tool", content)
    container = runtime.create(bundle.args("/opt/tool"))
    container.start().failed(*words)
    assert container.status == "stopped"


def test_arguments_that_are_too_long_are_an_error_and_not_lost(runtime, bundle):
    runtime.run(bundle.args("/bin/true", "x" * 3_000_000)).failed("argument list too long")


# ---- env ---------------------------------------------------------------------------------------


def test_the_environment_is_exactly_the_configured_one(runtime, bundle):
    wanted = ["PATH=/bin", "A=1", "EMPTY=", "SPACE=a b", "EQUALS=a=b", "HOME=/somewhere"]
    bundle.process["env"] = wanted
    assert environment_of(runtime, bundle, env={"CALLER": "x", "PATH": "/usr/bin:/bin"}) == wanted


def test_of_variables_given_twice_the_last_wins(runtime, bundle):
    bundle.process["env"] = ["A=old", "PATH=/bin", "A=new", "HOME=/"]
    found = environment_of(runtime, bundle)
    assert [entry for entry in found if entry.startswith("A=")][-1] == "A=new"
    assert runtime.output_of(bundle.script("echo $A")) == "new\n"


@pytest.mark.parametrize(
    "uid, home", [(0, "/root"), (1000, "/home/user"), (4242, "/")], ids=["root", "user", "not in passwd"]
)
def test_home_comes_from_the_passwd_of_the_container(runtime, bundle, uid, home):
    bundle.process["user"] = {"uid": uid, "gid": 0}
    assert f"HOME={home}" in environment_of(runtime, bundle)


def test_an_empty_home_is_filled_in(runtime, bundle):
    bundle.process["env"].append("HOME=")
    assert "HOME=/root" in environment_of(runtime, bundle)


@pytest.mark.tare_only  # config.md does not say which of several counts; execve(2) would hand on all
@pytest.mark.parametrize("given, home", [(["HOME=/x", "HOME="], "/root"), (["HOME=", "HOME=/x"], "/x"), (["HOME=/x", "HOME=/y"], "/y")])
def test_of_several_homes_the_last_counts(runtime, bundle, given, home):
    bundle.process["env"] += given
    assert [entry for entry in environment_of(runtime, bundle) if entry.startswith("HOME=")] == [f"HOME={home}"]


def test_home_is_root_without_a_passwd(runtime, bundle):
    (bundle.rootfs / "etc/passwd").unlink()
    assert "HOME=/" in environment_of(runtime, bundle)


# ---- cwd ---------------------------------------------------------------------------------------


def test_the_program_starts_in_cwd(runtime, bundle):
    bundle.process["cwd"] = "/usr/bin"
    assert runtime.output_of(bundle.args("/bin/pwd")) == "/usr/bin\n"


def test_a_missing_cwd_is_made(runtime, bundle):
    bundle.writable().process["cwd"] = "/a/b/c"
    assert runtime.output_of(bundle.script("pwd; stat -c %a /a /a/b /a/b/c")) == "/a/b/c\n755\n755\n755\n"


def test_a_missing_cwd_is_made_on_a_read_only_root(runtime, bundle):
    bundle.process["cwd"] = "/a/b"
    assert runtime.output_of(bundle.args("/bin/pwd")) == "/a/b\n"


def test_a_cwd_that_only_the_user_may_enter(runtime, bundle):
    home = bundle.rootfs / "home/user"
    home.mkdir(parents=True)
    os.chown(home, 1000, 1000)
    home.chmod(0o700)
    bundle.process.update(user={"uid": 1000, "gid": 1000}, cwd="/home/user")
    assert runtime.output_of(bundle.args("/bin/pwd")) == "/home/user\n"


# ---- user --------------------------------------------------------------------------------------


def test_user_and_group(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 2000}
    found = status_of(runtime, bundle)
    assert found["Uid"].split() == ["1000"] * 4
    assert found["Gid"].split() == ["2000"] * 4


def test_additional_groups_are_all_the_groups(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 2000, "additionalGids": [5, 6000]}
    assert status_of(runtime, bundle, extra_groups=[77])["Groups"].split() == ["5", "6000"]


def test_without_additional_groups_the_groups_of_the_caller_are_gone(runtime, bundle):
    assert status_of(runtime, bundle, extra_groups=[77])["Groups"].split() in ([], ["0"])


@pytest.mark.tare_only  # runc refuses ids above 2^31 - 1
def test_large_ids(runtime, bundle):
    bundle.process["user"] = {"uid": 4294967294, "gid": 4294967294}
    assert status_of(runtime, bundle)["Uid"].split() == ["4294967294"] * 4


def test_umask(runtime, bundle):
    bundle.process["user"]["umask"] = 0o027
    assert runtime.output_of(bundle.script("umask")) == "0027\n"


def test_umask_is_022_if_nothing_is_said(runtime, bundle):
    assert runtime.output_of(bundle.script("umask"), umask=0o077) == "0022\n"


# ---- capabilities ------------------------------------------------------------------------------


def capability_sets(runtime, bundle):
    found = status_of(runtime, bundle)
    return {name: kernel.capability_names(found[name]) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def test_the_five_capability_sets(runtime, bundle):
    # For a user that is not root, capabilities(7) lets exactly the ambient set through an execve(2).
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SYSLOG"],
        "permitted": ["CAP_CHOWN", "CAP_KILL"],
        "effective": ["CAP_CHOWN", "CAP_KILL"],
        "inheritable": ["CAP_CHOWN", "CAP_KILL"],
        "ambient": ["CAP_KILL"],
    }
    assert capability_sets(runtime, bundle) == {
        "CapBnd": {"CAP_CHOWN", "CAP_KILL", "CAP_SYSLOG"},
        "CapInh": {"CAP_CHOWN", "CAP_KILL"},
        "CapAmb": {"CAP_KILL"},
        "CapPrm": {"CAP_KILL"},
        "CapEff": {"CAP_KILL"},
    }


@pytest.mark.tare_only  # runc drops capabilities that it does not have
def test_a_caller_that_may_drop_nothing_needs_not_if_it_has_no_more(runtime, bundle):
    runtime.prefix = ["setpriv", "--bounding-set=-setpcap", "--inh-caps=-setpcap", "sh", "-c", 'exec "$@"', "sh"]
    held = kernel.capability_names(kernel.status("self")["CapBnd"]) - {"CAP_SETPCAP"}
    bundle.capabilities(*held)
    assert capability_sets(runtime, bundle)["CapBnd"] == held
    bundle.capabilities(*(held - {"CAP_CHOWN"}))
    runtime.try_create(bundle).failed("/process/capabilities/bounding", "EPERM")


def test_root_has_the_bounding_set(runtime, bundle):
    bundle.capabilities("CAP_CHOWN", "CAP_SYSLOG")
    found = capability_sets(runtime, bundle)
    assert found["CapEff"] == found["CapPrm"] == found["CapBnd"] == {"CAP_CHOWN", "CAP_SYSLOG"}
    assert found["CapInh"] == found["CapAmb"] == set()


def test_a_user_has_no_capability_without_the_ambient_set(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    found = capability_sets(runtime, bundle)
    assert found["CapEff"] == found["CapPrm"] == set()


def test_empty_capability_sets_leave_none(runtime, bundle):
    assert set().union(*capability_sets(runtime, bundle.capabilities()).values()) == set()


def test_absent_capabilities_leave_none(runtime, bundle):
    del bundle.process["capabilities"]
    assert set().union(*capability_sets(runtime, bundle).values()) == set()


def test_every_capability_of_the_kernel_can_be_given(runtime, bundle):
    available = kernel.capability_names(kernel.status("self")["CapPrm"])
    bundle.capabilities(*sorted(available))
    assert capability_sets(runtime, bundle)["CapEff"] == available


def granted(runtime, bundle, *warnings):
    """The capability sets, of which tare warns."""
    outcome = runtime.run(bundle.args("cat", "/proc/self/status")).warned(*warnings)
    return {name: kernel.capability_names(mask) for name, mask in kernel.parse_status(outcome.stdout).items()
            if name.startswith("Cap")}


def test_an_unknown_capability_is_no_error(runtime, bundle):
    bundle.capabilities("CAP_KILL", "CAP_NONSENSE")
    assert granted(runtime, bundle, 'unknown "CAP_NONSENSE"')["CapEff"] == {"CAP_KILL"}


@pytest.mark.tare_only  # runc 1.1 fails
def test_a_capability_that_cannot_be_granted_is_no_error(runtime, bundle):
    missing = {f"CAP_{name}" for name in kernel.CAPABILITIES} - kernel.capability_names(
        kernel.status("self")["CapPrm"]
    )
    if not missing:
        pytest.skip("this test runs with every capability")
    bundle.capabilities("CAP_KILL", *missing)
    assert granted(runtime, bundle, "cannot be granted")["CapEff"] == {"CAP_KILL"}


def test_an_ambient_capability_that_is_not_inheritable_is_no_error(runtime, bundle):
    bundle.process["capabilities"]["ambient"] = ["CAP_KILL"]
    assert granted(runtime, bundle, "CAP_KILL is not both permitted and inheritable")["CapAmb"] == set()


# ---- rlimits, noNewPrivileges, oomScoreAdj ------------------------------------------------------


def test_every_resource_limit(runtime, bundle):
    wanted = {
        "RLIMIT_CPU": 1000,
        "RLIMIT_FSIZE": 1 << 30,
        "RLIMIT_DATA": 1 << 34,
        "RLIMIT_STACK": 1 << 23,
        "RLIMIT_CORE": 4096,
        "RLIMIT_RSS": 1 << 31,
        "RLIMIT_NPROC": 1000,
        "RLIMIT_NOFILE": 512,
        "RLIMIT_MEMLOCK": 65536,
        "RLIMIT_AS": 1 << 40,
        "RLIMIT_LOCKS": 100,
        "RLIMIT_SIGPENDING": 200,
        "RLIMIT_MSGQUEUE": 8192,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
        "RLIMIT_RTTIME": 5_000_000,
    }
    assert set(wanted) == set(kernel.RLIMITS)
    limits = {name: (max(hard - 1, 0), hard) for name, hard in wanted.items()}
    bundle.process["rlimits"] = [
        {"type": name, "soft": soft, "hard": hard} for name, (soft, hard) in limits.items()
    ]
    container = runtime.start(bundle.args("sleep", "60"))
    assert {name: kernel.rlimit(container.pid, name) for name in limits} == limits


def test_infinity_is_two_to_the_64_minus_one(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_CPU", "soft": 2**64 - 1, "hard": 2**64 - 1}]
    container = runtime.start(bundle.args("sleep", "60"))
    assert kernel.rlimit(container.pid, "RLIMIT_CPU") == (-1, -1)


def test_a_limit_that_is_not_configured_is_the_callers(runtime, bundle):
    bundle.process["rlimits"] = []
    container = runtime.create(bundle, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (11, 22)))
    assert kernel.rlimit(container.pid, "RLIMIT_CORE") == (11, 22)


@pytest.mark.tare_only  # runc 1.1 limits itself
def test_a_small_file_limit_is_the_programs_not_the_runtimes(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 3, "hard": 3}]
    runtime.run(bundle.args("/bin/true")).ok()


def test_a_limit_that_cannot_be_set_is_an_error_that_names_it(runtime, bundle):
    too_many = int(open("/proc/sys/fs/nr_open").read()) + 1
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": too_many, "hard": too_many}]
    runtime.try_create(bundle).failed("not permitted", tare=["RLIMIT_NOFILE", "/process/rlimits/0"])


@pytest.mark.parametrize("wanted", [True, False])
def test_no_new_privileges(runtime, bundle, wanted):
    bundle.process["noNewPrivileges"] = wanted
    assert status_of(runtime, bundle)["NoNewPrivs"] == str(int(wanted))


def test_oom_score_adj(runtime, bundle):
    bundle.process["oomScoreAdj"] = 321
    assert runtime.output_of(bundle.args("cat", "/proc/self/oom_score_adj")) == "321\n"


def test_oom_score_adj_is_left_alone_if_nothing_is_said(runtime, bundle):
    def adjust():
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("222")

    bundle.args("cat", "/proc/self/oom_score_adj")
    assert runtime.output_of(bundle, preexec_fn=adjust) == "222\n"


# ---- scheduler, ioPriority, personality: newer than the runtimes of Debian 12 --------------------


def allow_real_time(bundle):
    # With CONFIG_RT_GROUP_SCHED a new v1 cgroup has no real time until it is given some.
    if "cpu" in kernel.cgroup_mounts() and (kernel.cgroup_mounts()["cpu"] / "cpu.rt_runtime_us").exists():
        bundle.resources["cpu"] = {"realtimePeriod": 1_000_000, "realtimeRuntime": 10_000}


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "scheduler, policy, priority, nice",
    [
        ({"policy": "SCHED_BATCH", "nice": 5}, os.SCHED_BATCH, 0, 5),
        ({"policy": "SCHED_OTHER", "nice": -3}, os.SCHED_OTHER, 0, -3),
        ({"policy": "SCHED_IDLE"}, os.SCHED_IDLE, 0, 0),
        ({"policy": "SCHED_FIFO", "priority": 7}, os.SCHED_FIFO, 7, 0),
        ({"policy": "SCHED_RR", "priority": 9}, os.SCHED_RR, 9, 0),
    ],
    ids=lambda value: value["policy"] if isinstance(value, dict) else "",
)
def test_scheduler(runtime, bundle, scheduler, policy, priority, nice):
    bundle.process["scheduler"] = scheduler
    allow_real_time(bundle)
    pid = runtime.start(bundle.args("sleep", "60")).pid
    assert os.sched_getscheduler(pid) == policy
    assert os.sched_getparam(pid).sched_priority == priority
    assert os.getpriority(os.PRIO_PROCESS, pid) == nice


@pytest.mark.tare_only
def test_scheduler_flags(runtime, bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_RR", "priority": 1, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
    allow_real_time(bundle)
    pid = runtime.start(bundle.args("sleep", "60")).pid
    assert os.sched_getscheduler(pid) == os.SCHED_RR | os.SCHED_RESET_ON_FORK


@pytest.mark.tare_only
@pytest.mark.parametrize("name, shown", [("BE", "best-effort: prio 6"), ("RT", "realtime: prio 6"), ("IDLE", "idle")])
def test_io_priority(runtime, bundle, name, shown):
    bundle.process["ioPriority"] = {"class": f"IOPRIO_CLASS_{name}", "priority": 6}
    assert runtime.output_of(bundle.args("ionice")).strip() == shown


@pytest.mark.parametrize("domain, machine", [("LINUX", os.uname().machine), ("LINUX32", MACHINE.linux32)])
@pytest.mark.tare_only
def test_personality(runtime, bundle, domain, machine):
    bundle.linux["personality"] = {"domain": domain}
    assert runtime.output_of(bundle.args("uname", "-m")).strip() == machine


# ---- the terminal ------------------------------------------------------------------------------


@pytest.fixture
def terminal(bundle):
    bundle.process["terminal"] = True
    return bundle


def start_on(console, runtime, bundle):
    container = runtime.create(bundle, "--console-socket", console.path)
    console.receive()
    container.start().ok()
    return container


def test_the_console_socket_gets_the_terminal_before_create_returns(runtime, terminal, console):
    runtime.create(terminal, "--console-socket", console.path)
    console.receive()
    assert console.name
    assert stat.S_ISCHR(os.fstat(console.master).st_mode)
    assert os.major(os.fstat(console.master).st_rdev) == 5  # /dev/ptmx


def test_the_three_standard_streams_are_the_terminal(runtime, terminal, console):
    start_on(console, runtime, terminal.script("test -t 0 && test -t 1 && test -t 2 && echo all three >&2"))
    console.read("all three")


def test_the_terminal_is_one_of_the_containers_own(runtime, terminal, console):
    start_on(console, runtime, terminal.args("tty"))
    console.read("/dev/pts/0")


def test_the_terminal_is_the_controlling_one(runtime, terminal, console):
    start_on(console, runtime, terminal.script("echo by dev tty > /dev/tty"))
    console.read("by dev tty")


def test_what_is_typed_arrives(runtime, terminal, console):
    start_on(console, runtime, terminal.script("read line; echo got:$line"))
    console.write("words\n")
    console.read("got:words")


def test_an_interrupt_typed_on_the_terminal_reaches_the_program(runtime, terminal, console):
    terminal.script("trap 'echo interrupted; exit' INT; echo ready; while :; do sleep 0.05; done")
    start_on(console, runtime, terminal)
    console.read("ready")
    console.write("\x03")
    console.read("interrupted")


def test_dev_console_is_the_terminal(runtime, terminal, console):
    container = start_on(console, runtime, terminal.script("ls -l /dev/console; echo through > /dev/console; sleep 60"))
    assert "136," in console.read("through")
    assert kernel.mount_at(container.pid, "/dev/console").type == "devpts"


def test_the_terminal_has_the_size_that_was_asked_for(runtime, terminal, console):
    terminal.process["consoleSize"] = {"height": 33, "width": 111}
    start_on(console, runtime, terminal.args("stty", "size"))
    console.read("33 111")


def test_a_console_size_without_a_terminal_is_ignored(runtime, bundle):
    bundle.process["consoleSize"] = {"height": 33, "width": 111}
    runtime.run(bundle).ok()


def test_there_is_no_dev_console_without_a_terminal(runtime, bundle):
    assert runtime.run(bundle.args("test", "-e", "/dev/console")).code == 1


def test_the_terminal_belongs_to_the_user(runtime, terminal, console):
    terminal.process["user"] = {"uid": 1000, "gid": 1000}
    start_on(console, runtime, terminal.script("stat -c owner:%u $(tty)"))
    console.read("owner:1000")


def test_create_with_a_terminal_needs_a_console_socket(runtime, terminal):
    runtime.try_create(terminal).failed("console socket")
    assert runtime.stored() == []


def test_a_console_socket_without_a_terminal_is_refused(runtime, bundle, console):
    runtime.try_create(bundle, "--console-socket", console.path).failed("console socket")
    assert runtime.stored() == []


def test_a_console_socket_nobody_listens_on_is_an_error(runtime, terminal, directory):
    runtime.try_create(terminal, "--console-socket", directory / "none.sock").failed("none.sock")
    assert runtime.stored() == []


@pytest.mark.tare_only
def test_a_console_socket_with_a_long_path(runtime, terminal, directory):
    # sun_path holds 107 bytes; callers' paths can be longer.
    deep = directory / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    here = os.open(deep, os.O_PATH)
    console = ConsoleSocket(f"/proc/self/fd/{here}/console.sock")
    runtime.create(terminal, "--console-socket", deep / "console.sock")
    console.receive()
    console.close()
    os.close(here)


def test_run_in_the_foreground_relays_the_terminal(runtime, terminal):
    terminal.script("tty; read line; echo got:$line").write()
    ours, theirs = os.openpty()
    process = runtime.popen(
        "run", "--bundle", terminal.path, runtime.new_id(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, b"words\n")
    seen = b""
    while b"got:words" not in seen:
        seen += os.read(ours, 4096)
    assert process.wait(10) == 0
    assert b"/dev/pts/0" in seen
    os.close(ours)


# ---- how it ends: the exit status of run -------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 128, 255])
def test_run_exits_with_the_code_of_the_program(runtime, bundle, code):
    outcome = runtime.run(bundle.script(f"exit {code}"))
    assert outcome.code == code
    assert outcome.stderr == ""


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV", "ABRT", "HUP"])
def test_run_exits_with_128_and_the_signal(runtime, bundle, name):
    # A process that is init of a pid namespace takes no signal from inside, hence the host's.
    bundle.inherit("pid").script(f"ulimit -c 0; kill -{name} $$")
    assert runtime.run(bundle).code == 128 + signal.Signals[f"SIG{name}"]


# ---- descriptors and signals -------------------------------------------------------------------


def test_standard_input_reaches_the_program(runtime, bundle, directory):
    (directory / "in").write_text("from the caller\n")
    with open(directory / "in") as file:
        assert runtime.output_of(bundle.args("cat"), stdin=file) == "from the caller\n"


def test_standard_output_and_error_are_apart(runtime, bundle):
    outcome = runtime.run(bundle.script("echo out; echo err >&2"))
    assert (outcome.stdout, outcome.stderr) == ("out\n", "err\n")


def test_only_the_standard_streams_are_open(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    assert sorted(kernel.descriptors(container.pid)) == [0, 1, 2]


WITH_TWO_FILES = ["/bin/sh", "-c", 'exec 3</etc/hostname 4</etc/passwd; exec "$@"', "sh"]


def test_descriptors_of_the_caller_do_not_reach_the_program(runtime, bundle):
    runtime.prefix = WITH_TWO_FILES
    container = runtime.start(bundle.args("sleep", "60"))
    assert sorted(kernel.descriptors(container.pid)) == [0, 1, 2]


def test_preserved_descriptors_reach_the_program(runtime, bundle):
    runtime.prefix = WITH_TWO_FILES
    container = runtime.start(bundle.args("sleep", "60"), "--preserve-fds", "1")
    found = kernel.descriptors(container.pid)
    assert sorted(found) == [0, 1, 2, 3]
    assert found[3] == "/etc/hostname"


@pytest.mark.tare_only  # runc 1.1 passes one of its own descriptors instead
def test_preserving_a_descriptor_that_is_not_open_is_an_error(runtime, bundle):
    runtime.prefix = WITH_TWO_FILES
    runtime.try_create(bundle, "--preserve-fds", "3").failed("preserve")


def test_sockets_of_socket_activation_reach_the_program(runtime, bundle):
    runtime.prefix = ["/bin/sh", "-c", 'exec 3</etc/hostname; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh"]
    container = runtime.start(bundle.args("sleep", "60"))
    assert sorted(kernel.descriptors(container.pid)) == [0, 1, 2, 3]
    assert {"LISTEN_FDS=1", "LISTEN_PID=1"} <= set(kernel.environ(container.pid))


def test_sockets_for_another_process_are_not_passed_on(runtime, bundle):
    runtime.prefix = ["/bin/sh", "-c", 'exec 3</etc/hostname; LISTEN_FDS=1 LISTEN_PID=1 exec "$@"', "sh"]
    container = runtime.start(bundle.args("sleep", "60"))
    assert sorted(kernel.descriptors(container.pid)) == [0, 1, 2]
    assert "LISTEN_FDS=1" not in kernel.environ(container.pid)


@pytest.mark.tare_only  # what a caller ignores, runc's container ignores too
def test_signals_ignored_or_blocked_by_the_caller_are_not_for_the_program(runtime, bundle):
    def ignore_and_block():
        for name in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(name, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])

    container = runtime.start(bundle.args("sleep", "60"), preexec_fn=ignore_and_block)
    found = kernel.status(container.pid)
    assert int(found["SigIgn"], 16) == int(found["SigBlk"], 16) == 0


def test_the_program_leads_a_session_of_its_own(runtime, bundle):
    assert status_of(runtime, bundle.script(STATUS))["NSsid"].split()[-1] == "1"


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_standard_stream_closed_by_the_caller_is_no_error(runtime, bundle, closed):
    runtime.prefix = ["/bin/sh", "-c", f'exec {closed}; exec "$@"', "sh"]
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.prefix = []
    found = kernel.descriptors(container.pid)
    assert sorted(found) == [0, 1, 2]
    null = os.stat(f"/proc/{container.pid}/root/dev/null")
    for stream in re.findall(r"(\d)[<>]&-", closed):
        at = os.stat(f"/proc/{container.pid}/fd/{stream}")
        assert (at.st_dev, at.st_ino) == (null.st_dev, null.st_ino), found


@pytest.mark.tare_only  # others fail, or leak
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_with_closed_streams_nothing_of_ours_takes_their_place(runtime, bundle, closed):
    # Neither while it waits nor in hooks.
    shell = "for n in 0 1 2; do readlink /proc/self/fd/$n; done"
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", f"({shell}) > {bundle.path}/hook")
    runtime.prefix = ["/bin/sh", "-c", f'exec {closed}; exec "$@"', "sh"]
    container = runtime.create(bundle.args("sleep", "60"))
    runtime.prefix = []
    waiting = kernel.descriptors(container.pid)
    for stream in re.findall(r"(\d)[<>]&-", closed):
        assert waiting[int(stream)] == "/dev/null", waiting
    assert "tare" not in (bundle.path / "hook").read_text().replace("memfd:tare-state", "")


@pytest.mark.tare_only
@pytest.mark.parametrize("count", ["2", "1000000000"])
def test_more_sockets_announced_than_there_are_is_an_error(runtime, bundle, count):
    runtime.prefix = ["/bin/sh", "-c", f'exec 3</etc/hostname; LISTEN_FDS={count} LISTEN_PID=$$ exec "$@"', "sh"]
    runtime.try_create(bundle).failed("LISTEN_FDS", "4")


@pytest.mark.tare_only
def test_a_negative_number_of_sockets_is_none(runtime, bundle):
    runtime.prefix = ["/bin/sh", "-c", 'LISTEN_FDS=-3 LISTEN_PID=$$ exec "$@"', "sh"]
    container = runtime.start(bundle.args("sleep", "60"))
    assert sorted(kernel.descriptors(container.pid)) == [0, 1, 2]


def test_a_standard_stream_that_is_dev_null_is_the_containers_dev_null(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    seen = os.stat(f"/proc/{container.pid}/fd/0")
    inside = os.stat(f"/proc/{container.pid}/root/dev/null")
    assert (seen.st_dev, seen.st_ino) == (inside.st_dev, inside.st_ino)
