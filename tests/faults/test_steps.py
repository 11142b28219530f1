# SPDX-License-Identifier: Apache-2.0
"""Each step of a plan fails in turn: one line says which and why, and nothing is left behind.

With fault points, TARE_FAULT=STEP:ERRNO makes a step fail in whichever process takes it; `tare plan` tells
the steps.
"""

import errno
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import isolation, kernel
from support.agent import Agent
from support.runtime import new_id
from support.user import User

AT_A_TIME = 2

_LINE = re.compile(r"(\d+) +(\w+) +(?:-|\d+) +(.*?) +\[[^\]]*\](?:  (/.*))?")


@dataclass
class Step:
    number: int
    actor: str
    words: str
    origin: str


def plan_of(runtime, bundle, options=()):
    bundle.write()
    lines = runtime.call("plan", *options, bundle.path).ok().stdout.splitlines()[1:]
    found = [_LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    steps = [Step(int(one[1]), one[2], one[3], one[4] or "") for one in found]
    assert [step.number for step in steps] == list(range(len(steps)))
    return steps


def steps_of_run(steps):
    """`run` goes on where `create` waits: it has one step less."""
    waits = next(step.number for step in steps if step.words == "wait to be started")
    return [Step(step.number - (step.number > waits), step.actor, step.words, step.origin)
            for step in steps if step.number != waits]


def steps_of_create(steps):
    """Those that are taken before `create` returns."""
    ready = next(step.number for step in steps if step.words == "ready")
    return steps[: ready + 1]


def expected_words(step, name):
    """Of the line that tells the failure. What concerns the program is told as callers of runtimes know it."""
    program = re.fullmatch(r"(?:find|execute) (\".*\")", step.words)
    if program:
        return ["/process/args/0", f"exec: {program[1]}"]
    words = re.sub(r"(?<=/)plan\b|(?<=_ses\.)plan\b", name, step.words)
    words = re.sub(r"(load the seccomp filter), .*", r"\1", words)
    return [words, f"{step.origin}: "] if step.origin else [words]


def errno_words(step, number):
    if re.match(r"(find|execute) \"", step.words):
        return os.strerror(number).lower()
    return f"{errno.errorcode[number]}: "


class Machine:
    """What a failed command must leave as it is; quick enough to be asked after each."""

    def __init__(self, runtime, pid_file):
        self.runtime = runtime
        self.pid_file = pid_file
        self.hierarchies = set(kernel.cgroup_mounts().values())
        self.mounts = self._mounts()

    @staticmethod
    def _mounts():
        return set(Path("/proc/self/mountinfo").read_text().splitlines())

    def left_by(self, name):
        left = [str(point / name) for point in self.hierarchies if (point / name).exists()]
        left += [f"store: {name}"] if name in self.runtime.stored() else []
        left += [f"pid file of {name}"] if self.pid_file(name).exists() else []
        return left + [f"mount: {line}" for line in self._mounts() - self.mounts if name in line]

    def left_at_the_end(self):
        left = [f"mount: {line}" for line in self._mounts() - self.mounts]
        left += [f"store: {name}" for name in self.runtime.stored()]
        return left + [f"process: {pid}" for pid in kernel.descendants(os.getpid()) if kernel.is_alive(pid)]


def keyrings(names):
    """A keyring goes some time after its last process: the kernel collects it."""
    held = Path("/proc/keys").read_text()
    return [name for name in names if re.search(rf"_ses\.{name}\b", held)]


def fail_each(runtime, bundle, verb, steps, options, number=errno.EIO, at_a_time=AT_A_TIME):
    """Runs `verb` once for each step, with that step failing. Returns what was wrong, as lines."""
    place = runtime.directory
    machine = Machine(runtime, lambda name: place / f"{name}.pid")
    bundle.write()
    names = {step.number: new_id() for step in steps}
    runtime.ids += names.values()  # whatever is left goes at the end of the test

    def fail(step):
        name = names[step.number]
        command = [verb, "--bundle", bundle.path, "--pid-file", machine.pid_file(name), *options, name]
        outcome = runtime.call(*command, env={**os.environ, "TARE_FAULT": f"{step.number}:{number}"})
        try:
            outcome.failed(errno_words(step, number), *expected_words(step, name))
            assert outcome.code == 1, f"code: {outcome}"
            assert outcome.stdout == "", f"stdout: {outcome}"
        except AssertionError as error:
            return [f"{verb}, step {step.number} ({step.words}): {error}"]
        return [f"{verb}, step {step.number} ({step.words}) left {item}" for item in machine.left_by(name)]

    # Several at a time also shows that one failure does not disturb another container.
    with ThreadPoolExecutor(at_a_time) as pool:
        problems = [problem for found in pool.map(fail, steps) for problem in found]
    problems += machine.left_at_the_end()
    kernel.eventually(lambda: not keyrings(names.values()))
    for name in names.values():
        runtime.ids.remove(name)
    return problems


def check(runtime, bundle, create_options=(), run_options=None, plan_options=(), at_a_time=AT_A_TIME):
    steps = plan_of(runtime, bundle, plan_options)
    run_options = create_options if run_options is None else run_options
    problems = fail_each(runtime, bundle, "create", steps_of_create(steps), create_options, at_a_time=at_a_time)
    problems += fail_each(runtime, bundle, "run", steps_of_run(steps), run_options, at_a_time=at_a_time)
    assert not problems, "\n".join([f"{len(problems)} problems, the first:", *problems[:4]])


def small(bundle):
    """Of each kind of mount and path one."""
    bundle.config["mounts"] = [one for one in bundle.config["mounts"] if one["destination"] in ("/proc", "/dev")]
    bundle.linux["maskedPaths"] = ["/proc/kcore"]
    bundle.linux["readonlyPaths"] = ["/proc/sys"]
    bundle.config["root"]["readonly"] = False
    return bundle


# ---- which bundles -----------------------------------------------------------------------------


def test_the_default_bundle(faulty, bundle):
    check(faulty, bundle)


def test_another_errno_is_told_as_well(faulty, bundle):
    steps = steps_of_create(plan_of(faulty, bundle))[::9]
    assert not fail_each(faulty, bundle, "create", steps, (), errno.ENOMEM)


def test_a_user_namespace(faulty, bundle):
    check(faulty, small(bundle).user_namespace())


@pytest.mark.parametrize("mapped", [User.single, User.ranges], ids=["single id", "ranges"])
def test_an_ordinary_user(faulty, bundle, user, mapped):
    mapped(user, small(bundle)).inherit("network").process["oomScoreAdj"] = 100
    bundle.mount("/sys", "sysfs", "sysfs")
    bundle.bind("/usr", "/mnt", "ro")
    (bundle.rootfs / "mnt").mkdir()
    user.own(bundle.path, faulty.directory)
    faulty.prefix = user.prefix()
    steps = plan_of(faulty, bundle)
    assert all(step.actor == "init" for step in steps if step.words.startswith("take the mount"))
    check(faulty, bundle)


@pytest.mark.parametrize("staged", [True, False], ids=["by a stage", "by init"])
def test_joined_namespaces(faulty, make_bundle, staged):
    holder = faulty.start(small(make_bundle()).args("sleep", "600"))
    bundle = small(make_bundle())
    for kind in ("pid", "network", "uts"):
        bundle.namespace(kind, f"/proc/{holder.pid}/ns/{kernel.NAMESPACES[kind]}")
    bundle.config.pop("hostname")
    if staged:
        bundle.hook("createRuntime", "/bin/busybox", "true")
    alive = set(kernel.descendants(os.getpid()))
    steps = plan_of(faulty, bundle)
    assert ("stage" in {step.actor for step in steps}) == staged
    for verb, taken in (("create", steps_of_create(steps)), ("run", steps_of_run(steps))):
        problems = fail_each(faulty, bundle, verb, taken, ())
        expected = {f"process: {pid}" for pid in alive} | {f"store: {holder.id}"}
        assert set(problems) == expected, "\n".join(problems)
    assert holder.status == "running"


def test_hooks(faulty, bundle):
    bundle = small(bundle)
    for kind in ("prestart", "createRuntime", "createContainer"):
        bundle.hook(kind, "/bin/busybox", "true")
    bundle.hook("poststop", "/bin/busybox", "true")
    check(faulty, bundle)


def test_a_terminal(faulty, bundle, directory):
    small(bundle).process["terminal"] = True
    bundle.mount("/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666", "mode=0620"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(directory / "console"))
        listener.listen(500)
        # Never accepted: what was sent ends with the socket. Until then it would hold the sender's keyring.
        keep, console = "--no-new-keyring", ["--console-socket", directory / "console"]
        check(faulty, bundle, [keep, *console], run_options=[keep], plan_options=[keep])


def test_limits(faulty, bundle):
    small(bundle).resources.update(
        memory={"limit": 64 << 20}, pids={"limit": 50}, cpu={"shares": 512},
        devices=[
            {"allow": False, "access": "rwm"},
            {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"},
        ],
    )
    bundle.process["rlimits"].append({"type": "RLIMIT_CORE", "soft": 0, "hard": 0})
    check(faulty, bundle)


def test_without_pivot_root(faulty, bundle):
    check(faulty, small(bundle), ["--no-pivot"], plan_options=["--no-pivot"])


def test_without_a_mount_namespace(faulty, bundle):
    """Mounts are made on the host then, beneath one mount that goes with them."""
    small(bundle).inherit("mount")
    for key in ("maskedPaths", "readonlyPaths"):
        bundle.linux.pop(key)
    check(faulty, bundle, at_a_time=1)  # they all mount on the same directory


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_seccomp(faulty, bundle, no_new_privileges):
    small(bundle).process["noNewPrivileges"] = no_new_privileges
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}],
    }
    check(faulty, bundle)


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_seccomp_agent(faulty, bundle, directory, no_new_privileges):
    small(bundle).process["noNewPrivileges"] = no_new_privileges
    agent = Agent(directory / "agent.sock", errno.EPERM)
    try:
        bundle.linux["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_NOTIFY"}],
            "listenerPath": agent.path,
        }
        check(faulty, bundle)
    finally:
        agent.close()


