// What is not accepted: what waits for its order, what is refused, what operators make of it.
#include <cstring>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "projections/cell/fold.h"
#include "projections/facts/row_keys.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {
namespace {

ContentHash ToContentHash(const XXH128_hash_t& hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  ContentHash bytes;
  std::memcpy(bytes.data(), canonical.digest, bytes.size());
  return bytes;
}

QuarantineRow EntryOf(const EventView& event, Instant recorded_at) {
  QuarantineRow entry;
  entry.kind = event.kind;
  entry.seller_id = std::string(event.seller_id);
  entry.order_id = std::string(OrderOf(event));
  entry.market = MarketCode(event.market);
  entry.event_id = std::string(event.event_id);
  entry.occurred_at = event.occurred_at.value_or(Instant());
  entry.recorded_at = recorded_at;
  entry.source = std::string(event.source);
  return entry;
}

}  // namespace

ContentHash HashContent(const EventView& event) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.String(event.seller_id);
  writer.String(event.market);
  writer.Signed(event.occurred_at.value_or(Instant()).number());
  writer.String(event.source);
  writer.Byte(static_cast<uint8_t>(event.actor));
  writer.Byte(static_cast<uint8_t>(event.kind));
  writer.Raw(event.payload_bytes);
  return ToContentHash(XXH3_128bits(bytes.data(), bytes.size()));
}

ContentHash HashRefused(const RefusedView& refused) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.String(refused.source);
  writer.String(refused.source_place);
  writer.String(refused.sha256);
  return ToContentHash(XXH3_128bits(bytes.data(), bytes.size()));
}

// ---------------------------------------------------------------- waiting

void Fold::Wait(OrderEntry* entry, const Arrival& arrival, const ContentHash& hash) {
  const EventView& event = arrival.event;
  const AcceptanceRules& rules = PolicyOf(MarketCode(event.market), *event.occurred_at).acceptance;
  auto* seller_entry = rows_->sellers.Get(row_keys::OfSeller(event.seller_id));
  if (entry->row.waiting_count() >= static_cast<uint32_t>(rules.waiting_per_order) ||
      seller_entry->row.waiting >= static_cast<uint64_t>(rules.waiting_per_seller)) {
    Refuse(entry, arrival, hash, RefusalCode::kWaitExpired);
    return;
  }
  // A deadline goes by the policy at its opening, the limits above by that of the occurrence.
  const AcceptanceRules& at_opening =
      PolicyOf(MarketCode(event.market), arrival.recorded_at).acceptance;
  const Instant deadline = arrival.recorded_at.Plus(at_opening.waiting_limit_ms);
  entry->row.AddWaiting({hash, deadline, FactOf(event, {arrival.offset, 0}, arrival.recorded_at)});
  QuarantineRow& row =
      rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(arrival.offset)));
  row = EntryOf(event, arrival.recorded_at);
  row.state = QuarantineRow::State::kWaiting;
  ++rows_->sellers.Change(seller_entry).waiting;
  ++cell_.counts.waiting;
  rows_->Put(row_keys::WaitingDeadline(deadline, arrival.offset), std::string(entry->key));
  deadlines_.emplace(std::pair(deadline, arrival.offset), std::string(entry->key));
}

void Fold::StopWaiting(std::string_view seller, Instant deadline, Offset offset) {
  auto* seller_entry = rows_->sellers.Get(row_keys::OfSeller(seller));
  --rows_->sellers.Change(seller_entry).waiting;
  --cell_.counts.waiting;
  rows_->Delete(row_keys::WaitingDeadline(deadline, offset));
  deadlines_.erase(std::pair(deadline, offset));
}

void Fold::JudgeWaiting(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                        const WaitingFact& waiting, Offset decided) {
  const Offset offset = waiting.fact.place.offset;
  StopWaiting(seller, waiting.deadline, offset);
  const OrderRow& order = entry->row;
  const Judgement judgement =
      Judge(order, waiting.fact, PolicyOf(order.market(), waiting.fact.occurred_at));
  if (judgement.verdict == Verdict::kRefused) {
    return RefuseWaiting(entry, offset, waiting.hash, judgement.code, decided);
  }
  auto* quarantined = rows_->quarantine.Get(row_keys::Quarantine(offset));
  const std::string event_id = quarantined->row.event_id;
  rows_->quarantine.Erase(quarantined);
  if (judgement.verdict == Verdict::kDuplicate) {
    ++cell_.counts.duplicates;
    return;
  }
  ++cell_.counts.accepted;
  AcceptFact(entry, seller, order_id, waiting.fact, judgement.search, event_id);
}

void Fold::ExpireWaiting(Offset decided) {
  while (!deadlines_.empty() && deadlines_.begin()->first.first < cell_.last_recorded_at) {
    const auto [deadline, offset] = deadlines_.begin()->first;
    const std::string order_key = deadlines_.begin()->second;
    const std::string_view seller = row_keys::ParseOrder(order_key).seller;
    OrderEntry* entry = rows_->orders.Get(order_key);
    ContentHash hash{};
    for (const WaitingFact& waiting : entry->row.Waiting()) {
      if (waiting.fact.place.offset == offset) hash = waiting.hash;
    }
    rows_->orders.Change(entry).RemoveWaiting(offset);
    StopWaiting(seller, deadline, offset);
    RefuseWaiting(entry, offset, hash, RefusalCode::kWaitExpired, decided);
  }
}

