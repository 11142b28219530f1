// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/checkpoint.h"

#include <sched.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/process.h"
#include "base/text.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/attended.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/lifecycle/start.h"

namespace tare::runtime {

namespace {

// ---- options of both commands -------------------------------------------------------------------

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

// The option table accepts only these words.
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
    restoration.reset();  // undoes everything
    return after_failed_start(container, std::move(started).error(), context.log);
  }
  restoration->keep();
  restoration.reset();  // releases the lock, and what an undo would need
  if (attended.detached()) return 0;

  const int ended = TRY(attended.serve(init, context.log));
  TRY(after_end(store, container, ended, false, context.log));
  return exit_status(ended);
}

// ---- options and help ---------------------------------------------------------------------------

using enum Option::Takes;

constexpr Option image_path = {.name = "image-path",
                               .takes = text,
                               .value = "DIR",
                               .help = "directory of the checkpoint images",
                               .fallback = "checkpoint"};
constexpr Option work_path = {.name = "work-path",
                              .takes = text,
                              .value = "DIR",
                              .help = "directory for CRIU's log (default: the image directory)"};
constexpr Option tcp_established = {.name = "tcp-established",
                                    .help = "allow open TCP connections"};
constexpr Option ext_unix_sk = {.name = "ext-unix-sk",
                                .help = "allow UNIX sockets connected to outside processes"};
constexpr Option shell_job = {.name = "shell-job",
                              .help = "allow a controlling terminal of the caller"};
constexpr Option file_locks = {.name = "file-locks", .help = "allow file locks"};
constexpr Option auto_dedup = {.name = "auto-dedup",
                               .help = "free memory images as they are deduplicated or restored"};
constexpr Option cgroups_mode = {.name = "manage-cgroups-mode",
                                 .takes = text,
                                 .value = "soft|full|strict|ignore",
                                 .help = "how CRIU handles cgroup properties",
                                 .fallback = "soft"};
constexpr Option empty_ns = {.name = "empty-ns",
                             .takes = text,
                             .value = "network",
                             .help = "leave out the contents of this namespace",
                             .repeatable = true};
constexpr Option network_lock = {.name = "network-lock",
                                 .takes = text,
                                 .value = "iptables|nftables|skip",
                                 .help = "how to block network connections (default: CRIU's)"};

constexpr Option checkpoint_options[] = {
    image_path,
    work_path,
    {.name = "parent-path",
     .takes = text,
     .value = "DIR",
     .help = "images of a pre-dump, relative to --image-path"},
    {.name = "pre-dump", .help = "dump memory only and leave the container running"},
    {.name = "leave-running", .help = "leave the container running after the checkpoint"},
    tcp_established,
    {.name = "tcp-skip-in-flight", .help = "skip TCP connections that are being established"},
    {.name = "link-remap", .help = "allow files that were unlinked"},
    ext_unix_sk,
    shell_job,
    file_locks,
    {.name = "lazy-pages", .help = "serve memory pages on demand during the restore"},
    {.name = "status-fd",
     .takes = count,
     .value = "FD",
     .help = "write a zero byte to FD when lazy pages can be requested"},
    {.name = "page-server",
     .takes = text,
     .value = "ADDRESS:PORT",
     .help = "send memory pages to this page server"},
    cgroups_mode,
    empty_ns,
    network_lock,
    auto_dedup,
};

constexpr Option restore_options[] = {
    shared::bundle,
    shared::config,
    image_path,
    work_path,
    {.name = "detach", .letter = 'd', .help = "return when the container is running"},
    shared::console_socket,
    shared::pidfd_socket,
    shared::pid_file,
    tcp_established,
    {.name = "tcp-close", .help = "close TCP connections"},
    ext_unix_sk,
    shell_job,
    file_locks,
    {.name = "lazy-pages", .help = "restore memory pages on demand"},
    cgroups_mode,
    empty_ns,
    network_lock,
    auto_dedup,
    {.name = "lsm-profile",
     .takes = text,
     .value = "TYPE:NAME",
     .help = "AppArmor or SELinux profile to use instead"},
    {.name = "lsm-mount-context",
     .takes = text,
     .value = "CONTEXT",
     .help = "SELinux mount context to use instead"},
    shared::no_subreaper,
    // CRIU changes the root in its own way, and the kernel keeps no keyring to join.
    {.name = "no-pivot", .hidden = true},
    {.name = "no-new-keyring", .hidden = true},
    {.name = "preserve-fds", .takes = count, .value = "N", .fallback = "0", .hidden = true},
};

constexpr Term checkpoint_files[] = {
    {"DIR/*.img", "The images that CRIU writes: memory, registers, open files."},
    {"DIR/descriptors.json", "Which standard streams the container had."},
    {"DIR/dump.log", "CRIU's log."},
};
constexpr Term restore_files[] = {
    shared::config_file,
    {"DIR/restore.log", "CRIU's log."},
};
constexpr Example checkpoint_examples[] = {
    {"Save a container to files and delete it:", "tare checkpoint --image-path saved web"},
    {"Save a container and leave it running:",
     "tare checkpoint --leave-running --image-path saved web"},
};
constexpr Example restore_examples[] = {
    {"Save a container and restore it:",
     "tare checkpoint --image-path saved web\n"
     "tare restore --detach --bundle hello --image-path saved web"},
};

}  // namespace

const Command checkpoint_row = {
    .name = "checkpoint",
    .arguments = "ID",
    .summary = "checkpoint a running container with CRIU",
    .description =
        "Saves the processes of a container to image files. `tare restore` continues them from "
        "these files, also on another host with the same root file system. The program `criu` must "
        "be installed.\n\n"
        "The container is stopped and deleted afterwards, except with `--leave-running`. "
        "`--pre-dump` saves only the memory while the container runs; a checkpoint with "
        "`--parent-path` then saves only what has changed since.\n\n"
        "Open TCP connections, file locks and sockets to outside processes are errors by default. "
        "An option allows each of them.",
    .options = checkpoint_options,
    .least = 1,
    .most = 1,
    .run = checkpoint_command,
    .files = checkpoint_files,
    .examples = checkpoint_examples,
    .see_also = "tare-restore(1) criu(8)",
};

const Command restore_row = {
    .name = "restore",
    .arguments = "ID",
    .summary = "restore a container from a checkpoint",
    .description =
        "Creates the container ID again from the images that `tare checkpoint` wrote, and "
        "continues its processes where they were stopped. The bundle must have the same root file "
        "system; the sources of bind mounts in config.json may differ. The program `criu` must be "
        "installed.\n\n"
        "Without `--detach` restore waits until the container exits, deletes it, and returns its "
        "exit status, as `tare run` does. Network devices that create had moved into the "
        "container, and the session keyring, are not restored.",
    .options = restore_options,
    .least = 1,
    .most = 1,
    .run = restore_command,
    .statuses = shared::foreground_statuses,
    .files = restore_files,
    .examples = restore_examples,
    .see_also = "tare-checkpoint(1) tare-run(1) criu(8)",
};

}  // namespace tare::runtime
