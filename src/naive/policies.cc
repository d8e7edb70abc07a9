#include "naive/policies.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "naive/calendar.h"

namespace flywheel::naive {
namespace {

constexpr int64_t kTenMinutes = 600'000;

bool IsCapitals(const std::string& text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return absl::ascii_isupper(letter);
         });
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
  if (acceptance.has_waiting_limit()) {
    const google::protobuf::Duration& limit = acceptance.waiting_limit();
    rules.waiting_limit_ms = limit.seconds() * 1000 + limit.nanos() / 1'000'000;
  }
  const policy::v1::Rating& rating = from.rating();
  if (rating.has_window_days()) rules.window_days = rating.window_days();
  if (rating.has_rates_for_average()) rules.rates_for_average = rating.rates_for_average();
}

std::optional<std::string> FaultOfRules(const policy::v1::Rules& message) {
  // A limit of more seconds than a Duration may have would not fit into milliseconds.
  constexpr int64_t kMostSeconds = 315'576'000'000;
  if (message.acceptance().waiting_limit().seconds() > kMostSeconds) {
    return "the waiting limit is too long";
  }
  Rules rules;
  Override(message, rules);
  const bool positive = rules.review_months > 0 && rules.facts_per_order > 0 &&
                        rules.waiting_per_order > 0 && rules.waiting_per_seller > 0 &&
                        rules.waiting_limit_ms > 0 && rules.window_days > 0 &&
                        rules.rates_for_average > 0;
  if (!positive) return "a rule is not greater than 0";
  return std::nullopt;
}

}  // namespace

Policies::Policies() {
  const std::map<std::string, std::string> built_in = {
      {"PL", "Europe/Warsaw"},    {"CZ", "Europe/Prague"},    {"SK", "Europe/Bratislava"},
      {"HU", "Europe/Budapest"},  {"SI", "Europe/Ljubljana"}, {"HR", "Europe/Zagreb"},
      {"BR", "America/Sao_Paulo"}};
  for (const auto& [market, name] : built_in) {
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

Rules Policies::At(std::string_view market, int64_t instant) const {
  const auto after =
      versions_.upper_bound(std::pair(instant, std::numeric_limits<uint32_t>::max()));
  const policy::v1::Policy& policy = std::prev(after)->second;
  Rules rules;
  Override(policy.defaults(), rules);
  for (const policy::v1::Market& entry : policy.markets()) {
    if (entry.code() == market) Override(entry.rules(), rules);
  }
  return rules;
}

}  // namespace flywheel::naive
