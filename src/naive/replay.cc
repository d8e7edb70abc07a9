#include "naive/replay.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "naive/calendar.h"
#include "naive/event_reading.h"
#include "naive/verdict.h"

namespace flywheel::naive {
namespace {

using events::v1::Event;
using log::v1::Record;
using log::v1::RefusalCode;

// When Flywheel took the record; nullopt: it does not say.
std::optional<int64_t> StampOf(const Record& record) {
  const google::protobuf::Timestamp* stamp = nullptr;
  switch (record.kind_case()) {
    case Record::kEvent:
      if (record.event().has_recorded_at()) stamp = &record.event().recorded_at();
      break;
    case Record::kDecision:
      if (record.decision().has_recorded_at()) stamp = &record.decision().recorded_at();
      break;
    case Record::kRefused:
      if (record.refused().has_recorded_at()) stamp = &record.refused().recorded_at();
      break;
    case Record::kResubmitted:
      if (record.resubmitted().has_recorded_at()) stamp = &record.resubmitted().recorded_at();
      break;
    case Record::kDiscarded:
      if (record.discarded().has_recorded_at()) stamp = &record.discarded().recorded_at();
      break;
    case Record::KIND_NOT_SET:
      break;
  }
  if (stamp == nullptr) return std::nullopt;
  return MillisOf(*stamp);
}

// Announces what time has changed by the seller's clock. Ticks are of all sellers: what they change
// is announced when the seller's next record comes, or a question; facts and policies are the same
// until then.
void FollowTime(const Partition& partition, Seller& seller) {
  const std::optional<int64_t> clock = std::max(seller.latest_occurred_at, partition.latest_tick);
  if (!clock) return;
  for (auto& [market, history] : seller.smart) history.StepTo(partition.policies, *clock);
}

// Moves the clock of the event's seller, or of the partition for a tick. Policies and erasures are
// of no seller and move none.
void MoveClock(Partition& partition, const Event& event) {
  if (event.has_policy_published() || event.has_buyer_erased()) return;
  const int64_t occurred_at = MillisOf(event.occurred_at());
  if (event.has_time_passed()) {
    partition.latest_tick = std::max(partition.latest_tick.value_or(occurred_at), occurred_at);
    return;
  }
  Seller& seller = partition.sellers[event.seller_id()];
  seller.latest_occurred_at =
      std::max(seller.latest_occurred_at.value_or(occurred_at), occurred_at);
  FollowTime(partition, seller);
}

void NoteMarket(Seller& seller, const std::string& market, int64_t occurred_at, int64_t row_from) {
  const auto [named, is_new] = seller.markets.try_emplace(market, Naming{occurred_at, row_from});
  if (is_new) return;
  Naming& naming = named->second;
  naming.earliest_occurred_at = std::min(naming.earliest_occurred_at, occurred_at);
  naming.row_from = std::min(naming.row_from, row_from);
}

SmartEvent CauseOf(const Arrival& arrival, int32_t index, const Event& event) {
  return {arrival.place, index, event.payload_case(), event.event_id(), OrderOf(event)};
}

// REQUIRES: the seller's clock was moved.
SmartHistory& SmartHistoryOf(const Partition& partition, Seller& seller,
                             const std::string& market) {
  const auto found = seller.smart.find(market);
  if (found != seller.smart.end()) return found->second;
  const int64_t clock = *std::max(seller.latest_occurred_at, partition.latest_tick);
  SmartHistory& history =
      seller.smart.try_emplace(market, partition.policies, market, clock).first->second;
  history.SetSeller(SmartSellerOf(seller.registration, seller.standings, market, clock));
  return history;
}

// After a registration, which holds in all markets, or a standing.
void NoteSmartSeller(const Partition& partition, Seller& seller, const SmartEvent& cause,
                     const Event& event) {
  for (const auto& [market, naming] : seller.markets) {
    if (event.has_seller_standing_changed() && market != event.market()) continue;
    SmartHistory& history = SmartHistoryOf(partition, seller, market);
    history.SetSeller(SmartSellerOf(seller.registration, seller.standings, market, history.at()));
    history.Announce(cause);
  }
}

void NoteSmartOrder(const Partition& partition, Seller& seller, const Order& order,
                    const SmartEvent& cause) {
  SmartHistory& history = SmartHistoryOf(partition, seller, order.market);
  if (const auto smart = SmartOrderOf(order, history.at())) history.Put(cause.order_id, *smart);
  history.Announce(cause);
}

bool IsIntakeCode(Code code) {
  return code == RefusalCode::UNDECODABLE || code == RefusalCode::INVALID;
}

// While it is open. "*" names no seller.
bool LeavesSellerIncomplete(const Entry& entry) {
  return IsIntakeCode(entry.code) && !entry.seller_id.empty() && entry.seller_id != "*";
}

// The event waits no longer and is not refused.
void LeaveQuarantine(Partition& partition, const WaitingEvent& waited) {
  const int64_t offset = waited.arrival.place.offset;
  partition.quarantine.erase(offset);
  const auto entries = partition.entries_by_identity.find(IdentityOf(waited.event));
  std::erase(entries->second, offset);
  if (entries->second.empty()) partition.entries_by_identity.erase(entries);
}

// An entry that is refused by the record itself.
Entry RefusedEntry(const Arrival& arrival, Code code, std::string sentence) {
  Entry entry;
  entry.place = arrival.place;
  entry.code = code;
  entry.sentence = std::move(sentence);
  entry.decided_at = arrival.place;
  return entry;
}

// Why a decision cannot have been made by Flywheel; nullopt: nothing is wrong with it.
std::optional<std::string> DecisionFault(const Policies& policies,
                                         const log::v1::Decision& decision) {
  if (decision.decision_id().size() != 16) return "decision_id is not 16 bytes";
  if (decision.events().empty()) return "the decision has no events";
  for (const Event& event : decision.events()) {
    if (auto fault = IntakeFault(policies, event)) return fault;
    if (!IsAboutOrder(event) || event.seller_id() != decision.seller_id() ||
        OrderOf(event) != decision.order_id() || event.market() != decision.events(0).market()) {
      return "an event of the decision is about something else";
    }
  }
  return std::nullopt;
}

}  // namespace

void Replay::Add(int32_t partition_number, int64_t offset, std::string_view record_bytes) {
  Partition& partition = partitions_[partition_number];
  if (partition.past_known_at) return;
  Record record;
  const bool decoded =
      record.ParseFromArray(record_bytes.data(), static_cast<int>(record_bytes.size()));
  const std::optional<int64_t> stamp = decoded ? StampOf(record) : std::nullopt;
  const int64_t recorded_at = std::max(partition.recorded_at, stamp.value_or(0));
  if (known_at_ && recorded_at > *known_at_) {
    partition.past_known_at = true;
    return;
  }
  partition.recorded_at = recorded_at;
  ++partition.counts.records;
  const Arrival arrival{{partition_number, offset}, recorded_at};
  Expire(partition, arrival);
  if (!decoded || record.kind_case() == Record::KIND_NOT_SET) {
    ++partition.counts.undecodable;
    ++partition.counts.refused[RefusalCode::UNDECODABLE];
    AddEntry(partition, RefusedEntry(arrival, RefusalCode::UNDECODABLE, "the bytes are no record"),
             "");
    return;
  }
  switch (record.kind_case()) {
    case Record::kEvent:
      CountForVersion(partition, record.event());
      return Judge(partition, arrival, record.event());
    case Record::kDecision:
      return OnDecision(partition, arrival, record.decision());
    case Record::kRefused:
      return OnRefused(partition, arrival, record.refused());
    case Record::kResubmitted:
      return OnResubmitted(partition, arrival, record.resubmitted());
    case Record::kDiscarded:
      return OnDiscarded(partition, arrival, record.discarded());
    case Record::KIND_NOT_SET:
      return;
  }
}

const Seller* Replay::FindSeller(std::string_view seller_id) const {
  for (const auto& [number, partition] : partitions_) {
    const auto seller = partition.sellers.find(seller_id);
    if (seller != partition.sellers.end()) return &seller->second;
  }
  return nullptr;
}

const Order* Replay::FindOrder(std::string_view seller_id, std::string_view order_id) const {
  const Seller* seller = FindSeller(seller_id);
  if (seller == nullptr) return nullptr;
  const auto order = seller->orders.find(std::string(order_id));
  return order == seller->orders.end() ? nullptr : &order->second;
}

std::optional<int64_t> Replay::SellerClock(std::string_view seller_id) const {
  for (const auto& [number, partition] : partitions_) {
    const auto seller = partition.sellers.find(seller_id);
    if (seller == partition.sellers.end()) continue;
    return std::max(seller->second.latest_occurred_at, partition.latest_tick);
  }
  return std::nullopt;
}

std::optional<int64_t> Replay::LogClock() const {
  std::optional<int64_t> clock;
  for (const auto& [number, partition] : partitions_) {
    clock = std::max(clock, partition.latest_tick);
    for (const auto& [id, seller] : partition.sellers) {
      clock = std::max(clock, seller.latest_occurred_at);
    }
  }
  return clock;
}

// Events whose time to wait ended before the record's recorded_at.
void Replay::Expire(Partition& partition, const Arrival& arrival) {
  while (!partition.deadlines.empty() && partition.deadlines.begin()->first < arrival.recorded_at) {
    const int64_t offset = partition.deadlines.begin()->second;
    partition.deadlines.erase(partition.deadlines.begin());
    partition.waiting.erase(offset);
    Entry& entry = partition.quarantine.at(offset);
    entry.waiting = false;
    entry.code = RefusalCode::WAIT_EXPIRED;
    entry.sentence = "the order did not arrive in time";
    entry.decided_at = arrival.place;
    Seller& seller = partition.sellers.at(entry.seller_id);
    --seller.waiting;
    seller.orders.at(entry.order_id).waiting.erase(offset);
    --partition.counts.waiting;
    ++partition.counts.refused[RefusalCode::WAIT_EXPIRED];
  }
}

void Replay::CountForVersion(Partition& partition, const Event& event) {
  if (event.seller_id().empty() || OrderOf(event).empty()) return;
  ++partition.sellers[event.seller_id()].orders[OrderOf(event)].version;
}

void Replay::OnDecision(Partition& partition, const Arrival& arrival,
                        const log::v1::Decision& decision) {
  const bool names_order = !decision.seller_id().empty() && !decision.order_id().empty();
  if (const auto fault = DecisionFault(partition.policies, decision)) {
    if (names_order) ++partition.sellers[decision.seller_id()].orders[decision.order_id()].version;
    RefuseDecision(partition, arrival, decision, *fault);
    return;
  }
  Seller& seller = partition.sellers[decision.seller_id()];
  Order& order = seller.orders[decision.order_id()];
  const uint64_t version = order.version++;
  const bool is_known = order.decisions.contains(decision.decision_id());
  const bool is_stale = !order.known || decision.order_version() != version ||
                        decision.events(0).market() != order.market;
  if (is_known || is_stale) {
    for (const Event& event : decision.events()) MoveClock(partition, event);
    ++(is_known ? partition.counts.duplicates : partition.counts.stale);
    return;
  }
  ++partition.counts.accepted;
  order.decisions.insert(decision.decision_id());
  for (int32_t index = 0; index < decision.events_size(); ++index) {
    const Event& event = decision.events(index);
    MoveClock(partition, event);
    if (!IsKnownAct(order, event)) Accept(partition, seller, order, arrival, index, event);
  }
}

// The entry speaks of the decision's first event.
void Replay::RefuseDecision(Partition& partition, const Arrival& arrival,
                            const log::v1::Decision& decision, const std::string& fault) {
  Entry entry = RefusedEntry(arrival, RefusalCode::INVALID, fault);
  if (!decision.events().empty()) {
    const Event& first = decision.events(0);
    entry.seller_id = first.seller_id();
    entry.order_id = OrderOf(first);
    entry.kind = first.payload_case();
  }
  ++partition.counts.refused[RefusalCode::INVALID];
  AddEntry(partition, std::move(entry), "");
}

void Replay::OnRefused(Partition& partition, const Arrival& arrival,
                       const log::v1::Refused& refused) {
  const std::string identity =
      Key({"refused", refused.source(), refused.source_place(), refused.sha256()});
  if (CountRepeat(partition, identity, std::nullopt)) return;
  Entry entry = RefusedEntry(arrival, refused.code(), refused.sentence());
  entry.seller_id = refused.seller_id();
  ++partition.counts.refused[entry.code];
  AddEntry(partition, std::move(entry), identity);
}

void Replay::OnResubmitted(Partition& partition, const Arrival& arrival,
                           const log::v1::Resubmitted& resubmitted) {
  const Event& event = resubmitted.event();
  CountForVersion(partition, event);
  if (CloseEntry(partition, arrival, resubmitted.entry_offset())) {
    Judge(partition, arrival, event, resubmitted.entry_offset());
    return;
  }
  // The record names the seller all the same: clocks do not ask what became of it.
  if (!IntakeFault(partition.policies, event)) MoveClock(partition, event);
  ++partition.counts.control;
}

void Replay::OnDiscarded(Partition& partition, const Arrival& arrival,
                         const log::v1::Discarded& discarded) {
  CloseEntry(partition, arrival, discarded.entry_offset());
  ++partition.counts.control;
}

void Replay::Judge(Partition& partition, const Arrival& arrival, const Event& event,
                   std::optional<int64_t> closing) {
  const std::optional<std::string> fault = IntakeFault(partition.policies, event);
  if (!fault) MoveClock(partition, event);
  if (CountRepeat(partition, partition.quarantine.empty() ? "" : IdentityOf(event), closing)) {
    return;
  }
  if (fault) {
    Refuse(partition, arrival, event, {RefusalCode::INVALID, *fault});
  } else if (event.has_time_passed()) {
    ++partition.counts.control;
  } else if (event.has_policy_published()) {
    JudgePolicy(partition, arrival, event);
  } else if (event.has_buyer_erased()) {
    const bool is_new = partition.erased_buyers.insert(event.buyer_erased().buyer_id()).second;
    ++(is_new ? partition.counts.control : partition.counts.duplicates);
  } else if (IsAboutOrder(event)) {
    JudgeOrderEvent(partition, arrival, event);
  } else {
    JudgeSellerEvent(partition, arrival, event);
  }
}

void Replay::JudgePolicy(Partition& partition, const Arrival& arrival, const Event& event) {
  const events::v1::PolicyPublished& published = event.policy_published();
  if (partition.policies.Knows(published.version())) {
    ++partition.counts.duplicates;
    return;
  }
  if (auto fault = partition.policies.FaultOf(published, arrival.recorded_at)) {
    Refuse(partition, arrival, event, {RefusalCode::INVALID, *fault});
    return;
  }
  for (auto& [seller_id, seller] : partition.sellers) FollowTime(partition, seller);
  partition.policies.Publish(published);
  ++partition.counts.control;
}

void Replay::JudgeSellerEvent(Partition& partition, const Arrival& arrival, const Event& event) {
  Seller& seller = partition.sellers[event.seller_id()];
  const int64_t occurred_at = MillisOf(event.occurred_at());
  bool is_known = false;
  if (event.has_seller_registered()) {
    is_known = seller.registration.has_value();
    if (!is_known) seller.registration = {arrival.place, occurred_at, event.seller_registered()};
  } else {
    for (const Standing& standing : seller.standings) {
      is_known |= standing.market == event.market() && standing.occurred_at == occurred_at;
    }
    if (!is_known) {
      seller.standings.push_back(
          {arrival.place, occurred_at, event.market(), event.seller_standing_changed()});
    }
  }
  if (is_known) {
    ++partition.counts.duplicates;
    return;
  }
  ++partition.counts.accepted;
  NoteMarket(seller, event.market(), occurred_at, occurred_at);
  NoteSmartSeller(partition, seller, CauseOf(arrival, 0, event), event);
}

void Replay::JudgeOrderEvent(Partition& partition, const Arrival& arrival, const Event& event) {
  Seller& seller = partition.sellers[event.seller_id()];
  Order& order = seller.orders[OrderOf(event)];
  if (!order.known && !event.has_order_placed()) {
    Wait(partition, arrival, seller, order, event);
    return;
  }
  if (!order.known) {
    ++partition.counts.accepted;
    Accept(partition, seller, order, arrival, 0, event);
    JudgeWaiting(partition, arrival, seller, order);
    return;
  }
  const Verdict verdict = VerdictOn(partition.policies, order, event);
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
    Refuse(partition, arrival, event, *refusal);
  } else if (std::holds_alternative<Duplicate>(verdict)) {
    ++partition.counts.duplicates;
  } else {
    ++partition.counts.accepted;
    Accept(partition, seller, order, arrival, 0, event);
  }
}

