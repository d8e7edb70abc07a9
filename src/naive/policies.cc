#include "naive/policies.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "naive/calendar.h"
#include "naive/holidays.h"

namespace flywheel::naive {
namespace {

constexpr int64_t kTenMinutes = 600'000;
constexpr int64_t kMillisPerDay = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kMostDays = 3660;
// A duration of more seconds than a Duration may have would not fit into milliseconds.
constexpr int64_t kMostSeconds = 315'576'000'000;

const std::map<std::string, std::string, std::less<>>& BuiltInZones() {
  static const auto& zones = *new std::map<std::string, std::string, std::less<>>{
      {"PL", "Europe/Warsaw"},    {"CZ", "Europe/Prague"},    {"SK", "Europe/Bratislava"},
      {"HU", "Europe/Budapest"},  {"SI", "Europe/Ljubljana"}, {"HR", "Europe/Zagreb"},
      {"BR", "America/Sao_Paulo"}};
  return zones;
}

bool IsCapitals(const std::string& text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return absl::ascii_isupper(letter);
         });
}

int64_t MillisOf(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}

void Override(const policy::v1::Smart& from, SmartRules& rules) {
  if (from.has_rating_window_days()) rules.rating_window_days = from.rating_window_days();
  if (from.has_rating_share_ppm()) rules.rating_share_ppm = from.rating_share_ppm();
  if (from.has_rates_count()) rules.rates_count = from.rates_count();
  if (from.has_tracked_window_days()) rules.tracked_window_days = from.tracked_window_days();
  if (from.has_tracked_share_ppm()) rules.tracked_share_ppm = from.tracked_share_ppm();
  if (from.has_tracked_from_orders()) rules.tracked_from_orders = from.tracked_from_orders();
  if (from.has_withdrawal_days()) rules.withdrawal_days = from.withdrawal_days();
}

// Weekdays that the hours leave out are closed.
void Override(const policy::v1::Sla& from, SlaRules& rules) {
  if (!from.window_days().empty()) {
    rules.window_days.assign(from.window_days().begin(), from.window_days().end());
  }
  if (from.has_first_response()) rules.first_response_ms = MillisOf(from.first_response());
  if (from.has_first_response_business_clock()) {
    rules.business_clock = from.first_response_business_clock();
  }
  if (!from.business_hours().empty()) rules.hours = {};
  for (const policy::v1::OpeningHours& hours : from.business_hours()) {
    if (hours.weekday() < 1 || hours.weekday() > 7) continue;
    rules.hours[static_cast<size_t>(hours.weekday() - 1)] = {hours.opens_minute(),
                                                             hours.closes_minute()};
  }
  if (from.has_resolution()) rules.resolution_ms = MillisOf(from.resolution());
  if (from.has_decision_days()) rules.decision_days = from.decision_days();
  if (from.has_refund_days()) rules.refund_days = from.refund_days();
}

std::optional<int32_t> DayOfDate(const std::string& date) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day) || absl::FormatCivilTime(day) != date) return std::nullopt;
  return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1));
}

std::set<int32_t> DaysOf(const google::protobuf::RepeatedPtrField<std::string>& dates) {
  std::set<int32_t> days;
  for (const std::string& date : dates) {
    if (const auto day = DayOfDate(date)) days.insert(*day);
  }
  return days;
}

// What the message sets replaces what stood.
void Override(const policy::v1::Rules& from, Rules& rules) {
  const policy::v1::Acceptance& acceptance = from.acceptance();
  if (acceptance.has_review_months()) rules.review_months = acceptance.review_months();
  if (acceptance.has_facts_per_order()) rules.facts_per_order = acceptance.facts_per_order();
  if (acceptance.has_waiting_per_order()) rules.waiting_per_order = acceptance.waiting_per_order();
  if (acceptance.has_waiting_per_seller()) {
    rules.waiting_per_seller = acceptance.waiting_per_seller();
  }
  if (acceptance.has_waiting_limit()) rules.waiting_limit_ms = MillisOf(acceptance.waiting_limit());
  const policy::v1::Rating& rating = from.rating();
  if (rating.has_window_days()) rules.window_days = rating.window_days();
  if (rating.has_rates_for_average()) rules.rates_for_average = rating.rates_for_average();
  Override(from.smart(), rules.smart);
  Override(from.sla(), rules.sla);
}

