#include "query/quarantine_door.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/views/cell_reading.h"
#include "projections/views/quarantine_entries.h"
#include "query/http/http_problem.h"
#include "query/quarantine_json.h"
#include "query/record_json.h"

namespace flywheel {
namespace {

constexpr std::array<std::pair<std::string_view, EntryFilter>, 5> kStates = {
    {{"open", EntryFilter::kOpen},
     {"waiting", EntryFilter::kWaiting},
     {"refused", EntryFilter::kRefused},
     {"closed", EntryFilter::kClosed},
     {"all", EntryFilter::kAll}}};

struct EntriesAsked {
  EntrySearch search;
  uint64_t limit = kDefaultPage;
  std::optional<LogPlace> after;
  QuestionTime time;
};

absl::Status Read(const HttpRequest& request, int32_t partitions, EntriesAsked* asked) {
  std::optional<int64_t> limit;
  ParameterReader parameters(request.parameters);
  parameters.Text("seller", &asked->search.seller);
  parameters.Take("code", [asked](std::string_view value) {
    asked->search.code = value;
    return CheckRefusalCode(value);
  });
  parameters.Text("source", &asked->search.source);
  parameters.OneOf<EntryFilter>("state", kStates, &asked->search.state);
  parameters.Number("limit", 1, kMaxPage, &limit);
  parameters.Take("after", [asked](std::string_view value) -> absl::Status {
    ASSIGN_OR_RETURN(asked->after, ParsePlace(value));
    return absl::OkStatus();
  });
  parameters.Position("min_position", partitions, &asked->time.min_position);
  asked->limit = static_cast<uint64_t>(limit.value_or(kDefaultPage));
  return parameters.Finish();
}

// The rows of one partition or of all.
std::vector<const RowReader*> RowsToSearch(const EntriesAsked& asked, const CellViews& views) {
  std::vector<const RowReader*> rows = RowsOf(views);
  if (asked.search.seller.empty()) return rows;
  const Partition wanted = CellSources(views).PartitionOfSeller(asked.search.seller);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (Partition(static_cast<int32_t>(i)) != wanted) rows[i] = nullptr;
  }
  return rows;
}

absl::StatusOr<HttpResponse> List(const EntriesAsked& asked, const QuestionViews& views) {
  ASSIGN_OR_RETURN(
      std::vector<PlacedEntry> entries,
      FindEntries(RowsToSearch(asked, views.views), asked.search, asked.limit, asked.after));
  const bool more = entries.size() > asked.limit;
  if (more) entries.pop_back();
  JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const PlacedEntry& entry : entries) WriteLine(EntryJson(entry), &json);
  json.EndArray();
  if (more) json.Field("next", FormatPlace(entries.back().place));
  return RowAnswer(json.EndObject().TakeLine());
}

absl::StatusOr<HttpResponse> Show(EventLog& log, LogPlace place, const QuestionViews& views) {
  const absl::StatusOr<PlacedEntry> entry = EntryAt(RowsOf(views.views), place);
  if (absl::IsNotFound(entry.status())) {
    return ProblemResponse({404, "NO_SUCH_ENTRY", std::string(MessageOf(entry.status()))});
  }
  RETURN_IF_ERROR(entry.status());
  ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(log, place));
  JsonWriter json;
  json.BeginObject();
  RETURN_IF_ERROR(WriteWholeEntry(log, *entry, bytes, json));
  return RowAnswer(json.EndObject().TakeLine());
}

}  // namespace

absl::StatusOr<Question> QuarantineQuestion(QueryService& service, const HttpRequest& request) {
  EntriesAsked asked;
  RETURN_IF_ERROR(Read(request, service.partitions(), &asked));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(
      asked.search.seller.empty() ? kAll : std::string_view(asked.search.seller), service);
  question.takes_long = true;
  question.answer = [asked = std::move(asked)](const QuestionViews& views) {
    return List(asked, views);
  };
  return question;
}

absl::StatusOr<Question> QuarantineEntryQuestion(QueryService& service,
                                                 const HttpRequest& request) {
  const absl::StatusOr<LogPlace> place = ParsePlace(request.path_values[0]);
  if (!place.ok()) {
    return absl::InvalidArgumentError(fmt::format("place: {}", MessageOf(place.status())));
  }
  if (place->partition >= Partition(service.partitions())) {
    return absl::InvalidArgumentError(
        fmt::format("place: the log has {} partitions", service.partitions()));
  }
  Question question;
  ParameterReader parameters(request.parameters);
  parameters.Position("min_position", service.partitions(), &question.time.min_position);
  RETURN_IF_ERROR(parameters.Finish());
  question.partitions = {place->partition};
  question.takes_long = true;
  question.answer = [log = &service.log(), place = *place](const QuestionViews& views) {
    return Show(*log, place, views);
  };
  return question;
}

}  // namespace flywheel
