// SPDX-License-Identifier: Apache-2.0
//
// The root file system: config.md "Root", config-linux.md "Rootfs Mount Propagation".
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Propagation of every mount that the new mount namespace copied from the host.
struct HostPropagation {
  static constexpr const char* calls = "mount";
  static constexpr Actors actors{Actor::init};
  unsigned long flags = 0;
  [[nodiscard]] std::string words() const;
};

// Puts the root file system's tree onto its own path, so that it is a mount.
struct AttachRoot {
  static constexpr const char* calls = "move_mount openat2";
  static constexpr Actors actors{Actor::init};
  std::string path;  // host path
  Slot tree;
  bool isolate_parent =
      false;  // make the mount it stands on private first: pivot_root(2) wants that
  [[nodiscard]] std::string words() const;
};

// Without mounts and without a mount namespace the root file system is used where it is.
struct OpenRoot {
  static constexpr const char* calls = "openat";
  static constexpr Actors actors{Actor::init};
  std::string path;  // host path
  [[nodiscard]] std::string words() const;
};

enum class RootChange { pivot, move, chroot };

struct EnterRoot {
  static constexpr const char* calls = "pivot_root umount2 chroot chdir";
  static constexpr Actors actors{Actor::init};
  RootChange how = RootChange::pivot;
  [[nodiscard]] std::string words() const;
};

// Propagation of the container's "/", which pivot_root(2) would have refused before.
struct RootPropagation {
  static constexpr const char* calls = "mount";
  static constexpr Actors actors{Actor::init};
  unsigned long flags = 0;
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using RootSteps = Steps<step::HostPropagation, step::AttachRoot, step::OpenRoot, step::EnterRoot,
                        step::RootPropagation>;

Call<void> perform(const step::HostPropagation&, LaunchContext&);
Call<void> perform(const step::AttachRoot&, LaunchContext&);
Call<void> perform(const step::OpenRoot&, LaunchContext&);
Call<void> perform(const step::EnterRoot&, LaunchContext&);
Call<void> perform(const step::RootPropagation&, LaunchContext&);

}  // namespace tare::runtime
