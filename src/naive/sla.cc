#include "naive/sla.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "naive/calendar.h"
#include "naive/order_course.h"
#include "naive/seller_rows.h"

namespace flywheel::naive {
namespace {

// One kind of clock, before shares and quantiles.
struct Tally {
  int64_t within = 0;
  int64_t late = 0;
  int64_t pending = 0;
  int64_t overdue = 0;
  std::vector<int64_t> durations;
};

// Rows joined.
struct Sums {
  std::array<Tally, kSlaClocks> tallies;
  bool complete = true;
};
using SumsByWindow = std::map<int32_t, Sums>;

void Count(const OrderClock& clock, int64_t as_of, Tally& tally) {
  switch (clock.StateAt(as_of)) {
    case ClockState::kWithin:
      ++tally.within;
      break;
    case ClockState::kLate:
      ++tally.late;
      break;
    case ClockState::kPending:
      ++tally.pending;
      break;
    case ClockState::kOverdue:
      ++tally.overdue;
      break;
  }
  if (clock.stopped_at) tally.durations.push_back(clock.duration_ms);
}

void Add(const Sums& from, Sums& to) {
  for (size_t i = 0; i < kSlaClocks; ++i) {
    const Tally& source = from.tallies[i];
    Tally& target = to.tallies[i];
    target.within += source.within;
    target.late += source.late;
    target.pending += source.pending;
    target.overdue += source.overdue;
    target.durations.insert(target.durations.end(), source.durations.begin(),
                            source.durations.end());
  }
  to.complete = to.complete && from.complete;
}

// The value at rank ceil(percent * n / 100). REQUIRES: sorted.
std::optional<int64_t> Quantile(const std::vector<int64_t>& sorted, size_t percent) {
  if (sorted.empty()) return std::nullopt;
  const size_t rank = (percent * sorted.size() + 99) / 100;
  return sorted[rank - 1];
}

ClockFigures FiguresOf(Tally tally) {
  ClockFigures figures;
  figures.within = tally.within;
  figures.late = tally.late;
  figures.pending = tally.pending;
  figures.overdue = tally.overdue;
  const int64_t judged = tally.within + tally.late + tally.overdue;
  if (judged > 0) {
    figures.compliance = static_cast<double>(tally.within) / static_cast<double>(judged);
  }
  std::sort(tally.durations.begin(), tally.durations.end());
  figures.p50_ms = Quantile(tally.durations, 50);
  figures.p90_ms = Quantile(tally.durations, 90);
  figures.p99_ms = Quantile(tally.durations, 99);
  return figures;
}

Sla Finish(std::string_view seller_id, std::string_view market, int32_t window_days, int64_t as_of,
           const Sums& sums) {
  Sla sla;
  sla.seller_id = seller_id;
  sla.market = market;
  sla.window_days = window_days;
  sla.as_of = as_of;
  for (size_t i = 0; i < kSlaClocks; ++i) sla.clocks[i] = FiguresOf(sums.tallies[i]);
  sla.complete = sums.complete;
  return sla;
}

// Calls `visit(order_id, clock)` for all clocks of a seller and market.
template <class Visit>
void ForEachClock(const Located& located, const std::string& market, int64_t as_of, Visit visit) {
  for (const auto& [order_id, order] : located.seller->orders) {
    if (order.market != market) continue;
    const std::optional<OrderCourse> course = CourseOf(order, as_of);
    if (!course) continue;
    for (const OrderClock& clock :
         ClocksOf(located.partition->policies, market, order_id, *course)) {
      visit(order_id, clock);
    }
  }
}

// A row for each window of the market's policy.
SumsByWindow RowsOf(const Located& located, const std::string& market, int64_t as_of) {
  const Policies& policies = located.partition->policies;
  const absl::TimeZone zone = *policies.ZoneOf(market);
  const int32_t today = DayOf(zone, as_of);
  SumsByWindow rows;
  for (const int32_t days : policies.At(market, as_of).sla.window_days) {
    rows[days].complete = located.seller->complete();
  }
  ForEachClock(located, market, as_of, [&](const std::string&, const OrderClock& clock) {
    const int32_t day = DayOf(zone, clock.opened_at);
    for (auto& [days, sums] : rows) {
      if (today - days >= day || day > today) continue;
      Count(clock, as_of, sums.tallies[static_cast<size_t>(clock.clock)]);
    }
  });
  return rows;
}

void VisitAll(std::string_view seller_id, std::string_view market, int64_t as_of,
              const SumsByWindow& rows, const std::function<void(const Sla&)>& visit) {
  for (const auto& [days, sums] : rows) visit(Finish(seller_id, market, days, as_of, sums));
}

}  // namespace

std::optional<Sla> SlaOf(const Replay& replay, std::string_view seller_id, std::string_view market,
                         int32_t window_days, int64_t as_of) {
  std::optional<Sums> total;
  for (const auto& [id, located] : SellersOf(replay)) {
    if (seller_id != kAll && seller_id != id) continue;
    for (const auto& [code, naming] : located.seller->markets) {
      if ((market != kAll && market != code) || !HasRow(naming, as_of)) continue;
      const SumsByWindow rows = RowsOf(located, code, as_of);
      const auto row = rows.find(window_days);
      if (row == rows.end()) continue;
      if (!total) total.emplace();
      Add(row->second, *total);
    }
  }
  if (!total) return std::nullopt;
  return Finish(seller_id, market, window_days, as_of, *total);
}

void AllSla(const Replay& replay, int64_t as_of, const std::function<void(const Sla&)>& visit) {
  std::map<std::string, SumsByWindow> totals;  // by market, "*" among them
  for (const auto& [seller_id, located] : SellersOf(replay)) {
    SumsByWindow of_seller;
    for (const auto& [market, naming] : located.seller->markets) {
      if (!HasRow(naming, as_of)) continue;
      const SumsByWindow rows = RowsOf(located, market, as_of);
      for (const auto& [days, sums] : rows) {
        Add(sums, of_seller[days]);
        Add(sums, totals[market][days]);
        Add(sums, totals[std::string(kAll)][days]);
      }
      VisitAll(seller_id, market, as_of, rows, visit);
    }
    VisitAll(seller_id, kAll, as_of, of_seller, visit);
  }
  // "*" sorts before every code: the total of all comes last by hand.
  for (const auto& [market, rows] : totals) {
    if (market != kAll) VisitAll(kAll, market, as_of, rows, visit);
  }
  VisitAll(kAll, kAll, as_of, totals[std::string(kAll)], visit);
}

std::vector<QueuedClock> QueueOf(const Replay& replay, int64_t as_of) {
  std::vector<QueuedClock> queue;
  for (const auto& [seller_id, located] : SellersOf(replay)) {
    for (const auto& [market, naming] : located.seller->markets) {
      ForEachClock(located, market, as_of,
                   [&](const std::string& order_id, const OrderClock& clock) {
                     if (clock.stopped_at) return;
                     const bool overdue = clock.StateAt(as_of) == ClockState::kOverdue;
                     queue.push_back({std::string(seller_id), market, clock.clock, clock.id,
                                      order_id, clock.opened_at, clock.due, overdue});
                   });
    }
  }
  const auto rank = [](const QueuedClock& queued) {
    return std::tuple(queued.due, std::string_view(queued.id), NameOf(queued.clock),
                      std::string_view(queued.seller_id), std::string_view(queued.order_id),
                      queued.opened_at);
  };
  std::sort(queue.begin(), queue.end(),
            [&](const QueuedClock& a, const QueuedClock& b) { return rank(a) < rank(b); });
  return queue;
}

}  // namespace flywheel::naive
