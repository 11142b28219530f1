// SPDX-License-Identifier: Apache-2.0
#include "runtime/check.h"

#include "oci/problem.h"
#include "runtime/commands/commands.h"

namespace tare::runtime {

// The exit status says whether there are problems.
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

}  // namespace tare::runtime
