#pragma once

#include <string>
#include <utility>

namespace waybill {

/// A string that may contain a password: it can't be streamed or formatted by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  /// The text itself. Every use is a place where a secret leaves: keep them few.
  const std::string& reveal() const noexcept { return text_; }
  /// The text with the password part of a URL replaced by `***`; safe to print.
  std::string masked() const;
  bool empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace waybill
