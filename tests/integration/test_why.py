# SPDX-License-Identifier: Apache-2.0
"""tare why: a failure explained, from what was kept of it and from what this host shows."""

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.tare_only


def why(runtime, *words):
    return runtime.call("why", *words).ok().stdout


def explained(runtime, *words):
    return runtime.call("why", "--format", "json", *words).ok().json()


def rows(text):
    """The rows of the text: name to words, without the line breaks."""
    found, name = {}, None
    for line in text.split("\n\n", 1)[1].splitlines():
        name = line[:12].strip() or name
        found[name] = (found.get(name, "") + " " + line[12:].strip()).strip()
    return found


def failing(runtime, bundle):
    outcome = runtime.try_create(bundle)
    assert outcome.code == 1
    return outcome


def unknown_type(bundle):
    bundle.mount("/x", "nofs", "none", [])


def bad_parameter(bundle):
    bundle.mount("/x", "tmpfs", "tmpfs", ["size=lots"])


def no_source(bundle):
    bundle.mount("/x", "bind", "/tmp/tare-why/none", ["bind"])


def file_on_directory(bundle):
    (bundle.rootfs / "x").mkdir()
    bundle.mount("/x", "bind", "/proc/version", ["bind"])


def no_program(bundle):
    bundle.args("nothing-of-this-name")


def high_limit(bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1 << 40}]


def wrong_type(bundle):
    bundle.linux["resources"] = {"pids": {"limit": "many"}}


def bad_sysctl(bundle):
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "perhaps"}


def no_sysctl(bundle):
    bundle.linux["sysctl"] = {"net.ipv4.nothing": "1"}


def bad_limit(bundle):
    bundle.linux["resources"] = {"cpu": {"cpus": "4096"}}


def failing_hook(bundle):
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/false"}]}


# A cause: the beginning of its place, and words of some rows.
CAUSES = {
    unknown_type: ("/mounts/", {"Call": "fsopen(2), ENODEV", "Rule": "must have the file system type",
                                "Found": '"nofs" is not in /proc/filesystems', "Look": "cat /proc/filesystems",
                                "Change": "modprobe"}),
    bad_parameter: ("/mounts/", {"Call": "fsconfig(2), EINVAL", "Rule": "must know each parameter",
                                 "Config": '"size=lots"', "See": "Mounts"}),
    no_source: ("/mounts/", {"Call": "open_tree(2), ENOENT", "Found": "/tmp exists, /tmp/tare-why/none does not",
                             "Change": "Create the source"}),
    file_on_directory: ("/mounts/", {"Call": "move_mount(2), EINVAL", "Rule": "directory can be mounted only on a directory"}),
    no_program: ("/process/args/0", {"Call": "execve(2)", "Config": '"nothing-of-this-name"', "Look": "tare check /"}),
    high_limit: ("/process/rlimits/0", {"Call": "prlimit64(2), EPERM", "Rule": "CAP_SYS_RESOURCE",
                                        "Found": "CAP_SYS_RESOURCE"}),
    wrong_type: ("/linux/resources/pids/limit", {"Config": '"many"', "See": "PIDs", "Look": "tare check /"}),
    bad_sysctl: ("/linux/sysctl/net.ipv4.ip_forward", {"Rule": "must accept the value", "See": "Sysctl",
                                                       "Found": "On the host net.ipv4.ip_forward is"}),
    no_sysctl: ("/linux/sysctl/net.ipv4.nothing", {"Found": "The host has no /proc/sys/net/ipv4/nothing"}),
    bad_limit: ("/linux/resources/cpu/cpus", {"Config": '"4096"', "Rule": "must accept the value", "See": "CPU"}),
    failing_hook: ("/hooks/createRuntime/0", {"Config": '"/bin/false"', "Rule": "exit with status 0"}),
}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_a_failure_is_explained(runtime, bundle, cause):
    cause(bundle)
    outcome = failing(runtime, bundle)
    place, words = CAUSES[cause]
    found = rows(why(runtime))
    assert found["Config"].startswith(place)
    assert f" in {bundle.path}/config.json" in found["Config"]
    for name, some in words.items():
        assert some in found[name], name
    assert found["Step"].split(": ")[0] in " ".join(outcome.stderr.split())
    assert "Linux " + os.uname().release in found["Found"]


