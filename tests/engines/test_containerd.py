# SPDX-License-Identifier: Apache-2.0
"""containerd, with the runtime under test called by its shim for runc: the way of Docker and Kubernetes."""

import itertools
import shutil
import subprocess

import pytest
from support import engines, isolation, kernel
from support.engines import Ending
from support.kernel import eventually
from support.leaks import PREFIX

ENGINE = "containerd"
IMAGE = engines.CONTAINERD_IMAGE

pytestmark = pytest.mark.skipif(shutil.which("containerd") is None, reason="containerd is not installed")

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ctr(binary):
    with engines.own_places() as place, engines.containerd(place) as engine:
        engine.paths = {runtime: engines.path_of(runtime, binary) for runtime in engines.runtimes("containerd")}
        yield engine


@pytest.fixture(params=engines.runtimes("containerd"))
def run(ctr, request):
    """A function: `ctr run` with these options, the program, and a new id, which is removed at the end."""
    made = []

    def call(*options, program, more=(), **keywords):
        name = f"{PREFIX}c{next(_numbers)}"
        made.append(name)
        place = ["--cgroup", f"/{name}"]
        if engines.MANAGER == "systemd":
            place = ["--runc-systemd-cgroup", "--cgroup", f"system.slice:ctr:{name}"]
        words = ["run", "--runc-binary", ctr.paths[request.param], *place, *options, IMAGE, name, *program]
        return ctr(*words, *more, **keywords)

    call.made, ctr.runtime = made, request.param
    yield call
    for name in made:
        ctr("task", "delete", "--force", name)
        ctr("container", "delete", name)
    eventually(lambda: not kernel.cgroup_directories(PREFIX))
    isolation.reap_dead_children()


