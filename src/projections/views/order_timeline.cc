#include "projections/views/order_timeline.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "flywheel/log/v1/record.pb.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/order_course.h"

namespace flywheel {
namespace {

using Missing = TimelineEntry::Missing;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One read of the log brings the records behind it too: those of an order often lie together.
constexpr size_t kRecordsPerRead = 64;

// ---------------------------------------------------------------- what is in effect

// What the facts under the cut make known.
struct KnownThings {
  bool placed = false;
  std::map<std::string, std::string, std::less<>> parcels;  // and the return that each names
  std::set<std::string, std::less<>> complaints;
  std::set<std::string, std::less<>> reviews;
  std::set<std::string, std::less<>> returns;

  void Note(const Fact& fact) {
    if (fact.kind == EventKind::kOrderPlaced) placed = true;
    const std::string id(SubjectIdOf(fact));
    if (const auto* parcel = std::get_if<ParcelRegisteredFact>(&fact.body)) {
      parcels.emplace(id, parcel->return_id);
    }
    if (fact.kind == EventKind::kComplaintOpened) complaints.insert(id);
    if (fact.kind == EventKind::kReviewPosted) reviews.insert(id);
    if (fact.kind == EventKind::kReturnFiled) returns.insert(id);
  }

  // What the fact speaks of and is not known.
  std::vector<Missing> MissingFor(const Fact& fact) const {
    if (!placed) return {{Subject::kNone, ""}};
    std::vector<Missing> missing;
    const auto need = [&](const auto& known, Subject what, std::string_view id) {
      if (!id.empty() && known.find(id) == known.end()) missing.push_back({what, std::string(id)});
    };
    const std::string_view id = SubjectIdOf(fact);
    switch (SubjectOf(fact.kind)) {
      case Subject::kParcel:
        need(parcels, Subject::kParcel, id);
        if (const auto parcel = parcels.find(id); parcel != parcels.end()) {
          need(returns, Subject::kReturn, parcel->second);
        }
        break;
      case Subject::kComplaint:
        need(complaints, Subject::kComplaint, id);
        break;
      case Subject::kReview:
        need(reviews, Subject::kReview, id);
        break;
      case Subject::kReturn:
        need(returns, Subject::kReturn, id);
        break;
      case Subject::kRefund: {
        const auto& refund = std::get<RefundIssuedFact>(fact.body);
        need(returns, Subject::kReturn, refund.return_id);
        need(complaints, Subject::kComplaint, refund.complaint_id);
        break;
      }
      case Subject::kNone:
        break;
    }
    return missing;
  }
};

// ---------------------------------------------------------------- the order of the entries

// The place of a kind in DOMAIN's table; that of the numbers, but for two that stand the other way.
int RankOf(EventKind kind) {
  switch (kind) {
    case EventKind::kReturnClosed:
      return static_cast<int>(EventKind::kReturnRejected);
    case EventKind::kReturnRejected:
      return static_cast<int>(EventKind::kReturnClosed);
    default:
      return static_cast<int>(kind);
  }
}

struct SortKey {
  Instant at;
  int rank = 0;
  int code = 0;
  std::string act;
  Place place;  // two acts never have all the rest in common

  friend auto operator<=>(const SortKey&, const SortKey&) = default;
};

SortKey KeyOf(const Fact& fact) {
  SortKey key{fact.occurred_at, RankOf(fact.kind), 0, std::string(SubjectIdOf(fact)), fact.place};
  if (const auto* scan = std::get_if<ParcelScannedFact>(&fact.body)) {
    key.code = static_cast<int>(scan->code);
  } else if (const auto* message = std::get_if<ComplaintMessagePostedFact>(&fact.body)) {
    key.act.append(1, '\0').append(message->message_id);
  }
  return key;
}

// ---------------------------------------------------------------- texts

bool IsText(const FieldDescriptor* field) {
  return field->type() == FieldDescriptor::TYPE_STRING &&
         (field->name() == "message" || field->name() == "text" || field->name() == "comment" ||
          field->name() == "reason");
}

// Takes the texts that people wrote out of a payload; whether there were any.
bool EraseTexts(Message* message) {
  bool had = false;
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsText(field)) {
      message->GetReflection()->ClearField(message, field);
      had = true;
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE && !field->is_repeated()) {
      had = EraseTexts(message->GetReflection()->MutableMessage(message, field)) || had;
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      for (int i = 0; i < message->GetReflection()->FieldSize(*message, field); ++i) {
        had =
            EraseTexts(message->GetReflection()->MutableRepeatedMessage(message, field, i)) || had;
      }
    }
  }
  return had;
}

// Reads the events of a partition by place; cheapest where places rise.
class LogEvents {
 public:
  LogEvents(EventLog& log, Partition partition) : log_(log), partition_(partition) {}

