#include "events/policy.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "events/policy_check.h"
#include "flywheel/policy/v1/policy.pb.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;

struct BuiltInMarket {
  const char* code;
  const char* zone;
  const char* currency;
};

constexpr std::array kBuiltInMarkets = {
    BuiltInMarket{"BR", "America/Sao_Paulo", "BRL"}, BuiltInMarket{"CZ", "Europe/Prague", "CZK"},
    BuiltInMarket{"HR", "Europe/Zagreb", "EUR"},     BuiltInMarket{"HU", "Europe/Budapest", "HUF"},
    BuiltInMarket{"PL", "Europe/Warsaw", "PLN"},     BuiltInMarket{"SI", "Europe/Ljubljana", "EUR"},
    BuiltInMarket{"SK", "Europe/Bratislava", "EUR"},
};

void Overlay(const pb::Acceptance& from, AcceptanceRules& to) {
  if (from.has_review_months()) to.review_months = from.review_months();
  if (from.has_facts_per_order()) to.facts_per_order = from.facts_per_order();
  if (from.has_waiting_per_order()) to.waiting_per_order = from.waiting_per_order();
  if (from.has_waiting_per_seller()) to.waiting_per_seller = from.waiting_per_seller();
  if (from.has_waiting_limit()) to.waiting_limit_ms = MillisOf(from.waiting_limit());
}

void Overlay(const pb::Rating& from, RatingRules& to) {
  if (from.has_window_days()) to.window_days = from.window_days();
  if (from.has_rates_for_average()) to.rates_for_average = from.rates_for_average();
}

void Overlay(const pb::Smart& from, SmartRules& to) {
  if (from.has_rating_window_days()) to.rating_window_days = from.rating_window_days();
  if (from.has_rating_share_ppm()) to.rating_share_ppm = from.rating_share_ppm();
  if (from.has_rates_count()) to.rates_count = from.rates_count();
  if (from.has_tracked_window_days()) to.tracked_window_days = from.tracked_window_days();
  if (from.has_tracked_share_ppm()) to.tracked_share_ppm = from.tracked_share_ppm();
  if (from.has_tracked_from_orders()) to.tracked_from_orders = from.tracked_from_orders();
  if (from.has_withdrawal_days()) to.withdrawal_days = from.withdrawal_days();
}

void Overlay(const pb::Sla& from, SlaRules& to) {
  if (from.window_days_size() > 0) {
    to.window_days.assign(from.window_days().begin(), from.window_days().end());
  }
  if (from.has_first_response()) to.first_response_ms = MillisOf(from.first_response());
  if (from.has_first_response_business_clock()) {
    to.first_response_business_clock = from.first_response_business_clock();
  }
  if (from.business_hours_size() > 0) {
    to.business_hours = {};
    for (const pb::OpeningHours& hours : from.business_hours()) {
      to.business_hours[static_cast<size_t>(hours.weekday()) - 1] = {hours.opens_minute(),
                                                                     hours.closes_minute()};
    }
  }
  if (from.has_resolution()) to.resolution_ms = MillisOf(from.resolution());
  if (from.has_decision_days()) to.decision_days = from.decision_days();
  if (from.has_refund_days()) to.refund_days = from.refund_days();
  if (from.has_first_response_promise_ppm()) {
    to.first_response_promise_ppm = from.first_response_promise_ppm();
  }
}

void Overlay(const pb::Rules& from, MarketPolicy& to) {
  Overlay(from.acceptance(), to.acceptance);
  Overlay(from.rating(), to.rating);
  Overlay(from.smart(), to.smart);
  Overlay(from.sla(), to.sla);
}

// REQUIRES: the dates were checked.
std::vector<LocalDay> DaysOf(const google::protobuf::RepeatedPtrField<std::string>& dates) {
  std::set<LocalDay> days;
  for (const std::string& date : dates) {
    absl::CivilDay day;
    FLYWHEEL_CHECK(absl::ParseCivilTime(date, &day), "a checked policy's dates can be read");
    days.insert(LocalDay(static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1))));
  }
  return {days.begin(), days.end()};
}

void OverlayHolidays(const pb::Market& from, HolidayRules& to) {
  if (!from.holiday_calendar().empty()) to.calendar = from.holiday_calendar();
  if (to.calendar.empty()) to.calendar = from.code();
  to.extra = DaysOf(from.extra_holidays());
  to.cancelled = DaysOf(from.cancelled_holidays());
}

// Makes what follows from the rules.
void SetUpClock(MarketPolicy& market) {
  market.business_clock = std::make_shared<const BusinessClock>(
      market.zone, market.sla.business_hours,
      std::make_shared<const HolidayCalendar>(market.holidays.calendar, market.holidays.extra,
                                              market.holidays.cancelled));
}

// The rules as text: equal for equal rules.
std::string SmartText(const SmartRules& rules) {
  return absl::StrCat(rules.rating_window_days, " ", rules.rating_share_ppm, " ", rules.rates_count,
                      " ", rules.tracked_window_days, " ", rules.tracked_share_ppm, " ",
                      rules.tracked_from_orders, " ", rules.withdrawal_days);
}

