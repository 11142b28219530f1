# SPDX-License-Identifier: Apache-2.0
"""Interferes with each system call of a command in turn, by support/inject.c, and judges what comes of it.

A Scene is a command with what must stand before it, and with what shows that it did its work. A sweep runs one
scene once for each point, a Point being one call of one process and what happens to it there:

- kill: the process is killed. One `delete --force`, or two of which the first is killed as well, leave nothing.
- error: the call fails. Either the command does its work all the same, and the container shows of itself what it
  shows without the fault; or it says in one line what failed and leaves nothing.
- absence: every call of that kind fails, as if the kernel did not have it. The same is asked.
- memory: from a call on, the process gets no more of it, and its next allocation for which there is no room fails. The
  same is asked, but what is left may wait for a `delete --force`, as after a kill.
"""

import errno
import os
import random
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from . import isolation, kernel
from .runtime import Outcome, new_id

ERRORS = ["ENOMEM", "EIO", "EACCES", "ENOSPC", "EMFILE", "EINTR", "EAGAIN"]
ABSENT = ["ENOSYS", "EPERM"]
SECONDS = 2  # that a command with a fault may take
HOPELESS = 20  # after which it is ended
# These do not return to the caller, or never fail: their manual pages say so.
NO_POINTS = {"exit", "exit_group", "rt_sigreturn", "restart_syscall", "umask",
             "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "set_tid_address"}

# Nothing that has children works without it.
NEVER_ABSENT = {"wait4"}
# These are no failures: somebody else has the lock, there is nothing to read, or the program is not to be inspected.
ORDINARY = {("flock", "EAGAIN"), ("read", "EAGAIN"), ("recvmsg", "EAGAIN"), ("recvfrom", "EAGAIN"),
            ("readlink", "EACCES")}

_SOURCES = Path(__file__).parent


@cache
def numbers():
    """{number: name} of the system calls of this machine."""
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-xc", "/dev/null"],
                          check=True, capture_output=True, text=True).stdout
    return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}


def build(place, name):
    program = Path(place) / name
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-o", program, _SOURCES / f"{name}.c"], check=True)
    return program


def is_possible():
    return os.uname().machine == "x86_64"  # whose registers inject.c writes


@dataclass(frozen=True)
class Call:
    """One system call of the undisturbed command."""

    process: int  # 0 is the command, 1 the container's
    ordinal: int
    name: str


@dataclass(frozen=True)
class Point:
    process: int
    action: str
    words: str
    calls_of_libc: bool = False  # before main(): whether libc reports an error is not the runtime's affair

    def __str__(self):
        return self.words


@dataclass
class Result:
    """What a sweep found: counts, and each finding as a line."""

    tell: Callable = lambda line: None  # each finding, as it comes
    counts: Counter = field(default_factory=Counter)
    findings: list = field(default_factory=list)

    def find(self, kind, line):
        self.counts[kind] += 1
        self.findings.append(f"{kind}: {line}")
        self.tell(self.findings[-1])

    def __str__(self):
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))


# ---- what a container shows of itself ------------------------------------------------------------

REPORT = r"""
exec 2>/dev/null
grep -E '^(Uid|Gid|Groups|Umask|Cap.*|NoNewPrivs|Seccomp.*|NSpid|SigBlk|SigIgn|Cpus_allowed_list):' /proc/self/status
cat /proc/self/mountinfo /proc/self/limits /proc/self/cgroup /proc/self/oom_score_adj
hostname; pwd; env; umask; ls -ln /dev /proc/self/fd; readlink /proc/self/fd/0
stat -c '%n %F %a %t:%T' /proc/kcore /proc/keys /proc/timer_list /sys/firmware /proc/scsi
for f in memory.limit_in_bytes memory.max pids.max cpu.shares cpu.weight devices.list; do
cat /sys/fs/cgroup/*/$f /sys/fs/cgroup/$f; done
cat /proc/sys/net/ipv4/ip_forward /proc/self/attr/current
(: < /dev/denied) 2>&1 | sed 's/.*: //'
ip -o link | sed 's/.*: \(lo\)/\1/'
exit 0
"""


