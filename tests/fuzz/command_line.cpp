// SPDX-License-Identifier: Apache-2.0
//
// Any argument vector: the words are the lines of the input.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "runtime/command_line/command_line.h"
#include "tests/fuzz/require.h"

using namespace tare;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words = {"tare"};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const std::string_view line : split(input, '\n')) words.emplace_back(line);
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
