# SPDX-License-Identifier: Apache-2.0
"""Containers outlive an upgrade of tare: records of every earlier version are read, those of a later one refused."""

import json

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

NEWEST = 2  # record_version, oci/record.h
LATER = ["sleep", "600"]


def version_1(record):
    """Until version 2 the parts of the config stood beside the rest."""
    old = {name: value for name, value in record.items() if name != "config"}
    config = dict(record["config"])
    return {**old, **config.pop("linux", {}), **config, "version": 1}


def written_by(version, runtime, container):
    """The container as a tare of that version would have left it."""
    for file in ("state.json", "intent.json"):
        path = runtime.root / container.id / file
        record = json.loads(path.read_text())
        path.write_text(json.dumps(version_1(record) if version == 1 else {**record, "version": version}))


def everything(bundle):
    bundle.config["annotations"] = {"kept": "yes"}
    bundle.config["process"]["env"].append("KEPT=yes")
    bundle.config["process"]["capabilities"] = {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted")}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}],
    }
    return bundle.args(*LATER)


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_a_container_of_an_older_tare_is_shown_entered_stopped_and_deleted(runtime, bundle, version):
    container = runtime.start(everything(bundle))
    pid = container.pid
    before = container.state()
    written_by(version, runtime, container)
    assert container.state() == before
    assert container.state()["annotations"] == {"kept": "yes"}
    assert container.id in runtime.call("list").ok().stdout
    script = "hostname; echo $KEPT; uname -m; grep CapBnd /proc/self/status; mkdir /tmp/x 2>&1"
    inside = runtime.call("exec", container.id, "sh", "-c", script).stdout
    assert inside.split()[:5] == [bundle.config["hostname"], "yes", "i686", "CapBnd:", "0000000000000020"]
    assert "Operation not supported" in inside
    runtime.call("pause", container.id).ok()
    runtime.call("resume", container.id).ok()
    container.kill("KILL").ok()
    kernel.eventually(lambda: container.state()["status"] == "stopped")
    container.delete().ok()
    assert not kernel.is_alive(pid)
    assert not (runtime.root / container.id).exists()


def test_a_created_container_of_an_older_tare_is_started(runtime, bundle):
    log = bundle.path / "poststop"
    bundle.config["hooks"] = {"poststop": [{"path": "/bin/sh", "args": ["sh", "-c", f"echo ended > {log}"]}]}
    container = runtime.create(bundle.args(*LATER))
    written_by(1, runtime, container)
    container.start().ok()
    assert container.state()["status"] == "running"
    container.delete("--force").ok()
    assert log.read_text() == "ended\n"


@pytest.mark.parametrize("command", [("state",), ("kill",), ("delete",), ("exec",), ("delete", "--force")], ids=" ".join)
def test_what_a_later_tare_has_written_is_refused_by_name(runtime, bundle, command):
    other = runtime.start(bundle.args(*LATER))
    container = runtime.start(bundle.args(*LATER))
    written_by(NEWEST + 1, runtime, container)
    name, *options = command
    rest = ["true"] if name == "exec" else []
    runtime.call(name, *options, container.id, *rest).failed("/version: ", "state.json: written by a later tare, as version 3", "up to version 2")
    assert other.id in runtime.call("list").stdout
    written_by(NEWEST, runtime, container)
    assert container.state()["status"] == "running"
