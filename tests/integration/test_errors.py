# SPDX-License-Identifier: Apache-2.0
"""Errors as programs read them (--error-format json), and what they say about their cause."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from support import kernel

PROJECT = Path(__file__).parent.parent.parent
MEMBERS = ["code", "phase", "step", "origin", "errno", "cause", "hint", "message"]

pytestmark = pytest.mark.tare_only


@pytest.fixture
def telling(runtime):
    runtime.globals = ["--error-format", "json"]
    return runtime


def told(outcome):
    assert outcome.code != 0
    assert outcome.stderr.count("\n") == 1, outcome
    error = json.loads(outcome.stderr)
    assert list(error) == MEMBERS
    return error


# ---- the object --------------------------------------------------------------------------------


def test_an_unknown_container(telling):
    error = told(telling.call("state", "nobody"))
    assert error == {
        "code": "not-found",
        "phase": "state",
        "step": "container does not exist: nobody",
        "origin": None,
        "errno": None,
        "cause": None,
        "hint": None,
        "message": "container does not exist: nobody",
    }


def test_a_step_that_fails_has_its_origin_and_errno(telling, bundle):
    bundle.config["mounts"].append({"destination": "/x", "type": "tmpfs", "source": "t", "options": ["size=no"]})
    error = told(telling.try_create(bundle))
    place = f"/mounts/{len(bundle.config['mounts']) - 1}"
    assert (error["code"], error["phase"], error["origin"]) == ("failed", "create", place)
    assert (error["errno"], error["cause"]) == ("EINVAL", "invalid argument")
    assert error["step"].startswith("mount t on /x") or "on /x" in error["step"]
    assert error["message"] == f"{place}: {error['step']}: EINVAL: invalid argument"


@pytest.mark.parametrize(
    "words, code",
    [
        (["--no-such", "list"], "usage"),
        (["no-such"], "usage"),
        (["kill", "x", "NOSIGNAL"], "usage"),
        (["state", "../x"], "usage"),
        (["kill", "nobody"], "not-found"),
        (["create", "--bundle", "/nowhere", "x"], "failed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_the_code_is_that_of_the_kind(telling, words, code):
    assert told(telling.call(*words))["code"] == code


def test_codes_of_configs_and_states(telling, bundle):
    container = telling.create(bundle.args("sleep", "60"))
    assert told(telling.call("delete", container.id))["code"] == "refused"
    container.kill("KILL").ok()
    container.await_end()
    assert told(telling.call("kill", container.id))["code"] == "not-running"
    bundle.process["args"] = []
    bundle.process["user"]["umask"] = 0o7777
    assert told(telling.try_create(bundle))["code"] == "config"


def test_a_wrong_command_line_is_told_in_the_same_way(telling):
    assert told(telling.call())["phase"] == "command line"
    assert told(telling.call("--log-format", "xml", "list"))["step"] == "invalid log-format: xml"
    assert told(telling.call("create", "--nonsense"))["code"] == "usage"


@pytest.mark.parametrize("spelling", [["--error-format=json"], ["-error-format", "json"]], ids=" ".join)
def test_spellings(runtime, spelling):
    runtime.globals = spelling
    assert told(runtime.call("state", "nobody"))["code"] == "not-found"


def test_the_text_is_as_ever(runtime):
    assert runtime.call("--error-format", "text", "state", "nobody").stderr == "tare: container does not exist: nobody\n"
    runtime.call("--error-format", "xml", "list").failed("invalid error-format: xml")


def test_the_log_file_stays_as_callers_parse_it(telling, directory):
    telling.globals += ["--log", directory / "log", "--log-format", "json"]
    assert told(telling.call("state", "nobody"))["code"] == "not-found"
    (line,) = (directory / "log").read_text().splitlines()
    assert list(json.loads(line)) == ["level", "msg", "time"]


def test_without_a_log_file_there_is_one_object_only(telling):
    telling.globals += ["--log-format", "json"]
    assert told(telling.call("state", "nobody"))["code"] == "not-found"


@pytest.mark.parametrize("name", ['quote"', "line\nline", "\x1b[31mred", b"\xff\xfe"], ids=repr)
def test_hostile_names_stay_one_object(telling, directory, name):
    path = str(directory) + "/" + (name if isinstance(name, str) else name.decode(errors="surrogateescape"))
    assert "\x1b" not in told(telling.call("create", "--bundle", path, telling.new_id()))["message"]


def test_every_code_is_in_the_documentation():
    source = (PROJECT / "oci/problem.cpp").read_text()
    words = re.findall(r'\{Error::Kind::\w+, "([a-z-]+)"\}', source)
    kinds = re.findall(r"^    (\w+),", (PROJECT / "base/result.h").read_text().split("enum class Kind")[1].split("};")[0], re.M)
    assert len(words) == len(set(words)) == len(kinds) >= 7
    rows = re.findall(r"^\| `([a-z-]+)` \|", (PROJECT / "docs/errors.md").read_text(), re.M)
    assert set(words) <= set(rows)


# ---- the first error is not lost ---------------------------------------------------------------


def test_a_damaged_record_is_told_with_what_was_tried_instead(runtime, bundle):
    runtime.globals = ["--cgroup-manager", "disabled"]
    container = runtime.create(bundle.args("sleep", "60"))
    stored = runtime.root / container.id
    whole = (stored / "state.json").read_bytes()
    (stored / "state.json").write_text("garbage")
    intent = (stored / "intent.json").read_bytes()
    (stored / "intent.json").unlink()
    runtime.call("delete", "--force", container.id).failed("state.json", "line 1", "then", "intent.json", "ENOENT")
    assert stored.exists()
    (stored / "state.json").write_bytes(whole)
    (stored / "intent.json").write_bytes(intent)
    container.delete("--force").ok()


# ---- on a terminal -----------------------------------------------------------------------------


def test_on_a_terminal_an_error_is_wrapped_between_words(runtime, directory):
    master, slave = os.openpty()
    words = runtime.command("create", "--bundle", directory / " ".join(["a-word"] * 30), "x")
    piped = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr
    subprocess.run(words, stdin=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = os.read(master, 65536).decode().replace("\r\n", "\n")
    os.close(master)
    lines = shown.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("tare: ")
    assert all(line.startswith("      ") for line in lines[1:])
    assert " ".join(shown.split()) == " ".join(piped.split())
    assert piped.count("\n") == 1


# ---- causes ------------------------------------------------------------------------------------


def without_capability(name):
    return ["setpriv", f"--bounding-set=-{name}", f"--inh-caps=-{name}", "sh", "-c", 'exec "$@"', "sh"]


def has_realtime_groups():
    mounts = kernel.cgroup_mounts()
    return "cpu" in mounts and (mounts["cpu"] / "cpu.rt_runtime_us").exists()


def test_a_limit_of_namespaces_is_named(runtime, bundle):
    """In a user namespace of its own, whose limit is set to none."""
    runtime.prefix = ["unshare", "--user", "--map-root-user", "sh", "-c",
                      'echo 0 > /proc/sys/user/max_uts_namespaces && exec "$@"', "sh"]
    runtime.try_create(bundle).failed("clone3", "ENOSPC", "user.max_uts_namespaces is 0")


def test_a_missing_capability_is_named(runtime, bundle):
    runtime.prefix = without_capability("sys_resource")
    bundle.process["oomScoreAdj"] = -1000
    runtime.try_create(bundle).failed("EACCES", "tare does not hold CAP_SYS_RESOURCE")


def in_user_namespace(*commands, options=()):
    """A prefix that is the root of a user namespace in which the commands have been run."""
    return ["unshare", "--user", "--map-root-user", *options, "sh", "-c", " && ".join([*commands, 'exec "$@"']), "sh"]


def test_of_several_kinds_of_namespaces_the_one_that_is_used_up_is_named(runtime, bundle):
    runtime.prefix = in_user_namespace("echo 1 > /proc/sys/user/max_uts_namespaces", options=["--uts"])
    outcome = runtime.try_create(bundle)
    outcome.failed("clone3", "ENOSPC", "(user.max_uts_namespaces is 1)")


def test_a_host_id_that_tare_does_not_have_is_named(runtime, bundle):
    runtime.prefix = in_user_namespace()
    bundle.user_namespace(host=100000)
    runtime.try_create(bundle).failed(
        "/linux/gidMappings: ", "EPERM", "the host ids 100000 to", "not mapped by one range of tare's own user namespace")


def test_a_chroot_is_named(runtime, bundle, directory):
    root = directory / "root"
    root.mkdir()
    runtime.prefix = ["unshare", "--mount", "sh", "-c", f'mount -R / {root} && exec chroot {root} "$@"', "sh"]
    bundle.user_namespace()
    for created in (bundle.path, directory):
        created.chmod(0o755)
    runtime.try_create(bundle).failed("clone3", "EPERM", "tare is in a chroot")


def test_a_full_cgroup_is_named(runtime, bundle, directory):
    pids = kernel.cgroup_mounts()["pids"] / f"tare-test-{os.getpid()}"
    pids.mkdir()
    try:
        (pids / "pids.max").write_text("1")
        runtime.prefix = ["sh", "-c", f'echo 0 > {pids}/cgroup.procs && exec "$@"', "sh"]
        bundle.linux["cgroupsPath"] = f"/tare-test-elsewhere-{os.getpid()}"
        runtime.try_create(bundle).failed("clone3", "EAGAIN", f"cgroup {pids} is full: pids.max is 1")
    finally:
        kernel.eventually(lambda: remove_directory(pids))


def remove_directory(path):
    try:
        path.rmdir()
    except OSError:
        return False
    return True


def test_more_open_files_than_anybody_may_have(runtime, bundle):
    most = int(Path("/proc/sys/fs/nr_open").read_text())
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": most + 1}]
    runtime.try_create(bundle).failed("/process/rlimits/0", "EPERM", f"fs.nr_open is {most}")


def test_a_limit_above_that_of_tare(runtime, bundle):
    runtime.prefix = ["prlimit", "--core=100:200", *without_capability("sys_resource")]
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 100, "hard": 300}]
    runtime.try_create(bundle).failed(
        "/process/rlimits/0", "EPERM", "the hard limit of tare itself is 200, and tare does not hold CAP_SYS_RESOURCE")


@pytest.mark.skipif(not has_realtime_groups(), reason="needs realtime groups of cgroup v1")
def test_realtime_in_a_cgroup_without_a_share_of_it(runtime, bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_FIFO", "priority": 1}
    runtime.try_create(bundle).failed("/process/scheduler", "EPERM", "/cpu.rt_runtime_us is 0")


def test_realtime_without_the_capability(runtime, bundle):
    runtime.prefix = without_capability("sys_nice")
    bundle.process["scheduler"] = {"policy": "SCHED_FIFO", "priority": 1}
    runtime.try_create(bundle).failed("/process/scheduler", "EPERM", "tare does not hold CAP_SYS_NICE")


@pytest.mark.skipif(not has_realtime_groups(), reason="needs realtime groups of cgroup v1")
def test_a_share_of_realtime_that_the_cgroup_above_does_not_have(runtime, bundle):
    above = kernel.cgroup_mounts()["cpu"] / f"tare-test-{os.getpid()}"
    above.mkdir()
    try:
        bundle.linux["cgroupsPath"] = f"/{above.name}/inner"
        bundle.resources["cpu"] = {"realtimeRuntime": 5000}
        runtime.try_create(bundle).failed(
            "/linux/resources/cpu/realtimeRuntime", "EINVAL", f"{above}/cpu.rt_runtime_us is 0")
    finally:
        above.rmdir()


def test_resctrl_that_is_not_there_is_told_from_one_that_is_not_mounted(runtime, bundle):
    if "resctrl" in Path("/proc/self/mounts").read_text():
        pytest.skip("resctrl is mounted")
    bundle.linux["intelRdt"] = {"l3CacheSchema": "L3:0=f"}
    known = "\tresctrl\n" in Path("/proc/filesystems").read_text()
    runtime.try_create(bundle).failed("/linux/intelRdt", "mount -t resctrl" if known else "this kernel has none")


# ---- messages that say what to do ----------------------------------------------------------------

ON_V1 = "" not in kernel.cgroups("self") or set(kernel.cgroups("self")) != {""}


@pytest.mark.parametrize("limit", [1, 2])
def test_exec_at_the_limit_of_processes_names_it(runtime, bundle, limit):
    bundle.resources["pids"] = {"limit": limit}
    container = runtime.start(bundle.script("sleep 60 & sleep 60" if limit == 2 else "exec sleep 60"))
    kernel.eventually(lambda: kernel.cgroup_value(container.pid, "pids", "pids.current") == str(limit))
    outcome = runtime.call("exec", container.id, "true")
    if outcome.code != 0:  # who forks first and enters afterwards is not held up
        outcome.failed("EAGAIN", f"is full: pids.max is {limit}")


@pytest.mark.skipif(not ON_V1, reason="v2 has no limit of memory and swap together")
def test_limits_of_memory_and_swap_that_cross_are_told(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 << 20, "swap": 96 << 20}
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.call("update", "--memory", "128m", container.id).failed(
        "/linux/resources/memory/limit", "EINVAL", f"above the limit of memory and swap together, which must be raised with it and is {96 << 20}")
    runtime.call("update", "--memory-swap", "32m", container.id).failed(
        "/linux/resources/memory/swap", "EINVAL", f"must not be below the memory limit, which is {64 << 20}")
    runtime.call("update", "--memory", "128m", "--memory-swap", "128m", container.id).ok()


@pytest.mark.parametrize("kind", ["uid", "gid"])
def test_a_root_without_a_mapping_is_named(runtime, bundle, kind):
    bundle.user_namespace().linux[f"{kind}Mappings"] = [{"containerID": 5, "hostID": 100005, "size": 10}]
    bundle.process["user"] = {"uid": 0, "gid": 0, kind: 5}
    runtime.try_create(bundle).failed("/mounts/2: mount devpts on /dev/pts", f"no mapping for {kind} 0", "EOVERFLOW")


def test_other_errors_of_such_a_container_are_their_own(runtime, bundle):
    bundle.user_namespace().linux["uidMappings"] = [{"containerID": 5, "hostID": 100005, "size": 10}]
    bundle.process["user"] = {"uid": 5, "gid": 0}
    bundle.config["mounts"] = [{"destination": "/proc", "type": "no-such", "source": "proc"}]
    outcome = runtime.try_create(bundle)
    assert outcome.code != 0 and "no mapping" not in outcome.stderr, outcome


def test_an_entry_of_the_environment_is_named_without_its_value(runtime, bundle):
    bundle.process["env"] += ["TOKEN hunter2"]
    outcome = runtime.try_create(bundle).failed('/process/env/1: "TOKEN"... has no \'=\'')
    assert "hunter2" not in outcome.stderr


@pytest.mark.parametrize("shares, taken", [(1, 2), (1000000, 262144)])
def test_shares_out_of_range_are_told_as_what_they_are_taken_for(runtime, bundle, directory, shares, taken):
    runtime.globals = ["--log", str(directory / "log"), "--log-level", "warning"]
    bundle.resources["cpu"] = {"shares": shares}
    container = runtime.start(bundle.args("sleep", "60"))
    words = f"/cpu/shares: {shares} is out of the kernel's range, taken for {taken}"
    assert f"/linux/resources{words}" in (directory / "log").read_text()
    if ON_V1:
        assert kernel.cgroup_value(container.pid, "cpu", "cpu.shares") == str(taken)
    (directory / "log").write_text("")
    runtime.call("update", "--cpu-share", shares, container.id).ok()
    assert words in (directory / "log").read_text()
