#include "sim/answers.h"

#include <optional>
#include <vector>

#include "base/status.h"
#include "projections/views/rating_reader.h"
#include "projections/views/sla_reader.h"
#include "projections/views/smart_reader.h"
#include "query/rating_json.h"
#include "query/sla_json.h"
#include "query/smart_json.h"

namespace flywheel {

absl::StatusOr<std::string> AnswersOf(const CellViews& views, const std::string& seller,
                                      Instant as_of, Instant known_at) {
  std::string text;
  RatingQuery rating;
  rating.as_of = as_of;
  rating.known_at = known_at;
  rating.history = true;
  ASSIGN_OR_RETURN(const std::optional<RatingAnswer> rated,
                   RatingReader(views).One(seller, "*", rating));
  if (rated) text += RatingJson(*rated, /*history=*/true);
  ASSIGN_OR_RETURN(const std::vector<SmartAnswer> eligible,
                   SmartReader(views).Of(seller, "*", SmartQuery{as_of, known_at}));
  for (const SmartAnswer& answer : eligible) text += SmartJson(answer, /*history=*/true);
  ASSIGN_OR_RETURN(const std::vector<SlaAnswer> clocks,
                   SlaReader(views).One(seller, "*", SlaQuery{as_of, known_at}));
  for (const SlaAnswer& answer : clocks) text += SlaJson(answer);
  return text;
}

}  // namespace flywheel