// The order has arrived: what waited for it is judged in log order, as of its own arrival.
void Replay::JudgeWaiting(Partition& partition, const Arrival& placed, Seller& seller,
                          Order& order) {
  for (const int64_t offset : std::exchange(order.waiting, {})) {
    const WaitingEvent waited = std::move(partition.waiting.at(offset));
    partition.waiting.erase(offset);
    partition.deadlines.erase({waited.deadline, offset});
    --seller.waiting;
    --partition.counts.waiting;
    const Verdict verdict = VerdictOn(partition.policies, order, waited.event);
    if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
      Entry& entry = partition.quarantine.at(offset);
      entry.waiting = false;
      entry.code = refusal->code;
      entry.sentence = refusal->sentence;
      entry.decided_at = placed.place;
      ++partition.counts.refused[entry.code];
      continue;
    }
    LeaveQuarantine(partition, waited);
    if (std::holds_alternative<Duplicate>(verdict)) {
      ++partition.counts.duplicates;
    } else {
      ++partition.counts.accepted;
      Accept(partition, seller, order, waited.arrival, 0, waited.event);
    }
  }
}

void Replay::Accept(Partition& partition, Seller& seller, Order& order, const Arrival& arrival,
                    int32_t index, const Event& event) {
  const int64_t occurred_at = MillisOf(event.occurred_at());
  order.facts.push_back({arrival.place, index, event.payload_case(), ActOf(event), event.market(),
                         occurred_at, arrival.recorded_at});
  Apply(order, event);
  NoteMarket(seller, event.market(), occurred_at, std::max(occurred_at, order.placed_at));
  NoteSmartOrder(partition, seller, order, CauseOf(arrival, index, event));
}

