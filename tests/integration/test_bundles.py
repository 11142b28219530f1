# SPDX-License-Identifier: Apache-2.0
"""The samples in bundles/: each runs with the runtime under test and shows what its README says."""

import os
import subprocess
from pathlib import Path

import pytest
from support.runtime import new_id

BUNDLES = Path(__file__).parent.parent.parent / "bundles"

SHOWN = {
    "hello": "hello from process 1 of hello\n",
    "uts": "inside: mrs-dalloway\noutside: as before\n",
    "propagation": (
        "shared: the host sees the mount of the container\n"
        "slave: sees the mount of the host\n"
        "private: sees nothing of it\n"
    ),
    "pinned": "first container: pinned-name\nsecond container: pinned-name\n",
    "limits": "64 MiB of memory: ended by the kernel, status 137\n",
    "userns": "inside: user 0\nfiles of the host's root: owner 65534\noutside: user 100000\n",
}


def run(name, binary):
    environment = {**os.environ, "RUNTIME": str(binary), "ID": new_id()}
    return subprocess.run([BUNDLES / name / "run"], capture_output=True, text=True, timeout=30, env=environment)


@pytest.mark.parametrize("name", SHOWN)
def test_a_sample_shows_its_idea(name, binary):
    outcome = run(name, binary)
    assert outcome.returncode == 0, outcome
    assert outcome.stdout.startswith(SHOWN[name]), outcome
    if name == "limits":
        assert "can't fork" in outcome.stdout
    else:
        assert outcome.stdout == SHOWN[name]


def test_every_sample_is_run():
    assert {path.parent.name for path in BUNDLES.glob("*/run")} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_a_sample_cleans_up_when_the_runtime_fails(name):
    assert run(name, "/bin/false").returncode != 0
