// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/resctrl_group.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "runtime/host/resctrl_root.h"
#include "runtime/steps/resctrl.h"

namespace tare::runtime {

// ---- schemata -----------------------------------------------------------------------------------

namespace {

// Parses "  MB:0= 20;1=100" as {"MB", {{"0", "20"}, {"1", "100"}}}: without spaces and leading
// zeros.
struct Schema {
  std::string resource;
  std::map<std::string, std::string> values;
};

std::string plain(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t') word += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  }
  word.erase(0, std::min(word.find_first_not_of('0'), word.empty() ? 0 : word.size() - 1));
  return word;
}

Schema parse_schema(std::string_view line) {
  Schema schema;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return schema;
  for (const char c : line.substr(0, colon)) {
    if (c != ' ') schema.resource += c;
  }
  for (const std::string_view part : split(line.substr(colon + 1), ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    schema.values[plain(part.substr(0, equals))] = plain(part.substr(equals + 1));
  }
  return schema;
}

}  // namespace

bool has_schema(std::string_view schemata, std::string_view line) {
  const Schema wanted = parse_schema(line);
  for (const std::string_view present : split(schemata, '\n')) {
    const Schema schema = parse_schema(present);
    if (schema.resource.empty() || schema.resource != wanted.resource) continue;
    return std::all_of(wanted.values.begin(), wanted.values.end(), [&](const auto& value) {
      const auto found = schema.values.find(value.first);
      return found != schema.values.end() && found->second == value.second;
    });
  }
  return false;
}

// ---- the group ----------------------------------------------------------------------------------

namespace {

std::string below(const std::string& group, const std::string& path) {
  return group.empty() ? path : group + "/" + path;
}

std::string monitor_path(const std::string& group, const std::string& monitor) {
  return below(group, "mon_groups/" + monitor);
}

bool exists(int root, const std::string& path) {
  return ::faccessat(root, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// The kernel's message about the last refusal (last_cmd_status).
std::string refusal(int root) {
  const Call<std::string> status = read_kernel_file(root, "info/last_cmd_status");
  if (!status.ok()) return "";
  const std::string_view words = without_newline(*status);
  return words.empty() || words == "ok" ? "" : ": " + printable(words);
}

Call<void> write_task(int directory, const std::string& group, pid_t pid) {
  return write_kernel_file(directory, below(group, "tasks").c_str(), std::to_string(pid) + "\n");
}

Result<void> remove_directory(int root, const std::string& path) {
  if (::unlinkat(root, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  return Error(Fault::last("unlinkat"), "remove resctrl group " + printable(path));
}

Result<void> write_lines(int root, int group, const std::string& name,
                         const std::vector<step::EnterResctrl::Line>& lines) {
  for (const auto& line : lines) {
    const Call<void> written = write_kernel_file(group, "schemata", line.text + "\n");
    if (written.ok()) continue;
    Error error(written.error(), "write " + quote(line.text) + " to schemata of resctrl group " +
                                     quote(name) + refusal(root));
    error.at = line.origin;
    return error;
  }
  return {};
}

Call<UniqueFd> open_group(int root, const std::string& group) {
  return open_at(root, group.empty() ? "." : group.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

// The kernel accepts its own lines one at a time.
bool restore_schemata(int group, const std::string& before) {
  const Call<std::string> now = read_kernel_file(group, "schemata");
  if (now.ok() && *now == before) return true;
  bool restored = true;
  for (const std::string_view line : split(before, '\n')) {
    if (line.empty()) continue;
    restored = write_kernel_file(group, "schemata", std::string(line) + "\n").ok() && restored;
  }
  return restored;
}

}  // namespace

oci::RecordedResctrl intended_resctrl(int root, const step::EnterResctrl& step) {
  oci::RecordedResctrl intended{step.group, step.monitor, false};
  intended.made = !step.keeps && !exists(root, step.group);
  if (!step.monitor.empty() && exists(root, monitor_path(step.group, step.monitor))) {
    intended.monitor.clear();
  }
  return intended;
}

Result<void> remove_resctrl(int root, const oci::RecordedResctrl& made) {
  if (!made.monitor.empty()) TRY(remove_directory(root, monitor_path(made.group, made.monitor)));
  if (made.made && !made.group.empty()) TRY(remove_directory(root, made.group));
  return {};
}

Result<void> join_resctrl(int root, const step::JoinResctrl& step, pid_t pid) {
  // The kernel accepts a task in a monitoring group only if the task is in its parent group.
  std::vector<std::string> groups{step.group};
  if (!step.monitor.empty()) groups.push_back(monitor_path(step.group, step.monitor));
  for (const std::string& group : groups) {
    const Call<void> joined = write_task(root, group, pid);
    // If the group was removed, init is not in it either.
    if (joined.ok() || joined.error().error == ENOENT) continue;
    return Error(joined.error(), "write " + printable(below(group, "tasks")) + refusal(root));
  }
  return {};
}

Resctrl::Resctrl(UniqueFd root, const step::EnterResctrl& step)
    : root_(std::move(root)), step_(step) {}

Resctrl::~Resctrl() {
  if (!root_ || kept_) return;
  oci::RecordedResctrl undone = made();
  undone.made = made_group_;  // also a group that would be kept
  [[maybe_unused]] const auto removed = remove_resctrl(root_.get(), undone);  // no one to report to
}

oci::RecordedResctrl Resctrl::made() const {
  return {step_.group, made_monitor_ ? step_.monitor : "", made_group_ && !step_.keeps};
}

Result<void> Resctrl::make() {
  if (!step_.must_exist && !step_.group.empty()) {
    made_group_ = ::mkdirat(root_.get(), step_.group.c_str(), 0755) == 0;
    if (!made_group_ && errno != EEXIST) {
      Error error(Fault::last("mkdirat"), "mkdirat" + refusal(root_.get()));
      if (error.error != ENOSPC) return error;
      return std::move(error).with_hint("the processor has no free class of service");
    }
  }
  Call<UniqueFd> group = open_group(root_.get(), step_.group);
  if (!group.ok() && group.error().error == ENOENT) {
    return Error(group.error(), "open")
        .with_hint("a closID without a schema must name an existing group");
  }
  group_ = TRY(std::move(group));
  return made_group_ ? Result<void>() : compare_schemata(group_.get());
}

// config-linux.md: an existing group must have the requested values.
Result<void> Resctrl::compare_schemata(int group) const {
  const auto compares = [](const auto& line) { return line.compared; };
  if (std::none_of(step_.schemata.begin(), step_.schemata.end(), compares)) return {};
  const std::string present = TRY(read_kernel_file(group, "schemata").because("read schemata"));
  for (const auto& line : step_.schemata) {
    if (!line.compared || has_schema(present, line.text)) continue;
    return Error::config(line.origin, "resctrl group " + quote(step_.group) +
                                          " is there and has other values than " +
                                          quote(line.text));
  }
  return {};
}

Result<void> Resctrl::write_schemata() {
  return write_lines(root_.get(), group_.get(), step_.group, step_.schemata);
}

Result<void> Resctrl::enter(pid_t pid) {
  const Call<void> entered = write_task(group_.get(), "", pid);
  if (!entered.ok()) return Error(entered.error(), "write tasks" + refusal(root_.get()));
  return step_.monitor.empty() ? Result<void>() : monitor(group_.get(), pid);
}

Result<void> Resctrl::monitor(int group, pid_t pid) {
  const std::string path = monitor_path("", step_.monitor);
  made_monitor_ = ::mkdirat(group, path.c_str(), 0755) == 0;
  const auto entered = [&]() -> Call<void> {
    if (!made_monitor_) return Fault::last("mkdirat");
    return write_task(group, path, pid);
  }();
  if (entered.ok()) return {};
  Error error(entered.error(), "make " + printable(path) + refusal(root_.get()));
  error.at = "/linux/intelRdt/enableMonitoring";
  return error;
}

// ---- update -------------------------------------------------------------------------------------

Result<Change> change_schemata(UniqueFd root, const std::string& group,
                               const std::vector<step::EnterResctrl::Line>& lines) {
  struct Opened {
    UniqueFd root;
    UniqueFd group;
    std::string before;
  };
  const std::string why = "resctrl group " + quote(group);
  auto opened = std::make_shared<Opened>();
  opened->group = TRY(open_group(root.get(), group).because("open " + why));
  opened->before =
      TRY(read_kernel_file(opened->group.get(), "schemata").because("read schemata of " + why));
  opened->root = std::move(root);
  Change change;
  change.make = [opened, group, lines] {
    return write_lines(opened->root.get(), opened->group.get(), group, lines);
  };
  change.take_back = [opened, why] {
    return restore_schemata(opened->group.get(), opened->before) ? std::string()
                                                                 : "schemata of " + why;
  };
  return change;
}

Result<Change> change_schemata(const std::string& group,
                               const std::vector<step::EnterResctrl::Line>& lines) {
  std::optional<UniqueFd> root = TRY(open_resctrl());
  if (!root) return resctrl_not_mounted();
  return change_schemata(*std::move(root), group, lines);
}

}  // namespace tare::runtime
