#include "events/policy_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "base/strong.h"
#include "base/time_zone.h"

namespace flywheel {
namespace {

using google::protobuf::Duration;
using google::protobuf::RepeatedField;
namespace pb = flywheel::policy::v1;

constexpr int32_t kMaxDays = 3660;
constexpr int32_t kMaxMonths = 120;
constexpr int32_t kMaxYears = 10;
constexpr int32_t kMaxListValues = 16;
constexpr int32_t kAllPpm = 1'000'000;
// The sum of an order's amounts fits in 64 bits up to this many facts (kMaxAmountMinor).
constexpr int32_t kMaxFactsPerOrder = 5'000;
constexpr int32_t kMaxWaitingPerOrder = 100'000;
constexpr int32_t kMaxWaitingPerSeller = 10'000'000;
constexpr int32_t kMinutesPerDay = 24 * 60;
constexpr int32_t kMaxCharacters = 100'000;
constexpr int32_t kMaxPoints = 1'000'000;
constexpr int kGradeBounds = 5;

bool AreCapitals(std::string_view text, size_t count) {
  return text.size() == count &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// "2026-05-01", a day that exists.
bool IsDate(std::string_view text) {
  absl::CivilDay day;
  return text.size() == 10 && absl::ParseCivilTime(std::string(text), &day) &&
         absl::FormatCivilTime(day) == text;
}

// Collects what is wrong below a path, e.g. "markets[2].rules.".
class Check {
 public:
  explicit Check(std::vector<std::string>* wrong) : wrong_(wrong) {}

  Check In(std::string_view message) const {
    Check inner(*this);
    absl::StrAppend(&inner.path_, std::string(message), ".");
    return inner;
  }
  Check In(std::string_view list, int index) const {
    return In(absl::StrCat(std::string(list), "[", index, "]"));
  }

  void Wrong(std::string_view field, std::string_view sentence) const {
    wrong_->push_back(absl::StrCat(path_, std::string(field), ": ", std::string(sentence)));
  }

  void Between(std::string_view field, int64_t value, int64_t least, int64_t greatest) const {
    if (value < least || value > greatest) {
      Wrong(field, absl::StrCat(value, " is not between ", least, " and ", greatest));
    }
  }
  void Days(std::string_view field, int32_t value) const { Between(field, value, 1, kMaxDays); }
  void Ppm(std::string_view field, int32_t value) const { Between(field, value, 0, kAllPpm); }

  void Rising(std::string_view field, const RepeatedField<int32_t>& values,
              int32_t greatest) const {
    if (values.size() > kMaxListValues) {
      Wrong(field, absl::StrCat("has more than ", kMaxListValues, " values"));
    }
    for (int i = 0; i < values.size(); ++i) {
      Between(absl::StrCat(std::string(field), "[", i, "]"), values[i], 1, greatest);
      if (i > 0 && values[i] <= values[i - 1]) {
        Wrong(absl::StrCat(std::string(field), "[", i, "]"), "is not greater than the one before");
      }
    }
  }

  void Length(std::string_view field, const Duration& duration) const {
    const bool proper = duration.nanos() >= 0 && duration.nanos() <= 999'999'999;
    const bool in_range = duration.seconds() >= 0 &&
                          duration.seconds() <= kMaxDays * kMillisPerDay / kMillisPerSecond;
    if (!proper || !in_range || MillisOf(duration) == 0) {
      Wrong(field, absl::StrCat("is not between 1 ms and ", kMaxDays, " days"));
    }
  }

 private:
  std::vector<std::string>* wrong_;
  std::string path_;
};

void CheckAcceptance(const Check& check, const pb::Acceptance& rules) {
  if (rules.has_review_months())
    check.Between("review_months", rules.review_months(), 1, kMaxMonths);
  if (rules.has_facts_per_order()) {
    check.Between("facts_per_order", rules.facts_per_order(), 1, kMaxFactsPerOrder);
  }
  if (rules.has_waiting_per_order()) {
    check.Between("waiting_per_order", rules.waiting_per_order(), 1, kMaxWaitingPerOrder);
  }
  if (rules.has_waiting_per_seller()) {
    check.Between("waiting_per_seller", rules.waiting_per_seller(), 1, kMaxWaitingPerSeller);
  }
  if (rules.has_waiting_limit()) check.Length("waiting_limit", rules.waiting_limit());
}

void CheckRating(const Check& check, const pb::Rating& rules) {
  if (rules.has_window_days()) check.Days("window_days", rules.window_days());
  if (rules.has_rates_for_average()) {
    check.Between("rates_for_average", rules.rates_for_average(), 1, INT32_MAX);
  }
}

void CheckSmart(const Check& check, const pb::Smart& rules) {
  if (rules.has_rating_window_days()) check.Days("rating_window_days", rules.rating_window_days());
  if (rules.has_rating_share_ppm()) check.Ppm("rating_share_ppm", rules.rating_share_ppm());
  if (rules.has_rates_count()) check.Between("rates_count", rules.rates_count(), 0, INT32_MAX);
  if (rules.has_tracked_window_days())
    check.Days("tracked_window_days", rules.tracked_window_days());
  if (rules.has_tracked_share_ppm()) check.Ppm("tracked_share_ppm", rules.tracked_share_ppm());
  if (rules.has_tracked_from_orders()) {
    check.Between("tracked_from_orders", rules.tracked_from_orders(), 0, INT32_MAX);
  }
  if (rules.has_withdrawal_days()) {
    check.Between("withdrawal_days", rules.withdrawal_days(), 0, kMaxDays);
  }
}

void CheckBusinessHours(const Check& check, const pb::Sla& rules) {
  std::set<int32_t> weekdays;
  for (int i = 0; i < rules.business_hours_size(); ++i) {
    const pb::OpeningHours& hours = rules.business_hours(i);
    const Check inner = check.In("business_hours", i);
    inner.Between("weekday", hours.weekday(), 1, 7);
    inner.Between("opens_minute", hours.opens_minute(), 0, kMinutesPerDay - 1);
    inner.Between("closes_minute", hours.closes_minute(), 1, kMinutesPerDay);
    if (hours.closes_minute() <= hours.opens_minute()) {
      inner.Wrong("closes_minute", "is not after opens_minute");
    }
    if (!weekdays.insert(hours.weekday()).second) {
      inner.Wrong("weekday", "is given twice");
    }
  }
}

void CheckSla(const Check& check, const pb::Sla& rules) {
  check.Rising("window_days", rules.window_days(), kMaxDays);
  if (rules.has_first_response()) check.Length("first_response", rules.first_response());
  CheckBusinessHours(check, rules);
  if (rules.has_resolution()) check.Length("resolution", rules.resolution());
  if (rules.has_decision_days()) check.Days("decision_days", rules.decision_days());
  if (rules.has_refund_days()) check.Days("refund_days", rules.refund_days());
  if (rules.has_first_response_promise_ppm()) {
    check.Ppm("first_response_promise_ppm", rules.first_response_promise_ppm());
  }
}

void CheckDelivery(const Check& check, const pb::DeliveryRules& rules) {
  check.Rising("window_days", rules.window_days(), kMaxDays);
  if (rules.has_lost_after()) check.Length("lost_after", rules.lost_after());
}

void CheckReturns(const Check& check, const pb::Returns& rules) {
  check.Rising("window_days", rules.window_days(), kMaxDays);
  if (rules.has_withdrawal_days()) check.Days("withdrawal_days", rules.withdrawal_days());
}

void CheckPoints(const Check& check, const pb::PointRange& range) {
  check.Ppm("none_at_ppm", range.none_at_ppm());
  check.Ppm("all_at_ppm", range.all_at_ppm());
  check.Between("points", range.points(), 0, kMaxPoints);
  if (range.none_at_ppm() == range.all_at_ppm()) {
    check.Wrong("all_at_ppm", "is the same as none_at_ppm");
  }
}

void CheckSalesQuality(const Check& check, const pb::SalesQuality& rules) {
  if (rules.has_satisfaction()) CheckPoints(check.In("satisfaction"), rules.satisfaction());
  if (rules.has_dispatch()) CheckPoints(check.In("dispatch"), rules.dispatch());
  if (rules.has_delivery()) CheckPoints(check.In("delivery"), rules.delivery());
  if (rules.has_response()) CheckPoints(check.In("response"), rules.response());
  if (rules.has_defects()) CheckPoints(check.In("defects"), rules.defects());
  if (rules.has_denominator_from()) {
    check.Between("denominator_from", rules.denominator_from(), 1, INT32_MAX);
  }
  if (rules.has_score()) check.Between("score", rules.score(), 1, kMaxPoints);
  if (rules.has_grade_from_maximum()) {
    check.Between("grade_from_maximum", rules.grade_from_maximum(), 0, kMaxPoints);
  }
  check.Rising("grade_bounds", rules.grade_bounds(), kMaxPoints);
  if (rules.grade_bounds_size() != 0 && rules.grade_bounds_size() != kGradeBounds) {
    check.Wrong("grade_bounds", absl::StrCat("does not have ", kGradeBounds, " values"));
  }
  if (rules.has_window_days()) check.Days("window_days", rules.window_days());
  if (rules.has_defects_delay_days()) {
    check.Between("defects_delay_days", rules.defects_delay_days(), 0, kMaxDays);
  }
  if (rules.has_history_days()) check.Days("history_days", rules.history_days());
}

void CheckSavings(const Check& check, const pb::Savings& rules) {
  check.Rising("window_days", rules.window_days(), kMaxDays);
}

void CheckExperience(const Check& check, const pb::Experience& rules) {
  if (rules.has_not_arrived_days()) check.Days("not_arrived_days", rules.not_arrived_days());
  check.Rising("horizon_days", rules.horizon_days(), kMaxDays);
}

void CheckVisibility(const Check& check, const pb::Visibility& rules) {
  if (rules.has_satisfaction()) check.Between("satisfaction", rules.satisfaction(), 0, 100);
  if (rules.has_quality()) check.Between("quality", rules.quality(), 0, 100);
  if (rules.has_smart()) check.Between("smart", rules.smart(), 0, 100);
}

void CheckSignals(const Check& check, const pb::Signals& rules) {
  if (rules.has_response_due_soon()) check.Length("response_due_soon", rules.response_due_soon());
  if (rules.has_at_risk_below())
    check.Between("at_risk_below", rules.at_risk_below(), 0, INT32_MAX);
  if (rules.has_review_invitation()) check.Length("review_invitation", rules.review_invitation());
  if (rules.has_silent_after()) check.Length("silent_after", rules.silent_after());
}

void CheckCommands(const Check& check, const pb::Commands& rules) {
  if (rules.has_review_comment_characters()) {
    check.Between("review_comment_characters", rules.review_comment_characters(), 0,
                  kMaxCharacters);
  }
  if (rules.has_message_characters()) {
    check.Between("message_characters", rules.message_characters(), 1, kMaxCharacters);
  }
  if (rules.has_complaint_years()) {
    check.Between("complaint_years", rules.complaint_years(), 1, kMaxYears);
  }
  if (rules.has_idempotency_key_kept()) {
    check.Length("idempotency_key_kept", rules.idempotency_key_kept());
  }
}

void CheckRules(const Check& check, const pb::Rules& rules) {
  CheckAcceptance(check.In("acceptance"), rules.acceptance());
  CheckRating(check.In("rating"), rules.rating());
  CheckSmart(check.In("smart"), rules.smart());
  CheckSla(check.In("sla"), rules.sla());
  CheckDelivery(check.In("delivery"), rules.delivery());
  CheckReturns(check.In("returns"), rules.returns());
  CheckSalesQuality(check.In("sales_quality"), rules.sales_quality());
  CheckSavings(check.In("savings"), rules.savings());
  CheckExperience(check.In("experience"), rules.experience());
  CheckVisibility(check.In("visibility"), rules.visibility());
  CheckSignals(check.In("signals"), rules.signals());
  CheckCommands(check.In("commands"), rules.commands());
}

void CheckDates(const Check& check, std::string_view field,
                const google::protobuf::RepeatedPtrField<std::string>& dates) {
  for (int i = 0; i < dates.size(); ++i) {
    if (!IsDate(dates[i])) {
      check.Wrong(absl::StrCat(std::string(field), "[", i, "]"),
                  absl::StrCat("'", dates[i], "' is not a date of the form 2026-05-01"));
    }
  }
}

void CheckMarket(const Check& check, const pb::Market& market) {
  if (!AreCapitals(market.code(), 2)) check.Wrong("code", "is not two capital letters");
  if (!market.time_zone().empty() && !TimeZone::Load(market.time_zone()).ok()) {
    check.Wrong("time_zone",
                absl::StrCat("the system has no time zone '", market.time_zone(), "'"));
  }
  if (!market.currency().empty() && !AreCapitals(market.currency(), 3)) {
    check.Wrong("currency", "is not three capital letters");
  }
  if (!market.holiday_calendar().empty() && !AreCapitals(market.holiday_calendar(), 2)) {
    check.Wrong("holiday_calendar", "is not two capital letters");
  }
  CheckDates(check, "extra_holidays", market.extra_holidays());
  CheckDates(check, "cancelled_holidays", market.cancelled_holidays());
  CheckRules(check.In("rules"), market.rules());
}

}  // namespace

std::vector<std::string> WrongFields(const pb::Policy& policy) {
  std::vector<std::string> wrong;
  const Check check(&wrong);
  CheckRules(check.In("defaults"), policy.defaults());
  std::set<std::string> codes;
  for (int i = 0; i < policy.markets_size(); ++i) {
    const Check inner = check.In("markets", i);
    CheckMarket(inner, policy.markets(i));
    if (!codes.insert(policy.markets(i).code()).second) inner.Wrong("code", "is given twice");
  }
  return wrong;
}

int64_t MillisOf(const Duration& duration) {
  return duration.seconds() * kMillisPerSecond + duration.nanos() / 1'000'000;
}

}  // namespace flywheel
