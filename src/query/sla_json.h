// The SLA metrics as JSON. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_QUERY_SLA_JSON_H_
#define FLYWHEEL_QUERY_SLA_JSON_H_

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/strong.h"
#include "projections/models/sla.h"
#include "projections/views/sla_reader.h"

namespace flywheel {

// The quantiles of the answer: their keys and percents.
inline constexpr std::array<std::pair<std::string_view, int>, 3> kSlaQuantiles = {
    {{"p50Seconds", 50}, {"p90Seconds", 90}, {"p99Seconds", 99}}};

// One line of JSON: the answer for one window.
std::string SlaJson(const SlaAnswer& answer);

// One line about one clock that runs.
std::string QueuedClockJson(const QueuedClock& clock, Instant as_of);

// One line about one clock behind the figures.
std::string SlaExplanationJson(const SlaExplanation& explanation);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SLA_JSON_H_
