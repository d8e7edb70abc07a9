// Smart! eligibility as CSV and tables. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_APP_SMART_TEXT_H_
#define FLYWHEEL_APP_SMART_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "projections/views/smart_reader.h"

namespace flywheel {

// The columns of the CSV export, and one row of it; of each condition its value and whether it is
// required and fulfilled.
std::string SmartCsvHeader();
std::string SmartCsvRow(const SmartAnswer& answer);

// For a person.
std::string SmartTable(const SmartAnswer& answer, bool history);

std::string SmartExplanationTable(const std::vector<SmartExplanation>& explanations);

// Whether a condition has this code.
bool IsSmartCondition(std::string_view code);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SMART_TEXT_H_
