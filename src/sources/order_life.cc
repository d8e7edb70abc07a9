#include "sources/order_life.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace flywheel {
namespace {

constexpr uint32_t kOrderTrait = 10;
constexpr uint32_t kOfferTrait = 11;

// Prices in grosz: how much the cheapest 0 %, 10 %, ... 100 % of the offers cost at most.
constexpr std::array<int64_t, 11> kPrices = {399,  990,  1590,  2290,  2990, 3990,
                                             5490, 7990, 12990, 24990, 89900};
// What a delivery costs in grosz, by method.
constexpr std::array<int64_t, 4> kDeliveryPrices = {1299, 1599, 1099, 1799};
// An order of at least so many grosz is delivered free of charge to a member of Smart!.
constexpr int64_t kSmartMinimum = 4500;
// A purchase after this hour is handled as one of the next day.
constexpr int64_t kCutOffHour = 13;
// A buyer at or above this satisfaction recommends the seller.
constexpr int32_t kRecommends = 500;

// How an order went, as the buyer sees it.
struct Experience {
  bool cancelled = false;
  bool damaged = false;
  bool incomplete = false;
  bool not_as_described = false;
  bool lost = false;
  bool sent_back = false;
  bool compensated = false;
  int32_t satisfaction = 0;
  std::optional<Instant> received;  // the last parcel is in the buyer's hands
};

// A stable sort that allocates nothing: the steps are few and nearly in order.
void SortBy(Instant LifeStep::* time, std::vector<LifeStep>* steps) {
  for (size_t i = 1; i < steps->size(); ++i) {
    const LifeStep step = (*steps)[i];
    size_t to = i;
    for (; to > 0 && step.*time < (*steps)[to - 1].*time; --to) (*steps)[to] = (*steps)[to - 1];
    (*steps)[to] = step;
  }
}

uint8_t Code(auto value) { return static_cast<uint8_t>(value); }

// Builds a life in the order of its parts. Each part draws from the order's own stream; no
// expression draws twice unless it does not matter which draw is the first, since compilers differ
// in that.
class LifeMaker {
 public:
  LifeMaker(const Marketplace& marketplace, const OrderSeed& seed, OrderLife* life)
      : marketplace_(marketplace),
        calendar_(marketplace.calendar()),
        market_(SimulatedMarkets()[seed.market]),
        seller_(marketplace.seller(seed.seller)),
        buyer_(marketplace.buyer(seed.buyer)),
        random_(marketplace.Trait(kOrderTrait, seed.index)),
        life_(*life) {
    life_.seed = seed;
    life_.lines.clear();
    life_.parcels.clear();
    life_.complaints.clear();
    life_.refunds.clear();
    life_.steps.clear();
    life_.returned_lines = 0;
    life_.comeback = {};
  }

  void Make() {
    FillBasket();
    AgreeOnDelivery();
    Add(EventKind::kOrderPlaced, life_.seed.placed, Actor::kBuyer);
    const Instant paid = Pay();
    if (!Cancel(paid)) {
      Send(paid);
      Judge();
      Complain();
      Return();
      Review();
    }
    ComeBack();
    Publish();
  }

 private:
  LifeStep& Add(EventKind kind, Instant at, Actor actor, uint8_t code = 0, size_t thing = 0) {
    LifeStep step;
    step.occurred = at;
    step.draw = static_cast<uint32_t>(random_.Next());
    step.kind = kind;
    step.code = code;
    step.thing = static_cast<uint8_t>(thing);
    step.actor = actor;
    return life_.steps.emplace_back(step);
  }
  Instant Later(Instant at, int64_t mean_ms) { return at.Plus(1 + random_.Waiting(mean_ms)); }
  Instant HoursLater(Instant at, int64_t from, int64_t to) {
    return at.Plus(random_.Between(from * kMillisPerHour, to * kMillisPerHour));
  }
  // A share that grows with the seller's faults: `base` ppm for an excellent one, and as many more
  // as `worst` ppm for the worst.
  bool Fault(uint32_t base, uint32_t worst) {
    return random_.Chance(base + worst * uint32_t{seller_.faults} / 1000);
  }

  int64_t Convert(int64_t grosz) const {
    const int64_t minor = grosz * market_.minor_per_thousand_grosz / 1000;
    return minor / market_.price_step * market_.price_step + market_.price_ending;
  }

