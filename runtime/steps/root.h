// SPDX-License-Identifier: Apache-2.0
//
// Steps for the root file system: config.md "Root", config-linux.md "Rootfs Mount Propagation".
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Sets the propagation of all mounts that the new mount namespace copied from the host.
struct HostPropagation {
  static constexpr const char* calls = "mount";
  static constexpr Actors actors{Actor::init};
  unsigned long flags = 0;
  [[nodiscard]] std::string words() const;
};

// Mounts the root file system's tree on its own path, so that it is a mount.
struct AttachRoot {
  static constexpr const char* calls = "move_mount openat2";
  static constexpr Actors actors{Actor::init};
  std::string path;  // host path
  Slot tree;
  // Make the mount below private first: pivot_root(2) requires that.
  bool isolate_parent = false;
  [[nodiscard]] std::string words() const;
};

// Without mounts and a mount namespace, the root file system is used in place.
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

// Sets the propagation of the container's "/". pivot_root(2) refuses a shared root, so this comes
// after it.
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
