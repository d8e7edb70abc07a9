// How the simulator makes a life: one object for each order, a file for each part of the life.
//
// order_life.cc: the purchase, what is paid, cancelled and bought again, and the order in which all
// is published; life_delivery.cc: parcels; life_complaints.cc: what the buyer thinks, complaints,
// money back; life_returns.cc; life_reviews.cc.
#ifndef FLYWHEEL_SOURCES_LIFE_MAKER_H_
#define FLYWHEEL_SOURCES_LIFE_MAKER_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/strong.h"
#include "events/vocabulary.h"
#include "sources/marketplace.h"
#include "sources/order_life.h"
#include "sources/random.h"

namespace flywheel {

// What a Trait is about.
inline constexpr uint32_t kOrderTrait = 10;
// A purchase after this hour is handled as one of the next day.
inline constexpr int64_t kCutOffHour = 13;
// A buyer at or above this satisfaction recommends the seller.
inline constexpr int32_t kRecommends = 500;

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

inline uint8_t Code(auto value) { return static_cast<uint8_t>(value); }

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

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_LIFE_MAKER_H_
