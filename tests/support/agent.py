# SPDX-License-Identifier: Apache-2.0
"""A seccomp agent: takes listeners on a socket and answers every call with an errno (seccomp_unotify(2))."""

import array
import fcntl
import json
import os
import select
import socket
import struct
import threading

NOTIF = struct.Struct("=QII iIQ6Q")  # struct seccomp_notif
ANSWER = struct.Struct("=QqiI")  # struct seccomp_notif_resp
CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE


def _iowr(number, size):
    return 3 << 30 | size << 16 | ord("!") << 8 | number


RECEIVE, SEND = _iowr(0, NOTIF.size), _iowr(1, ANSWER.size)


class Agent:
    """`messages` has what came on each connection, as (text, number of descriptors); `seen` the numbers of the
    calls that were answered with `error`, or let through if that is None."""

    def __init__(self, path, error):
        self.path, self.error = str(path), error
        self.messages, self.seen = [], []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(self.path)
        self._socket.listen(8)
        self._quit, self._quitter = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def states(self):
        return [json.loads(text) for text, _ in self.messages]

    def close(self):
        os.close(self._quitter)
        self._thread.join()
        self._socket.close()
        os.close(self._quit)

    def _serve(self):
        listeners = []
        while True:
            ready, _, _ = select.select([self._quit, self._socket, *listeners], [], [])
            if self._quit in ready:
                break
            if self._socket in ready:
                listeners += self._take()
            for listener in set(ready) & set(listeners):
                if not self._answer(listener):
                    listeners.remove(listener)
                    os.close(listener)
        for listener in listeners:
            os.close(listener)

    def _take(self):
        """Everything that one connection sends, until its end."""
        connection, _ = self._socket.accept()
        text, descriptors = b"", array.array("i")
        with connection:
            while True:
                data, control, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(16 * 4))
                for _, _, found in control:
                    descriptors.frombytes(found)
                if not data:
                    break
                text += data
        self.messages.append((text.decode(), len(descriptors)))
        return list(descriptors)

    def _answer(self, listener):
        request = bytearray(NOTIF.size)
        try:
            fcntl.ioctl(listener, RECEIVE, request)
            number, _, _, call, *_ = NOTIF.unpack(request)
            self.seen.append(call)
            answer = (number, 0, 0, CONTINUE) if self.error is None else (number, 0, -self.error, 0)
            fcntl.ioctl(listener, SEND, ANSWER.pack(*answer))
        except FileNotFoundError:  # everybody under the filter has ended
            return False
        return True
