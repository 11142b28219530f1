// SPDX-License-Identifier: Apache-2.0
//
// Calls to systemd, and its answers.
#include "cgroups/systemd/bus.h"

#include <dbus/dbus.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.h"
#include "cgroups/systemd/connection.h"

namespace tare::cgroups {

namespace {

using Clock = Connection::Clock;

constexpr std::chrono::seconds job_timeout{10};

constexpr char systemd_name[] = "org.freedesktop.systemd1";
constexpr char systemd_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";
constexpr char bus_name[] = "org.freedesktop.DBus";
constexpr char bus_path[] = "/org/freedesktop/DBus";

constexpr char without_systemd[] = "--cgroup-manager=cgroupfs does not need systemd";

constexpr char unit_exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";

// ---- values -------------------------------------------------------------------------------------

// Appending fails only without memory, and then the program aborts anyway.
void append_basic(DBusMessageIter& to, int type, const void* value) {
  if (::dbus_message_iter_append_basic(&to, type, value) == 0) std::abort();
}

void append(DBusMessageIter& to, const std::string& text) {
  const char* characters = text.c_str();
  append_basic(to, DBUS_TYPE_STRING, &characters);
}

// A D-Bus container whose contents `fill` appends.
template <class Fill>
void append_container(DBusMessageIter& to, int type, const char* contents, Fill fill) {
  DBusMessageIter inside;
  if (::dbus_message_iter_open_container(&to, type, contents, &inside) == 0) std::abort();
  fill(inside);
  if (::dbus_message_iter_close_container(&to, &inside) == 0) std::abort();
}

template <class List, class Item>
void append_array(DBusMessageIter& to, const char* type, const List& list, Item append_item) {
  append_container(to, DBUS_TYPE_ARRAY, type, [&](DBusMessageIter& array) {
    for (const auto& item : list) append_item(array, item);
  });
}

// The encoding of a value, and its type on the bus.
struct Appender {
  DBusMessageIter& to;

  void operator()(bool value) const {
    const dbus_bool_t number = value ? 1 : 0;
    variant("b", [&](DBusMessageIter& in) { append_basic(in, DBUS_TYPE_BOOLEAN, &number); });
  }
  void operator()(std::int32_t value) const { basic("i", DBUS_TYPE_INT32, &value); }
  void operator()(std::uint32_t value) const { basic("u", DBUS_TYPE_UINT32, &value); }
  void operator()(std::int64_t value) const { basic("x", DBUS_TYPE_INT64, &value); }
  void operator()(std::uint64_t value) const { basic("t", DBUS_TYPE_UINT64, &value); }
  void operator()(double value) const { basic("d", DBUS_TYPE_DOUBLE, &value); }
  void operator()(const std::string& value) const {
    variant("s", [&](DBusMessageIter& in) { append(in, value); });
  }
  void operator()(const std::vector<std::string>& value) const {
    variant("as", [&](DBusMessageIter& in) { append_array(in, "s", value, append); });
  }
  void operator()(const std::vector<std::uint8_t>& value) const {
    variant("ay", [&](DBusMessageIter& in) {
      append_array(in, "y", value, [](DBusMessageIter& array, std::uint8_t byte) {
        append_basic(array, DBUS_TYPE_BYTE, &byte);
      });
    });
  }
  void operator()(const Property::Pairs& value) const {
    variant("a(ss)", [&](DBusMessageIter& in) {
      append_array(in, "(ss)", value, [](DBusMessageIter& array, const auto& pair) {
        append_container(array, DBUS_TYPE_STRUCT, nullptr, [&](DBusMessageIter& both) {
          append(both, pair.first);
          append(both, pair.second);
        });
      });
    });
  }

