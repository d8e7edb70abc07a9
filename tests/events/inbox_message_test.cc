#include "events/inbox_message.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "events/event_json.h"
#include "events/sample_events.h"
#include "events/validation.h"
#include "events/wire_scan.h"

namespace flywheel {
namespace {

using sample::pb::Event;
using Headers = std::vector<MessageHeader>;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

constexpr Instant kStamp{1'800'000'000'000};
constexpr std::string_view kUuid = "018df4a6-3c00-7abc-8def-0123456789ab";
constexpr std::string_view kTime = "2024-02-29T12:00:00.123Z";  // of the samples

std::variant<std::string, IntakeRefusal> Read(std::string_view value, const Headers& headers = {}) {
  return EventFromInbox({value, headers});
}

// The event that the message holds.
Event EventOf(std::string_view value, const Headers& headers = {}) {
  const auto read = Read(value, headers);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&read)) FAIL(refusal->sentence);
  Event event;
  REQUIRE(event.ParseFromString(std::get<std::string>(read)));
  return event;
}

IntakeRefusal RefusalOf(std::string_view value, const Headers& headers = {}) {
  const auto read = Read(value, headers);
  if (std::holds_alternative<std::string>(read)) FAIL("it is not refused");
  return std::get<IntakeRefusal>(read);
}

bool Same(const Event& a, const Event& b) { return a.SerializeAsString() == b.SerializeAsString(); }

Event Review() { return sample::FullEvent(EventKind::kReviewPosted); }
Event ReviewWithoutEnvelope() {
  Event event = Review();
  event.clear_event_id();
  event.clear_occurred_at();
  event.clear_source();
  return event;
}

TEST_CASE("an event's bytes are taken as they are, of every kind") {
  for (const EventKind kind : sample::AllKinds()) {
    const std::string bytes = sample::FullEvent(kind).SerializeAsString();
    const auto read = Read(bytes);
    CHECK(std::get<std::string>(read) == bytes);
    CHECK(std::get<std::string>(Read(bytes, {{"content-type", "application/protobuf"}})) == bytes);
  }
}

TEST_CASE("a message without a value, or with an empty one, is refused and named") {
  const auto none = EventFromInbox({std::nullopt, {}});
  CHECK(std::get<IntakeRefusal>(none).code == RefusalCode::kUndecodable);
  CHECK(std::get<IntakeRefusal>(none).sentence.find("tombstone") != std::string::npos);
  CHECK(RefusalOf("").code == RefusalCode::kUndecodable);
  CHECK(RefusalOf("").sentence == "the message's value is empty");
}

TEST_CASE("Confluent's framing is taken off, whatever the schema id and the indexes") {
  const std::string event = Review().SerializeAsString();
  const std::string id("\0\0\0\1\2", 5);
  for (const std::string& indexes :
       {"\0"s, "\2\0"s, "\4\2\6"s, "\2\xFE\xFF\xFF\xFF\x0F"s, "\x20"s + std::string(16, '\2')}) {
    CHECK(std::get<std::string>(Read(id + indexes + event)) == event);
  }
  CHECK(Same(EventOf(id + EventToJson(event).value()), Review()));
  CHECK(Same(EventOf(id + EventToJson(event).value(), {{"content-type", "application/json"}}),
             Review()));
}

TEST_CASE("a framing that is cut off, negative or deeper than any schema is UNDECODABLE") {
  const std::string id("\0\0\0\1\2", 5);
  const std::string overlong = id + std::string(12, '\x80');
  for (const std::string& value :
       {id, id.substr(0, 1), id.substr(0, 4), id + "\1", id + "\2", id + "\2\1",
        id + "\x22"s + std::string(40, '\2'), id + "\4\2", id + "\2\x80", overlong}) {
    const IntakeRefusal refusal = RefusalOf(value);
    CHECK(refusal.code == RefusalCode::kUndecodable);
    CHECK(refusal.sentence.find("Confluent") != std::string::npos);
  }
}

