# SPDX-License-Identifier: Apache-2.0
"""`tare check` lists everything that keeps a bundle from running, at once, and makes nothing."""

import json

import pytest

pytestmark = pytest.mark.tare_only


@pytest.fixture
def checked(runtime, bundle):
    """The problems, as {pointer: message}."""

    def check(*options):
        bundle.write()
        outcome = runtime.call("check", "--format", "json", *options, bundle.path)
        assert outcome.stderr == ""
        problems = outcome.json()
        assert outcome.code == (1 if problems else 0)
        text = runtime.call("check", *options, bundle.path)
        assert (text.code, text.stdout.splitlines()) == (outcome.code, [one["message"] for one in problems])
        assert not runtime.root.exists()
        return problems

    return check


def pointers(problems):
    return [problem["origin"] for problem in problems]


def test_a_bundle_without_problems(checked):
    assert checked() == []


def test_the_default_configuration_has_no_problem(runtime, bundle):
    runtime.call("spec", "--bundle", bundle.path).ok()
    assert runtime.call("check", bundle.path).stdout == "" or "cannot be granted" in runtime.call("check", bundle.path).stdout


def test_every_error_of_form_and_every_rule(checked, bundle):
    bundle.process["cwd"] = 7
    bundle.process["user"]["uid"] = "root"
    bundle.config["mounts"][1]["options"] = "ro"
    bundle.config["mounts"].append({"type": "tmpfs"})
    bundle.process["rlimits"].append({"type": "RLIMIT_NOFILE", "hard": 1, "soft": 2})
    bundle.linux["namespaces"].append({"type": "pid"})
    bundle.config["hostname"] = "x" * 65
    problems = checked()
    assert set(pointers(problems)) >= {
        "/process/cwd",
        "/process/user/uid",
        "/mounts/1/options",
        f"/mounts/{len(bundle.config['mounts']) - 1}/destination",
        "/hostname",
    }
    assert any(pointer.startswith("/process/rlimits/1") for pointer in pointers(problems))
    assert any(pointer.startswith("/linux/namespaces") for pointer in pointers(problems))
    assert {problem["phase"] for problem in problems} == {"schema", "rules"}
    assert pointers(problems).count("/process/cwd") == 1


def test_the_first_of_them_is_what_create_says(checked, runtime, bundle):
    bundle.process["cwd"] = "relative"
    bundle.config["hostname"] = "x" * 65
    first = checked()[0]
    assert runtime.try_create(bundle).failed().stderr == f"tare: {first['message']}\n"


def test_what_is_not_on_this_host(checked, bundle, directory):
    mounts = len(bundle.config["mounts"])
    bundle.bind("/no/such/source", "/a").bind(directory, "/b").mount("/c", "nosuchfs", "x")
    bundle.namespace("network", "/proc/self/ns/nothing")
    bundle.namespace("ipc", "/proc/self/ns/uts")
    bundle.hook("prestart", "/no/such/hook")
    bundle.args("no-such-program")
    problems = {problem["origin"]: problem for problem in checked()}
    assert problems[f"/mounts/{mounts}"]["errno"] == "ENOENT"
    assert problems[f"/mounts/{mounts}"]["hint"] == "the source of a bind mount must be there"
    assert f"/mounts/{mounts + 1}" not in problems
    assert problems[f"/mounts/{mounts + 2}"]["errno"] == "ENODEV"
    assert "executable file not found in $PATH" in problems["/process/args/0"]["message"]
    assert problems["/hooks/prestart/0"]["errno"] == "ENOENT"
    namespaces = {problem["message"] for origin, problem in problems.items() if origin.startswith("/linux/namespaces/")}
    assert len(namespaces) == 2
    assert any("it is not a namespace of kind ipc" in message for message in namespaces)


def test_the_planner_is_asked_again_without_what_it_refused(checked, bundle):
    bundle.process["apparmorProfile"] = "none-such"
    bundle.process["selinuxLabel"] = "a:b:c:s0"
    bundle.mount("/x", "bind", "", ["bind"])
    found = [pointer for pointer in pointers(checked())]
    enabled = json.dumps(found)
    assert f"/mounts/{len(bundle.config['mounts']) - 1}/source" in found, enabled
    assert {"/process/apparmorProfile", "/process/selinuxLabel"} & set(found), enabled


def test_a_program_that_comes_with_a_mount_is_not_missed(checked, bundle, directory):
    bundle.bind(directory, "/opt").args("/opt/tool")
    assert checked() == []


def test_a_program_that_may_not_be_executed(checked, bundle):
    (bundle.rootfs / "tool").write_text("")
    bundle.args("/tool")
    (problem,) = checked()
    assert problem["origin"] == "/process/args/0"
    assert "permission denied" in problem["message"]


def test_a_link_out_of_the_root_is_not_followed(checked, bundle, directory):
    (directory / "tool").write_text("")
    (directory / "tool").chmod(0o755)
    (bundle.rootfs / "tool").symlink_to(directory / "tool")
    bundle.args("/tool")
    assert pointers(checked()) == ["/process/args/0"]


def test_capabilities_that_there_are_not(checked, bundle):
    bundle.capabilities("CAP_KILL", "CAP_NONSENSE")
    assert set(pointers(checked())) == {"/process/capabilities/" + name for name in ("bounding", "effective", "permitted")}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"ociVersion":"1.0.2","ociVersion":"1.0.2"}'], ids=repr)
def test_what_is_no_document_is_one_problem(checked, bundle, raw):
    bundle.raw = raw
    assert len(checked()) == 1


def test_no_bundle(runtime):
    outcome = runtime.call("check", "/no/such/bundle")
    assert outcome.code == 1
    assert outcome.stdout.startswith("bundle /no/such/bundle: ENOENT") or "ENOENT" in outcome.stdout
    assert outcome.stderr == ""


def test_no_root(checked, bundle):
    bundle.config["root"]["path"] = "nowhere"
    assert pointers(checked()) == ["/root/path"]
    del bundle.config["root"]
    assert [pointer for pointer in pointers(checked()) if pointer.startswith("/root")] == ["/root"]
