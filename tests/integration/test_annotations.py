# SPDX-License-Identifier: Apache-2.0
"""docs/annotations.md: what annotations of crun and of the image specification change."""

import array
import base64
import errno
import signal
import socket
import struct
import threading

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

KEEP = "run.oci.keep_original_groups"
PROGRAM = "run.oci.seccomp_bpf_data"
RECEIVER = "run.oci.pidfd_receiver"
STOP = "org.opencontainers.image.stopSignal"


def annotated(bundle, **more):
    bundle.config.setdefault("annotations", {}).update(more)
    return bundle


# ---- groups ------------------------------------------------------------------------------------


def groups_of(runtime, bundle):
    status = kernel.parse_status(runtime.output_of(bundle.script("cat /proc/self/status"), extra_groups=[2001, 2002]))
    return status["Groups"].split()


@pytest.mark.parametrize("uid", [0, 1000])
def test_the_groups_of_the_caller_can_be_kept(runtime, bundle, uid):
    bundle.process["user"] = {"uid": uid, "gid": uid, "additionalGids": [7]}
    assert groups_of(runtime, annotated(bundle, **{KEEP: "1"})) == ["2001", "2002"]


@pytest.mark.parametrize("value", ["0", "", "false"])
def test_without_the_annotation_they_are_not(runtime, bundle, value):
    bundle.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [7]}
    assert groups_of(runtime, annotated(bundle, **{KEEP: value})) == ["7"]


def test_groups_are_kept_in_a_user_namespace(runtime, bundle):
    bundle.user_namespace()
    assert groups_of(runtime, annotated(bundle, **{KEEP: "1"})) == ["65534", "65534"]


def test_a_further_process_keeps_the_groups_of_its_caller(runtime, bundle):
    container = runtime.start(annotated(bundle.args("sleep", "60"), **{KEEP: "1"}))
    outcome = runtime.call("exec", container.id, "cat", "/proc/self/status", extra_groups=[2003])
    assert kernel.parse_status(outcome.ok().stdout)["Groups"].split() == ["2003"]


# ---- output of hooks ---------------------------------------------------------------------------

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


@pytest.mark.parametrize("kind", KINDS)
def test_output_of_hooks_goes_to_files(runtime, bundle, directory, kind):
    out, err = directory / "out", directory / "err"
    out.write_text("before\n")
    annotated(bundle, **{"run.oci.hooks.stdout": str(out), "run.oci.hooks.stderr": str(err)})
    bundle.hook(kind, "/bin/sh", "sh", "-c", "echo said; echo complained >&2")
    runtime.run(bundle).ok()
    assert out.read_text() == "before\nsaid\n"
    assert err.read_text() == "complained\n"


def test_what_goes_to_no_file_is_still_in_the_error(runtime, bundle, directory):
    annotated(bundle, **{"run.oci.hooks.stdout": str(directory / "out")})
    bundle.hook("createRuntime", "/bin/sh", "sh", "-c", "echo said; echo complained >&2; exit 3")
    error = runtime.try_create(bundle).failed("/hooks/createRuntime/0", "exit status 3", "complained").stderr
    assert "said" not in error
    assert (directory / "out").read_text() == "said\n"


def test_a_file_for_output_that_cannot_be_opened_is_an_error(runtime, bundle, directory):
    annotated(bundle, **{"run.oci.hooks.stdout": str(directory / "none/out")})
    bundle.hook("createRuntime", "/bin/true")
    runtime.try_create(bundle).failed("/hooks/createRuntime/0", "no such file")


# ---- seccomp -----------------------------------------------------------------------------------


def instructions(*rows):
    return base64.b64encode(b"".join(struct.pack("=HBBI", *row) for row in rows)).decode()


ALLOW = (0x06, 0, 0, 0x7FFF0000)


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
def test_a_raw_filter_takes_the_place_of_the_configured_one(runtime, bundle, numbers, wanted):
    mkdir = numbers.get("mkdir", numbers["mkdirat"])  # newer architectures have the latter only
    fails = (0x06, 0, 0, 0x00050000 | errno.EXDEV)
    load, unless_mkdir = (0x20, 0, 0, 0), (0x15, 0, 1, mkdir)
    annotated(bundle.writable(), **{PROGRAM: instructions(load, unless_mkdir, fails, ALLOW)})
    bundle.process["noNewPrivileges"] = wanted
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_KILL"}
    outcome = runtime.run(bundle.script("mkdir /made; grep Seccomp: /proc/self/status"))
    assert outcome.stdout.split() == ["Seccomp:", "2"]
    assert "nvalid cross-device link" in outcome.stderr


