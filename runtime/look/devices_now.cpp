// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/devices_now.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"

namespace tare::runtime {

namespace {

constexpr char origin[] = "/linux/resources/devices";

const cgroups::Directory* place_of_rules(const std::vector<cgroups::Directory>& directories,
                                         int version) {
  for (const cgroups::Directory& one : directories) {
    if (one.version != version) continue;
    if (version == 2 || contains(one.controllers, "devices")) return &one;
  }
  return nullptr;
}

void look_at_programs(const cgroups::Directory& place, const std::vector<oci::DeviceCgroup>& rules,
                      DevicesNow& now) {
  const auto directory = cgroups::open_directory(place);
  const auto parsed = cgroups::device_rules(rules);
  if (!directory.ok() || !parsed.ok()) return;
  const auto own = cgroups::tag_of_device_filter(cgroups::compile_device_filter(*parsed));
  auto attached = cgroups::tags_of_attached(directory->get());
  if (!own.ok() || !attached.ok()) return;
  now.configured_program = *own;
  now.programs = std::move(attached).value();
}

}  // namespace

DevicesNow look_at_devices(const std::vector<cgroups::Directory>& directories,
                           const std::vector<oci::DeviceCgroup>& rules) {
  DevicesNow now;
  if (const cgroups::Directory* v1 = place_of_rules(directories, 1); v1 != nullptr) {
    const auto directory = cgroups::open_directory(*v1);
    if (!directory.ok()) return now;
    auto list = read_kernel_file(directory->get(), "devices.list");
    if (list.ok()) now.list = std::move(list).value();
  } else if (const cgroups::Directory* v2 = place_of_rules(directories, 2); v2 != nullptr) {
    look_at_programs(*v2, rules, now);
  }
  return now;
}

namespace {

// "c 1:3 rwm": its accesses by its device.
using Accesses = std::map<std::string, std::string>;

Accesses accesses_of(const std::vector<std::string_view>& lines) {
  Accesses accesses;
  for (const std::string_view line : lines) {
    const std::size_t blank = line.rfind(' ');
    if (blank == std::string_view::npos) continue;
    accesses[std::string(line.substr(0, blank))] = std::string(line.substr(blank + 1));
  }
  return accesses;
}

std::string access_in(const Accesses& accesses, const std::string& device) {
  const auto found = accesses.find(device);
  return found == accesses.end() ? "none" : found->second;
}

void compare_list(const std::vector<std::string>& wanted, std::string_view list, Found& found) {
  const bool all_wanted = wanted.front() == cgroups::all_devices;
  const bool all_found = list.starts_with(cgroups::all_devices);
  if (all_wanted || all_found) {
    const auto shown = [](bool all) { return all ? "all devices" : "a list of devices"; };
    return found.compare(origin, "allowed devices", shown(all_wanted), shown(all_found));
  }
  const Accesses one = accesses_of({wanted.begin(), wanted.end()});
  const Accesses other = accesses_of(split(list, '\n'));
  Accesses both = one;
  both.insert(other.begin(), other.end());
  for (const auto& [device, access] : both) {
    found.compare(origin, "device " + printable(device), access_in(one, device),
                  printable(access_in(other, device)));
  }
}

std::string shown_programs(std::size_t own, std::size_t others) {
  return std::to_string(own) + " of its rules, " + std::to_string(others) + " of others";
}

void compare_programs(bool wanted, const DevicesNow& now, bool others_attach, Found& found) {
  const std::size_t all = now.programs->size();
  const auto own =
      static_cast<std::size_t>(std::ranges::count(*now.programs, now.configured_program));
  const std::size_t others = others_attach ? 0 : all - own;
  // `update` attaches a program that allows everything, where `create` attaches none.
  if ((own != 0) >= wanted && others == 0) return;
  found.differs(origin, "device programs (BPF)", shown_programs(wanted ? 1 : 0, 0),
                shown_programs(own, others));
}

}  // namespace

void compare_devices(const step::RestrictDevices& step, const DevicesNow& now, bool others_attach,
                     Found& found) {
  const auto rules = cgroups::device_rules(step.rules);
  if (!rules.ok()) return;
  const bool restricts = !cgroups::allow_everything(*rules);
  if (now.programs) {
    if (step.may_fail && now.programs->empty()) return;
    return compare_programs(restricts, now, others_attach, found);
  }
  const auto writes = cgroups::device_writes_v1(*rules);
  if (now.list && writes.ok()) {
    // The kernel may have refused the rules, and that was no error.
    if (step.may_fail && now.list->starts_with(cgroups::all_devices)) return;
    return compare_list(cgroups::device_list_v1(*writes), *now.list, found);
  }
  if (!step.may_fail && restricts) {
    found.differs(origin, "allowed devices", "a list of devices", "unknown (it cannot be read)");
  }
}

}  // namespace tare::runtime
