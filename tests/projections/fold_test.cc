#include "projections/cell/fold.h"

#include <catch2/catch.hpp>
#include <optional>

#include "base/status.h"
#include "events/policy.h"
#include "projections/build.h"
#include "projections/facts/row_keys.h"
#include "projections/fold_world.h"
#include "projections/store/memory_store.h"
#include "projections/views/rating_reader.h"

namespace flywheel {
namespace {

using build::At;

const Instant kPlaced = At("2025-03-01T10:00:00Z");
const Instant kNow = kWorldNow;

log::v1::Record Decision(std::string_view id, uint64_t version,
                         std::vector<build::pb::Event> events) {
  log::v1::Record record;
  auto* decision = record.mutable_decision();
  decision->set_decision_id(std::string(id));
  decision->set_seller_id("s");
  decision->set_order_id("o");
  decision->set_order_version(version);
  build::Set(decision->mutable_recorded_at(), kNow);
  for (auto& event : events) *decision->add_events() = std::move(event);
  return record;
}

TEST_CASE(
    "a review that comes before its order waits, makes answers incomplete, and counts once the "
    "order is there") {
  World world;
  world.Add(build::Placed("other", "x", kPlaced));
  const Offset waits = world.Add(build::Posted("o", "r", "b", true, kPlaced.Plus(1000)));
  CHECK(world.counts().waiting == 1);
  CHECK(world.entry(waits)->state == QuarantineRow::State::kWaiting);
  CHECK_FALSE(world.rating(kNow)->complete);
  CHECK(world.rating(kNow)->count(RatingCounter::kRecommendedTotal) == 0);
  world.Add(build::Placed("o", "b", kPlaced));
  CHECK(world.counts().waiting == 0);
  CHECK(world.counts().accepted == 3);
  CHECK_FALSE(world.entry(waits));
  CHECK(world.rating(kNow)->complete);
  CHECK(world.rating(kNow)->count(RatingCounter::kRecommendedTotal) == 1);
  CHECK(world.order().version() == 2);
}

TEST_CASE(
    "identical repeats of what waits or was refused count on their entry, other acts do not") {
  World world;
  const Offset waits = world.Add(build::Posted("o", "r", "stranger", true, kPlaced.Plus(1000)));
  auto repeat = build::Posted("o", "r", "stranger", true, kPlaced.Plus(1000));
  repeat.set_event_id("018f4e5c-0000-7000-8000-00000000ffff");
  world.Add(repeat);
  CHECK(world.entry(waits)->repeats == 1);
  CHECK(world.counts().waiting == 1);
  world.Add(build::Placed("o", "b", kPlaced));
  CHECK(world.refused(RefusalCode::kWrongBuyer) == 1);
  CHECK(world.entry(waits)->code == RefusalCode::kWrongBuyer);
  CHECK(world.entry(waits)->decided == Offset(2));
  world.Add(repeat);
  CHECK(world.entry(waits)->repeats == 2);
  CHECK(world.counts().repeats == 2);
  // A refused event does not use up its act.
  world.Add(build::Posted("o", "r", "b", true, kPlaced.Plus(1000)));
  CHECK(world.rating(kNow)->count(RatingCounter::kRecommendedTotal) == 1);
}

TEST_CASE("what waits 90 days is kept, a millisecond more is refused for good") {
  World world;
  const Offset waits = world.Add(build::Posted("o", "r", "b", true, kPlaced), kPlaced);
  world.Add(build::Placed("x", "b", kPlaced), kPlaced.Plus(90 * kMillisPerDay));
  CHECK(world.counts().waiting == 1);
  world.Add(build::Placed("y", "b", kPlaced), kPlaced.Plus(90 * kMillisPerDay + 1));
  CHECK(world.counts().waiting == 0);
  CHECK(world.entry(waits)->code == RefusalCode::kWaitExpired);
  CHECK(world.entry(waits)->decided == Offset(2));
  world.Add(build::Placed("o", "b", kPlaced), kPlaced.Plus(90 * kMillisPerDay + 1));
  CHECK(world.rating(kNow)->count(RatingCounter::kRecommendedTotal) == 0);
  CHECK(world.rating(kNow)->complete);
}

TEST_CASE("a thousand events wait for one order, the next is refused") {
  World world;
  for (int i = 0; i < 1000; ++i) {
    world.Add(build::Scanned("o", "p", build::pb::ScanCode::IN_TRANSIT, kPlaced.Plus(i)));
  }
  CHECK(world.refused(RefusalCode::kWaitExpired) == 0);
  const Offset over =
      world.Add(build::Scanned("o", "p", build::pb::ScanCode::IN_TRANSIT, kPlaced.Plus(1000)));
  CHECK(world.entry(over)->code == RefusalCode::kWaitExpired);
  CHECK(world.counts().waiting == 1000);
}

TEST_CASE("a decision is taken whole on the version it was made on, once") {
  World world;
  world.Add(build::Placed("o", "b", kPlaced));
  const std::string id(16, 'd');
  const auto events = {build::Posted("o", "r", "b", true, kPlaced.Plus(1)),
                       build::Answered("o", "r", kPlaced.Plus(2))};
  world.Add(Decision(id, 0, events));
  CHECK(world.counts().stale == 1);
  CHECK(world.order().version() == 2);
  world.Add(Decision(id, 2, events));
  CHECK(world.counts().accepted == 2);
  CHECK(world.order().fact_count() == 3);
  world.Add(Decision(id, 3, events));
  CHECK(world.counts().duplicates == 1);
  CHECK(world.rating(kNow)->count(RatingCounter::kAnswered) == 1);
}

TEST_CASE(
    "a refusal at intake makes answers incomplete until it is resubmitted or discarded, which "
    "works once") {
  World world;
  world.Add(build::Placed("o", "b", kPlaced));
  const Offset first = world.Add(Refused("0@1", "s"));
  world.Add(Refused("0@1", "s"));  // delivered again
  CHECK(world.counts().repeats == 1);
  const Offset second = world.Add(Refused("0@2", "s"));
  CHECK_FALSE(world.rating(kNow)->complete);
  world.Add(Resubmitted(first, build::Posted("o", "r", "b", true, kPlaced.Plus(5))));
  CHECK(world.rating(kNow)->count(RatingCounter::kRecommendedTotal) == 1);
  CHECK(world.entry(first)->state == QuarantineRow::State::kResubmitted);
  CHECK_FALSE(world.rating(kNow)->complete);
  world.Add(Discarded(second));
  CHECK(world.rating(kNow)->complete);
  world.Add(Discarded(first));
  CHECK(world.entry(first)->state == QuarantineRow::State::kResubmitted);
}

TEST_CASE("a published policy is held against its own instants") {
  World world;
  log::v1::Record record;
  auto* event = record.mutable_event();
  build::Set(event->mutable_occurred_at(), kNow);
  build::Set(event->mutable_recorded_at(), kNow);
  auto* published = event->mutable_policy_published();
  published->set_version(1);
  published->mutable_policy()->mutable_defaults()->mutable_rating()->set_window_days(3);
  build::Set(published->mutable_effective_from(), kNow.Plus(10 * kMillisPerMinute - 1));
  world.Add(record);
  CHECK(world.refused(RefusalCode::kInvalid) == 1);
  build::Set(published->mutable_effective_from(), kNow.Plus(10 * kMillisPerMinute));
  world.Add(record);
  world.Add(record);
  CHECK(world.counts().control == 1);
  CHECK(world.counts().duplicates == 1);

  world.Add(build::Placed("o", "b", kPlaced));
  world.Add(build::Posted("o", "r", "b", true, kPlaced.Plus(1)));
  const Instant before = kNow.Plus(10 * kMillisPerMinute - 1);
  CHECK(world.rating(before)->count(RatingCounter::kRecommendedTotal) == 1);
  CHECK(world.rating(before.Plus(1))->count(RatingCounter::kRecommendedTotal) == 0);
  CHECK(world.rating(before.Plus(1))->count(RatingCounter::kLifetimeRecommended) == 1);
}

TEST_CASE(
    "bytes that are no record, and records without what intake checks, stand in quarantine and "
    "stop nothing") {
  World world;
  const Offset garbage = world.Add(std::string("\xff\xff\xff garbage"));
  auto no_market = build::Placed("o", "b", kPlaced);
  no_market.set_market("XX");
  const Offset invalid = world.Add(no_market);
  CHECK(world.entry(garbage)->code == RefusalCode::kUndecodable);
  CHECK(world.entry(invalid)->field == "market");
  world.Add(build::Placed("o", "b", kPlaced));
  CHECK(world.counts().accepted == 1);
  CHECK_FALSE(world.rating(kNow)->complete);
}

TEST_CASE("an instant within a day in the past is answered from the facts up to it") {
  World world;
  world.Add(build::Placed("o", "b", kPlaced));
  world.Add(build::Posted("o", "r", "b", true, At("2025-03-02T10:00:00Z")));
  world.Add(build::Edited("o", "r", false, At("2025-03-02T12:00:00Z")));
  world.Add(build::Removed("o", "r", build::pb::RemovedBy::BUYER, At("2025-03-02T14:00:00Z")));
  const auto total = [&](std::string_view at, RatingCounter counter) {
    return world.rating(At(at))->count(counter);
  };
  CHECK(total("2025-03-02T09:59:59.999Z", RatingCounter::kRecommendedTotal) == 0);
  CHECK(total("2025-03-02T10:00:00Z", RatingCounter::kRecommendedTotal) == 1);
  CHECK(total("2025-03-02T11:59:59.999Z", RatingCounter::kRecommendedUnique) == 1);
  CHECK(total("2025-03-02T12:00:00Z", RatingCounter::kNotRecommendedUnique) == 1);
  CHECK(total("2025-03-02T13:59:59.999Z", RatingCounter::kNotRecommendedTotal) == 1);
  CHECK(total("2025-03-02T14:00:00Z", RatingCounter::kNotRecommendedTotal) == 0);
  CHECK(total("2025-03-02T14:00:00Z", RatingCounter::kRemovedByBuyer) == 1);
  CHECK_FALSE(world.rating(kPlaced.Plus(-1)));
  CHECK(world.rating(kPlaced));
}

TEST_CASE("totals join the markets, each with its own days") {
  World world;
  world.Add(build::Placed("o", "b", kPlaced));
  world.Add(build::Posted("o", "r", "b", true, kPlaced.Plus(1)));
  auto placed = build::Placed("o2", "b", kPlaced);
  placed.set_market("BR");
  world.Add(placed);
  auto posted = build::Posted("o2", "r2", "b", true, kPlaced.Plus(1));
  posted.set_market("BR");
  world.Add(posted);
  CHECK(world.rating(kNow, "*")->count(RatingCounter::kRecommendedUnique) == 2);
  // 1 March 2025 in both; the window of 365 days ends earlier by the clock in Warsaw than in Sao
  // Paulo.
  const Instant between = At("2026-03-01T01:00:00Z");
  CHECK(world.rating(between, "PL")->count(RatingCounter::kRecommendedUnique) == 0);
  CHECK(world.rating(between, "BR")->count(RatingCounter::kRecommendedUnique) == 1);
  CHECK(world.rating(between, "*")->count(RatingCounter::kRecommendedUnique) == 1);
}

// A store whose Get of a number, counted from 1, fails.
class StoreWithoutOneGet : public MemoryStore {
 public:
  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override {
    if (left_ > 0 && --left_ == 0) return absl::UnavailableError("out of order");
    return MemoryStore::Get(key, value);
  }
  void FailGet(int number) { left_ = number; }
  bool failed() const { return left_ == 0; }

