// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/unique_fd.h"

namespace tare {

// A directory of the test's own, gone at its end.
class Scratch {
 public:
  Scratch() {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    auto opened = open_at(AT_FDCWD, path_.c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(opened.ok());
    fd_ = std::move(opened).value();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;  // a test that failed has said so
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  void directory(const std::string& name) const { std::filesystem::create_directories(path(name)); }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_symlink(target, path(name));
  }
  void file(const std::string& name, std::string_view content = "", unsigned mode = 0644) const {
    const auto opened = open_at(AT_FDCWD, path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode);
    REQUIRE(opened.ok());
    REQUIRE(write_all(opened->get(), content).ok());
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    const auto text = read_regular_file(fd(), name.c_str(), std::size_t{1} << 20);
    REQUIRE(text.ok());
    return *text;
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(path(name)));
  }

 private:
  std::string path_ = "/tmp/tare-test-XXXXXX";
  UniqueFd fd_;
};

}  // namespace tare
