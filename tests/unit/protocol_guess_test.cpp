// A wrong port is a common mistake: the error says what listens there.

#include "broker/protocol_guess.hpp"

#include <gtest/gtest.h>

namespace waybill::broker {
namespace {

TEST(ProtocolGuess, KnowsServersByTheirFirstBytes) {
  EXPECT_EQ(protocol_of("HTTP/1.1 400 Bad Request\r\n"), "an HTTP server");
  EXPECT_EQ(protocol_of(std::string("AMQP\0\0\x09\x01", 8)), "RabbitMQ");
  EXPECT_EQ(protocol_of("-ERR wrong number of arguments for 'get' command\r\n"), "Redis");
  EXPECT_EQ(protocol_of(std::string("Y\0\0\0\n5.5.5-10.11.6-MariaDB", 27)), "MySQL");
  EXPECT_EQ(protocol_of("\x15\x03\x01"), "a TLS server");
  EXPECT_EQ(protocol_of(std::string("\0\0\x06\x04\0\0\0\0\0\0\x03", 11)), "a gRPC server");
}

TEST(ProtocolGuess, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_EQ(protocol_of(""), std::nullopt);
  EXPECT_EQ(protocol_of("hello, world"), std::nullopt);
  EXPECT_EQ(other_protocol_at("127.0.0.1:1"), std::nullopt);
  EXPECT_EQ(other_protocol_at("no.such.host.invalid:9092,b:1"), std::nullopt);
}

}  // namespace
}  // namespace waybill::broker
