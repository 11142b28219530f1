# SPDX-License-Identifier: Apache-2.0
"""runtime.md: the life of a container from create to delete, and every call that comes at the wrong time."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from support import kernel
from support.kernel import eventually

VERBS_ON_AN_ID = [["start"], ["state"], ["kill"], ["delete"], ["delete", "--force"]]

BAD_IDS = {
    "empty": "",
    "dot": ".",
    "parent": "..",
    "climbing": "../x",
    "absolute": "/x",
    "slash": "a/b",
    "trailing slash": "a/",
    "space": "a b",
    "letter outside ASCII": "é",
    "newline": "a\nb",
    "star": "*",
    "backslash": "a\\b",
    "256 letters": "a" * 256,
    "5000 letters": "a" * 5000,
}


def sleeping(bundle):
    """A program that says so when it runs, ends on TERM and sleeps otherwise."""
    return bundle.script("trap 'exit 7' TERM; echo running; while :; do sleep 0.05; done")


# ---- the normal way ----------------------------------------------------------------------------


def test_create_makes_a_live_process_that_has_not_run_the_program(runtime, bundle):
    container = runtime.create(bundle.script("echo ran"))
    state = container.state()
    assert state["status"] == "created"
    assert kernel.is_alive(state["pid"])
    assert container.output() == ""


@pytest.mark.tare_only
def test_ps_shows_a_created_container_as_what_it_is(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(container.pid)], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == f"tare:init {container.id}"
    assert Path(f"/proc/{container.pid}/comm").read_text() == "tare:init\n"
    container.start().ok()
    container.await_output("running")
    assert container.id.encode() not in Path(f"/proc/{container.pid}/cmdline").read_bytes()


def test_start_runs_the_program(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    created = container.pid
    container.start().ok()
    container.await_output("running")
    assert container.status == "running"
    assert container.pid == created


def test_a_container_whose_program_ended_is_stopped(runtime, bundle):
    container = runtime.start(bundle.script("exit 3"))
    container.await_end()
    assert container.status == "stopped"


def test_init_keeps_its_exit_status_for_its_parent(runtime, bundle):
    container = runtime.create(bundle.script("exit 3"))
    pid = container.pid
    container.start().ok()
    assert container.exit_status(pid) == 3


def test_the_pid_of_a_stopped_container_is_absent_or_zero(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    assert container.state().get("pid", 0) == 0


def test_state_says_stopped_while_init_is_a_zombie(runtime, bundle):
    container = runtime.create(bundle)
    pid = container.pid
    container.start().ok()
    eventually(lambda: kernel.process_state(pid) == "Z")
    assert container.status == "stopped"


def test_state_says_stopped_after_init_was_reaped(runtime, bundle):
    container = runtime.create(bundle)
    pid = container.pid
    container.start().ok()
    container.exit_status(pid)
    assert container.status == "stopped"


@pytest.mark.tare_only
def test_a_program_whose_first_thread_has_ended_runs_until_the_last_one_has(runtime, bundle):
    """proc(5) says Z of such a process. runc takes it for dead."""
    program = """
        #include <pthread.h>
        #include <unistd.h>
        static void* wait(void* unused) { return pause(), unused; }
        int main(void) { pthread_t other; pthread_create(&other, 0, wait, 0); pthread_exit(0); }"""
    subprocess.run(["cc", "-static", "-xc", "-", "-o", bundle.rootfs / "bin/threads"], input=program, text=True, check=True)
    container = runtime.start(bundle.args("threads"))
    pid = container.pid
    eventually(lambda: kernel.process_state(pid) == "Z")
    assert container.status == "running"
    container.delete().failed("running")
    container.delete("--force").ok()
    eventually(lambda: kernel.status(pid)["Threads"] == "1")


def test_delete_ends_a_stopped_container_while_init_is_a_zombie(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    container.delete().ok()
    container.runtime.call("state", container.id).failed("does not exist")


def test_an_id_can_be_used_again_after_delete(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    container.delete().ok()
    runtime.call("create", "--bundle", bundle.path, container.id).ok()
    assert container.status == "created"


def test_the_bundle_is_the_working_directory_by_default(runtime, bundle):
    bundle.write()
    name = runtime.new_id()
    runtime.call("create", name, cwd=bundle.path).ok()
    assert runtime.call("state", name).ok().json()["bundle"] == str(bundle.path)


def test_changes_of_config_json_after_create_have_no_effect(runtime, bundle):
    container = runtime.create(bundle.script("echo old"))
    bundle.script("echo new").write()
    container.start().ok()
    container.await_end()
    assert container.output() == "old\n"


def test_a_bundle_that_is_gone_does_not_stop_the_container(runtime, bundle, directory):
    container = runtime.create(sleeping(bundle))
    bundle.path.rename(directory / "elsewhere")
    container.start().ok()
    container.await_output("running")
    container.kill("KILL").ok()
    container.await_end()
    container.delete().ok()


def test_two_containers_of_one_bundle_do_not_meet(runtime, bundle):
    first, second = runtime.start(sleeping(bundle)), runtime.start(bundle)
    first.await_output("running")
    first.kill("KILL").ok()
    first.await_end()
    assert (first.status, second.status) == ("stopped", "running")


# ---- run ---------------------------------------------------------------------------------------


def test_run_leaves_no_container(runtime, bundle):
    runtime.run(bundle).ok()
    assert runtime.stored() == []


def test_run_detached_returns_while_the_program_runs(runtime, bundle, directory):
    sleeping(bundle).write()
    name = runtime.new_id()
    runtime.call("run", "--detach", "--pid-file", directory / "pid", "--bundle", bundle.path, name).ok()
    state = runtime.call("state", name).ok().json()
    assert state["status"] == "running"
    assert (directory / "pid").read_text() == str(state["pid"])


def test_run_keep_leaves_a_stopped_container(runtime, bundle):
    bundle.write()
    name = runtime.new_id()
    outcome = runtime.call("run", "--keep", "--bundle", bundle.path, name)
    if runtime.name == "runc" and "not defined" in outcome.stdout + outcome.stderr:
        pytest.skip("this runc has no --keep")
    outcome.ok()
    assert runtime.call("state", name).ok().json()["status"] == "stopped"


def test_run_forwards_signals_to_the_program(runtime, bundle, directory):
    bundle.script("trap 'exit 9' USR1; echo running; while :; do sleep 0.05; done").write()
    with open(directory / "out", "wb") as out:
        process = runtime.popen("run", "--bundle", bundle.path, runtime.new_id(), stdout=out)
    eventually(lambda: "running" in (directory / "out").read_text())
    process.send_signal(signal.SIGUSR1)
    assert process.wait(5) == 9


# ---- the pid file ------------------------------------------------------------------------------


def test_the_pid_file_has_the_pid_in_digits_and_nothing_else(runtime, bundle, directory):
    container = runtime.create(bundle, "--pid-file", directory / "pid")
    assert (directory / "pid").read_bytes() == str(container.pid).encode()


def test_a_relative_pid_file_is_relative_to_the_caller(runtime, bundle, directory):
    container = runtime.create(bundle, "--pid-file", "here.pid", cwd=directory)
    assert (directory / "here.pid").read_text() == str(container.pid)


def test_a_pid_file_that_is_there_is_replaced(runtime, bundle, directory):
    (directory / "pid").write_text("123456789\n")
    container = runtime.create(bundle, "--pid-file", directory / "pid")
    assert (directory / "pid").read_text() == str(container.pid)


def test_a_pid_file_that_is_a_link_is_not_written_through(runtime, bundle, directory, canary):
    (directory / "pid").symlink_to(canary.path / "file")
    runtime.try_create(bundle, "--pid-file", directory / "pid")


def test_a_pid_file_that_cannot_be_written_fails_create_and_leaves_nothing(runtime, bundle, directory):
    runtime.try_create(bundle, "--pid-file", directory / "missing/pid").failed("pid")
    assert runtime.stored() == []


# ---- kill --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "sigterm", "15", None])
def test_kill_takes_names_and_numbers_and_term_by_default(runtime, bundle, name):
    container = runtime.create(sleeping(bundle))
    pid = container.pid
    container.start().ok()
    container.await_output("running")
    (container.kill(name) if name else container.kill()).ok()
    assert container.exit_status(pid) == 7


def test_kill_sends_the_signal_that_was_asked_for(runtime, bundle):
    container = runtime.start(bundle.script("trap 'echo got' HUP; echo running; while :; do sleep 0.05; done"))
    container.await_output("running")
    container.kill("HUP").ok()
    container.await_output("got")
    assert container.status == "running"


@pytest.mark.tare_only  # runc 1.1 knows no RTMIN+n
def test_kill_knows_realtime_signals(runtime, bundle):
    bundle.script(f"trap 'exit 5' {signal.SIGRTMIN + 3}; echo running; while :; do sleep 0.05; done")
    container = runtime.create(bundle)
    pid = container.pid
    container.start().ok()
    container.await_output("running")
    container.kill("RTMIN+3").ok()
    assert container.exit_status(pid) == 5


@pytest.mark.parametrize("name", ["SIGFOO", "FOO", "65", "-9", "9x", "RTMIN+40", pytest.param("", marks=pytest.mark.tare_only)])
def test_kill_refuses_what_is_no_signal(runtime, bundle, name):
    container = runtime.create(bundle)
    runtime.call("kill", "--", container.id, name).failed("signal")
    assert container.status == "created"


def test_kill_ends_a_created_container_before_its_program_ran(runtime, bundle):
    container = runtime.create(bundle.script("echo ran"))
    container.kill("KILL").ok()
    container.await_end()
    assert container.status == "stopped"
    assert container.output() == ""


def test_kill_of_a_stopped_container_fails(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    container.kill("KILL").failed("container not running")


@pytest.mark.parametrize("option", ["--all", "-a"])
def test_kill_all_of_a_stopped_container_has_nothing_to_do(runtime, bundle, option):
    # Engines say this after the end, to be sure.
    container = runtime.start(bundle)
    container.await_end()
    runtime.call("kill", option, container.id, "KILL").ok()


def test_kill_all_reaches_every_process_of_the_container(runtime, bundle):
    container = runtime.start(bundle.script("sleep 60 & sleep 60 & echo running; wait; wait"))
    container.await_output("running")
    started = kernel.descendants(container.pid)
    assert len(started) == 2
    runtime.call("kill", "--all", container.id, "TERM").ok()
    eventually(lambda: not any(map(kernel.is_alive, started)))


@pytest.mark.tare_only  # runc since 1.2
def test_sigkill_without_a_pid_namespace_ends_the_whole_container(runtime, bundle):
    bundle.inherit("pid").script("sleep 60 & echo running; wait")
    container = runtime.start(bundle)
    container.await_output("running")
    (child,) = kernel.descendants(container.pid)
    container.kill("KILL").ok()
    eventually(lambda: not kernel.is_alive(child))


def test_a_process_that_survives_init_is_ended_by_delete(runtime, bundle):
    bundle.inherit("pid").script("sleep 60 & echo $!")
    container = runtime.start(bundle)
    container.await_end()
    survivor = int(container.output())
    assert kernel.is_alive(survivor)
    container.delete("--force").ok()
    assert not kernel.is_alive(survivor)


# ---- calls at the wrong time -------------------------------------------------------------------


@pytest.mark.parametrize("verb", [["start"], ["state"], ["kill"], ["delete"]], ids=" ".join)
def test_an_unknown_id_does_not_exist(runtime, verb):
    runtime.call(*verb, runtime.new_id()).failed("does not exist")


def test_start_of_a_running_container_fails_and_changes_nothing(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    container.await_output("running")
    container.start().failed("cannot start an already running container")
    assert container.status == "running"
    assert container.output() == "running\n"


def test_start_of_a_stopped_container_fails(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    container.start().failed("cannot start a container that has stopped")


def test_start_of_a_created_container_whose_init_died_fails(runtime, bundle):
    container = runtime.create(bundle)
    pid = container.pid
    os.kill(pid, signal.SIGKILL)
    container.exit_status(pid)
    container.start().failed("cannot start a container that has stopped")


def test_delete_of_a_running_container_fails_and_changes_nothing(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    container.await_output("running")
    container.delete().failed(f"cannot delete container {container.id} that is not stopped: running")
    assert container.status == "running"


@pytest.mark.tare_only  # runtime.md: only a stopped container can be deleted; runc and crun kill a created one
def test_delete_of_a_created_container_fails_and_changes_nothing(runtime, bundle):
    container = runtime.create(sleeping(bundle))
    container.delete().failed(f"cannot delete container {container.id} that is not stopped: created")
    container.start().ok()
    container.await_output("running")


@pytest.mark.parametrize("verb", ["create", "run"])
def test_an_id_in_use_is_refused_and_its_container_lives_on(runtime, bundle, verb):
    container = runtime.start(sleeping(bundle))
    runtime.call(verb, "--bundle", bundle.path, container.id).failed("container with given ID already exists")
    container.await_output("running")
    assert container.status == "running"


@pytest.mark.tare_only  # runc 1.1 refuses this at create already
def test_start_fails_if_no_process_was_set(runtime, bundle):
    del bundle.config["process"]
    container = runtime.create(bundle)
    assert container.status == "created"
    container.start().failed("process")


@pytest.mark.parametrize("verb", [["create"], ["run"], *VERBS_ON_AN_ID], ids=" ".join)
def test_the_id_is_required(runtime, verb):
    assert runtime.call(*verb).code != 0


@pytest.mark.parametrize("name", BAD_IDS.values(), ids=BAD_IDS.keys())
def test_a_bad_id_is_refused_by_every_command_and_touches_no_file(runtime, bundle, directory, canary, name):
    # The store's parent, the store, and places that a climbing id would reach.
    bundle.write()
    runtime.root.mkdir()
    (runtime.root / "kept").mkdir()
    (runtime.directory / "x").mkdir()

    def look():
        return sorted(subprocess.run(["find", directory], capture_output=True, check=True).stdout.split(b"\n"))

    def without_captured_output(paths):
        return [path for path in paths if not path.endswith((b".out", b".err"))]

    before = look()
    for verb in VERBS_ON_AN_ID:
        runtime.call(*verb, "--", name).failed()
    for verb in ("create", "run"):
        runtime.call(verb, "--bundle", bundle.path, "--", name).failed()
    assert without_captured_output(look()) == without_captured_output(before)
    shutil.rmtree(runtime.root)


@pytest.mark.tare_only
@pytest.mark.parametrize("name", BAD_IDS.values(), ids=BAD_IDS.keys())
def test_the_error_for_a_bad_id_says_that_it_is_the_id(runtime, name):
    runtime.call("state", "--", name).failed("empty" if name == "" else "invalid container ID")


@pytest.mark.parametrize("name", ["a", "a.b", "A_b-c+d", "0", "a" * 64])
def test_ids_that_callers_use_are_taken(runtime, bundle, name):
    bundle.write()
    bundle.linux["cgroupsPath"] = runtime.new_id()
    runtime.ids.append(name)
    bundle.write()
    runtime.call("create", "--bundle", bundle.path, name).ok()
    assert runtime.call("state", name).ok().json()["id"] == name


# ---- create fails ------------------------------------------------------------------------------


def test_a_failed_create_leaves_no_container_and_frees_the_id(runtime, bundle):
    bundle.mount("/x", "no-such-filesystem", "none")
    runtime.try_create(bundle).failed("/x", tare=["no-such-filesystem"])
    name = runtime.ids[-1]
    assert runtime.stored() == []
    runtime.call("state", name).failed("does not exist")
    bundle.without_mount("/x").write()
    runtime.call("create", "--bundle", bundle.path, name).ok()


@pytest.mark.tare_only  # runc 1.1 can lose the winner's state when a loser cleans up
def test_of_many_creates_of_one_id_exactly_one_succeeds(runtime, bundle):
    sleeping(bundle).write()
    name = runtime.new_id()
    words = ("create", "--bundle", bundle.path, name)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [runtime.popen(*words, **quiet) for _ in range(8)]
    assert sorted(process.wait(20) for process in processes) == [0] + [1] * 7
    runtime.call("start", name).ok()
    assert runtime.call("state", name).ok().json()["status"] == "running"


# ---- delete by force ---------------------------------------------------------------------------


def test_delete_force_of_what_does_not_exist_succeeds(runtime):
    runtime.call("delete", "--force", runtime.new_id()).ok()


def test_delete_force_ends_a_created_container(runtime, bundle):
    container = runtime.create(bundle)
    pid = container.pid
    container.delete("--force").ok()
    assert not kernel.is_alive(pid)
    assert runtime.stored() == []


def test_delete_force_ends_a_running_container(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    pid = container.pid
    container.delete("--force").ok()
    assert not kernel.is_alive(pid)
    assert runtime.stored() == []


def test_delete_force_of_a_stopped_container_succeeds(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    container.delete("--force").ok()
    assert runtime.stored() == []


def test_delete_force_removes_an_entry_without_a_record(runtime):
    name = runtime.new_id()
    (runtime.root / name).mkdir(parents=True)
    runtime.call("delete", "--force", name).ok()
    assert runtime.stored() == []


def test_the_option_may_follow_the_id(runtime, bundle):
    container = runtime.create(bundle)
    runtime.call("delete", container.id, "--force").ok()
    assert runtime.stored() == []


def test_delete_force_twice_succeeds(runtime, bundle):
    container = runtime.create(bundle)
    container.delete("--force").ok()
    container.delete("--force").ok()


@pytest.mark.tare_only
def test_an_id_that_is_claimed_and_not_recorded_yet_does_not_exist(runtime):
    # What another `create` leaves between its first two steps.
    (runtime.root / "claimed").mkdir(parents=True)
    for verb in ("state", "start", "kill", "pause", "ps", "exec"):
        runtime.call(verb, "claimed", *(["true"] if verb == "exec" else [])).failed("container does not exist: claimed")
    assert runtime.call("list", "--format", "json").ok().json() == []
    runtime.call("delete", "--force", "claimed").ok()
    assert runtime.stored() == []


# ---- signals to a container that waits -----------------------------------------------------------


@pytest.mark.parametrize("signal", ["TERM", "INT", "HUP"])
@pytest.mark.parametrize("pids", ["a pid namespace of its own", "the host's"])
def test_a_created_container_ends_by_the_usual_signals(runtime, bundle, signal, pids):
    # As with runc: it is init of its pid namespace, which the kernel protects from signals without a handler.
    if pids == "the host's":
        bundle.inherit("pid").without_mount("/proc").linux["maskedPaths"] = []
        bundle.linux["readonlyPaths"] = []
    container = runtime.create(bundle.args("sleep", "600"))
    container.kill(signal).ok()
    container.await_end()
    assert container.status == "stopped"
    container.start().failed("stopped")


def test_the_program_has_the_signals_that_the_waiting_init_ended_by(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    assert int(kernel.status(container.pid)["SigCgt"], 16) == 0
