# SPDX-License-Identifier: Apache-2.0
"""config.md, hooks: when, where and with what each kind is run, and what its failure means."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from support import kernel

CREATE_HOOKS = ["prestart", "createRuntime", "createContainer"]
START_HOOKS = ["startContainer", "poststart"]
ALL_HOOKS = [*CREATE_HOOKS, *START_HOOKS, "poststop"]
HOST_HOOKS = ["prestart", "createRuntime", "poststart", "poststop"]
CONTAINER_HOOKS = ["createContainer", "startContainer"]


@pytest.fixture
def notes(directory, bundle):
    """A directory that has the same path outside and inside, for hooks to write to."""
    path = directory / "notes"
    path.mkdir()
    path.chmod(0o777)
    (bundle.rootfs / str(path)[1:]).mkdir(parents=True)
    bundle.bind(path, path)
    return path


def shell_hook(bundle, kind, text, **more):
    return bundle.hook(kind, "/bin/sh", "sh", "-c", text, **more)


def note_hook(bundle, kind, notes, command):
    """A hook that puts the output of `command` into notes/<kind>."""
    return shell_hook(bundle, kind, f"{{ {command}; }} > {notes}/{kind}")


def live_through(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    container.kill("KILL").ok()
    container.await_end()
    assert container.delete().code == 0


# ---- when --------------------------------------------------------------------------------------


@pytest.mark.tare_only  # runc before 1.5 runs poststart hooks before the program
def test_each_kind_is_run_by_its_operation(runtime, bundle, notes):
    for kind in ALL_HOOKS:
        shell_hook(bundle, kind, f"echo {kind} >> {notes}/order")
    container = runtime.create(bundle.args("sleep", "60"))

    def so_far():
        return (notes / "order").read_text().split()

    assert so_far() == CREATE_HOOKS
    container.start().ok()
    assert so_far() == CREATE_HOOKS + START_HOOKS
    container.kill("KILL").ok()
    container.await_end()
    assert so_far() == CREATE_HOOKS + START_HOOKS
    container.delete().ok()
    assert so_far() == ALL_HOOKS


@pytest.mark.tare_only
def test_run_runs_all_kinds(runtime, bundle, notes):
    for kind in ALL_HOOKS:
        shell_hook(bundle, kind, f"echo {kind} >> {notes}/order")
    runtime.run(bundle).ok()
    assert (notes / "order").read_text().split() == ALL_HOOKS


@pytest.mark.parametrize("kind", ALL_HOOKS)
def test_hooks_of_one_kind_are_run_in_the_listed_order(runtime, bundle, notes, kind):
    for number in (1, 2, 3):
        shell_hook(bundle, kind, f"echo {number} >> {notes}/order")
    live_through(runtime, bundle)
    assert (notes / "order").read_text().split() == ["1", "2", "3"]


def test_start_container_hooks_are_run_before_the_program(runtime, bundle, notes):
    shell_hook(bundle, "startContainer", f"sleep 0.1; echo hook >> {notes}/order")
    runtime.run(bundle.script(f"echo program >> {notes}/order")).ok()
    assert (notes / "order").read_text().split() == ["hook", "program"]


@pytest.mark.tare_only  # runc before 1.5 runs them before the program is executed
def test_poststart_hooks_are_run_when_the_program_has_been_executed(runtime, bundle, notes):
    shell_hook(bundle, "poststart", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); cat /proc/$pid/comm > {notes}/comm")
    runtime.start(bundle.args("sleep", "60"))
    assert (notes / "comm").read_text() == "sleep\n"


def test_poststop_hooks_are_run_when_the_container_is_gone(runtime, bundle, notes):
    bundle.linux["cgroupsPath"] = f"/{runtime.new_id()}"
    note_hook(bundle, "poststop", notes, f"ls {runtime.root}; ls -d /sys/fs/cgroup/*{bundle.linux['cgroupsPath']}; true")
    live_through(runtime, bundle)
    assert (notes / "poststop").read_text() == ""


# ---- state on standard input -------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, status",
    [
        ("prestart", "creating"),
        ("createRuntime", "creating"),
        ("createContainer", "creating"),
        ("startContainer", "created"),
        pytest.param("poststart", "running", marks=pytest.mark.tare_only),
        ("poststop", "stopped"),
    ],
)
def test_the_state_comes_on_standard_input(runtime, bundle, notes, kind, status):
    bundle.config["annotations"] = {"com.example.key": "a/b"}
    note_hook(bundle, kind, notes, "cat")
    live_through(runtime, bundle)
    text = (notes / kind).read_text()
    state = json.loads(text)
    assert state["ociVersion"].startswith("1.")
    assert state["id"].startswith(os.path.basename(runtime.directory.parent)[:4])
    assert state["status"] == status
    assert state["bundle"] == str(bundle.path)
    assert state["annotations"] == {"com.example.key": "a/b"}


@pytest.mark.tare_only  # the states of others change at other times
@pytest.mark.parametrize("verb", ["create", "run"])
def test_a_container_is_not_created_before_its_hooks_are_done(runtime, bundle, directory, verb):
    """The host is ahead of init here: it has nothing to do but to wait."""
    bundle.args("sleep", "60")
    bundle.bind(directory, "/notes")
    bundle.hook("createContainer", "/bin/sh", "sh", "-c",
                f"touch {directory}/reached; while [ ! -e {directory}/go ]; do sleep 0.01; done").write()
    name = runtime.new_id()
    words = ["--detach"] if verb == "run" else []
    creating = runtime.popen(verb, *words, "--bundle", bundle.path, name)
    kernel.eventually((directory / "reached").exists)
    assert runtime.call("state", name).ok().json()["status"] == "creating"
    assert not (runtime.root / name / "state.json").exists()
    runtime.call("exec", name, "true").failed("is being created")
    (directory / "go").touch()
    assert creating.wait(10) == 0
    status = "running" if verb == "run" else "created"
    assert runtime.call("state", name).ok().json()["status"] == status


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "poststart"])
def test_hooks_of_the_runtime_get_the_pid_of_the_host(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "cat")
    container = runtime.start(bundle.args("sleep", "60"))
    assert json.loads((notes / kind).read_text())["pid"] == container.pid


@pytest.mark.parametrize("kind", CONTAINER_HOOKS)
def test_hooks_in_the_container_get_the_pid_of_the_container(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "cat")
    runtime.start(bundle.args("sleep", "60"))
    assert json.loads((notes / kind).read_text())["pid"] == 1


def test_poststop_hooks_get_no_pid(runtime, bundle, notes):
    note_hook(bundle, "poststop", notes, "cat")
    live_through(runtime, bundle)
    assert json.loads((notes / "poststop").read_text()).get("pid", 0) == 0


def test_the_state_is_one_line_with_plain_slashes(runtime, bundle, notes):
    bundle.config["annotations"] = {"com.example.key": "a/b"}
    note_hook(bundle, "createRuntime", notes, "cat")
    runtime.create(bundle)
    text = (notes / "createRuntime").read_text()
    assert "\n" not in text.rstrip("\n") and '": ' not in text and "\\/" not in text


def test_a_state_larger_than_a_pipe_arrives_whole(runtime, bundle, notes):
    bundle.config["annotations"] = {"large": "x" * 300_000}
    note_hook(bundle, "createRuntime", notes, "cat")
    runtime.create(bundle)
    assert json.loads((notes / "createRuntime").read_text())["annotations"]["large"] == "x" * 300_000


@pytest.mark.parametrize("kind", ALL_HOOKS)
def test_a_hook_need_not_read(runtime, bundle, kind):
    bundle.config["annotations"] = {"large": "x" * 300_000}
    shell_hook(bundle, kind, "exec 0<&-; true")
    live_through(runtime, bundle)


# ---- where -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOST_HOOKS)
def test_hooks_of_the_runtime_are_in_its_namespaces(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "readlink /proc/self/ns/mnt /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/pid")
    live_through(runtime, bundle)
    assert (notes / kind).read_text().split() == [
        kernel.namespace("self", name) for name in ("mount", "network", "uts", "pid")
    ]


@pytest.mark.parametrize("kind", CONTAINER_HOOKS)
def test_hooks_of_the_container_are_in_its_namespaces(runtime, bundle, notes, kind):
    # Before pivot_root /proc is still the host's, and has no entry of a process in another pid namespace.
    command = "for name in mnt net uts; do readlink /proc/$$/ns/$name; done"
    if kind == "createContainer":
        command = command.replace("/proc/", f"{bundle.rootfs}/proc/")
    note_hook(bundle, kind, notes, command)
    container = runtime.start(bundle.args("sleep", "60"))
    assert (notes / kind).read_text().split() == [
        kernel.namespace(container.pid, name) for name in ("mount", "network", "uts")
    ]


def test_create_container_hooks_see_the_mounts_before_pivot_root(runtime, bundle, notes):
    note_hook(bundle, "createContainer", notes, f"stat -f -c %T {bundle.rootfs}/dev {bundle.rootfs}/proc")
    runtime.create(bundle)
    assert (notes / "createContainer").read_text().split() == ["tmpfs", "proc"]


def test_start_container_hooks_have_the_root_of_the_container(runtime, bundle, notes):
    (bundle.rootfs / "only-inside").touch()
    note_hook(bundle, "startContainer", notes, "ls -d /only-inside")
    runtime.start(bundle.args("sleep", "60"))
    assert (notes / "startContainer").read_text() == "/only-inside\n"


def test_create_runtime_hooks_can_set_up_the_network(runtime, bundle):
    shell_hook(
        bundle,
        "createRuntime",
        "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); nsenter --net=/proc/$pid/ns/net /bin/busybox ip link set lo mtu 1234",
    )
    assert "mtu 1234" in runtime.output_of(bundle.args("ip", "link", "show", "lo"))


@pytest.mark.tare_only  # elsewhere poststart and poststop hooks start where the caller is
@pytest.mark.parametrize("kind", HOST_HOOKS)
def test_hooks_of_the_runtime_start_in_the_bundle(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "pwd")
    live_through(runtime, bundle)
    assert (notes / kind).read_text() == f"{bundle.path}\n"


# ---- with what ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL_HOOKS)
def test_the_environment_is_the_configured_one(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "/bin/cat /proc/self/environ")
    bundle.config["hooks"][kind][0]["env"] = ["A=1", "B=a b", "PATH=/usr/bin:/bin"]
    if kind == "createContainer":
        # Before pivot_root /proc is the host's, where this process has another number.
        bundle.config["hooks"][kind][0]["args"][2] = f"/bin/cat {bundle.rootfs}/proc/$$/environ > {notes}/{kind}"
    live_through(runtime, bundle)
    found = (notes / kind).read_text().rstrip("\0").split("\0")
    by_the_shell = ("PWD=", "OLDPWD=", "SHLVL=", "_=")
    # In the container it is that of a process there: with a HOME.
    home = ["HOME=/root"] if kind == "startContainer" else []
    assert sorted(entry for entry in found if not entry.startswith(by_the_shell)) == [
        "A=1", "B=a b", *home, "PATH=/usr/bin:/bin"]


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "poststart", "poststop"])
def test_without_an_environment_it_is_the_runtimes(runtime, bundle, notes, kind):
    runtime.prefix = ["env", "-i", "HOOKS_SEE=this", "PATH=/usr/bin:/bin"]
    note_hook(bundle, kind, notes, 'echo "$HOOKS_SEE"')
    live_through(runtime, bundle)
    assert (notes / kind).read_text() == "this\n"


def test_without_an_environment_start_container_hooks_have_that_of_the_process(runtime, bundle, notes):
    bundle.process["env"].append("HOOKS_SEE=that")
    note_hook(bundle, "startContainer", notes, 'echo "$HOOKS_SEE"')
    live_through(runtime, bundle)
    assert (notes / "startContainer").read_text() == "that\n"


@pytest.mark.tare_only  # others leave out one stream or the other
@pytest.mark.parametrize("kind", [*CREATE_HOOKS, *START_HOOKS])
def test_the_error_of_a_failed_hook_has_its_output(runtime, bundle, kind):
    shell_hook(bundle, kind, "echo said; echo complained >&2; exit 3")
    words = [f"/hooks/{kind}/0", "exit status 3", "said", "complained"]
    if kind in CREATE_HOOKS:
        runtime.try_create(bundle).failed(*words)
    else:
        runtime.create(bundle.args("sleep", "60")).start().failed(*words)


def test_the_arguments_are_the_configured_ones(runtime, bundle, notes, directory):
    tool = directory / "tool"
    tool.write_text(f'#!/bin/sh\nprintf "[%s]" "$@" > {notes}/arguments\n')
    tool.chmod(0o755)
    bundle.hook("createRuntime", tool, "name", "a b", "", "c")
    runtime.create(bundle)
    assert (notes / "arguments").read_text() == "[a b][][c]"


def test_without_arguments_the_path_is_the_only_one(runtime, bundle, notes, directory):
    tool = directory / "tool"
    tool.write_text(f'#!/bin/sh\necho "$0 $#" > {notes}/arguments\n')
    tool.chmod(0o755)
    bundle.hook("createRuntime", tool)
    runtime.create(bundle)
    assert (notes / "arguments").read_text() == f"{tool} 0\n"


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "poststart", "poststop"])
def test_a_hook_has_the_standard_descriptors_only(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "cd /proc/$$/fd; for n in *; do [ ! -e $n ] || echo $n; done")
    live_through(runtime, bundle)
    found = set((notes / kind).read_text().split())
    assert found <= {"0", "1", "2", "10", "255"}  # the last two: a shell's own copies while it redirects


@pytest.mark.parametrize("kind", ALL_HOOKS)
def test_what_a_hook_prints_is_not_the_runtimes_output(runtime, bundle, kind):
    shell_hook(bundle, kind, "echo noise; echo noise >&2")
    container = runtime.create(bundle.args("sleep", "60"))
    started = container.start().ok()
    assert "noise" not in started.stdout + started.stderr + container.output() + container.errors()


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer", "startContainer", "poststop"])
def test_a_hook_may_print_much(runtime, bundle, kind):
    shell_hook(bundle, kind, "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2")
    live_through(runtime, bundle)


@pytest.mark.tare_only  # others have no readable state yet
@pytest.mark.parametrize("kind, status", [("createRuntime", "creating"), ("poststart", "running")])
def test_a_hook_may_ask_for_the_state(runtime, bundle, notes, kind, status):
    bundle.write()
    name = runtime.new_id()
    words = " ".join(runtime.command("state", name))
    note_hook(bundle, kind, notes, words)
    bundle.args("sleep", "60").write()
    runtime.call("create", "--bundle", bundle.path, name).ok()
    runtime.call("start", name).ok()
    assert json.loads((notes / kind).read_text())["status"] == status


# ---- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CREATE_HOOKS)
def test_a_failing_create_hook_fails_create_and_leaves_nothing(runtime, bundle, notes, kind):
    shell_hook(bundle, kind, "echo because >&2; exit 3")
    shell_hook(bundle, kind, f"touch {notes}/second")
    runtime.try_create(bundle).failed("3", tare=[f"/hooks/{kind}/0", "because"])
    assert runtime.stored() == []
    assert not (notes / "second").exists()


@pytest.mark.tare_only  # runtime.md: "continue the lifecycle at step 12", whose next step is poststop
@pytest.mark.parametrize("kind", CREATE_HOOKS)
def test_poststop_hooks_are_run_after_a_failed_create_hook(runtime, bundle, notes, kind):
    shell_hook(bundle, kind, "exit 3")
    shell_hook(bundle, "poststop", f"touch {notes}/poststop")
    runtime.try_create(bundle).failed(f"/hooks/{kind}/0")
    assert (notes / "poststop").exists()


def test_a_failing_start_container_hook_fails_start_and_the_program_never_runs(runtime, bundle, notes):
    shell_hook(bundle, "startContainer", "exit 3")
    container = runtime.create(bundle.script(f"touch {notes}/ran"))
    pid = container.pid
    outcome = container.start()
    if runtime.name == "tare":
        outcome.failed("/hooks/startContainer/0", "3")
    kernel.eventually(lambda: not kernel.is_alive(pid))
    assert not (notes / "ran").exists()


@pytest.mark.tare_only
def test_a_failing_poststart_hook_fails_start_and_ends_the_container(runtime, bundle):
    shell_hook(bundle, "poststart", "exit 3")
    container = runtime.create(bundle.args("sleep", "60"))
    pid = container.pid
    container.start().failed("3", tare=["/hooks/poststart/0"])
    kernel.eventually(lambda: not kernel.is_alive(pid))


@pytest.mark.tare_only  # runtime.md: "continue the lifecycle at step 12"
@pytest.mark.parametrize("kind", START_HOOKS)
def test_a_failed_start_hook_destroys_the_container(runtime, bundle, notes, kind):
    shell_hook(bundle, kind, "exit 3")
    shell_hook(bundle, "poststop", f"touch {notes}/poststop")
    container = runtime.create(bundle.args("sleep", "60"))
    container.start().failed(f"/hooks/{kind}/0")
    runtime.call("state", container.id).failed("does not exist")
    assert (notes / "poststop").exists()


@pytest.mark.tare_only  # runc stops at the first
def test_a_failing_poststop_hook_is_no_error_and_the_others_are_run(runtime, bundle, notes):
    shell_hook(bundle, "poststop", "exit 3")
    shell_hook(bundle, "poststop", f"touch {notes}/second")
    live_through(runtime, bundle)
    assert (notes / "second").exists()


@pytest.mark.parametrize("kind", START_HOOKS)
@pytest.mark.tare_only
def test_a_start_hook_that_takes_longer_than_its_timeout_is_ended(runtime, bundle, kind):
    # With its children, of which the first is in a pid namespace where nobody reaps it.
    shell_hook(bundle, kind, "sleep 60 & exec sleep 60", timeout=1)
    container = runtime.create(bundle.args("sleep", "60"))
    began = time.monotonic()
    container.start().failed(f"/hooks/{kind}/0", "ran past specified timeout of 1.0s")
    assert 0.9 < time.monotonic() - began < 3
    assert not runtime.call("list", "--quiet").ok().stdout


@pytest.mark.tare_only
def test_a_poststop_hook_that_takes_longer_than_its_timeout_is_ended_and_the_next_is_run(runtime, bundle, notes):
    shell_hook(bundle, "poststop", "sleep 60 & sleep 60", timeout=1)
    note_hook(bundle, "poststop", notes, "echo next")
    container = runtime.start(bundle.args("sleep", "60"))
    container.kill("KILL").ok()
    container.await_end()
    began = time.monotonic()
    assert container.delete().code == 0
    assert 0.9 < time.monotonic() - began < 3
    assert (notes / "poststop").read_text() == "next\n"


@pytest.mark.parametrize("kind", CREATE_HOOKS)
def test_a_hook_that_takes_longer_than_its_timeout_is_ended(runtime, bundle, kind):
    shell_hook(bundle, kind, "exec sleep 60", timeout=1)
    began = time.monotonic()
    runtime.try_create(bundle).failed(tare=[f"/hooks/{kind}/0", "timeout"])
    assert 0.9 < time.monotonic() - began < 3


@pytest.mark.tare_only
def test_the_children_of_a_hook_end_with_it_at_its_timeout(runtime, bundle):
    shell_hook(bundle, "createRuntime", "sleep 60 & sleep 60", timeout=1)
    runtime.try_create(bundle).failed("/hooks/createRuntime/0")


def test_a_timeout_that_is_not_reached_changes_nothing(runtime, bundle):
    shell_hook(bundle, "createRuntime", "true", timeout=5)
    runtime.create(bundle)


@pytest.mark.tare_only  # runc waits for the pipe that the child holds
def test_a_child_that_a_hook_leaves_behind_is_not_waited_for(runtime, bundle):
    shell_hook(bundle, "createRuntime", "sleep 3 & true")
    began = time.monotonic()
    runtime.create(bundle)
    assert time.monotonic() - began < 2
    time.sleep(3)


def test_a_hook_that_a_signal_ends_is_a_failure(runtime, bundle):
    shell_hook(bundle, "createRuntime", "kill -9 $$")
    runtime.try_create(bundle).failed("kill")


@pytest.mark.parametrize("kind", CREATE_HOOKS)
def test_a_hook_that_is_not_there_is_a_failure(runtime, bundle, kind):
    runtime.try_create(bundle.hook(kind, "/no/such/hook")).failed("/no/such/hook", "no such file or directory")


def test_a_hook_that_is_not_executable_is_a_failure(runtime, bundle, directory):
    (directory / "tool").write_text("#!/bin/sh\n")
    runtime.try_create(bundle.hook("createRuntime", directory / "tool")).failed("permission denied")


# ---- confinement ---------------------------------------------------------------------------------

# The file of a startContainer hook comes from the image (T29).


def inside(bundle, notes, command):
    """A startContainer hook that writes what `command` prints into notes/startContainer."""
    bundle.bind(notes, "/notes")
    return bundle.hook("startContainer", "/bin/sh", "sh", "-c", f"{{ {command}; }} > /notes/startContainer 2>&1; true")


@pytest.mark.tare_only
def test_a_start_container_hook_is_in_the_cgroups_of_the_container(runtime, bundle, notes):
    container = runtime.start(inside(bundle, notes, "cat /proc/self/cgroup").args("sleep", "60"))
    of_hook = (notes / "startContainer").read_text().splitlines()
    assert sorted(of_hook) == sorted(Path(f"/proc/{container.pid}/cgroup").read_text().splitlines())


@pytest.mark.tare_only
def test_a_start_container_hook_cannot_open_a_device_that_is_denied(runtime, bundle, notes):
    bundle.writable().capabilities("CAP_MKNOD")
    runtime.start(inside(bundle, notes, "mknod /tmp/d b 7 0; cat /tmp/d").args("sleep", "60"))
    assert "Operation not permitted" in (notes / "startContainer").read_text()


@pytest.mark.tare_only
def test_a_start_container_hook_is_counted_against_the_limit_of_processes(runtime, bundle, notes):
    bundle.resources["pids"] = {"limit": 4}
    forks = "(for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait)"
    runtime.start(inside(bundle, notes, forks).args("sleep", "60"))
    assert "can't fork" in (notes / "startContainer").read_text()


@pytest.mark.tare_only
@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_start_container_hook_is_under_the_filter_of_the_process(runtime, bundle, notes, no_new_privileges):
    bundle.process["noNewPrivileges"] = no_new_privileges
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    runtime.start(inside(bundle, notes, "grep Seccomp: /proc/self/status; mkdir /tmp/x").args("sleep", "60"))
    said = (notes / "startContainer").read_text()
    assert "Seccomp:\t2" in said
    assert "not supported" in said


@pytest.mark.tare_only
def test_a_start_container_hook_has_what_the_process_has(runtime, bundle, notes):
    bundle.process["oomScoreAdj"] = 77
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}]
    bundle.process["user"]["umask"] = 0o27
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    told = "cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn; umask; echo $HOME; grep CapBnd /proc/self/status; ionice -p $$"
    container = runtime.start(inside(bundle, notes, told).args("sleep", "60"))
    lines = (notes / "startContainer").read_text().splitlines()
    assert lines[:5] == ["77", "33", "44", "0027", "/root"]
    assert lines[5].split() == ["CapBnd:", kernel.status(container.pid)["CapBnd"]]
    assert lines[6] == "best-effort: prio 6"


@pytest.mark.tare_only
def test_a_start_container_hook_of_another_user_may_write_to_its_standard_streams(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.hook("startContainer", "/bin/sh", "sh", "-c", "echo said > /dev/stderr; exit 1")
    runtime.create(bundle).start().failed("startContainer", "exit status 1", "said")


# ---- what a hook gets, and must not hold up ------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize("kind", ALL_HOOKS)
def test_a_hook_has_no_descriptor_of_the_caller(runtime, bundle, notes, kind):
    note_hook(bundle, kind, notes, "ls /proc/self/fd" if kind != "createContainer" else f"ls {bundle.rootfs}/proc/$$/fd")
    bundle.args("sleep", "600").write()
    read, write = os.pipe()
    high = os.dup2(read, 77, inheritable=True)
    name = runtime.new_id()
    try:
        for words in (["create", "--bundle", bundle.path, name], ["start", name], ["delete", "--force", name]):
            quiet = subprocess.DEVNULL
            subprocess.run(runtime.command(*words), check=True, pass_fds=[high], stdin=quiet, stdout=quiet, stderr=quiet)
    finally:
        for fd in (read, write, high):
            os.close(fd)
    assert "77" not in (notes / kind).read_text().split()


@pytest.mark.tare_only
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_fifo_that_nobody_reads_does_not_hold_up_a_hook(runtime, bundle, directory, stream):
    os.mkfifo(directory / "fifo")
    bundle.config["annotations"] = {f"run.oci.hooks.{stream}": str(directory / "fifo")}
    bundle.hook("createRuntime", "/bin/true").args("true")
    began = time.monotonic()
    runtime.try_create(bundle).failed("createRuntime", "ENXIO")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("timeout", [4294968, 2**31 - 1, 2**53])
def test_a_timeout_of_weeks_does_not_come_at_once(runtime, bundle, timeout):
    # 4294968 s are 2^32 ms and some.
    bundle.hook("createRuntime", "/bin/sleep", "sleep", "0.3", timeout=timeout)
    runtime.create(bundle.args("sleep", "60"))
