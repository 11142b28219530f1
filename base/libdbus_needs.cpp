// SPDX-License-Identifier: Apache-2.0
//
// Symbols that Debian's libdbus-1.a needs and that a static program should not link. (A shared
// libdbus has its own, and none of these is linked.)
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

#include <cerrno>

extern "C" {

// Two functions of libsystemd, which has no static library. libdbus calls them only in a server
// with an address "systemd:". tare is not a server, so they report that no socket was passed.
int sd_listen_fds(int unset_environment);
int sd_is_socket(int fd, int family, int type, int listening);
int sd_listen_fds(int) {
  return 0;
}
int sd_is_socket(int, int, int, int) {
  return 0;
}

// Look-ups of host and user names, for "tcp:" addresses and for servers. glibc's would load the
// host's libraries into tare at run time, and take half a megabyte.
int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  return EAI_FAIL;
}
void freeaddrinfo(addrinfo*) noexcept {}
const char* gai_strerror(int) noexcept {
  return "host names are not looked up";
}
int getpwnam_r(const char*, passwd*, char*, size_t, passwd** result) {
  *result = nullptr;
  return ENOSYS;
}
int getpwuid_r(uid_t, passwd*, char*, size_t, passwd** result) {
  *result = nullptr;
  return ENOSYS;
}
int getgrouplist(const char*, gid_t, gid_t*, int* count) {
  *count = 0;
  return 0;
}

}  // extern "C"
