#include "sources/order_life.h"

#include <algorithm>
#include <array>

#include "sources/life_maker.h"

namespace flywheel {
namespace {

constexpr uint32_t kOfferTrait = 11;

// Prices in grosz: how much the cheapest 0 %, 10 %, ... 100 % of the offers cost at most.
constexpr std::array<int64_t, 11> kPrices = {399,  990,  1590,  2290,  2990, 3990,
                                             5490, 7990, 12990, 24990, 89900};
// What a delivery costs in grosz, by method.
constexpr std::array<int64_t, 4> kDeliveryPrices = {1299, 1599, 1099, 1799};
// An order of at least so many grosz is delivered free of charge to a member of Smart!.
constexpr int64_t kSmartMinimum = 4500;

// A stable sort that allocates nothing: the steps are few and nearly in order.
void SortBy(Instant LifeStep::* time, std::vector<LifeStep>* steps) {
  for (size_t i = 1; i < steps->size(); ++i) {
    const LifeStep step = (*steps)[i];
    size_t to = i;
    for (; to > 0 && step.*time < (*steps)[to - 1].*time; --to) (*steps)[to] = (*steps)[to - 1];
    (*steps)[to] = step;
  }
}

}  // namespace

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

void MakeOrderLife(const Marketplace& marketplace, const OrderSeed& seed, OrderLife* life) {
  LifeMaker(marketplace, seed, life).Make();
}

}  // namespace flywheel
