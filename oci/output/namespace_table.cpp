// SPDX-License-Identifier: Apache-2.0
#include "oci/output/namespace_table.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<NamespaceHold>) {
  return Table{
      Field<&NamespaceHold::by>{"by", Presence::always},
      Field<&NamespaceHold::pid>{"pid"},
      Field<&NamespaceHold::number>{"number"},
      Field<&NamespaceHold::path>{"path"},
  };
}

constexpr auto fields(Of<NamespaceSeen>) {
  return Table{
      Field<&NamespaceSeen::kind>{"kind", Presence::always},
      Field<&NamespaceSeen::inode>{"inode", Presence::always},
      Field<&NamespaceSeen::owner>{"owner"},
      Field<&NamespaceSeen::parent>{"parent"},
      Field<&NamespaceSeen::processes>{"processes", Presence::always},
      Field<&NamespaceSeen::pids>{"pids", Presence::always},
      Field<&NamespaceSeen::command>{"command"},
      Field<&NamespaceSeen::container>{"container"},
      Field<&NamespaceSeen::name>{"name"},
      Field<&NamespaceSeen::heldBy>{"heldBy", Presence::always},
  };
}

constexpr auto fields(Of<NamespaceName>) {
  return Table{
      Field<&NamespaceName::name>{"name", Presence::always},
      Field<&NamespaceName::kinds>{"kinds", Presence::always},
      Field<&NamespaceName::holder>{"holder"},
      Field<&NamespaceName::complete>{"complete", Presence::always},
      Field<&NamespaceName::problem>{"problem"},
  };
}

constexpr auto fields(Of<NamespaceList>) {
  return Table{
      Field<&NamespaceList::namespaces>{"namespaces", Presence::always},
      Field<&NamespaceList::names>{"names", Presence::always},
  };
}

constexpr auto fields(Of<NamespaceOf>) {
  return Table{
      Field<&NamespaceOf::kind>{"kind", Presence::always},
      Field<&NamespaceOf::inode>{"inode", Presence::always},
      Field<&NamespaceOf::owner>{"owner"},
      Field<&NamespaceOf::differsFromHost>{"differsFromHost", Presence::always},
      Field<&NamespaceOf::differsFromParent>{"differsFromParent"},
  };
}

constexpr auto fields(Of<ThreadNamespaces>) {
  return Table{
      Field<&ThreadNamespaces::tid>{"tid", Presence::always},
      Field<&ThreadNamespaces::name>{"name", Presence::always},
      Field<&ThreadNamespaces::namespaces>{"namespaces", Presence::always},
  };
}

constexpr auto fields(Of<ProcessNamespaces>) {
  return Table{
      Field<&ProcessNamespaces::pid>{"pid", Presence::always},
      Field<&ProcessNamespaces::tgid>{"tgid", Presence::always},
      Field<&ProcessNamespaces::parent>{"parent", Presence::always},
      Field<&ProcessNamespaces::command>{"command", Presence::always},
      Field<&ProcessNamespaces::container>{"container"},
      Field<&ProcessNamespaces::threads>{"threads", Presence::always},
  };
}

std::string encode_namespace_list(const NamespaceList& list) {
  return indented(encode_document(list), ' ', 2) + '\n';
}

std::string encode_process_namespaces(const ProcessNamespaces& process) {
  return indented(encode_document(process), ' ', 2) + '\n';
}

}  // namespace tare::oci
