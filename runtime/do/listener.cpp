// SPDX-License-Identifier: Apache-2.0
//
// The listener of a seccomp filter: from the process that loaded it to the agent that will answer.
#include "base/system.h"
#include "runtime/do/messages.h"
#include "runtime/do/perform.h"
#include "runtime/sockets.h"

namespace tare::runtime {

Result<void> perform(const step::SendListener& step, LaunchContext& context) {
  const UniqueFd listener = TRY(
      sys::pidfd_getfd(context.init_pidfd.get(), context.listener).because("take it from init"));
  const UniqueFd agent = TRY(connect_socket(step.path).because("connect"));
  oci::State state = context.state;
  if (state.pid == 0) {  // a container that has no record yet
    state.status = "creating";
    state.pid = context.init;
  }
  const std::string text = oci::encode_process_state(state, context.init, step.metadata);
  return send_descriptor_to(agent.get(), text, listener.get()).because("send");
}

}  // namespace tare::runtime
