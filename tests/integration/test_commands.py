# SPDX-License-Identifier: Apache-2.0
"""The command line as callers use it: what is printed where, exit codes, the log, list, spec, features."""

import datetime
import json
import os
import re
import shlex
import subprocess

import pytest
from support import kernel

HOOKS = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}

REQUIRED_MOUNT_OPTIONS = set(
    "async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec "
    "noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave "
    "runbindable rw shared silent slave strictatime suid sync unbindable".split()
)


def sleeping(bundle):
    return bundle.args("sleep", "60")


# ---- state -------------------------------------------------------------------------------------


def test_state_has_what_the_specification_asks_for(runtime, bundle):
    bundle.config["annotations"] = {"com.example.key": "value", "empty": ""}
    state = runtime.create(bundle).state()
    assert re.fullmatch(r"1\.\d+\.\d+.*", state["ociVersion"])
    assert state["bundle"] == str(bundle.path)
    assert state["annotations"] == {"com.example.key": "value", "empty": ""}


def test_state_is_formatted_as_callers_know_it(runtime, bundle):
    container = runtime.create(bundle)
    text = runtime.call("state", container.id).ok().stdout
    state = json.loads(text)
    assert list(state) == ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "owner"]
    assert text == json.dumps(state, indent=2)
    assert state["rootfs"] == str(bundle.rootfs)


