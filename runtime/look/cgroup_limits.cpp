// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/cgroup_limits.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"
#include "cgroups/stats/memory_events.h"
#include "cgroups/stats/stat_text.h"
#include "cgroups/stats/stats.h"

namespace tare::runtime {

std::optional<std::uint64_t> parse_limit(std::string_view text) {
  constexpr std::uint64_t half = std::uint64_t{1} << 62;
  const auto limit = parse_number<std::uint64_t>(without_newline(text));
  if (!limit || *limit >= half) return std::nullopt;
  return limit;
}

std::optional<std::uint64_t> parse_quota(std::string_view quota, std::string_view period) {
  const auto microseconds = parse_limit(quota);
  const auto length = parse_limit(period);
  if (!microseconds || !length || *length == 0) return std::nullopt;
  return *microseconds * 1000 / *length;
}

std::optional<std::uint64_t> parse_device_limit(std::string_view text, std::string_view device,
                                                std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.front() != device) continue;
    for (const std::string_view word : words) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos || word.substr(0, equals) != key) continue;
      return parse_limit(word.substr(equals + 1));
    }
  }
  return std::nullopt;
}

const oci::LimitOfCgroup* nearest_to_limit(const std::vector<oci::LimitOfCgroup>& cgroups) {
  const auto left = [](const oci::LimitOfCgroup& one) {
    const std::uint64_t used = std::min(one.usage.value_or(0), *one.limit);
    return *one.limit - used;
  };
  const oci::LimitOfCgroup* nearest = nullptr;
  for (const oci::LimitOfCgroup& one : cgroups) {
    if (one.limit && (nearest == nullptr || left(one) < left(*nearest))) nearest = &one;
  }
  return nearest;
}

namespace {

using Directories = std::vector<cgroups::Directory>;

struct LimitRow {
  int version;
  std::string_view controller;
  std::string_view resource;
  std::string_view unit;
  std::string_view limit;
  std::string_view usage;        // or the period of a quota
  std::string_view device = {};  // of files with a line for each device: "mlx4_0 hca_handle=2"
  std::string_view key = {};
};

// The order of the table that is printed, whatever the version and the order of the hierarchies.
constexpr std::string_view bytes = "bytes";
constexpr std::string_view processes = "processes";
constexpr std::string_view cpus = "milliCPUs";
constexpr LimitRow limit_rows[] = {
    {1, "memory", "memory", bytes, "memory.limit_in_bytes", "memory.usage_in_bytes"},
    {2, "memory", "memory", bytes, "memory.max", "memory.current"},
    {2, "memory", "memory (slows down)", bytes, "memory.high", "memory.current"},
    {1, "memory", "memory and swap", bytes, "memory.memsw.limit_in_bytes",
     "memory.memsw.usage_in_bytes"},
    {2, "memory", "swap", bytes, "memory.swap.max", "memory.swap.current"},
    {1, "pids", "processes", processes, "pids.max", "pids.current"},
    {2, "pids", "processes", processes, "pids.max", "pids.current"},
    {1, "cpu", "cpu", cpus, "cpu.cfs_quota_us", "cpu.cfs_period_us"},
    {2, "cpu", "cpu", cpus, "cpu.max", "cpu.max"},
};

struct SettingRow {
  int version;
  const char* controller;
  const char* resource;
  const char* file;
};
constexpr SettingRow setting_rows[] = {
    {1, "cpu", "cpu shares", "cpu.shares"},
    {2, "cpu", "cpu weight", "cpu.weight"},
    {1, "cpuset", "cpus", "cpuset.effective_cpus"},
    {2, "cpuset", "cpus", "cpuset.cpus.effective"},
    {1, "cpuset", "memory nodes", "cpuset.effective_mems"},
    {2, "cpuset", "memory nodes", "cpuset.mems.effective"},
    {1, "blkio", "read bytes/s", "blkio.throttle.read_bps_device"},
    {1, "blkio", "write bytes/s", "blkio.throttle.write_bps_device"},
    {2, "io", "io", "io.max"},
};

// In v2, the presence of a file shows whether the cgroup has the controller.
bool has_controller(const cgroups::Directory& directory, int version, std::string_view controller) {
  if (directory.version != version) return false;
  return version == 2 || contains(directory.controllers, controller);
}

std::optional<std::string> text_of(int directory, std::string_view file) {
  Call<std::string> text = read_kernel_file(directory, std::string(file).c_str());
  if (!text.ok()) return std::nullopt;
  return std::string(without_newline(*text));
}

std::optional<std::uint64_t> quota_of(int directory, const LimitRow& row, std::string_view text) {
  if (row.limit == row.usage) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return parse_quota(text.substr(0, blank), text.substr(blank + 1));
  }
  return parse_quota(text, text_of(directory, row.usage).value_or(""));
}

