# SPDX-License-Identifier: Apache-2.0
"""Two commands at once on one container, in every order that a scheduler can choose: one of them, a scene of sweep.py,
is held at a system call (support/inject.c, "hold"), the other one runs meanwhile to its end, and then the first goes on.

A call that only the process itself notices makes no difference, so that no process is held there. The other command may
wait for the container's lock, if the held one has it: it sleeps between two tries, and /proc/locks has the directory
that it has open. Then, or after PATIENCE seconds, the held one goes on while the other waits.

Each command must succeed or say why not in one line, within SECONDS. Then `state` says what the kernel shows, a
container that nobody was to delete is there, and `delete --force` leaves nothing."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import kernel, sweep
from .sweep import Point

SECONDS = 15  # that both may take: a command waits ten for a lock
PATIENCE = 1
# On a container that may be there; ID is its name.
COMMANDS = {
    "start": ["start", "ID"],
    "exec": ["exec", "ID", "true"],
    "kill": ["kill", "ID", "KILL"],
    "kill --all": ["kill", "--all", "ID", "KILL"],
    "delete": ["delete", "ID"],
    "delete --force": ["delete", "--force", "ID"],
    "update": ["update", "--pids-limit", "40", "ID"],
    "pause": ["pause", "ID"],
    "resume": ["resume", "ID"],
    "state": ["state", "ID"],
    "list": ["list"],
}
OTHERS = {
    "create": ["create", "--bundle", "IDLE", "ID"],
    "run": ["run", "--bundle", "REPORTING", "ID"],
    **COMMANDS,
    "gc": ["gc"],
}
MAKERS = {"create", "run"}
ENDERS = {"kill", "kill --all", "delete", "delete --force", "checkpoint"}
# They change and read nothing but the process itself.
LOCAL = {"brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "rt_sigaction", "rt_sigprocmask", "sigaltstack",
         "arch_prctl", "set_robust_list", "rseq", "prlimit64", "getrandom", "clock_gettime", "gettimeofday", "uname",
         "getrlimit", "capget", "lseek", "sched_getaffinity", "nanosleep", "clock_nanosleep"}
SLEEPS = {"nanosleep", "clock_nanosleep"}


@dataclass(frozen=True)
class Meeting(Point):
    other: str = ""


class Running:
    """A command that is under way, and what it said."""

    def __init__(self, stage, name, words):
        self.stage, self.said = stage, stage.place / f"{name}.err"
        self.output = stage.place / f"{name}.out"
        with open(self.output, "wb") as out, open(self.said, "wb") as err:
            self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        stage.awaited.add(self.process.pid)

    def has_ended(self):
        return self.process.poll() is not None

    def end(self):
        """Returns the exit code, or None of a command that had to be ended, and what it said."""
        code = self.process.poll()
        if code is None:
            self.stage._end(self.process)
        self.stage.awaited.discard(self.process.pid)
        return code, self.said.read_text(errors="replace")


def is_settled(said, is_gone):
    """Whether what `state` said is what the kernel shows; `is_gone` tells that nothing is left of the container."""
    if said.code != 0:
        return is_gone()
    state = said.json()
    return state["status"] == "stopped" or kernel.is_alive(state["pid"])


def call_of(pid):
    with suppress(OSError, ValueError):
        return sweep.numbers().get(int(Path(f"/proc/{pid}/syscall").read_text().split()[0]), "?")
    return "running"


def waits_for_a_lock(pid):
    locked = {int(line.split()[5].split(":")[2]) for line in Path("/proc/locks").read_text().splitlines()
              if re.search(rf" FLOCK .* (?!{pid} )\d+ ", line)}
    opened = set()
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                opened.add(os.stat(entry.path).st_ino)
    return bool(locked & opened) and call_of(pid) in SLEEPS


class Schedule(sweep.Sweep):
    def points(self):
        """For each point and each other command."""
        begins = self._main_begins()
        return [Meeting(call.process, f"hold:{call.ordinal}", f"held at {sweep._of(call)}, meanwhile {other}", other=other)
                for call in self._ordinals()
                if call.name not in LOCAL | sweep.NO_POINTS and (call.process != 0 or call.ordinal >= begins)
                for other in OTHERS]

    def visit_all(self, points):
        for point in points:
            self.result.counts["points"] += 1
            with self.container() as name:
                self._visit_one(name, point)
        return self.result

    def _visit_one(self, name, point):
        log = self.stage.place / "hits"
        log.write_text("")
        held = Running(self.stage, "held", [
            self.stage.inject, log, self.scene.follows(name), point.process, point.action, "--",
            *self.stage.runtime.command(*self.scene.words(name))])
        self._until(lambda: held.has_ended() or log.stat().st_size > 0, sweep.HOPELESS)
        if held.has_ended():
            self.result.counts["not reached"] += 1
        places = {"ID": name, "IDLE": self.stage.idle, "REPORTING": self.stage.reporting}
        words = [places.get(word, word) for word in OTHERS[point.other]]
        other = Running(self.stage, "other", self.stage.runtime.command(*words))
        self._let_meet(held, other)
        self._until(lambda: held.has_ended() and other.has_ended(), SECONDS,
                    lambda: "pause" in (self.scene_name, point.other) and self.stage.quick("resume", name))
        self._judge(name, point, {self.scene_name: held.end(), point.other + " meanwhile": other.end()})

    def _until(self, condition, seconds, meanwhile=lambda: None):
        deadline, pause = time.monotonic() + seconds, 0.0005
        while not condition() and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
            if pause > 0.01:
                self.stage._reap_orphans(0)
            if pause == 0.02:
                meanwhile()
        return condition()

    def _let_meet(self, held, other):
        waits = []

        def has_met():
            waits.append(not other.has_ended() and waits_for_a_lock(other.process.pid))
            return other.has_ended() or waits[-2:] == [True, True]

        if not self._until(has_met, PATIENCE):
            self.result.counts[f"waited in {call_of(other.process.pid)}"] += 1
        elif waits[-1]:
            self.result.counts["waited for the lock"] += 1
        with suppress(ProcessLookupError):
            held.process.send_signal(signal.SIGUSR1)

    # ---- what comes of it ----

    def _judge(self, name, point, ended):
        before = len(self.result.findings)
        names = {self.scene_name, point.other}
        for command, (code, said) in ended.items():
            is_killed = code in (-9, 137) and said == "" and bool(names & ENDERS)
            if code is None:
                self._find("slow", point, f"{command} does not end: {said}")
            elif code != 0 and not is_killed:
                self._judge_message(f"{point} ({command})", code, said)
        if not self._is_settled_soon(name):
            self._find("unsettled", point, f"{self.stage.quick('state', name)}, left {self.stage.left_by(name)}")
        codes = [code for code, _ in ended.values()]
        self._judge_status(name, point, codes, names)
        if self._is_clean_after_delete(name, point) and len(self.result.findings) == before:
            self.result.counts["clean"] += 1

    def _judge_status(self, name, point, codes, names):
        status = sweep.Scene.status(self.scene, name)
        if self.scene_name == point.other == "create" and sorted(codes, key=str) != [0, 1]:
            self._find("twice", point, f"codes {codes}")
        if names <= MAKERS and 0 not in codes:
            self._find("lost", point, f"codes {codes}")
        is_there = not self.scene.makes or (self.scene_name == "create" and codes[0] == 0)
        if status == "none" and is_there and not names & {"delete", "delete --force", "checkpoint"}:
            self._find("lost", point, f"codes {codes}")
        if status == "stopped" and not self.scene.makes and not names & ENDERS | {"start"} & names:
            self._find("ended", point, f"codes {codes}")

    def _judge_message(self, point, code, said):
        return super()._judge_message(Point(0, "", point), code, said)

    def _is_settled_soon(self, name):
        with suppress(AssertionError):
            return kernel.eventually(lambda: self._is_settled(name))
        return False

    def _is_settled(self, name):
        return is_settled(self.stage.quick("state", name), lambda: not self.stage.left_by(name))


def schedule_sweep(stage, scene, seed, count=None):
    schedule = Schedule(stage, scene, seed)
    return schedule.visit_all(schedule.sample(schedule.points(), count))


SWEEPS = {**sweep.SWEEPS, "schedule": schedule_sweep}
