# SPDX-License-Identifier: Apache-2.0
"""The receiving end of --console-socket."""

import array
import os
import select
import socket
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
