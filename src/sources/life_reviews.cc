#include <algorithm>

#include "sources/life_maker.h"

namespace flywheel {

void LifeMaker::Rate(LifeReview* review) {
  const Experience& e = experience_;
  review->recommended = e.satisfaction >= kRecommends;
  review->rates = {};
  review->worded = random_.Chance(review->recommended ? 350'000 : 750'000);
  if (random_.Chance(90'000)) return;  // no marks at all
  const int32_t mark = std::clamp(1 + e.satisfaction / 190, 1, 5);
  const bool late = !e.received || *e.received > life_.delivery_by;
  const auto vary = [this](int32_t value) {
    if (random_.Chance(60'000)) return 0;  // left open
    const auto step = static_cast<int32_t>(random_.Pick({70, 15, 15}));
    return std::clamp(value + (step == 1 ? -1 : step == 2 ? 1 : 0), 1, 5);
  };
  review->rates = {vary(late ? std::min(mark, 2) : std::max(mark, 4)),
                   vary(life_.delivery_paid == 0 ? 5 : 4),
                   vary(e.damaged || e.not_as_described ? 1 : std::max(mark, 4)), vary(mark)};
}

void LifeMaker::Review() {
  const Experience& e = experience_;
  const bool happy = e.satisfaction >= kRecommends;
  if (!random_.Chance(happy ? 420'000 : 540'000)) return;
  Instant posted = e.received ? Later(e.received->Plus(30 * kMillisPerMinute), 4 * kMillisPerDay)
                              : HoursLater(life_.delivery_by, 48, 240);
  // Whoever complained or returned reviews what came of it.
  if (!life_.complaints.empty() || life_.returned_lines != 0) {
    Instant last = posted;
    for (const LifeStep& step : life_.steps) last = std::max(last, step.occurred);
    posted = HoursLater(last, 1, 72);
  }
  Rate(&life_.review);
  Add(EventKind::kReviewPosted, posted, Actor::kBuyer);
  AfterReview(posted);
}

void LifeMaker::AfterReview(Instant posted) {
  const bool bad = !life_.review.recommended;
  const uint32_t care = 1000u - seller_.faults;
  Instant last = posted;
  if (random_.Chance(bad ? 700 * care : 70 * care)) {
    last = Later(last, (12 + seller_.faults / 10) * kMillisPerHour);
    Add(EventKind::kReviewAnswered, last, Actor::kSeller);
  }
  bool makes_good = false;
  if (bad && random_.Chance(90 * care)) {
    makes_good = true;
    last = HoursLater(last, 4, 72);
    PayBack(std::max<int64_t>(1, life_.total * random_.Between(5, 15) / 100), RefundKind::kGoodwill,
            last, false, -1);
  }
  if (random_.Chance(makes_good ? 600'000 : bad ? 60'000 : 12'000)) {
    last = HoursLater(last, 2, 200);
    if (makes_good && random_.Chance(350'000)) {
      Add(EventKind::kReviewRemoved, last, Actor::kBuyer, Code(RemovedBy::kBuyerAfterCompensation));
      return;
    }
    if (makes_good) experience_.satisfaction += 350;
    Rate(&life_.edited);
    Add(EventKind::kReviewEdited, last, Actor::kBuyer);
  }
  if (bad && random_.Chance(110'000)) {
    last = HoursLater(last, 2, 120);
    Add(EventKind::kReviewRemovalRequested, last, Actor::kSeller);
    if (random_.Chance(350'000)) {
      Add(EventKind::kReviewRemoved, HoursLater(last, 4, 96), Actor::kMarketplace,
          Code(RemovedBy::kMarketplace));
      return;
    }
  }
  if (random_.Chance(2'500)) {
    Add(EventKind::kReviewRemoved, HoursLater(last, 2, 400), Actor::kBuyer,
        Code(RemovedBy::kBuyer));
  }
}

}  // namespace flywheel
