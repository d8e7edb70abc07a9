#include "events/kafka/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/name_character.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr std::string_view kScheme = "kafka://";

absl::Status Wrong(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no kafka://host:port[,host:port]/name: {}", text, why));
}

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What is wrong with it; nullopt: nothing.
std::optional<std::string> WrongWithHost(std::string_view host) {
  if (host.empty()) return "a broker's host is missing";
  const bool bracketed = host.front() == '[';
  if (bracketed) {
    if (host.back() != ']' || host.size() < 4) {
      return fmt::format("{} is no IPv6 address in brackets", host);
    }
    host = host.substr(1, host.size() - 2);
  }
  const std::string_view others = bracketed ? ":.%" : ".-_";
  for (const char c : host) {
    if (IsLetterOrDigit(c) || others.find(c) != std::string_view::npos) continue;
    if (c == ':') return fmt::format("the IPv6 address {} belongs in brackets", host);
    return fmt::format("a host has no '{}'", c);
  }
  return std::nullopt;
}

std::optional<std::string> WrongWithPort(std::string_view port) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc() && end == port.data() + port.size() && number >= 1 && number <= 65535) {
    return std::nullopt;
  }
  return fmt::format("\"{}\" is no port from 1 to 65535", port);
}

std::optional<std::string> WrongWithBroker(std::string_view broker) {
  const size_t bracket = broker.rfind(']');
  const size_t colon = broker.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return fmt::format("\"{}\" has no port", broker);
  }
  if (auto wrong = WrongWithHost(broker.substr(0, colon))) return wrong;
  return WrongWithPort(broker.substr(colon + 1));
}

std::optional<std::string> WrongWithBrokers(std::string_view brokers) {
  size_t count = 0;
  for (;;) {
    const size_t comma = brokers.find(',');
    if (auto wrong = WrongWithBroker(brokers.substr(0, comma))) return wrong;
    if (++count > kMaxKafkaBrokers) {
      return fmt::format("it lists more than {} brokers; a few are enough", kMaxKafkaBrokers);
    }
    if (comma == std::string_view::npos) return std::nullopt;
    brokers.remove_prefix(comma + 1);
  }
}

std::optional<std::string> WrongWithName(std::string_view name) {
  if (name.empty()) return "the log's name is missing";
  if (name.size() > kMaxKafkaNameBytes) {
    return fmt::format("the name is longer than {} characters", kMaxKafkaNameBytes);
  }
  if (name == "." || name == "..") return fmt::format("a log cannot be called \"{}\"", name);
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter))
    return "a name has only letters, digits, '.', '_' and '-'";
  return std::nullopt;
}

}  // namespace

absl::StatusOr<KafkaAddress> KafkaAddress::Parse(std::string_view text) {
  if (!IsOne(text)) return Wrong(text, "it does not begin with kafka://");
  const std::string_view rest = text.substr(kScheme.size());
  const size_t slash = rest.find('/');
  const std::string_view brokers = rest.substr(0, slash);
  if (auto wrong = WrongWithBrokers(brokers)) return Wrong(text, *wrong);
  const std::string_view name =
      slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  if (auto wrong = WrongWithName(name)) return Wrong(text, *wrong);
  return KafkaAddress(std::string(brokers), std::string(name));
}

std::string KafkaAddress::ToText() const {
  return fmt::format("{}{}/{}", kScheme, bootstrap_servers_, name_);
}

}  // namespace flywheel
