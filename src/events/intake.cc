#include "events/intake.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "events/validation.h"
#include "events/wire_reader.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using TrustingReader = wire::Reader<Utf8Check::kTrust>;

IntakeRefusal Refuse(RefusalCode code, std::string field, std::string sentence,
                     std::string_view seller_id) {
  return {code, std::move(field), std::move(sentence), std::string(SellerForRefusal(seller_id))};
}

// Path of the first string field that is not valid UTF-8, down from a message's bytes; empty: none
// was found.
std::string FirstBadText(std::string_view bytes, const Descriptor* descriptor) {
  std::string path;
  (void)wire::ReadFields<Utf8Check::kTrust>(bytes, [&](TrustingReader& in) {
    const int number = static_cast<int>(in.tag() >> 3);
    const FieldDescriptor* field = descriptor->FindFieldByNumber(number);
    if (field == nullptr || !in.Is(wire::Bytes(in.tag() >> 3))) return in.Skip();
    std::string_view value;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(value));
    if (!path.empty()) return ScanResult::kOk;
    if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(value)) path = field->name();
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) return ScanResult::kOk;
    const std::string inner = FirstBadText(value, field->message_type());
    if (!inner.empty()) path = absl::StrCat(field->name(), ".", inner);
    return ScanResult::kOk;
  });
  return path;
}

IntakeRefusal Undecodable(std::string_view bytes, std::string_view seller_id) {
  std::string field = FirstBadText(bytes, events::v1::Event::descriptor());
  std::string sentence = field.empty() ? "the bytes are no flywheel.events.v1.Event"
                                       : absl::StrCat(field, " is not valid UTF-8");
  return Refuse(RefusalCode::kUndecodable, std::move(field), std::move(sentence), seller_id);
}

bool IsInstant(const Timestamp& timestamp) {
  return timestamp.nanos() >= 0 && timestamp.nanos() <= 999'999'999 &&
         timestamp.seconds() >= kEarliestInstant.number() / kMillisPerSecond &&
         timestamp.seconds() <= kLatestInstant.number() / kMillisPerSecond;
}

// Path of the first timestamp, in the order of the fields, that is none of Flywheel's instants;
// empty: there is none. No repeated message holds one.
std::string FirstBadInstant(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const Message& inner = message.GetReflection()->GetMessage(message, field);
    if (field->message_type() == Timestamp::descriptor()) {
      if (!IsInstant(static_cast<const Timestamp&>(inner))) return field->name();
    } else if (const std::string path = FirstBadInstant(inner); !path.empty()) {
      return absl::StrCat(field->name(), ".", path);
    }
  }
  return {};
}

// How many payloads stand in an event's bytes, the same one twice among them. protobuf would take
// the last one or merge them, and so lose a fact without a word.
int CountPayloads(std::string_view bytes) {
  int count = 0;
  (void)wire::ReadFields<Utf8Check::kTrust>(bytes, [&count](TrustingReader& in) {
    const uint32_t number = in.tag() >> 3;
    const bool is_payload = number >= static_cast<uint32_t>(kFirstEventKind) &&
                            number <= static_cast<uint32_t>(kLastEventKind);
    if (is_payload && in.Is(wire::Bytes(number))) ++count;
    return in.Skip();
  });
  return count;
}

// The event as one encoder writes it, without recorded_at; `bytes` are unusual to ScanEvent, which
// has read `seller_id` so far.
std::variant<std::string, IntakeRefusal> Normalise(std::string_view bytes,
                                                   std::string_view seller_id) {
  const google::protobuf::LogSilencer no_lines_by_publishers;
  events::v1::Event message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Undecodable(bytes, seller_id);
  }
  if (CountPayloads(bytes) > 1) {
    return Refuse(RefusalCode::kInvalid, "payload", "payload is given more than once",
                  message.seller_id());
  }
  message.clear_recorded_at();
  if (std::string field = FirstBadInstant(message); !field.empty()) {
    std::string sentence = absl::StrCat(field, " is not between 1970 and 2199");
    return Refuse(RefusalCode::kInvalid, std::move(field), std::move(sentence),
                  message.seller_id());
  }
  return message.SerializeAsString();
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Event.recorded_at with its tag, as protobuf writes it.
std::string RecordedAtField(Instant recorded_at) {
  const int64_t seconds = recorded_at.number() / kMillisPerSecond;
  const int64_t nanos = recorded_at.number() % kMillisPerSecond * 1'000'000;
  std::string timestamp;
  if (seconds != 0) {
    AppendVarint(wire::Varint(Timestamp::kSecondsFieldNumber), timestamp);
    AppendVarint(static_cast<uint64_t>(seconds), timestamp);
  }
  if (nanos != 0) {
    AppendVarint(wire::Varint(Timestamp::kNanosFieldNumber), timestamp);
    AppendVarint(static_cast<uint64_t>(nanos), timestamp);
  }
  std::string field;
  AppendVarint(wire::Bytes(events::v1::Event::kRecordedAtFieldNumber), field);
  AppendVarint(timestamp.size(), field);
  return field + timestamp;
}