def test_created_is_the_time_of_create(runtime, bundle):
    before = datetime.datetime.now(datetime.timezone.utc)
    created = runtime.create(bundle).state()["created"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", created)
    seconds = datetime.datetime.fromisoformat(created[:19] + "+00:00")
    assert abs((seconds - before).total_seconds()) < 5


def test_annotations_are_told_as_they_are(runtime, bundle):
    hostile = {"quote": '"', "backslash": "\\", "newline": "a\nb", "control": "\x01\x1b[31m", "é": "ü€😀"}
    bundle.config["annotations"] = hostile
    assert runtime.create(bundle).state()["annotations"] == hostile


@pytest.mark.tare_only  # runc keeps a label of its own among them
@pytest.mark.parametrize("key", ["bundle", "bundle=", "id", "pid"])
def test_an_annotation_may_be_named_as_a_field(runtime, bundle, key):
    bundle.config["annotations"] = {key: "x"}
    state = runtime.create(bundle).state()
    assert state["annotations"] == {key: "x"}
    assert state["bundle"] == str(bundle.path)


# ---- list --------------------------------------------------------------------------------------


def test_list_of_nothing(runtime):
    runtime.root.mkdir()
    assert len(runtime.call("list").ok().stdout.splitlines()) == 1
    assert runtime.call("list", "--quiet").ok().stdout == ""
    assert runtime.call("list", "--format", "json").ok().json() in ([], None)
    runtime.root.rmdir()


@pytest.mark.tare_only
def test_list_of_nothing_is_an_empty_array_and_the_store_need_not_be_there(runtime):
    assert runtime.call("list", "--format", "json").ok().stdout == "[]\n"


def test_list_is_a_table(runtime, bundle):
    container = runtime.create(bundle)
    header, row = runtime.call("list").ok().stdout.splitlines()
    assert header.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    columns = row.split()
    assert columns[:4] == [container.id, str(container.pid), "created", str(bundle.path)]
    assert columns[5] == "root"


def test_list_quiet_has_the_ids(runtime, bundle):
    names = sorted(runtime.create(bundle).id for _ in range(3))
    assert sorted(runtime.call("list", "-q").ok().stdout.split()) == names


def test_list_json_has_the_states(runtime, bundle):
    container = runtime.create(bundle)
    outcome = runtime.call("list", "--format", "json").ok()
    assert outcome.stdout.count("\n") == 1
    (listed,) = outcome.json()
    state = container.state()
    assert {key: listed[key] for key in state if key != "owner"} == {key: state[key] for key in state if key != "owner"}
    assert listed["owner"] == "root"


def test_list_goes_on_after_an_entry_that_it_cannot_read(runtime, bundle):
    container = runtime.create(bundle)
    (runtime.root / "broken").mkdir()
    outcome = runtime.call("list", "-q")
    assert outcome.code == 0
    assert container.id in outcome.stdout.split()
    (runtime.root / "broken").rmdir()


def test_list_refuses_a_format_that_it_does_not_know(runtime):
    runtime.root.mkdir()
    runtime.call("list", "--format", "xml").failed("format")
    runtime.root.rmdir()


# ---- spec --------------------------------------------------------------------------------------


def test_the_default_configuration_runs(runtime, bundle):
    runtime.call("spec", "--bundle", bundle.path).ok()
    bundle.config = json.loads((bundle.path / "config.json").read_text())
    assert bundle.process["terminal"] is True
    bundle.process["terminal"] = False
    assert runtime.output_of(bundle.script("echo it runs")) == "it runs\n"


def test_the_default_configuration_gives_no_inheritable_capabilities(runtime, bundle):
    # CVE-2022-29162: inheritable ones come back by an execve of a file that has them.
    runtime.call("spec", cwd=bundle.path).ok()
    capabilities = json.loads((bundle.path / "config.json").read_text())["process"]["capabilities"]
    assert not capabilities.get("inheritable")
    if runtime.name == "tare":
        assert not capabilities.get("ambient")


def test_spec_does_not_overwrite(runtime, bundle):
    bundle.write()
    before = (bundle.path / "config.json").read_bytes()
    runtime.call("spec", "--bundle", bundle.path).failed("exists")
    assert (bundle.path / "config.json").read_bytes() == before


def test_the_rootless_configuration_has_a_user_namespace(runtime, bundle):
    runtime.call("spec", "--rootless", "--bundle", bundle.path).ok()
    config = json.loads((bundle.path / "config.json").read_text())
    assert {"type": "user"} in config["linux"]["namespaces"]
    assert {"type": "network"} not in config["linux"]["namespaces"]
    assert config["linux"]["uidMappings"] == [{"containerID": 0, "hostID": 0, "size": 1}]


def test_the_rootless_configuration_runs(runtime, bundle):
    runtime.call("spec", "--rootless", "--bundle", bundle.path).ok()
    bundle.config = json.loads((bundle.path / "config.json").read_text())
    bundle.process["terminal"] = False
    assert runtime.output_of(bundle.script("cat /proc/self/uid_map")).split() == ["0", "0", "1"]


# ---- features ----------------------------------------------------------------------------------


@pytest.fixture
def features(runtime):
    return runtime.call("features").ok().json()


def test_features_name_the_versions(features):
    versions = [tuple(map(int, features[key].split("-")[0].split("."))) for key in ("ociVersionMin", "ociVersionMax")]
    assert versions[0] <= versions[1]


def test_features_list_hooks_namespaces_and_options(features):
    assert set(features["hooks"]) == HOOKS
    assert set(features["linux"]["namespaces"]) >= set(kernel.NAMESPACES) - {"time"}
    assert REQUIRED_MOUNT_OPTIONS - {"defaults"} <= set(features["mountOptions"])
    assert features["linux"]["cgroup"]["v1"] is True
    assert features["linux"]["seccomp"]["enabled"] is True
    assert "SCMP_ACT_ERRNO" in features["linux"]["seccomp"]["actions"]
    assert "SCMP_CMP_MASKED_EQ" in features["linux"]["seccomp"]["operators"]


@pytest.mark.tare_only
def test_features_follow_the_specification(features):
    assert (features["ociVersionMin"], features["ociVersionMax"]) == ("1.0.0", "1.3.0")
    linux = features["linux"]
    assert set(linux["namespaces"]) == set(kernel.NAMESPACES)
    assert linux["capabilities"] == [f"CAP_{name}" for name in kernel.CAPABILITIES] or set(linux["capabilities"]) == {
        f"CAP_{name}" for name in kernel.CAPABILITIES
    }
    assert "defaults" in features["mountOptions"]
    # Callers look at these: Docker and containerd before they use recursive options and id mapping.
    assert isinstance(linux["mountExtensions"]["idmap"]["enabled"], bool)
    assert isinstance(linux["intelRdt"]["enabled"], bool)
    assert isinstance(linux["apparmor"]["enabled"], bool)
    assert isinstance(linux["selinux"]["enabled"], bool)
    assert set(linux["seccomp"]) == {"enabled", "actions", "operators", "archs", "knownFlags", "supportedFlags"}
    assert "SCMP_ARCH_X86_64" in linux["seccomp"]["archs"]
    assert "SECCOMP_FILTER_FLAG_LOG" in linux["seccomp"]["supportedFlags"]
    known = {
        "ociVersionMin",
        "ociVersionMax",
        "hooks",
        "mountOptions",
        "linux",
        "annotations",
        "potentiallyUnsafeConfigAnnotations",
    }
    assert set(features) <= known


@pytest.mark.tare_only
def test_features_do_not_depend_on_the_store(runtime):
    runtime.call("features").ok()
    assert not runtime.root.exists()


@pytest.mark.parametrize("key", ["ociVersionMin", "ociVersionMax"])
def test_the_versions_of_features_are_accepted(runtime, bundle, features, key):
    bundle.config["ociVersion"] = features[key]
    runtime.create(bundle)


# ---- --version, --help -------------------------------------------------------------------------


def test_version_has_the_lines_that_callers_parse(runtime):
    lines = runtime.call("--version").ok().stdout.splitlines()
    assert re.fullmatch(rf"{runtime.name} version \d+\.\d+\.\d+\S*", lines[0])
    assert any(line.startswith("commit: ") for line in lines)
    assert any(re.fullmatch(r"spec: 1\.\d+\.\d+.*", line) for line in lines)


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["create", "--help"], ["delete", "-h"]], ids=" ".join)
def test_help_is_printed_and_is_no_error(runtime, words):
    assert "--" in runtime.call(*words).ok().stdout


