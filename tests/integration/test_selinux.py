# SPDX-License-Identifier: Apache-2.0
"""process.selinuxLabel and linux.mountLabel with a kernel that enforces a policy: in the guest, started with
security=selinux. The policy is the tests' own (support/selinux.cil): container_t may not read what is secret_t."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import isolation, kernel

COMPILER = shutil.which("secilc")
POLICY = Path(__file__).parent.parent / "support/selinux.cil"
PLACE = Path("/sys/fs/selinux")

pytestmark = pytest.mark.selinux

LABEL = "system_u:system_r:container_t:s0"
OTHER = "system_u:system_r:other_t:s0"
SECRET = "system_u:object_r:secret_t:s0"


@pytest.fixture(scope="module", autouse=True)
def enforced(tmp_path_factory):
    """The policy stays until the guest ends: a kernel gives none up."""
    if not (PLACE / "load").exists():
        isolation.mount("selinuxfs", PLACE, "selinuxfs")
    compiled = tmp_path_factory.mktemp("policy") / "policy"
    version = (PLACE / "policyvers").read_text()
    subprocess.run([COMPILER, "-c", min("33", version), "-o", compiled, "-f", os.devnull, POLICY], check=True)
    descriptor = os.open(PLACE / "load", os.O_WRONLY)
    os.write(descriptor, compiled.read_bytes())
    os.close(descriptor)
    (PLACE / "enforce").write_text("1")


@pytest.fixture
def confined(bundle):
    """A bundle with that label, and with a file that it denies."""
    secret = bundle.rootfs / "etc/secret"
    secret.write_text("secret\n")
    os.setxattr(secret, "security.selinux", SECRET.encode() + b"\0")
    bundle.process["selinuxLabel"] = LABEL
    return bundle


LOOK = "cat /proc/self/attr/current; echo; cat /etc/group | head -n 1; cat /etc/secret"


def label_of(pid):
    return Path(f"/proc/{pid}/attr/current").read_text().rstrip("\0\n")


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_denied_file_is_denied(runtime, confined, no_new_privileges):
    confined.process["noNewPrivileges"] = no_new_privileges
    outcome = runtime.run(confined.script(LOOK))
    assert outcome.stdout.replace("\0", "") == f"{LABEL}\nroot:x:0:\n"
    assert "can't open '/etc/secret': Permission denied" in outcome.stderr


def test_without_a_label_nothing_is_denied(runtime, confined):
    del confined.process["selinuxLabel"]
    assert runtime.output_of(confined.script("cat /etc/secret")) == "secret\n"


def test_a_wrong_label_is_an_error_that_names_it(runtime, confined):
    confined.process["selinuxLabel"] = "system_u:system_r:none_such_t:s0"
    runtime.try_create(confined.args("true")).failed("none_such_t", tare=["/process/selinuxLabel", "EINVAL"])


def test_exec_follows(runtime, confined):
    container = runtime.start(confined.args("sleep", "600"))
    kernel.eventually(lambda: label_of(container.pid) == LABEL)
    outcome = runtime.call("exec", container.id, "sh", "-c", LOOK)
    assert outcome.stdout.replace("\0", "") == f"{LABEL}\nroot:x:0:\n"


def test_exec_can_have_a_label_of_its_own(runtime, confined):
    container = runtime.start(confined.args("sleep", "600"))
    outcome = runtime.call("exec", "--process-label", OTHER, container.id, "cat", "/proc/self/attr/current")
    assert outcome.ok().stdout.rstrip("\0") == OTHER


def test_files_of_a_mount_have_its_label(runtime, confined):
    confined.linux["mountLabel"] = SECRET
    confined.mount("/m", "tmpfs", "tmpfs")
    outcome = runtime.run(confined.script("echo told > /m/file; cat /m/file"))
    assert "can't open '/m/file': Permission denied" in outcome.stderr
    del confined.process["selinuxLabel"]
    container = runtime.start(confined.script("echo told > /m/file; sleep 600"))
    file = f"/proc/{container.pid}/root/m/file"
    kernel.eventually(lambda: os.path.exists(file))
    assert os.getxattr(file, "security.selinux").rstrip(b"\0").decode() == SECRET
    assert kernel.mount_at(container.pid, "/m").super_options is not None


@pytest.mark.tare_only
def test_a_wrong_label_of_mounts_is_an_error_that_names_it(runtime, confined):
    confined.linux["mountLabel"] = "system_u:object_r:none_such_t:s0"
    runtime.try_create(confined.args("true")).failed("/linux/mountLabel", "none_such_t", "EINVAL")
