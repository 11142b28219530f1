// SPDX-License-Identifier: Apache-2.0
#include "oci/output/state.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<State>) {
  return Table{
      Field<&State::ociVersion>{"ociVersion", Presence::always},
      Field<&State::id>{"id", Presence::always},
      Field<&State::pid>{"pid", Presence::always},
      Field<&State::status>{"status", Presence::always},
      Field<&State::bundle>{"bundle", Presence::always},
      Field<&State::rootfs>{"rootfs", Presence::always},
      Field<&State::created>{"created", Presence::always},
      Field<&State::annotations>{"annotations"},
      Field<&State::owner>{"owner", Presence::always},
      Field<&State::started>{"started"},
      Field<&State::exit>{"exit"},
  };
}

namespace {

// runtime.md, "State": only the properties that a hook or an agent may rely on.
struct SpecState : State {};

struct ProcessState {
  std::string ociVersion;
  std::vector<std::string> fds;
  int pid = 0;
  std::string metadata;
  SpecState state;
};

}  // namespace

constexpr auto fields(Of<SpecState>) {
  return Table{
      Field<&State::ociVersion>{"ociVersion", Presence::always},
      Field<&State::id>{"id", Presence::always},
      Field<&State::status>{"status", Presence::always},
      Field<&State::pid>{"pid"},
      Field<&State::bundle>{"bundle", Presence::always},
      Field<&State::annotations>{"annotations"},
  };
}

constexpr auto fields(Of<ProcessState>) {
  return Table{
      Field<&ProcessState::ociVersion>{"ociVersion", Presence::always},
      Field<&ProcessState::fds>{"fds", Presence::always},
      Field<&ProcessState::pid>{"pid", Presence::always},
      Field<&ProcessState::metadata>{"metadata"},
      Field<&ProcessState::state>{"state", Presence::always},
  };
}

std::string encode_state(const State& state) {
  return indented(encode_document(state), ' ', 2);
}

std::string encode_states(const std::vector<State>& states) {
  return indented(encode_document(states), ' ', 2) + '\n';
}

std::string encode_state_compact(const State& state) {
  return encode_document(SpecState{state});
}

std::string encode_process_state(const State& state, int pid, const std::string& metadata) {
  return encode_document(
      ProcessState{state.ociVersion, {"seccompFd"}, pid, metadata, SpecState{state}});
}

std::string encode_list(const std::vector<State>& states) {
  return encode_document(states) + '\n';
}

}  // namespace tare::oci
