// Read model 5.1, the seller rating, evaluated from the accepted facts for one instant.
#ifndef FLYWHEEL_NAIVE_RATING_H_
#define FLYWHEEL_NAIVE_RATING_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "naive/replay.h"
#include "naive/seller_rows.h"

namespace flywheel::naive {

// Reviews, and buyers by their latest review.
struct Votes {
  int64_t total = 0;
  int64_t unique = 0;
  friend bool operator==(const Votes&, const Votes&) = default;
};

// One mark: how often 1 to 5 was given.
struct Rates {
  std::array<int64_t, 5> distribution = {0, 0, 0, 0, 0};
  std::optional<int64_t> average_hundredths;  // 437: 4.37
  friend bool operator==(const Rates&, const Rates&) = default;
};

struct HistoryRow {
  Votes recommended;
  Votes not_recommended;
  friend bool operator==(const HistoryRow&, const HistoryRow&) = default;
};

// The answer about one seller and market, or a total of such.
struct Rating {
  std::string seller_id;  // or "*"
  std::string market;     // or "*"
  int64_t as_of = 0;

  Votes recommended;
  Votes not_recommended;
  std::optional<int64_t> recommended_percentage_tenths;  // 987: 98.7
  Rates delivery;
  Rates delivery_cost;
  Rates description;
  Rates service;
  int64_t answered = 0;
  int64_t removed_by_buyer = 0;
  int64_t removed_by_marketplace = 0;
  int64_t removed_by_buyer_after_compensation = 0;
  int64_t lifetime_recommended = 0;
  int64_t lifetime_not_recommended = 0;
  bool complete = true;
  // By local day (0 is 1970-01-01). Of a total: each market has its own days.
  std::map<int32_t, HistoryRow> history;

  friend bool operator==(const Rating&, const Rating&) = default;
};

// The sellers and markets that have a row at `as_of`, sorted; totals are not among them.
std::vector<std::pair<std::string, std::string>> RatingRows(const Replay& replay, int64_t as_of);

// nullopt: there is no such row, or no row that the total would join.
std::optional<Rating> RatingOf(const Replay& replay, std::string_view seller_id,
                               std::string_view market, int64_t as_of);

// Every row in one pass: for each seller its markets and then its total; after all sellers the
// totals of each market, and of all. Only one seller's rows and the totals are in memory at a time.
void AllRatings(const Replay& replay, int64_t as_of,
                const std::function<void(const Rating&)>& visit);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_RATING_H_
