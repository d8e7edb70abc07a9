#include "integration/data_folder_run.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "app/log_options.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

// The sum of the numbers that follow the key in the text.
uint64_t SumOf(std::string_view text, const std::string& key) {
  const std::string wanted = "\"" + key + "\":";
  uint64_t sum = 0;
  for (size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at)) {
    at += wanted.size();
    sum += std::strtoull(text.data() + at, nullptr, 10);
  }
  return sum;
}

std::string Reason(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

std::vector<std::string> On(const DataFolder& folder, std::vector<std::string> arguments) {
  if (!folder.log.empty()) arguments.insert(arguments.begin(), {"--log", folder.log});
  arguments.insert(arguments.begin(), {"--data", folder.path});
  return arguments;
}

ProgramEnd RunOn(const DataFolder& folder, std::vector<std::string> arguments,
                 std::string_view input) {
  return RunProgram(On(folder, std::move(arguments)), input);
}

std::vector<Acknowledgement> AcknowledgementsIn(std::string_view text) {
  std::vector<Acknowledgement> all;
  const size_t last_end = text.rfind('\n');
  if (last_end == std::string_view::npos) return all;
  for (const std::string& line : LinesOf(text.substr(0, last_end))) {
    Acknowledgement each;
    char event_id[37] = {};
    if (std::sscanf(line.c_str(),
                    R"({"line":%ld,"eventId":"%36[^"]","status":"accepted","partition":%d,)"
                    R"("offset":%ld})",
                    &each.line, event_id, &each.partition, &each.offset) != 4) {
      continue;
    }
    each.event_id = event_id;
    all.push_back(std::move(each));
  }
  return all;
}

LoggedEvents EventsInLog(const DataFolder& folder) {
  LogOptions options;
  options.folder = folder.path;
  options.address = folder.log;
  const auto log = OpenLogToRead(options);
  if (!log.ok()) throw std::runtime_error(Reason(log.status()));
  LoggedEvents events(static_cast<size_t>((*log)->partitions()));
  for (size_t p = 0; p < events.size(); ++p) {
    const Partition partition(static_cast<int32_t>(p));
    const Offset end = (*log)->EndOffset(partition).value();
    for (Offset next(0); next < end;) {
      const auto batch = (*log)->Read(partition, next, ReadLimits());
      if (!batch.ok()) throw std::runtime_error(Reason(batch.status()));
      for (const LogRecord& stored : batch->records) {
        log::v1::Record record;
        if (!record.ParseFromArray(stored.bytes.data(), static_cast<int>(stored.bytes.size()))) {
          throw std::runtime_error("the log holds what is no record");
        }
        events[p].emplace(stored.offset.number(), record.event().SerializeAsString());
      }
      if (batch->next <= next) throw std::runtime_error("the log ends before its end");
      next = batch->next;
    }
  }
  return events;
}

LogCounts CountsOf(const DataFolder& folder) {
  const ProgramEnd info = RunOn(folder, {"log", "info", "--json"});
  INFO(info.err);
  REQUIRE(info.code == 0);
  LogCounts counts;
  counts.records = SumOf(info.out, "end");
  counts.lag = SumOf(info.out, "lag");
  counts.accepted = SumOf(info.out, "accepted");
  counts.duplicates = SumOf(info.out, "duplicates");
  counts.repeats = SumOf(info.out, "repeats");
  counts.waiting = SumOf(info.out, "waiting");
  return counts;
}

void CheckWhole(const DataFolder& folder) {
  const ProgramEnd check = RunOn(folder, {"log", "check"});
  INFO(check.out << check.err);
  CHECK(check.code == 0);
  const ProgramEnd verify = RunOn(folder, {"verify"});
  INFO(verify.out << verify.err);
  CHECK(verify.code == 0);
  CHECK(Contains(verify.out, " rows compared, 0 differences"));
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string FirstDifference(std::string_view left, std::string_view right) {
  if (left == right) return "";
  const std::vector<std::string> lefts = LinesOf(left);
  const std::vector<std::string> rights = LinesOf(right);
  for (size_t i = 0; i < lefts.size() && i < rights.size(); ++i) {
    if (lefts[i] != rights[i]) return lefts[i] + "\n" + rights[i];
  }
  return std::to_string(lefts.size()) + " and " + std::to_string(rights.size()) + " lines";
}

}  // namespace flywheel
