#include "query/sla_json.h"

#include <fmt/format.h>

#include <optional>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "query/explained_event_json.h"

namespace flywheel {
namespace {

void WriteFigures(SlaClock clock, const ClockFigures& figures, JsonWriter& json) {
  json.Key(NameOf(clock)).BeginObject();
  json.Field("within", figures.stopped.within).Field("late", figures.stopped.late);
  json.Field("pending", figures.pending).Field("overdue", figures.overdue);
  if (const std::optional<double> compliance = figures.compliance()) {
    json.Key("compliance").Raw(fmt::format("{}", *compliance));
  }
  for (const auto& [key, percent] : kSlaQuantiles) {
    if (const std::optional<int64_t> ms = figures.stopped.durations.Quantile(percent)) {
      json.Key(key).Decimal(*ms, 3);
    }
  }
  json.EndObject();
}

}  // namespace

std::string SlaJson(const SlaAnswer& answer) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", answer.seller_id).Field("market", answer.market);
  json.Field("windowDays", answer.window_days).Field("asOf", FormatInstant(answer.as_of));
  for (size_t i = 0; i < kSlaClocks; ++i) {
    WriteFigures(static_cast<SlaClock>(i), answer.clocks[i], json);
  }
  return json.Flag("complete", answer.complete).EndObject().TakeLine();
}

std::string QueuedClockJson(const QueuedClock& clock, Instant as_of) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", clock.seller_id).Field("market", clock.market.text());
  json.Field("clock", NameOf(clock.clock)).Field("id", clock.id).Field("orderId", clock.order_id);
  json.Field("openedAt", FormatInstant(clock.opened)).Field("due", FormatInstant(clock.due));
  return json.Field("state", NameOf(clock.state(as_of))).EndObject().TakeLine();
}

std::string SlaExplanationJson(const SlaExplanation& explanation) {
  JsonWriter json;
  json.BeginObject().Field("sellerId", explanation.seller_id);
  json.Field("market", explanation.market.text()).Field("clock", NameOf(explanation.clock));
  json.Field("id", explanation.id).Field("orderId", explanation.order_id);
  json.Field("openedAt", FormatInstant(explanation.opened));
  json.Field("due", FormatInstant(explanation.due));
  if (explanation.stopped) {
    json.Field("stoppedAt", FormatInstant(*explanation.stopped));
    json.Key("durationSeconds").Decimal(explanation.duration_ms, 3);
  }
  json.Field("state", NameOf(explanation.state)).Key("windows").BeginArray();
  for (const int32_t window : explanation.windows) json.Number(window);
  json.EndArray();
  WriteEvents(explanation.events, json);
  return json.EndObject().TakeLine();
}

}  // namespace flywheel
