#include "events/inbox_message.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "events/event_json.h"
#include "events/event_view.h"
#include "events/sha256.h"
#include "events/validation.h"
#include "events/wire_reader.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;
using EventOrRefusal = std::variant<std::string, IntakeRefusal>;

constexpr std::string_view kEventTypePrefix = "flywheel.events.v1.";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kSchemaIdBytes = 4;

IntakeRefusal Refuse(RefusalCode code, std::string field, std::string sentence,
                     std::string_view seller_id = {}) {
  return {code, std::move(field), std::move(sentence), std::string(SellerForRefusal(seller_id))};
}

// --- Headers ---

enum Attribute : uint8_t { kSpecVersion, kType, kId, kSource, kTime, kContentType, kAttributes };

constexpr std::array<std::string_view, kAttributes> kHeaderNames = {
    "ce_specversion", "ce_type", "ce_id", "ce_source", "ce_time", "content-type"};

// The headers that intake reads; the first of each name.
struct Attributes {
  std::array<std::optional<std::string_view>, kAttributes> values;
  std::array<bool, kAttributes> ambiguous{};  // there again, with another value

  const std::optional<std::string_view>& operator[](Attribute which) const { return values[which]; }
  // Whether there is anything to hold against the event.
  bool describe_event() const {
    for (int which = kSpecVersion; which < kContentType; ++which) {
      if (values[static_cast<size_t>(which)].has_value()) return true;
    }
    return false;
  }
};

