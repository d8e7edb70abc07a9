#include "app/quarantine_acts.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/entry_search.h"
#include "app/operator_record.h"
#include "app/refused_payload.h"
#include "app/table.h"
#include "app/whole_file.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "base/utf8.h"
#include "events/event_json.h"
#include "events/inbox_message.h"
#include "events/record_view.h"
#include "projections/cell/trial.h"
#include "projections/views/event_fate.h"
#include "query/record_json.h"

namespace flywheel {
namespace {

// One append holds so many records, or so many bytes of them.
constexpr size_t kMaxRecordsPerAppend = 256;
constexpr size_t kMaxBytesPerAppend = size_t{4} << 20;

// An entry that is acted on, and what became of it.
struct Act {
  PlacedEntry entry;
  std::string record;            // to be appended
  std::optional<Offset> offset;  // where it stands, or would stand
  EventFate fate;                // of the event; of a discard kDiscarded, or kNoEffect
};

// An entry that is not acted on.
struct Problem {
  LogPlace place;
  ExitCode code = ExitCode::kRefused;
  std::string sentence;
};

// Makes the record for an entry, or says why there can be none.
using RecordMaker = std::function<absl::StatusOr<std::variant<std::string, std::string>>(
    const Folded&, const PlacedEntry&)>;
// The alternatives of what it gives.
constexpr size_t kRecord = 0;
constexpr size_t kReasonAgainst = 1;
using Made = std::variant<std::string, std::string>;
Made Against(std::string sentence) {
  return Made(std::in_place_index<kReasonAgainst>, std::move(sentence));
}

absl::Status CheckText(std::string_view option, std::string_view text, size_t max_bytes) {
  const auto is_control = [](char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
  };
  if (!IsUtf8(text)) {
    return absl::InvalidArgumentError(fmt::format("{} is not valid UTF-8", option));
  }
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("{} has {} bytes, more than {}", option, text.size(), max_bytes));
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return absl::InvalidArgumentError(fmt::format("{} holds a control character", option));
  }
  return absl::OkStatus();
}

absl::Status CheckAct(const QuarantineActOptions& options) {
  RETURN_IF_ERROR(CheckEntrySearch(options.search));
  if (options.places.empty() != options.search.names_something()) {
    return absl::InvalidArgumentError(
        "give the entries: PLACE (one or several), or some of --code, --seller, --source");
  }
  for (const std::string& place : options.places) RETURN_IF_ERROR(ParsePlace(place).status());
  return CheckText("--actor", options.actor, kMaxIdBytes);
}

std::string ActorOf(const QuarantineActOptions& options) {
  if (!options.actor.empty()) return options.actor;
  // Also where the command runs in a server, whose user is then the owner of the log.
  const passwd* user = getpwuid(geteuid());
  return user != nullptr ? user->pw_name : fmt::format("user {}", geteuid());
}

std::string ClosedText(const PlacedEntry& entry) {
  return fmt::format("it is closed already: {} by the record at {}", NameOf(entry.row.state),
                     FormatPlace({entry.place.partition, *entry.row.closed}));
}

// The whole of one command.
class Acts {
 public:
  Acts(const Context& context, const QuarantineActOptions& options, std::string_view done)
      : context_(context), options_(options), done_(done) {}

  absl::StatusOr<ExitCode> Run(const RecordMaker& make) {
    context_.interrupt->Listen();
    ASSIGN_OR_RETURN(Folded folded, OpenFolded(context_));
    RETURN_IF_ERROR(Select(folded));
    RETURN_IF_ERROR(MakeRecords(folded, make));
    absl::Status status = options_.dry_run ? Try(folded) : Append(folded);
    // Whatever ended the appending, what stands in the log is said.
    RETURN_IF_ERROR(Report());
    RETURN_IF_ERROR(status);
    if (context_.interrupt->raised()) return context_.interrupt->exit_code();
    return code_;
  }

 private:
  void Fail(LogPlace place, ExitCode code, std::string sentence) {
    problems_.push_back({place, code, std::move(sentence)});
    if (code_ != ExitCode::kRefused) code_ = code;
  }

