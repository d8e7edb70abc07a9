#include "projections/cell/ticker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/tick_record.h"

namespace flywheel {

Ticker::Ticker(EventLog* log, Partition partition, std::function<Instant()> wall_clock,
               std::function<absl::Time()> monotonic, TickerOptions options)
    : log_(log),
      partition_(partition),
      wall_clock_(std::move(wall_clock)),
      monotonic_(std::move(monotonic)),
      options_(options) {}

void Ticker::KeepUp(const Cell& cell) {
  const absl::Time now = monotonic_();
  if (now - looked_ < options_.interval) return;
  looked_ = now;
  const Instant wall = std::clamp(wall_clock_(), kEarliestInstant, kLatestInstant);
  if (!watch_.Agree(wall, now) || !cell.position().live || *on_its_way_) return;
  // An instant has passed once the clock stands at it.
  const std::optional<Instant> due = cell.LatestDue(wall);
  if (!due || *due <= cell.position().tick_clock) return;
  const std::string record = TickRecord(*due, std::max(wall, cell.position().last_recorded_at));
  *on_its_way_ = true;
  log_->AppendAsync(partition_, {record},
                    [on_its_way = on_its_way_](const absl::StatusOr<std::vector<Offset>>&) {
                      *on_its_way = false;
                    });
}

}  // namespace flywheel
