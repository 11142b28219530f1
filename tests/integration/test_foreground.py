# SPDX-License-Identifier: Apache-2.0
"""The terminal of a container that `run` and `exec` serve in the foreground: what is typed, what is printed, and
the caller's own terminal."""

import array
import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import subprocess
import termios
import time

import pytest
from support import kernel
from support.console import CallersTerminal
from support.kernel import eventually

pytestmark = pytest.mark.tare_only

SECONDS = 30
NUMBERS = "".join(f"{number}\n" for number in range(1, 60001))
ON_TERMINAL = NUMBERS.replace("\n", "\r\n").encode()  # the terminal's own doing


@pytest.fixture(params=["run", "exec"])
def serve(request, runtime, bundle):
    """The words of a command that serves a script on a terminal in the foreground."""
    bundle.writable()

    def words(script):
        if request.param == "run":
            bundle.process["terminal"] = True
            bundle.script(script).write()
            return runtime.command("run", "--bundle", bundle.path, runtime.new_id())
        container = runtime.start(bundle.args("sleep", "600"))
        return runtime.command("exec", "--tty", container.id, "sh", "-c", script)

    return words


@pytest.fixture
def said(bundle):
    """What the program has written into the file /said."""

    def text():
        try:
            return (bundle.rootfs / "said").read_text()
        except FileNotFoundError:
            return ""

    return text


@pytest.fixture
def caller():
    terminal = CallersTerminal()
    yield terminal
    terminal.close()


