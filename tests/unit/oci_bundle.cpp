// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"

using namespace tare;
using namespace tare::oci;

namespace {

// A directory under /tmp that goes away with its files.
struct Directory {
  std::string path;
  Directory() {
    char name[] = "/tmp/tare-unit-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Directory() {
    for (const char* file : {"config.json", "process.json", "link"}) {
      ::unlink((path + '/' + file).c_str());
    }
    ::rmdir((path + "/config.json").c_str());
    ::rmdir(path.c_str());
  }
  std::string write(const std::string& file, const std::string& text) const {
    const std::string whole = path + '/' + file;
    const Call<UniqueFd> fd = open_at(AT_FDCWD, whole.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd.ok());
    REQUIRE(write_all(fd->get(), text).ok());
    return whole;
  }
};

Bundle opened(const std::string& path) {
  Result<Bundle> bundle = open_bundle(path);
  REQUIRE_MESSAGE(bundle.ok(), (bundle.ok() ? "" : bundle.error().message()));
  return std::move(bundle).value();
}

std::string load_failure(const Directory& directory, const std::string& file = "config.json") {
  const Result<Config> config = load_config(opened(directory.path), file);
  REQUIRE(!config.ok());
  return config.error().message();
}

}  // namespace

TEST_CASE("a bundle has its canonical path") {
  const Directory directory;
  const std::string link = directory.path + "/link";
  REQUIRE(::symlink(".", link.c_str()) == 0);
  CHECK(opened(link + "/../" + directory.path.substr(5) + "//").path == directory.path);
  directory.write("config.json", R"({"ociVersion":"1.2.0"})");
  const Result<Config> config = load_config(opened(link));
  REQUIRE(config.ok());
  CHECK(config->ociVersion == "1.2.0");
}

TEST_CASE("a bundle that is not a directory is named") {
  CHECK(open_bundle("/nonexistent/x").error().message() ==
        "bundle /nonexistent/x: ENOENT: no such file or directory");
  CHECK(open_bundle("/dev/null").error().message() == "bundle /dev/null: ENOTDIR: not a directory");
}

TEST_CASE("a bundle whose path JSON cannot say is refused") {
  const Directory directory;
  const std::string path = directory.path + "/\xFF";
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  CHECK(open_bundle(path).error().message() ==
        "bundle " + directory.path + "/\\xff: the path is not UTF-8");
  ::rmdir(path.c_str());
}

TEST_CASE("a missing config.json is named") {
  CHECK(load_failure(Directory()) == "config.json: ENOENT: no such file or directory");
}

TEST_CASE("a config.json that is no regular file is refused at once") {
  const Directory directory;
  const std::string path = directory.path + "/config.json";
  SUBCASE("fifo") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(load_failure(directory) == "config.json: is not a regular file");
  }
  SUBCASE("directory") {
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
    CHECK(load_failure(directory) == "config.json: EISDIR: is a directory");
  }
  SUBCASE("link to a device") {
    REQUIRE(::symlink("/dev/zero", path.c_str()) == 0);
    CHECK(load_failure(directory) == "config.json: is not a regular file");
  }
  SUBCASE("link to itself") {
    REQUIRE(::symlink("config.json", path.c_str()) == 0);
    CHECK(load_failure(directory) == "config.json: ELOOP: too many levels of symbolic links");
  }
}

TEST_CASE("errors without a place in the document name the file") {
  const Directory directory;
  directory.write("config.json", "{");
  CHECK(load_failure(directory).starts_with("config.json: line 1, column 2: "));
  directory.write("config.json", "");
  CHECK(load_failure(directory) == "config.json: is empty");
  directory.write("config.json", "null");
  CHECK(load_failure(directory) == "config.json: must be an object, is null");
  directory.write("config.json", "{}");
  CHECK(load_failure(directory) == "/ociVersion: is required");
}

TEST_CASE("a config.json of more than 16 MiB is refused") {
  const Directory directory;
  const std::string path = directory.write("config.json", "{}");
  REQUIRE(::truncate(path.c_str(), (16 << 20) + 1) == 0);
  CHECK(load_failure(directory) == "config.json: larger than 16 MiB");
}

TEST_CASE("the process of exec is read from a file of its own") {
  const Directory directory;
  const std::string path = directory.write("process.json", R"({"cwd":"/tmp","args":["id"]})");
  const Result<Process> process = load_process(path);
  REQUIRE(process.ok());
  CHECK(process->cwd == "/tmp");
  CHECK(process->args == std::vector<std::string>{"id"});
  CHECK(load_process("/dev/zero").error().message() == "/dev/zero: is neither a file nor a pipe");
  CHECK(load_process(directory.path + "/no").error().message() ==
        directory.path + "/no: ENOENT: no such file or directory");
  directory.write("process.json", "{}");
  CHECK(load_process(path).error().message() == "/cwd: is required");
}
