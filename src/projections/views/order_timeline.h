// Read model 5.6, the timeline of an order: everything that happened to it, in business order, with
// the texts from the log, and what is due next.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_ORDER_TIMELINE_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_ORDER_TIMELINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/vocabulary.h"
#include "flywheel/events/v1/event.pb.h"
#include "projections/facts/fact.h"
#include "projections/models/rating.h"
#include "projections/models/sla.h"
#include "projections/views/cell_reading.h"

namespace flywheel {

struct TimelineEntry {
  // What a fact speaks of that is not there under the cut.
  struct Missing {
    Subject what = Subject::kNone;  // kNone: the order itself
    std::string id;
  };

  EventKind kind = EventKind::kNone;
  Instant occurred_at;
  Instant recorded_at;
  LogPlace place;
  uint32_t index = 0;  // in its decision; else 0
  // By whom: what the payload says, else the envelope, else who alone does such things.
  Actor actor = Actor::kUnspecified;
  // As it stands in the log; of an erased buyer without the texts.
  events::v1::Event event;
  bool texts_erased = false;  // it had texts
  // Empty: the fact is in effect.
  std::vector<Missing> waits_for;
};

// A clock that runs.
struct DueNext {
  SlaClock clock = SlaClock::kFirstResponse;
  std::string id;  // of the complaint, the return, or the order
  Instant opened;
  Instant due;
  ClockState state = ClockState::kPending;
  Actor by = Actor::kUnspecified;  // SELLER; MARKETPLACE for a complaint that was escalated to it
};

struct OrderTimeline {
  std::string seller_id;
  std::string order_id;
  MarketCode market;
  std::string buyer_id;  // empty while the order is not known
  Instant as_of;
  bool known = false;     // its placing is there under the cut
  bool erased = false;    // its buyer is: texts are not shown
  bool complete = false;  // as of the seller's other answers
  // In business order; equal instants: in the order of DOMAIN's table of events, scans in the order
  // of their codes, then by the act's key.
  std::vector<TimelineEntry> entries;
  std::vector<DueNext> due;  // by due instant, id, clock
};

// What happened by the cut. Events that wait for their order are entries too. nullopt where nothing
// did. What was erased is erased under every cut.
//
// Reads a record of the log for each entry. Errors: those of the rows and of the log; DataLoss
// where the log does not hold what the rows say.
absl::StatusOr<std::optional<OrderTimeline>> TimelineOf(const CellState& cell, EventLog& log,
                                                        const std::string& seller_id,
                                                        const std::string& order_id,
                                                        const FactsUpTo& cut);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_ORDER_TIMELINE_H_
