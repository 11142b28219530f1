// SPDX-License-Identifier: Apache-2.0
//
// The door to libdbus: nothing of it is known elsewhere.
#include "cgroups/systemd/bus.h"

#include <dbus/dbus.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/file.h"
#include "base/text.h"
#include "oci/config/id_mappings.h"

namespace tare::cgroups {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds connect_timeout{5};
constexpr std::chrono::seconds reply_timeout{5};
constexpr std::chrono::seconds job_timeout{10};

constexpr char not_accepted[] = "no connection was accepted within 5 seconds";
constexpr char not_answered[] = "no answer within 5 seconds";
constexpr char not_done[] = "the job was not done within 10 seconds";
constexpr char closed[] = "the connection was closed";

constexpr char systemd_name[] = "org.freedesktop.systemd1";
constexpr char systemd_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";
constexpr char bus_name[] = "org.freedesktop.DBus";
constexpr char bus_path[] = "/org/freedesktop/DBus";

constexpr char unit_exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";

// ---- what libdbus gives -------------------------------------------------------------------------

struct Unref {
  void operator()(DBusMessage* message) const { ::dbus_message_unref(message); }
  void operator()(DBusConnection* connection) const {
    ::dbus_connection_close(connection);
    ::dbus_connection_unref(connection);
  }
};
using Message = std::unique_ptr<DBusMessage, Unref>;
using Connection = std::unique_ptr<DBusConnection, Unref>;

class BusError {
 public:
  BusError() { ::dbus_error_init(&error_); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { ::dbus_error_free(&error_); }

  DBusError* get() { return &error_; }
  void replace(const char* name, const char* words) {
    ::dbus_error_free(&error_);
    ::dbus_set_error_const(&error_, name, words);
  }
  [[nodiscard]] bool is(const char* name) const {
    return ::dbus_error_has_name(&error_, name) != 0;
  }
  [[nodiscard]] std::string words() const { return printable(error_.message); }

 private:
  DBusError error_;
};

// ---- values -------------------------------------------------------------------------------------

// Appending fails only without memory, and then the program ends anyway.
void append_basic(DBusMessageIter& to, int type, const void* value) {
  if (::dbus_message_iter_append_basic(&to, type, value) == 0) std::abort();
}

void append(DBusMessageIter& to, const std::string& text) {
  const char* characters = text.c_str();
  append_basic(to, DBUS_TYPE_STRING, &characters);
}

// A container whose contents `fill` appends.
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

// How a value is written, and its type on the bus.
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

// "PIDs", which no other property of ours is like.
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

// ---- the connection -----------------------------------------------------------------------------

// Of the forms that an address can have, only sockets are tried: others run programs.
std::string sockets_of(std::string_view addresses) {
  std::vector<std::string> sockets;
  for (const std::string_view address : split(addresses, ';')) {
    if (address.starts_with("unix:")) sockets.emplace_back(address);
  }
  return join(sockets, ";");
}

// As whom we are known outside of our user namespace: there the bus looks at us.
uid_t uid_outside() {
  const uid_t own = ::geteuid();
  const std::string maps = read_kernel_file(AT_FDCWD, "/proc/self/uid_map").value_or("");
  for (const oci::IDMapping& range : oci::parse_id_map(maps)) {
    if (own < range.containerID || own - range.containerID >= range.size) continue;
    return static_cast<uid_t>(range.hostID + own - range.containerID);
  }
  return own;
}

std::optional<uid_t> uid_to_tell;

// While it lives, libdbus takes us for who we are outside.
struct ToldUid {
  ToldUid() { uid_to_tell = uid_outside(); }
  ToldUid(const ToldUid&) = delete;
  ToldUid& operator=(const ToldUid&) = delete;
  ~ToldUid() { uid_to_tell.reset(); }
};

// While it lives, connect(2) waits no longer than this: it does wait, for as long as the queue of a
// socket that listens is full.
class BoundedConnect {
 public:
  BoundedConnect();
  BoundedConnect(const BoundedConnect&) = delete;
  BoundedConnect& operator=(const BoundedConnect&) = delete;
  ~BoundedConnect();

  void bound(int socket) const {
    using std::chrono::microseconds;
    const auto left = std::chrono::ceil<microseconds>(deadline_ - Clock::now());
    const auto some = std::max(left, microseconds(1)).count();  // zero would be for ever
    const timeval patience{some / 1'000'000, some % 1'000'000};
    (void)::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // a socket's
  }
  void note(int error) { too_late_ = too_late_ || error == EAGAIN; }
  [[nodiscard]] bool too_late() const { return too_late_; }