  absl::Status Select(const Folded& folded) {
    if (options_.places.empty()) {
      EntrySearch search = options_.search;
      search.state = EntryFilter::kRefused;
      ASSIGN_OR_RETURN(std::vector<PlacedEntry> found,
                       FindEntries(folded.rows(), search, options_.limit, std::nullopt));
      more_ = found.size() > options_.limit;
      if (more_) found.pop_back();
      acts_.reserve(found.size());
      for (PlacedEntry& entry : found) acts_.push_back({std::move(entry), {}, {}, {}});
      return absl::OkStatus();
    }
    std::set<LogPlace> places;
    for (const std::string& text : options_.places) {
      ASSIGN_OR_RETURN(const LogPlace place, ParsePlace(text));
      if (!places.insert(place).second) continue;
      absl::StatusOr<PlacedEntry> entry = EntryAt(folded.rows(), place);
      if (absl::IsNotFound(entry.status())) {
        Fail(place, ExitCode::kNotFound, std::string(MessageOf(entry.status())));
        continue;
      }
      RETURN_IF_ERROR(entry.status());
      if (entry->row.state == QuarantineRow::State::kWaiting) {
        Fail(place, ExitCode::kRefused,
             fmt::format("it waits for order {} of seller {}, and is judged when that arrives",
                         entry->row.order_id, entry->row.seller_id));
      } else if (!entry->row.open()) {
        Fail(place, ExitCode::kRefused, ClosedText(*entry));
      } else {
        acts_.push_back({*std::move(entry), {}, {}, {}});
      }
    }
    return absl::OkStatus();
  }

  absl::Status MakeRecords(const Folded& folded, const RecordMaker& make) {
    std::vector<Act> possible;
    possible.reserve(acts_.size());
    for (Act& act : acts_) {
      ASSIGN_OR_RETURN(Made made, make(folded, act.entry));
      if (made.index() == kReasonAgainst) {
        Fail(act.entry.place, ExitCode::kRefused, std::get<kReasonAgainst>(std::move(made)));
        continue;
      }
      act.record = std::get<kRecord>(std::move(made));
      possible.push_back(std::move(act));
    }
    acts_ = std::move(possible);
    return absl::OkStatus();
  }

  // Folds the records over the rows, which stay as they are.
  absl::Status Try(const Folded& folded) {
    std::map<Partition, std::unique_ptr<Trial>> trials;
    for (Act& act : acts_) {
      std::unique_ptr<Trial>& trial = trials[act.entry.place.partition];
      if (trial == nullptr) {
        const auto number = static_cast<size_t>(act.entry.place.partition.number());
        ASSIGN_OR_RETURN(trial, Trial::Over(folded.views()[number]));
      }
      ASSIGN_OR_RETURN(act.offset, trial->Apply(act.record));
    }
    std::map<Partition, CellView> after;
    for (const auto& [partition, trial] : trials) {
      ASSIGN_OR_RETURN(after[partition], trial->After());
    }
    for (Act& act : acts_) {
      RETURN_IF_ERROR(FindFate(after.at(act.entry.place.partition), &act));
    }
    return absl::OkStatus();
  }

  absl::Status Append(Folded& folded) {
    absl::Status status = AppendAll(folded.log());
    const absl::Status refreshed = folded.Refresh(context_);
    status.Update(refreshed);
    for (Act& act : acts_) {
      if (!act.offset) continue;
      // Until the rows tell it.
      act.fate.state = EventFate::State::kNotFolded;
      if (!refreshed.ok()) continue;
      const auto number = static_cast<size_t>(act.entry.place.partition.number());
      status.Update(FindFate(*folded.views()[number], &act));
    }
    return status;
  }

