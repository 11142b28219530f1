// SPDX-License-Identifier: Apache-2.0
#include "cgroups/systemd/properties.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace tare::cgroups {

namespace {

constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();

// "max" and v1's negative numbers are systemd's infinity.
std::optional<std::uint64_t> limit_of(std::string_view text) {
  if (text == "max" || text.starts_with('-')) return infinity;
  return parse_number<std::uint64_t>(text);
}

// A value that is not a number is for a device, or the kernel refuses it.
void add_limit(std::vector<Property>& list, const char* name, std::string_view text) {
  if (const auto value = limit_of(text)) list.push_back({name, *value});
}

// systemd refuses 0 tasks. 1 is init itself, and the file still has the 0.
void add_tasks(std::vector<Property>& list, const char* name, std::string_view text) {
  if (const auto value = limit_of(text)) list.push_back({name, std::max<std::uint64_t>(*value, 1)});
}

// systemd's quota is in microseconds per second, and the kernel gets a multiple of 1 %: rounded up,
// so that a reload never lowers it.
std::uint64_t quota_per_second(std::uint64_t quota, std::uint64_t period) {
  constexpr std::uint64_t second = 1'000'000;
  constexpr std::uint64_t step = second / 100;
  if (quota == infinity || period == 0 || quota > infinity / second) return infinity;
  const std::uint64_t exact = (quota * second + period - 1) / period;
  return exact > infinity - step ? infinity : (exact + step - 1) / step * step;
}

void add_quota(std::vector<Property>& list, std::string_view quota, std::string_view period) {
  constexpr std::uint64_t default_period = 100'000;
  const auto value = limit_of(quota);
  const auto each = period.empty() ? default_period : parse_number<std::uint64_t>(period);
  if (!value || !each) return;
  list.push_back({"CPUQuotaPerSecUSec", quota_per_second(*value, *each)});
  if (!period.empty()) list.push_back({"CPUQuotaPeriodUSec", *each});
}

void add_cpu_max(std::vector<Property>& list, const char*, std::string_view text) {
  const auto parts = split(text, ' ');
  add_quota(list, parts[0], parts.size() > 1 ? parts[1] : "");
}

// Since systemd 252 weight 0 means SCHED_IDLE.
void add_idle(std::vector<Property>& list, const char* name, std::string_view text) {
  if (text == "1") list.push_back({name, std::uint64_t{0}});
}

// "0-3,7" as bytes with one bit each, the lowest first.
void add_set(std::vector<Property>& list, const char* name, std::string_view text) {
  constexpr unsigned highest = 8191;  // the maximum of CPUs in a Linux kernel; far more than nodes
  std::vector<std::uint8_t> bytes;
  for (const std::string_view range : split(text, ',')) {
    const auto ends = split(range, '-');
    const auto first = parse_number<unsigned>(ends.front());
    const auto last = parse_number<unsigned>(ends.back());
    if (!first || !last || *last > highest) return;
    for (unsigned bit = *first; bit <= *last; ++bit) {
      if (bytes.size() <= bit / 8) bytes.resize(bit / 8 + 1);
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 1U << bit % 8);
    }
  }
  list.push_back({name, std::move(bytes)});
}

// No file has different meanings in the two versions.
struct Row {
  std::string_view file;
  const char* property;
  void (*add)(std::vector<Property>&, const char*, std::string_view);
};

constexpr Row rows[] = {
    {"cpu.weight", "CPUWeight", add_limit},
    {"cpu.idle", "CPUWeight", add_idle},
    {"cpu.max", "", add_cpu_max},
    {"cpuset.cpus", "AllowedCPUs", add_set},
    {"cpuset.mems", "AllowedMemoryNodes", add_set},
    {"memory.min", "MemoryMin", add_limit},
    {"memory.low", "MemoryLow", add_limit},
    {"memory.high", "MemoryHigh", add_limit},
    {"memory.max", "MemoryMax", add_limit},
    {"memory.swap.max", "MemorySwapMax", add_limit},
    {"io.weight", "IOWeight", add_limit},
    {"pids.max", "TasksMax", add_tasks},
    {"cpu.shares", "CPUShares", add_limit},
    {"memory.limit_in_bytes", "MemoryLimit", add_limit},
    {"blkio.weight", "BlockIOWeight", add_limit},
};

}  // namespace

std::vector<Property> scope_properties(const Scope& scope, const std::string& id) {
  return {
      {"Description", "tare container " + id},
      {"Slice", scope.slice},
      // The container manages its own cgroups; this also enables all controllers in it.
      {"Delegate", true},
      // At shutdown not stopped before its engine, nor after services.
      {"DefaultDependencies", false},
      // A failed scope, for example after an OOM kill, needs no reset.
      {"CollectMode", std::string("inactive-or-failed")},
      {"CPUAccounting", true},
      {"MemoryAccounting", true},
      {"IOAccounting", true},
      {"TasksAccounting", true},
  };
}

std::vector<Property> limit_properties(const std::vector<Write>& limits) {
  std::map<std::string_view, std::string_view> last;
  for (const Write& write : limits) {
    last[write.file] = write.value;
    if (write.fallback) last[write.fallback->file] = write.fallback->value;
  }
  std::vector<Property> list;
  for (const Row& row : rows) {
    const auto written = last.find(row.file);
    if (written != last.end()) row.add(list, row.property, written->second);
  }
  if (const auto quota = last.find("cpu.cfs_quota_us"); quota != last.end()) {
    const auto period = last.find("cpu.cfs_period_us");
    add_quota(list, quota->second, period == last.end() ? "" : period->second);
  }
  return list;
}

namespace {

// "c 1:3 rwm" in systemd's form; nothing for a minor number of all drivers.
std::optional<Property::Pairs::value_type> allowed_device(const std::string& line) {
  const auto parts = split(line, ' ');
  const auto numbers = split(parts[1], ':');
  const std::string type = parts[0] == "b" ? "block" : "char";
  // All devices of a driver are selected by its number, those of every driver by "*".
  if (numbers[1] == "*")
    return std::pair(type + "-" + std::string(numbers[0]), std::string(parts[2]));
  if (numbers[0] == "*") return std::nullopt;
  return std::pair("/dev/" + type + "/" + std::string(parts[1]), std::string(parts[2]));
}

std::optional<Property::Pairs> allowed_devices(const std::vector<DeviceRule>& rules) {
  const Result<std::vector<DeviceWrite>> writes = device_writes_v1(rules);
  const bool denies_others = writes.ok() && !writes->front().allow;
  if (!denies_others) return std::nullopt;
  Property::Pairs allowed;
  for (const DeviceWrite& write : *writes) {
    if (!write.allow) continue;
    auto device = allowed_device(write.line);
    if (!device) return std::nullopt;
    allowed.push_back(std::move(*device));
  }
  return allowed;
}

}  // namespace

std::vector<Property> device_properties(const std::vector<DeviceRule>& rules) {
  auto allowed = allowed_devices(rules);
  if (!allowed) return {{"DevicePolicy", std::string("auto")}, {"DeviceAllow", Property::Pairs()}};
  return {{"DevicePolicy", std::string("strict")}, {"DeviceAllow", std::move(*allowed)}};
}

}  // namespace tare::cgroups
