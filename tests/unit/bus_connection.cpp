// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "cgroups/systemd/connection.h"

namespace tare::cgroups {

namespace {

// The reply to call 7, without a body (D-Bus Specification, "Message Format").
std::string reply() {
  using namespace std::string_literals;
  return "l\2\0\1"
         "\0\0\0\0"
         "\1\0\0\0"
         "\x08\0\0\0"
         "\5\1u\0"
         "\7\0\0\0"s;
}

std::string error_of(std::string input) {
  const Result<Message> message = take_message(input);
  return message.ok() ? "" : message.error().message();
}

}  // namespace

TEST_CASE("bus: a message is taken when all its bytes are there") {
  std::string input;
  for (const char byte : reply().substr(0, reply().size() - 1)) {
    input += byte;
    const Result<Message> none = take_message(input);
    REQUIRE(none.ok());
    CHECK(*none == nullptr);
  }
  input += reply().back();
  CHECK(*take_message(input) != nullptr);
  CHECK(input.empty());
}

TEST_CASE("bus: what follows a message stays") {
  std::string input = reply() + reply() + "l";
  CHECK(*take_message(input) != nullptr);
  CHECK(*take_message(input) != nullptr);
  CHECK(input == "l");
  CHECK(*take_message(input) == nullptr);
}

TEST_CASE("bus: what is not a message is an error") {
  CHECK(error_of(std::string(16, '\0')) == "what was received is not a valid D-Bus message");
  std::string without_reply_serial = reply();
  without_reply_serial[16] = 4;  // the name of an error, which is no number
  CHECK(error_of(without_reply_serial) == "what was received is not a valid D-Bus message");
}

TEST_CASE("bus: a message that is too long is an error before it is there") {
  std::string giant = reply();
  giant[6] = 0x10;  // a body of 1 MiB
  CHECK(error_of(giant) == "a D-Bus message of more than 1 MiB was received");
}

}  // namespace tare::cgroups
