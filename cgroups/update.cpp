// SPDX-License-Identifier: Apache-2.0
//
// Cgroup::change_limits: sets new limits for a running container, or restores the old ones.
#include <algorithm>
#include <memory>
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
  std::string effective = {};  // for a cpuset without a value of its own: the parent's
};

// The value that removes a device's limit, in files with a line for each device. The first match is
// used.
struct DeviceFile {
  std::string_view prefix;
  std::string_view nothing;
};
constexpr DeviceFile device_files[] = {
    {"blkio.throttle.", "0"},
    {"blkio.", "default"},
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.", "default"},
};

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find(' '));
}

bool names_device(const std::string& content, std::string_view device) {
  const auto lines = split(content, '\n');
  return std::any_of(lines.begin(), lines.end(),
                     [&](std::string_view line) { return first_word(line) == device; });
}

// Lines for devices that had no limit before.
std::vector<std::string> lines_without_limit(const Saved& saved, const std::string& now) {
  std::vector<std::string> lines;
  const auto* file =
      std::find_if(std::begin(device_files), std::end(device_files),
                   [&](const DeviceFile& one) { return saved.file.starts_with(one.prefix); });
  if (file == std::end(device_files)) return lines;
  for (const std::string_view line : split(now, '\n')) {
    const std::string_view device = first_word(line);
    if (device.find(':') == std::string_view::npos || names_device(saved.content, device)) continue;
    lines.push_back(std::string(device).append(" ").append(file->nothing));
  }
  return lines;
}

// The writes that restore a file. Files with a line for each device need one write per line.
std::vector<std::string> lines_to_restore(const Saved& saved, const std::string& now) {
  // The kernel shows names and counters there, but accepts only the first number.
  constexpr std::string_view oom_control = "oom_kill_disable ";
  if (saved.content.starts_with(oom_control)) {
    return {saved.content.substr(oom_control.size(), 1)};
  }
  // A cpuset with processes cannot be emptied: ENOSPC.
  if (saved.content == "\n") return {saved.effective};
  std::vector<std::string> lines = lines_without_limit(saved, now);
  for (const std::string_view line : split(saved.content, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

// If a file cannot be read, tare cannot restore it.
std::vector<Saved> saved_values(const std::vector<Write>& list,
                                const std::function<int(std::size_t)>& descriptor) {
  std::vector<Saved> saved;
  for (const Write& write : list) {
    const int directory = descriptor(write.directory);
    for (const auto& file : {write.file, write.fallback ? write.fallback->file : std::string()}) {
      if (file.empty()) continue;
      const Call<std::string> content = read_kernel_file(directory, file.c_str());
      if (!content.ok()) continue;
      saved.push_back({directory, file, *content});
      if (*content != "\n") continue;
      const Call<std::string> effective =
          read_kernel_file(directory, (file + ".effective").c_str());
      if (effective.ok()) saved.back().effective = *effective;
    }
  }
  return saved;
}

bool restore(const Saved& saved) {
  const Call<std::string> now = read_kernel_file(saved.directory, saved.file.c_str());
  if (now.ok() && *now == saved.content) return true;
  bool restored = true;
  for (const std::string& line : lines_to_restore(saved, now.ok() ? *now : std::string())) {
    restored = write_kernel_file(saved.directory, saved.file.c_str(), line).ok() && restored;
  }
  return restored;
}

// In reverse order, then again those that were refused: some values are valid only in pairs.
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

Change Cgroup::change_limits(const std::vector<Write>& list) const {
  // Shared, because std::function copies.
  const auto saved = std::make_shared<const std::vector<Saved>>(
      saved_values(list, [&](std::size_t directory) { return members_[directory].fd.get(); }));
  return {[this, list] { return apply(list); }, [saved] { return restore_all(*saved); }};
}

}  // namespace tare::cgroups
