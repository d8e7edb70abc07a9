#include <algorithm>
#include <array>
#include <utility>

#include "sources/life_maker.h"

namespace flywheel {

void LifeMaker::Judge() {
  Experience& e = experience_;
  e.damaged = Fault(3'000, 25'000);
  e.incomplete = Fault(1'500, 15'000);
  e.not_as_described = Fault(3'000, 60'000);
  int32_t satisfaction = 940 - seller_.faults / 3 + buyer_.mood;
  if (e.damaged) satisfaction -= 420;
  if (e.incomplete) satisfaction -= 420;
  if (e.not_as_described) satisfaction -= 380;
  if (!e.received) {
    satisfaction -= e.lost ? 700 : 250;
  } else if (*e.received > life_.delivery_by) {
    const int64_t late = (e.received->number() - life_.delivery_by.number()) / kMillisPerDay;
    satisfaction -= static_cast<int32_t>(60 + std::min<int64_t>(late, 10) * 70);
  }
  e.satisfaction = satisfaction + static_cast<int32_t>(random_.Between(-130, 130));
}

// What the buyer complains about, if anything.
std::optional<ComplaintReason> LifeMaker::Complaint() {
  const Experience& e = experience_;
  if (e.lost) return ComplaintReason::kNoProductReceived;
  if (e.sent_back) return std::nullopt;
  if (e.damaged && random_.Chance(750'000)) {
    return random_.Chance(600'000) ? ComplaintReason::kProductAndParcelDamagedInTransit
                                   : ComplaintReason::kProductDamagedParcelIntact;
  }
  if (e.incomplete && random_.Chance(800'000)) {
    constexpr std::array kReasons = {
        ComplaintReason::kReceivedIncompleteOrder, ComplaintReason::kMissingProductElement,
        ComplaintReason::kNoProductInParcel, ComplaintReason::kReceivedItemsNotMatchingDescription};
    return kReasons[random_.Pick({50, 30, 5, 15})];
  }
  if (e.not_as_described && random_.Chance(450'000)) return ComplaintReason::kNotAsDescribed;
  if (random_.Chance(5'000)) return ComplaintReason::kDefectFoundDuringUse;
  if (random_.Chance(2'500)) return ComplaintReason::kOther;
  return std::nullopt;
}

void LifeMaker::Complain() {
  const std::optional<ComplaintReason> reason = Complaint();
  if (!reason) return;
  LifeComplaint complaint;
  complaint.reason = *reason;
  const bool claim = *reason == ComplaintReason::kDefectFoundDuringUse || random_.Chance(250'000);
  complaint.kind = claim ? ComplaintKind::kClaim : ComplaintKind::kDispute;
  complaint.expectation = static_cast<Expectation>(random_.Pick({10, 50, 15, 20, 5}));
  life_.complaints.push_back(complaint);
  Instant opened = HoursLater(life_.delivery_by, 48, 160);
  if (experience_.received) {
    opened = *reason == ComplaintReason::kDefectFoundDuringUse
                 ? HoursLater(*experience_.received, 72, 700)
                 : Later(experience_.received->Plus(10 * kMillisPerMinute), 20 * kMillisPerHour);
  } else if (life_.steps.back().occurred >= opened) {
    opened = HoursLater(life_.steps.back().occurred, 24, 96);
  }
  Add(EventKind::kComplaintOpened, opened, Actor::kBuyer, 0, 0);
  Discuss(0, opened);
}

void LifeMaker::Say(size_t complaint, Instant at, Actor author) {
  Add(EventKind::kComplaintMessagePosted, at, author, 0, complaint).message = messages_++;
}

void LifeMaker::Discuss(size_t complaint, Instant opened) {
  messages_ = 0;
  const Instant answered =
      Later(opened.Plus(kMillisPerMinute), (2 + seller_.faults / 25) * kMillisPerHour);
  const bool slow = answered.number() - opened.number() > 2 * kMillisPerDay;
  const bool escalated = random_.Chance(slow ? 350'000 : 30'000);
  Say(complaint, answered, Actor::kSeller);
  Instant last = answered;
  if (random_.Chance(550'000)) {
    last = Later(last, 6 * kMillisPerHour);
    Say(complaint, last, Actor::kBuyer);
    if (random_.Chance(700'000)) {
      last = Later(last, (4 + seller_.faults / 18) * kMillisPerHour);
      Say(complaint, last, Actor::kSeller);
    }
  }
  if (escalated) {
    last = HoursLater(last, 12, 72);
    Add(EventKind::kComplaintEscalated, last, Actor::kBuyer, 0, complaint);
    last = HoursLater(last, 2, 24);
    Say(complaint, last, Actor::kMarketplace);
  }
  if (Fault(5'000, 60'000)) return;  // nobody ever resolves it
  const Instant resolved =
      Later(last.Plus(kMillisPerMinute), (24 + seller_.faults / 6) * kMillisPerHour);
  Resolve(complaint, resolved, escalated);
}

Instant LifeMaker::Resolve(size_t complaint, Instant at, bool escalated) {
  const Actor by = escalated ? Actor::kMarketplace : Actor::kSeller;
  if (!escalated && random_.Chance(60'000)) {
    Add(EventKind::kComplaintResolved, at, Actor::kBuyer, Code(Outcome::kWithdrawn), complaint);
    return at;
  }
  if (refundable_ == 0 || random_.Chance(100'000 + 500u * seller_.faults)) {
    Add(EventKind::kComplaintResolved, at, by, Code(Outcome::kRejected), complaint);
    experience_.satisfaction -= 150;
    if (random_.Chance(300'000)) Reopen(complaint, at);
    return at;
  }
  const auto outcome = static_cast<Outcome>(1 + random_.Pick({60, 20, 15, 5}));
  Add(EventKind::kComplaintResolved, at, by, Code(outcome), complaint);
  experience_.compensated = true;
  experience_.satisfaction += 120;
  int64_t amount = 0;
  if (outcome == Outcome::kAcceptedRefund) amount = refundable_;
  if (outcome == Outcome::kAcceptedPartialRefund) {
    amount = std::max<int64_t>(1, refundable_ * random_.Between(10, 50) / 100);
  }
  if (amount > 0) {
    PayBack(amount, RefundKind::kOrder, Later(at, (8 + seller_.faults / 10) * kMillisPerHour),
            life_.returned_lines != 0, static_cast<int>(complaint));
  }
  if (random_.Chance(25'000)) Reopen(complaint, at);
  return at;
}

void LifeMaker::Reopen(size_t complaint, Instant resolved) {
  if (std::exchange(reopened_, true)) return;  // once is enough
  // Later than any refund of the first resolution.
  const Instant at = HoursLater(std::max(resolved, life_.steps.back().occurred), 6, 72);
  Add(EventKind::kComplaintReopened, at, Actor::kBuyer, 0, complaint);
  const Instant answered = Later(at, (5 + seller_.faults / 18) * kMillisPerHour);
  Say(complaint, answered, Actor::kSeller);
  const Instant again = HoursLater(answered, 6, 96);
  Resolve(complaint, again, random_.Chance(400'000));
}

void LifeMaker::PayBack(int64_t amount, RefundKind kind, Instant at, bool of_return,
                        int complaint) {
  if (kind == RefundKind::kOrder) refundable_ -= amount;
  life_.refunds.push_back({amount, of_return, static_cast<int8_t>(complaint)});
  Add(EventKind::kRefundIssued, at, Actor::kSeller, Code(kind), life_.refunds.size() - 1);
}

}  // namespace flywheel
