// SPDX-License-Identifier: Apache-2.0
//
// The fuzz targets of tests/fuzz with the inputs that are kept in tests/fuzz/NAME.corpus.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/directory.h"
#include "base/file.h"
#include "base/process.h"

// CMakeLists.txt gives LLVMFuzzerTestOneInput of tests/fuzz/NAME.cpp the name fuzz_NAME.
extern "C" {
int fuzz_bus(const std::uint8_t* data, std::size_t size);
int fuzz_command_line(const std::uint8_t* data, std::size_t size);
int fuzz_config(const std::uint8_t* data, std::size_t size);
int fuzz_criu(const std::uint8_t* data, std::size_t size);
int fuzz_filters(const std::uint8_t* data, std::size_t size);
int fuzz_host_files(const std::uint8_t* data, std::size_t size);
int fuzz_namespaces(const std::uint8_t* data, std::size_t size);
int fuzz_process(const std::uint8_t* data, std::size_t size);
int fuzz_reports(const std::uint8_t* data, std::size_t size);
}

namespace tare {

namespace {

struct Target {
  std::string name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

const std::array targets = {Target{"bus", fuzz_bus},
                            Target{"command_line", fuzz_command_line},
                            Target{"config", fuzz_config},
                            Target{"criu", fuzz_criu},
                            Target{"filters", fuzz_filters},
                            Target{"host_files", fuzz_host_files},
                            Target{"namespaces", fuzz_namespaces},
                            Target{"process", fuzz_process},
                            Target{"reports", fuzz_reports}};

std::string beside_this(const std::string& path) {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind('/') + 1) + path;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const Call<UniqueFd> directory = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(directory.ok());
  const auto note = [&](const dirent& entry) { names.emplace_back(entry.d_name); };
  REQUIRE(for_each_entry(directory->get(), note).ok());
  return names;
}

std::string content_of(const std::string& path) {
  const Call<std::string> text = read_regular_file(AT_FDCWD, path.c_str(), std::size_t{1} << 20);
  REQUIRE(text.ok());
  return *text;
}

// A target aborts if something does not hold: its process says of which input that is.
int status_of(const Target& target, const std::string& input) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGABRT, SIG_DFL);  // not doctest's report
    ::_exit(target.run(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()));
  }
  return reap(pid);
}

}  // namespace

TEST_CASE("fuzz: each target holds for the inputs of its corpus") {
  for (const Target& target : targets) {
    const std::string corpus = beside_this("../fuzz/" + target.name + ".corpus");
    const std::vector<std::string> inputs = names_in(corpus);
    CAPTURE(target.name);
    CHECK(inputs.size() >= 5);
    for (const std::string& input : inputs) {
      CAPTURE(input);
      CHECK(status_of(target, content_of(corpus + "/" + input)) == 0);
    }
  }
}

TEST_CASE("fuzz: each target is among those that run here") {
  for (const std::string& file : names_in(beside_this("../fuzz"))) {
    if (!file.ends_with(".cpp")) continue;
    CAPTURE(file);
    CHECK(std::ranges::count(targets, file.substr(0, file.size() - 4), &Target::name) == 1);
  }
}

}  // namespace tare
