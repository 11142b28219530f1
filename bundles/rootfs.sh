#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rootfs.sh DIRECTORY: a small root file system from Debian's busybox-static.
set -eu

busybox=${BUSYBOX:-/bin/busybox}
for name in bin dev etc proc root run sys tmp var; do
  mkdir -p "$1/$name"
done
chmod 1777 "$1/tmp"
cp "$busybox" "$1/bin/busybox"
"$1/bin/busybox" --install "$1/bin"
echo 'root:x:0:0:root:/root:/bin/sh' > "$1/etc/passwd"
echo 'root:x:0:' > "$1/etc/group"
