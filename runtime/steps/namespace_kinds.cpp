// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/namespace_kinds.h"

#include <linux/sched.h>

namespace tare::runtime {

using oci::NamespaceType;

namespace {

constexpr NamespaceKind kinds[] = {
    {NamespaceType::mount, "mount", CLONE_NEWNS, "mnt"},
    {NamespaceType::pid, "pid", CLONE_NEWPID, "pid"},
    {NamespaceType::network, "network", CLONE_NEWNET, "net"},
    {NamespaceType::uts, "uts", CLONE_NEWUTS, "uts"},
    {NamespaceType::ipc, "ipc", CLONE_NEWIPC, "ipc"},
    {NamespaceType::user, "user", CLONE_NEWUSER, "user"},
    {NamespaceType::cgroup, "cgroup", CLONE_NEWCGROUP, "cgroup"},
    {NamespaceType::time, "time", CLONE_NEWTIME, "time"},
};

}  // namespace

const NamespaceKind& kind_of(NamespaceType type) {
  for (const auto& kind : kinds) {
    if (kind.type == type) return kind;
  }
  return kinds[0];  // unreachable: the table has every type
}

const NamespaceKind* kind_of_flag(std::uint64_t flag) {
  for (const auto& kind : kinds) {
    if (kind.flag == flag) return &kind;
  }
  return nullptr;
}

}  // namespace tare::runtime
