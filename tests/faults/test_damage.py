# SPDX-License-Identifier: Apache-2.0
"""Twelve corruptions of every file in a container's directory, and every command after each: no crash, no harm to
others, `list` shows the rest, and `delete --force` ends what is the container's own."""

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

# Of a created container, and of one that was started.
FILES = [("create", name) for name in ("state.json", "intent.json", "init", "start", "started")]
FILES += [("start", name) for name in ("state.json", "intent.json", "init", "started")]
SECONDS = 2


def content_of(path):
    return os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""


def replace(path, data):
    """The same kind of file with other content."""
    is_link = path.is_symlink()
    path.unlink(missing_ok=True)
    if is_link and data:
        os.symlink(data.replace(b"\0", b"?")[:4000], path)
    else:
        path.write_bytes(data)


def make_directory(path):
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def make_fifo(path):
    path.unlink()
    os.mkfifo(path)


def make_link(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


def change(**values):
    """Of a record; any other file gets the pid."""

    def damage(path, bystander):
        if path.suffix != ".json":
            return replace(path, f"{bystander} {kernel.start_time(bystander)}".encode())
        record = json.loads(path.read_text())
        for key, value in values.items():
            record[key] = value(bystander) if callable(value) else value
        return path.write_text(json.dumps(record))

    return damage


def cgroup_root(path, bystander):
    text = content_of(path).decode()
    replace(path, re.sub(r'("path": *)"[^"]*"', r'\1"/"', text).encode())


CORRUPTIONS = {
    "empty": lambda path, pid: replace(path, b""),
    "truncated": lambda path, pid: replace(path, content_of(path)[: len(content_of(path)) // 2]),
    "garbage": lambda path, pid: replace(path, b"\xff\x00{[\"\n\x1b[2J" * 50),
    "null": lambda path, pid: replace(path, b"null"),
    "empty object": lambda path, pid: replace(path, b"{}"),
    "array": lambda path, pid: replace(path, b"[1, {}]"),
    "missing": lambda path, pid: path.unlink(),
    "directory": lambda path, pid: make_directory(path),
    "fifo": lambda path, pid: make_fifo(path),
    "link": lambda path, pid: make_link(path),
    "another process": change(pid=lambda pid: pid, pidStartTime=lambda pid: kernel.start_time(pid) - 1),
    "root cgroup": cgroup_root,
}


def commands(name, place):
    resources = place / "resources.json"
    resources.write_text('{"pids": {"limit": 30}}')
    return [
        ["state", name], ["list"], ["list", "--format", "json"], ["list", "--quiet"], ["ps", name], ["gc", "--dry-run"],
        ["events", "--stats", name], ["cgroup", "show", name], ["mounts", "show", name], ["diff", name],
        ["update", "--resources", resources, name], ["pause", name], ["resume", name], ["why", name],
        ["exec", name, "true"], ["start", name], ["kill", name, "USR1"], ["delete", name],
    ]


def check(outcome, seconds):
    """It ended in time, was not ended by a signal, and said no more than it may."""
    assert 0 <= outcome.code < 128 or outcome.code == 255, f"crashed: {outcome}"
    assert seconds < SECONDS, f"{seconds:.1f} s: {outcome}"
    assert all(line.startswith("tare: ") and line.isprintable() for line in outcome.stderr.splitlines()), str(outcome)


def call_all(runtime, name, place, witness):
    for words in commands(name, place):
        begin = time.monotonic()
        outcome = runtime.call(*words)
        check(outcome, time.monotonic() - begin)
        if words[0] == "list":
            assert witness in outcome.stdout, f"{words} does not show another container: {outcome}"


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("verb, file", FILES)
def test_a_damaged_store(runtime, bundle, bystander, directory, verb, file, corruption):
    bundle.script("trap : USR1; while :; do sleep 1; done")
    witness = runtime.start(bundle)
    container = getattr(runtime, verb)(bundle)
    pid, entry = container.pid, runtime.root / container.id
    CORRUPTIONS[corruption](entry / file, bystander.pid)
    call_all(runtime, container.id, directory, witness.id)
    runtime.call("delete", "--force", container.id)
    if os.path.lexists(entry):  # a file that is not tare's stays
        assert corruption == "directory"
        runtime.call("delete", "--force", container.id).failed()
        shutil.rmtree(entry)
    kernel.eventually(lambda: not kernel.is_alive(pid))
    assert kernel.cgroup_directories(f"{container.id}") == set()
    assert witness.status == "running"
    assert Path("/etc/hostname").exists()
