// Answers of read model 5.1 from the rows of all cells.
//
// An answer whose instant no fact of the cell lies behind is summed from the stored steps; any
// other (an earlier instant within a day, an earlier knowledge, another window) is evaluated from
// the order rows with the later facts left out. Both ways give the same figures.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_RATING_READER_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_RATING_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/policy.h"
#include "projections/cell/cell_view.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/rating.h"
#include "projections/store/row_store.h"
#include "projections/views/cell_reading.h"
#include "projections/views/rating_explanation.h"

namespace flywheel {

struct RatingQuery {
  Instant as_of;
  std::optional<Instant> known_at;  // only records with recorded_at at or before it
  PlacesBefore before;              // only records before the places
  bool history = false;             // fill RatingAnswer::history
  bool always_evaluate =
      false;  // never use the stored steps: for checking one way against the other
};

// Concurrency: const; any thread, while the stores are not written or offer consistent scans.
class RatingReader {
 public:
  // The stores of all partitions, by partition. They must outlive the reader.
  explicit RatingReader(const std::vector<const RowReader*>& stores) : cells_(stores) {}
  // The views of all partitions: see CellSources.
  explicit RatingReader(const CellViews& views) : cells_(views) {}

  // The answer for a seller or "*", in a market or "*"; nullopt when there is no such row at that
  // instant. Errors: those of the stores.
  absl::StatusOr<std::optional<RatingAnswer>> One(std::string_view seller, std::string_view market,
                                                  const RatingQuery& query) const;

  // All rows: each seller and market, each seller's total, each market's total and the total of
  // all; sorted by seller and market ("*" first).
  absl::StatusOr<std::vector<RatingAnswer>> All(const RatingQuery& query) const;

  // Every review that counts in any figure of the seller ("*" is refused: InvalidArgument) and
  // market (or "*"), sorted by posting and order; nothing when there is no row.
  absl::StatusOr<std::vector<RatingExplanation>> Explain(std::string_view seller,
                                                         std::string_view market,
                                                         const RatingQuery& query) const;

  // The largest occurred_at of all records that passed intake, over all cells at hand.
  absl::StatusOr<Instant> LogClock() const { return cells_.LogClock(); }

 private:
  CellSources cells_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_RATING_READER_H_
