// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace tare {

TEST_CASE("a field of proc(5) status is found by its whole name") {
  constexpr const char* status = "Name:\ta b\nNSpid:\t17\t1\nNS:\tx\nSigQ:\t0/5\nEmpty:\t\n";
  CHECK(status_field(status, "Name") == "a b");
  CHECK(status_field(status, "NSpid") == "17\t1");
  CHECK(status_field(status, "NS") == "x");
  CHECK(status_field(status, "Sig").empty());
  CHECK(status_field(status, "Empty").empty());
  CHECK(status_field("", "Name").empty());
}

TEST_CASE("the files of a process are read by its pid") {
  const Call<std::string> status = read_proc(::getpid(), "status");
  REQUIRE(status.ok());
  CHECK(status_field(*status, "Pid") == std::to_string(::getpid()));
  CHECK_FALSE(read_proc(::getpid(), "no-such-file").ok());
}

}  // namespace tare
