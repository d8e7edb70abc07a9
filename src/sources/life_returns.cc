#include <array>

#include "sources/life_maker.h"

namespace flywheel {

bool LifeMaker::WantsToReturn() {
  const Experience& e = experience_;
  if (!e.received || !life_.complaints.empty()) return false;
  if (e.damaged || e.incomplete || e.not_as_described) return random_.Chance(700'000);
  return random_.Chance(e.satisfaction < kRecommends ? 120'000 : 42'000);
}

void LifeMaker::Return() {
  if (!WantsToReturn()) return;
  const Instant filed = Later(HoursLater(*experience_.received, 2, 30), 60 * kMillisPerHour);
  FileReturn(filed);
  if (random_.Chance(60'000)) {  // the buyer keeps it after all
    if (random_.Chance(500'000)) {
      Add(EventKind::kReturnClosed, HoursLater(filed, 600, 768), Actor::kMarketplace);
    }
    return;
  }
  Settle(SendBack(filed));
}

void LifeMaker::FileReturn(Instant filed) {
  const Experience& e = experience_;
  const size_t lines = life_.lines.size();
  life_.returned_lines = static_cast<uint8_t>(1u << random_.Below(static_cast<uint32_t>(lines)));
  if (random_.Chance(300'000)) life_.returned_lines = static_cast<uint8_t>((1u << lines) - 1);
  if (e.damaged) {
    life_.return_reason = ReturnReason::kDamaged;
  } else if (e.incomplete) {
    life_.return_reason = ReturnReason::kIncomplete;
  } else if (e.not_as_described) {
    constexpr std::array kReasons = {ReturnReason::kNotAsDescribed, ReturnReason::kDifferent,
                                     ReturnReason::kHiddenFlaw, ReturnReason::kNotNew,
                                     ReturnReason::kCounterfeit};
    life_.return_reason = kReasons[random_.Pick({55, 20, 12, 10, 3})];
  } else {
    constexpr std::array kReasons = {ReturnReason::kNone,
                                     ReturnReason::kMistake,
                                     ReturnReason::kDontLikeIt,
                                     ReturnReason::kTooLarge,
                                     ReturnReason::kTooSmall,
                                     ReturnReason::kNotAsExpected,
                                     ReturnReason::kOverdueDelivery,
                                     ReturnReason::kOrderedForComparison};
    life_.return_reason = kReasons[random_.Pick({25, 8, 20, 11, 12, 16, 3, 5})];
  }
  Add(EventKind::kReturnFiled, filed, Actor::kBuyer);
}

// The way back: the instant at which the seller has the parcel.
Instant LifeMaker::SendBack(Instant filed) {
  if (random_.Chance(150'000)) {  // sent by the buyer's own means, seen by nobody
    return calendar_.OpenFrom(HoursLater(filed, 60, 200), 9, 16, false, &random_);
  }
  life_.label_price = life_.delivery_price;
  const bool seller_pays = random_.Chance(400'000);
  life_.label_paid = life_.smart || seller_pays ? 0 : life_.delivery_price;
  life_.label_covered_by = life_.smart   ? Payer::kMarketplace
                           : seller_pays ? Payer::kSeller
                                         : Payer::kBuyer;
  life_.parcels.push_back({true, life_.returned_lines});
  const size_t parcel = life_.parcels.size() - 1;
  Add(EventKind::kParcelRegistered, filed.Plus(random_.Between(1'000, 600'000)), Actor::kBuyer, 0,
      parcel);
  const Instant posted = calendar_.OpenFrom(Later(HoursLater(filed, 1, 10), 36 * kMillisPerHour), 8,
                                            20, true, &random_);
  Scan(parcel, ScanCode::kInTransit, posted);
  const Instant back = calendar_.OpenFrom(HoursLater(posted, 20, 60), 9, 16, false, &random_);
  if (random_.Chance(400'000)) {
    Scan(parcel, ScanCode::kReleasedForDelivery,
         back.Plus(-random_.Between(1, 3) * kMillisPerHour));
  }
  Scan(parcel, ScanCode::kDelivered, back);
  return back;
}

void LifeMaker::Settle(Instant arrived) {
  const Instant decided = calendar_.OpenFrom(
      Later(arrived, (10 + seller_.faults / 8) * kMillisPerHour), 8, 17, false, &random_);
  if (Fault(12'000, 90'000)) {
    const auto code = static_cast<ReturnRejection>(1 + random_.Pick({30, 15, 12, 8, 22, 5, 8}));
    Add(EventKind::kReturnRejected, decided, Actor::kSeller, Code(code));
    experience_.satisfaction -= 200;
    if (random_.Chance(300'000)) {
      life_.complaints.push_back({ComplaintKind::kDispute,
                                  ComplaintReason::kSellerDoesNotWantToAcceptReturn,
                                  Expectation::kRefund});
      const Instant opened = HoursLater(decided, 1, 48);
      Add(EventKind::kComplaintOpened, opened, Actor::kBuyer, 0, 0);
      Discuss(0, opened);
    } else if (random_.Chance(500'000)) {
      Add(EventKind::kReturnClosed, HoursLater(decided, 24, 200), Actor::kSeller);
    }
    return;
  }
  if (random_.Chance(900'000)) Add(EventKind::kReturnAccepted, decided, Actor::kSeller);
  int64_t amount = 0;
  for (size_t i = 0; i < life_.lines.size(); ++i) {
    if (life_.returned_lines >> i & 1) {
      amount += life_.lines[i].unit_price * life_.lines[i].quantity;
    }
  }
  if (Fault(3'000, 70'000)) {  // the money does not come
    life_.complaints.push_back({ComplaintKind::kDispute,
                                ComplaintReason::kNoRefundAfterReturningProduct,
                                Expectation::kRefund});
    experience_.satisfaction -= 300;
    const Instant opened = HoursLater(decided, 192, 432);
    Add(EventKind::kComplaintOpened, opened, Actor::kBuyer, 0, 0);
    Discuss(0, opened);
    return;
  }
  const Instant refunded = Later(decided, (10 + seller_.faults / 5) * kMillisPerHour);
  PayBack(amount, RefundKind::kOrder, refunded, true, -1);
  if (life_.label_paid > 0 && life_.parcels.back().back && random_.Chance(200'000)) {
    PayBack(life_.label_paid, RefundKind::kPostage, refunded.Plus(1'000), true, -1);
  }
  if (random_.Chance(600'000)) {
    Add(EventKind::kReturnClosed, HoursLater(refunded, 1, 72), Actor::kSystem);
  }
}

}  // namespace flywheel
