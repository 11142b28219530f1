# SPDX-License-Identifier: Apache-2.0
"""podman as an ordinary user runs it: it makes itself root of a user namespace, and calls the runtime there."""

import os
import shutil
import urllib.request

import pytest
from support import engines, kernel
from support.engines import IMAGE, Ending
from support.kernel import eventually

ENGINE = "podman"
CGROUP_V1 = pytest.mark.skipif(not engines.ONLY_V2, reason="podman does not do it for an ordinary user on cgroup v1")


@pytest.fixture
def podman(rootless_podman):
    return rootless_podman


@pytest.mark.parametrize(
    "options, script, shown",
    [
        ([], "id -u", "0"),
        (["--user", "1000:1000"], "id -u", "1000"),
        (["--userns", "nomap"], "id -u", "0"),
        (["--privileged"], "ls -d /dev/null", "/dev/null"),
        (["--read-only"], "touch /x 2>/dev/null || echo read-only", "read-only"),
        (["--tmpfs", "/m:size=64k"], "stat -f -c %T /m", "tmpfs"),
        (["--pid", "host"], "test $$ -gt 1 && echo shared", "shared"),
        (["--uts", "host"], "echo shared", "shared"),
        (["--cap-drop", "all"], "grep CapEff /proc/self/status | cut -f 2", "0000000000000000"),
        (["--security-opt", "no-new-privileges"], "grep NoNewPrivs /proc/self/status | cut -f 2", "1"),
        (["--sysctl", "net.ipv4.ip_default_ttl=44"], "cat /proc/sys/net/ipv4/ip_default_ttl", "44"),
        (["--device", "/dev/full:/dev/mine"], "echo x 2>/dev/null > /dev/mine || echo full", "full"),
        (["--init"], "cat /proc/1/comm", "podman-init"),
        (["--systemd", "always"], "grep -c ' /run ' /proc/self/mountinfo", "1"),
    ],
    ids=str,
)
def test_run(podman, options, script, shown):
    assert podman.output(*podman.run, "--rm", *options, IMAGE, "sh", "-c", script).strip() == shown


def test_ids_are_the_users_and_its_subordinates(podman, user):
    lines = podman.output(*podman.run, "--rm", IMAGE, "cat", "/proc/self/uid_map").splitlines()
    assert lines[0].split() == ["0", str(user.uid), "1"]
    assert lines[1].split() == ["1", str(user.sub), str(user.COUNT)]


def test_the_user_is_kept(podman, user, directory):
    """--userns keep-id: the user has its own id in the container, and owns what it writes to a volume"""
    user.own(directory)
    script = "id -u; id -g; touch /m/new"
    run = [*podman.run, "--rm", "--userns", "keep-id", "--volume", f"{directory}:/m", IMAGE]
    assert podman.output(*run, "sh", "-c", script).split() == [str(user.uid), str(user.gid)]
    assert os.stat(directory / "new").st_uid == user.uid


def test_users_chosen_by_podman(podman):
    """--userns=auto: a range of the subordinate ids"""
    lines = podman.output(*podman.run, "--rm", "--userns", "auto:size=1000", IMAGE, "cat", "/proc/self/uid_map").splitlines()
    ranges = [list(map(int, line.split())) for line in lines]
    assert sum(count for _, _, count in ranges) == 1000
    assert 0 in [inside for inside, _, _ in ranges]
    assert all(outside > 0 for _, outside, _ in ranges)  # in podman's user namespace, where 0 is the user


def test_a_volume_for_a_user(podman, user, directory):
    """:U gives a volume to the container's user, who is one of the subordinate ids"""
    user.own(directory)
    podman.output(*podman.run, "--rm", "--user", "1000", "--volume", f"{directory}:/m:U", IMAGE, "touch", "/m/new")
    assert os.stat(directory / "new").st_uid == user.sub + 999


@engines.control_cannot("runc does not keep the caller's groups: it does not know the annotation run.oci.keep_original_groups")
def test_groups_of_the_user_are_kept(rootless_place, podman, user, directory):
    """--group-add keep-groups: a file of a group that only the user has can be read"""
    shared = directory / "shared"
    shared.write_text("of the group\n")
    os.chown(shared, 0, 54321)
    shared.chmod(0o640)
    member = engines.rootless_podman(rootless_place, user, podman.path, groups=[54321])
    run = ["run", "--network=none", *engines.LIMITS, "--rm", "--volume", f"{directory}:/m"]
    assert member.output(*run, "--group-add", "keep-groups", IMAGE, "cat", "/m/shared") == "of the group\n"
    assert member(*run, IMAGE, "cat", "/m/shared").returncode == 1


def test_the_hosts_network(podman):
    """Its sysfs cannot be mounted in another user namespace."""
    output = podman.output("run", "--network=host", *engines.LIMITS, "--rm", IMAGE, "ls", "/sys/class/net")
    assert "lo" in output.split()


