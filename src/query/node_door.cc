#include "query/node_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "query/http/http_problem.h"

namespace flywheel {
namespace {

constexpr int kRetrySeconds = 1;

HttpResponse Text(std::string text) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

// A partition as the node sees it at one moment.
struct Seen {
  Partition partition;
  CellStatus status;
  Freshness freshness;
  std::shared_ptr<const CellView> view;  // nullptr: it cannot answer for it
};

std::vector<Seen> SeeAll(const QueryService& service) {
  std::vector<Seen> all;
  for (Partition partition(0); partition < Partition(service.partitions());
       partition = partition.Plus(1)) {
    Seen& seen = all.emplace_back();
    seen.partition = partition;
    seen.status = service.StateOf(partition);
    seen.freshness = service.FreshnessOf(partition);
    seen.view = service.View(partition);
  }
  return all;
}

void WriteView(const Seen& seen, JsonWriter& json) {
  json.Field("position", FormatPlace({seen.partition, seen.view->position.next}));
  json.Field("end", FormatPlace({seen.partition, seen.freshness.end}));
  json.Field("lagEvents", seen.freshness.lag_events);
  json.Key("lagSeconds")
      .Decimal(std::max<int64_t>(0, absl::ToInt64Milliseconds(seen.freshness.lag)), 3);
  json.Field("freshAt",
             FormatInstant(std::clamp(seen.freshness.fresh_at, kEarliestInstant, kLatestInstant)));
}

// One family with a sample for each partition that has a view.
template <class Value>
void WriteFamily(const std::vector<Seen>& all, std::string_view name, std::string_view help,
                 const Value& value, MetricsText& text) {
  text.Family(name, MetricsText::Type::kGauge, help);
  for (const Seen& seen : all) {
    if (seen.view == nullptr) continue;
    text.Sample({{"partition", std::to_string(seen.partition.number())}}, value(seen));
  }
}

void WriteRecords(const std::vector<Seen>& all, MetricsText& text) {
  text.Family("flywheel_cell_records_total", MetricsText::Type::kCounter,
              "Records that are folded, by what became of them.");
  for (const Seen& seen : all) {
    if (seen.view == nullptr) continue;
    const std::string partition = std::to_string(seen.partition.number());
    const RecordCounts& counts = seen.view->position.counts;
    const auto sample = [&](std::string_view outcome, uint64_t count) {
      text.Sample({{"partition", partition}, {"outcome", outcome}}, static_cast<int64_t>(count));
    };
    sample("accepted", counts.accepted);
    sample("duplicate", counts.duplicates);
    sample("repeat", counts.repeats);
    sample("refused", counts.refused_in_all());
    sample("stale", counts.stale);
    sample("control", counts.control);
  }
}

}  // namespace

HttpResponse NodeAnswer(const QueryService& service) {
  std::string why;
  const bool ready = service.Ready(&why);
  JsonWriter json;
  json.BeginObject().Field("node", service.node_id()).Field("address", service.address());
  json.Flag("ready", ready);
  if (!ready) json.FieldIfGiven("why", why);
  json.Field("partitions", service.partitions()).Key("cells").BeginArray();
  for (const Seen& seen : SeeAll(service)) {
    json.BeginObject().Field("partition", seen.partition.number());
    json.Field("state", NameOf(seen.status.state)).FieldIfGiven("sentence", seen.status.sentence);
    if (const std::optional<std::string> owner = service.OwnerOf(seen.partition)) {
      json.Field("owner", *owner);
    }
    if (seen.view != nullptr) WriteView(seen, json);
    json.EndObject();
  }
  HttpResponse response;
  response.body = json.EndArray().EndObject().TakeLine();
  return response;
}

HttpResponse ReadyAnswer(const QueryService& service) {
  std::string why;
  if (service.Ready(&why)) return Text("ready\n");
  return RetryLater({503, "NOT_READY", why}, kRetrySeconds);
}

HttpResponse LiveAnswer() { return Text("alive\n"); }

void WriteCells(const QueryService& service, MetricsText& text) {
  const std::vector<Seen> all = SeeAll(service);
  WriteFamily(
      all, "flywheel_cell_position", "Offset of the first record that is not folded.",
      [](const Seen& seen) { return seen.view->position.next.number(); }, text);
  WriteFamily(
      all, "flywheel_cell_lag_events", "Records of the log that are not folded.",
      [](const Seen& seen) { return seen.freshness.lag_events; }, text);
  WriteFamily(
      all, "flywheel_cell_lag_seconds", "How far the cell is behind the log.",
      [](const Seen& seen) { return absl::ToDoubleSeconds(seen.freshness.lag); }, text);
  text.Family("flywheel_cell_state", MetricsText::Type::kGauge,
              "1 for the state that a partition is in on this node.");
  for (const Seen& seen : all) {
    text.Sample({{"partition", std::to_string(seen.partition.number())},
                 {"state", NameOf(seen.status.state)}},
                int64_t{1});
  }
  WriteFamily(
      all, "flywheel_cell_events_waiting", "Events that wait for their order.",
      [](const Seen& seen) { return static_cast<int64_t>(seen.view->position.counts.waiting); },
      text);
  WriteRecords(all, text);
}

}  // namespace flywheel