void Fold::RefuseWaiting(OrderEntry* entry, Offset offset, const ContentHash& hash,
                         RefusalCode code, Offset decided) {
  QuarantineRow& row =
      rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(offset)));
  row.state = QuarantineRow::State::kRefused;
  row.code = code;
  row.decided = decided;
  row.decided_at = cell_.last_recorded_at;
  const auto [seller, order_id] = row_keys::ParseOrder(entry->key);
  rows_->places.Change(rows_->places.Get(row_keys::RefusedIdentity(seller, order_id, hash)))
      .offset = offset;
  rows_->orders.Change(entry).MarkRefused();
  ++cell_.counts.refused[static_cast<size_t>(code)];
}

// ---------------------------------------------------------------- quarantine

bool Fold::CountRepeat(const OrderRow& order, const Arrival& arrival, std::string_view order_id,
                       const ContentHash& hash) {
  Offset first;
  if (!order.HasWaiting(hash, &first)) {
    if (!order.has_refused()) return false;
    auto* identity =
        rows_->places.Get(row_keys::RefusedIdentity(arrival.event.seller_id, order_id, hash));
    if (!identity->present || identity->row.offset == arrival.closes) return false;
    first = identity->row.offset;
  }
  CountRepeatOn(first);
  return true;
}

void Fold::CountRepeatOn(Offset entry_offset) {
  ++rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(entry_offset))).repeats;
  ++cell_.counts.repeats;
}

void Fold::Refuse(OrderEntry* entry, const Arrival& arrival, const ContentHash& hash,
                  RefusalCode code) {
  QuarantineRow& row =
      rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(arrival.offset)));
  row = EntryOf(arrival.event, arrival.recorded_at);
  row.code = code;
  row.decided = arrival.offset;
  row.decided_at = arrival.recorded_at;
  rows_->places
      .Change(rows_->places.Get(row_keys::RefusedIdentity(row.seller_id, row.order_id, hash)))
      .offset = arrival.offset;
  entry->row.MarkRefused();
  ++cell_.counts.refused[static_cast<size_t>(code)];
}

void Fold::RefuseInvalidEvent(const Arrival& arrival, std::string_view field,
                              std::string_view sentence) {
  const ContentHash hash = HashContent(arrival.event);
  auto* identity = rows_->places.Get(row_keys::IntakeIdentity(hash));
  if (identity->present && identity->row.offset != arrival.closes) {
    CountRepeatOn(identity->row.offset);
    return;
  }
  rows_->places.Change(identity).offset = arrival.offset;
  RefuseInvalid(arrival.event, arrival.offset, arrival.recorded_at, RefusalCode::kInvalid, field,
                sentence);
}

void Fold::RefuseInvalid(const EventView& event, Offset offset, Instant recorded_at,
                         RefusalCode code, std::string_view field, std::string_view sentence) {
  QuarantineRow& row =
      rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(offset)));
  row = EntryOf(event, recorded_at);
  row.code = code;
  row.field = std::string(field);
  row.sentence = std::string(sentence);
  row.decided = offset;
  row.decided_at = recorded_at;
  OpenRefusal(row.seller_id, 1);
  ++cell_.counts.refused[static_cast<size_t>(code)];
}

void Fold::OpenRefusal(std::string_view seller, int64_t change) {
  if (seller.empty() || seller == kAllSellers) return;
  SellerRow& row = rows_->sellers.Change(rows_->sellers.Get(row_keys::OfSeller(seller)));
  row.open_refusals += static_cast<uint64_t>(change);
}

void Fold::ApplyRefused(const RefusedView& refused, Offset offset, Instant recorded_at) {
  auto* identity = rows_->places.Get(row_keys::IntakeIdentity(HashRefused(refused)));
  if (identity->present) {
    CountRepeatOn(identity->row.offset);
    return;
  }
  rows_->places.Change(identity).offset = offset;
  EventView event;
  event.seller_id = refused.seller_id;
  event.source = refused.source;
  RefuseInvalid(event, offset, recorded_at, refused.code, refused.field, refused.sentence);
  rows_->quarantine.Change(rows_->quarantine.Get(row_keys::Quarantine(offset))).source_place =
      std::string(refused.source_place);
}

const QuarantineRow* Fold::Close(Offset entry_offset, QuarantineRow::State state, Offset by) {
  auto* entry = rows_->quarantine.Get(row_keys::Quarantine(entry_offset));
  if (!entry->present || entry->row.state != QuarantineRow::State::kRefused) return nullptr;
  QuarantineRow& row = rows_->quarantine.Change(entry);
  row.state = state;
  row.closed = by;
  row.closed_at = cell_.last_recorded_at;
  if (row.refused_at_intake()) OpenRefusal(row.seller_id, -1);
  return &row;
}

void Fold::ApplyDiscarded(const DiscardedView& discarded, Offset offset) {
  Close(Offset(discarded.entry_offset), QuarantineRow::State::kDiscarded, offset);
  ++cell_.counts.control;
}

}  // namespace flywheel
