# SPDX-License-Identifier: Apache-2.0
"""Every two commands at once on one container: each ends in time, succeeds or says why not, and no harm is done.

TARE_ROUNDS is how often each pair is called (default: 1; `make test-faults`: 100)."""

import itertools
import os
import subprocess
import time

import pytest
from support import kernel, schedule

pytestmark = pytest.mark.tare_only

ROUNDS = int(os.environ.get("TARE_ROUNDS", 1))
SECONDS = schedule.SECONDS
COMMANDS = {
    "create": ["create", "--bundle", "BUNDLE", "ID"],
    **schedule.COMMANDS,
    "ps": ["ps", "ID"],
    "events": ["events", "--stats", "ID"],
    "gc": ["gc"],
}
BEFORE = ("none", "created", "running")


def prepared(runtime, bundle, status):
    name = runtime.new_id()
    if status != "none":
        runtime.call("create", "--bundle", bundle.path, name).ok()
    if status == "running":
        runtime.call("start", name).ok()
    return name


def begun(runtime, bundle, name, command, number):
    words = [{"BUNDLE": bundle.path, "ID": name}.get(word, word) for word in COMMANDS[command]]
    said = open(runtime.directory / f"pair{number}", "w+b")
    return runtime.popen(*words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said), said


def ended(process, said, command):
    with said:
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{command} does not end") from None
        said.seek(0)
        text = said.read().decode()
    # By delete --force, or the program of an exec by any that ends the container.
    is_killed = (command, code) in (("create", -9), ("exec", 137))
    assert 0 <= code < 128 or code == 255 or is_killed, f"{command} crashed: {code} {text}"
    if code != 0 and not is_killed:
        assert text.startswith("tare: ") and text.count("\n") == 1, f"{command}: {text!r}"
    return code


def is_settled(runtime, name):
    return schedule.is_settled(runtime.call("state", name),
                               lambda: not kernel.cgroup_directories(name) and name not in runtime.stored())


@pytest.mark.parametrize("status", BEFORE)
@pytest.mark.parametrize("first", COMMANDS)
def test_two_commands_at_once(runtime, bundle, first, status):
    bundle.args("sleep", "600").write()
    begin = time.monotonic()
    for second in itertools.islice(COMMANDS, list(COMMANDS).index(first), None):
        for _ in range(ROUNDS):
            name = prepared(runtime, bundle, status)
            both = [(*begun(runtime, bundle, name, command, number), command)
                    for number, command in enumerate((first, second))]
            if "pause" in (first, second):  # an exec goes on when the container does
                both[first != "pause"][0].wait(SECONDS)
                runtime.call("resume", name)
            codes = [ended(*one) for one in both]
            if first == second == "create":
                assert sorted(codes) == [0, 1] if status == "none" else [1, 1]
            kernel.eventually(lambda name=name: is_settled(runtime, name))
            assert runtime.delete_all() == []
            kernel.eventually(lambda name=name: not kernel.cgroup_directories(name), 2)
            assert runtime.stored() == []
    print(f"{first}, {status}: {time.monotonic() - begin:.1f} s")
