# SPDX-License-Identifier: Apache-2.0
"""tare cgroup show: what it says is what the files of the kernel say."""

import json
import os
import pty
import select
import signal
import time
from pathlib import Path

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only


def sleeping(bundle):
    bundle.resources.update(memory={"limit": 64 << 20}, pids={"limit": 50}, cpu={"quota": 50000, "period": 100000})
    return bundle.args("sleep", "60")


def shown(runtime, container):
    return runtime.call("cgroup", "show", "--format", "json", container.id).ok().json()


def limit(found, resource):
    (one,) = [one for one in found["limits"] if one["resource"] == resource]
    return one


def test_each_limit_is_what_its_file_says(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    found = shown(runtime, container)
    assert found["id"] == container.id
    memory, processes, cpu = (limit(found, name) for name in ("memory", "processes", "cpu"))
    assert (memory["unit"], memory["own"]["limit"]) == ("bytes", 64 << 20)
    assert (processes["unit"], processes["own"]["limit"]) == ("processes", 50)
    assert (cpu["unit"], cpu["own"]["limit"]) == ("milliCPUs", 500)
    for one in (memory, processes, cpu):
        assert Path(one["own"]["file"]).exists()
    assert Path(memory["own"]["file"]).read_text().strip() == str(64 << 20)
    assert processes["own"]["usage"] == 1
    assert memory["own"]["usage"] > 0
    assert found["oomKills"] == 0
    assert all(Path(one["file"]).exists() for one in found["settings"])


ORDER = ("memory", "memory (slows down)", "memory and swap", "swap", "processes", "cpu", "huge pages of 2MB (reserved)")
SETTINGS = ("cpu shares", "cpu weight", "cpus", "memory nodes", "read bytes/s", "write bytes/s", "io")


def page_limit_file(name):
    """Of a v1 hierarchy, or of v2, where the kernel has the controller and the size."""
    mounts = kernel.cgroup_mounts()
    directory = mounts.get("hugetlb", mounts.get(""))
    if directory is None or not Path("/sys/kernel/mm/hugepages/hugepages-2048kB").exists():
        return None
    if "hugetlb" not in mounts and "hugetlb" not in (directory / "cgroup.controllers").read_text().split():
        return None
    return f"hugetlb.2MB.{name}.{'limit_in_bytes' if 'hugetlb' in mounts else 'max'}"


def test_the_rows_are_in_one_order_on_every_host(runtime, bundle):
    sleeping(bundle)
    if page_limit_file("rsvd"):
        bundle.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 4 << 20}]
    found = shown(runtime, runtime.start(bundle))
    for rows, order in ((found["limits"], ORDER), (found["settings"], SETTINGS)):
        names = [one["resource"] for one in rows]
        assert names == sorted(names, key=order.index)
        assert len(names) > 1


def test_huge_pages_have_a_row_where_they_are_limited(runtime, bundle):
    if not page_limit_file("rsvd"):
        pytest.skip("needs the hugetlb controller")
    bundle.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 4 << 20}]
    container = runtime.start(sleeping(bundle))
    row = limit(shown(runtime, container), "huge pages of 2MB (reserved)")
    file = kernel.cgroup_directory(container.pid, "hugetlb") / page_limit_file("rsvd")
    assert row["own"] == row["binds"] == {"file": str(file), "limit": 4 << 20, "usage": 0}
    (line,) = [
        line for line in runtime.call("cgroup", "show", container.id).ok().stdout.splitlines() if line.startswith("huge pages")
    ]
    assert "0 B" in line and "4 MiB" in line and str(file) in line


def test_a_container_without_limits_says_none(runtime, bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    found = shown(runtime, container)
    assert limit(found, "memory")["own"]["limit"] is None
    assert not [one for one in found["limits"] if one["resource"].startswith(("huge pages", "rdma"))]
    table = runtime.call("cgroup", "show", container.id).ok().stdout
    (line,) = [line for line in table.splitlines() if line.startswith("memory  ")]
    assert " none " in line


@pytest.fixture
def parent():
    """A cgroup that holds no process, where processes are counted."""
    mounts = kernel.cgroup_mounts()
    name = f"tt-parent-{os.getpid()}"
    directory = mounts["pids" if "pids" in mounts else ""] / name
    directory.mkdir(exist_ok=True)
    yield directory
    for mount in set(mounts.values()):
        kernel.eventually(lambda mount=mount: not (mount / name).exists() or not (mount / name).rmdir())


def test_the_cgroup_above_that_is_nearer_to_its_limit_binds(runtime, bundle, parent):
    bundle.linux["cgroupsPath"] = f"/{parent.name}/inner"
    container = runtime.start(sleeping(bundle))
    assert limit(shown(runtime, container), "processes")["binds"]["limit"] == 50
    (parent / "pids.max").write_text("20")
    binds = limit(shown(runtime, container), "processes")["binds"]
    assert binds == {"file": str(parent / "pids.max"), "limit": 20, "usage": 1}
    (line,) = [one for one in runtime.call("cgroup", "show", container.id).ok().stdout.splitlines() if one.startswith("processes ")]
    assert f"{parent} (20, 5% used)" in line and "50" in line
    container.delete("--force").ok()


def test_throttling_and_oom_kills_are_counted(runtime, bundle):
    sleeping(bundle).script("""
        (exec 3<&0; dd if=/dev/zero of=/dev/null bs=1k count=3000000 2>/dev/null) & busy=$!
        sleep 1; kill $busy
        head -c 200m /dev/zero | tail > /dev/null
        echo done; sleep 60""")
    bundle.resources["cpu"]["quota"] = 10000
    container = runtime.start(bundle)
    container.await_output("done", seconds=60)  # a tenth of a CPU, which the guest only emulates
    found = shown(runtime, container)
    assert found["throttling"]["throttled"] > 0 and found["throttling"]["nanoseconds"] > 0
    assert found["oomKills"] >= 1


def test_watch_prints_until_the_container_ends(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    output = runtime.directory / "watch"
    with open(output, "wb") as file:
        process = runtime.popen("cgroup", "show", "--watch", "--format", "json", container.id, stdout=file)
    kernel.eventually(lambda: output.read_text().count("\n") >= 2)
    container.kill("KILL").ok()
    assert process.wait(5) == 0
    assert {json.loads(line)["id"] for line in output.read_text().splitlines()} == {container.id}


def test_watch_redraws_on_a_terminal_until_it_is_interrupted(runtime, bundle):
    container = runtime.start(sleeping(bundle))
    master, slave = pty.openpty()
    process = runtime.popen("cgroup", "show", "--watch", container.id, stdout=slave)
    os.close(slave)
    text = b""
    deadline = time.monotonic() + 5
    while text.count(b"\033[H") < 2 and time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            text += os.read(master, 65536)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == -signal.SIGINT
    os.close(master)
    assert text.count(b"\033[H\033[JRESOURCE") >= 2


def test_a_container_that_has_ended_is_an_error(runtime, bundle):
    container = runtime.start(bundle.args("true"))
    container.await_end()
    runtime.call("cgroup", "show", container.id).failed("not running")