 private:
  mutable int left_ = 0;
};

TEST_CASE("a row that cannot be loaded is an error of the fold, whichever it is") {
  StoreWithoutOneGet store;
  const auto fold_all = [&store](absl::Span<const build::pb::Event> events, int64_t first) {
    Fold fold(&store);
    if (const absl::Status opened = fold.Open(); !opened.ok()) return opened;
    for (const build::pb::Event& event : events) {
      const std::string record = build::Record(event, kNow);
      const LogRecord one{Offset(first++), record};
      fold.Apply({&one, 1});
    }
    if (!fold.status().ok()) return fold.status();
    const auto batch = store.NewBatch();
    fold.WriteTo(batch.get());
    return store.Write(batch.get());
  };
  REQUIRE(fold_all({build::Placed("o", "b", kPlaced),
                    build::Posted("o", "r", "b", true, kPlaced.Plus(1)),
                    build::Scanned("later", "p", build::pb::ScanCode::DELIVERED, kPlaced)},
                   0)
              .ok());
  const std::vector<build::pb::Event> more = {
      build::Edited("o", "r", false, kPlaced.Plus(2)),
      build::Posted("o", "r", "other", true, kPlaced.Plus(3)),
      build::Filed("o", "t", "other", 1, kPlaced.Plus(4)),
      build::Filed("o", "t", "other", 1, kPlaced.Plus(4)),
      build::Placed("later", "b", kPlaced.Plus(5)),
      build::Removed("o", "r", build::pb::RemovedBy::BUYER, kPlaced.Plus(6))};
  int failures = 0;
  while (true) {
    store.FailGet(failures + 1);
    const absl::Status status = fold_all(more, 3);
    if (!store.failed()) {
      CHECK(status.ok());
      break;
    }
    CHECK(absl::IsUnavailable(status));
    ++failures;
  }
  CHECK(failures >= 6);  // at least the cell, the seller, two orders, the buyer and a rating day
}

}  // namespace
}  // namespace flywheel
