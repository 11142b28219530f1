# SPDX-License-Identifier: Apache-2.0
"""What a command costs, in counts that do not depend on the machine: no change makes it dearer unseen.

The counts stand in tests/costs.json. A change that raises one renews the file, with TARE_COSTS_UPDATE=1, and its
commit says why. A count that has become lower is renewed as well: the test demands it beyond a margin. Times never
fail a test; tests/bench measures them.
"""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support import kernel

pytestmark = [
    pytest.mark.tare_only,
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
]

FILE = Path(__file__).parent.parent / "costs.json"
UPDATE = "TARE_COSTS_UPDATE" in os.environ

# How often these are called depends on who is quicker.
RACING = {"poll": 3, "read": 3, "recvmsg": 1, "wait4": 2, "futex": 2, "restart_syscall": 2, "brk": 2}


def calls_of(lines):
    """The calls by name, without those of a program that tare executed in the container."""
    counts, others = Counter(), set()
    for line in lines:
        pid, rest = re.fullmatch(r"(\d+ +)?(.*)", line).groups()
        name = re.match(r"(\w+)\(", rest)
        if not name or pid in others:
            continue
        counts[name[1]] += 1
        if name[1] == "execve" and '["true"' in rest and (" = 0" in rest or "unfinished" in rest):
            others.add(pid)
    return counts


class Costs:
    def __init__(self, runtime, directory):
        self.runtime, self.log = runtime, directory / "strace"

    def of(self, *words, children=True):
        command = self.runtime.command(*words)
        strace = ["strace", *(["-f"] if children else []), "-qq", "-s", "64", "--signal=none", "-o", self.log]
        subprocess.run([*strace, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # A call that another process interrupts stands on two lines; the first has its name.
        return calls_of(line for line in self.log.read_text().splitlines() if "<... " not in line)

    def written(self):
        """Bytes of write(2), of the last command that was counted."""
        ends = r" (?:write\(|<\.\.\. write resumed>).*\) += (\d+)$"  # resumed: another process made a call meanwhile
        return sum(int(size) for size in re.findall(ends, self.log.read_text(), re.MULTILINE))

    def heap(self):
        """Bytes by which the first process of the last command grew its heap: what it had allocated at most."""
        first = self.log.read_text().split(maxsplit=1)[0]
        ends = [int(end, 16) for end in re.findall(rf"^{first} +brk\(.*\) += (0x[0-9a-f]+)$", self.log.read_text(), re.MULTILINE)]
        return max(ends) - min(ends)


def plain(bundle):
    """What every kernel has: no masked path that is on some kernels only, and no cgroup."""
    bundle.args("true")
    bundle.config["linux"]["maskedPaths"] = ["/proc/keys", "/proc/timer_list"]
    bundle.config["linux"]["readonlyPaths"] = ["/proc/fs", "/proc/sys"]
    bundle.config["linux"].pop("resources", None)
    bundle.config["mounts"] = [one for one in bundle.config["mounts"] if one["type"] != "cgroup"]
    bundle.write()


@pytest.fixture(scope="session")
def kept():
    found = json.loads(FILE.read_text()) if FILE.exists() else {}
    yield found
    if UPDATE:
        FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def compare(kept, name, counts):
    if UPDATE:
        kept[name] = counts
        return
    allowed = {call: count + RACING.get(call, 0) for call, count in kept[name].items()}
    dearer = {call: (allowed.get(call, 0), count) for call, count in counts.items()
              if count > allowed.get(call, RACING.get(call, 0))}
    assert not dearer, f"{name}: (allowed, found) {dearer}"
    total, before = sum(counts.values()), sum(kept[name].values())
    assert total > before * 0.95, f"{name} makes {total} calls, costs.json has {before}: renew it"


COMMANDS = ["run", "create", "state", "start", "exec", "kill", "delete", "list"]


def test_system_calls(runtime, bundle, directory, kept):
    plain(bundle)
    runtime.globals = ["--cgroup-manager", "disabled"]
    costs = Costs(runtime, directory)
    found = {"run": costs.of("run", "--bundle", bundle.path, runtime.new_id())}
    grown = {"bytes written by run": costs.written(), "bytes of the heap of run": costs.heap()}
    bundle.args("sleep", "600").write()
    name = runtime.new_id()
    found["create"] = costs.of("create", "--bundle", bundle.path, name, children=False)  # init waits
    found["state"] = costs.of("state", name)
    found["start"] = costs.of("start", name)
    found["exec"] = costs.of("exec", name, "true")
    found["list"] = costs.of("list")
    found["kill"] = costs.of("kill", name, "KILL")
    kernel.eventually(lambda: runtime.call("state", name).json()["status"] == "stopped")
    found["delete"] = costs.of("delete", "--force", name)
    assert set(found) == set(COMMANDS)
    for command in ("run", "create"):  # each directory above the bundle is looked at twice
        found[command]["readlink"] -= 2 * len(bundle.path.resolve().parts)
        found[command]["mkdir"] -= len(runtime.root.parts)
    for command, counts in found.items():
        compare(kept, command, counts)
    for name, bytes_now in grown.items():
        compare_sizes(kept, name, bytes_now)


def compare_sizes(kept, name, now):
    if UPDATE:
        kept[name] = now
        return
    assert kept[name] * 0.9 <= now <= kept[name] * 1.05, f"{name}: {now}, costs.json has {kept[name]}"


def test_page_faults_of_run(runtime, bundle, kept):
    plain(bundle)
    runtime.globals = ["--cgroup-manager", "disabled"]
    command = runtime.command("run", "--bundle", bundle.path, runtime.new_id())
    faults = []
    for _ in range(5):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        faults.append(usage.ru_minflt)
    if UPDATE:
        kept["page faults of run"] = min(faults)
    # Pages of the file are mapped in larger or smaller pieces, as the page cache has them.
    assert min(faults) <= kept["page faults of run"] * 1.25


def sections(program):
    listed = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    return {name: int(size, 16) for name, size in re.findall(r"\] (\.\S+) +\S+ +\w+ +\w+ +(\w+)", listed)}


def compiler_of(program):
    listed = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True).stdout
    return sorted(re.findall(r"\]  (.*)", listed))


def test_the_program(runtime, kept):
    program = Path(runtime.path)
    found, compiler = sections(program), [os.uname().machine, *compiler_of(program)]
    if UPDATE:
        kept["compiler"] = compiler
    if compiler != kept["compiler"]:
        pytest.skip("costs.json has the sizes of another compiler's program")
    size = {
        "bytes of the program": program.stat().st_size,
        "bytes that are relocated": found[".data.rel.ro"],
        "constructors before main": found[".init_array"] // 8,
    }
    for name, now in size.items():
        if UPDATE:
            kept[name] = now
        assert now <= kept[name] * 1.02, f"{name}: {now}, costs.json has {kept[name]}"
    # What a container's life executes stands together; names that are wrong by now do not.
    first = found.get(".text.first", 0)
    if UPDATE:
        kept["bytes of the code that is first"] = first
    assert first >= kept["bytes of the code that is first"] * 0.95, "renew runtime/order.ld (tests/bench/order)"
