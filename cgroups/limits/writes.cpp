// SPDX-License-Identifier: Apache-2.0
#include "cgroups/limits/writes.h"

#include "base/text.h"
#include "cgroups/limits/rows.h"

namespace tare::cgroups {

namespace {

std::optional<std::size_t> find_directory(const std::vector<Directory>& directories, int version,
                                          std::string_view controller) {
  for (std::size_t i = 0; i < directories.size(); ++i) {
    if (directories[i].version == version && contains(directories[i].controllers, controller)) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> find_v2(const std::vector<Directory>& directories) {
  for (std::size_t i = 0; i < directories.size(); ++i) {
    if (directories[i].version == 2) return i;
  }
  return std::nullopt;
}

// The only controller with another name in v2.
std::string_view v1_name(std::string_view controller) {
  return controller == "io" ? "blkio" : controller;
}

Error not_available(std::string pointer, std::string_view controller) {
  return Error::unsupported(std::move(pointer),
                            "controller " + quote(controller) + " not available");
}

Write to_write(const Row& row, Value value, std::size_t directory) {
  Write write;
  write.directory = directory;
  write.controller = row.controller;
  write.file = value.file.empty() ? row.file : std::move(value.file);
  write.value = std::move(value.text);
  write.origin = pointer_to(row.pointer) + value.suffix;
  write.on_missing = value.holds_anyway ? Write::OnMissing::ignore : Write::OnMissing::fail;
  write.fallback = std::move(value.fallback);
  write.usage_file = std::move(value.usage_file);
  write.parents_first = row.parents_first;
  return write;
}

// A table is for one version; `directory` is the index of the row's controller in the list, if it
// is there.
Result<void> add(std::vector<Write>& list, const Row& row, const oci::Resources& resources,
                 std::optional<std::size_t> directory, std::string_view controller) {
  for (Value& value : TRY(row.values(resources))) {
    if (directory && row.file != nullptr) {
      list.push_back(to_write(row, std::move(value), *directory));
    } else if (!value.holds_anyway) {
      std::string pointer = pointer_to(row.pointer) + value.suffix;
      if (!directory) return not_available(std::move(pointer), controller);
      return Error::unsupported(std::move(pointer), "cgroup v2 has no equivalent");
    }
  }
  return {};
}

Result<void> check_unified_key(const std::string& key) {
  const bool is_file_name = !key.empty() && key.find('/') == std::string::npos &&
                            key.find('\0') == std::string::npos && !key.starts_with('.');
  if (is_file_name) return {};
  return Error::config(pointer_to("/unified"), quote(key) + " is not the name of a cgroup file");
}

// Every v2 cgroup has the files "cgroup.*"; "cpu.stat", "memory.pressure" and the like are not
// limits. So every other name needs the controller that it starts with.
Result<void> add_unified(std::vector<Write>& list, const std::string& key, const std::string& text,
                         const std::vector<Directory>& directories) {
  TRY(check_unified_key(key));
  const std::string controller = key.substr(0, key.find('.'));
  const std::string pointer = pointer_to("/unified/") + printable(key);
  const auto directory =
      controller == "cgroup" ? find_v2(directories) : find_directory(directories, 2, controller);
  if (!directory) return not_available(pointer, controller);
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    Write write;
    write.directory = *directory;
    write.controller = controller;
    write.file = key;
    write.value = line;
    write.origin = pointer;
    list.push_back(std::move(write));
  }
  return {};
}

}  // namespace

Result<std::vector<Write>> writes(const oci::Resources& resources,
                                  const std::vector<Directory>& directories) {
  std::vector<Write> list;
  for (const Row& row : rows_v1()) {
    const auto directory = find_directory(directories, 1, row.controller);
    if (directory) TRY(add(list, row, resources, directory, row.controller));
  }
  const bool has_v2 = find_v2(directories).has_value();
  for (const Row& row : rows_v2()) {
    if (find_directory(directories, 1, v1_name(row.controller))) continue;  // done above
    TRY(add(list, row, resources, find_directory(directories, 2, row.controller),
            has_v2 ? row.controller : v1_name(row.controller)));
  }
  // Last, so that they override converted values.
  for (const auto& [key, text] : resources.unified) {
    TRY(add_unified(list, key, text, directories));
  }
  return list;
}

}  // namespace tare::cgroups
