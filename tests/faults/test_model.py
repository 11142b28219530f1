# SPDX-License-Identifier: Apache-2.0
"""Random sequences of commands and faults against a model of the life cycle, shortened when one fails.

The model knows what each of three containers is. A command without a fault must do what the model does, and a command
with one (killed at a call, or a call of which fails) may leave what was before or what would be after, nothing else.
After each step `list`, the store, the cgroups and the processes are compared with the model.

TARE_MODEL_EXAMPLES is how many sequences there are (default: 12, the same each time; `make test-faults`: 3000 others).
TARE_SEED repeats a run."""

import errno
import os
import random
import time
from dataclasses import dataclass

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support import kernel, sweep
from support.runtime import new_id

pytestmark = [
    pytest.mark.tare_only,
    pytest.mark.skipif(not sweep.is_possible(), reason="inject.c writes the registers of x86-64"),
]

DYING_SECONDS = 0.03  # a process that has got its signal looks alive for a moment
CONTAINERS = st.integers(0, 2)
ERRORS = st.sampled_from(["ENOMEM", "EIO", "EMFILE", "ENOSPC", "EINTR"])


@dataclass(frozen=True)
class Status:
    """What a container is; `started` tells a paused or stopped one apart that never ran its program."""

    name: str
    started: bool = False


NONE, CREATED, RUNNING = Status("none"), Status("created"), Status("running", True)


def paused(status):
    return Status("paused", status.started)


def stopped(status):
    return Status("stopped", status.started)


def resumed(status):
    return RUNNING if status.started else CREATED


ALIVE = ("created", "running", "paused")

# command: from what it works, and what the container is afterwards
COMMANDS = {
    "create": (("none",), lambda status: CREATED),
    "start": (("created",), lambda status: RUNNING),
    "kill": (ALIVE, stopped),
    "pause": (("created", "running", "paused"), paused),
    "resume": (("paused",), resumed),
    "delete": (("stopped",), lambda status: NONE),
    "delete --force": (("none", *ALIVE, "stopped"), lambda status: NONE),
    "exec": (("created", "running"), lambda status: status),
    "update": (ALIVE, lambda status: status),
    "state": ((*ALIVE, "stopped"), lambda status: status),
}


class Lives(RuleBasedStateMachine):
    stage = None  # set by the test

    def __init__(self):
        super().__init__()
        self.names = [new_id() for _ in range(3)]
        self.stage.runtime.ids += self.names
        self.model = {name: NONE for name in self.names}

    def teardown(self):
        for name in self.names:
            self.stage.quick("delete", "--force", name)
            left = self.stage.soon_left_by(name) if name == self.names[-1] else []
            self.stage.runtime.ids.remove(name)
        assert left == [], left

    # ---- commands ----

    def words(self, command, name):
        return {
            "create": ["create", "--bundle", self.stage.idle, name],
            "kill": ["kill", name, "KILL"],
            "exec": ["exec", name, "/bin/true"],
            "update": ["update", "--pids-limit", "40", name],
        }.get(command, [*command.split(), name])

    @rule(number=CONTAINERS, command=st.sampled_from(sorted(COMMANDS)))
    def call(self, number, command):
        name = self.names[number]
        before = self.model[name]
        works_from, effect = COMMANDS[command]
        outcome = self.stage.quick(*self.words(command, name))
        works = before.name in works_from
        assert (outcome.code == 0) == works, f"{before}: {outcome}"
        if works:
            self.model[name] = effect(before)

    @rule(number=CONTAINERS, command=st.sampled_from(sorted(COMMANDS)), call=st.integers(1, 280), process=st.integers(0, 1))
    def kill_during(self, number, command, call, process):
        self.disturb(number, command, process, f"kill:{call}")

    @rule(number=CONTAINERS, command=st.sampled_from(sorted(COMMANDS)), call=st.integers(40, 280),
          process=st.integers(0, 1), error=ERRORS)
    def fail_during(self, number, command, call, process, error):
        self.disturb(number, command, process, f"fail:{call}:{getattr(errno, error)}")

    def disturb(self, number, command, process, action):
        name = self.names[number]
        before = self.model[name]
        scene = Command(self.stage, self.words(command, name))
        code, _, said, seconds, _ = self.stage.interfere(scene, name, process, action)
        assert code is not None and seconds < 10, f"{command} hangs: {said}"
        self.model[name] = self.settle(name, command, before, said)

    def settle(self, name, command, before, said):
        """What the container is after a fault: of what it may be, what `state` says."""
        works_from, effect = COMMANDS[command]
        possible = {before}
        if before.name in works_from:
            possible |= {effect(before)}
        if before.name in works_from and command in ("create", "start", "delete --force", "kill"):
            possible |= {Status("stopped", before.started), Status("stopped", command == "start")}
        time.sleep(DYING_SECONDS)
        # Before its init is dead, a create that was killed is "creating" or "created".
        return kernel.eventually(lambda: next((one for one in possible if self.is_now(name, one)), None))

    def is_now(self, name, status):
        outcome = self.stage.quick("state", name)
        return (outcome.json()["status"] if outcome.code == 0 else "none") == status.name

    @rule()
    def gc(self):
        self.stage.quick("gc")
        for name, status in self.model.items():
            if status == Status("stopped"):
                self.model[name] = NONE

    # ---- what must hold after each ----

    @invariant()
    def all_is_as_the_model_says(self):
        deadline = time.monotonic() + 5
        while (found := self.differences()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert found == [], found

    def differences(self):
        self.stage.left_by("")  # reaps
        outcome = self.stage.quick("list", "--format", "json")
        assert outcome.code == 0, str(outcome)
        listed = {one["id"]: one["status"] for one in outcome.json() or []}
        wanted = {name: status.name for name, status in self.model.items() if status != NONE}
        found = [] if listed == wanted else [f"list: {listed}, not {wanted}"]
        found += [f"store: {entry}" for entry in self.stage.runtime.stored()
                  if entry.lstrip(":") not in wanted and not entry.startswith(":")]
        for name, status in self.model.items():
            cgroups = any((point / name).exists() for point in self.stage.hierarchies)
            if cgroups and status == NONE or not cgroups and status.name in ALIVE:
                found.append(f"cgroups of {name}, which is {status}: {cgroups}")
        return found


class Command(sweep.Scene):
    def __init__(self, stage, words):
        super().__init__(stage)
        self.all_words = words

    def words(self, name):
        return self.all_words


def test_the_life_of_containers(runtime, make_bundle):
    examples = int(os.environ.get("TARE_MODEL_EXAMPLES", 12))
    other = random.randrange(2**32) if "TARE_MODEL_EXAMPLES" in os.environ else 1
    seed = int(os.environ.get("TARE_SEED", other))
    print(f"seed {seed}, {examples} sequences")
    Lives.stage = sweep.Stage(runtime, make_bundle)
    settings = hypothesis.settings(
        max_examples=examples, stateful_step_count=25, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck))
    run_state_machine_as_test(hypothesis.seed(seed)(Lives), settings=settings)