def test_run_prints_and_exits_as_the_program_does(run):
    outcome = run("--rm", program=["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (outcome.returncode, outcome.stdout) == (7, "out\n")
    assert "err\n" in outcome.stderr


@pytest.mark.parametrize(
    "options, script, shown",
    [
        (["--env", "A=b"], "echo $A", "b"),
        (["--cwd", "/usr/bin"], "pwd", "/usr/bin"),
        (["--read-only"], "touch /x 2>/dev/null || echo read-only", "read-only"),
        (["--seccomp"], "grep Seccomp: /proc/self/status | cut -f 2", "2"),
        (["--privileged"], "grep CapEff /proc/self/status | grep -c 1", "1"),
        (["--net-host"], "echo fine", "fine"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_of_run(run, options, script, shown):
    outcome = run("--rm", *options, program=["sh", "-c", script])
    assert (outcome.returncode, outcome.stdout.strip()) == (0, shown), outcome


ERRORS = {
    "success": ([], ["true"], Ending(0)),
    "the program's code": ([], ["sh", "-c", "exit 3"], Ending(3)),
    "SIGKILL": ([], ["sh", "-c", "sleep 9 & kill -KILL $!; wait $!"], Ending(137)),
    "no such program": ([], ["no-such"], Ending(1, r'exec: "no-such": executable file not found in \$PATH')),
    "no such file": ([], ["/no/such"], Ending(1, 'exec: "/no/such": stat /no/such: no such file or directory')),
    "not executable": ([], ["/etc/passwd"], Ending(1, 'exec: "/etc/passwd": permission denied')),
    "a directory": ([], ["/etc"], Ending(1, 'exec: "/etc": (is a directory|permission denied)')),
    "no source of a mount": (["--mount", "type=bind,src=/no/such,dst=/m,options=bind"], ["true"],
                             Ending(1, "/no/such.*no such file or directory")),
    "a file as working directory": (["--cwd", "/etc/passwd"], ["pwd"], Ending(1, "/etc/passwd.*not a directory")),
    "an option of a tmpfs": (["--mount", "type=tmpfs,src=t,dst=/t,options=size=junk"], ["true"], Ending(1, "invalid argument")),
    "over the memory limit": (["--memory-limit", str(16 << 20)],
                              ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?"], Ending(137)),
}


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS)
def test_exit_codes_of_run(run, case):
    """ctr run ends with 1 for errors of the runtime, 128 and the signal, or the program's own code"""
    outcome = run("--rm", *case[0], program=case[1])
    assert case[2].matches(outcome), outcome


def test_a_mount_and_a_root_of_ones_own(run, directory):
    """--mount: a bind mount, read-only"""
    (directory / "file").write_text("of the host\n")
    options = ["--mount", f"type=bind,src={directory},dst=/m,options=rbind:ro"]
    outcome = run("--rm", *options, program=["sh", "-c", "cat /m/file; touch /m/x 2>/dev/null || echo read-only"])
    assert outcome.stdout == "of the host\nread-only\n"


def test_pause(run, ctr):
    """task pause freezes the container, task resume continues it"""
    assert run("--detach", program=["sleep", "60"]).returncode == 0
    (name,) = run.made
    pid = pid_of(ctr, name)
    file, frozen, thawed = ("cgroup.freeze", "1", "0") if engines.ONLY_V2 else ("freezer.state", "FROZEN", "THAWED")
    engines.pause(ctr, "task", "pause", name)
    assert "PAUSED" in ctr.output("task", "list")
    assert kernel.cgroup_value(pid, "freezer", file) == frozen
    ctr.output("task", "resume", name)
    assert kernel.cgroup_value(pid, "freezer", file) == thawed


def test_metrics_and_processes(run, ctr):
    """task metrics and task ps"""
    assert run("--detach", program=["sh", "-c", "sleep 60 & wait"]).returncode == 0
    (name,) = run.made
    pid = pid_of(ctr, name)
    eventually(lambda: len(kernel.descendants(pid)) == 1)
    processes = {int(line.split()[0]) for line in ctr.output("task", "ps", name).splitlines()[1:]}
    assert processes == {pid, *kernel.descendants(pid)}
    metrics = dict(line.split(maxsplit=1) for line in ctr.output("task", "metrics", name).splitlines() if line[:1].isalpha() and " " in line)
    assert any(key.startswith("memory.usage") for key in metrics), metrics
    assert metrics["pids.current"].strip() == "2"


def test_kill_of_all_processes(run, ctr):
    """task kill --all reaches every process of the container"""
    script = "trap '' TERM; sleep 61 & sleep 62 & wait; wait; wait"
    assert run("--detach", program=["sh", "-c", script]).returncode == 0
    (name,) = run.made
    pid = pid_of(ctr, name)
    eventually(lambda: len(kernel.descendants(pid)) == 2)
    children = kernel.descendants(pid)
    ctr.output("task", "kill", "--all", "--signal", "KILL", name)
    eventually(lambda: not any(map(kernel.is_alive, [pid, *children])))


def test_a_terminal(run, ctr):
    """exec --tty has a terminal"""
    assert run("--detach", program=["sleep", "60"]).returncode == 0
    (name,) = run.made
    terminal = ctr.words + ["task", "exec", "--tty", "--exec-id", "one", name, "tty"]
    outcome = subprocess.run(["script", "-qec", " ".join(terminal), "/dev/null"], capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=30)
    assert "/dev/pts/0" in outcome.stdout, outcome


def pid_of(ctr, name):
    return int(next(line.split()[1] for line in ctr.output("task", "list").splitlines() if line.startswith(name)))


def test_the_life_of_a_task(run, ctr):
    outcome = run("--detach", program=["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done"])
    assert outcome.returncode == 0, outcome
    (name,) = run.made

    def row():
        return next(line.split() for line in ctr.output("task", "list").splitlines() if line.startswith(name))

    assert row()[2] == "RUNNING"
    pid = int(row()[1])
    assert kernel.is_alive(pid)
    eventually(lambda: "sh" in open(f"/proc/{pid}/cmdline").read())
    ctr.output("task", "kill", name)
    eventually(lambda: row()[2] == "STOPPED")
    assert "exit code 5" in ctr("task", "delete", name).stderr
    assert not kernel.is_alive(pid)


def test_limits_and_their_update(run, ctr):
    assert run("--detach", "--memory-limit", str(64 << 20), program=["sleep", "60"]).returncode == 0
    (name,) = run.made
    pid = int(next(line.split()[1] for line in ctr.output("task", "list").splitlines() if line.startswith(name)))
    file = "memory.max" if engines.ONLY_V2 else "memory.limit_in_bytes"
    assert kernel.cgroup_value(pid, "memory", file) == str(64 << 20)
    assert name in "".join(kernel.cgroups(pid).values())
    assert "memory" in ctr.output("task", "metrics", name)
    engines.pause(ctr, "task", "pause", name)
    ctr.output("task", "resume", name)
    ctr.output("task", "delete", "--force", name)


def test_kill_all_and_delete_by_force(run, ctr):
    assert run("--detach", program=["sh", "-c", "sleep 60 & sleep 60"]).returncode == 0
    (name,) = run.made
    ctr.output("task", "delete", "--force", name)
    assert not kernel.cgroup_directories(name)


def test_exec_in_a_task(run, ctr):
    assert run("--detach", "--env", "A=b", program=["sleep", "60"]).returncode == 0
    (name,) = run.made
    outcome = ctr("task", "exec", "--exec-id", "one", name, "sh", "-c", "echo $A; cat /proc/1/cmdline; exit 6")
    assert (outcome.returncode, outcome.stdout) == (6, "b\nsleep\x0060\x00")
    outcome = ctr("task", "exec", "--exec-id", "two", name, "no-such")
    assert "executable file not found in $PATH" in outcome.stderr
    ctr.output("task", "delete", "--force", name)


COUNT = "i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.1; done"


@pytest.mark.criu
def test_a_checkpoint_as_an_image(run, ctr):
    """container checkpoint --task --image --rw, and container restore --live: the program counts on"""
    assert run("--detach", program=["sh", "-c", COUNT]).returncode == 0
    (name,) = run.made
    image = f"{name}-checkpoint"

    def counted():
        return int("0" + ctr("task", "exec", "--exec-id", f"look{next(_numbers)}", name, "cat", "/n").stdout.strip())

    eventually(lambda: counted() > 3, seconds=30, pause=0.2)
    ctr.output("container", "checkpoint", "--task", "--image", "--rw", name, image, seconds=120)
    before = counted()  # it runs on
    assert before > 3
    ctr("task", "delete", "--force", name)
    ctr.output("container", "delete", name)
    try:
        ctr.output("container", "restore", "--live", "--rw", name, image, seconds=120)
        again = counted()
        assert 3 < again < before + 1000
        eventually(lambda: counted() > again, seconds=30, pause=0.2)
    finally:
        ctr.output("image", "remove", image)


@pytest.mark.criu
def test_a_checkpoint_that_ends_the_task(run, ctr, directory):
    """task checkpoint --exit --image-path: CRIU's files are there, and the task is stopped"""
    assert run("--detach", program=["sleep", "60"]).returncode == 0
    (name,) = run.made
    images = directory / "images"
    images.mkdir()
    ctr.output("task", "checkpoint", "--exit", "--image-path", images, name, seconds=120)
    assert (images / "pstree.img").stat().st_size > 0

    def is_stopped():
        return any(line.split()[::2] == [name, "STOPPED"] for line in ctr.output("task", "list").splitlines())

    eventually(is_stopped, seconds=20, pause=0.2)
