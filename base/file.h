// SPDX-License-Identifier: Apache-2.0
//
// Whole files by directory descriptor. Paths are relative to `directory` (AT_FDCWD for the current
// one); every descriptor is close-on-exec. Nothing here follows rules about containers: a path
// inside a container goes through runtime/do/inside.h instead.
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

// The absolute path without links that this one leads to, realpath(3).
Call<std::string> real_path(const std::string& path);

// The directory, and those above it that are missing; one that is there is as good. `because` is in
// front of the one that could not be made: "make the store".
Result<void> make_directories(const std::string& path, unsigned mode, std::string_view because);

// All of a file that must be regular (EISDIR, ENXIO or EINVAL otherwise; a fifo does not block), of
// at most `limit` bytes (EFBIG).
Call<std::string> read_regular_file(int directory, const char* path, std::size_t limit);

// The same, or what comes through a pipe until its end. ETIMEDOUT: nobody has opened a fifo for
// writing in `writer_seconds`; who has decides how long it takes.
inline constexpr int writer_seconds = 5;
Call<std::string> read_file_or_pipe(int directory, const char* path, std::size_t limit);

// All that a descriptor has to say until its end: for files of /proc, /sys and cgroups, whose size
// says nothing. EFBIG above `limit`.
Call<std::string> read_to_end(int fd, std::size_t limit = std::size_t{1} << 20);
Call<std::string> read_kernel_file(int directory, const char* path);

// The same once more, from the start: for files that poll(2) watches.
Call<std::string> read_again(int fd);

// One write(2) of the whole value, as files of /proc, /sys and cgroups want it; the file must
// exist.
Call<void> write_kernel_file(int directory, const char* path, std::string_view value);

// flock(2), exclusive. ETIMEDOUT if somebody else holds it for that long.
Call<void> lock_within(int fd, int timeout_ms);

// Writes until everything is written.
Call<void> write_all(int fd, std::string_view data);

// Replaces a file in one step: readers see the old content or the new (temporary file + rename).
// `name` has no slash; the temporary file is ".name.PID" beside it.
Call<void> replace_file(int directory, const std::string& name, std::string_view content,
                        unsigned mode);

}  // namespace tare