// Where recorded_at stands in the bytes of a scanned event; where it does not, the place for it in
// the order of the fields.
std::string_view PlaceOfRecordedAt(const EventView& event) {
  constexpr uint32_t kNumber = events::v1::Event::kRecordedAtFieldNumber;
  std::string_view place = event.bytes.substr(event.bytes.size());
  bool found = false;
  (void)wire::ReadFields<Utf8Check::kTrust>(event.bytes, [&](TrustingReader& in) {
    const char* begin = in.field_at();
    const bool is_recorded_at = in.Is(wire::Bytes(kNumber));
    const bool is_next = !event.recorded_at.has_value() && in.tag() >> 3 > kNumber;
    FLYWHEEL_RETURN_UNLESS_OK(in.Skip());
    if (!found && (is_recorded_at || is_next)) {
      place = {begin, is_recorded_at ? static_cast<size_t>(in.at() - begin) : 0};
      found = true;
    }
    return ScanResult::kOk;
  });
  return place;
}

// The bytes of a Record that holds the event with this recorded_at in place of its own.
std::string StampedRecord(const EventView& event, Instant recorded_at) {
  const std::string_view event_bytes = event.bytes;
  const std::string_view old = PlaceOfRecordedAt(event);
  const size_t before = static_cast<size_t>(old.data() - event_bytes.data());
  const std::string stamp = RecordedAtField(recorded_at);
  const size_t size = event_bytes.size() - old.size() + stamp.size();
  std::string record;
  record.reserve(size + 8);
  AppendVarint(wire::Bytes(log::v1::Record::kEventFieldNumber), record);
  AppendVarint(size, record);
  record.append(event_bytes.substr(0, before));
  record.append(stamp);
  record.append(event_bytes.substr(before + old.size()));
  return record;
}

}  // namespace

std::variant<PreparedRecord, IntakeRefusal> Prepare(std::string_view event_bytes,
                                                    Instant recorded_at, const PolicyBook& policies,
                                                    int32_t partitions) {
  FLYWHEEL_CHECK(recorded_at >= kEarliestInstant && recorded_at <= kLatestInstant,
                 "the stamp of intake is an instant of Flywheel's");
  EventView event;
  ScanResult scanned = ScanEvent(event_bytes, Utf8Check::kCheck, &event);
  if (event_bytes.size() > kMaxEventBytes) {
    return Refuse(
        RefusalCode::kInvalid, "",
        absl::StrCat("the event has ", event_bytes.size(), " bytes, more than ", kMaxEventBytes),
        event.seller_id);
  }
  std::string normalised;
  if (scanned == ScanResult::kUnusual) {
    std::variant<std::string, IntakeRefusal> normal = Normalise(event_bytes, event.seller_id);
    if (auto* refusal = std::get_if<IntakeRefusal>(&normal)) return std::move(*refusal);
    normalised = std::get<std::string>(std::move(normal));
    event_bytes = normalised;
    scanned = ScanEvent(event_bytes, Utf8Check::kCheck, &event);
  }
  if (scanned == ScanResult::kMalformed) return Undecodable(event_bytes, event.seller_id);
  if (scanned == ScanResult::kUnusual) {
    // Nothing else stays unusual once protobuf has written it.
    return Refuse(RefusalCode::kInvalid, "", "the event holds a group, which no schema of it has",
                  event.seller_id);
  }
  if (IsMadeByFlywheelAlone(event.kind)) {
    return Refuse(RefusalCode::kInvalid, std::string(FieldOf(event.kind)),
                  absl::StrCat(std::string(NameOf(event.kind)),
                               " is made by Flywheel alone and cannot be published"),
                  event.seller_id);
  }
  if (std::optional<IntakeRefusal> refusal = Validate(event, recorded_at, policies)) {
    return *std::move(refusal);
  }
  return PreparedRecord{PartitionOf(event.seller_id, partitions),
                        StampedRecord(event, recorded_at)};
}

}  // namespace flywheel
