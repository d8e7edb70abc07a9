#include "app/policy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "app/table.h"
#include "app/whole_file.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/policy.h"

namespace flywheel {
namespace {

// "defaults, BR CZ PL", or "all" where every market and the defaults are among them.
std::string MarketsText(const std::vector<std::string>& markets, size_t markets_in_all) {
  const bool defaults = std::count(markets.begin(), markets.end(), "") > 0;
  std::string codes;
  for (const std::string& code : markets) {
    if (!code.empty()) codes += fmt::format("{}{}", codes.empty() ? "" : " ", code);
  }
  if (!defaults) return codes;
  if (codes.empty()) return "defaults";
  return markets.size() == markets_in_all + 1 ? "all" : fmt::format("defaults {}", codes);
}

void WriteValue(std::string_view name, const PolicyDifference::Value& value, JsonWriter* json) {
  if (!value.json.empty()) json->Key(name).Raw(value.json);
}

}  // namespace

absl::StatusOr<PolicyReading> ReadPolicyFile(const Context& context, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(context, path, kMaxPolicyTextBytes));
  return ReadPolicy(bytes);
}

std::vector<PolicyFault> FaultsBeside(const policy::v1::Policy& policy,
                                      const std::vector<const PolicyBook*>& books) {
  const std::string bytes = policy.SerializeAsString();
  std::vector<PolicyFault> faults;
  std::set<std::string> seen;
  for (const PolicyBook* book : books) {
    for (const std::string& reason : book->Faults(bytes)) {
      if (seen.insert(reason).second) faults.push_back(FaultOf(reason));
    }
  }
  return faults;
}

absl::Status SayFaults(const Context& context, const std::string& path,
                       const std::vector<PolicyFault>& faults) {
  if (context.json) {
    JsonWriter json;
    json.BeginObject().Field("status", "refused").Key("faults").BeginArray();
    for (const PolicyFault& fault : faults) {
      json.BeginObject().FieldIfGiven("path", fault.path).Field("reason", fault.sentence);
      json.EndObject();
    }
    json.EndArray();
    return context.Print(json.EndObject().TakeLine());
  }
  for (const PolicyFault& fault : faults) context.Say(TextOf(fault));
  context.Say(fmt::format("{}: refused for {} reason{}", path == "-" ? "standard input" : path,
                          faults.size(), faults.size() == 1 ? "" : "s"));
  return absl::OkStatus();
}

std::string DifferencesTable(const std::vector<PolicyDifference>& differences) {
  if (differences.empty()) return "no value differs\n";
  using Change = std::tuple<std::string, std::string, std::string>;  // path, before, after
  std::vector<std::pair<Change, std::vector<std::string>>> changes;
  std::set<std::string> markets;
  for (const PolicyDifference& difference : differences) {
    const Change change(difference.path, difference.before.text, difference.after.text);
    if (!difference.market.empty()) markets.insert(difference.market);
    const auto known = std::find_if(changes.begin(), changes.end(),
                                    [&](const auto& other) { return other.first == change; });
    if (known != changes.end()) {
      known->second.push_back(difference.market);
    } else {
      changes.push_back({change, {difference.market}});
    }
  }
  const size_t built_in = PolicyBook::BuiltIn().Markets().size();
  const size_t in_all = std::max(markets.size(), built_in);
  Table table({"markets", "value", "before", "after"});
  for (const auto& [change, where] : changes) {
    table.Add({MarketsText(where, in_all), std::get<0>(change), std::get<1>(change),
               std::get<2>(change)});
  }
  return table.ToText();
}

std::string DifferencesJson(const std::vector<PolicyDifference>& differences) {
  std::string lines;
  for (const PolicyDifference& difference : differences) {
    JsonWriter json;
    json.BeginObject().FieldIfGiven("market", difference.market).Field("path", difference.path);
    WriteValue("before", difference.before, &json);
    WriteValue("after", difference.after, &json);
    lines += json.EndObject().TakeLine();
  }
  return lines;
}

}  // namespace flywheel