bool IsBetween(int64_t value, int64_t least, int64_t greatest) {
  return least <= value && value <= greatest;
}

bool IsProper(const SmartRules& rules) {
  return IsBetween(rules.rating_window_days, 1, kMostDays) &&
         IsBetween(rules.rating_share_ppm, 0, 1'000'000) && rules.rates_count >= 0 &&
         IsBetween(rules.tracked_window_days, 1, kMostDays) &&
         IsBetween(rules.tracked_share_ppm, 0, 1'000'000) && rules.tracked_from_orders >= 0 &&
         IsBetween(rules.withdrawal_days, 0, kMostDays);
}

bool IsProper(const SlaRules& rules) {
  const bool rising = std::is_sorted(rules.window_days.begin(), rules.window_days.end(),
                                     [](int32_t a, int32_t b) { return a <= b; });
  return rising && IsBetween(rules.window_days.front(), 1, kMostDays) &&
         IsBetween(rules.window_days.back(), 1, kMostDays) &&
         IsBetween(rules.first_response_ms, 1, kMostDays * kMillisPerDay) &&
         IsBetween(rules.resolution_ms, 1, kMostDays * kMillisPerDay) &&
         IsBetween(rules.decision_days, 1, kMostDays) && IsBetween(rules.refund_days, 1, kMostDays);
}

bool AreProper(const google::protobuf::RepeatedPtrField<policy::v1::OpeningHours>& all) {
  std::set<int32_t> weekdays;
  return std::all_of(all.begin(), all.end(), [&](const policy::v1::OpeningHours& hours) {
    return IsBetween(hours.weekday(), 1, 7) && weekdays.insert(hours.weekday()).second &&
           0 <= hours.opens_minute() && hours.opens_minute() < hours.closes_minute() &&
           hours.closes_minute() <= 24 * 60;
  });
}

bool AreDates(const google::protobuf::RepeatedPtrField<std::string>& dates) {
  return std::all_of(dates.begin(), dates.end(),
                     [](const std::string& date) { return DayOfDate(date).has_value(); });
}

std::optional<std::string> FaultOfRules(const policy::v1::Rules& message) {
  for (const int64_t seconds :
       {message.acceptance().waiting_limit().seconds(), message.sla().first_response().seconds(),
        message.sla().resolution().seconds()}) {
    if (seconds < 0 || seconds > kMostSeconds) return "a duration is too long";
  }
  Rules rules;
  Override(message, rules);
  const bool positive = rules.review_months > 0 && rules.facts_per_order > 0 &&
                        rules.waiting_per_order > 0 && rules.waiting_per_seller > 0 &&
                        rules.waiting_limit_ms > 0 && rules.window_days > 0 &&
                        rules.rates_for_average > 0;
  if (!positive) return "a rule is not greater than 0";
  if (!IsProper(rules.smart)) return "a rule of Smart! is out of range";
  if (!IsProper(rules.sla) || !AreProper(message.sla().business_hours())) {
    return "a rule of the SLA clocks is out of range";
  }
  return std::nullopt;
}

}  // namespace

bool HolidayRules::IsHoliday(int32_t day) const {
  if (cancelled.contains(day)) return false;
  return extra.contains(day) || IsPublicHoliday(country, day);
}

Policies::Policies() {
  for (const auto& [market, name] : BuiltInZones()) {
    absl::TimeZone zone;
    // An unknown zone stays UTC; the tests of the calendar hold that the system knows them all.
    absl::LoadTimeZone(name, &zone);
    zones_.emplace(market, zone);
  }
  versions_.emplace(std::pair(std::numeric_limits<int64_t>::min(), 0), policy::v1::Policy());
}

bool Policies::Knows(uint32_t version) const {
  return std::any_of(versions_.begin(), versions_.end(),
                     [&](const auto& entry) { return entry.first.second == version; });
}

