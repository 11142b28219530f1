// SPDX-License-Identifier: Apache-2.0
//
// Steps from init to the program: runtime/stub/program.h.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Init becomes the stub, whose instructions perform the following steps.
struct EnterStub {
  static constexpr const char* calls = "memfd_create fcntl(F_ADD_SEALS) execveat";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

// Forks into the pid namespace that the process has joined: only its children are in it.
struct ForkIntoNamespaces {
  static constexpr const char* calls = "clone";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

struct EnterDirectory {
  static constexpr const char* calls = "chdir";
  static constexpr Actors actors{Actor::stub};
  std::string path;
  [[nodiscard]] std::string words() const;
};

struct RetryDirectory {
  static constexpr const char* calls = "chdir getcwd";
  static constexpr Actors actors{Actor::stub};
  std::string path;
  [[nodiscard]] std::string words() const;
};

struct FindProgram {
  static constexpr const char* calls = "statx faccessat2";
  static constexpr Actors actors{Actor::stub};
  std::string name;                     // args[0]
  std::vector<std::string> candidates;  // paths in the container
  [[nodiscard]] std::string words() const;
};

// The container is complete: the host may publish it.
struct Ready {
  static constexpr const char* calls = "write read";
  static constexpr Actors actors{Actor::init, Actor::stub};
  [[nodiscard]] std::string words() const;
};

// The host has published the container; init waits for `start`.
struct AwaitStart {
  static constexpr const char* calls = "read";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

struct Execute {
  static constexpr const char* calls = "close_range execve";
  static constexpr Actors actors{Actor::stub};
  std::string name;
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using ExecutionSteps =
    Steps<step::EnterStub, step::ForkIntoNamespaces, step::EnterDirectory, step::RetryDirectory,
          step::FindProgram, step::Ready, step::AwaitStart, step::Execute>;

Call<void> perform(const step::EnterStub&, LaunchContext&);

}  // namespace tare::runtime
