# SPDX-License-Identifier: Apache-2.0
"""What is logged: warnings that the specification wants, to whom they are of use, and with --debug the story of a
command. Callers parse the rest (contract.md)."""

import json
import os
import pty
import re
import subprocess

import pytest

pytestmark = pytest.mark.tare_only


def on_a_terminal(words):
    """What a command shows to a person. (The container may keep the terminal open.)"""
    master, slave = pty.openpty()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
    process.wait(20)
    os.set_blocking(master, False)
    with os.fdopen(master, "rb") as shown:
        text = (shown.read() or b"").decode()
    os.close(slave)
    return " ".join(text.split())


def failing_poststop(bundle):
    bundle.hook("poststop", "/bin/false")
    return bundle.args("sleep", "600")


def beyond_reach(bundle):
    """A capability that the runtime itself has not: config.md wants it logged, and no failure."""
    bundle.capabilities("CAP_SYS_RESOURCE")
    return bundle.args("sleep", "600")


# ---- poststop hooks ------------------------------------------------------------------------------


def test_a_failed_poststop_hook_is_told_to_who_deletes(runtime, bundle):
    container = runtime.create(failing_poststop(bundle))
    outcome = container.delete("--force")
    assert outcome.code == 0
    assert outcome.stderr == "tare: warning: poststop hook /bin/false: exit status 1\n"


def test_a_failed_poststop_hook_is_in_the_log(runtime, bundle, directory):
    container = runtime.create(failing_poststop(bundle))
    runtime.globals = ["--log", directory / "log", "--log-format", "json"]
    outcome = container.delete("--force")
    assert (outcome.code, outcome.stderr) == (0, "")
    line = json.loads((directory / "log").read_text())
    assert (line["level"], line["msg"]) == ("warning", "poststop hook /bin/false: exit status 1")


def test_a_failed_poststop_hook_of_a_run_is_told(runtime, bundle):
    bundle.hook("poststop", "/bin/false").args("true")
    outcome = runtime.run(bundle)
    assert outcome.code == 0
    assert "poststop hook /bin/false" in outcome.stderr


# ---- capabilities --------------------------------------------------------------------------------


@pytest.fixture
def without_resource():
    """This machine's root may lack it; otherwise it is taken away."""
    return ["setpriv", "--bounding-set", "-sys_resource"]


def test_a_capability_that_cannot_be_granted_is_told_to_a_person(runtime, bundle, without_resource):
    beyond_reach(bundle).write()
    words = runtime.command("create", "--bundle", bundle.path, runtime.new_id())
    assert "CAP_SYS_RESOURCE" in on_a_terminal([*without_resource, *words])


def test_callers_that_parse_both_streams_of_create_see_nothing_of_it(runtime, bundle, without_resource):
    runtime.prefix = without_resource
    runtime.create(beyond_reach(bundle))  # ok() there: nothing on standard error


def test_the_log_of_a_create_that_fails_is_one_object(runtime, bundle, directory, without_resource):
    runtime.prefix = without_resource
    runtime.globals = ["--log", directory / "log", "--log-format", "json"]
    runtime.try_create(beyond_reach(bundle).args("/missing")).failed("no such file")
    assert json.loads((directory / "log").read_text())["level"] == "error"


def test_the_log_has_warnings_when_they_are_asked_for(runtime, bundle, directory, without_resource):
    runtime.prefix = without_resource
    runtime.globals = ["--log", directory / "log", "--log-format", "json", "--log-level", "warning"]
    runtime.create(beyond_reach(bundle))
    lines = [json.loads(line) for line in (directory / "log").read_text().splitlines()]
    assert any(line["level"] == "warning" and "CAP_SYS_RESOURCE" in line["msg"] for line in lines)


# ---- the story -----------------------------------------------------------------------------------


def steps_of(text):
    """(actor, words, calls, milliseconds) of each step that was told."""
    told = re.findall(r"(host|stage|init|stub): (.*?) \[(.*?)\] \(([0-9.]+) ms\)", text)
    return [(actor, words, calls, float(took)) for actor, words, calls, took in told]


def planned(runtime, bundle):
    lines = runtime.call("plan", bundle.path).ok().stdout.splitlines()[1:]
    return [re.match(r"\d+ +(\w+) +\S+ +(.*?) +\[", line).groups() for line in lines]


