# SPDX-License-Identifier: Apache-2.0
"""The life of containers under docker, what it shows of them, and what they may be given."""

import json
import os
import tarfile

import pytest
from support import engines, kernel
from support.kernel import eventually

ENGINE = "docker"
IMAGE = engines.DOCKER_IMAGE
MEMORY = "memory.max" if engines.ONLY_V2 else "memory.limit_in_bytes"


@pytest.fixture
def sleeping(docker, name):
    docker.output(*docker.run, "--detach", "--name", name, IMAGE, "sleep", "60")
    return name


def test_attach(docker, name):
    """start --attach --interactive: standard input, both streams and the exit code"""
    script = "read word; echo got $word; echo err >&2; exit 4"
    docker.output("create", *docker.run[1:], "--interactive", "--name", name, IMAGE, "sh", "-c", script)
    outcome = docker("start", "--attach", "--interactive", name, text="typed\n")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (4, "got typed\n", "err\n")


def test_logs(docker, name):
    """logs: both streams, --tail and --timestamps"""
    docker(*docker.run, "--name", name, IMAGE, "sh", "-c", "echo one; echo two >&2; sleep 0.1; echo three")
    outcome = docker("logs", name)
    assert (outcome.stdout, outcome.stderr) == ("one\nthree\n", "two\n")
    assert docker.output("logs", "--tail", "1", name) == "three\n"
    assert docker.output("logs", "--timestamps", "--tail", "1", name).endswith("Z three\n")


def test_cp(docker, sleeping, directory):
    """cp in both directions, to a running and from a stopped container"""
    (directory / "in").write_text("carried\n")
    docker.output("cp", directory / "in", f"{sleeping}:/there")
    assert docker.output("exec", sleeping, "cat", "/there") == "carried\n"
    docker.output("kill", sleeping)
    docker.output("wait", sleeping)
    docker.output("cp", f"{sleeping}:/there", directory / "out")
    assert (directory / "out").read_text() == "carried\n"


def test_top_and_stats(docker, sleeping):
    """top lists the processes, stats reads the cgroup by the shim"""
    assert docker.output("top", sleeping, "-o", "pid,args").splitlines()[1].split()[1:] == ["sleep", "60"]
    line = docker.output("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}} {{.MemUsage}}", sleeping).split()
    assert line[:2] == [sleeping, "1"]
    assert line[2] != "0B"


def test_update(docker, sleeping):
    """update changes limits of memory, processes and CPU while it runs"""
    docker.output("update", "--memory", "64m", "--memory-swap", "64m", "--pids-limit", "44", "--cpus", "0.5", sleeping)
    pid = docker.pid_of(sleeping)
    assert kernel.cgroup_value(pid, "memory", MEMORY) == str(64 << 20)
    assert kernel.cgroup_value(pid, "pids", "pids.max") == "44"
    file = "cpu.max" if engines.ONLY_V2 else "cpu.cfs_quota_us"
    assert kernel.cgroup_value(pid, "cpu", file).split()[0] == "50000"


def test_pause(docker, sleeping):
    """pause freezes the container, unpause continues it, and a paused one can be removed by force"""
    engines.pause(docker, "pause", sleeping)
    file, frozen, thawed = ("cgroup.freeze", "1", "0") if engines.ONLY_V2 else ("freezer.state", "FROZEN", "THAWED")
    pid = docker.pid_of(sleeping)
    assert kernel.cgroup_value(pid, "freezer", file) == frozen
    docker.output("unpause", sleeping)
    assert kernel.cgroup_value(pid, "freezer", file) == thawed
    engines.pause(docker, "pause", sleeping)
    docker.output("rm", "--force", sleeping)
    assert not kernel.is_alive(pid)


def test_stop_sends_the_images_signal(docker, name):
    """stop sends the signal of --stop-signal"""
    script = "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"
    docker.output(*docker.run, "--detach", "--name", name, "--stop-signal", "USR1", IMAGE, "sh", "-c", script)
    eventually(lambda: docker.output("logs", name) == "ready\n", pause=0.05)
    docker.output("stop", "--time", "10", name)
    assert docker.inspect(name, "{{.State.Status}} {{.State.ExitCode}}") == "exited 9"


