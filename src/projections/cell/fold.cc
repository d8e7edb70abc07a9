#include "projections/cell/fold.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "events/policy_record.h"
#include "projections/cell/rating_fold.h"
#include "projections/cell/sla_fold.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/order_course.h"
#include "projections/models/rating.h"
#include "projections/store/read_cell_row.h"
#include "projections/store/read_policies.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {
namespace {

// An event that is taken later than this after it occurred is no news (CellRow::live).
constexpr int64_t kLiveMillis = kMillisPerHour;

// Whether a change of such a fact can change the review's figures.
bool IsAboutReview(EventKind kind) {
  return kind == EventKind::kReviewPosted || kind == EventKind::kReviewEdited ||
         kind == EventKind::kReviewAnswered || kind == EventKind::kReviewRemoved;
}

// What a record of the log must have at least for the fold to take it; intake checks far more.
const char* MissingField(const EventView& event, const PolicyBook& policies) {
  if (event.kind == EventKind::kNone) return "payload";
  if (!event.occurred_at) return "occurred_at";
  if (IsMadeByFlywheelAlone(event.kind)) return nullptr;
  if (event.seller_id.empty() || event.seller_id == kAllSellers) return "seller_id";
  if (policies.FindInAnyVersion(event.market) == nullptr) return "market";
  if (IsAboutOrder(event.kind) && OrderOf(event).empty()) return "order_id";
  return nullptr;
}

}  // namespace

uint64_t FoldVersion(ReadModels models) {
  static const uint64_t policy = PolicyBook::BuiltIn().BuiltInFingerprint();
  std::string bytes;
  AppendBigEndian64(&bytes, kFoldCodeVersion);
  AppendBigEndian64(&bytes, policy);
  if (models != ReadModels::kAll) bytes.push_back(static_cast<char>(models));
  return XXH3_64bits(bytes.data(), bytes.size());
}

Fold::Fold(const RowStore* store, ReadModels models, uint64_t fold_version)
    : store_(store),
      models_(models),
      fold_version_(fold_version),
      policies_(PolicyBook::BuiltIn()) {}

absl::Status Fold::Open() {
  ASSIGN_OR_RETURN(const std::optional<CellRow> cell, ReadCellRow(*store_));
  rows_.emplace(store_, !cell);
  smart_.emplace(store_, &*rows_, &policies_);
  look_ahead_.emplace(&*rows_, &policies_, folds_all());
  if (!cell) {
    cell_.fold_version = fold_version_;
    cell_.last = Offset(-1);
    return absl::OkStatus();
  }
  cell_ = *cell;
  if (cell_.fold_version != fold_version_) {
    return absl::FailedPreconditionError(
        "the rows were folded by another version of the program, its policy or the time zone data; "
        "run flywheel rebuild");
  }
  ASSIGN_OR_RETURN(policies_, ReadPolicies(*store_, kLatestInstant));
  RETURN_IF_ERROR(smart_->Open());
  return ScanPrefix(*store_, row_keys::Prefix(RowType::kWaitingDeadline),
                    [&](std::string_view key, std::string_view order_key) {
                      const auto [deadline, offset] = row_keys::ParseWaitingDeadline(key);
                      deadlines_.emplace(std::pair(deadline, offset), std::string(order_key));
                      return true;
                    });
}

void Fold::Apply(absl::Span<const LogRecord> records) {
  if (records.empty()) return;
  look_ahead_->Run(records, [this](const Upcoming& upcoming) { ApplyRecord(upcoming); });
  const LogRecord& last = records.back();
  cell_.last = last.offset;
  cell_.last_hash = XXH3_64bits(last.bytes.data(), last.bytes.size());
  cell_.next = last.offset.Plus(1);
}

void Fold::WriteTo(RowBatch* batch) {
  // The rows of a partition without records are none, however often they are written.
  if (cell_.last < Offset(0)) return;
  std::string value;
  cell_.Encode(&value);
  rows_->Put(row_keys::Cell(), std::move(value));
  rows_->WriteTo(batch);
}

