// SPDX-License-Identifier: Apache-2.0
//
// What Debian's libdbus-1.a wants to have and a static program is better off without. (Where
// libdbus is a shared library it brings its own, and nothing of this is linked.)
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

#include <cerrno>

extern "C" {

// Two functions of libsystemd, which has no static library. libdbus calls them only for a server at
// an address "systemd:"; tare is no server, so they say what they say to who got no socket.
int sd_listen_fds(int unset_environment);
int sd_is_socket(int fd, int family, int type, int listening);
int sd_listen_fds(int) {
  return 0;
}
int sd_is_socket(int, int, int, int) {
  return 0;
}

// Names of hosts and users: for addresses "tcp:" and for servers. Those of glibc would load the
// host's libraries into tare at run time, and are half a megabyte.
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
