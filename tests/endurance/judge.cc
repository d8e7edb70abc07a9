#include "endurance/judge.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "app/log_options.h"
#include "base/status.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

constexpr int kDamage = 5;  // the program's exit codes
constexpr int kDifferences = 6;

void Take(const log::v1::Record& record, OutsidePlace place, LoggedRecords* all) {
  ++all->records;
  if (record.has_resubmitted()) ++all->resubmitted;
  if (!record.has_event()) return;
  events::v1::Event event = record.event();
  // Flywheel's own.
  if (event.has_time_passed() || event.has_policy_published()) return;
  ++all->times[event.event_id()];
  event.clear_recorded_at();
  all->events.emplace(place, event.SerializeAsString());
}

std::string End(const std::string& text) {
  constexpr size_t kMost = 600;
  return text.size() <= kMost ? text : text.substr(text.size() - kMost);
}

}  // namespace

LoggedRecords ReadLog(const DataFolder& folder) {
  LogOptions options;
  options.folder = folder.path;
  options.address = folder.log;
  const auto log = OpenLogToRead(options);
  if (!log.ok()) throw std::runtime_error(std::string(MessageOf(log.status())));
  LoggedRecords all;
  for (int32_t number = 0; number < (*log)->partitions(); ++number) {
    const auto end = (*log)->EndOffset(Partition(number));
    if (!end.ok()) throw std::runtime_error(std::string(MessageOf(end.status())));
    ReadLimits limits;
    limits.wait = absl::Seconds(60);
    for (Offset next(0); next < *end;) {
      const auto batch = (*log)->Read(Partition(number), next, limits);
      if (!batch.ok()) throw std::runtime_error(std::string(MessageOf(batch.status())));
      for (const LogRecord& stored : batch->records) {
        log::v1::Record record;
        if (!record.ParseFromArray(stored.bytes.data(), static_cast<int>(stored.bytes.size()))) {
          throw std::runtime_error("the log holds what is no record");
        }
        Take(record, {number, stored.offset.number()}, &all);
      }
      if (batch->next <= next) throw std::runtime_error("the log ends before its end");
      next = batch->next;
    }
  }
  return all;
}

size_t MissingOfInbox(const LoggedRecords& log, const Acknowledged& acknowledged,
                      const EventPool& pool) {
  size_t missing = 0;
  for (const size_t index : acknowledged.in_inbox) {
    missing += log.times.contains(pool.event(index).event_id) ? 0 : 1;
  }
  return missing;
}

void Judge::CheckEvents(const LoggedRecords& log, const Acknowledged& acknowledged) {
  std::unordered_map<std::string, size_t> by_id;
  for (size_t i = 0; i < pool_.size(); ++i) by_id.emplace(pool_.event(i).event_id, i);
  for (const auto& [place, index] : acknowledged.events) {
    const auto found = log.events.find(place);
    if (found != log.events.end() && found->second == pool_.event(index).bytes) continue;
    findings_.Add(Finding::kLost,
                  fmt::format("event {} was acknowledged at {}@{}, where {}",
                              pool_.event(index).event_id, place.first, place.second,
                              found == log.events.end() ? "is none" : "is another"));
  }
  for (const size_t index : acknowledged.in_inbox) {
    if (log.times.contains(pool_.event(index).event_id)) continue;
    findings_.Add(Finding::kLost, fmt::format("event {} was taken by the inbox, and never got "
                                              "into the log",
                                              pool_.event(index).event_id));
  }
  for (const auto& [place, bytes] : log.events) {
    events::v1::Event event;
    event.ParseFromString(bytes);
    const auto found = by_id.find(event.event_id());
    if (found != by_id.end() && pool_.event(found->second).bytes == bytes) continue;
    findings_.Add(Finding::kDiverged,
                  fmt::format("nobody published what stands at {}@{}", place.first, place.second));
  }
}

void Judge::CheckCounts(const DataFolder& folder, const LoggedRecords& log) {
  const ProgramEnd info = RunOn(folder, {"log", "info", "--json"});
  const Json json = Json::parse(info.out, nullptr, /*allow_exceptions=*/false);
  if (info.code != 0 || !json.is_object()) {
    return findings_.Add(Finding::kBroken, "log info: " + End(info.err));
  }
  uint64_t counted = 0;
  uint64_t records = 0;
  for (const Json& partition : json.at("partitions")) {
    if (!partition.contains("counts")) {
      return findings_.Add(Finding::kBroken, "log info knows no rows: " + End(info.err));
    }
    const Json& counts = partition.at("counts");
    records += counts.at("records").get<uint64_t>();
    counted += counts.at("accepted").get<uint64_t>() + counts.at("waiting").get<uint64_t>();
    for (const auto& refused : counts.at("refused").items()) {
      counted += refused.value().get<uint64_t>();
    }
    if (partition.at("lag").get<int64_t>() != 0) {
      findings_.Add(Finding::kBroken, "rows are not folded to the log's end: " + partition.dump());
    }
  }
  const uint64_t acts = log.times.size() + log.resubmitted;
  if (counted > acts) {
    findings_.Add(Finding::kDoubled, fmt::format("{} acts count {} times", acts, counted));
  }
  if (records > log.records) {
    findings_.Add(Finding::kDoubled,
                  fmt::format("{} records were folded of {}", records, log.records));
  }
}

void Judge::CheckActs(const DataFolder& folder, const Acknowledged& acknowledged) {
  if (!acknowledged.policies.empty()) {
    const ProgramEnd show = RunOn(folder, {"policy", "show", "--json"});
    const Json json = Json::parse(show.out, nullptr, /*allow_exceptions=*/false);
    std::set<int64_t> complete;
    if (json.is_object()) {
      for (const Json& version : json.at("versions")) {
        if (!version.at("complete").get<bool>()) continue;
        complete.insert(version.at("version").get<int64_t>());
      }
    }
    for (const int64_t version : acknowledged.policies) {
      if (complete.contains(version)) continue;
      findings_.Add(Finding::kLost, fmt::format("policy {} does not hold everywhere: {}{}", version,
                                                End(show.out), End(show.err)));
    }
  }
  if (acknowledged.closed.empty()) return;
  const ProgramEnd list =
      RunOn(folder, {"quarantine", "list", "--state", "closed", "--limit", "1000000", "--json"});
  std::set<std::string> closed;
  for (const std::string& line : LinesOf(list.out)) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) closed.insert(json.at("place").get<std::string>());
  }
  for (const std::string& entry : acknowledged.closed) {
    if (closed.contains(entry)) continue;
    findings_.Add(Finding::kLost, fmt::format("quarantine entry {} was closed and is not: {}",
                                              entry, End(list.err)));
  }
}

Judge::Rows Judge::CheckTwin(const DataFolder& folder, bool may_be_damaged, std::string* digest) {
  const ProgramEnd verify = RunOn(folder, {"verify", "--json"});
  const Json json = Json::parse(verify.out, nullptr, /*allow_exceptions=*/false);
  if (verify.code == 0 && json.is_object() && json.at("differences") == 0) {
    *digest = json.at("digest").get<std::string>();
    return Rows::kRight;
  }
  if (verify.code != kDifferences && may_be_damaged) return Rows::kUnreadable;
  findings_.Add(
      verify.code == kDifferences ? Finding::kDiverged : Finding::kBroken,
      fmt::format("verify in {} ends with {}{}: {}{}", folder.path, verify.code,
                  verify.code == kDamage ? " (damage)" : "", End(verify.out), End(verify.err)));
  return Rows::kWrong;
}

}  // namespace flywheel
