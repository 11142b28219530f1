// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::update: new limits for a container that runs, or the old ones.
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"

namespace tare::cgroups {

namespace {

struct Saved {
  int directory;
  std::string file;
  std::string content;
};

// A file that cannot be read tells nothing to go back to: its write can only be undone by hand.
std::vector<Saved> saved_values(const std::vector<Write>& list,
                                const std::function<int(std::size_t)>& descriptor) {
  std::vector<Saved> saved;
  for (const Write& write : list) {
    const int directory = descriptor(write.directory);
    for (const auto& file : {write.file, write.fallback ? write.fallback->file : std::string()}) {
      if (file.empty()) continue;
      const Call<std::string> content = read_kernel_file(directory, file.c_str());
      if (content.ok()) saved.push_back({directory, file, *content});
    }
  }
  return saved;
}

// Files with a line for each device take one line at a time.
bool restore(const Saved& saved) {
  bool restored = true;
  for (const std::string_view line : split(saved.content, '\n')) {
    if (line.empty()) continue;
    restored = write_kernel_file(saved.directory, saved.file.c_str(), line).ok() && restored;
  }
  return restored;
}

// Backwards, then once more what was refused: some values are valid only in pairs.
std::string restore_all(const std::vector<Saved>& saved) {
  std::vector<const Saved*> refused;
  for (auto one = saved.rbegin(); one != saved.rend(); ++one) {
    if (!restore(*one)) refused.push_back(&*one);
  }
  std::string lost;
  for (const Saved* one : refused) {
    if (!restore(*one)) lost += (lost.empty() ? "" : ", ") + one->file;
  }
  return lost;
}

}  // namespace

Result<void> Cgroup::update(const std::vector<Write>& list,
                            const std::function<Result<void>()>& tell) const {
  const auto saved =
      saved_values(list, [&](std::size_t directory) { return members_[directory].fd.get(); });
  Result<void> applied = apply(list);
  if (applied.ok() && tell) {
    applied = tell();
    if (applied.ok()) applied = apply(list);
  }
  if (applied.ok()) return applied;
  const std::string lost = restore_all(saved);
  Error error = std::move(applied).error();
  if (!lost.empty()) error.what += "; not taken back: " + lost;
  return error;
}

}  // namespace tare::cgroups
