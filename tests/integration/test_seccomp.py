# SPDX-License-Identifier: Apache-2.0
"""config-linux.md, seccomp: what a filter does, seen by a program that makes one system call."""

import errno
import shutil
import signal

import pytest
from support import kernel
from support.machine import MACHINE

SIGSYS_EXIT = 128 + signal.SIGSYS

# Calls that always succeed and that neither a runtime nor a C library makes.
HARMLESS, HARMLESS_TOO = "sched_get_priority_max", "sched_get_priority_min"

BAD = str(2**64 - 1)  # a descriptor that is never open: the call is harmless and ends in EBADF


@pytest.fixture
def call(runtime, bundle, probe, numbers):
    """A function that runs the probe in a container under a filter, and returns the Outcome."""
    shutil.copy(probe, bundle.rootfs / "bin/probe")

    def run(seccomp, name, *arguments):
        bundle.linux["seccomp"] = seccomp
        number = numbers.get(name, name)
        return runtime.run(bundle.args("/bin/probe", str(number), *map(str, arguments)))

    return run


def allow_but(*rules, **more):
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules), **more}


def rule(action, *names, **more):
    return {"names": list(names), "action": f"SCMP_ACT_{action}", **more}


def errno_of(outcome):
    return int(outcome.ok().stdout)


# ---- actions -----------------------------------------------------------------------------------


def test_without_a_filter_there_is_none(runtime, bundle):
    assert kernel.parse_status(runtime.output_of(bundle.script("cat /proc/self/status")))["Seccomp"] == "0"


def test_with_a_filter_the_program_is_under_it(runtime, bundle):
    bundle.linux["seccomp"] = allow_but(rule("ERRNO", "acct"))
    found = kernel.parse_status(runtime.output_of(bundle.script("cat /proc/self/status")))
    assert (found["Seccomp"], found["Seccomp_filters"]) == ("2", "1")


def test_errno_is_eperm_if_nothing_is_said(call):
    assert errno_of(call(allow_but(rule("ERRNO", HARMLESS)), HARMLESS)) == errno.EPERM


@pytest.mark.parametrize("value", [errno.ENOSYS, errno.ENOENT, 133])
def test_errno_ret(call, value):
    assert errno_of(call(allow_but(rule("ERRNO", HARMLESS, errnoRet=value)), HARMLESS)) == value


@pytest.mark.parametrize("action", ["KILL", "KILL_THREAD", "KILL_PROCESS", "TRAP"])
def test_actions_that_end_the_program(call, action):
    assert call(allow_but(rule(action, HARMLESS)), HARMLESS).code == SIGSYS_EXIT


@pytest.mark.parametrize("action", ["LOG", "ALLOW"])
def test_actions_that_let_the_call_through(call, action):
    assert errno_of(call(allow_but(rule(action, HARMLESS)), HARMLESS)) == 0


def test_trace_without_a_tracer_is_enosys(call):
    assert errno_of(call(allow_but(rule("TRACE", HARMLESS, errnoRet=5)), HARMLESS)) == errno.ENOSYS


def test_several_rules_and_names(call):
    rules = allow_but(rule("ERRNO", HARMLESS, HARMLESS_TOO, errnoRet=11), rule("ERRNO", "sync", errnoRet=12))
    assert errno_of(call(rules, HARMLESS_TOO)) == 11
    assert errno_of(call(rules, "sync")) == 12
    assert errno_of(call(rules, "getuid")) == 0


def test_names_that_nobody_knows_are_ignored(call):
    rules = allow_but(rule("ERRNO", "no_such_call", HARMLESS, errnoRet=11), rule("ERRNO", "nor_this"))
    assert errno_of(call(rules, HARMLESS)) == 11


def test_a_rule_that_says_what_is_the_default_anyway(call):
    assert errno_of(call(allow_but(rule("ALLOW", HARMLESS)), HARMLESS)) == 0