@pytest.mark.skipif(shutil.which("slirp4netns") is None, reason="slirp4netns is not installed")
@pytest.mark.skipif(not os.access("/dev/net/tun", os.F_OK) or not os.stat("/dev/net/tun").st_mode & 2,
                    reason="on this machine an ordinary user may not open /dev/net/tun")
def test_slirp4netns(podman):
    """--network slirp4netns, podman's default for an ordinary user: a tap device with an address"""
    run = ["run", "--rm", "--network", "slirp4netns", *engines.LIMITS, IMAGE]
    assert "10.0.2.100/24" in podman.output(*run, "ip", "address", "show", "tap0")


@pytest.mark.skipif(shutil.which("pasta") is None, reason="Debian 12 has no pasta, and a podman that does not know it: make test-guest")
def test_pasta(podman, name):
    """--network pasta, the default of podman 5 for an ordinary user: a device beside lo, and a published port"""
    serve = "mkdir /www && echo served > /www/index.html && exec httpd -f -p 80 -h /www"
    options = ["--detach", "--name", name, "--network", "pasta", "--publish", "8081:80", *engines.LIMITS]
    podman.output("run", *options, IMAGE, "sh", "-c", serve)
    devices = podman.output("exec", name, "sh", "-c", "tail -n +3 /proc/net/dev | cut -d : -f 1").split()
    assert len(devices) == 2 and "lo" in devices

    def served():
        try:
            with urllib.request.urlopen("http://127.0.0.1:8081/", timeout=10) as answer:
                return answer.read() == b"served\n"
        except OSError:  # nobody listens there yet
            return False

    eventually(served, seconds=20, pause=0.1)


def test_in_the_background(podman, name):
    podman.output(*podman.run, "--detach", "--name", name, IMAGE, "sleep", "1000")
    assert podman.inspect(name, "{{.State.Status}}") == "running"
    podman.output("stop", "--time", "0", name)
    eventually(lambda: podman.inspect(name, "{{.State.Status}}") == "exited")
    podman.output("rm", name)


def test_exec_logs_and_top(podman, name):
    """exec with an exit code and standard input, logs of both streams, top"""
    script = "echo out; echo err >&2; exec sleep 60"
    podman.output(*podman.run, "--detach", "--env", "A=b", "--name", name, IMAGE, "sh", "-c", script)
    outcome = podman("exec", "--interactive", name, "sh", "-c", "cat; echo $A; exit 6", text="typed\n")
    assert (outcome.returncode, outcome.stdout) == (6, "typed\nb\n")
    logs = podman("logs", name)
    assert (logs.stdout, logs.stderr) == ("out\n", "err\n")
    assert podman.output("top", name, "args").split()[1:] == ["sleep", "60"]


@CGROUP_V1
def test_pause(podman, name):
    """pause and unpause"""
    podman.output(*podman.run, "--detach", "--name", name, IMAGE, "sleep", "60")
    if kernel.cgroups(podman.pid_of(name)) == kernel.cgroups("self"):
        pytest.skip("the user has no cgroup of its own, which systemd's user manager would delegate")
    podman.output("pause", name)
    assert podman.inspect(name, "{{.State.Status}}") == "paused"
    podman.output("unpause", name)


def test_a_health_check(podman, name):
    """healthcheck run by hand, without systemd's timers"""
    options = ["--health-cmd", "test -e /tmp/well", "--health-interval", "disable"]
    podman.output(*podman.run, "--detach", "--name", name, *options, IMAGE, "sleep", "60")
    assert podman("healthcheck", "run", name).returncode == 1
    podman.output("exec", name, "touch", "/tmp/well")
    podman.output("healthcheck", "run", name)


def test_a_pod(podman, name):
    """a pod whose two containers share the network and the IPC namespace"""
    podman.output("pod", "create", "--name", name, "--network", "none")
    members = [podman.output("run", "--detach", "--pod", name, *engines.LIMITS, IMAGE, "sleep", "60").strip() for _ in range(2)]
    for kind in ("net", "ipc"):
        assert len({podman.output("exec", member, "readlink", f"/proc/self/ns/{kind}") for member in members}) == 1
    assert len({podman.output("exec", member, "readlink", "/proc/self/ns/mnt") for member in members}) == 2
    podman.output("pod", "rm", "--force", "--time", "0", name)


@pytest.mark.parametrize("program, ending", [
    ("no-such", Ending(127, "not found in")),
    ("/no/such", Ending(127, "[Nn]o such file or directory")),
    ("/etc/passwd", Ending(126, "[Pp]ermission denied")),
    ("/etc", Ending(126, "[Pp]ermission denied|is a directory")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_exit_codes(podman, program, ending):
    """126 and 127 of run and exec"""
    outcome = podman(*podman.run, "--rm", IMAGE, program)
    assert ending.matches(outcome), outcome
