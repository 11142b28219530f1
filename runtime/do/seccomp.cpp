// SPDX-License-Identifier: Apache-2.0
//
// Passes the listener of a seccomp filter from the process that loaded it to the agent.
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/foreground/sockets.h"
#include "runtime/steps/seccomp.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

// Init may already be visible in the container, so the number may name any of its descriptors.
bool is_listener(int fd) {
  std::array<char, 64> target{};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length >= 0 && std::string_view(target.data(), static_cast<std::size_t>(length)) ==
                            "anon_inode:seccomp notify";
}

}  // namespace

Result<void> perform(const step::TakeListener&, LaunchContext& context) {
  context.listener = TRY(sys::pidfd_getfd(context.init_pidfd.get(), context.listener_number));
  if (!is_listener(context.listener.get())) return Error("init named another descriptor");
  return {};
}

Result<void> perform(const step::SendListener& step, LaunchContext& context) {
  const UniqueFd agent = TRY(connect_socket(step.path).because("connect"));
  oci::State state = context.state;
  if (state.pid == 0) {  // a container without a record yet
    state.status = "creating";
    state.pid = context.init;
  }
  const std::string text = oci::encode_process_state(state, context.init, step.metadata);
  TRY(send_descriptor_to(agent.get(), text, context.listener.get()).because("send"));
  context.listener.reset();
  return {};
}

}  // namespace tare::runtime
