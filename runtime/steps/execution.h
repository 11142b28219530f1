// SPDX-License-Identifier: Apache-2.0
//
// From init to the program: runtime/stub/program.h.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

// Init becomes the stub: what follows is carried out by its instructions.
struct EnterStub {
  static constexpr const char* calls = "memfd_create fcntl(F_ADD_SEALS) execveat";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

// Into the pid namespace that the process has joined: its children are in it, it is not.
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

// Everything is in place: the host may publish the container.
struct Ready {
  static constexpr const char* calls = "write read";
  static constexpr Actors actors{Actor::init, Actor::stub};
  [[nodiscard]] std::string words() const;
};

// The host has published it; init waits to be started.
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
