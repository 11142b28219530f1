# SPDX-License-Identifier: Apache-2.0
"""The life of containers under podman, from init to an automatic restart, and what it shows of them."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from support import engines, kernel
from support.engines import IMAGE
from support.kernel import eventually

ENGINE = "podman"
MEMORY = "memory.max" if engines.ONLY_V2 else "memory.limit_in_bytes"


@pytest.fixture
def sleeping(podman, name):
    podman.output(*podman.run, "--detach", "--name", name, IMAGE, "sleep", "60")
    return name


def test_attach_to_a_running_container(podman, name):
    """attach: standard input reaches the program, its output the terminal"""
    script = "read word; echo got $word; echo err >&2; exit 4"
    podman.output(*podman.run, "--detach", "--interactive", "--name", name, IMAGE, "sh", "-c", script)
    outcome = podman("attach", name, text="typed\n")
    assert (outcome.stdout.split(), outcome.stderr) == (["got", "typed"], "err\n")
    assert podman.output("wait", name) == "4\n"


def test_start_attached(podman, name):
    """start --attach --interactive exits as the program does"""
    podman.output("create", *podman.run[1:], "--interactive", "--name", name, IMAGE, "sh", "-c", "cat; exit 5")
    outcome = podman("start", "--attach", "--interactive", name, text="typed\n")
    assert (outcome.returncode, outcome.stdout) == (5, "typed\n")


def test_logs(podman, name):
    """logs: both streams, and --timestamps"""
    podman(*podman.run, "--name", name, IMAGE, "sh", "-c", "echo one; echo two >&2; echo three")
    outcome = podman("logs", name)
    assert (outcome.stdout, outcome.stderr) == ("one\nthree\n", "two\n")
    assert podman.output("logs", "--timestamps", name).endswith(" three\n")


def test_stop_sends_the_images_signal(podman, name):
    """stop sends the signal of --stop-signal, and the program's code is kept"""
    script = "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"
    podman.output(*podman.run, "--detach", "--name", name, "--stop-signal", "USR1", IMAGE, "sh", "-c", script)
    eventually(lambda: podman.output("logs", name) == "ready\n", pause=0.05)
    podman.output("stop", "--time", "10", name)
    assert podman.inspect(name, "{{.State.Status}} {{.State.ExitCode}}") == "exited 9"


def test_stop_kills_after_its_time(podman, sleeping):
    """stop kills a program that ignores SIGTERM after --time"""
    podman("stop", "--time", "1", sleeping)
    assert podman.inspect(sleeping, "{{.State.ExitCode}}") == "137"


def test_stop_of_an_initialised_container(podman, name):
    """SIGTERM ends a container that `podman init` created and nothing started"""
    podman.output("create", *podman.run[1:], "--name", name, IMAGE, "sleep", "60")
    podman.output("init", name)
    assert podman.inspect(name, "{{.State.Status}}") in ("initialized", "created")
    pid = podman.pid_of(name)
    begin = time.monotonic()
    podman("stop", "--time", "20", name)
    assert time.monotonic() - begin < 15
    assert not kernel.is_alive(pid)


def test_pause(podman, sleeping):
    """pause freezes the container, unpause continues it"""
    engines.pause(podman, "pause", sleeping)
    pid = podman.pid_of(sleeping)
    assert podman.inspect(sleeping, "{{.State.Status}}") == "paused"
    file, frozen, thawed = ("cgroup.freeze", "1", "0") if engines.ONLY_V2 else ("freezer.state", "FROZEN", "THAWED")
    assert kernel.cgroup_value(pid, "freezer", file) == frozen
    podman.output("unpause", sleeping)
    assert kernel.cgroup_value(pid, "freezer", file) == thawed
    assert podman.output("exec", sleeping, "echo", "on") == "on\n"


def test_update(podman, sleeping):
    """update changes limits of memory and CPU"""
    podman.output("update", "--memory", "64m", "--cpus", "0.5", sleeping)
    pid = podman.pid_of(sleeping)
    assert kernel.cgroup_value(pid, "memory", MEMORY) == str(64 << 20)
    file = "cpu.max" if engines.ONLY_V2 else "cpu.cfs_quota_us"
    assert kernel.cgroup_value(pid, "cpu", file).split()[0] == "50000"


