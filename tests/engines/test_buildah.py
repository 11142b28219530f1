# SPDX-License-Identifier: Apache-2.0
"""buildah, which runs the steps of a build by the runtime itself, without conmon."""

import shutil

import pytest
from support import engines
from support.engines import IMAGE

ENGINE = "buildah"

pytestmark = pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed")

RUN = ["--isolation", "oci", *engines.LIMITS]


@pytest.fixture
def buildah(podman_place, podman):
    """buildah with podman's store, for whose image it builds."""
    store = ["--root", podman_place / "root", "--runroot", "/run/podman", "--storage-driver=overlay"]
    engine = engines.Engine(["buildah", *store], podman_place)
    engine.runtime = ["--runtime", podman.words[podman.words.index("--runtime") + 1]]
    yield engine
    engine("rm", "--all")
    for name in ("localhost/built", "localhost/committed"):
        podman("rmi", "--force", name)


@pytest.fixture
def working(buildah):
    """The name of a working container."""
    return buildah.output("from", *engines.LIMITS, "--isolation", "oci", "--network", "none", IMAGE).strip()


def test_run_in_a_working_container(buildah, working):
    """from, run with its output, exit code and standard input"""
    run = ["run", *buildah.runtime, "--isolation", "oci", "--network", "none"]
    outcome = buildah(*run, working, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (outcome.returncode, outcome.stdout, "err\n" in outcome.stderr) == (7, "out\n", True)
    assert buildah.output(*run, working, "cat", text="typed\n") == "typed\n"


@pytest.mark.parametrize("options, script, shown", [
    (["--user", "1000"], "id -u", "1000"),
    (["--workingdir", "/usr/bin"], "pwd", "/usr/bin"),
    (["--env", "A=b"], "echo $A", "b"),
    (["--cap-drop", "all"], "grep CapEff /proc/self/status | cut -f 2", "0000000000000000"),
    (["--hostname", "named"], "hostname", "named"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_options_of_run(buildah, working, options, script, shown):
    """run --user, --workingdir, --env, --cap-drop and --hostname"""
    run = ["run", *buildah.runtime, "--isolation", "oci", "--network", "none", *options]
    assert buildah.output(*run, working, "sh", "-c", script).strip() == shown


def test_a_volume_and_a_commit(buildah, podman, working, directory):
    """run --volume, commit, and the image runs under podman"""
    (directory / "file").write_text("of the host\n")
    run = ["run", *buildah.runtime, "--isolation", "oci", "--network", "none", "--volume", f"{directory}:/m:ro"]
    buildah.output(*run, working, "cp", "/m/file", "/copied")
    buildah.output("config", "--cmd", "cat /copied", working)
    buildah.output("commit", "--quiet", working, "localhost/committed")
    assert podman.output(*podman.run, "--rm", "localhost/committed") == "of the host\n"


def test_a_build(buildah, podman, directory):
    """bud: RUN with and without a shell, --mount=type=tmpfs and cache, USER, WORKDIR, ENV, COPY, two stages"""
    (directory / "file").write_text("of the host\n")
    (directory / "Containerfile").write_text(f"""\
FROM {IMAGE} AS first
COPY file /file
RUN cat /file > /made
RUN --mount=type=tmpfs,target=/t touch /t/x && stat -f -c %T /t >> /made
RUN --mount=type=bind,source=file,target=/bound cat /bound >> /made
FROM {IMAGE}
COPY --from=first /made /made
ENV A=b
USER 1000
WORKDIR /tmp
RUN id -u > who && echo $A >> who && pwd >> who
RUN ["sh", "-c", "echo exec >> who"]
CMD ["cat", "/made", "/tmp/who"]
""")
    buildah.output("bud", *buildah.runtime, *RUN, "--network", "none", "--tag", "localhost/built", directory, seconds=120)
    lines = podman.output(*podman.run, "--rm", "localhost/built").splitlines()
    assert lines == ["of the host", "tmpfs", "of the host", "1000", "b", "/tmp", "exec"]


def test_a_step_that_fails(buildah, directory):
    """bud ends with the exit code of a RUN step, and names it"""
    (directory / "Containerfile").write_text(f"FROM {IMAGE}\nRUN exit 9\n")
    outcome = buildah("bud", *buildah.runtime, *RUN, "--network", "none", directory)
    assert outcome.returncode == 9
    assert 'building at STEP "RUN exit 9"' in outcome.stderr
    (directory / "Containerfile").write_text(f'FROM {IMAGE}\nRUN ["no-such"]\n')
    outcome = buildah("bud", *buildah.runtime, *RUN, "--network", "none", directory)
    assert outcome.returncode != 0
    assert "executable file not found in $PATH" in outcome.stderr
