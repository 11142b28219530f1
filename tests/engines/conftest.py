# SPDX-License-Identifier: Apache-2.0
"""Engines, each with the runtime under test and then with its stock runtime as the control (support/engines.py).

What an engine prints is asserted in the test, so that it holds for both. A scenario in which the control fails says why
(engines.control_cannot). With $TARE_ENGINES_TABLE set, the outcomes go to docs/engines.md (table.py)."""

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from support import engines, isolation, kernel
from support.kernel import eventually
from support.leaks import PREFIX

sys.path.insert(0, str(Path(__file__).parent))

import table  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture
def name():
    """A name for a container."""
    return f"{PREFIX}n{next(_numbers)}"


@pytest.fixture(autouse=True)
def no_link_left():
    """Bridges and other devices of the network that the engines have for themselves."""
    before = isolation.network_devices()
    yield
    eventually(lambda: isolation.network_devices() - before == set(), seconds=10, pause=0.05)


# ---- podman --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def podman_place(binary):
    """A store with the image, for podman with either runtime."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    with engines.own_places() as place:
        engines.podman(place, binary).output("import", "--quiet", engines.image_layer(place), engines.IMAGE)
        for runtime in engines.runtimes("podman"):
            # What podman itself leaves: its own mounts and the parent of its cgroups.
            podman = engines.podman(place, engines.path_of(runtime, binary))
            podman.output(*podman.run, "--rm", engines.IMAGE, "true")
        yield place


@pytest.fixture(params=engines.runtimes("podman"))
def podman(podman_place, binary, request):
    engine = engines.podman(podman_place, engines.path_of(request.param, binary), runtime=request.param)
    yield engine
    remove_all(engine)


def remove_all(podman):
    podman("pod", "rm", "--all", "--force", "--time", "0")
    podman("rm", "--all", "--force", "--time", "0")
    podman("volume", "rm", "--all", "--force")
    assert podman.output("ps", "--all", "--quiet") == ""
    # The cgroup of a pod, in hierarchies that podman leaves to the runtime. runc never removes it, and tare only if the
    # infra container, for which it was made, is the last to be deleted (docs/engines.md).
    isolation.remove_cgroups(path for path in kernel.cgroup_directories(f"{PREFIX}p/") if path[-64:].isalnum())
    # podman does not wait for its monitors.
    eventually(lambda: not [pid for pid in kernel.descendants(os.getpid()) if kernel.is_alive(pid)])


# ---- podman of an ordinary user ------------------------------------------------------------------


@pytest.fixture(scope="module")
def rootless_place(binary, user):
    """A home directory and a runtime directory of an ordinary user, with the image."""
    if missing := [program for program in ("podman", "newuidmap") if shutil.which(program) is None]:
        pytest.skip(f"not installed: {missing}")
    with engines.own_places() as place:
        place.chmod(0o755)
        layer = engines.image_layer(place)
        for directory in (place / "home", place / "run"):
            directory.mkdir(mode=0o700)
            user.own(directory)
        engines.rootless_podman(place, user, binary).output("import", "--quiet", layer, engines.IMAGE)
        yield place
        # The process that keeps podman's namespaces for the next call.
        pause = place / "run/libpod/tmp/pause.pid"
        if pause.exists():
            os.kill(int(pause.read_text()), signal.SIGKILL)


@pytest.fixture(params=engines.runtimes("podman"))
def rootless_podman(rootless_place, user, binary, request):
    path = engines.path_of(request.param, binary)
    podman = engines.rootless_podman(rootless_place, user, path, runtime=request.param)
    podman.path = path
    yield podman
    podman("pod", "rm", "--all", "--force", "--time", "0")
    podman("rm", "--all", "--force", "--time", "0")
    # They outlive podman by a moment.
    ending = ("conmon", "pasta", "slirp4netns", "rootlessport")
    eventually(lambda: not [pid for pid in kernel.descendants(os.getpid())
                            if command_of(pid).startswith(ending) and kernel.is_alive(pid)])


# ---- docker --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dockerd(binary):
    """A daemon whose default runtime is the one under test."""
    if engines.DOCKERD is None:
        pytest.skip("docker is not installed")
    with engines.own_places() as place, engines.dockerd(place, binary) as engine:
        for runtime in engines.runtimes("docker"):  # which makes the cgroup that docker asks for as a parent
            engine.output(*engine.run, "--runtime", runtime, "--rm", engines.DOCKER_IMAGE, "true")
        engine.output("run", "--network=host", "--rm", engines.DOCKER_IMAGE, "true")  # a mount of that network stays
        yield engine


@pytest.fixture(params=engines.runtimes("docker"))
def docker(dockerd, request):
    engine = engines.Engine(dockerd.words, dockerd.place, runtime=request.param, log=dockerd.log)
    engine.run = [*dockerd.run, "--runtime", request.param]
    yield engine
    end_docker_containers(engine)


def end_docker_containers(docker):
    for container in docker.output("ps", "--all", "--quiet").split():
        docker.output("rm", "--force", "--volumes", container)
    isolation.reap_dead_children()
    shims = [pid for pid in kernel.descendants(os.getpid()) if command_of(pid).startswith("containerd-shim")]
    eventually(lambda: not [pid for pid in shims if kernel.is_alive(pid)])


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


# ---- the table in docs/engines.md ------------------------------------------------------------------

_results, _versions = {}, {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if runtime_of(item) not in (None, engines.UNDER_TEST):
            item.add_marker(pytest.mark.control)
            if marker := item.get_closest_marker("control_cannot"):
                item.add_marker(pytest.mark.xfail(reason=marker.args[0]))


def runtime_of(item):
    """The parameter that says which runtime the engine calls, or None."""
    parameters = getattr(item, "callspec", None)
    known = [engines.UNDER_TEST, *engines.CONTROL.values()]
    return next((value for value in parameters.params.values() if value in known), None) if parameters else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" or report.outcome != "passed":
        key = f"{Path(item.fspath).name}::{item.originalname}"
        row = _results.setdefault(key, table.Row())
        is_control = runtime_of(item) not in (None, engines.UNDER_TEST)
        (row.control if is_control else row.under_test)[said_of(report, is_control)] += 1


def said_of(report, is_control):
    if hasattr(report, "wasxfail") and report.outcome == "skipped":
        return f"cannot: {table.cell(report.wasxfail)}"
    if report.outcome == "skipped":
        return f"not here: {table.cell(report.longrepr[2].removeprefix('Skipped: '))}"
    return {"passed": "the same" if is_control else "passed"}.get(report.outcome, report.outcome)


def pytest_sessionfinish():
    wanted = os.environ.get("TARE_ENGINES_TABLE")
    if wanted == "print":
        print("\n" + table.printed(_results, engines.versions()))
    elif wanted and _results:
        table.PAGE.write_text(table.page_with(table.PAGE.read_text(), _results, engines.versions()))
