# SPDX-License-Identifier: Apache-2.0
"""events, wait and the exit record: what a container uses, and how it ended. By cgroups v1 and v2, wherever a
controller is."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support import kernel
from support.machine import MACHINE

from test_control import file_of, is_v2

MEGABYTE = 1 << 20
NO_LIMIT_V2 = 18446744073709551615

# Needs more memory than it may have.
GREEDY = "dd if=/dev/zero of=/dev/null bs=100M count=1"


def stats_of(container):
    event = container.runtime.call("events", "--stats", container.id).ok().json()
    assert (event["type"], event["id"]) == ("stats", container.id)
    return event["data"]


@contextmanager
def streaming(container, *options):
    """The lines of `events`, one call of the function for each, until it ends."""
    words = container.runtime.command("events", *options, container.id)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        come = bytearray()  # two events may come at once

        def line(seconds=10):
            while b"\n" not in come:
                ready, _, _ = select.select([process.stdout], [], [], seconds)
                assert ready, "no event came"
                more = os.read(process.stdout.fileno(), 65536)
                if not more:
                    return None
                come.extend(more)
            text, _, come[:] = bytes(come).partition(b"\n")
            return json.loads(text)

        try:
            yield process, line
        finally:
            process.kill()


def await_watching(process):
    """Until it waits in poll(2): whatever happens from here on is told."""
    polls = {str(number) for number in MACHINE.polls}
    kernel.eventually(lambda: Path(f"/proc/{process.pid}/syscall").read_text().split()[0] in polls)


def with_little_memory(bundle):
    bundle.resources["memory"] = {"limit": 24 * MEGABYTE, "swap": 24 * MEGABYTE}
    return bundle


# ---- statistics --------------------------------------------------------------------------------


def test_statistics_are_what_the_kernel_counts(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MEGABYTE}
    bundle.resources["pids"] = {"limit": 55}
    bundle.resources["cpu"] = {"quota": 50000, "period": 100000}
    container = runtime.start(bundle.script("while :; do :; done"))
    kernel.eventually(lambda: "nr_periods 0\n" not in file_of(container, "cpu", "cpu.stat").read_text())
    stats = stats_of(container)
    assert stats["memory"]["usage"]["limit"] == 64 * MEGABYTE
    assert stats["pids"] == {"current": int(file_of(container, "pids", "pids.current").read_text()), "limit": 55}
    used = stats["memory"]["usage"]["usage"]
    name = "memory.current" if is_v2("memory") else "memory.usage_in_bytes"
    assert abs(used - int(file_of(container, "memory", name).read_text())) < 4 * MEGABYTE
    raw = dict(line.split() for line in file_of(container, "memory", "memory.stat").read_text().splitlines())
    assert set(stats["memory"]["raw"]) == set(raw)
    assert stats["cpu"]["usage"]["total"] > 1_000_000  # nanoseconds
    again = stats_of(container)
    assert again["cpu"]["usage"]["total"] >= stats["cpu"]["usage"]["total"]
    if is_v2("cpu"):
        counted = dict(line.split() for line in file_of(container, "cpu", "cpu.stat").read_text().splitlines())
        assert 0 < again["cpu"]["usage"]["total"] <= int(counted["usage_usec"]) * 1000
        assert {"some", "full"} == set(again["cpu"]["psi"])
        assert set(again["cpu"]["psi"]["some"]) == {"avg10", "avg60", "avg300", "total"}
    else:
        assert len(again["cpu"]["usage"]["percpu"]) == len(again["cpu"]["usage"]["percpu_user"])
        assert again["cpuset"]["cpus"]
    assert again["cpu"]["throttling"].get("periods", 0) > 0
    assert again["network_interfaces"] is None


def test_without_a_limit_the_number_is_the_highest(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    stats = stats_of(container)
    expected = NO_LIMIT_V2 if is_v2("memory") else 9223372036854771712
    assert stats["memory"]["usage"]["limit"] == expected
    assert "limit" not in stats["pids"]


def test_huge_pages_are_told_by_size(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    hugetlb = stats_of(container)["hugetlb"]
    place = file_of(container, "hugetlb" if not is_v2("hugetlb") else "memory" if is_v2("memory") else "", "x").parent
    sizes = {name.split(".")[1] for name in os.listdir(place) if name.startswith("hugetlb.")}
    assert set(hugetlb) == sizes
    assert all(entry["failcnt"] == 0 for entry in hugetlb.values())


def shape(value):
    """The types in a JSON value; what is in a list or by device is the same for each."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