void Replay::Wait(Partition& partition, const Arrival& arrival, Seller& seller, Order& order,
                  const Event& event) {
  const Rules limits = partition.policies.At(event.market(), MillisOf(event.occurred_at()));
  if (std::ssize(order.waiting) >= limits.waiting_per_order ||
      seller.waiting >= limits.waiting_per_seller) {
    Refuse(partition, arrival, event, {RefusalCode::WAIT_EXPIRED, "too many events wait"});
    return;
  }
  const int64_t offset = arrival.place.offset;
  Entry entry;
  entry.place = arrival.place;
  entry.waiting = true;
  entry.seller_id = event.seller_id();
  entry.order_id = OrderOf(event);
  entry.kind = event.payload_case();
  AddEntry(partition, std::move(entry), IdentityOf(event));
  // The wait opens when the event is recorded, and a deadline goes by the policy of its opening.
  const int64_t deadline =
      arrival.recorded_at +
      partition.policies.At(event.market(), arrival.recorded_at).waiting_limit_ms;
  partition.waiting[offset] = {arrival, deadline, event};
  partition.deadlines.insert({deadline, offset});
  order.waiting.insert(offset);
  ++seller.waiting;
  ++partition.counts.waiting;
}

void Replay::Refuse(Partition& partition, const Arrival& arrival, const Event& event,
                    Refusal refusal) {
  Entry entry = RefusedEntry(arrival, refusal.code, std::move(refusal.sentence));
  entry.seller_id = event.seller_id();
  entry.order_id = OrderOf(event);
  entry.kind = event.payload_case();
  ++partition.counts.refused[entry.code];
  AddEntry(partition, std::move(entry), IdentityOf(event));
}

