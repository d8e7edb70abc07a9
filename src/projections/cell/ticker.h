// Appends ticks to a partition: what is due by time alone happens though nothing arrives.
#ifndef FLYWHEEL_PROJECTIONS_CELL_TICKER_H_
#define FLYWHEEL_PROJECTIONS_CELL_TICKER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "base/clock_watch.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"

namespace flywheel {

struct TickerOptions {
  // At most one tick in this time.
  absl::Duration interval = absl::Seconds(1);
};

// Operation: a tick is a record of the log, so a replay fires everything at the same places, and
// two owners that both believe that they are it do no harm: the later tick changes nothing. It
// carries the latest instant at which something is due and that the wall clock has passed. None is
// appended
// - while the newest event of a seller came over an hour after it occurred: history that is
//   imported brings its own time;
// - while the wall clock and the monotonic clock disagree;
// - while one is on its way; one that the log does not take is tried again.
//
// Concurrency: one thread, the cell's.
class Ticker {
 public:
  // The log must outlive the ticker and what it appends. `monotonic` never falls.
  Ticker(EventLog* log, Partition partition, std::function<Instant()> wall_clock,
         std::function<absl::Time()> monotonic, TickerOptions options);

  // To be called often; appends a tick where one is due. REQUIRES: the cell's rows hold everything
  // that is in the log, as far as is known.
  void KeepUp(const Cell& cell);

 private:
  EventLog* const log_;
  const Partition partition_;
  const std::function<Instant()> wall_clock_;
  const std::function<absl::Time()> monotonic_;
  const TickerOptions options_;
  ClockWatch watch_;
  absl::Time looked_ = absl::InfinitePast();
  std::shared_ptr<std::atomic<bool>> on_its_way_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_TICKER_H_
