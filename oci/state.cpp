// SPDX-License-Identifier: Apache-2.0
#include "oci/state.h"

#include "oci/codec.h"

namespace tare::oci {

template <>
struct Fields<State> {
  static constexpr std::tuple table{
      Field<&State::ociVersion>{"ociVersion", Presence::always},
      Field<&State::id>{"id", Presence::always},
      Field<&State::pid>{"pid", Presence::always},
      Field<&State::status>{"status", Presence::always},
      Field<&State::bundle>{"bundle", Presence::always},
      Field<&State::rootfs>{"rootfs", Presence::always},
      Field<&State::created>{"created", Presence::always},
      Field<&State::annotations>{"annotations"},
      Field<&State::owner>{"owner", Presence::always},
  };
};

namespace {

// runtime.md, "State": what a hook may count on, and nothing else.
constexpr auto hook_rows = rows_of<State>(std::tuple{
    Field<&State::ociVersion>{"ociVersion", Presence::always},
    Field<&State::id>{"id", Presence::always},
    Field<&State::status>{"status", Presence::always},
    Field<&State::pid>{"pid"},
    Field<&State::bundle>{"bundle", Presence::always},
    Field<&State::annotations>{"annotations"},
});

}  // namespace

std::string encode_state(const State& state) {
  return indented(encode_document(state), ' ', 2);
}

std::string encode_state_compact(const State& state) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  encode_rows(&state, hook_rows, writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string encode_list(const std::vector<State>& states) {
  return encode_document(states) + '\n';
}

}  // namespace tare::oci
