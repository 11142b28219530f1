# SPDX-License-Identifier: Apache-2.0
"""docker's exit codes and errors. It derives 125, 126 and 127 from what the runtime says."""

import pytest
from support import engines
from support.engines import Ending

ENGINE = "docker"
IMAGE = engines.DOCKER_IMAGE
NOT_A_DIRECTORY = "Are you trying to mount a directory onto a file"

# Options, a program, and how `docker run` ends with either runtime. Where the two differ, it is with the control that
# it ends in the last way: runc has reported success by the time that execve(2) fails (docs/differences.md).
RUN = {
    "success": ([], ["true"], Ending(0)),
    "the program's code": ([], ["sh", "-c", "exit 3"], Ending(3)),
    "SIGKILL": (["--pid=host"], ["sh", "-c", "kill -KILL $$"], Ending(137)),
    "SIGTERM": (["--pid=host"], ["sh", "-c", "kill -TERM $$"], Ending(143)),
    "over the memory limit": (["--memory=16m"], ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?"],
                              Ending(137)),
    "no such program": ([], ["no-such"], Ending(127, r'exec: "no-such": executable file not found in \$PATH')),
    "no such file": ([], ["/no/such"], Ending(127, 'exec: "/no/such": stat /no/such: no such file or directory')),
    "not executable": ([], ["/etc/passwd"], Ending(126, 'exec: "/etc/passwd": permission denied')),
    "a directory": ([], ["/etc"], Ending(126, 'exec: "/etc": (is a directory|permission denied)')),
    "below a file": ([], ["/etc/passwd/x"], Ending(125, 'exec: "/etc/passwd/x": (.*: )?not a directory')),
    "no format": ([], ["/b/no-format"], Ending(125, 'exec: "/b/no-format": exec format error'),
                  Ending(1, "exec /b/no-format: exec format error")),
    "no interpreter": ([], ["/b/no-interpreter"], Ending(127, 'exec: "/b/no-interpreter": no such file or directory'),
                       Ending(1, "exec /b/no-interpreter: no such file or directory")),
    "a new working directory": (["--workdir=/no/such"], ["pwd"], Ending(0, "^/no/such$")),
    "a file as working directory": (["--workdir=/etc/passwd"], ["pwd"], Ending(125, "/etc/passwd is not a directory")),
    "no source of a mount": (["--mount=type=bind,source=/no/such,target=/m"], ["true"],
                             Ending(125, "bind source path does not exist: /no/such")),
    "a file on a directory": (["--volume=/etc/passwd:/etc"], ["true"], Ending(125, NOT_A_DIRECTORY)),
    "a directory on a file": (["--volume=/etc:/etc/passwd"], ["true"], Ending(125, NOT_A_DIRECTORY)),
    "an option of a tmpfs": (["--tmpfs=/t:size=junk"], ["true"], Ending(125, "OCI runtime create failed: .*/t.*invalid argument")),
    "a limit too high": (["--ulimit=nofile=2000000000:2000000000"], ["true"], Ending(125, "operation not permitted")),
    "no such device": (["--device=/dev/no-such"], ["true"], Ending(127, "no such file or directory")),
    "no such user": (["--user=no-such"], ["true"], Ending(125, "unable to find user no-such")),
    "no such option": (["--no-such"], ["true"], Ending(125, "unknown flag: --no-such")),
    "no such runtime": (["--runtime=no-such"], ["true"], Ending(125, "[Uu]nknown (or invalid )?runtime")),
}

# The same of `docker exec`, which newer dockers end with 127 where it is 126 in docker 20.
EXEC = {
    "success": ([], ["true"], Ending(0)),
    "the program's code": ([], ["sh", "-c", "exit 4"], Ending(4)),
    "SIGKILL": ([], ["sh", "-c", "kill -KILL $$"], Ending(137)),
    "SIGTERM": ([], ["sh", "-c", "kill -TERM $$"], Ending(143)),
    "no such program": ([], ["no-such"], Ending(126, r'exec: "no-such": executable file not found in \$PATH')),
    "no such file": ([], ["/no/such"], Ending(126, 'exec: "/no/such": stat /no/such: no such file or directory')),
    "not executable": ([], ["/etc/passwd"], Ending(126, 'exec: "/etc/passwd": permission denied')),
    "a directory": ([], ["/etc"], Ending(126, 'exec: "/etc": (is a directory|permission denied)')),
    "no working directory": (["--workdir=/no/such"], ["pwd"], Ending(126, "/no/such.*no such file or directory")),
    "no such user": (["--user=no-such"], ["true"], Ending(126, "unable to find user no-such")),
}


@pytest.mark.parametrize("case", RUN.values(), ids=RUN)
def test_exit_codes_of_run(docker, directory, case):
    """docker run ends with 125, 126, 127, 128 and the signal, or the program's own code"""
    engines.broken_programs(directory)
    outcome = docker(*docker.run, "--rm", "--volume", f"{directory}:/b", *case[0], IMAGE, *case[1])
    assert engines.expected(case, docker).matches(outcome), outcome


def test_exit_codes_of_exec(docker):
    """docker exec ends with 126, 128 and the signal, or the program's own code"""
    name = docker.output(*docker.run, "--detach", IMAGE, "sleep", "60").strip()
    for options, program, ending in EXEC.values():
        outcome = docker("exec", *options, name, *program)
        if ending.code == 126 and outcome.returncode == 127:
            ending = Ending(127, ending.words)
        assert ending.matches(outcome), outcome


def test_states_that_do_not_allow_it(docker):
    """exec, pause, unpause, kill and top say when a container is paused or not running"""
    name = docker.output(*docker.run, "--detach", IMAGE, "sleep", "60").strip()
    engines.pause(docker, "pause", name)
    assert Ending(1, "is paused, unpause the container before exec").matches(docker("exec", name, "true"))
    assert Ending(1, "is already paused").matches(docker("pause", name))
    docker.output("unpause", name)
    assert Ending(1, "is not paused").matches(docker("unpause", name))
    docker.output("kill", name)
    docker.output("wait", name)
    for words in (["exec", name, "true"], ["pause", name], ["kill", name], ["top", name]):
        assert Ending(1, "is not running").matches(docker(*words)), words
