// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/history.h"

#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace tare::runtime {

namespace {

constexpr off_t full = 64 << 10;
constexpr std::size_t longest_text = 4096;
constexpr std::size_t largest_file = std::size_t{1} << 20;  // as it is read

void shorten(std::string& text) {
  if (text.size() > longest_text) text.resize(longest_text);
}

oci::Failure bounded(oci::Failure failure) {
  for (std::string* text :
       {&failure.root, &failure.bundle, &failure.problem.step, &failure.problem.message}) {
    shorten(*text);
  }
  if (failure.problem.hint) shorten(*failure.problem.hint);
  if (failure.problem.origin) shorten(*failure.problem.origin);
  return failure;
}

void add_lines(const std::string& file, std::vector<oci::Failure>& failures) {
  const Call<std::string> text = read_regular_file(AT_FDCWD, file.c_str(), largest_file);
  if (!text.ok()) return;
  for (const std::string_view line : split(*text, '\n')) {
    Result<oci::Failure> failure = oci::decode_failure(line);
    if (failure.ok()) failures.push_back(std::move(failure).value());
  }
}

std::string older(const std::string& file) {
  return file + ".old";
}

}  // namespace

void remember_failure(const std::string& file, const oci::Failure& failure) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const Call<UniqueFd> opened = open_at(AT_FDCWD, file.c_str(), flags, 0600);
  struct stat status {};
  if (!opened.ok() || ::fstat(opened->get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const std::string line = oci::encode_failure(bounded(failure));
  (void)write_all(opened->get(), line);
  if (status.st_size + static_cast<off_t>(line.size()) < full) return;
  (void)::rename(file.c_str(), older(file).c_str());
}

std::vector<oci::Failure> remembered_failures(const std::string& file) {
  std::vector<oci::Failure> failures;
  add_lines(older(file), failures);
  add_lines(file, failures);
  std::ranges::reverse(failures);
  return failures;
}

}  // namespace tare::runtime
