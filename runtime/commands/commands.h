// SPDX-License-Identifier: Apache-2.0
//
// Shared by the functions of the commands.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/command_line/command_line.h"
#include "runtime/commands/attended.h"
#include "runtime/errors/log.h"
#include "runtime/lifecycle/create.h"
#include "runtime/store/container.h"
#include "runtime/store/store.h"

namespace tare::runtime {

struct CommandContext {
  const Invocation& invocation;
  const Log& log;
  char* const* argv;  // the whole command line, for run_sealed()

  [[nodiscard]] const Values& globals() const { return invocation.globals; }
  [[nodiscard]] const Values& options() const { return invocation.options; }
  [[nodiscard]] const std::string& id() const { return invocation.arguments.front(); }
  [[nodiscard]] const std::vector<std::string>& ids() const { return invocation.arguments; }
  [[nodiscard]] Result<std::string> root() const;  // the directory of the container records
  [[nodiscard]] Result<Store> store() const;       // to find containers
  [[nodiscard]] Result<Store> make_store() const;  // to create one
};

// The options that create and run share.
CreateRequest create_request(const CommandContext& context);

// Shared by run and restore. Changes the request for a process that starts at once and that tare
// stays with.
Result<Attended> attend(const CommandContext& context, CreateRequest& request);
Result<Container> recorded_container(const Store& store, const oci::Record& record);
// After a create or restore that may have failed in a hook.
void after_failed_begin(const HookFailure& failure, const Log& log);
// After everything was undone: a failed hook requires the poststop hooks (runtime.md).
Error after_failed_start(const Container& container, Error error, const Log& log);

// For plan and check, which create nothing from the bundle.
CreateRequest bundle_request(const CommandContext& context, const char* id);

// Creation::begin(). If a hook of create fails, it also runs the poststop hooks, as the
// specification requires.
Result<Creation> begin_creation(const CommandContext& context, const Store& store,
                                CreateRequest request);

// Reads a file from the command line, of at most 4 MiB. "-" is standard input. `what` is for the
// error: "resources".
Result<std::string> read_input(const std::string& file, const char* what);

// With one id, its error is the error of the command. With several, it prints each error, continues
// with the other ids and returns status 1.
Result<int> for_each_id(const CommandContext& context, const std::vector<std::string>& ids,
                        const std::function<Result<void>(const std::string& id)>& act);

// Records an error for `tare why`: any error of a command with a container, except a wrong command
// line or a container that does not exist.
void remember(const CommandContext& context, const std::string& id, const Error& error);
// The file for these records: one per user, next to the default --root.
Result<std::string> failures_file();

// Writes to standard output. Returns an error if the write fails.
Result<void> print_out(std::string_view text);

}  // namespace tare::runtime
