// Read model 5.2, Smart! eligibility: evaluated from the accepted facts for one instant, with the
// history that was announced as the log was read.
#ifndef FLYWHEEL_NAIVE_SMART_H_
#define FLYWHEEL_NAIVE_SMART_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "naive/replay.h"
#include "naive/smart_conditions.h"
#include "naive/smart_history.h"

namespace flywheel::naive {

// The answer about one seller and market. There are no totals.
struct Smart {
  std::string seller_id;
  std::string market;
  int64_t as_of = 0;
  bool fulfilled = false;
  std::optional<int64_t> last_changed;
  std::vector<SmartCondition> conditions;       // in the order of the table
  std::vector<SmartChange> history;             // in the order of their announcement
  std::optional<int64_t> negatives_until_lost;  // headroom
  std::optional<int64_t> positives_until_won;   // headroom
  std::optional<int64_t> outlook;               // when `fulfilled` will change by time alone
  bool complete = true;
  friend bool operator==(const Smart&, const Smart&) = default;
};

// nullopt: there is no such row at `as_of`. Rows are those of RatingRows.
std::optional<Smart> SmartOf(const Replay& replay, std::string_view seller_id,
                             std::string_view market, int64_t as_of);

// Every row, sorted by seller and market.
void AllSmart(const Replay& replay, int64_t as_of, const std::function<void(const Smart&)>& visit);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SMART_H_