 private:
  const Clock::time_point deadline_ = Clock::now() + connect_timeout;
  bool too_late_ = false;
};

BoundedConnect* bounded_connect = nullptr;

BoundedConnect::BoundedConnect() {
  bounded_connect = this;
}
BoundedConnect::~BoundedConnect() {
  bounded_connect = nullptr;
}

// Where systemd listens: at the bus, or if that is not there at a socket of its own.
struct Addresses {
  std::string bus;
  std::string own;
};

Addresses addresses_of_user() {
  const char* directory = ::getenv("XDG_RUNTIME_DIR");
  const char* given = ::getenv("DBUS_SESSION_BUS_ADDRESS");
  if (given != nullptr && *given != 0) return {sockets_of(given), {}};
  if (directory == nullptr || *directory != '/') return {};
  const std::string path = "unix:path=" + std::string(directory);
  return {path + "/bus", path + "/systemd/private"};
}

Addresses addresses_of_host() {
  const char* given = ::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  if (given != nullptr && *given != 0) return {sockets_of(given), {}};
  return {"unix:path=/run/dbus/system_bus_socket", "unix:path=/run/systemd/private"};
}

class Bus {
 public:
  static Result<Bus> connect(bool of_user) {
    const Addresses addresses = of_user ? addresses_of_user() : addresses_of_host();
    if (addresses.bus.empty()) return no_address(of_user);
    Bus bus;
    BusError error;
    const ToldUid told;
    if (!bus.open(addresses.bus, error)) {
      BusError second;
      if (!addresses.own.empty() && bus.open(addresses.own, second)) return bus;
      return no_connection(addresses.bus, error);
    }
    // Not dbus_bus_register(), which waits longer than anybody likes to.
    Message hello(::dbus_message_new_method_call(bus_name, bus_path, bus_name, "Hello"));
    const Message welcome = bus.call(hello, error);
    if (!welcome) return no_connection(addresses.bus, error);
    return bus;
  }

  // Nothing if it failed; `error` says why. Not by libdbus's own call that blocks: that flushes
  // first, which waits without end for a bus that does not answer.
  Message call(const Message& message, BusError& error) {
    dbus_uint32_t serial = 0;
    if (::dbus_connection_send(connection_.get(), message.get(), &serial) == 0) std::abort();
    const auto deadline = Clock::now() + reply_timeout;
    while (Message next = receive(deadline)) {
      if (::dbus_message_get_reply_serial(next.get()) != serial) {
        early_.push_back(std::move(next));
        continue;
      }
      if (::dbus_set_error_from_message(error.get(), next.get()) != 0) return nullptr;
      return next;
    }
    ::dbus_set_error_const(error.get(), DBUS_ERROR_NO_REPLY, is_open() ? not_answered : closed);
    return nullptr;
  }

  // Nobody waits for the answer.
  void send(const Message& message) {
    ::dbus_message_set_no_reply(message.get(), 1);
    if (::dbus_connection_send(connection_.get(), message.get(), nullptr) == 0) std::abort();
  }

  // Jobs tell of their end by a signal. To be called before the job is asked for.
  void listen_for_jobs() {
    Message match(::dbus_message_new_method_call(bus_name, bus_path, bus_name, "AddMatch"));
    DBusMessageIter to;
    ::dbus_message_iter_init_append(match.get(), &to);
    append(to, std::string("type='signal',sender='") + systemd_name + "',interface='" + manager +
                   "',member='JobRemoved'");
    send(match);
    send(make_call("Subscribe"));
  }

  // `reply` has the job.
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
    while (const Message message = receive(deadline)) {
      const std::string result = result_of(message, job);
      if (!result.empty()) return outcome(result);
    }
    return Error(std::string("systemd: ") + (is_open() ? not_done : closed));
  }

 private:
  Bus() = default;

  bool open(const std::string& address, BusError& error) {
    const BoundedConnect bounded;
    connection_.reset(::dbus_connection_open_private(address.c_str(), error.get()));
    if (!connection_) {
      if (bounded.too_late()) error.replace(DBUS_ERROR_TIMEOUT, not_accepted);
      return false;
    }
    ::dbus_connection_set_exit_on_disconnect(connection_.get(), 0);
    return true;
  }

  bool is_open() { return ::dbus_connection_get_is_connected(connection_.get()) != 0; }

  static Error no_address(bool of_user) {
    const std::string words =
        of_user ? "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR names a socket of the "
                  "user's systemd"
                : "DBUS_SYSTEM_BUS_ADDRESS is no address of a socket";
    return Error("connect to systemd: " + words)
        .with_hint("--cgroup-manager=cgroupfs does not need systemd");
  }

  static Error no_connection(const std::string& address, const BusError& error) {
    return Error("connect to systemd at " + printable(address) + ": " + error.words())
        .with_hint("--cgroup-manager=cgroupfs does not need systemd");
  }

