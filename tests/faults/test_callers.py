# SPDX-License-Identifier: Apache-2.0
"""Callers that pass on a strange state: closed streams, few descriptors, held signals, no environment.

The container must not notice, and what cannot be done must be an error, not a crash or a silence.
"""

import itertools
import os
import resource
import signal
import subprocess

import pytest
from support import kernel

STREAMS = (0, 1, 2)
SOME_CLOSED = [closed for n in range(4) for closed in itertools.combinations(STREAMS, n)]


def shell(runtime, text):
    """Calls the runtime by a shell that first does `text`."""
    runtime.prefix = ["/bin/sh", "-c", f'{text}; exec "$@"', "sh"]


def closing(streams):
    return "exec " + " ".join(f"{number}{'<' if number == 0 else '>'}&-" for number in streams) if streams else ":"


def in_the_child(function):
    """For Popen: `function` is called before the runtime is executed."""
    return {"preexec_fn": function}


# ---- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("streams", SOME_CLOSED, ids=lambda streams: "".join(map(str, streams)) or "none")
def test_streams_that_the_caller_closed_are_the_null_device(runtime, bundle, directory, streams):
    bundle.bind(directory, "/tmp", "rbind").script(
        "for n in 0 1 2 3 4 5; do readlink /proc/$$/fd/$n || echo closed; done > /tmp/streams"
    )
    shell(runtime, closing(streams))
    assert runtime.run(bundle).code == 0
    runtime.prefix = []
    seen = (directory / "streams").read_text().splitlines()
    assert seen[1].endswith("streams")  # the script's own redirection
    assert all(seen[number].endswith("/null") for number in streams if number != 1), seen
    assert seen[4:] == ["closed", "closed"], f"a descriptor of the runtime's got in: {seen}"


@pytest.mark.parametrize("streams", SOME_CLOSED, ids=lambda streams: "".join(map(str, streams)) or "none")
def test_a_record_is_not_written_into_by_errors_of_a_caller_without_streams(runtime, bundle, streams):
    container = runtime.create(bundle)
    record = (runtime.root / container.id / "state.json").read_bytes()
    shell(runtime, closing(streams))
    assert runtime.try_create(bundle, "--no-such-option").code == 1
    assert runtime.call("start", "no-such-container").code == 1
    runtime.prefix = []
    assert (runtime.root / container.id / "state.json").read_bytes() == record


def test_stdout_is_a_pipe_that_nobody_reads(runtime, bundle):
    container = runtime.create(bundle)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        for words in (["state", container.id], ["list"], ["features"], ["--version"]):
            runtime.call(*words, stdout=writing).failed("EPIPE")
        runtime.call("start", container.id, stdout=writing).ok()
    finally:
        os.close(writing)


def test_stderr_is_a_pipe_that_nobody_reads(runtime):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert runtime.call("state", "no-such-container", stderr=writing).code == 1
    finally:
        os.close(writing)


def test_stdout_is_full(runtime, bundle):
    container = runtime.create(bundle)
    for words in (["state", container.id], ["list"], ["list", "--quiet"], ["list", "--format", "json"]):
        with open("/dev/full", "w") as full:
            runtime.call(*words, stdout=full).failed("ENOSPC")
    with open("/dev/full", "w") as full:
        runtime.call("plan", bundle.path, stdout=full).failed("ENOSPC")


# ---- the log -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["directory", "fifo"])
def test_the_log_cannot_be_opened(runtime, make, directory):
    make(directory / "log")
    runtime.globals = ["--log", directory / "log"]
    for words in (["list"], ["state", "no-such-container"], ["delete", "--force", "no-such-container"]):
        runtime.call(*words, seconds=5).failed("log")


def test_the_log_is_full(runtime, bundle):
    """The reason still reaches stderr, and a success stays one."""
    runtime.root.mkdir()
    runtime.globals = ["--log", "/dev/full"]
    runtime.call("state", "no-such-container").failed("does not exist")
    assert runtime.run(bundle).code == 0


# ---- what a process inherits -------------------------------------------------------------------


def life(runtime, bundle, **popen):
    """create, start, state, kill, delete, all called in the same way."""
    container = runtime.create(bundle, **popen)
    for words in (["start"], ["state"]):
        runtime.call(*words, container.id, **popen).ok()
    pid = container.pid
    runtime.call("kill", container.id, "KILL", **popen).ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))
    runtime.call("delete", container.id, **popen).ok()
    assert runtime.stored() == []


