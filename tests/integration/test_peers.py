# SPDX-License-Identifier: Apache-2.0
"""The same bundle under the runtime under test, runc and crun: what the program sees must be the same, but for
the differences that are written down, with their reasons, in docs/differences.md."""

import fnmatch
import os
import re
import shutil
from pathlib import Path

import pytest
from support import kernel
from support.runtime import Runtime

DIFFERENCES = Path(__file__).parent.parent.parent / "docs/differences.md"

PEERS = ["runc", "crun"]

# crun 1.8 refuses a hybrid host: it runs where only the v1 hierarchies are mounted.
WITHOUT_V2 = ["unshare", "--mount", "sh", "-c", 'busybox umount /sys/fs/cgroup/unified; exec "$@"', "sh"]

LOOK = r"""
show() { echo "=== $1"; cat /proc/1/$1; echo; }
for file in status mountinfo environ cgroup limits oom_score_adj setgroups uid_map; do show $file; done
echo "=== dev"; cd /dev; for name in * pts/ptmx; do echo "$(stat -c '%n %F %t:%T %a %u:%g' $name) $(readlink $name)"; done
echo "=== other"; hostname; pwd; umask; cat /proc/sys/kernel/domainname
echo "=== lo"; ip addr show lo | grep -v valid_lft
echo "=== masks"; stat -c '%n %F %t:%T %a' /proc/timer_list /proc/acpi /sys/firmware /proc/keys
exit 33
"""

STATUS_FACTS = (
    "Uid Gid Groups NSpid NSsid SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb "
    "NoNewPrivs Seccomp Seccomp_filters Cpus_allowed Umask THP_enabled"
).split()


# ---- bundles -----------------------------------------------------------------------------------


def plain(bundle):
    pass


def all_namespaces(bundle):
    bundle.namespace("cgroup")


def no_privileges_kept(bundle):
    bundle.process.update(user={"uid": 1000, "gid": 1000, "additionalGids": [5]}, cwd="/tmp")
    bundle.capabilities("CAP_KILL", "CAP_CHOWN")


def ambient(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    names = ("bounding", "effective", "inheritable", "permitted", "ambient")
    bundle.capabilities("CAP_KILL", sets=names).process["noNewPrivileges"] = False


def user_namespace(bundle):
    bundle.user_namespace()


def filtered(bundle):
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}],
    }


def volumes(bundle):
    for name in ("one", "two"):
        (bundle.path / name).mkdir()
        (bundle.rootfs / name).mkdir()
    bundle.bind(bundle.path / "one", "/one").bind(bundle.path / "two", "/two", "ro", "nosuid", "rprivate")
    bundle.mount("/tmp", "tmpfs", "tmpfs", ["nosuid", "mode=1777", "size=1m"])


def limited(bundle):
    bundle.resources.update(memory={"limit": 64 << 20}, cpu={"shares": 512, "cpus": "0"}, pids={"limit": 64})
    bundle.process["rlimits"] += [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    bundle.process["oomScoreAdj"] = 100


def writable_root(bundle):
    bundle.writable().linux["rootfsPropagation"] = "private"


BUNDLES = [
    plain,
    all_namespaces,
    no_privileges_kept,
    ambient,
    user_namespace,
    filtered,
    volumes,
    limited,
    writable_root,
]


# ---- what is seen ------------------------------------------------------------------------------


def facts(outcome, name):
    """{name of a fact: what was seen}, without what is different in each run."""
    sections = dict(re.findall(r"^=== (\w+)\n(.*?)(?=^=== |\Z)", outcome.stdout, re.S | re.M))
    found = {"exit code": str(outcome.code)}
    status = kernel.parse_status(sections["status"])
    for fact in STATUS_FACTS:
        found[f"status {fact}"] = status.get(fact, "")
    for mount in kernel.parse_mountinfo(sections["mountinfo"].strip()):
        options = ",".join(sorted(mount.options))
        supers = ",".join(sorted(mount.super_options))
        kinds = ",".join(sorted(mount.propagation_kinds))
        found[f"mount {mount.point}"] = f"{mount.type} {mount.source} {options} {supers} {kinds}".strip()
    for entry in sections["environ"].strip().split("\0"):
        key, _, value = entry.partition("=")
        found[f"env {key}"] = value
    for line in sections["cgroup"].split():
        _, controllers, path = line.split(":", 2)
        found[f"cgroup {controllers}"] = path.replace(name, "ID")
    for line in sections["limits"].strip().splitlines()[1:]:
        found[f"limit {line[:25].strip()}"] = " ".join(line[25:].split())
    for section in ("oom_score_adj", "setgroups", "uid_map", "other", "lo"):
        found[section] = " ".join(sections[section].split())
    for section in ("dev", "masks"):
        for line in sections[section].strip().splitlines():
            key, _, value = line.partition(" ")
            found[f"{section} {key}"] = value
    return found


def see(runtime, bundle):
    outcome = runtime.run(bundle)
    os.chown("/dev/null", 0, 0)  # crun gives the device on standard input, the host's, to the container's root
    assert "=== masks" in outcome.stdout, outcome
    return facts(outcome, runtime.ids[-1])


def reviewed():
    """The rows of the table in docs/differences.md: (peer, pattern of bundles, pattern of facts)."""
    rows = re.findall(r"^\| (\w+) \| `([^`]+)` \| `([^`]+)` \|", DIFFERENCES.read_text(), re.M)
    assert rows
    return rows


@pytest.fixture(scope="session")
def used_rows():
    return set()


@pytest.fixture(params=PEERS)
def peer(request, directory):
    path = shutil.which(request.param)
    if path is None:
        pytest.skip(f"{request.param} is not installed")
    place = directory / request.param
    place.mkdir()
    other = Runtime(path, place, request.param)
    if request.param == "crun" and kernel.cgroup_mounts().get("") == Path("/sys/fs/cgroup/unified"):
        other.prefix = WITHOUT_V2
    yield other


@pytest.mark.tare_only
@pytest.mark.parametrize("change", BUNDLES, ids=lambda change: change.__name__)
def test_a_container_is_the_same_as_with(runtime, peer, bundle, used_rows, change):
    change(bundle)
    bundle.script(LOOK)
    ours, theirs = see(runtime, bundle), see(peer, bundle)
    unexpected = []
    for fact in sorted({*ours, *theirs}):
        if ours.get(fact) == theirs.get(fact):
            continue
        row = next(
            (
                row
                for row in reviewed()
                if row[0] == peer.name and fnmatch.fnmatch(change.__name__, row[1]) and fnmatch.fnmatch(fact, row[2])
            ),
            None,
        )
        if row:
            used_rows.add(row)
        else:
            unexpected.append(f"{fact}: {ours.get(fact)!r}, with {peer.name} {theirs.get(fact)!r}")
    assert not unexpected, "\n".join(unexpected)


@pytest.mark.tare_only
def test_the_reviewed_differences_are_there(request, used_rows):
    """A row that no comparison needs any more is out of date. Runs last, and only if all comparisons ran."""
    compared = [item for item in request.session.items if "test_a_container_is_the_same_as_with" in item.name]
    if len(compared) < len(BUNDLES) * len(PEERS) or None in map(shutil.which, PEERS):
        pytest.skip("not all comparisons were run")
    assert set(reviewed()) - used_rows == set()
