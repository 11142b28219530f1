// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::apply: limits, written through the directory's descriptor.
#include <fcntl.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"

namespace tare::cgroups {

namespace {

std::string words_of(const std::string& file, const std::string& value,
                     const Directory& directory) {
  return "write " + quoted(value) + " to " + printable(full_path(directory) + "/" + file);
}

Error at_origin(Fault fault, const Write& write, std::string words) {
  Error error(fault, std::move(words));
  error.at = write.origin;
  return error;
}

// What the kernel refuses without saying why.
std::string hint_for(int error, const Write& write, int directory) {
  if (error == ENOENT) return "this kernel does not offer the file";
  if (error != EBUSY || write.controller != "memory") return {};
  const Call<std::string> usage = read_kernel_file(directory, "memory.usage_in_bytes");
  if (!usage.ok()) return {};
  return "the cgroup uses " + usage->substr(0, usage->find('\n')) + " bytes";
}

Result<void> check_usage(const Write& write, int directory) {
  if (write.usage_file.empty()) return {};
  const Call<std::string> text = read_kernel_file(directory, write.usage_file.c_str());
  if (!text.ok()) return {};  // no such accounting, nothing in use
  const auto usage = parse_number<std::uint64_t>(text->substr(0, text->find('\n')));
  const auto limit = parse_number<std::uint64_t>(write.value);
  if (!usage || !limit || *limit > *usage) return {};
  return Error(Error::Kind::refused,
               "rejecting memory limit " + write.value + " <= usage " + std::to_string(*usage),
               write.origin);
}

// Realtime runtime is shared out from above. Cgroups that were there before have their own owner,
// who decides how much they get.
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

// Linux 5.16 to 6.2 kept files without what they stood for.
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

}  // namespace

Result<void> Cgroup::apply(const std::vector<Write>& list) const {
  std::vector<const Write*> again;
  for (const Write& write : list) {
    const Member& member = members_[write.directory];
    TRY(check_usage(write, member.fd.get()));
    Result<void> written = perform(write, member.place, member.fd.get());
    if (written.ok()) continue;
    if (written.error().error != EINVAL) {
      std::string hint = hint_for(written.error().error, write, member.fd.get());
      return std::move(written).error().with_hint(std::move(hint));
    }
    again.push_back(&write);
  }
  for (const Write* write : again) {
    const Member& member = members_[write->directory];
    TRY(perform(*write, member.place, member.fd.get()));
  }
  return {};
}

}  // namespace tare::cgroups
