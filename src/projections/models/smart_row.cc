#include "projections/models/smart_row.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {
namespace {

constexpr uint8_t kAnnounced = 1;
constexpr uint8_t kBusiness = 2;
constexpr uint8_t kStanding = 4;

constexpr uint8_t kFeesPaidFlag = 1;
constexpr uint8_t kRegulationBreachFlag = 2;
constexpr uint8_t kSuperSellerFlag = 4;
constexpr uint8_t kFreeReturnsFlag = 8;

void EncodeStanding(const SmartStanding& standing, ByteWriter* writer) {
  writer->Signed(standing.since.number());
  writer->Byte(static_cast<uint8_t>((standing.fees_paid ? kFeesPaidFlag : 0) |
                                    (standing.regulation_breach ? kRegulationBreachFlag : 0) |
                                    (standing.super_seller ? kSuperSellerFlag : 0) |
                                    (standing.free_returns ? kFreeReturnsFlag : 0)));
  writer->Signed(standing.withdrawal_days);
}

SmartStanding DecodeStanding(ByteReader* reader) {
  SmartStanding standing;
  standing.since = Instant(reader->Signed());
  const uint8_t flags = reader->Byte();
  standing.fees_paid = (flags & kFeesPaidFlag) != 0;
  standing.regulation_breach = (flags & kRegulationBreachFlag) != 0;
  standing.super_seller = (flags & kSuperSellerFlag) != 0;
  standing.free_returns = (flags & kFreeReturnsFlag) != 0;
  standing.withdrawal_days = static_cast<int32_t>(reader->Signed());
  return standing;
}

void EncodeSum(const TrackedSum& sum, ByteWriter* writer) {
  writer->Signed(sum.orders);
  writer->Signed(sum.tracked);
}

TrackedSum DecodeSum(ByteReader* reader) {
  TrackedSum sum;
  sum.orders = reader->Signed();
  sum.tracked = reader->Signed();
  return sum;
}

absl::Status DamagedDay() { return absl::DataLossError("a row of a placing day cannot be read"); }

}  // namespace

// ---------------------------------------------------------------- orders

void TrackedDay::Add(Instant deadline, const TrackedSum& sum, Instant now) {
  if (deadline < now && !pending_.contains(deadline)) {
    passed_ += sum;
    return;
  }
  const auto at = pending_.try_emplace(deadline).first;
  at->second += sum;
  if (at->second.empty()) pending_.erase(at);
}

TrackedSum TrackedDay::PassedAt(Instant at) const {
  TrackedSum sum = PassedSince(Instant(std::numeric_limits<int64_t>::min()), at);
  sum += passed_;
  return sum;
}

TrackedSum TrackedDay::PassedSince(Instant from, Instant at) const {
  TrackedSum sum;
  for (auto pending = pending_.lower_bound(from); pending != pending_.end() && pending->first < at;
       ++pending) {
    sum += pending->second;
  }
  return sum;
}

Instant TrackedDay::FirstDeadline(Instant at) const {
  const auto first = pending_.lower_bound(at);
  return first == pending_.end() ? kNever : first->first;
}

void TrackedDay::Settle(Instant at) {
  const auto end = pending_.lower_bound(at);
  for (auto passed = pending_.begin(); passed != end; ++passed) passed_ += passed->second;
  pending_.erase(pending_.begin(), end);
}

void TrackedDay::Encode(std::string* out) const {
  ByteWriter writer(out);
  EncodeSum(passed_, &writer);
  int64_t before = 0;
  for (const auto& [deadline, sum] : pending_) {
    writer.Signed(deadline.number() - before);
    EncodeSum(sum, &writer);
    before = deadline.number();
  }
}

absl::StatusOr<TrackedDay> TrackedDay::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  TrackedDay day;
  day.passed_ = DecodeSum(&reader);
  int64_t deadline = 0;
  while (!reader.done()) {
    const int64_t step = reader.Signed();
    const bool rises = day.pending_.empty() || step > 0;
    if (!rises || __builtin_add_overflow(deadline, step, &deadline)) return DamagedDay();
    day.pending_.emplace_hint(day.pending_.end(), Instant(deadline), DecodeSum(&reader));
  }
  if (!reader.ok()) return DamagedDay();
  return day;
}

