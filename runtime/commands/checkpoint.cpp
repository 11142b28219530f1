// SPDX-License-Identifier: Apache-2.0
#include "runtime/checkpoint.h"

#include <sched.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/process.h"
#include "base/text.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/start.h"

namespace tare::runtime {

namespace {

// ---- what both commands take --------------------------------------------------------------------

struct Switch {
  const char* name;
  bool CriuOptions::*member;
};
constexpr Switch switches[] = {
    {"leave-running", &CriuOptions::leave_running},
    {"tcp-established", &CriuOptions::tcp_established},
    {"tcp-close", &CriuOptions::tcp_close},
    {"tcp-skip-in-flight", &CriuOptions::tcp_skip_in_flight},
    {"ext-unix-sk", &CriuOptions::ext_unix_sk},
    {"shell-job", &CriuOptions::shell_job},
    {"file-locks", &CriuOptions::file_locks},
    {"lazy-pages", &CriuOptions::lazy_pages},
    {"auto-dedup", &CriuOptions::auto_dedup},
    {"link-remap", &CriuOptions::link_remap},
};

struct Text {
  const char* name;
  std::string CriuOptions::*member;
};
constexpr Text texts[] = {
    {"parent-path", &CriuOptions::parent_images},
    {"lsm-profile", &CriuOptions::lsm_profile},
    {"lsm-mount-context", &CriuOptions::lsm_mount_context},
};

// The table of options lets only these words through.
template <class Value, std::size_t Size>
Value word_of(const Values& options, const char* option,
              const std::array<std::pair<const char*, Value>, Size>& words) {
  const std::string given = options.text(option);
  for (const auto& word : words) {
    if (given == word.first) return word.second;
  }
  return words.front().second;
}

constexpr std::array cgroup_modes{
    std::pair{"ignore", CriuCgroups::ignore}, std::pair{"soft", CriuCgroups::soft},
    std::pair{"full", CriuCgroups::full}, std::pair{"strict", CriuCgroups::strict}};
constexpr std::array network_locks{std::pair{"iptables", CriuNetworkLock::iptables},
                                   std::pair{"nftables", CriuNetworkLock::nftables},
                                   std::pair{"skip", CriuNetworkLock::skip}};

Result<CriuOptions::PageServer> page_server(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : parse_number<std::uint16_t>(text.substr(colon + 1));
  if (port && colon > 0) return CriuOptions::PageServer{text.substr(0, colon), *port};
  return Error(Error::Kind::usage,
               "--page-server " + printable(text) + " is not of the form ADDRESS:PORT");
}

bool takes(const CommandContext& context, const char* option) {
  return find_option(context.invocation.command->options, option) != nullptr;
}

Result<CriuRequest> criu_request(const CommandContext& context) {
  const Values& options = context.options();
  CriuRequest request;
  request.images = options.text("image-path");
  request.work = options.text("work-path");
  request.program = context.globals().text("criu");
  CriuOptions& criu = request.options;
  for (const Switch& entry : switches) {
    if (takes(context, entry.name)) criu.*entry.member = options.has(entry.name);
  }
  for (const Text& entry : texts) {
    if (takes(context, entry.name)) criu.*entry.member = options.text(entry.name);
  }
  criu.cgroups = word_of(options, "manage-cgroups-mode", cgroup_modes);
  if (options.has("network-lock")) {
    criu.network_lock = word_of(options, "network-lock", network_locks);
  }
  for (const std::string& kind : options.all("empty-ns")) {
    if (kind == "network") {
      criu.empty_namespaces |= CLONE_NEWNET;
    } else {
      return Error(Error::Kind::usage, "invalid empty-ns: " + printable(kind));
    }
  }
  return request;
}

}  // namespace

Result<int> checkpoint_command(const CommandContext& context) {
  const Values& options = context.options();
  const Store store = TRY(context.store());
  CriuRequest request = TRY(criu_request(context));
  if (options.has("status-fd")) request.options.status_fd = options.count("status-fd");
  if (options.has("page-server")) {
    request.options.page_server = TRY(page_server(options.text("page-server")));
  }
  TRY(checkpoint(store, context.id(), std::move(request), options.has("pre-dump"), context.log));
  return 0;
}

Result<int> restore_command(const CommandContext& context) {
  CreateRequest create = create_request(context);
  CriuRequest request = TRY(criu_request(context));
  Attended attended = TRY(attend(context, create));

  const Store store = TRY(context.make_store());
  HookFailure failure;
  Result<Restoration> begun =
      Restoration::begin(store, std::move(create), std::move(request), &failure);
  if (!begun.ok()) after_failed_begin(failure, context.log);
  std::optional<Restoration> restoration = TRY(std::move(begun));
  TRY(restoration->publish());
  const Container container = TRY(recorded_container(store, restoration->record()));
  TRY(attended.take_terminal(restoration->has_terminal(), "container"));
  const Attendee init = TRY(Attendee::of(restoration->pid(), restoration->pidfd()));
  Result<void> started = run_poststart_hooks(container);
  if (!started.ok()) {
    restoration.reset();  // undoes it all
    return after_failed_start(container, std::move(started).error(), context.log);
  }
  restoration->keep();
  restoration.reset();  // the lock, and what else is held for an undoing
  if (attended.detached()) return 0;

  const int ended = TRY(attended.serve(init, context.log));
  TRY(after_end(store, container, ended, false, context.log));
  return exit_status(ended);
}

}  // namespace tare::runtime
