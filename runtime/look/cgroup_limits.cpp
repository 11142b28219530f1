// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/cgroup_limits.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"
#include "cgroups/stats/memory_events.h"
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

struct LimitRow {
  int version;
  const char* controller;
  const char* resource;
  const char* unit;
  const char* limit;
  const char* usage;  // or the period of a quota
};

constexpr const char* bytes = "bytes";
constexpr const char* processes = "processes";
constexpr const char* cpus = "milliCPUs";
constexpr LimitRow limit_rows[] = {
    {1, "memory", "memory", bytes, "memory.limit_in_bytes", "memory.usage_in_bytes"},
    {1, "memory", "memory and swap", bytes, "memory.memsw.limit_in_bytes",
     "memory.memsw.usage_in_bytes"},
    {1, "pids", "processes", processes, "pids.max", "pids.current"},
    {1, "cpu", "cpu", cpus, "cpu.cfs_quota_us", "cpu.cfs_period_us"},
    {2, "memory", "memory", bytes, "memory.max", "memory.current"},
    {2, "memory", "memory (slows down)", bytes, "memory.high", "memory.current"},
    {2, "memory", "swap", bytes, "memory.swap.max", "memory.swap.current"},
    {2, "pids", "processes", processes, "pids.max", "pids.current"},
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
    {1, "cpuset", "cpus", "cpuset.effective_cpus"},
    {1, "cpuset", "memory nodes", "cpuset.effective_mems"},
    {1, "blkio", "read bytes/s", "blkio.throttle.read_bps_device"},
    {1, "blkio", "write bytes/s", "blkio.throttle.write_bps_device"},
    {2, "cpu", "cpu weight", "cpu.weight"},
    {2, "cpuset", "cpus", "cpuset.cpus.effective"},
    {2, "cpuset", "memory nodes", "cpuset.mems.effective"},
    {2, "io", "io", "io.max"},
};

// In v2, the presence of a file shows whether the cgroup has the controller.
bool has_controller(const cgroups::Directory& directory, int version, const char* controller) {
  if (directory.version != version) return false;
  return version == 2 || contains(directory.controllers, controller);
}

std::optional<std::string> text_of(int directory, const char* file) {
  Call<std::string> text = read_kernel_file(directory, file);
  if (!text.ok()) return std::nullopt;
  return std::string(without_newline(*text));
}

std::optional<std::uint64_t> quota_of(int directory, const LimitRow& row, std::string_view text) {
  if (row.limit == std::string_view(row.usage)) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return parse_quota(text.substr(0, blank), text.substr(blank + 1));
  }
  return parse_quota(text, text_of(directory, row.usage).value_or(""));
}

// Nothing if the cgroup has no such limit, because its parent does not enable the controller.
std::optional<oci::LimitOfCgroup> limit_of(const cgroups::Directory& place, const LimitRow& row) {
  const auto directory = cgroups::open_directory(place);
  const auto text = directory.ok() ? text_of(directory->get(), row.limit) : std::nullopt;
  if (!text) return std::nullopt;
  oci::LimitOfCgroup found;
  found.file = cgroups::full_path(place) + "/" + row.limit;
  if (row.unit == cpus) {
    found.limit = quota_of(directory->get(), row, *text);
    return found;
  }
  found.limit = parse_limit(*text);
  found.usage = parse_limit(text_of(directory->get(), row.usage).value_or(""));
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

void add_limits(const cgroups::Directory& directory, oci::Limits& limits) {
  for (const LimitRow& row : limit_rows) {
    if (!has_controller(directory, row.version, row.controller)) continue;
    const auto cgroups = limits_upward(directory, row);
    if (cgroups.empty()) continue;
    oci::Limit limit{row.resource, row.unit, cgroups.front(), std::nullopt};
    if (const auto* nearest = nearest_to_limit(cgroups)) limit.binds = *nearest;
    limits.limits.push_back(std::move(limit));
  }
}

void add_settings(const cgroups::Directory& directory, oci::Limits& limits) {
  const auto opened = cgroups::open_directory(directory);
  if (!opened.ok()) return;
  for (const SettingRow& row : setting_rows) {
    if (!has_controller(directory, row.version, row.controller)) continue;
    const auto text = text_of(opened->get(), row.file);
    if (!text || text->empty()) continue;
    for (const std::string_view line : split(*text, '\n')) {
      limits.settings.push_back(
          {row.resource, printable(line), cgroups::full_path(directory) + "/" + row.file});
    }
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
  for (const cgroups::Directory& directory : directories) {
    add_limits(directory, limits);
    add_settings(directory, limits);
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
