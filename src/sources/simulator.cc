#include "sources/simulator.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "sources/dirt.h"
#include "sources/marketplace.h"
#include "sources/order_events.h"
#include "sources/order_life.h"
#include "sources/random.h"

namespace flywheel {
namespace {

using events::v1::Event;

constexpr uint32_t kMaxSellers = 1'000'000;
constexpr uint32_t kMaxOrders = 1'000'000'000;
constexpr uint32_t kMaxDays = 3'650;
constexpr Instant kEarliestStart{63072000000};  // 1972-01-01T00:00:00Z
constexpr Instant kLatestStart{6627052800000};  // 2180-01-01T00:00:00Z
// What a Trait is about.
constexpr uint32_t kArrivalTrait = 30;
constexpr uint32_t kDirtTrait = 31;
constexpr uint32_t kLateReviewTrait = 32;
constexpr size_t kArenaBytes = size_t{16} << 10;

// An order that has something left to publish.
struct LiveOrder {
  Instant next;  // its next step is published then
  OrderSeed seed;
  uint16_t step = 0;  // index of that step; after the last: a review that is too late

  friend bool operator>(const LiveOrder& a, const LiveOrder& b) {
    return std::tie(a.next, a.seed.index) > std::tie(b.next, b.seed.index);
  }
};

// A buyer who wants to buy again.
struct WantedPurchase {
  Instant at;
  uint32_t after_order = 0;
  uint32_t buyer = 0;
  uint32_t seller = 0;
  uint8_t market = 0;
  bool same_seller = false;

  friend bool operator>(const WantedPurchase& a, const WantedPurchase& b) {
    return std::tie(a.at, a.after_order) > std::tie(b.at, b.after_order);
  }
};

template <class T>
using EarliestFirst = std::priority_queue<T, std::vector<T>, std::greater<>>;

// The purchases' instants, in order.
class Arrivals {
 public:
  explicit Arrivals(const Marketplace& marketplace) : marketplace_(marketplace) {
    EnterHour();
    SkipEmptyHours();
  }

  bool done() const { return hour_ >= marketplace_.hours(); }
  // REQUIRES: !done().
  Instant next() const { return next_; }

  void Advance() {
    ++index_;
    SkipEmptyHours();
  }

 private:
  void EnterHour() {
    first_ = marketplace_.OrdersBefore(hour_);
    count_ = marketplace_.OrdersBefore(hour_ + 1) - first_;
    index_ = 0;
  }
  void SkipEmptyHours() {
    while (index_ >= count_) {
      if (++hour_ >= marketplace_.hours()) return;
      EnterHour();
    }
    // The hour is cut into as many pieces as it has orders; each is placed somewhere in its piece.
    Random random(marketplace_.Trait(kArrivalTrait, first_ + index_));
    const uint64_t where = (index_ * kMillion + random.Below(kMillion)) *
                           static_cast<uint64_t>(kMillisPerHour) / (count_ * kMillion);
    next_ = marketplace_.options().start.Plus(static_cast<int64_t>(hour_) * kMillisPerHour +
                                              static_cast<int64_t>(where));
  }

  const Marketplace& marketplace_;
  size_t hour_ = 0;
  uint64_t first_ = 0;  // order of the hour
  uint64_t count_ = 0;  // orders in the hour
  uint64_t index_ = 0;
  Instant next_;
};

class Simulation {
 public:
  Simulation(const Marketplace& marketplace, EventSink sink, EventSink cut_off,
             SimulatorSummary* summary)
      : marketplace_(marketplace),
        sink_(sink),
        cut_off_(cut_off),
        summary_(*summary),
        seller_steps_(marketplace.SellerSteps()),
        arrivals_(marketplace),
        random_(marketplace.Trait(kArrivalTrait, ~uint64_t{0})),
        arena_(Options(arena_block_.get())) {}

