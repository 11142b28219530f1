// SPDX-License-Identifier: Apache-2.0
//
// Two descriptors that belong together, both close-on-exec.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Call<Pipe> make_pipe();

struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};
Call<SocketPair> make_socket_pair(int type);  // of AF_UNIX: SOCK_STREAM, SOCK_SEQPACKET

}  // namespace tare
