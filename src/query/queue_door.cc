#include "query/queue_door.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/views/sla_reader.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

struct QueueAsked {
  QueueSelection selection;
  std::optional<int64_t> within_hours;
  QuestionTime time;
};

absl::Status Read(const HttpRequest& request, int32_t partitions, QueueAsked* asked) {
  std::array<std::pair<std::string_view, SlaClock>, kSlaClocks> kinds;
  for (size_t i = 0; i < kSlaClocks; ++i) {
    const auto clock = static_cast<SlaClock>(i);
    kinds[i] = {NameOf(clock), clock};
  }
  QueueSelection& selection = asked->selection;
  std::optional<int64_t> limit;
  ParameterReader parameters(request.parameters);
  parameters.Text("seller", &selection.seller);
  parameters.Text("market", &selection.market);
  parameters.OneOf<SlaClock>("kind", kinds, &selection.clock);
  parameters.Number("within_hours", 0, kMaxQueueHours, &asked->within_hours);
  parameters.Number("limit", 1, kMaxPage, &limit);
  parameters.Take("after", [&selection](std::string_view value) -> absl::Status {
    ASSIGN_OR_RETURN(selection.after, ParseQueueToken(value));
    return absl::OkStatus();
  });
  ReadTime(parameters, partitions, &asked->time);
  selection.limit = static_cast<size_t>(limit.value_or(kDefaultPage));
  return parameters.Finish();
}

absl::StatusOr<HttpResponse> Answer(const QueueAsked& asked, const QuestionViews& views) {
  ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
  const auto query = QueryAt<SlaQuery>(as_of, asked.time);
  QueueSelection selection = asked.selection;
  if (asked.within_hours) {
    selection.due_by = as_of.Plus(*asked.within_hours * kMillisPerHour);
  }
  ASSIGN_OR_RETURN(const QueuePage page, SlaReader(views.views).Queue(selection, query));
  JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const QueuedClock& clock : page.clocks) {
    WriteLine(QueuedClockJson(clock, as_of), &json);
  }
  json.EndArray().Field("asOf", FormatInstant(as_of));
  if (page.next) json.Field("next", TokenOf(*page.next));
  return RowAnswer(json.EndObject().TakeLine());
}

}  // namespace

absl::StatusOr<Question> QueueQuestion(QueryService& service, const HttpRequest& request) {
  QueueAsked asked;
  RETURN_IF_ERROR(Read(request, service.partitions(), &asked));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.selection.seller, service);
  question.takes_long = true;
  question.answer = [asked = std::move(asked)](const QuestionViews& views) {
    return Answer(asked, views);
  };
  return question;
}

}  // namespace flywheel
