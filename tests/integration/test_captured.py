# SPDX-License-Identifier: Apache-2.0
"""The config.json that podman, containerd and Docker make by default (tests/captured) runs as it is. Only what is
the test's is put in: the place of the files that the engine made, the cgroup, and the program to look around."""

import json
import resource
from pathlib import Path

import pytest
from support import kernel
from support.leaks import PREFIX

CAPTURED = Path(__file__).parent.parent / "captured"
ENGINES = sorted(path.stem for path in CAPTURED.glob("*.json"))


def load(bundle, engine):
    """The captured config, for this bundle; what it names in the bundle is made."""
    text = (CAPTURED / f"{engine}.json").read_text()
    bundle.config = json.loads(text.replace("@BUNDLE@", str(bundle.path)))
    for mount in bundle.config["mounts"]:
        source = Path(mount.get("source", ""))
        if source.parent == bundle.path and source.name == "shm":
            source.mkdir(mode=0o1777)
        elif source.parent == bundle.path:
            source.write_text(f"{source.name} of {engine}\n")
    bundle.linux["cgroupsPath"] = f"/{PREFIX}captured/{engine}"
    return bundle


def can_be_raised(limit):
    _, hard = resource.getrlimit(getattr(resource, limit["type"]))
    own = kernel.capability_names(kernel.status("self")["CapEff"])
    return "CAP_SYS_RESOURCE" in own or hard == resource.RLIM_INFINITY or limit["hard"] <= hard


def without_limits_that_nobody_here_may_raise(bundle):
    limits = bundle.process.get("rlimits", [])
    bundle.process["rlimits"] = [limit for limit in limits if can_be_raised(limit)]
    return bundle


def test_there_are_some():
    assert ENGINES == ["containerd", "docker", "podman"]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_runs_as_it_is(runtime, bundle, engine):
    load(bundle, engine)
    missing = [limit for limit in bundle.process.get("rlimits", []) if not can_be_raised(limit)]
    outcome = runtime.run(bundle)
    if missing:
        outcome.failed(missing[0]["type"], tare=["/process/rlimits/"])
        outcome = runtime.run(without_limits_that_nobody_here_may_raise(bundle))
    assert outcome.ok().stdout == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_what_it_says(runtime, bundle, engine):
    without_limits_that_nobody_here_may_raise(load(bundle, engine)).args("sleep", "1000")
    container = runtime.start(bundle)
    status = kernel.status(container.pid)
    assert kernel.capability_names(status["CapEff"]) == set(bundle.process["capabilities"]["effective"])
    assert status["Seccomp"] == ("2" if "seccomp" in bundle.linux else "0")
    for mount in bundle.config["mounts"]:
        found = kernel.mount_at(container.pid, mount["destination"])
        wanted = set(mount.get("options", [])) & {"ro", "nosuid", "nodev", "noexec", "relatime"}
        assert wanted <= set(found.options)
    for namespace in bundle.linux["namespaces"]:
        assert kernel.namespace(container.pid, namespace["type"]) != kernel.namespace("self", namespace["type"])
    if "hostname" in bundle.config:
        assert Path(f"/proc/{container.pid}/root/etc/hostname").read_text() == f"hostname of {engine}\n"
    container.kill("KILL").ok()
    container.await_end().delete().ok()
