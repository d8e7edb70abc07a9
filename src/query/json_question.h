// A question that comes as a JSON object.
#ifndef FLYWHEEL_QUERY_JSON_QUESTION_H_
#define FLYWHEEL_QUERY_JSON_QUESTION_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "query/http/http_message.h"

namespace flywheel {

// The object's members: lists of texts, and the rest as a target's parameters would be, numbers and
// flags by their texts.
struct JsonQuestion {
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
  std::vector<HttpParameter> parameters;
};

// InvalidArgument: no JSON object; a member that is there twice, or neither a text, a number, a
// flag nor a list of texts, which is named.
absl::StatusOr<JsonQuestion> ReadJsonQuestion(std::string_view body);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_JSON_QUESTION_H_
