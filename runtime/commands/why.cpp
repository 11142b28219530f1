// SPDX-License-Identifier: Apache-2.0
//
// Explains the last failure.
#include <fcntl.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "base/wrap.h"
#include "oci/output/explanation.h"
#include "oci/value_at.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/errors/findings.h"
#include "runtime/errors/history.h"
#include "runtime/errors/requirements.h"

namespace tare::runtime {

namespace {

constexpr std::size_t largest_config = std::size_t{4} << 20;

// The bundle of the failed command. If it is not recorded, the bundle of the container, if that
// still exists.
std::string bundle_of(const oci::Failure& failure) {
  if (!failure.bundle.empty() || failure.container.empty()) return failure.bundle;
  const Result<Store> store = Store::open(failure.root);
  if (!store.ok()) return "";
  const Result<Container> container = Container::load(*store, failure.container);
  return container.ok() ? container->record.bundle : "";
}

// For these commands, the origin of a problem points into a document of the command line, such as
// the process of exec.
constexpr std::string_view with_own_document[] = {"exec", "update", "mounts add", "mounts remove"};

bool is_about_config(const oci::Failure& failure) {
  const auto* const end = std::end(with_own_document);
  return !failure.bundle.empty() &&
         std::find(std::begin(with_own_document), end, failure.problem.phase) == end;
}

std::string config_of(const oci::Failure& failure) {
  const std::string file = failure.config.empty() ? "config.json" : failure.config;
  return file.front() == '/' ? file : failure.bundle + "/" + file;
}

// The current value in the file. Empty if the file does not have the property.
std::string value_of(const oci::Failure& failure) {
  if (!failure.problem.origin || !is_about_config(failure)) return "";
  const std::string path = config_of(failure);
  const Call<std::string> text = read_regular_file(AT_FDCWD, path.c_str(), largest_config);
  return text.ok() ? oci::value_at(*text, *failure.problem.origin).value_or("") : "";
}

// Replaces ID and BUNDLE in a command by those of the failure.
std::string with_names(std::string_view command, const oci::Failure& failure) {
  std::string text(command);
  const auto replace = [&](std::string_view word, const std::string& name) {
    const std::size_t at = text.find(word);
    if (at != std::string::npos && !name.empty()) text.replace(at, word.size(), printable(name));
  };
  replace("ID", failure.container);
  replace("BUNDLE", failure.bundle);
  return text;
}

oci::Explanation explain(const oci::Failure& failure) {
  const oci::Problem& problem = failure.problem;
  const std::string origin = problem.origin.value_or("");
  oci::Explanation explanation;
  explanation.failure = failure;
  explanation.value = value_of(failure);
  explanation.section = section_of(origin);
  explanation.found = findings(failure, explanation.value);
  if (problem.hint) explanation.found.insert(explanation.found.begin(), *problem.hint);
  const Requirement& known = requirement_of(failure.call, problem.errno_name.value_or(""), origin);
  explanation.rule = known.rule;
  const bool needs_bundle = known.look.find("BUNDLE") != std::string_view::npos;
  if (!needs_bundle || is_about_config(failure)) {
    explanation.look = with_names(known.look, failure);
  }
  explanation.change = known.change;
  const bool is_config = problem.code == "config" || problem.code == "unsupported";
  if (explanation.look.empty() && is_config && is_about_config(failure)) {
    explanation.look = with_names("tare check BUNDLE", failure);
  }
  if (explanation.look.empty() && known.rule.empty() && !failure.call.empty()) {
    explanation.look = "man 2 " + failure.call;
  }
  return explanation;
}

// ---- as text ------------------------------------------------------------------------------------

constexpr std::size_t column = 12;

void add_row(std::string& text, const char* name, const std::string& words) {
  if (!words.empty()) text += two_columns(name, words, column);
}

std::string call_and_errno(const oci::Failure& failure) {
  const oci::Problem& problem = failure.problem;
  std::string call = failure.call.empty() ? "" : failure.call + "(2)";
  if (!problem.errno_name) return call;
  const std::string error = *problem.errno_name + ": " + problem.cause.value_or("");
  return call.empty() ? error : call + ", " + error;
}

std::string place_of(const oci::Explanation& explanation) {
  const oci::Failure& failure = explanation.failure;
  if (!failure.problem.origin) return "";
  std::string words = *failure.problem.origin;
  if (is_about_config(failure)) words += " in " + printable(config_of(failure));
  if (!explanation.value.empty()) words += ": " + shortened(explanation.value);
  return words;
}

std::string as_text(const oci::Explanation& explanation) {
  const oci::Failure& failure = explanation.failure;
  std::string text = "tare " + failure.problem.phase;
  if (!failure.container.empty()) text += " " + printable(failure.container);
  text += " failed at " + printable(failure.time) + "\n\n";
  add_row(text, "Step", failure.problem.step);
  add_row(text, "Config", place_of(explanation));
  add_row(text, "Call", call_and_errno(failure));
  add_row(text, "Rule", explanation.rule);
  add_row(text, "See", explanation.section);
  const char* name = "Found";
  for (const std::string& one : explanation.found) add_row(text, std::exchange(name, ""), one);
  add_row(text, "Look", explanation.look);
  add_row(text, "Change", explanation.change);
  return text;
}

// From all roots, unless one is given.
Result<oci::Failure> find_failure(const CommandContext& context) {
  const bool has_id = !context.ids().empty();
  const bool has_root = context.globals().has("root");
  const std::string root = has_root ? context.globals().text("root") : "";
  const std::string path = real_path(root).value_or(root);
  for (oci::Failure& one : remembered_failures(TRY(failures_file()))) {
    if (has_id && one.container != context.id()) continue;
    if (!has_root || one.root == path) return std::move(one);
  }
  return Error(Error::Kind::not_found,
               has_id ? "no failure of container " + quote(context.id()) + " is recorded"
                      : "no failure is recorded");
}

Result<int> why_command(const CommandContext& context) {
  oci::Failure failure = TRY(find_failure(context));
  failure.bundle = bundle_of(failure);
  const oci::Explanation explanation = explain(failure);
  const bool json = context.options().text("format") == "json";
  TRY(print_out(json ? oci::encode_explanation(explanation) : as_text(explanation)));
  return 0;
}

constexpr Option options[] = {shared::text_or_json};
constexpr Term files[] = {
    {"@failures",
     "The last failures, in the directory of --root: one JSON object per line. At 64 "
     "KiB it becomes @failures.old."},
};
constexpr Example examples[] = {
    {"Explain why the last command failed:", "tare why"},
    {"Explain why the last command for the container web failed:", "tare why web"},
};

}  // namespace

const Command why_row = {
    .name = "why",
    .arguments = "[ID]",
    .summary = "explain the last failure",
    .description =
        "Explains why the last command failed, or the last command for this container: the step, "
        "the property in config.json with its value, the system call and its errno, what the "
        "kernel requires, what tare found when the command failed and what it finds now, a command "
        "that shows more, and what to change.\n\n"
        "tare keeps the last failures of all commands with a container, whatever their --root was, "
        "except for wrong command lines and for containers that do not exist. With --root, tare "
        "explains only failures with that root.",
    .options = options,
    .least = 0,
    .most = 1,
    .run = why_command,
    .files = files,
    .examples = examples,
    .see_also = "tare-check(1) tare-info(1) tare-plan(1)",
};

}  // namespace tare::runtime
