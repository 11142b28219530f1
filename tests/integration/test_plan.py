# SPDX-License-Identifier: Apache-2.0
"""tare plan as a program reads it, and what two plans do differently."""

import json

import pytest

pytestmark = pytest.mark.tare_only


def plan(runtime, *words):
    return runtime.call("plan", *words).ok()


def test_json_has_every_step_of_the_table(runtime, bundle):
    bundle.write()
    table = plan(runtime, bundle.path).stdout.splitlines()[1:]
    steps = plan(runtime, "--format", "json", bundle.path).json()
    assert len(steps) == len(table) > 40
    for number, (line, step) in enumerate(zip(table, steps)):
        assert step["step"] == number
        assert line.split()[:3] == [str(number), step["actor"], str(step.get("after", "-"))]
        assert step["what"] in line and f"[{step['calls']}]" in line
        assert step["origin"] == "" or line.endswith(step["origin"])


def test_two_bundles_that_do_the_same_print_nothing(runtime, bundle):
    bundle.write()
    assert plan(runtime, "--diff", bundle.path, bundle.path).stdout == ""
    assert plan(runtime, "--diff", "--format", "json", bundle.path, bundle.path).json() == []


def test_what_one_bundle_does_alone_is_printed(runtime, bundle, directory):
    bundle.write()
    other = directory / "other"
    other.mkdir()
    (other / "rootfs").symlink_to(bundle.rootfs)
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=1m"])
    sets = bundle.process["capabilities"]
    sets["bounding"] = [*sets["bounding"], "CAP_CHOWN"]
    (other / "config.json").write_text(json.dumps(bundle.config))
    lines = plan(runtime, "--diff", bundle.path, other).stdout.splitlines()
    assert "+ init  mount tmpfs on /mnt (size=1m)  /mounts/7" in lines
    bounding = [line for line in lines if "bounding" in line]
    assert [line[0] for line in bounding] == ["-", "+"]
    assert ["CAP_CHOWN" in line for line in bounding] == [False, True]
    assert len(lines) == 3
    reverse = plan(runtime, "--diff", "--format", "json", other, bundle.path).json()
    assert [step["change"] for step in reverse if step["what"] == "mount tmpfs on /mnt"] == ["-"]


def test_a_container_is_compared_with_a_bundle(runtime, bundle, make_bundle):
    container = runtime.start(bundle.args("sleep", "60"))
    assert plan(runtime, "--diff", container.id, bundle.path).stdout == ""
    other = make_bundle()
    other.args("sleep", "60").config["hostname"] = "other"
    other.write()
    lines = plan(runtime, "--diff", container.id, other.path).stdout.splitlines()
    names = [line.split("  ")[1] for line in lines if "hostname" in line]
    assert names == ['set hostname "container"', 'set hostname "other"']


def test_wrong_words_are_named(runtime, bundle):
    bundle.write()
    runtime.call("plan", bundle.path, bundle.path).failed("plan takes one bundle")
    runtime.call("plan", "--diff", bundle.path).failed("--diff compares two")
    runtime.call("plan", "--diff", bundle.path, "nobody").failed("container does not exist")


def test_a_file_without_a_terminal_has_no_colours(runtime, bundle, make_bundle):
    bundle.write()
    other = make_bundle()
    other.write()
    assert "\033" not in plan(runtime, "--diff", bundle.path, other.path).stdout
