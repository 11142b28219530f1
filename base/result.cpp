// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstring>

namespace tare {

namespace {

// A table, because strerror(3) depends on the locale and callers match these words.
struct Words {
  int error;
  const char* words;
};
constexpr Words lower_case_words[] = {
    {EPERM, "operation not permitted"},
    {ENOENT, "no such file or directory"},
    {ESRCH, "no such process"},
    {EINTR, "interrupted system call"},
    {EIO, "input/output error"},
    {ENXIO, "no such device or address"},
    {E2BIG, "argument list too long"},
    {ENOEXEC, "exec format error"},
    {EBADF, "bad file descriptor"},
    {ECHILD, "no child processes"},
    {EAGAIN, "resource temporarily unavailable"},
    {ENOMEM, "cannot allocate memory"},
    {EACCES, "permission denied"},
    {EFAULT, "bad address"},
    {EBUSY, "device or resource busy"},
    {EEXIST, "file exists"},
    {EXDEV, "invalid cross-device link"},
    {ENODEV, "no such device"},
    {ENOTDIR, "not a directory"},
    {EISDIR, "is a directory"},
    {EINVAL, "invalid argument"},
    {ENFILE, "too many open files in system"},
    {EMFILE, "too many open files"},
    {ENOTTY, "inappropriate ioctl for device"},
    {ETXTBSY, "text file busy"},
    {EFBIG, "file too large"},
    {ENOSPC, "no space left on device"},
    {EROFS, "read-only file system"},
    {EMLINK, "too many links"},
    {EPIPE, "broken pipe"},
    {ERANGE, "numerical result out of range"},
    {ENAMETOOLONG, "file name too long"},
    {ENOSYS, "function not implemented"},
    {ENOTEMPTY, "directory not empty"},
    {ELOOP, "too many levels of symbolic links"},
    {EOVERFLOW, "value too large for defined data type"},
    {EUSERS, "too many users"},
    {ENOTSUP, "operation not supported"},
    {ECONNREFUSED, "connection refused"},
    {ECONNRESET, "connection reset by peer"},
    {ETIMEDOUT, "connection timed out"},
    {EDQUOT, "disk quota exceeded"},
};

}  // namespace

const char* errno_name(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "unknown errno";
}

const char* errno_words(int error) {
  for (const auto& entry : lower_case_words) {
    if (entry.error == error) return entry.words;
  }
  const char* words = strerrordesc_np(error);
  return words != nullptr ? words : "unknown error";
}

std::string Error::message() const {
  std::string line;
  if (!at.empty()) line += at + ": ";
  line += what;
  if (error != 0) line += std::string(": ") + errno_name(error) + ": " + errno_words(error);
  if (!hint.empty()) line += " (" + hint + ")";
  return line;
}

}  // namespace tare
