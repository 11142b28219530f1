# SPDX-License-Identifier: Apache-2.0
"""Who waits at a terminal is told what for, after a second. Who does not sees nothing."""

import fcntl
import os
import re

import pytest
from support.console import CallersTerminal

pytestmark = pytest.mark.tare_only

ERASE = "\r\033[K"
XTERM = {**os.environ, "TERM": "xterm"}  # the tests may run on a dumb terminal


@pytest.fixture
def terminal():
    terminal = CallersTerminal()
    yield terminal
    terminal.close()


def all_of(terminal, process):
    """What the terminal has shown when the process has ended."""
    assert process.wait(20) == 0
    text = terminal.seen.decode()
    os.set_blocking(terminal.master, False)
    try:
        while data := os.read(terminal.master, 65536):
            text += data.decode()
    except OSError:
        pass
    return text


def with_slow_hook(bundle, seconds):
    return bundle.hook("poststop", "/bin/sleep", "sleep", str(seconds)).args("true")


def stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.await_end()
    return container


def test_a_line_at_the_terminal_names_the_step_and_is_erased(runtime, bundle, terminal):
    container = stopped(runtime, with_slow_hook(bundle, 2.5))
    process = terminal.popen(runtime.command("delete", container.id), env=XTERM)
    text = all_of(terminal, process)
    assert text == f"{ERASE}tare: run /bin/sleep (1 s){ERASE}tare: run /bin/sleep (2 s){ERASE}"


def test_work_of_init_is_waited_for_by_name(runtime, bundle, terminal):
    bundle.hook("createContainer", "/bin/sleep", "sleep", "1.5").args("true")
    bundle.write()
    process = terminal.popen(runtime.command("run", "--bundle", bundle.path, runtime.new_id()), env=XTERM)
    assert f"{ERASE}tare: wait for init (1 s){ERASE}" in all_of(terminal, process)


def test_what_takes_less_than_a_second_is_not_told(runtime, bundle, terminal):
    container = stopped(runtime, with_slow_hook(bundle, 0.5))
    assert all_of(terminal, terminal.popen(runtime.command("delete", container.id), env=XTERM)) == ""


def test_files_and_pipes_get_nothing(runtime, bundle, terminal):
    container = stopped(runtime, with_slow_hook(bundle, 1.5))
    outcome = runtime.call("delete", container.id).ok()
    assert outcome.stdout == outcome.stderr == ""
    container = stopped(runtime, with_slow_hook(bundle, 1.5))
    log = runtime.directory / "errors"
    with open(log, "wb") as errors:
        process = terminal.popen(runtime.command("delete", container.id), stderr=errors, env=XTERM)
        assert all_of(terminal, process) == ""
    assert log.read_text() == ""


def test_a_command_in_the_background_leaves_the_terminal_alone(runtime, bundle, terminal):
    container = stopped(runtime, with_slow_hook(bundle, 1.5))
    script = '"$@" & wait'
    process = terminal.popen(["sh", "-mc", script, "sh", *runtime.command("delete", container.id)], env=XTERM)
    assert "tare" not in all_of(terminal, process)
    assert container.id not in runtime.stored()


def test_a_dumb_terminal_gets_nothing(runtime, bundle, terminal):
    container = stopped(runtime, with_slow_hook(bundle, 1.5))
    process = terminal.popen(runtime.command("delete", container.id), env={**os.environ, "TERM": "dumb"})
    assert all_of(terminal, process) == ""


def test_who_waits_for_another_command_is_told_so(runtime, bundle, terminal):
    container = runtime.start(bundle.args("sleep", "60"))
    directory = os.open(runtime.root / container.id, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    terminal.resize(24, 40)
    process = terminal.popen(runtime.command("delete", "--force", container.id), env=XTERM)
    terminal.read("(1 s)")
    os.close(directory)
    assert all_of(terminal, process).endswith(ERASE)


def test_a_message_does_not_continue_the_line(runtime, bundle, terminal):
    bundle.hook("poststop", "/bin/sh", "sh", "-c", "sleep 1.5; exit 3")
    container = stopped(runtime, bundle.args("true"))
    text = all_of(terminal, terminal.popen(runtime.command("delete", container.id), env=XTERM))
    assert re.search(re.escape(f"(1 s){ERASE}") + "tare: warning: ", text), text
