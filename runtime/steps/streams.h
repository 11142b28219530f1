// SPDX-License-Identifier: Apache-2.0
//
// Steps for standard streams and for descriptors that later steps need.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Keeps /proc/thread-self/fd for steps that need to know or name the target of a descriptor.
struct OpenDescriptors {
  static constexpr const char* calls = "openat2 fstatfs";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

struct OwnStdio {
  static constexpr const char* calls = "fstat fchown dup3";
  static constexpr Actors actors{Actor::init};
  std::uint32_t uid = 0;
  [[nodiscard]] std::string words() const;
};

// The same for pipes from outside the process's user namespace: their owner is not mapped there, so
// only the host can change it.
struct OwnPipes {
  static constexpr const char* calls = "read(uid_map) fchown";
  static constexpr Actors actors{Actor::host};
  std::uint32_t uid = 0;      // in the user namespace
  bool of_container = false;  // the namespace of the joined container; false: of init
  [[nodiscard]] std::string words() const;
};

// Sets the standard streams of a hook instead of tare's own.
struct TakeStreams {
  static constexpr const char* calls = "dup3";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using StreamsSteps =
    Steps<step::OpenDescriptors, step::OwnStdio, step::OwnPipes, step::TakeStreams>;

Call<void> perform(const step::OpenDescriptors&, LaunchContext&);
Call<void> perform(const step::OwnStdio&, LaunchContext&);
Result<void> perform(const step::OwnPipes&, LaunchContext&);
Call<void> perform(const step::TakeStreams&, LaunchContext&);

}  // namespace tare::runtime
