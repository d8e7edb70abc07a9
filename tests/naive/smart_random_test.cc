// What is counted as the log goes on is what is counted one by one, and what was announced is what
// a reader finds who looks at each midnight and each deadline.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "effort.h"
#include "naive/calendar.h"
#include "naive/smart.h"
#include "naive/smart_sellers.h"

namespace flywheel::naive {
namespace {

// Windows and thresholds so small that a few events change them.
policy::v1::Policy SmallPolicy(int32_t rating_days, int32_t tracked_days, int32_t count) {
  policy::v1::Policy policy;
  auto* smart = policy.mutable_defaults()->mutable_smart();
  smart->set_rating_window_days(rating_days);
  smart->set_tracked_window_days(tracked_days);
  smart->set_rates_count(count);
  smart->set_rating_share_ppm(600'000);
  smart->set_tracked_from_orders(2);
  return policy;
}

SmartOrders OrdersOf(const Seller& seller) {
  SmartOrders orders;
  for (const auto& [order_id, order] : seller.orders) {
    if (auto smart = SmartOrderOf(order, At("2100-01-01T00:00:00Z"))) {
      orders.emplace(order_id, *std::move(smart));
    }
  }
  return orders;
}

// One seller in Poland, looked at as slowly as the definition reads.
class SlowReader {
 public:
  void Read(const Replay& replay) {
    const Partition& partition = replay.partitions().at(0);
    const Seller* seller = replay.FindSeller("s");
    if (seller == nullptr || !seller->latest_occurred_at) return;
    const int64_t clock = std::max(*seller->latest_occurred_at, partition.latest_tick.value_or(0));
    if (clock_) {
      for (const int64_t at : InstantsIn(*clock_, clock)) Look(at, true);
    }
    policies_ = partition.policies;
    clock_ = std::max(clock, clock_.value_or(clock));
    zone_ = *policies_.ZoneOf("PL");
    orders_ = OrdersOf(*seller);
    seller_ = SmartSellerOf(seller->registration, seller->standings, "PL", *clock_);
    Look(*clock_, false);
  }

  struct Change {
    int64_t at = 0;
    bool fulfilled = false;
    bool by_time = false;
    friend bool operator==(const Change&, const Change&) = default;
  };
  const std::vector<Change>& changes() const { return changes_; }
  const SmartOrders& orders() const { return orders_; }
  int64_t clock() const { return *clock_; }

 private:
  std::set<int64_t> InstantsIn(int64_t after, int64_t to) const {
    std::set<int64_t> instants;
    for (int32_t day = DayOf(zone_, after); day <= DayOf(zone_, to); ++day) {
      instants.insert(StartOf(zone_, day));
    }
    for (const auto& [order_id, order] : orders_) {
      if (order.dispatch) instants.insert(order.dispatch->promised_by + 1);
    }
    for (auto at = policies_.NextEffectiveAfter(after); at;
         at = policies_.NextEffectiveAfter(*at)) {
      instants.insert(*at);
    }
    std::erase_if(instants, [&](int64_t at) { return at <= after || at > to; });
    return instants;
  }

  void Look(int64_t at, bool by_time) {
    const SmartRules rules = policies_.At("PL", at).smart;
    const bool now = IsFulfilled(ConditionsOf(CountAt(orders_, rules, zone_, at), seller_, rules));
    if (now != (!changes_.empty() && changes_.back().fulfilled)) {
      changes_.push_back({at, now, by_time});
    }
  }

  Policies policies_;
  absl::TimeZone zone_;
  std::optional<int64_t> clock_;
  SmartOrders orders_;
  SmartSeller seller_;
  std::vector<Change> changes_;
};

// A log of one seller: each record is of an order that is known, or of the seller itself.
class Teller {
 public:
  explicit Teller(uint32_t seed) : random_(seed) {}

  int64_t clock() const { return clock_; }

  Event Next(History& history) {
    // Mostly onward, by hours or days, to whole hours so that instants coincide; now and then late.
    const int64_t onward = Pick(4) == 0 ? Pick(5) * kDay : Pick(8) * kHour;
    const bool is_late = Pick(5) == 0;
    if (!is_late) clock_ += onward;
    const int64_t at = is_late ? clock_ - Pick(10) * kDay : clock_;
    history.now = std::max(history.now, clock_);
    switch (orders_ == 0 ? 0 : Pick(12)) {
      case 0:
      case 1:
      case 2:
        return PromisedBy(at + Pick(4) * kDay - Pick(2),
                          Placed(Order(orders_++), at, "b" + std::to_string(Pick(4))));
      case 3:
      case 4: {
        const int64_t order = Pick(orders_);
        const naive::Order* known = history.replay().FindOrder("s", Order(order));
        return Reviewed(Order(order), at, Pick(4) != 0, known->buyer_id);
      }
      case 5:
        return Edited(Order(Pick(orders_)), at, Pick(2) == 0);
      case 6:
        return Pick(3) == 0 ? Removed(Order(Pick(orders_)), at)
                            : Cancelled(Order(Pick(orders_)), at);
      case 7:
        return Parcel(Order(Pick(orders_)), at);
      case 8:
        return Scanned(Order(Pick(orders_)), at);
      case 9:
        return Pick(6) == 0 ? Standing(at) : GoodStanding(at);
      case 10:
        return Tick(at);
      default:
        return PolicyOf(
            version_++, history.now + kHour + Pick(3) * kDay,
            SmallPolicy(1 + static_cast<int32_t>(Pick(9)), 1 + static_cast<int32_t>(Pick(9)),
                        1 + static_cast<int32_t>(Pick(3))));
    }
  }

 private:
  int64_t Pick(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint32_t>(below));
  }
  static std::string Order(int64_t number) { return "o" + std::to_string(number); }

  std::mt19937 random_;
  int64_t clock_ = At("2024-03-20T10:00:00Z");
  int64_t orders_ = 0;
  uint32_t version_ = 2;
};

}  // namespace

TEST_CASE("running counts and announced changes are those of a slow reader") {
  size_t changes = 0;
  const int logs = Effort(60, 10);
  for (int log = 0; log < logs; ++log) {
    CAPTURE(log);
    History history;
    history.now = At("2024-03-19T00:00:00Z");
    Teller teller(static_cast<uint32_t>(log));
    SlowReader slow;
    history.Add(PolicyOf(1, history.now + kDay, SmallPolicy(5, 3, 2)));
    history.Add(Registered(teller.clock()));
    history.Add(GoodStanding(teller.clock()));
    slow.Read(history.replay());
    for (int i = 0; i < 150; ++i) {
      history.Add(teller.Next(history));
      slow.Read(history.replay());
      const Partition& partition = history.replay().partitions().at(0);
      SmartHistory announced = partition.sellers.at("s").smart.at("PL");
      announced.StepTo(partition.policies, slow.clock());
      const SmartRules rules = partition.policies.At("PL", slow.clock()).smart;
      REQUIRE(announced.state().Counts() ==
              CountAt(slow.orders(), rules, *partition.policies.ZoneOf("PL"), slow.clock()));
      std::vector<SlowReader::Change> told;
      for (const SmartChange& change : announced.changes()) {
        told.push_back(
            {change.at, change.fulfilled, std::holds_alternative<SmartRule>(change.cause)});
      }
      REQUIRE(told == slow.changes());
    }
    changes += slow.changes().size();
  }
  CHECK(changes > static_cast<size_t>(logs) * 5);
}

TEST_CASE("an answer from the running state is that from the facts one by one") {
  for (int log = 0; log < Effort(20, 4); ++log) {
    CAPTURE(log);
    History history;
    history.now = At("2024-03-19T00:00:00Z");
    Teller teller(static_cast<uint32_t>(1000 + log));
    history.Add(PolicyOf(1, history.now + kDay, SmallPolicy(5, 3, 2)));
    history.Add(Registered(teller.clock()));
    for (int i = 0; i < 100; ++i) history.Add(teller.Next(history));
    const Replay& replay = history.replay();
    const int64_t first = At("2024-03-20T10:00:00Z");
    for (int64_t as_of = first; as_of < teller.clock() + 10 * kDay; as_of += 7 * kHour) {
      const std::optional<Smart> smart = SmartOf(replay, "s", "PL", as_of);
      REQUIRE(smart.has_value());
      if (!smart->outlook) continue;
      // Nothing happens after as_of that is known then: at the outlook it is the other way round.
      CHECK(*smart->outlook > as_of);
      if (as_of < teller.clock()) continue;
      REQUIRE(SmartOf(replay, "s", "PL", *smart->outlook - 1)->fulfilled == smart->fulfilled);
      REQUIRE(SmartOf(replay, "s", "PL", *smart->outlook)->fulfilled != smart->fulfilled);
    }
  }
}

}  // namespace flywheel::naive
