#include "events/event_json.h"

#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "events/sample_events.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel {
namespace {

namespace pb = flywheel::events::v1;

pb::Event Read(const std::string& json) {
  const auto read = EventFromJson(json);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&read))
    FAIL(json + ": " + refusal->sentence);
  pb::Event event;
  REQUIRE(event.ParseFromString(std::get<std::string>(read)));
  return event;
}

// "INVALID seller_id", or "" where the text is taken.
std::string Refusal(const std::string& json) {
  const auto read = EventFromJson(json);
  if (std::holds_alternative<std::string>(read)) return "";
  const auto& refusal = std::get<IntakeRefusal>(read);
  CHECK(refusal.sentence.rfind(refusal.field, 0) == 0);
  CHECK(refusal.sentence.size() > refusal.field.size());
  return std::string(NameOf(refusal.code)) + " " + refusal.field;
}

TEST_CASE("a full event of every kind reads as protobuf's own mapping reads it") {
  for (const EventKind kind : sample::AllKinds()) {
    CAPTURE(NameOf(kind));
    const pb::Event event = sample::FullEvent(kind);
    for (const bool schema_names : {false, true}) {
      google::protobuf::util::JsonPrintOptions options;
      options.preserve_proto_field_names = schema_names;
      options.always_print_primitive_fields = true;
      options.add_whitespace = schema_names;
      std::string json;
      REQUIRE(google::protobuf::util::MessageToJsonString(event, &json, options).ok());
      CHECK(Read(json).SerializeAsString() == event.SerializeAsString());
    }
  }
}

TEST_CASE("what is printed reads back the same") {
  for (const EventKind kind : sample::AllKinds()) {
    CAPTURE(NameOf(kind));
    const std::string bytes = sample::FullEvent(kind).SerializeAsString();
    const absl::StatusOr<std::string> json = EventToJson(bytes);
    REQUIRE(json.ok());
    CHECK(json->find('\n') == std::string::npos);
    CHECK(std::get<std::string>(EventFromJson(*json)) == bytes);
  }
}

TEST_CASE("JSON is printed with the names of the schema's JSON mapping") {
  pb::Event event;
  event.mutable_occurred_at()->set_seconds(sample::kSampleSeconds);
  event.mutable_recorded_at()->set_seconds(sample::kSampleSeconds);
  event.mutable_recorded_at()->set_nanos(7'000'000);
  event.set_seller_id("s");
  event.mutable_parcel_scanned()->set_order_id("o");
  event.mutable_parcel_scanned()->set_code(pb::ScanCode::DELIVERED);
  CHECK(EventToJson(event.SerializeAsString()).value() ==
        R"({"occurredAt":"2024-02-29T12:00:00Z","recordedAt":"2024-02-29T12:00:00.007Z",)"
        R"("sellerId":"s","parcelScanned":{"orderId":"o","code":"DELIVERED"}})");
  event.mutable_refund_issued()->mutable_amount()->set_amount_minor(1234);
  event.mutable_refund_issued()->set_kind(static_cast<pb::RefundKind::Value>(77));
  const std::string json = EventToJson(event.SerializeAsString()).value();
  CHECK(json.find(R"("amount":{"amountMinor":"1234"})") != std::string::npos);
  CHECK(json.find(R"("kind":77)") != std::string::npos);
}

TEST_CASE("what cannot be printed is an error") {
  CHECK(absl::IsInvalidArgument(EventToJson("\xff").status()));
  pb::Event event;
  event.mutable_occurred_at()->set_seconds(INT64_MAX);
  CHECK(absl::IsInvalidArgument(EventToJson(event.SerializeAsString()).status()));
}

