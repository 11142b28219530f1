// SPDX-License-Identifier: Apache-2.0
#include "oci/output/features.h"

#include "oci/annotations.h"
#include "runtime/command_line/version.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/mount_options.h"

namespace tare::runtime {

namespace {

// features.md: what this build supports, on any host. The lists come from the tables that parse
// configs.
Result<int> features_command(const CommandContext&) {
  oci::FeatureFacts facts;
  facts.mount_options = known_mount_options();
  facts.capabilities = known_capabilities();
  facts.cgroup_v1 = true;
  facts.cgroup_v2 = true;
  facts.systemd = true;
  facts.systemd_user = true;
  facts.rdma = true;
  facts.seccomp = true;
  facts.unsafe_annotations = oci::unsafe_annotations();
  facts.annotations = {{"io.github.tare.version", version}, {"io.github.tare.commit", commit}};
  TRY(print_out(oci::features_json(facts)));
  return 0;
}

constexpr Example examples[] = {
    {"Print what this version of tare supports:", "tare features"},
};

}  // namespace

const Command features_row = {
    .name = "features",
    .arguments = "",
    .summary = "print the supported features as JSON",
    .description =
        "Prints what this build of tare supports, in the format of features.md of the OCI runtime "
        "specification: versions, hooks, mount options, namespaces, capabilities, seccomp actions. "
        "The output does not depend on the host; see `tare info` for that.",
    .options = {},
    .least = 0,
    .most = 0,
    .run = features_command,
    .uses_store = false,
    .examples = examples,
    .see_also = "tare-info(1)",
};

}  // namespace tare::runtime
