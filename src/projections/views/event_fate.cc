#include "projections/views/event_fate.h"

#include <utility>

#include "base/market.h"
#include "base/status.h"
#include "projections/cell/fold.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/order_row.h"
#include "projections/facts/place_row.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/facts/seller_row.h"

namespace flywheel {
namespace {

using State = EventFate::State;

// The row under the key; nullopt where there is none.
template <class Row>
absl::StatusOr<std::optional<Row>> Load(const RowReader& rows, const std::string& key) {
  std::string value;
  ASSIGN_OR_RETURN(const bool found, rows.Get(key, &value));
  if (!found) return std::optional<Row>();
  ASSIGN_OR_RETURN(Row row, Row::Decode(value));
  return std::optional<Row>(std::move(row));
}

EventFate FateOfEntry(const QuarantineRow& row) {
  EventFate fate;
  switch (row.state) {
    case QuarantineRow::State::kWaiting:
      fate.state = State::kWaiting;
      break;
    case QuarantineRow::State::kRefused:
      fate.state = State::kRefused;
      break;
    case QuarantineRow::State::kResubmitted:
      fate.state = State::kResubmitted;
      break;
    case QuarantineRow::State::kDiscarded:
      fate.state = State::kDiscarded;
      break;
  }
  fate.code = row.code;
  fate.field = row.field;
  fate.sentence = std::string(SentenceOf(row));
  if (row.state != QuarantineRow::State::kWaiting) fate.decided = row.decided;
  fate.closed = row.closed;
  fate.repeats = row.repeats;
  fate.recorded_at = row.recorded_at;
  return fate;
}

EventFate DuplicateOf(Offset act) {
  EventFate fate;
  fate.state = State::kDuplicate;
  fate.of = act;
  return fate;
}

// Accepted where the record that stated the act is the one at hand.
EventFate FateByOffset(Offset act, Offset offset) {
  return act == offset ? EventFate() : DuplicateOf(act);
}

EventFate RepeatOf(Offset entry) {
  EventFate fate;
  fate.state = State::kRepeat;
  fate.of = entry;
  return fate;
}

// True when two facts of one order state the same act: a row that has the one knows the other.
bool IsSameAct(const OrderRow& order, const Fact& stated, const Fact& asked) {
  OrderRow with_stated;
  with_stated.Place(order.Placed());
  if (stated.kind != EventKind::kOrderPlaced) {
    with_stated.Append(stated, with_stated.FindAct(stated));
  } else if (asked.kind != EventKind::kOrderPlaced) {
    return false;
  }
  return with_stated.FindAct(asked).known;
}

// Accepted where the fact itself is in the order; else nullopt. REQUIRES: order.known().
std::optional<EventFate> FateByPlace(const OrderRow& order, Place place) {
  std::optional<EventFate> fate;
  order.ForEachFact([&](const Fact& stated) {
    if (stated.place != place) return true;
    fate.emplace().recorded_at = stated.recorded_at;
    return false;
  });
  return fate;
}

// A duplicate where another fact of the order states the act; else nullopt. REQUIRES:
// order.known().
std::optional<EventFate> FateByAct(const OrderRow& order, const Fact& asked) {
  std::optional<EventFate> fate;
  if (!order.FindAct(asked).known) return fate;
  order.ForEachFact([&](const Fact& stated) {
    if (stated.kind != asked.kind || !IsSameAct(order, stated, asked)) return true;
    fate = DuplicateOf(stated.place.offset);
    return false;
  });
  return fate;
}

// The events of one record.
class RecordFates {
 public:
  RecordFates(const CellView& view, Offset offset) : rows_(*view.rows), offset_(offset) {}

  // Of an event that is judged by itself. `closes`: the entry that its resubmission closed.
  absl::StatusOr<EventFate> OfEvent(const EventView& event, std::optional<Offset> closes) const {
    ASSIGN_OR_RETURN(const std::optional<EventFate> entry, ByEntry());
    if (entry) return *entry;
    std::optional<EventFate> fate;
    switch (event.kind) {
      case EventKind::kNone:
        break;
      case EventKind::kTimePassed:
        if (event.occurred_at) fate.emplace();
        break;
      case EventKind::kSellerRegistered: {
        ASSIGN_OR_RETURN(fate, ByRegistration(event));
        break;
      }
      case EventKind::kSellerStandingChanged: {
        ASSIGN_OR_RETURN(fate, ByStanding(event));
        break;
      }
      case EventKind::kPolicyPublished: {
        ASSIGN_OR_RETURN(fate, ByPolicy(event));
        break;
      }
      case EventKind::kBuyerErased: {
        ASSIGN_OR_RETURN(fate, ByErasure(event));
        break;
      }
      default: {
        ASSIGN_OR_RETURN(fate, ByOrder(event, closes));
        break;
      }
    }
    if (fate && fate->state == State::kAccepted) return *std::move(fate);
    // What lacks what intake checks is refused before its act is looked for.
    ASSIGN_OR_RETURN(std::optional<EventFate> repeat, ByIntakeIdentity(HashContent(event), closes));
    if (repeat) return *std::move(repeat);
    return fate ? *std::move(fate) : WithoutTrace();
  }

