// SPDX-License-Identifier: Apache-2.0
//
// A container's resctrl group. All paths are below the descriptor of the file system's root; in
// tests it is a directory tree with the same layout.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/changes.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/record.h"
#include "runtime/steps/resctrl.h"

namespace tare::runtime {

// What delete will have to remove; determined before anything is created.
oci::RecordedResctrl intended_resctrl(int root, const step::EnterResctrl& step);

// Removes our groups; ones that are already gone are ignored.
Result<void> remove_resctrl(int root, const oci::RecordedResctrl& made);

// New values for an existing group; its current values are the undo.
Result<Change> change_schemata(const std::string& group,
                               const std::vector<step::EnterResctrl::Line>& lines);
Result<Change> change_schemata(UniqueFd root, const std::string& group,
                               const std::vector<step::EnterResctrl::Line>& lines);

// Puts a process into the container's group. A missing group is not an error.
Result<void> join_resctrl(int root, const step::JoinResctrl& step, pid_t pid);

// True if the file `schemata` has all values of `line` ("L3:0=f;1=ff"), in any notation.
bool has_schema(std::string_view schemata, std::string_view line);

class Resctrl {
 public:
  Resctrl(UniqueFd root, const step::EnterResctrl& step);
  Resctrl(Resctrl&&) noexcept = default;
  Resctrl& operator=(Resctrl&&) noexcept = delete;
  ~Resctrl();  // removes what was made here, unless kept

  // In this order: the group's directory, its values, its process and the monitoring group.
  Result<void> make();
  Result<void> write_schemata();
  Result<void> enter(pid_t pid);

  [[nodiscard]] oci::RecordedResctrl made() const;
  void keep() { kept_ = true; }

 private:
  Result<void> compare_schemata(int group) const;
  Result<void> monitor(int group, pid_t pid);

  UniqueFd root_;
  UniqueFd group_;
  const step::EnterResctrl& step_;
  bool made_group_ = false;
  bool made_monitor_ = false;
  bool kept_ = false;
};

}  // namespace tare::runtime
