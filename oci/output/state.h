// SPDX-License-Identifier: Apache-2.0
//
// What tare prints about a container: for `tare state` and `tare list`, whose output callers of
// runc parse, and for hooks (runtime.md, "State").
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/exit.h"

namespace tare::oci {

struct State {
  std::string ociVersion;
  std::string id;
  int pid = 0;  // in the caller's pid namespace; 0: none
  std::string status;
  std::string bundle;   // absolute
  std::string rootfs;   // absolute
  std::string created;  // RFC 3339, nanoseconds, UTC
  Annotations annotations;
  std::string started;       // the same, the start of its process; only in `tare state`
  std::string owner;         // user name or id; empty in `tare state`
  std::optional<Exit> exit;  // of a stopped container, if known; only in `tare state`
};

// Indented by two spaces, no newline at the end; in the order of State, annotations only if there
// are any.
std::string encode_state(const State& state);

// An array of them, with a newline at the end.
std::string encode_states(const std::vector<State>& states);

// The specification's state object on one line, for the standard input of hooks. Hooks that use
// grep expect no spaces and unescaped slashes. Without a process there is no pid.
std::string encode_state_compact(const State& state);

// config-linux.md, "The Container Process State", with the one descriptor "seccompFd": the message
// for a seccomp agent. `pid` is the process under the filter.
std::string encode_process_state(const State& state, int pid, const std::string& metadata);

// One line, with a newline at the end; "[]" when empty.
std::string encode_list(const std::vector<State>& states);

}  // namespace tare::oci
