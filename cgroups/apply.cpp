// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::apply: writes limits through the directory's descriptor.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"

namespace tare::cgroups {

namespace {

std::string words_of(const std::string& file, const std::string& value,
                     const Directory& directory) {
  return "write " + quote(value) + " to " + printable(full_path(directory) + "/" + file);
}

Error at_origin(Fault fault, const Write& write, std::string words) {
  Error error(fault, std::move(words));
  error.at = write.origin;
  return error;
}

// In v1 a cgroup's value of these files cannot exceed its parent's.
bool is_shared_out(std::string_view file) {
  constexpr std::string_view files[] = {"cpu.rt_runtime_us", "cpuset.cpus", "cpuset.mems"};
  return std::ranges::find(files, file) != std::end(files);
}

// "/sys/fs/cgroup/cpu/a/cpu.rt_runtime_us is 0", for the parent of the cgroups that were created.
std::string share_of_above(const Write& write, const Directory& directory) {
  std::string path = directory.path;
  for (unsigned i = 0; i < std::max(directory.made, 1U); ++i) path.resize(path.rfind('/'));
  const std::string file = directory.mount + path + "/" + write.file;
  const Call<std::string> value = read_kernel_file(AT_FDCWD, file.c_str());
  return value.ok() ? printable(file) + " is " + std::string(without_newline(*value)) : "";
}

// The limit of memory must not exceed the limit of memory and swap: mem_cgroup_resize_max() of
// mm/memcontrol-v1.c.
struct Crossing {
  std::string_view file;
  const char* other;
  bool is_above;
  const char* words;
};
constexpr Crossing crossings[] = {
    {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", true,
     "it is above the limit of memory and swap together, which must be raised with it and is "},
    {"memory.memsw.limit_in_bytes", "memory.limit_in_bytes", false,
     "memory and swap together must not be below the memory limit, which is "},
};

// -1 means no limit.
std::uint64_t bytes_of(std::string_view value) {
  return parse_number<std::uint64_t>(without_newline(value))
      .value_or(std::numeric_limits<std::uint64_t>::max());
}

std::string crossed_limit(const Write& write, int fd) {
  for (const Crossing& crossing : crossings) {
    if (crossing.file != write.file) continue;
    const Call<std::string> other = read_kernel_file(fd, crossing.other);
    if (!other.ok()) continue;
    const std::uint64_t wanted = bytes_of(write.value), limit = bytes_of(*other);
    const bool crosses = crossing.is_above ? wanted > limit : wanted < limit;
    if (crosses) return crossing.words + std::to_string(limit);
  }
  return {};
}

// Reasons for a refusal that the kernel does not report.
std::string hint_for(int error, const Write& write, const Directory& directory, int fd) {
  if (error == ENOENT) return "this kernel does not offer the file";
  if (error == EINVAL && directory.version == 1 && write.controller == "memory") {
    return crossed_limit(write, fd);
  }
  const bool too_much = error == EINVAL || error == EACCES;
  if (too_much && directory.version == 1 && is_shared_out(write.file)) {
    return share_of_above(write, directory);
  }
  if (error != EBUSY || write.controller != "memory") return {};
  const Call<std::string> usage = read_kernel_file(fd, "memory.usage_in_bytes");
  if (!usage.ok()) return {};
  return "the cgroup uses " + usage->substr(0, usage->find('\n')) + " bytes";
}

Result<void> check_usage(const Write& write, int directory) {
  if (write.usage_file.empty()) return {};
  const Call<std::string> text = read_kernel_file(directory, write.usage_file.c_str());
  if (!text.ok()) return {};  // no accounting, so nothing in use
  const auto usage = parse_number<std::uint64_t>(text->substr(0, text->find('\n')));
  const auto limit = parse_number<std::uint64_t>(write.value);
  if (!usage || !limit || *limit > *usage) return {};
  return Error(Error::Kind::refused,
               "rejecting memory limit " + write.value + " <= usage " + std::to_string(*usage),
               write.origin);
}

// Realtime runtime is divided among the children of a cgroup. For existing cgroups their owner
// decides how much they get.
Call<void> write_parents(const Write& write, const Directory& directory) {
  std::vector<std::string> made_above;
  std::string path = directory.path;
  for (unsigned i = 1; i < directory.made; ++i) {
    path.resize(path.rfind('/'));
    made_above.push_back(directory.mount + path + "/" + write.file);
  }
  for (auto file = made_above.rbegin(); file != made_above.rend(); ++file) {
    TRY(write_kernel_file(AT_FDCWD, file->c_str(), write.value));
  }
  return {};
}

// Linux 5.16 to 6.2 had the files without the function.
bool is_missing(const Call<void>& written) {
  return !written.ok() && (written.error().error == ENOENT || written.error().error == EOPNOTSUPP);
}

Result<void> perform(const Write& write, const Directory& directory, int fd) {
  Call<void> written = write.parents_first ? write_parents(write, directory) : Call<void>{};
  const bool parents = written.ok();
  if (parents) written = write_kernel_file(fd, write.file.c_str(), write.value);
  if (written.ok()) return {};
  const std::string words = words_of(write.file, write.value, directory);
  if (!parents || !is_missing(written)) return at_origin(written.error(), write, words);
  const bool ignored = write.on_missing == Write::OnMissing::ignore;
  if (!write.fallback) return ignored ? Result<void>{} : at_origin(written.error(), write, words);
  const auto& [file, value] = *write.fallback;
  const Call<void> instead = write_kernel_file(fd, file.c_str(), value);
  if (instead.ok() || (is_missing(instead) && ignored)) return {};
  return at_origin(instead.error(), write,
                   words + ": " + errno_name(written.error().error) + "; then " +
                       words_of(file, value, directory));
}

Error explained(Error error, const Write& write, const Directory& directory, int fd) {
  std::string hint = hint_for(error.error, write, directory, fd);
  return std::move(error).with_hint(std::move(hint));
}

}  // namespace

Result<void> Cgroup::apply(const std::vector<Write>& list) const {
  std::vector<const Write*> again;
  for (const Write& write : list) {
    const Member& member = members_[write.directory];
    TRY(check_usage(write, member.fd.get()));
    Result<void> written = perform(write, member.place, member.fd.get());
    if (written.ok()) continue;
    if (written.error().error != EINVAL) {
      return explained(std::move(written).error(), write, member.place, member.fd.get());
    }
    again.push_back(&write);
  }
  for (const Write* write : again) {
    const Member& member = members_[write->directory];
    Result<void> written = perform(*write, member.place, member.fd.get());
    if (!written.ok()) {
      return explained(std::move(written).error(), *write, member.place, member.fd.get());
    }
  }
  return {};
}

}  // namespace tare::cgroups
