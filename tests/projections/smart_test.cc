// DOMAIN 5.2, sentence by sentence; Warsaw is an hour ahead of UTC in winter, two in summer.
#include "projections/models/smart.h"

#include <string>

#include "projections/smart_world.h"

namespace flywheel {
namespace {

using build::At;

const Instant kStart = At("2025-01-10T08:00:00Z");
const Instant kReviewed = At("2025-01-15T12:00:00Z");
// The reviews of 15 January count up to 14 January of the next year.
const Instant kReviewsLeave = At("2026-01-14T23:00:00Z");

// Registered, in good standing, and with `reviews` buyers who recommend, a minute apart.
class Shop : public SmartWorld {
 public:
  explicit Shop(int reviews) {
    Register(kStart);
    Standing(kStart.Plus(1));
    for (int i = 0; i < reviews; ++i) Place(i, kStart.Plus(2));
    for (int i = 0; i < reviews; ++i) Review(i, true, kReviewed.Plus(i * kMillisPerMinute));
  }
};

const SmartCondition& Condition(const SmartAnswer& answer, std::string_view code) {
  for (const SmartCondition& condition : answer.conditions) {
    if (condition.code == code) return condition;
  }
  FAIL("no condition " << code);
  return answer.conditions[0];
}

void CheckExpiry(const SmartChange& change, Instant at, bool fulfilled, SmartExpiry expiry) {
  CHECK(change.at == at);
  CHECK(change.fulfilled == fulfilled);
  REQUIRE(std::holds_alternative<SmartExpiry>(change.cause));
  CHECK(std::get<SmartExpiry>(change.cause) == expiry);
}

TEST_CASE("the fifth unique buyer who recommends wins Smart!, at the seller's clock") {
  const Shop world(5);
  const Instant fifth = kReviewed.Plus(4 * kMillisPerMinute);
  const SmartAnswer answer = world.At(fifth);
  CHECK(answer.fulfilled);
  CHECK(answer.last_changed() == fifth);
  REQUIRE(answer.history.size() == 1);
  const auto& event = std::get<SmartEvent>(answer.history[0].cause);
  CHECK(event.kind == EventKind::kReviewPosted);
  CHECK(event.order_id == "o4");
  CHECK(event.place.offset == Offset(11));
  CHECK(event.event_id == "018f4e5c-0000-7000-8000-000000000001");

  const SmartAnswer before = world.At(fifth.Plus(-1));
  CHECK_FALSE(before.fulfilled);
  CHECK_FALSE(before.last_changed());
  CHECK(std::get<int64_t>(Condition(before, kRatesCount).value) == 4);
  CHECK(before.headroom.positives_until_won == 1);
}

TEST_CASE("a change by a late fact has the instant of the seller's clock, not the fact's") {
  Shop world(4);
  world.Place(4, kReviewed.Plus(kMillisPerHour));
  world.Review(4, true, kReviewed.Plus(30 * kMillisPerMinute));
  // The review was posted before its order was placed, so it counts from the placing on.
  const SmartAnswer answer = world.At(kReviewed.Plus(2 * kMillisPerHour));
  CHECK(answer.last_changed() == kReviewed.Plus(kMillisPerHour));

  world.Add(build::Removed("o0", "r0", build::pb::RemovedBy::BUYER, kReviewed.Plus(1)));
  const SmartAnswer lost = world.At(kReviewed.Plus(2 * kMillisPerHour));
  CHECK_FALSE(lost.fulfilled);
  REQUIRE(lost.history.size() == 2);
  CHECK(lost.history[1].at == kReviewed.Plus(kMillisPerHour));
}

TEST_CASE("ratings leave at local midnight, also when nothing arrives") {
  const Shop world(5);
  CHECK(world.At(kReviewed.Plus(kMillisPerHour)).outlook == kReviewsLeave);
  const SmartAnswer kept = world.At(kReviewsLeave.Plus(-1));
  CHECK(kept.fulfilled);
  CHECK(kept.outlook == kReviewsLeave);
  const SmartAnswer lost = world.At(kReviewsLeave);
  CHECK_FALSE(lost.fulfilled);
  CHECK(lost.last_changed() == kReviewsLeave);
  CHECK_FALSE(lost.outlook);
  REQUIRE(lost.history.size() == 2);
  CheckExpiry(lost.history[1], kReviewsLeave, false, SmartExpiry::kRatingWindow);
  CHECK_FALSE(Condition(lost, kRatingPercentage).fulfilled);
  CHECK(Condition(lost, kRatingPercentage).value == SmartValue());
}

TEST_CASE("a change by time is stored when the clock passes it, and comes before an event of it") {
  Shop world(5);
  for (int i = 5; i < 10; ++i) world.Place(i, kReviewsLeave.Plus(-kMillisPerHour));
  for (int i = 5; i < 10; ++i) world.Review(i, true, kReviewsLeave);
  const SmartAnswer answer = world.At(kReviewsLeave);
  CHECK(answer.fulfilled);
  // Two changes at one instant are two changes.
  REQUIRE(answer.history.size() == 3);
  CheckExpiry(answer.history[1], kReviewsLeave, false, SmartExpiry::kRatingWindow);
  CHECK(answer.history[2].at == kReviewsLeave);
  CHECK(answer.history[2].fulfilled);
  CHECK(std::get<SmartEvent>(answer.history[2].cause).order_id == "o9");
}

TEST_CASE("a tick lets time pass for sellers of whom nothing comes") {
  Shop world(5);
  CHECK_FALSE(world.LatestDue(kReviewsLeave.Plus(-1)));
  CHECK(world.LatestDue(kReviewsLeave) == kReviewsLeave);
  world.Tick(kReviewsLeave);
  const SmartAnswer answer = world.At(kReviewsLeave);
  REQUIRE(answer.history.size() == 2);
  CheckExpiry(answer.history[1], kReviewsLeave, false, SmartExpiry::kRatingWindow);
  CHECK_FALSE(world.LatestDue(kReviewsLeave.Plus(400 * kMillisPerDay)));
  // What was announced stays: a removal that would have come first does not undo it.
  world.Add(
      build::Removed("o0", "r0", build::pb::RemovedBy::BUYER, kReviewed.Plus(kMillisPerHour)));
  CHECK(world.At(kReviewsLeave).history.size() == 2);
}

const Instant kDeadline = At("2025-02-03T17:00:00Z");
// The window of 30 days that ends on 2 March still has 1 February, that of 3 March has not.
const Instant kOrdersLeave = At("2025-03-02T23:00:00Z");

// Smart! by ratings, and ten orders of 1 February of which four were dispatched.
class TenOrders : public Shop {
 public:
  TenOrders() : Shop(5) {
    const Instant placed = build::At("2025-02-01T10:00:00Z");
    for (int i = 10; i < 20; ++i) Place(i, placed, kDeadline);
    for (int i = 10; i < 14; ++i) Dispatch(i, placed.Plus(kMillisPerHour));
  }
};

TEST_CASE("a dispatch deadline passes a millisecond after it, and its order leaves after 30 days") {
  const TenOrders world;
  CHECK(world.At(kDeadline).fulfilled);
  CHECK(Condition(world.At(kDeadline), kTrackedShipments).value == SmartValue());
  CHECK_FALSE(Condition(world.At(kDeadline), kTrackedShipments).required);
  const SmartAnswer lost = world.At(kDeadline.Plus(1));
  CHECK_FALSE(lost.fulfilled);
  CHECK(Condition(lost, kTrackedShipments).required);
  CHECK(Condition(lost, kTrackedShipments).value == SmartValue(SmartShare{4, 10}));
  CheckExpiry(lost.history.back(), kDeadline.Plus(1), false, SmartExpiry::kDispatchDeadline);
  CHECK(lost.outlook == kOrdersLeave);
  const SmartAnswer won = world.At(kOrdersLeave);
  CHECK(won.fulfilled);
  CheckExpiry(won.history.back(), kOrdersLeave, true, SmartExpiry::kTrackedWindow);
  CHECK(Condition(won, kTrackedShipments).value == SmartValue());
}

TEST_CASE("half of the shipments tracked are enough; cancelled before dispatch does not count") {
  TenOrders world;
  world.Dispatch(14, kDeadline);
  CHECK(world.At(kDeadline.Plus(1)).fulfilled);
  CHECK(Condition(world.At(kDeadline.Plus(1)), kTrackedShipments).value ==
        SmartValue(SmartShare{5, 10}));
  // Without one of ten the condition is not required.
  world.Cancel(19, kDeadline);
  const SmartAnswer nine = world.At(kDeadline.Plus(1));
  CHECK(Condition(nine, kTrackedShipments).value == SmartValue(SmartShare{5, 9}));
  CHECK_FALSE(Condition(nine, kTrackedShipments).required);
  // A cancellation at the first scan's instant or later is none before dispatch.
  world.Cancel(14, kDeadline);
  CHECK(Condition(world.At(kDeadline.Plus(1)), kTrackedShipments).value ==
        SmartValue(SmartShare{5, 9}));
}

TEST_CASE("PENDING is no carrier scan, and a late scan counts from its own instant on") {
  TenOrders world;
  const Instant later = At("2025-02-04T09:00:00Z");
  world.Add(build::Scanned("o10", "p", build::pb::ScanCode::DELIVERED, later));
  world.Dispatch(14, later);
  CHECK(world.At(later).fulfilled);
  CHECK_FALSE(world.At(later.Plus(-1)).fulfilled);
  build::pb::Event parcel = build::Event(later);
  parcel.mutable_parcel_registered()->set_order_id("o15");
  parcel.mutable_parcel_registered()->set_parcel_id("p");
  parcel.mutable_parcel_registered()->set_direction(build::pb::Direction::OUTBOUND);
  world.Add(parcel);
  world.Add(build::Scanned("o15", "p", build::pb::ScanCode::PENDING, later));
  CHECK(Condition(world.At(later), kTrackedShipments).value == SmartValue(SmartShare{5, 10}));
}

TEST_CASE("a super seller needs no ratings; the standing says so, and is itself never required") {
  Shop world(0);
  CHECK_FALSE(world.At(kReviewed).fulfilled);
  CHECK(world.At(kReviewed).headroom.positives_until_won == 5);
  world.Standing(kReviewed, /*super_seller=*/true);
  const SmartAnswer answer = world.At(kReviewed);
  CHECK(answer.fulfilled);
  CHECK(answer.headroom.empty());
  CHECK_FALSE(Condition(answer, kRatesCount).required);
  CHECK_FALSE(Condition(answer, kRatingPercentage).required);
  CHECK_FALSE(Condition(answer, kSuperSeller).required);
  CHECK(Condition(answer, kSuperSeller).value == SmartValue(true));
  CHECK(std::get<SmartEvent>(answer.history[0].cause).order_id.empty());
  // An older standing that comes late changes nothing now.
  world.Standing(kReviewed.Plus(-1), /*super_seller=*/false, /*fees_paid=*/false);
  CHECK(world.At(kReviewed).fulfilled);
  CHECK_FALSE(world.At(kReviewed.Plus(-1)).fulfilled);
}

TEST_CASE("good standing and returns are required, and what is unknown is not fulfilled") {
  SmartWorld unknown;
  unknown.Place(0, kStart);
  CHECK(Condition(unknown.At(kStart), kGoodStanding).value == SmartValue(false));
  CHECK(Condition(unknown.At(kStart), kReturnPolicy).value == SmartValue(false));

  SmartWorld unregistered;
  unregistered.Standing(kStart, /*super_seller=*/true);
  CHECK_FALSE(unregistered.At(kStart).fulfilled);
  unregistered.Register(kStart.Plus(1));
  CHECK(unregistered.At(kStart.Plus(1)).fulfilled);
  CHECK(std::get<SmartEvent>(unregistered.At(kStart.Plus(1)).history[0].cause).kind ==
        EventKind::kSellerRegistered);
  unregistered.Standing(kStart.Plus(2), true, /*fees_paid=*/false);
  CHECK_FALSE(unregistered.At(kStart.Plus(2)).fulfilled);
  unregistered.Standing(kStart.Plus(3), true, true, /*withdrawal_days=*/13);
  CHECK_FALSE(Condition(unregistered.At(kStart.Plus(3)), kReturnPolicy).fulfilled);
  CHECK(Condition(unregistered.At(kStart.Plus(3)), kGoodStanding).fulfilled);

  SmartWorld pharmacy;
  pharmacy.Register(kStart, true, /*pharmacy=*/true);
  pharmacy.Standing(kStart, true);
  CHECK_FALSE(Condition(pharmacy.At(kStart), kGoodStanding).fulfilled);
}

TEST_CASE("98 percent: one of fifty may not recommend") {
  SmartFigures figures;
  figures.recommending = 49;
  figures.reviewing = 50;
  figures.business = true;
  figures.standing = SmartStanding{Instant(0), true, false, false, true, 14};
  CHECK(IsFulfilled(figures, SmartRules()));
  CHECK(HeadroomOf(figures, SmartRules()).negatives_until_lost == 1);
  figures.recommending = 99;
  figures.reviewing = 99;
  CHECK(HeadroomOf(figures, SmartRules()).negatives_until_lost == 3);  // 99 of 102 are 97.06 %
  figures.reviewing = 102;
  CHECK_FALSE(IsFulfilled(figures, SmartRules()));
  CHECK(HeadroomOf(figures, SmartRules()).positives_until_won == 48);  // 147 of 150
  SmartRules none;
  none.rating_share_ppm = 0;
  CHECK_FALSE(HeadroomOf(figures, none).negatives_until_lost);
  SmartRules all;
  all.rating_share_ppm = 1'000'000;
  CHECK_FALSE(HeadroomOf(figures, all).positives_until_won);
  figures.standing->fees_paid = false;
  CHECK(HeadroomOf(figures, SmartRules()).empty());
}

TEST_CASE("an answer as it was known earlier is that of the records up to then") {
  Shop world(5);
  const Instant fifth = kReviewed.Plus(4 * kMillisPerMinute);
  world.Tick(kReviewsLeave);
  const Instant known_at = fifth.Plus(1000);
  CHECK(world.At(fifth, known_at).fulfilled);
  CHECK(world.At(fifth, known_at).history.size() == 1);
  CHECK_FALSE(world.At(fifth, known_at.Plus(-1)).fulfilled);
  // The tick is not known then, so what it announced is found by as_of.
  const SmartAnswer later = world.At(kReviewsLeave, known_at);
  REQUIRE(later.history.size() == 2);
  CHECK(later.history[1].at == kReviewsLeave);
  CHECK(world.At(kReviewsLeave.Plus(kMillisPerDay), kReviewsLeave.Plus(1000)).history.size() == 2);
}

TEST_CASE("an event that waits or is refused lets time pass, as known at any time") {
  TenOrders world;
  const Instant late = kOrdersLeave.Plus(kMillisPerHour);
  const auto check = [&] {
    for (const std::optional<Instant> known_at :
         {std::optional<Instant>(), std::optional(late.Plus(1000))}) {
      const SmartAnswer answer = world.At(late, known_at);
      REQUIRE(answer.history.size() == 3);
      CheckExpiry(answer.history[1], kDeadline.Plus(1), false, SmartExpiry::kDispatchDeadline);
      CheckExpiry(answer.history[2], kOrdersLeave, true, SmartExpiry::kTrackedWindow);
    }
  };
  SECTION("its order is unknown") {
    world.Add(build::Posted("unknown", "r", "b", true, late));
    check();
  }
  SECTION("the buyer is another") {
    world.Add(build::Posted("o10", "r", "another", true, late));
    check();
  }
  SECTION("the act is known") {
    world.Place(10, late, kDeadline);
    check();
  }
}

TEST_CASE("a tick that comes behind the seller's clock lets nothing pass again") {
  Shop world(5);
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_smart()->set_rates_count(6);
  const Instant from = At("2025-03-01T10:00:00Z");
  world.Publish(1, from, policy, from.Plus(-kMillisPerHour));
  // The seller's own events pass the policy and the midnight at which all ratings leave.
  world.Place(5, kReviewsLeave.Plus(kMillisPerDay));
  REQUIRE(world.At(kReviewsLeave.Plus(kMillisPerDay)).history.size() == 2);
  world.Tick(kReviewsLeave.Plus(kMillisPerHour));
  const SmartAnswer answer = world.At(kReviewsLeave.Plus(kMillisPerDay));
  REQUIRE(answer.history.size() == 2);
  CheckExpiry(answer.history[1], from, false, SmartExpiry::kPolicy);
  CHECK(std::get<int64_t>(Condition(answer, kRatesCount).value) == 0);
}

TEST_CASE("a policy takes effect at its instant, for sellers of whom nothing comes too") {
  for (const int32_t window_days : {365, 100}) {
    Shop world(5);
    policy::v1::Policy policy;
    auto* smart = policy.mutable_defaults()->mutable_smart();
    smart->set_rates_count(6);
    smart->set_rating_window_days(window_days);
    const Instant from = At("2025-03-01T10:00:00Z");
    world.Publish(1, from, policy, from.Plus(-kMillisPerHour));
    CHECK(world.LatestDue(from) == from);
    const SmartAnswer before = world.At(from.Plus(-1));
    CHECK(before.fulfilled);
    CHECK(before.outlook == from);
    world.Tick(from);
    const SmartAnswer after = world.At(from);
    CHECK_FALSE(after.fulfilled);
    CHECK(after.headroom.positives_until_won == 1);
    REQUIRE(after.history.size() == 2);
    CheckExpiry(after.history[1], from, false, SmartExpiry::kPolicy);
    world.Place(5, from.Plus(1));
    world.Review(5, true, from.Plus(2));
    const SmartAnswer won = world.At(from.Plus(2));
    CHECK(won.fulfilled);
    // Of the window of 100 days 15 January is the first day up to 24 April.
    CHECK(won.outlook == (window_days == 365 ? kReviewsLeave : At("2025-04-24T22:00:00Z")));
    world.Tick(*won.outlook);
    CHECK_FALSE(world.At(*won.outlook).fulfilled);
  }
}

}  // namespace
}  // namespace flywheel
