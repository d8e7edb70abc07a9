// How many events wait for their orders, and for how long (DOMAIN section 3, rule 4).
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "events/policy_record.h"
#include "projections/build.h"
#include "projections/fold_world.h"

namespace flywheel {
namespace {

using build::At;

const Instant kPlaced = At("2025-03-01T10:00:00Z");
const Instant kSmallFrom = At("2025-03-01T00:00:00Z");

// Two may wait for an order, three of a seller, each for an hour: from `from` on.
std::string SmallLimits(Instant from) {
  policy::v1::Policy policy;
  policy::v1::Acceptance& rules = *policy.mutable_defaults()->mutable_acceptance();
  rules.set_waiting_per_order(2);
  rules.set_waiting_per_seller(3);
  rules.mutable_waiting_limit()->set_seconds(3600);
  return PolicyRecord(policy, 1, from, from.Plus(-kPolicyLeadMillis));
}

build::pb::Event Scan(std::string_view order, int64_t after_ms) {
  return build::Scanned(order, "p", build::pb::ScanCode::IN_TRANSIT, kPlaced.Plus(after_ms));
}

bool Expired(const World& world, Offset offset) {
  const auto entry = world.entry(offset);
  return entry && entry->state == QuarantineRow::State::kRefused &&
         entry->code == RefusalCode::kWaitExpired;
}

bool Waits(const World& world, Offset offset) {
  const auto entry = world.entry(offset);
  return entry && entry->state == QuarantineRow::State::kWaiting;
}

TEST_CASE("as many wait for an order as the policy lets, the newest beyond is refused for good") {
  World world;
  world.Add(SmallLimits(kSmallFrom));
  world.Add(build::Placed("known", "b", kPlaced));
  const Offset first = world.Add(Scan("o", 1));
  const Offset second = world.Add(Scan("o", 2));
  const Offset third = world.Add(Scan("o", 3));
  CHECK(Waits(world, first));
  CHECK(Waits(world, second));
  CHECK(Expired(world, third));
  CHECK(world.counts().waiting == 2);
  // A repeat of what waits takes no place of its own.
  world.Add(Scan("o", 2));
  CHECK(world.entry(second)->repeats == 1);
  CHECK_FALSE(world.rating(kWorldNow)->complete);
  world.Add(build::Placed("o", "b", kPlaced));
  CHECK(world.counts().waiting == 0);
  // The order has its placing and two scans. The third stays refused, and what is final is not
  // missing.
  CHECK(world.order().fact_count() == 3);
  CHECK(Expired(world, third));
  CHECK(world.rating(kWorldNow)->complete);
}

TEST_CASE("as many of a seller wait as the policy lets, and one that leaves makes room") {
  World world;
  world.Add(SmallLimits(kSmallFrom));
  world.Add(build::Placed("known", "b", kPlaced));
  const std::vector<Offset> waiting = {world.Add(Scan("o1", 1)), world.Add(Scan("o2", 1)),
                                       world.Add(Scan("o3", 1))};
  for (const Offset offset : waiting) CHECK(Waits(world, offset));
  CHECK(Expired(world, world.Add(Scan("o4", 1))));
  // Another seller has its own three.
  build::pb::Event other = Scan("o4", 1);
  other.set_seller_id("other");
  CHECK(Waits(world, world.Add(other)));
  world.Add(build::Placed("o1", "b", kPlaced));
  CHECK(Waits(world, world.Add(Scan("o4", 2))));
  CHECK(Expired(world, world.Add(Scan("o5", 1))));
  CHECK_FALSE(world.rating(kWorldNow)->complete);
  for (const char* order : {"o2", "o3", "o4"}) world.Add(build::Placed(order, "b", kPlaced));
  CHECK(world.rating(kWorldNow)->complete);
  CHECK(world.refused(RefusalCode::kWaitExpired) == 2);
}

TEST_CASE("how many wait goes by the policy of what happened, how long by that of its record") {
  World world;
  // The small limits hold from the placing on.
  world.Add(SmallLimits(kPlaced));
  const Instant recorded = kPlaced.Plus(kMillisPerDay);
  std::vector<Offset> before;
  for (int i = 1; i <= 4; ++i) before.push_back(world.Add(Scan("o", -i), recorded));
  for (const Offset offset : before) CHECK(Waits(world, offset));
  CHECK(Expired(world, world.Add(Scan("o", 0), recorded)));
  // All were recorded under the small limits, so all wait for an hour.
  world.Add(build::Placed("x", "b", kPlaced), recorded.Plus(kMillisPerHour));
  CHECK(Waits(world, before[0]));
  world.Add(build::Placed("y", "b", kPlaced), recorded.Plus(kMillisPerHour + 1));
  for (const Offset offset : before) CHECK(Expired(world, offset));
}

TEST_CASE("a deadline that was opened under an older policy stays") {
  World world;
  world.Add(SmallLimits(kPlaced));
  const Instant recorded = kPlaced.Plus(-1);
  const Offset waits = world.Add(Scan("o", -1), recorded);
  world.Add(build::Placed("x", "b", kPlaced), recorded.Plus(90 * kMillisPerDay));
  CHECK(Waits(world, waits));
  world.Add(build::Placed("y", "b", kPlaced), recorded.Plus(90 * kMillisPerDay + 1));
  CHECK(Expired(world, waits));
}

TEST_CASE("time passes by the records of other sellers of the partition, and by ticks") {
  World world;
  world.Add(build::Placed("known", "b", kPlaced), kPlaced);
  const Offset first = world.Add(Scan("o", 1), kPlaced.Plus(1));
  const Offset second = world.Add(Scan("o", 2), kPlaced.Plus(2));
  CHECK_FALSE(world.rating(kWorldNow)->complete);
  build::pb::Event other = build::Placed("x", "b", kPlaced);
  other.set_seller_id("other");
  world.Add(other, kPlaced.Plus(90 * kMillisPerDay + 2));
  CHECK(Expired(world, first));
  CHECK(Waits(world, second));
  build::pb::Event tick;
  build::Set(tick.mutable_occurred_at(), kPlaced);
  tick.mutable_time_passed();
  const Offset at = world.Add(tick, kPlaced.Plus(90 * kMillisPerDay + 3));
  CHECK(Expired(world, second));
  CHECK(world.entry(second)->decided == at);
  CHECK(world.entry(second)->decided_at == kPlaced.Plus(90 * kMillisPerDay + 3));
  CHECK(world.rating(kWorldNow)->complete);
}

TEST_CASE("what has waited too long is refused before the record that brings the time is judged") {
  World world;
  const Offset waits = world.Add(build::Posted("o", "r", "b", true, kPlaced), kPlaced);
  // The order itself comes a millisecond too late.
  world.Add(build::Placed("o", "b", kPlaced), kPlaced.Plus(90 * kMillisPerDay + 1));
  CHECK(Expired(world, waits));
  CHECK(world.order().fact_count() == 1);
  // A repeat counts on the refused one; an operator can have it judged again.
  world.Add(build::Posted("o", "r", "b", true, kPlaced));
  CHECK(world.entry(waits)->repeats == 1);
  world.Add(Resubmitted(waits, build::Posted("o", "r", "b", true, kPlaced)));
  CHECK(world.order().fact_count() == 2);
  CHECK(world.rating(kWorldNow)->count(RatingCounter::kRecommendedTotal) == 1);
}

TEST_CASE("a hundred thousand events of a seller wait, the next is refused") {
  World world;
  std::vector<std::string> records;
  records.reserve(100'001);
  for (int i = 0; i <= 100'000; ++i) {
    records.push_back(build::Record(Scan("o" + std::to_string(i), 1), kWorldNow));
  }
  const Offset last = world.AddAll(records);
  CHECK(world.counts().waiting == 100'000);
  CHECK(world.refused(RefusalCode::kWaitExpired) == 1);
  CHECK(Expired(world, last));
}

}  // namespace
}  // namespace flywheel
