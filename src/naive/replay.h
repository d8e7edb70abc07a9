// The naive reading of the log: what becomes of each record, by DOMAIN section 3, rules 1 to 6, and
// section 4 for decisions.
#ifndef FLYWHEEL_NAIVE_REPLAY_H_
#define FLYWHEEL_NAIVE_REPLAY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"
#include "naive/order_facts.h"
#include "naive/place.h"
#include "naive/policies.h"
#include "naive/seller_facts.h"
#include "naive/smart_history.h"
#include "naive/verdict.h"

namespace flywheel::naive {

// When and where a record stands: `recorded_at` is its stamp, or its predecessor's where that is
// larger.
struct Arrival {
  Place place;
  int64_t recorded_at = 0;
};

// That an accepted event names a seller and a market.
struct Naming {
  int64_t earliest_occurred_at = 0;
  // The first as_of at which the seller and market have a row: such an event has happened, and so
  // has the placing of its order.
  int64_t row_from = 0;
};

struct Seller {
  // The latest of its own records that passed intake; nullopt when none did. The seller's clock
  // also knows the ticks: Replay::SellerClock.
  std::optional<int64_t> latest_occurred_at;
  std::optional<Registration> registration;
  std::vector<Standing> standings;        // in the order of their acceptance
  std::map<std::string, Naming> markets;  // by code
  std::map<std::string, Order> orders;    // by order_id
  // By market. Behind the seller's clock where only ticks came since its last record.
  std::map<std::string, SmartHistory> smart;
  int64_t waiting = 0;               // events
  int64_t open_intake_refusals = 0;  // UNDECODABLE or INVALID, not closed

  bool complete() const { return waiting == 0 && open_intake_refusals == 0; }
};

// An event in quarantine. One that waits is there too, until it is accepted or found to be a
// duplicate.
struct Entry {
  Place place;
  bool waiting = false;
  Code code = Code::RefusalCode_Value_UNSPECIFIED;  // not set while waiting
  std::string sentence;
  std::string seller_id;  // empty where the record names none
  std::string order_id;   // likewise
  Kind kind = Kind::PAYLOAD_NOT_SET;
  int64_t repeats = 0;              // identical events (or refusals) that came later
  std::optional<Place> decided_at;  // the record that refused it; unset while waiting
  std::optional<Place> closed_at;   // the operator's act
};

// What became of the records of a partition. Each record counts once besides `records`, but a
// waiting event that is judged moves on.
struct Counts {
  int64_t records = 0;
  int64_t accepted = 0;    // events and decisions
  int64_t duplicates = 0;  // of any kind, also of policies and erasures
  int64_t repeats = 0;     // identical repeats of entries in quarantine
  int64_t waiting = 0;     // still
  int64_t stale = 0;
  int64_t control = 0;  // policies, erasures, ticks, acts of operators (a resubmission
                        // that closed an entry counts as what became of its event)
  std::map<Code, int64_t> refused;
  int64_t undecodable = 0;  // of the refused: records of the log whose bytes are none

  friend bool operator==(const Counts&, const Counts&) = default;
};

struct WaitingEvent {
  Arrival arrival;
  int64_t deadline = 0;
  events::v1::Event event;
};

struct Partition {
  Counts counts;
  int64_t recorded_at = 0;  // of the newest record
  bool past_known_at = false;
  std::optional<int64_t> latest_tick;
  Policies policies;
  std::set<std::string> erased_buyers;
  std::map<std::string, Seller, std::less<>> sellers;  // by seller_id
  std::map<int64_t, Entry> quarantine;                 // by offset
  std::map<int64_t, WaitingEvent> waiting;             // by offset
  std::set<std::pair<int64_t, int64_t>> deadlines;     // of waiting events: (deadline, offset)
  // Offsets, rising. A hash map, since the keys are long and alike.
  std::unordered_map<std::string, std::vector<int64_t>> entries_by_identity;
};

// Feed it the log, then ask. With `known_at` it is the outcome of the prefix of each partition
// whose recorded_at lies at or before that instant.
//
// Concurrency: one thread.
class Replay {
 public:
  explicit Replay(std::optional<int64_t> known_at = std::nullopt) : known_at_(known_at) {}

  // The next record of a partition, a serialized flywheel.log.v1.Record. Any bytes are taken.
  // REQUIRES: offsets of a partition rise.
  void Add(int32_t partition, int64_t offset, std::string_view record_bytes);

  const std::map<int32_t, Partition>& partitions() const { return partitions_; }

  // A seller lives on one partition. nullptr: no record names it.
  const Seller* FindSeller(std::string_view seller_id) const;
  const Order* FindOrder(std::string_view seller_id, std::string_view order_id) const;

  // nullopt: the seller is not known, or neither it nor its partition has had an instant.
  std::optional<int64_t> SellerClock(std::string_view seller_id) const;
  // The largest of all sellers' records and all ticks; nullopt when there are none.
  std::optional<int64_t> LogClock() const;

 private:
  static void Expire(Partition& partition, const Arrival& arrival);
  static void CountForVersion(Partition& partition, const events::v1::Event& event);

  static void OnDecision(Partition& partition, const Arrival& arrival,
                         const log::v1::Decision& decision);
  static void RefuseDecision(Partition& partition, const Arrival& arrival,
                             const log::v1::Decision& decision, const std::string& fault);
  static void OnRefused(Partition& partition, const Arrival& arrival,
                        const log::v1::Refused& refused);
  static void OnResubmitted(Partition& partition, const Arrival& arrival,
                            const log::v1::Resubmitted& resubmitted);
  static void OnDiscarded(Partition& partition, const Arrival& arrival,
                          const log::v1::Discarded& discarded);

  // `closing`: the offset of the entry that the event closes by being resubmitted.
  static void Judge(Partition& partition, const Arrival& arrival, const events::v1::Event& event,
                    std::optional<int64_t> closing = std::nullopt);
  static void JudgePolicy(Partition& partition, const Arrival& arrival,
                          const events::v1::Event& event);
  static void JudgeSellerEvent(Partition& partition, const Arrival& arrival,
                               const events::v1::Event& event);
  static void JudgeOrderEvent(Partition& partition, const Arrival& arrival,
                              const events::v1::Event& event);
  static void JudgeWaiting(Partition& partition, const Arrival& placed, Seller& seller,
                           Order& order);

  static void Accept(Partition& partition, Seller& seller, Order& order, const Arrival& arrival,
                     int32_t index, const events::v1::Event& event);
  static void Wait(Partition& partition, const Arrival& arrival, Seller& seller, Order& order,
                   const events::v1::Event& event);
  static void Refuse(Partition& partition, const Arrival& arrival, const events::v1::Event& event,
                     Refusal refusal);
  static void AddEntry(Partition& partition, Entry entry, const std::string& identity);
  static bool CloseEntry(Partition& partition, const Arrival& arrival, int64_t offset);
  static bool CountRepeat(Partition& partition, const std::string& identity,
                          std::optional<int64_t> closing);

  std::optional<int64_t> known_at_;
  std::map<int32_t, Partition> partitions_;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_REPLAY_H_
