# SPDX-License-Identifier: Apache-2.0
"""By hand: skopeo copies an image from a local archive, umoci unpacks it to a bundle, and the runtime runs that."""

import json
import shutil
import subprocess

import pytest
from support import engines

ENGINE = "umoci"

MISSING = [program for program in ("skopeo", "umoci") if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done
    return done.stdout


PROGRAMS = ["sh", "sleep", "cat", "hostname", "rm", "id"]  # umoci reads each of them often


@pytest.fixture
def layout(directory):
    """An OCI layout that skopeo copied from an archive."""
    place = directory / "image"
    place.mkdir()
    archive = engines.image_archive(place, "localhost/busybox:latest", PROGRAMS)
    run("skopeo", "copy", "--insecure-policy", f"oci-archive:{archive}", f"oci:{place}/copied:latest")
    return place / "copied"


@pytest.fixture(params=engines.runtimes("umoci"))
def called(runtime, binary, request):
    """The runtime, with a store of its own."""
    if request.param != engines.UNDER_TEST:
        runtime.path, runtime.name = shutil.which(request.param), request.param
    return runtime


def edited(bundle, edit):
    """Without a terminal, and what the test wants."""
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"].pop("rlimits", None)  # it asks for more than root without CAP_SYS_RESOURCE may set
    edit(config)
    (bundle / "config.json").write_text(json.dumps(config))


def test_an_unpacked_image(called, layout, directory):
    """umoci unpack, then run: output, exit code, the environment of the image"""
    bundle = directory / "bundle"
    run("umoci", "unpack", "--image", f"{layout}:latest", bundle)
    edited(bundle, lambda config: config["process"].update(args=["sh", "-c", "echo $PATH; hostname; exit 5"]))
    outcome = called.call("run", "--bundle", bundle, called.new_id())
    assert (outcome.code, outcome.stdout.split()) == (5, ["/usr/local/bin:/usr/bin:/bin", "umoci-default"])


def test_what_umoci_writes_runs_as_it_is(called, layout, directory):
    """umoci's config.json with nothing changed but the terminal: create, start, exec, kill, delete"""
    bundle = directory / "bundle"
    run("umoci", "unpack", "--image", f"{layout}:latest", bundle)
    edited(bundle, lambda config: config["process"].update(args=["sleep", "60"]))
    name = called.new_id()
    called.call("create", "--bundle", bundle, name).ok()
    called.call("start", name).ok()
    assert called.call("exec", name, "cat", "/proc/1/cmdline").ok().stdout == "sleep\x0060\x00"
    called.call("kill", name, "KILL").ok()


def test_a_layer_of_what_the_container_wrote(called, layout, directory):
    """umoci repack makes a layer of what the container changed, and the new image has it"""
    bundle, copy = directory / "bundle", directory / "layout"
    shutil.copytree(layout, copy)
    run("umoci", "unpack", "--image", f"{copy}:latest", bundle)
    edited(bundle, lambda config: (config["process"].update(args=["sh", "-c", "echo new > /etc/new; rm /etc/group"]),
                                   config["root"].update(readonly=False)))
    called.call("run", "--bundle", bundle, called.new_id()).ok()
    run("umoci", "repack", "--image", f"{copy}:changed", bundle)
    run("umoci", "unpack", "--image", f"{copy}:changed", directory / "again")
    etc = directory / "again/rootfs/etc"
    assert (etc / "new").read_text() == "new\n" and not (etc / "group").exists()


def test_an_unpacked_image_of_an_ordinary_user(called, layout, directory, user):
    """umoci unpack --rootless, and the runtime as that user"""
    user.own(directory)
    bundle = directory / "bundle"
    prefix = [*user.prefix(HOME=directory, XDG_RUNTIME_DIR=directory), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    run(*prefix, "umoci", "unpack", "--rootless", "--image", f"{layout}:latest", bundle)
    edited(bundle, lambda config: config["process"].update(args=["sh", "-c", "id -u; exit 4"]))
    called.prefix = prefix
    outcome = called.call("run", "--bundle", bundle, called.new_id(), cwd=directory)
    assert (outcome.code, outcome.stdout) == (4, "0\n"), outcome
