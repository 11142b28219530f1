# SPDX-License-Identifier: Apache-2.0
"""The runtime with fault points is $TARE_FAULTS, by default build-sanitize/tare."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import leaks
from support.runtime import Runtime

PROJECT = Path(__file__).parent.parent.parent
WITH_FAULTS = Path(os.environ.get("TARE_FAULTS", PROJECT / "build-sanitize/tare")).absolute()


@pytest.fixture
def faulty(directory):
    """A runtime that TARE_FAULT=STEP:ERRNO makes fail; it leaves nothing, as the other one."""
    if not WITH_FAULTS.exists():
        pytest.fail(f"no runtime with fault points at {WITH_FAULTS}: make sanitize, or name one in TARE_FAULTS")
    runtime = Runtime(WITH_FAULTS, tempfile.mkdtemp(prefix="faulty-", dir=directory), "tare")
    before = leaks.snapshot([runtime.root])
    yield runtime
    problems = runtime.delete_all()
    left = leaks.snapshot([runtime.root]).added_since(before)
    assert not problems + left, "\n".join(problems + left)


@pytest.fixture
def bystander(nothing_left_behind):
    """A process that has nothing to do with a container, though a damaged or an old record may name its pid."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    assert process.poll() is None, "a process was ended that is not the container's"
    process.kill()
    process.wait()