def normal(text, container_id):
    """Without what differs from one container to the next: ids, pids, times and numbers of mounts and devices."""
    text = text.replace(container_id, "ID")
    text = re.sub(r"^\d+ \d+ \d+:\d+ ", "", text, flags=re.MULTILINE)  # of mountinfo
    text = re.sub(r"\b(shared|master):\d+", r"\1", text)
    text = re.sub(r"^NSpid:.*$", "NSpid", text, flags=re.MULTILINE)
    text = re.sub(r"\w{3} +\d+ +[\d:]+ ", "", text)  # times of ls
    text = re.sub(r"/proc/\d+/fd", "/proc/PID/fd", text)
    text = re.sub(r"(socket|pipe|anon_inode):\[?\w+\]?", r"\1", text)
    return text


def add_protections(bundle):
    """Something of everything that a create sets up."""
    bundle.process.update(oomScoreAdj=100, user={"uid": 1000, "gid": 1000, "additionalGids": [10, 20], "umask": 0o27})
    bundle.capabilities("CAP_NET_BIND_SERVICE", "CAP_KILL")
    bundle.resources.update(memory={"limit": 64 << 20}, pids={"limit": 50}, cpu={"shares": 512})
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                               "syscalls": [{"names": ["acct", "keyctl"], "action": "SCMP_ACT_ERRNO"}]}
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    bundle.linux["devices"] = [{"path": "/dev/denied", "type": "b", "major": 8, "minor": 0, "fileMode": 0o666}]
    bundle.bind("/usr/share", "/mnt", "ro", "nosuid")
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    bundle.hook("createRuntime", "/bin/busybox", "tail", "-c", "0")  # which reads the state
    return bundle


# ---- scenes -------------------------------------------------------------------------------------


class Refused(Exception):
    """The command succeeded, and a later one says what went wrong."""


class Scene:
    """`words` is the command, `before` makes what must stand before it, `shown` is what proves its work."""

    makes = False  # it makes the container: if it fails, there is none

    def __init__(self, stage):
        self.stage = stage

    def before(self, name):
        self.stage.ready(["create", "--bundle", self.stage.idle, name], ["start", name])

    def words(self, name):
        raise NotImplementedError

    def shown(self, name, output):
        raise NotImplementedError

    def follows(self, name):
        """A process that works for the command and is not its child."""
        return 0

    def may_be_gone(self, name):
        """If the command fails."""
        return False

    def status(self, name):
        said = self.stage.quick("state", name)
        return said.json()["status"] if said.code == 0 else "none"


class Create(Scene):
    makes = True

    def before(self, name):
        return

    def words(self, name):
        return ["create", "--bundle", self.stage.reporting, name]

    def shown(self, name, output):
        started = self.stage.quick("start", name)
        if started.code != 0:  # the fault met an init that had been created
            raise Refused(started.stderr)
        kernel.eventually(lambda: self.status(name) == "stopped")
        return output.read_text()


class Run(Scene):
    makes = True

    def before(self, name):
        return

    def words(self, name):
        return ["run", "--bundle", self.stage.reporting, name]

    def shown(self, name, output):
        return output.read_text()


class Start(Scene):
    def before(self, name):
        self.output = self.stage.place / "started"
        with open(self.output, "wb") as output:
            self.stage.ready(["create", "--bundle", self.stage.reporting, name], stdout=output)

    def follows(self, name):
        return self.stage.pid(name)

    def words(self, name):
        return ["start", name]

    def shown(self, name, output):
        kernel.eventually(lambda: self.status(name) == "stopped")
        return self.output.read_text()


class Exec(Scene):
    def words(self, name):
        return ["exec", name, "/bin/sh", "-c", REPORT]

    def shown(self, name, output):
        return output.read_text()


class Kill(Scene):
    def words(self, name):
        return ["kill", name, "KILL"]

    def shown(self, name, output):
        kernel.eventually(lambda: self.status(name) == "stopped")
        return "killed"


class KillAll(Kill):
    def words(self, name):
        return ["kill", "--all", name, "KILL"]


class Delete(Scene):
    def before(self, name):
        super().before(name)
        self.stage.ready(["kill", name, "KILL"])
        kernel.eventually(lambda: self.status(name) == "stopped")

    def may_be_gone(self, name):
        return True

    def words(self, name):
        return ["delete", name]

    def shown(self, name, output):
        return "\n".join(self.stage.left_by(name))


class DeleteByForce(Delete):
    def before(self, name):
        Scene.before(self, name)

    def words(self, name):
        return ["delete", "--force", name]


