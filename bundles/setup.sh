# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by each sample's `run`, with $here set to the sample's folder. Makes a bundle of it in a temporary
# directory and takes everything away at the end, whatever happens.
#
#   $bundle     the bundle: config.json of the sample, and rootfs/
#   $id         an id for its container (ID in the environment, or the sample's name and our pid)
#   runtime     any OCI runtime (RUNTIME in the environment, or tare), with a store of its own

RUNTIME=${RUNTIME:-tare}
work=$(mktemp -d)
chmod 755 "$work"
bundle=$work/bundle
# shellcheck disable=SC2034 # for the sample
id=${ID:-$(basename "$here")-$$}

runtime() {
  "$RUNTIME" --root "$work/store" "$@"
}

clean_up() {
  for each in "$work"/store/*; do
    [ ! -e "$each" ] || runtime delete --force "$(basename "$each")"
  done
  # What the sample mounted below its directory, newest first.
  awk -v work="$work/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r point; do
    busybox umount -l "$point"
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir "$bundle"
"$here/../rootfs.sh" "$bundle/rootfs"
cp "$here/config.json" "$bundle/"

# wait_for FILE TEXT: until TEXT is in FILE, at most five seconds.
wait_for() {
  for _ in $(seq 100); do
    if grep -q "$2" "$1" 2> /dev/null; then return; fi
    sleep 0.05
  done
  echo "no '$2' in $1" >&2
  exit 1
}
