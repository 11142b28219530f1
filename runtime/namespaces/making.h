// SPDX-License-Identifier: Apache-2.0
//
// New namespaces, made by a child that ends when they are held otherwise. A pid namespace lives as
// long as its first process, so the child becomes that and stays: the smallest process there is, in
// an empty root, without ids and privileges of the host.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/opened.h"
#include "runtime/namespaces/wishes.h"

namespace tare::runtime {

// Where the program that holds a pid namespace finds its end of a pipe: it reads one byte, and ends
// at the end of the pipe.
inline constexpr int holder_pipe = 3;

class Making {
 public:
  // `holder_program`: an executable file for the holder of a pid namespace, else -1.
  static Result<Making> begin(const NamespaceWishes& wishes, int holder_program);
  Making(Making&& other) noexcept;
  Making& operator=(Making&&) = delete;
  ~Making();  // ends the child, unless release() was called

  [[nodiscard]] const std::vector<OpenedNamespace>& namespaces() const { return namespaces_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // The child leaves everything that it does not need and becomes the holder, which ends with this
  // process until release() is called.
  Result<void> become_holder();
  Result<void> release();

 private:
  Making(pid_t pid, UniqueFd go, UniqueFd report)
      : pid_(pid), go_(std::move(go)), report_(std::move(report)) {}
  Result<void> go_on() const;
  Result<void> hear() const;

  pid_t pid_ = -1;
  UniqueFd go_;      // a byte: the child may go on; its end: it must not
  UniqueFd report_;  // what the child could not do; its end: it has executed the holder
  std::vector<OpenedNamespace> namespaces_;
};

}  // namespace tare::runtime