class Update(Scene):
    def words(self, name):
        return ["update", "--memory", "33554432", "--pids-limit", "40", "--cpu-share", "256", name]

    def shown(self, name, output):
        pid = self.stage.pid(name)
        files = [("memory", "memory.limit_in_bytes", "memory.max"), ("pids", "pids.max", "pids.max"),
                 ("cpu", "cpu.shares", "cpu.weight")]
        found = []
        for controller, *names in files:
            directory = kernel.cgroup_directory(pid, controller)
            found += [(directory / one).read_text() for one in dict.fromkeys(names) if (directory / one).exists()]
        return "".join(found)


class Pause(Scene):
    def words(self, name):
        return ["pause", name]

    def shown(self, name, output):
        return self.status(name)


class Resume(Pause):
    def before(self, name):
        super().before(name)
        self.stage.ready(["pause", name])

    def words(self, name):
        return ["resume", name]


class MountsAdd(Scene):
    def words(self, name):
        return ["mounts", "add", name, self.stage.mounts]

    def shown(self, name, output):
        return normal(Path(f"/proc/{self.stage.pid(name)}/mountinfo").read_text(), name)


class MountsRemove(MountsAdd):
    def before(self, name):
        super().before(name)
        self.stage.ready(["mounts", "add", name, self.stage.mounts])

    def words(self, name):
        return ["mounts", "remove", name, self.stage.mounts]


class Checkpoint(Scene):
    """With a CRIU that does nothing (fake_criu.c): before it has succeeded, the container runs on."""

    options = []

    def before(self, name):
        super().before(name)
        shutil.rmtree(self.stage.images, ignore_errors=True)

    def may_be_gone(self, name):
        return self._is_dumped()

    def _is_dumped(self):
        return (self.stage.images / "dumped").exists()

    def words(self, name):
        return ["--criu", self.stage.criu, "checkpoint", "--image-path", self.stage.images, *self.options, name]

    def status(self, name):
        """Nothing, as if it were lost, if the container was ended without a dump."""
        status = super().status(name)
        return "none" if status == "stopped" and not self._is_dumped() else status

    def shown(self, name, output):
        files = {path.name: path.read_text() for path in self.stage.images.iterdir()}
        return f"{files}\n{self.status(name)}\n{self.stage.left_by(name) if not self.options else ''}"


class CheckpointOfOneThatRunsOn(Checkpoint):
    options = ["--leave-running"]

    def may_be_gone(self, name):
        return False

    def _is_dumped(self):
        return False


SCENES = {
    "create": Create, "run": Run, "start": Start, "exec": Exec, "kill": Kill, "kill --all": KillAll, "delete": Delete,
    "delete --force": DeleteByForce, "update": Update, "pause": Pause, "resume": Resume, "mounts add": MountsAdd,
    "mounts remove": MountsRemove, "checkpoint": Checkpoint, "checkpoint --leave-running": CheckpointOfOneThatRunsOn,
}


def scenes(stage):
    """Those that tare can play: a device that a user namespace got of the host cannot be dumped."""
    return [name for name in SCENES if not (stage.has_user_namespace and name.startswith("checkpoint"))]


OF_ALL_RUNTIMES = ["create", "run", "start", "exec", "kill", "delete", "delete --force"]


# ---- the stage ----------------------------------------------------------------------------------


