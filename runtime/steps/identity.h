// SPDX-License-Identifier: Apache-2.0
//
// Steps for identity and privileges of the process: capabilities(7), config.md "User",
// config-linux.md labels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

namespace step {

struct DropBounding {
  static constexpr const char* calls = "prctl(PR_CAPBSET_DROP)";
  static constexpr Actors actors{Actor::stub};
  std::uint64_t keep = 0;  // one bit per capability
  [[nodiscard]] std::string words() const;
};

struct SetUser {
  static constexpr const char* calls =
      "prctl(PR_SET_KEEPCAPS) setgroups setresgid setresuid capset";
  static constexpr Actors actors{Actor::stub};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool keep_groups = false;     // setgroups(2) is denied or must not be called
  std::uint64_t effective = 0;  // effective capabilities during the look-up of the program
  std::uint64_t held = 0;       // permitted capabilities until SetCapabilities
  [[nodiscard]] std::string words() const;
};

struct SetCapabilities {
  static constexpr const char* calls = "capset prctl(PR_CAP_AMBIENT)";
  static constexpr Actors actors{Actor::stub};
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t ambient = 0;
  [[nodiscard]] std::string words() const;
};

struct NoNewPrivileges {
  static constexpr const char* calls = "prctl(PR_SET_NO_NEW_PRIVS)";
  static constexpr Actors actors{Actor::stub};
  [[nodiscard]] std::string words() const;
};

// Asks the loaded SELinux policy for the label, so that one that it does not have is told by its
// name. Where it cannot be asked, the kernel refuses the label when it is set.
struct CheckLabel {
  static constexpr const char* calls = "openat write";
  static constexpr Actors actors{Actor::host};
  std::string label;
  [[nodiscard]] std::string words() const;
};

// Keeps /proc/thread-self/attr for the steps that write labels.
struct OpenAttributes {
  static constexpr const char* calls = "openat2 fstatfs";
  static constexpr Actors actors{Actor::init};
  [[nodiscard]] std::string words() const;
};

// The label by which a security module confines the next program.
struct SetLabel {
  static constexpr const char* calls = "openat2 write pread64";
  static constexpr Actors actors{Actor::stub};
  std::string module;  // "AppArmor profile"
  std::string file;    // below /proc/thread-self/attr
  std::string text;
  std::string read_back;  // how the file must begin afterwards; empty: not checked
  [[nodiscard]] std::string words() const;
};

}  // namespace step

using IdentitySteps =
    Steps<step::DropBounding, step::SetUser, step::SetCapabilities, step::NoNewPrivileges,
          step::CheckLabel, step::OpenAttributes, step::SetLabel>;

Call<void> perform(const step::CheckLabel&, LaunchContext&);
Call<void> perform(const step::OpenAttributes&, LaunchContext&);

}  // namespace tare::runtime