// ---------------------------------------------------------------- the seller

void SmartRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Byte(static_cast<uint8_t>((announced ? kAnnounced : 0) | (business ? kBusiness : 0) |
                                   (standing ? kStanding : 0)));
  writer.Unsigned(changes);
  if (standing) EncodeStanding(*standing, &writer);
  writer.Signed(day.number());
  writer.Unsigned(static_cast<uint64_t>(rating_window_days));
  writer.Unsigned(static_cast<uint64_t>(tracked_window_days));
  writer.Signed(recommending);
  writer.Signed(not_recommending);
  rating_days.Encode(&writer);
  EncodeSum(passed, &writer);
  writer.Unsigned(placing_days.size());
  for (const PlacingDay& placing : placing_days) {
    writer.Signed(placing.day.number());
    writer.Unsigned(static_cast<uint64_t>(placing.deadline.number()));
  }
  writer.Unsigned(static_cast<uint64_t>(next.number()));
  writer.Unsigned(static_cast<uint64_t>(indexed.number()));
}

absl::StatusOr<SmartRow> SmartRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SmartRow row;
  const uint8_t flags = reader.Byte();
  row.announced = (flags & kAnnounced) != 0;
  row.business = (flags & kBusiness) != 0;
  row.changes = reader.Unsigned();
  if ((flags & kStanding) != 0) row.standing = DecodeStanding(&reader);
  row.day = LocalDay(static_cast<int32_t>(reader.Signed()));
  row.rating_window_days = static_cast<int32_t>(reader.Unsigned());
  row.tracked_window_days = static_cast<int32_t>(reader.Unsigned());
  row.recommending = reader.Signed();
  row.not_recommending = reader.Signed();
  row.rating_days = DaySet::Decode(&reader);
  row.passed = DecodeSum(&reader);
  const uint64_t days = reader.Unsigned();
  for (uint64_t i = 0; i < days && reader.ok(); ++i) {
    PlacingDay& placing = row.placing_days.emplace_back();
    placing.day = LocalDay(static_cast<int32_t>(reader.Signed()));
    placing.deadline = Instant(static_cast<int64_t>(reader.Unsigned()));
  }
  row.next = Instant(static_cast<int64_t>(reader.Unsigned()));
  row.indexed = Instant(static_cast<int64_t>(reader.Unsigned()));
  if (!reader.ok() || !reader.done()) return absl::DataLossError("a Smart! row cannot be read");
  return row;
}

// ---------------------------------------------------------------- the history

void SmartChange::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Signed(at.number());
  writer.Byte(fulfilled ? 1 : 0);
  writer.Signed(recorded_at.number());
  if (const auto* expiry = std::get_if<SmartExpiry>(&cause)) {
    writer.Byte(0);
    writer.Byte(static_cast<uint8_t>(*expiry));
    return;
  }
  const auto& event = std::get<SmartEvent>(cause);
  writer.Byte(static_cast<uint8_t>(event.kind));
  writer.Signed(event.place.offset.number());
  writer.Unsigned(event.place.index);
  writer.String(event.event_id);
  writer.String(event.order_id);
}

absl::StatusOr<SmartChange> SmartChange::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SmartChange change;
  change.at = Instant(reader.Signed());
  change.fulfilled = reader.Byte() != 0;
  change.recorded_at = Instant(reader.Signed());
  const uint8_t kind = reader.Byte();
  if (kind == 0) {
    change.cause = static_cast<SmartExpiry>(reader.Byte());
  } else {
    SmartEvent event;
    event.kind = static_cast<EventKind>(kind);
    event.place.offset = Offset(reader.Signed());
    event.place.index = static_cast<uint32_t>(reader.Unsigned());
    event.event_id = std::string(reader.String());
    event.order_id = std::string(reader.String());
    change.cause = std::move(event);
  }
  if (!reader.ok() || !reader.done())
    return absl::DataLossError("a change of Smart! eligibility cannot be read");
  return change;
}

}  // namespace flywheel