class Stage:
    """A runtime, its bundles and the machine, looked at quickly enough to be asked after each point."""

    def __init__(self, runtime, make_bundle, prepare=lambda bundle: bundle):
        self.runtime, self.place = runtime, runtime.directory
        self.inject, self.criu = build(self.place, "inject"), build(self.place, "fake_criu")
        runtime.root.mkdir(exist_ok=True)
        reporting, idle = (prepare(add_protections(make_bundle())) for _ in range(2))
        reporting.args("/bin/sh", "-c", REPORT).write()
        idle.args("sleep", "600").write()
        self.reporting, self.idle = reporting.path, idle.path
        self.has_user_namespace = any(one["type"] == "user" for one in idle.linux["namespaces"])
        self.images = self.place / "images"
        self.mounts = self.place / "mounts.json"
        self.mounts.write_text('[{"destination": "/tmp", "type": "tmpfs", "options": ["ro", "nosuid"]}]')
        self.hierarchies = set(kernel.cgroup_mounts().values())
        self.mounted = self._mounted()
        self.running = set(kernel.descendants(os.getpid()))
        self.awaited = set()  # children of ours whose end somebody asks for
        self.tell = lambda line: None
        self.wanted = ""  # only points with this in their words

    @staticmethod
    def _mounted():
        """By number, as another process may change the options of a file system that is mounted here."""
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        return {line.split(" ")[0]: line for line in lines}

    # ---- commands without a fault ----

    def quick(self, *words, stdout=None):
        with open(self.place / "quick.out", "wb") as out, open(self.place / "quick.err", "wb") as err:
            command = self.runtime.command(*words)
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or out, stderr=err)
        code = self._wait_for(process)
        texts = [(self.place / name).read_text(errors="replace") for name in ("quick.out", "quick.err")]
        return Outcome(command, code, *texts, self.runtime.strict)

    def _wait_for(self, process):
        """Returns the exit code, or None after HOPELESS seconds. Meanwhile orphans are reaped, as a shim does: until
        then the init of their pid namespace does not end."""
        deadline = time.monotonic() + HOPELESS
        pause = 0.0005
        while process.poll() is None:
            if time.monotonic() > deadline:
                self._end(process)
                return None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
            if pause > 0.01:
                self._reap_orphans(process.pid)
        return process.returncode

    def _reap_orphans(self, spared):
        for pid in map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()):
            if pid != spared and pid not in self.awaited and not kernel.is_alive(pid):
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def ready(self, *commands, **popen):
        for words in commands:
            outcome = self.quick(*words, **popen)
            assert outcome.code == 0, f"without a fault: {outcome}"

    def pid(self, name):
        return self.quick("state", name).json()["pid"]

    # ---- with one ----

    def interfere(self, scene, name, process, action):
        """Returns (exit code, standard output's file, what is on standard error, seconds, the lines of inject)."""
        log, output, said = self.place / "hits", self.place / "swept.out", self.place / "swept.err"
        log.write_text("")
        words = [self.inject, log, scene.follows(name), process, action, "--", *self.runtime.command(*scene.words(name))]
        begin = time.monotonic()
        with open(output, "wb") as out, open(said, "wb") as err:
            running = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        code = self._wait_for(running)
        return code, output, said.read_text(errors="replace"), time.monotonic() - begin, log.read_text().splitlines()

    def _end(self, running):
        for pid in [*kernel.descendants(running.pid), running.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        running.wait()

    # ---- what is left ----

    def left_by(self, name):
        isolation.reap_dead_children()
        left = [f"cgroup {point / name}" for point in self.hierarchies if (point / name).exists()]
        left += [f"store {entry}" for entry in self.runtime.stored()]
        left += [f"process {pid} {self._comm(pid)}" for pid in kernel.descendants(os.getpid())
                 if pid not in self.running and kernel.is_alive(pid)]
        return left + [f"mount {line}" for line in self._mounted_since()]

    def _mounted_since(self):
        return [line for number, line in self._mounted().items() if number not in self.mounted]

    @staticmethod
    def _comm(pid):
        with suppress(OSError):
            return Path(f"/proc/{pid}/comm").read_text().strip()
        return "?"

    def soon_left_by(self, name, seconds=2):
        """A process that was killed needs a moment to be gone."""
        deadline = time.monotonic() + seconds
        while (left := self.left_by(name)) and time.monotonic() < deadline:
            time.sleep(0.002)
        return left

    def clear(self, name):
        """Takes away by hand what a runtime did not."""
        isolation.end_children(spare=self.running)
        isolation.remove_cgroups({f"{point / name}" for point in self.hierarchies if (point / name).exists()})
        for line in self._mounted_since():
            with suppress(OSError):
                isolation.unmount(line.split()[4])
        for entry in self.runtime.stored():
            subprocess.run(["rm", "-rf", "--one-file-system", self.runtime.root / entry], check=False)


def keyrings_left(names):
    """A keyring goes some time after its last process: the kernel collects it."""
    deadline = time.monotonic() + 10
    while True:
        held = set(re.findall(r"_ses\.(\w+)", Path("/proc/keys").read_text())) & set(names)
        if not held or time.monotonic() > deadline:
            return sorted(held)
        time.sleep(0.05)


# ---- sweeps -------------------------------------------------------------------------------------


class Sweep:
    def __init__(self, stage, scene_name, seed=0):
        self.stage, self.scene_name = stage, scene_name
        self.scene = SCENES[scene_name](stage)
        self.choice = random.Random(seed)
        self.result = Result(stage.tell)
        self.names = []
        self.calls, self.reference = self._undisturbed()

    @contextmanager
    def container(self):
        name = new_id()
        self.names.append(name)
        self.stage.runtime.ids.append(name)
        try:
            self.scene.before(name)
            yield name
        finally:
            self.stage.quick("delete", "--force", name)
            if self.stage.soon_left_by(name):
                self.stage.clear(name)
            self.stage.runtime.ids.remove(name)

    def _undisturbed(self):
        with self.container() as name:
            code, output, said, _, lines = self.stage.interfere(self.scene, name, -1, "count")
            assert code == 0, f"without a fault: {said}"
            shown = normal(self.scene.shown(name, output), name)
        calls = [Call(int(process), int(ordinal), numbers().get(int(number), number))
                 for process, ordinal, number in map(str.split, lines)]
        return calls, shown

    # ---- points ----

    def _ordinals(self, process=None):
        """Calls of the command and of the container's first process; those in between are helpers."""
        return [call for call in self.calls if call.process in ((0, 1) if process is None else (process,))]

    def _main_begins(self):
        """The ordinal of the first call of main(), which sets what SIGPIPE does."""
        return next((call.ordinal for call in self.calls if call.process == 0 and call.name == "rt_sigaction"), 0)

    def kills(self):
        return [Point(call.process, f"kill:{call.ordinal}", f"killed at {_of(call)}") for call in self._ordinals()]

    def errors(self, names=tuple(ERRORS)):
        begins = self._main_begins()
        return [Point(call.process, f"fail:{call.ordinal}:{getattr(errno, name)}", f"{name} of {_of(call)}",
                      call.process == 0 and call.ordinal < begins)
                for call in self._ordinals() if call.name not in NO_POINTS for name in names
                if (call.name, name) not in ORDINARY]

    def absences(self):
        of_name = {name: number for number, name in numbers().items()}
        begins = self._main_begins()
        of_libc = {call.name for call in self.calls if call.process == 0 and call.ordinal < begins}
        return [Point(-1, f"every:{of_name[name]}:{getattr(errno, error)}", f"{error} of every {name}", name in of_libc)
                for name in sorted({call.name for call in self.calls} - NO_POINTS - NEVER_ABSENT) for error in ABSENT]

    def shortages(self):
        begins = self._main_begins()
        return [Point(call.process, f"starve:{call.ordinal}", f"no memory from {_of(call)}",
                      call.process == 0 and call.ordinal < begins)
                for call in self._ordinals() if call.name in ("brk", "mmap", "mremap")]

    def sample(self, points, count):
        points = [point for point in points if self.stage.wanted in point.words]
        return points if count is None or count >= len(points) else self.choice.sample(points, count)

    # ---- what happens at each ----

    def run(self, points, judge):
        for point in points:
            self.result.counts["points"] += 1
            if not self._visit(point, judge, is_patient=True):
                self.result.counts["slow once"] += 1
                self._visit(point, judge, is_patient=False)
        held = keyrings_left(self.names)
        if held:
            self.result.find("left", f"{self.scene_name}: keyrings {held}")
        return self.result

    def _visit(self, point, judge, is_patient):
        """A busy machine makes any command slow, so that a slow one is repeated before it is judged: returns False."""
        with self.container() as name:
            outcome = self.stage.interfere(self.scene, name, point.process, point.action)
            code, _, _, seconds, _ = outcome
            if is_patient and (code is None or seconds > SECONDS):
                return False
            judge(name, point, outcome)
        return True

    def _find(self, kind, point, what):
        self.result.find(kind, f"{self.scene_name}, {point}: {what}")

    def is_clean_after_delete(self, name, point, outcome):
        """The judge of kills: `delete --force` at once; in half of the cases it is killed as well, and repeated."""
        code, _, said, seconds, lines = outcome
        if not lines:
            self.result.counts["not reached"] += 1
        if seconds > SECONDS:
            self._find("slow", point, f"{seconds:.1f} s")
        deleted = DeleteByForce(self.stage)
        if self.choice.random() < 0.5:
            ordinal = self.choice.randrange(1, 170)
            self.stage.interfere(deleted, name, 0, f"kill:{ordinal}")
            point = f"{point}, then delete at its call {ordinal}"
        self.result.counts["clean"] += self._is_clean_after_delete(name, point)

    def _is_clean_after_delete(self, name, point):
        outcome = self.stage.quick("delete", "--force", name)
        if outcome.code != 0:
            self._find("failed", point, f"delete: {outcome.stderr}")
        left = self.stage.soon_left_by(name)
        if left:
            self._find("left", point, left)
        return not left and outcome.code == 0

    def is_told_and_clean_after_delete(self, name, point, outcome):
        """The judge of shortages."""
        code, output, said, seconds, _ = outcome
        if code is None or seconds > SECONDS:
            self._find("slow", point, f"{seconds:.1f} s: {said}")
        elif code == 0:
            self._compare(name, point, output)
        else:
            self.result.counts["refused"] += 1
            if not point.calls_of_libc:
                self._judge_message(point, code, said)
        self._is_clean_after_delete(name, point)

    def is_work_or_error(self, name, point, outcome):
        """The judge of errors and absences."""
        code, output, said, seconds, lines = outcome
        if not lines:
            self.result.counts["not reached"] += 1
        if code is None or seconds > SECONDS:
            return self._find("slow", point, f"{seconds:.1f} s: {said}")
        if code == 0:
            return self._compare(name, point, output)
        self.result.counts["refused"] += 1
        if not point.calls_of_libc:
            self._judge_message(point, code, said)
        if self.scene.makes:
            self._judge_remains(name, point, said, has_run=output.stat().st_size > 0)
        elif self.stage.runtime.strict and self.scene.status(name) == "none" and not self.scene.may_be_gone(name):
            self._find("lost", point, said)

    def _judge_remains(self, name, point, said, has_run):
        """A container that has run and cannot be removed stays recorded."""
        has_run = self.scene_name == "run" and (has_run or '"started"' in self.stage.quick("state", name).stdout)
        if has_run and f"store {name}" in self.stage.left_by(name):
            self.result.counts["kept"] += 1
            self.stage.quick("delete", "--force", name)
        left = self.stage.soon_left_by(name)
        if left:
            self._find("left", point, f"{left} after {said}")

    def _compare(self, name, point, output):
        try:
            shown = normal(self.scene.shown(name, output), name)
        except Refused as refused:
            self.result.counts["refused"] += 1
            return self._judge_message(point, 1, str(refused))
        except AssertionError as error:
            return self._find("silent", point, f"succeeded, and {error}")
        new, old = set(shown.splitlines()), set(self.reference.splitlines())
        if new == old or new - old == {"HOME=/"}:  # as if the image had no passwd
            self.result.counts["worked"] += 1
            return None
        return self._find("silent", point, f"succeeded, but shows {sorted(new - old)} instead of {sorted(old - new)}")

    def _judge_message(self, point, code, said):
        if not (0 < code < 128 or code == 255):
            return self._find("crash", point, f"code {code}: {said}")
        lines = said.splitlines()
        if not self.stage.runtime.strict:
            return None if said else self._find("mute", point, f"code {code}")
        if "every write" in point.words and said == "":
            return None  # there is no way to say anything
        if len(lines) != 1 or not re.match(r"tare: (.+: .+|container init died before .*|cannot (start|exec in) a.*)", said):
            return self._find("message", point, repr(said))
        return None


def _of(call):
    who = ("the command", "the container's process", "a helper")[min(call.process, 2)]
    return f"call {call.ordinal} of {who}, {call.name}"


def kill_sweep(stage, scene, seed, count=None):
    sweep = Sweep(stage, scene, seed)
    return sweep.run(sweep.sample(sweep.kills(), count), sweep.is_clean_after_delete)


def error_sweep(stage, scene, seed, count=None):
    sweep = Sweep(stage, scene, seed)
    return sweep.run(sweep.sample(sweep.errors(), count), sweep.is_work_or_error)


def absence_sweep(stage, scene, seed, count=None):
    sweep = Sweep(stage, scene, seed)
    return sweep.run(sweep.sample(sweep.absences(), count), sweep.is_work_or_error)


def memory_sweep(stage, scene, seed, count=None):
    os.environ["GLIBC_TUNABLES"] = "glibc.malloc.top_pad=0"  # malloc(3) asks for a page, not for 33
    try:
        sweep = Sweep(stage, scene, seed)
        return sweep.run(sweep.sample(sweep.shortages(), count), sweep.is_told_and_clean_after_delete)
    finally:
        del os.environ["GLIBC_TUNABLES"]


SWEEPS = {"kill": kill_sweep, "error": error_sweep, "absence": absence_sweep, "memory": memory_sweep}
