# SPDX-License-Identifier: Apache-2.0
"""The runtime is killed, called many times at once, or finds ruins: one `delete --force` leaves nothing."""

import json
import random
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import isolation, kernel, leaks, sweep
from support.user import User

ROUNDS = 60
LONGEST_DELAY_MS = 15
MANY = 64

HOOKS_OF_CREATE = ["prestart", "createRuntime", "createContainer"]


class Killable:
    """One container of which only the id is known; `delete --force` must be enough to be rid of it."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.id = runtime.new_id()
        self.before = leaks.snapshot([runtime.root])

    def call(self, *words):
        return self.runtime.popen(
            *words, self.id, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def create(self, bundle, verb="create"):
        bundle.write()
        return self.call(verb, "--bundle", bundle.path)

    def left(self):
        """After one delete; a process that was killed may need a moment to be gone."""
        self.runtime.call("delete", "--force", self.id).ok()
        left = self.look()
        deadline = time.monotonic() + 2
        while left and time.monotonic() < deadline:
            time.sleep(0.01)
            left = self.look()
        return left

    def look(self):
        left = leaks.snapshot([self.runtime.root]).added_since(self.before)
        return [line for line in left if not line.endswith(str(self.runtime.root))]  # made by the first create


@pytest.fixture
def killable(runtime):
    runtime.root.mkdir()
    return Killable(runtime)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


# ---- the host is killed ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOOKS_OF_CREATE)
def test_create_is_killed_while_a_hook_runs(killable, bundle, directory, kind):
    bundle.hook(kind, "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    process = killable.create(bundle)
    kernel.eventually((directory / "reached").exists)
    kill(process)
    assert killable.left() == []


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_init_ends_with_a_create_that_is_killed(killable, bundle, directory, kind):
    bundle.hook(kind, "/bin/sh", "sh", "-c", f"cat > {directory}/new; mv {directory}/new {directory}/state; exec sleep 300")
    process = killable.create(bundle)
    kernel.eventually((directory / "state").exists)
    init = json.loads((directory / "state").read_text())["pid"]
    assert kernel.is_alive(init)
    kill(process)
    kernel.eventually(lambda: not kernel.is_alive(init))
    assert killable.left() == []


@pytest.mark.parametrize("kind", HOOKS_OF_CREATE)
def test_delete_by_force_ends_a_create_that_is_under_way(killable, bundle, directory, kind):
    bundle.hook(kind, "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    process = killable.create(bundle)
    kernel.eventually((directory / "reached").exists)
    assert killable.left() == []
    assert not kernel.is_alive(process.pid)


def kill_at_random_moments(killable, bundle, verb, longest_delay_ms):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    bundle.args("sleep", "300")
    for number in range(ROUNDS // 2):
        delay_ms = moments.uniform(0, longest_delay_ms)
        process = killable.create(bundle, verb)
        time.sleep(delay_ms / 1000)
        kill(process)
        assert killable.left() == [], f"round {number}, killed after {delay_ms:.2f} ms, seed {seed}"


@pytest.mark.parametrize("verb", ["create", "run"])
def test_the_host_is_killed_at_a_random_moment(killable, bundle, verb):
    kill_at_random_moments(killable, bundle, verb, LONGEST_DELAY_MS)


@pytest.mark.parametrize("mapped", [User.single, User.ranges], ids=["single id", "ranges"])
def test_a_users_host_is_killed_at_a_random_moment(killable, bundle, user, mapped):
    """The user deletes; a helper that still maps ids is nobody's to wait for."""
    mapped(user, bundle)
    bundle.without_mount("/dev/pts")
    user.own(bundle.path, killable.runtime.directory)
    killable.runtime.prefix = user.prefix()
    becoming_the_user_ms = 10
    kill_at_random_moments(killable, bundle, "create", LONGEST_DELAY_MS + becoming_the_user_ms)


# ---- gc ----------------------------------------------------------------------------------------