void Fold::ApplyRecord(const Upcoming& upcoming) {
  const LogRecord& record = *upcoming.record;
  const RecordView& view = upcoming.view;
  const bool readable = upcoming.readable;
  ++cell_.counts.records;
  if (readable && view.recorded_at) {
    cell_.last_recorded_at = std::max(cell_.last_recorded_at, *view.recorded_at);
  }
  const Instant recorded_at = cell_.last_recorded_at;
  ExpireWaiting(record.offset);
  if (!readable) {
    RefuseInvalid(EventView(), record.offset, recorded_at, RefusalCode::kUndecodable, "",
                  "The record cannot be read.");
    return;
  }
  switch (view.kind) {
    case RecordKind::kEvent:
      ApplyEvent({std::get<EventView>(view.body), record.offset, recorded_at, std::nullopt,
                  upcoming.order, upcoming.seller});
      break;
    case RecordKind::kDecision:
      ApplyDecision(std::get<DecisionView>(view.body), record.offset, recorded_at);
      break;
    case RecordKind::kRefused:
      ApplyRefused(std::get<RefusedView>(view.body), record.offset, recorded_at);
      break;
    case RecordKind::kResubmitted:
      ApplyResubmitted(std::get<ResubmittedView>(view.body), record.offset, recorded_at);
      break;
    case RecordKind::kDiscarded:
      ApplyDiscarded(std::get<DiscardedView>(view.body), record.offset);
      break;
    case RecordKind::kNone:
      break;
  }
  KeepClock();
}

// ---------------------------------------------------------------- events

void Fold::ApplyEvent(const Arrival& arrival) {
  const EventView& event = arrival.event;
  if (const char* field = MissingField(event, policies_); field != nullptr) {
    CountNamed(event.seller_id, OrderOf(event));
    RefuseInvalidEvent(arrival, field, "The record lacks what intake checks.");
    return;
  }
  switch (event.kind) {
    case EventKind::kTimePassed:
      return ApplyTick(*event.occurred_at, arrival.recorded_at);
    case EventKind::kPolicyPublished:
      return ApplyPolicy(arrival);
    case EventKind::kBuyerErased:
      return ApplyBuyerErased(arrival);
    default:
      break;
  }
  NoteClock(event.seller_id, *event.occurred_at, arrival.seller);
  switch (event.kind) {
    case EventKind::kSellerRegistered:
      return ApplySellerRegistered(arrival);
    case EventKind::kSellerStandingChanged:
      return ApplyStandingChanged(arrival);
    default:
      return ApplyOrderEvent(arrival);
  }
}

void Fold::ApplyTick(Instant tick, Instant recorded_at) {
  ++cell_.counts.control;
  const Instant before = cell_.tick_clock;
  if (tick <= before) return;
  cell_.tick_clock = tick;
  cell_.log_clock = std::max(cell_.log_clock, tick);
  std::string value;
  ByteWriter(&value).Signed(tick.number());
  rows_->Put(row_keys::Tick(recorded_at), std::move(value));
  if (folds_all()) smart_->Tick(before, tick, recorded_at);
}

void Fold::ApplySellerRegistered(const Arrival& arrival) {
  const EventView& event = arrival.event;
  SellerEntry* const entry = seller_;
  if (entry->row.registration) {
    ++cell_.counts.duplicates;
    return;
  }
  const auto& view = std::get<SellerRegisteredView>(event.payload);
  Registration& registration = rows_->sellers.Change(entry).registration.emplace();
  registration.occurred_at = *event.occurred_at;
  registration.recorded_at = arrival.recorded_at;
  registration.offset = arrival.offset;
  registration.market = MarketCode(event.market);
  registration.business = view.business;
  registration.pharmacy = view.pharmacy;
  ForEach(view.markets,
          [&](std::string_view market) { registration.markets.emplace_back(market); });
  NoteAccepted(registration.market, registration.occurred_at);
  if (folds_all()) smart_->Register({event.kind, {arrival.offset, 0}, event.event_id, ""});
}