  void FillBasket();
  void AgreeOnDelivery();
  Instant Pay();
  bool Cancel(Instant paid);
  void Send(Instant paid);
  Instant Dispatch(size_t parcel, Instant paid);
  void Carry(size_t parcel, Instant dispatched);
  Instant Travel(size_t parcel, Instant dispatched);
  void HandOver(size_t parcel, Instant arrives);
  void Await(size_t parcel, Instant available);
  void Scan(size_t parcel, ScanCode code, Instant at) {
    Add(EventKind::kParcelScanned, at, Actor::kCarrier, Code(code), parcel);
  }
  void Receive(Instant at) { last_received_ = std::max(last_received_.value_or(at), at); }
  void Judge();
  void Complain();
  std::optional<ComplaintReason> Complaint();
  void Discuss(size_t complaint, Instant opened);
  void Say(size_t complaint, Instant at, Actor author);
  Instant Resolve(size_t complaint, Instant at, bool escalated);
  void Reopen(size_t complaint, Instant resolved);
  void PayBack(int64_t amount, RefundKind kind, Instant at, bool of_return, int complaint);
  void Return();
  bool WantsToReturn();
  void FileReturn(Instant filed);
  Instant SendBack(Instant filed);
  void Settle(Instant arrived);
  void Review();
  void Rate(LifeReview* review);
  void AfterReview(Instant posted);
  void ComeBack();
  void Publish();

