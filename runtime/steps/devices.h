// SPDX-License-Identifier: Apache-2.0
//
// Steps for /dev: config-linux.md "Devices".
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct MakeDevice {
  static constexpr const char* calls = "openat2 mknodat fstatat";
  static constexpr Actors actors{Actor::init};
  InsidePath path;
  unsigned mode = 0;  // type and permission bits
  unsigned major = 0;
  unsigned minor = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  [[nodiscard]] std::string words() const;
};

// A user namespace cannot create nodes, so the host's node is bind-mounted on an empty file.
struct BindDevice {
  static constexpr const char* calls = "openat2 move_mount";
  static constexpr Actors actors{Actor::init};
  InsidePath path;
  Slot tree;
  [[nodiscard]] std::string words() const;
};

struct MakeSymlink {
  static constexpr const char* calls = "openat2 symlinkat";
  static constexpr Actors actors{Actor::init};
  InsidePath path;
  std::string target;
  bool replace = false;        // removes an existing file
  std::string only_if_exists;  // a host path, or empty
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using DevicesSteps = Steps<step::MakeDevice, step::BindDevice, step::MakeSymlink>;

Call<void> perform(const step::MakeDevice&, LaunchContext&);
Call<void> perform(const step::BindDevice&, LaunchContext&);
Call<void> perform(const step::MakeSymlink&, LaunchContext&);

}  // namespace tare::runtime
