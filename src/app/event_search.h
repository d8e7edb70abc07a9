// Looks for records of the log, and says what became of each.
#ifndef FLYWHEEL_APP_EVENT_SEARCH_H_
#define FLYWHEEL_APP_EVENT_SEARCH_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/data_folder.h"
#include "base/strong.h"
#include "events/record_view.h"
#include "projections/views/event_fate.h"

namespace flywheel {

// An event and its fate; owns its texts.
struct FoundEvent {
  LogPlace place;
  RecordKind record = RecordKind::kNone;
  uint32_t index = 0;  // in its decision; else 0
  EventKind kind = EventKind::kNone;
  std::string event_id;
  std::string seller_id;
  std::string order_id;
  std::string market;
  std::string source;
  std::string source_place;  // of a Refused record
  std::optional<Instant> occurred_at;
  std::optional<Instant> recorded_at;
  EventFate fate;
};

// Records by their stamps, both ends included.
struct RecordedRange {
  Instant from = kEarliestInstant;
  Instant to = kLatestInstant;
};

// Operation: each search adds to found(). Nothing is kept of the log but what is found; reading
// shows progress, and ends with Cancelled once the context's interrupt is raised.
//
// Concurrency: one thread.
//
// Limits: after `limit` events a search ends, and cut_off() is true.
//
// Errors: those of the log and of the rows.
class EventSearch {
 public:
  EventSearch(const Context& context, const Folded& folded, uint64_t limit)
      : context_(context), folded_(folded), limit_(limit) {}

  // Reads the records of the range for events of that id, its letters in either case. An empty
  // `seller`: of all partitions, else of the seller's alone.
  absl::Status ById(const std::string& event_id, const std::string& seller, RecordedRange range);

  // What the rows keep of an order: its facts, what waits for it, what was refused, and what
  // resubmissions closed. An empty `seller`: of every seller who has an order of that id. With
  // `thorough` the logs of those sellers' partitions are read too, for duplicates and repeats.
  absl::Status ByOrder(const std::string& order_id, const std::string& seller, bool thorough);

  // Refusals at intake by their place at the door.
  absl::Status BySourcePlace(const std::string& source_place, const std::string& source);

  // By place.
  const std::vector<FoundEvent>& found() const { return found_; }
  bool cut_off() const { return cut_off_; }
  // Records that name the orders found, and are not in found(): duplicates, repeats, stale
  // decisions.
  uint64_t left_out() const { return left_out_; }

 private:
  using Visit = absl::FunctionRef<absl::Status(Offset, const RecordView&)>;
  using IsWanted = absl::FunctionRef<bool(const EventView&)>;

  const CellView& view(Partition partition) const {
    return *folded_.views()[static_cast<size_t>(partition.number())];
  }
  absl::Status CheckInterrupt() const;
  // Adds the wanted events of the record.
  absl::Status Add(LogPlace place, const RecordView& record, IsWanted wanted);
  // The first offset whose record, and every later one, has a stamp of at least `from`.
  absl::StatusOr<Offset> FirstFrom(Partition partition, Instant from);
  // Visits every readable record of [begin, end).
  absl::Status ScanRecords(Partition partition, Offset begin, Offset end, Visit visit);
  absl::StatusOr<std::vector<std::string>> SellersOf(Partition partition,
                                                     const std::string& order_id) const;
  // Of one seller's order. nullopt: there is none; else its version, and its records' offsets.
  struct OrderRecords {
    uint64_t version = 0;
    std::set<Offset> offsets;
  };
  absl::StatusOr<std::optional<OrderRecords>> RecordsOf(Partition partition,
                                                        const std::string& seller,
                                                        const std::string& order_id) const;
  absl::Status AddNamed(Partition partition, const std::string& seller, const std::string& order_id,
                        std::set<Offset>& offsets);
  absl::Status AddOrder(Partition partition, const std::string& seller, const std::string& order_id,
                        bool thorough);
  void SortByPlace();

  const Context& context_;
  const Folded& folded_;
  const uint64_t limit_;
  std::vector<FoundEvent> found_;
  bool cut_off_ = false;
  uint64_t left_out_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EVENT_SEARCH_H_