std::optional<std::uint64_t> number_in(const LimitRow& row, std::string_view text) {
  return row.device.empty() ? parse_limit(text) : parse_device_limit(text, row.device, row.key);
}

// Nothing if the cgroup has no such limit, because its parent does not enable the controller.
std::optional<oci::LimitOfCgroup> limit_of(const cgroups::Directory& place, const LimitRow& row) {
  const auto directory = cgroups::open_directory(place);
  const auto text = directory.ok() ? text_of(directory->get(), row.limit) : std::nullopt;
  if (!text) return std::nullopt;
  oci::LimitOfCgroup found;
  found.file = cgroups::full_path(place) + "/" + std::string(row.limit);
  if (row.unit == cpus) {
    found.limit = quota_of(directory->get(), row, *text);
    return found;
  }
  found.limit = number_in(row, *text);
  found.usage = number_in(row, text_of(directory->get(), row.usage).value_or(""));
  return found;
}

// The container's cgroup first, then its ancestors. The root of a hierarchy has no limits.
std::vector<oci::LimitOfCgroup> limits_upward(cgroups::Directory place, const LimitRow& row) {
  std::vector<oci::LimitOfCgroup> found;
  while (!place.path.empty() && place.path != "/") {
    if (auto limit = limit_of(place, row)) {
      found.push_back(std::move(*limit));
    } else if (found.empty()) {
      return found;
    }
    place.path.resize(place.path.rfind('/'));
  }
  return found;
}

std::optional<oci::Limit> limit_in(const cgroups::Directory& directory, const LimitRow& row) {
  const auto cgroups = limits_upward(directory, row);
  if (cgroups.empty()) return std::nullopt;
  oci::Limit limit{std::string(row.resource), std::string(row.unit), cgroups.front(), std::nullopt};
  if (const auto* nearest = nearest_to_limit(cgroups)) limit.binds = *nearest;
  return limit;
}

// A resource that few containers have: only if it is limited or used.
void add_rare(const cgroups::Directory& directory, const LimitRow& row, oci::Limits& limits) {
  auto limit = limit_in(directory, row);
  if (!limit || (!limit->binds && limit->own.usage.value_or(0) == 0)) return;
  limits.limits.push_back(std::move(*limit));
}

void add_limits(const Directories& directories, oci::Limits& limits) {
  for (const LimitRow& row : limit_rows) {
    for (const cgroups::Directory& directory : directories) {
      if (!has_controller(directory, row.version, row.controller)) continue;
      auto limit = limit_in(directory, row);
      if (limit) limits.limits.push_back(std::move(*limit));
    }
  }
}

struct HugePages {
  const std::string& size;
  const char* suffix;  // of "hugetlb.2MB"
  const char* what;
};

