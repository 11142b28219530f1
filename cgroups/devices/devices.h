// SPDX-License-Identifier: Apache-2.0
//
// linux.resources.devices (config-linux.md, "Allowed Device list"): which device nodes a container
// may read, write and create.
//
// Rules apply in order and per access: of all rules that match a device, the last one that names
// "read" decides about reading, and so on. An open(2) for several accesses needs all of them
// allowed.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::cgroups {

struct DeviceRule {
  enum class Type { any, block, character };

  bool allow = false;
  Type type = Type::any;               // `any` matches every number
  std::optional<std::uint32_t> major;  // none: all
  std::optional<std::uint32_t> minor;
  unsigned access = 0;  // bits BPF_DEVCG_ACC_MKNOD, _READ, _WRITE
  std::string origin;   // JSON pointer, or empty for a rule of ours
};

// All accesses together.
constexpr unsigned every_access = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

// "Deny everything", then the user's rules, then the default devices: creating any node, and null,
// zero, full, random, urandom, tty, ptmx, the pseudo-terminals and net/tun. Errors: an unknown type
// or access, a number out of range, "allow" without an access.
Result<std::vector<DeviceRule>> device_rules(const std::vector<oci::DeviceCgroup>& rules);

// True if no access to any device is refused.
bool allow_everything(const std::vector<DeviceRule>& rules);

// v1: a line for devices.allow or devices.deny.
struct DeviceWrite {
  bool allow = false;
  std::string line;  // "a", "c 1:3 rwm", "b *:* m"
};

// v1 has one list of exceptions from one default, without an order. Kind::unsupported, at the rule,
// if a rule revokes a part of an earlier permission.
Result<std::vector<DeviceWrite>> device_writes_v1(const std::vector<DeviceRule>& rules);

// devices.list as it reads after these writes, without an order. If everything is allowed the
// kernel lists only that, whatever the exceptions are.
inline constexpr char all_devices[] = "a *:* rwm";
std::vector<std::string> device_list_v1(const std::vector<DeviceWrite>& writes);

// v2: a program of type BPF_PROG_TYPE_CGROUP_DEVICE that returns 1 to allow, 0 to deny.
std::vector<bpf_insn> compile_device_filter(const std::vector<DeviceRule>& rules);

// bpf(2): attaches the program to an open v2 cgroup, beside programs of others (BPF_F_ALLOW_MULTI:
// all must allow). With `replace`, programs that were attached to this cgroup before are detached
// afterwards.
Call<void> attach_device_filter(int cgroup, const std::vector<bpf_insn>& program, bool replace);

// A program attached to a cgroup; the descriptor keeps it alive after it is detached.
struct DeviceFilter {
  std::uint32_t id = 0;
  UniqueFd program;
};
Call<std::vector<DeviceFilter>> attached_device_filters(int cgroup);

// The kernel's hash of a program's instructions, of those attached to a cgroup. A program that is
// only loaded has it, too, and is gone when this returns.
Call<std::vector<std::uint64_t>> tags_of_attached(int cgroup);
Call<std::uint64_t> tag_of_device_filter(const std::vector<bpf_insn>& program);

// Attaches exactly these programs; at no time fewer restrictions apply than before.
Call<void> restore_device_filters(int cgroup, const std::vector<DeviceFilter>& before);

}  // namespace tare::cgroups
