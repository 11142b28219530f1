// SPDX-License-Identifier: Apache-2.0
//
// bpf(2) for device filters: load, attach, replace.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/faults.h"
#include "base/unique_fd.h"
#include "cgroups/devices/devices.h"

namespace tare::cgroups {

namespace {

Call<int> bpf(bpf_cmd command, bpf_attr& attributes, const char* name) {
  const long result = ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
  if (result < 0) return Fault::last(name);
  return static_cast<int>(result);
}

__u64 address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

Call<UniqueFd> load(const std::vector<bpf_insn>& program) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.expected_attach_type = BPF_CGROUP_DEVICE;
  attributes.insns = address(program.data());
  attributes.insn_cnt = static_cast<__u32>(program.size());
  attributes.license = address("Apache-2.0");
  std::memcpy(attributes.prog_name, "tare_devices", sizeof "tare_devices");
  return UniqueFd(TRY(bpf(BPF_PROG_LOAD, attributes, "bpf(BPF_PROG_LOAD)")));
}

Call<void> attach(int cgroup, int program) {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<__u32>(cgroup);
  attributes.attach_bpf_fd = static_cast<__u32>(program);
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (const int error = planned_write_fault()) return Fault{error, "planned fault"};
  (void)TRY(bpf(BPF_PROG_ATTACH, attributes, "bpf(BPF_PROG_ATTACH)"));
  return {};
}

// The kernel's maximum of programs of one type in a cgroup.
constexpr std::size_t most_programs = 64;

Call<void> detach(int cgroup, int program) {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<__u32>(cgroup);
  attributes.attach_bpf_fd = static_cast<__u32>(program);
  attributes.attach_type = BPF_CGROUP_DEVICE;
  if (const int error = planned_write_fault()) return Fault{error, "planned fault"};
  const Call<int> detached = bpf(BPF_PROG_DETACH, attributes, "bpf(BPF_PROG_DETACH)");
  if (!detached.ok() && detached.error().error != ENOENT) return detached.error();
  return {};
}

Call<std::uint64_t> tag_of(int program) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<__u32>(program);
  attributes.info.info = address(&info);
  attributes.info.info_len = sizeof info;
  (void)TRY(bpf(BPF_OBJ_GET_INFO_BY_FD, attributes, "bpf(BPF_OBJ_GET_INFO_BY_FD)"));
  std::uint64_t tag = 0;
  static_assert(sizeof tag == sizeof info.tag);
  std::memcpy(&tag, info.tag, sizeof tag);
  return tag;
}

bool holds(const std::vector<DeviceFilter>& filters, std::uint32_t id) {
  return std::any_of(filters.begin(), filters.end(),
                     [&](const DeviceFilter& filter) { return filter.id == id; });
}

}  // namespace

Call<std::vector<DeviceFilter>> attached_device_filters(int cgroup) {
  std::array<__u32, most_programs> ids{};
  bpf_attr query{};
  query.query.target_fd = static_cast<__u32>(cgroup);
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = address(ids.data());
  query.query.prog_cnt = most_programs;
  (void)TRY(bpf(BPF_PROG_QUERY, query, "bpf(BPF_PROG_QUERY)"));
  std::vector<DeviceFilter> filters;
  for (std::size_t i = 0; i < query.query.prog_cnt; ++i) {
    bpf_attr by_id{};
    by_id.prog_id = ids[i];
    const Call<int> fd = bpf(BPF_PROG_GET_FD_BY_ID, by_id, "bpf(BPF_PROG_GET_FD_BY_ID)");
    if (!fd.ok() && fd.error().error == ENOENT) continue;  // detached meanwhile
    if (!fd.ok()) return fd.error();
    filters.push_back({ids[i], UniqueFd(*fd)});
  }
  return filters;
}

Call<std::vector<std::uint64_t>> tags_of_attached(int cgroup) {
  std::vector<std::uint64_t> tags;
  for (const DeviceFilter& filter : TRY(attached_device_filters(cgroup))) {
    tags.push_back(TRY(tag_of(filter.program.get())));
  }
  return tags;
}

Call<std::uint64_t> tag_of_device_filter(const std::vector<bpf_insn>& program) {
  const UniqueFd loaded = TRY(load(program));
  return tag_of(loaded.get());
}

Call<void> attach_device_filter(int cgroup, const std::vector<bpf_insn>& program, bool replace) {
  const UniqueFd loaded = TRY(load(program));
  std::vector<DeviceFilter> before;
  if (replace) before = TRY(attached_device_filters(cgroup));
  TRY(attach(cgroup, loaded.get()));
  for (const DeviceFilter& old : before) TRY(detach(cgroup, old.program.get()));
  return {};
}

Call<void> restore_device_filters(int cgroup, const std::vector<DeviceFilter>& before) {
  const std::vector<DeviceFilter> now = TRY(attached_device_filters(cgroup));
  for (const DeviceFilter& filter : before) {
    if (!holds(now, filter.id)) TRY(attach(cgroup, filter.program.get()));
  }
  for (const DeviceFilter& filter : now) {
    if (!holds(before, filter.id)) TRY(detach(cgroup, filter.program.get()));
  }
  return {};
}

}  // namespace tare::cgroups
