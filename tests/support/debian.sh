# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts that make root file systems of Debian.

# fetched_from LABEL: the archive of that label (Debian, Debian-Security) that this machine's own apt uses.
fetched_from() {
  # shellcheck disable=SC2016 # apt's variables
  apt-get indextargets --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' -v label="$1" '$2 == label && $3 == "main" && !seen++ { print $1 }'
}

# sources SUITE ARCHITECTURES: lines for sources.list, with the security updates if this machine knows where they are.
# Libraries of two architectures must be of one version, and updates come to one before the other: then there are none.
sources() {
  local main security
  main=$(fetched_from Debian)
  [ -n "$main" ] || { echo "apt knows no Debian archive: run apt-get update first" >&2; return 1; }
  echo "deb $main $1 main"
  security=$(fetched_from Debian-Security)
  [ "$1" = sid ] || [[ $2 == *,* ]] || [ -z "$security" ] || echo "deb $security $1-security main"
}

# make_root SUITE ARCHITECTURES DIRECTORY [OPTION]...: a root file system, with options of mmdebstrap. Only what is
# asked for is installed: no documentation, no recommended packages. An archive may be older than its Release file says.
# If `emulation` is set, it is the command under which the root's programs run.
make_root() {
  local suite=$1 architectures=$2 directory=$3 lines
  shift 3
  lines=$(sources "$suite" "$architectures") || return
  [ -z "${emulation+set}" ] || set -- --skip=check/qemu,chroot/mount/sys "$@"
  ${emulation+"${emulation[@]}"} mmdebstrap --quiet --mode=root --architectures="$architectures" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$@" "$suite" "$directory" - <<< "$lines"
}

# in_root ROOT BUILD COMMAND...: with $source read-only in /source, BUILD in /build and $cache/ccache in /ccache. COMMAND is
# not process 1, whose children orphans become: a test looks for children that were left.
# shellcheck disable=SC2154 # both are the caller's
in_root() {
  # shellcheck disable=SC2016 # for the other shell
  ${emulation+"${emulation[@]}"} unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    root=$1 source=$2 build=$3 ccache=$4
    shift 4
    mkdir -p "$root"/{source,build,ccache}
    mount --bind "$source" "$root/source"
    mount -o remount,bind,ro "$root/source"
    mount --bind "$build" "$root/build"
    mount --bind "$ccache" "$root/ccache"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t proc proc "$root/proc"
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@" || exit $?
  ' bash "$1" "$source" "$2" "$cache/ccache" "${@:3}"
}