TEST_CASE("values are taken in every form of protobuf's mapping") {
  CHECK(Read("{}").ByteSizeLong() == 0);
  CHECK(Read(" \n{ } \n").ByteSizeLong() == 0);
  CHECK(Read("\xef\xbb\xbf{}").ByteSizeLong() == 0);  // a byte order mark
  CHECK(Read(R"({"seller_id":"a"})").seller_id() == "a");
  CHECK(Read(R"({"sellerId":"ż\u017c\ud83d\ude9a\u0000"})").seller_id() ==
        std::string("żż🚚\0", 9));
  CHECK(Read(R"({"sellerId":null,"orderPaid":null,"reviewPosted":{"rates":null}})")
            .SerializeAsString() == pb::Event(Read(R"({"reviewPosted":{}})")).SerializeAsString());
  for (const char* five : {"5", "\"5\"", "5.0", "5e0", "0.5e1"}) {
    const std::string json = std::string(R"({"reviewPosted":{"rates":{"service":)") + five + "}}}";
    CHECK(Read(json).review_posted().rates().service() == 5);
  }
  for (const char* code : {"\"DELIVERED\"", "7", "7.0"}) {
    const std::string json = std::string(R"({"parcelScanned":{"code":)") + code + "}}";
    CHECK(Read(json).parcel_scanned().code() == pb::ScanCode::DELIVERED);
  }
  // An unknown number is kept; intake refuses it and names the field.
  CHECK(static_cast<int>(Read(R"({"parcelScanned":{"code":77}})").parcel_scanned().code()) == 77);
  const auto amount = [](const std::string& number) {
    return Read(R"({"refundIssued":{"amount":{"amountMinor":)" + number + "}}}")
        .refund_issued()
        .amount()
        .amount_minor();
  };
  CHECK(amount("9223372036854775807") == INT64_MAX);
  CHECK(amount("\"9223372036854775807\"") == INT64_MAX);
  CHECK(amount("\"-9223372036854775808\"") == INT64_MIN);
  CHECK(amount("9007199254740993") == 9007199254740993);
  CHECK(amount("-0") == 0);
  CHECK(amount("1e3") == 1000);
  const auto seconds = [](const std::string& text) {
    return Read(R"({"occurredAt":")" + text + "\"}").occurred_at().seconds();
  };
  CHECK(seconds("2024-02-29T12:00:00Z") == sample::kSampleSeconds);
  CHECK(seconds("2024-02-29T13:00:00+01:00") == sample::kSampleSeconds);
  CHECK(seconds("9999-12-31T23:59:59Z") == 253402300799);  // intake refuses it
  CHECK(Read(R"({"occurredAt":"2024-02-29T12:00:00.123456789Z"})").occurred_at().nanos() ==
        123456789);
}

TEST_CASE("a length of time has at most nine decimals and is one that can be printed") {
  const auto event = [](const std::string& length) {
    return R"({"policyPublished":{"policy":{"defaults":{"sla":{"firstResponse":")" + length +
           "\"}}}}}";
  };
  const auto read = [&](const std::string& length) {
    return Read(event(length)).policy_published().policy().defaults().sla().first_response();
  };
  CHECK(read("3600s").seconds() == 3600);
  CHECK(read("-1.5s").seconds() == -1);
  CHECK(read("0.000000001s").nanos() == 1);
  CHECK(read("315576000000s").seconds() == 315576000000);
  for (const char* length :
       {"", "s", "5", "5 s", "+5s", ".5s", "5.s", "1.0000000001s", "1e3s", "5s5s", "315576000001s",
        "-315576000001s", "3600300000000.35s", "9223372036854775808s"}) {
    CAPTURE(length);
    const auto refused = EventFromJson(event(length));
    REQUIRE(std::holds_alternative<IntakeRefusal>(refused));
    CHECK(std::get<IntakeRefusal>(refused).field ==
          "policy_published.policy.defaults.sla.first_response");
  }
}

