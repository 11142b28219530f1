// SPDX-License-Identifier: Apache-2.0
//
// Whole files by directory descriptor. Paths are relative to `directory` (AT_FDCWD: the current
// one); every descriptor is close-on-exec. These functions are not safe for paths inside a
// container: use runtime/do/inside.h for them.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare {

// openat(2) with O_CLOEXEC, retried on EINTR.
Call<UniqueFd> open_at(int directory, const char* path, int flags, unsigned mode = 0);

// realpath(3): the absolute path with all links resolved.
Call<std::string> real_path(const std::string& path);

// Creates the directory and missing parents; an existing one is not an error. `because` precedes
// the directory that could not be created in the error: "make the store".
Result<void> make_directories(const std::string& path, unsigned mode, std::string_view because);

// Reads a regular file (otherwise EISDIR, ENXIO or EINVAL; a fifo does not block) of at most
// `limit` bytes (otherwise EFBIG).
Call<std::string> read_regular_file(int directory, const char* path, std::size_t limit);

// The same, or reads a pipe until its end. ETIMEDOUT if no process opens a fifo for writing within
// `writer_seconds`; a writer may then take as long as it wants.
inline constexpr int writer_seconds = 5;
Call<std::string> read_file_or_pipe(int directory, const char* path, std::size_t limit);

// Reads a descriptor until its end: for files of /proc, /sys and cgroups, whose st_size is
// meaningless. EFBIG above `limit`. `expected`: bytes for which one read(2) is made.
Call<std::string> read_to_end(int fd, std::size_t limit = std::size_t{1} << 20,
                              std::size_t expected = 1023);
Call<std::string> read_kernel_file(int directory, const char* path);
// The same for a file that the kernel writes in one piece (single_open() or a sysctl, not a list),
// with a single read(2) if it has less than 4096 bytes.
Call<std::string> read_record(int directory, const char* path);

// The same from offset 0 again, for files that are watched with poll(2).
Call<std::string> read_again(int fd);

// Writes the whole value with one write(2), as files of /proc, /sys and cgroups require. The file
// must exist.
Call<void> write_kernel_file(int directory, const char* path, std::string_view value);

// flock(2), exclusive. ETIMEDOUT if another process holds the lock for that long. `words` tell a
// person what is waited for (progress.h).
Call<void> lock_within(int fd, int timeout_ms, std::string_view words);

// Calls write(2) until everything is written.
Call<void> write_all(int fd, std::string_view data);

// A file's new content, written beside it and not visible yet: readers see the old content or the
// new. `name` has no slash; the temporary file is ".name.PID" beside it, and is removed again
// unless put() renames it. `directory` must stay open.
class Replacement {
 public:
  static Call<Replacement> prepare(int directory, const std::string& name, std::string_view content,
                                   unsigned mode);
  Replacement(Replacement&& other) noexcept;
  Replacement& operator=(Replacement&&) = delete;
  ~Replacement();

  Call<void> put();

 private:
  Replacement(int directory, const std::string& name);
  int directory_;
  std::string name_;
  std::string temporary_;
};

// Both in one.
Call<void> replace_file(int directory, const std::string& name, std::string_view content,
                        unsigned mode);

}  // namespace tare
