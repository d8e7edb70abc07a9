// The SLA metrics as CSV and tables. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_APP_SLA_TEXT_H_
#define FLYWHEEL_APP_SLA_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "projections/models/sla.h"
#include "projections/views/sla_reader.h"

namespace flywheel {

// The columns of the CSV export, named by the JSON path with dots, and one row of it.
std::string SlaCsvHeader();
std::string SlaCsvRow(const SlaAnswer& answer);

// "45.120 s", "3:59:07", "2 d 03:00:00": a duration for a person.
std::string DurationText(int64_t ms);

// For a person; the windows of one seller and market. REQUIRES: there is one.
std::string SlaTable(const std::vector<SlaAnswer>& answers);
std::string SlaExplanationTable(const std::vector<SlaExplanation>& explanations);
std::string QueueTable(const std::vector<QueuedClock>& clocks, Instant as_of);

// Whether a figure named on the command line exists: a clock ("dispatch") or one of its figures
// ("dispatch.late", "dispatch.compliance", "dispatch.p90Seconds").
bool IsSlaFigure(std::string_view figure);
// Whether a clock is behind such a figure: of a ratio all that it is made of, of a quantile all
// that is stopped.
bool IsBehindSlaFigure(const SlaExplanation& explanation, std::string_view figure);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SLA_TEXT_H_
