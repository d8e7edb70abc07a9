// The history of read model 5.2: what was announced as the log was read.
#include "naive/smart_history.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "naive/smart.h"
#include "naive/smart_sellers.h"

namespace flywheel::naive {
namespace {

// The changes as a reader tells them: when, to what, because of what.
struct Told {
  int64_t at = 0;
  bool fulfilled = false;
  std::string cause;  // a rule's name, or offset/index of an event
  friend bool operator==(const Told&, const Told&) = default;
};

[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const Told& told) {
  return out << absl::FormatTime(absl::RFC3339_full, absl::FromUnixMillis(told.at),
                                 absl::UTCTimeZone())
             << " " << told.fulfilled << " " << told.cause;
}

std::vector<Told> Tell(const Replay& replay, int64_t as_of, const std::string& market = "PL") {
  const std::optional<Smart> smart = SmartOf(replay, "s", market, as_of);
  REQUIRE(smart.has_value());
  std::vector<Told> all;
  for (const SmartChange& change : smart->history) {
    std::string cause;
    if (const auto* event = std::get_if<SmartEvent>(&change.cause)) {
      cause = std::to_string(event->place.offset) + "/" + std::to_string(event->index);
    } else {
      cause = NameOf(std::get<SmartRule>(change.cause));
    }
    all.push_back({change.at, change.fulfilled, cause});
  }
  CHECK(smart->last_changed == (all.empty() ? std::nullopt : std::optional(all.back().at)));
  return all;
}

std::vector<Told> Tell(const History& history, int64_t as_of, const std::string& market = "PL") {
  return Tell(history.replay(), as_of, market);
}

std::string Cause(int64_t offset, int index = 0) {
  return std::to_string(offset) + "/" + std::to_string(index);
}

// A seller with four buyers who recommend; the review that wins is the record `won`.
struct Won {
  History history = StandingSeller();
  int64_t won = 0;
};
Won WonAtRated() {
  Won won;
  Rate(won.history, 4, 0);
  won.history.Add(Placed("fifth", kStart));
  won.won = won.history.Add(Reviewed("fifth", kRated));
  return won;
}

// The reviews of kRated leave their window then.
const int64_t kLeaves = At("2025-03-01T23:00:00Z");
const int64_t kFar = At("2030-01-01T00:00:00Z");

}  // namespace

TEST_CASE("a change by an event has the seller's clock and names the event") {
  const Won won = WonAtRated();
  CHECK(Tell(won.history, kRated) == std::vector<Told>{{kRated, true, Cause(won.won)}});
  CHECK(Tell(won.history, kRated - 1).empty());
  const std::optional<Smart> smart = SmartOf(won.history.replay(), "s", "PL", kRated);
  const auto& cause = std::get<SmartEvent>(smart->history[0].cause);
  CHECK(cause.kind == Kind::kReviewPosted);
  CHECK(cause.order_id == "fifth");
}

TEST_CASE("a late event changes at the clock, not at its own instant") {
  History history = StandingSeller();
  Rate(history, 4, 0);
  history.Add(Paid("r2", kRated + kDay));
  history.Add(Placed("fifth", kStart));
  const int64_t late = history.Add(Reviewed("fifth", kRated));
  CHECK(Tell(history, kRated + kDay) == std::vector<Told>{{kRated + kDay, true, Cause(late)}});
  // Evaluated from all facts it was fulfilled before; announced it was not.
  const std::optional<Smart> smart = SmartOf(history.replay(), "s", "PL", kRated);
  CHECK(smart->fulfilled);
  CHECK_FALSE(smart->last_changed.has_value());
}

TEST_CASE("what time changed in a year of silence is found late, at its exact instant") {
  Won won = WonAtRated();
  const Told first{kRated, true, Cause(won.won)};
  const Told lost{kLeaves, false, "RATING_WINDOW"};
  // By a question.
  CHECK(Tell(won.history, kLeaves - 1) == std::vector<Told>{first});
  CHECK(Tell(won.history, kLeaves) == std::vector<Told>{first, lost});
  CHECK(Tell(won.history, kFar) == std::vector<Told>{first, lost});
  // By the seller's next record, which changes nothing itself.
  won.history.Add(Paid("fifth", kLeaves + 30 * kDay));
  CHECK(Tell(won.history, kFar) == std::vector<Told>{first, lost});
  // A later one can no longer undo it.
  Rate(won.history, 5, 0);
  CHECK(Tell(won.history, kFar) == std::vector<Told>{first, lost});
}

TEST_CASE("a change by time comes before an event of that instant: two changes at one instant") {
  Won won = WonAtRated();
  const int64_t super = won.history.Add(SuperStanding(kLeaves));
  CHECK(Tell(won.history, kFar) == std::vector<Told>{{kRated, true, Cause(won.won)},
                                                     {kLeaves, false, "RATING_WINDOW"},
                                                     {kLeaves, true, Cause(super)}});
}

TEST_CASE("an event 1 ms before the instant is in time") {
  Won won = WonAtRated();
  won.history.Add(SuperStanding(kLeaves - 1));
  CHECK(Tell(won.history, kFar) == std::vector<Told>{{kRated, true, Cause(won.won)}});
}

TEST_CASE(
    "a tick moves the clocks of all sellers of its partition, also before their first record") {
  Won won = WonAtRated();
  won.history.Add(Tick(kLeaves));
  Rate(won.history, 5, 0);  // too late: what the tick found stands
  CHECK(Tell(won.history, kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {kLeaves, false, "RATING_WINDOW"}});

  History ticked;
  ticked.Add(Tick(kRated + kDay));
  ticked.Add(Registered(kStart));
  const int64_t super = ticked.Add(SuperStanding(kStart));
  CHECK(Tell(ticked, kRated + kDay) == std::vector<Told>{{kRated + kDay, true, Cause(super)}});
  CHECK(Tell(ticked, kRated).empty());
  ticked.Add(Tick(kRated + 3 * kDay), 1);  // another partition
  const int64_t lost = ticked.Add(Standing(kRated + 2 * kDay));
  CHECK(Tell(ticked, kFar) == std::vector<Told>{{kRated + kDay, true, Cause(super)},
                                                {kRated + 2 * kDay, false, Cause(lost)}});
}

TEST_CASE("other sellers of the partition do not move the clock") {
  Won won = WonAtRated();
  won.history.Add(Of(Placed("o", kLeaves + kDay), "u"));
  Rate(won.history, 1, 0);
  const int64_t super = won.history.Add(SuperStanding(kRated));
  const int64_t lost = won.history.Add(Standing(kRated + 1));
  CHECK(Tell(won.history, kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {kRated + 1, false, Cause(lost)}});
  CHECK(super < lost);
}

TEST_CASE("refused, repeated and waiting events move the clock and accept nothing") {
  for (const int kind : {0, 1, 2}) {
    Won won = WonAtRated();
    if (kind == 0) won.history.Add(Of(Paid("fifth", kLeaves), "s", "CZ"));  // WRONG_MARKET
    if (kind == 1) won.history.Add(Placed("fifth", kLeaves));
    if (kind == 2) won.history.Add(Paid("unknown", kLeaves));
    Rate(won.history, 5, 0);
    CHECK(Tell(won.history, kFar) ==
          std::vector<Told>{{kRated, true, Cause(won.won)}, {kLeaves, false, "RATING_WINDOW"}});
  }
}

TEST_CASE("dispatch deadlines pass 1 ms later, and shipments leave at midnight") {
  Won won = WonAtRated();
  const int64_t promised = kRated + kDay;
  for (int i = 0; i < 10; ++i) {
    won.history.Add(PromisedBy(promised + i, Placed("t" + std::to_string(i), kRated)));
  }
  won.history.Add(Tick(kFar));
  // The tenth deadline is 9 ms after the first. Shipments of 2 March leave on 1 April, which
  // begins in summer time.
  CHECK(Tell(won.history, kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)},
                          {promised + 10, false, "DISPATCH_DEADLINE"},
                          {At("2024-03-31T22:00:00Z"), true, "TRACKED_WINDOW"},
                          {kLeaves, false, "RATING_WINDOW"}});
}