  // By place: what one append holds is of one partition.
  absl::Status AppendAll(EventLog& log) {
    std::sort(acts_.begin(), acts_.end(), [](const Act& left, const Act& right) {
      return left.entry.place < right.entry.place;
    });
    for (size_t first = 0; first < acts_.size() && !context_.interrupt->raised();) {
      const Partition partition = acts_[first].entry.place.partition;
      std::vector<std::string_view> records;
      size_t bytes = 0;
      for (size_t i = first;
           i < acts_.size() && records.size() < kMaxRecordsPerAppend &&
           bytes < kMaxBytesPerAppend && acts_[i].entry.place.partition == partition;
           ++i) {
        records.push_back(acts_[i].record);
        bytes += acts_[i].record.size();
      }
      ASSIGN_OR_RETURN(const std::vector<Offset> offsets, log.Append(partition, records));
      for (const Offset offset : offsets) acts_[first++].offset = offset;
    }
    return absl::OkStatus();
  }

  static absl::Status FindFate(const CellView& view, Act* act) {
    RecordView record;
    if (ScanRecord(act->record, &record) != ScanResult::kOk) {
      return absl::InternalError("a record that was made here cannot be read");
    }
    if (record.kind == RecordKind::kResubmitted) {
      ASSIGN_OR_RETURN(const std::vector<RecordedEvent> events,
                       FatesOf(view, *act->offset, record));
      act->fate = events.front().fate;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const PlacedEntry now, EntryIn(*view.rows, act->entry.place));
    act->fate.state =
        now.row.closed == act->offset ? EventFate::State::kDiscarded : EventFate::State::kNoEffect;
    return absl::OkStatus();
  }

  absl::Status Report() {
    for (const Problem& problem : problems_) {
      if (context_.json) {
        JsonWriter json;
        json.BeginObject().Field("entry", FormatPlace(problem.place)).Field("act", "none");
        json.Field("reason", problem.sentence);
        RETURN_IF_ERROR(context_.Print(json.EndObject().TakeLine()));
      } else {
        context_.Say(fmt::format("{}: {}", FormatPlace(problem.place), problem.sentence));
      }
    }
    RETURN_IF_ERROR(context_.Print(context_.json ? Lines() : ActsTable()));
    if (context_.json) {
      context_.Say(Summary());
    } else {
      RETURN_IF_ERROR(context_.Print(Summary() + "\n"));
    }
    if (more_) {
      context_.Say(fmt::format("there are more than {}: run the command again, or with --limit",
                               options_.limit));
    }
    return absl::OkStatus();
  }

  std::string FateText(const Act& act) const {
    const auto place = [&](Offset offset) {
      return FormatPlace({act.entry.place.partition, offset});
    };
    const EventFate& fate = act.fate;
    switch (fate.state) {
      case EventFate::State::kRefused:
        return fmt::format("REFUSED {}", NameOf(fate.code));
      case EventFate::State::kDuplicate:
      case EventFate::State::kRepeat:
        return fate.of ? fmt::format("{} of {}", NameOf(fate.state), place(*fate.of))
                       : std::string(NameOf(fate.state));
      default:
        return std::string(NameOf(fate.state));
    }
  }

  std::string ActsTable() const {
    Table table({"entry", "code", "event", "seller", "order",
                 options_.dry_run ? "would stand at" : "record", "becomes", "because"});
    for (const Act& act : acts_) {
      if (!act.offset) continue;
      const QuarantineRow& row = act.entry.row;
      table.Add({FormatPlace(act.entry.place), std::string(CodeText(row)),
                 std::string(NameOf(row.kind)), row.seller_id, row.order_id,
                 FormatPlace({act.entry.place.partition, *act.offset}), FateText(act),
                 act.fate.sentence});
    }
    return table.size() == 0 ? "" : table.ToText() + "\n";
  }

  std::string Lines() const {
    std::string lines;
    for (const Act& act : acts_) {
      if (!act.offset) continue;
      const auto place = [&](Offset offset) {
        return FormatPlace({act.entry.place.partition, offset});
      };
      JsonWriter json;
      json.BeginObject().Field("entry", FormatPlace(act.entry.place));
      json.Field("act", options_.dry_run ? "tried" : done_).Field("place", place(*act.offset));
      json.Field("became", NameOf(act.fate.state));
      if (act.fate.code != RefusalCode::kUnspecified) json.Field("code", NameOf(act.fate.code));
      json.FieldIfGiven("field", act.fate.field).FieldIfGiven("reason", act.fate.sentence);
      if (act.fate.of) json.Field("of", place(*act.fate.of));
      lines += json.EndObject().TakeLine();
    }
    return lines;
  }

