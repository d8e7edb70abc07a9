// The policy: every threshold and table of DOMAIN.md as data, versioned, per market.
#ifndef FLYWHEEL_EVENTS_POLICY_H_
#define FLYWHEEL_EVENTS_POLICY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/business_clock.h"
#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"

namespace flywheel {

// What is accepted, and what waits how long (DOMAIN section 3, rules 3 and 4).
struct AcceptanceRules {
  int32_t review_months = 12;
  int32_t facts_per_order = 2000;
  int32_t waiting_per_order = 1000;
  int32_t waiting_per_seller = 100000;
  int64_t waiting_limit_ms = 90 * kMillisPerDay;

  friend bool operator==(const AcceptanceRules&, const AcceptanceRules&) = default;
};

// The seller rating (DOMAIN 5.1).
struct RatingRules {
  int32_t window_days = 365;
  int32_t rates_for_average = 10;

  friend bool operator==(const RatingRules&, const RatingRules&) = default;
};

// Smart! eligibility (DOMAIN 5.2). Shares are in parts per million.
struct SmartRules {
  int32_t rating_window_days = 365;
  int32_t rating_share_ppm = 980'000;
  int32_t rates_count = 5;
  int32_t tracked_window_days = 30;
  int32_t tracked_share_ppm = 500'000;
  int32_t tracked_from_orders = 10;
  int32_t withdrawal_days = 14;

  friend bool operator==(const SmartRules&, const SmartRules&) = default;
};

// The clocks of support, dispatch and refunds (DOMAIN 5.3).
struct SlaRules {
  std::vector<int32_t> window_days = {1, 7, 30, 90};
  int64_t first_response_ms = kMillisPerDay;
  bool first_response_business_clock = false;
  WeekHours business_hours = {
      {{540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {}, {}}};
  int64_t resolution_ms = 14 * kMillisPerDay;
  int32_t decision_days = 14;
  int32_t refund_days = 14;
  int32_t first_response_promise_ppm = 950'000;

  friend bool operator==(const SlaRules&, const SlaRules&) = default;
};

// Which days are holidays in a market.
struct HolidayRules {
  std::string calendar;             // ISO 3166 code of the country whose public holidays hold
  std::vector<LocalDay> extra;      // rising
  std::vector<LocalDay> cancelled;  // rising

  friend bool operator==(const HolidayRules&, const HolidayRules&) = default;
};

// A market and the rules that hold in it under one version of the policy. Rules of read models are
// added to this struct when a read model is.
struct MarketPolicy {
  std::string code;      // ISO 3166
  std::string currency;  // ISO 4217
  std::shared_ptr<const TimeZone> zone;
  AcceptanceRules acceptance;
  RatingRules rating;
  SmartRules smart;
  SlaRules sla;
  HolidayRules holidays;
  // The clock that `sla` and `holidays` describe, ready to run; it knows the holidays too.
  std::shared_ptr<const BusinessClock> business_clock;
};

// A policy over this many bytes is refused.
inline constexpr size_t kMaxPolicyBytes = size_t{128} << 10;

// All versions of the policy that are known so far: the built-in one and those published.
//
// Concurrency: const methods from any thread while nobody publishes; copy it to hand it to another
// thread.
class PolicyBook {
 public:
  // The book that holds the built-in policy (version 0) alone: markets PL, CZ, SK, HU, SI, HR and
  // BR. Stops the process when the system lacks their time zones (the package tzdata).
  static PolicyBook BuiltIn();

  // Adds a version: the bytes of a flywheel.policy.v1.Policy. InvalidArgument names every reason at
  // once (undecodable, unknown time zone, a changed time zone, a bad code, a negative or zero
  // window, ...); AlreadyExists when the version is known. Nothing changes on an error.
  absl::Status Publish(std::string_view policy_bytes, uint32_t version, Instant effective_from);

  // Every reason why these bytes cannot be published as a version, "path: sentence"; none: Publish
  // takes them.
  std::vector<std::string> Faults(std::string_view policy_bytes) const;

  // The rules of a market at an instant: those of the version with the greatest effective_from at
  // or before it (equal ones: the greatest version). nullptr when no version so far effective by
  // then knows the market; built-in markets are always known. The pointer lives as long as the book
  // is not changed.
  const MarketPolicy* Find(std::string_view market, Instant at) const;

  // The market in any version, the latest effective first: for its time zone, which never changes,
  // and its currency.
  const MarketPolicy* FindInAnyVersion(std::string_view market) const;

  // The rules of a market at an instant, else those of any version: of a market that only a later
  // policy has.
  const MarketPolicy* FindOrAny(std::string_view market, Instant at) const;

  // What FindOrAny gives. REQUIRES: some version has the market, as it is with every market of a
  // row; else the process stops.
  const MarketPolicy& Of(MarketCode market, Instant at) const;

  // Whether a version is in the book.
  bool Knows(uint32_t version) const;

  // The version that holds at an instant.
  uint32_t VersionAt(Instant at) const;

  // The earliest instant after `at` from which a version holds; nullopt: none does later.
  std::optional<Instant> NextEffectiveAfter(Instant at) const;

  // How many versions are in the book, with the built-in one.
  size_t size() const { return versions_.size(); }

  // Codes of all markets of all versions, sorted.
  std::vector<std::string> Markets() const;

  // A hash of the built-in policy and its time zones: a part of the fold version.
  uint64_t BuiltInFingerprint() const;

 private:
  struct Version {
    uint32_t version = 0;
    Instant effective_from;
    std::vector<MarketPolicy> markets;  // by code
    // By the letters of a code: the place of its market in `markets`, plus one; 0: it has none.
    std::array<uint16_t, size_t{26} * 26> places{};

    void IndexMarkets();
    const MarketPolicy* Find(std::string_view code) const;
  };
  std::vector<Version> versions_;  // by (effective_from, version)
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_POLICY_H_
