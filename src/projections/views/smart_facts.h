// What the order rows of a seller show of its Smart! eligibility, and the sources from which a roll
// takes it: these facts, or the stored rows.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_SMART_FACTS_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_SMART_FACTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "projections/facts/seller_row.h"
#include "projections/models/rating.h"
#include "projections/models/smart_roll.h"
#include "projections/models/smart_row.h"
#include "projections/views/cell_reading.h"

namespace flywheel {

// One market of a seller under a cut.
struct SmartMarketFacts {
  bool named = false;
  std::vector<Review> reviews;
  std::map<LocalDay, TrackedDay> placing_days;
  // The latest standing and its instant.
  std::optional<StandingRow> standing;
  Instant standing_since;
};

struct SmartSellerFacts {
  std::map<MarketCode, SmartMarketFacts> markets;
  std::optional<Registration> registration;
  // The seller's clock in the records up to the cut's known_at, whatever its as_of.
  Instant clock;

  // A row that knows the seller but has no figures yet.
  SmartRow RowOf(MarketCode market) const;
};
absl::StatusOr<SmartSellerFacts> ReadSmartFacts(const CellState& state, std::string_view seller,
                                                const FactsUpTo& cut);

// Facts as a source. Not thread-safe.
class SmartFactsSource : public SmartSource {
 public:
  // Both must outlive it.
  SmartFactsSource(const SmartMarketFacts* facts, const TimeZone* zone)
      : facts_(facts), zone_(zone) {}

  UniqueCounts UniqueOn(int32_t window_days, LocalDay day) override;
  UniqueCounts UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) override;
  const TrackedDay* OrdersOf(LocalDay placed) override;
  void Settle(LocalDay, Instant) override {}

 private:
  using UniqueDays = std::map<LocalDay, UniqueCounts>;
  const UniqueDays& DaysUnder(int32_t window_days);

  const SmartMarketFacts* const facts_;
  const TimeZone* const zone_;
  std::map<int32_t, UniqueDays> windows_;
};

// The stored rows as a source; what they do not tell (another rating window) is evaluated. After an
// error, which `status` keeps, what it gives means nothing. Not thread-safe.
class SmartRowsSource : public SmartSource {
 public:
  // All must outlive it.
  SmartRowsSource(const CellState* state, std::string_view seller, MarketCode market,
                  const TimeZone* zone)
      : state_(state), seller_(seller), market_(market), zone_(zone) {}

  const absl::Status& status() const { return status_; }
  // Whether order rows were read.
  bool evaluated() const { return evaluated_ != nullptr; }

  UniqueCounts UniqueOn(int32_t window_days, LocalDay day) override;
  UniqueCounts UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) override;
  const TrackedDay* OrdersOf(LocalDay placed) override;
  void Settle(LocalDay, Instant) override {}

 private:
  void ReadSteps(LocalDay from);
  // All days of the row that holds this one.
  void ReadPlacingDays(LocalDay placed);
  SmartFactsSource& Evaluated();

  const CellState* const state_;
  const std::string_view seller_;
  const MarketCode market_;
  const TimeZone* const zone_;
  absl::Status status_;
  // The stored steps from the first day on that was asked for.
  std::optional<std::map<LocalDay, UniqueCounts>> steps_;
  std::map<LocalDay, std::optional<TrackedDay>> placing_days_;
  SmartMarketFacts facts_;
  std::unique_ptr<SmartFactsSource> evaluated_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_SMART_FACTS_H_