@pytest.mark.parametrize(
    "value, words",
    [
        ("%%%", "base64"),
        ("AAAA", "8 bytes"),
        (instructions((0x20, 0, 0, 1), ALLOW), "instruction 0"),
        (instructions((0x20, 0, 0, 0)), "must return"),
    ],
)
def test_a_raw_filter_that_is_none_is_refused(runtime, bundle, value, words):
    runtime.try_create(annotated(bundle, **{PROGRAM: value})).failed(f"/annotations/{PROGRAM}", words)


def test_the_receiver_of_a_listener(runtime, bundle, directory):
    rule = {"names": ["sync"], "action": "SCMP_ACT_NOTIFY"}
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    path = directory / "no.sock"
    annotated(bundle, **{"run.oci.seccomp.receiver": str(path)})
    runtime.try_create(bundle).failed("/linux/seccomp/listenerPath", str(path))


# ---- the rest ----------------------------------------------------------------------------------


def test_the_pidfd_is_sent_to_its_receiver(runtime, bundle, directory):
    path, got = directory / "pidfd.sock", []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen(1)

        def serve():
            connection, _ = server.accept()
            with connection:
                _, [(_, _, data)], _, _ = connection.recvmsg(100, socket.CMSG_SPACE(4))
                got.extend(array.array("i", data))

        thread = threading.Thread(target=serve)
        thread.start()
        container = runtime.create(annotated(bundle, **{RECEIVER: str(path)}))
        thread.join()
    signal.pidfd_send_signal(got[0], signal.SIGKILL)
    container.await_end()


def trapping(bundle):
    return bundle.script("trap 'echo hup; exit' HUP; trap 'echo term; exit' TERM; echo ready; while :; do sleep 0.01; done")


@pytest.mark.parametrize("word", ["SIGHUP", "HUP", "1"])
def test_kill_without_a_signal_sends_what_the_image_wants(runtime, bundle, word):
    container = runtime.create(annotated(trapping(bundle), **{STOP: word}))
    container.start().ok()
    container.await_output("ready")
    container.kill().ok()
    container.await_output("hup")


def test_a_signal_that_is_asked_for_wins(runtime, bundle):
    container = runtime.create(annotated(trapping(bundle), **{STOP: "SIGHUP"}))
    container.start().ok()
    container.await_output("ready")
    container.kill("TERM").ok()
    container.await_output("term")


def test_a_stop_signal_that_is_none_is_an_error_of_kill(runtime, bundle):
    container = runtime.start(annotated(bundle.args("sleep", "60"), **{STOP: "SIGNONE"}))
    container.kill().failed(STOP, "SIGNONE")


DIVIDE, SUBGROUP = "run.oci.delegate-cgroup", "run.oci.systemd.subgroup"
only_v2 = set(kernel.cgroups("self")) == {""}


@pytest.mark.skipif(only_v2, reason="nothing but cgroup v2")
def test_a_cgroup_of_v1_is_not_divided(runtime, bundle):
    runtime.try_create(annotated(bundle, **{DIVIDE: "inner"})).failed(f"/annotations/{DIVIDE}", "v1")
    assert kernel.cgroup_directories(runtime.ids[-1]) == set()


@pytest.mark.parametrize("annotation", [DIVIDE, SUBGROUP])
@pytest.mark.parametrize("name", ["..", ".", "a/b", "../../a", "/a", "a\nb", "a" * 256], ids=lambda name: ascii(name)[:12])
def test_what_is_no_name_of_a_cgroup_is_refused(runtime, bundle, annotation, name):
    outcome = runtime.try_create(annotated(bundle, **{annotation: name}))
    outcome.failed(f"/annotations/{annotation}")
    assert "a\nb" not in outcome.stderr


@pytest.mark.parametrize("value, strict", [("1", True), ("true", True), ("0", False), ("", False)])
def test_unknown_system_calls_are_errors_for_who_wants_it(runtime, bundle, value, strict):
    rules = [{"names": ["mkdir"], "action": "SCMP_ACT_ALLOW"}, {"names": ["chmod", "chmodd"], "action": "SCMP_ACT_ALLOW"}]
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}
    outcome = runtime.try_create(annotated(bundle, **{"run.oci.seccomp_fail_unknown_syscall": value}))
    if strict:
        outcome.failed("/linux/seccomp/syscalls/1/names/1", '"chmodd"')
    else:
        outcome.ok()


def test_annotations_that_change_something_are_told_by_features(runtime):
    assert "run.oci." in runtime.call("features").ok().json()["potentiallyUnsafeConfigAnnotations"]
