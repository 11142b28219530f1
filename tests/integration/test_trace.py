# SPDX-License-Identifier: Apache-2.0
"""--trace and tare trace: the time of each step, for Perfetto and as a table."""

import json
import os
import stat
import subprocess

import pytest

pytestmark = pytest.mark.tare_only

ACTORS = ["host", "stage", "init", "stub"]


@pytest.fixture
def file(directory):
    return directory / "trace.json"


@pytest.fixture
def traced(runtime, file):
    """The events of a command, by their kind: a duration (X), a fact (i), a name (M)."""

    def call(*words, **popen):
        runtime.globals = ["--trace", file]
        try:
            outcome = runtime.call(*words, **popen)
        finally:
            runtime.globals = []
        events = json.loads(file.read_text())["traceEvents"]
        assert {event["ph"] for event in events} <= {"X", "i", "M"}
        return outcome, events

    return call


def written(bundle):
    bundle.write()
    return bundle.path


def steps(events):
    return [event for event in events if event["ph"] == "X"]


def named(events, words):
    return [event for event in steps(events) if event["name"] == words]


def end(event):
    return event["ts"] + event["dur"]


def planned(runtime, bundle):
    plan = json.loads(runtime.call("plan", "--format", "json", bundle.path).ok().stdout)
    return [(step["actor"], step["what"], step["calls"]) for step in plan]


def test_every_step_of_a_run_has_its_time(runtime, bundle, traced):
    name = runtime.new_id()
    outcome, events = traced("run", "--bundle", written(bundle.args("true")), name)
    outcome.ok()
    (whole,) = named(events, "tare run")
    found = [(ACTORS[event["tid"]], event["name"].replace(name, "plan"), event["args"].get("calls", ""))
             for event in steps(events)]
    left_out = ("wait to be started", 'execute "true"')  # only create waits; execve(2) ends the stub
    expected = [one for one in planned(runtime, bundle) if one[1] not in left_out]
    assert expected and [one for one in expected if one not in found] == []
    for event in steps(events):
        assert event["pid"] == whole["pid"]
        assert whole["ts"] <= event["ts"] <= end(event) <= end(whole), event
        assert abs(event["dur"] * 1000 - event["args"]["nanoseconds"]) <= 1000
        is_of_stub = ACTORS[event["tid"]] == "stub" or event["name"] == "become the stub"
        assert ("cpuNanoseconds" in event["args"]) == (not is_of_stub)


def test_the_rows_have_the_names_of_the_processes(runtime, bundle, traced):
    outcome, events = traced("run", "--bundle", written(bundle.args("true")), runtime.new_id())
    outcome.ok()
    names = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert [names[row] for row in range(4)] == ACTORS
    rows = {event["tid"] for event in steps(events)}
    assert rows == {0, 2, 3}  # this container needs no stage


def test_the_steps_of_one_process_do_not_overlap(runtime, bundle, traced):
    outcome, events = traced("run", "--bundle", written(bundle.args("true")), runtime.new_id())
    outcome.ok()
    for actor in ("init", "stub"):
        own = sorted((event for event in steps(events) if ACTORS[event["tid"]] == actor), key=lambda one: one["ts"])
        assert all(end(one) <= other["ts"] for one, other in zip(own, own[1:]))


@pytest.mark.parametrize("words", ["create", "start", "exec", "kill", "delete"])
def test_every_command_can_be_traced(runtime, bundle, traced, words):
    name = runtime.new_id()
    calls = {
        "create": ("create", "--bundle", written(bundle.args("sleep", "60")), name),
        "start": ("start", name),
        "exec": ("exec", name, "true"),
        "kill": ("kill", name, "KILL"),
        "delete": ("delete", "--force", name),
    }
    for command, call in calls.items():
        outcome, events = traced(*call, stdout=subprocess.DEVNULL)
        outcome.ok()
        assert len(named(events, f"tare {command}")) == 1
        if command == words:
            assert len(steps(events)) > 1
            break
    runtime.call("delete", "--force", name)