# ---- a list of what is allowed -----------------------------------------------------------------


def all_but(numbers, *names, upto=10_000):
    return [name for name, number in numbers.items() if name not in names and number <= upto]


def deny_but(allowed, **more):
    return {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule("ALLOW", *allowed)], **more}


def test_what_is_not_allowed_is_eperm(call, numbers):
    assert errno_of(call(deny_but(all_but(numbers, HARMLESS)), HARMLESS)) == errno.EPERM


def test_default_errno_ret(call, numbers):
    seccomp = deny_but(all_but(numbers, HARMLESS), defaultErrnoRet=errno.ENODATA)
    assert errno_of(call(seccomp, HARMLESS)) == errno.ENODATA


@pytest.mark.parametrize(
    "architectures", [[MACHINE.seccomp], pytest.param([], marks=pytest.mark.tare_only)], ids=["listed", "native"]
)
def test_calls_newer_than_the_profile_do_not_exist(call, numbers, architectures):
    # glibc tries clone3, faccessat2 and the like, and takes the older call on ENOSYS but not on EPERM.
    allowed = all_but(numbers, HARMLESS, upto=numbers["statx"])
    seccomp = deny_but(allowed, architectures=architectures)
    assert errno_of(call(seccomp, 900)) == errno.ENOSYS
    assert errno_of(call(seccomp, "openat2", BAD, 0, 0, 0)) == errno.ENOSYS
    assert errno_of(call(seccomp, HARMLESS)) == errno.EPERM


# ---- arguments ---------------------------------------------------------------------------------

# (operator, value, valueTwo) and what of 1, 5, 9 they match.
COMPARISONS = [
    ("NE", 5, 0, {1, 9}),
    ("LT", 5, 0, {1}),
    ("LE", 5, 0, {1, 5}),
    ("EQ", 5, 0, {5}),
    ("GE", 5, 0, {5, 9}),
    ("GT", 5, 0, {9}),
    ("MASKED_EQ", 4, 4, {5}),  # value is the mask
    ("MASKED_EQ", 8, 0, {1, 5}),
]


def argument(index, operator, value, value_two=0):
    return {"index": index, "value": value, "valueTwo": value_two, "op": f"SCMP_CMP_{operator}"}


@pytest.mark.parametrize("operator, value, value_two, matching", COMPARISONS)
def test_operators(call, operator, value, value_two, matching):
    rules = allow_but(rule("ERRNO", "lseek", args=[argument(1, operator, value, value_two)]))
    matched = {tried for tried in (1, 5, 9) if errno_of(call(rules, "lseek", BAD, tried, 0)) == errno.EPERM}
    assert matched == matching


@pytest.mark.parametrize("index", range(6))
def test_every_argument_can_be_compared(call, index):
    rules = allow_but(rule("ERRNO", "splice", args=[argument(index, "EQ", 7)]))
    words = [BAD, "0", BAD, "0", "1", "0"]
    assert errno_of(call(rules, "splice", *words)) == errno.EBADF
    words[index] = "7"
    assert errno_of(call(rules, "splice", *words)) == errno.EPERM


def test_all_64_bits_are_compared(call):
    rules = allow_but(rule("ERRNO", "lseek", args=[argument(1, "EQ", 0x1_0000_0005)]))
    assert errno_of(call(rules, "lseek", BAD, 5, 0)) == errno.EBADF
    assert errno_of(call(rules, "lseek", BAD, 0x1_0000_0005, 0)) == errno.EPERM


def test_values_up_to_2_to_the_64(call):
    rules = allow_but(rule("ERRNO", "lseek", args=[argument(1, "EQ", 2**64 - 1)]))
    assert errno_of(call(rules, "lseek", BAD, 2**64 - 1, 0)) == errno.EPERM


