// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/check.h"

#include "oci/problem.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

// The exit status is not 0 if there are problems.
Result<int> check_command(const CommandContext& context) {
  const std::vector<Finding> found = check_bundle(bundle_request(context, "check"));
  std::vector<oci::Problem> problems;
  std::string lines;
  for (const Finding& finding : found) {
    problems.push_back(oci::problem(finding.error, finding.phase));
    lines += problems.back().message + "\n";
  }
  const bool json = context.options().text("format") == "json";
  TRY(print_out(json ? oci::encode_problems(problems) : lines));
  return found.empty() ? 0 : 1;
}

constexpr Option options[] = {shared::config, shared::no_pivot, shared::no_new_keyring,
                              shared::text_or_json};
constexpr Term statuses[] = {
    {"0", "No problem was found."},
    {"1", "There are problems, or the bundle cannot be read."},
};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Check the bundle in the directory hello:", "tare check hello"},
};

}  // namespace

const Command check_row = {
    .name = "check",
    .arguments = "[BUNDLE]",
    .summary = "check a bundle against the specification and this host",
    .description =
        "Prints all problems that would keep the bundle from running here, not only the first one: "
        "values that the OCI runtime specification forbids, files that are missing, and what the "
        "kernel or the host does not support. Each line begins with the place in config.json. "
        "Nothing is created. BUNDLE is a directory; the default is the current one.",
    .options = options,
    .least = 0,
    .most = 1,
    .run = check_command,
    .uses_store = false,
    .statuses = statuses,
    .files = files,
    .examples = examples,
    .see_also = "tare-plan(1) tare-info(1) tare-spec(1)",
};

}  // namespace tare::runtime
