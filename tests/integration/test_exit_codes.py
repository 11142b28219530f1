# SPDX-License-Identifier: Apache-2.0
"""The exit code of exec, whatever happens, is the installed runc's; and what succeeds says nothing on stderr."""

import datetime
import json
import re
import shutil
import signal
import subprocess
import tempfile

import pytest
from support.runtime import Runtime

PATTERN_OF_RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"

UNHARMED = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN,
            signal.SIGTTOU}

EXITS = [0, 1, 2, 3, 63, 64, 100, 124, 125, 126, 127, 128, 129, 130, 137, 143, 192, 200, 254, 255]
DEADLY = sorted(set(range(1, 65)) - {int(number) for number in UNHARMED} - {32, 33})  # those are the C library's

FAILURES = [
    ["/no/such"],
    ["no-such"],
    ["/etc"],
    ["/etc/passwd"],
    ["--cwd", "/no/such", "true"],
    ["--user", "nobody", "true"],
    ["--process", "/no/such", "ID"],
]


@pytest.fixture
def peer(directory):
    """runc with a container beside that of the runtime under test."""
    if not shutil.which("runc"):
        pytest.skip("no runc to compare with")
    place = tempfile.mkdtemp(prefix="runc-", dir=directory)
    runc = Runtime("runc", place, "runc")
    yield runc
    assert runc.delete_all() == []


def exec_codes(runtime, bundle, commands):
    container = runtime.start(bundle.args("sleep", "300"))
    codes = []
    for words in commands:
        options = []
        while words[0].startswith("--"):
            options, words = [*options, *words[:2]], words[2:]
        codes.append(runtime.call("exec", *options, container.id, *words).code)
    return codes


def test_exit_statuses_are_runcs(runtime, make_bundle, peer):
    commands = [["sh", "-c", f"exit {code}"] for code in EXITS]
    ours = exec_codes(runtime, make_bundle(), commands)
    assert ours == EXITS
    assert ours == exec_codes(peer, make_bundle(), commands)


def test_deaths_by_signals_are_runcs(runtime, make_bundle, peer):
    commands = [["sh", "-c", f"kill -{number} $$"] for number in DEADLY]
    ours = exec_codes(runtime, make_bundle(), commands)
    by_shell = {int(signal.SIGQUIT)}  # busybox's ignores it
    assert [(n, code) for n, code in zip(DEADLY, ours) if code != 128 + n and n not in by_shell] == []
    assert ours == exec_codes(peer, make_bundle(), commands)


def test_failures_are_runcs(runtime, make_bundle, peer):
    ours = exec_codes(runtime, make_bundle(), FAILURES)
    assert dict(zip(map(tuple, FAILURES), ours)) == {tuple(words): 255 for words in FAILURES}
    assert ours == exec_codes(peer, make_bundle(), FAILURES)


@pytest.mark.tare_only
def test_a_script_whose_interpreter_is_missing_is_an_error_of_the_runtime(runtime, bundle):
    """runc has given up its way back by then, and exits with 1."""
    (bundle.rootfs / "script").write_text("#!/no/interpreter\n")
    (bundle.rootfs / "script").chmod(0o755)
    container = runtime.start(bundle.args("sleep", "300"))
    outcome = runtime.call("exec", container.id, "/script").failed("/script", "no such file", "interpreter")
    assert outcome.code == 255