def test_arguments_of_different_index_must_all_match(call):
    rules = allow_but(rule("ERRNO", "lseek", args=[argument(1, "EQ", 5), argument(2, "EQ", 6)]))
    assert errno_of(call(rules, "lseek", BAD, 5, 6)) == errno.EPERM
    assert errno_of(call(rules, "lseek", BAD, 5, 0)) == errno.EBADF
    assert errno_of(call(rules, "lseek", BAD, 0, 6)) == errno.EBADF


def test_one_index_given_twice_means_either(call):
    rules = allow_but(rule("ERRNO", "lseek", args=[argument(1, "EQ", 5), argument(1, "EQ", 6)]))
    matched = {tried for tried in (4, 5, 6) if errno_of(call(rules, "lseek", BAD, tried, 0)) == errno.EPERM}
    assert matched == {5, 6}


# ---- architectures and flags -------------------------------------------------------------------


@pytest.mark.parametrize("names", [[], ["X86_64"], ["X86_64", "X86", "X32"], ["AARCH64"]], ids=str)
def test_the_native_architecture_is_always_there(call, names):
    seccomp = allow_but(rule("ERRNO", HARMLESS), architectures=[f"SCMP_ARCH_{name}" for name in names])
    assert errno_of(call(seccomp, HARMLESS)) == errno.EPERM


@pytest.mark.tare_only  # runc 1.1 knows no flags
@pytest.mark.parametrize("flags", [[], ["LOG"], ["SPEC_ALLOW"], ["TSYNC"], ["LOG", "SPEC_ALLOW"]], ids=str)
def test_flags(call, flags):
    seccomp = allow_but(rule("ERRNO", HARMLESS), flags=[f"SECCOMP_FILTER_FLAG_{flag}" for flag in flags])
    assert errno_of(call(seccomp, HARMLESS)) == errno.EPERM


@pytest.mark.tare_only
def test_spec_allow_leaves_the_speculation_controls_alone(runtime, bundle):
    bundle.linux["seccomp"] = allow_but(rule("ERRNO", "acct"), flags=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
    found = kernel.parse_status(runtime.output_of(bundle.script("cat /proc/self/status")))
    assert found["Speculation_Store_Bypass"] == kernel.status("self")["Speculation_Store_Bypass"]


# ---- when the filter is loaded -----------------------------------------------------------------


@pytest.mark.parametrize("wanted", [True, False], ids=["noNewPrivileges", "without"])
@pytest.mark.parametrize("uid", [0, 1000])
def test_with_and_without_new_privileges_for_root_and_for_users(call, bundle, wanted, uid):
    bundle.process["noNewPrivileges"] = wanted
    bundle.process["user"] = {"uid": uid, "gid": uid}
    assert errno_of(call(allow_but(rule("ERRNO", HARMLESS)), HARMLESS)) == errno.EPERM


@pytest.mark.tare_only  # runc loads it earlier and needs some of these itself
def test_with_no_new_privileges_the_filter_is_the_last_thing_before_the_program(call):
    used_in_setting_up = (
        "openat read close close_range fcntl dup3 chdir fchdir setgroups setgid setresgid setuid setresuid capset capget "
        "prctl keyctl umask mount pivot_root umount2 unshare setns setsid ioctl sendmsg recvmsg poll ppoll"
    ).split()
    assert errno_of(call(allow_but(rule("KILL_PROCESS", *used_in_setting_up)), HARMLESS)) == 0


@pytest.mark.tare_only
def test_a_filter_that_forbids_execve_is_an_error_of_start(runtime, bundle):
    bundle.linux["seccomp"] = allow_but(rule("ERRNO", "execve", "execveat"))
    container = runtime.create(bundle)
    container.start().failed("operation not permitted")
    assert container.status == "stopped"


def test_a_filter_that_kills_at_execve_does_not_hang(runtime, bundle):
    bundle.linux["seccomp"] = allow_but(rule("KILL_PROCESS", "execve", "execveat"))
    assert runtime.run(bundle).code != 0
