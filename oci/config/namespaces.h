// SPDX-License-Identifier: Apache-2.0
//
// linux.namespaces, and linux.timeOffsets of a time namespace (config-linux.md, "Namespaces").
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

enum class NamespaceType { mount, pid, network, uts, ipc, user, cgroup, time };

template <>
struct Names<NamespaceType> {
  static constexpr std::array table = {
      EnumName<NamespaceType>{NamespaceType::mount, "mount"},
      EnumName<NamespaceType>{NamespaceType::pid, "pid"},
      EnumName<NamespaceType>{NamespaceType::network, "network"},
      EnumName<NamespaceType>{NamespaceType::uts, "uts"},
      EnumName<NamespaceType>{NamespaceType::ipc, "ipc"},
      EnumName<NamespaceType>{NamespaceType::user, "user"},
      EnumName<NamespaceType>{NamespaceType::cgroup, "cgroup"},
      EnumName<NamespaceType>{NamespaceType::time, "time"},
  };
};

struct Namespace {
  NamespaceType type = NamespaceType::mount;
  std::string path;  // empty: a new namespace

  [[nodiscard]] bool is_new() const { return path.empty(); }
};

constexpr auto fields(Of<Namespace>) {
  return Table{
      Field<&Namespace::type>{"type", Presence::required},
      Field<&Namespace::path>{"path"},
  };
}

// The namespace of this type, of which a document has at most one; null if there is none.
inline const Namespace* find_namespace(const std::vector<Namespace>& namespaces,
                                       NamespaceType type) {
  for (const Namespace& entry : namespaces) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

struct TimeOffset {
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
};

constexpr auto fields(Of<TimeOffset>) {
  return Table{
      Field<&TimeOffset::secs>{"secs"},
      Field<&TimeOffset::nanosecs>{"nanosecs"},
  };
}

}  // namespace tare::oci
