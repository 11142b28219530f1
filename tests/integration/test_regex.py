# SPDX-License-Identifier: Apache-2.0
"""kill and delete --regex: an expression in the place of an ID, as crun has it."""

import pytest


@pytest.fixture
def three(runtime, bundle):
    if runtime.name == "runc":
        pytest.skip("runc has no --regex")
    bundle.args("sleep", "600")
    return [runtime.create(bundle) for _ in range(3)]


def either(*containers):
    """Matches these alone."""
    return f"^({'|'.join(container.id for container in containers)})$"


@pytest.mark.parametrize("option", ["-r", "--regex"])
def test_kill_and_delete_take_an_expression(runtime, three, option):
    one, two, other = three
    runtime.call("kill", option, either(one, two), "KILL").ok()
    for container in (one, two):
        container.await_end()
    assert other.status == "created"
    runtime.call("delete", option, either(one, two)).ok()
    assert runtime.stored() == [other.id]


def test_an_expression_may_match_anywhere(runtime, three):
    common = three[0].id[1:3]
    assert all(common in container.id for container in three)
    runtime.call("delete", "--force", "--regex", f"{common}+").ok()
    assert runtime.stored() == []


@pytest.mark.parametrize("command", [["kill", "-r", "^no-such", "KILL"], ["delete", "-r", "^no-such"]], ids=lambda words: words[0])
def test_an_expression_that_nothing_matches_does_nothing(runtime, three, command):
    assert runtime.call(*command).ok().stdout == ""
    assert [container.status for container in three] == ["created"] * 3


@pytest.mark.tare_only  # crun 1.8 crashes
@pytest.mark.parametrize("command", ["kill", "delete"])
@pytest.mark.parametrize("expression", ["[", "web(", "a\\"])
def test_what_is_no_expression_is_an_error(runtime, three, command, expression):
    outcome = runtime.call(command, "--regex", expression)
    assert outcome.code == 1 and outcome.stderr.startswith("tare: invalid regular expression: "), outcome
    assert [container.status for container in three] == ["created"] * 3


@pytest.mark.tare_only
def test_several_expressions_and_a_signal(runtime, three):
    one, two, other = three
    runtime.call("kill", "--signal", "KILL", "--regex", f"{one.id}$", f"{two.id}$").ok()
    for container in (one, two):
        container.await_end()
    assert other.status == "created"


@pytest.mark.tare_only
def test_one_that_fails_does_not_keep_the_others(runtime, three):
    stopped, live, _ = three
    stopped.kill("KILL").ok()
    stopped.await_end()
    outcome = runtime.call("delete", "--regex", either(stopped, live))
    assert outcome.code == 1 and live.id in outcome.stderr
    assert stopped.id not in runtime.stored() and live.id in runtime.stored()