std::string_view WithoutWhiteSpace(std::string_view text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

Attributes ReadHeaders(absl::Span<const MessageHeader> headers) {
  Attributes attributes;
  for (const MessageHeader& header : headers) {
    if (!header.value.has_value()) continue;
    for (size_t which = 0; which < kAttributes; ++which) {
      // Kafka tells names apart by case, but content-type is widely written as in HTTP.
      const bool is_it = which == kContentType ? EqualIgnoringCase(header.name, kHeaderNames[which])
                                               : header.name == kHeaderNames[which];
      if (!is_it) continue;
      std::optional<std::string_view>& value = attributes.values[which];
      if (value.has_value() && *value != *header.value) attributes.ambiguous[which] = true;
      if (!value.has_value()) value = header.value;
    }
  }
  return attributes;
}

// The first header that breaks a rule which needs it alone.
std::optional<IntakeRefusal> CheckHeaders(const Attributes& attributes, std::string_view seller) {
  for (size_t which = 0; which < kContentType; ++which) {
    const std::optional<std::string_view>& value = attributes.values[which];
    if (!value.has_value()) continue;
    const char* wrong = nullptr;
    if (attributes.ambiguous[which]) {
      wrong = " is given more than once, with different values";
    } else if (value->empty()) {
      wrong = " is empty";
    } else if (value->size() > kMaxIdBytes) {
      wrong = " is longer than 256 bytes";
    } else if (!IsUtf8(*value)) {
      wrong = " is not valid UTF-8";
    }
    if (wrong == nullptr) continue;
    std::string name(kHeaderNames[which]);
    std::string sentence = absl::StrCat("the header ", name, wrong);
    return Refuse(RefusalCode::kInvalid, std::move(name), std::move(sentence), seller);
  }
  return std::nullopt;
}

enum class ContentType : uint8_t { kUnsaid, kJson, kBytes, kStructured };

// Types that say nothing about the two forms are kUnsaid: the bytes decide.
ContentType ContentTypeOf(const Attributes& attributes) {
  if (!attributes[kContentType].has_value()) return ContentType::kUnsaid;
  std::string_view text = *attributes[kContentType];
  text = WithoutWhiteSpace(text.substr(0, text.find(';')));
  const std::string type = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  if (absl::StartsWith(type, "application/cloudevents")) return ContentType::kStructured;
  if (type == "application/json" || absl::EndsWith(type, "+json")) return ContentType::kJson;
  if (type == "application/protobuf" || type == "application/x-protobuf" ||
      type == "application/vnd.google.protobuf") {
    return ContentType::kBytes;
  }
  return ContentType::kUnsaid;
}

// --- The value ---

bool BeginsJson(std::string_view text) {
  return !text.empty() && (text[0] == '{' || text[0] == '[');
}

bool LooksLikeJson(std::string_view value) {
  if (value.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    value.remove_prefix(kByteOrderMark.size());
  }
  const size_t first = value.find_first_not_of(kWhiteSpace);
  return first != std::string_view::npos && BeginsJson(value.substr(first));
}

// What follows Confluent's framing; nullopt when that is none. REQUIRES: begins with a zero byte.
std::optional<std::string_view> WithoutFraming(std::string_view value) {
  ByteReader reader(value.substr(1));
  reader.Raw(kSchemaIdBytes);
  if (!reader.ok() || BeginsJson(reader.rest()))
    return reader.ok() ? std::optional(reader.rest()) : std::nullopt;
  const int64_t indexes = reader.Signed();
  if (!reader.ok() || indexes < 0 || indexes > kMaxMessageIndexes) return std::nullopt;
  for (int64_t i = 0; i < indexes; ++i) {
    if (reader.Signed() < 0) return std::nullopt;
  }
  return reader.ok() ? std::optional(reader.rest()) : std::nullopt;
}

EventOrRefusal EventFromValue(std::string_view value, ContentType type) {
  if (value.front() == '\0') {
    const std::optional<std::string_view> framed = WithoutFraming(value);
    if (!framed.has_value()) {
      return Refuse(RefusalCode::kUndecodable, "",
                    "the value begins with a zero byte, but not with Confluent's framing (schema "
                    "id, message indexes)");
    }
    value = *framed;
  }
  const bool is_json =
      type == ContentType::kJson || (type == ContentType::kUnsaid && LooksLikeJson(value));
  return is_json ? EventFromJson(value) : std::string(value);
}

// --- The event and its headers ---

// What the headers are held against.
struct Envelope {
  std::string event_id;
  std::optional<int64_t> occurred_at;  // milliseconds
  std::string source;
  std::string seller_id;
  EventKind kind = EventKind::kNone;
};

int64_t MillisOf(const Timestamp& timestamp) {
  return timestamp.seconds() * kMillisPerSecond + timestamp.nanos() / 1'000'000;
}

// nullopt: the bytes are no event, as Prepare will say.
std::optional<Envelope> ReadEnvelope(std::string_view bytes) {
  Envelope envelope;
  EventView view;
  const ScanResult scanned = ScanEvent(bytes, Utf8Check::kCheck, &view);
  if (scanned == ScanResult::kOk) {
    envelope.event_id = std::string(view.event_id);
    if (view.occurred_at.has_value()) envelope.occurred_at = view.occurred_at->number();
    envelope.source = std::string(view.source);
    envelope.seller_id = std::string(view.seller_id);
    envelope.kind = view.kind;
    return envelope;
  }
  if (scanned == ScanResult::kMalformed || bytes.size() > kMaxEventBytes) return std::nullopt;
  const google::protobuf::LogSilencer no_lines_by_publishers;
  events::v1::Event event;
  if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  envelope.event_id = event.event_id();
  if (event.has_occurred_at()) {
    const int64_t seconds = event.occurred_at().seconds();
    const bool is_valid =
        seconds >= TimeUtil::kTimestampMinSeconds && seconds <= TimeUtil::kTimestampMaxSeconds;
    if (!is_valid) return std::nullopt;
    envelope.occurred_at = MillisOf(event.occurred_at());
  }
  envelope.source = event.source();
  envelope.seller_id = event.seller_id();
  envelope.kind = static_cast<EventKind>(event.payload_case());
  return envelope;
}

IntakeRefusal Differs(std::string_view field, Attribute header, std::string_view seller) {
  return Refuse(RefusalCode::kInvalid, std::string(field),
                absl::StrCat(std::string(field), " is another than the header ",
                             std::string(kHeaderNames[header]), " says"),
                seller);
}

std::optional<IntakeRefusal> CheckVersionAndType(const Attributes& attributes,
                                                 const Envelope& envelope) {
  if (attributes[kSpecVersion].value_or("1.0") != "1.0") {
    return Refuse(RefusalCode::kInvalid, "ce_specversion",
                  absl::StrCat("the header ce_specversion is ",
                               std::string(*attributes[kSpecVersion]), ", not 1.0"),
                  envelope.seller_id);
  }
  if (!attributes[kType].has_value()) return std::nullopt;
  const std::string_view type = *attributes[kType];
  const bool has_prefix = type.substr(0, kEventTypePrefix.size()) == kEventTypePrefix;
  const std::string_view name = has_prefix ? type.substr(kEventTypePrefix.size()) : "";
  // An event without a payload is refused for that.
  const bool fits =
      name == "Event" ||
      (!name.empty() && (envelope.kind == EventKind::kNone || name == NameOf(envelope.kind)));
  if (fits) return std::nullopt;
  const std::string is =
      envelope.kind == EventKind::kNone ? "Event" : std::string(NameOf(envelope.kind));
  return Refuse(RefusalCode::kInvalid, "ce_type",
                absl::StrCat("the header ce_type is ", std::string(type), ", the value a ",
                             std::string(kEventTypePrefix), is),
                envelope.seller_id);
}

// Appends the field to the bytes.
void AppendField(uint32_t number, std::string_view value, std::string* bytes) {
  ByteWriter writer(bytes);
  writer.Unsigned(wire::Bytes(number));
  writer.String(value);
}

// Holds one attribute after the other against the event and fills what that lacks. The fields go
// first, in their order: the wire has no fixed one.
EventOrRefusal Fill(std::string bytes, const Attributes& attributes, const Envelope& envelope) {
  using events::v1::Event;
  std::string filled;
  const std::string_view source =
      envelope.source.empty() ? attributes[kSource].value_or("") : envelope.source;
  if (const auto& id = attributes[kId]; id.has_value()) {
    const std::string event_id = IsUuid(*id) ? std::string(*id) : IdOfCloudEvent(source, *id);
    if (envelope.event_id.empty()) {
      AppendField(Event::kEventIdFieldNumber, event_id, &filled);
    } else if (!EqualIgnoringCase(event_id, envelope.event_id)) {
      return Differs("event_id", kId, envelope.seller_id);
    }
  }
  if (const auto& time = attributes[kTime]; time.has_value()) {
    Timestamp timestamp;
    if (!TimeUtil::FromString(std::string(*time), &timestamp)) {
      return Refuse(RefusalCode::kInvalid, "ce_time",
                    "the header ce_time is not an instant like 2024-02-29T12:00:00Z",
                    envelope.seller_id);
    }
    if (!envelope.occurred_at.has_value()) {
      AppendField(Event::kOccurredAtFieldNumber, timestamp.SerializeAsString(), &filled);
    } else if (MillisOf(timestamp) != *envelope.occurred_at) {
      return Differs("occurred_at", kTime, envelope.seller_id);
    }
  }
  if (const auto& from = attributes[kSource]; from.has_value()) {
    if (envelope.source.empty()) {
      AppendField(Event::kSourceFieldNumber, *from, &filled);
    } else if (*from != envelope.source) {
      return Differs("source", kSource, envelope.seller_id);
    }
  }
  if (filled.empty()) return bytes;
  return filled + bytes;
}

}  // namespace

