// Events to test with: one of every kind with every field set, and random ones.
#ifndef FLYWHEEL_TESTS_EVENTS_SAMPLE_EVENTS_H_
#define FLYWHEEL_TESTS_EVENTS_SAMPLE_EVENTS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "events/vocabulary.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel::sample {

namespace pb = flywheel::events::v1;
using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

inline std::vector<EventKind> AllKinds() {
  std::vector<EventKind> kinds;
  for (int number = static_cast<int>(kFirstEventKind); number <= static_cast<int>(kLastEventKind);
       ++number) {
    kinds.push_back(static_cast<EventKind>(number));
  }
  return kinds;
}

inline const FieldDescriptor* PayloadField(EventKind kind) {
  return pb::Event::descriptor()->FindFieldByNumber(static_cast<int>(kind));
}

// The first instant of the samples: 2024-02-29T12:00:00Z.
inline constexpr int64_t kSampleSeconds = 1'709'208'000;

// Texts whose rules a generic value would break.
inline std::string FullText(const FieldDescriptor& field) {
  const std::string& name = field.name();
  if (name == "event_id") return "018df4a6-3c00-7abc-8def-0123456789ab";
  if (name == "market" || name == "markets" || name == "code") return "PL";
  if (name == "currency") return "PLN";
  if (name == "time_zone") return "Europe/Warsaw";
  if (name == "holiday_calendar") return "PL";
  if (name == "extra_holidays" || name == "cancelled_holidays") return "2024-05-01";
  return name + " zażółć";
}

inline void FillEveryField(Message& message);

inline void FillField(Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  const bool repeated = field.is_repeated();
  const int number = field.number();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, true);
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? reflection->AddInt32(&message, &field, number)
                      : reflection->SetInt32(&message, &field, number % 6);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, 1000 + number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, &field, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->SetUInt64(&message, &field, 100 + static_cast<uint64_t>(number));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, &field, field.enum_type()->value_count() - 1);
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? reflection->AddString(&message, &field, FullText(field))
                      : reflection->SetString(&message, &field, FullText(field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillEveryField(repeated ? *reflection->AddMessage(&message, &field)
                                     : *reflection->MutableMessage(&message, &field));
    default:
      throw std::logic_error("no sample value for " + field.full_name());
  }
}

// Sets every field of a message and of those inside it; of a oneof, none.
inline void FillEveryField(Message& message) {
  if (auto* timestamp = dynamic_cast<Timestamp*>(&message)) {
    timestamp->set_seconds(kSampleSeconds);
    timestamp->set_nanos(123'000'000);
    return;
  }
  if (auto* duration = dynamic_cast<Duration*>(&message)) {
    duration->set_seconds(3600);
    return;
  }
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.real_containing_oneof() == nullptr) FillField(message, field);
  }
}

// An event of this kind with every field set; valid, but for the kinds that doors refuse.
inline pb::Event FullEvent(EventKind kind) {
  pb::Event event;
  FillEveryField(event);
  FillField(event, *PayloadField(kind));
  return event;
}

// Gives a number from 0 to below its argument.
using Pick = std::function<uint64_t(uint64_t)>;

inline std::string RandomText(const Pick& pick) {
  static const char* const kTexts[] = {"",
                                       "a",
                                       "0123456789abcdef0123456789abcdef",
                                       "PLN",
                                       "PL",
                                       "zażółć gęślą jaźń",
                                       "\xF0\x9F\x9A\x9A",
                                       "line\nline"};
  const uint64_t choice = pick(std::size(kTexts) + 2);
  if (choice < std::size(kTexts)) return kTexts[choice];
  return std::string(choice == std::size(kTexts) ? pick(300) : pick(20),
                     static_cast<char>('a' + pick(26)));
}

inline int64_t RandomNumber(const Pick& pick) {
  static constexpr int64_t kNumbers[] = {0,      1,      2,         5,  127,       128,
                                         16'383, 16'384, INT32_MAX, -1, INT32_MIN, 1'709'208'000};
  const uint64_t choice = pick(std::size(kNumbers) + 1);
  return choice < std::size(kNumbers) ? kNumbers[choice] : static_cast<int64_t>(pick(100'000));
}

inline void RandomFields(Message& message, const Pick& pick);

inline void RandomField(Message& message, const FieldDescriptor& field, const Pick& pick) {
  const auto* reflection = message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, pick(2) == 0);
    case FieldDescriptor::CPPTYPE_INT32: {
      const auto value = static_cast<int32_t>(RandomNumber(pick));
      return repeated ? reflection->AddInt32(&message, &field, value)
                      : reflection->SetInt32(&message, &field, value);
    }
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, RandomNumber(pick) << pick(30));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, &field, static_cast<uint32_t>(RandomNumber(pick)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->SetUInt64(&message, &field, static_cast<uint64_t>(RandomNumber(pick)));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(
          &message, &field,
          pick(8) == 0 ? static_cast<int>(RandomNumber(pick)) : static_cast<int>(pick(9)));
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? reflection->AddString(&message, &field, RandomText(pick))
                      : reflection->SetString(&message, &field, RandomText(pick));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return RandomFields(repeated ? *reflection->AddMessage(&message, &field)
                                   : *reflection->MutableMessage(&message, &field),
                          pick);
    default:
      throw std::logic_error("no random value for " + field.full_name());
  }
}

// Sets some fields, lists with up to three elements; of a oneof, none. One instant in 30 is out of
// range.
inline void RandomFields(Message& message, const Pick& pick) {
  if (auto* timestamp = dynamic_cast<Timestamp*>(&message)) {
    timestamp->set_seconds(static_cast<int64_t>(pick(7'258'118'400)) -
                           (pick(30) == 0 ? 4'000'000'000 : 0));
    if (pick(2) == 0) timestamp->set_nanos(static_cast<int32_t>(pick(1'000'000'000)));
    return;
  }
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.real_containing_oneof() != nullptr || pick(4) == 0) continue;
    const uint64_t times = field.is_repeated() ? pick(4) : 1;
    for (uint64_t n = 0; n < times; ++n) RandomField(message, field, pick);
  }
}

// A random event of this kind, decodable but not always valid.
inline pb::Event RandomEvent(EventKind kind, const Pick& pick) {
  pb::Event event;
  RandomFields(event, pick);
  RandomField(event, *PayloadField(kind), pick);
  return event;
}

// The bytes with one random change: bits, length, an inserted or repeated piece.
inline std::string Mutated(std::string bytes, const Pick& pick) {
  const size_t at = bytes.empty() ? 0 : pick(bytes.size());
  switch (pick(6)) {
    case 0:
      if (!bytes.empty()) bytes[at] = static_cast<char>(pick(256));
      break;
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << pick(8)));
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
      bytes.insert(at, 1, static_cast<char>(pick(256)));
      break;
    case 4:
      bytes.insert(at, bytes.substr(at, pick(12)));
      break;
    default:
      bytes.erase(at, 1 + pick(4));
  }
  return bytes;
}

}  // namespace flywheel::sample

#endif  // FLYWHEEL_TESTS_EVENTS_SAMPLE_EVENTS_H_