 private:
  template <class Fill>
  void variant(const char* type, Fill fill) const {
    append_container(to, DBUS_TYPE_VARIANT, type, fill);
  }
  void basic(const char* type, int code, const void* value) const {
    variant(type, [&](DBusMessageIter& in) { append_basic(in, code, value); });
  }
};

// "PIDs"; no other property of ours has this type.
void append_processes(DBusMessageIter& array, pid_t process) {
  append_container(array, DBUS_TYPE_STRUCT, nullptr, [&](DBusMessageIter& property) {
    append(property, "PIDs");
    append_container(property, DBUS_TYPE_VARIANT, "au", [&](DBusMessageIter& in) {
      append_container(in, DBUS_TYPE_ARRAY, "u", [&](DBusMessageIter& list) {
        const auto number = static_cast<std::uint32_t>(process);
        append_basic(list, DBUS_TYPE_UINT32, &number);
      });
    });
  });
}

void append_properties(DBusMessageIter& to, const std::vector<Property>& properties,
                       pid_t process) {
  append_container(to, DBUS_TYPE_ARRAY, "(sv)", [&](DBusMessageIter& array) {
    for (const Property& property : properties) {
      append_container(array, DBUS_TYPE_STRUCT, nullptr, [&](DBusMessageIter& both) {
        append(both, property.name);
        std::visit(Appender{both}, property.value);
      });
    }
    if (process > 0) append_processes(array, process);
  });
}

Message make_call(const char* method, const char* interface = manager) {
  return Message(::dbus_message_new_method_call(systemd_name, systemd_path, interface, method));
}

template <class... Text>
Message make_call_with(const char* method, const Text&... arguments) {
  Message message = make_call(method);
  DBusMessageIter to;
  ::dbus_message_iter_init_append(message.get(), &to);
  (append(to, arguments), ...);
  return message;
}

// ---- calls --------------------------------------------------------------------------------------

// Why a call has no result: the name and the text of systemd's error; without a name if there was
// no reply.
struct Refusal {
  std::string name;
  Error error;

  [[nodiscard]] bool is(const char* other) const { return name == other; }
};
using Reply = Expected<Message, Refusal>;

// Turns an error reply into a refusal.
Reply reply_of(Message message) {
  DBusError error;
  ::dbus_error_init(&error);
  if (::dbus_set_error_from_message(&error, message.get()) == 0) return message;
  Refusal refusal{error.name, Error(printable(error.message))};
  ::dbus_error_free(&error);
  return refusal;
}

// systemd's address: the bus or, if that does not exist, systemd's own socket.
struct Addresses {
  std::string bus;
  std::string own;
};

Addresses addresses_of_user() {
  const char* directory = ::getenv("XDG_RUNTIME_DIR");
  const char* given = ::getenv("DBUS_SESSION_BUS_ADDRESS");
  if (given != nullptr && *given != 0) return {given, {}};
  if (directory == nullptr || *directory != '/') return {};
  const std::string path = "unix:path=" + std::string(directory);
  return {path + "/bus", path + "/systemd/private"};
}

Addresses addresses_of_host() {
  const char* given = ::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  if (given != nullptr && *given != 0) return {given, {}};
  return {"unix:path=/run/dbus/system_bus_socket", "unix:path=/run/systemd/private"};
}

class Bus {
 public:
  static Result<Bus> connect(bool of_user) {
    const Addresses addresses = of_user ? addresses_of_user() : addresses_of_host();
    if (addresses.bus.empty()) return no_address();
    Result<Connection> connection = Connection::open(addresses.bus);
    if (!connection.ok()) {
      Result<Connection> own = Connection::open(addresses.own);
      if (own.ok()) return Bus(std::move(own).value());
      return no_connection(addresses.bus, connection.error());
    }
    Bus bus(std::move(connection).value());
    const Message hello(::dbus_message_new_method_call(bus_name, bus_path, bus_name, "Hello"));
    const Reply welcome = bus.call(hello);
    if (!welcome.ok()) return no_connection(addresses.bus, welcome.error().error);
    return bus;
  }

