// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/id_maps.h"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "oci/output/state.h"
#include "runtime/do/hooks.h"
#include "runtime/errors/cause.h"

namespace tare::runtime {

namespace {

// The kernel requires one write(2) of less than a page: map_write() of kernel/user_namespace.c.
constexpr const char* too_long =
    "the kernel accepts less than a page of lines \"INSIDE OUTSIDE SIZE\"";

bool is_too_long(const std::string& lines) {
  return lines.size() >= static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// The helper explains on its standard error why it refuses a range.
Result<void> run_helper(pid_t pid, const IdKind& kind, const std::string& lines) {
  step::RunHook helper;
  helper.path = kind.helper;
  helper.args = {helper.path, std::to_string(pid)};
  for (const std::string_view line : split(lines, '\n')) {
    for (const std::string_view number : split(line, ' ')) {
      if (!number.empty()) helper.args.emplace_back(number);
    }
  }
  helper.env = {"PATH=/usr/bin:/bin"};  // no variable of the caller
  helper.timeout_seconds = 10;          // it may query name services for the ranges
  const Call<HookOutcome> outcome = run_hook(helper, oci::State());
  if (outcome.ok() && outcome->succeeded()) return {};
  const std::string words = std::string("map ") + kind.words + ": ";
  Error error = outcome.ok() ? Error(words + helper.path + ": " + failure_words(helper, *outcome))
                             : Error(outcome.error(), words + helper.path);
  error.at = kind.pointer;
  if (!outcome.ok()) {
    return std::move(error).with_hint(
        "without the package uidmap a user can map only their own id");
  }
  return std::move(error).with_hint(
      is_too_long(lines) ? too_long
                         : std::string("the ranges of an ordinary user are in ") + kind.ranges);
}

// The kernel accepts a range only if one line of the parent namespace's map contains it.
bool holds(const oci::IDMapping& own, const oci::IDMapping& wanted) {
  return wanted.hostID >= own.containerID && wanted.size <= own.size &&
         wanted.hostID - own.containerID <= own.size - wanted.size;
}

// EPERM, user_namespaces(7).
std::string cause_of_refusal(const IdKind& kind, const std::string& lines) {
  const auto own = read_id_map(::getpid(), kind);
  for (const oci::IDMapping& wanted : oci::parse_id_map(lines)) {
    const auto holds_it = [&](const oci::IDMapping& line) { return holds(line, wanted); };
    if (own.ok() && std::ranges::none_of(*own, holds_it)) {
      return "the host ids " + std::to_string(wanted.hostID) + " to " +
             std::to_string(std::uint64_t{wanted.hostID} + wanted.size - 1) +
             " are not mapped by one range of tare's own user namespace";
    }
    if (wanted.hostID == 0 && &kind == &user_ids) {
      const std::string missing = without_capability(CAP_SETFCAP, "");
      if (!missing.empty()) return missing + ", which mapping host id 0 needs";
    }
  }
  return without_capability(&kind == &user_ids ? CAP_SETUID : CAP_SETGID, "");
}

}  // namespace

Result<void> write_id_map(pid_t pid, const IdKind& kind, const std::string& lines,
                          step::MapWriter writer) {
  if (writer == step::MapWriter::helper) return run_helper(pid, kind, lines);
  const Call<void> written = write_proc(pid, kind.file, lines);
  if (written.ok()) return {};
  Error error(written.error(), std::string("map ") + kind.words + ": " + kind.file);
  error.at = kind.pointer;
  if (is_too_long(lines)) return std::move(error).with_hint(too_long);
  if (written.error().error != EPERM) return error;
  return std::move(error).with_hint(cause_of_refusal(kind, lines));
}

}  // namespace tare::runtime