  absl::Status Run() {
    while (true) {
      const Instant seller = next_seller_step_ < seller_steps_.size()
                                 ? seller_steps_[next_seller_step_].at
                                 : kLatestInstant;
      const Instant live = live_.empty() ? kLatestInstant : live_.top().next;
      const Instant arrival = arrivals_.done() ? kLatestInstant : arrivals_.next();
      const Instant first = std::min({seller, live, arrival});
      if (first == kLatestInstant) return absl::OkStatus();
      if (seller == first) {
        RETURN_IF_ERROR(TellSeller());
      } else if (live == first) {
        RETURN_IF_ERROR(TellOrder());
      } else {
        PlaceOrder(arrival);
        arrivals_.Advance();
      }
    }
  }

 private:
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kArenaBytes;
    return options;
  }

  bool Hidden(Instant occurred) const {
    return marketplace_.options().until && occurred > *marketplace_.options().until;
  }

  absl::Status Give(const Event& event) {
    ++summary_.events;
    ++summary_.by_kind[static_cast<size_t>(event.payload_case())];
    absl::Status status = sink_(event);
    arena_.Reset();
    return status;
  }

  absl::Status TellSeller() {
    const SellerStep& step = seller_steps_[next_seller_step_++];
    if (Hidden(step.at)) return absl::OkStatus();
    Event* event = google::protobuf::Arena::CreateMessage<Event>(&arena_);
    MakeSellerEvent(marketplace_, step, event);
    return Give(*event);
  }

  // Publishes the next step of the order that is due. Its life is made anew each time: that costs
  // less than keeping the lives of all orders.
  absl::Status TellOrder() {
    LiveOrder order = live_.top();
    live_.pop();
    MakeOrderLife(marketplace_, order.seed, &life_);
    if (order.step == life_.steps.size()) return TellLateReview(order.seed.placed);
    const LifeStep step = life_.steps[order.step];
    if (++order.step < life_.steps.size()) {
      order.next = life_.steps[order.step].published;
      live_.push(order);
    } else if (IsReviewedTooLate(order.seed)) {
      order.next = order.seed.placed.Plus(kLateReviewMillis);
      live_.push(order);
    }
    if (Hidden(step.occurred)) return absl::OkStatus();
    Event* event = google::protobuf::Arena::CreateMessage<Event>(&arena_);
    MakeOrderEvent(marketplace_, life_, step, event);
    RETURN_IF_ERROR(Give(*event));
    Random dirt(marketplace_.Trait(kDirtTrait, uint64_t{order.seed.index} << 16 | order.step));
    if (!dirt.Chance(marketplace_.options().dirt_ppm)) return absl::OkStatus();
    const auto kind = static_cast<Dirt>(dirt.Below(static_cast<uint32_t>(Dirt::kLateReview)));
    return TellDirt(step, kind, dirt.Next());
  }

  // An order's own draws are left alone, so that the clean events do not depend on the dirt.
  bool IsReviewedTooLate(const OrderSeed& seed) const {
    if (marketplace_.options().dirt_ppm == 0) return false;
    const bool reviewed =
        std::any_of(life_.steps.begin(), life_.steps.end(),
                    [](const LifeStep& step) { return step.kind == EventKind::kReviewPosted; });
    return !reviewed && Random(marketplace_.Trait(kLateReviewTrait, seed.index))
                            .Chance(marketplace_.options().dirt_ppm);
  }

  absl::Status TellLateReview(Instant placed) {
    if (Hidden(placed.Plus(kLateReviewMillis))) return absl::OkStatus();
    return TellDirt(life_.steps.front(), Dirt::kLateReview, life_.seed.index);
  }

  absl::Status TellDirt(const LifeStep& step, Dirt dirt, uint64_t draw) {
    ++summary_.events;
    ++summary_.dirt[static_cast<size_t>(dirt)];
    Event* event = google::protobuf::Arena::CreateMessage<Event>(&arena_);
    MakeDirtyEvent(marketplace_, life_, step, dirt, draw, event);
    absl::Status status = dirt == Dirt::kUndecodable ? cut_off_(*event) : sink_(*event);
    arena_.Reset();
    return status;
  }