void Fold::ApplyStandingChanged(const Arrival& arrival) {
  const EventView& event = arrival.event;
  const MarketCode market(event.market);
  auto* entry =
      rows_->standings.Get(row_keys::Standing(event.seller_id, market, *event.occurred_at));
  if (entry->present) {
    ++cell_.counts.duplicates;
    return;
  }
  const auto& view = std::get<SellerStandingChangedView>(event.payload);
  StandingRow& standing = rows_->standings.Change(entry);
  standing.recorded_at = arrival.recorded_at;
  standing.offset = arrival.offset;
  standing.fees_paid = view.fees_paid;
  standing.regulation_breach = view.regulation_breach;
  standing.super_seller = view.super_seller;
  standing.free_returns = view.free_returns;
  standing.withdrawal_days = view.withdrawal_days;
  standing.smart_delivery_methods = view.smart_delivery_methods;
  NoteAccepted(market, *event.occurred_at);
  if (!folds_all()) return;
  smart_->SetStanding(market,
                      {*event.occurred_at, view.fees_paid, view.regulation_breach,
                       view.super_seller, view.free_returns, view.withdrawal_days},
                      {event.kind, {arrival.offset, 0}, event.event_id, ""});
}

void Fold::ApplyPolicy(const Arrival& arrival) {
  const auto& view = std::get<PolicyPublishedView>(arrival.event.payload);
  const Instant effective_from = view.effective_from.value_or(Instant());
  if (effective_from < arrival.recorded_at.Plus(kPolicyLeadMillis) &&
      !policies_.Knows(view.version)) {
    RefuseInvalidEvent(arrival, "policy_published.effective_from",
                       "A policy holds from ten minutes after its record at the earliest.");
    return;
  }
  const absl::Status published = policies_.Publish(view.policy, view.version, effective_from);
  if (absl::IsAlreadyExists(published)) {
    ++cell_.counts.duplicates;
  } else if (!published.ok()) {
    RefuseInvalidEvent(arrival, "policy_published.policy", std::string(published.message()));
  } else {
    std::string value;
    PolicyRow{effective_from, arrival.recorded_at, arrival.offset, std::string(view.policy)}.Encode(
        &value);
    rows_->Put(row_keys::Policy(view.version), std::move(value));
    ++cell_.counts.control;
  }
}

void Fold::ApplyBuyerErased(const Arrival& arrival) {
  const auto& view = std::get<BuyerErasedView>(arrival.event.payload);
  auto* entry = rows_->places.Get(row_keys::ErasedBuyer(view.buyer_id));
  if (entry->present) {
    ++cell_.counts.duplicates;
    return;
  }
  rows_->places.Change(entry).offset = arrival.offset;
  ++cell_.counts.control;
}

void Fold::ApplyOrderEvent(const Arrival& arrival) {
  const EventView& event = arrival.event;
  const std::string_view order_id = OrderOf(event);
  OrderEntry* entry = arrival.order;
  if (entry == nullptr) {
    row_keys::OrderTo(event.seller_id, order_id, &key_);
    entry = rows_->orders.Get(key_);
  }
  entry->used = true;
  OrderRow& order = rows_->orders.Change(entry);
  order.CountRecord();
  std::optional<ContentHash> hash;
  if (order.has_refused() || !order.known()) {
    hash = HashContent(event);
    if (CountRepeat(order, arrival, order_id, *hash)) return;
  }
  const Fact fact = FactOf(event, {arrival.offset, 0}, arrival.recorded_at);
  if (!order.known()) {
    if (event.kind == EventKind::kOrderPlaced) {
      PlaceOrder(entry, event.seller_id, order_id, fact, event.event_id);
    } else {
      Wait(entry, arrival, *hash);
    }
    return;
  }
  const Judgement judgement = Judge(order, fact, PolicyOf(order.market(), fact.occurred_at));
  switch (judgement.verdict) {
    case Verdict::kDuplicate:
      ++cell_.counts.duplicates;
      break;
    case Verdict::kRefused:
      Refuse(entry, arrival, hash ? *hash : HashContent(event), judgement.code);
      break;
    case Verdict::kAccepted:
      ++cell_.counts.accepted;
      AcceptFact(entry, event.seller_id, order_id, fact, judgement.search, event.event_id);
      break;
  }
}

void Fold::PlaceOrder(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                      const Fact& placed, std::string_view event_id) {
  const OrderRow before = entry->row;  // holds what waits while the row changes
  entry->row.Place(placed);
  AddBuyerOrder(seller, placed.buyer_id, order_id, placed.market, placed.occurred_at, &*rows_);
  if (folds_all()) OpenDispatchClock(seller, order_id, placed, policies_, &*rows_);
  NoteAccepted(placed.market, placed.occurred_at);
  const auto& promised = std::get<OrderPlacedFact>(placed.body).delivery.promised_dispatch_by;
  if (promised && folds_all()) {
    const TimeZone& zone = *PolicyOf(placed.market, placed.occurred_at).zone;
    smart_->MoveOrder(placed.market, std::nullopt,
                      TrackedOrder{zone.Day(placed.occurred_at), *promised, false},
                      {placed.kind, placed.place, event_id, order_id});
  }
  for (const WaitingFact& waiting : before.Waiting()) {
    JudgeWaiting(entry, seller, order_id, waiting, placed.place.offset);
  }
}