TEST_CASE("JSON is found by its content type or its first byte") {
  const std::string json = EventToJson(Review().SerializeAsString()).value();
  for (const std::string_view type : {"application/json", "application/json; charset=utf-8",
                                      " Application/JSON ", "application/vnd.example+json"}) {
    CHECK(Same(EventOf(json, {{"content-type", type}}), Review()));
    CHECK(Same(EventOf(json, {{"Content-Type", type}}), Review()));
    CHECK(RefusalOf(Review().SerializeAsString(), {{"content-type", type}}).code ==
          RefusalCode::kUndecodable);
  }
  for (const std::string prefix : {"", " ", "\n", "\r\n\t ", "\n\n", "\xEF\xBB\xBF"}) {
    CHECK(Same(EventOf(prefix + json), Review()));
    CHECK(Same(EventOf(prefix + json, {{"content-type", "text/plain"}}), Review()));
  }
  CHECK(RefusalOf("[" + json + "]").sentence == "the text is JSON, but no object");
  CHECK(RefusalOf("{\"seller_id\": \"s\", \"color\": 1}").field == "color");
  CHECK(RefusalOf("{\"seller_id\": \"s\", \"color\": 1}").seller_id == "s");
}

TEST_CASE("no event that intake takes is mistaken for JSON or a framing") {
  // The first bytes that decide: every first byte, and after white space every second one.
  const PolicyBook policies = PolicyBook::BuiltIn();
  const std::string event = Review().SerializeAsString();
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      std::string bytes = event;
      bytes[0] = static_cast<char>(first);
      bytes[1] = static_cast<char>(second);
      if (!std::holds_alternative<PreparedRecord>(Prepare(bytes, kStamp, policies, 1))) continue;
      CHECK(std::get<std::string>(Read(bytes)) == bytes);
    }
  }
}

TEST_CASE("attributes of CloudEvents fill what the event lacks") {
  const Headers headers = {
      {"ce_specversion", "1.0"}, {"ce_type", "flywheel.events.v1.ReviewPosted"},
      {"ce_id", kUuid},          {"ce_source", "/reviews/pl"},
      {"ce_time", kTime},        {"content-type", "application/protobuf"},
      {"ce_subject", "ignored"}, {"traceparent", std::nullopt}};
  Event expected = Review();
  expected.set_source("/reviews/pl");
  CHECK(Same(EventOf(ReviewWithoutEnvelope().SerializeAsString(), headers), expected));
  const std::string json = EventToJson(ReviewWithoutEnvelope().SerializeAsString()).value();
  Headers json_headers = headers;
  json_headers[5].value = "application/json";
  CHECK(Same(EventOf(json, json_headers), expected));
  // The whole passes intake.
  const auto read = Read(ReviewWithoutEnvelope().SerializeAsString(), headers);
  CHECK(std::holds_alternative<PreparedRecord>(
      Prepare(std::get<std::string>(read), kStamp, PolicyBook::BuiltIn(), 4)));
}

TEST_CASE("each attribute fills its field alone") {
  const std::string bytes = ReviewWithoutEnvelope().SerializeAsString();
  Event expected = ReviewWithoutEnvelope();
  expected.set_event_id(std::string(kUuid));
  CHECK(Same(EventOf(bytes, {{"ce_id", kUuid}}), expected));
  expected = ReviewWithoutEnvelope();
  expected.set_source("s");
  CHECK(Same(EventOf(bytes, {{"ce_source", "s"}}), expected));
  expected = ReviewWithoutEnvelope();
  *expected.mutable_occurred_at() = Review().occurred_at();
  CHECK(Same(EventOf(bytes, {{"ce_time", kTime}}), expected));
  CHECK(Same(EventOf(bytes, {{"ce_time", "2024-02-29T13:00:00.123+01:00"}}), expected));
}