  // "3 of 4 entries resubmitted: ACCEPTED 2, REFUSED WRONG_BUYER 1".
  std::string Summary() const {
    std::map<std::string, int64_t> fates;
    int64_t done = 0;
    for (const Act& act : acts_) {
      if (!act.offset) continue;
      ++done;
      std::string fate(NameOf(act.fate.state));
      if (act.fate.state == EventFate::State::kRefused) {
        fate += fmt::format(" {}", NameOf(act.fate.code));
      }
      ++fates[fate];
    }
    std::string text = fmt::format("{} of {} entries {}{}", done, acts_.size() + problems_.size(),
                                   options_.dry_run ? "would be " : "", done_);
    for (const auto& [fate, count] : fates) {
      text += fmt::format("{}{} {}", &fate == &fates.begin()->first ? ": " : ", ", fate, count);
    }
    return text;
  }

  const Context& context_;
  const QuarantineActOptions& options_;
  const std::string_view done_;  // "resubmitted"
  std::vector<Act> acts_;
  std::vector<Problem> problems_;
  bool more_ = false;
  ExitCode code_ = ExitCode::kOk;
};

// ---------------------------------------------------------------- resubmit

std::string RefusalText(const IntakeRefusal& refusal) {
  return fmt::format("{}{}{}: {}", NameOf(refusal.code), refusal.field.empty() ? "" : " ",
                     refusal.field, refusal.sentence);
}

// The event that an inbox refused, as it was published, or why it cannot be had.
absl::StatusOr<Made> PublishedEvent(const Context& context, const RefusedView& refused,
                                    Instant recorded_at) {
  ASSIGN_OR_RETURN(const std::optional<RefusedMessage> found,
                   FindRefusedPayload(context, refused, recorded_at));
  if (!found || !found->whole) {
    return Against(
        "the bytes that were refused are not there as a whole: give the event with "
        "--payload");
  }
  std::vector<MessageHeader> headers;
  headers.reserve(found->headers.size());
  for (const auto& [name, value] : found->headers) headers.push_back({name, value});
  auto event = EventFromInbox({found->bytes, headers});
  if (const auto* refusal = std::get_if<IntakeRefusal>(&event)) {
    return Against(RefusalText(*refusal));
  }
  return Made(std::in_place_index<kRecord>, std::get<std::string>(std::move(event)));
}

// The event of the entry as it was refused, or why it cannot be had.
absl::StatusOr<Made> EventOf(const Context& context, EventLog& log, const PlacedEntry& entry) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(log, entry.place));
  RecordView record;
  if (ScanRecord(bytes, &record) == ScanResult::kOk) {
    if (const auto* event = std::get_if<EventView>(&record.body)) {
      return Made(std::in_place_index<kRecord>, event->bytes);
    }
    if (const auto* resubmitted = std::get_if<ResubmittedView>(&record.body)) {
      return Made(std::in_place_index<kRecord>, resubmitted->event.bytes);
    }
    if (const auto* refused = std::get_if<RefusedView>(&record.body)) {
      return PublishedEvent(context, *refused, entry.row.recorded_at);
    }
    if (record.kind == RecordKind::kDecision) {
      return Against("it is a decision, which is made anew and never resubmitted");
    }
  }
  return Against("the record is none that holds an event: give the event with --payload");
}

// The record that resubmits the entry with these bytes of an event.
Made Resubmission(const Context& context, const Folded& folded, const PlacedEntry& entry,
                  std::string_view actor, std::string_view event_bytes) {
  const Partition partition = entry.place.partition;
  const CellView& view = *folded.views()[static_cast<size_t>(partition.number())];
  const Instant stamp = std::clamp(context.wall_clock(), kEarliestInstant, kLatestInstant);
  auto made = MakeResubmitted(entry.place.offset, actor, event_bytes, stamp, *view.policies,
                              folded.log().partitions());
  if (const auto* refusal = std::get_if<IntakeRefusal>(&made)) {
    return Against(RefusalText(*refusal));
  }
  auto& prepared = std::get<PreparedRecord>(made);
  if (prepared.partition != partition) {
    return Against(fmt::format(
        "the event's seller belongs to partition {}: publish the event and discard this entry",
        prepared.partition.number()));
  }
  return Made(std::in_place_index<kRecord>, std::move(prepared.record_bytes));
}

}  // namespace

