// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/remains.h"

#include <cerrno>

#include "base/text.h"
#include "cgroups/hierarchy/place.h"

namespace tare::runtime {

namespace {

// Empty if it is complete.
std::string what_is_wrong(const Container& container) {
  if (container.status() != Status::stopped) return "";
  if (container.record.phase == "creating" && !same_boot(container.record)) {
    return "it is of an earlier boot, and its record is not complete";
  }
  if (container.record.phase == "creating") {
    return "its create, process " + std::to_string(container.record.creatorPid) +
           ", ended before it was done";
  }
  return container.entry.awaits_start() ? "it died before it was started" : "";
}

// False if another command works on it. The init of a killed creator holds the lock until it ends,
// which is soon.
Result<bool> locked(const Entry& entry) {
  constexpr int timeout_ms = 2000;
  Result<void> lock = entry.lock(0);
  if (!lock.ok() && lock.error().error == ETIMEDOUT) {
    const Result<oci::Record> record = entry.read();
    const bool creator_ended =
        record.ok() && record->phase == "creating" && !is_creator_running(*record);
    if (creator_ended) lock = entry.lock(timeout_ms);
  }
  if (lock.ok()) return true;
  if (lock.error().error == ETIMEDOUT) return false;
  return std::move(lock).error();
}

}  // namespace

Result<std::optional<Remains>> find_remains(const Store& store, const std::string& id) {
  std::optional<Remains> nothing;
  Result<Entry> found = store.find(id);
  if (!found.ok() && found.error().kind == Error::Kind::not_found) return nothing;
  Entry entry = TRY(std::move(found));
  if (!TRY(locked(entry)) || entry.is_removed()) return nothing;
  Result<oci::Record> record = entry.read();
  if (!record.ok() && record.error().error == ENOENT) {
    oci::Record claimed;
    claimed.phase = "creating";
    return std::optional(
        Remains{{std::move(entry), std::move(claimed)}, "the ID is claimed, and nothing else"});
  }
  oci::Record known = TRY(std::move(record));
  Container container{std::move(entry), std::move(known)};
  std::string why = what_is_wrong(container);
  if (why.empty()) return nothing;
  return std::optional(Remains{std::move(container), std::move(why)});
}

std::vector<std::string> belongings(const Container& container) {
  std::vector<std::string> list;
  for (const cgroups::Directory& directory : container.cgroup()) {
    if (directory.made > 0) list.push_back("cgroup " + printable(cgroups::full_path(directory)));
  }
  const oci::Record& record = container.record;
  if (record.systemdScope) list.push_back("systemd scope " + printable(record.systemdScope->unit));
  if (record.resctrl && record.resctrl->made) {
    list.push_back("resctrl group " + printable(record.resctrl->group));
  }
  if (record.resctrl && !record.resctrl->monitor.empty()) {
    const std::string& group = record.resctrl->group;
    list.push_back("monitoring group " + printable(record.resctrl->monitor) + " of resctrl group " +
                   (group.empty() ? "/" : printable(group)));
  }
  if (record.hostMount != 0) list.push_back("mount " + printable(record.rootfs));
  return list;
}

}  // namespace tare::runtime
