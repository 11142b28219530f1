// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/capabilities.h"

#include <sys/capability.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/process.h"
#include "base/text.h"

namespace tare::runtime {

std::uint64_t capability_set(const std::vector<std::string>& names) {
  std::uint64_t set = 0;
  for (const auto& name : names) {
    cap_value_t value = -1;
    if (cap_from_name(name.c_str(), &value) == 0 && value >= 0 && value < capability_count) {
      set |= std::uint64_t{1} << value;
    }
  }
  return set;
}

std::vector<std::string> known_capabilities() {
  std::vector<std::string> names;
  for (cap_value_t value = 0; value < capability_count; ++value) {
    char* name = cap_to_name(value);
    if (name == nullptr) break;
    std::string upper = name;
    cap_free(name);
    // libcap prints a number for a capability without a name.
    if (upper.empty() || std::isdigit(static_cast<unsigned char>(upper[0])) != 0) break;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    names.push_back(std::move(upper));
  }
  return names;
}

std::string capability_names(std::uint64_t set) {
  if (~set == 0) return "all";
  const std::vector<std::string> names = known_capabilities();
  std::string words;
  for (std::size_t i = 0; i < capability_count; ++i) {
    if ((set >> i & 1) == 0) continue;
    if (!words.empty()) words += ' ';
    words += i < names.size() ? names[i] : std::to_string(i);
  }
  return words.empty() ? "none" : words;
}

namespace {

// proc_pid_status(5), for a host that refuses capget(2).
std::uint64_t shown_capabilities() {
  const std::string status = read_proc(::getpid(), "status").value_or("");
  return parse_number<std::uint64_t>(status_field(status, "CapPrm"), 16).value_or(0);
}

}  // namespace

std::uint64_t own_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (capget(&header, data) != 0) return shown_capabilities();
  return data[0].permitted | (std::uint64_t{data[1].permitted} << 32);
}

}  // namespace tare::runtime
