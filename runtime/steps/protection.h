// SPDX-License-Identifier: Apache-2.0
//
// Steps for kernel parameters and protected paths: config-linux.md "Sysctl", "Masked Paths",
// "Readonly Paths".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct WriteSysctl {
  static constexpr const char* calls = "openat2 write";
  static constexpr Actors actors{Actor::init};
  std::string key;   // as in the config
  std::string path;  // below /proc/sys
  std::string value;
  [[nodiscard]] std::string words() const;
};

// A path in a kept procfs or sysfs is found by the descriptor of that mount. So the file system
// itself is protected, even if the name "/proc" leads elsewhere by then.
struct ProtectedPath {
  InsidePath path;
  std::string mount;  // destination of the mount, or empty
};

struct ReadonlyPath : ProtectedPath {
  static constexpr const char* calls = "openat2 open_tree mount_setattr move_mount";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

struct MaskPath : ProtectedPath {
  static constexpr const char* calls = "openat2 move_mount";
  static constexpr Actors actors{Actor::init};
  // linux.mountLabel as an option of the file system that masks directories, or two empty strings.
  std::pair<std::string, std::string> label;
  [[nodiscard]] std::string words() const;
};

// Verifies that the kept mounts are still at their destinations: nobody has moved a directory.
struct VerifyMounts {
  static constexpr const char* calls = "openat2 statx";
  static constexpr Actors actors{Actor::init};
  std::vector<InsidePath> destinations;
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using ProtectionSteps =
    Steps<step::WriteSysctl, step::ReadonlyPath, step::MaskPath, step::VerifyMounts>;

Call<void> perform(const step::WriteSysctl&, LaunchContext&);
Call<void> perform(const step::ReadonlyPath&, LaunchContext&);
Call<void> perform(const step::MaskPath&, LaunchContext&);
Call<void> perform(const step::VerifyMounts&, LaunchContext&);

}  // namespace tare::runtime
