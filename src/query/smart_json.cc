#include "query/smart_json.h"

#include <fmt/format.h>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "query/explained_event_json.h"

namespace flywheel {
namespace {

void WriteValue(std::string_view key, const SmartValue& value, JsonWriter& json) {
  const std::string text = SmartValueText(value);
  if (!text.empty()) json.Key(key).Raw(text);
}

void WriteConditions(const SmartConditions& conditions, JsonWriter& json) {
  json.Key("conditions").BeginArray();
  for (const SmartCondition& condition : conditions) {
    json.BeginObject().Field("code", condition.code).Field("name", condition.name);
    WriteValue("value", condition.value, json);
    WriteValue("threshold", condition.threshold, json);
    json.Flag("required", condition.required).Flag("fulfilled", condition.fulfilled).EndObject();
  }
  json.EndArray();
}

void WriteHeadroom(const SmartHeadroom& headroom, JsonWriter& json) {
  if (headroom.empty()) return;
  json.Key("headroom").BeginObject();
  if (headroom.negatives_until_lost)
    json.Field("negativesUntilLost", *headroom.negatives_until_lost);
  if (headroom.positives_until_won) json.Field("positivesUntilWon", *headroom.positives_until_won);
  json.EndObject();
}

void WriteCause(const SmartChange& change, Partition partition, JsonWriter& json) {
  json.Key("cause").BeginObject();
  if (const auto* expiry = std::get_if<SmartExpiry>(&change.cause)) {
    json.Field("expired", NameOf(*expiry)).Field("at", FormatInstant(change.at)).EndObject();
    return;
  }
  const auto& event = std::get<SmartEvent>(change.cause);
  json.Field("event", NameOf(event.kind));
  json.Field("place", FormatPlace({partition, event.place.offset}));
  if (event.place.index != 0) json.Field("index", event.place.index);
  json.FieldIfGiven("eventId", event.event_id).FieldIfGiven("orderId", event.order_id).EndObject();
}

void WriteHistory(const SmartAnswer& answer, JsonWriter& json) {
  json.Key("history").BeginArray();
  for (const SmartChange& change : answer.history) {
    json.BeginObject().Field("at", FormatInstant(change.at)).Flag("fulfilled", change.fulfilled);
    WriteCause(change, answer.partition, json);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string SmartValueText(const SmartValue& value) {
  if (const auto* share = std::get_if<SmartShare>(&value)) {
    return fmt::format("{}", share->nearest());
  }
  if (const auto* count = std::get_if<int64_t>(&value)) return std::to_string(*count);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  return "";
}

std::string SmartJson(const SmartAnswer& answer, bool history) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", answer.seller_id).Field("market", answer.market.text());
  json.Field("asOf", FormatInstant(answer.as_of)).Flag("fulfilled", answer.fulfilled);
  if (answer.last_changed()) json.Field("lastChanged", FormatInstant(*answer.last_changed()));
  WriteConditions(answer.conditions, json);
  WriteHeadroom(answer.headroom, json);
  if (answer.outlook) json.Field("outlook", FormatInstant(*answer.outlook));
  json.Flag("complete", answer.complete);
  if (history) WriteHistory(answer, json);
  return json.EndObject().TakeLine();
}

std::string SmartExplanationJson(const SmartExplanation& explanation) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", explanation.seller_id);
  json.Field("market", explanation.market.text());
  json.FieldIfGiven("buyerId", explanation.buyer_id).FieldIfGiven("orderId", explanation.order_id);
  json.FieldIfGiven("reviewId", explanation.review_id);
  if (explanation.recommends) json.Flag("recommends", *explanation.recommends);
  if (explanation.tracked) json.Flag("tracked", *explanation.tracked);
  json.Key("countsIn").BeginArray();
  for (const std::string_view code : explanation.counts_in) json.Text(code);
  json.EndArray();
  if (!explanation.expiries.empty()) {
    json.Key("expiries").BeginArray();
    for (const SmartExplanation::Expiry& expiry : explanation.expiries) {
      json.BeginObject().Field("rule", NameOf(expiry.rule));
      json.Field("at", FormatInstant(expiry.at)).EndObject();
    }
    json.EndArray();
  }
  WriteEvents(explanation.events, json);
  return json.EndObject().TakeLine();
}

}  // namespace flywheel
