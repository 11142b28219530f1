// SPDX-License-Identifier: Apache-2.0
//
// CRIU (criu(8)) as a service: `criu swrk` on a socket of ours, with its RPC (criu.proto).
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/criu/messages.h"

namespace tare::runtime {

// A callback of CRIU, which waits for the answer.
struct CriuNotice {
  std::string script;   // "setup-namespaces", "post-restore", "orphan-pts-master", ...
  pid_t pid = 0;        // the container's init in our pid namespace
  UniqueFd descriptor;  // of "orphan-pts-master": the master of the terminal
};
using CriuListener = std::function<Result<void>(CriuNotice&)>;

// The program: `given`, or criu of $PATH. Kind::unsupported if there is none.
Result<std::string> find_criu(const std::string& given);

class CriuService {
 public:
  static Result<CriuService> start(const std::string& program);
  // For a restore: with our standard streams, these descriptors of ours under the same numbers, and
  // `root` as a mount point in a mount namespace of CRIU's own, because CRIU restores onto a mount
  // point.
  static Result<CriuService> start(const std::string& program, const std::vector<int>& passed,
                                   const std::string& root);
  CriuService(CriuService&& other) noexcept;
  CriuService& operator=(CriuService&&) noexcept = delete;
  ~CriuService();  // waits until CRIU exits

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The directory at an absolute path in CRIU's mount namespace: CRIU mounts in `work`.
  [[nodiscard]] Result<UniqueFd> open_directory(const std::string& path) const;

  // The only call. For a restore the result is init, now a child of ours. The error contains the
  // first errors of CRIU's log. Ten minutes without a message of CRIU are an error.
  Result<pid_t> call(CriuCall call, const CriuOptions& options, const CriuListener& listener);

 private:
  CriuService(pid_t pid, UniqueFd socket, UniqueFd errors)
      : pid_(pid), socket_(std::move(socket)), errors_(std::move(errors)) {}
  Result<pid_t> talk(const CriuListener& listener);
  [[nodiscard]] std::string said(const CriuOptions& options, std::string_view known) const;

  pid_t pid_;
  UniqueFd socket_;
  UniqueFd errors_;  // CRIU's standard error, before and after it has a log
};

// Whether this CRIU can work with this kernel.
Result<void> check_criu(const std::string& given);

// The first errors of a log, as one line; empty if it has none. Later ones are consequences, and
// one in `known` is already reported.
std::string criu_errors(std::string_view log, std::string_view known = {});

}  // namespace tare::runtime