  absl::StatusOr<events::v1::Event> At(const Place& place) {
    ASSIGN_OR_RETURN(const std::string_view bytes, BytesAt(place.offset));
    log::v1::Record record;
    if (record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      if (record.has_event()) return std::move(*record.mutable_event());
      if (record.has_resubmitted())
        return std::move(*record.mutable_resubmitted()->mutable_event());
      if (static_cast<int>(place.index) < record.decision().events_size()) {
        return std::move(*record.mutable_decision()->mutable_events(static_cast<int>(place.index)));
      }
    }
    return Lost(place.offset);
  }

 private:
  absl::StatusOr<std::string_view> BytesAt(Offset offset) {
    if (const LogRecord* held = Held(offset)) return held->bytes;
    ReadLimits limits;
    limits.max_records = kRecordsPerRead;
    ASSIGN_OR_RETURN(batch_, log_.Read(partition_, offset, limits));
    const LogRecord* record = Held(offset);
    if (record == nullptr) return Lost(offset);
    return record->bytes;
  }
  const LogRecord* Held(Offset offset) const {
    for (const LogRecord& record : batch_.records) {
      if (record.offset == offset) return &record;
    }
    return nullptr;
  }
  absl::Status Lost(Offset offset) const {
    return absl::DataLossError(absl::StrCat("the log holds no event at ",
                                            FormatPlace({partition_, offset}),
                                            ", where the rows have one"));
  }

  EventLog& log_;
  const Partition partition_;
  RecordBatch batch_;
};

// ---------------------------------------------------------------- by whom

// Whom the payload names as the one who did it.
Actor ByOf(const Fact& fact) {
  if (const auto* cancelled = std::get_if<OrderCancelledFact>(&fact.body)) return cancelled->by;
  if (const auto* message = std::get_if<ComplaintMessagePostedFact>(&fact.body)) {
    return message->author;
  }
  if (const auto* resolved = std::get_if<ComplaintResolvedFact>(&fact.body)) return resolved->by;
  if (const auto* reopened = std::get_if<ComplaintReopenedFact>(&fact.body)) return reopened->by;
  if (const auto* escalated = std::get_if<ComplaintEscalatedFact>(&fact.body)) return escalated->by;
  return Actor::kUnspecified;
}

// Who does such things where nothing says so.
Actor UsualActor(EventKind kind) {
  switch (kind) {
    case EventKind::kOrderPlaced:
    case EventKind::kOrderPaid:
    case EventKind::kComplaintOpened:
    case EventKind::kReviewPosted:
    case EventKind::kReviewEdited:
    case EventKind::kReturnFiled:
      return Actor::kBuyer;
    case EventKind::kParcelScanned:
      return Actor::kCarrier;
    case EventKind::kReviewAnswered:
    case EventKind::kReviewRemovalRequested:
      return Actor::kSeller;
    default:
      return Actor::kUnspecified;
  }
}

Actor ActorOf(const Fact& fact, const events::v1::Event& event) {
  if (const Actor by = ByOf(fact); by != Actor::kUnspecified) return by;
  const auto actor = static_cast<Actor>(event.actor());
  return actor != Actor::kUnspecified ? actor : UsualActor(fact.kind);
}

// ---------------------------------------------------------------- what is due

// Complaints that the buyer has escalated since they were last resolved.
std::set<std::string, std::less<>> EscalatedIn(const std::vector<Fact>& facts) {
  std::map<std::string, Instant, std::less<>> escalated;
  std::map<std::string, Instant, std::less<>> resolved;
  for (const Fact& fact : facts) {
    const bool is_resolution = fact.kind == EventKind::kComplaintResolved;
    if (!is_resolution && fact.kind != EventKind::kComplaintEscalated) continue;
    auto& latest = is_resolution ? resolved : escalated;
    const auto [entry, is_new] = latest.emplace(SubjectIdOf(fact), fact.occurred_at);
    if (!is_new) entry->second = std::max(entry->second, fact.occurred_at);
  }
  std::set<std::string, std::less<>> standing;
  for (const auto& [id, at] : escalated) {
    const auto end = resolved.find(id);
    if (end == resolved.end() || end->second < at) standing.insert(id);
  }
  return standing;
}

std::vector<DueNext> DueIn(const OrderRow& order, const std::string& order_id,
                           const std::vector<Fact>& facts, const FactsUpTo& cut,
                           const PolicyBook& policies) {
  const std::optional<OrderCourse> course = CourseOf(order, cut);
  if (!course) return {};
  const std::set<std::string, std::less<>> escalated = EscalatedIn(facts);
  std::vector<DueNext> due;
  for (const ClockRun& run : ClocksOf(*course, order_id, policies)) {
    if (run.stopped) continue;
    const bool complains = run.clock == SlaClock::kFirstResponse ||
                           run.clock == SlaClock::kResolution || run.clock == SlaClock::kDecision;
    const bool by_marketplace = complains && escalated.count(run.id) > 0;
    due.push_back({run.clock, std::string(run.id), run.opened, run.due, StateOf(run, cut.as_of),
                   by_marketplace ? Actor::kMarketplace : Actor::kSeller});
  }
  std::sort(due.begin(), due.end(), [](const DueNext& a, const DueNext& b) {
    return std::tie(a.due, a.id, a.clock, a.opened) < std::tie(b.due, b.id, b.clock, b.opened);
  });
  return due;
}

