// SPDX-License-Identifier: Apache-2.0
//
// Kernel parameters and protected paths: config-linux.md "Sysctl", "Masked Paths", "Readonly
// Paths".
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
  std::string key;   // as the config has it
  std::string path;  // below /proc/sys
  std::string value;
  [[nodiscard]] std::string words() const;
};

// A path in a procfs or sysfs that the plan keeps is found by that mount's descriptor: whatever
// happens to the name "/proc" meanwhile, the file system itself is protected.
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
  // linux.mountLabel as an option of the file system that masks directories, or two empty texts.
  std::pair<std::string, std::string> label;
  [[nodiscard]] std::string words() const;
};

// The mounts that were kept are still where they were mounted: nobody has moved the directory away.
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
