# SPDX-License-Identifier: Apache-2.0
"""podman, with the runtime under test: the way most users meet a runtime."""

import pytest
from support import engines, kernel
from support.engines import IMAGE
from support.kernel import eventually

ENGINE = "podman"


def test_run_prints_and_exits_as_the_program_does(podman):
    outcome = podman(*podman.run, "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (7, "out\n", "err\n")


def test_standard_input(podman):
    assert podman.output(*podman.run, "--rm", "-i", IMAGE, "cat", text="typed\n") == "typed\n"


def test_a_terminal(podman):
    assert "/dev/pts/0" in podman.output(*podman.run, "--rm", "-t", IMAGE, "tty")


@pytest.mark.parametrize(
    "options, script, shown",
    [
        *engines.RUN_OPTIONS,
        (["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"], "mkdir /m && mount -t tmpfs x /m && echo done", "done"),
        (["--uts", "host"], "echo fine", "fine"),
        # podman adds tmpcopyup; /tmp of the image is there, with mode 1777.
        pytest.param(["--tmpfs", "/tmp:mode=0700"], "stat -c '%a %u %g' /tmp", "700 0 0",
                     marks=engines.control_cannot("runc 1.1 takes the mode of the image's directory, not the given one")),
        (["--tmpfs", "/tmp"], "stat -c '%a %u %g' /tmp", "1777 0 0"),
        (["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"], "cat /proc/self/uid_map", "0 100000 65536"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_of_run(podman, options, script, shown):
    assert " ".join(podman.output(*podman.run, "--rm", *options, IMAGE, "sh", "-c", script).split()) == shown


def test_a_volume(podman, directory):
    engines.assert_shares_a_volume(podman, IMAGE, directory)


def test_a_read_only_volume(podman, directory):
    outcome = podman(*podman.run, "--rm", "--volume", f"{directory}:/m:ro", IMAGE, "touch", "/m/x")
    assert "Read-only file system" in outcome.stderr


def test_in_the_background_and_back(podman):
    name = podman.output(*podman.run, "--detach", IMAGE, "sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done").strip()
    eventually(lambda: "up" in podman.output("logs", name))
    assert podman.inspect(name, "{{.State.Status}}") == "running"
    pid = podman.pid_of(name)
    assert kernel.is_alive(pid)
    podman.output("stop", "--time", "5", name)
    assert podman.inspect(name, "{{.State.Status}} {{.State.ExitCode}}") == "exited 5"
    podman.output("rm", name)
    assert not kernel.cgroup_directories(f"libpod-{name}")


def test_create_start_kill_and_start_again(podman):
    engines.assert_starts_twice(podman, IMAGE)


def test_exec(podman):
    name = podman.output(*podman.run, "--detach", "--env", "A=b", IMAGE, "sleep", "60").strip()
    outcome = podman("exec", name, "sh", "-c", "echo $A; echo err >&2; exit 6")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (6, "b\n", "err\n")
    assert podman.output("exec", "-i", name, "cat", text="typed\n") == "typed\n"
    assert podman.output("exec", "-t", name, "tty") == "/dev/pts/0\n"
    assert podman.output("exec", "--user", "1000", "--workdir", "/tmp", "--env", "X=y", name, "sh", "-c", "id -u; pwd; echo $X") \
        == "1000\n/tmp\ny\n"
    assert podman.output("exec", "--privileged", name, "awk", "/CapEff/ {print $2}", "/proc/self/status") != ""


@pytest.mark.criu
def test_checkpoint_and_restore(podman):
    """podman asks `checkpoint --help` and `restore --lsm-mount-context` first what the runtime can do."""
    count = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"
    name = podman.output(*podman.run, "--detach", IMAGE, "sh", "-c", count).strip()

    def counted():
        return int((podman.output("logs", "--tail", "1", name) or "0").strip() or 0)

    eventually(lambda: counted() > 3, seconds=30, pause=0.2)
    podman.output("container", "checkpoint", name, seconds=120)
    assert podman.inspect(name, "{{.State.Status}} {{.State.Checkpointed}}") == "exited true"
    before = counted()
    podman.output("container", "restore", name, seconds=120)
    assert podman.inspect(name, "{{.State.Status}}") == "running"
    eventually(lambda: counted() > before + 3, seconds=30, pause=0.2)