void add_huge_pages(const cgroups::Directory& directory, const HugePages& pages,
                    oci::Limits& limits) {
  const bool is_v1 = directory.version == 1;
  const std::string prefix = "hugetlb." + pages.size;
  const std::string name = "huge pages of " + pages.size;
  const std::string limit = pages.suffix + std::string(is_v1 ? ".limit_in_bytes" : ".max");
  const std::string usage = pages.suffix + std::string(is_v1 ? ".usage_in_bytes" : ".current");
  add_rare(directory,
           {directory.version, "hugetlb", name + pages.what, bytes, prefix + limit, prefix + usage},
           limits);
}

// tare limits reservations if the kernel can (config-linux.md, "Huge page limits"), but others may
// limit either.
void add_all_huge_pages(const cgroups::Directory& directory, oci::Limits& limits) {
  if (!has_controller(directory, directory.version, "hugetlb")) return;
  const auto opened = cgroups::open_directory(directory);
  if (!opened.ok()) return;
  const char* usage = directory.version == 1 ? ".usage_in_bytes" : ".current";
  const auto sizes = cgroups::hugepage_sizes(opened->get(), usage);
  if (!sizes.ok()) return;
  for (const std::string& size : *sizes) {
    add_huge_pages(directory, {size, ".rsvd", " (reserved)"}, limits);
    add_huge_pages(directory, {size, "", " (used)"}, limits);
  }
}

void add_rdma(const cgroups::Directory& directory, oci::Limits& limits) {
  if (!has_controller(directory, directory.version, "rdma")) return;
  const auto opened = cgroups::open_directory(directory);
  const auto text = opened.ok() ? text_of(opened->get(), "rdma.max") : std::nullopt;
  for (const std::string_view line : split(text.value_or(""), '\n')) {
    const std::string device(line.substr(0, line.find(' ')));
    for (const std::string_view key : {"hca_handle", "hca_object"}) {
      const std::string name = "rdma " + printable(device) + " " + std::string(key);
      add_rare(directory,
               {directory.version, "rdma", name, key, "rdma.max", "rdma.current", device, key},
               limits);
    }
  }
}

void add_setting(const cgroups::Directory& directory, const SettingRow& row, oci::Limits& limits) {
  if (!has_controller(directory, row.version, row.controller)) return;
  const auto opened = cgroups::open_directory(directory);
  const auto text = opened.ok() ? text_of(opened->get(), row.file) : std::nullopt;
  if (!text || text->empty()) return;
  for (const std::string_view line : split(*text, '\n')) {
    limits.settings.push_back(
        {row.resource, printable(line), cgroups::full_path(directory) + "/" + row.file});
  }
}

std::string percent(const oci::Average& average) {
  const std::uint64_t part = average.hundredths % 100;
  return std::to_string(average.hundredths / 100) + (part < 10 ? ".0" : ".") + std::to_string(part);
}

void add_pressure(const char* resource, const std::optional<oci::Pressures>& pressure,
                  oci::Limits& limits) {
  if (!pressure) return;
  limits.pressure.push_back(
      {resource, percent(pressure->some.avg10), percent(pressure->full.avg10)});
}

}  // namespace

Result<oci::Limits> read_limits(const std::string& id,
                                const std::vector<cgroups::Directory>& directories) {
  const oci::Stats stats = TRY(cgroups::read_stats(directories));
  oci::Limits limits;
  limits.id = id;
  add_limits(directories, limits);
  for (const cgroups::Directory& directory : directories) add_all_huge_pages(directory, limits);
  for (const cgroups::Directory& directory : directories) add_rdma(directory, limits);
  for (const SettingRow& row : setting_rows) {
    for (const cgroups::Directory& directory : directories) add_setting(directory, row, limits);
  }
  add_pressure("cpu", stats.cpu.psi, limits);
  add_pressure("memory", stats.memory.psi, limits);
  add_pressure("io", stats.blkio.psi, limits);
  const oci::Throttling& throttling = stats.cpu.throttling;
  limits.throttling = {throttling.periods, throttling.throttledPeriods, throttling.throttledTime};
  if (const auto oom = cgroups::oom_report(directories)) limits.oomKills = oom->kills;
  return limits;
}

}  // namespace tare::runtime
