// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/commands/commands.h"
#include "runtime/destroy.h"

namespace tare::runtime {

namespace {

std::string default_root() {
  const char* runtime_directory = ::getenv("XDG_RUNTIME_DIR");
  if (::geteuid() != 0 && runtime_directory != nullptr && *runtime_directory != '\0') {
    return std::string(runtime_directory) + "/tare";
  }
  return "/run/tare";
}

CgroupManager cgroup_manager(const Values& globals) {
  const std::string word = globals.text("cgroup-manager");
  if (word == "disabled") return CgroupManager::disabled;
  if (word == "systemd" || globals.has("systemd-cgroup")) return CgroupManager::systemd;
  return CgroupManager::cgroupfs;
}

}  // namespace

Result<Store> CommandContext::store() const {
  return Store::open(globals().text("root", default_root()));
}

Result<Store> CommandContext::make_store() const {
  return Store::make(globals().text("root", default_root()));
}

CreateRequest create_request(const CommandContext& context) {
  const Values& options = context.options();
  CreateRequest request;
  request.id = context.id();
  request.bundle = options.text("bundle");
  if (options.has("config")) request.config = options.text("config");
  request.console_socket = options.text("console-socket");
  request.pidfd_socket = options.text("pidfd-socket");
  request.pid_file = options.text("pid-file");
  request.no_pivot = options.has("no-pivot");
  request.no_new_keyring = options.has("no-new-keyring");
  request.preserve_fds = options.count("preserve-fds");
  request.cgroup_manager = cgroup_manager(context.globals());
  request.argv = context.argv;
  return request;
}

Result<Creation> begin_creation(const CommandContext& context, const Store& store,
                                CreateRequest request) {
  HookFailure failure;
  Result<Creation> creation = Creation::begin(store, std::move(request), &failure);
  if (!creation.ok() && failure.hooks) {
    run_poststop_hooks(*failure.hooks, failure.state, context.log);
  }
  return creation;
}

Result<void> print_out(std::string_view text) {
  return write_all(STDOUT_FILENO, text).because("write to standard output");
}

}  // namespace tare::runtime
