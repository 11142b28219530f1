// SPDX-License-Identifier: Apache-2.0
//
// What tare writes down about a container, to find it again in later calls. Private to tare: the
// format may change with `version`, callers read `tare state` instead. A tare reads the records of
// all versions up to its own, so that containers outlive an upgrade.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

inline constexpr std::int64_t highest_pid = std::int64_t{1}
                                            << 22;  // PID_MAX_LIMIT, linux/threads.h

struct RecordedCgroup {
  int version = 0;                       // 1 or 2
  std::string mount;                     // mount point of the hierarchy
  std::string path;                      // below it
  std::vector<std::string> controllers;  // of a version 1 hierarchy
  std::int64_t made = 0;  // how many of the last components of `path` tare made, and removes again
};

struct RecordedScope {
  std::string unit;
  std::string slice;
  bool ofUser = false;  // of the user's own systemd
};

struct RecordedResctrl {
  std::string group;    // below the mount point of resctrl; empty: its root
  std::string monitor;  // in the group's mon_groups: tare's own; empty: none
  bool made = false;    // tare made the group, and removes it again
};

// What the container's process began with as 0, 1 or 2; it may have put anything there since.
struct RecordedStream {
  std::string link;         // "pipe:[1234]", "/dev/null": what proc(5) has in /proc/PID/fd
  std::uint64_t mount = 0;  // of another file with a path: the number of its mount, and its own
  std::uint64_t inode = 0;
};

inline constexpr int record_version = 2;

struct Record {
  int version = record_version;
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339, nanoseconds, UTC
  std::string bootId;   // a pid from before a reboot names no process of ours
  std::string phase;    // "creating", "created"
  std::int64_t pid = 0;
  std::uint64_t pidStartTime = 0;  // clock ticks since boot, proc(5) stat field 22
  std::int64_t creatorPid = 0;     // who is creating it: a dead creator leaves ruins
  std::uint64_t creatorStartTime = 0;
  std::string cgroupManager;
  std::vector<RecordedCgroup> cgroups;
  std::optional<RecordedScope> systemdScope;
  std::optional<RecordedResctrl> resctrl;
  std::vector<std::string> binds;       // destinations of mounts that show something of the host's
  std::vector<RecordedStream> streams;  // three, or none if it has a terminal
  std::uint64_t hostMount = 0;  // number of the root's mount in the host's mount namespace, or 0
  bool noNewKeyring = false;    // it has the session keyring of its creator
  Config config;                // kept()
};

// Of a container's config what later commands need: its process, which exec starts from, its
// namespaces, what confines them both, hooks and annotations.
Config kept(const Config& config);

// One compact JSON object and a newline.
std::string encode_record(const Record& record);

// Strict, since a record is read with root's rights: wrong types, a later version, and pids that no
// kernel gives are errors (Kind::unsupported: a later version). Unknown properties are ignored.
Result<Record> decode_record(std::string_view json);

}  // namespace tare::oci