void Fold::AcceptFact(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                      const Fact& fact, const OrderRow::ActSearch& search,
                      std::string_view event_id) {
  NoteFact(fact.occurred_at);
  const SmartCause cause{fact.kind, fact.place, event_id, order_id};
  OrderRow& order = entry->row;
  if (!folds_all()) {
    AcceptForTwoModels(order, seller, fact, search, cause);
    return;
  }
  if (const auto* parcel = std::get_if<ParcelRegisteredFact>(&fact.body)) {
    rows_->Put(row_keys::Named(fact.kind, parcel->parcel_id, seller, order_id), "");
  } else if (const auto* filed = std::get_if<ReturnFiledFact>(&fact.body)) {
    rows_->Put(row_keys::Named(fact.kind, filed->return_id, seller, order_id), "");
  }
  if (IsAboutReview(fact.kind)) {
    AcceptAboutReview(order, seller, fact, search, cause);
    return;
  }
  if (CanMoveClocks(fact, search)) {
    const CourseChange change = CourseAround(order, fact);
    const TimeZone& zone = *PolicyOf(order.market(), fact.occurred_at).zone;
    MoveClocks(seller, order_id, change, policies_, {}, &*rows_);
    smart_->MoveOrder(order.market(), TrackedOrderOf(change.before, zone),
                      TrackedOrderOf(change.after, zone), cause);
  }
  order.Append(fact, search);
}

void Fold::AcceptForTwoModels(OrderRow& order, std::string_view seller, const Fact& fact,
                              const OrderRow::ActSearch& search, const SmartCause& cause) {
  if (IsAboutReview(fact.kind)) {
    AcceptAboutReview(order, seller, fact, search, cause);
    return;
  }
  if (SubjectOf(fact.kind) == Subject::kComplaint && CanMoveClocks(fact, search)) {
    MoveClocks(seller, cause.order_id, CourseAround(order, fact), policies_,
               SlaClock::kFirstResponse, &*rows_);
  }
  order.Append(fact, search);
}

void Fold::AcceptAboutReview(OrderRow& order, std::string_view seller, const Fact& fact,
                             const OrderRow::ActSearch& search, const SmartCause& cause) {
  // The first posting is the only one that is accepted, so there is no review before it.
  std::optional<Review> before;
  if (fact.kind != EventKind::kReviewPosted) {
    before = ReviewOf(order, cause.order_id, FactsUpTo());
  }
  order.Append(fact, search);
  const std::optional<Review> after = ReviewOf(order, cause.order_id, FactsUpTo());
  if (!after) return;
  const int32_t window_days =
      folds_all() ? smart_->BringUp(order.market()) : kStoredRatingWindowDays;
  const RatingSteps steps =
      MoveReview(seller, order.market(), *PolicyOf(order.market(), fact.occurred_at).zone, before,
                 *after, window_days, &*rows_);
  if (folds_all()) smart_->MoveReview(order.market(), steps, cause);
}

// ---------------------------------------------------------------- decisions, operators

const char* Fold::FlawOf(const DecisionView& decision, EventView* first) const {
  const char* flaw = decision.decision_id.size() == kDecisionIdBytes ? nullptr : "decision_id";
  ForEach(decision.events, [&](const EventView& event) {
    if (first->kind == EventKind::kNone) *first = event;
    if (const char* missing = MissingField(event, policies_); missing != nullptr) flaw = missing;
    if (!IsAboutOrder(event.kind) || event.seller_id != decision.seller_id ||
        OrderOf(event) != decision.order_id || event.market != first->market) {
      flaw = "events";
    }
  });
  return first->kind == EventKind::kNone ? "events" : flaw;
}

