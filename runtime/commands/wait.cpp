// SPDX-License-Identifier: Apache-2.0
//
// Waits for containers to end, without polling: it watches a pidfd of each init.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "runtime/command_line/quantities.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/store/container.h"
#include "runtime/store/exit.h"

namespace tare::runtime {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int status_unknown = 255;
constexpr int creation_timeout_ms = 30 * 1000;

struct Awaited {
  Container container;
  UniqueFd init;  // none: init has ended
  std::optional<oci::Exit> exit;
};

// A create in progress holds the container's lock until it is finished.
Result<Container> load_created(const Store& store, const std::string& id) {
  Container container = TRY(Container::load(store, id));
  if (container.status() != Status::creating) return container;
  TRY(container.entry.lock(creation_timeout_ms));
  return Container::load(store, id);
}

Result<Awaited> begin_waiting(const Store& store, const std::string& id) {
  Awaited awaited{TRY(load_created(store, id)), UniqueFd(), std::nullopt};
  Result<UniqueFd> init = awaited.container.open_init();
  if (init.ok()) {
    awaited.init = std::move(init).value();
  } else if (init.error().kind == Error::Kind::not_running) {
    awaited.exit = known_exit(awaited.container).value_or(oci::Exit());
  } else {
    return std::move(init).error();
  }
  return awaited;
}

Result<void> print_exit(const Awaited& awaited, bool as_json) {
  const std::string& id = awaited.container.entry.id();
  const oci::Exit& exit = *awaited.exit;
  if (as_json) return print_out(oci::encode_exit(id, exit));
  return print_out(id + " " + (exit.code ? std::to_string(*exit.code) : exit.outcome) + "\n");
}

class Deadline {
 public:
  explicit Deadline(std::optional<std::chrono::nanoseconds> timeout) {
    if (timeout) at_ = Clock::now() + *timeout;
  }
  // The timeout for poll(2).
  [[nodiscard]] int left_ms() const { return at_ ? milliseconds_until(*at_) : -1; }
  [[nodiscard]] bool is_over() const { return at_ && Clock::now() >= *at_; }

 private:
  std::optional<Clock::time_point> at_;
};

Error too_late(const std::vector<Awaited>& list) {
  std::string ids;
  for (const Awaited& awaited : list) {
    if (!awaited.exit) ids += (ids.empty() ? "" : ", ") + awaited.container.entry.id();
  }
  return Error(Fault{ETIMEDOUT, "poll"}, "wait for the end of " + ids);
}

Result<void> print_ended(std::vector<Awaited>& list, const std::vector<pollfd>& watched,
                         bool as_json) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].exit || watched[i].revents == 0) continue;
    list[i].exit = end_seen_by(list[i].container, list[i].init.get());
    list[i].init.reset();
    TRY(print_exit(list[i], as_json));
  }
  return {};
}

Result<void> wait_for_all(std::vector<Awaited>& list, const Deadline& deadline, bool as_json) {
  for (;;) {
    std::vector<pollfd> watched;
    watched.reserve(list.size());
    for (const Awaited& awaited : list) watched.push_back({awaited.init.get(), POLLIN, 0});
    const bool none_left =
        std::ranges::all_of(list, [](const Awaited& one) { return one.exit.has_value(); });
    if (none_left) return {};
    const int count = ::poll(watched.data(), watched.size(), deadline.left_ms());
    if (count < 0 && errno != EINTR) return Error(Fault::last("poll"), "wait for containers");
    if (count > 0) TRY(print_ended(list, watched, as_json));
    if (count == 0 && deadline.is_over()) return too_late(list);
  }
}

Result<std::optional<std::chrono::nanoseconds>> timeout_of(const Values& options) {
  if (!options.has("timeout")) return std::optional<std::chrono::nanoseconds>();
  const auto timeout = parse_duration(options.text("timeout"));
  if (timeout && timeout->count() >= 0) return timeout;
  return Error(Error::Kind::usage,
               "invalid value for --timeout: " + quote(options.text("timeout")));
}

Result<int> wait_command(const CommandContext& context) {
  const Deadline deadline(TRY(timeout_of(context.options())));
  const bool as_json = context.options().text("format") == "json";
  const Store store = TRY(context.store());
  std::vector<Awaited> list;
  for (const std::string& id : context.invocation.arguments)
    list.push_back(TRY(begin_waiting(store, id)));
  for (const Awaited& awaited : list) {
    if (awaited.exit) TRY(print_exit(awaited, as_json));
  }
  TRY(wait_for_all(list, deadline, as_json));
  for (const Awaited& awaited : list) {
    const int code = awaited.exit->code.value_or(status_unknown);
    if (code != 0) return code;
  }
  return 0;
}

using enum Option::Takes;

constexpr Option options[] = {
    {.name = "timeout",
     .takes = text,
     .value = "DURATION",
     .help = "fail after this time, for example 30s or 1h30m (default: no limit)"},
    shared::format,
};
constexpr Term statuses[] = {
    {"0", "All containers exited with status 0."},
    {"N, 128+N", "The first exit status that is not 0, in the order of the IDs."},
    {"255", "An error, a timeout, or the exit status of a container is unknown."},
    {"1", "The command line is wrong."},
};
constexpr Example examples[] = {
    {"Wait for a container, at most one minute:", "tare wait --timeout 1m web"},
};

}  // namespace

const Command wait_row = {
    .name = "wait",
    .arguments = "ID...",
    .summary = "wait for containers to exit and return their exit status",
    .description =
        "Waits until the init of every named container has ended. When a container ends, its ID "
        "and exit status are printed on a line. A container that has already stopped is printed at "
        "once.\n\n"
        "`--format json` also prints the signal, the time and whether the kernel killed processes "
        "because memory ran out.",
    .options = options,
    .least = 1,
    .most = -1,
    .run = wait_command,
    .failure = 255,
    .statuses = statuses,
    .examples = examples,
    .see_also = "tare-state(1) tare-events(1) tare-kill(1)",
};

}  // namespace tare::runtime
