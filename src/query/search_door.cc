#include "query/search_door.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/status.h"
#include "projections/facts/order_row.h"
#include "projections/views/cell_reading.h"
#include "projections/views/order_lookup.h"
#include "query/timeline_json.h"

namespace flywheel {
namespace {

// The order's market; empty while it is not known.
absl::StatusOr<std::string> MarketOf(const RowReader& rows, const OrderMatch& match) {
  ASSIGN_OR_RETURN(const std::optional<OrderRow> order,
                   ReadOrder(rows, match.seller_id, match.order_id));
  return order ? std::string(order->market().text()) : std::string();
}

absl::Status WriteMatch(const std::string& id, const OrderMatch& match, const RowReader& rows,
                        JsonWriter* json) {
  ASSIGN_OR_RETURN(const std::string market, MarketOf(rows, match));
  json->BeginObject().Field("kind", NameOf(match.by)).Field("id", id);
  json->Field("sellerId", match.seller_id).Field("orderId", match.order_id);
  json->FieldIfGiven("market", market).EndObject();
  return absl::OkStatus();
}

absl::StatusOr<HttpResponse> Answer(const std::string& id, const QuestionViews& views) {
  const std::vector<const RowReader*> rows = RowsOf(views.views);
  const auto of = [&rows](Partition partition) -> const RowReader& {
    return *rows[static_cast<size_t>(partition.number())];
  };
  JsonWriter json;
  json.BeginObject().Key("hits").BeginArray();
  size_t hits = 0;
  ASSIGN_OR_RETURN(const std::optional<SellerRow> seller,
                   ReadSeller(of(CellSources(views.views).PartitionOfSeller(id)), id));
  if (seller) {
    json.BeginObject().Field("kind", "seller").Field("id", id).Field("sellerId", id).EndObject();
    ++hits;
  }
  ASSIGN_OR_RETURN(const std::vector<OrderMatch> matches,
                   FindOrders(rows, id, /*seller=*/"", [](uint64_t) { return absl::OkStatus(); }));
  for (size_t i = 0; i < matches.size() && hits < kMaxSearchHits; ++i, ++hits) {
    RETURN_IF_ERROR(WriteMatch(id, matches[i], of(matches[i].partition), &json));
  }
  json.EndArray();
  if (matches.size() + (seller ? 1 : 0) > hits) json.Flag("more", true);
  return RowAnswer(json.EndObject().TakeLine());
}

}  // namespace

absl::StatusOr<Question> SearchQuestion(QueryService& service, const HttpRequest& request) {
  std::string id;
  Question question;
  ParameterReader parameters(request.parameters);
  parameters.Text("q", &id);
  parameters.Position("min_position", service.partitions(), &question.time.min_position);
  RETURN_IF_ERROR(parameters.Finish());
  if (id.empty()) return absl::InvalidArgumentError("q: an id is needed");
  question.partitions = PartitionsOf(kAll, service);
  question.takes_long = true;
  question.answer = [id = std::move(id)](const QuestionViews& views) { return Answer(id, views); };
  return question;
}

}  // namespace flywheel
