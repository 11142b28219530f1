# SPDX-License-Identifier: Apache-2.0
"""podman's exit codes and errors. It derives 126 and 127 from what the runtime says."""

import pytest
from support import engines
from support.engines import IMAGE, Ending

ENGINE = "podman"

# Options, a program, and how `podman run` ends with either runtime. Where the two differ, it is with the control that
# it ends in the last way: runc has reported success by the time that execve(2) fails (docs/differences.md).
RUN = {
    "success": ([], ["true"], Ending(0)),
    "the program's code": ([], ["sh", "-c", "exit 3"], Ending(3)),
    "SIGKILL": (["--pid=host"], ["sh", "-c", "kill -KILL $$"], Ending(137)),
    "SIGTERM": (["--pid=host"], ["sh", "-c", "kill -TERM $$"], Ending(143)),
    "over the memory limit": (["--memory=16m"], ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?"],
                              Ending(137)),
    "no such program": ([], ["no-such"], Ending(127, r"executable file .no-such. not found in \$PATH|"
                                                     r'exec: "no-such": executable file not found in \$PATH')),
    "no such file": ([], ["/no/such"], Ending(127, "/no/such.*[Nn]o such file or directory")),
    "not executable": ([], ["/etc/passwd"], Ending(126, "[Pp]ermission denied")),
    "a directory": ([], ["/etc"], Ending(126, "[Pp]ermission denied|is a directory")),
    "below a file": ([], ["/etc/passwd/x"], Ending(126, "[Nn]ot a directory")),
    "no format": ([], ["/b/no-format"], Ending(126, 'exec: "/b/no-format": exec format error'),
                  Ending(1, "exec /?b/no-format: exec format error")),
    "no interpreter": ([], ["/b/no-interpreter"], Ending(126, 'exec: "/b/no-interpreter": no such file or directory'),
                       Ending(1, "exec /?b/no-interpreter: no such file or directory")),
    "no working directory": (["--workdir=/no/such"], ["pwd"], Ending(126, 'workdir "/no/such" does not exist')),
    "a file as working directory": (["--workdir=/etc/passwd"], ["pwd"], Ending(126, "is not a directory")),
    "no source of a mount": (["--volume=/no/such:/m"], ["true"], Ending(125, "statfs /no/such: no such file or directory")),
    "a file on a directory": (["--volume=/etc/passwd:/etc"], ["true"], Ending(126, "/etc.*[Nn]ot a directory")),
    "an option of a tmpfs": (["--tmpfs=/t:size=junk"], ["true"], Ending(126, "[Ii]nvalid argument")),
    "a limit too high": (["--ulimit=nofile=2000000000:2000000000"], ["true"], Ending(126, "[Oo]peration not permitted")),
    "no such device": (["--device=/dev/no-such"], ["true"], Ending(125, "stat /dev/no-such: no such file or directory")),
    "no such user": (["--user=no-such"], ["true"], Ending(126, "unable to find user no-such")),
    "no such option": (["--no-such"], ["true"], Ending(125, "unknown flag: --no-such")),
}

EXEC = {
    "success": ([], ["true"], Ending(0)),
    "the program's code": ([], ["sh", "-c", "exit 4"], Ending(4)),
    "SIGKILL": ([], ["sh", "-c", "kill -KILL $$"], Ending(137)),
    "SIGTERM": ([], ["sh", "-c", "kill -TERM $$"], Ending(143)),
    "no such program": ([], ["no-such"], Ending(127, r"executable file .no-such. not found in \$PATH|"
                                                     r'exec: "no-such": executable file not found in \$PATH')),
    "no such file": ([], ["/no/such"], Ending(127, "/no/such.*[Nn]o such file or directory")),
    "not executable": ([], ["/etc/passwd"], Ending(126, "[Pp]ermission denied")),
    "a directory": ([], ["/etc"], Ending(126, "[Pp]ermission denied|is a directory")),
    "no working directory": (["--workdir=/no/such"], ["pwd"], Ending(127, "/no/such.*[Nn]o such file or directory")),
    "a file as working directory": (["--workdir=/etc/passwd"], ["pwd"], Ending(255, "/etc/passwd.*[Nn]ot a directory")),
    "no such user": (["--user=no-such"], ["true"], Ending(255, "unable to find user no-such")),
}


@pytest.mark.parametrize("case", RUN.values(), ids=RUN)
def test_exit_codes_of_run(podman, directory, case):
    """podman run ends with 125, 126, 127, 128 and the signal, or the program's own code"""
    engines.broken_programs(directory)
    outcome = podman(*podman.run, "--rm", "--volume", f"{directory}:/b", *case[0], IMAGE, *case[1])
    assert engines.expected(case, podman).matches(outcome), outcome


def test_exit_codes_of_exec(podman):
    """podman exec ends with 126, 127, 255, 128 and the signal, or the program's own code"""
    name = podman.output(*podman.run, "--detach", IMAGE, "sleep", "60").strip()
    for options, program, ending in EXEC.values():
        outcome = podman("exec", *options, name, *program)
        assert ending.matches(outcome), outcome


def test_states_that_do_not_allow_it(podman):
    """exec, pause, unpause, kill and top say when a container is paused or not running"""
    name = podman.output(*podman.run, "--detach", IMAGE, "sleep", "60").strip()
    engines.pause(podman, "pause", name)
    assert Ending(255, "only create exec sessions on running containers").matches(podman("exec", name, "true"))
    podman.output("unpause", name)
    assert Ending(125, "is not paused, can't unpause").matches(podman("unpause", name))
    podman.output("kill", name)
    podman.output("wait", name)
    assert Ending(255, "only create exec sessions on running containers").matches(podman("exec", name, "true"))
    for words in (["pause", name], ["kill", name], ["top", name]):
        assert Ending(125, "running").matches(podman(*words)), words