def after_gc(killable):
    """What gc leaves, which is nothing, or a container that waits to be started."""
    deadline = time.monotonic() + 2
    created = 0
    while True:
        outcome = killable.runtime.call("gc").ok()
        left = killable.look()
        if not left or time.monotonic() > deadline:
            return left
        # Its init may still be about to end with its creator.
        state = killable.runtime.call("state", killable.id)
        if state.code == 0 and state.json()["status"] == "created":
            assert outcome.stdout == ""
            created += 1
        if created == 10:
            return killable.left()
        time.sleep(0.01)


@pytest.mark.parametrize("kind", HOOKS_OF_CREATE)
def test_gc_leaves_nothing_of_a_create_that_was_killed_in_a_hook(killable, bundle, directory, kind):
    bundle.hook(kind, "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    process = killable.create(bundle)
    kernel.eventually((directory / "reached").exists)
    assert killable.runtime.call("gc").ok().stdout == ""  # it is under way
    kill(process)
    shown = killable.runtime.call("gc", "--dry-run").ok().stdout
    assert shown.startswith(f"{killable.id}: its create, process {process.pid}, ended")
    assert any(line.startswith("  cgroup /") for line in shown.splitlines())
    assert killable.runtime.stored() == [killable.id]
    assert killable.runtime.call("gc").ok().stdout == shown
    assert after_gc(killable) == []
    killable.runtime.call("state", killable.id).failed("does not exist")


def test_gc_after_a_kill_at_a_random_moment(killable, bundle):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    bundle.args("sleep", "300")
    for number in range(ROUNDS // 2):
        delay_ms = moments.uniform(0, LONGEST_DELAY_MS)
        process = killable.create(bundle)
        time.sleep(delay_ms / 1000)
        kill(process)
        assert after_gc(killable) == [], f"round {number}, killed after {delay_ms:.2f} ms, seed {seed}"


@pytest.mark.skipif(not sweep.is_possible(), reason="inject.c writes the registers of x86-64")
def test_gc_after_a_kill_at_one_system_call_after_another(killable, bundle, directory):
    """What delete leaves after a kill at any call is in test_sweeps.py."""
    bundle.args("sleep", "300").write()
    inject, log = sweep.build(directory, "inject"), directory / "log"
    create = killable.runtime.command("create", "--bundle", bundle.path, killable.id)
    quiet = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
    subprocess.run([inject, log, "0", "0", "count", "--", *create], check=True, **quiet)
    calls = [line for line in log.read_text().splitlines() if line.startswith("0 ")]
    assert killable.left() == []
    for number in random.sample(range(1, len(calls)), 60):
        subprocess.run([inject, log, "0", "0", f"kill:{number}", "--", *create], **quiet)
        assert after_gc(killable) == [], f"killed at system call {number}: {calls[number - 1]}"


def test_gc_touches_no_container_that_is_whole(runtime, bundle):
    bundle.args("sleep", "300")
    containers = [runtime.create(bundle), runtime.start(bundle), runtime.start(bundle), runtime.start(bundle)]
    runtime.call("pause", containers[2].id).ok()
    containers[3].kill("KILL").ok()
    containers[3].await_end()
    before = [container.state() for container in containers]
    assert [state["status"] for state in before] == ["created", "running", "paused", "stopped"]
    assert runtime.call("gc").ok().stdout == ""
    assert [container.state() for container in containers] == before
    runtime.call("resume", containers[2].id).ok()


def test_gc_and_creates_at_once(runtime, bundle):
    """No create fails for it."""
    bundle.args("sleep", "300").write()
    ids = [runtime.new_id() for _ in range(MANY)]
    commands = [["create", "--bundle", bundle.path, name] for name in ids]
    codes, said = all_at_once(runtime, [word for command in commands for word in (command, ["gc"])])
    assert (codes, said) == ([0] * 2 * MANY, [])
    assert sorted(runtime.stored()) == sorted(ids)


@pytest.mark.parametrize("verb", ["start", "delete"])
def test_start_and_delete_are_killed_at_a_random_moment(killable, bundle, verb):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    bundle.args("sleep", "300")
    for number in range(ROUNDS // 4):
        delay_ms = moments.uniform(0, 6)
        assert killable.create(bundle).wait() == 0
        process = killable.call("start") if verb == "start" else killable.call("delete", "--force")
        time.sleep(delay_ms / 1000)
        kill(process)
        assert killable.left() == [], f"round {number}, killed after {delay_ms:.2f} ms, seed {seed}"


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_init_is_killed_during_create(killable, bundle, kind):
    kill_init = """kill -9 $(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')"""
    bundle.hook(kind, "/bin/sh", "sh", "-c", kill_init).write()
    killable.runtime.call("create", "--bundle", bundle.path, killable.id).failed("init")
    assert killable.look() == []


# ---- many at once ------------------------------------------------------------------------------


@contextmanager
def watched(runtime, ids):
    """Meanwhile `list` never fails, and `state` only with what does not exist (any more)."""
    problems, done = [], threading.Event()

    def watch():
        while not done.is_set():
            listed = runtime.call("list", "--format", "json")
            if listed.code != 0:
                problems.append(str(listed))
            for name in random.sample(ids, min(3, len(ids))):
                state = runtime.call("state", name)
                if state.code != 0 and "does not exist" not in state.stderr:
                    problems.append(str(state))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    assert not problems, "\n".join([f"{len(problems)} problems, the first:", *problems[:3]])


def all_at_once(runtime, commands):
    """Exit codes of commands that run side by side, and what they said."""
    quiet = subprocess.DEVNULL
    with open(runtime.directory / "said", "w+b") as said:
        running = [runtime.popen(*words, stdin=quiet, stdout=quiet, stderr=said) for words in commands]
        codes = [process.wait(60) for process in running]
        said.seek(0)
        return codes, said.read().decode(errors="replace").splitlines()


def test_many_creates_starts_and_deletes_at_once(runtime, bundle):
    bundle.args("sleep", "300").write()
    ids = [runtime.new_id() for _ in range(MANY)]
    with watched(runtime, ids):
        for words in (["create", "--bundle", bundle.path], ["start"], ["delete", "--force"]):
            codes, said = all_at_once(runtime, [[*words, name] for name in ids])
            assert (codes, said) == ([0] * MANY, []), words[0]
    assert runtime.stored() == []


def test_of_many_creates_of_one_id_one_succeeds(runtime, bundle):
    bundle.write()
    for _ in range(8):  # once in forty times one of them removed the claim of another
        name = runtime.new_id()
        with watched(runtime, [name]):
            codes, said = all_at_once(runtime, [["create", "--bundle", bundle.path, name]] * MANY)
        assert sorted(codes) == [0] + [1] * (MANY - 1)
        assert len(said) == MANY - 1
        assert [line for line in said if "already exists" not in line] == []
        assert runtime.call("state", name).ok().json()["status"] == "created"
    assert len(runtime.stored()) == 8


def test_of_two_starts_at_once_one_succeeds(runtime, bundle):
    for _ in range(8):
        container = runtime.create(bundle.args("sleep", "300"))
        with watched(runtime, [container.id]):
            codes, said = all_at_once(runtime, [["start", container.id]] * 2)
        assert sorted(codes) == [0, 1], said
        assert len(said) == 1, said
        assert container.status == "running"


def test_many_deletes_at_once(runtime, bundle, directory):
    bundle.hook("poststop", "/bin/sh", "sh", "-c", f"echo deleted >> {directory}/notes")
    container = runtime.start(bundle.args("sleep", "300"))
    with watched(runtime, [container.id]):
        codes, said = all_at_once(runtime, [["delete", "--force", container.id]] * 8)
    assert (codes, said) == ([0] * 8, [])
    assert runtime.stored() == []
    assert (directory / "notes").read_text() == "deleted\n"


def test_create_and_delete_by_force_at_once(killable, bundle):
    """Whoever is first: no error but those that tell of the other, and a second delete leaves nothing."""
    bundle.args("sleep", "300").write()
    create = ["create", "--bundle", bundle.path, killable.id]
    delete = ["delete", "--force", killable.id]
    for number in range(15):
        codes, said = all_at_once(killable.runtime, [create, delete, delete])
        assert codes[1:] == [0, 0], said
        assert killable.left() == [], f"round {number}: {said}"


# ---- a full disk -------------------------------------------------------------------------------


@contextmanager
def store_of(runtime, options):
    runtime.root.mkdir(exist_ok=True)
    isolation.mount("own", str(runtime.root), "tmpfs", data=options)
    try:
        yield runtime.root
    finally:
        isolation.unmount(str(runtime.root))


@pytest.mark.parametrize("free_pages", range(4))
def test_a_store_on_a_full_disk(runtime, bundle, free_pages):
    bundle.config["annotations"] = {"filler": "x" * 5000}  # a record is more than a page
    with store_of(runtime, "size=64k") as store:
        (store / ".filler").write_bytes(bytes((16 - free_pages) * 4096))
        outcome = runtime.try_create(bundle)
        if free_pages == 0 or outcome.code != 0:
            outcome.failed("ENOSPC")
            assert runtime.stored() == [".filler"]
        assert runtime.delete_all() == []
        assert runtime.stored() == [".filler"]


@pytest.mark.parametrize("inodes", range(2, 8))
def test_a_store_without_inodes(runtime, bundle, inodes):
    with store_of(runtime, f"nr_inodes={inodes}"):
        outcome = runtime.try_create(bundle)
        if inodes == 2 or outcome.code != 0:
            outcome.failed("ENOSPC")
            assert runtime.stored() == []
        assert runtime.delete_all() == []
        assert runtime.stored() == []


def test_delete_needs_no_space(runtime, bundle):
    with store_of(runtime, "size=64k") as store:
        container = runtime.start(bundle.args("sleep", "300"))
        filler = store / ".filler"
        with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        container.kill("KILL").ok()
        container.await_end()
        container.delete().ok()
        filler.unlink()
        assert runtime.stored() == []


# ---- what was left by a reboot, or by a pid that is another's now ------------------------------


def mistaken(bystander, kind):
    """A pid that is not, or no longer, the container's."""
    right = kernel.start_time(bystander.pid)
    return {
        "rebooted": ("00000000-0000-4000-8000-000000000000", right),
        "reused": (Path("/proc/sys/kernel/random/boot_id").read_text().strip(), right - 1),
    }[kind]


def rewrite(path, **changes):
    record = json.loads(path.read_text())
    assert changes.keys() <= record.keys()
    record.update(changes)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["plain", "force"])
@pytest.mark.parametrize("kind", ["rebooted", "reused"])
def test_a_record_with_the_pid_of_another_process(runtime, bundle, bystander, kind, force):
    container = runtime.start(bundle.args("sleep", "300"))
    container.kill("KILL").ok()
    container.await_end()
    boot, started = mistaken(bystander, kind)
    rewrite(runtime.root / container.id / "state.json", pid=bystander.pid, pidStartTime=started, bootId=boot)
    assert container.status == "stopped"
    container.kill("KILL").failed("container not running")
    container.kill("TERM").failed("container not running")
    container.delete(*force).ok()
    assert runtime.stored() == []
    assert_cgroups_stay_after_a_reboot(container.id, kind)


def assert_cgroups_stay_after_a_reboot(container_id, kind):
    """What has the name of the container's cgroup then was made since. (Here it was not: nobody has rebooted.)"""
    there = kernel.cgroup_directories(container_id)
    assert bool(there) == (kind == "rebooted")
    isolation.remove_cgroups(there)


@pytest.mark.parametrize("kind", ["rebooted", "reused"])
def test_a_half_made_record_with_the_pid_of_another_process(bystander, killable, bundle, directory, kind):
    bundle.hook("prestart", "/bin/sh", "sh", "-c", f"touch {directory}/reached; exec sleep 300")
    process = killable.create(bundle)
    kernel.eventually((directory / "reached").exists)
    kill(process)
    boot, started = mistaken(bystander, kind)
    for record in (killable.runtime.root / killable.id).glob("*.json"):
        rewrite(record, creatorPid=bystander.pid, creatorStartTime=started, bootId=boot)
    assert killable.runtime.call("state", killable.id).ok().json()["status"] == "stopped"
    left = killable.left()
    assert all("left behind (cgroups)" in line for line in left)
    assert_cgroups_stay_after_a_reboot(killable.id, kind)
    assert killable.look() == []
