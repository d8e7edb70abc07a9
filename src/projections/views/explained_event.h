// An event behind a figure, with its place.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_EXPLAINED_EVENT_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_EXPLAINED_EVENT_H_

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/strong.h"
#include "events/vocabulary.h"
#include "projections/facts/fact.h"
#include "projections/facts/order_row.h"

namespace flywheel {

struct ExplainedEvent {
  EventKind kind = EventKind::kNone;
  Instant occurred_at;
  Instant recorded_at;
  Partition partition;
  Place place;
};

// The facts of the order that `decides` picks, in business order. Pure.
inline std::vector<ExplainedEvent> ExplainedEventsOf(const OrderRow& order, Partition partition,
                                                     absl::FunctionRef<bool(const Fact&)> decides) {
  std::vector<ExplainedEvent> events;
  order.ForEachFact([&](const Fact& fact) {
    if (decides(fact)) {
      events.push_back({fact.kind, fact.occurred_at, fact.recorded_at, partition, fact.place});
    }
    return true;
  });
  std::sort(events.begin(), events.end(), [](const ExplainedEvent& a, const ExplainedEvent& b) {
    return std::tie(a.occurred_at, a.kind, a.place) < std::tie(b.occurred_at, b.kind, b.place);
  });
  return events;
}

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_EXPLAINED_EVENT_H_
