# SPDX-License-Identifier: Apache-2.0
"""The start of the program, in which glibc does not ask the processor for its caches (.ci/shorten.cpp)."""

import os
import struct
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
CPUID = b"\x0f\xa2"

pytestmark = pytest.mark.tare_only


@pytest.fixture
def start(runtime):
    """The library that the build links first."""
    if os.uname().machine != "x86_64":
        pytest.skip("other processors have no cpuid")
    found = Path(runtime.path).parent / "start/libc.a"
    if not found.exists():
        pytest.skip("tare is not in its build directory")
    return found


def built(directory, compiler, source, *options):
    program = directory / source.stem
    subprocess.run([compiler, "-O2", source, *options, "-o", program], check=True)
    return program


def bytes_at(program, place):
    """Two bytes of a 64-bit ELF file, by their address as it is linked."""
    content = program.read_bytes()
    table, = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", content, table + number * size)
        if kind == 1 and address <= place < address + length:
            return content[offset + place - address:][:2]
    return b""


def places_of_cpuid(directory, *options):
    """How many places of an empty program execute it, before main."""
    steps = built(directory, "g++", TESTS / "bench/steps.cpp", "-std=c++20")
    program = built(directory, "g++", TESTS / "bench/empty.cpp", "-static-pie", *options)
    places = directory / "places"
    subprocess.run([steps, places, program], check=True)
    executed = [int(line, 16) for line in places.read_text().split()]
    assert len(executed) > 1000
    return len([place for place in executed if bytes_at(program, place) == CPUID])


@pytest.mark.skipif("GenuineIntel" not in Path("/proc/cpuinfo").read_text(), reason="glibc asks other processors in other ways")
def test_few_instructions_leave_a_virtual_machine(directory, start):
    assert places_of_cpuid(directory, start) <= places_of_cpuid(directory) - 4


def test_tare_has_this_start(runtime, start):
    """The code that takes the place of two functions: mov eax, 1 << 20; ret."""
    assert Path(runtime.path).read_bytes().count(b"\xb8\x00\x00\x10\x00\xc3") >= 2


def test_the_start_asks_procfs_nothing(runtime, directory):
    log = directory / "strace"
    subprocess.run(["strace", "-o", log, runtime.path, "--version"], check=True, stdout=subprocess.DEVNULL)
    assert "/proc" not in log.read_text()


def test_long_copies_are_right(directory, start):
    program = built(directory, "gcc", TESTS / "support/long_copies.c", "-fno-builtin", "-static-pie", start)
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{1 << 20}\n")  # one mebibyte: it was linked
