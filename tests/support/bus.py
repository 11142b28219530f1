# SPDX-License-Identifier: Apache-2.0
"""A bus with a systemd behind it that fails as told: the few messages of the D-Bus specification by which tare has
a scope made."""

import os
import socket
import struct
import threading

CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL = 1, 2, 3, 4, 5
SIGNATURE = 8

JOB = "/org/freedesktop/systemd1/job/7"
CLOSE = object()  # among the bytes of an answer: the end of the connection


# ---- the wire format -----------------------------------------------------------------------------


def _pad(data, size):
    return data + bytes(-len(data) % size)


def _append(data, kind, value):
    if kind == "u":
        return _pad(data, 4) + struct.pack("<I", value)
    if kind == "g":
        return data + bytes([len(value)]) + value.encode() + b"\0"
    return _pad(data, 4) + struct.pack("<I", len(value.encode())) + value.encode() + b"\0"  # "s", "o"


def message(kind, fields, signature="", values=()):
    """The bytes of a message; `fields` are of its header, as {PATH: ("o", "/a")}."""
    body = b""
    for letter, value in zip(signature, values):
        body = _append(body, letter, value)
    header = b""
    for code, (letter, value) in {**fields, SIGNATURE: ("g", signature)}.items():
        header = _append(_pad(header, 8) + bytes([code, 1]) + letter.encode() + b"\0", letter, value)
    start = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), 1, len(header))
    return _pad(start + header, 8) + body


def _parse_header(data):
    """The serial number and the member of a message in this machine's byte order (little-endian)."""
    serial, length = struct.unpack_from("<II", data, 8)
    member, at, end = "", 16, 16 + length
    while at < end:
        at += -at % 8
        code, letter = data[at], chr(data[at + 2])
        at += 4
        if letter == "g":
            at += data[at] + 2
            continue
        at += -at % 4
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if letter == "u":
            continue
        if code == MEMBER:
            member = data[at : at + size].decode()
        at += size + 1
    return serial, member


# ---- what a call is answered with ----------------------------------------------------------------


def reply(signature="", *values):
    return lambda serial: message(REPLY, {REPLY_SERIAL: ("u", serial)}, signature, values)


def error(name, words):
    return lambda serial: message(ERROR, {REPLY_SERIAL: ("u", serial), ERROR_NAME: ("s", name)}, "s", [words])


def job_ended(result, job=JOB):
    fields = {PATH: ("o", "/org/freedesktop/systemd1"), INTERFACE: ("s", "org.freedesktop.systemd1.Manager"),
              MEMBER: ("s", "JobRemoved")}
    return lambda serial: message(SIGNAL, fields, "uoss", [7, job, "some.scope", result])


def raw(data):
    return lambda serial: data


JOB_QUEUED = reply("o", JOB)

ANSWERS = {
    "Hello": [reply("s", ":1.1")],
    "AddMatch": [],  # tare waits for none
    "Subscribe": [],
    "StartTransientUnit": [JOB_QUEUED, job_ended("done")],
    "StopUnit": [JOB_QUEUED, job_ended("done")],
    "ResetFailedUnit": [reply()],
    "Ping": [reply()],
}


class Bus:
    """Listens at `path`. `answers` replaces rows of ANSWERS; `called` has the members that were called. With
    `greeting` set it says that in the place of the authentication."""

    def __init__(self, path, greeting=None, **answers):
        self.path, self.greeting = str(path), greeting
        self.called = []
        self._answers = {**ANSWERS, **answers}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)

    @property
    def environment(self):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.path}"}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept
        self._thread.join()
        self._listener.close()

    def _serve(self):
        callers = []
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                break
            callers.append(threading.Thread(target=self._serve_one, args=(peer,)))
            callers[-1].start()
        for caller in callers:
            caller.join()

    def _serve_one(self, peer):
        with peer, peer.makefile("rb") as stream:
            try:
                self._talk(peer, stream)
            except ConnectionError:
                pass

    def _talk(self, peer, stream):
        if not self._authenticate(peer, stream):
            return
        while len(start := stream.read(16)) == 16:
            body, _, fields = struct.unpack("<III", start[4:])
            rest = stream.read(fields + -fields % 8 + body)
            serial, member = _parse_header(start + rest)
            self.called.append(member)
            for answer in self._answers[member]:
                if answer is CLOSE:
                    return
                peer.sendall(answer(serial))

    def _authenticate(self, peer, stream):
        """The server's side of SASL EXTERNAL."""
        stream.read(1)
        while line := stream.readline().split():
            if self.greeting is not None:
                peer.sendall(self.greeting)
                return False
            if line[0] == b"BEGIN":
                return True
            peer.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n" if line[0] == b"AUTH" else b"ERROR\r\n")
        return False