std::string SlaText(const SlaRules& rules) {
  std::string text = absl::StrCat(
      absl::StrJoin(rules.window_days, ","), " ", rules.first_response_ms, " ",
      rules.first_response_business_clock ? 1 : 0, " ", rules.resolution_ms, " ",
      rules.decision_days, " ", rules.refund_days, " ", rules.first_response_promise_ppm);
  for (const OpenMinutes& hours : rules.business_hours) {
    absl::StrAppend(&text, " ", hours.opens, "-", hours.closes);
  }
  return text;
}

// All public holidays of a country, as text.
std::string HolidaysText(std::string_view country) {
  const int first = DateOfDay(LocalDay(0)).year;
  const int last =
      DateOfDay(LocalDay(static_cast<int32_t>(kLatestInstant.number() / kMillisPerDay))).year;
  std::string text;
  for (int year = first; year <= last; ++year) {
    for (const LocalDay day : PublicHolidays(country, year)) {
      absl::StrAppend(&text, day.number(), " ");
    }
  }
  return text;
}

bool Parse(std::string_view bytes, pb::Policy* policy) {
  return policy->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// The place of a code of two capital letters (policy_check) among all of them; nullopt: it is none.
std::optional<size_t> PlaceOfCode(std::string_view code) {
  const auto letter = [](char c) {
    return static_cast<unsigned>(static_cast<unsigned char>(c) - 'A');
  };
  if (code.size() != 2 || letter(code[0]) >= 26 || letter(code[1]) >= 26) return std::nullopt;
  return letter(code[0]) * 26 + letter(code[1]);
}

// What an entry must say of a market that is not built in, and may not say of one that is `known`.
void CheckAgainstKnown(const pb::Market& entry, const std::string& path, bool is_built_in,
                       const MarketPolicy* known, std::vector<std::string>& wrong) {
  if (!is_built_in && entry.currency().empty()) {
    wrong.push_back(path + ".currency: is required for a market that is not built in");
  }
  if (!is_built_in && entry.time_zone().empty()) {
    wrong.push_back(path + ".time_zone: is required for a market that is not built in");
  }
  if (known != nullptr && !entry.time_zone().empty() && entry.time_zone() != known->zone->name()) {
    wrong.push_back(absl::StrCat(path, ".time_zone: is ", known->zone->name(), " for ever, not ",
                                 entry.time_zone()));
  }
}

// Puts a checked entry over a market, which is the built-in one or a new one that has the policy's
// defaults alone.
void Overlay(const pb::Market& entry, MarketPolicy& market) {
  market.code = entry.code();
  if (!entry.currency().empty()) market.currency = entry.currency();
  if (market.zone == nullptr) {
    absl::StatusOr<TimeZone> zone = TimeZone::Load(entry.time_zone());
    FLYWHEEL_CHECK(zone.ok(), "a checked policy names time zones that the system has");
    market.zone = std::make_shared<const TimeZone>(*std::move(zone));
  }
  Overlay(entry.rules(), market);
  OverlayHolidays(entry, market.holidays);
}

}  // namespace

PolicyBook PolicyBook::BuiltIn() {
  const auto make = [] {
    Version version;
    version.effective_from = Instant(std::numeric_limits<int64_t>::min());
    for (const BuiltInMarket& built_in : kBuiltInMarkets) {
      absl::StatusOr<TimeZone> zone = TimeZone::Load(built_in.zone);
      FLYWHEEL_CHECK(zone.ok(), "the system has the time zones of the markets (package tzdata)");
      MarketPolicy market;
      market.code = built_in.code;
      market.currency = built_in.currency;
      market.holidays.calendar = built_in.code;
      market.zone = std::make_shared<const TimeZone>(*std::move(zone));
      SetUpClock(market);
      version.markets.push_back(std::move(market));
    }
    version.IndexMarkets();
    PolicyBook book;
    book.versions_.push_back(std::move(version));
    return book;
  };
  // The tables of its time zones take milliseconds to make, and every fold opens with the book.
  static const PolicyBook& book = *new PolicyBook(make());
  return book;
}

std::vector<std::string> PolicyBook::Faults(std::string_view policy_bytes) const {
  pb::Policy policy;
  if (policy_bytes.size() > kMaxPolicyBytes || !Parse(policy_bytes, &policy)) {
    return {"policy: the bytes are no flywheel.policy.v1.Policy"};
  }
  std::vector<std::string> wrong = WrongFields(policy);
  const Version& built_in = versions_.front();
  for (int i = 0; i < policy.markets_size(); ++i) {
    const pb::Market& entry = policy.markets(i);
    CheckAgainstKnown(entry, absl::StrCat("markets[", i, "]"),
                      built_in.Find(entry.code()) != nullptr, FindInAnyVersion(entry.code()),
                      wrong);
  }
  return wrong;
}

