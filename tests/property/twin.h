// Holds the rows of the engine against the naive implementation.
#ifndef FLYWHEEL_TESTS_PROPERTY_TWIN_H_
#define FLYWHEEL_TESTS_PROPERTY_TWIN_H_

#include <optional>
#include <string>
#include <vector>

#include "base/strong.h"
#include "naive/replay.h"
#include "projections/store/row_store.h"
#include "projections/views/rating_reader.h"
#include "property/narration.h"

namespace flywheel {

// The naive reading of all records told; with `known_at`, of the prefix.
naive::Replay Replay(const Narration& narration, std::optional<Instant> known_at = std::nullopt);

// What became of the records: counts, orders with their facts and versions, sellers, quarantine.
// Empty: all the same.
std::string StateDifferences(const std::vector<const RowReader*>& stores,
                             const naive::Replay& replay);

// All answers, totals too, for the query's instant; with the history where the query says so.
std::string RatingDifferences(const RatingReader& reader, const RatingQuery& query,
                              const naive::Replay& replay);

// Between answers of the engine to one question.
std::string AnswerDifferences(const std::vector<RatingAnswer>& left,
                              const std::vector<RatingAnswer>& right);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_TWIN_H_
