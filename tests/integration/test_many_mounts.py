# SPDX-License-Identifier: Apache-2.0
"""A host with more mounts than any limit of a file of the kernel: over one MiB of mountinfo."""

import os

import pytest

pytestmark = pytest.mark.tare_only

MANY = 6000

# In a mount namespace of its own: the mounts go with the command.
AMONG_MANY = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def mount(*words):
    if libc.mount(*words) != 0:
        raise OSError(ctypes.get_errno(), words)
if libc.unshare(0x20000) != 0:
    raise OSError(ctypes.get_errno(), "unshare")
mount(None, b"/", None, 0x4000 | 0x40000, None)
place = os.fsencode(sys.argv[1])
for _ in range({MANY}):
    mount(place, place, None, 0x1000, None)
size = sum(len(line) for line in open("/proc/self/mountinfo"))
assert size > 1 << 20, size
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def among_many(runtime, directory):
    place = directory / ("m" * 200)
    place.mkdir()
    runtime.prefix = ["/usr/bin/python3", "-c", AMONG_MANY, place]
    return runtime


def test_a_container_runs_among_them(among_many, bundle):
    assert among_many.output_of(bundle.args("echo", "here")) == "here\n"


def test_without_pivot_root(among_many, bundle):
    """tare reads them all, to hide the host's procfs and sysfs."""
    assert among_many.output_of(bundle.args("echo", "here"), "--no-pivot") == "here\n"


@pytest.mark.parametrize("words", [["info"], ["mounts", "show", "self"], ["ns", "list"]], ids=" ".join)
def test_what_is_shown_of_them(among_many, words):
    words = [str(os.getpid()) if word == "self" else word for word in words]
    assert among_many.call(*words).ok().stdout
