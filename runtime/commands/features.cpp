// SPDX-License-Identifier: Apache-2.0
#include "oci/features.h"

#include "oci/annotations.h"
#include "runtime/commands/commands.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/mount_options.h"
#include "runtime/version.h"

namespace tare::runtime {

// features.md: what this build can do, whatever the host. The lists come from the tables by which
// configs are read.
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

}  // namespace tare::runtime