TEST_CASE("where a deadline passes as shipments leave, the one that counts from then on is named") {
  Won won = WonAtRated();
  // Ten tracked shipments of 2 March leave as 1 April begins; then ten of 3 March begin to count.
  const int64_t midnight = At("2024-03-31T22:00:00Z");
  for (int i = 0; i < 20; ++i) {
    const std::string order = "t" + std::to_string(i);
    const bool tracked = i < 10;
    const int64_t placed = tracked ? kRated : kRated + kDay;
    won.history.Add(PromisedBy(tracked ? placed : midnight - 1, Placed(order, placed)));
    if (!tracked) continue;
    won.history.Add(Parcel(order, placed));
    won.history.Add(Scanned(order, placed));
  }
  CHECK(Tell(won.history, midnight) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {midnight, false, "DISPATCH_DEADLINE"}});
}

TEST_CASE("a policy changes it at its effective_from") {
  Won won = WonAtRated();
  policy::v1::Policy strict;
  strict.mutable_defaults()->mutable_smart()->set_rates_count(6);
  policy::v1::Policy mild;
  mild.mutable_defaults()->mutable_smart()->set_rates_count(1);
  const int64_t first = won.history.now + kDay;
  won.history.Add(PolicyOf(1, first, strict));
  won.history.Add(PolicyOf(2, first + kDay, mild));
  const std::vector<Told> told = {{kRated, true, Cause(won.won)},
                                  {first, false, "POLICY"},
                                  {first + kDay, true, "POLICY"},
                                  {kLeaves, false, "RATING_WINDOW"}};
  CHECK(Tell(won.history, kFar) == told);
  won.history.Add(Paid("fifth", kFar));
  CHECK(Tell(won.history, kFar) == told);
}

