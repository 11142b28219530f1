// SPDX-License-Identifier: Apache-2.0
//
// Creates namespaces. A child creates them and exits when they are held in another way. A pid
// namespace exists only as long as its first process, so there the child stays as that process: a
// minimal process with an empty root and without ids and privileges of the host.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/opened.h"
#include "runtime/namespaces/wishes.h"

namespace tare::runtime {

// The descriptor of the pipe in the program that holds a pid namespace. It reads one byte, and
// exits if the pipe is closed before that.
inline constexpr int holder_pipe = 3;

class Making {
 public:
  // `holder_program` is an executable file for the holder of a pid namespace, otherwise -1.
  static Result<Making> begin(const NamespaceWishes& wishes, int holder_program);
  Making(Making&& other) noexcept;
  Making& operator=(Making&&) = delete;
  ~Making();  // kills the child, unless release() was called

  [[nodiscard]] const std::vector<OpenedNamespace>& namespaces() const { return namespaces_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // The child drops everything that it does not need and becomes the holder. Until release() is
  // called, it ends with this process.
  Result<void> become_holder();
  Result<void> release();

 private:
  Making(pid_t pid, UniqueFd go, UniqueFd report)
      : pid_(pid), go_(std::move(go)), report_(std::move(report)) {}
  Result<void> go_on() const;
  Result<void> hear() const;

  pid_t pid_ = -1;
  UniqueFd go_;      // a byte: the child continues; closed: it exits
  UniqueFd report_;  // errors of the child; closed when it has executed the holder
  std::vector<OpenedNamespace> namespaces_;
};

}  // namespace tare::runtime
