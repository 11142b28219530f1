# SPDX-License-Identifier: Apache-2.0
"""docker, whose daemon has the runtime under test by its own name in its list of runtimes."""

import pytest
from support import engines, kernel
from support.kernel import eventually
from support.leaks import PREFIX

ENGINE = "docker"
IMAGE = engines.DOCKER_IMAGE


@pytest.fixture
def sleeping(docker, name):
    """The name of a container that sleeps."""
    docker.output(*docker.run, "--detach", "--name", name, "--env", "A=b", IMAGE, "sleep", "60")
    return name


def test_the_runtime_of_the_daemon_and_of_a_container(docker, sleeping):
    assert docker.inspect(sleeping, "{{.HostConfig.Runtime}}") == f"{docker.runtime}"
    assert "Default Runtime: tare" in docker.output("info")
    assert f"Cgroup Driver: {engines.MANAGER}" in docker.output("info")


def test_run_prints_and_exits_as_the_program_does(docker):
    outcome = docker(*docker.run, "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (7, "out\n", "err\n")


def test_standard_input(docker):
    assert docker.output(*docker.run, "--rm", "--interactive", IMAGE, "cat", text="typed\n") == "typed\n"


@pytest.mark.parametrize(
    "options, script, shown",
    [
        *engines.RUN_OPTIONS,
        (["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
         "mkdir /m && mount -t tmpfs x /m && echo done", "done"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_of_run(docker, options, script, shown):
    assert docker.output(*docker.run, "--rm", *options, IMAGE, "sh", "-c", script).strip() == shown


def test_a_volume(docker, directory):
    engines.assert_shares_a_volume(docker, IMAGE, directory)


def test_create_start_kill_and_start_again(docker):
    engines.assert_starts_twice(docker, IMAGE)


def test_stop_and_the_exit_code(docker, sleeping):
    docker.output("stop", "--time", "1", sleeping)
    assert docker.inspect(sleeping, "{{.State.Status}} {{.State.ExitCode}}") == "exited 137"
    docker.output("rm", sleeping)


def test_exec(docker, sleeping):
    outcome = docker("exec", sleeping, "sh", "-c", "echo $A; echo err >&2; exit 6")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (6, "b\n", "err\n")
    assert docker.output("exec", "--interactive", sleeping, "cat", text="typed\n") == "typed\n"
    assert docker.output("exec", "--user", "1000", "--workdir", "/tmp", sleeping, "sh", "-c", "id -u; pwd") == "1000\n/tmp\n"


def test_where_its_cgroup_is(docker, sleeping):
    identity = docker.inspect(sleeping, "{{.Id}}")
    place = f"/{PREFIX}d/{identity}" if engines.MANAGER == "cgroupfs" else f"/system.slice/docker-{identity}.scope"
    assert kernel.cgroups(docker.pid_of(sleeping))["" if engines.ONLY_V2 else "memory"].endswith(place)
    docker.output("rm", "--force", sleeping)
    assert not kernel.cgroup_directories(identity)


def test_pause_top_and_update(docker, sleeping):
    engines.pause(docker, "pause", sleeping)
    assert docker.inspect(sleeping, "{{.State.Status}}") == "paused"
    docker.output("unpause", sleeping)
    assert "sleep 60" in docker.output("top", sleeping)
    docker.output("update", "--memory", "32m", "--memory-swap", "64m", "--pids-limit", "40", sleeping)
    file = "memory.max" if engines.ONLY_V2 else "memory.limit_in_bytes"
    assert kernel.cgroup_value(docker.pid_of(sleeping), "memory", file) == str(32 << 20)
    assert kernel.cgroup_value(docker.pid_of(sleeping), "pids", "pids.max") == "40"


def test_a_program_over_its_memory_limit_is_reported(docker):
    """run --memory: 137, and the container is reported as OOMKilled"""
    # It ends a while later: containerd reads the count after it was woken, and the cgroup must be there then. On a busy
    # machine that takes longer, with either runtime.
    hog = "dd if=/dev/zero of=/dev/null bs=64M count=1; code=$?; sleep {}; exit $code"

    def is_reported(seconds):
        name = docker.output("create", *docker.run[1:], "--memory", "16m", IMAGE, "sh", "-c", hog.format(seconds)).strip()
        assert docker("start", "--attach", name).returncode == 137
        return docker.inspect(name, "{{.State.OOMKilled}}") == "true"

    assert is_reported(1) or is_reported(3) or is_reported(9)


def test_a_health_check(docker, name):
    options = ["--health-cmd", "true", "--health-interval", "1s"]
    docker.output(*docker.run, "--detach", "--name", name, *options, IMAGE, "sleep", "60")
    eventually(lambda: docker.inspect(name, "{{.State.Health.Status}}") == "healthy", seconds=30, pause=0.2)


def test_its_daemon_reads_the_features(docker):
    """The daemon can read tare's features (moby 25 and later ask for them)."""
    assert "failed to determine runtime features" not in docker.log.read_text()
