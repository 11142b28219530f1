// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as reports of a launch's children, one after the other: each is refused or is one that
// the plan lets a child make, once.
#include <linux/sched.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "oci/document.h"
#include "runtime/errors/failure.h"
#include "runtime/launch/reports.h"

using namespace tare;
using namespace tare::runtime;

namespace {

constexpr const char* document = R"({"ociVersion":"1.2.0","root":{"path":"/"},
  "process":{"cwd":"/","args":["/bin/true"],"user":{"uid":0,"gid":0},"noNewPrivileges":true},
  "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}],
    "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent",
      "syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}}})";

const Plan& plan() {
  static const oci::Config config = std::move(oci::decode_config(document)).value();
  static const Plan made = [] {
    ExecFacts facts;
    facts.namespaces = CLONE_NEWPID | CLONE_NEWNS;
    PlanOptions options;
    options.id = "box";
    options.rootfs = "/";
    options.waits_for_start = false;
    return std::move(make_exec_plan(config, Host(), options, facts)).value();
  }();
  return made;
}

void take(const std::uint8_t* data, std::size_t size, bool traced) {
  Reports reports(plan(), traced);
  std::vector<int> times(plan().steps.size());
  for (; size >= sizeof(stub::Report); size -= sizeof(stub::Report)) {
    stub::Report report;
    std::memcpy(&report, data, sizeof report);
    data += sizeof report;
    if (!reports.objection(report).empty()) continue;
    const auto step = static_cast<std::size_t>(report.step);
    if (step >= times.size() || ++times[step] > 1) std::abort();
    if (plan().steps[step].actor == Actor::host) std::abort();
    (void)event_of(plan().steps[step], report);
    if (report.error != 0) (void)report_failure(plan().steps[step], report, {}).message();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const bool traced : {false, true}) take(data, size, traced);
  return 0;
}
