// SPDX-License-Identifier: Apache-2.0
//
// Any argument vector: the words are the lines of the input. Each is a quantity as well, as the
// value of an option may be.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "runtime/command_line/command_line.h"
#include "runtime/command_line/quantities.h"
#include "tests/fuzz/require.h"

using namespace tare;

namespace {

void check_quantity(std::string_view word) {
  using namespace std::chrono_literals;
  const auto duration = runtime::parse_duration(word);
  if (duration && !word.starts_with('-')) require(*duration >= 0ns);
  const auto bytes = runtime::parse_bytes(word);
  require(!bytes || *bytes >= 0);
  const auto trigger = runtime::parse_pressure_trigger(word);
  if (!trigger) return;
  require(trigger->stallUsec > 0 && trigger->stallUsec <= trigger->windowUsec);
  require(trigger->windowUsec <= 10'000'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words = {"tare"};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const std::string_view line : split(input, '\n')) {
    words.emplace_back(line);
    check_quantity(line);
  }
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);

  const auto parsed = runtime::parse_command_line(static_cast<int>(words.size()), argv.data());
  if (!parsed.ok()) {
    require(parsed.error().kind == Error::Kind::usage);
    require(printable(parsed.error().message()) == parsed.error().message());
    return 0;
  }
  const runtime::Invocation& call = *parsed;
  require(call.command != nullptr || call.help || call.version);
  if (call.command == nullptr || call.help) return 0;
  const auto count = static_cast<int>(call.arguments.size());
  require(count >= call.command->least);
  require(call.command->most < 0 || count <= call.command->most);
  return 0;
}