TEST_CASE("attributes that say what the event says change nothing") {
  const Event event = Review();
  const std::string bytes = event.SerializeAsString();
  const Headers headers = {{"ce_id", "018DF4A6-3C00-7ABC-8DEF-0123456789AB"},
                           {"ce_source", event.source()},
                           {"ce_time", "2024-02-29T12:00:00.123999Z"},
                           {"ce_type", "flywheel.events.v1.Event"}};
  CHECK(std::get<std::string>(Read(bytes, headers)) == bytes);
}

TEST_CASE(
    "an attribute that differs from the event is INVALID and names the field and the seller") {
  const std::string bytes = Review().SerializeAsString();
  const std::vector<std::pair<MessageHeader, std::string>> cases = {
      {{"ce_id", "118df4a6-3c00-7abc-8def-0123456789ab"}, "event_id"},
      {{"ce_id", "42"}, "event_id"},
      {{"ce_source", "elsewhere"}, "source"},
      {{"ce_time", "2024-02-29T12:00:00.124Z"}, "occurred_at"},
      {{"ce_time", "yesterday"}, "ce_time"},
      {{"ce_time", "2024-02-30T12:00:00Z"}, "ce_time"},
      {{"ce_type", "flywheel.events.v1.OrderPaid"}, "ce_type"},
      {{"ce_type", "flywheel.events.v1."}, "ce_type"},
      {{"ce_type", "ReviewPosted"}, "ce_type"},
      {{"ce_type", "com.example.review"}, "ce_type"},
      {{"ce_specversion", "0.3"}, "ce_specversion"},
  };
  for (const auto& [header, field] : cases) {
    INFO(header.name << " " << *header.value);
    const IntakeRefusal refusal = RefusalOf(bytes, {header});
    CHECK(refusal.code == RefusalCode::kInvalid);
    CHECK(refusal.field == field);
    CHECK(refusal.seller_id == Review().seller_id());
    CHECK(refusal.sentence.find(std::string(header.name)) != std::string::npos);
  }
}

TEST_CASE("a header that is empty, too long, no text or ambiguous is INVALID by its name") {
  const std::string bytes = ReviewWithoutEnvelope().SerializeAsString();
  const std::string too_long(257, 'x');
  for (const std::string_view name :
       {"ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion"}) {
    for (const std::string_view value :
         {std::string_view(), std::string_view(too_long), std::string_view("\xFF")}) {
      const IntakeRefusal refusal = RefusalOf(bytes, {{name, value}});
      CHECK(refusal.code == RefusalCode::kInvalid);
      CHECK(refusal.field == name);
    }
  }
  const IntakeRefusal twice = RefusalOf(bytes, {{"ce_id", kUuid}, {"ce_id", "2"}});
  CHECK(twice.field == "ce_id");
  CHECK(twice.sentence.find("more than once") != std::string::npos);
  CHECK(EventOf(bytes, {{"ce_id", kUuid}, {"ce_id", kUuid}, {"ce_id", std::nullopt}}).event_id() ==
        kUuid);
}

TEST_CASE("names of attributes are taken by their case, unknown headers are ignored") {
  const std::string bytes = ReviewWithoutEnvelope().SerializeAsString();
  CHECK(std::get<std::string>(Read(bytes, {{"CE_ID", kUuid}, {"ce_", ""}, {"", "x"}})) == bytes);
}

TEST_CASE("an id of CloudEvents that is no UUID gives a stable one, by source and id") {
  const std::string id = IdOfCloudEvent("/orders", "order-17");
  // printf '/orders\0order-17' | sha256sum, with version and variant set.
  CHECK(id == "dc0030cd-d622-8347-b530-13edf443c283");
  CHECK(IsUuid(id));
  CHECK(IdOfCloudEvent("/order", "sorder-17") != id);
  const std::string bytes = ReviewWithoutEnvelope().SerializeAsString();
  CHECK(EventOf(bytes, {{"ce_id", "order-17"}, {"ce_source", "/orders"}}).event_id() == id);
  // The source of the event itself counts as well, and the id may be there already.
  Event event = ReviewWithoutEnvelope();
  event.set_source("/orders");
  CHECK(EventOf(event.SerializeAsString(), {{"ce_id", "order-17"}}).event_id() == id);
  event.set_event_id(id);
  CHECK(Same(EventOf(event.SerializeAsString(), {{"ce_id", "order-17"}}), event));
}

