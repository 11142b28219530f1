// SPDX-License-Identifier: Apache-2.0
#include "oci/problem.h"

#include <doctest/doctest.h>

#include <set>

namespace tare::oci {

TEST_CASE("every kind of error has a word of its own") {
  std::set<std::string> words;
  constexpr auto last = static_cast<int>(Error::Kind::refused);
  for (int kind = 0; kind <= last; ++kind) {
    words.insert(std::string(code_word(static_cast<Error::Kind>(kind))));
  }
  CHECK(words.size() == std::size_t{last} + 1);
  CHECK_FALSE(words.contains(""));
}

TEST_CASE("an error becomes one line with all members") {
  Error error(Fault{EPERM, "mount"}, "mount x");
  error.at = "/mounts/3";
  CHECK(encode_problem(problem(error, "create")) ==
        "{\"code\":\"failed\",\"phase\":\"create\",\"step\":\"mount x\",\"origin\":\"/mounts/3\","
        "\"errno\":\"EPERM\",\"cause\":\"operation not permitted\",\"hint\":null,\"message\":"
        "\"/mounts/3: mount x: EPERM: operation not permitted\"}\n");
  CHECK(encode_problem(problem(Error(Error::Kind::usage, "no\n\"way\"").with_hint("h"), "p")) ==
        "{\"code\":\"usage\",\"phase\":\"p\",\"step\":\"no\\\\x0a\\\"way\\\"\",\"origin\":null,"
        "\"errno\":null,\"cause\":null,\"hint\":\"h\",\"message\":\"no\\\\x0a\\\"way\\\" (h)\"}\n");
  CHECK(encode_problems({}) == "[]\n");
}

}  // namespace tare::oci
