// What a node answers about a seller, as text.
#ifndef FLYWHEEL_TESTS_SIM_ANSWERS_H_
#define FLYWHEEL_TESTS_SIM_ANSWERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"

namespace flywheel {

// The answers of all read models, a line each. REQUIRES: the seller's partition is at hand. Errors:
// those of the store.
absl::StatusOr<std::string> AnswersOf(const CellViews& views, const std::string& seller,
                                      Instant as_of, Instant known_at);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_ANSWERS_H_
