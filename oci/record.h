// SPDX-License-Identifier: Apache-2.0
//
// The record of a container, for later commands. Private to tare: the format may change with
// `version`, and callers use `tare state` instead. tare reads the records of all versions up to its
// own, so containers outlive an upgrade.
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
  std::int64_t made = 0;  // number of trailing components of `path` that tare created, and removes
};

struct RecordedScope {
  std::string unit;
  std::string slice;
  bool ofUser = false;  // a unit of the user's own systemd
};

struct RecordedResctrl {
  std::string group;    // below the mount point of resctrl; empty: its root
  std::string monitor;  // tare's group in its mon_groups; empty: none
  bool made = false;    // tare created the group, and removes it
};

// The initial descriptors 0, 1 and 2 of the container's process, which may have replaced them
// since.
struct RecordedStream {
  std::string link;         // "pipe:[1234]", "/dev/null", as in /proc/PID/fd (proc(5))
  std::uint64_t mount = 0;  // for another file with a path: the id of its mount, and its own
  std::uint64_t inode = 0;
};

inline constexpr int record_version = 2;

struct Record {
  int version = record_version;
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339, nanoseconds, UTC
  std::string bootId;   // a pid of an earlier boot is not valid
  std::string phase;    // "creating", "created"
  std::int64_t pid = 0;
  std::uint64_t pidStartTime = 0;  // clock ticks since boot, proc(5) stat field 22
  std::int64_t creatorPid = 0;  // the creating process; if it is dead, the create was interrupted
  std::uint64_t creatorStartTime = 0;
  std::string cgroupManager;
  std::vector<RecordedCgroup> cgroups;
  std::optional<RecordedScope> systemdScope;
  std::optional<RecordedResctrl> resctrl;
  std::vector<std::string> binds;       // destinations of mounts of host files
  std::vector<RecordedStream> streams;  // three, or none with a terminal
  std::uint64_t hostMount = 0;  // id of the root's mount in the host's mount namespace, or 0
  bool noNewKeyring = false;    // keeps the creator's session keyring
  Config config;                // kept()
};

// The part of a container's config that later commands need: its process, from which exec starts,
// its namespaces, the protections of both, hooks and annotations.
Config kept(const Config& config);

// One compact JSON object and a newline.
std::string encode_record(const Record& record);

// Strict, because a record is read with root's privileges: wrong types, a later version, and pids
// that no kernel assigns are errors (Kind::unsupported: a later version). Unknown properties are
// ignored. The result has the form of record_version, whatever version was read.
Result<Record> decode_record(std::string_view json);

}  // namespace tare::oci
