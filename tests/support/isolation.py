# SPDX-License-Identifier: Apache-2.0
"""Keeps a test run away from the rest of the machine, by what the kernel offers for that."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

from . import kernel
from .machine import MACHINE

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18
_PR_SET_CHILD_SUBREAPER = 36


def _check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def own_mount_namespace():
    """Mounts that tests make end with the test run, and what others mount meanwhile stays out."""
    _check(_libc.unshare(_CLONE_NEWNS))
    _check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))


@contextlib.contextmanager
def own_network():
    """What engines set up (bridges, addresses, packet filters) is ours, and ends with it. This thread and the programs
    that it starts are in it."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    _check(_libc.unshare(_CLONE_NEWNET))
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        _check(_libc.setns(before, _CLONE_NEWNET))
        os.close(before)


def network_devices():
    """The names of the network devices of our network."""
    with open("/proc/thread-self/net/dev") as file:
        return {line.split(":")[0].strip() for line in file.readlines()[2:]}


def default_signals():
    """What our own caller ignores is ignored by all that we run, and not every runtime resets it."""
    nothing = ctypes.create_string_buffer(32)  # struct sigaction of the kernel: SIG_DFL
    for number in (32, 33):  # glibc and Python do not let us
        _check(_libc.syscall(MACHINE.rt_sigaction, number, nothing, None, 8))
    pythons = {signal.SIGPIPE, signal.SIGXFSZ}  # it ignores them itself, but not for its children
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP} - pythons:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def become_subreaper():
    """Orphans below us (container inits, hooks, monitors) become our children: none gets lost."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def mount(source, target, fstype=None, flags=0, data=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, fstype, data)]
    _check(_libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]))


def bind(source, target):
    ms_bind = 0x1000
    mount(source, target, flags=ms_bind)


def share(target):
    """Makes an existing mount shared, mount_namespaces(7)."""
    ms_shared = 1 << 20
    mount(None, target, flags=ms_shared)


def unmount(target):
    umount_nofollow, mnt_detach = 8, 2
    _check(_libc.umount2(os.fsencode(target), umount_nofollow | mnt_detach))


def reap_dead_children():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_children(spare=()):
    """Kills what a test left running below us. Returns the command lines of what was alive."""
    ended = []
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        reap_dead_children()
        living = [pid for pid in kernel.descendants(os.getpid()) if pid not in spare and kernel.is_alive(pid)]
        if not living:
            break
        for pid in living:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    ended.append(f"{pid}: {file.read().replace(bytes(1), b' ').decode(errors='replace')}")
                os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                continue
        time.sleep(0.01)
    return ended


def remove_cgroups(directories):
    """Removes cgroups that a test left behind, deepest first. The last process of one may still be ending."""
    deadline = time.monotonic() + 2
    for directory in sorted(directories, key=len, reverse=True):
        while os.path.exists(directory) and time.monotonic() < deadline:
            try:
                os.rmdir(directory)
            except OSError:
                time.sleep(0.01)