@pytest.mark.parametrize("policy, code, runs", [("on-failure:2", 3, 3), ("on-failure:2", 0, 1), ("no", 3, 1)])
def test_restart_policies(docker, name, directory, policy, code, runs):
    """--restart: on-failure:2 starts a program that fails twice more, no does not"""
    script = f"echo run >> /m/runs; exit {code}"
    docker.output(*docker.run, "--detach", "--restart", policy, "--name", name, "--volume", f"{directory}:/m",
                  IMAGE, "sh", "-c", script)
    eventually(lambda: docker.inspect(name, "{{.State.Status}} {{.RestartCount}}") == f"exited {runs - 1}", seconds=20, pause=0.1)
    assert (directory / "runs").read_text() == "run\n" * runs


def test_restart_by_hand(docker, sleeping):
    """restart: another process in the same container"""
    before = docker.pid_of(sleeping)
    docker.output("exec", sleeping, "touch", "/kept")
    docker.output("restart", "--time", "0", sleeping)
    assert docker.pid_of(sleeping) != before
    docker.output("exec", sleeping, "test", "-e", "/kept")


def test_a_health_check_that_fails(docker, name):
    """--health-cmd: unhealthy with the output of the command, then healthy"""
    options = ["--health-cmd", "cat /well", "--health-interval", "0.5s", "--health-retries", "1"]
    docker.output(*docker.run, "--detach", "--name", name, *options, IMAGE, "sleep", "60")

    def has_status(status):
        return docker.inspect(name, "{{.State.Health.Status}}") == status

    eventually(lambda: has_status("unhealthy"), seconds=20, pause=0.1)
    log = json.loads(docker.inspect(name, "{{json .State.Health.Log}}"))
    assert (log[0]["ExitCode"], "No such file" in log[0]["Output"]) == (1, True)
    docker.output("exec", name, "touch", "/well")
    eventually(lambda: has_status("healthy"), seconds=20, pause=0.1)


def test_an_init_process(docker, name):
    """--init: docker-init is process 1, forwards SIGTERM and reaps"""
    if not os.path.exists("/usr/bin/docker-init"):
        pytest.skip("docker-init is not installed")
    script = "trap 'exit 6' TERM; while :; do sleep 0.05; done"
    docker.output(*docker.run, "--detach", "--init", "--name", name, IMAGE, "sh", "-c", script)
    assert docker.output("exec", name, "cat", "/proc/1/comm") == "docker-init\n"
    docker.output("stop", "--time", "10", name)
    assert docker.inspect(name, "{{.State.ExitCode}}") == "6"


@pytest.mark.parametrize("options, script, shows", [
    (["--tmpfs", "/t:size=64k,mode=700,uid=1000"], "stat -c '%a %u' /t; stat -f -c %T /t", "700 1000 tmpfs"),
    (["--mount", "type=tmpfs,target=/t,tmpfs-size=65536"], "stat -f -c '%b %S' /t", "16 4096"),
    (["--ulimit", "nofile=100:200", "--ulimit", "core=0"], "ulimit -Sn; ulimit -Hn; ulimit -Hc", "100 200 0"),
    (["--shm-size", "1m"], "stat -f -c %b /dev/shm", "256"),
    (["--read-only", "--tmpfs", "/run"], "touch /x 2>/dev/null || touch /run/x && echo there", "there"),
    (["--group-add", "2000", "--user", "1000:1001"], "id -u; id -G", "1000 1001 2000"),
    (["--oom-score-adj", "300"], "cat /proc/self/oom_score_adj", "300"),
    (["--ipc", "private"], "wc -l < /proc/sysvipc/shm", "1"),
    (["--uts", "host"], "hostname", os.uname().nodename),
    (["--cgroupns", "private"], "grep -c '/$' /proc/self/cgroup", None),
    (["--device-read-bps", "/dev/vda:1mb"], "echo limited", "limited"),
    (["--cpuset-cpus", "0"], "grep Cpus_allowed_list /proc/self/status | cut -f 2", "0"),
], ids=lambda value: value[0] + "-" + value[1].split(":")[0] if isinstance(value, list) else "")
def test_what_a_container_is_given(docker, options, script, shows):
    """run --tmpfs, --mount, --ulimit, --shm-size, --group-add, --oom-score-adj, --ipc, --uts, --cgroupns, limits of disks and CPUs"""
    said = " ".join(docker.output(*docker.run, "--rm", *options, IMAGE, "sh", "-c", script).split())
    if shows is None:  # in a cgroup namespace every path is the root
        shows = str(len(set(kernel.cgroups("self"))))
    assert said == shows


