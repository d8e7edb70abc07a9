#include "query/timeline_door.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/event_log.h"
#include "projections/facts/order_row.h"
#include "projections/views/cell_reading.h"
#include "projections/views/order_lookup.h"
#include "projections/views/order_timeline.h"
#include "query/http/http_problem.h"
#include "query/timeline_json.h"

namespace flywheel {
namespace {

// Of the orders that an id fits so many are told.
constexpr size_t kMaxMatchesTold = 100;

struct TimelineAsked {
  std::string id;
  std::string seller;  // empty: whoever's
  QuestionTime time;
};

HttpResponse Ambiguous(const std::string& id, const std::vector<OrderMatch>& matches) {
  return ProblemResponse(
      {409, "SEVERAL_ORDERS",
       fmt::format("several orders fit {}: name one by its own id and its seller", id)},
      [&](JsonWriter& json) {
        json.Key("matches").BeginArray();
        for (size_t i = 0; i < matches.size() && i < kMaxMatchesTold; ++i) {
          WriteLine(OrderMatchJson(matches[i]), &json);
        }
        json.EndArray();
      });
}

HttpResponse NoSuchOrder(std::string sentence) {
  return ProblemResponse({404, "NO_SUCH_ORDER", std::move(sentence)});
}

// Whether the order's placing stands before the end of the cut.
absl::StatusOr<bool> IsKnown(const RowReader& rows, const OrderMatch& match, const FactsUpTo& cut) {
  ASSIGN_OR_RETURN(const std::optional<OrderRow> order,
                   ReadOrder(rows, match.seller_id, match.order_id));
  return order && order->known() && order->Placed().place.offset < cut.before;
}

absl::StatusOr<HttpResponse> AnswerFor(EventLog& log, const TimelineAsked& asked,
                                       const OrderMatch& match, const QuestionViews& views) {
  const CellSources sources(views.views);
  ASSIGN_OR_RETURN(const CellState cell, sources.Read(match.partition, asked.time.known_at,
                                                      asked.time.before(), match.seller_id));
  FactsUpTo cut;
  ASSIGN_OR_RETURN(cut.as_of, views.AsOf(asked.time));
  cut.known_at = asked.time.known_at.value_or(kLatestInstant);
  cut.before = cell.before;
  if (asked.time.at_position) {
    // What waited for the order then may have been refused since, and is not in its row.
    ASSIGN_OR_RETURN(const bool known, IsKnown(*cell.store, match, cut));
    if (!known) {
      return ProblemResponse(
          {400, "BAD_PARAMETER", "at_position: the seller's order was not known there"});
    }
  }
  ASSIGN_OR_RETURN(const std::optional<OrderTimeline> timeline,
                   TimelineOf(cell, log, match.seller_id, match.order_id, cut));
  if (timeline) return RowAnswer(TimelineJson(*timeline));
  return NoSuchOrder(fmt::format("nothing had happened to order {} of seller {} by {}",
                                 match.order_id, match.seller_id, FormatInstant(cut.as_of)));
}

absl::StatusOr<HttpResponse> Answer(EventLog& log, const TimelineAsked& asked,
                                    const QuestionViews& views) {
  if (asked.time.at_position) {
    // Which orders an id fits is told as of now.
    const Partition partition = CellSources(views.views).PartitionOfSeller(asked.seller);
    return AnswerFor(log, asked, {Subject::kNone, partition, asked.seller, asked.id}, views);
  }
  ASSIGN_OR_RETURN(const std::vector<OrderMatch> matches,
                   FindOrders(RowsOf(views.views), asked.id, asked.seller,
                              [](uint64_t) { return absl::OkStatus(); }));
  if (matches.empty()) {
    return NoSuchOrder(fmt::format("{} has no order, parcel or return {}",
                                   asked.seller.empty() ? "nobody" : "seller " + asked.seller,
                                   asked.id));
  }
  if (matches.size() > 1) return Ambiguous(asked.id, matches);
  return AnswerFor(log, asked, matches.front(), views);
}

}  // namespace

absl::StatusOr<Question> TimelineQuestion(QueryService& service, const HttpRequest& request) {
  TimelineAsked asked;
  asked.id = request.path_values[0];
  ParameterReader parameters(request.parameters);
  parameters.Text("seller", &asked.seller);
  ReadTime(parameters, service.partitions(), &asked.time);
  RETURN_IF_ERROR(parameters.Finish());
  if (asked.time.at_position && asked.seller.empty()) {
    return absl::InvalidArgumentError("at_position: name the seller, and the order by its own id");
  }
  Question question;
  question.time = asked.time;
  question.partitions =
      PartitionsOf(asked.seller.empty() ? kAll : std::string_view(asked.seller), service);
  question.takes_long = true;
  question.answer = [log = &service.log(), asked = std::move(asked)](const QuestionViews& views) {
    return Answer(*log, asked, views);
  };
  return question;
}

}  // namespace flywheel
