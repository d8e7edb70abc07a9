#include "app/events_find.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/event_search.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/validation.h"

namespace flywheel {
namespace {

// How much later than --at an event may have been recorded where --within does not say.
constexpr int64_t kDefaultWithinMillis = kMillisPerHour;
// How much earlier: the clocks of publisher and intake differ.
constexpr int64_t kClockSkewMillis = 5 * kMillisPerMinute;

absl::Status CheckChoice(const EventsFindOptions& options) {
  const int given = static_cast<int>(!options.id.empty()) +
                    static_cast<int>(!options.order.empty()) +
                    static_cast<int>(!options.source_place.empty());
  if (given != 1) {
    return absl::InvalidArgumentError("one of --id, --order and --source-place is needed");
  }
  if (options.id.empty() && !(options.at.empty() && options.within.empty())) {
    return absl::InvalidArgumentError("--at and --within go with --id alone");
  }
  if (options.at.empty() && !options.within.empty()) {
    return absl::InvalidArgumentError("--within goes with --at");
  }
  if (options.order.empty() && options.thorough) {
    return absl::InvalidArgumentError("--thorough goes with --order alone");
  }
  if (options.source_place.empty() && !options.source.empty()) {
    return absl::InvalidArgumentError("--source goes with --source-place alone");
  }
  if (!options.source_place.empty() && !options.seller.empty()) {
    return absl::InvalidArgumentError("--seller goes with --id or --order");
  }
  if (!options.id.empty() && !IsUuid(options.id)) {
    return absl::InvalidArgumentError(
        fmt::format("--id {}: is not a UUID of 36 characters", options.id));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WithinMillis(const std::string& text) {
  if (text.empty()) return kDefaultWithinMillis;
  absl::Duration within;
  if (!absl::ParseDuration(text, &within) || within < absl::ZeroDuration() ||
      within > absl::Hours(24 * 366 * 100)) {
    return absl::InvalidArgumentError(
        fmt::format("--within {}: is no length of time like 30m or 1h30m", text));
  }
  return absl::ToInt64Milliseconds(within);
}

absl::StatusOr<RecordedRange> RangeOf(const EventsFindOptions& options) {
  RecordedRange range;
  if (options.at.empty()) return range;
  absl::StatusOr<Instant> at = ParseInstant(options.at);
  if (!at.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("--at {}: {}", options.at, MessageOf(at.status())));
  }
  ASSIGN_OR_RETURN(const int64_t within, WithinMillis(options.within));
  range.from = std::max(range.from, at->Plus(-kClockSkewMillis));
  range.to = std::min(range.to, at->Plus(within));
  return range;
}

absl::Status NothingFound(const EventsFindOptions& options, const RecordedRange& range) {
  const std::string of_seller =
      options.seller.empty() ? "" : fmt::format(" of seller {}", options.seller);
  if (!options.order.empty()) {
    return absl::NotFoundError(
        fmt::format("no record names an order {}{}", options.order, of_seller));
  }
  if (!options.source_place.empty()) {
    return absl::NotFoundError(
        fmt::format("the quarantine names no place {}; what was taken keeps no place of its door",
                    options.source_place));
  }
  if (options.at.empty()) {
    return absl::NotFoundError(fmt::format("the log has no event {}{}", options.id, of_seller));
  }
  return absl::NotFoundError(
      fmt::format("no event {}{} was recorded from {} to {}; without --at the whole log is read",
                  options.id, of_seller, FormatInstant(range.from), FormatInstant(range.to)));
}

std::string_view NameOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kEvent:
      return "event";
    case RecordKind::kDecision:
      return "decision";
    case RecordKind::kRefused:
      return "refused";
    case RecordKind::kResubmitted:
      return "resubmitted";
    case RecordKind::kDiscarded:
      return "discarded";
    case RecordKind::kNone:
      break;
  }
  return "";
}

std::string_view CodeText(const EventFate& fate) {
  return fate.code == RefusalCode::kUnspecified ? std::string_view() : NameOf(fate.code);
}

std::string InstantText(const std::optional<Instant>& instant) {
  const bool can_be_printed = instant && *instant >= kEarliestInstant && *instant <= kLatestInstant;
  return can_be_printed ? FormatInstant(*instant) : "";
}

// A record of the same partition; empty for nullopt.
std::string PlaceText(const FoundEvent& found, const std::optional<Offset>& offset) {
  return offset ? FormatPlace({found.place.partition, *offset}) : "";
}

std::string Json(const FoundEvent& found) {
  const EventFate& fate = found.fate;
  JsonWriter json;
  json.BeginObject().Field("place", FormatPlace(found.place)).Field("state", NameOf(fate.state));
  json.FieldIfGiven("code", CodeText(fate)).FieldIfGiven("field", fate.field);
  json.FieldIfGiven("reason", fate.sentence).FieldIfGiven("of", PlaceText(found, fate.of));
  json.Field("record", NameOf(found.record));
  if (found.record == RecordKind::kDecision) json.Field("index", found.index);
  json.FieldIfGiven("kind", NameOf(found.kind)).FieldIfGiven("sellerId", found.seller_id);
  json.FieldIfGiven("orderId", found.order_id).FieldIfGiven("market", found.market);
  json.FieldIfGiven("eventId", found.event_id);
  json.FieldIfGiven("occurredAt", InstantText(found.occurred_at));
  json.FieldIfGiven("recordedAt", InstantText(found.recorded_at));
  json.FieldIfGiven("source", found.source).FieldIfGiven("sourcePlace", found.source_place);
  if (fate.repeats != 0) json.Field("repeats", fate.repeats);
  json.FieldIfGiven("decidedAt", PlaceText(found, fate.decided));
  json.FieldIfGiven("closedAt", PlaceText(found, fate.closed));
  return json.EndObject().TakeLine();
}

// What a person reads behind the state: the code, the other record, the reason.
std::string Remark(const FoundEvent& found) {
  const EventFate& fate = found.fate;
  std::string text(CodeText(fate));
  const auto add = [&text](std::string_view part) {
    if (!part.empty()) text += fmt::format("{}{}", text.empty() ? "" : ", ", part);
  };
  if (fate.of) add("of " + PlaceText(found, fate.of));
  if (fate.closed) add("by " + PlaceText(found, fate.closed));
  add(fate.field.empty() ? fate.sentence : fmt::format("{}: {}", fate.field, fate.sentence));
  if (fate.repeats != 0) add(fmt::format("repeated {} times", fate.repeats));
  return text;
}

std::string FoundTable(const std::vector<FoundEvent>& found) {
  Table table({"place", "state", "event", "seller", "order", "occurred", "recorded", "source",
               "event id", "remark"});
  for (const FoundEvent& each : found) {
    std::string place = FormatPlace(each.place);
    if (each.record == RecordKind::kDecision) place += fmt::format("#{}", each.index);
    const std::string_view kind = each.kind == EventKind::kNone ? "-" : NameOf(each.kind);
    const std::string source = each.source_place.empty()
                                   ? each.source
                                   : fmt::format("{} {}", each.source, each.source_place);
    table.Add({place, std::string(NameOf(each.fate.state)), std::string(kind), each.seller_id,
               each.order_id, InstantText(each.occurred_at), InstantText(each.recorded_at), source,
               each.event_id, Remark(each)});
  }
  return table.ToText();
}

absl::Status Print(const Context& context, const EventsFindOptions& options,
                   const EventSearch& search) {
  if (context.json) {
    for (const FoundEvent& found : search.found()) {
      RETURN_IF_ERROR(context.Print(Json(found)));
    }
  } else {
    RETURN_IF_ERROR(context.Print(FoundTable(search.found())));
  }
  if (search.cut_off()) {
    context.Say(fmt::format("there are more than {}; --limit lists more", options.limit));
  } else if (search.left_out() > 0) {
    context.Say(
        fmt::format("{} more {} the order: duplicates, repeats or stale decisions; "
                    "--thorough reads the log for them",
                    search.left_out(), search.left_out() == 1 ? "record names" : "records name"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExitCode> EventsFind(const Context& context, const EventsFindOptions& options) {
  RETURN_IF_ERROR(CheckChoice(options));
  ASSIGN_OR_RETURN(const RecordedRange range, RangeOf(options));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  EventSearch search(context, folded, options.limit);
  if (!options.id.empty()) {
    RETURN_IF_ERROR(search.ById(options.id, options.seller, range));
  } else if (!options.order.empty()) {
    RETURN_IF_ERROR(search.ByOrder(options.order, options.seller, options.thorough));
  } else {
    RETURN_IF_ERROR(search.BySourcePlace(options.source_place, options.source));
  }
  if (search.found().empty()) return NothingFound(options, range);
  RETURN_IF_ERROR(Print(context, options, search));
  return ExitCode::kOk;
}

void AddEvents(CLI::App& app, CommandRunner& runner) {
  CLI::App* events = app.add_subcommand("events", "Look for events");
  events->require_subcommand(1);
  auto options = std::make_shared<EventsFindOptions>();
  CLI::App* find = events->add_subcommand("find", "What became of an event");
  find->add_option("--id", options->id, "the event's id; the log is read for it")
      ->type_name("UUID");
  find->add_option("--at", options->at,
                   "with --id: when it was published; what was recorded from 5 minutes before it "
                   "is read; without it the whole log")
      ->type_name("T");
  find->add_option("--within", options->within,
                   "with --at: how much later it was recorded at the latest; default 1h")
      ->type_name("LENGTH");
  find->add_option("--order", options->order, "the order that it speaks of")->type_name("ORDER");
  find->add_flag("--thorough", options->thorough,
                 "with --order: read the log for duplicates and repeats too");
  find->add_option("--source-place", options->source_place,
                   "where it was refused: its place at the door, e.g. 3@1278 of the inbox")
      ->type_name("PLACE");
  find->add_option("--source", options->source, "with --source-place: the door, e.g. the topic");
  find->add_option("--seller", options->seller, "with --id or --order: only this seller's");
  find->add_option("--limit", options->limit, "events that are listed")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1000000}))
      ->type_name("N")
      ->capture_default_str();
  RunsWith(*find, runner, options, EventsFind);
}

}  // namespace flywheel
