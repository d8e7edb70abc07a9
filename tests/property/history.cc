#include "property/history.h"

#include <array>
#include <numeric>
#include <ostream>
#include <random>
#include <string>
#include <utility>

#include "property/narration.h"

namespace flywheel {
namespace {

struct Weight {
  StepKind kind;
  int weight;
};

// Reviews and what decides on them come most often.
constexpr std::array kWeights = {
    Weight{StepKind::kOrderPlaced, 30},
    Weight{StepKind::kReviewPosted, 22},
    Weight{StepKind::kReviewEdited, 12},
    Weight{StepKind::kReviewRemoved, 7},
    Weight{StepKind::kReviewAnswered, 5},
    Weight{StepKind::kReviewRemovalRequested, 1},
    Weight{StepKind::kReturnFiled, 7},
    Weight{StepKind::kReturnAccepted, 4},
    Weight{StepKind::kReturnRejected, 4},
    Weight{StepKind::kReturnClosed, 1},
    Weight{StepKind::kRefundIssued, 6},
    Weight{StepKind::kOrderPaid, 1},
    Weight{StepKind::kOrderCancelled, 3},
    Weight{StepKind::kParcelRegistered, 7},
    Weight{StepKind::kParcelScanned, 9},
    Weight{StepKind::kComplaintOpened, 7},
    Weight{StepKind::kComplaintMessagePosted, 6},
    Weight{StepKind::kComplaintResolved, 5},
    Weight{StepKind::kComplaintReopened, 3},
    Weight{StepKind::kComplaintEscalated, 1},
    Weight{StepKind::kSellerRegistered, 5},
    Weight{StepKind::kSellerStandingChanged, 9},
    Weight{StepKind::kRepeat, 10},
    Weight{StepKind::kDecision, 10},
    Weight{StepKind::kRefused, 5},
    Weight{StepKind::kResubmitted, 8},
    Weight{StepKind::kDiscarded, 4},
    Weight{StepKind::kTimePassed, 5},
    Weight{StepKind::kBuyerErased, 1},
    Weight{StepKind::kPolicyPublished, 5},
    Weight{StepKind::kBrokenEvent, 3},
    Weight{StepKind::kNoRecord, 1},
};
constexpr int kAllWeights =
    std::accumulate(kWeights.begin(), kWeights.end(), 0,
                    [](int sum, const Weight& weight) { return sum + weight.weight; });

StepKind KindAt(uint64_t number) {
  auto left = static_cast<int>(number % kAllWeights);
  for (const Weight& weight : kWeights) {
    left -= weight.weight;
    if (left < 0) return weight.kind;
  }
  return StepKind::kOrderPlaced;
}

constexpr uint8_t Step::* kNumbers[] = {&Step::seller, &Step::order, &Step::buyer,   &Step::market,
                                        &Step::day,    &Step::time,  &Step::advance, &Step::target,
                                        &Step::a,      &Step::b,     &Step::c};

Step StepFrom(rc::Random random) {
  Step step;
  step.kind = KindAt(random.next());
  uint64_t bits = random.next();
  for (uint8_t Step::* number : kNumbers) {
    step.*number = static_cast<uint8_t>(bits & 15);
    bits >>= 4;
  }
  return step;
}

// The step with one of its numbers at 0, halved, or 1 less.
rc::Seq<Step> Simpler(const Step& step) {
  std::vector<Step> simpler;
  for (uint8_t Step::* number : kNumbers) {
    const uint8_t now = step.*number;
    const auto with = [&](int value) {
      simpler.push_back(step);
      simpler.back().*number = static_cast<uint8_t>(value);
    };
    if (now > 0) with(0);
    if (now > 3) with(now / 2);
    if (now > 1) with(now - 1);
  }
  return rc::seq::fromContainer(std::move(simpler));
}

rc::Gen<Step> AnyStep() {
  return [](const rc::Random& random, int) {
    return rc::shrinkable::shrinkRecur(StepFrom(random),
                                       [](const Step& step) { return Simpler(step); });
  };
}

}  // namespace

rc::Gen<History> AnyHistory() {
  return rc::gen::build<History>(
      rc::gen::set(&History::steps, rc::gen::container<std::vector<Step>>(AnyStep())),
      rc::gen::set(&History::partitions, rc::gen::inRange<uint8_t>(1, 3)),
      rc::gen::set(&History::gaps, rc::gen::arbitrary<bool>()),
      rc::gen::set(&History::first_day,
                   rc::gen::inRange<uint8_t>(0, static_cast<uint8_t>(kFirstDays))),
      rc::gen::set(&History::seed, rc::gen::resize(100, rc::gen::arbitrary<uint32_t>())));
}

std::ostream& operator<<(std::ostream& stream, const History& history) {
  const Narration narration = Narrate(history);
  stream << "history of " << narration.records.size() << " records, seed " << history.seed << "\n";
  for (const NarratedRecord& record : narration.records) stream << Describe(record) << "\n";
  return stream;
}

}  // namespace flywheel
