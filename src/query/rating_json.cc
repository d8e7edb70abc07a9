#include "query/rating_json.h"

#include <fmt/format.h>

#include <optional>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/time_zone.h"
#include "query/explained_event_json.h"

namespace flywheel {
namespace {

void WriteVotes(std::string_view key, int64_t total, int64_t unique, JsonWriter& json) {
  json.Key(key).BeginObject().Field("total", total).Field("unique", unique).EndObject();
}

void WritePercentage(std::optional<int64_t> tenths, JsonWriter& json) {
  if (tenths) json.Key("recommendedPercentage").Decimal(*tenths, 1);
}

void WriteRates(const RatingAnswer& answer, JsonWriter& json) {
  json.Key("rates").BeginObject();
  for (size_t rate = 0; rate < kRatingRates.size(); ++rate) {
    json.Key(kRatingRates[rate]).BeginObject();
    if (answer.average_hundredths[rate]) {
      json.Key("average").Decimal(*answer.average_hundredths[rate], 2);
    }
    json.Key("distribution").BeginArray();
    for (int mark = 1; mark <= kRatingMarks; ++mark) json.Number(MarkCount(answer, rate, mark));
    json.EndArray().EndObject();
  }
  json.EndObject();
}

void WriteHistory(const RatingAnswer& answer, JsonWriter& json) {
  json.Key("history").BeginArray();
  for (const RatingHistoryRow& row : answer.history) {
    json.BeginObject().Field("day", FormatDay(row.day));
    WriteVotes("recommended", row.recommended_total, row.recommended_unique, json);
    WriteVotes("notRecommended", row.not_recommended_total, row.not_recommended_unique, json);
    WritePercentage(RecommendedTenths(row.recommended_unique, row.not_recommended_unique), json);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

int64_t MarkCount(const RatingAnswer& answer, size_t rate, int mark) {
  return answer.counters[RatesCounter(rate, mark)];
}

std::string RatingJson(const RatingAnswer& answer, bool history) {
  const auto count = [&](RatingCounter counter) { return answer.count(counter); };
  JsonWriter json;
  json.BeginObject().Field("sellerId", answer.seller_id).Field("market", answer.market);
  json.Field("asOf", FormatInstant(answer.as_of));
  WriteVotes("recommended", count(RatingCounter::kRecommendedTotal),
             count(RatingCounter::kRecommendedUnique), json);
  WriteVotes("notRecommended", count(RatingCounter::kNotRecommendedTotal),
             count(RatingCounter::kNotRecommendedUnique), json);
  WritePercentage(answer.recommended_tenths(), json);
  WriteRates(answer, json);
  json.Field("answered", count(RatingCounter::kAnswered)).Key("removed").BeginObject();
  json.Field("byBuyer", count(RatingCounter::kRemovedByBuyer));
  json.Field("byMarketplace", count(RatingCounter::kRemovedByMarketplace));
  json.Field("byBuyerAfterCompensation", count(RatingCounter::kRemovedByBuyerAfterCompensation));
  json.EndObject().Key("lifetime").BeginObject();
  json.Field("recommended", count(RatingCounter::kLifetimeRecommended));
  json.Field("notRecommended", count(RatingCounter::kLifetimeNotRecommended));
  json.EndObject().Flag("complete", answer.complete);
  if (history) WriteHistory(answer, json);
  return json.EndObject().TakeLine();
}

std::string ExplanationJson(const RatingExplanation& explanation) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", explanation.seller_id);
  json.Field("market", explanation.market.text()).Field("orderId", explanation.order_id);
  json.Field("buyerId", explanation.buyer_id).Field("reviewId", explanation.review_id);
  json.Field("posted", FormatInstant(explanation.posted)).Key("countsIn").BeginArray();
  for (const std::string& path : explanation.counts_in) json.Text(path);
  json.EndArray();
  WriteEvents(explanation.events, json);
  return json.EndObject().TakeLine();
}

}  // namespace flywheel