def test_a_seccomp_profile(docker, directory):
    """--security-opt seccomp=FILE"""
    profile = directory / "seccomp.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}))
    refused = docker(*docker.run, "--rm", "--security-opt", f"seccomp={profile}", IMAGE, "mkdir", "/new")
    assert (refused.returncode, "Operation not permitted" in refused.stderr) == (1, True)


def test_volumes(docker, name):
    """a named volume has the image's content, and --volumes-from gives it to another container"""
    docker.output(*docker.run, "--name", name, "--volume", f"{name}:/etc", IMAGE, "sh", "-c", "echo kept > /etc/new")
    run = [*docker.run, "--rm", "--volumes-from", f"{name}:ro", IMAGE]
    assert docker.output(*run, "sh", "-c", "cat /etc/new; touch /etc/x 2>/dev/null || echo read-only") == "kept\nread-only\n"
    docker.output("rm", name)
    docker.output("volume", "rm", name)


def test_export_commit_and_diff(docker, name, directory):
    """diff, commit and export of what the container wrote"""
    docker.output(*docker.run, "--name", name, IMAGE, "sh", "-c", "echo new > /etc/new; rm /etc/group")
    assert {"A /etc/new", "D /etc/group"} <= set(docker.output("diff", name).splitlines())
    docker.output("commit", name, "committed")
    assert docker.output(*docker.run, "--rm", "committed", "cat", "/etc/new") == "new\n"
    docker.output("rmi", "committed")
    docker.output("export", "--output", directory / "tar", name)
    with tarfile.open(directory / "tar") as tar:
        assert tar.extractfile("etc/new").read() == b"new\n"


def test_a_build(docker, directory):
    """build without BuildKit: RUN steps by the daemon's default runtime"""
    (directory / "file").write_text("of the host\n")
    (directory / "Dockerfile").write_text(f"""\
FROM {IMAGE}
COPY file /file
ENV A=b
RUN cat /file > /made && echo $A >> /made
USER 1000
RUN id -u > /tmp/who
CMD ["cat", "/made", "/tmp/who"]
""")
    engine = engines.Engine(["env", "DOCKER_BUILDKIT=0", *docker.words], docker.place)
    engine.output("build", "--network", "none", "--tag", "built", directory, seconds=120)
    assert docker.output(*docker.run, "--rm", "built") == "of the host\nb\n1000\n"
    docker.output("rmi", "built")


@pytest.mark.criu
def test_checkpoint_and_start(docker, name):
    """checkpoint create ends the container, start --checkpoint lets it count on; --leave-running leaves it running"""
    count = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"
    # CRIU of Debian 13 cannot restore the filter.
    options = ["--detach", "--name", name, "--security-opt", "seccomp=unconfined"]
    docker.output(*docker.run, *options, IMAGE, "sh", "-c", count)

    def counted():
        return int("0" + docker.output("logs", "--tail", "1", name).strip())

    eventually(lambda: counted() > 3, seconds=30, pause=0.2)
    docker.output("checkpoint", "create", name, "one", seconds=120)
    assert docker.inspect(name, "{{.State.Status}} {{.State.ExitCode}}") == "exited 137"
    assert "one" in docker.output("checkpoint", "ls", name).split()
    before = counted()
    docker.output("start", "--checkpoint", "one", name, seconds=120)
    eventually(lambda: counted() > before + 3, seconds=30, pause=0.2)
    docker.output("checkpoint", "create", "--leave-running", name, "two", seconds=120)
    assert docker.inspect(name, "{{.State.Status}}") == "running"
