// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <doctest/doctest.h>

#include <memory>

namespace tare {

namespace {

Call<int> call(int error) {
  if (error != 0) return Fault{error, "openat2"};
  return 7;
}

Result<int> tried(int error) {
  return TRY(call(error).because("open the store")) + 1;
}

Result<void> converted(int error) {
  (void)TRY(call(error));
  return {};
}

}  // namespace

TEST_CASE("TRY gives the value, or leaves with the error") {
  CHECK(*tried(0) == 8);
  REQUIRE_FALSE(tried(ENOENT).ok());
  CHECK(tried(ENOENT).error().error == ENOENT);
  CHECK(converted(0).ok());
}

TEST_CASE("a fault becomes an error that names its call") {
  CHECK(converted(EPERM).error().message() == "openat2: EPERM: operation not permitted");
}

TEST_CASE("an error is one line: place, reasons from the outermost on, errno, hint") {
  Error error = tried(EACCES).error();
  CHECK(error.message() == "open the store: EACCES: permission denied");
  error = std::move(error).within("create").with_hint("ask root");
  error.at = "/root/path";
  CHECK(error.message() ==
        "/root/path: create: open the store: EACCES: permission denied (ask root)");
  CHECK(Error("only words").message() == "only words");
}

TEST_CASE("kinds and places are kept when reasons are added") {
  const Result<int> failed =
      Result<int>(Error::unsupported("/linux/x", "not carried out")).because("plan");
  CHECK(failed.error().kind == Error::Kind::unsupported);
  CHECK(failed.error().at == "/linux/x");
  CHECK(failed.error().what == "plan: not carried out");
  CHECK(Error::config("/a", "b").kind == Error::Kind::config);
}

TEST_CASE("values that can only be moved pass through") {
  const auto make = []() -> Call<std::unique_ptr<int>> { return std::make_unique<int>(3); };
  const auto pass = [&]() -> Result<std::unique_ptr<int>> { return TRY(make()); };
  CHECK(**pass() == 3);
  CHECK(**make().because("never") == 3);
}

TEST_CASE("a value or another one") {
  CHECK(call(0).value_or(1) == 7);
  CHECK(call(EIO).value_or(1) == 1);
}

TEST_CASE("errnos have their name and words in lower case") {
  CHECK(std::string(errno_name(ENOENT)) == "ENOENT");
  CHECK(std::string(errno_name(99999)) == "unknown errno");
  CHECK(std::string(errno_words(ENOTDIR)) == "not a directory");
  CHECK(std::string(errno_words(99999)) == "unknown error");
  for (int error = 1; error < 134; ++error) CHECK(errno_words(error)[0] != '\0');
}

}  // namespace tare
