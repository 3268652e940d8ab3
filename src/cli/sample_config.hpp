#pragma once

#include <string_view>

namespace waybill::cli {

/// The file that `waybill init` writes: it checks without errors as it is, with SQLite and a local RabbitMQ.
std::string_view sample_config() noexcept;

}  // namespace waybill::cli
