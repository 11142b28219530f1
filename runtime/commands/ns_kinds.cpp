// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/ns_kinds.h"

#include "base/text.h"
#include "runtime/namespaces/names.h"
#include "runtime/store/container.h"

namespace tare::runtime {

const char* option_name(oci::NamespaceType type) {
  return type == oci::NamespaceType::mount ? "mount" : kind_of(type).proc_name;
}

Kinds kinds_given(const Values& options) {
  Kinds kinds;
  for (const oci::NamespaceType type : kinds_by_name) {
    if (options.has(option_name(type))) kinds.push_back(type);
  }
  return kinds;
}

Result<std::vector<OpenedNamespace>> open_named(const CommandContext& context,
                                                const std::string& name, const Kinds& kinds) {
  if (name.find('/') != std::string::npos) {
    std::vector<OpenedNamespace> one;
    one.push_back(TRY(open_namespace_file(name, kinds)));
    return one;
  }
  const Kinds wanted = kinds.empty() ? Kinds(kinds_by_name.begin(), kinds_by_name.end()) : kinds;
  if (const auto pid = parse_number<pid_t>(name)) return open_namespaces_of(*pid, 0, wanted);
  const std::string root = TRY(context.root());
  const Store store = TRY(context.store());
  if (contains(names_below(root), name)) {
    if (!store.find(name).ok()) return open_namespaces_of_name(root, name, kinds);
    return Error(Error::Kind::usage, name + " is a container and a name of tare ns create")
        .with_hint("use the process ID or a file instead");
  }
  const Container container = TRY(Container::load(store, name));
  (void)TRY(container.live_status());
  return open_namespaces_of(static_cast<pid_t>(container.record.pid), container.record.pidStartTime,
                            wanted);
}

}  // namespace tare::runtime