@pytest.fixture
def ended():
    """Processes that do not outlive the test: what they serve is ended, so that they reap it."""
    begun = []
    yield begun.append
    for process in begun:
        for _ in range(50):
            if process.poll() is not None:
                break
            for pid in reversed(kernel.descendants(process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


# ---- readers -----------------------------------------------------------------------------------


def as_pipe():
    return os.pipe()


def as_non_blocking_pipe():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    return reader, writer


def as_socket():
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


def as_terminal():
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    return master, slave


def as_master():
    """A container's output may well go to the master of another terminal."""
    master, slave = as_terminal()
    mode = termios.tcgetattr(slave)
    mode[0] = mode[3] = 0
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    return slave, master


KINDS = [as_pipe, as_non_blocking_pipe, as_socket, as_terminal, as_master]
ids = [make.__name__ for make in KINDS]


def waiting_bytes(reader):
    count = array.array("i", [0])
    fcntl.ioctl(reader, termios.FIONREAD, count)
    return count[0]


def await_full(reader):
    """Until nothing more comes, as nothing more fits."""
    before = -1
    while before <= 0 or waiting_bytes(reader) > before:
        before = waiting_bytes(reader)
        time.sleep(0.2)


def read_bytes(reader, count):
    seen = b""
    while len(seen) < count and select.select([reader], [], [], SECONDS)[0]:
        seen += os.read(reader, 4096)
    return seen


@pytest.mark.parametrize("make", KINDS, ids=ids)
def test_a_slow_reader_gets_everything(serve, ended, make):
    reader, writer = make()
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    process = subprocess.Popen(serve("seq 1 60000"), stdin=subprocess.DEVNULL, stdout=writer)
    ended(process)
    await_full(reader)
    assert fcntl.fcntl(writer, fcntl.F_GETFL) == flags  # they are the caller's too
    assert read_bytes(reader, len(ON_TERMINAL)) == ON_TERMINAL
    assert process.wait(SECONDS) == 0
    assert fcntl.fcntl(writer, fcntl.F_GETFL) == flags
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("make", KINDS, ids=ids)
def test_a_reader_that_does_not_read_stops_nothing_else(serve, said, ended, make):
    reader, writer = make()
    words = serve("trap 'echo -n TERM >> /said; exit 3' TERM; seq 1 60000 & read line; echo -n $line >> /said;"
                  "while :; do sleep 0.05; done")
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=writer)
    ended(process)
    os.close(writer)
    await_full(reader)
    process.stdin.write(b"typed\n")
    process.stdin.flush()
    eventually(lambda: said() == "typed", seconds=SECONDS)
    process.send_signal(signal.SIGTERM)
    eventually(lambda: said() == "typedTERM", seconds=SECONDS)
    os.close(reader)
    assert process.wait(SECONDS) == 3


@pytest.mark.parametrize("farewell", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_when_the_program_has_ended_a_signal_ends_the_wait_for_the_reader(serve, said, ended, farewell):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(serve("seq 1 1500; echo done > /said; exit 5"), stdin=subprocess.DEVNULL, stdout=writer)
    ended(process)
    os.close(writer)
    eventually(lambda: said(), seconds=SECONDS)
    eventually(lambda: not kernel.descendants(process.pid), seconds=SECONDS)
    assert process.poll() is None
    process.send_signal(farewell)
    assert process.wait(SECONDS) == 5
    os.close(reader)


def test_a_reader_that_has_enough_ends_nothing_else(serve, ended):
    """`| head -1`"""
    process = subprocess.Popen(serve("seq 1 60000; exit 7"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    ended(process)
    assert process.stdout.readline() == b"1\r\n"
    process.stdout.close()
    assert process.wait(SECONDS) == 7


@pytest.mark.parametrize("words", [["--log-level", "error"], ["--log-level", "warning"]], ids=["silent", "warning"])
def test_output_that_cannot_be_written_is_told(runtime, bundle, words):
    bundle.process["terminal"] = True
    runtime.globals = words
    with open("/dev/full", "wb") as full:
        outcome = runtime.run(bundle.script("seq 1 60000; exit 7"), stdout=full)
    assert outcome.code == 7
    assert ("write to standard output" in outcome.stderr and "ENOSPC" in outcome.stderr) == ("warning" in words)


# ---- large input -------------------------------------------------------------------------------

PASTE = bytes(i * i % 251 for i in range(200000))
DUMP = "stty raw -echo; echo ready; head -c 200000 | hexdump -v -C; echo done; sleep 600"


def dumped():
    return subprocess.run(["busybox", "hexdump", "-v", "-C"], input=PASTE, capture_output=True, check=True).stdout


def write_beside(fd, data):
    """Writes while it reads, as who pastes does; until the end mark of DUMP."""
    seen = b""
    os.set_blocking(fd[0], False)
    while not seen.endswith(b"done\n"):
        can_read, can_write, _ = select.select([fd[1]], [fd[0]] if data else [], [], SECONDS)
        assert can_read or can_write, f"stuck with {len(data)} to write, {len(seen)} read"
        if can_write:
            data = data[os.write(fd[0], data[:4096]):]
        if can_read:
            seen += os.read(fd[1], 65536)
    return seen


def test_a_large_paste_while_the_program_writes_much(serve, ended, caller):
    process = caller.popen(serve(DUMP))
    ended(process)
    caller.read("ready\n")
    seen = write_beside((caller.master, caller.master), PASTE)
    assert seen == dumped() + b"done\n"


def test_large_input_of_a_pipe_while_the_program_writes_much(serve, ended):
    process = subprocess.Popen(serve(DUMP), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    ended(process)
    while b"ready\n" not in process.stdout.readline():
        pass
    seen = write_beside((process.stdin.fileno(), process.stdout.fileno()), PASTE)
    assert seen == dumped() + b"done\n"


LINES = "".join(f"line {number} of many\n" for number in range(9000)).encode()


def test_what_goes_through_a_program_comes_back_whole(serve, ended):
    process = subprocess.Popen(serve("stty -echo; echo ready; tr a-z A-Z"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ended(process)
    assert process.stdout.readline() == b"ready\r\n"
    seen, _ = process.communicate(LINES, timeout=SECONDS)
    assert process.returncode == 0
    assert seen == LINES.upper().replace(b"\n", b"\r\n")


def test_what_is_echoed_and_printed_too_ends(serve, ended):
    """`... | tare exec -t ID cat`"""
    process = subprocess.Popen(serve("cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ended(process)
    seen, _ = process.communicate(LINES, timeout=SECONDS)
    assert process.returncode == 0
    assert seen.endswith(LINES.splitlines()[-1] + b"\r\n")


# ---- the end of the input ----------------------------------------------------------------------


@pytest.mark.parametrize("script, typed, printed", [
    ("sh", "echo got:$((1+1))\n", "got:2"),
    ("exec sh", "cat\n", ""),  # cat ends, and then the shell
    ("cat; cat; echo end", "text\n", "end"),
    ("cat; echo end", "no newline", "no newlineend"),
    ("cat; echo end", "", "end"),
    ("sleep 0.2; cat; echo end", "early\n", "early\r\nend"),
    ("stty eof ^K; cat; echo end", "text\n", "end"),
    ("read line; stty raw -echo; head -c 2 | hexdump -C", "text\n", " 04 "),
    ("read line; stty raw -echo; head -c 1 >/dev/null; stty -raw; cat; echo end", "text\n", "end"),
    ("exec </dev/null >/dev/null 2>&1; sleep 0.2; echo back >/dev/tty; cat </dev/tty; echo end >/dev/tty", "", "end"),
    ("exec </dev/null >/dev/null 2>&1; sleep 0.3; cat </dev/tty; echo end >/dev/tty", "", "end"),
    ("exec </dev/null >/dev/null 2>&1; sleep 0.3; cat </dev/tty; cat </dev/tty; echo end >/dev/tty", "line\n", "end"),
], ids=str)
def test_the_end_of_the_input_is_the_end_of_the_file(serve, ended, script, typed, printed):
    process = subprocess.Popen(serve(script), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ended(process)
    seen, _ = process.communicate(typed.encode(), timeout=SECONDS)
    assert printed in seen.decode()
    assert process.returncode == 0


def test_a_raw_program_is_not_fed_for_ever(serve, ended):
    """The end is one character of many there; a program that copies them must come to rest."""
    script = "stty raw -echo; echo ready; cat | hexdump -v -e '1/1 \"%02x\\n\"'"
    process = subprocess.Popen(serve(script), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
    ended(process)
    while b"ready" not in process.stdout.readline():
        pass
    seen = b""
    while select.select([process.stdout], [], [], 1)[0]:
        seen += os.read(process.stdout.fileno(), 4096)
        assert len(seen) < 100
    assert process.poll() is None


def test_waiting_for_nothing_takes_no_time(serve, ended):
    """When the input has ended and the program reads none of it, or has closed its terminal."""
    process = subprocess.Popen(serve("exec </dev/null >/dev/null 2>&1; sleep 600"), stdin=subprocess.DEVNULL)
    ended(process)
    eventually(lambda: kernel.process_state(process.pid) == "S" and kernel.descendants(process.pid))
    clock = os.sysconf("SC_CLK_TCK")

    def seconds():
        with open(f"/proc/{process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / clock

    before = seconds()
    time.sleep(1)
    assert seconds() - before < 0.2


# ---- what comes late ---------------------------------------------------------------------------


def test_what_is_printed_when_nobody_had_the_terminal_open_arrives(serve, ended):
    process = subprocess.Popen(serve("exec </dev/null >/dev/null 2>&1; sleep 0.3; echo late > /dev/tty; exit 4"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ended(process)
    assert process.stdout.readline() == b"late\r\n"
    assert process.wait(SECONDS) == 4


def test_who_writes_to_the_terminal_of_a_program_that_has_ended_holds_nobody(runtime, bundle, ended):
    """It has opened the terminal anew, and writes as fast as it can."""
    bundle.writable().script("while [ ! -s /tty ]; do sleep 0.05; done; tty=$(cat /tty); while :; do echo y > $tty; done")
    container = runtime.start(bundle)
    words = runtime.command("exec", "--tty", container.id, "sh", "-c", "tty > /tty; read line; exit 6")
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ended(process)
    assert process.stdout.readline() == b"y\r\n"
    process.communicate(b"go\n", timeout=SECONDS)
    assert process.returncode == 6


# ---- the caller's terminal ---------------------------------------------------------------------


def ends_by_itself(process, caller):
    caller.write("go\n")
    return 3


def ends_by_a_signal(process, caller):
    process.send_signal(signal.SIGTERM)
    return 9


def ends_by_the_signal_of_a_crash(process, caller):
    process.send_signal(signal.SIGABRT)
    return 7


def ends_by_the_interrupt_key(process, caller):
    caller.write("\x03")
    return 8


@pytest.mark.parametrize("end", [ends_by_itself, ends_by_a_signal, ends_by_the_signal_of_a_crash, ends_by_the_interrupt_key])
def test_the_callers_terminal_is_raw_until_the_end_and_then_as_before(serve, ended, caller, end):
    before = caller.mode()
    process = caller.popen(serve("trap 'exit 9' TERM; trap 'exit 8' INT; trap 'exit 7' ABRT; echo up; read line; exit 3"))
    ended(process)
    caller.read("up\r\n")
    assert caller.is_raw
    code = end(process, caller)
    assert process.wait(SECONDS) == code
    assert caller.mode() == before


def test_a_program_that_is_not_there_leaves_the_callers_terminal(runtime, bundle, ended, caller):
    before = caller.mode()
    container = runtime.start(bundle.args("sleep", "600"))
    process = caller.popen(runtime.command("exec", "--tty", container.id, "/no/such"))
    assert process.wait(SECONDS) == 255
    assert caller.mode() == before


def test_a_container_that_is_deleted_gives_the_callers_terminal_back(runtime, bundle, serve, ended, caller):
    before = caller.mode()
    process = caller.popen(serve("echo up; sleep 600"))
    ended(process)
    caller.read("up\r\n")
    runtime.call("delete", "--force", runtime.ids[-1]).ok()
    assert process.wait(SECONDS) == 137
    assert caller.mode() == before


def test_a_terminal_that_nobody_reads_is_given_back_without_waiting(serve, ended, caller, said):
    """Its buffer is full: to wait until it is empty (TCSADRAIN) would be for ever."""
    before = caller.mode()
    process = caller.popen(serve("trap 'echo -n TERM > /said; exit 9' TERM; yes & while :; do sleep 0.05; done"))
    ended(process)
    await_full(caller.master)
    process.send_signal(signal.SIGTERM)
    eventually(said, seconds=SECONDS)
    eventually(lambda: not kernel.descendants(process.pid), seconds=SECONDS)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 9
    assert caller.mode() == before


def test_the_size_is_the_callers(serve, ended):
    caller = CallersTerminal(33, 111)
    process = caller.popen(serve("trap 'stty size' WINCH; stty size; echo up; while :; do sleep 0.05; done"))
    ended(process)
    assert "33 111" in caller.read("up\r\n")
    caller.resize(44, 122)
    caller.read("44 122")
    caller.close()


def test_without_a_terminal_at_the_input_the_size_is_the_outputs(serve, ended):
    caller = CallersTerminal(33, 111)
    process = caller.popen(serve("stty size"), stdin=subprocess.DEVNULL)
    ended(process)
    caller.read("33 111")
    assert process.wait(SECONDS) == 0
    caller.close()


def test_a_hangup_is_passed_on_and_ends_the_input(serve, said, ended, caller):
    process = caller.popen(serve("trap 'echo -n HUP >> /said' HUP; echo up; cat; echo -n end >> /said; exit 4"))
    ended(process)
    caller.read("up\r\n")
    caller.hang_up()
    assert process.wait(SECONDS) == 4
    assert sorted(said().replace("HUP", "H").replace("end", "e")) == ["H", "e"]


# ---- jobs of a shell ---------------------------------------------------------------------------


class Shell:
    """A shell with job control that runs `script`, with the command as "$@"."""

    def __init__(self, caller, words, script):
        self.process = caller.popen(["sh", "-c", f"set -m; {script}", "sh", *words])

    def job(self, name):
        """The command that it runs."""

        def find():
            return next((pid for pid in kernel.descendants(self.process.pid) if comm(pid) == name), None)

        return eventually(find)


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


STOPPED = '"$@"; echo stopped:$?; read line; stty -a; fg; echo ended:$?; stty -a'


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_and_continued(serve, said, ended, caller, stop):
    script = ("trap 'echo -n TSTP >> /said' TSTP; trap 'echo -n CONT >> /said' CONT; echo up;"
              "while :; do line=; read line; case $line in '') ;; end) exit 5;; *) echo got:$line;; esac; done")
    shell = Shell(caller, serve(script), STOPPED)
    ended(shell.process)
    caller.read("up\r\n")
    assert caller.is_raw
    os.kill(shell.job("tare"), stop)
    caller.read(f"stopped:{128 + stop}")
    if stop == signal.SIGTSTP:
        assert not caller.is_raw
        eventually(lambda: said() == "TSTP")
    else:
        before = caller.mode()  # what a shell at a prompt would do
        before[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(caller.master, termios.TCSANOW, before)
    caller.resize(44, 122)
    caller.write("\n")
    eventually(lambda: caller.is_raw, seconds=SECONDS)
    eventually(lambda: said().endswith("CONT"))
    caller.write("more\n")
    caller.read("got:more")
    caller.write("end\n")
    caller.read("ended:5")
    assert " -icanon" not in caller.read("\n") and not caller.is_raw
    assert shell.process.wait(SECONDS) == 0


def test_in_the_background_the_terminal_is_the_shells(serve, ended, caller):
    before = caller.mode()
    script = "echo up; while read line; do echo got:$line; done; exit 5"
    # The shell reads nothing while it waits: what is typed is there for the job, which stops therefore.
    shell = Shell(caller, serve(script), '"$@" & sleep 600; fg; echo ended:$?')
    ended(shell.process)
    caller.read("up")
    job = shell.job("tare")
    assert caller.mode() == before
    caller.write("first\n")
    eventually(lambda: kernel.process_state(job) == "T", seconds=SECONDS)
    assert caller.mode() == before
    os.kill(shell.job("sleep"), signal.SIGKILL)
    eventually(lambda: caller.is_raw, seconds=SECONDS)
    caller.read("got:first")
    caller.write("second\n")
    caller.read("got:second")
    caller.write("\x04")
    caller.read("ended:5")
    assert caller.mode() == before


def test_who_cannot_be_stopped_gets_no_input(serve, said, ended, caller):
    """In an orphaned process group nobody could let it go on: the kernel says so to any program that reads."""
    begin = "import os, sys\nif os.fork(): os._exit(0)\nos.setpgid(0, 0)\nos.execvp(sys.argv[1], sys.argv[1:])"
    words = ["/usr/bin/python3", "-c", begin, *serve("echo up; cat; echo -n over > /said")]
    holder = caller.popen(["sh", "-c", '"$@"; exec sleep 600', "sh", *words])
    ended(holder)
    caller.read("up")
    tare = next(pid for pid in kernel.descendants(os.getpid()) if comm(pid) == "tare")
    assert not said()
    caller.write("typed\n")
    eventually(lambda: said() == "over", seconds=SECONDS)
    eventually(lambda: not kernel.is_alive(tare), seconds=SECONDS)


# ---- signals -----------------------------------------------------------------------------------


def test_what_the_caller_ignores_is_not_passed_on(serve, said, ended):
    """nohup, and the & of a script, which lets a job ignore the interrupt key."""

    def ignore():
        for name in (signal.SIGHUP, signal.SIGINT):
            signal.signal(name, signal.SIG_IGN)

    words = serve("for s in HUP INT USR1; do trap \"echo -n $s >> /said\" $s; done; echo up; while :; do sleep 0.05; done")
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=ignore)
    ended(process)
    assert process.stdout.readline() == b"up\r\n"
    for name in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        process.send_signal(name)
    eventually(said)
    assert said() == "USR1"