void Replay::AddEntry(Partition& partition, Entry entry, const std::string& identity) {
  const int64_t offset = entry.place.offset;
  if (!identity.empty()) partition.entries_by_identity[identity].push_back(offset);
  if (LeavesSellerIncomplete(entry)) {
    ++partition.sellers[entry.seller_id].open_intake_refusals;
  }
  partition.quarantine[offset] = std::move(entry);
}

// True where there was an entry to close.
bool Replay::CloseEntry(Partition& partition, const Arrival& arrival, int64_t offset) {
  const auto found = partition.quarantine.find(offset);
  if (found == partition.quarantine.end()) return false;
  Entry& entry = found->second;
  if (entry.waiting || entry.closed_at) return false;
  entry.closed_at = arrival.place;
  if (LeavesSellerIncomplete(entry)) {
    --partition.sellers.at(entry.seller_id).open_intake_refusals;
  }
  return true;
}

// The newest identical entry counts the repeat. Where that is the entry which a resubmission
// closes, the event is no repeat but judged anew, however often it was refused before.
bool Replay::CountRepeat(Partition& partition, const std::string& identity,
                         std::optional<int64_t> closing) {
  const auto found = partition.entries_by_identity.find(identity);
  if (found == partition.entries_by_identity.end()) return false;
  const int64_t newest = found->second.back();
  if (newest == closing) return false;
  ++partition.quarantine.at(newest).repeats;
  ++partition.counts.repeats;
  return true;
}

}  // namespace flywheel::naive
