// SPDX-License-Identifier: Apache-2.0
//
// Shows the steps of create without running them.
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "runtime/command_line/colours.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/lifecycle/configured.h"
#include "runtime/namespaces/names.h"
#include "runtime/plan/compare.h"

namespace tare::runtime {

namespace {

bool wants_json(const CommandContext& context) {
  return context.options().text("format") == "json";
}

// An id contains no slash. A bundle contains a config.json.
bool is_bundle(const std::string& word) {
  return word.find('/') != std::string::npos ||
         ::access((word + "/config.json").c_str(), F_OK) == 0;
}

Result<Plan> plan_of_container(const CommandContext& context, const std::string& id) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, id));
  (void)TRY(container.live_status());
  const std::string root = TRY(context.root());
  const std::string path = TRY(real_path(root).because("find the store " + printable(root)));
  const auto joined = joined_by_name(path, container.record.config);
  return TRY(plan_again(container, "config.json", path, joined)).plan;
}

// A bundle is planned with the id of the container that it is compared to.
Result<Plan> plan_of(const CommandContext& context, const std::string& word,
                     const std::string& other) {
  if (!is_bundle(word)) return plan_of_container(context, word);
  const std::string id = is_bundle(other) ? "plan" : other;
  CreateRequest request = bundle_request(context, id.c_str());
  request.bundle = word;
  return TRY(understand(request)).plan;
}

std::string line_of(const oci::PlannedStep& step, const Paint& paint) {
  const bool is_added = step.change == "+";
  std::string line = *step.change + " " + step.actor + "  " + step.what;
  if (!step.details.empty()) line += " (" + step.details + ")";
  if (!step.origin.empty()) line += "  " + step.origin;
  const std::string shown = printable(line);
  return (is_added ? paint.added(shown) : paint.removed(shown)) + "\n";
}

Result<int> compare_plans(const CommandContext& context) {
  const auto& words = context.invocation.arguments;
  if (words.size() != 2) {
    return Error(Error::Kind::usage, "--diff compares two bundles, or a bundle and a container");
  }
  const Plan first = TRY(plan_of(context, words[0], words[1]));
  const Plan second = TRY(plan_of(context, words[1], words[0]));
  const std::vector<oci::PlannedStep> steps = plan_differences(first, second);
  if (wants_json(context)) {
    TRY(print_out(oci::encode_plan(steps)));
    return 0;
  }
  const Paint paint(STDOUT_FILENO);
  std::string text;
  for (const oci::PlannedStep& step : steps) text += line_of(step, paint);
  TRY(print_out(text));
  return 0;
}

Result<int> plan_command(const CommandContext& context) {
  if (context.options().has("diff")) return compare_plans(context);
  if (context.invocation.arguments.size() > 1) {
    return Error(Error::Kind::usage, "plan takes one bundle").with_hint("--diff compares two");
  }
  const Understood known = TRY(understand(bundle_request(context, "plan")));
  const bool json = wants_json(context);
  TRY(print_out(json ? oci::encode_plan(planned_steps(known.plan)) : print_plan(known.plan)));
  return 0;
}

constexpr Option options[] = {
    {.name = "diff",
     .help = "print the differences of two bundles, or of a bundle and a container"},
    shared::config,
    shared::no_pivot,
    shared::no_new_keyring,
    shared::text_or_json,
};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Print the steps for the bundle in the directory hello:", "tare plan hello"},
    {"Print the same as JSON:", "tare plan --format json hello"},
    {"Compare the steps of two bundles:",
     "mkdir other && tare spec --bundle other && mkdir other/rootfs\ntare plan --diff hello other"},
    {"Compare a running container's steps with those of a bundle:", "tare plan --diff web hello"},
};

}  // namespace

const Command plan_row = {
    .name = "plan",
    .arguments = "[BUNDLE] | --diff A B",
    .summary = "show the steps of create without running them",
    .description =
        "Prints every step of create for the bundle, in order: the process that performs the step, "
        "which other step it waits for, the system calls, and the property of config.json that "
        "asks for it. Nothing is created. BUNDLE is a directory; the default is the current "
        "one.\n\n"
        "With `--format json` the steps are an array of objects: `step`, `actor`, `after` (absent: "
        "the step waits for no other), `what`, `details` (values that `what` leaves out), `calls` "
        "and `origin`.\n\n"
        "`--diff` prints only the steps that one of A and B has and the other does not: those of A "
        "after a `-`, those of B after a `+`, with their details; with `--format json` the sign is "
        "in `change`. If there are none, nothing is printed. A and B are bundles, or the IDs of "
        "running containers. For a container, tare plans its bundle again as it is now. `tare "
        "diff` compares the container itself with its bundle.",
    .options = options,
    .least = 0,
    .most = 2,
    .run = plan_command,
    .files = files,
    .examples = examples,
    .see_also = "tare-check(1) tare-create(1) tare-diff(1)",
};

}  // namespace tare::runtime
