# SPDX-License-Identifier: Apache-2.0
"""A part of the sweeps of support/sweep.py: points of every command, chosen by a seed that is printed.
`make test-faults` visits them all."""

import os
import random
import re

import pytest
from support import sweep

pytestmark = [
    pytest.mark.tare_only,
    pytest.mark.skipif(not sweep.is_possible(), reason="inject.c writes the registers of x86-64"),
]

POINTS = 20  # of each command in each sweep


@pytest.fixture
def seed():
    chosen = int(os.environ.get("TARE_SEED", random.randrange(2**32)))
    print(f"seed {chosen}: TARE_SEED repeats it")
    return chosen


@pytest.fixture(params=[False, True], ids=["plain", "user namespace"])
def stage(request, runtime, make_bundle):
    return sweep.Stage(runtime, make_bundle, lambda bundle: bundle.user_namespace() if request.param else bundle)


@pytest.mark.parametrize("kind", sweep.SWEEPS)
def test_a_part_of_the_points_of_every_command(stage, kind, seed):
    results = {command: sweep.SWEEPS[kind](stage, command, seed, POINTS) for command in sweep.scenes(stage)}
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
