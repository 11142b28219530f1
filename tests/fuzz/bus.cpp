// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a D-Bus server sends: messages are taken or refused, whatever portions arrive.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "cgroups/systemd/connection.h"
#include "tests/fuzz/require.h"

using namespace tare;
using namespace tare::cgroups;

namespace {

constexpr std::size_t shortest = 16;  // the fixed part of a header

// A message that is complete is one only with its last byte.
void check_portions(const std::string& message) {
  std::string without_last = message.substr(0, message.size() - 1);
  const std::string before = without_last;
  const Result<Message> none = take_message(without_last);
  require(none.ok() && *none == nullptr);
  require(without_last == before);
  std::string alone = message;
  const Result<Message> again = take_message(alone);
  require(again.ok() && *again != nullptr);
  require(alone.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const std::string before = input;
    const Result<Message> message = take_message(input);
    if (!message.ok()) {
      require(printable(message.error().message()) == message.error().message());
      return 0;
    }
    if (*message == nullptr) return 0;
    require(before.ends_with(input) && before.size() - input.size() >= shortest);
    check_portions(before.substr(0, before.size() - input.size()));
  }
}
