# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, intelRdt, as far as a machine without the hardware can show it: tests/unit/resctrl.cpp has
the rest, on a directory tree."""

import os
from pathlib import Path

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

MOUNTED = [mount.point for mount in kernel.mounts() if mount.type == "resctrl"]


@pytest.mark.skipif(bool(MOUNTED), reason="resctrl is mounted")
@pytest.mark.parametrize("rdt", [{}, {"closID": "/"}, {"l3CacheSchema": "L3:0=f"}, {"enableMonitoring": True}])
def test_without_resctrl_it_is_an_error(runtime, bundle, rdt):
    bundle.linux["intelRdt"] = rdt
    runtime.try_create(bundle).failed("/linux/intelRdt", "resctrl")


@pytest.mark.skipif(bool(MOUNTED), reason="resctrl is mounted")
def test_what_is_restored_is_put_into_its_group_first(runtime, bundle, directory):
    """As far as a program in the place of CRIU: it waits for what it is asked."""
    criu = directory / "criu"
    criu.write_text('#!/bin/sh\nexec cat <&"$2"\n')
    criu.chmod(0o755)
    images = directory / "images"
    images.mkdir()
    (images / "descriptors.json").write_text("[]")
    bundle.linux["intelRdt"] = {"enableMonitoring": True}
    bundle.write()
    name = runtime.new_id()
    words = ["--criu", criu, "restore", "--detach", "--bundle", bundle.path, "--image-path", images, name]
    runtime.call(*words).failed("/linux/intelRdt", "resctrl")
    assert runtime.stored() == [] and not kernel.cgroup_directories(name)


@pytest.mark.skipif(not MOUNTED, reason="no resctrl on this machine")
def test_the_process_is_in_a_group_of_its_own_until_delete(runtime, bundle):
    bundle.linux["intelRdt"] = {"enableMonitoring": True}
    container = runtime.create(bundle)
    group = Path(MOUNTED[0]) / container.id
    assert str(container.pid) in (group / "tasks").read_text().split()
    assert os.path.isdir(group / "mon_groups" / container.id)
    container.delete("--force").ok()
    assert not group.exists()


@pytest.mark.parametrize("name", ["..", "a/b", "a\nb"])
def test_a_class_is_one_name(runtime, bundle, name):
    bundle.linux["intelRdt"] = {"closID": name}
    runtime.try_create(bundle).failed("/linux/intelRdt/closID")
