# SPDX-License-Identifier: Apache-2.0
"""Commands that take several containers: each failure is told, the rest is carried on."""

import json

import pytest

pytestmark = pytest.mark.tare_only


@pytest.fixture
def three(runtime, bundle):
    bundle.args("sleep", "300")
    return [runtime.create(bundle) for _ in range(3)]


def ids(containers):
    return [container.id for container in containers]


def statuses(containers):
    return [container.status for container in containers]


def test_each_command_acts_on_all(runtime, three):
    for words, status in [(["start"], "running"), (["pause"], "paused"), (["resume"], "running")]:
        assert runtime.call(*words, *ids(three)).ok().stdout == ""
        assert statuses(three) == [status] * 3
    runtime.call("kill", "--signal", "KILL", *ids(three)).ok()
    for container in three:
        container.await_end()
    assert statuses(three) == ["stopped"] * 3
    runtime.call("delete", *ids(three)).ok()
    assert runtime.stored() == []


def test_state_of_several_is_an_array_of_the_objects(runtime, three):
    assert runtime.call("state", *ids(three)).ok().json() == [container.state() for container in three]
    one = runtime.call("state", three[0].id).ok().stdout
    assert one == json.dumps(json.loads(one), indent=2)


def test_what_fails_is_told_and_the_rest_is_done(runtime, three):
    outcome = runtime.call("start", three[0].id, "nobody", three[1].id, "no/id")
    assert (outcome.code, outcome.stdout) == (1, "")
    told = outcome.stderr.splitlines()
    assert told[0] == "tare: container does not exist: nobody"
    assert told[1].startswith("tare: invalid container ID format")
    assert len(told) == 2
    assert statuses(three) == ["running", "running", "created"]


def test_state_shows_those_that_are_there(runtime, three):
    outcome = runtime.call("state", "nobody", three[0].id)
    assert outcome.code == 1
    assert [state["id"] for state in outcome.json()] == [three[0].id]
    assert runtime.call("state", "nobody", "neither").json() == []


def test_each_failure_is_an_object_of_its_own(runtime, three):
    runtime.globals = ["--error-format", "json"]
    outcome = runtime.call("delete", *ids(three[:2]))
    assert outcome.code == 1
    assert [json.loads(line)["code"] for line in outcome.stderr.splitlines()] == ["refused"] * 2


def test_delete_by_force_of_several_does_not_mind_what_is_missing(runtime, three):
    runtime.call("delete", "--force", "nobody", *ids(three)).ok()
    assert runtime.stored() == []


def test_the_signal_of_callers_stays_the_second_argument(runtime, three):
    runtime.call("start", *ids(three)).ok()
    runtime.call("kill", three[0].id, "KILL").ok()
    runtime.call("kill", "-s", "9", three[1].id).ok()
    for container in three[:2]:
        container.await_end()
    assert statuses(three) == ["stopped", "stopped", "running"]
    runtime.call("kill", *ids(three)).failed("signal")
    runtime.call("kill", "--signal", "NONE", three[2].id).failed("NONE")


def test_of_one_id_twice_the_second_is_told(runtime, three):
    outcome = runtime.call("start", three[0].id, three[0].id)
    assert outcome.code == 1
    assert "already running" in outcome.stderr
    assert three[0].status == "running"