absl::Status PolicyBook::Publish(std::string_view policy_bytes, uint32_t version,
                                 Instant effective_from) {
  for (const Version& known : versions_) {
    if (known.version == version) {
      return absl::AlreadyExistsError(absl::StrCat("policy version ", version, " is known"));
    }
  }
  std::vector<std::string> wrong = Faults(policy_bytes);
  if (effective_from < kEarliestInstant || effective_from > kLatestInstant) {
    wrong.emplace_back("effective_from: is not between 1970 and 2199");
  }
  if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrJoin(wrong, "; "));
  pb::Policy policy;
  FLYWHEEL_CHECK(Parse(policy_bytes, &policy), "a policy without faults can be read");

  // The built-in markets stand in every version, and what the policy leaves unset is as in them.
  Version next{version, effective_from, versions_.front().markets};
  for (MarketPolicy& market : next.markets) Overlay(policy.defaults(), market);
  for (const pb::Market& entry : policy.markets()) {
    const auto known =
        std::find_if(next.markets.begin(), next.markets.end(),
                     [&entry](const MarketPolicy& market) { return market.code == entry.code(); });
    if (known != next.markets.end()) {
      Overlay(entry, *known);
      continue;
    }
    MarketPolicy& added = next.markets.emplace_back();
    Overlay(policy.defaults(), added);
    Overlay(entry, added);
  }
  for (MarketPolicy& market : next.markets) SetUpClock(market);

  std::sort(next.markets.begin(), next.markets.end(),
            [](const MarketPolicy& a, const MarketPolicy& b) { return a.code < b.code; });
  next.IndexMarkets();
  const auto place = std::upper_bound(
      versions_.begin(), versions_.end(), next, [](const Version& a, const Version& b) {
        return std::pair(a.effective_from, a.version) < std::pair(b.effective_from, b.version);
      });
  versions_.insert(place, std::move(next));
  return absl::OkStatus();
}

void PolicyBook::Version::IndexMarkets() {
  places.fill(0);
  for (size_t i = 0; i < markets.size(); ++i) {
    const std::optional<size_t> code = PlaceOfCode(markets[i].code);
    FLYWHEEL_CHECK(code.has_value(), "a market's code has been checked");
    places[*code] = static_cast<uint16_t>(i + 1);
  }
}

const MarketPolicy* PolicyBook::Version::Find(std::string_view code) const {
  const std::optional<size_t> place = PlaceOfCode(code);
  return !place || places[*place] == 0 ? nullptr : &markets[places[*place] - 1U];
}

const MarketPolicy* PolicyBook::Find(std::string_view market, Instant at) const {
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
    if (version->effective_from > at) continue;
    if (const MarketPolicy* found = version->Find(market)) return found;
  }
  return nullptr;
}

const MarketPolicy* PolicyBook::FindInAnyVersion(std::string_view market) const {
  return Find(market, Instant(std::numeric_limits<int64_t>::max()));
}

const MarketPolicy* PolicyBook::FindOrAny(std::string_view market, Instant at) const {
  const MarketPolicy* const found = Find(market, at);
  return found != nullptr ? found : FindInAnyVersion(market);
}

const MarketPolicy& PolicyBook::Of(MarketCode market, Instant at) const {
  const MarketPolicy* const policy = FindOrAny(market.text(), at);
  FLYWHEEL_CHECK(policy != nullptr, "a market of a row is known to the policy");
  return *policy;
}

bool PolicyBook::Knows(uint32_t version) const {
  return std::any_of(versions_.begin(), versions_.end(),
                     [version](const Version& known) { return known.version == version; });
}

uint32_t PolicyBook::VersionAt(Instant at) const {
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
    if (version->effective_from <= at) return version->version;
  }
  return 0;
}

std::optional<Instant> PolicyBook::NextEffectiveAfter(Instant at) const {
  for (const Version& version : versions_) {
    if (version.effective_from > at) return version.effective_from;
  }
  return std::nullopt;
}

std::vector<std::string> PolicyBook::Markets() const {
  std::set<std::string> codes;
  for (const Version& version : versions_) {
    for (const MarketPolicy& market : version.markets) codes.insert(market.code);
  }
  return {codes.begin(), codes.end()};
}

uint64_t PolicyBook::BuiltInFingerprint() const {
  std::string text;
  for (const BuiltInMarket& built_in : kBuiltInMarkets) {
    const MarketPolicy& market = *Find(built_in.code, Instant(std::numeric_limits<int64_t>::min()));
    const AcceptanceRules& acceptance = market.acceptance;
    absl::StrAppend(&text, market.code, " ", market.currency, " ", market.zone->name(), " ",
                    market.zone->Fingerprint(), " ", acceptance.review_months, " ",
                    acceptance.facts_per_order, " ", acceptance.waiting_per_order, " ",
                    acceptance.waiting_per_seller, " ", acceptance.waiting_limit_ms, " ",
                    market.rating.window_days, " ", market.rating.rates_for_average, " ",
                    SmartText(market.smart), " ", SlaText(market.sla), " ",
                    HolidaysText(market.holidays.calendar), "\n");
  }
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace flywheel