TEST_CASE("structured mode is refused with what to do instead") {
  for (const std::string_view type :
       {"application/cloudevents+json", "application/cloudevents+json; charset=UTF-8",
        "application/cloudevents-batch+json", "application/cloudevents+protobuf"}) {
    const IntakeRefusal refusal = RefusalOf("{\"specversion\": \"1.0\"}", {{"content-type", type}});
    CHECK(refusal.code == RefusalCode::kInvalid);
    CHECK(refusal.field == "content-type");
    CHECK(refusal.sentence.find("binary mode") != std::string::npos);
  }
}

TEST_CASE("headers of what is unusual on the wire are held against what protobuf reads") {
  // Two occurred_at, which protobuf merges.
  const std::string twice = Review().SerializeAsString() + std::string("\x12\x02\x08\x05", 4);
  EventView view;
  REQUIRE(ScanEvent(twice, Utf8Check::kCheck, &view) == ScanResult::kUnusual);
  CHECK(RefusalOf(twice, {{"ce_time", kTime}}).field == "occurred_at");
  CHECK(std::get<std::string>(Read(twice, {{"ce_time", "1970-01-01T00:00:05.123Z"}})) == twice);
  Event event = ReviewWithoutEnvelope();
  event.set_market("");
  const std::string group = event.SerializeAsString() + "\x7B\x7C";
  CHECK(EventOf(group, {{"ce_id", kUuid}}).event_id() == kUuid);
}

TEST_CASE("an instant beyond every calendar is left to intake") {
  // Unusual on the wire, with an instant whose milliseconds no 64 bits hold.
  Event event = Review();
  event.mutable_occurred_at()->set_seconds(6'052'837'899'016'106'432);
  const std::string bytes = event.SerializeAsString() + "\x7B\x7C";
  CHECK(std::get<std::string>(Read(bytes, {{"ce_time", kTime}})) == bytes);
  CHECK(std::holds_alternative<IntakeRefusal>(Prepare(bytes, kStamp, PolicyBook::BuiltIn(), 1)));
}

TEST_CASE("headers do not hide that the value is no event") {
  const Headers headers = {{"ce_id", kUuid}, {"ce_type", "com.example"}};
  for (const std::string& garbage :
       {"\xFF\xFF"s, "garbage"s, std::string(kMaxEventBytes + 1, 'x')}) {
    CHECK(std::get<std::string>(Read(garbage, headers)) == garbage);
  }
}

TEST_CASE("an instant of a header that Flywheel does not know is left to intake") {
  const auto read = Read(ReviewWithoutEnvelope().SerializeAsString(),
                         {{"ce_id", kUuid}, {"ce_time", "2300-01-01T00:00:00Z"}});
  const auto prepared = Prepare(std::get<std::string>(read), kStamp, PolicyBook::BuiltIn(), 1);
  REQUIRE(std::holds_alternative<IntakeRefusal>(prepared));
  CHECK(std::get<IntakeRefusal>(prepared).field == "occurred_at");
}

TEST_CASE("a refused event with headers loses none of its payload") {
  std::mt19937_64 random(7);
  const sample::Pick pick = [&random](uint64_t below) { return below == 0 ? 0 : random() % below; };
  for (const EventKind kind : sample::AllKinds()) {
    for (int i = 0; i < 20; ++i) {
      Event event = sample::RandomEvent(kind, pick);
      event.clear_event_id();
      const std::string bytes = event.SerializeAsString();
      const auto read = Read(bytes, {{"ce_id", kUuid}});
      if (!std::holds_alternative<std::string>(read)) continue;
      Event parsed;
      REQUIRE(parsed.ParseFromString(std::get<std::string>(read)));
      CHECK(parsed.event_id() == kUuid);
      parsed.clear_event_id();
      CHECK(Same(parsed, event));
    }
  }
}

}  // namespace
}  // namespace flywheel
