// Small histories, written as a reader would tell them.
#ifndef FLYWHEEL_TESTS_NAIVE_HISTORY_H_
#define FLYWHEEL_TESTS_NAIVE_HISTORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"
#include "naive/replay.h"

namespace flywheel::naive {

using events::v1::Event;

inline constexpr int64_t kSecond = 1000;
inline constexpr int64_t kDay = 24 * 60 * 60 * kSecond;

// "2024-03-01T12:00:00Z"; a text that is no instant gives the year 1, which no test uses.
inline int64_t At(const std::string& text) {
  absl::Time time = absl::FromUnixSeconds(-62135596800);
  absl::ParseTime(absl::RFC3339_full, text, &time, nullptr);
  return absl::ToUnixMillis(time);
}

inline void Set(google::protobuf::Timestamp* timestamp, int64_t instant) {
  int64_t seconds = instant / 1000;
  if (instant % 1000 < 0) --seconds;
  timestamp->set_seconds(seconds);
  timestamp->set_nanos(static_cast<int32_t>((instant - seconds * 1000) * 1'000'000));
}

// An event of seller "s" in market PL, without a payload.
inline Event Envelope(int64_t occurred_at) {
  Event event;
  event.set_seller_id("s");
  event.set_market("PL");
  event.set_source("test");
  Set(event.mutable_occurred_at(), occurred_at);
  return event;
}

// An order of two pieces of line "1" and one of line "2" for 100.00 PLN.
inline Event Placed(const std::string& order_id, int64_t occurred_at,
                    const std::string& buyer_id = "b") {
  Event event = Envelope(occurred_at);
  auto* placed = event.mutable_order_placed();
  placed->set_order_id(order_id);
  placed->set_buyer_id(buyer_id);
  for (const auto& [line, pieces] : std::map<std::string, int32_t>{{"1", 2}, {"2", 1}}) {
    auto* added = placed->add_lines();
    added->set_line_id(line);
    added->set_quantity(pieces);
  }
  placed->mutable_total()->set_amount_minor(10000);
  placed->mutable_total()->set_currency("PLN");
  return event;
}

inline Event Paid(const std::string& order_id, int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_order_paid()->set_order_id(order_id);
  return event;
}

inline Event Scanned(const std::string& order_id, int64_t occurred_at,
                     events::v1::ScanCode::Value code = events::v1::ScanCode::IN_TRANSIT) {
  Event event = Envelope(occurred_at);
  auto* scanned = event.mutable_parcel_scanned();
  scanned->set_order_id(order_id);
  scanned->set_parcel_id("p");
  scanned->set_code(code);
  return event;
}

// Review ids are "r:" and the order's id.
inline Event Reviewed(const std::string& order_id, int64_t occurred_at, bool recommended = true,
                      const std::string& buyer_id = "b") {
  Event event = Envelope(occurred_at);
  auto* review = event.mutable_review_posted();
  review->set_order_id(order_id);
  review->set_review_id("r:" + order_id);
  review->set_buyer_id(buyer_id);
  review->set_recommended(recommended);
  return event;
}

inline Event Edited(const std::string& order_id, int64_t occurred_at, bool recommended) {
  Event event = Envelope(occurred_at);
  auto* edit = event.mutable_review_edited();
  edit->set_order_id(order_id);
  edit->set_review_id("r:" + order_id);
  edit->set_recommended(recommended);
  return event;
}

inline Event Answered(const std::string& order_id, int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_review_answered()->set_order_id(order_id);
  event.mutable_review_answered()->set_review_id("r:" + order_id);
  return event;
}

inline Event Removed(const std::string& order_id, int64_t occurred_at,
                     events::v1::RemovedBy::Value by = events::v1::RemovedBy::BUYER) {
  Event event = Envelope(occurred_at);
  auto* removal = event.mutable_review_removed();
  removal->set_order_id(order_id);
  removal->set_review_id("r:" + order_id);
  removal->set_by(by);
  return event;
}

inline Event Returned(const std::string& order_id, const std::string& return_id,
                      int64_t occurred_at, const std::map<std::string, int32_t>& items) {
  Event event = Envelope(occurred_at);
  auto* filed = event.mutable_return_filed();
  filed->set_order_id(order_id);
  filed->set_return_id(return_id);
  filed->set_buyer_id("b");
  for (const auto& [line, pieces] : items) {
    auto* item = filed->add_items();
    item->set_line_id(line);
    item->set_quantity(pieces);
  }
  return event;
}

inline Event ReturnAccepted(const std::string& order_id, const std::string& return_id,
                            int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_return_accepted()->set_order_id(order_id);
  event.mutable_return_accepted()->set_return_id(return_id);
  return event;
}

inline Event ReturnRejected(const std::string& order_id, const std::string& return_id,
                            int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_return_rejected()->set_order_id(order_id);
  event.mutable_return_rejected()->set_return_id(return_id);
  return event;
}

inline Event Refunded(const std::string& order_id, const std::string& refund_id,
                      int64_t occurred_at, int64_t amount, const std::string& currency = "PLN",
                      events::v1::RefundKind::Value kind = events::v1::RefundKind::ORDER) {
  Event event = Envelope(occurred_at);
  auto* refund = event.mutable_refund_issued();
  refund->set_order_id(order_id);
  refund->set_refund_id(refund_id);
  refund->mutable_amount()->set_amount_minor(amount);
  refund->mutable_amount()->set_currency(currency);
  refund->set_kind(kind);
  return event;
}

inline Event Standing(int64_t occurred_at, const std::string& market = "PL") {
  Event event = Envelope(occurred_at);
  event.set_market(market);
  event.mutable_seller_standing_changed()->set_fees_paid(true);
  return event;
}

inline Event Tick(int64_t occurred_at) {
  Event event;
  Set(event.mutable_occurred_at(), occurred_at);
  event.mutable_time_passed();
  return event;
}

inline Event PolicyOf(uint32_t version, int64_t effective_from,
                      const policy::v1::Policy& policy = {}) {
  Event event;
  Set(event.mutable_occurred_at(), effective_from);
  event.mutable_policy_published()->set_version(version);
  Set(event.mutable_policy_published()->mutable_effective_from(), effective_from);
  *event.mutable_policy_published()->mutable_policy() = policy;
  return event;
}

inline Event Of(Event event, const std::string& seller_id, const std::string& market = "PL") {
  event.set_seller_id(seller_id);
  event.set_market(market);
  return event;
}

// A log under construction. Everything is recorded at `now`, which a test moves by hand; it starts
// at 2025-01-01, after what most tests tell.
class History {
 public:
  int64_t now = At("2025-01-01T00:00:00Z");