// ---------------------------------------------------------------- the whole

// The order's facts, or what waits for it, under the cut; views of the row.
std::vector<Fact> FactsOf(const OrderRow& order, const FactsUpTo& cut) {
  std::vector<Fact> facts;
  const auto add = [&](const Fact& fact) {
    if (cut.Includes(fact)) facts.push_back(fact);
    return true;
  };
  if (order.known()) {
    order.ForEachFact(add);
  } else {
    for (const WaitingFact& waiting : order.Waiting()) add(waiting.fact);
  }
  std::sort(facts.begin(), facts.end(),
            [](const Fact& a, const Fact& b) { return KeyOf(a) < KeyOf(b); });
  return facts;
}

// The market and the buyer, as the placing says, else as one of the events that wait does.
void SetParties(const OrderRow& order, const std::vector<Fact>& facts, OrderTimeline* timeline) {
  timeline->market = order.known() ? order.market() : facts.front().market;
  if (order.known()) timeline->buyer_id = std::string(order.Placed().buyer_id);
}

// Whether one of the buyers that the facts name is erased.
absl::StatusOr<bool> IsErased(const RowReader& rows, const OrderRow& order,
                              const std::vector<Fact>& facts) {
  std::set<std::string> buyers;
  if (order.known()) buyers.insert(std::string(order.Placed().buyer_id));
  for (const Fact& fact : facts) {
    if (!fact.buyer_id.empty()) buyers.insert(std::string(fact.buyer_id));
  }
  for (const std::string& buyer : buyers) {
    std::string value;
    ASSIGN_OR_RETURN(const bool erased, rows.Get(row_keys::ErasedBuyer(buyer), &value));
    if (erased) return true;
  }
  return false;
}

absl::Status AddEntries(const std::vector<Fact>& facts, Partition partition, EventLog& log,
                        OrderTimeline* timeline) {
  KnownThings known;
  for (const Fact& fact : facts) known.Note(fact);
  timeline->known = known.placed;
  for (const Fact& fact : facts) {
    TimelineEntry& entry = timeline->entries.emplace_back();
    entry.kind = fact.kind;
    entry.occurred_at = fact.occurred_at;
    entry.recorded_at = fact.recorded_at;
    entry.place = {partition, fact.place.offset};
    entry.index = fact.place.index;
    entry.waits_for = known.MissingFor(fact);
  }
  // Read in the order of the log.
  std::vector<size_t> by_place(facts.size());
  for (size_t i = 0; i < by_place.size(); ++i) by_place[i] = i;
  std::sort(by_place.begin(), by_place.end(),
            [&](size_t a, size_t b) { return facts[a].place < facts[b].place; });
  LogEvents events(log, partition);
  for (const size_t i : by_place) {
    TimelineEntry& entry = timeline->entries[i];
    ASSIGN_OR_RETURN(entry.event, events.At(facts[i].place));
    entry.actor = ActorOf(facts[i], entry.event);
    if (timeline->erased) entry.texts_erased = EraseTexts(&entry.event);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<OrderTimeline>> TimelineOf(const CellState& cell, EventLog& log,
                                                        const std::string& seller_id,
                                                        const std::string& order_id,
                                                        const FactsUpTo& cut) {
  ASSIGN_OR_RETURN(const std::optional<OrderRow> order,
                   ReadOrder(*cell.store, seller_id, order_id));
  if (!order) return std::optional<OrderTimeline>();
  const std::vector<Fact> facts = FactsOf(*order, cut);
  if (facts.empty()) return std::optional<OrderTimeline>();
  OrderTimeline timeline;
  timeline.seller_id = seller_id;
  timeline.order_id = order_id;
  timeline.as_of = cut.as_of;
  SetParties(*order, facts, &timeline);
  ASSIGN_OR_RETURN(timeline.erased, IsErased(*cell.store, *order, facts));
  RETURN_IF_ERROR(AddEntries(facts, cell.partition, log, &timeline));
  timeline.due = DueIn(*order, order_id, facts, cut, *cell.policies);
  ASSIGN_OR_RETURN(const std::optional<SellerRow> seller, ReadSeller(*cell.store, seller_id));
  timeline.complete = cell.IsComplete(seller_id, seller.value_or(SellerRow()));
  return std::optional<OrderTimeline>(std::move(timeline));
}

}  // namespace flywheel
