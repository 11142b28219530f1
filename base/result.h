// SPDX-License-Identifier: Apache-2.0
//
// How tare reports failure: values, never exceptions.
//
// Two error types, by audience:
//   Fault  the kernel's answer: errno and the call. Trivially copyable, so it can be created after
//          clone(2) and sent through a socket.
//   Error  for a person: kind, errno, text and the place in the user's config.
//
//   Call<T>    a T or a Fault: system-call wrappers, all code that runs after clone.
//   Result<T>  a T or an Error: everything else. A Fault becomes an Error implicitly, but code that
//              knows the purpose of the call should add it: TRY(call().because("open the bundle")).
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tare {

struct [[nodiscard]] Fault {
  int error = 0;          // errno; never 0 in a Fault that is returned
  const char* call = "";  // the system call or library call, a literal: "openat2"

  // The failure of the call that just returned -1.
  static Fault last(const char* call) { return Fault{errno, call}; }
};

struct [[nodiscard]] Error {
  // Add a kind only if a caller branches on it.
  enum class Kind : std::uint8_t {
    failure,      // any other error
    usage,        // the command line
    config,       // the bundle's config.json (or another document) is wrong
    unsupported,  // valid, but this tare or this host cannot do it
    not_found,    // no such container
    not_running,  // the container has no process
    refused,      // the container's state does not allow the command
  };

  Kind kind = Kind::failure;
  int error = 0;     // errno, or 0 where no call failed
  std::string what;  // the step, the object and the reason, without the errno's words
  std::string at;    // JSON pointer into config.json ("/mounts/3"), or empty
  std::string hint;  // one sentence that says what to do, or empty
  std::string call;  // the call that failed: "openat2"; empty where none did

  Error() = default;
  explicit Error(std::string words) : what(std::move(words)) {}
  Error(Kind k, std::string words, std::string pointer = {})
      : kind(k), what(std::move(words)), at(std::move(pointer)) {}
  Error(Fault fault, std::string words)  // NOLINT: the pair is the whole error
      : error(fault.error), what(std::move(words)), call(fault.call) {}
  Error(Fault fault)  // NOLINT: implicit by design
      : error(fault.error), what(fault.call), call(fault.call) {}

  static Error config(std::string pointer, std::string words) {
    return Error(Kind::config, std::move(words), std::move(pointer));
  }
  static Error unsupported(std::string pointer, std::string words) {
    return Error(Kind::unsupported, std::move(words), std::move(pointer));
  }

  // Puts the caller's purpose in front: "open the store: mkdir /run/tare: EACCES: permission
  // denied".
  Error within(std::string_view context) && {
    what.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
  Error with_hint(std::string words) && {
    hint = std::move(words);
    return std::move(*this);
  }

  // The one line that is printed, exactly once, by main:
  // "/mounts/3: mount proc on /proc: EPERM: operation not permitted (hint)".
  [[nodiscard]] std::string message() const;
};

template <class T, class E>
class [[nodiscard]] Expected {
 public:
  using Value = T;
  using Failure = E;

  Expected(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Expected(E error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design
  template <class F>
  requires(std::is_constructible_v<E, F> && !std::is_same_v<std::remove_cvref_t<F>, E> &&
           std::is_same_v<std::remove_cvref_t<F>, Fault>) Expected(F fault)
      : state_(std::in_place_index<1>, E(fault)) {}  // NOLINT: Fault → Error

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] E& error() & { return *std::get_if<1>(&state_); }
  [[nodiscard]] const E& error() const& { return *std::get_if<1>(&state_); }
  [[nodiscard]] E&& error() && { return std::move(*std::get_if<1>(&state_)); }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

  [[nodiscard]] T value_or(T other) && {
    return ok() ? std::move(*this).value() : std::move(other);
  }

  // Turns a Fault into an Error with the purpose of the call, or prefixes an Error with it.
  Expected<T, Error> because(std::string_view why) && {
    if (ok()) return std::move(*this).value();
    if constexpr (std::is_same_v<E, Fault>) {
      return Error(error(), std::string(why));
    } else {
      return std::move(*this).error().within(why);
    }
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Expected<void, E> {
 public:
  using Value = void;
  using Failure = E;

  Expected() = default;
  Expected(E error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  template <class F>
  requires(std::is_constructible_v<E, F> && !std::is_same_v<std::remove_cvref_t<F>, E> &&
           std::is_same_v<std::remove_cvref_t<F>, Fault>) Expected(F fault)
      : error_(E(fault)) {}  // NOLINT: Fault → Error

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const {}
  [[nodiscard]] E& error() & { return *error_; }
  [[nodiscard]] const E& error() const& { return *error_; }
  [[nodiscard]] E&& error() && { return std::move(*error_); }

  Expected<void, Error> because(std::string_view why) && {
    if (ok()) return {};
    if constexpr (std::is_same_v<E, Fault>) {
      return Error(*error_, std::string(why));
    } else {
      return std::move(*error_).within(why);
    }
  }

 private:
  std::optional<E> error_;
};

template <class T>
using Result = Expected<T, Error>;
template <class T>
using Call = Expected<T, Fault>;

static_assert(std::is_trivially_copyable_v<Fault>);

// The name of an errno ("ENOENT") and its text in lower case ("no such file or directory"), as
// callers match them. Static strings, so safe after clone.
const char* errno_name(int error);
const char* errno_words(int error);

}  // namespace tare

// Evaluates to the value, or returns the error from the enclosing function.
#define TRY(expression)                                           \
  __extension__({                                                 \
    auto try_result_ = (expression);                              \
    if (!try_result_.ok()) return std::move(try_result_).error(); \
    std::move(try_result_).value();                               \
  })
