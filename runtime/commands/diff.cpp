// SPDX-License-Identifier: Apache-2.0
//
// The audit of a container: compares its current state with its config.json.
#include "base/file.h"
#include "base/text.h"
#include "oci/output/difference.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/lifecycle/configured.h"
#include "runtime/look/differences.h"
#include "runtime/look/now.h"
#include "runtime/namespaces/names.h"

namespace tare::runtime {

namespace {

std::string line_of(const oci::Difference& one) {
  const std::string place = one.origin.empty() ? "" : printable(one.origin) + ": ";
  return place + one.property + ": configured " + one.configured + ", found " + one.found + "\n";
}

std::string as_text(const std::vector<oci::Difference>& differences) {
  std::string text;
  for (const oci::Difference& one : differences) text += line_of(one);
  return text;
}

// Exit status as in diff(1): 0 for no differences, 1 for differences.
Result<int> diff_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  const std::string root = TRY(context.root());
  const std::string path = TRY(real_path(root).because("find the store " + printable(root)));
  const Values& options = context.options();
  const std::string file = options.has("config") ? options.text("config") : "config.json";
  const Configured configured =
      TRY(plan_again(container, file, path, joined_by_name(path, container.record.config)));
  if (configured.changed) {
    context.log.warning(printable(file) + " of " + printable(container.record.bundle) +
                        " was changed after the container was created");
  }
  const Now now = TRY(look_at_container(container, configured.config, configured.plan));
  const auto found = differences(configured.config, configured.plan, now);
  const bool json = options.text("format") == "json";
  TRY(print_out(json ? oci::encode_differences(found) : as_text(found)));
  return found.empty() ? 0 : 1;
}

constexpr Option options[] = {shared::config, shared::text_or_json};
constexpr Term statuses[] = {
    {"0", "There are no differences. Nothing is printed."},
    {"1", "There are differences, one on each line. (Without output: the command line is wrong.)"},
    {"2", "The container is not running, or it or its bundle cannot be read."},
};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Check that a running container matches its config.json:", "tare diff web"},
    {"Print the same as JSON:", "tare diff --format json web"},
};

}  // namespace

const Command diff_row = {
    .name = "diff",
    .arguments = "ID",
    .summary = "compare a running container with its config.json",
    .description =
        "Compares the container's init with the config.json of its bundle. Prints each difference "
        "on a line: the place in config.json, the property, what is configured and what was found. "
        "If there are no differences, nothing is printed.\n\n"
        "It compares: namespaces, ID mappings, time offsets, hostname, domainname, sysctls, user, "
        "groups, capabilities, no_new_privs, the number of seccomp filters, labels of security "
        "modules, resource limits of the process, oom_score_adj, umask, personality, scheduler, "
        "I/O priority, CPU affinity, memory policy, arguments, environment, working directory, "
        "root, each mount with its flags, options and propagation, mounts that are not in "
        "config.json, masked and read-only paths, device nodes, names of network devices, the "
        "cgroup with its "
        "limits and allowed devices. A capability is compared with what execve(2) leaves of the "
        "configured sets.\n\n"
        "Changes made by `tare update` and `tare mounts` are differences. So are changes that the "
        "container's program has made itself, such as its user or its working directory. "
        "Arguments and environment are compared only while init is the program that config.json "
        "names: a program that an entry point executes has others. A title in place of the "
        "arguments is not a difference. With cgroup v2, device rules are compared by the hash of "
        "their BPF program.\n\n"
        "Not compared are the session keyring, which the kernel shows only to its owner, the "
        "instructions of a seccomp filter, which it shows only while the process is stopped, and "
        "`linux.intelRdt`. A warning is printed if config.json was written after the container was "
        "created.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = diff_command,
    .failure = 2,
    .warns = true,
    .statuses = statuses,
    .files = files,
    .examples = examples,
    .see_also = "tare-check(1) tare-plan(1) tare-state(1) tare-update(1)",
};

}  // namespace tare::runtime
