// Smart! eligibility as JSON. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_QUERY_SMART_JSON_H_
#define FLYWHEEL_QUERY_SMART_JSON_H_

#include <string>

#include "projections/views/smart_reader.h"

namespace flywheel {

// One line of JSON; `history` where it was asked for.
std::string SmartJson(const SmartAnswer& answer, bool history);

// One line of JSON about one thing behind the conditions.
std::string SmartExplanationJson(const SmartExplanation& explanation);

// The nearest double of a share in its shortest text, a count, "true" or "false"; "": nothing.
std::string SmartValueText(const SmartValue& value);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SMART_JSON_H_