def test_top_and_stats(podman, sleeping):
    """top lists the processes, stats reads the cgroup"""
    assert podman.output("top", sleeping, "pid", "args").splitlines()[1].split() == ["1", "sleep", "60"]
    line = podman.output("stats", "--no-stream", "--format", "{{.Name}} {{.PIDS}} {{.MemUsage}}", sleeping).split()
    assert line[:2] == [sleeping, "1"] and line[2] != "0B"


def test_cp(podman, sleeping, directory):
    """cp in both directions while the container runs"""
    (directory / "in").write_text("carried\n")
    podman.output("cp", directory / "in", f"{sleeping}:/tmp/there")
    assert podman.output("exec", sleeping, "cat", "/tmp/there") == "carried\n"
    podman.output("cp", f"{sleeping}:/tmp/there", directory / "out")
    assert (directory / "out").read_text() == "carried\n"


def test_an_init_process(podman, name):
    """--init: catatonit is process 1, forwards SIGTERM and reaps"""
    if not Path("/usr/libexec/podman/catatonit").exists():
        pytest.skip("catatonit is not installed")
    script = "trap 'exit 6' TERM; while :; do sleep 0.05; done"
    podman.output(*podman.run, "--detach", "--init", "--name", name, IMAGE, "sh", "-c", script)
    assert podman.output("exec", name, "cat", "/proc/1/comm") in ("podman-init\n", "catatonit\n")
    podman.output("stop", "--time", "10", name)
    assert podman.inspect(name, "{{.State.ExitCode}}") == "6"


def test_restarts(podman, name, directory):
    """--restart=on-failure:2 starts it twice more"""
    script = "echo run >> /m/runs; exit 3"
    podman.output(*podman.run, "--detach", "--restart", "on-failure:2", "--name", name, "--volume", f"{directory}:/m",
                  IMAGE, "sh", "-c", script)
    eventually(lambda: podman.inspect(name, "{{.RestartCount}} {{.State.Status}}") == "2 exited", pause=0.1)
    assert (directory / "runs").read_text() == "run\n" * 3


def test_a_health_check_by_its_exit_code(podman, name):
    """healthcheck run: unhealthy after --health-retries, healthy when the command succeeds"""
    podman.output(*podman.run, "--detach", "--name", name, "--health-cmd", "test -e /tmp/well", "--health-retries", "1",
                  "--health-interval", "disable", IMAGE, "sleep", "60")
    assert podman("healthcheck", "run", name).returncode == 1
    assert podman.inspect(name, "{{.State.Health.Status}}") == "unhealthy"
    podman.output("exec", name, "touch", "/tmp/well")
    podman.output("healthcheck", "run", name)
    assert podman.inspect(name, "{{.State.Health.Status}}") == "healthy"


def criu_works():
    return shutil.which("criu") and subprocess.run(["criu", "check"], capture_output=True).returncode == 0


@pytest.mark.skipif(criu_works(), reason="CRIU works here: test_podman.py::test_checkpoint_and_restore")
def test_checkpoint_where_criu_does_not_work(podman, sleeping):
    """checkpoint says that it is not possible, and the container runs on"""
    outcome = podman("container", "checkpoint", sleeping)
    assert outcome.returncode == 125, outcome
    assert "CRIU" in outcome.stderr or "does not support checkpoint/restore" in outcome.stderr
    assert podman.output("exec", sleeping, "echo", "on") == "on\n"


@pytest.mark.criu
def test_a_checkpoint_in_a_file(podman, name, directory):
    """checkpoint --leave-running --export, and restore --import --name: a second container counts on, with its files"""
    count = "i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.1; done"
    podman.output(*podman.run, "--detach", "--name", name, IMAGE, "sh", "-c", f"echo mine > /own; {count}")

    def counted(container):
        return int("0" + podman("exec", container, "cat", "/n").stdout.strip())

    eventually(lambda: counted(name) > 3, seconds=30, pause=0.2)
    archive = directory / "checkpoint.tar"
    podman.output("container", "checkpoint", "--leave-running", "--export", archive, name, seconds=120)
    assert podman.inspect(name, "{{.State.Status}}") == "running"
    podman.output("container", "restore", "--import", archive, "--name", f"{name}b", seconds=120)
    assert podman.output("exec", f"{name}b", "cat", "/own") == "mine\n"
    first = counted(f"{name}b")
    assert first > 3
    eventually(lambda: counted(f"{name}b") > first, seconds=30, pause=0.2)
