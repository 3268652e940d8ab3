// What a hostile broker sends is cut into frames and read without harm.

#include "broker/rabbitmq/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "broker/rabbitmq/delivery_assembly.hpp"
#include "broker/rabbitmq/properties.hpp"

namespace waybill::broker::rabbitmq {
namespace {

void feed(FrameReader& reader, std::string_view bytes) {
  const auto room = reader.room();
  std::copy(bytes.begin(), bytes.end(), room.begin());
  reader.added(bytes.size());
}

TEST(FrameReader, FramesArriveWhateverTheStreamIsCutInto) {
  FrameWriter writer;
  for (int i = 0; i < 50; ++i) writer.body(1, std::string(static_cast<std::size_t>(i * 37 % 997), 'a'));
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    FrameReader reader;
    Frame frame;
    int found = 0;
    for (std::string_view rest = writer.pending(); !rest.empty();) {
      const std::size_t size = std::min(piece, rest.size());
      feed(reader, rest.substr(0, size));
      rest.remove_prefix(size);
      while (reader.next(frame) == FrameReader::Found::frame) {
        EXPECT_EQ(frame.payload.size(), static_cast<std::size_t>(found * 37 % 997));
        ++found;
      }
    }
    EXPECT_EQ(found, 50);
  }
}

TEST(FrameReader, OversizedUnknownAndUnmarkedFramesAreMalformed) {
  for (const std::string_view bytes :
       {std::string_view("\x01\0\0\xff\xff\xff\xff", 7), std::string_view("\x01\0\0\0\x02\0\0", 7),
        std::string_view("\x05\0\0\0\0\0\0\xCE", 8), std::string_view("\x01\0\0\0\0\0\0\x00", 8)}) {
    FrameReader reader;
    Frame frame;
    feed(reader, bytes);
    EXPECT_EQ(reader.next(frame), FrameReader::Found::malformed);
  }
}

TEST(FrameReader, RandomBytesDoNoHarm) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    std::minstd_rand random(seed);
    FrameReader reader;
    Frame frame;
    std::string bytes(200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % (seed % 2 == 0 ? 256 : 4));
    feed(reader, bytes);
    while (reader.next(frame) == FrameReader::Found::frame) {
    }
  }
}

TEST(DeliveryAssembly, RandomContentDoesNoHarm) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    std::minstd_rand random(seed);
    std::string bytes(random() % 120, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 256);
    if (bytes.size() > 14) {
      const std::string_view plausible("\0\x3c\0\0\0\0\0\0\0\0\0\1\x20\0", 14);
      std::copy(plausible.begin(), plausible.end(), bytes.begin());
    }
    DeliveryAssembly assembly;
    ASSERT_TRUE(assembly.begin(std::string_view("\1c\0\0\0\0\0\0\0\1\0\0\0", 13)));
    assembly.add({AMQP_FRAME_HEADER, 1, bytes});
    assembly.add({AMQP_FRAME_BODY, 1, "x"});
    assembly.take();
  }
}

TEST(Table, DeepNestingCostsNoStack) {
  // 10,000 tables in each other: each is a name, a kind and a length; only the outermost is looked at.
  std::string table;
  for (int depth = 0; depth < 10000; ++depth) {
    std::string outer(
        "\1n"
        "F",
        3);
    const std::size_t size = table.size();
    for (int shift = 24; shift >= 0; shift -= 8) outer.push_back(static_cast<char>(size >> shift & 0xFF));
    table = outer + table;
  }
  Reader reader(table);
  TableEntry entry;
  EXPECT_TRUE(read_entry(reader, entry));
  EXPECT_EQ(entry.kind, TableEntry::Kind::other);
  EXPECT_FALSE(read_entry(reader, entry));
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
