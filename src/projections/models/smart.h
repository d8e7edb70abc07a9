// Read model 5.2, Smart! eligibility: the conditions at an instant from the figures at that
// instant. Pure.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_SMART_H_
#define FLYWHEEL_PROJECTIONS_MODELS_SMART_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/strong.h"
#include "events/policy.h"

namespace flywheel {

// The latest standing of a seller in a market.
struct SmartStanding {
  Instant since;
  bool fees_paid = false;
  bool regulation_breach = false;
  bool super_seller = false;
  bool free_returns = false;
  int32_t withdrawal_days = 0;
};

// What the conditions are computed from, in a market at an instant.
struct SmartFigures {
  int64_t recommending = 0;  // unique buyers of the window that recommend
  int64_t reviewing = 0;     // unique buyers of the window
  int64_t due = 0;           // orders of the window whose dispatch deadline has passed
  int64_t tracked = 0;       // those of them with a carrier scan
  std::optional<SmartStanding> standing;
  bool business = false;  // registered as one, and not as a pharmacy

  bool super_seller() const { return standing && standing->super_seller; }
};

// Whether every required condition is fulfilled.
bool IsFulfilled(const SmartFigures& figures, const SmartRules& rules);

// ---------------------------------------------------------------- conditions

struct SmartShare {
  int64_t part = 0;
  int64_t whole = 1;

  double nearest() const { return static_cast<double>(part) / static_cast<double>(whole); }
  friend bool operator==(const SmartShare&, const SmartShare&) = default;
};

// Nothing to measure, a share, a count, or yes and no.
using SmartValue = std::variant<std::monostate, SmartShare, int64_t, bool>;

inline constexpr std::string_view kRatingPercentage = "ratingPercentage";
inline constexpr std::string_view kRatesCount = "ratesCount";
inline constexpr std::string_view kSuperSeller = "superSeller";
inline constexpr std::string_view kGoodStanding = "goodStanding";
inline constexpr std::string_view kTrackedShipments = "trackedShipments";
inline constexpr std::string_view kReturnPolicy = "returnPolicy";

struct SmartCondition {
  std::string_view code;  // of the table of DOMAIN 5.2
  std::string_view name;
  SmartValue value;
  SmartValue threshold;  // nothing for yes and no
  bool required = false;
  bool fulfilled = false;

  bool missing() const { return required && !fulfilled; }
  friend bool operator==(const SmartCondition&, const SmartCondition&) = default;
};

inline constexpr size_t kSmartConditions = 6;
using SmartConditions = std::array<SmartCondition, kSmartConditions>;

// In the order of the table.
SmartConditions ConditionsOf(const SmartFigures& figures, const SmartRules& rules);

// How far it is to the next change by ratings alone; both absent: ratings alone change nothing.
struct SmartHeadroom {
  // New buyers who do not recommend, until eligibility is lost.
  std::optional<int64_t> negatives_until_lost;
  // New buyers who recommend, until it is won.
  std::optional<int64_t> positives_until_won;

  bool empty() const { return !negatives_until_lost && !positives_until_won; }
  friend bool operator==(const SmartHeadroom&, const SmartHeadroom&) = default;
};
SmartHeadroom HeadroomOf(const SmartFigures& figures, const SmartRules& rules);

// ---------------------------------------------------------------- changes

// What expires by time alone.
enum class SmartExpiry : uint8_t { kRatingWindow, kDispatchDeadline, kTrackedWindow, kPolicy };

// "RATING_WINDOW", "DISPATCH_DEADLINE", "TRACKED_WINDOW", "POLICY".
std::string_view NameOf(SmartExpiry expiry);

// What expired when time alone changed eligibility under one policy: what is behind the first of
// the conditions that came to be missing or no longer is. `deadline_passed`: one of an order of the
// window did. kPolicy: no condition changed, the policy came late.
SmartExpiry ExpiryOf(const SmartFigures& before, const SmartFigures& after, const SmartRules& rules,
                     bool deadline_passed);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_SMART_H_