TEST_CASE("a policy with a shorter window lets reviews leave when it becomes effective") {
  Won won = WonAtRated();
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_smart()->set_rating_window_days(30);
  const int64_t effective = won.history.now + kHour;
  won.history.Add(PolicyOf(1, effective, policy));
  CHECK(Tell(won.history, kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {effective, false, "POLICY"}});
}

TEST_CASE("a policy is not known before it is read") {
  Won won = WonAtRated();
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_smart()->set_rates_count(6);
  const int64_t effective = won.history.now + kHour;
  won.history.Add(Tick(effective + kHour));
  won.history.Add(PolicyOf(1, effective, policy));  // the tick was ahead of it
  CHECK(Tell(won.history, effective + kHour) == std::vector<Told>{{kRated, true, Cause(won.won)}});
}

TEST_CASE("the events of a decision are looked at one by one") {
  History history = StandingSeller();
  Rate(history, 4, 0);
  history.Add(Placed("fifth", kStart));
  const int64_t decided = history.Decide(
      "d", "fifth", 1, {Reviewed("fifth", kRated), Removed("fifth", kRated + kHour)});
  CHECK(Tell(history, kFar) == std::vector<Told>{{kRated, true, Cause(decided)},
                                                 {kRated + kHour, false, Cause(decided, 1)}});
}

TEST_CASE("a stale decision moves the clock") {
  Won won = WonAtRated();
  won.history.Decide("d", "fifth", 0, {Paid("fifth", kLeaves)});
  Rate(won.history, 5, 0);
  CHECK(Tell(won.history, kFar).back() == Told{kLeaves, false, "RATING_WINDOW"});
}

TEST_CASE("when an order arrives, what waited for it is looked at in log order") {
  History history = StandingSeller();
  Rate(history, 4, 0);
  const int64_t review = history.Add(Reviewed("fifth", kRated));
  const int64_t removal = history.Add(Removed("fifth", kRated + kHour));
  CHECK(Tell(history, kFar).empty());
  history.Add(Placed("fifth", kStart));
  CHECK(Tell(history, kFar) == std::vector<Told>{{kRated + kHour, true, Cause(review)},
                                                 {kRated + kHour, false, Cause(removal)}});
}

TEST_CASE("a registration is looked at in every market of the seller") {
  History history;
  history.Add(SuperStanding(kStart));
  Event in_czechia = SuperStanding(kStart);
  in_czechia.set_market("CZ");
  history.Add(in_czechia);
  const int64_t registered = history.Add(Registered(kStart + kHour));
  const std::vector<Told> told = {{kStart + kHour, true, Cause(registered)}};
  CHECK(Tell(history, kStart + kHour) == told);
  CHECK(Tell(history, kStart + kHour, "CZ") == told);
}

TEST_CASE("midnight is that of the market") {
  History history;
  history.Add(Registered(kStart));
  history.Add(Of(GoodStanding(kStart), "s", "BR"));
  const auto rated = [&](const std::string& id, const std::string& posted) {
    history.Add(Of(Placed(id, kStart, id), "s", "BR"));
    history.Add(Of(Reviewed(id, At(posted), true, id), "s", "BR"));
  };
  // 01:30Z is still the evening of the 2nd in Sao Paulo.
  for (int i = 0; i < 5; ++i) rated("o" + std::to_string(i), "2024-03-03T01:30:00Z");
  CHECK(Tell(history, kFar, "BR").back() ==
        Told{At("2025-03-02T03:00:00Z"), false, "RATING_WINDOW"});
}

TEST_CASE("with known_at the history is that of the prefix") {
  Won won = WonAtRated();
  won.history.now += kDay;
  const int64_t lost = won.history.Add(Standing(kRated + kDay));
  CHECK(Tell(won.history, kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {kRated + kDay, false, Cause(lost)}});
  CHECK(Tell(won.history.KnownAt(won.history.now - 1), kFar) ==
        std::vector<Told>{{kRated, true, Cause(won.won)}, {kLeaves, false, "RATING_WINDOW"}});
}

}  // namespace flywheel::naive