  const Marketplace& marketplace_;
  const SimulatedCalendar& calendar_;
  const SimulatedMarket& market_;
  const SimulatedSeller& seller_;
  const SimulatedBuyer buyer_;
  Random random_;
  OrderLife& life_;
  Experience experience_;
  std::optional<Instant> last_received_;
  int64_t refundable_ = 0;
  uint8_t messages_ = 0;
  bool reopened_ = false;
};

void LifeMaker::FillBasket() {
  const size_t lines = 1 + random_.Pick({720, 170, 65, 25, 12, 8});
  int64_t total = 0;
  for (size_t i = 0; i < lines; ++i) {
    LifeLine line;
    // A few offers sell most.
    line.offer = std::min(random_.Below(seller_.offers), random_.Below(seller_.offers));
    line.quantity = 1 + static_cast<int32_t>(random_.Pick({880, 80, 25, 15}));
    Random offer(marketplace_.Trait(kOfferTrait, uint64_t{life_.seed.seller} << 32 | line.offer));
    const uint32_t rank = offer.Below(10'000);
    const size_t tenth = rank / 1000;
    line.unit_price =
        Convert(kPrices[tenth] + (kPrices[tenth + 1] - kPrices[tenth]) * (rank % 1000) / 1000);
    total += line.unit_price * line.quantity;
    life_.lines.push_back(line);
  }
  life_.total = total;
}

void LifeMaker::AgreeOnDelivery() {
  const size_t method = random_.Pick(market_.method_shares);
  life_.method = static_cast<DeliveryMethod>(method + 1);
  life_.delivery_price = Convert(kDeliveryPrices[method]);
  life_.smart = buyer_.smart && life_.method != DeliveryMethod::kPost &&
                life_.total >= Convert(kSmartMinimum);
  const bool generous = random_.Chance(80'000);
  life_.delivery_paid = life_.smart || generous ? 0 : life_.delivery_price;
  life_.covered_by = life_.smart ? (random_.Chance(700'000) ? Payer::kMarketplace : Payer::kSeller)
                     : generous  ? Payer::kSeller
                                 : Payer::kBuyer;
  life_.total += life_.delivery_paid;
  refundable_ = life_.total;
  const size_t day = calendar_.DayOf(life_.seed.placed);
  const bool in_time =
      life_.seed.placed < calendar_.StartOf(day).Plus(kCutOffHour * kMillisPerHour);
  const size_t handled = calendar_.WorkingDayFrom(in_time ? day : day + 1);
  const size_t dispatch = calendar_.AddWorkingDays(handled, seller_.handling_days);
  life_.dispatch_by = calendar_.EndOf(dispatch);
  life_.delivery_by = calendar_.EndOf(
      calendar_.AddWorkingDays(dispatch, life_.method == DeliveryMethod::kPost ? 4 : 2));
}

// The instant of the payment; the purchase where nobody pays.
Instant LifeMaker::Pay() {
  const Instant placed = life_.seed.placed;
  const size_t how = random_.Pick({900, 75, 25});
  if (how == 2) return placed;
  const Instant paid = how == 0 ? Later(placed, 3 * kMillisPerMinute) : HoursLater(placed, 4, 40);
  Add(EventKind::kOrderPaid, paid, Actor::kBuyer);
  return paid;
}

bool LifeMaker::Cancel(Instant paid) {
  const bool is_paid = paid > life_.seed.placed;
  Actor by = Actor::kSystem;
  Instant at = life_.seed.placed.Plus(7 * kMillisPerDay);
  if (is_paid && random_.Chance(13'000)) {
    by = Actor::kBuyer;
    at = Later(paid, 2 * kMillisPerHour);
  } else if (is_paid && Fault(2'000, 45'000)) {
    by = Actor::kSeller;
    at = calendar_.OpenFrom(HoursLater(paid, 3, 40), 8, 17, false, &random_);
  } else if (is_paid) {
    return false;
  }
  experience_.cancelled = true;
  experience_.satisfaction = by == Actor::kSeller ? 200 : 500;
  Add(EventKind::kOrderCancelled, at, by);
  if (!is_paid) return true;
  const bool forgets = Fault(1'000, 60'000);
  if (forgets) {
    life_.complaints.push_back({ComplaintKind::kDispute,
                                ComplaintReason::kNoRefundAfterCancelingOrder,
                                Expectation::kRefund});
    const Instant opened = HoursLater(at, 72, 240);
    Add(EventKind::kComplaintOpened, opened, Actor::kBuyer, 0, 0);
    Discuss(0, opened);
    return true;
  }
  PayBack(refundable_, RefundKind::kOrder, Later(at, (2 + seller_.faults / 20) * kMillisPerHour),
          false, -1);
  return true;
}

void LifeMaker::Send(Instant paid) {
  const size_t lines = life_.lines.size();
  const bool split = lines > 1 && random_.Chance(200'000);
  experience_.lost = false;
  if (!split) {
    life_.parcels.push_back({});
  } else {
    const size_t first = 1 + random_.Below(static_cast<uint32_t>(lines - 1));
    const auto head = static_cast<uint8_t>((1u << first) - 1);
    const auto all = static_cast<uint8_t>((1u << lines) - 1);
    life_.parcels.push_back({false, head});
    life_.parcels.push_back({false, static_cast<uint8_t>(all & ~head)});
  }
  bool all_received = true;
  for (size_t parcel = 0; parcel < life_.parcels.size(); ++parcel) {
    last_received_.reset();
    Carry(parcel, Dispatch(parcel, paid));
    all_received = all_received && last_received_.has_value();
    if (last_received_) {
      experience_.received =
          std::max(experience_.received.value_or(*last_received_), *last_received_);
    }
  }
  if (!all_received) experience_.received.reset();
}

// Registers the parcel and gives it to the carrier: the instant of the carrier's first scan.
Instant LifeMaker::Dispatch(size_t parcel, Instant paid) {
  const size_t day = calendar_.DayOf(paid);
  const bool in_time = paid < calendar_.StartOf(day).Plus(kCutOffHour * kMillisPerHour);
  size_t dispatch = calendar_.WorkingDayFrom(in_time ? day : day + 1);
  int64_t wait = seller_.handling_days;
  if (wait > 0 && random_.Chance(450'000)) wait -= 1;
  if (Fault(12'000, 420'000)) wait += 1 + random_.Below(2 + seller_.faults / 200);
  wait += static_cast<int64_t>(parcel) * random_.Below(2);
  dispatch = calendar_.AddWorkingDays(dispatch, wait);
  const Instant morning = calendar_.Within(dispatch, 7, 12, &random_);
  const Instant packed = std::max(morning, paid.Plus(random_.Between(5, 45) * kMillisPerMinute));
  Add(EventKind::kParcelRegistered, packed, Actor::kSeller, 0, parcel);
  if (random_.Chance(700'000)) {
    Scan(parcel, ScanCode::kPending, packed.Plus(random_.Between(2'000, 120'000)));
  }
  const Instant round = calendar_.Within(dispatch, 14, 20, &random_);
  const Instant collected =
      std::max(round, packed.Plus(random_.Between(10, 90) * kMillisPerMinute));
  Scan(parcel, ScanCode::kInTransit, collected);
  return collected;
}

// The way between the two towns: the instant at which the parcel is in the buyer's, or the instant
// of the last scan where it is lost (experience_.lost).
Instant LifeMaker::Travel(size_t parcel, Instant dispatched) {
  const size_t day = calendar_.DayOf(dispatched);
  int64_t days = 1 + static_cast<int64_t>(random_.Pick({830, 130, 30, 10}));
  if (life_.method == DeliveryMethod::kPost) days += random_.Between(0, 2);
  const bool rush = calendar_.DayOfYear(day) >= 336 && calendar_.DayOfYear(day) <= 358;
  if (rush && random_.Chance(250'000)) days += 1;
  const size_t arrives = calendar_.AddWorkingDays(day, days);
  if (random_.Chance(600'000)) {
    const Instant night = calendar_.Within(arrives, 1, 5, &random_);
    Scan(parcel, ScanCode::kInTransit, std::max(night, dispatched.Plus(kMillisPerHour)));
    dispatched = std::max(night, dispatched.Plus(kMillisPerHour));
  }
  if (random_.Chance(2'000)) {
    experience_.lost = true;
    return dispatched;
  }
  Instant at = std::max(calendar_.Within(arrives, 6, 9, &random_), dispatched.Plus(1));
  if (random_.Chance(7'000)) {
    Scan(parcel, ScanCode::kIssue, at);
    at = calendar_.OpenFrom(HoursLater(at, 24, 72), 6, 9, false, &random_);
  }
  return at;
}

void LifeMaker::Carry(size_t parcel, Instant dispatched) {
  const bool lost_before = experience_.lost;
  experience_.lost = false;
  const Instant arrives = Travel(parcel, dispatched);
  if (!experience_.lost) {
    if (life_.method == DeliveryMethod::kLocker || life_.method == DeliveryMethod::kPickupPoint) {
      if (random_.Chance(350'000)) Scan(parcel, ScanCode::kReleasedForDelivery, arrives);
      Await(parcel, HoursLater(arrives, 1, 6));
    } else {
      HandOver(parcel, arrives);
    }
  }
  experience_.lost = experience_.lost || lost_before;
}

// A courier or postman at the door.
void LifeMaker::HandOver(size_t parcel, Instant arrives) {
  Scan(parcel, ScanCode::kReleasedForDelivery, arrives);
  const Instant first = HoursLater(arrives, 2, 10);
  if (random_.Chance(930'000)) {
    Scan(parcel, ScanCode::kDelivered, first);
    return Receive(first);
  }
  Scan(parcel, ScanCode::kNoticeLeft, first);
  const Instant second = calendar_.OpenFrom(HoursLater(first, 14, 40), 9, 18, false, &random_);
  if (random_.Chance(950'000)) {
    Scan(parcel, ScanCode::kDelivered, second);
    return Receive(second);
  }
  experience_.sent_back = true;
  Scan(parcel, ScanCode::kReturned,
       calendar_.OpenFrom(HoursLater(second, 48, 144), 9, 16, false, &random_));
}

// A parcel in a locker or at a pickup point waits for its buyer.
void LifeMaker::Await(size_t parcel, Instant available) {
  Scan(parcel, ScanCode::kAvailableForPickup, available);
  if (random_.Chance(985'000)) {
    const Instant collected = Later(available.Plus(5 * kMillisPerMinute), 9 * kMillisPerHour);
    Scan(parcel, ScanCode::kDelivered, collected);
    return Receive(collected);
  }
  experience_.sent_back = true;
  Scan(parcel, ScanCode::kReturned,
       calendar_.OpenFrom(HoursLater(available, 72, 144), 9, 16, false, &random_));
}

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

void LifeMaker::ComeBack() {
  const bool good = experience_.satisfaction >= kRecommends;
  if (!random_.Chance(good ? 420'000 : 190'000)) return;
  Instant from = life_.seed.placed.Plus(kMillisPerDay);
  if (experience_.received) from = std::max(from, *experience_.received);
  life_.comeback.wanted = true;
  life_.comeback.at = Later(from, 30 * kMillisPerDay);
  life_.comeback.same_seller = random_.Chance(good ? 400'000 : 60'000);
}

// Puts the steps into the order of their publishing.
void LifeMaker::Publish() {
  const SimulatorOptions& options = marketplace_.options();
  SortBy(&LifeStep::occurred, &life_.steps);
  Instant last{0};
  const size_t count = life_.steps.size();
  for (size_t i = 0; i < count; ++i) {
    LifeStep& step = life_.steps[i];
    const int64_t delay = step.kind == EventKind::kParcelScanned ? random_.Waiting(40'000)
                                                                 : 20 + random_.Waiting(400);
    last = std::max(last, step.occurred.Plus(delay));
    step.published = last;
    if (random_.Chance(options.late_ppm)) {
      step.published = step.published.Plus(random_.Between(2 * kMillisPerHour, 10 * kMillisPerDay));
    } else if (random_.Chance(options.out_of_order_ppm)) {
      step.published = step.published.Plus(random_.Between(kMillisPerMinute, 3 * kMillisPerHour));
    }
    if (random_.Chance(options.duplicate_ppm)) {
      LifeStep again = step;
      again.published = again.published.Plus(random_.Between(1'000, 2 * kMillisPerDay));
      again.other_id = random_.Chance(kMillion / 2);
      life_.steps.push_back(again);
    }
  }
  SortBy(&LifeStep::published, &life_.steps);
}

}  // namespace

void MakeOrderLife(const Marketplace& marketplace, const OrderSeed& seed, OrderLife* life) {
  LifeMaker(marketplace, seed, life).Make();
}

}  // namespace flywheel
