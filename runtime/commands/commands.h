// SPDX-License-Identifier: Apache-2.0
//
// What the functions of the commands have in common.
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
  [[nodiscard]] Result<std::string> root() const;  // where the containers are recorded
  [[nodiscard]] Result<Store> store() const;       // to look for containers
  [[nodiscard]] Result<Store> make_store() const;  // to create one
};

// What create and run read from the command line alike.
CreateRequest create_request(const CommandContext& context);

// What run and restore do alike: the request is for a process that begins at once, and that tare
// stays with.
Result<Attended> attend(const CommandContext& context, CreateRequest& request);
Result<Container> recorded_container(const Store& store, const oci::Record& record);
// After a create or a restore that may have failed in a hook.
void after_failed_begin(const HookFailure& failure, const Log& log);
// When all has been undone: a failed hook wants the poststop hooks (runtime.md).
Error after_failed_start(const Container& container, Error error, const Log& log);

// Of plan and check, which make nothing of the bundle that they are given.
CreateRequest bundle_request(const CommandContext& context, const char* id);

// Creation::begin(), and what the spec wants after a hook of create has failed: poststop hooks.
Result<Creation> begin_creation(const CommandContext& context, const Store& store,
                                CreateRequest request);

// A document that the command line names, of at most 4 MiB; "-" is standard input. `what` is for
// the error: "resources".
Result<std::string> read_input(const std::string& file, const char* what);

// For one id, its error is the command's. Of several each failure is told, the others are acted on
// all the same, and the status is 1.
Result<int> for_each_id(const CommandContext& context, const std::vector<std::string>& ids,
                        const std::function<Result<void>(const std::string& id)>& act);

// Keeps it for `tare why`: an error of a command with a container, except a wrong command line or a
// container that does not exist.
void remember(const CommandContext& context, const std::string& id, const Error& error);
// The file for that: one for each user, beside the default --root.
Result<std::string> failures_file();

// Writes to standard output; an error if it cannot be written to.
Result<void> print_out(std::string_view text);

}  // namespace tare::runtime