  void PlaceOrder(Instant at) {
    OrderSeed seed = Choose(at);
    seed.placed = at;
    seed.index = static_cast<uint32_t>(summary_.orders);
    ++summary_.orders;
    MakeOrderLife(marketplace_, seed, &life_);
    live_.push({life_.steps.front().published, seed, 0});
    summary_.most_orders_at_once = std::max<uint64_t>(summary_.most_orders_at_once, live_.size());
    if (life_.comeback.wanted) {
      wanted_.push({life_.comeback.at, seed.index, seed.buyer, seed.seller, seed.market,
                    life_.comeback.same_seller});
    }
  }

  // Who buys now, and from whom: a buyer who wants to come back, or anybody.
  OrderSeed Choose(Instant at) {
    OrderSeed seed;
    if (!wanted_.empty() && wanted_.top().at <= at) {
      const WantedPurchase wanted = wanted_.top();
      wanted_.pop();
      seed.buyer = wanted.buyer;
      if (wanted.same_seller) {
        seed.seller = wanted.seller;
        seed.market = wanted.market;
        return seed;
      }
    } else {
      seed.buyer = random_.Below(marketplace_.buyers());
    }
    const SimulatedBuyer buyer = marketplace_.buyer(seed.buyer);
    seed.market = random_.Chance(350'000) ? buyer.abroad : buyer.home;
    seed.seller = marketplace_.PickSeller(seed.market, at, &random_);
    return seed;
  }

  const Marketplace& marketplace_;
  EventSink sink_;
  EventSink cut_off_;
  SimulatorSummary& summary_;
  const std::vector<SellerStep> seller_steps_;
  size_t next_seller_step_ = 0;
  Arrivals arrivals_;
  Random random_;
  EarliestFirst<LiveOrder> live_;
  EarliestFirst<WantedPurchase> wanted_;
  OrderLife life_;  // of the order at hand
  std::unique_ptr<char[]> arena_block_ = std::make_unique<char[]>(kArenaBytes);
  google::protobuf::Arena arena_;
};

absl::Status Bound(std::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} must be from {} to {}, not {}", field, least, most, value));
}

}  // namespace

absl::Status CheckSimulatorOptions(const SimulatorOptions& options) {
  RETURN_IF_ERROR(Bound("sellers", options.sellers, 1, kMaxSellers));
  RETURN_IF_ERROR(Bound("orders", options.orders, 1, kMaxOrders));
  RETURN_IF_ERROR(Bound("days", options.days, 1, kMaxDays));
  if (options.start < kEarliestStart || options.start > kLatestStart) {
    return absl::InvalidArgumentError("start must lie in the years 1972 to 2179");
  }
  RETURN_IF_ERROR(Bound("late_ppm", options.late_ppm, 0, kMillion));
  RETURN_IF_ERROR(Bound("out_of_order_ppm", options.out_of_order_ppm, 0, kMillion));
  RETURN_IF_ERROR(Bound("duplicate_ppm", options.duplicate_ppm, 0, kMillion));
  return Bound("dirt_ppm", options.dirt_ppm, 0, kMillion);
}

absl::Status Simulate(const SimulatorOptions& options, EventSink sink, EventSink cut_off,
                      SimulatorSummary* summary) {
  RETURN_IF_ERROR(CheckSimulatorOptions(options));
  *summary = {};
  ASSIGN_OR_RETURN(const Marketplace marketplace, Marketplace::Build(options));
  return Simulation(marketplace, sink, cut_off, summary).Run();
}

absl::Status Simulate(const SimulatorOptions& options, EventSink sink, SimulatorSummary* summary) {
  const auto unwanted = [](const Event&) { return absl::OkStatus(); };
  return Simulate(options, sink, unwanted, summary);
}

}  // namespace flywheel
