// SPDX-License-Identifier: Apache-2.0
//
// What tare tells about a container: to `tare state` and `tare list`, whose output callers of runc
// parse, and to hooks (runtime.md, "State").
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/exit.h"

namespace tare::oci {

struct State {
  std::string ociVersion;
  std::string id;
  int pid = 0;  // as the caller sees it; 0: none
  std::string status;
  std::string bundle;   // absolute
  std::string rootfs;   // absolute
  std::string created;  // RFC 3339, nanoseconds, UTC
  Annotations annotations;
  std::string started;       // the same, when its process began; `tare state` alone
  std::string owner;         // user name or id; empty in `tare state`
  std::optional<Exit> exit;  // of a stopped container, as far as it is known; `tare state` alone
};

// Indented by two spaces, no newline at the end; the order of State, annotations only if any.
std::string encode_state(const State& state);

// The same in an array, with a newline at the end.
std::string encode_states(const std::vector<State>& states);

// The spec's state object on one line, for the standard input of hooks: hooks that search it with
// grep count on no spaces and plain slashes. The pid is left out where there is none.
std::string encode_state_compact(const State& state);

// config-linux.md, "The Container Process State", with the one descriptor "seccompFd": what a
// seccomp agent is sent. `pid` is that of the process under the filter.
std::string encode_process_state(const State& state, int pid, const std::string& metadata);

// One line, newline at the end; "[]" when empty.
std::string encode_list(const std::vector<State>& states);

}  // namespace tare::oci
