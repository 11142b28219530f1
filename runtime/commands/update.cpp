// SPDX-License-Identifier: Apache-2.0
//
// Changes the limits of a container: from a file, options, or both. Options override the file.
#include <fcntl.h>
#include <memory>
#include <optional>

#include "base/changes.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"
#include "cgroups/devices/devices.h"
#include "cgroups/systemd/bus.h"
#include "oci/bundle.h"
#include "oci/document.h"
#include "oci/validate.h"
#include "runtime/command_line/quantities.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

Error no_value(const char* option, const std::string& text) {
  return Error(Error::Kind::usage,
               "invalid value for --" + std::string(option) + ": " + quote(text));
}

// Sets `field` if the option was given.
template <class Field>
Result<void> take_number(const Values& options, const char* name, Field& field) {
  if (!options.has(name)) return {};
  using Number = typename Field::value_type;
  const auto number = parse_number<Number>(options.text(name));
  if (!number) return no_value(name, options.text(name));
  field = *number;
  return {};
}

// Bytes with a unit, or -1 for no limit.
Result<void> take_bytes(const Values& options, const char* name,
                        std::optional<std::int64_t>& field) {
  if (!options.has(name)) return {};
  const std::string text = options.text(name);
  const auto bytes = text == "-1" ? std::optional<std::int64_t>(-1) : parse_bytes(text);
  if (!bytes) return no_value(name, text);
  field = *bytes;
  return {};
}

Result<void> take_cpu(const Values& options, oci::Resources& resources) {
  oci::CPU cpu = resources.cpu.value_or(oci::CPU{});
  TRY(take_number(options, "cpu-share", cpu.shares));
  TRY(take_number(options, "cpu-quota", cpu.quota));
  TRY(take_number(options, "cpu-period", cpu.period));
  TRY(take_number(options, "cpu-burst", cpu.burst));
  TRY(take_number(options, "cpu-rt-period", cpu.realtimePeriod));
  TRY(take_number(options, "cpu-rt-runtime", cpu.realtimeRuntime));
  TRY(take_number(options, "cpu-idle", cpu.idle));
  if (options.has("cpuset-cpus")) cpu.cpus = options.text("cpuset-cpus");
  if (options.has("cpuset-mems")) cpu.mems = options.text("cpuset-mems");
  resources.cpu = std::move(cpu);
  return {};
}

Result<void> take_memory(const Values& options, oci::Resources& resources) {
  oci::Memory memory = resources.memory.value_or(oci::Memory{});
  TRY(take_bytes(options, "memory", memory.limit));
  TRY(take_bytes(options, "memory-reservation", memory.reservation));
  TRY(take_bytes(options, "memory-swap", memory.swap));
  resources.memory = memory;
  return {};
}

Result<void> take_options(const Values& options, oci::Resources& resources) {
  TRY(take_cpu(options, resources));
  TRY(take_memory(options, resources));
  if (options.has("pids-limit")) {
    resources.pids.emplace();
    TRY(take_number(options, "pids-limit", resources.pids->limit));
  }
  if (options.has("blkio-weight")) {
    if (!resources.blockIO) resources.blockIO.emplace();
    TRY(take_number(options, "blkio-weight", resources.blockIO->weight));
  }
  return {};
}

// config-linux.md, "IntelRdt": one line per option, in this order.
Result<std::vector<step::EnterResctrl::Line>> requested_schemata(const Values& options) {
  struct Schema {
    const char* option;
    std::string_view resource;
  };
  constexpr Schema schemata[] = {{"l3-cache-schema", "L3"}, {"mem-bw-schema", "MB:"}};
  std::vector<step::EnterResctrl::Line> lines;
  for (const auto& [option, resource] : schemata) {
    if (!options.has(option)) continue;
    const std::string text = options.text(option);
    const bool is_line = text.find('\n') == std::string::npos;
    if (!is_line || !text.starts_with(resource)) return no_value(option, text);
    lines.push_back({text, std::string("--") + option, false});
  }
  return lines;
}

