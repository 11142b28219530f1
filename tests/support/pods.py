# SPDX-License-Identifier: Apache-2.0
"""Fixtures: pods, on the fixture `node` of a test's file."""

import itertools

import pytest

from . import isolation, kernel
from .kernel import eventually
from .leaks import PREFIX

_numbers = itertools.count(1)


@pytest.fixture(params=["tare", "runc"])
def make_pod(node, request, directory):
    """A function that runs a pod sandbox; each is removed at the end and then nothing of it is left."""
    cri = pytest.importorskip("support.cri")
    made = []

    def make(**config):
        logs = directory / f"logs-{next(_numbers)}"
        logs.mkdir()
        linux = {"cgroup_parent": node.pods, **config.pop("linux", {})}
        made.append(cri.Pod(node.client, request.param, f"pod-{next(_numbers)}", logs, linux=linux, **config))
        return made[-1]

    yield make
    for pod in made:
        pod.client = node.client
        pod.remove()
    isolation.reap_dead_children()
    eventually(lambda: not node.state() and not node.cgroups(), seconds=10, pause=0.05)
    isolation.remove_cgroups(kernel.cgroup_directories(PREFIX))


@pytest.fixture
def pod(make_pod):
    return make_pod()
