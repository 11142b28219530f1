// SPDX-License-Identifier: Apache-2.0
//
// A container as files, and back, by CRIU: `checkpoint` and `restore`.
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

// Where the files of a checkpoint are, and what is asked of CRIU beside what tare itself knows.
struct CriuRequest {
  std::string images;   // the directory of the images
  std::string work;     // of the log and the statistics; empty: the same
  std::string program;  // criu, if not that of $PATH
  CriuOptions options;
};

// Writes the container's processes to files. They are ended then, and the container is deleted,
// unless they go on (`leave_running`), or only a first part of their memory is written
// (`before_dump`).
Result<void> checkpoint(const Store& store, const std::string& id, CriuRequest request,
                        bool before_dump, const Log& log);

struct LaunchContext;

// A container that CRIU has made out of such files. Dropped before keep(): init is killed, all is
// undone.
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

  // Destroyed from the last to the first.
  CreateRequest request_;
  std::unique_ptr<Understood> understood_;
  Reservation reservation_;
  std::unique_ptr<LaunchContext> context_;
  PidFile pid_file_;
  bool kept_ = false;
};

// In a directory of images: the standard streams. Those that are outside have names like these.
inline constexpr const char* descriptors_file = "descriptors.json";
inline bool is_outside_file(std::string_view stream) {
  return stream.starts_with("file[");
}
inline bool is_outside(std::string_view stream) {
  return stream.starts_with("pipe:") || is_outside_file(stream);
}
inline constexpr const char* network_key = "extRootNetNS";  // names that runc gave them
inline constexpr const char* pid_key = "extRootPidNS";

// The directory, made if it is missing: only its owner may look into a container's memory.
Result<UniqueFd> open_images(const std::string& path);

}  // namespace tare::runtime
