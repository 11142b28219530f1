// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/signals.h"

#include <signal.h>
#include <string.h>

#include <string_view>

#include "base/text.h"

namespace tare::runtime {

namespace {

std::string upper(std::string_view text) {
  std::string result;
  for (const char c : text) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

// The kernel's numbers, because glibc reserves the first two and moves SIGRTMIN.
constexpr int first_realtime = 32;
constexpr int last_signal = 64;

std::optional<int> named(std::string_view name) {
  struct Alias {
    std::string_view name;
    int signal;
  };
  constexpr Alias aliases[] = {
      {"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}, {"IO", SIGIO}, {"STKFLT", SIGSTKFLT}};
  for (const auto& alias : aliases) {
    if (alias.name == name) return alias.signal;
  }
  for (int signal = 1; signal < first_realtime; ++signal) {
    const char* abbreviation = sigabbrev_np(signal);
    if (abbreviation != nullptr && name == abbreviation) return signal;
  }
  return std::nullopt;
}

std::optional<int> realtime(std::string_view name) {
  const auto offset = [](std::string_view rest, char sign) -> std::optional<int> {
    if (rest.empty()) return 0;
    if (rest.front() != sign) return std::nullopt;
    return parse_number<int>(rest.substr(1));
  };
  std::optional<int> signal;
  if (name.starts_with("RTMIN")) {
    if (const auto up = offset(name.substr(5), '+')) signal = SIGRTMIN + *up;
  } else if (name.starts_with("RTMAX")) {
    if (const auto down = offset(name.substr(5), '-')) signal = SIGRTMAX - *down;
  }
  if (signal && (*signal < SIGRTMIN || *signal > SIGRTMAX)) return std::nullopt;
  return signal;
}

}  // namespace

Result<int> parse_signal(const std::string& text) {
  const Error unknown(Error::Kind::usage, "unknown signal " + quote(text));
  if (const auto number = parse_number<int>(text)) {
    if (*number < 0 || *number > last_signal) return unknown;
    return *number;
  }
  std::string name = upper(text);
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (const auto signal = named(name)) return *signal;
  if (const auto signal = realtime(name)) return *signal;
  return unknown;
}

}  // namespace tare::runtime