TEST_CASE("a text that is no JSON is UNDECODABLE") {
  for (const std::string& text :
       std::vector<std::string>{"",
                                " ",
                                "{",
                                "{\"sellerId\"",
                                "{\"sellerId\":",
                                "{\"sellerId\":\"a\"",
                                "{} {}",
                                "{} x",
                                "{}{}",
                                "hello",
                                "{'sellerId':'a'}",
                                "{sellerId:\"a\"}",
                                "{\"sellerId\":\"a\",}",
                                "{/**/}",
                                "{\"sellerId\":NaN}",
                                "{\"sellerId\":Infinity}",
                                "{\"reviewPosted\":{\"rates\":{\"service\":01}}}",
                                "{\"sellerId\":+1}",
                                "{\"sellerId\":\"a\nb\"}",
                                "{\"sellerId\":\"\\ud800\"}",
                                "{\"sellerId\":\"\\x\"}",
                                "{\"sellerId\":\"\xff\"}",
                                "{\"sellerId\":\"\xc3\"}",
                                "{\"\xff\":1}",
                                std::string("{\0}", 3),
                                std::string("\0", 1),
                                "\xff\xfe{\0}\0"}) {
    CAPTURE(text);
    CHECK(Refusal(text) == "UNDECODABLE ");
  }
}

TEST_CASE("JSON that is no event is INVALID and the field is named") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", ""},
      {"null", ""},
      {"true", ""},
      {"1", ""},
      {"\"x\"", ""},
      {"[{}]", ""},
      {"1.5", ""},
      {"1e400", ""},
      {"-1", ""},
      {"18446744073709551615", ""},
      // Unknown names.
      {R"({"unknown":1})", "unknown"},
      {R"({"SellerId":"a"})", "SellerId"},
      {R"({"reviewPosted":{"foo":1}})", "review_posted.foo"},
      {R"({"reviewPosted":{"rates":{"foo":{"deep":1}}}})", "review_posted.rates.foo"},
      {R"({"orderPlaced":{"lines":[{"lineId":"1"},{"bad":2}]}})", "order_placed.lines[1].bad"},
      {R"({"@type":"x"})", "@type"},
      {R"({"":1})", ""},
      // Names given twice, also once in each spelling.
      {R"({"sellerId":"a","sellerId":"b"})", "seller_id"},
      {R"({"sellerId":"a","seller_id":"a"})", "seller_id"},
      {R"({"reviewPosted":{"rates":{},"rates":{}}})", "review_posted.rates"},
      {R"({"orderPaid":{},"orderPaid":{}})", "order_paid"},
      {R"({"orderPaid":{},"orderCancelled":{}})", "payload"},
      {R"({"orderPaid":{},"orderCancelled":5})", "payload"},
      // Values of another type.
      {R"({"sellerId":5})", "seller_id"},
      {R"({"sellerId":true})", "seller_id"},
      {R"({"sellerId":["a"]})", "seller_id"},
      {R"({"sellerId":{"a":1}})", "seller_id"},
      {R"({"sellerId":1e400})", "seller_id"},
      {R"({"reviewPosted":{"recommended":"no"}})", "review_posted.recommended"},
      {R"({"reviewPosted":{"recommended":"true"}})", "review_posted.recommended"},
      {R"({"reviewPosted":{"recommended":1}})", "review_posted.recommended"},
      {R"({"reviewPosted":{"rates":[]}})", "review_posted.rates"},
      {R"({"reviewPosted":{"rates":"x"}})", "review_posted.rates"},
      {R"({"reviewPosted":5})", "review_posted"},
      {R"({"reviewPosted":[{}]})", "review_posted"},
      {R"({"orderPlaced":{"lines":{}}})", "order_placed.lines"},
      {R"({"orderPlaced":{"lines":[null]}})", "order_placed.lines[0]"},
      {R"({"orderPlaced":{"lines":[{},[]]}})", "order_placed.lines[1]"},
      {R"({"orderPlaced":{"lines":[{},{},1]}})", "order_placed.lines[2]"},
      {R"({"orderPlaced":{"lines":[{"unitPrice":{"amountMinor":"x"}}]}})",
       "order_placed.lines[0].unit_price.amount_minor"},
      {R"({"sellerRegistered":{"markets":"PL"}})", "seller_registered.markets"},
      {R"({"sellerRegistered":{"markets":["PL",5]}})", "seller_registered.markets[1]"},
      {R"({"sellerRegistered":{"markets":[["PL"]]}})", "seller_registered.markets[0]"},
      {R"({"sellerRegistered":{"markets":["PL",1e400]}})", "seller_registered.markets[1]"},
      // Numbers out of range.
      {R"({"reviewPosted":{"rates":{"service":1e400}}})", "review_posted.rates.service"},
      {R"({"reviewPosted":{"rates":{"service":1e30}}})", "review_posted.rates.service"},
      {R"({"reviewPosted":{"rates":{"service":1.5}}})", "review_posted.rates.service"},
      {R"({"reviewPosted":{"rates":{"service":2147483648}}})", "review_posted.rates.service"},
      {R"({"reviewPosted":{"rates":{"service":"5 "}}})", "review_posted.rates.service"},
      {R"({"reviewPosted":{"rates":{"service":""}}})", "review_posted.rates.service"},
      {R"({"refundIssued":{"amount":{"amountMinor":9223372036854775808}}})",
       "refund_issued.amount.amount_minor"},
      {R"({"refundIssued":{"amount":{"amountMinor":12.34}}})", "refund_issued.amount.amount_minor"},
      {R"({"refundIssued":{"amount":{"amountMinor":99999999999999999999}}})",
       "refund_issued.amount.amount_minor"},
      {R"({"policyPublished":{"version":-1}})", "policy_published.version"},
      {R"({"policyPublished":{"version":4294967296}})", "policy_published.version"},
      // Enums.
      {R"({"parcelScanned":{"code":"NOPE"}})", "parcel_scanned.code"},
      {R"({"parcelScanned":{"code":"delivered"}})", "parcel_scanned.code"},
      {R"({"parcelScanned":{"code":"7"}})", "parcel_scanned.code"},
      {R"({"parcelScanned":{"code":true}})", "parcel_scanned.code"},
      {R"({"parcelScanned":{"code":4294967303}})", "parcel_scanned.code"},
      // Instants.
      {R"({"occurredAt":"2024-02-30T00:00:00Z"})", "occurred_at"},
      {R"({"occurredAt":"2024-02-29T12:00:00"})", "occurred_at"},
      {R"({"occurredAt":"2024-02-29 12:00:00Z"})", "occurred_at"},
      {R"({"occurredAt":"2024-02-29"})", "occurred_at"},
      {R"({"occurredAt":"10000-01-01T00:00:00Z"})", "occurred_at"},
      {R"({"occurredAt":""})", "occurred_at"},
      {R"({"occurredAt":1709208000})", "occurred_at"},
      {R"({"occurredAt":{"seconds":5}})", "occurred_at"},
      {R"({"policyPublished":{"policy":{"defaults":{"acceptance":{"waitingLimit":"1 day"}}}}})",
       "policy_published.policy.defaults.acceptance.waiting_limit"},
  };
  for (const auto& [json, field] : cases) {
    CAPTURE(json);
    CHECK(Refusal(json) == "INVALID " + field);
  }
}