  absl::StatusOr<EventFate> OfRefused(const RefusedView& refused) const {
    ASSIGN_OR_RETURN(const std::optional<EventFate> entry, ByEntry());
    if (entry) return *entry;
    ASSIGN_OR_RETURN(std::optional<EventFate> repeat,
                     ByIntakeIdentity(HashRefused(refused), std::nullopt));
    return repeat ? *std::move(repeat) : WithoutTrace();
  }

  absl::StatusOr<EventFate> OfResubmitted(const ResubmittedView& resubmitted) const {
    const Offset closes(resubmitted.entry_offset);
    ASSIGN_OR_RETURN(const std::optional<QuarantineRow> row,
                     Load<QuarantineRow>(rows_, row_keys::Quarantine(closes)));
    if (row && row->closed == offset_) return OfEvent(resubmitted.event, closes);
    EventFate fate;
    fate.state = State::kNoEffect;
    fate.sentence = "the entry that it names was not open";
    return fate;
  }

  absl::Status OfDecision(const DecisionView& decision, std::vector<RecordedEvent>& events) const {
    ASSIGN_OR_RETURN(const std::optional<EventFate> entry, ByEntry());
    std::optional<OrderRow> order;
    if (!entry) {
      ASSIGN_OR_RETURN(order, LoadOrder(decision.seller_id, decision.order_id));
    }
    for (RecordedEvent& each : events) {
      each.fate = entry ? *entry : FateInDecision(order, decision, each);
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::optional<OrderRow>> LoadOrder(std::string_view seller,
                                                    std::string_view order) const {
    return Load<OrderRow>(rows_, row_keys::Order(seller, order));
  }

  EventFate FateInDecision(const std::optional<OrderRow>& order, const DecisionView& decision,
                           const RecordedEvent& each) const {
    EventFate stale;
    stale.state = State::kStale;
    stale.sentence = "decided on another version of its order";
    if (!order || !order->known() || !order->HasDecision(decision.decision_id)) return stale;
    const Fact fact = FactOf(each.event, {offset_, each.index}, Instant());
    std::optional<EventFate> fate = FateByPlace(*order, fact.place);
    if (!fate) fate = FateByAct(*order, fact);
    if (!fate) {
      fate.emplace().state = State::kDuplicate;
      fate->sentence = "another record has its decision's id";
    } else if (fate->of && *fate->of > offset_) {
      // The id was taken by a later record, so it was decided anew.
      return stale;
    }
    return *fate;
  }

  absl::StatusOr<std::optional<EventFate>> ByEntry() const {
    ASSIGN_OR_RETURN(const std::optional<QuarantineRow> row,
                     Load<QuarantineRow>(rows_, row_keys::Quarantine(offset_)));
    return row ? std::optional<EventFate>(FateOfEntry(*row)) : std::nullopt;
  }

  absl::StatusOr<std::optional<EventFate>> ByRegistration(const EventView& event) const {
    ASSIGN_OR_RETURN(const std::optional<SellerRow> row,
                     Load<SellerRow>(rows_, row_keys::OfSeller(event.seller_id)));
    if (!row || !row->registration) return std::optional<EventFate>();
    return std::optional(FateByOffset(row->registration->offset, offset_));
  }

  absl::StatusOr<std::optional<EventFate>> ByStanding(const EventView& event) const {
    const std::string key = row_keys::Standing(event.seller_id, MarketCode(event.market),
                                               event.occurred_at.value_or(Instant()));
    ASSIGN_OR_RETURN(const std::optional<StandingRow> row, Load<StandingRow>(rows_, key));
    return row ? std::optional(FateByOffset(row->offset, offset_)) : std::nullopt;
  }

  absl::StatusOr<std::optional<EventFate>> ByPolicy(const EventView& event) const {
    const uint32_t version = std::get<PolicyPublishedView>(event.payload).version;
    ASSIGN_OR_RETURN(const std::optional<PolicyRow> row,
                     Load<PolicyRow>(rows_, row_keys::Policy(version)));
    return row ? std::optional(FateByOffset(row->offset, offset_)) : std::nullopt;
  }

  absl::StatusOr<std::optional<EventFate>> ByErasure(const EventView& event) const {
    const std::string_view buyer = std::get<BuyerErasedView>(event.payload).buyer_id;
    ASSIGN_OR_RETURN(const std::optional<PlaceRow> row,
                     Load<PlaceRow>(rows_, row_keys::ErasedBuyer(buyer)));
    return row ? std::optional(FateByOffset(row->offset, offset_)) : std::nullopt;
  }

  absl::StatusOr<std::optional<EventFate>> ByOrder(const EventView& event,
                                                   std::optional<Offset> closes) const {
    const std::string_view order_id = OrderOf(event);
    ASSIGN_OR_RETURN(const std::optional<OrderRow> order, LoadOrder(event.seller_id, order_id));
    if (!order || !event.occurred_at) return std::optional<EventFate>();
    const Fact fact = FactOf(event, {offset_, 0}, Instant());
    if (order->known()) {
      std::optional<EventFate> accepted = FateByPlace(*order, fact.place);
      if (accepted) return accepted;
    }
    const ContentHash hash = HashContent(event);
    Offset entry;
    if (order->HasWaiting(hash, &entry)) return std::optional(RepeatOf(entry));
    ASSIGN_OR_RETURN(
        const std::optional<PlaceRow> refused,
        Load<PlaceRow>(rows_, row_keys::RefusedIdentity(event.seller_id, order_id, hash)));
    if (refused && refused->offset != closes) return std::optional(RepeatOf(refused->offset));
    return order->known() ? FateByAct(*order, fact) : std::nullopt;
  }

  absl::StatusOr<std::optional<EventFate>> ByIntakeIdentity(const ContentHash& hash,
                                                            std::optional<Offset> closes) const {
    ASSIGN_OR_RETURN(const std::optional<PlaceRow> row,
                     Load<PlaceRow>(rows_, row_keys::IntakeIdentity(hash)));
    if (!row || row->offset == closes) return std::optional<EventFate>();
    return std::optional(RepeatOf(row->offset));
  }

  static EventFate WithoutTrace() {
    EventFate fate;
    fate.state = State::kNoEffect;
    fate.sentence = "the rows keep nothing of it";
    return fate;
  }

  const RowReader& rows_;
  const Offset offset_;
};

// One event, without a fate yet, for the kinds of records that hold one.
std::vector<RecordedEvent> EventsOf(const RecordView& record) {
  std::vector<RecordedEvent> events;
  switch (record.kind) {
    case RecordKind::kEvent:
      events.emplace_back().event = std::get<EventView>(record.body);
      break;
    case RecordKind::kRefused: {
      const auto& refused = std::get<RefusedView>(record.body);
      EventView& event = events.emplace_back().event;
      event.seller_id = refused.seller_id;
      event.source = refused.source;
      break;
    }
    case RecordKind::kResubmitted:
      events.emplace_back().event = std::get<ResubmittedView>(record.body).event;
      break;
    case RecordKind::kDecision: {
      const auto& decision = std::get<DecisionView>(record.body);
      ForEach(decision.events, [&](const EventView& event) {
        events.push_back({static_cast<uint32_t>(events.size()), event, EventFate()});
      });
      if (events.empty()) events.emplace_back().event.seller_id = decision.seller_id;
      break;
    }
    case RecordKind::kDiscarded:
    case RecordKind::kNone:
      break;
  }
  return events;
}

}  // namespace

std::string_view NameOf(EventFate::State state) {
  switch (state) {
    case State::kAccepted:
      return "ACCEPTED";
    case State::kDuplicate:
      return "DUPLICATE";
    case State::kRepeat:
      return "REPEAT";
    case State::kWaiting:
      return "WAITING";
    case State::kRefused:
      return "REFUSED";
    case State::kResubmitted:
      return "RESUBMITTED";
    case State::kDiscarded:
      return "DISCARDED";
    case State::kStale:
      return "STALE";
    case State::kNoEffect:
      return "NO_EFFECT";
    case State::kNotFolded:
      return "NOT_FOLDED";
  }
  return "";
}

absl::StatusOr<std::vector<RecordedEvent>> FatesOf(const CellView& view, Offset offset,
                                                   const RecordView& record) {
  std::vector<RecordedEvent> events = EventsOf(record);
  if (offset >= view.position.next) {
    for (RecordedEvent& each : events) each.fate.state = State::kNotFolded;
    return events;
  }
  const RecordFates fates(view, offset);
  switch (record.kind) {
    case RecordKind::kEvent: {
      ASSIGN_OR_RETURN(events[0].fate, fates.OfEvent(events[0].event, std::nullopt));
      break;
    }
    case RecordKind::kRefused: {
      ASSIGN_OR_RETURN(events[0].fate, fates.OfRefused(std::get<RefusedView>(record.body)));
      break;
    }
    case RecordKind::kResubmitted: {
      ASSIGN_OR_RETURN(events[0].fate, fates.OfResubmitted(std::get<ResubmittedView>(record.body)));
      break;
    }
    case RecordKind::kDecision:
      RETURN_IF_ERROR(fates.OfDecision(std::get<DecisionView>(record.body), events));
      break;
    case RecordKind::kDiscarded:
    case RecordKind::kNone:
      break;
  }
  return events;
}

}  // namespace flywheel
