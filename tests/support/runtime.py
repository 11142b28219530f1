# SPDX-License-Identifier: Apache-2.0
"""The runtime under test, called as its callers call it: one process for each command."""

import itertools
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import kernel
from .leaks import PREFIX

SECONDS = 20  # that any command may take

_numbers = itertools.count(1)


def new_id():
    return f"{PREFIX}{next(_numbers)}"


@dataclass
class Outcome:
    """How a command ended."""

    command: list
    code: int
    stdout: str
    stderr: str
    strict: bool = True  # whether the rules for what tare prints apply

    def __str__(self):
        return f"{self.command}\ncode {self.code}\nstdout: {self.stdout}\nstderr: {self.stderr}"

    def ok(self):
        """It succeeded and had nothing to say on stderr: callers read both streams as one."""
        assert self.code == 0, f"failed: {self}"
        assert not self.strict or self.stderr == "", f"stderr on success: {self}"
        return self

    def warned(self, *words):
        """It succeeded, and tare warned of something: each line on stderr is a warning, and has one of these words."""
        assert self.code == 0, f"failed: {self}"
        if self.strict:
            lines = self.stderr.splitlines()
            assert lines and all(line.startswith("tare: warning: ") for line in lines), f"no warning: {self}"
            assert all(any(word in line for word in words) for line in lines), f"another warning: {self}"
        return self

    def failed(self, *words, tare=()):
        """It failed, with one line on stderr that has all these words in it, of tare also those in `tare`."""
        assert self.code != 0, f"succeeded: {self}"
        assert 0 < self.code < 128 or self.code == 255, f"crashed: {self}"  # 255: of exec
        if self.strict:
            assert self.stderr.endswith("\n") and self.stderr.count("\n") == 1, f"not one line: {self}"
        for word in (*words, *tare) if self.strict else words:
            assert word in self.stderr, f"no {word!r} in: {self}"
        return self

    def json(self):
        return json.loads(self.stdout)


class Container:
    """One container of a runtime; its standard output and error go to files."""

    def __init__(self, runtime, name, stdout, stderr):
        self.runtime = runtime
        self.id = name
        self._stdout, self._stderr = stdout, stderr

    def start(self):
        return self.runtime.call("start", self.id)

    def kill(self, *signal_and_options):
        return self.runtime.call("kill", self.id, *map(str, signal_and_options))

    def delete(self, *options):
        return self.runtime.call("delete", *options, self.id)

    def state(self):
        return self.runtime.call("state", self.id).ok().json()

    @property
    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return self.state()["pid"]

    def output(self):
        """What it has written to standard output so far."""
        return self._stdout.read_text()

    def errors(self):
        return self._stderr.read_text()

    def await_output(self, text, seconds=5.0):
        kernel.eventually(lambda: text in self.output(), seconds)
        return self

    def await_end(self):
        """Waits until init is dead (we are the subreaper: it stays a zombie until reaped)."""
        pid = self.state().get("pid", 0)
        if pid:
            kernel.eventually(lambda: not kernel.is_alive(pid))
        return self

    def exit_status(self, pid):
        """Reaps init and returns its exit code, negative for a signal, as subprocess does."""
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)


class Runtime:
    """`path` with `--root` in a directory of its own."""

    def __init__(self, path, directory, name):
        self.path = str(path)
        self.name = name  # "tare", "runc", "crun"
        self.directory = Path(directory)
        self.root = self.directory / "store"
        self.globals = []  # options before the command, besides --root
        self.prefix = []  # a command to run the runtime by
        self.ids = []
        self._outputs = itertools.count(1)

    @property
    def strict(self):
        return self.name == "tare"

    def new_id(self):
        """An id that is deleted by force at the end of the test."""
        self.ids.append(new_id())
        return self.ids[-1]

    def command(self, *words):
        return [*self.prefix, self.path, "--root", str(self.root), *self.globals, *map(str, words)]

    def call(self, *words, seconds=SECONDS, **popen):
        """Runs one command to its end. Its output goes to files: a container keeps them open."""
        return self._finish(self.command(*words), *self._output_files(), seconds, popen)

    def popen(self, *words, **options):
        return subprocess.Popen(self.command(*words), **options)

    def create(self, bundle, *options, **popen):
        """A container in state created; fails the test otherwise."""
        return self._make("create", bundle, options, popen)

    def start(self, bundle, *options, **popen):
        """A container whose program runs."""
        container = self.create(bundle, *options, **popen)
        container.start().ok()
        return container

    def run(self, bundle, *options, **popen):
        """`run` in the foreground, to the end of the container."""
        return self.call("run", "--bundle", bundle.path, *options, self._written(bundle), **popen)

    def try_create(self, bundle, *options, **popen):
        return self.call("create", "--bundle", bundle.path, *options, self._written(bundle), **popen)

    def output_of(self, bundle, *options, **popen):
        """Standard output of the container's program, which must succeed."""
        return self.run(bundle, *options, **popen).ok().stdout

    def delete_all(self):
        """By force. Returns what went wrong."""
        problems = []
        self.globals, self.prefix = [], []
        for name in self.ids:
            outcome = self.call("delete", "--force", name)
            if outcome.code != 0:
                problems.append(str(outcome))
        self.ids.clear()
        return problems

    def stored(self):
        return sorted(os.listdir(self.root)) if self.root.exists() else []

    # ---- details ----

    def _written(self, bundle):
        bundle.write()
        return self.new_id()

    def _make(self, verb, bundle, options, popen):
        name = self._written(bundle)
        stdout, stderr = self._output_files()
        words = self.command(verb, "--bundle", bundle.path, *options, name)
        self._finish(words, stdout, stderr, SECONDS, popen).ok()
        return Container(self, name, stdout, stderr)

    def _output_files(self):
        number = next(self._outputs)
        return self.directory / f"{number}.out", self.directory / f"{number}.err"

    def _finish(self, words, stdout, stderr, seconds, popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        with open(stdout, "wb") as out, open(stderr, "wb") as err:
            popen.setdefault("stdout", out)
            popen.setdefault("stderr", err)
            process = subprocess.Popen(words, **popen)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            raise AssertionError(f"took more than {seconds} s: {words}") from None
        return Outcome(
            words,
            code,
            stdout.read_bytes().decode(errors="replace"),
            stderr.read_bytes().decode(errors="replace"),
            self.strict,
        )
