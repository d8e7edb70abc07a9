#include "naive/smart.h"

#include <algorithm>

#include "naive/calendar.h"
#include "naive/seller_rows.h"

namespace flywheel::naive {
namespace {

constexpr int32_t kOutlookDays = 365;
constexpr int64_t kMillion = 1'000'000;

SmartOrders OrdersUpTo(const Seller& seller, const std::string& market, int64_t as_of) {
  SmartOrders orders;
  for (const auto& [order_id, order] : seller.orders) {
    if (!order.known || order.market != market) continue;
    if (auto smart = SmartOrderOf(order, as_of)) orders.emplace(order_id, *std::move(smart));
  }
  return orders;
}

const SmartCondition& Find(const std::vector<SmartCondition>& conditions, std::string_view code) {
  return *std::find_if(conditions.begin(), conditions.end(),
                       [&](const SmartCondition& condition) { return condition.code == code; });
}

// The least k >= 1 further buyers who do not recommend with which the share is below the least.
// REQUIRES: it is not below without them.
std::optional<int64_t> NegativesUntilLost(const SmartCounts& counts, const SmartRules& rules) {
  const int64_t ppm = rules.rating_share_ppm;
  if (ppm == 0) return std::nullopt;
  const int64_t spare = counts.recommending * kMillion - ppm * counts.raters;
  return spare / ppm + 1;  // ppm * k > spare
}

// The least k >= 1 further buyers who recommend with which both rating conditions hold.
std::optional<int64_t> PositivesUntilWon(const SmartCounts& counts, const SmartRules& rules) {
  const int64_t ppm = rules.rating_share_ppm;
  const int64_t missing = ppm * counts.raters - counts.recommending * kMillion;
  const int64_t gain = kMillion - ppm;  // of each
  if (missing > 0 && gain == 0) return std::nullopt;
  const int64_t for_share = missing > 0 ? (missing + gain - 1) / gain : 0;
  return std::max({int64_t{1}, for_share, rules.rates_count - counts.recommending});
}

void AddHeadroom(const SmartCounts& counts, const SmartRules& rules, Smart& smart) {
  const SmartCondition& share = Find(smart.conditions, "ratingPercentage");
  const SmartCondition& count = Find(smart.conditions, "ratesCount");
  if (!share.required) return;  // a super seller
  if (smart.fulfilled) {
    smart.negatives_until_lost = NegativesUntilLost(counts, rules);
    return;
  }
  const bool rest_is_fulfilled = std::all_of(
      smart.conditions.begin(), smart.conditions.end(), [&](const SmartCondition& condition) {
        return &condition == &share || &condition == &count || !condition.IsMissing();
      });
  if (rest_is_fulfilled) smart.positives_until_won = PositivesUntilWon(counts, rules);
}

std::optional<int64_t> OutlookOf(const Policies& policies, const std::string& market,
                                 absl::TimeZone zone, const SmartOrders& orders,
                                 const SmartSeller& seller, int64_t as_of) {
  SmartState state(policies, market, as_of);
  state.SetSeller(seller);
  for (const auto& [order_id, order] : orders) state.Put(order_id, order);
  const bool now = IsFulfilled(state.Conditions());
  const int64_t until = EndOf(zone, DayOf(zone, as_of) + kOutlookDays);
  while (const std::optional<int64_t> next = state.NextInstant(policies)) {
    if (*next > until) break;
    state.MoveTo(policies, *next);
    if (IsFulfilled(state.Conditions()) != now) return next;
  }
  return std::nullopt;
}

// What was announced by as_of, and what time alone changes by then.
std::vector<SmartChange> HistoryUpTo(const Policies& policies, const Seller& seller,
                                     const std::string& market, int64_t as_of) {
  const auto found = seller.smart.find(market);
  if (found == seller.smart.end()) return {};
  SmartHistory history = found->second;
  if (as_of > history.at()) history.StepTo(policies, as_of);
  std::vector<SmartChange> changes = history.changes();
  std::erase_if(changes, [&](const SmartChange& change) { return change.at > as_of; });
  return changes;
}

Smart Answer(const Located& located, std::string_view seller_id, const std::string& market,
             int64_t as_of) {
  const Seller& seller = *located.seller;
  const Policies& policies = located.partition->policies;
  const absl::TimeZone zone = *policies.ZoneOf(market);
  const SmartRules rules = policies.At(market, as_of).smart;
  const SmartOrders orders = OrdersUpTo(seller, market, as_of);
  const SmartSeller standing = SmartSellerOf(seller.registration, seller.standings, market, as_of);
  const SmartCounts counts = CountAt(orders, rules, zone, as_of);

  Smart smart;
  smart.seller_id = seller_id;
  smart.market = market;
  smart.as_of = as_of;
  smart.conditions = ConditionsOf(counts, standing, rules);
  smart.fulfilled = IsFulfilled(smart.conditions);
  smart.history = HistoryUpTo(policies, seller, market, as_of);
  if (!smart.history.empty()) smart.last_changed = smart.history.back().at;
  AddHeadroom(counts, rules, smart);
  smart.outlook = OutlookOf(policies, market, zone, orders, standing, as_of);
  smart.complete = seller.complete();
  return smart;
}

}  // namespace

std::optional<Smart> SmartOf(const Replay& replay, std::string_view seller_id,
                             std::string_view market, int64_t as_of) {
  const auto sellers = SellersOf(replay);
  const auto located = sellers.find(seller_id);
  if (located == sellers.end()) return std::nullopt;
  const auto named = located->second.seller->markets.find(std::string(market));
  if (named == located->second.seller->markets.end() || !HasRow(named->second, as_of)) {
    return std::nullopt;
  }
  return Answer(located->second, seller_id, named->first, as_of);
}

void AllSmart(const Replay& replay, int64_t as_of, const std::function<void(const Smart&)>& visit) {
  for (const auto& [seller_id, located] : SellersOf(replay)) {
    for (const auto& [market, naming] : located.seller->markets) {
      if (HasRow(naming, as_of)) visit(Answer(located, seller_id, market, as_of));
    }
  }
}

}  // namespace flywheel::naive
