# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # for who sources it
# Sourced by image, run and test: where the guest is, and what differs between the architectures it may have.
# Environment: TARE_GUEST_ARCHITECTURE (amd64 or arm64; default: this machine's), TARE_GUEST.
#   TARE_GUEST_SUITE, of Debian: trixie (default), or sid, which has the next versions of the engines.
suite=${TARE_GUEST_SUITE:-trixie}
own_architecture=$(dpkg --print-architecture)
architecture=${TARE_GUEST_ARCHITECTURE:-$own_architecture}
case $architecture in
  amd64)
    emulator=qemu-system-x86_64
    hardware=(-machine "q35,hpet=off,smm=off,usb=off,vmport=off" -cpu "max,la57=off" -device "vmgenid,guid=auto")
    parameters="console=ttyS0 tsc=reliable no_timer_check"
    place=tare-guest
    ;;
  arm64)
    emulator=qemu-system-aarch64
    # A processor without pointer authentication: its codes cost more to emulate than all the rest.
    hardware=(-machine "virt,gic-version=3" -cpu cortex-a72)
    parameters="console=ttyAMA0"
    place=tare-guest-arm64
    ;;
  *)
    echo "guest: there is none of architecture $architecture" >&2
    exit 125
    ;;
esac
[ "$suite" = trixie ] || place+=-$suite
image=${TARE_GUEST:-${XDG_CACHE_HOME:-$HOME/.cache}/$place}
