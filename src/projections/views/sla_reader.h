// Answers of read model 5.3 from the rows of all cells.
//
// Where no fact of a seller lies behind as_of, the answer is summed from the stored days and the
// clocks that run; any other (an earlier instant, an earlier knowledge) is evaluated from the order
// rows with the later facts left out. Both ways give the same figures.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_SLA_READER_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_SLA_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "projections/models/sla.h"
#include "projections/store/row_store.h"
#include "projections/views/cell_reading.h"
#include "projections/views/explained_event.h"
#include "projections/views/sla_queue.h"

namespace flywheel {

struct SlaQuery {
  Instant as_of;
  std::optional<Instant> known_at;  // only records with recorded_at at or before it
  PlacesBefore before = {};         // only records before the places
  bool always_evaluate = false;     // never use stored sums: for checking one way against the other
};

// Which clocks of the queue are asked for, and how many of them.
struct QueueSelection {
  std::string seller{kAll};
  std::string market{kAll};
  std::optional<SlaClock> clock;
  std::optional<Instant> due_by;  // those that are due at or before it
  size_t limit = 100;             // 1 to kMaxQueuePage
  std::optional<QueuePlace> after;
};

// One clock behind a seller's figures.
struct SlaExplanation {
  std::string seller_id;
  MarketCode market;
  std::string order_id;
  SlaClock clock = SlaClock::kFirstResponse;
  std::string id;
  Instant opened;
  Instant due;
  std::optional<Instant> stopped;
  int64_t duration_ms = 0;  // where it has stopped
  ClockState state = ClockState::kPending;
  std::vector<int32_t> windows;  // that it counts in, rising; at least one
  // The events that opened and stopped it, in business order, with their places.
  std::vector<ExplainedEvent> events;
};

// Concurrency: const; any thread, while the stores are not written or offer consistent scans.
class SlaReader {
 public:
  // The stores of all partitions, by partition. They must outlive the reader.
  explicit SlaReader(const std::vector<const RowReader*>& stores) : cells_(stores) {}
  // The views of all partitions: see CellSources.
  explicit SlaReader(const CellViews& views) : cells_(views) {}

  // The answers for a seller or "*", in a market or "*", one for each window, rising; none when
  // there is no such row at that instant. Errors: those of the stores.
  absl::StatusOr<std::vector<SlaAnswer>> One(std::string_view seller, std::string_view market,
                                             const SlaQuery& query) const;

  // Calls `visit` with all answers: each seller and market, each seller's total, each market's
  // total and the total of all; sorted by seller, market and window. Ends with the first error of
  // `visit`.
  absl::Status All(const SlaQuery& query,
                   absl::FunctionRef<absl::Status(const SlaAnswer&)> visit) const;

  // A page of the clocks that run.
  absl::StatusOr<QueuePage> Queue(const QueueSelection& selection, const SlaQuery& query) const;

  // Every clock that counts in any figure of the seller ("*" is refused: InvalidArgument) and
  // market (or "*"), sorted by opening, order, clock and id; nothing when there is no row.
  absl::StatusOr<std::vector<SlaExplanation>> Explain(std::string_view seller,
                                                      std::string_view market,
                                                      const SlaQuery& query) const;

  // The largest occurred_at of all records that passed intake, over all cells at hand.
  absl::StatusOr<Instant> LogClock() const { return cells_.LogClock(); }

 private:
  CellSources cells_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_SLA_READER_H_
