# SPDX-License-Identifier: Apache-2.0
"""Terminals: the receiving end of --console-socket, and one that a command is called on."""

import array
import fcntl
import os
import select
import socket
import struct
import subprocess
import termios
import time


class ConsoleSocket:
    """Listens on a socket in the file system and takes one pseudoterminal from it."""

    def __init__(self, path):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(1)
        self._socket.settimeout(10)
        self.name = None
        self.master = -1

    def receive(self):
        """Takes exactly one message with exactly one descriptor, as go-runc does."""
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(10)
            payload, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
            descriptors = array.array("i")
            for _, kind, data in ancillary:
                assert kind == socket.SCM_RIGHTS
                descriptors.frombytes(data)
        assert len(descriptors) == 1, f"{len(descriptors)} descriptors sent"
        self.name, self.master = payload.decode(), descriptors[0]
        return self

    def read(self, until, seconds=5.0):
        """Reads the terminal until the text appears in what came."""
        seen = b""
        deadline = time.monotonic() + seconds
        while until.encode() not in seen:
            left = deadline - time.monotonic()
            assert left > 0, f"no {until!r} in {seen!r}"
            if select.select([self.master], [], [], left)[0]:
                try:
                    seen += os.read(self.master, 4096)
                except OSError:  # EIO: the other side is closed
                    break
        assert until.encode() in seen, f"no {until!r} in {seen!r}"
        return seen.decode()

    def write(self, text):
        os.write(self.master, text.encode())

    def close(self):
        self._socket.close()
        if self.master >= 0:
            os.close(self.master)


class CallersTerminal:
    """A terminal that a command is called on; the test sits at it."""

    def __init__(self, rows=24, columns=80):
        self.master, self._slave = os.openpty()
        self.resize(rows, columns)
        self.seen = b""

    def popen(self, words, **options):
        """A process whose controlling terminal it is, as of one in a login shell's place."""
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, self._slave)
        slave = self._slave

        def control():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        return subprocess.Popen(words, preexec_fn=control, **options)

    @property
    def is_raw(self):
        return not termios.tcgetattr(self.master)[3] & (termios.ICANON | termios.ECHO)

    def mode(self):
        return termios.tcgetattr(self.master)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, until, seconds=20.0):
        """Reads until the text appears in what came since the last call found its own."""
        deadline = time.monotonic() + seconds
        while until.encode() not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"no {until!r} in {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:  # EIO: nobody has it open
                    break
        before, found, self.seen = self.seen.partition(until.encode())
        assert found, f"no {until!r} in {before[-2000:]!r}"
        return (before + found).decode(errors="replace")

    def write(self, text):
        os.write(self.master, text.encode())

    def hang_up(self):
        os.close(self._slave)
        os.close(self.master)
        self.master = self._slave = -1

    def close(self):
        if self.master >= 0:
            self.hang_up()
