// SPDX-License-Identifier: Apache-2.0
//
// A tree that changes while it is copied. What stands outside of it must not come into the copy.
#include "runtime/do/copy_up.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

// Exchanges two names of a directory as fast as it can.
class Flipper {
 public:
  Flipper(int directory, const char* one, const char* other)
      : thread_([=, this] {
          while (!stop_) ::renameat2(directory, one, directory, other, RENAME_EXCHANGE);
        }) {}
  Flipper(const Flipper&) = delete;
  Flipper& operator=(const Flipper&) = delete;
  ~Flipper() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

UniqueFd opened(const Scratch& scratch, const std::string& name) {
  Call<UniqueFd> directory = open_at(scratch.fd(), name.c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(directory.ok());
  return std::move(directory).value();
}

bool has_secret(const std::filesystem::path& top) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    if (entry.file_size() == std::string("secret").size()) return true;
  }
  return false;
}

// Copies the tree until it was met in the middle of a change often enough.
void copy_while_it_changes(const Scratch& scratch) {
  constexpr int enough = 20;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const UniqueFd from = opened(scratch, "tree");
  const Flipper flipper(from.get(), "one", "other");
  int refused = 0;
  for (int i = 0; refused < enough && std::chrono::steady_clock::now() < deadline; ++i) {
    const std::string name = "copies/" + std::to_string(i);
    scratch.directory(name);
    if (!copy_tree(from.get(), opened(scratch, name).get(), {}).ok()) ++refused;
    REQUIRE_FALSE(has_secret(scratch.path(name)));
    std::filesystem::remove_all(scratch.path(name));
  }
  CHECK(refused == enough);
}

}  // namespace

TEST_CASE("a file that becomes a link while it is copied is not followed") {
  const Scratch scratch;
  scratch.file("outside", "secret");
  scratch.directory("tree");
  scratch.file("tree/one", "of the image");
  scratch.link("tree/other", "../outside");
  copy_while_it_changes(scratch);
}

TEST_CASE("a directory that becomes a link while it is copied is not followed") {
  const Scratch scratch;
  scratch.directory("outside");
  scratch.file("outside/file", "secret");
  scratch.directory("tree/one");
  scratch.link("tree/other", "../outside");
  copy_while_it_changes(scratch);
}

}  // namespace tare::runtime
