// SPDX-License-Identifier: Apache-2.0
//
// process (config.md, "Process"), of config.json and of `exec --process`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oci/config/capabilities.h"
#include "oci/config/scheduler.h"
#include "oci/json/fields.h"

namespace tare::oci {

struct Box {
  std::uint64_t height = 0;  // rows
  std::uint64_t width = 0;   // columns
};

constexpr auto fields(Of<Box>) {
  return Table{
      Field<&Box::height>{"height", Presence::required},
      Field<&Box::width>{"width", Presence::required},
  };
}

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;
  std::vector<std::uint32_t> additionalGids;
};

// The specification's text requires uid and gid, its schema does not; engines omit the whole
// `user`.
constexpr auto fields(Of<User>) {
  return Table{
      Field<&User::uid>{"uid", Presence::always},
      Field<&User::gid>{"gid", Presence::always},
      Field<&User::umask>{"umask"},
      Field<&User::additionalGids>{"additionalGids"},
  };
}

struct Rlimit {
  std::string type;        // "RLIMIT_NOFILE"
  std::uint64_t soft = 0;  // RLIM_INFINITY is 2^64 - 1
  std::uint64_t hard = 0;
};

constexpr auto fields(Of<Rlimit>) {
  return Table{
      Field<&Rlimit::type>{"type", Presence::required},
      Field<&Rlimit::hard>{"hard", Presence::required},
      Field<&Rlimit::soft>{"soft", Presence::required},
  };
}

enum class IOPriorityClass { RT, BE, IDLE };

template <>
struct Names<IOPriorityClass> {
  using enum IOPriorityClass;
  static constexpr std::array table = {
      EnumName<IOPriorityClass>{RT, "IOPRIO_CLASS_RT"},
      EnumName<IOPriorityClass>{BE, "IOPRIO_CLASS_BE"},
      EnumName<IOPriorityClass>{IDLE, "IOPRIO_CLASS_IDLE"},
  };
};

struct IOPriority {
  IOPriorityClass class_ = IOPriorityClass::BE;
  std::int32_t priority = 0;
};

constexpr auto fields(Of<IOPriority>) {
  return Table{
      Field<&IOPriority::class_>{"class", Presence::required},
      Field<&IOPriority::priority>{"priority", Presence::always},
  };
}

struct CPUAffinity {
  std::string initial;  // cpuset(7) list format
  std::string final;
};

constexpr auto fields(Of<CPUAffinity>) {
  return Table{
      Field<&CPUAffinity::initial>{"initial"},
      Field<&CPUAffinity::final>{"final"},
  };
}

struct Process {
  bool terminal = false;
  std::optional<Box> consoleSize;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool noNewPrivileges = false;
  std::string apparmorProfile;
  std::optional<std::int64_t> oomScoreAdj;
  std::optional<Scheduler> scheduler;
  std::string selinuxLabel;
  std::optional<IOPriority> ioPriority;
  std::optional<CPUAffinity> execCPUAffinity;
};

constexpr auto fields(Of<Process>) {
  return Table{
      Field<&Process::terminal>{"terminal"},
      Field<&Process::consoleSize>{"consoleSize"},
      Field<&Process::user>{"user", Presence::always},
      Field<&Process::args>{"args"},
      Field<&Process::env>{"env"},
      Field<&Process::cwd>{"cwd", Presence::required},
      Field<&Process::capabilities>{"capabilities"},
      Field<&Process::rlimits>{"rlimits"},
      Field<&Process::noNewPrivileges>{"noNewPrivileges"},
      Field<&Process::apparmorProfile>{"apparmorProfile"},
      Field<&Process::oomScoreAdj>{"oomScoreAdj"},
      Field<&Process::scheduler>{"scheduler"},
      Field<&Process::selinuxLabel>{"selinuxLabel"},
      Field<&Process::ioPriority>{"ioPriority"},
      Field<&Process::execCPUAffinity>{"execCPUAffinity"},
  };
}

}  // namespace tare::oci
