// SPDX-License-Identifier: Apache-2.0
//
// The namespaces of a machine and of a process, as `tare ns list` and `tare ns show` print them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

// Something that holds a namespace besides its processes.
struct NamespaceHold {
  std::string by;    // "mount", "descriptor", "thread", "children" or "namespace"
  int pid = 0;       // the process; for a mount: one that sees it at `path`, 0: tare itself
  int number = 0;    // the descriptor, or the thread's ID
  std::string path;  // the mount point
};

struct NamespaceSeen {
  std::string kind;  // its name in /proc/PID/ns
  std::uint64_t inode = 0;
  std::uint64_t owner = 0;   // the user namespace; 0: not visible to tare
  std::uint64_t parent = 0;  // of a user or pid namespace
  int processes = 0;
  std::vector<int> pids;  // ascending
  std::string command;    // of the first process
  std::string container;  // the container that it belongs to
  std::string name;       // of `tare ns create`
  std::vector<NamespaceHold> heldBy;
};

// A name of `tare ns create`.
struct NamespaceName {
  std::string name;
  std::vector<std::string> kinds;  // kinds of the held namespaces
  int holder = 0;                  // the process that keeps its pid namespace alive
  bool complete = true;
  std::string problem;
};

struct NamespaceList {
  std::vector<NamespaceSeen> namespaces;
  std::vector<NamespaceName> names;
};

// A namespace of a process, and how it compares.
struct NamespaceOf {
  std::string kind;
  std::uint64_t inode = 0;
  std::uint64_t owner = 0;
  bool differsFromHost = false;
  std::optional<bool> differsFromParent;  // absent: the parent is not readable
};

struct ThreadNamespaces {
  int tid = 0;
  std::string name;
  std::vector<NamespaceOf> namespaces;
};

struct ProcessNamespaces {
  int pid = 0;
  int tgid = 0;
  int parent = 0;
  std::string command;
  std::string container;
  std::vector<ThreadNamespaces> threads;  // the main thread first
};

// Indented by two spaces, with a newline at the end.
std::string encode_namespace_list(const NamespaceList& list);
std::string encode_process_namespaces(const ProcessNamespaces& process);

}  // namespace tare::oci
