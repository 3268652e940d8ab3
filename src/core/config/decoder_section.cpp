#include <algorithm>
#include <chrono>

#include "core/config/named_sections.hpp"
#include "core/config/sections.hpp"

namespace waybill::config {
namespace {

using namespace std::chrono_literals;

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

DecoderConfig read_decoder(const Entry& entry, Findings& findings) {
  DecoderConfig decoder;
  decoder.name = entry.name;
  Section section{entry.value, entry.place, "decoder." + entry.name, findings};
  section.require("topics", "topics = [\"orders.*\"]");
  section.require("command", "command = [\"/usr/bin/protoc\", \"--decode=shop.Order\", \"/etc/waybill/order.proto\"]");
  section.read_texts("topics", decoder.topics);
  section.read_texts("command", decoder.command);
  section.read_duration("timeout", decoder.timeout, 10ms, 30s);
  if (section.has("command") && (decoder.command.empty() || !decoder.command.front().starts_with('/'))) {
    section.fail("command", "begins with the absolute path of a program, which is run without a shell");
  }
  if (std::ranges::any_of(decoder.command, has_nul)) section.fail("command", "holds a NUL");
  section.finish();
  return decoder;
}

}  // namespace

std::vector<DecoderConfig> read_decoders(const Entry& root, Findings& findings) {
  return read_named<DecoderConfig>(root, "decoder", findings, read_decoder);
}

}  // namespace waybill::config
