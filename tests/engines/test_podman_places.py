# SPDX-License-Identifier: Apache-2.0
"""podman: users, volumes, devices, what a container may do, and its cgroup."""

import json
import os

from support import engines, kernel
from support.engines import IMAGE

ENGINE = "podman"
MAPPED = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"]


def output(podman, *options, script):
    return podman.output(*podman.run, "--rm", *options, IMAGE, "sh", "-c", script)


# ---- volumes ---------------------------------------------------------------------------------------


def test_a_volume_for_a_user(podman, source):
    """:U gives a volume to the container's user"""
    output(podman, "--user", "1234:1235", "--volume", f"{source}:/m:U", script="echo more > /m/new")
    for file in ("file", "new"):
        assert (os.stat(source / file).st_uid, os.stat(source / file).st_gid) == (1234, 1235)


def test_a_volume_as_overlay(podman, source):
    """:O: what the container writes does not reach the volume"""
    script = "echo other > /m/file; echo new > /m/new; cat /m/file"
    assert output(podman, "--volume", f"{source}:/m:O", script=script) == "other\n"
    assert (source / "file").read_text() == "content\n"
    assert sorted(os.listdir(source)) == ["file"]


def test_a_named_volume(podman):
    """a named volume gets the image's content and outlives the container"""
    output(podman, "--volume", "kept:/etc", script="echo kept > /etc/new; test -s /etc/passwd")
    assert output(podman, "--volume", "kept:/m:ro", script="cat /m/new; test -s /m/passwd") == "kept\n"
    podman.output("volume", "rm", "kept")


@engines.control_cannot("runc 1.1 has no idmapped mounts")
def test_an_idmapped_volume(podman, source):
    """:idmap shows the owners of a volume as in the container, and leaves them on the host"""
    script = "stat -c %u /m/file; touch /m/new"
    assert output(podman, *MAPPED, "--volume", f"{source}:/m:idmap", script=script) == "0\n"
    assert (os.stat(source / "file").st_uid, os.stat(source / "new").st_uid) == (0, 0)


@engines.control_cannot("runc does not know the option; it is crun's")
def test_an_idmapped_volume_with_mappings(podman, source):
    """:idmap=uids=0-1000-1;gids=0-1001-1, as podman 4.3 passes it on to crun"""
    owners = "stat -c '%u %g' /m/file"
    assert output(podman, "--volume", f"{source}:/m:idmap=uids=0-1000-1;gids=0-1001-1", script=owners) == "1000 1001\n"
    relative = f"{source}:/m:idmap=uids=@0-1000-1;gids=@0-1001-1"
    assert output(podman, *MAPPED, "--volume", relative, script=owners) == "1000 1001\n"


def test_a_tmpfs_and_a_read_only_root(podman):
    """--read-only leaves /tmp, /run and /dev/shm writable"""
    script = "touch /x 2>/dev/null || echo read-only; touch /tmp/x /run/x /dev/shm/x && echo written"
    assert output(podman, "--read-only", script=script) == "read-only\nwritten\n"


def test_propagation_of_a_volume(podman, source):
    """a volume with rslave and one with rshared propagate as asked"""
    script = "grep -o ' /[sp] .*' /proc/self/mountinfo | grep -o -E '^ /[sp]|master:|shared:'"
    seen = output(podman, "--volume", f"{source}:/p:rprivate", script=script).split()
    assert seen == ["/p"]


# ---- users -----------------------------------------------------------------------------------------


def test_users_chosen_by_podman(podman, podman_place, user):
    """--userns=auto takes a free range of the subordinate ids"""
    conf = podman_place / "storage.conf"
    conf.write_text(f'[storage]\ndriver = "overlay"\nrunroot = "/run/podman"\ngraphroot = "{podman_place}/root"\n[storage.options]\nroot-auto-userns-user = "{user.name}"\n')
    auto = engines.Engine(["env", f"CONTAINERS_STORAGE_CONF={conf}", *podman.words], podman.place, run=podman.run)
    inside, outside, count = output(auto, "--userns", "auto:size=2000", script="head -n 1 /proc/self/uid_map").split()
    assert (inside, count) == ("0", "2000")
    assert user.sub <= int(outside) < user.sub + user.COUNT