def test_debug_tells_every_step_of_a_create_with_its_time(runtime, bundle, directory):
    bundle.args("sleep", "600").write()
    wanted = planned(runtime, bundle)
    runtime.globals = ["--debug", "--log", directory / "log"]
    name = runtime.new_id()
    runtime.call("create", "--bundle", bundle.path, name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = steps_of((directory / "log").read_text())
    # Each actor's in its order; the stub's last two are done by `start`.
    for actor in ("host", "init", "stub"):
        mine = [words for who, words, _, _ in told if who == actor]
        expected = [words for who, words in wanted if who == actor]
        expected = [words for words in expected if words != "wait to be started" and not words.startswith("execute ")]
        assert len(mine) == len(expected), actor
        assert [one.split()[0] for one in mine] == [one.split()[0] for one in expected]
    assert all(took >= 0 for _, _, _, took in told)


def test_debug_tells_the_step_at_which_it_fails(runtime, bundle, directory):
    bundle.mount("/data", "nonsense", "none").args("true")
    runtime.globals = ["--debug", "--log", directory / "log"]
    runtime.try_create(bundle)
    text = (directory / "log").read_text()
    assert "mount tmpfs on /dev" in text  # the steps before it
    assert "level=error" in text


@pytest.mark.parametrize("words", [["start"], ["exec"], ["pause"], ["resume"], ["kill"], ["delete", "--force"]],
                         ids=lambda words: words[0])
def test_debug_has_a_story_for_every_command(runtime, bundle, directory, words):
    container = runtime.create(bundle.args("sleep", "600"))
    if words[0] != "start":
        container.start().ok()
    if words[0] == "resume":
        runtime.call("pause", container.id).ok()
    runtime.globals = ["--debug", "--log", directory / "log", "--log-format", "json"]
    rest = ["true"] if words[0] == "exec" else []
    runtime.call(*words, container.id, *rest, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runtime.globals = []
    lines = [json.loads(line) for line in (directory / "log").read_text().splitlines()]
    assert len(lines) >= 2
    assert {line["level"] for line in lines} == {"debug"}
    assert re.fullmatch(rf"tare {words[0]} \([0-9.]+ ms\)", lines[-1]["msg"])
    container.kill("KILL")


def test_debug_without_a_log_is_on_standard_error(runtime, bundle):
    bundle.args("true").write()
    runtime.globals = ["--debug"]
    outcome = runtime.run(bundle)
    assert outcome.code == 0
    assert len(steps_of(outcome.stderr)) > 20
    assert all(line.startswith("tare: debug: ") for line in outcome.stderr.splitlines())


def test_debug_under_a_filter_that_lets_little_through(runtime, bundle, directory):
    # The stub must not ask for the time when its filter is loaded.
    calls = ["read", "write", "close", "execve", "exit_group", "setsid", "ioctl", "prlimit64", "clone", "prctl", "capset",
             "futex", "brk", "mmap", "munmap", "arch_prctl", "fcntl", "getuid", "rt_sigaction", "set_tid_address",
             "setuid", "readlink", "mprotect", "prlimit64", "set_robust_list", "rseq", "getrandom", "newfstatat"]
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_KILL_PROCESS",
        "syscalls": [{"names": calls, "action": "SCMP_ACT_ALLOW"}],
    }
    for privileges in (True, False):
        bundle.process["noNewPrivileges"] = privileges
        runtime.globals = ["--debug", "--log", directory / f"log-{privileges}"]
        assert runtime.run(bundle.args("true")).code == 0


def test_state_ends_its_line_on_a_terminal_only(runtime, bundle):
    container = runtime.create(bundle.args("sleep", "600"))
    assert runtime.call("state", container.id).ok().stdout.endswith("}")
    master, slave = pty.openpty()
    subprocess.run(runtime.command("state", container.id), stdin=subprocess.DEVNULL, stdout=slave, check=True)
    assert os.read(master, 65536).endswith(b"}\r\n")
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("words", [("state", "nobody"), ("--debug", "state", "nobody")], ids=" ".join)
def test_a_reader_that_is_gone_does_not_end_a_command(runtime, words):
    """It may have something to undo: the write fails, and no signal comes."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(runtime.command(*words), stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    assert process.wait(20) == 1