def test_a_failed_command_shows_the_step(runtime, bundle, traced):
    bundle.mount("/x", "tmpfs", "tmpfs", ["size=lots"])
    outcome, events = traced("run", "--bundle", written(bundle), runtime.new_id())
    assert outcome.code != 0
    assert named(events, "tare run")
    assert named(events, "mount tmpfs on /x")
    assert not named(events, "ready")


def test_in_a_time_namespace_the_clock_is_the_same(runtime, bundle, traced):
    bundle.config["linux"]["namespaces"].append({"type": "time"})
    bundle.config["linux"]["timeOffsets"] = {"monotonic": {"secs": 100000}, "boottime": {"secs": 100000}}
    outcome, events = traced("run", "--bundle", written(bundle.args("true")), runtime.new_id())
    outcome.ok()
    (whole,) = named(events, "tare run")
    assert all(whole["ts"] <= event["ts"] <= end(event) <= end(whole) for event in steps(events))
    assert 1 in {event["tid"] for event in steps(events)}  # a stage sets the offsets


def test_the_table_has_the_longest_steps_first(runtime, bundle, traced, file):
    outcome, events = traced("run", "--bundle", written(bundle.args("true")), runtime.new_id())
    outcome.ok()
    lines = runtime.call("trace", "--count", "5", file).ok().stdout.splitlines()
    assert lines[0].split() == ["MS", "CPU", "ACTOR", "STEP"]
    longest = sorted(steps(events), key=lambda event: -event["args"]["nanoseconds"])
    assert lines[1].split()[2:] == ["host", "tare", "run"]
    shown = [line.split(None, 3) for line in lines[1:6]]
    assert [one[0] for one in shown] == [f"{one['args']['nanoseconds'] // 1000 / 1000:.3f}" for one in longest[:5]]
    assert lines[6] == f"and {len(longest) - 5} shorter steps"
    assert len(runtime.call("trace", "-n", len(longest), file).ok().stdout.splitlines()) == 1 + len(longest)


def test_an_old_trace_is_replaced(runtime, file, traced):
    file.write_text("x" * 100_000)
    file.chmod(0o644)
    traced("list")[0].ok()
    assert "x" * 10 not in file.read_text()


def test_a_new_trace_is_its_users_own(file, traced):
    traced("list")[0].ok()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_trace_that_cannot_be_written_is_an_error_first(runtime, bundle, directory):
    for place in (directory, directory / "none" / "x"):
        runtime.globals = ["--trace", place]
        outcome = runtime.call("create", "--bundle", written(bundle), runtime.new_id())
        outcome.failed("open the trace")
        runtime.globals = []
        assert not runtime.stored()


def test_a_trace_and_a_log(runtime, bundle, directory, file):
    runtime.globals = ["--trace", file, "--debug", "--log", directory / "log"]
    runtime.call("run", "--bundle", written(bundle.args("true")), runtime.new_id()).ok()
    assert "init: mount proc on /proc [" in (directory / "log").read_text()
    assert named(json.loads(file.read_text())["traceEvents"], "mount proc on /proc")


HOSTILE = {
    "nothing": b"",
    "no object": b"[]",
    "no events": b"{}",
    "a number as name": b'{"traceEvents":[{"name":1,"ph":"X"}]}',
    "deep": b"[" * 100_000,
    "half": b'{"traceEvents":[{"name":"x"',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_trace_is_refused(runtime, file, content):
    file.write_bytes(content)
    runtime.call("trace", file).failed(str(file))


def test_a_file_that_is_none_is_refused(runtime, directory):
    os.mkfifo(directory / "fifo")
    runtime.call("trace", directory / "fifo").failed("EINVAL")
    runtime.call("trace", directory).failed("EISDIR")
    runtime.call("trace", directory / "none").failed("ENOENT")


def test_the_table_prints_no_control_characters(runtime, file):
    event = {"name": "a\x1b[2Jb", "ph": "X", "tid": 1 << 60, "args": {"nanoseconds": (1 << 63) - 1}}
    low = {"name": "low", "ph": "X", "tid": -5, "args": {"nanoseconds": -(1 << 63), "cpuNanoseconds": -7}}
    file.write_text(json.dumps({"traceEvents": [event, low]}))
    text = runtime.call("trace", file).ok().stdout
    assert "\x1b" not in text and "a" in text and "low" in text
