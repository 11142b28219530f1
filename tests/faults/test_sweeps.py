# SPDX-License-Identifier: Apache-2.0
"""A part of the sweeps of support/sweep.py: points of every command, chosen by a seed, which is the same each time: `make
test` answers the same of the same tree. TARE_SEED is another one; `make test-faults` visits all points."""

import os
import re
import signal

import pytest
from support import kernel, schedule, sweep

pytestmark = [
    pytest.mark.tare_only,
    pytest.mark.skipif(not sweep.is_possible(), reason="inject.c writes the registers of x86-64"),
]

POINTS = {"schedule": 5}  # of each command; of the other sweeps 20


@pytest.fixture
def seed():
    chosen = int(os.environ.get("TARE_SEED", 1))
    print(f"seed {chosen}")
    return chosen


@pytest.fixture(params=[False, True], ids=["plain", "user namespace"])
def stage(request, runtime, make_bundle):
    return sweep.Stage(runtime, make_bundle, lambda bundle: bundle.user_namespace() if request.param else bundle)


@pytest.mark.parametrize("kind", schedule.SWEEPS)
def test_a_part_of_the_points_of_every_command(stage, kind, seed):
    points = POINTS.get(kind, 20)
    results = {command: schedule.SWEEPS[kind](stage, command, seed, points) for command in sweep.scenes(stage)}
    for command, result in results.items():
        print(f"{kind} sweep of {command}: {result}")
    assert [line for result in results.values() for line in result.findings] == []


# ---- what once went wrong -----------------------------------------------------------------------

ONCE_WRONG = [
    # delete took a container whose init it could not look at for a dead one, and forgot it
    ("delete --force", "absence", "every (pidfd_open|newfstatat|openat|read|fstat|kill)$"),
    ("delete --force", "error", "^EMFILE of call .* of the command, (openat|read|newfstatat)$"),
    ("delete", "error", "^EIO of call .* of the command, (openat|read|newfstatat)$"),
    # a cgroup that rmdir(2) left when a signal came
    ("delete", "error", "EINTR of call .*, rmdir$"),
    # init could be inspected, or outlived tare; the list of capabilities to drop had no end
    ("create", "absence", "every prctl$"),
    ("create", "error", "^EIO of call .* prctl$"),
    # tare waited for ever for an init that had not got its message
    ("create", "absence", "every sendto$"),
    # a container without its cgroup of version 2
    ("create", "error", "^EMFILE of call .* of the command, (openat|read)$"),
    # tare waited for ever for a report that init could not write; a file was called not tare's
    ("create", "error", "^EAGAIN of call .* of the container's process, write$"),
    ("delete", "error", "^EMFILE of call .* of the command, unlinkat$"),
    # tare waited for ever for a CRIU that waited for the end of the connection
    ("checkpoint", "absence", "every shutdown$"),
    # a claim of the ID stayed
    ("create", "error", "EIO of call .* of the command, (newfstatat|flock)$"),
]


def test_a_device_rule_that_the_kernel_refuses_with_a_user_namespace(runtime, make_bundle):
    """Its devices are the host's: without the rules the container would run with all of them."""
    one = sweep.Sweep(sweep.Stage(runtime, make_bundle, lambda bundle: bundle.user_namespace()), "run")
    points = [point for point in one.errors(("EACCES", "EPERM")) if re.search("the command, write$", point.words)]
    assert one.run(points, one.is_work_or_error).findings == []


def test_delete_ends_an_exec_that_is_on_its_way_in(runtime, make_bundle):
    """Its process was in the cgroup and not in the pid namespace: delete left the cgroup to it and forgot it."""
    one = schedule.Schedule(sweep.Stage(runtime, make_bundle), "exec")
    points = [point for point in one.points()
              if point.process == 1 and point.other == "delete --force" and point.words.split(", ")[1] == "newfstatat"]
    assert points
    assert one.visit_all(points).findings == []


@pytest.mark.parametrize("command, kind, words", ONCE_WRONG)
def test_points_that_once_went_wrong(runtime, make_bundle, command, kind, words):
    one = sweep.Sweep(sweep.Stage(runtime, make_bundle), command)
    points = [point for point in (one.errors() if kind == "error" else one.absences()) if re.search(words, point.words)]
    assert points
    assert one.run(one.sample(points, 40), one.is_work_or_error).findings == []


def test_a_call_that_must_not_fail_unnoticed(runtime, make_bundle):
    """What the container does not show of itself: whether others may look into it while it begins."""
    one = sweep.Sweep(sweep.Stage(runtime, make_bundle), "create")
    points = [point for point in one.errors(("EPERM",)) if point.words.endswith(", prctl")]
    of_tare, of_init = ([point for point in points if point.process == process] for process in (0, 1))
    result = one.run(of_tare[-2:] + of_init[:2], one.is_work_or_error)  # others read which capabilities there are
    assert (result.findings, result.counts["refused"]) == ([], 4), str(result)


def test_a_command_is_held_until_it_is_let_go(runtime, make_bundle):
    """Without this the schedules would show nothing."""
    one = schedule.Schedule(sweep.Stage(runtime, make_bundle), "kill")
    last, log = one.calls[-2], one.stage.place / "hits"
    log.write_text("")
    with one.container() as name:
        words = [one.stage.inject, log, 0, 0, f"hold:{last.ordinal}", "--",
                 *runtime.command(*one.scene.words(name))]
        held = schedule.Running(one.stage, "held", words)
        kernel.eventually(lambda: log.stat().st_size > 0)
        command = kernel.descendants(held.process.pid)[0]
        assert kernel.process_state(command) == "t"
        kernel.eventually(lambda: one.scene.status(name) == "stopped")  # others see what it did before
        assert not held.has_ended()
        held.process.send_signal(signal.SIGUSR1)
        kernel.eventually(held.has_ended)
        assert held.end() == (0, "")
