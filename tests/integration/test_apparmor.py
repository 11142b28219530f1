# SPDX-License-Identifier: Apache-2.0
"""process.apparmorProfile with a kernel that enforces it: in the guest, as few machines have another one to spare."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support import kernel

PARSER = shutil.which("apparmor_parser", path="/usr/sbin:/usr/bin:/sbin")

pytestmark = pytest.mark.apparmor

PROFILE = """
profile NAME flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, signal, ptrace, mount, umount, pivot_root, unix,
  deny /etc/secret rw,
  deny /proc/sysrq-trigger rw,
}
"""


@pytest.fixture(scope="module")
def load():
    """A function that loads a profile of that name, which denies /etc/secret. All are removed at the end."""
    loaded = set()

    def make(name):
        text = PROFILE.replace("NAME", name)
        subprocess.run([PARSER, "--replace", "--skip-cache"], input=text, text=True, check=True)
        loaded.add(text)
        return name

    yield make
    for text in loaded:
        subprocess.run([PARSER, "--remove"], input=text, text=True, check=True)


@pytest.fixture
def profile(load):
    return load("tare-test")


@pytest.fixture
def confined(bundle, profile):
    """A bundle with that profile, and with the file that it denies."""
    (bundle.rootfs / "etc/secret").write_text("secret\n")
    bundle.process["apparmorProfile"] = profile
    return bundle


LOOK = "cat /proc/self/attr/current; cat /etc/group | head -n 1; cat /etc/secret"


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_denied_file_is_denied(runtime, confined, no_new_privileges):
    confined.process["noNewPrivileges"] = no_new_privileges
    outcome = runtime.run(confined.script(LOOK))
    assert outcome.stdout == "tare-test (enforce)\nroot:x:0:\n"
    assert "can't open '/etc/secret': Permission denied" in outcome.stderr


def test_without_a_profile_nothing_is_denied(runtime, confined):
    del confined.process["apparmorProfile"]
    assert runtime.output_of(confined.script(LOOK)) == "unconfined\nroot:x:0:\nsecret\n"


def test_unconfined_is_a_profile(runtime, confined):
    confined.process["apparmorProfile"] = "unconfined"
    assert runtime.output_of(confined.script(LOOK)) == "unconfined\nroot:x:0:\nsecret\n"


def test_a_user_without_capabilities_is_confined_too(runtime, confined):
    confined.process.update(user={"uid": 1000, "gid": 1000}, capabilities={})
    outcome = runtime.run(confined.script(LOOK))
    assert outcome.stdout == "tare-test (enforce)\nroot:x:0:\n"


def test_it_is_set_beside_a_filter_and_a_user_namespace(runtime, confined):
    confined.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                 "syscalls": [{"names": ["sethostname"], "action": "SCMP_ACT_ERRNO"}]}
    confined.user_namespace()
    outcome = runtime.run(confined.script(LOOK))
    assert outcome.stdout == "tare-test (enforce)\nroot:x:0:\n"


def test_a_wrong_profile_is_an_error_that_names_it(runtime, confined):
    confined.process["apparmorProfile"] = "none-such"
    runtime.try_create(confined.args("true")).failed("none-such")


@pytest.mark.tare_only  # the others name no place
def test_a_wrong_profile_is_told_with_its_place(runtime, confined):
    confined.process["apparmorProfile"] = "none-such"
    runtime.try_create(confined.args("true")).failed("/process/apparmorProfile", "none-such", "ENOENT")


def test_the_waiting_init_is_not_confined_yet_and_the_program_is(runtime, confined):
    container = runtime.create(confined.args("sleep", "600"))
    container.start().ok()
    label = Path(f"/proc/{container.pid}/attr/current")
    kernel.eventually(lambda: label.read_text() == "tare-test (enforce)\n")


def test_exec_follows(runtime, confined):
    container = runtime.start(confined.args("sleep", "600"))
    outcome = runtime.call("exec", container.id, "sh", "-c", LOOK)
    assert outcome.stdout == "tare-test (enforce)\nroot:x:0:\n"


def test_exec_can_have_a_profile_of_its_own(runtime, confined, load):
    load("tare-test-other")
    container = runtime.start(confined.args("sleep", "600"))
    outcome = runtime.call("exec", "--apparmor", "tare-test-other", container.id, "cat", "/proc/self/attr/current")
    assert outcome.ok().stdout == "tare-test-other (enforce)\n"
    runtime.call("exec", "--apparmor", "none-such", container.id, "true").failed("none-such")


@pytest.mark.tare_only
def test_features_know_of_it(runtime):
    assert runtime.call("features").ok().json()["linux"]["apparmor"]["enabled"]
