// SPDX-License-Identifier: Apache-2.0
//
// All kinds of steps as one type.
#pragma once

#include <string>
#include <variant>

#include "runtime/steps/cgroups.h"
#include "runtime/steps/devices.h"
#include "runtime/steps/execution.h"
#include "runtime/steps/hooks.h"
#include "runtime/steps/identity.h"
#include "runtime/steps/mounts.h"
#include "runtime/steps/namespaces.h"
#include "runtime/steps/net_devices.h"
#include "runtime/steps/process.h"
#include "runtime/steps/protection.h"
#include "runtime/steps/resctrl.h"
#include "runtime/steps/root.h"
#include "runtime/steps/seccomp.h"
#include "runtime/steps/step.h"
#include "runtime/steps/streams.h"
#include "runtime/steps/terminal.h"

namespace tare::runtime {

namespace detail {

template <class... Lists>
struct Joined;
template <class... Kinds>
struct Joined<Steps<Kinds...>> {
  using Variant = std::variant<Kinds...>;
};
template <class... Kinds, class... Others, class... Lists>
struct Joined<Steps<Kinds...>, Steps<Others...>, Lists...> {
  using Variant = typename Joined<Steps<Kinds..., Others...>, Lists...>::Variant;
};

}  // namespace detail

using Action =
    detail::Joined<CgroupsSteps, DevicesSteps, ExecutionSteps, HooksSteps, IdentitySteps,
                   MountsSteps, NamespacesSteps, NetDevicesSteps, ProcessSteps, ProtectionSteps,
                   ResctrlSteps, RootSteps, SeccompSteps, StreamsSteps, TerminalSteps>::Variant;

// "mount proc on /proc": the text in `tare plan` and before an errno.
std::string describe(const Action& action);
const char* calls(const Action& action);  // the system calls that it makes
Actors actors_of(const Action& action);
const char* name(Actor actor);

}  // namespace tare::runtime
