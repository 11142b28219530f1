// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints a container to files with CRIU and restores it: `checkpoint` and `restore`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/criu/service.h"
#include "runtime/errors/log.h"
#include "runtime/lifecycle/create.h"
#include "runtime/store/store.h"

namespace tare::runtime {

// The directories of a checkpoint, and CRIU's options that the caller chooses.
struct CriuRequest {
  std::string images;   // the directory of the images
  std::string work;     // for the log and the statistics; empty: the same
  std::string program;  // criu; empty: found by $PATH
  CriuOptions options;
};

// Writes the container's processes to files. Then the processes are killed and the container is
// deleted, except with `leave_running`, or with `before_dump`, which writes only a first part of
// the memory.
Result<void> checkpoint(const Store& store, const std::string& id, CriuRequest request,
                        bool before_dump, const Log& log);

struct LaunchContext;

// A container that CRIU has restored. If it is destroyed before keep(), it kills init and undoes
// everything.
class Restoration {
 public:
  static Result<Restoration> begin(const Store& store, CreateRequest create, CriuRequest request,
                                   HookFailure* failure);
  Restoration(Restoration&&) noexcept;
  Restoration& operator=(Restoration&&) noexcept = delete;
  ~Restoration();

  // Writes the record and the pid file, and sends the pidfd.
  Result<void> publish();
  void keep();

  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] int pidfd() const;
  [[nodiscard]] bool has_terminal() const { return understood_->plan.terminal; }
  [[nodiscard]] const Entry& entry() const { return reservation_.entry(); }
  [[nodiscard]] const oci::Record& record() const { return understood_->record; }

 private:
  Restoration(CreateRequest request, std::unique_ptr<Understood> understood,
              Reservation reservation);
  Result<void> restore(const std::string& program, CriuRequest& request, int console);

  // Destroyed in reverse order.
  CreateRequest request_;
  std::unique_ptr<Understood> understood_;
  Reservation reservation_;
  std::unique_ptr<LaunchContext> context_;
  PidFile pid_file_;
  bool kept_ = false;
};

// A file in the directory of images: the standard streams. Those from outside have names like
// these.
inline constexpr const char* descriptors_file = "descriptors.json";
inline bool is_outside_file(std::string_view stream) {
  return stream.starts_with("file[");
}
inline bool is_outside(std::string_view stream) {
  return stream.starts_with("pipe:") || is_outside_file(stream);
}
inline constexpr const char* network_key = "extRootNetNS";  // as in runc's checkpoints
inline constexpr const char* pid_key = "extRootPidNS";

// Opens the directory, created if missing. Only its owner may read a container's memory.
Result<UniqueFd> open_images(const std::string& path);

}  // namespace tare::runtime
