# SPDX-License-Identifier: Apache-2.0
"""What a loss of power leaves of a store on a disk: names of files without their content, links, and pids that are
others' in the next boot. tests/guest/lose-power makes the losses themselves."""

import os
from pathlib import Path

import pytest
from support import kernel

pytestmark = pytest.mark.tare_only

EARLIER = "00000000-0000-4000-8000-000000000000"
NOW = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def name_boot(entry, boot):
    for file in entry.glob("*.json"):
        file.write_text(file.read_text().replace(NOW, boot))


def name_init(entry, pid, boot):
    (entry / "init").unlink()
    (entry / "init").symlink_to(f"{pid} {kernel.start_time(pid)} {boot}")


@pytest.fixture
def lost(runtime, bundle, bystander):
    """Makes an entry that the earlier boot has left; `empty` are the files without content, `missing` were not written."""

    def make(empty=(), missing=()):
        container = runtime.start(bundle.args("sleep", "300"))
        entry = runtime.root / container.id
        kept = {name: (entry / name).read_text() for name in ("state.json", "intent.json")}
        runtime.call("delete", "--force", container.id).ok()
        entry.mkdir(mode=0o700)
        for name, text in kept.items():
            (entry / name).write_text(text)
        name_boot(entry, EARLIER)
        (entry / "init").symlink_to("0")
        name_init(entry, bystander.pid, EARLIER)
        for name in empty:
            (entry / name).write_text("")
        for name in missing:
            (entry / name).unlink()
        return container.id

    return make


LOSSES = {
    "nothing": {},
    "state": {"empty": ["state.json"]},
    "state never written": {"missing": ["state.json"]},
    "intent": {"empty": ["intent.json"]},
    "both": {"empty": ["state.json", "intent.json"]},
    "intent, before state": {"empty": ["intent.json"], "missing": ["state.json"]},
    "intent, before init": {"empty": ["intent.json"], "missing": ["state.json", "init"]},
}


@pytest.mark.parametrize("command", ["delete", "delete --force", "gc"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_container_of_an_earlier_boot_is_stopped_and_can_be_removed(runtime, bundle, lost, loss, command):
    name = lost(**LOSSES[loss])
    listed = runtime.call("list", "--format", "json").ok().json() or []
    assert [one["status"] for one in listed] == ([] if loss == "intent, before init" else ["stopped"])
    is_whole = loss in ("nothing", "intent")  # it has run, and is for `delete`
    runtime.call(*command.split(), *([] if command == "gc" else [name])).ok()
    assert runtime.stored() == ([name] if command == "gc" and is_whole else [])
    if command == "gc" and is_whole:
        runtime.call("delete", name).ok()
    assert runtime.create(bundle).delete("--force").code == 0


def test_records_that_are_lost_in_this_boot_are_a_containers(runtime, bundle):
    """Nothing takes it for ended, and `delete --force` ends it by the link."""
    container = runtime.start(bundle.args("sleep", "300"))
    pid = container.pid
    for name in ("state.json", "intent.json"):
        (runtime.root / container.id / name).write_text("")
    assert "state.json" in runtime.call("list").stderr + runtime.call("state", container.id).stderr
    runtime.call("gc")
    container.delete().failed("state.json")
    assert kernel.is_alive(pid)
    runtime.call("delete", "--force", container.id).ok()
    kernel.eventually(lambda: not kernel.is_alive(pid))


def test_the_link_of_init_fits_into_an_inode(runtime, bundle):
    """Of ext4, which keeps shorter ones there: they are not lost if the power is."""
    container = runtime.create(bundle)
    text = os.readlink(runtime.root / container.id / "init")
    assert text == f"{container.pid} {kernel.start_time(container.pid)} {NOW}"
    assert len(text) < 60
