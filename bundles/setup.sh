# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the `run` of each lesson, with $here set to the lesson's folder. The script plays the host: it gets mount,
# uts, ipc and network namespaces of its own. What it mounts, names and connects is gone when its processes are.
#
#   /run/course   the working directory, on a tmpfs that only this script sees; bundle/ is made from config.json
#   $id           name of the lesson's container (ID in the environment, or the lesson's name and our pid)
#   tare          the runtime (RUNTIME in the environment, or tare). Its state is on the same tmpfs.

: "${here:?is set by the lesson}"

if [ -z "${COURSE_NAMESPACES:-}" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "this lesson makes namespaces and mounts: run it as root" >&2
    exit 77
  fi
  if ! RUNTIME=$(command -v "${RUNTIME:-tare}"); then
    echo "there is no ${RUNTIME:-tare} on your path: set RUNTIME to the path of an OCI runtime" >&2
    exit 1
  fi
  RUNTIME=$(realpath "$RUNTIME")
  export COURSE_NAMESPACES=made RUNTIME
  exec unshare --mount --uts --ipc --net -- "$here/run" "$@"
fi
unset COURSE_NAMESPACES

# shellcheck disable=SC2034 # for the lesson
id=${ID:-$(basename "$here")-$$}
started=
export LC_ALL=C

# say TEXT: a line of explanation.
say() {
  echo "# $1"
}

# play COMMAND: shows the command, then runs it. If it fails, so does the lesson.
play() {
  echo "\$ $1"
  { eval "$1"; } 2>&1
  case " $started " in
  *" ${!:-} "*) ;;
  *) started="$started $!" ;;  # a command that ended in &
  esac
}

# fails COMMAND: the same for a command that the kernel must refuse.
fails() {
  echo "\$ $1"
  if (eval "$1") 2>&1; then
    echo "this should have failed" >&2
    exit 1
  else
    echo "(exit status $?)"
  fi
}

# needs COMMAND PACKAGE
needs() {
  command -v "$1" > /dev/null || lacks "the command $1 (Debian's package $2)"
}

# lacks WHAT: this machine cannot show the lesson. 77 is the status by which test programs say "skipped".
lacks() {
  echo "this machine lacks $1" >&2
  exit 77
}

# until_true COMMAND: waits until it succeeds, at most five seconds.
until_true() {
  for _ in $(seq 100); do
    if eval "$1" 2> /dev/null; then return; fi
    sleep 0.05
  done
  echo "not within five seconds: $1" >&2
  exit 1
}

# The lesson's containers have cgroups, and these are the machine's own: nothing takes them away but `delete`.
clean_up() {
  for container in /run/tare/[!@]* /run/runc/* /run/crun/*; do
    [ ! -d "$container" ] || tare delete --force "$(basename "$container")" || true
  done
  for pid in $started; do
    if grep -q "^PPid:[[:space:]]*$$\$" "/proc/$pid/status" 2> /dev/null; then
      kill -KILL "$pid" 2> /dev/null || true # it may end just now
      wait "$pid" 2> /dev/null || true
    fi
  done
}

mount -t tmpfs -o mode=755 course /run
mkdir -p /run/course/bundle /run/course-bin
cd /run/course || exit
ln -s "$RUNTIME" /run/course-bin/tare
PATH=/run/course-bin:$PATH:/usr/sbin:/sbin
hostname host
"$here/../rootfs.sh" bundle/rootfs
for file in "$here"/*.json "$here"/*.c; do
  case $file in
  */config.json) cp "$file" bundle/ ;;
  *) [ ! -e "$file" ] || cp "$file" . ;;
  esac
done
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
