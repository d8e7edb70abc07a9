#include "app/quarantine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/record_json.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

// An entry where it stands.
struct PlacedEntry {
  LogPlace place;
  QuarantineRow row;
};

std::string_view CodeText(const QuarantineRow& row) {
  return row.code == RefusalCode::kUnspecified ? std::string_view() : NameOf(row.code);
}

void WriteEntry(const PlacedEntry& entry, JsonWriter& json) {
  const QuarantineRow& row = entry.row;
  const auto place = [&](Offset offset) { return FormatPlace({entry.place.partition, offset}); };
  json.Field("place", FormatPlace(entry.place)).Field("state", NameOf(row.state));
  json.FieldIfGiven("code", CodeText(row)).FieldIfGiven("field", row.field);
  json.FieldIfGiven("reason", SentenceOf(row));
  json.FieldIfGiven("kind", NameOf(row.kind)).FieldIfGiven("sellerId", row.seller_id);
  json.FieldIfGiven("orderId", row.order_id).FieldIfGiven("market", row.market.text());
  json.FieldIfGiven("eventId", row.event_id);
  if (row.kind != EventKind::kNone) json.Field("occurredAt", FormatInstant(row.occurred_at));
  json.Field("recordedAt", FormatInstant(row.recorded_at)).FieldIfGiven("source", row.source);
  json.FieldIfGiven("sourcePlace", row.source_place).Field("repeats", row.repeats);
  if (row.state != QuarantineRow::State::kWaiting) {
    json.Field("decidedAt", place(row.decided));
    json.Field("decidedRecordedAt", FormatInstant(row.decided_at));
  }
  if (row.closed) {
    json.Field("closedAt", place(*row.closed));
    json.Field("closedRecordedAt", FormatInstant(row.closed_at));
  }
}

bool Matches(const QuarantineRow& row, const QuarantineListOptions& options) {
  if (!options.seller.empty() && row.seller_id != options.seller) return false;
  if (!options.code.empty() && CodeText(row) != options.code) return false;
  switch (options.state) {
    case EntryFilter::kOpen:
      return row.open();
    case EntryFilter::kWaiting:
      return row.state == QuarantineRow::State::kWaiting;
    case EntryFilter::kRefused:
      return row.state == QuarantineRow::State::kRefused;
    case EntryFilter::kClosed:
      return !row.open();
    case EntryFilter::kAll:
      return true;
  }
  return false;
}

absl::Status CheckCode(const std::string& code) {
  if (code.empty()) return absl::OkStatus();
  std::string names;
  for (auto number = static_cast<int>(RefusalCode::kUndecodable);
       number <= static_cast<int>(RefusalCode::kWaitExpired); ++number) {
    const std::string_view name = NameOf(static_cast<RefusalCode>(number));
    if (name == code) return absl::OkStatus();
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return absl::InvalidArgumentError(
      fmt::format("--code {}: no such code; they are {}", code, names));
}

// The entries after `after` that match, one more than the limit where there are more.
absl::StatusOr<std::vector<PlacedEntry>> Find(const std::vector<const RowReader*>& rows,
                                              const QuarantineListOptions& options,
                                              std::optional<LogPlace> after) {
  std::vector<PlacedEntry> found;
  for (size_t number = 0; number < rows.size(); ++number) {
    const Partition partition(static_cast<int32_t>(number));
    if (after && partition < after->partition) continue;
    const std::string first = after && partition == after->partition
                                  ? row_keys::Quarantine(after->offset.Plus(1))
                                  : row_keys::Prefix(RowType::kQuarantine);
    absl::Status status;
    RETURN_IF_ERROR(rows[number]->Scan(
        first, row_keys::AfterPrefix(row_keys::Prefix(RowType::kQuarantine)),
        [&](std::string_view key, std::string_view value) {
          absl::StatusOr<QuarantineRow> row = QuarantineRow::Decode(value);
          status.Update(row.status());
          if (!row.ok()) return false;
          if (Matches(*row, options)) {
            found.push_back({{partition, row_keys::ParseQuarantine(key)}, *std::move(row)});
          }
          return found.size() <= options.limit;
        }));
    RETURN_IF_ERROR(status);
    if (found.size() > options.limit) break;
  }
  return found;
}

std::string EntriesTable(const std::vector<PlacedEntry>& entries) {
  Table table(
      {"place", "state", "code", "event", "seller", "order", "occurred", "repeats", "reason"});
  for (const PlacedEntry& entry : entries) {
    const QuarantineRow& row = entry.row;
    table.Add({FormatPlace(entry.place), std::string(NameOf(row.state)), std::string(CodeText(row)),
               std::string(NameOf(row.kind)), row.seller_id, row.order_id,
               row.kind == EventKind::kNone ? "" : FormatInstant(row.occurred_at),
               std::to_string(row.repeats),
               row.field.empty() ? std::string(SentenceOf(row))
                                 : fmt::format("{}: {}", row.field, SentenceOf(row))});
  }
  return table.ToText();
}

}  // namespace