def test_json_has_the_failure_and_what_is_known(runtime, bundle):
    unknown_type(bundle)
    outcome = failing(runtime, bundle)
    explanation = explained(runtime)
    problem = explanation["failure"]["problem"]
    assert f"tare: {problem['message']}\n" == outcome.stderr
    assert explanation["failure"]["call"] == "fsopen" and problem["errno"] == "ENODEV" and problem["phase"] == "create"
    assert explanation["failure"]["bundle"] == str(bundle.path)
    assert json.loads(explanation["value"])["type"] == "nofs"
    assert all(explanation[name] for name in ("rule", "section", "found", "look", "change"))


def test_each_container_has_its_last_failure(runtime, make_bundle):
    names = []
    for cause in (unknown_type, no_source, wrong_type):
        bundle = make_bundle()
        cause(bundle)
        names.append(failing(runtime, bundle).command[-1])
    for name, call in zip(names, ("fsopen", "open_tree", None)):
        explanation = explained(runtime, name)
        assert explanation["failure"]["container"] == name
        assert explanation["failure"].get("call") == call
    assert explained(runtime)["failure"]["container"] == names[-1]


def test_a_command_for_a_container_that_runs_names_its_bundle(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.call("exec", container.id, "nothing-of-this-name").failed("executable file not found")
    explanation = explained(runtime, container.id)
    assert explanation["failure"]["problem"]["phase"] == "exec"
    assert explanation["failure"]["bundle"] == str(bundle.path)


def test_what_exec_was_given_is_not_looked_for_in_config_json(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    runtime.call("exec", container.id, "nothing-of-this-name").failed("executable file not found")
    explanation = explained(runtime, container.id)
    assert (explanation["value"], explanation["look"]) == ("", "")
    assert rows(why(runtime, container.id))["Config"] == "/process/args/0"


def test_of_several_containers_each_failure_is_kept(runtime, make_bundle):
    running = [runtime.start(make_bundle().args("sleep", "60")).id for _ in range(2)]
    assert runtime.call("delete", *running).code == 1
    assert [explained(runtime, name)["failure"]["problem"]["phase"] for name in running] == ["delete", "delete"]


def test_what_is_no_failure_of_a_container_is_not_kept(runtime, bundle):
    unknown_type(bundle)
    name = failing(runtime, bundle).command[-1]
    runtime.call("state", "nobody").failed("does not exist")
    runtime.call("create", "--nothing", "x").failed()
    runtime.call("why", "nobody").failed('no failure of container "nobody" is recorded')
    assert explained(runtime)["failure"]["container"] == name


def test_without_a_failure_that_is_said(runtime):
    runtime.call("why").failed("no failure is recorded")


def test_a_config_that_is_gone_or_hostile_harms_nothing(runtime, bundle):
    unknown_type(bundle)
    failing(runtime, bundle)
    (bundle.path / "config.json").write_bytes(b'{"mounts":[' + b"[" * 100000)
    assert explained(runtime)["value"] == ""
    (bundle.path / "config.json").unlink()
    os.mkfifo(bundle.path / "config.json")
    assert explained(runtime)["value"] == ""


def test_names_in_a_failure_do_not_reach_the_terminal(runtime, bundle):
    bundle.mount("/x\x1b[31m", "nofs\x1b]0;y", "none", [])
    failing(runtime, bundle)
    assert "\x1b" not in why(runtime) and "\x1b" not in runtime.call("why", "--format", "json").ok().stdout


def test_without_a_root_the_last_failure_of_all_is_found(runtime, bundle):
    """An engine has a root of its own, which nobody remembers at night."""
    unknown_type(bundle)
    name = failing(runtime, bundle).command[-1]
    found = json.loads(subprocess.check_output([runtime.path, "why", "--format", "json", name]))
    assert found["failure"]["root"] == str(runtime.root)
