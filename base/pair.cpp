// SPDX-License-Identifier: Apache-2.0
#include "base/pair.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tare {

Call<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fault::last("pipe2");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Call<SocketPair> make_socket_pair(int type) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return Fault::last("socketpair");
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace tare
