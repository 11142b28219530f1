// SPDX-License-Identifier: Apache-2.0
//
// hooks (config.md, "POSIX-platform Hooks").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<std::int64_t> timeout;  // seconds
};

constexpr auto fields(Of<Hook>) {
  return Table{
      Field<&Hook::path>{"path", Presence::required},
      Field<&Hook::args>{"args"},
      Field<&Hook::env>{"env"},
      Field<&Hook::timeout>{"timeout"},
  };
}

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> createRuntime;
  std::vector<Hook> createContainer;
  std::vector<Hook> startContainer;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

constexpr auto fields(Of<Hooks>) {
  return Table{
      Field<&Hooks::prestart>{"prestart"},
      Field<&Hooks::createRuntime>{"createRuntime"},
      Field<&Hooks::createContainer>{"createContainer"},
      Field<&Hooks::startContainer>{"startContainer"},
      Field<&Hooks::poststart>{"poststart"},
      Field<&Hooks::poststop>{"poststop"},
  };
}

}  // namespace tare::oci
