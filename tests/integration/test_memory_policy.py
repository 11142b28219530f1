# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, memoryPolicy: the NUMA policy of the process, as set_mempolicy(2) takes it."""

import errno
import os

import pytest

HAS_NUMA = os.path.exists("/sys/devices/system/node")


@pytest.mark.tare_only
def test_the_policy_is_set_or_the_kernel_lacks_it(runtime, bundle):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    bundle.script("grep -c bind=static:0 /proc/self/numa_maps || true")
    outcome = runtime.run(bundle)
    if HAS_NUMA:
        assert int(outcome.ok().stdout) > 0
    else:
        outcome.failed("/linux/memoryPolicy", "set_mempolicy", errno.errorcode[errno.ENOSYS])


@pytest.mark.tare_only
@pytest.mark.parametrize(
    "policy, place",
    [
        ({"mode": "MPOL_NONE", "nodes": ""}, "/linux/memoryPolicy/mode"),
        ({"mode": "MPOL_BIND", "nodes": ""}, "/linux/memoryPolicy/nodes"),
        ({"mode": "MPOL_BIND", "nodes": "x"}, "/linux/memoryPolicy/nodes"),
        ({"mode": "MPOL_DEFAULT", "nodes": "0"}, "/linux/memoryPolicy/nodes"),
        ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NONE"]}, "/linux/memoryPolicy/flags/0"),
        ({"mode": "MPOL_BIND", "nodes": "0-99999999999"}, "/linux/memoryPolicy"),
        ({"mode": "MPOL_BIND", "nodes": "0,9000"}, "/linux/memoryPolicy/nodes: 9000 is above 1023"),
        ({"mode": "MPOL_BIND", "nodes": "0,9000-9001"}, "/linux/memoryPolicy/nodes: 9001 is above 1023"),
        ({"mode": "MPOL_BIND", "nodes": "0-1024"}, "/linux/memoryPolicy/nodes: 1024 is above 1023"),
    ],
)
def test_what_makes_no_sense_is_refused(runtime, bundle, policy, place):
    bundle.linux["memoryPolicy"] = policy
    runtime.try_create(bundle).failed(place)
