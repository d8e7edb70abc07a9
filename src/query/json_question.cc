#include "query/json_question.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

// The object of the body; the first of its members that is there twice in *twice.
Json Parse(std::string_view body, std::string* twice) {
  std::set<std::string> names;
  const auto look = [&](int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto& name = value.get_ref<const std::string&>();
      if (!names.insert(name).second && twice->empty()) *twice = name;
    }
    return true;
  };
  return Json::parse(body, look, /*allow_exceptions=*/false);
}

absl::Status Add(const std::string& name, const Json& value, JsonQuestion* question) {
  if (value.is_array()) {
    std::vector<std::string>& texts = question->lists[name];
    texts.reserve(value.size());
    for (const Json& element : value) {
      if (!element.is_string()) {
        return absl::InvalidArgumentError(fmt::format("{}: a list of texts is needed", name));
      }
      texts.push_back(element.get_ref<const std::string&>());
    }
    return absl::OkStatus();
  }
  if (value.is_string()) {
    question->parameters.push_back({name, value.get_ref<const std::string&>()});
  } else if (value.is_number() || value.is_boolean()) {
    question->parameters.push_back({name, value.dump()});
  } else {
    return absl::InvalidArgumentError(
        fmt::format("{}: neither a text, a number, a flag nor a list", name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonQuestion> ReadJsonQuestion(std::string_view body) {
  std::string twice;
  const Json json = Parse(body, &twice);
  if (!json.is_object()) return absl::InvalidArgumentError("the body is no JSON object");
  if (!twice.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} is given more than once", twice));
  }
  JsonQuestion question;
  for (const auto& [name, value] : json.items()) {
    RETURN_IF_ERROR(Add(name, value, &question));
  }
  return question;
}

}  // namespace flywheel
