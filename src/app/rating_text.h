// The seller rating as CSV and a table. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_APP_RATING_TEXT_H_
#define FLYWHEEL_APP_RATING_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "projections/models/rating.h"
#include "projections/views/rating_reader.h"

namespace flywheel {

// The columns of the CSV export, named by the JSON path with dots, and one row of it. Lines end in
// LF; fields are quoted as RFC 4180 says.
std::string RatingCsvHeader();
std::string RatingCsvRow(const RatingAnswer& answer);

// For a person.
std::string RatingTable(const RatingAnswer& answer, bool history);

std::string ExplanationTable(const std::vector<RatingExplanation>& explanations);

// Whether a figure named on the command line exists: a path of a count, of a group of them
// ("recommended"), of a ratio of them ("recommendedPercentage", "rates.service.average").
bool IsRatingFigure(std::string_view figure);
// Whether a review that counts in `counted` is behind the figure.
bool IsBehindFigure(std::string_view counted, std::string_view figure);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_RATING_TEXT_H_