  Reply call(const Message& message) {
    const auto deadline = Clock::now() + patience;
    const Result<std::uint32_t> serial = connection_.send(message.get(), deadline);
    if (!serial.ok()) return Refusal{"", serial.error()};
    for (;;) {
      Result<Message> next = connection_.receive(deadline);
      if (!next.ok()) return Refusal{"", next.error()};
      if (!*next) return Refusal{"", Error(not_answered)};
      if (::dbus_message_get_reply_serial(next->get()) == *serial) {
        return reply_of(std::move(next).value());
      }
      early_.push_back(std::move(next).value());
    }
  }

  // Does not wait for the answer.
  Result<void> send(const Message& message) {
    ::dbus_message_set_no_reply(message.get(), 1);
    (void)TRY(connection_.send(message.get(), Clock::now() + patience));
    return {};
  }

  // The end of a job is reported by a signal. Call this before the job is requested.
  Result<void> listen_for_jobs() {
    Message match(::dbus_message_new_method_call(bus_name, bus_path, bus_name, "AddMatch"));
    DBusMessageIter to;
    ::dbus_message_iter_init_append(match.get(), &to);
    append(to, std::string("type='signal',sender='") + systemd_name + "',interface='" + manager +
                   "',member='JobRemoved'");
    TRY(send(match));
    return send(make_call("Subscribe"));
  }

  // `reply` contains the job.
  Result<void> await_job(const Message& reply) {
    const char* job = nullptr;
    if (::dbus_message_get_args(reply.get(), nullptr, DBUS_TYPE_OBJECT_PATH, &job,
                                DBUS_TYPE_INVALID) == 0) {
      return Error("systemd: the reply names no job");
    }
    for (const Message& message : std::exchange(early_, {})) {
      const std::string result = result_of(message, job);
      if (!result.empty()) return outcome(result);
    }
    const auto deadline = Clock::now() + job_timeout;
    while (const Message message = TRY(connection_.receive(deadline).because("systemd"))) {
      const std::string result = result_of(message, job);
      if (!result.empty()) return outcome(result);
    }
    return Error("systemd: the job was not done within 10 seconds");
  }

 private:
  explicit Bus(Connection connection) : connection_(std::move(connection)) {}

  static Error no_address() {
    return Error(
               "connect to systemd: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR names a "
               "socket of the user's systemd")
        .with_hint(without_systemd);
  }

  static Error no_connection(const std::string& address, Error error) {
    return std::move(error)
        .within("connect to systemd at " + printable(address))
        .with_hint(without_systemd);
  }

  static Result<void> outcome(const std::string& result) {
    if (result == "done") return {};
    return Error("systemd: the job ended as " + quote(result));
  }

  // "" if the message is not the end of this job.
  static std::string result_of(const Message& message, const char* job) {
    if (::dbus_message_is_signal(message.get(), manager, "JobRemoved") == 0) return {};
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    const bool read = ::dbus_message_get_args(message.get(), nullptr, DBUS_TYPE_UINT32, &id,
                                              DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_STRING, &unit,
                                              DBUS_TYPE_STRING, &result, DBUS_TYPE_INVALID) != 0;
    return read && std::string_view(path) == job ? result : "";
  }