  // The next message, or nothing when it is too late, or the connection has ended.
  Message receive(Clock::time_point deadline) {
    for (;;) {
      DBusMessage* message = ::dbus_connection_pop_message(connection_.get());
      if (message != nullptr) return Message(message);
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return nullptr;
      if (!is_open()) return nullptr;
      ::dbus_connection_read_write(connection_.get(), static_cast<int>(left));
    }
  }

  static Result<void> outcome(const std::string& result) {
    if (result == "done") return {};
    return Error("systemd: the job ended as " + quote(result));
  }

  // "" if the message is not about the end of this job.
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
  std::vector<Message> early_;  // came while an answer was awaited
};

}  // namespace
}  // namespace tare::cgroups

// A client tells the bus its user id, and is refused if the bus sees another one. libdbus takes it
// from geteuid(2) and can be given none, so in a user namespace (`podman unshare`) it would say
// "0". For everybody else this is what the C library's function is.
extern "C" uid_t geteuid() noexcept {
  const auto& told = tare::cgroups::uid_to_tell;
  return told ? *told : static_cast<uid_t>(::syscall(SYS_geteuid));
}

// libdbus connects without a deadline, and cannot be given a socket that is connected. To try the
// queue first would not do: what tries it fills it. For everybody else this too is what the C
// library's function is.
extern "C" int connect(int socket, const sockaddr* address, socklen_t length) {
  auto* const bounded = tare::cgroups::bounded_connect;
  if (bounded != nullptr) bounded->bound(socket);
  const auto result = static_cast<int>(::syscall(SYS_connect, socket, address, length));
  if (bounded != nullptr && result != 0) bounded->note(errno);
  return result;
}

namespace tare::cgroups {
namespace {

Error said(const BusError& error) {
  Error failure("systemd: " + error.words());
  if (error.is(DBUS_ERROR_ACCESS_DENIED) ||
      error.is(DBUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
    failure.hint = "the host's systemd obeys root; --rootless=true asks the user's own";
  }
  return failure;
}

Result<void> ping(Bus& bus) {
  BusError error;
  const Message call = make_call("Ping", "org.freedesktop.DBus.Peer");
  if (!bus.call(call, error)) return said(error);
  return {};
}

Result<void> stop(Bus& bus, const Scope& scope) {
  bus.listen_for_jobs();
  BusError error;
  const Message stopping = bus.call(make_call_with("StopUnit", scope.unit, "replace"), error);
  if (!stopping && error.is(no_such_unit)) return {};
  if (!stopping) return said(error);
  TRY(bus.await_job(stopping));
  BusError forgotten;  // NoSuchUnit, as a rule
  (void)bus.call(make_call_with("ResetFailedUnit", scope.unit), forgotten);
  return {};
}

}  // namespace

Result<StartedScope> StartedScope::start(const Scope& scope,
                                         const std::vector<Property>& properties, pid_t process) {
  Bus bus = TRY(Bus::connect(scope.of_user));
  Message request = make_call_with("StartTransientUnit", scope.unit, "replace");
  DBusMessageIter to;
  ::dbus_message_iter_init_append(request.get(), &to);
  append_properties(to, properties, process);
  append_container(to, DBUS_TYPE_ARRAY, "(sa(sv))", [](DBusMessageIter&) {});  // no other units
  bus.listen_for_jobs();
  BusError error;
  Message starting = bus.call(request, error);
  if (!starting && error.is(unit_exists)) {
    // One that failed is kept until somebody has looked at it, and nobody will.
    BusError ignored;
    (void)bus.call(make_call_with("ResetFailedUnit", scope.unit), ignored);
    const Message again(::dbus_message_copy(request.get()));
    BusError second;
    starting = bus.call(again, second);
    if (!starting) return said(second);
  }
  if (!starting) return said(error);
  StartedScope started(scope);
  TRY(bus.await_job(starting));
  return started;
}

StartedScope::StartedScope(StartedScope&& other) noexcept
    : scope_(std::move(other.scope_)), kept_(std::exchange(other.kept_, true)) {}

StartedScope::~StartedScope() {
  if (kept_) return;
  (void)stop_scope(scope_);  // an error led here, and it is the one to be told
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
  BusError error;
  if (!bus.call(request, error)) return said(error).within("change " + scope.unit);
  // It writes to the cgroup after it answered, but before it takes the next call.
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
  BusError error;
  const Message reply = bus.call(request, error);
  if (!reply) return said(error);
  DBusMessageIter outer;
  DBusMessageIter inner;
  ::dbus_message_iter_init(reply.get(), &outer);
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