def test_a_user_of_the_image_and_groups(podman):
    """--user and --group-add"""
    assert output(podman, "--user", "1000:1001", "--group-add", "2000", script="id -u; id -g; id -G").split() == \
        ["1000", "1001", "1001", "2000"]


# ---- what a container may do -----------------------------------------------------------------------


def test_a_privileged_container(podman):
    """--privileged: the host's devices, no filter, no masks, and a new mount"""
    script = "test -c /dev/full && grep Seccomp: /proc/self/status; mount -t tmpfs x /mnt && echo mounted; ls /proc/acpi /sys/firmware | wc -l"
    lines = output(podman, "--privileged", script="mkdir -p /mnt; " + script).splitlines()
    assert lines[:2] == ["Seccomp:\t0", "mounted"]


def test_a_device(podman):
    """--device: the node, its name and permissions"""
    script = "stat -c '%t %T' /dev/mine; (: < /dev/mine) && echo read; (: > /dev/mine) 2>/dev/null || echo not written"
    assert output(podman, "--device", "/dev/fuse:/dev/mine:r", script=script).splitlines() == ["a e5", "read", "not written"]


def test_security_options(podman, directory):
    """--security-opt: a seccomp profile, no-new-privileges, mask and unmask"""
    profile = directory / "seccomp.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}))
    refused = podman(*podman.run, "--rm", "--security-opt", f"seccomp={profile}", IMAGE, "mkdir", "/new")
    assert (refused.returncode, "Operation not supported" in refused.stderr or "Not supported" in refused.stderr) == (1, True)
    assert output(podman, "--security-opt", "no-new-privileges", script="grep -o 'NoNewPrivs.*1' /proc/self/status")
    masked = "wc -c < /etc/passwd; wc -l < /proc/timer_list"
    seen = output(podman, "--security-opt", "mask=/etc/passwd", "--security-opt", "unmask=/proc/timer_list", script=masked)
    assert seen.split()[0] == "0"
    assert int(seen.split()[1]) > 0


def test_capabilities(podman):
    """--cap-drop all --cap-add NET_RAW: that one is left"""
    script = "grep -E 'Cap(Eff|Bnd)' /proc/self/status | cut -f 2 | sort -u"
    assert output(podman, "--cap-drop", "all", "--cap-add", "NET_RAW", script=script) == "0000000000002000\n"


def test_namespaces_of_another_container(podman, name):
    """--pid, --ipc and --network of another container, --uts=host"""
    podman.output(*podman.run, "--detach", "--name", name, "--ipc", "shareable", IMAGE, "sleep", "60")
    options = ["run", "--rm", *podman.parent, *engines.LIMITS, "--pid", f"container:{name}", "--ipc", f"container:{name}",
               "--network", f"container:{name}", "--uts", "host", IMAGE]
    seen = podman.output(*options, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '; readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; hostname")
    pid = podman.pid_of(name)
    assert seen.split() == ["sleep", "60", kernel.namespace(pid, "network"), kernel.namespace(pid, "ipc"), os.uname().nodename]


# ---- cgroups ---------------------------------------------------------------------------------------


def test_a_cgroup_parent(podman, name):
    """--cgroup-parent: the container's cgroup is there, and gone afterwards"""
    podman.output(*podman.run, "--detach", "--name", name, IMAGE, "sleep", "60")
    pid = podman.pid_of(name)
    place = kernel.cgroups(pid)["" if engines.ONLY_V2 else "memory"]
    assert f"libpod-{podman.output('inspect', '--format', '{{.Id}}', name).strip()}" in place
    podman.output("rm", "--force", "--time", "0", name)
    assert not kernel.cgroup_directories(place)


def test_mounts_for_systemd(podman):
    """--systemd=always: /run, /run/lock, /tmp and /var/log/journal are file systems of their own"""
    script = "for place in /run /run/lock /tmp /var/log/journal; do grep -c \" $place \" /proc/self/mountinfo; done; echo $container"
    assert output(podman, "--systemd", "always", script=script).split() == ["1", "1", "1", "1", "podman"] or \
        output(podman, "--systemd", "always", script=script).split() == ["1", "1", "1", "1", "oci"]