std::string IdOfCloudEvent(std::string_view source, std::string_view id) {
  std::string identity(source);
  identity.push_back('\0');
  identity.append(id);
  const Sha256 hash = Sha256Of(identity);
  const std::string_view bytes(hash.data(), hash.size());
  std::string text;
  WriteUuid(ReadBigEndian64(bytes), ReadBigEndian64(bytes.substr(8)), 8, &text);
  return text;
}

EventOrRefusal EventFromInbox(const InboxMessage& message) {
  if (!message.value.has_value()) {
    return Refuse(RefusalCode::kUndecodable, "",
                  "the message has no value (a tombstone): what has happened cannot be deleted");
  }
  if (message.value->empty()) {
    return Refuse(RefusalCode::kUndecodable, "", "the message's value is empty");
  }
  const Attributes attributes = ReadHeaders(message.headers);
  const ContentType type = ContentTypeOf(attributes);
  if (type == ContentType::kStructured) {
    return Refuse(RefusalCode::kInvalid, "content-type",
                  "CloudEvents in structured mode are not read: send the event as the value and "
                  "the attributes as headers (binary mode)");
  }
  EventOrRefusal event = EventFromValue(*message.value, type);
  std::string* const bytes = std::get_if<std::string>(&event);
  if (bytes == nullptr || !attributes.describe_event()) return event;
  const std::optional<Envelope> envelope = ReadEnvelope(*bytes);
  if (!envelope.has_value()) return event;
  if (auto refusal = CheckHeaders(attributes, envelope->seller_id)) return *std::move(refusal);
  if (auto refusal = CheckVersionAndType(attributes, *envelope)) return *std::move(refusal);
  return Fill(std::move(*bytes), attributes, *envelope);
}

}  // namespace flywheel
