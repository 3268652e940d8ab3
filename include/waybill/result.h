#pragma once

/// \file
/// The one way Waybill reports what can be expected to fail. Compiles, and means the same, as C++17, 20 and 23.

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace waybill {

/// Why an operation failed. Closed: a new cause gets a new enumerator, never a reused one.
enum class ErrorCode {
  invalid_argument,       ///< the caller passed something that can never work (empty topic, id over 255 bytes)
  invalid_configuration,  ///< the configuration names something unknown or contradictory
  missing_secret,         ///< a `${ENV}` or `file:` reference that resolves to nothing
  missing_schema,         ///< Waybill's tables are not there: run `waybill migrate`
  newer_schema,           ///< the tables were made by a newer Waybill: upgrade this program
  older_schema,           ///< the tables were made by an older Waybill: run `waybill migrate`
  moved_store,            ///< the tables were copied from another cluster: run `waybill migrate --restamp`
  unreachable,            ///< no connection, or it was lost
  unauthorized,           ///< the other side refused the credentials or a permission is missing
  timeout,                ///< the deadline passed first
  busy,                   ///< held by somebody else just now; try again
  read_only,              ///< the store accepts no writes
  disk_full,              ///< the store has no room left
  lost_lane,              ///< this process no longer owns the lane it worked on
  not_found,              ///< nothing has that name
  refused,                ///< understood, but not possible in the present state
  unsupported,            ///< this store or broker can't do it
  in_doubt,               ///< it may or may not have happened: the answer was lost
  corrupt,                ///< what was read makes no sense
  internal,               ///< a defect in Waybill
};

/// The enumerator's name, for example `missing_schema`. The view has static lifetime.
std::string_view to_string(ErrorCode code) noexcept;

/// What failed and why. The message names the thing at fault and, where there is one, the remedy.
class Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }

  /// True when the same call may succeed later without anybody changing anything.
  bool is_transient() const noexcept {
    return code_ == ErrorCode::unreachable || code_ == ErrorCode::timeout || code_ == ErrorCode::busy ||
           code_ == ErrorCode::disk_full || code_ == ErrorCode::lost_lane;
  }

 private:
  ErrorCode code_;
  std::string message_;
};

/// Thrown by a Result that is read for what it does not hold: a defect of the caller, who has to ask first. Its text is
/// the error's code and message.
class BadResult : public std::logic_error {
 public:
  explicit BadResult(const Error* held);  ///< null: it holds no error
};

/// A value or an Error. Reading the wrong one throws BadResult: ask first.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return held<0>(state_); }
  const T& value() const& { return held<0>(state_); }
  T&& value() && { return std::move(held<0>(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return held<1>(state_); }
  Error&& error() && { return std::move(held<1>(state_)); }

 private:
  template <std::size_t Which, class State>
  static auto& held(State& state) {
    if (auto* one = std::get_if<Which>(&state)) return *one;
    throw BadResult(std::get_if<1>(&state));
  }

  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  const Error& error() const& { return error_ ? *error_ : throw BadResult(nullptr); }
  Error&& error() && { return error_ ? *std::move(error_) : throw BadResult(nullptr); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace waybill
