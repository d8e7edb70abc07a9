// The seller rating as JSON. What is absent in the answer is absent in the text.
#ifndef FLYWHEEL_QUERY_RATING_JSON_H_
#define FLYWHEEL_QUERY_RATING_JSON_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "projections/models/rating.h"
#include "projections/views/rating_reader.h"

namespace flywheel {

// The names of the rates in the answer, by number, and the marks that each can be given, from 1.
inline constexpr std::array<std::string_view, 4> kRatingRates = {"delivery", "deliveryCost",
                                                                 "description", "service"};
inline constexpr int kRatingMarks = 5;

// How often the rate was given the mark.
int64_t MarkCount(const RatingAnswer& answer, size_t rate, int mark);

// One line of JSON; `history` where it was asked for.
std::string RatingJson(const RatingAnswer& answer, bool history);

// One line of JSON about one review.
std::string ExplanationJson(const RatingExplanation& explanation);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_RATING_JSON_H_
