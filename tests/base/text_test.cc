#include <catch2/catch.hpp>

#include "base/instant_text.h"
#include "base/json_writer.h"

namespace flywheel {
namespace {

TEST_CASE("instants are read as RFC 3339 says and cut down to milliseconds") {
  const auto millis = [](std::string_view text) { return ParseInstant(text)->number(); };
  CHECK(millis("1970-01-01T00:00:00Z") == 0);
  CHECK(millis("2018-10-17T17:30:18.123999Z") == 1539797418123);
  CHECK(millis("2018-10-17T19:30:18.123+02:00") == 1539797418123);
  CHECK(millis("2018-10-17t12:00:18.1-05:30") == 1539797418100);
}

TEST_CASE("instants are printed in UTC with milliseconds") {
  for (const char* text : {"1970-01-01T00:00:00.000Z", "2018-10-17T17:30:18.007Z",
                           "2024-02-29T23:59:59.999Z", "2199-12-31T23:59:59.999Z"}) {
    CHECK(FormatInstant(*ParseInstant(text)) == text);
  }
}

TEST_CASE("places are read and printed") {
  CHECK(FormatPlace(*ParsePlace("3@1278")) == "3@1278");
  for (const char* text : {"", "3", "@", "3@", "@5", "-1@5", "3@-5", "3@5x", "3 @5", "a@b",
                           "99999999999@1", "1@99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(ParsePlace(text).ok());
  }
}

TEST_CASE("JSON text is JSON whatever bytes come in") {
  JsonWriter json;
  json.BeginObject().Field("a\"b", "tab\t \\ \x7f \xff \xc5\x82 \xed\xa0\x80").EndObject();
  CHECK(json.text() ==
        "{\"a\\\"b\":\"tab\\u0009 \\\\ \\u007f \\ufffd \xc5\x82 \\ufffd\\ufffd\\ufffd\"}");
}

TEST_CASE("decimals are exact") {
  CHECK(DecimalText(457, 2) == "4.57");
  CHECK(DecimalText(500, 2) == "5.00");
  CHECK(DecimalText(7, 2) == "0.07");
  CHECK(DecimalText(1000, 1) == "100.0");
  CHECK(DecimalText(0, 1) == "0.0");
}

TEST_CASE("commas stand between values and nowhere else") {
  JsonWriter json;
  json.BeginObject().Key("a").BeginArray().Number(1).BeginObject().EndObject().Number(2).EndArray();
  json.Field("b", "").FieldIfGiven("c", "").Flag("d", true).EndObject();
  CHECK(json.TakeLine() == "{\"a\":[1,{},2],\"b\":\"\",\"d\":true}\n");
  CHECK(json.BeginArray().EndArray().TakeLine() == "[]\n");
}

}  // namespace
}  // namespace flywheel