@pytest.mark.tare_only
@pytest.mark.parametrize("words", [["--version"], ["features"], ["--help"]], ids=" ".join)
def test_output_that_cannot_be_written_is_an_error(runtime, words):
    with open("/dev/full", "w") as full:
        assert runtime.call(*words, stdout=full).code == 1


# ---- usage -------------------------------------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "words, said",
    [
        (["no-such-command"], "no-such-command"),
        (["creat", "x"], "create"),
        (["--no-such-option", "list"], "--no-such-option"),
        (["create", "--consol-socket", "x", "y"], "--console-socket"),
        (["create", "--bundle"], "requires an argument"),
        (["create", "a", "b"], "b"),
        (["exec", "-it", "a", "sh"], "-i is not needed"),
        (["mounts", "a", "b"], "mounts a"),
        (["mounts"], "add, remove, show or propagate"),
        (["kill", "a", "TERM", "b"], "--signal"),
        (["kill", "a", "KILL", "--all"], "--all"),
        (["state"], "ID"),
        (["create", "--preserve-fds", "x", "y"], "--preserve-fds"),
        (["create", "--preserve-fds", "-1", "y"], "--preserve-fds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_1(runtime, words, said):
    outcome = runtime.call(*words).failed(said)
    assert outcome.code == 1
    assert outcome.stdout == ""


@pytest.mark.tare_only
def test_no_command_at_all_is_wrong_usage(runtime):
    runtime.call("--debug").failed("no command given")
    assert runtime.call("--debug").code == 1


@pytest.mark.tare_only
def test_the_name_alone_prints_the_usage(runtime):
    alone = subprocess.run([runtime.path], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert alone.stderr == runtime.call("--help").ok().stdout


@pytest.mark.parametrize("spelling", [["--bundle", "{}"], ["--bundle={}"], ["-b", "{}"], ["-bundle", "{}"], ["-b={}"]], ids=" ".join)
def test_spellings_of_an_option(runtime, bundle, spelling):
    bundle.write()
    runtime.call("create", *(word.format(bundle.path) for word in spelling), runtime.new_id()).ok()


def test_boolean_options_take_a_value(runtime, bundle):
    bundle.script("exit 3").write()
    assert runtime.call("run", "--detach=false", "--bundle", bundle.path, runtime.new_id()).code == 3


@pytest.mark.tare_only  # runc since 1.1.10
def test_the_store_cannot_be_the_root_directory(runtime):
    runtime.command = lambda *words: [runtime.path, "--root", "/", *words]
    runtime.call("list").failed("--root")


def test_a_relative_store_is_relative_to_the_caller(runtime, bundle, directory):
    bundle.write()
    name = runtime.new_id()
    store = os.path.relpath(runtime.root, directory)
    subprocess.run(
        [runtime.path, "--root", store, "create", "--bundle", bundle.path, name],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert runtime.stored() == [name]


def test_the_store_is_for_its_owner_only(runtime, bundle):
    runtime.create(bundle)
    assert os.stat(runtime.root).st_mode & 0o077 == 0 or runtime.name != "tare"


# ---- the log -----------------------------------------------------------------------------------


@pytest.fixture
def log(runtime, directory):
    """--log FILE --log-format json, as podman and containerd give them."""
    path = directory / "log.json"
    runtime.globals = ["--log", path, "--log-format", "json"]
    return path


def entries(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_on_success_the_log_stays_empty(runtime, bundle, log):
    container = runtime.start(sleeping(bundle))
    container.kill("KILL").ok()
    container.await_end()
    container.delete().ok()
    assert not log.exists() or log.read_text() == ""


@pytest.mark.tare_only
def test_what_is_not_granted_is_a_warning(runtime, bundle, log):
    """config.md: capabilities that cannot be granted MUST be logged as a warning."""
    runtime.globals += ["--log-level", "warning"]
    missing = {f"CAP_{name}" for name in kernel.CAPABILITIES} - kernel.capability_names(kernel.status("self")["CapPrm"])
    bundle.capabilities("CAP_KILL", "CAP_NONSENSE", *missing)
    runtime.create(bundle)
    told = entries(log)
    assert {entry["level"] for entry in told} == {"warning"}
    for name in {"CAP_NONSENSE", *missing}:
        assert any(name in entry["msg"] for entry in told)


def test_on_failure_the_log_gets_exactly_one_object(runtime, log):
    runtime.call("state", runtime.new_id()).failed("does not exist")
    (entry,) = entries(log)
    assert entry["level"] == "error"
    assert "does not exist" in entry["msg"]
    datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["time"])


def test_the_object_has_the_three_keys(runtime, log):
    runtime.call("state", runtime.new_id()).failed()
    assert set(entries(log)[0]) == {"level", "msg", "time"}


def test_the_log_is_appended_to(runtime, log):
    log.write_text('{"level":"info","msg":"earlier","time":"2026-01-01T00:00:00Z"}\n')
    runtime.call("state", runtime.new_id()).failed()
    runtime.call("state", runtime.new_id()).failed()
    assert [entry["msg"] == "earlier" for entry in entries(log)] == [True, False, False]


def test_a_relative_log_is_relative_to_the_caller(runtime, bundle, directory):
    runtime.globals = ["--log", "here.log"]
    runtime.call("state", runtime.new_id(), cwd=directory).failed()
    assert "does not exist" in (directory / "here.log").read_text()


def test_a_failed_create_of_a_container_with_a_program_that_is_not_there(runtime, bundle, log):
    runtime.try_create(bundle.args("no-such")).failed("executable file not found in $PATH")
    (entry,) = entries(log)
    assert "executable file not found in $PATH" in entry["msg"]


def test_an_unknown_log_format_is_refused(runtime):
    runtime.globals = ["--log-format", "xml"]
    runtime.call("list").failed("invalid log-format", "xml")


@pytest.mark.tare_only
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["directory", "fifo that nobody reads"])
def test_a_log_that_cannot_be_opened_is_an_error_before_anything_is_done(runtime, bundle, directory, make):
    make(directory / "log")
    runtime.globals = ["--log", directory / "log"]
    runtime.try_create(bundle, seconds=5).failed("log")
    assert not runtime.root.exists()


@pytest.mark.tare_only
@pytest.mark.parametrize("name", ['quote"', "line\nline", "\x1b[31mred", "back\\slash", b"\xff\xfe invalid"])
def test_hostile_names_stay_one_line_and_one_json_object(runtime, directory, log, name):
    bundle = os.fsencode(directory) + b"/" + os.fsencode(name)
    outcome = runtime.call("create", "--bundle", os.fsdecode(bundle), runtime.new_id()).failed()
    assert "\x1b" not in outcome.stderr
    assert len(entries(log)) == 1


# ---- completion --------------------------------------------------------------------------------


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "words, offered",
    [
        (["tare", "cr"], ["create"]),
        (["tare", "--log-f"], ["--log-format"]),
        (["tare", "--debug", "exec", "--pi"], ["--pidfd-socket", "--pid-file"]),
        (["tare", "kill", "--a"], ["--all"]),
        (["tare", "mo"], ["mounts"]),
        (["tare", "mounts", ""], ["add", "propagate", "remove", "show"]),
        (["tare", "--debug", "mounts", "r"], ["remove"]),
        (["tare", "mounts", "remove", "--l"], ["--lazy"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bash_completes_commands_and_options(runtime, words, offered):
    script = runtime.call("completion", "bash").ok().stdout
    ask = f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _tare; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    shown = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, check=True).stdout
    assert sorted(shown.split()) == sorted(offered)


@pytest.mark.tare_only
def test_other_shells_get_a_script_or_an_error(runtime):
    assert "-a create" in runtime.call("completion", "fish").ok().stdout
    assert runtime.call("completion", "zsh").ok().stdout.startswith("#compdef tare")
    runtime.call("completion", "tcsh").failed("tcsh")
