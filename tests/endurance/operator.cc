#include "endurance/operator.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr int kMostPauseMillis = 400;
// Beyond whatever the clock is moved by.
constexpr absl::Duration kPolicyLead = absl::Hours(24 * 30);

// The lines that are whole and JSON.
std::vector<Json> JsonLinesOf(const std::string& text) {
  std::vector<Json> lines;
  for (const std::string& line : LinesOf(text)) {
    Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) lines.push_back(std::move(json));
  }
  return lines;
}

}  // namespace

Operator::Operator(DataFolder folder, OutsideList* list, int64_t first_policy, uint64_t seed)
    : folder_(std::move(folder)),
      list_(*list),
      next_policy_(first_policy),
      random_(seed),
      thread_([this] { Run(); }) {}

Operator::~Operator() {
  stop_ = true;
  thread_.join();
}

void Operator::Run() {
  bool has_published = false;
  while (!stop_) {
    {
      const std::lock_guard<std::mutex> gate(gate_);
      if (!has_published && random_() % 2 == 0) {
        PublishPolicy();
        has_published = true;
      } else {
        CloseEntries();
      }
    }
    for (uint64_t left = random_() % kMostPauseMillis; left > 0 && !stop_; left -= left % 20 + 1) {
      std::this_thread::sleep_for(milliseconds(10));
      if (left < 21) break;
    }
  }
}

void Operator::PublishPolicy() {
  const absl::Time from = absl::FromUnixSeconds(0) + absl::Hours(next_policy_++) + kPolicyLead;
  const std::string policy =
      fmt::format(R"({{"defaults":{{"rating":{{"windowDays":{}}}}}}})", 300 + random_() % 60);
  const ProgramEnd end = RunOn(folder_,
                               {"--json", "policy", "publish", "-", "--effective-from",
                                absl::FormatTime(absl::RFC3339_sec, from, absl::UTCTimeZone())},
                               policy);
  if (end.code != 0) return;
  for (const Json& line : JsonLinesOf(end.out)) list_.AddPolicy(line.at("version").get<int64_t>());
}

void Operator::CloseEntries() {
  std::vector<std::string> act = {"--json", "quarantine"};
  if (random_() % 2 == 0) {
    act.insert(act.end(), {"discard", "--reason", "endurance"});
  } else {
    act.emplace_back("resubmit");
  }
  act.insert(act.end(), {"--code", "WRONG_BUYER", "--limit", "2"});
  const ProgramEnd end = RunOn(folder_, act);
  std::vector<std::string> closed;
  for (const Json& line : JsonLinesOf(end.out)) {
    if (line.contains("became") && line.at("became") != "NO_EFFECT" && line.contains("entry")) {
      closed.push_back(line.at("entry").get<std::string>());
    }
  }
  if (!closed.empty()) list_.AddClosed(closed);
}

}  // namespace flywheel