absl::StatusOr<ExitCode> QuarantineResubmit(const Context& context,
                                            const QuarantineResubmitOptions& options) {
  RETURN_IF_ERROR(CheckAct(options.act));
  const bool mended = !options.payload.empty();
  if (mended && options.act.places.size() != 1) {
    return absl::InvalidArgumentError("--payload mends one entry: give its PLACE");
  }
  std::string event;
  if (mended) {
    ASSIGN_OR_RETURN(const std::string text,
                     ReadWholeFile(context, options.payload, kMaxJsonBytes));
    auto read = EventFromJson(text);
    if (const auto* refusal = std::get_if<IntakeRefusal>(&read)) {
      context.Say(fmt::format("the payload: {}", RefusalText(*refusal)));
      return ExitCode::kRefused;
    }
    event = std::get<std::string>(std::move(read));
  }
  const std::string actor = ActorOf(options.act);
  Acts acts(context, options.act, "resubmitted");
  return acts.Run([&](const Folded& folded, const PlacedEntry& entry) -> absl::StatusOr<Made> {
    if (mended) return Resubmission(context, folded, entry, actor, event);
    ASSIGN_OR_RETURN(Made found, EventOf(context, folded.log(), entry));
    if (found.index() == kReasonAgainst) return found;
    return Resubmission(context, folded, entry, actor, std::get<kRecord>(found));
  });
}

absl::StatusOr<ExitCode> QuarantineDiscard(const Context& context,
                                           const QuarantineDiscardOptions& options) {
  RETURN_IF_ERROR(CheckAct(options.act));
  if (options.reason.find_first_not_of(' ') == std::string::npos) {
    return absl::InvalidArgumentError("--reason: say why, in words");
  }
  RETURN_IF_ERROR(CheckText("--reason", options.reason, kMaxReasonBytes));
  const std::string actor = ActorOf(options.act);
  Acts acts(context, options.act, "discarded");
  return acts.Run([&](const Folded&, const PlacedEntry& entry) -> absl::StatusOr<Made> {
    const Instant stamp = std::clamp(context.wall_clock(), kEarliestInstant, kLatestInstant);
    return Made(std::in_place_index<kRecord>,
                MakeDiscarded(entry.place.offset, actor, options.reason, stamp));
  });
}

namespace {

void AddAct(CLI::App& command, QuarantineActOptions& options) {
  command.add_option(
      "PLACE", options.places,
      "the entries, partition@offset; none: all open refusals that --code, --seller and "
      "--source name");
  AddEntrySearch(command, options.search);
  command.add_option("--limit", options.limit, "entries that are acted on at most")
      ->capture_default_str();
  command.add_option("--actor", options.actor, "who acts; default: the user's name");
  command.add_flag("--dry-run", options.dry_run, "say what would become of it, write nothing");
}

}  // namespace

void AddQuarantineActs(CLI::App& quarantine, CommandRunner& runner) {
  auto resubmit_options = std::make_shared<QuarantineResubmitOptions>();
  CLI::App* resubmit = quarantine.add_subcommand(
      "resubmit", "Have refused events judged again, one of them mended where it has to be");
  AddAct(*resubmit, resubmit_options->act);
  resubmit
      ->add_option("--payload", resubmit_options->payload,
                   "the mended event, a JSON object; - is standard input")
      ->type_name("FILE");
  RunsWith(*resubmit, runner, resubmit_options, QuarantineResubmit);

  auto discard_options = std::make_shared<QuarantineDiscardOptions>();
  CLI::App* discard = quarantine.add_subcommand("discard", "Give refused events up");
  AddAct(*discard, discard_options->act);
  discard->add_option("--reason", discard_options->reason, "why, in words")
      ->type_name("TEXT")
      ->required();
  RunsWith(*discard, runner, discard_options, QuarantineDiscard);
}

}  // namespace flywheel
