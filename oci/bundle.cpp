// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "oci/json/utf8.h"

namespace tare::oci {

namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;  // bytes

constexpr const char* config_of_bundle = "config.json";

Error cannot_read(const Fault& fault, const std::string& file, const char* other_type) {
  const std::string name = printable(file) + ": ";
  if (fault.error == EFBIG) return Error::config({}, name + "larger than 16 MiB");
  if (fault.error == EINVAL || fault.error == ENXIO) return Error(name + other_type);
  if (fault.error == ETIMEDOUT) {
    return Error(name + "nobody has opened it for writing in " + std::to_string(writer_seconds) +
                 " seconds");
  }
  return {fault, printable(file)};
}

// bundle.md: config.json is a file in the bundle. A file that the caller names may be a pipe,
// because shells pass the output of a program as one, `<(...)`.
Result<std::string> read_document(int directory, const std::string& file) {
  const bool takes_pipe = file != config_of_bundle;
  const auto read = takes_pipe ? read_file_or_pipe : read_regular_file;
  Call<std::string> text = read(directory, file.c_str(), largest_file);
  if (text.ok()) return std::move(text).value();
  return cannot_read(text.error(), file,
                     takes_pipe ? "is neither a file nor a pipe" : "is not a regular file");
}

// A JSON pointer shows the place; without one, the file's name does.
template <class T>
Result<T> from_file(Result<T> decoded, const std::string& file) {
  if (decoded.ok() || !decoded.error().at.empty()) return decoded;
  return std::move(decoded).because(printable(file));
}

}  // namespace

Result<Bundle> open_bundle(const std::string& path) {
  const std::string name = "bundle " + printable(path);
  const std::string canonical = TRY(real_path(path).because(name));
  // State and hooks get the path as JSON, which cannot represent bytes that are not UTF-8.
  if (!is_utf8(canonical)) return Error(name + ": the path is not UTF-8");
  // The path is canonical, so a link here was created just now.
  UniqueFd directory =
      TRY(open_at(AT_FDCWD, canonical.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW).because(name));
  return Bundle{canonical, std::move(directory)};
}

Result<Config> load_config(const Bundle& bundle, const std::string& file) {
  const std::string text = TRY(read_document(bundle.directory.get(), file));
  return from_file(decode_config(text), file);
}

Result<Config> load_config(const Bundle& bundle, const std::string& file,
                           std::vector<Error>& problems) {
  const std::string text = TRY(read_document(bundle.directory.get(), file));
  return from_file(decode_config_collecting(text, problems), file);
}

bool comes_through_pipe(const std::string& bundle, const std::string& file) {
  if (file == config_of_bundle) return false;
  const std::string path = file.starts_with('/') ? file : bundle + "/" + file;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

Result<Process> load_process(const std::string& path) {
  const std::string text = TRY(read_document(AT_FDCWD, path));
  return from_file(decode_process(text), path);
}

}  // namespace tare::oci
