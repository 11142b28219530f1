# SPDX-License-Identifier: Apache-2.0
"""config.md, mounts: uidMappings and gidMappings of a mount, with the options idmap and ridmap."""

import os

import pytest

MAP = [{"containerID": 0, "hostID": 5000, "size": 2000}]


@pytest.fixture
def source(directory):
    path = directory / "volume"
    (path / "below").mkdir(parents=True)
    (path / "file").touch()
    os.chown(path / "file", 1000, 1001)
    return path


def owners(runtime, bundle, path="/m/file"):
    found = os.stat(f"/proc/{runtime.create(bundle).pid}/root{path}")
    return found.st_uid, found.st_gid


def mapped(bundle, source, *options, **mappings):
    (bundle.rootfs / "m").mkdir()  # the root of a user namespace may not make it
    bundle.bind(source, "/m", *options)
    bundle.config["mounts"][-1].update(mappings)
    return bundle


@pytest.mark.tare_only
@pytest.mark.parametrize("options", [["idmap"], ["ridmap"], []], ids=["idmap", "ridmap", "no option"])
def test_owners_are_translated(runtime, bundle, source, options):
    mapped(bundle, source, *options, uidMappings=MAP, gidMappings=MAP)
    assert owners(runtime, bundle) == (6000, 6001)


@pytest.mark.tare_only
def test_the_source_keeps_its_owners(runtime, bundle, source):
    runtime.create(mapped(bundle, source, "idmap", uidMappings=MAP, gidMappings=MAP))
    assert os.stat(source / "file").st_uid == 1000


@pytest.mark.tare_only
@pytest.mark.parametrize("option, owner", [
    ("idmap=uids=0-5000-2000;gids=0-7000-2000", (6000, 8001)),
    ("ridmap=uids=0-5000-1000#1000-6000-1;gids=0-7000-2000", (6000, 8001)),
    ("idmap=uids=@1000-7-1;gids=@1001-8-1", (100007, 100008)),  # of the container
    ("idmap=uids=@1000-7-1", (100007, 101001)),  # groups as in the container
])
def test_mappings_in_the_option_as_crun_has_them(runtime, bundle, source, option, owner):
    assert owners(runtime, mapped(bundle.user_namespace(), source, option)) == owner


@pytest.mark.tare_only
def test_the_containers_mappings_serve_where_the_mount_has_none(runtime, bundle, source):
    mapped(bundle.user_namespace(), source, "idmap")
    # Owner 1000 of the volume is user 1000 of the container, which the host knows as 101000.
    assert owners(runtime, bundle) == (101000, 101001)


@pytest.mark.tare_only
@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_the_mappings_of_a_joined_user_namespace_serve_too(runtime, bundle, source, holder, option):
    bundle.path.chmod(0o755)
    mapped(bundle.namespace("user", holder("user")), source, option)
    assert owners(runtime, bundle) == (101000, 101001)


@pytest.mark.tare_only
def test_what_the_container_writes_belongs_to_its_user_on_the_volume(runtime, bundle, source):
    source.chmod(0o777)
    mapped(bundle.user_namespace(), source, "idmap")
    runtime.output_of(bundle.script("touch /m/new"))
    assert os.stat(source / "new").st_uid == 0


@pytest.mark.tare_only
def test_mappings_are_needed(runtime, bundle, source):
    runtime.try_create(mapped(bundle, source, "idmap")).failed("/mounts/7", "uidMappings")


@pytest.mark.tare_only
def test_both_kinds_are_needed(runtime, bundle, source):
    runtime.try_create(mapped(bundle, source, uidMappings=MAP)).failed("/mounts/7", "gidMappings")


@pytest.mark.tare_only
def test_only_a_bind_mount_can_be_mapped(runtime, bundle):
    bundle.mount("/m", "tmpfs", "tmpfs")
    bundle.config["mounts"][-1].update(uidMappings=MAP, gidMappings=MAP)
    runtime.try_create(bundle).failed("/mounts/7", "bind")


@pytest.mark.tare_only
def test_a_file_system_that_cannot_be_mapped_is_named(runtime, bundle):
    mapped(bundle, "/sys/kernel", "idmap", uidMappings=MAP, gidMappings=MAP)
    runtime.try_create(bundle).failed("/mounts/7", "sysfs")
