// SPDX-License-Identifier: Apache-2.0
//
// The limits of a container as text: the effective limits, their usage, and which limit is reached
// first.
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "runtime/command_line/columns.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/command_line/units.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/look/cgroup_limits.h"
#include "runtime/store/container.h"
#include "runtime/store/current_cgroup.h"

namespace tare::runtime {

namespace {

using Table = std::vector<std::vector<std::string>>;

std::string amount(const std::string& unit, std::optional<std::uint64_t> value,
                   const char* otherwise) {
  if (!value) return otherwise;
  if (unit == "bytes") return shown_bytes(*value);
  if (unit != "milliCPUs") return std::to_string(*value);
  return shown_thousandths(*value) + (*value == 1000 ? " CPU" : " CPUs");
}

std::string used(const oci::LimitOfCgroup& one) {
  if (!one.limit || !one.usage || *one.limit == 0) return "-";
  return std::to_string(*one.usage * 100 / *one.limit) + "%";
}

// "its own", or the parent cgroup with its limit.
std::string binding(const oci::Limit& limit) {
  if (!limit.binds) return "nothing";
  if (limit.binds->file == limit.own.file) return "its own";
  const std::string directory = limit.binds->file.substr(0, limit.binds->file.rfind('/'));
  return shortened(directory) + " (" + amount(limit.unit, limit.binds->limit, "") + ", " +
         used(*limit.binds) + " used)";
}

std::string limit_table(const oci::Limits& limits) {
  Table rows{{"RESOURCE", "USED", "LIMIT", "SHARE", "LIMITED FIRST BY", "FILE"}};
  for (const oci::Limit& one : limits.limits) {
    rows.push_back({one.resource, amount(one.unit, one.own.usage, "-"),
                    amount(one.unit, one.own.limit, "none"), used(one.own), binding(one),
                    shortened(one.own.file)});
  }
  return in_columns(rows, 0, 2);
}

std::string setting_table(const oci::Limits& limits) {
  if (limits.settings.empty()) return "";
  Table rows{{"SETTING", "VALUE", "FILE"}};
  for (const oci::Setting& one : limits.settings) {
    rows.push_back({one.resource, one.value, shortened(one.file)});
  }
  return "\n" + in_columns(rows, 0, 2);
}

std::string event_table(const oci::Limits& limits) {
  const oci::ThrottledNow& cpu = limits.throttling;
  Table rows{{"throttled", std::to_string(cpu.throttled) + " of " + std::to_string(cpu.periods) +
                               " periods, " + shown_duration(cpu.nanoseconds)}};
  for (const oci::PressureNow& one : limits.pressure) {
    rows.push_back({"pressure on " + one.resource,
                    "some " + one.some + "%, full " + one.full + "% of the last 10 s"});
  }
  rows.push_back({"OOM kills", limits.oomKills ? std::to_string(*limits.oomKills) : "unknown"});
  return "\n" + in_columns(rows, 0, 2);
}

Result<std::string> shown_limits(const CommandContext& context, const Container& container) {
  const oci::Limits limits =
      TRY(read_limits(container.entry.id(), current_cgroup(container.record)));
  if (context.options().text("format") == "json") return oci::encode_limits(limits);
  return limit_table(limits) + setting_table(limits) + event_table(limits);
}

// Prints once a second until the container's init has ended. A terminal is redrawn in place.
Result<int> watch(const CommandContext& context, const Container& container) {
  const UniqueFd init = TRY(container.open_init());
  const bool redraws = ::isatty(STDOUT_FILENO) != 0;
  constexpr int interval_ms = 1000;
  for (;;) {
    Result<std::string> text = shown_limits(context, container);
    pollfd end{init.get(), POLLIN, 0};
    if (!text.ok() && ::poll(&end, 1, 0) > 0) return 0;  // the cgroup was removed with init
    const std::string shown = TRY(std::move(text));
    TRY(print_out(redraws ? "\033[H\033[J" + shown : shown));
    const int woken = ::poll(&end, 1, interval_ms);
    if (woken < 0 && errno != EINTR) return Error(Fault::last("poll"), "wait");
    if (woken > 0) return 0;
  }
}

Result<int> cgroup_show_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  if (container.record.cgroups.empty()) {
    return Error(Error::Kind::unsupported, "container " + context.id() + " has no cgroup");
  }
  if (context.options().has("watch")) return watch(context, container);
  const std::string text = TRY(shown_limits(context, container));
  TRY(print_out(text));
  return 0;
}

constexpr Option options[] = {
    {.name = "watch", .letter = 'w', .help = "print again every second until the container ends"},
    shared::format,
};
constexpr Example examples[] = {
    {"Show what limits a container, and how much it uses:", "tare cgroup show web"},
    {"Print the same as JSON:", "tare cgroup show --format json web"},
};

}  // namespace

const Command cgroup_show_row = {
    .name = "cgroup show",
    .arguments = "ID",
    .summary = "show the limits of a running container and what it uses",
    .description =
        "Prints a table of the limits in the container's cgroup: how much is used, the limit, the "
        "file that it is in, and what limits the container first: its own cgroup or one above it, "
        "whichever is closest to its limit. After the table follow weights, CPUs and limits of "
        "devices, how often the CPU limit has throttled the container, the share of time in which "
        "its tasks waited for a resource (PSI), and how many of its processes the kernel has "
        "killed because memory ran out. Huge pages and RDMA devices have rows if they are limited "
        "or used.\n\n"
        "It works with cgroup v1, v2 and both, in the same order: each line names the file of the "
        "controller. With `--format json` sizes are in bytes, CPU limits in thousandths of a CPU, "
        "and `null` means that there is no limit.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = cgroup_show_command,
    .examples = examples,
    .see_also = "tare-events(1) tare-update(1) cgroups(7)",
};

}  // namespace tare::runtime
