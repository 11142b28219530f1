// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a container's process says of itself: its name in /proc/PID/stat and status,
// its arguments, its environment, and its words for sd_notify(3).
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "runtime/foreground/notify.h"
#include "runtime/look/process_now.h"
#include "runtime/look/program_now.h"
#include "runtime/plan/plan.h"
#include "tests/fuzz/require.h"

using namespace tare;
using namespace tare::runtime;

namespace {

// As the kernel writes it, with N as the value of field N and the name as the process chose it.
std::string stat_with(std::string_view name) {
  std::string stat = "17 (" + std::string(name) + ") S";
  for (int field = 4; field <= 52; ++field) stat += " " + std::to_string(field);
  return stat + "\n";
}

// No name hides the state of a process, or makes it another one.
void check_stat(std::string_view text) {
  (void)parse_stat(text);
  (void)room_for_arguments(text);
  const std::string stat = stat_with(text);
  const auto status = parse_stat(stat);
  require(status && status->state == 'S' && status->threads == 20);
  require(status->start_time == 22 && status->wait_status == 52);
  require(room_for_arguments(stat) == 1);
}

// In status a name is one line: the kernel escapes what would end it.
void check_status(std::string_view text) {
  (void)parse_status(text);
  for (const auto& [resource, limit] : parse_limits(text)) {
    require(resource >= 0 && resource < static_cast<int>(RLIMIT_NLIMITS));
  }
  std::string status = "Name:\t" + std::string(split(text, '\n').front());
  status += "\nUid:\t1000\t1001\t1002\t1003\nSeccomp:\t2\n";
  const StatusNow now = parse_status(status);
  require(now.uids == std::vector<std::uint32_t>{1000, 1001, 1002, 1003});
  require(now.seccomp_mode == 2);
  require(status_field(status, "Seccomp") == "2");
}

const Plan& plan() {
  static const Plan made = [] {
    Plan plan;
    plan.args = {"entry", "word"};
    plan.env = {"A=1", "HOME=/"};
    plan.steps.push_back(
        {Actor::stub, "", no_step, step::FindProgram{"entry", {"/bin/entry", "/entry"}}});
    return plan;
  }();
  return made;
}

// What differs is shown without what could drive a terminal.
void check_program(std::string_view text) {
  const std::size_t half = std::min(text.find('\n'), text.size());
  ProgramNow now;
  now.is_configured = true;
  now.arguments = text.substr(0, half);
  now.room = now.arguments->size();
  now.environment = text.substr(std::min(half + 1, text.size()));
  Found found;
  compare_program(plan(), now, found);
  for (const oci::Difference& difference : std::move(found).list()) {
    require(printable(difference.property) == difference.property);
    require(printable(difference.found) == difference.found);
  }
}

void check_words(std::string_view text) {
  const bool is_said = ("\n" + std::string(text) + "\n").find("\nREADY=1\n") != std::string::npos;
  require(says_ready(text) == is_said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_stat(text);
  check_status(text);
  check_program(text);
  check_words(text);
  return 0;
}