  Connection connection_;
  std::vector<Message> early_;  // arrived while we waited for an answer
};

Error said(const Refusal& refusal) {
  Error failure = Error(refusal.error).within("systemd");
  if (refusal.is(DBUS_ERROR_ACCESS_DENIED) ||
      refusal.is(DBUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
    failure.hint = "the host's systemd obeys root; --rootless=true asks the user's own";
  }
  return failure;
}

Result<void> done(const Reply& reply) {
  if (!reply.ok()) return said(reply.error());
  return {};
}

Result<void> ping(Bus& bus) {
  return done(bus.call(make_call("Ping", "org.freedesktop.DBus.Peer")));
}

// Usually the answer is a refusal, because a unit that has not failed does not exist any more.
void forget_failure(Bus& bus, const Scope& scope) {
  (void)bus.call(make_call_with("ResetFailedUnit", scope.unit));
}

Result<void> stop(Bus& bus, const Scope& scope) {
  TRY(bus.listen_for_jobs());
  const Reply stopping = bus.call(make_call_with("StopUnit", scope.unit, "replace"));
  if (!stopping.ok() && stopping.error().is(no_such_unit)) return {};
  TRY(done(stopping));
  TRY(bus.await_job(*stopping));
  forget_failure(bus, scope);
  return {};
}

}  // namespace

Result<StartedScope> StartedScope::start(const Scope& scope,
                                         const std::vector<Property>& properties, pid_t process) {
  Bus bus = TRY(Bus::connect(scope.of_user));
  const Message request = make_call_with("StartTransientUnit", scope.unit, "replace");
  DBusMessageIter to;
  ::dbus_message_iter_init_append(request.get(), &to);
  append_properties(to, properties, process);
  append_container(to, DBUS_TYPE_ARRAY, "(sa(sv))", [](DBusMessageIter&) {});  // no other units
  TRY(bus.listen_for_jobs());
  Reply starting = bus.call(request);
  if (!starting.ok() && starting.error().is(unit_exists)) {
    // systemd keeps a failed unit until somebody resets it, which nobody would.
    forget_failure(bus, scope);
    starting = bus.call(request);
  }
  TRY(done(starting));
  StartedScope started(scope);
  TRY(bus.await_job(*starting));
  return started;
}

StartedScope::StartedScope(StartedScope&& other) noexcept
    : scope_(std::move(other.scope_)), kept_(std::exchange(other.kept_, true)) {}

StartedScope::~StartedScope() {
  if (kept_) return;
  (void)stop_scope(scope_);  // an earlier error led here; that one is reported
}

Result<void> stop_scope(const Scope& scope) {
  Bus bus = TRY(Bus::connect(scope.of_user));
  return stop(bus, scope).because("stop " + scope.unit);
}

Result<void> set_properties(const Scope& scope, const std::vector<Property>& properties) {
  Bus bus = TRY(Bus::connect(scope.of_user));
  Message request = make_call_with("SetUnitProperties", scope.unit);
  DBusMessageIter to;
  ::dbus_message_iter_init_append(request.get(), &to);
  const dbus_bool_t until_reboot = 1;
  append_basic(to, DBUS_TYPE_BOOLEAN, &until_reboot);
  append_properties(to, properties, 0);
  TRY(done(bus.call(request)).because("change " + scope.unit));
  // systemd writes to the cgroup after it has answered, but before it handles the next call.
  return ping(bus).because("change " + scope.unit);
}

Result<void> ping_manager(bool of_user) {
  Bus bus = TRY(Bus::connect(of_user));
  return ping(bus);
}

Result<std::string> user_manager_cgroup() {
  Bus bus = TRY(Bus::connect(true));
  Message request = make_call("Get", "org.freedesktop.DBus.Properties");
  DBusMessageIter to;
  ::dbus_message_iter_init_append(request.get(), &to);
  append(to, manager);
  append(to, "ControlGroup");
  const Reply reply = bus.call(request);
  TRY(done(reply));
  DBusMessageIter outer;
  DBusMessageIter inner;
  ::dbus_message_iter_init(reply->get(), &outer);
  if (::dbus_message_iter_get_arg_type(&outer) != DBUS_TYPE_VARIANT) {
    return Error("systemd: no ControlGroup");
  }
  ::dbus_message_iter_recurse(&outer, &inner);
  if (::dbus_message_iter_get_arg_type(&inner) != DBUS_TYPE_STRING) {
    return Error("systemd: no ControlGroup");
  }
  const char* path = nullptr;
  ::dbus_message_iter_get_basic(&inner, &path);
  return std::string(path);
}

}  // namespace tare::cgroups