Result<oci::Resources> requested(const Values& options) {
  oci::Resources resources;
  if (options.has("resources")) {
    const std::string text = TRY(read_input(options.text("resources"), "resources"));
    resources = TRY(oci::decode_resources(text));
  }
  TRY(take_options(options, resources));
  TRY(oci::validate(resources));
  return resources;
}

// In v2, one file has both values. A period alone must not remove the quota, and systemd needs
// both.
void keep_quota(oci::Resources& resources, const std::vector<cgroups::Directory>& directories) {
  oci::CPU& cpu = *resources.cpu;
  const bool has_period = cpu.period.value_or(0) != 0;
  const bool has_quota = cpu.quota.value_or(0) != 0;
  if (has_period == has_quota) return;
  for (const auto& directory : directories) {
    if (directory.version != 2) continue;
    const std::string file = cgroups::full_path(directory) + "/cpu.max";
    const Call<std::string> line = read_kernel_file(AT_FDCWD, file.c_str());
    if (!line.ok()) continue;
    const auto parts = split(std::string_view(*line).substr(0, line->find('\n')), ' ');
    if (!has_quota) cpu.quota = parse_number<std::int64_t>(parts.front());
    if (!has_period) cpu.period = parse_number<std::uint64_t>(parts.back());
  }
}

// Gives the new limits and device rules to systemd. Otherwise systemd restores the old ones at a
// daemon-reload.
Result<void> tell_systemd(const cgroups::Scope& scope, const oci::Resources& resources,
                          const std::vector<cgroups::Write>& writes) {
  auto properties = cgroups::limit_properties(writes);
  if (!resources.devices.empty() && !scope.of_user) {
    const auto rules = TRY(cgroups::device_rules(resources.devices));
    // An empty list clears the old list.
    properties.push_back({"DeviceAllow", cgroups::Property::Pairs()});
    for (auto& property : cgroups::device_properties(rules)) {
      properties.push_back(std::move(property));
    }
  }
  return properties.empty() ? Result<void>() : cgroups::set_properties(scope, properties);
}

// systemd applies all properties or none, and then writes values of its own. So tare writes its
// values again. The previous properties of the unit are not known.
Change change_scope(const cgroups::Scope& scope, const oci::Resources& resources,
                    const std::vector<cgroups::Write>& writes, const std::vector<Change>& again) {
  Change change;
  const auto told = std::make_shared<bool>(false);
  change.make = [=]() -> Result<void> {
    TRY(tell_systemd(scope, resources, writes));
    *told = true;
    for (const Change& one : again) TRY(one.make());
    return {};
  };
  change.take_back = [=] { return *told ? "what systemd knows of " + scope.unit : std::string(); };
  return change;
}

Result<Change> change_resctrl(const Container& container,
                              const std::vector<step::EnterResctrl::Line>& lines) {
  if (container.record.resctrl) return change_schemata(container.record.resctrl->group, lines);
  return Error(Error::Kind::refused,
               lines.front().origin + ": container " + container.entry.id() +
                   " has no resctrl group: it was created without linux.intelRdt");
}

// In the order of application. systemd comes last, after all other changes have succeeded.
Result<std::vector<Change>> planned_changes(const Container& container,
                                            const cgroups::Cgroup& cgroup,
                                            const oci::Resources& resources,
                                            const std::vector<cgroups::Write>& writes,
                                            const std::vector<step::EnterResctrl::Line>& schemata) {
  std::vector<Change> changes{cgroup.change_limits(writes)};
  if (!resources.devices.empty()) {
    changes.push_back(TRY(cgroup.change_devices(resources.devices)));
  }
  const std::vector<Change> in_cgroup = changes;
  if (!schemata.empty()) changes.push_back(TRY(change_resctrl(container, schemata)));
  const std::optional<cgroups::Scope> scope = container.scope();
  if (scope) changes.push_back(change_scope(*scope, resources, writes, in_cgroup));
  return changes;
}

