# SPDX-License-Identifier: Apache-2.0
"""What tests must know of the processor that they run on: MACHINE."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    seccomp: str  # as config-linux.md calls it
    image: str  # as the image specification calls it
    linux32: str  # what uname(2) says to a program whose personality is LINUX32
    rt_sigaction: int  # numbers of system calls
    polls: tuple  # poll(2), where there is one, and ppoll(2)


MACHINES = {
    "x86_64": Machine("SCMP_ARCH_X86_64", "amd64", "i686", rt_sigaction=13, polls=(7, 271)),
    "aarch64": Machine("SCMP_ARCH_AARCH64", "arm64", "armv8l", rt_sigaction=134, polls=(73,)),
    "riscv64": Machine("SCMP_ARCH_RISCV64", "riscv64", "riscv32", rt_sigaction=134, polls=(73,)),
}
MACHINE = MACHINES[os.uname().machine]
