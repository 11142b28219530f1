# SPDX-License-Identifier: Apache-2.0
"""Documents that a caller names: through a pipe, as shells pass the output of a program, with a byte order mark, and
from what is neither a file nor a pipe."""

import contextlib
import json
import os
import subprocess
import threading
import time

import pytest

pytestmark = pytest.mark.tare_only

MARK = b"\xef\xbb\xbf"


@pytest.fixture
def running(runtime, bundle):
    return runtime.start(bundle.args("sleep", "600"))


def process_of(bundle, **changes):
    return json.dumps({**bundle.process, "args": ["echo", "read"], **changes}).encode()


def through_a_pipe(runtime, words, document, **options):
    """The words with the name of a descriptor that the document comes through, as `<(...)` gives it."""
    reading, writing = os.pipe()

    def feed():
        with contextlib.suppress(BrokenPipeError), open(writing, "wb") as file:
            file.write(document)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        return runtime.call(*(f"/dev/fd/{reading}" if word == "PIPE" else word for word in words), pass_fds=[reading], **options)
    finally:
        os.close(reading)
        feeder.join()


def test_exec_reads_its_process_from_a_pipe(runtime, bundle, running):
    outcome = through_a_pipe(runtime, ["exec", "--process", "PIPE", running.id], process_of(bundle))
    assert outcome.ok().stdout == "read\n"


def test_a_document_that_fills_the_pipe_many_times(runtime, bundle, running):
    document = process_of(bundle, nobodyKnowsThis="x" * (1 << 20))
    assert through_a_pipe(runtime, ["exec", "--process", "PIPE", running.id], document).ok().stdout == "read\n"


def test_shells_pass_a_pipe(runtime, bundle, running):
    command = " ".join(map(str, runtime.command("exec", "--process")))
    done = subprocess.run(["bash", "-c", f"{command} <(sleep 0.2; echo '{process_of(bundle).decode()}') {running.id}"],
                          capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "read\n", "")


@pytest.mark.parametrize("join", [False, True], ids=["new namespaces", "a joined pid namespace"])
def test_create_reads_its_config_from_a_pipe(runtime, bundle, join, make_bundle):
    """Where a pid namespace is joined tare runs once more from a sealed copy: the pipe is empty by then."""
    if join:
        other = runtime.start(make_bundle().args("sleep", "600"))
        bundle.namespace("pid", f"/proc/{other.pid}/ns/pid")
    document = json.dumps({**bundle.config, "process": json.loads(process_of(bundle))}).encode()
    bundle.write()
    name = runtime.new_id()
    outcome = through_a_pipe(runtime, ["run", "--bundle", str(bundle.path), "--config", "PIPE", name], document)
    assert outcome.ok().stdout == "read\n"


@pytest.mark.parametrize("command", [["plan"], ["check"]])
def test_other_commands_read_a_config_from_a_pipe(runtime, bundle, command):
    bundle.write()
    document = json.dumps(bundle.config).encode()
    through_a_pipe(runtime, [*command, "--config", "PIPE", str(bundle.path)], document).ok()


def test_update_and_mounts_read_a_pipe(runtime, running):
    through_a_pipe(runtime, ["update", "--resources", "PIPE", running.id], b'{"pids":{"limit":33}}').ok()
    document = b'{"destination":"/tmp","type":"tmpfs"}'
    through_a_pipe(runtime, ["mounts", "add", running.id, "PIPE"], document).ok()
    assert " /tmp tmpfs" in runtime.call("exec", running.id, "cat", "/proc/mounts").ok().stdout


def test_a_byte_order_mark_is_no_part_of_a_document(runtime, bundle, running):
    assert through_a_pipe(runtime, ["exec", "--process", "PIPE", running.id], MARK + process_of(bundle)).ok().stdout == "read\n"
    through_a_pipe(runtime, ["update", "--resources", "PIPE", running.id], MARK + b'{"pids":{"limit":33}}').ok()
    bundle.raw = MARK + json.dumps({**bundle.config, "process": json.loads(process_of(bundle))}).encode()
    assert runtime.output_of(bundle) == "read\n"


# ---- fifos with a name ---------------------------------------------------------------------------


@pytest.fixture
def fifo(directory):
    os.mkfifo(directory / "fifo")
    return directory / "fifo"


@contextlib.contextmanager
def written_by(fifo, write):
    """Meanwhile a thread writes; it ends in any case."""

    def work():
        with contextlib.suppress(BrokenPipeError):
            write()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        yield
    finally:
        end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        writer.join()
        os.close(end)


def test_a_fifo_that_nobody_writes_to_is_given_up(runtime, running, fifo):
    before = time.monotonic()
    outcome = runtime.call("exec", "--process", fifo, running.id, seconds=15)
    assert 4 < time.monotonic() - before < 10
    outcome.failed(str(fifo), "nobody has opened it for writing in 5 seconds")


def test_a_writer_of_a_fifo_may_come_later_and_take_its_time(runtime, bundle, running, fifo):
    document = process_of(bundle)

    def write():
        time.sleep(0.5)
        with open(fifo, "wb", buffering=0) as file:
            for half in (document[:50], document[50:]):
                time.sleep(0.5)
                file.write(half)

    with written_by(fifo, write):
        assert runtime.call("exec", "--process", fifo, running.id).ok().stdout == "read\n"


def test_a_writer_that_writes_nothing_has_written_an_empty_document(runtime, running, fifo):
    with written_by(fifo, lambda: open(fifo, "wb").close()):
        runtime.call("exec", "--process", fifo, running.id).failed(str(fifo), "is empty")


def test_a_pipe_without_an_end_is_given_up(runtime, running):
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        outcome = runtime.call("exec", "--process", f"/dev/fd/{endless.stdout.fileno()}", running.id, pass_fds=[endless.stdout.fileno()])
        endless.kill()
    outcome.failed("larger than 16 MiB")


def test_the_config_of_a_bundle_is_a_file(runtime, bundle, directory):
    os.mkfifo(bundle.path / "config.json")
    before = time.monotonic()
    runtime.call("create", "--bundle", bundle.path, runtime.new_id()).failed("config.json: is not a regular file")
    assert time.monotonic() - before < 3


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_document(runtime, running, path):
    runtime.call("exec", "--process", path, running.id).failed(f"{path}: is neither a file nor a pipe")
    runtime.call("update", "--resources", path, running.id).failed(path)