def test_few_descriptors(runtime, bundle):
    """Enough, or an error that says so, and then nothing left."""
    bundle.process["rlimits"] = []
    for limit in range(3, 100):
        outcome = runtime.try_create(
            bundle, **in_the_child(lambda limit=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        )
        if outcome.code == 0:
            break
        if limit > 4:  # with fewer there is not even one to ask for the reason by
            outcome.failed("EMFILE")
        assert runtime.stored() == [], outcome
    assert limit <= 64
    assert runtime.delete_all() == []


def test_sixty_four_descriptors_are_enough(runtime, bundle):
    """Several for each of a dozen hierarchies of version 1, and what else there is."""
    bundle.process["rlimits"] = []
    few = in_the_child(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    life(runtime, bundle.args("sleep", "300"), **few)


def test_sigchld_is_ignored(runtime, bundle):
    ignored = in_the_child(lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    bundle.hook("prestart", "/bin/busybox", "true").hook("createContainer", "/bin/busybox", "true")
    bundle.hook("startContainer", "/bin/busybox", "true").hook("poststop", "/bin/busybox", "true")
    life(runtime, bundle.args("sleep", "300"), **ignored)
    assert runtime.run(bundle.script("exit 7"), **ignored).code == 7


def test_a_failing_hook_is_noticed_with_sigchld_ignored(runtime, bundle):
    bundle.hook("prestart", "/bin/sh", "sh", "-c", "exit 3")
    ignored = in_the_child(lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    runtime.try_create(bundle, **ignored).failed("/hooks/prestart/0", "3")
    assert runtime.stored() == []


def test_all_signals_are_held_and_ignored(runtime, bundle):
    """The container's program begins with none held and none ignored."""

    def hold():
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                continue
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

    life(runtime, bundle.args("sleep", "300"), **in_the_child(hold))
    bundle.args("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
    seen = kernel.parse_status(runtime.output_of(bundle, **in_the_child(hold)))
    assert {int(mask, 16) for mask in seen.values()} == {0}, seen


@pytest.mark.parametrize("mask", [0o777, 0])
def test_a_strange_umask(runtime, bundle, mask):
    bundle.writable().script("umask; touch /tmp/made; stat -c %a /tmp/made; stat -c %a /dev /dev/null /proc")
    strange = in_the_child(lambda: os.umask(mask))
    assert runtime.output_of(bundle, **strange).split() == ["0022", "644", "755", "666", "555"]
    container = runtime.create(bundle, **strange)
    assert (runtime.root / container.id).stat().st_mode & 0o777 == 0o700
    assert (runtime.root / container.id / "state.json").stat().st_mode & 0o777 == 0o600


def test_the_working_directory_is_gone(runtime, bundle, directory):
    (directory / "gone").mkdir()
    shell(runtime, f"cd {directory}/gone && rmdir {directory}/gone")
    life_of = runtime.create(bundle.args("sleep", "300"))
    (directory / "gone").mkdir()
    life_of.start().ok()
    (directory / "gone").mkdir()
    assert runtime.call("plan", bundle.path).code == 0
    (directory / "gone").mkdir()
    runtime.call("create", runtime.new_id()).failed("ENOENT")  # its bundle is the working directory
    runtime.prefix = []


def test_an_empty_environment(runtime, bundle):
    life(runtime, bundle.args("sleep", "300"), env={})


@pytest.mark.parametrize("name", ["", "x" * 10000, "-", "--help", "/no/such/file"])
def test_any_name_for_itself(runtime, bundle, name):
    bundle.write()
    words = runtime.command("run", "--bundle", bundle.path, runtime.new_id())
    done = subprocess.run(
        [name, *words[1:]], executable=words[0], stdin=subprocess.DEVNULL, capture_output=True, timeout=20
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_arguments_at_all(runtime):
    """argc is 0 for a careless execve(2); Linux makes it one empty argument since 5.18."""
    done = subprocess.run([""], executable=runtime.path, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    usage = subprocess.run([runtime.path], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert done.returncode == usage.returncode == 1
    assert done.stderr == usage.stderr != b""


def test_descriptors_of_the_caller_do_not_reach_the_container(runtime, bundle):
    secrets = [os.open("/", os.O_RDONLY) for _ in range(5)]
    try:
        listed = runtime.output_of(bundle.args("ls", "/proc/self/fd"), pass_fds=secrets)
        assert listed.split() == ["0", "1", "2", "3"]  # 3 is the directory itself
    finally:
        for secret in secrets:
            os.close(secret)


# ---- the store ---------------------------------------------------------------------------------


def test_a_store_that_is_not_there_has_no_containers(runtime):
    for words in (["state"], ["start"], ["kill"], ["delete"]):
        runtime.call(*words, "no-such-container").failed("does not exist")
    runtime.call("delete", "--force", "no-such-container").ok()
    assert runtime.call("list", "--quiet").ok().stdout == ""
    assert not runtime.root.exists()