TEST_CASE("deep nesting ends at the first level that the schema does not have") {
  const std::string brackets(1'000'000, '[');
  CHECK(Refusal(brackets) == "INVALID ");
  CHECK(Refusal("{\"sellerId\":" + brackets) == "INVALID seller_id");
  CHECK(Refusal("{\"orderPlaced\":{\"lines\":" + brackets) == "INVALID order_placed.lines[0]");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"orderPlaced\":";
  CHECK(Refusal(objects) == "INVALID order_placed.orderPlaced");
}

TEST_CASE("a text over the limit is INVALID") {
  const std::string around = R"({"sellerId":""})";
  const std::string at_limit =
      R"({"sellerId":")" + std::string(kMaxJsonBytes - around.size(), 'x') + "\"}";
  CHECK(Refusal(at_limit) == "");
  CHECK(Refusal(at_limit + " ") == "INVALID ");
}

TEST_CASE("a refused text names the seller where it was read before the fault") {
  const auto read = EventFromJson(R"({"sellerId":"s1","reviewPosted":{"recommended":"no"}})");
  CHECK(std::get<IntakeRefusal>(read).seller_id == "s1");
  const auto late = EventFromJson(R"({"reviewPosted":{"recommended":"no"},"sellerId":"s1"})");
  CHECK(std::get<IntakeRefusal>(late).seller_id == "");
}

}  // namespace
}  // namespace flywheel
