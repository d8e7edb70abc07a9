// Answers of read model 5.2 from the rows of all cells.
//
// An answer whose instant no fact of the seller lies behind starts from the stored figures and lets
// time pass over them; any other (an earlier instant, an earlier knowledge) is evaluated from the
// order rows with the later facts left out. Both ways give the same answer.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_SMART_READER_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_SMART_READER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "projections/models/smart.h"
#include "projections/models/smart_row.h"
#include "projections/store/row_store.h"
#include "projections/views/cell_reading.h"
#include "projections/views/smart_explanation.h"

namespace flywheel {

struct SmartQuery {
  Instant as_of;
  std::optional<Instant> known_at;  // only records with recorded_at at or before it
  // Never start from the stored figures: for checking one way against the other.
  bool always_evaluate = false;
};

// The answer for one seller and market; there are no totals.
struct SmartAnswer {
  std::string seller_id;
  MarketCode market;
  Partition partition;  // of the places
  Instant as_of;
  bool fulfilled = false;
  SmartConditions conditions;
  SmartHeadroom headroom;
  std::optional<Instant> outlook;    // the next change, if nothing more happens
  std::vector<SmartChange> history;  // what was announced up to as_of, in that order
  bool complete = true;
  // The same stored rows give the same answer for every instant from as_of to here; as_of itself
  // where that is not known.
  Instant holds_until;

  std::optional<Instant> last_changed() const {
    return history.empty() ? std::nullopt : std::optional(history.back().at);
  }
};

// Concurrency: const; any thread, while the stores are not written or offer consistent scans.
//
// Errors: those of the stores; FailedPrecondition where a partition is not at hand.
class SmartReader {
 public:
  // The stores of all partitions, by partition. They must outlive the reader.
  explicit SmartReader(const std::vector<const RowReader*>& stores) : cells_(stores) {}
  // The views of all partitions, by partition, each at its own position.
  explicit SmartReader(const CellViews& views) : cells_(views) {}

  // The seller's answers in a market or in all ("*"), by market; empty: there is no row at that
  // instant.
  absl::StatusOr<std::vector<SmartAnswer>> Of(std::string_view seller, std::string_view market,
                                              const SmartQuery& query) const;

  // Calls `visit` with all answers, sorted by seller and market. Ends with the first error of
  // `visit`.
  absl::Status All(const SmartQuery& query,
                   absl::FunctionRef<absl::Status(const SmartAnswer&)> visit) const;

  // What is behind the conditions, by market: first the registration and the standing, then the
  // buyers and the shipments, each by their order.
  absl::StatusOr<std::vector<SmartExplanation>> Explain(std::string_view seller,
                                                        std::string_view market,
                                                        const SmartQuery& query) const;

  absl::StatusOr<Instant> LogClock() const { return cells_.LogClock(); }

 private:
  CellSources cells_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_SMART_READER_H_