absl::StatusOr<ExitCode> QuarantineList(const Context& context,
                                        const QuarantineListOptions& options) {
  RETURN_IF_ERROR(CheckCode(options.code));
  std::optional<LogPlace> after;
  if (!options.after.empty()) {
    ASSIGN_OR_RETURN(after, ParsePlace(options.after));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::vector<PlacedEntry> entries, Find(folded.rows(), options, after));
  const bool more = entries.size() > options.limit;
  if (more) entries.pop_back();
  if (context.json) {
    for (const PlacedEntry& entry : entries) {
      JsonWriter json;
      json.BeginObject();
      WriteEntry(entry, json);
      RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
    }
  } else {
    RETURN_IF_ERROR(context.Print(EntriesTable(entries)));
  }
  if (more && !entries.empty()) {
    context.Say(
        fmt::format("there are more; go on with --after {}", FormatPlace(entries.back().place)));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> QuarantineShow(const Context& context,
                                        const QuarantineShowOptions& options) {
  ASSIGN_OR_RETURN(const LogPlace place, ParsePlace(options.place));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const std::vector<const RowReader*> rows = folded.rows();
  const auto partition = static_cast<size_t>(place.partition.number());
  std::string value;
  bool found = false;
  if (partition < rows.size()) {
    ASSIGN_OR_RETURN(found, rows[partition]->Get(row_keys::Quarantine(place.offset), &value));
  }
  if (!found) {
    return absl::NotFoundError(
        fmt::format("the quarantine has no entry at {}", FormatPlace(place)));
  }
  ASSIGN_OR_RETURN(QuarantineRow row, QuarantineRow::Decode(value));
  ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(folded.log(), place));
  JsonWriter json;
  json.BeginObject();
  WriteEntry({place, std::move(row)}, json);
  if (const std::optional<std::string> event = EventOfRecordJson(bytes)) {
    json.Key("event").Raw(*event);
  } else {
    json.Key("record").Raw(RecordJson(bytes));
  }
  RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
  return ExitCode::kOk;
}

void AddQuarantine(CLI::App& app, CommandRunner& runner) {
  CLI::App* quarantine = app.add_subcommand("quarantine", "What was not accepted, and why");
  quarantine->require_subcommand(1);

  auto list_options = std::make_shared<QuarantineListOptions>();
  CLI::App* list = quarantine->add_subcommand("list", "The entries, by place");
  list->add_option("--seller", list_options->seller, "only this seller's");
  list->add_option("--code", list_options->code, "only those of this code, e.g. WRONG_BUYER");
  const std::map<std::string, EntryFilter> states = {{"open", EntryFilter::kOpen},
                                                     {"waiting", EntryFilter::kWaiting},
                                                     {"refused", EntryFilter::kRefused},
                                                     {"closed", EntryFilter::kClosed},
                                                     {"all", EntryFilter::kAll}};
  list->add_option("--state", list_options->state,
                   "open (waiting or refused, the default), waiting, refused, closed, all")
      ->transform(OneOf(states))
      ->type_name("STATE");
  list->add_option("--limit", list_options->limit, "entries that are listed")
      ->capture_default_str();
  list->add_option("--after", list_options->after, "only those after this place, e.g. 3@1278")
      ->type_name("PLACE");
  RunsWith(*list, runner, list_options, QuarantineList);

  auto show_options = std::make_shared<QuarantineShowOptions>();
  CLI::App* show = quarantine->add_subcommand("show", "One entry with its event, as JSON");
  show->add_option("PLACE", show_options->place, "partition@offset, e.g. 3@1278")->required();
  RunsWith(*show, runner, show_options, QuarantineShow);
}

}  // namespace flywheel