void Fold::ApplyDecision(const DecisionView& decision, Offset offset, Instant recorded_at) {
  EventView first;
  if (const char* flaw = FlawOf(decision, &first); flaw != nullptr) {
    CountNamed(decision.seller_id, decision.order_id);
    RefuseInvalid(first, offset, recorded_at, RefusalCode::kInvalid, flaw,
                  "The decision is not whole.");
    return;
  }
  row_keys::OrderTo(decision.seller_id, decision.order_id, &key_);
  OrderEntry* entry = rows_->orders.Get(key_);
  OrderRow& order = rows_->orders.Change(entry);
  const uint64_t version = order.version();
  order.CountRecord();
  const bool repeated = order.HasDecision(decision.decision_id);
  if (repeated || !order.known() || version != decision.order_version ||
      MarketCode(first.market) != order.market()) {
    ++(repeated ? cell_.counts.duplicates : cell_.counts.stale);
    ForEach(decision.events,
            [&](const EventView& event) { NoteClock(event.seller_id, *event.occurred_at); });
    return;
  }
  order.AddDecision(decision.decision_id);
  ++cell_.counts.accepted;
  uint32_t index = 0;
  ForEach(decision.events, [&](const EventView& event) {
    NoteClock(event.seller_id, *event.occurred_at);
    const Fact fact = FactOf(event, {offset, index++}, recorded_at);
    const OrderRow::ActSearch search = order.FindAct(fact);
    if (!search.known) {
      AcceptFact(entry, decision.seller_id, decision.order_id, fact, search, event.event_id);
    }
  });
}

void Fold::ApplyResubmitted(const ResubmittedView& resubmitted, Offset offset,
                            Instant recorded_at) {
  if (Close(Offset(resubmitted.entry_offset), QuarantineRow::State::kResubmitted, offset) ==
      nullptr) {
    ++cell_.counts.control;
    const EventView& event = resubmitted.event;
    CountNamed(event.seller_id, OrderOf(event));
    if (MissingField(event, policies_) == nullptr && !IsMadeByFlywheelAlone(event.kind)) {
      NoteClock(event.seller_id, *event.occurred_at);
    }
    return;
  }
  ApplyEvent({resubmitted.event, offset, recorded_at, Offset(resubmitted.entry_offset)});
}

// ---------------------------------------------------------------- small things

void Fold::CountNamed(std::string_view seller, std::string_view order_id) {
  if (seller.empty() || order_id.empty()) return;
  rows_->orders.Change(rows_->orders.Get(row_keys::Order(seller, order_id))).CountRecord();
}

void Fold::NoteClock(std::string_view seller, Instant occurred_at, SellerEntry* found) {
  cell_.log_clock = std::max(cell_.log_clock, occurred_at);
  cell_.live = cell_.last_recorded_at <= occurred_at.Plus(kLiveMillis);
  if (found == nullptr) {
    row_keys::OfSellerTo(seller, &key_);
    found = rows_->sellers.Get(key_);
  }
  SellerEntry* const entry = found;
  entry->used = true;
  seller_ = entry;
  const Instant clock = std::max(entry->row.clock, cell_.tick_clock);
  if (folds_all())
    smart_->Arrive(entry, clock, std::max(clock, occurred_at), cell_.last_recorded_at);
  if (entry->present && entry->row.clock >= occurred_at) return;
  rows_->sellers.Change(entry).clock = std::max(entry->row.clock, occurred_at);
  moved_clock_ = entry;
}

void Fold::NoteFact(Instant occurred_at) {
  if (moved_clock_ != nullptr && occurred_at >= moved_clock_->row.clock) moved_clock_ = nullptr;
}

void Fold::KeepClock() {
  if (moved_clock_ == nullptr) return;
  std::string value;
  ByteWriter(&value).Signed(moved_clock_->row.clock.number());
  rows_->Put(
      row_keys::SellerClock(row_keys::ParseSeller(moved_clock_->key), cell_.last_recorded_at),
      std::move(value));
  moved_clock_ = nullptr;
}

void Fold::NoteAccepted(MarketCode market, Instant occurred_at) {
  ++cell_.counts.accepted;
  NoteFact(occurred_at);
  rows_->sellers.Change(seller_).Name(market, occurred_at);
}

const MarketPolicy& Fold::PolicyOf(MarketCode market, Instant at) const {
  return policies_.Of(market, at);
}

}  // namespace flywheel
