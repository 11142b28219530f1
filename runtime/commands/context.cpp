// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/errors/history.h"
#include "runtime/foreground/notify.h"
#include "runtime/host/facts.h"
#include "runtime/lifecycle/destroy.h"

namespace tare::runtime {

namespace {

// The default --root: of root, of an unprivileged user, and of the root of a user namespace (podman
// creates one for itself).
Result<std::string> default_root() {
  constexpr const char* of_root = "/run/tare";
  if (is_root_of_host()) return std::string(of_root);
  const char* runtime_directory = ::getenv("XDG_RUNTIME_DIR");
  if (runtime_directory != nullptr && *runtime_directory == '/') {
    return std::string(runtime_directory) + "/tare";
  }
  if (::geteuid() == 0) return std::string(of_root);  // in a container with a /run of its own
  return Error(Error::Kind::usage,
               "no directory for the state of containers: XDG_RUNTIME_DIR is not set to an "
               "absolute path")
      .with_hint("a login sets it to /run/user/UID; --root names another directory");
}

std::optional<bool> rootless(const Values& globals) {
  const std::string word = globals.text("rootless");
  if (word == "true" || word == "false") return word == "true";
  return std::nullopt;
}

CgroupManager cgroup_manager(const Values& globals) {
  const std::string word = globals.text("cgroup-manager");
  if (word == "disabled") return CgroupManager::disabled;
  if (word == "systemd" || globals.has("systemd-cgroup")) return CgroupManager::systemd;
  return CgroupManager::cgroupfs;
}

}  // namespace

Result<std::string> CommandContext::root() const {
  if (globals().has("root")) return globals().text("root");
  return default_root();
}

Result<Store> CommandContext::store() const {
  return Store::open(TRY(root()));
}

Result<Store> CommandContext::make_store() const {
  const std::string path = TRY(root());
  Store store = TRY(Store::make(path));
  // Old files in the runtime directory may be removed, unless they have the sticky bit (XDG base
  // directory specification). Containers also run without the bit, so an error is ignored.
  if (!globals().has("root") && !is_root_of_host()) ::chmod(path.c_str(), S_ISVTX | S_IRWXU);
  return store;
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
  request.rootless = rootless(context.globals());
  request.argv = context.argv;
  return request;
}

CreateRequest bundle_request(const CommandContext& context, const char* id) {
  CreateRequest request;
  request.id = id;
  if (!context.invocation.arguments.empty()) request.bundle = context.id();
  if (context.options().has("config")) request.config = context.options().text("config");
  request.no_pivot = context.options().has("no-pivot");
  request.no_new_keyring = context.options().has("no-new-keyring");
  request.detaches = false;
  return request;
}

Result<Attended> attend(const CommandContext& context, CreateRequest& request) {
  request.waits_for_start = false;
  request.detaches = context.options().has("detach");
  Attended attended = TRY(Attended::prepare(request.detaches));
  if (!request.detaches && !context.options().has("no-subreaper")) adopt_orphans();
  request.own_console = attended.console_end();
  return attended;
}

Result<Container> recorded_container(const Store& store, const oci::Record& record) {
  Entry entry = TRY(store.find(record.id));
  return Container{std::move(entry), record};
}

void after_failed_begin(const HookFailure& failure, const Log& log) {
  if (failure.hooks) run_poststop_hooks(*failure.hooks, failure.state, log);
}

Error after_failed_start(const Container& container, Error error, const Log& log) {
  if (error.at.starts_with("/hooks/")) {
    run_poststop_hooks(*container.record.config.hooks, container.state(Status::stopped), log);
  }
  return error;
}

Result<Creation> begin_creation(const CommandContext& context, const Store& store,
                                CreateRequest request) {
  HookFailure failure;
  if (is_notified()) {
    const std::string root = TRY(context.root());
    const std::string path = TRY(real_path(root).because("find the store " + printable(root)));
    request.notify_directory = path + "/" + request.id + "/" + notify_directory;
  }
  Result<Creation> creation = Creation::begin(store, std::move(request), &failure);
  if (!creation.ok()) after_failed_begin(failure, context.log);
  if (creation.ok()) {
    for (const std::string& warning : creation->warnings()) context.log.warning(warning);
  }
  return creation;
}

Result<std::string> failures_file() {
  return TRY(default_root()) + "-failures";
}

void remember(const CommandContext& context, const std::string& id, const Error& error) {
  const bool is_told = error.kind != Error::Kind::usage && error.kind != Error::Kind::not_found;
  const Result<std::string> root = context.root();
  const Result<std::string> file = failures_file();
  if (!is_told || !context.invocation.command->uses_store || !root.ok() || !file.ok()) return;
  oci::Failure failure;
  failure.time =
      utc_seconds(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  failure.root = real_path(*root).value_or(*root);
  failure.container = id;
  if (find_option(context.invocation.command->options, "bundle") != nullptr) {
    failure.bundle = real_path(context.options().text("bundle")).value_or("");
    if (context.options().has("config")) failure.config = context.options().text("config");
  }
  failure.call = printable(error.call);
  failure.problem = oci::problem(error, context.invocation.command->name);
  remember_failure(*file, failure);
}

Result<std::string> read_input(const std::string& file, const char* what) {
  constexpr std::size_t limit = std::size_t{4} << 20;
  if (file == "-") return read_to_end(STDIN_FILENO, limit).because("read standard input");
  return read_file_or_pipe(AT_FDCWD, file.c_str(), limit)
      .because(std::string("read ") + what + " " + printable(file));
}

Result<void> print_out(std::string_view text) {
  return write_all(STDOUT_FILENO, text).because("write to standard output");
}

}  // namespace tare::runtime
