// SPDX-License-Identifier: Apache-2.0
//
// The eight kinds of namespaces: the spec's word, the clone(2) flag, the name in /proc/PID/ns.
#pragma once

#include <cstdint>

#include "oci/config.h"

namespace tare::runtime {

struct NamespaceKind {
  oci::NamespaceType type;
  const char* word;       // config.json: "network"
  std::uint64_t flag;     // CLONE_NEWNET
  const char* proc_name;  // /proc/PID/ns/net
};

const NamespaceKind& kind_of(oci::NamespaceType type);
// nullptr if the flag is not a namespace flag
const NamespaceKind* kind_of_flag(std::uint64_t flag);
inline std::uint64_t clone_flag(oci::NamespaceType type) {
  return kind_of(type).flag;
}

}  // namespace tare::runtime
