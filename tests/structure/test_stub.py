# SPDX-License-Identifier: Apache-2.0
"""The stub has no libc, and a compiler may call memcpy and memset for it all the same: that of arm64 does."""

import platform
import subprocess

import pytest
from test_layers import ROOT

STUB = ROOT / "runtime/stub"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the option is one of x86-64's compiler")
def test_the_stub_has_what_the_compiler_calls(tmp_path):
    flags = ["-std=gnu++20", "-Os", "-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-fno-stack-protector",
             "-fno-asynchronous-unwind-tables", "-fno-exceptions", "-fno-rtti", "-fcf-protection=none"]
    always = ["-mmemcpy-strategy=libcall:-1:align", "-mmemset-strategy=libcall:-1:align"]
    built = tmp_path / "stub.elf"
    done = subprocess.run(["g++", *flags, *always, f"-I{ROOT}", "-Wl,--build-id=none", f"-Wl,-T,{STUB / 'stub.ld'}",
                           STUB / "stub.cpp", "-o", built], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    called = subprocess.run(["objdump", "--disassemble", "--no-show-raw-insn", built], capture_output=True, text=True).stdout
    assert "<memcpy>" in called  # else nothing was tested