Result<int> update_command(const CommandContext& context) {
  oci::Resources resources = TRY(requested(context.options()));
  for (const std::string& warning : oci::warnings(resources)) context.log.warning(warning);
  const auto schemata = TRY(requested_schemata(context.options()));
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  const std::vector<cgroups::Directory> directories = container.cgroup();
  keep_quota(resources, directories);
  const auto writes = TRY(cgroups::writes(resources, directories));
  const cgroups::Cgroup cgroup = TRY(cgroups::Cgroup::open(directories));
  const std::vector<Change> changes =
      TRY(planned_changes(container, cgroup, resources, writes, schemata));
  TRY(all_or_nothing(changes));
  return 0;
}

using enum Option::Takes;

constexpr Option options[] = {
    {.name = "resources",
     .letter = 'r',
     .takes = text,
     .value = "FILE",
     .help = "read linux.resources as JSON from FILE (-: standard input)"},
    {.name = "memory", .takes = text, .value = "BYTES", .help = "memory limit (-1: unlimited)"},
    {.name = "memory-reservation",
     .takes = text,
     .value = "BYTES",
     .help = "soft memory limit (-1: unlimited)"},
    {.name = "memory-swap",
     .takes = text,
     .value = "BYTES",
     .help = "limit of memory plus swap (-1: unlimited)"},
    {.name = "cpu-share",
     .takes = text,
     .value = "N",
     .help = "CPU shares: weight relative to other cgroups"},
    {.name = "cpu-period", .takes = text, .value = "US", .help = "CPU period in microseconds"},
    {.name = "cpu-quota",
     .takes = text,
     .value = "US",
     .help = "CPU time per period in microseconds (-1: unlimited)"},
    {.name = "cpu-burst",
     .takes = text,
     .value = "US",
     .help = "CPU time that may be saved for a burst"},
    {.name = "cpu-rt-period", .takes = text, .value = "US", .help = "period for realtime tasks"},
    {.name = "cpu-rt-runtime",
     .takes = text,
     .value = "US",
     .help = "CPU time of realtime tasks per period"},
    {.name = "cpu-idle",
     .takes = text,
     .value = "0|1",
     .help = "1: run only when no other cgroup needs the CPU"},
    {.name = "cpuset-cpus",
     .takes = text,
     .value = "LIST",
     .help = "CPUs to use, for example 0-3,7"},
    {.name = "cpuset-mems",
     .takes = text,
     .value = "LIST",
     .help = "memory nodes to use, for example 0-3,7"},
    {.name = "pids-limit",
     .takes = text,
     .value = "N",
     .help = "maximum number of processes (-1: unlimited)"},
    {.name = "blkio-weight", .takes = text, .value = "N", .help = "I/O weight, 10 to 1000"},
    {.name = "l3-cache-schema",
     .takes = text,
     .value = "SCHEMA",
     .help = "L3 cache schema (resctrl)"},
    {.name = "mem-bw-schema",
     .takes = text,
     .value = "SCHEMA",
     .help = "memory bandwidth schema (resctrl)"},
    // The kernel has abandoned both. Callers still send them.
    {.name = "kernel-memory", .takes = text, .value = "BYTES", .hidden = true},
    {.name = "kernel-memory-tcp", .takes = text, .value = "BYTES", .hidden = true},
};
constexpr Example examples[] = {
    {"Limit a container to 64 MiB of memory and 100 processes:",
     "tare update --memory 64m --pids-limit 100 web"},
    {"Read limits from standard input:",
     "echo '{\"cpu\": {\"shares\": 512}}' | tare update --resources - web"},
};

}  // namespace

const Command update_row = {
    .name = "update",
    .arguments = "ID",
    .summary = "change resource limits (all succeed or none is applied)",
    .description =
        "Changes limits of a created or running container. Limits without an option stay "
        "unchanged. "
        "If the kernel refuses one value, the others are restored.\n\n"
        "BYTES may have a unit: `64m`, `1.5GiB`. `--resources` reads the format of config.json at "
        "/linux/resources, including device rules; other options override the file.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = update_command,
    .examples = examples,
    .see_also = "tare-events(1) cgroups(7)",
};

}  // namespace tare::runtime