@pytest.mark.tare_only
def test_what_succeeds_says_nothing_on_standard_error(runtime, bundle, directory):
    """Outcome.ok() looks at that."""
    first = runtime.start(bundle.args("sleep", "300"), "--pid-file", directory / "pid")
    assert re.fullmatch(r"[0-9]+", (directory / "pid").read_text())
    for words in (["exec", first.id, "true"], ["state", first.id], ["pause", first.id], ["resume", first.id],
                  ["update", "--pids-limit", "50", first.id], ["ps", first.id], ["list"], ["list", "--format", "json"],
                  ["gc"], ["gc", "--dry-run"], ["check", bundle.path], ["plan", bundle.path], ["info"], ["features"],
                  ["man"], ["man", "run"], ["completion", "bash"], ["kill", first.id, "KILL"]):
        runtime.call(*words).ok()
    first.await_end()
    first.delete().ok()
    (directory / "new").mkdir()
    runtime.call("spec", "--bundle", directory / "new").ok()
    runtime.run(bundle.args("true")).ok()
    for command in re.findall(r"^  ([a-z]+) ", runtime.call("--help").ok().stdout, re.M):
        if command not in ("checkpoint", "restore"):  # they say there if CRIU does not work
            runtime.call(command, "--help").ok()


def strictly(text):
    """As a strict reader takes it: no key twice, no NaN, nothing behind the document."""

    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), keys
        return dict(pairs)

    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


@pytest.mark.tare_only
def test_json_is_read_by_strict_readers(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "300"))
    outputs = {
        "state": ["state", container.id],
        "list": ["list", "--format", "json"],
        "features": ["features"],
        "info": ["info", "--format", "json"],
        "check": ["check", "--format", "json", bundle.path],
        "ps": ["ps", "--format", "json", container.id],
    }
    read = {name: strictly(runtime.call(*words).ok().stdout) for name, words in outputs.items()}
    assert read["ps"] == [container.pid]
    for state in (read["state"], read["list"][0]):
        assert re.fullmatch(PATTERN_OF_RFC_3339, state["created"])
        # Python before 3.11 reads microseconds at most.
        datetime.datetime.fromisoformat(state["created"][:19])
        assert type(state["pid"]) is int


@pytest.mark.tare_only
def test_wrong_flags_name_the_near_one(runtime):
    for words, near in [(["create", "--bundel", "x"], "--bundle"), (["exec", "--process-lable", "x"], "--process-label"),
                        (["--log-formt=json", "list"], "--log-format"), (["delete", "-forc", "x"], "--force"),
                        (["--error-fromat", "json", "list"], "--error-format"), (["resum", "x"], "resume"),
                        (["inf"], "info"), (["gc", "--dryrun"], "--dry-run"),
                        (["ns", "shwo"], "ns show"), (["mount"], "mounts"), (["add", "x", "-"], "mounts add")]:
        outcome = runtime.call(*words).failed(f"did you mean {near}?")
        assert len(outcome.stderr) <= 81, outcome


@pytest.mark.tare_only
@pytest.mark.parametrize("words, message", [
    (["ns"], "ns needs a command: list, show, exec, create, delete, pin, unpin or unshare"),
    (["mounts"], "mounts needs a command: add, remove, show or propagate"),
    (["cgroup"], "cgroup needs a command: show"),
    (["ns", "show"], "ns show needs PID|ID"),
    (["ns show"], 'unknown command "ns show" (write the two words without quotes)'),
    (["ns show", "1"], 'unknown command "ns show" (write the two words without quotes)'),
    (["help", "ns show"], 'unknown command "ns show" (write the two words without quotes)'),
    (["ns", "--json"], "unknown option --json of ns (ns needs a command: list, show, exec, create, delete, pin, unpin or "
                       "unshare; options follow it)"),
    (["show", "x"], 'unknown command "show" (did you mean mounts show, ns show or cgroup show?)'),
])
def test_half_a_command_is_told_what_is_missing(runtime, words, message):
    outcome = runtime.call(*words)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (1, "", f"tare: {message}\n")


@pytest.mark.tare_only
def test_help_shows_the_text_that_the_program_can_be_called_with(binary):
    shown = subprocess.run([binary, "kill", "--help"], capture_output=True, text=True, check=True).stdout
    assert "usage: tare [OPTIONS] kill [OPTIONS] ID [SIGNAL]" in shown
    assert "--signal SIGNAL" in shown