  // All return the record's offset. Offsets have gaps.
  int64_t Add(Event event, int32_t partition = 0) {
    Set(event.mutable_recorded_at(), now);
    log::v1::Record record;
    *record.mutable_event() = std::move(event);
    return AddRecord(record, partition);
  }
  // The id has 16 bytes: `id` and dots.
  int64_t Decide(std::string id, const std::string& order_id, uint64_t version,
                 const std::vector<Event>& events) {
    log::v1::Record record;
    auto* decision = record.mutable_decision();
    id.resize(16, '.');
    decision->set_decision_id(id);
    decision->set_seller_id("s");
    decision->set_order_id(order_id);
    decision->set_order_version(version);
    Set(decision->mutable_recorded_at(), now);
    for (const Event& event : events) *decision->add_events() = event;
    return AddRecord(record);
  }
  int64_t Refuse(const std::string& place, const std::string& seller_id,
                 log::v1::RefusalCode::Value code = log::v1::RefusalCode::INVALID) {
    log::v1::Record record;
    auto* refused = record.mutable_refused();
    refused->set_source("topic");
    refused->set_source_place(place);
    refused->set_sha256("hash");
    refused->set_code(code);
    refused->set_seller_id(seller_id);
    Set(refused->mutable_recorded_at(), now);
    return AddRecord(record);
  }
  int64_t Resubmit(int64_t entry_offset, const Event& event) {
    log::v1::Record record;
    record.mutable_resubmitted()->set_entry_offset(entry_offset);
    *record.mutable_resubmitted()->mutable_event() = event;
    Set(record.mutable_resubmitted()->mutable_recorded_at(), now);
    return AddRecord(record);
  }
  int64_t Discard(int64_t entry_offset) {
    log::v1::Record record;
    record.mutable_discarded()->set_entry_offset(entry_offset);
    Set(record.mutable_discarded()->mutable_recorded_at(), now);
    return AddRecord(record);
  }
  int64_t AddRecord(const log::v1::Record& record, int32_t partition = 0) {
    return AddBytes(record.SerializeAsString(), partition);
  }
  int64_t AddBytes(const std::string& bytes, int32_t partition = 0) {
    const int64_t offset = next_offset_;
    next_offset_ += 2;
    replay_.Add(partition, offset, bytes);
    records_.push_back({{partition, offset}, bytes});
    return offset;
  }

  const Replay& replay() const { return replay_; }

  // The outcome of what was recorded by then.
  Replay KnownAt(int64_t known_at) const {
    Replay replay(known_at);
    for (const auto& [place, bytes] : records_) replay.Add(place.partition, place.offset, bytes);
    return replay;
  }

  const Counts& counts(int32_t partition = 0) const {
    return replay_.partitions().at(partition).counts;
  }
  int64_t refused(Code code) const {
    const auto found = counts().refused.find(code);
    return found == counts().refused.end() ? 0 : found->second;
  }
  // nullptr: nothing of that offset is in quarantine.
  const Entry* entry(int64_t offset) const {
    const std::map<int64_t, Entry>& quarantine = replay_.partitions().at(0).quarantine;
    const auto found = quarantine.find(offset);
    return found == quarantine.end() ? nullptr : &found->second;
  }
  // The code under which the offset's record stands in quarantine; UNSPECIFIED: it waits, or is not
  // there.
  Code code(int64_t offset) const {
    const Entry* found = entry(offset);
    return found == nullptr ? log::v1::RefusalCode::UNSPECIFIED : found->code;
  }

 private:
  int64_t next_offset_ = 10;
  Replay replay_;
  std::vector<std::pair<Place, std::string>> records_;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_TESTS_NAIVE_HISTORY_H_
