// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a reply of CRIU: a notice, the end of a call, or an error of one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "runtime/criu/messages.h"
#include "tests/fuzz/require.h"

using namespace tare;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<runtime::CriuAnswer> answer = runtime::read_criu_answer(bytes);
  if (!answer.ok()) {
    require(printable(answer.error().message()) == answer.error().message());
    return 0;
  }
  require(answer->script.empty() || answer->is_notice);
  require(std::ranges::count(answer->script, '\0') == 0);
  return 0;
}