def test_network_devices(faulty, bundle):
    """Each command has a network of its own, with a device to move: no device comes back."""
    make = 'ip link add d0 type veth peer name peer0 && ip addr add 10.0.0.1/24 dev d0 && exec "$@"'
    faulty.prefix = ["unshare", "--net", "sh", "-c", make, "sh"]
    small(bundle).namespace("network").linux["netDevices"] = {"d0": {"name": "eth%d"}}
    check(faulty, bundle)


def test_all_other_kinds_of_steps(faulty, bundle):
    small(bundle).config["domainname"] = "example"
    bundle.process.update(
        oomScoreAdj=100, scheduler={"policy": "SCHED_BATCH", "nice": 5},
        ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6},
    )
    bundle.linux.update(
        sysctl={"net.ipv4.ip_forward": "1"},
        personality={"domain": "LINUX"},
        devices=[{"path": "/dev/a/fifo", "type": "p", "fileMode": 0o600}],
        rootfsPropagation="private",
        timeOffsets={"monotonic": {"secs": 100}},
    )
    bundle.namespace("time").namespace("cgroup").bind("/tmp", "/mnt/tree", "rbind", "ro")
    check(faulty, bundle)


def test_a_step_after_create_fails_the_start(faulty, bundle):
    steps = plan_of(faulty, small(bundle))
    late = steps[len(steps_of_create(steps)):]
    assert [step.words for step in late] == ["wait to be started", 'execute "true"']
    for step in late:
        container = faulty.create(bundle, env={**os.environ, "TARE_FAULT": f"{step.number}:{errno.EIO}"})
        container.start().failed()
        kernel.eventually(lambda: container.status == "stopped")
        container.delete().ok()
        assert faulty.stored() == []


