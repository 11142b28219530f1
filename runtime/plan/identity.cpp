// SPDX-License-Identifier: Apache-2.0
//
// Init's identity before it mounts anything: id maps, session, keyring, names.
#include <linux/capability.h>

#include <string>

#include "oci/annotations.h"
#include "runtime/plan/draft.h"

namespace tare::runtime {

using oci::NamespaceType;

namespace {

bool is_only(const std::vector<oci::IDMapping>& mappings, std::uint32_t id) {
  return mappings.size() == 1 && mappings.front().size == 1 && mappings.front().hostID == id;
}

// user_namespaces(7), "Defining user and group ID mappings".
step::WriteMappings mappings_of(const Draft& draft) {
  using step::MapWriter;
  const Host& host = draft.host;
  step::WriteMappings write{oci::map_lines(draft.linux_.uidMappings),
                            oci::map_lines(draft.linux_.gidMappings)};
  const bool own_uid = is_only(draft.linux_.uidMappings, host.uid);
  const bool own_gid = is_only(draft.linux_.gidMappings, host.gid);
  if (!host.holds(CAP_SETUID) && !own_uid) write.uids = MapWriter::helper;
  if (!host.holds(CAP_SETGID) && !own_gid) write.gids = MapWriter::helper;
  write.deny_groups = !host.holds(CAP_SETGID) && own_gid;
  return write;
}

// config.md, "User": the groups of the process. If setgroups(2) is denied, no groups can be set,
// because a process could then leave a group that takes a permission away.
Result<void> check_groups(const Draft& draft, bool denied_by_map) {
  if (draft.process.user.additionalGids.empty()) return {};
  if (oci::is_on(draft.config.annotations, oci::annotation::keep_groups)) return {};
  if (!denied_by_map && !draft.host.groups_are_denied) return {};
  return Error::config("/process/user/additionalGids",
                       "setgroups(2) is denied in this user namespace: no groups can be set")
      .with_hint(denied_by_map ? "map a range of groups, which subgid(5) gives" : "");
}

}  // namespace

Result<void> plan_mappings(Draft& draft) {
  const int init_exists = draft.last(Actor::stage);  // without a stage the host cloned init
  if (draft.process.oomScoreAdj) {
    draft.mapped = draft.add<Actor::host>(
        "/process/oomScoreAdj", step::OomScoreAdj{*draft.process.oomScoreAdj}, init_exists);
  }
  if (!draft.is_new(NamespaceType::user)) return check_groups(draft, false);
  auto write = mappings_of(draft);
  TRY(check_groups(draft, write.deny_groups));
  draft.plan.mapped_by_user = draft.unprivileged();
  draft.mapped = draft.add<Actor::host>("/linux/uidMappings", std::move(write), init_exists);
  return {};
}

void plan_session_keyring(Draft& draft) {
  if (draft.options.no_new_keyring) return;
  draft.add<Actor::init>(
      "", step::SessionKeyring{"_ses." + draft.options.id, draft.process.selinuxLabel});
}

void plan_early_identity(Draft& draft) {
  if (!appears_late(draft)) draft.add<Actor::init>("", step::NewSession{});
  plan_session_keyring(draft);
  if (draft.is_new(NamespaceType::network)) {
    draft.add<Actor::init>("/linux/namespaces", step::LoopbackUp{});
  }
  if (!draft.config.hostname.empty()) {
    draft.add<Actor::init>("/hostname", step::SetHostname{draft.config.hostname});
  }
  if (!draft.config.domainname.empty()) {
    draft.add<Actor::init>("/domainname", step::SetDomainname{draft.config.domainname});
  }
}

void plan_namespace_root(Draft& draft) {
  const bool keep = oci::is_on(draft.config.annotations, oci::annotation::keep_groups);
  if (draft.in_user_namespace()) {
    draft.add<Actor::init>("/linux/namespaces", step::BecomeRoot{!keep}, draft.mapped);
  }
}

}  // namespace tare::runtime
