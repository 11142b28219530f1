# SPDX-License-Identifier: Apache-2.0
"""An ordinary user, with an account and ranges of subordinate ids for as long as a test session needs it."""

import os
import pwd
import subprocess
from pathlib import Path

ACCOUNTS = 60000  # UID_MAX of login.defs(5): accounts made by hand are below


def _run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class User:
    """`sub` .. `sub` + COUNT - 1 are its ids in /etc/subuid and /etc/subgid."""

    COUNT = 65536
    NOT_THE_USERS = ["--unset=XDG_RUNTIME_DIR", "--unset=HOME", "--unset=DBUS_SESSION_BUS_ADDRESS"]

    def __init__(self):
        # Other sessions may run beside this one.
        self.name = f"tare{os.getpid()}"
        taken = {entry.pw_uid for entry in pwd.getpwall()}
        self.uid = next(uid for uid in range(ACCOUNTS - os.getpid() % 1000, 0, -1) if uid not in taken)
        self.gid = self.uid
        self.sub = 0x10000000 + os.getpid() % 20000 * self.COUNT
        # The tools lock the files, and leave the entries of others alone.
        no_ranges = ["--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0"]
        _run("useradd", "--no-create-home", "--user-group", "--uid", str(self.uid), *no_ranges, self.name)
        ids = f"{self.sub}-{self.sub + self.COUNT - 1}"
        _run("usermod", "--add-subuids", ids, "--add-subgids", ids, self.name)

    def remove(self):
        _run("userdel", self.name)

    def prefix(self, *groups, **environment):
        """Runs the command that follows as this user."""
        groups = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
        variables = [f"{name}={value}" for name, value in environment.items()]
        ids = [f"--reuid={self.uid}", f"--regid={self.gid}"]
        return ["setpriv", *ids, *groups, "env", *self.NOT_THE_USERS, "PATH=/nowhere", *variables]

    def own(self, *paths):
        for top in paths:
            for directory, names, files in os.walk(top):
                for name in (".", *names, *files):
                    os.chown(Path(directory) / name, self.uid, self.gid, follow_symlinks=False)

    # What a config maps.

    def single(self, bundle):
        """Only the user's own ids, as root."""
        return self.map(bundle, [(0, self.uid, 1)], [(0, self.gid, 1)])

    def ranges(self, bundle):
        """The user's own ids as root, and 65535 subordinate ones."""
        rest = (1, self.sub, self.COUNT - 1)
        return self.map(bundle, [(0, self.uid, 1), rest], [(0, self.gid, 1), rest])

    @staticmethod
    def map(bundle, uids, gids):
        def entries(rows):
            return [{"containerID": inside, "hostID": host, "size": size} for inside, host, size in rows]

        bundle.namespace("user")
        bundle.linux["uidMappings"] = entries(uids)
        bundle.linux["gidMappings"] = entries(gids)
        return bundle
