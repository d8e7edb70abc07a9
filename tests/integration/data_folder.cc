#include "integration/data_folder.h"

#include <cstdio>
#include <stdexcept>

#include "app/log_options.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

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