# ---- exec --------------------------------------------------------------------------------------


def exec_failures(container, directory, options):
    """Makes each step of an exec fail in turn, until there is no further one."""
    for number in range(100):
        pid_file = directory / f"{number}.pid"
        words = ["exec", "--pid-file", pid_file, *options, container.id, "true"]
        outcome = container.runtime.call(*words, env={**os.environ, "TARE_FAULT": f"{number}:{errno.EIO}"})
        if outcome.code == 0:
            return
        yield outcome, pid_file


@pytest.mark.parametrize("options", [[], ["--tty"], ["--detach", "--user", "1000"]], ids=" ".join)
def test_exec(faulty, bundle, directory, options):
    made = bundle if "--tty" in options else small(bundle)  # a terminal is one of the container's devpts
    container = faulty.start(made.user_namespace().args("sleep", "600"))
    alive = [*kernel.descendants(os.getpid())]
    failures = list(exec_failures(container, directory, options))
    assert len(failures) > 20
    for outcome, pid_file in failures:
        outcome.failed("EIO: " if "exec: " not in outcome.stderr else "input/output error")
        assert outcome.code == 255
        if "--detach" in options:
            assert not pid_file.exists()
    isolation.reap_dead_children()
    assert [pid for pid in kernel.descendants(os.getpid()) if pid not in alive and kernel.is_alive(pid)] == []
    container.kill("KILL").ok()
    kernel.eventually(lambda: isolation.reap_dead_children() or container.status == "stopped")


# ---- mounts of a running container -------------------------------------------------------------


def test_each_step_of_adding_mounts_fails_in_turn_and_all_are_taken_back(faulty, bundle, directory):
    (directory / "source").mkdir()
    (directory / "source/file").write_text("content\n")
    container = faulty.start(bundle.user_namespace().writable().args("sleep", "1000"))
    for name in ("a", "b", "c"):
        (bundle.rootfs / name).mkdir()
    file = directory / "mounts.json"
    file.write_text(f"""[
        {{"destination": "/a", "type": "bind", "source": "{directory}/source", "options": ["rbind", "idmap"]}},
        {{"destination": "/b", "type": "tmpfs", "options": ["ro"]}},
        {{"destination": "/c", "type": "tmpfs"}},
        {{"destination": "/c/file", "type": "bind", "source": "{directory}/source/file", "options": ["bind"]}}]""")
    before = kernel.mounts(container.pid)
    number = 0
    while True:
        env = {**os.environ, "TARE_FAULT": f"{number}:{errno.EIO}"}
        outcome = faulty.call("mounts", "add", container.id, file, env=env)
        if outcome.code == 0:
            break
        outcome.failed("EIO: ")
        assert kernel.mounts(container.pid) == before, number
        number += 1
    added = {mount.point for mount in kernel.mounts(container.pid)} - {mount.point for mount in before}
    assert number == 18 and added == {"/a", "/b", "/c", "/c/file"}
