#pragma once

/// \file
/// Another program, asked once: it reads its input, writes its answer and ends.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::admin {

struct ChildLimits {
  Duration time;       ///< then it is killed, with all that it started
  std::size_t output;  ///< bytes; more is an error
};

/// What `command` (an absolute path and its arguments) writes to its standard output. It gets `input` as a file on
/// standard input, an environment of PATH and LANG alone, and no other open file. Blocks until it has ended. Errors:
/// `refused` (it can't be run, ended with another code than 0 or by a signal, wrote too much; its first words on stderr
/// are in the text), `timeout`.
Result<std::string> ask_child(const std::vector<std::string>& command, std::string_view input,
                              const ChildLimits& limits);

}  // namespace waybill::admin