std::optional<std::string> Policies::FaultOf(const events::v1::PolicyPublished& published,
                                             int64_t recorded_at) const {
  if (!published.has_effective_from()) return "effective_from is missing";
  if (MillisOf(published.effective_from()) < recorded_at + kTenMinutes) {
    return "effective_from is less than ten minutes after recorded_at";
  }
  if (auto fault = FaultOfRules(published.policy().defaults())) return fault;
  std::set<std::string> codes;
  for (const policy::v1::Market& market : published.policy().markets()) {
    const std::string& code = market.code();
    if (!IsCapitals(code, 2)) return absl::StrCat("not the code of a market: ", code);
    if (!codes.insert(code).second) return absl::StrCat("the market stands twice: ", code);
    if (auto fault = FaultOfRules(market.rules())) return fault;
    if (!market.holiday_calendar().empty() && !IsCapitals(market.holiday_calendar(), 2)) {
      return absl::StrCat("not the code of a country: ", market.holiday_calendar());
    }
    if (!AreDates(market.extra_holidays()) || !AreDates(market.cancelled_holidays())) {
      return "a holiday is not a date";
    }
    const auto known = zones_.find(code);
    const bool is_new = known == zones_.end();
    absl::TimeZone zone;
    if (is_new || !market.time_zone().empty()) {
      if (market.time_zone().empty() || !absl::LoadTimeZone(market.time_zone(), &zone)) {
        return absl::StrCat("not a time zone: ", market.time_zone());
      }
      if (!is_new && zone != known->second) return "the time zone of a market never changes";
    }
    if ((is_new || !market.currency().empty()) && !IsCapitals(market.currency(), 3)) {
      return absl::StrCat("not a currency: ", market.currency());
    }
  }
  return std::nullopt;
}

void Policies::Publish(const events::v1::PolicyPublished& published) {
  for (const policy::v1::Market& market : published.policy().markets()) {
    if (zones_.contains(market.code())) continue;
    absl::TimeZone zone;
    absl::LoadTimeZone(market.time_zone(), &zone);
    zones_.emplace(market.code(), zone);
  }
  versions_.emplace(std::pair(MillisOf(published.effective_from()), published.version()),
                    published.policy());
}

std::optional<absl::TimeZone> Policies::ZoneOf(std::string_view market) const {
  const auto found = zones_.find(market);
  if (found == zones_.end()) return std::nullopt;
  return found->second;
}

const policy::v1::Policy& Policies::PolicyFor(std::string_view market, int64_t instant) const {
  const auto effective =
      std::prev(versions_.upper_bound(std::pair(instant, std::numeric_limits<uint32_t>::max())));
  if (BuiltInZones().contains(market) || !zones_.contains(market)) return effective->second;
  const auto has_market = [&](const auto& version) {
    const auto& markets = version.second.markets();
    return std::any_of(markets.begin(), markets.end(),
                       [&](const policy::v1::Market& entry) { return entry.code() == market; });
  };
  const auto before =
      std::find_if(std::reverse_iterator(std::next(effective)), versions_.rend(), has_market);
  if (before != versions_.rend()) return before->second;
  return std::find_if(versions_.rbegin(), versions_.rend(), has_market)->second;
}

Rules Policies::At(std::string_view market, int64_t instant) const {
  const policy::v1::Policy& policy = PolicyFor(market, instant);
  Rules rules;
  rules.holidays.country = market;
  Override(policy.defaults(), rules);
  for (const policy::v1::Market& entry : policy.markets()) {
    if (entry.code() != market) continue;
    Override(entry.rules(), rules);
    if (!entry.holiday_calendar().empty()) rules.holidays.country = entry.holiday_calendar();
    rules.holidays.extra = DaysOf(entry.extra_holidays());
    rules.holidays.cancelled = DaysOf(entry.cancelled_holidays());
  }
  return rules;
}

uint32_t Policies::VersionAt(int64_t instant) const {
  const auto after =
      versions_.upper_bound(std::pair(instant, std::numeric_limits<uint32_t>::max()));
  return std::prev(after)->first.second;
}

std::optional<int64_t> Policies::NextEffectiveAfter(int64_t instant) const {
  const auto after =
      versions_.upper_bound(std::pair(instant, std::numeric_limits<uint32_t>::max()));
  if (after == versions_.end()) return std::nullopt;
  return after->first.first;
}

}  // namespace flywheel::naive
