// The conditions of Smart! (the table of DOMAIN 5.2), and what they are computed from.
#ifndef FLYWHEEL_NAIVE_SMART_CONDITIONS_H_
#define FLYWHEEL_NAIVE_SMART_CONDITIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "naive/order_course.h"
#include "naive/order_facts.h"
#include "naive/policies.h"
#include "naive/seller_facts.h"

namespace flywheel::naive {

struct SmartCondition {
  std::string_view code;  // of the table, e.g. "ratesCount"
  std::string_view name;  // in English, e.g. "Unique positive ratings"
  // A share (0..1), a count, or 0 and 1 for no and yes. nullopt: nothing to measure.
  std::optional<double> value;
  std::optional<double> threshold;  // nullopt: yes or no
  bool required = false;
  bool fulfilled = false;

  bool IsMissing() const { return required && !fulfilled; }
  friend bool operator==(const SmartCondition&, const SmartCondition&) = default;
};

// What an order has to do with Smart!, as its facts up to an instant say.
struct SmartOrder {
  // Unset: not promised, or cancelled before dispatch.
  struct Dispatch {
    int64_t promised_by = 0;
    bool scanned = false;  // by a carrier, an outbound parcel
  };
  std::string buyer_id;
  int64_t placed_at = 0;
  std::optional<StandingReview> review;
  std::optional<Dispatch> dispatch;
};
using SmartOrders = std::map<std::string, SmartOrder>;  // by order_id

// nullopt: the order is not placed by then.
std::optional<SmartOrder> SmartOrderOf(const Order& order, int64_t as_of);

// What a seller says of itself in a market. Nothing is known: no.
struct SmartSeller {
  bool good_standing = false;
  bool super_seller = false;
  bool free_returns = false;
  int32_t withdrawal_days = 0;
};

SmartSeller SmartSellerOf(const std::optional<Registration>& registration,
                          const std::vector<Standing>& standings, std::string_view market,
                          int64_t as_of);

struct SmartCounts {
  int64_t raters = 0;        // buyers with a review in the window
  int64_t recommending = 0;  // of these
  int64_t due = 0;           // orders of the window whose dispatch was promised before the instant
  int64_t tracked = 0;       // of these
  friend bool operator==(const SmartCounts&, const SmartCounts&) = default;
};

// Counted one by one. `at` may lie after the instant up to which the orders' facts count.
SmartCounts CountAt(const SmartOrders& orders, const SmartRules& rules, absl::TimeZone zone,
                    int64_t at);

// In the order of the table.
std::vector<SmartCondition> ConditionsOf(const SmartCounts& counts, const SmartSeller& seller,
                                         const SmartRules& rules);

bool IsFulfilled(const std::vector<SmartCondition>& conditions);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SMART_CONDITIONS_H_