# Left out when they are zero; psi and sizes of huge pages where a hybrid host's v2 hierarchy knows more than runc asks.
MAY_BE_ABSENT = {"psi", "usage", "current", "limit", "max", "cache", "periods", "throttledPeriods", "throttledTime"}
HUGE_PAGES = re.compile(r"[0-9]+[KMG]B")  # of a processor


def differences(peer, ours, path=""):
    if not isinstance(peer, dict) or not isinstance(ours, dict):
        return [] if peer == ours else [f"{path}: {peer} is {ours}"]
    found = [f"{path}/{key} is only in one" for key in (set(peer) ^ set(ours)) - MAY_BE_ABSENT
             if not HUGE_PAGES.fullmatch(key)]
    for key in set(peer) & set(ours):
        found += differences(peer[key], ours[key], f"{path}/{key}")
    return found


@pytest.mark.tare_only
@pytest.mark.skipif(shutil.which("runc") is None, reason="compares with runc")
def test_the_json_has_the_shape_of_runcs(runtime, bundle, make_bundle, directory):
    ours = runtime.start(bundle.script("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; sleep 600"))
    other = make_bundle().script("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; sleep 600")
    other.write()
    root = directory / "runc"
    name = runtime.new_id()
    runc = ["runc", "--root", str(root)]
    made = subprocess.run([*runc, "run", "-d", "--bundle", str(other.path), name], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if made.returncode != 0:
        pytest.skip("runc cannot run here")
    try:
        peer = json.loads(subprocess.check_output([*runc, "events", "--stats", name]))
    finally:
        subprocess.run([*runc, "delete", "--force", name], check=True)
    event = runtime.call("events", "--stats", ours.id).ok().json()
    # Which block devices have been used is not the same.
    found = [line for line in differences(shape(peer), shape(event)) if not line.startswith("/data/blkio/")]
    assert not found, found


def test_statistics_come_at_each_interval_until_the_container_stops(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    with streaming(container, "--interval", "20ms") as (process, line):
        for _ in range(3):
            assert line()["type"] == "stats"
        container.kill("KILL").ok()
        while line() is not None:  # what it had still to tell
            pass
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("interval", ["0", "-1s", "x", "5"])
def test_an_interval_that_is_none(runtime, bundle, interval):
    container = runtime.create(bundle)
    runtime.call("events", "--interval", interval, container.id).failed("interval")


def test_a_container_that_has_stopped_has_no_events(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    for options in (["--stats"], []):
        runtime.call("events", *options, container.id).failed(f"container with id {container.id} is not running")
    runtime.call("events", "nobody").failed("does not exist")


def test_a_created_container_has_statistics(runtime, bundle):
    assert stats_of(runtime.create(bundle))["pids"]["current"] == 1


# ---- lack of memory ----------------------------------------------------------------------------


def test_a_lack_of_memory_is_an_event(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.start(with_little_memory(bundle).script(f"read start; {GREEDY}; echo survived; sleep 600"), stdin=reader)
        with streaming(container, "--interval", "1h") as (process, line):
            await_watching(process)
            write()
            assert line() == {"type": "oom", "id": container.id}
            container.await_output("survived")
            container.kill("KILL").ok()


@contextmanager
def open_input():
    """Standard input for a container, and a function that writes a line to it."""
    reader, writer = os.pipe()
    try:
        yield reader, lambda: os.write(writer, b"go\n")
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.tare_only
def test_the_limit_that_killed_is_told(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.start(with_little_memory(bundle).script(f"read start; exec {GREEDY}"), stdin=reader)
        place = file_of(container, "memory", "x").parent
        write()
        container.await_end()
    exit_record = container.state()["exit"]
    assert exit_record["outcome"] == "signalled" and exit_record["signal"] == 9 and exit_record["code"] == 137
    assert exit_record["oomKills"] == 1
    assert exit_record["oomCgroup"] == str(place)


@pytest.mark.tare_only
def test_a_limit_above_the_container_is_not_taken_for_its_own(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    container.kill("KILL").ok()
    container.await_end()
    exit_record = container.state()["exit"]
    assert exit_record["oomKills"] == 0 and "oomCgroup" not in exit_record


@pytest.mark.tare_only
def test_run_warns_of_a_lack_of_memory(runtime, bundle):
    log = runtime.directory / "log"
    runtime.globals = ["--log", str(log), "--log-level", "warning"]
    outcome = runtime.run(with_little_memory(bundle).args(*GREEDY.split()))
    assert outcome.code == 137
    assert re.search(r"1 process was killed, as cgroup /sys/fs/cgroup/\S+ reached its memory limit", log.read_text())


# ---- the exit record ---------------------------------------------------------------------------


ENDS = [("exit 0", 0, None), ("exit 3", 3, None), ("exit 255", 255, None), ("kill -TERM $$", 143, 15), ("kill -KILL $$", 137, 9)]


def check(record, code, by_signal):
    assert record["outcome"] == ("signalled" if by_signal else "exited")
    assert record["code"] == code
    assert record.get("signal") == by_signal
    assert ("coreDumped" in record) == (by_signal is not None)


@pytest.mark.tare_only
@pytest.mark.parametrize("script, code, by_signal", ENDS, ids=[end[0] for end in ENDS])
def test_state_knows_the_end_of_a_zombie_and_keeps_it(runtime, bundle, script, code, by_signal):
    # The first process of a pid namespace ignores signals that it sends itself: here it has no own one.
    bundle.inherit("pid")
    container = runtime.create(bundle.script(script))
    pid = container.pid
    container.start().ok()
    container.await_end()
    state = container.state()
    check(state["exit"], code, by_signal)
    container.exit_status(pid)  # reaped: nobody else can learn it any more
    assert container.state() == state
    assert list(state)[-1] == "exit"
    container.delete().ok()
    runtime.call("state", container.id).failed("does not exist")


@pytest.mark.tare_only
def test_an_end_that_nobody_saw_is_not_guessed(runtime, bundle):
    container = runtime.create(bundle.script("exit 3"))
    pid = container.pid
    container.start().ok()
    container.exit_status(pid)
    assert "exit" not in container.state()
    outcome = runtime.call("wait", container.id)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (255, f"{container.id} unknown\n", "")
    outcome = runtime.call("wait", "--format", "json", container.id)
    assert outcome.json()["outcome"] == "unknown" and "code" not in outcome.json()


@pytest.mark.tare_only
def test_run_that_keeps_its_container_keeps_the_end(runtime, bundle):
    outcome = runtime.run(bundle.script("exit 5"), "--keep")
    assert outcome.code == 5
    record = runtime.call("state", runtime.ids[-1]).ok().json()["exit"]
    check(record, 5, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", record["ended"])


@pytest.mark.tare_only
def test_a_running_container_has_no_exit(runtime, bundle):
    assert "exit" not in runtime.start(bundle.args("sleep", "600")).state()


@pytest.mark.tare_only
def test_a_record_that_is_no_record_is_not_believed(runtime, bundle):
    container = runtime.start(bundle.script("exit 3"))
    container.await_end()
    (runtime.root / container.id / "exit.json").write_text('{"code": "x"}')
    check(container.state()["exit"], 3, None)


RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"


@pytest.mark.tare_only
def test_state_knows_when_the_process_was_started(runtime, bundle):
    container = runtime.create(bundle.args("sleep", "600"))
    assert "started" not in container.state()
    before = container.state()["created"]
    container.start().ok()
    state = container.state()
    assert re.fullmatch(RFC_3339, state["started"])
    assert before <= state["started"]
    container.kill("KILL").ok()
    container.await_end()
    ended = container.state()
    assert ended["started"] == state["started"]
    assert list(ended)[-2:] == ["started", "exit"]


@pytest.mark.tare_only
def test_a_start_is_not_the_creation(runtime, bundle):
    """They are told apart by the clock of the kernel, whose tick is at most 10 ms."""
    container = runtime.create(bundle.args("sleep", "600"))
    time.sleep(0.05)
    now = datetime.now(timezone.utc) - timedelta(milliseconds=20)
    container.start().ok()
    assert container.state()["started"] > now.strftime("%Y-%m-%dT%H:%M:%S.%f")


@pytest.mark.tare_only
def test_run_starts_what_it_creates(runtime, bundle):
    runtime.run(bundle.script("exit 5"), "--keep")
    state = runtime.call("state", runtime.ids[-1]).ok().json()
    assert re.fullmatch(RFC_3339, state["started"])
    assert state["created"] <= state["started"]


@pytest.mark.tare_only
def test_what_never_ran_was_never_started(runtime, bundle):
    (bundle.rootfs / "nonsense").write_text("\x7fELF nonsense")
    (bundle.rootfs / "nonsense").chmod(0o755)
    failed = runtime.create(bundle.args("/nonsense"))
    failed.start().failed("exec format error")
    killed = runtime.create(bundle.args("sleep", "600"))
    killed.kill("KILL").ok()
    for container in (failed, killed):
        container.await_end()
        assert container.status == "stopped"
        assert "started" not in container.state()


# ---- wait --------------------------------------------------------------------------------------


def waiting(container, *options):
    words = container.runtime.command("wait", *options, container.id)
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process):
    stdout, stderr = process.communicate(timeout=20)
    assert stderr == ""
    return process.returncode, stdout


def tells_after_reaping():
    """Whether this kernel tells the end of a process by pidfd after it was reaped."""
    return tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= (6, 15)


@pytest.mark.tare_only
@pytest.mark.parametrize("script, code, by_signal", ENDS, ids=[end[0] for end in ENDS])
def test_wait_ends_as_the_container_does(runtime, bundle, script, code, by_signal):
    bundle.inherit("pid")
    container = runtime.create(bundle.script(script))
    process = waiting(container)
    await_watching(process)  # a created container is waited for, too
    container.start().ok()
    assert answer(process) == (code, f"{container.id} {code}\n")
    # Afterwards it is known without waiting.
    outcome = runtime.call("wait", "--format=json", container.id)
    assert outcome.code == code and outcome.json()["id"] == container.id
    check(outcome.json(), code, by_signal)


@pytest.mark.tare_only
@pytest.mark.skipif(not tells_after_reaping(), reason="needs Linux 6.15")
def test_who_is_not_the_parent_learns_it_though_the_parent_is_quick(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.create(bundle.script("read line; exit 9"), stdin=reader)
        pid = container.pid
        process = waiting(container)
        await_watching(process)
        container.start().ok()
        os.kill(process.pid, signal.SIGSTOP)
        write()
        assert container.exit_status(pid) == 9  # we are the parent, and reap it first
        os.kill(process.pid, signal.SIGCONT)
        assert answer(process) == (9, f"{container.id} 9\n")
    check(container.state()["exit"], 9, None)


@pytest.mark.tare_only
def test_many_wait_at_once(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.start(bundle.script("read line; exit 4"), stdin=reader)
        processes = [waiting(container) for _ in range(20)]
        for process in processes:
            await_watching(process)
        write()
        assert [answer(process) for process in processes] == [(4, f"{container.id} 4\n")] * 20
    check(container.state()["exit"], 4, None)
    assert sorted(os.listdir(runtime.root / container.id)) == ["exit.json", "init", "intent.json", "started", "state.json"]


@pytest.mark.tare_only
def test_wait_for_several(runtime, make_bundle):
    containers = [runtime.create(make_bundle().script(f"exit {code}")) for code in (0, 6, 7)]
    words = runtime.command("wait", *(container.id for container in containers))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    await_watching(process)
    lines = []
    for container in reversed(containers):  # told as they end
        container.start().ok()
        lines.append(process.stdout.readline())
    ids = [container.id for container in containers]
    assert lines == [f"{ids[2]} 7\n", f"{ids[1]} 6\n", f"{ids[0]} 0\n"]
    assert process.wait(10) == 6  # the first of those named that did not end well


@pytest.mark.tare_only
def test_wait_gives_up_after_its_timeout(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    outcome = runtime.call("wait", "--timeout", "50ms", container.id)
    assert outcome.code == 255
    outcome.failed("wait for the end of", container.id, "ETIMEDOUT")
    for wrong in ("x", "-1s", "5"):
        runtime.call("wait", "--timeout", wrong, container.id).failed("--timeout", wrong)
    runtime.call("wait", container.id, "nobody").failed("does not exist")


@pytest.mark.tare_only
def test_wait_ends_when_the_container_is_deleted(runtime, bundle):
    container = runtime.create(bundle)
    process = waiting(container)
    await_watching(process)
    container.delete("--force").ok()
    assert answer(process) == (137, f"{container.id} 137\n")


@pytest.mark.tare_only
def test_wait_for_a_run_in_the_foreground(runtime, bundle):
    if not tells_after_reaping():
        pytest.skip("needs Linux 6.15")
    bundle.script("echo up; read line; exit 8").write()
    name = runtime.new_id()
    run = runtime.popen("run", "--bundle", bundle.path, name, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "up\n"
    process = subprocess.Popen(runtime.command("wait", name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    await_watching(process)
    run.communicate("go\n", timeout=20)
    assert answer(process) == (8, f"{name} 8\n")
    assert run.returncode == 8


# ---- life cycle --------------------------------------------------------------------------------


@pytest.mark.tare_only
def test_the_life_of_a_container_as_events(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.create(bundle.script("read line; exit 2"), stdin=reader)
        with streaming(container, "--interval", "1h", "--lifecycle") as (process, line):
            assert line() == {"type": "created", "id": container.id}
            await_watching(process)
            container.start().ok()
            assert line() == {"type": "started", "id": container.id}
            for _ in range(2):
                runtime.call("pause", container.id).ok()
                assert line() == {"type": "paused", "id": container.id}
                runtime.call("resume", container.id).ok()
                assert line() == {"type": "resumed", "id": container.id}
            write()
            event = line()
            assert (event["type"], event["id"]) == ("exited", container.id)
            check(event["data"], 2, None)
            assert line() is None
            assert process.wait(5) == 0


@pytest.mark.tare_only
def test_who_did_not_ask_for_the_life_cycle_is_not_told(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.start(bundle.script("read line"), stdin=reader)
        with streaming(container, "--interval", "1h") as (process, line):
            await_watching(process)
            runtime.call("pause", container.id).ok()
            runtime.call("resume", container.id).ok()
            write()
            assert line() is None


@pytest.mark.tare_only
def test_a_stream_that_begins_later_does_not_begin_with_created(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    with streaming(container, "--interval", "1h", "--lifecycle") as (process, line):
        await_watching(process)
        container.kill("KILL").ok()
        assert line()["type"] == "exited"


@pytest.mark.tare_only
def test_a_kill_for_want_of_memory_is_told_apart_from_the_want(runtime, bundle):
    with open_input() as (reader, write):
        script = f"while read line; do {GREEDY}; echo survived; done; sleep 600"
        container = runtime.start(with_little_memory(bundle).script(script), stdin=reader)
        with streaming(container, "--interval", "1h", "--lifecycle") as (process, line):
            await_watching(process)
            for count in (1, 2):
                write()
                assert line() == {"type": "oom", "id": container.id}
                assert line() == {"type": "oom_kill", "id": container.id, "data": {"count": count}}


@pytest.mark.tare_only
def test_without_the_life_cycle_there_is_no_kill(runtime, bundle):
    with open_input() as (reader, write):
        container = runtime.start(with_little_memory(bundle).script(f"read line; exec {GREEDY}"), stdin=reader)
        with streaming(container, "--interval", "1h") as (process, line):
            await_watching(process)
            write()
            assert line() == {"type": "oom", "id": container.id}
            assert line() is None


@pytest.mark.tare_only
@pytest.mark.skipif(is_v2("memory"), reason="of cgroup v1")
def test_a_container_without_the_killer_only_runs_out_of_memory(runtime, bundle):
    with_little_memory(bundle).resources["memory"]["disableOOMKiller"] = True
    # Where the kernel needs the memory, in a read(2) of dd, it fails instead of waiting: the program must touch it.
    greedy = "a=xxxxxxxx; while :; do a=$a$a; done"
    with open_input() as (reader, write):
        container = runtime.start(bundle.script(f"read line; {greedy}"), stdin=reader)
        with streaming(container, "--interval", "1h", "--lifecycle") as (process, line):
            await_watching(process)
            write()
            assert line() == {"type": "oom", "id": container.id}
            container.kill("KILL").ok()
            told = [line()["type"]]
            while told[-1] != "exited":
                told.append(line()["type"])
            assert "oom_kill" not in told


@pytest.mark.tare_only
@pytest.mark.skipif(not is_v2("memory"), reason="of cgroup v2")
def test_more_memory_than_memory_high_is_an_event(runtime, bundle):
    bundle.resources["unified"] = {"memory.high": str(8 * MEGABYTE)}
    with open_input() as (reader, write):
        # The kernel slows it down more and more: it is left alone then.
        container = runtime.start(bundle.script("read line; exec dd if=/dev/zero of=/dev/null bs=30M count=1"), stdin=reader)
        with streaming(container, "--interval", "1h", "--lifecycle") as (process, line):
            await_watching(process)
            write()
            event = line(60)
            assert (event["type"], event["id"]) == ("memory.high", container.id)
            assert event["data"]["count"] >= 1
            container.kill("KILL").ok()


# ---- pressure ----------------------------------------------------------------------------------


# Windows of whole 2s need no capability.
def has_pressure():
    return "" in kernel.cgroup_mounts() and Path("/proc/pressure/cpu").exists()


BUSY = "while :; do :; done"


@pytest.mark.tare_only
@pytest.mark.skipif(not has_pressure(), reason="needs pressure of cgroup v2")
def test_pressure_is_an_event(runtime, bundle):
    container = runtime.start(bundle.script(" & ".join(["{ " + BUSY + "; }"] * (2 * os.cpu_count() + 1))))
    with streaming(container, "--interval", "1h", "--psi", "cpu:some:1ms/2s") as (process, line):
        for _ in range(2):
            assert line(30) == {
                "type": "psi",
                "id": container.id,
                "data": {"resource": "cpu", "kind": "some", "stallUsec": 1000, "windowUsec": 2_000_000},
            }
        container.kill("KILL").ok()
        while line() is not None:  # what it had still to tell
            pass
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@pytest.mark.tare_only
@pytest.mark.skipif(not has_pressure(), reason="needs pressure of cgroup v2")
def test_several_triggers_are_told_apart(runtime, bundle):
    container = runtime.start(bundle.script(" & ".join(["{ " + BUSY + "; }"] * (2 * os.cpu_count() + 1))))
    options = [word for stall in ("1ms", "2ms") for word in ("--psi", f"cpu:some:{stall}/2s")]
    with streaming(container, "--interval", "1h", *options, "--psi=io:full:2s/2s") as (process, line):
        seen = set()
        while len(seen) < 2:
            event = line(30)
            assert event["data"]["resource"] == "cpu"
            seen.add(event["data"]["stallUsec"])
        assert seen == {1000, 2000}


@pytest.mark.tare_only
@pytest.mark.parametrize("trigger", ["", "cpu", "cpu:some:1ms", "cpu:some:1ms/1ms", "cpu:none:1ms/1s", "disk:some:1ms/1s"])
def test_a_trigger_that_is_none(runtime, bundle, trigger):
    container = runtime.create(bundle)
    runtime.call("events", "--psi", trigger, container.id).failed("--psi", "memory:some:150ms/1s")


@pytest.mark.tare_only
def test_pressure_that_the_kernel_does_not_tell_of(runtime, bundle):
    runtime.globals = ["--cgroup-manager", "disabled"]
    container = runtime.start(bundle.args("sleep", "600"))
    runtime.call("events", "--psi", "cpu:some:1ms/1s", container.id).failed("pressure of cpu", "has no cgroup v2")


@pytest.mark.tare_only
@pytest.mark.skipif(not has_pressure(), reason="needs pressure of cgroup v2")
def test_pressure_that_is_switched_off_in_the_cgroup(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    place = Path(f"{kernel.cgroup_mounts()['']}{kernel.cgroups(container.pid)['']}")
    (place / "cgroup.pressure").write_text("0")
    runtime.call("events", "--psi", "cpu:some:1ms/1s", container.id).failed("cpu.pressure", "(cgroup.pressure is 0)")


@pytest.mark.tare_only
@pytest.mark.skipif(not has_pressure(), reason="needs pressure of cgroup v2")
def test_a_window_that_needs_a_capability(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "600"))
    runtime.prefix = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource", "sh", "-c", 'exec "$@"', "sh"]
    runtime.call("events", "--psi", "cpu:some:1ms/1s", container.id).failed(
        "EINVAL", "tare does not hold CAP_SYS_RESOURCE, so a window must be a multiple of 2s")
    runtime.prefix = []
