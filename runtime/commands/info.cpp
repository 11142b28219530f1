// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/text.h"
#include "base/wrap.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/host/info.h"

namespace tare::runtime {

namespace {

constexpr std::size_t column = 35;

std::string row(const std::string& name, const std::string& words) {
  return two_columns("  " + printable(name), printable(words), column);
}

std::string row(const std::string& name, const oci::Ability& ability) {
  const std::string answer = ability.works ? "yes" : "no";
  return row(name, ability.detail.empty() ? answer : answer + ": " + ability.detail);
}

std::string rows(const oci::Abilities& abilities) {
  std::string text;
  for (const auto& [name, ability] : abilities) text += row(name, ability);
  return text.empty() ? row("none", "") : text;
}

std::string cgroup_rows(const oci::CgroupInfo& info) {
  std::string text = row("layout", info.layout);
  for (const oci::HierarchyInfo& hierarchy : info.hierarchies) {
    std::string words = "v" + std::to_string(hierarchy.version) + ": " +
                        join(hierarchy.controllers, " ") + "; tare is in " + hierarchy.own +
                        (hierarchy.mayMakeHere ? ", cgroups can be made" : ", not delegated");
    if (hierarchy.favordynmods) words += "; favordynmods";
    text += row(hierarchy.mount, words);
  }
  return text;
}

std::string range_words(const std::vector<oci::IdRange>& ranges) {
  std::string words;
  for (const oci::IdRange& range : ranges) {
    words += (words.empty() ? "" : ", ") + std::to_string(range.count) + " from " +
             std::to_string(range.first);
  }
  return words.empty() ? "none" : words;
}

std::string text_of(const oci::HostInfo& info) {
  const std::string modules = join(info.securityModules, " ");
  const oci::RootlessInfo& rootless = info.rootless;
  return "host:\n" + row("kernel", info.kernel + " " + info.machine) +
         row("security modules", modules.empty() ? "none" : modules) +
         row("systemd of the host", info.systemd) + row("systemd of the user", info.userSystemd) +
         "\nkernel features:\n" + rows(info.features) + "\nnew namespaces:\n" +
         rows(info.namespaces) + "\nid-mapped mounts, by file system:\n" +
         rows(info.idmappedMounts) + "\ncgroups:\n" + cgroup_rows(info.cgroups) +
         "\nwithout privileges, user " + std::to_string(rootless.uid) + ":\n" +
         row("subordinate user ids", range_words(rootless.subordinateUids)) +
         row("subordinate group ids", range_words(rootless.subordinateGids)) +
         row("newuidmap", rootless.newuidmap) + row("newgidmap", rootless.newgidmap);
}

Result<int> info_command(const CommandContext& context) {
  const oci::HostInfo info = look_around();
  const bool json = context.options().text("format") == "json";
  TRY(print_out(json ? oci::encode_host_info(info) : text_of(info)));
  return 0;
}

constexpr Option options[] = {shared::text_or_json};
constexpr Example examples[] = {
    {"Print what this host supports:", "tare info"},
};

}  // namespace

const Command info_row = {
    .name = "info",
    .arguments = "",
    .summary = "probe and print what this host supports",
    .description =
        "Tests the kernel features that containers may need, and prints the results: namespaces, "
        "ID-mapped mounts by file system, cgroup controllers, systemd, and what an unprivileged "
        "user may do. tare draws no conclusions from version numbers. Each test is undone.",
    .options = options,
    .least = 0,
    .most = 0,
    .run = info_command,
    .uses_store = false,
    .examples = examples,
    .see_also = "tare-features(1) tare-check(1)",
};

}  // namespace tare::runtime
