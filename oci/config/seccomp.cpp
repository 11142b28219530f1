// SPDX-License-Identifier: Apache-2.0
#include "oci/config/seccomp.h"

#include <algorithm>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// The highest number that an action can carry: seccomp(2) truncates higher ones.
std::optional<std::uint32_t> highest_errno(SeccompAction action) {
  if (action == SeccompAction::ERRNO) return 4095;    // MAX_ERRNO
  if (action == SeccompAction::TRACE) return 0xFFFF;  // SECCOMP_RET_DATA
  return std::nullopt;
}

// An action without a number must not have one.
void check_errno(SeccompAction action, std::optional<std::uint32_t> number, const Place& place,
                 Problems& problems) {
  if (!number) return;
  const auto highest = highest_errno(action);
  if (!highest) {
    problems.add(place, "can be used only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not with " +
                            std::string(name_of(action)));
  } else if (*number > *highest) {
    problems.add(
        place, "must be from 0 to " + std::to_string(*highest) + ", is " + std::to_string(*number));
  }
}

template <class Check>
void for_each_rule(const Seccomp& seccomp, const Place& place, const Check& check) {
  const Place syscalls(place, "syscalls");
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    check(seccomp.syscalls[i], Place(syscalls, i));
  }
}

void errno_values(const Seccomp& seccomp, const Place& place, Problems& problems) {
  check_errno(seccomp.defaultAction, seccomp.defaultErrnoRet, Place(place, "defaultErrnoRet"),
              problems);
  for_each_rule(seccomp, place, [&](const Syscall& rule, const Place& at) {
    check_errno(rule.action, rule.errnoRet, Place(at, "errnoRet"), problems);
  });
}

// A rule names at least one system call. The compiler handles unknown names.
void syscall_names(const Seccomp& seccomp, const Place& place, Problems& problems) {
  for_each_rule(seccomp, place, [&](const Syscall& rule, const Place& at) {
    const Place names(at, "names");
    if (rule.names.empty()) problems.add(names, "must have at least one entry");
    for (std::size_t i = 0; i < rule.names.size(); ++i) {
      if (rule.names[i].empty()) problems.add(Place(names, i), "must not be empty");
    }
  });
}

// syscall(2): six arguments.
void argument_indices(const Seccomp& seccomp, const Place& place, Problems& problems) {
  for_each_rule(seccomp, place, [&](const Syscall& rule, const Place& at) {
    const Place args(at, "args");
    for (std::size_t i = 0; i < rule.args.size(); ++i) {
      const Place argument(args, i);
      if (rule.args[i].index <= 5) continue;
      problems.add(Place(argument, "index"),
                   "must be from 0 to 5, is " + std::to_string(rule.args[i].index));
    }
  });
}

// ---- notification ------------------------------------------------------------------------------

bool notifies(const Syscall& rule) {
  return rule.action == SeccompAction::NOTIFY;
}

// The runtime itself would wait for an answer before it has sent the listener: if notification is
// the default action, or applies to the write(2) that reports success.
void notify_deadlocks(const Seccomp& seccomp, const Place& place, Problems& problems) {
  if (seccomp.defaultAction == SeccompAction::NOTIFY) {
    problems.add(Place(place, "defaultAction"), "must not be SCMP_ACT_NOTIFY");
  }
  for_each_rule(seccomp, place, [&](const Syscall& rule, const Place& at) {
    const bool stops_write =
        std::find(rule.names.begin(), rule.names.end(), "write") != rule.names.end();
    if (notifies(rule) && stops_write) {
      problems.add(Place(at, "action"), "must not be SCMP_ACT_NOTIFY for write");
    }
  });
}

// A notification needs an agent; metadata needs a listener.
void listener(const Seccomp& seccomp, const Place& place, Problems& problems) {
  if (!seccomp.listenerPath.empty()) return;
  if (!seccomp.listenerMetadata.empty()) {
    problems.add(Place(place, "listenerMetadata"), "needs listenerPath");
  }
  for_each_rule(seccomp, place, [&](const Syscall& rule, const Place& at) {
    if (notifies(rule)) problems.add(Place(at, "action"), "SCMP_ACT_NOTIFY needs listenerPath");
  });
}

// seccomp(2): WAIT_KILLABLE_RECV only with a listener. A filter from an annotation may notify
// without a rule here.
void listener_flags(const Seccomp& seccomp, const Place& place, Problems& problems) {
  if (!seccomp.flags || !seccomp.listenerPath.empty()) return;
  const bool waits = std::find(seccomp.flags->begin(), seccomp.flags->end(),
                               SeccompFlag::WAIT_KILLABLE_RECV) != seccomp.flags->end();
  if (!waits || std::any_of(seccomp.syscalls.begin(), seccomp.syscalls.end(), notifies)) return;
  problems.add(Place(place, "flags"),
               "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY");
}

}  // namespace

void check(const Seccomp& seccomp, const Place& place, Problems& problems) {
  static constexpr Rule<Seccomp> rules[] = {
      errno_values, syscall_names, argument_indices, notify_deadlocks, listener, listener_flags,
  };
  check_rules<Seccomp>(rules, seccomp, place, problems);
}

}  // namespace tare::oci
