// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/resctrl_usage.h"

#include <algorithm>
#include <cerrno>

#include "base/directory.h"
#include "base/text.h"
#include "runtime/host/resctrl_root.h"

namespace tare::runtime {

namespace {

// The text of a file without the newline; nothing if the file does not exist, or the counter has no
// value now (EIO, "Unavailable").
std::string text_of(int directory, const std::string& file) {
  const std::string text = read_kernel_file(directory, file.c_str()).value_or("");
  return std::string(without_newline(text));
}

std::uint64_t number_of(int directory, const std::string& file) {
  return parse_number<std::uint64_t>(text_of(directory, file)).value_or(0);
}

std::string schema_of(int group, std::string_view resource) {
  const std::string schemata = text_of(group, "schemata");
  for (std::string_view line : split(schemata, '\n')) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with(resource)) return std::string(line);
  }
  return "";
}

bool is_there(int directory, const char* path) {
  return open_at(directory, path, O_PATH | O_DIRECTORY | O_NOFOLLOW).ok();
}

void add_allocation(int root, int group, oci::IntelRdtStats& stats) {
  if (is_there(root, "info/L3")) {
    stats.l3CacheInfo = {text_of(root, "info/L3/cbm_mask"), number_of(root, "info/L3/min_cbm_bits"),
                         number_of(root, "info/L3/num_closids")};
    stats.l3CacheSchemaRoot = schema_of(root, "L3");
    stats.l3CacheSchema = schema_of(group, "L3");
  }
  if (is_there(root, "info/MB")) {
    stats.memBwInfo = {
        number_of(root, "info/MB/bandwidth_gran"), number_of(root, "info/MB/delay_linear"),
        number_of(root, "info/MB/min_bandwidth"), number_of(root, "info/MB/num_closids")};
    stats.memBwSchemaRoot = schema_of(root, "MB");
    stats.memBwSchema = schema_of(group, "MB");
  }
}

// One directory "mon_L3_NN" for each NUMA node.
Call<void> add_monitoring(int root, int monitored, oci::IntelRdtStats& stats) {
  const std::string features = text_of(root, "info/L3_MON/mon_features");
  const auto words = split(features, '\n');
  const auto has = [&](std::string_view word) { return std::ranges::count(words, word) != 0; };
  if (has("llc_occupancy")) stats.cmtStats.emplace();
  if (has("mbm_total_bytes") || has("mbm_local_bytes")) stats.mbmStats.emplace();
  const UniqueFd data = TRY(open_at(monitored, "mon_data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  std::vector<std::string> nodes;
  TRY(for_each_entry(data.get(), [&](const dirent& entry) {
    if (std::string_view(entry.d_name).starts_with("mon_L3_")) nodes.emplace_back(entry.d_name);
  }));
  std::ranges::sort(nodes);
  for (const std::string& node : nodes) {
    if (stats.cmtStats) {
      stats.cmtStats->push_back({number_of(data.get(), node + "/llc_occupancy")});
    }
    if (!stats.mbmStats) continue;
    stats.mbmStats->push_back({number_of(data.get(), node + "/mbm_total_bytes"),
                               number_of(data.get(), node + "/mbm_local_bytes")});
  }
  return {};
}

}  // namespace

Call<oci::IntelRdtStats> read_intel_rdt(int root, const oci::RecordedResctrl& recorded) {
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  const std::string name = recorded.group.empty() ? "." : recorded.group;
  const UniqueFd group = TRY(open_at(root, name.c_str(), flags));
  oci::IntelRdtStats stats;
  add_allocation(root, group.get(), stats);
  const std::string monitor = recorded.monitor.empty() ? "." : "mon_groups/" + recorded.monitor;
  const UniqueFd monitored = TRY(open_at(group.get(), monitor.c_str(), flags));
  const Call<void> added = add_monitoring(root, monitored.get(), stats);
  // The processor supports allocation but not monitoring.
  if (!added.ok() && added.error().error != ENOENT) return added.error();
  return stats;
}

Result<oci::IntelRdtStats> read_intel_rdt(const oci::RecordedResctrl& recorded) {
  const std::optional<UniqueFd> root = TRY(open_resctrl());
  if (!root) return oci::IntelRdtStats();
  return read_intel_rdt(root->get(), recorded).because("read the resctrl group");
}

}  // namespace tare::runtime
