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

absl::StatusOr<HttpResponse> Answer(EventLog& log, const TimelineAsked& asked,
                                    const QuestionViews& views) {
  ASSIGN_OR_RETURN(const std::vector<OrderMatch> matches,
                   FindOrders(RowsOf(views.views), asked.id, asked.seller,
                              [](uint64_t) { return absl::OkStatus(); }));
  if (matches.empty()) {
    return NoSuchOrder(fmt::format("{} has no order, parcel or return {}",
                                   asked.seller.empty() ? "nobody" : "seller " + asked.seller,
                                   asked.id));
  }
  if (matches.size() > 1) return Ambiguous(asked.id, matches);
  const OrderMatch& match = matches.front();
  FactsUpTo cut;
  ASSIGN_OR_RETURN(cut.as_of, views.AsOf(asked.time));
  cut.known_at = asked.time.known_at.value_or(kLatestInstant);
  ASSIGN_OR_RETURN(const CellState cell,
                   CellSources(views.views).Read(match.partition, asked.time.known_at));
  ASSIGN_OR_RETURN(const std::optional<OrderTimeline> timeline,
                   TimelineOf(cell, log, match.seller_id, match.order_id, cut));
  if (timeline) return RowAnswer(TimelineJson(*timeline));
  return NoSuchOrder(fmt::format("nothing had happened to order {} of seller {} by {}",
                                 match.order_id, match.seller_id, FormatInstant(cut.as_of)));
}

}  // namespace

absl::StatusOr<Question> TimelineQuestion(QueryService& service, const HttpRequest& request) {
  TimelineAsked asked;
  asked.id = request.path_values[0];
  ParameterReader parameters(request.parameters);
  parameters.Text("seller", &asked.seller);
  ReadTime(parameters, service.partitions(), &asked.time);
  RETURN_IF_ERROR(parameters.Finish());
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
