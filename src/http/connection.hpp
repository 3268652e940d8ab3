#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "http/hub.hpp"

namespace waybill::http {

/// Serves one connection until it ends; its own handlers keep it alive. Called on the server's thread, never blocks.
void serve(boost::asio::ip::tcp::socket socket, std::shared_ptr<Hub> hub);

}  // namespace waybill::http
